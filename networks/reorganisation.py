"""Units renamed, merged and split, with a date and a basis. Nothing is deleted or overwritten: the old unit keeps its
sessions, figures and terms up to the day, the new one goes on from there (see `UnitSuccession`).

Each act is recorded with everything that it wrote (`Reorganisation`), so that a wrong entry can be taken back until something
has followed it. A day to come is recorded now and takes effect then, because everything that is written is dated. What other apps hang on a
unit follows by the functions that they register; a verb returns in sentences what it did, and the page that asks before it
happens shows what `rehearse` let it do and took back.
"""

import datetime
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from . import journal, years
from .models import (
    AffiliatedBody,
    Appointment,
    Change,
    Division,
    LearningGroup,
    MemberUnit,
    Provider,
    Reorganisation,
    ResourceProject,
    SharedResource,
    UnitSuccession,
    UnitTerm,
    User,
)
from .names import clean_lines, clean_text
from .templatetags.page import cn_date

FIRST_YEAR, YEARS_AHEAD = 2000, 2  # a day outside is a slip of the pen

Follower = Callable[[MemberUnit, MemberUnit, datetime.date, User], list[str]]
_followers: list[Follower] = []


def register(follower: Follower) -> None:
    """Called at start-up by the apps that build upon this one: `follower(old, new, on, actor)` lets what hangs on `old`
    follow to `new` and returns sentences that say what did."""
    if follower not in _followers:
        _followers.append(follower)


@dataclass(frozen=True)
class NewUnit:
    """How a unit that a reorganisation makes is called; `aliases` is one a line."""

    name: str
    code: str
    aliases: str = ""


@dataclass
class Outcome:
    """What a change did: the units or places that stand now, and sentences about the rest."""

    made: list[MemberUnit] | list[Division]
    lines: list[str] = field(default_factory=list)


def rehearse(act: Callable[[], Outcome]) -> Outcome:
    """What `act` would do, by letting it and taking it back. Raises what it raises."""
    with transaction.atomic():
        outcome = act()
        transaction.set_rollback(True)
    return outcome


def recorded(what: str, *, of_units: bool) -> Callable:
    """Decorator of the verbs: one transaction, and one `Reorganisation` that knows what was written in it."""

    def decorate(verb: Callable[..., Outcome]) -> Callable[..., Outcome]:
        @transaction.atomic
        @functools.wraps(verb)
        def act(*args, on: datetime.date, basis: str, actor: User, **more) -> Outcome:
            with journal.opened() as written:
                outcome = verb(*args, on=on, basis=basis, actor=actor, **more)
            Reorganisation.objects.create(
                county_id=actor.county_code,
                of_units=of_units,
                what=what,
                on=on,
                basis=clean_text(basis),
                lines="\n".join(outcome.lines),
                entries=written.entries,
                made_by=actor,
            )
            return outcome

        return act

    return decorate


def take_back(change: Reorganisation, actor: User, why: str) -> None:
    """A wrong entry that nothing has followed yet is as if it had never been. Raises ValidationError where something has,
    or where the year is settled by now."""
    _hold(change.county_id, [])
    refuse_day(change.county_id, change.on, actor)
    change.undo(actor, clean_text(why))


@recorded("单位更名", of_units=True)
def rename_unit(
    unit: MemberUnit, *, name: str, code: str, on: datetime.date, basis: str, actor: User, aliases: str = ""
) -> Outcome:
    """From `on` on the unit has another name, and so is another unit with a code of its own. Raises ValidationError."""
    held = _hold(unit.county_id, [unit])
    _refuse(held, on, actor)
    successor = _begin(NewUnit(name, code, aliases), like=held[0], on=on)
    outcome = Outcome([successor], [f"自{cn_date(on, 'plain')}起，{held[0]}改称{successor}"])
    _hand_over(held[0], successor, Change.RENAME, on, basis, actor, outcome)
    return outcome


@recorded("单位合并", of_units=True)
def merge_units(
    units: Iterable[MemberUnit],
    *,
    on: datetime.date,
    basis: str,
    actor: User,
    into: MemberUnit | None = None,
    new: NewUnit | None = None,
) -> Outcome:
    """From `on` on one unit stands for several: one that exists (`into`, not among them), or a `new` one of the first's
    kind and place. Raises ValidationError."""
    units = [unit for unit in units if into is None or unit.pk != into.pk]
    if (into is None) == (new is None):
        raise ValidationError("请选择并入哪个现有单位，或者填写合并后新单位的名称和代码，只选一种")
    if not units or (into is None and len(units) < 2):
        raise ValidationError("请至少选择两个单位合并成新单位，或选择并入一个现有单位")
    held = _hold(units[0].county_id, [*units, *([into] if into else [])])
    olds, into = (held[:-1], held[-1]) if into else (held, None)
    _refuse(olds, on, actor)
    if into:
        _refuse_successor(into, olds, on)
    successor = into or _begin(new, like=olds[0], on=on)
    names = "、".join(old.name for old in olds)
    outcome = Outcome([successor], [f"自{cn_date(on, 'plain')}起，{names}{'并入' if into else '合并为'}{successor}"])
    for old in olds:
        _hand_over(old, successor, Change.MERGE, on, basis, actor, outcome)
    return outcome


@recorded("单位分设", of_units=True)
def split_unit(
    unit: MemberUnit, *, parts: list[NewUnit], stays: bool, on: datetime.date, basis: str, actor: User
) -> Outcome:
    """From `on` on there are new units beside this one (`stays`) or instead of it. Its sessions and figures stay with it;
    the new ones take up its facts (member of the group, quota, tasks) and start from nothing. Raises ValidationError."""
    if not parts or (not stays and len(parts) < 2):
        raise ValidationError("请至少填写一个新单位；原单位不保留的，至少两个（只有一个的是更名）")
    [held] = _hold(unit.county_id, [unit])
    _refuse([held], on, actor)
    made = [_begin(part, like=held, on=on) for part in parts]
    outcome = Outcome(made, [f"自{cn_date(on, 'plain')}起，由{held}分设{'、'.join(map(str, made))}"])
    for part in made:
        _link(held, part, Change.SPLIT, on, basis, actor)
        _continue_terms(held, part, on, basis, actor, closing=False)
    if stays:
        outcome.lines.append(f"{held}保留，任务和职责不变")
    else:
        _end(held, on, actor)
        _continue_terms(held, None, on, basis, actor, closing=True)
        outcome.lines.append(
            f"{held}到此为止；它的{_accounts(held)}个账号和没有办完的场次留在原单位，请另给新单位建账号"
        )
    outcome.lines.append("此前的场次和完成情况仍归原单位；新单位的归口机构、联络员请另行登记")
    return outcome


# --- what may not happen -----------------------------------------------------------------------------


def _hold(county_code: str, units: list[MemberUnit]) -> list[MemberUnit]:
    """The units as the database holds them. All of the county's are locked, so that reorganisations come one by one."""
    rows = {unit.pk: unit for unit in MemberUnit.objects.select_for_update().filter(county=county_code).order_by("pk")}
    if len({unit.pk for unit in units}) != len(units):
        raise ValidationError("同一个单位选了两次")
    if any(unit.pk not in rows for unit in units):
        raise ValidationError("只能选择同一个县的单位")
    return [rows[unit.pk] for unit in units]


def refuse_day(county_code: str, on: datetime.date, actor: User) -> None:
    """A settled year rests on what the county was like in it, so nothing changes in it or before it any more."""
    if actor.county_code != county_code:
        raise ValidationError("只能办理本县的变更")
    today = timezone.localdate()
    if not FIRST_YEAR <= on.year <= today.year + YEARS_AHEAD:
        raise ValidationError(f"日期应在 {FIRST_YEAR} 年至 {today.year + YEARS_AHEAD} 年之间，请核对")
    settled = max(years.settled_years(county_code, hold=True), default=0)
    if on.year <= settled:
        raise ValidationError(
            f"{settled}年度已锁定定案，变更日期须在{settled + 1}年1月1日以后；已定案年度的结果按当时的单位和区划，不再改动"
        )


def _refuse(olds: list[MemberUnit], on: datetime.date, actor: User) -> None:
    refuse_day(olds[0].county_id, on, actor)
    for old in olds:
        if old.retired_on:
            raise ValidationError(f"{old}自{cn_date(old.retired_on, 'plain')}起已不再存在，请选择现在的单位")
        if old.established_on and old.established_on >= on:
            raise ValidationError(f"{old}自{cn_date(old.established_on, 'plain')}才设立，这一次的日期须在那以后")
        joined = UnitSuccession.objects.filter(new=old).order_by("-on").first()
        if joined and joined.on >= on:
            raise ValidationError(f"{old}的上一次变更在{cn_date(joined.on, 'plain')}，这一次的日期须在那以后")


def _refuse_successor(into: MemberUnit, olds: list[MemberUnit], on: datetime.date) -> None:
    """An old unit has ended already or is refused, so that no circle can close."""
    if into.retired_on:
        raise ValidationError(f"{into}自{cn_date(into.retired_on, 'plain')}起已不再存在，不能并入")
    if not into.exists_on(on):
        raise ValidationError(f"{into}到{cn_date(into.established_on, 'plain')}才设立，并入的日期须在那以后")


# --- what happens ------------------------------------------------------------------------------------


def _begin(new: NewUnit, *, like: MemberUnit, on: datetime.date) -> MemberUnit:
    """A unit that begins on that day, of the same kind and at the same place as an old one."""
    unit = MemberUnit(
        county_id=like.county_id,
        code=clean_text(new.code),
        name=clean_text(new.name),
        aliases=clean_lines(new.aliases),
        kind=like.kind,
        division_id=like.division_id,
        position=like.position,
        established_on=on,
    )
    others = MemberUnit.objects.filter(county=like.county_id)
    if not unit.name or not unit.code:
        raise ValidationError("请填写新单位的名称和代码")
    if others.filter(name=unit.name).exists():
        raise ValidationError(f"已有名称为“{unit.name}”的单位。名称只是写错的，请在管理后台更正，不用办理更名")
    if others.filter(code=unit.code).exists():
        raise ValidationError(f"代码“{unit.code}”已被使用，请换一个")
    unit.full_clean()
    unit.save()
    return unit


def _link(old: MemberUnit, new: MemberUnit, change: str, on: datetime.date, basis: str, actor: User) -> None:
    link = UnitSuccession(old=old, new=new, on=on, change=change, basis=clean_text(basis))
    link._history_user = actor
    link.save()


def _end(old: MemberUnit, on: datetime.date, actor: User) -> None:
    old.retired_on, old.name_unconfirmed = on, False
    old._history_user, old._change_reason = actor, "单位变更"
    old.save()


def _hand_over(
    old: MemberUnit,
    new: MemberUnit,
    change: str,
    on: datetime.date,
    basis: str,
    actor: User,
    outcome: Outcome,
) -> None:
    """`new` goes on from that day where `old` stops: dated facts, affiliated bodies, people, places for learning, and what
    the other apps hang on a unit."""
    _link(old, new, change, on, basis, actor)
    _end(old, on, actor)
    facts = _continue_terms(old, new, on, basis, actor, closing=True)
    bodies = _continue_bodies(old, new, on, actor)
    people = _continue_appointments(old, new, on, actor)
    lines = [
        f"{'、'.join(facts)}由{new}接续" if facts else "",
        f"{bodies} 个归口机构改归{new}" if bodies else "",
        f"{people} 名联络员、分管领导等转到{new}" if people else "",
    ]
    if on <= timezone.localdate():
        lines += follow("unit", [old], new, actor)
    for follower in _followers:
        lines += follower(old, new, on, actor)
    accounts = _accounts(old)
    lines.append(f"{accounts} 个账号从这一天起进入{new}，仍能看到和办完{old}的场次" if accounts else "")
    outcome.lines += filter(None, lines)


_FOLLOWING = [  # what lies at a place and is kept by a unit, with the day on which it ends
    (SharedResource, "closed_on", "处共享资源"),
    (LearningGroup, "ended_on", "个学习型组织、学习团队"),
    (Provider, "until", "个资源提供方"),
    (ResourceProject, "ends_on", "个资源项目"),
]


def follow(
    by: str, olds: list[models.Model], new: MemberUnit | Division, actor: User, also: Iterable[tuple] = ()
) -> list[str]:
    """What is going on and points to the old units or places by that field points to the new one from now on. Says how much,
    what was renamed because the new place has one of the same name (every village has its 农家书屋), and what stays."""
    lines, today = [], timezone.localdate()
    for model, ends, words in [*_FOLLOWING, *also]:
        moved, left = 0, []
        going_on = Q(**{ends: None}) | Q(**{f"{ends}__gt": today})
        for row in model.objects.filter(going_on, **{f"{by}__in": olds}).select_related(by).order_by("pk"):
            old, name = getattr(row, by), str(row)
            setattr(row, by, new)
            if not _fits(row) and by == "division" and hasattr(row, "name"):
                row.name = f"{old}{row.name}"
                lines.append(f"{new}已有同名的，{name}改称{row.name}")
            if not _fits(row):
                left.append(name)
                continue
            row._history_user = actor
            row.version += 1
            row.save()
            moved += 1
        lines.append(f"{moved} {words}转到{new}" if moved else "")
        lines.append(f"{'、'.join(left)}仍登记在原处，请另行核对" if left else "")
    return list(filter(None, lines))


def _fits(row: models.Model) -> bool:
    try:
        row.clean_fields()
        row.validate_constraints()
    except ValidationError:
        return False
    return True


def _accounts(unit: MemberUnit) -> int:
    at_home = User.objects.filter(is_active=True, home_unit=unit)
    if unit.kind == MemberUnit.Kind.TOWNSHIP:
        at_home |= User.objects.filter(is_active=True, home_division=unit.division_id)
    return at_home.count()


def _continue_terms(
    old: MemberUnit, new: MemberUnit | None, on: datetime.date, basis: str, actor: User, *, closing: bool
) -> list[str]:
    """Ends the old unit's terms that hold on the day or begin later (`closing`), and begins the same on the new one unless
    it holds the fact already. Returns the facts that went on."""
    going_on = []
    later = UnitTerm.objects.filter(unit=old).exclude(ends_on__lte=on).order_by("fact", "starts_on")
    for term in list(later):
        fact, label = term.fact, term.get_fact_display()
        held = new is None or UnitTerm.objects.filter(unit=new, fact=fact).exclude(ends_on__lte=on).exists()
        following = UnitTerm(
            unit=new,
            fact=fact,
            starts_on=max(term.starts_on, on),
            ends_on=term.ends_on,
            starts_by_reorganisation=term.starts_on < on or term.starts_by_reorganisation,
            ends_by_reorganisation=term.ends_by_reorganisation,
            basis=clean_text(basis),
        )
        if closing and term.starts_on < on:
            term.ends_on, term.ends_by_reorganisation, term._history_user = on, True, actor
            term.save()
        elif closing:
            term._history_user = actor
            term.delete()
        if not held:
            following._history_user = actor
            following.save()
            going_on.append(f"“{label}”")
    return going_on


def _continue_bodies(old: MemberUnit, new: MemberUnit, on: datetime.date, actor: User) -> int:
    """What is affiliated to the old unit is so to the new one from the day on (归口)."""
    bodies = list(AffiliatedBody.objects.filter(unit=old).exclude(ends_on__lte=on))
    for body in bodies:
        body._history_user = actor
        if body.starts_on and body.starts_on >= on:
            body.unit = new
            body.save()
            continue
        ends, body.ends_on = body.ends_on, on
        body.save()
        following = AffiliatedBody(county_id=body.county_id, name=body.name, unit=new, starts_on=on, ends_on=ends)
        following._history_user = actor
        following.save()
    return len(bodies)


def _continue_appointments(old: MemberUnit, new: MemberUnit, on: datetime.date, actor: User) -> int:
    """联络员, 分管领导 and others of the old unit are the new one's from the day on."""
    posts = list(Appointment.objects.filter(unit=old).exclude(ends_on__lte=on))
    there = set(Appointment.objects.filter(unit=new, ends_on=None).values_list("person_id", "function"))
    for post in posts:
        post._history_user = actor
        post.version += 1
        known = (post.person_id, post.function) in there
        if post.starts_on and post.starts_on >= on:
            post.unit = old if known else new
            post.save()
            continue
        ends, post.ends_on = post.ends_on, on
        post.save()
        if not known:
            following = Appointment(
                person_id=post.person_id,
                unit=new,
                function=post.function,
                title=post.title,
                specialities=post.specialities,
                school_id=post.school_id,
                starts_on=on,
                ends_on=ends,
                succeeds=post,
                note=post.note,
            )
            following._history_user = actor
            following.save()
    return len(posts)
