"""Forms of the account pages: searching the list, one line per account to be made, handing over."""

from urllib.parse import urlencode

from django import forms
from django.db.models.functions import Lower
from django.forms.utils import ErrorDict
from django.utils import timezone

from .access import barred_from_granting
from .accounts import Home, Order, Post, namesakes, told_apart
from .forms import DateInput, SeveralField
from .models import Appointment, Person, Role, User
from .names import clean_text, match_key

NEW_PERSON = "new"


class AccountFilter(forms.Form):
    """What the list is narrowed by. A name that is looked for is posted, because it shall stand in no address (PI-7)."""

    STATES = [
        ("", "全部状态"),
        ("active", "在用"),
        ("waiting", "等本人设密码"),
        ("unused", "从未登录"),
        ("suspended", "已停用"),
    ]
    q = forms.CharField(label="账号或姓名", required=False, max_length=50, widget=forms.TextInput({"type": "search"}))
    role = forms.ChoiceField(label="角色", required=False, choices=[("", "全部角色"), *Role.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)

    def value(self, name: str) -> str:
        """What was asked for; nonsense asks for nothing."""
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def chosen(self) -> bool:
        return any(self.value(name) for name in self.fields)

    def as_address(self, county: str) -> str:
        """The query string of everything but the name."""
        asked = {"county": county, "role": self.value("role"), "state": self.value("state")}
        return urlencode({name: value for name, value in asked.items() if value})

    def admits(self, account: User) -> bool:
        """Asked of rows that are in memory anyway: a county's accounts are all on one page."""
        words, role, state = (self.value(name) for name in ("q", "role", "state"))
        if words and words.lower() not in f"{account.username}\n{account.person.name}".lower():
            return False
        return (not role or account.role == role) and (not state or state in states_of(account))


def states_of(account: User) -> set[str]:
    """By which words of the filter an account is found."""
    if not account.is_active:
        return {"suspended"}
    found = {"active"}
    if account.must_change_password or not account.has_usable_password():
        found.add("waiting")
    if account.last_login is None:
        found.add("unused")
    return found


class LineForm(forms.Form):
    """One account to be made: whose it is and what it is called. `names` are the county's people by name, from one query for
    all lines of a page."""

    name = forms.CharField(label="姓名", max_length=30, required=False)
    who = forms.ChoiceField(label="是哪一位", required=False)
    username = forms.CharField(label="账号", max_length=60, required=False)

    def __init__(
        self,
        data=None,
        *,
        post: Post,
        actor: User,
        names: dict[str, list[Person]],
        taken: set[str] = frozenset(),
        **kwargs,
    ) -> None:
        person = post.person
        initial = {"name": person.name if person else "", "username": post.username}
        super().__init__(data, initial=initial | {"who": str(person.pk) if person else ""}, **kwargs)
        self.post, self.actor, self.taken = post, actor, taken
        self.order: Order | None = None
        self.known = {str(row.pk): row for row in names.get(match_key(self["name"].value() or ""), [])}
        if self.known:
            choices = [(key, told_apart(row)) for key, row in self.known.items()]
            self.fields["who"].choices = [("", "请选择"), *choices, (NEW_PERSON, "都不是，是另一个人")]
            self.fields["who"].error_messages["invalid_choice"] = "请重新选择是不是同一个人"
        else:  # not asked about; what was chosen for the name that stood there before means nobody any more
            del self.fields["who"]
        self.fields["name"].widget.attrs |= {"autocomplete": "off"}
        self.fields["username"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["username"].validators += User._meta.get_field("username").validators

    @property
    def asks_who(self) -> bool:
        """Somebody of this name is known, so it has to be said whether it is the same person."""
        return bool(self.known)

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean_username(self) -> str:
        username = self.cleaned_data["username"].strip()
        if not username:
            raise forms.ValidationError("请填写账号")
        if username.lower() in self.taken:
            raise forms.ValidationError("这个账号名已被使用，请换一个")
        return username

    def clean(self):
        cleaned = super().clean()
        name, who = cleaned.get("name") or "", cleaned.get("who") or ""
        if not name and "name" not in self.errors:
            self.add_error("name", "请填写使用人的姓名")
        elif self.known and not who and "who" not in self.errors:
            self.add_error("who", "本县已有叫这个名字的人，请选择是不是同一个人")
        person = self.known.get(who)
        barred = barred_from_granting(
            self.actor, str(self.post.role), self.post.home.county_code, person.pk if person else None
        )
        if barred:
            self.add_error(None, barred)
        if person and any(holder.person_id == person.pk and holder.is_active for holder in self.post.holders):
            self.add_error("name", "这个人已有这个角色的账号")
        if not self.errors:
            self.order = Order(self.post.home, self.post.role, cleaned["username"], name, person)
        return cleaned


class BulkLineForm(LineForm):
    """A line among many: only ticked ones are asked."""

    make = forms.BooleanField(label="建立", required=False)

    def full_clean(self) -> None:
        if self.is_bound and not self.ticked:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    @property
    def ticked(self) -> bool:
        return bool(self["make"].value())


class HandOverForm(LineForm):
    day = forms.DateField(label="接任日期", widget=DateInput, initial=timezone.localdate)
    appointments = SeveralField(
        Appointment.objects.none(),
        label="同时由接手的人接任（通讯录和队伍名册）",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, appointments, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["appointments"].queryset = appointments
        self.initial["appointments"] = [row.pk for row in appointments]
        if not appointments:
            del self.fields["appointments"], self.fields["day"]

    def clean(self):
        """Whoever holds one of the appointments already does not take it over."""
        cleaned = super().clean()
        heir = self.order.person if self.order else None
        for row in cleaned.get("appointments", []) if heir else []:
            same = {"unit": row.unit_id, "institution": row.institution_id, "function": row.function, "ends_on": None}
            if heir.appointments.filter(**same).exists():
                self.add_error("appointments", f"{heir}现在已担任{row}，请不要勾选这一项")
        return cleaned


def lines(data, posts: list[Post], *, actor: User, county, ticked: str = "") -> list[BulkLineForm]:
    """A form per post. People and names are looked up once for all: a few queries, however many lines."""
    if data is None:
        typed = {post.person.name for post in posts if post.person}
    else:
        typed = {data.get(f"{post.key}-name", "") for post in posts}
    names = namesakes(county, typed)
    wanted = [] if data is None else [data.get(f"{post.key}-username", "").strip() for post in posts]
    taken = names_taken(wanted)
    forms_ = []
    for post in posts:
        form = BulkLineForm(data, post=post, actor=actor, names=names, taken=taken, prefix=post.key)
        form.initial["make"] = post.key == ticked
        forms_.append(form)
    return forms_


def names_taken(usernames: list[str]) -> set[str]:
    """Of these, those that somebody has already, in small letters: Town-1 beside town-1 would only confuse. One query."""
    wanted = {name.lower() for name in usernames if name and "\x00" not in name}
    if not wanted:
        return set()
    rows = User.objects.annotate(small=Lower("username")).filter(small__in=wanted)
    return set(rows.values_list("small", flat=True))


def refuse_doubles(forms_: list[BulkLineForm]) -> None:
    """Within one page no name of an account is given twice, and nobody of one new name is entered twice unawares."""
    seen: set[tuple[str, str]] = set()
    for form in forms_:
        if form.order is None:
            continue
        username, name = ("username", form.order.username.lower()), ("name", match_key(form.order.name))
        if username in seen:
            form.add_error("username", "这一页上有两行用了同一个账号名")
        if form.order.person is None and name in seen:
            form.add_error(
                "name",
                "这一页上有两行是同一个姓名。是同一个人的，请先建好一个，再来建另一个；不是的，请在姓名后注明区别",
            )
        seen |= {username, name}


def post_for_successor(account: User, username: str) -> Post:
    """The same role and home, for somebody else."""
    home = Home("", account.home_name, [Role(account.role)], account.home_division, account.home_unit, [account])
    return Post(home, Role(account.role), username=username)
