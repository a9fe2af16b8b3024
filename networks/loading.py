"""Loads the facts of the founding document and the official divisions; running it again changes nothing."""

import csv
import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models, transaction

from . import audit
from .models import (
    AffiliatedBody,
    AnnualFigure,
    CountySettings,
    Division,
    FormerName,
    Institution,
    LeadingGroup,
    MemberUnit,
    Seat,
    Tier,
    UnitTerm,
    Zone,
)
from .names import short_division_name

DATA = Path(__file__).parent / "data"
GROUP_SINCE = datetime.date(2019, 2, 2)  # 成文日期 of 马政办发〔2019〕2号, which sets the group up (三(一))
COUNTY = "450124"
MOST_TOLD = 200
ZONES = [("450124100", kind) for kind in Zone.Kind]  # 二(一)3: 白山镇 is experimental and demonstration zone
ZONE_BASIS = "马政办发〔2019〕2号二(一)3"
# The only populations that are known for certain; no other place's is invented.
POPULATIONS = [
    (COUNTY, 2020, AnnualFigure.Basis.RESIDENT, 382_430, "第七次全国人口普查"),
    ("450124103", 2019, AnnualFigure.Basis.REGISTERED, 59_289, "2019年末户籍人口"),
]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a UTF-8 CSV (with or without byte-order mark) as dictionaries of trimmed text."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [{k: (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(lines)]


def load_divisions(rows: Sequence[dict[str, str]]) -> Counter:
    """Divisions from rows of code, tier, name, parent_code (any order). Raises ValidationError naming the line. Provinces and
    cities are passed over (`skipped`): here counties stand at the top. All or none, with one line of the log for each county of which
    something is new or different; the rows themselves have no history."""
    tally: Counter = Counter()
    kept = [(line, row) for line, row in enumerate(rows, start=2) if not _above_county(row)]
    ordered = sorted(kept, key=lambda item: (len(item[1].get("code", "")), item[1].get("code", "")))
    known = {d.code: d for d in Division.objects.all()}
    former = set(FormerName.objects.values_list("division", "name"))  # an older list brings no former name back
    gone = {code for code, d in known.items() if d.retired_on}
    lines: dict[str, int] = {}
    fresh: list[Division] = []
    changed: list[Division] = []
    was: dict[str, Division] = {}  # what is stored of these
    for line, row in ordered:
        parent = row.get("parent_code", "")
        division = Division(
            code=row.get("code", ""),
            tier=row.get("tier", ""),
            name=row.get("name", ""),
            short_name=short_division_name(row.get("name", "")),
            parent_id=parent if len(parent) >= 6 else None,
        )
        try:
            division.clean_fields(exclude=["parent"])
            if (
                division.tier not in Tier.values
                or len(division.code) != {"county": 6, "township": 9, "village": 12}[division.tier]
            ):
                raise ValidationError("层级与代码位数不符")
            if division.tier != Tier.COUNTY and division.parent_id not in known:
                raise ValidationError(f"上级代码 {parent or '（空）'} 不存在")
            if division.tier != Tier.COUNTY and not division.code.startswith(parent):
                raise ValidationError(f"代码不在上级代码 {parent} 之下")  # scopes are ranges over the code
            if lines.setdefault(division.code, line) != line:
                raise ValidationError(f"与第 {lines[division.code]} 行的代码重复")
        except ValidationError as problem:
            raise ValidationError(
                f"第 {line} 行 {row.get('code', '')} {row.get('name', '')}：{'；'.join(problem.messages)}"
            ) from None
        before = known.get(division.code)
        if before and division.parent_id in gone:
            division.parent_id = before.parent_id  # its township was merged since; the village went along
        if before is None:
            fresh.append(division)
        elif (division.code, division.name) not in former and (before.tier, before.name, before.parent_id) != (
            division.tier,
            division.name,
            division.parent_id,
        ):
            changed.append(division)
            was[division.code] = before
        else:
            tally["unchanged"] += 1
        known[division.code] = division
    with transaction.atomic():
        Division.objects.bulk_create(fresh, batch_size=2000)
        Division.objects.bulk_update(changed, ["tier", "name", "short_name", "parent"], batch_size=500)
        _record(fresh, changed, before=was)
    tally["created"], tally["changed"], tally["skipped"] = len(fresh), len(changed), len(rows) - len(kept)
    return tally


def _record(fresh: list[Division], changed: list[Division], before: dict[str, Division]) -> None:
    """What was there before stands in the log, of the first `MOST_TOLD` places of a county."""
    created, moved = Counter(place.county_code for place in fresh), defaultdict(list)
    for place in changed:
        moved[place.county_code].append(place.code)
    for county in sorted({*created, *moved}):
        told = {code: [before[code].name, before[code].parent_id or ""] for code in moved[county][:MOST_TOLD]}
        audit.record(
            "载入区划",
            actor=None,
            county_code=county,
            created=created[county],
            changed=len(moved[county]),
            before=told,
            os_user=audit.os_user(),
        )


def _above_county(row: dict[str, str]) -> bool:
    return (row.get("tier"), len(row.get("code", ""))) in {("province", 2), ("city", 4)}


@transaction.atomic
def load_network(county_code: str = COUNTY) -> Counter:
    """The county's institutions, responsible units with their dated facts, and affiliated bodies (二(一)1, 三(一), 三(六)).
    Needs the divisions. Never overwrites what people have changed since: it only adds what is missing."""
    tally: Counter = Counter()
    county = Division.objects.get(pk=county_code)
    CountySettings.objects.get_or_create(county=county)
    _load_institutions(county, tally)
    for position, row in enumerate(read_csv(DATA / "member_units.csv"), start=1):
        _load_unit(county, position, row, tally)
    units = {u.code: u for u in MemberUnit.objects.filter(county=county)}
    _load_group(county, units, tally)
    for row in read_csv(DATA / "affiliated_bodies.csv"):
        _add(
            AffiliatedBody,
            {"county": county, "name": row["name"]},
            {"unit": units[row["credited_unit"]]},
            tally,
        )
    _load_zones_and_figures(county, tally)
    return tally


def _add(model: type[models.Model], key: dict, values: dict, tally: Counter) -> models.Model:
    row, created = model.objects.get_or_create(**key, defaults=values)
    tally["created" if created else "unchanged"] += 1
    return row


def _load_institutions(county: Division, tally: Counter) -> None:
    """1 centre, a school in each township, a teaching point in each village and community; all 待核实."""
    for place in Division.objects.within(county.code).current():
        usual = Institution.usual_at(place)
        if place.institutions.filter(kind=usual["kind"]).exists():  # several, where villages were merged
            tally["unchanged"] += 1
            continue
        Institution.objects.create(division=place, **usual)
        tally["created"] += 1


def _load_zones_and_figures(county: Division, tally: Counter) -> None:
    """What the founding document names, and what is known, of places of this county."""
    places = set(Division.objects.within(county.pk).values_list("pk", flat=True))
    for code, kind in ZONES:
        if code in places and Zone.objects.filter(division_id=code, kind=kind).exists():  # also with other dates by now
            tally["unchanged"] += 1
        elif code in places:
            Zone.objects.create(division_id=code, kind=kind, starts_on=GROUP_SINCE, basis=ZONE_BASIS)
            tally["created"] += 1
    for code, year, basis, value, source in POPULATIONS:
        if code in places:
            key = {"division_id": code, "year": year, "kind": AnnualFigure.Kind.POPULATION, "basis": basis}
            _add(AnnualFigure, key, {"value": value, "source": source}, tally)


def _load_unit(county: Division, position: int, row: dict[str, str], tally: Counter) -> None:
    kind = MemberUnit.Kind.TOWNSHIP if row["kind"] == "township" else MemberUnit.Kind.DEPARTMENT
    unit = _add(
        MemberUnit,
        {"county": county, "code": row["code"]},
        {
            "name": row["name"],
            "aliases": "\n".join(filter(None, row["aliases"].split("|"))),
            "kind": kind,
            "division_id": row["division_code"],
            "position": position,
            "name_unconfirmed": "confirm locally" in row["note"],
        },
        tally,
    )
    if row["in_leading_group"] == "1":
        key = {"unit": unit, "fact": UnitTerm.Fact.GROUP, "starts_on": GROUP_SINCE}
        _add(UnitTerm, key, {"basis": "马政办发〔2019〕2号三(一)"}, tally)
    if row["bears_quota"] == "1":
        key = {
            "unit": unit,
            "fact": UnitTerm.Fact.QUOTA,
            "starts_on": datetime.date.fromisoformat(row["quota_since"]),
        }
        _add(UnitTerm, key, {"basis": "马政办发〔2019〕2号三(六)"}, tally)


def _load_group(county: Division, units: dict[str, MemberUnit], tally: Counter) -> None:
    """The county's leading group with its seats by post, in the words and the order of the document and without holders
    (三(一)). The heads' post is one seat, as written: how many people share or combine it the document does not say. The
    townships' groups are their own to set up."""
    if LeadingGroup.objects.filter(division=county).exists():
        tally["unchanged"] += 1
        return
    group = LeadingGroup.objects.create(
        division=county,
        name=f"{county.name}社区教育发展工作领导小组",
        basis="马政办发〔2019〕2号三(一)",
        set_up_on=GROUP_SINCE,
    )
    for position, row in enumerate(read_csv(DATA / "leading_group.csv"), start=1):
        Seat.objects.create(
            group=group,
            rank=row["rank"],
            post=row["post"],
            unit=units.get(row["unit"]),
            position=position,
            starts_on=GROUP_SINCE,
        )
    tally["created"] += 1 + group.seats.count()
