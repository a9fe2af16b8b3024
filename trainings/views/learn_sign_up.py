"""报名 without account: the form, and the page that the link of a sign-up opens.

Nothing of a name stands in an address, a log or a cookie; the link is a random word of which only a digest is kept. Whoever
has it may cancel. A person's name with the last digits of a telephone can be tried out here, which the limits make slow and
which tells no more than that somebody of this name wants to learn something.
"""

import re

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from networks import audit
from networks.limits import address_allowed, allowed
from networks.names import clean_text, match_key
from networks.tokens import new_token

from .. import residents
from ..models import Announcement, Refused, SignUp, Status
from ..models.rosters import masked_name
from .learn import page, shown_or_404

# Seats, of which one form takes up to ten. A village office signs up a busload behind one address within an hour; a machine meets
# these limits (LD-3).
PER_ADDRESS = {"most": 60, "seconds": 3600}
PER_SESSION = {"most": 120, "seconds": 3600}
TOO_MANY = "现在报名的人太多，请过一会儿再点一次，或打咨询电话；填的内容还在，不用重填"


class SignUpForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=30, help_text="帮家里人报名的，写他（她）的姓名")
    phone_tail = forms.CharField(
        label="手机号码的后四位",
        max_length=20,
        help_text="用来分清同名的人；不用写整个号码",
    )
    seats = forms.IntegerField(
        label="一共几个人来",
        min_value=1,
        max_value=10,
        initial=1,
        help_text="和家人、邻居一起来的，填总人数，最多 10 人",
    )
    token = forms.RegexField(r"^[a-z0-9-]{20,30}$", widget=forms.HiddenInput, required=False)

    def clean_name(self) -> str:
        name = clean_text(self.cleaned_data["name"])
        if not any(map(str.isalpha, name)) or sum(map(str.isdigit, name)) > 4:
            raise ValidationError("请填写姓名，不要写号码")
        return name

    def clean_phone_tail(self) -> str:
        tail = match_key(self.cleaned_data["phone_tail"])  # full-width digits of a Chinese keyboard too
        if not re.fullmatch(r"[0-9]{4}", tail):
            raise ValidationError("请只填手机号码的最后四位数字")
        return tail

    def clean_token(self) -> str:
        return self.cleaned_data["token"] or new_token()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, number: str) -> HttpResponse:
    told = shown_or_404(number)
    visit = residents.visit(request, told.session.organiser.county)
    if request.method != "POST":
        if told.closed_because():
            return redirect(f"{reverse('learn-session', args=[number])}{visit.keep}")
        return _asked(request, told, visit, SignUpForm(initial={"token": new_token(), "seats": 1}))
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return _asked(request, told, visit, form)
    seats = form.cleaned_data["seats"]
    within = address_allowed(request, "sign up", by=seats, **PER_ADDRESS)
    if not (within and allowed("sign up", number, by=seats, **PER_SESSION)):
        return _asked(request, told, visit, form, extra=[TOO_MANY], status=429)
    try:
        token = _stored(told, form.cleaned_data)
    except Refused as refused:
        return _asked(request, told, visit, form, extra=refused.reasons)
    return redirect(f"{reverse('learn-signed-up', args=[token])}{visit.keep}")


@transaction.atomic
def _stored(told: Announcement, filled: dict) -> str:
    """The log says that somebody signed up, for how many; neither who nor from where."""
    row, token = told.sign_up(**filled)
    county = told.session.organiser.county_id
    audit.record("居民报名", actor=None, subject=told, county_code=county, seats=row.seats)
    return token


def _asked(request, told: Announcement, visit, form: SignUpForm, *, extra=(), status: int = 200) -> HttpResponse:
    given = {"told": told, "session": told.session, "form": form, "extra": list(extra)}
    return page(request, "trainings/learn/sign_up.html", visit, status=status, **given)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def signed_up(request: HttpRequest, token: str) -> HttpResponse:
    """What was signed up, and the button that cancels it."""
    row = SignUp.objects.found(token)
    if row is None:
        raise Http404("没有找到这个报名")
    session, extra = row.announcement.session, []
    if request.method == "POST":
        try:
            with transaction.atomic():
                row.cancel()
                county = session.organiser.county_id
                audit.record("居民取消报名", actor=None, subject=row.announcement, county_code=county)
        except Refused as refused:
            extra = refused.reasons
        else:
            return redirect(request.get_full_path())
    visit = residents.visit(request, session.organiser.county)
    return page(
        request,
        "trainings/learn/signed_up.html",
        visit,
        row=row,
        told=row.announcement,
        session=session,
        who=masked_name(row.name),
        extra=extra,
        is_off=session.status in (Status.CANCELLED, Status.VOID),
        is_over=row.announcement.has_ended(),
        before=row.announcement.other_than(row.made_at),
    )
