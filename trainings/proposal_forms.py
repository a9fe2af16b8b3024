"""What courses and stories share in their forms: whose they are, what may be typed, how they are decided and found."""

from urllib.parse import urlencode

from django import forms
from django.db import models
from django.db.models import Q

from networks.access import can
from networks.forms import VersionedForm
from networks.models import MemberUnit, User
from networks.names import clean_lines, clean_text, has_id_number

from .models.proposals import STEPS, Proposal, State

MOVED_ON = "在您打开之后，这一条又有了改动。下面写的还在：请先回去看过现在的内容，再决定。"


def current_units(user: User, kept: int | None) -> models.QuerySet:
    """The county's units of today, and the one that a row has already."""
    return MemberUnit.objects.filter(county_id=user.county_code).filter(Q(retired_on=None) | Q(pk=kept))


class ProposalForm(VersionedForm):
    """A row that a unit keeps and an office decides on. Whoever manages the county's rows chooses the unit; everybody else's
    rows are their own unit's. What was proposed or is public is not rewritten."""

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user, row = user, self.instance
        if row.pk is None:
            row.county_id, row.unit = user.county_code, user.own_unit
        if can(user, type(row).scope.managed_by):
            self.fields["unit"].queryset = current_units(user, row.unit_id)
            self.fields["unit"].empty_label = "请选择"
            self.initial["unit"] = self.initial.get("unit") or row.unit_id
        else:
            del self.fields["unit"]

    def clean(self) -> dict:
        cleaned = super().clean()
        for name, value in list(cleaned.items()):  # add_error takes names out
            if isinstance(value, str) and isinstance(self.fields[name], forms.CharField):
                lines = isinstance(self.fields[name].widget, forms.Textarea)
                cleaned[name] = clean_lines(value) if lines else clean_text(value)
                if has_id_number(value):
                    self.add_error(name, "这里不能写身份证号码，请删去")
        if self.instance.pk:
            self._refuse_what_was_proposed()
        return cleaned

    def _refuse_what_was_proposed(self) -> None:
        """Asked of the row as the database holds it, which `VersionedForm.clean` has locked."""
        stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
        if not stored.can_be_rewritten or stored.state != self.instance.state:
            self.add_error(None, f"现在是“{stored.get_state_display()}”，不能修改；要改请先撤回，或请审定的人退回")


class StepForm(forms.Form):
    """提交审定 or 撤回, by whoever keeps the row."""

    verb = forms.ChoiceField(choices=[(verb, step.label) for verb, step in STEPS.items() if not step.by_office])
    seen_version = forms.IntegerField(required=False, min_value=0)


class DecisionForm(forms.Form):
    """What the office decides. The buttons of the page send `verb`."""

    verb = forms.ChoiceField(choices=[(verb, step.label) for verb, step in STEPS.items() if step.by_office])
    note = forms.CharField(
        label="退回的原因",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="退回时必须写，提交的单位会看到；审定公开不用写",
    )
    seen_version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, row: Proposal) -> None:
        super().__init__(data, initial={"seen_version": row.version})
        self.row = row

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("verb") == "send_back" and not (cleaned.get("note") or "").strip():
            self.add_error("note", "请写明退回的原因，提交的单位要照它修改")
        return cleaned

    def carry_out(self, actor: User) -> str:
        """Does it and says what was done. Raises what the verbs raise."""
        verb, seen = self.cleaned_data["verb"], self.cleaned_data["seen_version"]
        more = {"note": clean_text(self.cleaned_data["note"])} if verb == "send_back" else {}
        getattr(self.row, verb)(actor=actor, seen_version=seen, **more)
        return DONE[verb]

    def look_again(self, version: int) -> None:
        """Somebody was quicker: what was typed stays, and the next try is about the row as it is now."""
        self.add_error(None, MOVED_ON)
        self.data = self.data.copy()
        self.data["seen_version"] = str(version)


DONE = {
    "propose": "已提交，等待审定。审定前不能修改；要改请先撤回。",
    "take_back": "已撤回为草稿，不再公开。",
    "approve": "已审定公开，居民可以看到。",
    "send_back": "已退回，提交的单位会看到原因。",
    "retire": "已停用，居民不再看到；以前的记录保留。",
    "reopen": "已恢复为草稿，修改后重新提交审定。",
}


class ProposalFilter(forms.Form):
    """Query parameters of a list; whatever makes no sense is passed over, never an error."""

    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部"), *State.choices])
    q = forms.CharField(
        label="查找", required=False, max_length=50, widget=forms.TextInput({"type": "search", "maxlength": "50"})
    )
    SEARCHED: tuple[str, ...] = ()

    def __init__(self, data, *, user: User, model: type[Proposal]) -> None:
        super().__init__(data)
        if not can(user, model.scope.managed_by) and not user.own_unit:
            del self.fields["state"]  # sees what is public, and nothing else
        for field in self.fields.values():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs.setdefault("class", kind)

    def value(self, name: str):
        """The valid value of a parameter, or ''."""
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    def as_address(self) -> str:
        """The query string of everything but the words that are looked for."""
        asked = {name: self.value(name) for name in self.fields if name != "q"}
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def narrowed(self) -> bool:
        return any(map(self.value, self.fields))

    def narrow(self, rows: models.QuerySet) -> models.QuerySet:
        """The rows asked for; what is retired only when it is asked for."""
        state = self.value("state")
        rows = rows.filter(state=state) if state else rows.exclude(state=State.RETIRED)
        for word in self.value("q").split():
            anywhere = Q(pk__in=[])
            for text in self.SEARCHED:
                anywhere |= Q(**{f"{text}__icontains": word})
            rows = rows.filter(anywhere)
        return rows
