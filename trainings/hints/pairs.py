"""Hints about two sessions: the same photo, the same people, one teacher in two places, one event reported twice.

Each hint reads the same from both sides and has the same fingerprint, so that one answer serves for both.
"""

import datetime
import re
from collections import Counter, defaultdict
from functools import lru_cache

from networks.models import User

from ..evidence import veiled
from ..models import Evidence, TrainingSession
from ..models.rosters import masked_name
from .facts import Facts, Row, plain, rows_of
from .model import Hint, fingerprint

SAME_PEOPLE, SAME_SHARE = 5, 0.8  # people on both lists, and of the shorter list
ALIKE_TITLES = 0.6  # share of letter pairs that two names have in common
NAMES_SHOWN = 12
PART_HOURS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24)}


def of(facts: Facts) -> dict[int, list[Hint]]:
    found: dict[int, list[Hint]] = defaultdict(list)
    others = _others(facts)
    for pair, evidence in _by_pair(facts.same_files).items():
        _photo(found, facts, others, pair, evidence)
    _rosters(found, facts, others)
    _same_days(found, facts)
    return found


def attach(hints: list[Hint], session: TrainingSession, user: User) -> None:
    """The rows behind the hints, as far as this account may see them. Four queries at most."""
    keys = {hint.other_pk for hint in hints if hint.other_pk}
    seen = TrainingSession.objects.visible_to(user).for_display().in_bulk(keys)
    pieces = {pk for hint in hints for own, other, _ in hint.evidence for pk in (own, other)}
    rows = (
        Evidence.objects.visible_to(user).select_related("uploaded_by__person", "session__entered_by").in_bulk(pieces)
    )
    veiled(rows.values(), user)
    for hint in hints:
        hint.other = seen.get(hint.other_pk)
        hint.photos = [(rows[own], rows.get(other), alike) for own, other, alike in hint.evidence if own in rows]
        if hint.other_pk and hint.other is None:  # another unit's session is nobody else's business
            hint.sentence, hint.facts, hint.names = f"{hint.label}（另一场不在您的查看范围内）", [], []


def _both(found: dict, facts: Facts, one: Row, two: Row, kind: str, mark: str, tell) -> None:
    """The hint for either of the two sessions that was asked about; `tell(own, other)` gives its fields."""
    for own, other in ((one, two), (two, one)):
        if own.pk in facts.sessions:
            found[own.pk].append(Hint(kind, fingerprint=mark, other_pk=other.pk, **tell(own, other)))


# --- photos and lists ----------------------------------------------------------------------------------


def _others(facts: Facts) -> dict[int, Row]:
    """The sessions with which photos or people are shared, whenever they were held. One query."""
    keys = {other for _, _, other, _, _ in facts.same_files} | set(facts.rosters)
    return rows_of(TrainingSession.objects.filter(pk__in=keys - set(facts.sessions))) | facts.sessions


def _by_pair(files: list) -> dict[tuple[int, int], list[tuple[int, int, int]]]:
    """{(lower session, higher): (evidence of the lower, of the higher, likeness)}."""
    pairs: dict = defaultdict(set)
    for session, own, other_session, other, alike in files:
        if session < other_session:
            pairs[session, other_session].add((own, other, alike))
        else:
            pairs[other_session, session].add((other, own, alike))
    return {pair: sorted(evidence) for pair, evidence in pairs.items()}


def _photo(found: dict, facts: Facts, others: dict[int, Row], pair: tuple[int, int], evidence: list) -> None:
    one, two = (others.get(pk) for pk in pair)
    if not (one and two):
        return
    number = len({own for own, _, _ in evidence})

    def tell(own: Row, other: Row) -> dict:
        pieces = evidence if own is one else [(b, a, alike) for a, b, alike in evidence]
        return {"sentence": f"有 {number} 份材料与{other.name}的相同", "evidence": pieces}

    mark = fingerprint("photo", pair, [(a, b) for a, b, _ in evidence])
    _both(found, facts, one, two, "photo", mark, tell)


def _rosters(found: dict, facts: Facts, others: dict[int, Row]) -> None:
    """The same block of people on two lists. Who learns in one class or group together meets again: there only the same
    list, line by line, is told."""
    done = set()
    held_by: dict[str, list[int]] = defaultdict(list)
    for session, lines in facts.rosters.items():
        for identity, _ in lines:
            held_by[identity].append(session)
    shared: Counter = Counter()
    for sessions in held_by.values():
        for mine in sessions:
            if mine in facts.sessions:
                shared.update((min(mine, other), max(mine, other)) for other in sessions if other != mine)
    for (a, b), _ in shared.items():
        one, two = others.get(a), others.get(b)
        if not (one and two) or (a, b) in done:
            continue
        done.add((a, b))
        first, second = ([identity for identity, _ in facts.rosters[pk]] for pk in (a, b))
        both = set(first) & set(second)
        sizes = facts.roster_sizes[a], facts.roster_sizes[b]
        if len(both) < SAME_PEOPLE or len(both) < SAME_SHARE * min(sizes):
            continue
        in_order = [x for x in first if x in both] == [x for x in second if x in both]
        together = (one.training_class and one.training_class == two.training_class) or (
            one.learning_group and one.learning_group == two.learning_group
        )
        if together and not (in_order and len(both) == sizes[0] == sizes[1]):
            continue
        names = [masked_name(name) for identity, name in facts.rosters[a] if identity in both]

        def tell(own, other, both=both, sizes=sizes, in_order=in_order, names=names, a=a) -> dict:
            mine, theirs = sizes if own.pk == a else reversed(sizes)
            order = "，排列次序也相同" if in_order else ""
            sentence = f"名册上有 {len(both)} 人与{other.name}的相同"
            line = f"本场名册 {mine} 人，另一场 {theirs} 人，相同的 {len(both)} 人{order}"
            return {"sentence": sentence, "facts": [line], "names": names[:NAMES_SHOWN]}

        mark = fingerprint("roster", a, b, sorted(both), sizes)
        _both(found, facts, one, two, "roster", mark, tell)


# --- on the same day -----------------------------------------------------------------------------------


def _same_days(found: dict, facts: Facts) -> None:
    by_day: dict[datetime.date, list[Row]] = defaultdict(list)
    for row in facts.nearby.values():
        for day in row.span:
            by_day[day].append(row)
    done = set()
    for row in facts.sessions.values():
        for other in {o.pk: o for day in row.span for o in by_day[day] if o.pk != row.pk}.values():
            one, two = (row, other) if row.pk < other.pk else (other, row)
            if (one.pk, two.pk) not in done:
                done.add((one.pk, two.pk))
                _event(found, facts, one, two)


def _event(found: dict, facts: Facts, one: Row, two: Row) -> None:
    """At most one of: entered twice, reported by two units, one teacher in two places."""
    if one.organiser == two.organiser:
        if one.held_on == two.held_on and one.title == two.title:
            situation = [
                (row.pk, row.title, row.held_on, row.reported, row.start, row.part, row.place) for row in (one, two)
            ]
            _both(found, facts, one, two, "double", fingerprint("double", situation), _double)
            return
    elif (why := _same_event(facts, one, two)) is not None:
        situation = [
            (row.pk, row.organiser, row.title, row.held_on, row.place, row.venue, row.reported) for row in (one, two)
        ]

        def tell(own: Row, other: Row) -> dict:
            return {"sentence": f"可能与{other.name}是同一场，由两个单位填报", "facts": [why]}

        _both(found, facts, one, two, "same_event", fingerprint("same_event", situation), tell)
        return
    shared = facts.teachers[one.pk] & facts.teachers[two.pk]
    if shared and _apart(one, two) and _at_once(one, two):
        names = "、".join(sorted(re.sub(r"（[0-9]*）$", "", name) for name in shared))
        situation = [
            (row.pk, row.held_on, row.ends_on, row.start, row.end, row.part, row.place, row.venue) for row in (one, two)
        ]
        known = one.start and two.start
        line = "两场时间有重叠" if known else "两场同一时段，或时间没有填全，不能排除同时"

        def told(own: Row, other: Row) -> dict:
            return {"sentence": f"{names}同时在{other.name}授课", "facts": [line]}

        _both(found, facts, one, two, "instructor", fingerprint("instructor", sorted(shared), situation), told)


def _double(own: Row, other: Row) -> dict:
    return {"sentence": f"疑似重复：同一单位、同一天、同一名称的还有{other.name}"}


def _same_event(facts: Facts, one: Row, two: Row) -> str | None:
    """Why two units' sessions may be one, in words, or None."""
    if one.outside or two.outside or facts.townships[one.pk] != facts.townships[two.pk] or not _at_once(one, two):
        return None
    alike = likeness(one.title, two.title) >= ALIKE_TITLES
    room = plain(one.venue) == plain(two.venue) != ""
    joint = two.organiser in facts.partners.get(one.pk, ()) or one.organiser in facts.partners.get(two.pk, ())
    if not (
        alike
        or (room and one.start and two.start)
        or (joint and (room or facts.teachers[one.pk] & facts.teachers[two.pk]))
    ):
        return None
    reasons = ["同一天、同一乡镇"]
    reasons += ["名称相近"] if alike else []
    reasons += ["培训地点相同"] if room else []
    reasons += ["一方是另一方的协办单位"] if joint else []
    return "、".join(reasons)


def likeness(one: str, two: str) -> float:
    """Of two names, the share of their pairs of neighbouring letters that are the same (0—1); figures count for nothing."""
    first, second = _letter_pairs(one), _letter_pairs(two)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


@lru_cache(maxsize=20_000)
def _letter_pairs(name: str) -> Counter:
    """How often each pair stands in a name; for reading only, as it is kept."""
    text = re.sub(r"[0-9一二三四五六七八九十第期年月日]+", "", plain(name))
    return Counter(text[at : at + 2] for at in range(len(text) - 1))


def _apart(one: Row, two: Row) -> bool:
    if one.outside != two.outside or one.place != two.place:
        return True
    return bool(plain(one.venue) and plain(two.venue)) and plain(one.venue) != plain(two.venue)


def _at_once(one: Row, two: Row) -> bool:
    """Whether the hours of their common days overlap, as far as is known; whole unknown days may."""
    return all(a[0] < b[1] for a, b in ((_hours(one), _hours(two)), (_hours(two), _hours(one))))


def _hours(row: Row) -> tuple[float, float]:
    if row.start:
        start = row.start.hour + row.start.minute / 60
        if row.end and row.end > row.start:
            return start, row.end.hour + row.end.minute / 60
        return start, start + (row.minutes / 60 / row.days if row.minutes else 1)
    return PART_HOURS.get(row.part, (0, 24))
