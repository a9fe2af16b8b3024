"""待完善: the places without an institution, and what each institution still lacks, as a list that can be worked through."""

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.http import urlencode

from networks.access import institutions_to_watch, places_to_watch
from networks.models import Division, Institution, InstitutionCheck, Places, User

from .network import COVERING, NORMS, Condition, Staff, Staffing, condition_of, on_day, staff_of


class Lack(models.TextChoices):
    """The order is that in which an institution is put right."""

    MISSING = "missing", "没有机构"
    UNCONFIRMED = "unconfirmed", "状态待核实"
    NOBODY = "nobody", "没有人员"
    FEW = "few", "人员不足"
    MANY = "many", "人员超过要求"
    ELSEWHERE = "elsewhere", "派出学校不是本学区的"
    UNCLEAR = "unclear", "没有登记派出学校"
    FIVE = "five", "五有不全"
    PHONE = "phone", "没有办公电话"
    IDLE = "idle", "今年没有活动"


@dataclass(frozen=True)
class Shortfall:
    place: Division
    institution: Institution | None  # None where the place has none
    lack: Lack
    sentence: str

    @property
    def what(self) -> str:
        return str(self.institution or self.place.path)

    @property
    def where(self) -> str:
        """Where whoever only reads is led."""
        if self.institution is None:
            return reverse("network-place", args=[self.place.pk])
        return reverse("network-institution", args=[self.institution.pk])

    @property
    def url(self) -> str:
        """Where whoever keeps the institution puts it right."""
        if self.institution is None:
            return f"{reverse('institution-new')}?{urlencode({'place': self.place.pk})}"
        pk = self.institution.pk
        if self.lack == Lack.UNCONFIRMED:
            return reverse("institution-state", args=[pk])
        if self.lack == Lack.FIVE:
            return reverse("institution-checks", args=[pk])
        if self.lack == Lack.PHONE:
            return reverse("institution-edit", args=[pk])
        return self.where + ("#activity" if self.lack == Lack.IDLE else "#people")


def shortfalls(user: User, day: datetime.date, *, within: str = "") -> list[Shortfall]:
    """Of the places and institutions that are this account's business, by place; `within` narrows to a division code. An
    institution that is not open lacks nothing but, where nobody has looked at it yet, that; a place lacks one where all that
    implement were closed. A constant number of queries."""
    places = places_to_watch(user).on(day).select_related("parent")
    rows = on_day(institutions_to_watch(user), day).filter(division__in=places).select_related("division__parent")
    if within:
        codes = Places(user.county_code, day).within(within)
        places, rows = places.filter(pk__in=codes), rows.filter(division__in=codes)
    found = list(rows.annotate(five=Count("checks", filter=Q(checks__met=True))))
    staff = staff_of(found, day)
    at: dict[str, list[Institution]] = {}
    for row in found:
        at.setdefault(row.division_id, []).append(row)
    return [lack for place in places for lack in _lacking_at(place, at.get(place.pk, []), staff, day)]


def _lacking_at(
    place: Division, rows: list[Institution], staff: dict[int, Staff], day: datetime.date
) -> list[Shortfall]:
    lacks = [lack for row in rows for lack in _lacking(row, staff.get(row.pk, Staff()), day)]
    implementing = [row for row in rows if row.kind in COVERING and row.function == Institution.Function.IMPLEMENT]
    if all(row.state_then == Institution.State.CLOSED for row in implementing):
        kind = Institution.Kind(Institution.usual_at(place)["kind"]).label
        why = f"这里的{kind}已停办，没有别的。" if implementing else f"还没有登记{kind}。"
        lacks.insert(0, Shortfall(place, None, Lack.MISSING, f"{why}要开办的请登记；暂不开办的，先由附近的服务。"))
    return lacks


def _lacking(row: Institution, staff: Staff, day: datetime.date) -> list[Shortfall]:
    condition = condition_of(row)
    if condition == Condition.UNCONFIRMED:
        return [Shortfall(row.division, row, Lack.UNCONFIRMED, "请核实它是否已经开办，并记录状态和日期。")]
    if condition not in {Condition.RUNNING, Condition.IDLE, Condition.OPEN}:
        return []
    lacks = []
    norm = NORMS.get(row.kind)
    if norm and (stands := staff.against(norm)) != Staffing.MEETS:
        lacks.append(
            Shortfall(row.division, row, Lack(stands.value), _SENTENCES[stands](len(staff.persons), norm.words))
        )
    five = len(InstitutionCheck.Item)
    if row.five < five:
        lacks.append(
            Shortfall(row.division, row, Lack.FIVE, f"五有中已具备 {row.five} 项，还差 {five - row.five} 项。")
        )
    if not row.phone:
        lacks.append(Shortfall(row.division, row, Lack.PHONE, "请填写机构的办公电话。"))
    if condition == Condition.IDLE:
        lacks.append(
            Shortfall(row.division, row, Lack.IDLE, f"{day.year} 年还没有已核定的培训。办了培训请登记并提交。")
        )
    return lacks


_SENTENCES: dict[Staffing, Callable[[int, str], str]] = {
    Staffing.NOBODY: lambda n, norm: f"还没有登记人员；要求{norm}。",
    Staffing.FEW: lambda n, norm: f"现有 {n} 人；要求{norm}。",
    Staffing.MANY: lambda n, norm: f"现有 {n} 人，超过要求（{norm}），请核对是否有人已离任。",
    Staffing.ELSEWHERE: lambda n, norm: f"派出学校的学区不包括这里；要求{norm}。请核对派出学校或它的学区。",
    Staffing.UNCLEAR: lambda n, norm: f"没有登记兼职教师由哪所学校派出；要求{norm}。",
}


def by_subject(found: list[Shortfall]) -> list[list[Shortfall]]:
    """Those of one institution, or of one place without any, together and in their order."""
    together: dict[tuple[str, int | None], list[Shortfall]] = {}
    for lack in found:
        together.setdefault((lack.place.pk, lack.institution and lack.institution.pk), []).append(lack)
    return list(together.values())


def counted(found: list[Shortfall]) -> list[tuple[Lack, int]]:
    """How many of each kind, those that occur."""
    numbers = Counter(shortfall.lack for shortfall in found)
    return [(lack, numbers[lack]) for lack in Lack if numbers[lack]]
