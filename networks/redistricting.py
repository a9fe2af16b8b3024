"""Places renamed, merged and split (合村并居), with a date and a basis: reorganisation.py's counterpart for divisions.

A place that only changes its name keeps its code, and the name that it had is kept with its last day (`FormerName`). One that
gets another code, or goes into another, ends (`retired_on`) and has a successor. Sessions and annual figures stay with the
place that was there at the time. Changes are recorded once they hold: what is closed or moved with a place is so at once.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from .models import (
    Change,
    Division,
    DivisionSuccession,
    FormerName,
    Institution,
    LeadingGroup,
    MemberUnit,
    SharedResource,
    Tier,
    User,
    Zone,
)
from .names import clean_text, short_division_name
from .reorganisation import Outcome, follow, recorded, refuse_day
from .templatetags.page import cn_date


class Institutions(models.TextChoices):
    """What becomes of the schools and teaching points of a place that ends."""

    CLOSE = "close", "停办（从变更之日起）"
    MOVE = "move", "保留，划归新的村（社区）或乡镇"


@dataclass(frozen=True)
class NewPlace:
    """The official name (新汉村委会) and division code of a place that comes into being."""

    name: str
    code: str


@recorded("区划更名", of_units=False)
def rename_place(place: Division, *, name: str, on: datetime.date, basis: str, actor: User, code: str = "") -> Outcome:
    """From `on` on the place is called otherwise; with another `code` it is another place, and everything that is there
    goes over to it. Raises ValidationError."""
    [held] = _hold([place], on, actor)
    name = clean_text(name)
    if code and code != held.code:
        successor = _begin(NewPlace(name, code), like=held, on=on)
        outcome = Outcome(
            [successor], [f"自{cn_date(on, 'plain')}起，{held.name}（{held.code}）改为{name}（{successor.code}）"]
        )
        _end(held, successor, Change.RENAME, on, basis, actor)
        outcome.lines += _move_institutions([held], successor, on, actor)
        moved = MemberUnit.objects.filter(division=held, retired_on=None)
        for unit in moved:
            unit.division, unit._history_user = successor, actor
            unit.save()
        also = [(LeadingGroup, "dissolved_on", "个领导小组"), (Zone, "ends_on", "个实验区、示范区")]
        return _move_the_rest([held], successor, actor, outcome, also)
    if name == held.name:
        raise ValidationError("名称和代码都没有变")
    _refuse_name(name, held.parent_id, besides=held.pk)
    if held.former_names.filter(until__gte=on).exists():
        raise ValidationError(f"{held}在这一天以后已经改过名，日期须在那以后")
    FormerName.objects.create(
        division=held, name=held.name, short_name=held.short_name, until=on, basis=clean_text(basis)
    )
    lines = [
        f"自{cn_date(on, 'plain')}起，{held.name}改称{name}，代码不变",
        f"旧名称“{held.short_name}”仍能识别，机构名称不随之改动，需要时请在机构页修改",
    ]
    held.name, held.short_name = name, short_division_name(name)
    held.save()
    return Outcome([held], lines)


@recorded("区划合并", of_units=False)
def merge_places(
    places: Iterable[Division],
    *,
    on: datetime.date,
    basis: str,
    actor: User,
    institutions: str,
    into: Division | None = None,
    new: NewPlace | None = None,
) -> Outcome:
    """From `on` on one place stands for several: one that exists (`into`, not among them) or a `new` one. Raises
    ValidationError."""
    places = [place for place in places if into is None or place.pk != into.pk]
    if (into is None) == (new is None):
        raise ValidationError("请选择并入哪个现有的地方，或者填写合并后的名称和代码，只选一种")
    if not places or (into is None and len(places) < 2):
        raise ValidationError("请至少选择两个地方合并，或选择并入一个现有的")
    held = _hold([*places, *([into] if into else [])], on, actor, into)
    olds, into = (held[:-1], held[-1]) if into else (held, None)
    if len({place.tier for place in held}) > 1:
        raise ValidationError("只能村（社区）与村（社区）合并，乡镇与乡镇合并")
    successor = into or _begin(new, like=olds[0], on=on)
    names = "、".join(old.path for old in olds)
    outcome = Outcome(
        [successor], [f"自{cn_date(on, 'plain')}起，{names}{'并入' if into else '合并为'}{successor.path}"]
    )
    for old in olds:
        _end(old, successor, Change.MERGE, on, basis, actor)
    if institutions == Institutions.MOVE:
        outcome.lines += _move_institutions(olds, successor, on, actor)
    else:
        outcome.lines += _close_institutions(olds, successor, on, actor)
    if olds[0].tier == Tier.TOWNSHIP:
        outcome.lines.append("乡镇人民政府是单位，请另外办理单位合并；领导小组和实验区、示范区也请另行核对")
    return _move_the_rest(olds, successor, actor, outcome)


@recorded("区划分设", of_units=False)
def split_place(
    place: Division,
    *,
    parts: list[NewPlace],
    stays: bool,
    on: datetime.date,
    basis: str,
    actor: User,
    institutions: str,
) -> Outcome:
    """From `on` on there are new villages beside this one (`stays`) or instead of it; its sessions stay with it. Raises
    ValidationError."""
    if not parts or (not stays and len(parts) < 2):
        raise ValidationError("请至少填写一个新设的村（社区）；原来的不保留的，至少两个（只有一个的是更名）")
    [held] = _hold([place], on, actor)
    if held.tier != Tier.VILLAGE:
        raise ValidationError("这里只办理村、社区的分设；乡镇分设请先载入新的区划代码")
    made = [_begin(part, like=held, on=on) for part in parts]
    outcome = Outcome(made, [f"自{cn_date(on, 'plain')}起，由{held.path}分设{'、'.join(part.path for part in made)}"])
    for part in made:
        DivisionSuccession.objects.create(old=held, new=part, on=on, change=Change.SPLIT, basis=clean_text(basis))
    if stays:
        outcome.lines.append(f"{held}保留，机构不变")
    else:
        held.retired_on = on
        held.save()
        if institutions == Institutions.MOVE:
            outcome.lines += _move_institutions([held], made[0], on, actor)
        else:
            outcome.lines += _close_institutions([held], made[0], on, actor)
    outcome.lines.append("此前的场次仍归原来的村（社区）；新设的教学点请在机构网络里登记")
    return outcome


# --- what may not happen -----------------------------------------------------------------------------


def _hold(places: list[Division], on: datetime.date, actor: User, into: Division | None = None) -> list[Division]:
    """The places as the database holds them; all of the county's are locked, so that changes come one by one. `into` only
    takes over, which it may do several times on a day, and on the day on which it begins."""
    county = places[0].county_code
    rows = {row.pk: row for row in Division.objects.select_for_update(of=("self",)).within(county).order_by("pk")}
    if len({place.pk for place in places}) != len(places):
        raise ValidationError("同一个地方选了两次")
    if any(place.pk not in rows for place in places):
        raise ValidationError("只能选择同一个县的地方")
    refuse_day(county, on, actor)
    if on > timezone.localdate():
        raise ValidationError("区划变更请在生效以后登记，日期不能晚于今天")
    held = [rows[place.pk] for place in places]
    for place in held:
        place.parent = rows.get(place.parent_id)
        if place.tier == Tier.COUNTY:
            raise ValidationError("这里只办理乡镇和村（社区）的变更")
        if place.retired_on:
            raise ValidationError(f"{place}自{cn_date(place.retired_on, 'plain')}起已撤并，请选择现在的地方")
        takes_over = into is not None and place.pk == into.pk
        begun = place.established_on
        if begun and (begun > on or (begun == on and not takes_over)):
            raise ValidationError(f"{place}自{cn_date(place.established_on, 'plain')}才设立，日期须在那以后")
        joined = DivisionSuccession.objects.filter(new=place).order_by("-on").first()
        if joined and joined.on >= on and not takes_over:
            raise ValidationError(f"{place}的上一次变更在{cn_date(joined.on, 'plain')}，这一次的日期须在那以后")
    return held


def _refuse_name(name: str, parent: str | None, besides: str = "") -> None:
    if not name:
        raise ValidationError("请填写新的全称")
    same = Division.objects.filter(parent=parent, name=name, retired_on=None).exclude(pk=besides)
    if same.exists():
        raise ValidationError(f"这里已有“{name}”。名称只是写错的，请在管理后台更正，不用办理更名")


def _begin(new: NewPlace, *, like: Division, on: datetime.date) -> Division:
    """A place that begins on that day, of the same tier; its code says in which township it lies."""
    code, name = clean_text(new.code), clean_text(new.name)
    digits = len(like.code)
    if len(code) != digits or not code.isascii() or not code.isdecimal() or not code.startswith(like.county_code):
        raise ValidationError(f"区划代码应是 {digits} 位数字，以 {like.county_code} 开头，请照统计用区划代码填写")
    if Division.objects.filter(pk=code).exists():
        raise ValidationError(f"区划代码 {code} 已被使用")
    parent = like.parent
    if like.tier == Tier.VILLAGE and not code.startswith(parent.code):
        parent = Division.objects.filter(pk=code[:9], tier=Tier.TOWNSHIP, retired_on=None).first()
        if parent is None:
            raise ValidationError(f"没有代码为 {code[:9]} 的乡镇，请核对区划代码")
    _refuse_name(name, parent.pk, besides=like.pk)
    return Division.objects.create(
        code=code,
        tier=like.tier,
        name=name,
        short_name=short_division_name(name),
        parent=parent,
        established_on=on,
    )


# --- what happens ------------------------------------------------------------------------------------


def _end(old: Division, new: Division, change: str, on: datetime.date, basis: str, actor: User) -> None:
    old.retired_on = on
    old.save()
    link = DivisionSuccession(old=old, new=new, on=on, change=change, basis=clean_text(basis))
    link._history_user = actor
    link.save()


def _move_institutions(olds: list[Division], new: Division, on: datetime.date, actor: User) -> list[str]:
    moved = list(Institution.objects.filter(division__in=olds))
    taken = set(Institution.objects.filter(division=new).values_list("name", flat=True))
    for institution in moved:
        if institution.name in taken:
            raise ValidationError(f"{new}已有名为“{institution.name}”的机构，请先改名，或选择停办")
        taken.add(institution.name)
        institution.move(new, on, actor)
    return [f"{len(moved)} 个机构划归{new}：{'、'.join(map(str, moved))}"] if moved else []


def _close_institutions(olds: list[Division], new: Division, on: datetime.date, actor: User) -> list[str]:
    """停办 from the day on; where something was recorded since, from today."""
    closed = list(Institution.objects.filter(division__in=olds).exclude(state=Institution.State.CLOSED))
    for institution in closed:
        since = on if institution.state_since is None or institution.state_since < on else timezone.localdate()
        institution.record(Institution.State.CLOSED, since, f"撤并到{new}")
    return [f"{len(closed)} 个机构停办：{'、'.join(map(str, closed))}"] if closed else []


def _move_the_rest(
    olds: list[Division], new: Division, actor: User, outcome: Outcome, also: Iterable[tuple] = ()
) -> Outcome:
    """Villages get the new township above them, what goes on at a place the new one, schools what they serve now."""
    villages = list(Division.objects.filter(parent__in=olds, retired_on=None))
    for village in villages:
        village.parent = new
        village.save()
    if villages:
        outcome.lines.append(f"{len(villages)} 个村（社区）改属{new}，代码不变；公布了新代码的，再逐个办理更名")
    outcome.lines += follow("division", olds, new, actor, also)
    for school in SharedResource.objects.filter(serves__in=olds).distinct():
        school._history_user = actor
        school.serves.remove(*olds)
        school.serves.add(new)
    officers = User.objects.filter(is_active=True, home_division__in=olds).count()
    if officers:
        outcome.lines.append(f"{officers} 个账号进入{new}，新旧两处的都能看到")
    kept = "以前的场次仍记在原来的地方，现在的合计把它们算在内；已填的年度数据和经费仍在原来的表里"
    both = "，当年的两张表合起来读，怎么合写在表的上方" if new.tier == Tier.TOWNSHIP else ""
    outcome.lines.append(kept + both)
    return outcome
