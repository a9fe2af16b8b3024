"""What is frozen when a year is locked: every figure with its working, read from the rows in one order on every engine (IN-7).

`figures` is what the lock protects, so that it must come out the same whenever it is read again from the rows; `noted` is what
the year's pages show beside it and what may go on changing (rosters are purged, surveys come in later). Sessions go by their
number, never by a title; nobody's name is in it, and free texts are there as digests.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from django.utils import timezone

from networks.models import MemberUnit
from trainings.models import Audience, Evidence, Status, Theme

from . import chain
from .assessment import computed
from .counting import Counting, Standing
from .indicators import Group, YearFigures
from .models import AssessmentYear
from .references import Part

# Of the year's own columns everything is a rule but these; a rule added later is in what is frozen from then on.
NO_RULE = AssessmentYear.LIFE | {"id", "county"}


def figures(year: AssessmentYear) -> dict:
    """The year as its rows have it now, ready for `chain.canonical`. The number of queries does not depend on the rows."""
    counting = Counting(year)
    county = computed(counting)
    read = YearFigures(year, recompute=True)
    adjustments = {row.unit_id: row for row in year.adjustments.all()}
    units = [_unit(standing, counting, adjustments.get(standing.unit.pk)) for standing in county.standings]
    return {
        "county": year.county_id,
        "year": year.year,
        "rules": _rules(year),
        "units": sorted(units, key=lambda unit: unit["code"]),
        "totals": {
            "credited": county.credited,
            "everything": county.everything,
            "submitted": county.submitted,
            "returned": county.returned,
        },
        "sessions": _sessions(counting),
        "themes": _groups(read.themes, Theme),
        "audiences": _groups(read.audiences_of_the_act, Audience),
    }


def figures_digest(year: AssessmentYear) -> str:
    return chain.digest(chain.canonical(figures(year)))


def snapshot(year: AssessmentYear) -> dict:
    """The content of a lock: figures, their digest, what the units were called, what is noted beside them, and the day of
    which that is. A name that is corrected afterwards changes no figure."""
    found = figures(year)
    units = MemberUnit.objects.filter(county=year.county_id, code__in=[unit["code"] for unit in found["units"]])
    day = timezone.localdate()
    return {
        "figures": found,
        "figures_digest": chain.digest(chain.canonical(found)),
        "names": {unit.code: [unit.name, unit.kind] for unit in units},
        "noted": noted(YearFigures(year, recompute=True)),
        "day": day.isoformat(),
    }


def _rules(year: AssessmentYear) -> dict:
    fields = [field.attname for field in year._meta.concrete_fields if field.name not in NO_RULE]
    values = {name: getattr(year, name) for name in fields}
    texts = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime.date)}
    return values | texts | {"counting_forms": sorted(year.counting_forms.values_list("name", flat=True))}


def _unit(standing: Standing, counting: Counting, adjustment) -> dict:
    unit = standing.unit
    adjusted = adjustment and {
        "sessions": adjustment.sessions,
        "attendances": adjustment.attendances,
        "reason_digest": chain.digest(adjustment.reason),
    }
    terms = [
        {
            "starts_on": start.isoformat(),
            "ends_on": end.isoformat(),
            "starts_by_reorganisation": term.starts_by_reorganisation and start > counting.first,
            "ends_by_reorganisation": term.ends_by_reorganisation and end < counting.after,
        }
        for term in counting.terms[unit.pk]
        for start, end in [(max(term.starts_on, counting.first), min(term.ends_on or counting.after, counting.after))]
    ]
    return {
        "code": unit.code,
        "terms": terms,  # as far as they lie in the year
        "required": standing.required,
        "adjustment": adjusted,
        "working": "" if adjustment else standing.working,  # an adjustment's reason is free text
        "verified": standing.verified,
        "pending": standing.pending,
        "planned": standing.planned,
        "met": standing.met,
        "latest": standing.latest.isoformat(),
    }


def _sessions(counting: Counting) -> list[dict]:
    """Every session of the year that is not void or cancelled, by day and number: counted or why not, for whom, at which
    figure, on which evidence."""
    rows = counting.led().exclude(status__in=[Status.VOID, Status.CANCELLED])
    partners, evidence = defaultdict(list), defaultdict(list)
    for row in counting.joined().select_related("unit").order_by():
        partners[row.session_id].append(
            {"unit": row.unit.code, "confirmed": row.confirmed_at is not None, "barrier": row.barrier}
        )
    proofs = Evidence.objects.filter(session__in=rows.values("pk")).order_by()
    for session, kind, stored, link in proofs.values_list("session", "kind", "sha256_stored", "link"):
        evidence[session].append([kind, stored or chain.digest(link)])
    credited = set(counting.credited().values_list("pk", flat=True))
    return [
        {
            "number": row.number,
            "unit": row.organiser.code,
            "held_on": row.held_on.isoformat(),
            "days": row.days,
            "form": row.form.name if row.form else None,
            "minutes": row.minutes,
            "historical": row.is_historical,
            "status": row.status,
            "verified": row.verified_attendance,
            "reported": row.reported_attendance,
            "planned": row.planned_attendance if row.status == Status.PLANNED else None,
            "barrier": row.barrier,
            "counts": row.pk in credited,
            "partners": sorted(partners[row.pk], key=lambda partner: partner["unit"]),
            "evidence": sorted(evidence[row.pk]),
        }
        # In the order of Python: each database sorts text by rules of its own.
        for row in sorted(rows.select_related("organiser", "form"), key=lambda row: (row.held_on, row.number))
    ]


def _groups(groups: list[Group], model: type[Theme] | type[Audience]) -> list[dict]:
    """By the stored word, whatever it is shown as; a line that stands for several words has none. A number below five is
    withheld here as on the page."""
    words = dict(model.objects.values_list("pk", "name"))
    return [
        {
            "word": words.get(group.key),
            "label": group.label if group.key is None else "",
            "sessions": group.sessions,
            "attendances": None if group.small else group.attendances,
            "small": group.small,
        }
        for group in groups
    ]


def noted(read: YearFigures) -> dict:
    """The indicators that do not rest on locked rows alone, as they stood on the day."""
    people = read.rostered
    return {
        "rostered": {
            "people": people.people,
            "attendances": people.attendances,
            "with_roster": people.with_roster,
            "sessions": people.sessions,
            "purged": people.purged,
        },
        "coverage": {
            key: [found.covered, found.places, found.opened, found.unconfirmed] for key, found in read.coverage.items()
        },
        "staffing": [[label, staffed.met, staffed.institutions] for label, staffed in read.staffing],
        "ratios": {
            key: [_part(ratio.numerator), _part(ratio.denominator)]
            for key, ratio in (
                ("participation", read.participation),
                ("satisfaction", read.satisfaction),
                ("awareness", read.awareness),
            )
        },
    }


def _part(part: Part) -> dict:
    value = str(part.value) if isinstance(part.value, Decimal) else part.value
    return {
        "label": part.label,
        "value": value,
        "decimal": isinstance(part.value, Decimal),
        "unit": part.unit,
        "why": part.why,
        "few": part.few,
    }


# --- what differs ----------------------------------------------------------------------------------

WORDS = {
    "required": "应完成",
    "verified": "已核定",
    "pending": "待审核",
    "planned": "计划",
    "met": "是否完成",
    "latest": "最迟日期",
    "working": "任务的算法",
    "adjustment": "任务调整",
    "terms": "承担任务的起止",
    "unit": "责任单位",
    "held_on": "日期",
    "days": "天数",
    "form": "形式",
    "minutes": "时长",
    "historical": "历史台账",
    "status": "状态",
    "reported": "填报人次",
    "barrier": "不计入的原因",
    "counts": "是否计入",
    "partners": "协办单位",
    "evidence": "佐证材料的摘要",
    "credited": "计入任务",
    "everything": "全部已核定",
    "submitted": "待审核",
    "returned": "退回修改",
    "sessions": "场次",
    "attendances": "人次",
    "small": "是否不足五人次",
}


def differences(frozen: dict, now: dict) -> list[str]:
    """Each thing that is not as it was frozen, as a Chinese sentence without its full stop: whose, which figure, then → now.
    What a later version of the product freezes besides is no difference."""
    found = []
    for name, value in frozen["rules"].items():
        if value != now["rules"].get(name):
            found.append(f"口径 {_field(name)}：{_shown(value)} → {_shown(now['rules'].get(name))}")
    units = dict(MemberUnit.objects.filter(county=frozen["county"]).values_list("code", "name"))
    found += _rows("units", lambda row: units.get(row["code"], row["code"]), frozen, now)
    found += _rows("sessions", lambda row: f"场次 {row['number']}", frozen, now)
    found += _rows("themes", lambda row: f"主题 {row['word'] or row['label']}", frozen, now)
    found += _rows("audiences", lambda row: f"对象 {row['word'] or row['label']}", frozen, now)
    for name, value in sorted(frozen["totals"].items(), key=lambda item: _position(item[0])):
        if value != now["totals"].get(name):
            found.append(f"全县 {_field(name)}：{_shown(value)} → {_shown(now['totals'].get(name))}")
    return found


def _rows(part: str, called: Callable[[dict], str], frozen: dict, now: dict) -> list[str]:
    then, today = ({called(row): row for row in side[part]} for side in (frozen, now))
    found = []
    for name, row in then.items():
        if name not in today:
            found.append(f"{name}：定案时有，现在没有了")
            continue
        for field, value in sorted(row.items(), key=lambda item: _position(item[0])):
            other = today[name].get(field)
            if value != other:
                found.append(f"{name} {_field(field, row)}：{_shown(value)} → {_shown(other)}")
    return found + [f"{name}：定案时没有，现在有了" for name in today if name not in then]


def _position(name: str) -> int:
    """The order in which differences are told: the figures first."""
    return list(WORDS).index(name) if name in WORDS else len(WORDS)


def _field(name: str, row: dict | None = None) -> str:
    if name == "verified" and row and "number" in row:
        return "核定人次"
    if name in WORDS:
        return WORDS[name]
    columns = {field.attname: str(field.verbose_name) for field in AssessmentYear._meta.fields}
    return columns.get(name, "计入任务的培训形式" if name == "counting_forms" else name)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return f"{value[0]} 场 {value[1]} 人次"
    if isinstance(value, bool):
        return "是" if value else "否"
    if value is None or value in ("", [], {}):
        return "无"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else chain.canonical(value)
