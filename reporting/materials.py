"""报送材料 as questions: who is asked for which paper, what has come, what is missing and by when. A constant number of
queries, however many units and papers there are."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from networks.models import MemberUnit, UnitSuccession, UnitTerm
from networks.models.succession import Lineage
from networks.templatetags.page import Badge, cn_date

from .assessment import document_order
from .definitions import Gauge, by_key, plain
from .exports import OFFICE, Column, Export
from .models import AskedOf, AssessmentYear, Material, MaterialKind

State = Material.State
MISSING = (State.OPEN, State.RETURNED)  # the unit has to do something
BADGES = {
    State.OPEN: Badge("未交", "quiet", "pencil"),
    State.HANDED_IN: Badge("待收", "steady", "clock"),
    State.RECEIVED: Badge("已收", "met", "check"),
    State.RETURNED: Badge("退回", "behind", "back"),
    State.EXEMPT: Badge("免报", "off", "info"),
}
SOON = datetime.timedelta(days=14)
PAPERS = by_key(
    plain(
        "papers_received",
        "报送材料的已收和应报",
        "份",
        Gauge.WORK,
        "三(一)",
        "已收＝办公室确认收到的，应报＝要报这种材料的单位，免报的不在内。",
        numerator="一种材料中已收的份数；要报的单位数",
        excluded="免报的单位；不再收的材料",
    ),
    plain(
        "papers_missing",
        "报送材料的未交、待收和迟交",
        "份",
        Gauge.WORK,
        "三(一)",
        "未交＝还没有上传，或者退回以后还没有重交；待收＝已经上传，办公室还没有确认；迟交看最初交来的日期。"
        "期限按这种材料自己的，没有写的按年度的材料报送截止日期。",
        numerator="未交、待收、迟交的份数",
        excluded="免报的单位；没有期限的不算迟交",
    ),
)
OVERDUE = Badge("逾期未交", "behind", "warning")


@dataclass(frozen=True)
class Line:
    """One paper of one unit."""

    kind: MaterialKind
    unit: MemberUnit
    row: Material | None  # None: nothing has happened to it yet
    today: datetime.date

    @property
    def state(self) -> str:
        return self.row.state if self.row else State.OPEN

    @property
    def missing(self) -> bool:
        """The office still waits for it, or it came back to the unit."""
        return self.kind.is_asked and self.state in MISSING

    @property
    def overdue(self) -> bool:
        return bool(self.missing and self.kind.due and self.kind.due < self.today)

    @property
    def pressing(self) -> bool:
        """Missing, and overdue, sent back, or due within a fortnight."""
        due = self.kind.due
        soon = bool(due and due <= self.today + SOON)
        return self.missing and (self.state == State.RETURNED or soon)

    @property
    def late(self) -> bool:
        """It came, after its day."""
        if not (self.row and self.kind.due and self.row.first_at) or self.state in (State.OPEN, State.EXEMPT):
            return False
        return timezone.localdate(self.row.first_at) > self.kind.due

    @property
    def badge(self) -> Badge:
        return OVERDUE if self.overdue and self.state == State.OPEN else BADGES[self.state]

    @property
    def words(self) -> str:
        """年度工作总结（12月20日前）, or with 已过期限 and 退回 where that is so."""
        told = []
        if self.kind.due:
            told.append(f"{cn_date(self.kind.due, 'short')}前" + ("，已过期限" if self.overdue else ""))
        if self.state == State.RETURNED:
            told.append("已退回待改")
        return f"{self.kind}（{'，'.join(told)}）" if told else str(self.kind)


class Collection:
    """The papers of some years, by unit and kind. `units` narrows it to these. What a unit handed in before it was merged or
    renamed need not be handed in again by whoever stands for it now. Five queries."""

    def __init__(
        self, years: Iterable[AssessmentYear], units: Iterable[int] | None = None, asked: bool = False
    ) -> None:
        """`asked` leaves out the kinds that are no longer collected."""
        self.years = list(years)
        self.today = timezone.localdate()
        self.only = None if units is None else set(units)
        kinds = MaterialKind.objects.filter(year__in=self.years).select_related("year").prefetch_related("units")
        self.kinds = list(kinds.filter(is_asked=True) if asked else kinds)

    @cached_property
    def rows(self) -> dict[tuple[int, int], Material]:
        """What has happened, by (kind, unit)."""
        found = (
            Material.objects.filter(kind__in=[kind.pk for kind in self.kinds])
            if self.kinds
            else Material.objects.none()
        )
        if self.only is not None:
            found = found.filter(
                unit__in={old for unit in self.only for old in self._lineage.answering_for(unit, self.today)}
            )
        kinds = {kind.pk: kind for kind in self.kinds}
        rows = {}
        for row in found.select_related("unit", "attachment"):
            row.kind = kinds[row.kind_id]
            rows[row.kind_id, row.unit_id] = row
        return rows

    @cached_property
    def _lineage(self) -> Lineage[int]:
        return UnitSuccession.objects.filter(new__county__in={year.county_id for year in self.years}).lineage()

    def _now(self, pk: int) -> int:
        """Which unit stands for this one today."""
        return self._lineage.standing_on(pk, self.today)

    @cached_property
    def _settled(self) -> set[tuple[int, int]]:
        """(kind, unit of today) of what one that it has taken over from has handed in, or need not hand in."""
        there = (State.HANDED_IN, State.RECEIVED, State.EXEMPT)
        return {
            (kind, self._now(unit))
            for (kind, unit), row in self.rows.items()
            if row.state in there and self._now(unit) != unit
        }

    @cached_property
    def standing(self) -> list[MemberUnit]:
        """The units that bear the quota or sit in the group today, in the order of the founding document."""
        if not self.kinds:
            return []
        day = self.today
        bound = UnitTerm.objects.filter(fact__in=[UnitTerm.Fact.QUOTA, UnitTerm.Fact.GROUP]).on(day).values("unit")
        counties = {year.county_id for year in self.years}
        units = MemberUnit.objects.filter(county__in=counties).filter(Q(pk__in=bound)).on(day)
        return sorted(units, key=document_order)

    def asked_of(self, kind: MaterialKind) -> list[MemberUnit]:
        """Who has to hand it in, in the order of the founding document."""
        if kind.asked_of == AskedOf.CHOSEN:
            chosen = {self._now(unit.pk): unit for unit in kind.units.all()}
            today = {unit.pk: unit for unit in [*self.standing, *chosen.values()]}
            units = sorted((today.get(pk, unit) for pk, unit in chosen.items()), key=document_order)
        else:
            wanted = {
                AskedOf.TOWNSHIPS: {MemberUnit.Kind.TOWNSHIP},
                AskedOf.DEPARTMENTS: {MemberUnit.Kind.DEPARTMENT},
            }.get(kind.asked_of, {MemberUnit.Kind.TOWNSHIP, MemberUnit.Kind.DEPARTMENT})
            units = [u for u in self.standing if u.kind in wanted and u.county_id == kind.year.county_id]
        wanted = [unit for unit in units if (kind.pk, unit.pk) not in self._settled or (kind.pk, unit.pk) in self.rows]
        return [unit for unit in wanted if self.only is None or unit.pk in self.only]

    @cached_property
    def lines(self) -> list[Line]:
        """Every paper that is asked for or has come, by kind."""
        return [line for kind in self.kinds for line in self._of(kind)]

    def _of(self, kind: MaterialKind) -> Iterator[Line]:
        asked = self.asked_of(kind)
        for unit in asked:
            yield Line(kind, unit, self.rows.get((kind.pk, unit.pk)), self.today)
        known = {unit.pk for unit in asked}
        for (kind_id, unit_id), row in self.rows.items():
            if kind_id != kind.pk or unit_id in known or (self.only is not None and unit_id not in self.only):
                continue
            passed_on = row.state in MISSING and self._now(unit_id) != unit_id  # asked of whoever stands for it
            if row.state != State.OPEN and not passed_on:
                yield Line(kind, row.unit, row, self.today)

    @property
    def missing(self) -> list[Line]:
        """What is still to come, the earliest day first; what has no day comes last."""
        last = datetime.date.max
        return sorted((line for line in self.lines if line.missing), key=lambda line: line.kind.due or last)

    @property
    def waiting(self) -> list[Line]:
        """What has come and nobody has taken in yet."""
        return [line for line in self.lines if line.state == State.HANDED_IN]

    def of_kind(self, kind: MaterialKind) -> list[Line]:
        return [line for line in self.lines if line.kind.pk == kind.pk]

    def of_unit(self, unit: MemberUnit) -> list[Line]:
        return [line for line in self.lines if line.unit.pk == unit.pk]

    @property
    def units(self) -> list[MemberUnit]:
        """All units of which something is asked or has come, in the order of the founding document."""
        return sorted({line.unit for line in self.lines}, key=document_order)

    def table(self) -> list[tuple[MemberUnit, list[Line | None]]]:
        """A row a unit, a cell a kind; None where that unit is not asked for it."""
        cells = {(line.unit.pk, line.kind.pk): line for line in self.lines}
        return [(unit, [cells.get((unit.pk, kind.pk)) for kind in self.kinds]) for unit in self.units]


def missing(year: AssessmentYear) -> list[Line]:
    """The papers of a year that no unit has handed in yet, or that were returned: nothing for the year's checklist to hide."""
    return Collection([year], asked=True).missing


def waiting(year: AssessmentYear) -> list[Line]:
    """The papers of a year that have come and that the office has not taken in."""
    return Collection([year]).waiting


@dataclass(frozen=True)
class Tally:
    """How far one kind has come."""

    kind: MaterialKind
    lines: list[Line]

    @property
    def asked(self) -> int:
        return sum(line.state != State.EXEMPT for line in self.lines)

    @property
    def received(self) -> int:
        return sum(line.state == State.RECEIVED for line in self.lines)

    @property
    def waiting(self) -> int:
        return sum(line.state == State.HANDED_IN for line in self.lines)

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.missing]

    @property
    def text(self) -> str:
        """谁还没交, for the work group: units in the order of the document, no more than their names."""
        if not self.missing:
            return f"【报送材料】{self.kind.year.year}年度《{self.kind}》已交齐，谢谢各单位。"
        names = "、".join(line.unit.short_name for line in self.missing)
        due = (
            f"请于{cn_date(self.kind.due, 'short')}前"
            if self.kind.due and self.kind.due >= self.missing[0].today
            else "请尽快"
        )
        back = [line.unit.short_name for line in self.missing if line.state == State.RETURNED]
        again = f"（其中{'、'.join(back)}已退回，请改好再传）" if back else ""
        return (
            f"【报送材料】{self.kind.year.year}年度《{self.kind}》还有 {len(self.missing)} 个单位没有交：{names}{again}。"
            f"{due}在平台“工作台—报送材料”上传 PDF 或照片，交过的请忽略。"
        )


def tallies(collection: Collection) -> list[Tally]:
    by_kind: dict[int, list[Line]] = {kind.pk: [] for kind in collection.kinds}
    for line in collection.lines:
        by_kind[line.kind.pk].append(line)
    return [Tally(kind, by_kind[kind.pk]) for kind in collection.kinds]


def materials_export(year: AssessmentYear, collection: Collection) -> Export:
    """The list for the file: one row a unit and kind, without what has no part in it."""

    def rows() -> Iterator[tuple]:
        number = 0
        for unit, cells in collection.table():
            for line in filter(None, cells):
                number += 1
                came = line.row and line.row.first_at
                yield (
                    number,
                    unit.name,
                    line.kind.name,
                    line.kind.clause,
                    cn_date(line.kind.due, "plain") if line.kind.due else "",
                    line.badge.word,
                    cn_date(timezone.localdate(came), "plain") if came else "",
                    "迟交" if line.late else "",
                    line.row.note if line.row else "",
                )

    done = sum(line.state == State.RECEIVED for line in collection.lines)
    asked = sum(line.state != State.EXEMPT for line in collection.lines)
    return Export(
        title=f"{year.county.name}{year.year}年度社区教育报送材料登记表",
        unit_line=f"制表单位：{OFFICE}",
        date_line=f"截至 {cn_date(collection.today, 'plain')}",
        sheet="报送材料",
        columns=[
            Column("序号", 6),
            Column("单位", 28),
            Column("材料", 24),
            Column("依据", 10),
            Column("期限", 16),
            Column("状态", 12),
            Column("交来日期", 16),
            Column("迟交", 8),
            Column("说明", 30),
        ],
        rows=rows,
        notes=[f"应报 {asked} 份（不含免报），已收 {done} 份。"],
    )
