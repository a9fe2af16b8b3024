"""A pasted chat message becomes an entry form that is filled in as far as it was understood. Nothing is stored here."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks.access import Action, can, require
from networks.models import Division, Institution, Tier, User
from networks.names import mask_long_numbers

from .. import grid as grids
from .. import messages
from ..forms import SessionForm, initial_for_new
from ..messages import Named, Reading
from ..models import Audience, DeliveryForm, Language, Theme, TrainingSession
from ..models.effort import new_token
from ..workbook import columns as col
from .entry import MESSAGE, form_page
from .grid import show

WORDS = {"form": DeliveryForm, "theme": Theme, "language": Language, "audience": Audience}


class MessageForm(forms.Form):
    text = forms.CharField(
        label="聊天消息",
        max_length=messages.LONGEST,
        help_text="如：3月5日新汉村桑蚕培训 40人。不要贴身份证号",
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": "请先把消息粘贴进来",
            "max_length": f"太长了，一次最多 {messages.LONGEST} 个字",
        },
    )


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest) -> HttpResponse:
    form = MessageForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "trainings/sessions/message.html", {"form": form})
    text, today = mask_long_numbers(form.cleaned_data["text"]), timezone.localdate()
    names, parts = names_for(request.user), messages.several(text, today)
    if len(parts) > 1 and can(request.user, Action.IMPORT):
        return _many(request, [(part, messages.read(part, names, today)) for part in parts])
    reading = messages.read(text, names, today)
    filled = SessionForm(user=request.user, initial=_initial(request.user, reading))
    return form_page(request, filled, reading=reading, message=text, draft=MESSAGE)


def _many(request: HttpRequest, read: list[tuple[str, Reading]]) -> HttpResponse:
    """Several sessions in one message go into the grid, one a row; what each row did not make clear is told above."""
    found, called = grids.blank(not request.user.own_unit), _called(request.user)
    rows = [_texts(reading, called) for _, reading in read]
    found.rows = [[row.get(column, "") for column in found.headers] for row in rows]
    left = [(number, *pair) for number, (_, reading) in enumerate(read, start=1) for pair in reading.left]
    return show(request, found, messages_left=left)


def _called(user: User) -> dict[str, dict]:
    """{kind: {value of a reading: what the ledger calls it}}."""
    places = Division.objects.visible_to(user).select_related("parent")
    called = {"place": {place.code: place.path for place in places}}
    called["host"] = {
        host.pk: called["place"].get(host.division_id, "") for host in Institution.objects.visible_to(user)
    }
    return called | {
        kind: {word.pk: word.name for word in model.objects.visible_to(user)} for kind, model in WORDS.items()
    }


def _texts(reading: Reading, called: dict[str, dict]) -> dict[str, str]:
    """{column of the ledger: text} of one message."""
    told = reading.values
    when = f"{told['held_on']:%Y-%m-%d}" if "held_on" in told else ""
    if "ends_on" in told:
        when += f"至{told['ends_on']:%Y-%m-%d}"
    elif "start_time" in told:
        when += " " + "-".join(f"{told[name]:%H:%M}" for name in ("start_time", "end_time") if name in told)
    elif "part_of_day" in told:
        when += " " + TrainingSession.PartOfDay(told["part_of_day"]).label
    place = called["place"].get(told.get("place")) or called["host"].get(told.get("host"), "")
    counts = [f"{called['audience'][key]}{number or ''}" for key, number in reading.audiences.items()]
    return {
        col.TITLE: told.get("title", ""),
        col.START: when,
        col.PLACE: place,
        col.VENUE: told.get("venue", ""),
        col.FORM: called["form"].get(told.get("form"), ""),
        col.THEME: called["theme"].get(told.get("theme"), ""),
        col.AUDIENCE: "、".join(counts),
        col.REPORTED: str(told.get("reported_attendance", "")),
        col.INSTRUCTORS: told.get("instructors", ""),
        col.REMARKS: f"消息里没有看懂的：{reading.remarks}" if reading.left else "",
    }


def names_for(user: User) -> list[Named]:
    """Every name of the county that a message may hold. A constant number of queries."""
    own, near = user.home_place, set()
    names = []
    for place in Division.objects.visible_to(user).current().exclude(parent=None):
        if own in (place.township_code, place.county_code, ""):
            near.add(place.code)
        above = place.parent_id if place.tier == Tier.VILLAGE else ""
        names += [
            Named("place", name, place.code, place.code in near, above) for name in {place.name, place.short_name}
        ]
    for host in Institution.objects.visible_to(user).exclude(state=Institution.State.CLOSED):
        here = host.division_id in near or own in (host.division_id, "")
        names += [Named("host", name, host.pk, here) for name in host.all_names]
    for kind, model in WORDS.items():
        for word in model.objects.visible_to(user).current():
            names += [Named(kind, name, word.pk) for name in {word.name, word.shown_as or word.name}]
    return names


def _initial(user: User, reading: Reading) -> dict:
    initial = initial_for_new(user) | reading.values | {"token": new_token()}
    if "held_on" not in reading.values:  # today would be a guess
        initial["held_on"] = None
    host = reading.values.get("host")
    if host and "place" not in reading.values:
        initial["place"] = Institution.objects.get(pk=host).division_id
    initial["audiences"] = [(str(key), str(number or "")) for key, number in reading.audiences.items()]
    if reading.left:
        initial["remarks"] = f"消息里没有看懂的：{reading.remarks}"
    if can(user, Action.ENTER_ON_BEHALF):
        initial["on_behalf_source"] = TrainingSession.Source.WECHAT
    return initial
