"""Where the fields of a form read: the indicators, the year's figures by hand, money, registries, statistics. Each query is
asked once for a whole form, and every figure says where it comes from. A locked year reads what was frozen wherever an
indicator has it; what its act does not hold (registries, annual figures) is read as of the year's last day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from networks.annual import Line
from networks.models import AnnualFigure, Appointment, Division, Institution, LearningGroup, SharedResource, User, Zone
from networks.templatetags.page import cn_date
from trainings.models import Audience, Course, DeliveryForm, Programme, Status, Theme, TrainingSession

from ..counting import Standing, total
from ..indicators import INDICATORS, SMALL, YearFigures
from ..measures import By
from ..models import AssessmentYear, ReferenceKey
from ..network import Condition, Coverage, Node
from ..periods import Period
from ..references import REFERENCES, Ratio, ReferenceFigures
from ..statistics import Asked, Statistics
from .parts import Cell, Row

Read = Callable[["Sources", Row], Cell]


class Sources:
    """Everything that the forms of one county's year read, each part asked at most once."""

    def __init__(self, year: AssessmentYear, user: User) -> None:
        self.year, self.user, self.county = year, user, year.county
        self.day = max(min(timezone.localdate(), year.last_day), year.first_day)
        self.figures = YearFigures(year)
        self.reference = ReferenceFigures(year.county, year.year)

    @property
    def as_of(self) -> str:
        """What the figures are as of, in words."""
        settled = self.figures.frozen
        return settled.label if settled else f"截至 {cn_date(self.day, 'plain')}"

    # --- registries --------------------------------------------------------------------------------

    @cached_property
    def nodes(self) -> dict[str, Node]:
        return self.figures.network.nodes

    def at(self, code: str) -> list[Node]:
        """The place and everything in it."""
        if code == self.county.pk:
            return list(self.nodes.values())
        node = self.nodes.get(code)
        return [node, *node.below] if node else []

    @cached_property
    def staff(self) -> dict[str, dict[str, set[int]]]:
        """{function: {division code: persons}} of who served at an institution on the day."""
        here = Appointment.objects.on(self.day).filter(institution__division__in=list(self.nodes))
        found: dict[str, dict[str, set[int]]] = {}
        for function, at, person in here.values_list("function", "institution__division", "person"):
            found.setdefault(function, {}).setdefault(at, set()).add(person)
        return found

    @cached_property
    def open_resources(self) -> Counter:
        """By kind, as of the day; empty where none has been entered."""
        here = SharedResource.objects.filter(division__in=Division.objects.within(self.county.pk))
        return Counter(here.open_on(self.day).values_list("kind", flat=True))

    @cached_property
    def entered_resources(self) -> set[str]:
        here = SharedResource.objects.filter(division__in=Division.objects.within(self.county.pk))
        return set(here.values_list("kind", flat=True).order_by().distinct())

    @cached_property
    def groups(self) -> list[LearningGroup]:
        here = LearningGroup.objects.filter(division__in=Division.objects.within(self.county.pk))
        return list(here.existing(self.day))

    @cached_property
    def courses(self) -> list[Course]:
        """What the office has let through."""
        return list(Course.objects.filter(county=self.county, state="public"))

    @cached_property
    def zones(self) -> list[Zone]:
        rows = Zone.objects.filter(division__in=Division.objects.within(self.county.pk)).select_related("division")
        return [zone for zone in rows if zone.in_force_in(self.year.year)]

    # --- sessions ----------------------------------------------------------------------------------

    @cached_property
    def held(self) -> dict[int, tuple[int, int]]:
        """{institution: (sessions, attendances)} of the year's verified sessions in which it is named as the host."""
        rows = TrainingSession.objects.filter(
            status=Status.VERIFIED, organiser__county_id=self.county.pk, host__isnull=False
        ).in_year(self.year.year)
        found: dict[int, tuple[int, int]] = {}
        for host, heads in rows.filter(held_on__lte=self.day).values_list("host", "verified_attendance"):
            sessions, attendances = found.get(host, (0, 0))
            found[host] = (sessions + 1, attendances + (heads or 0))
        return found

    @cached_property
    def _tables(self) -> dict[By, Statistics]:
        return {}

    def statistics(self, by: By) -> Statistics:
        """The whole county's verified sessions of the year. Whoever reads a form sees the county's figures."""
        if by not in self._tables:
            self._tables[by] = Statistics(self.user, Asked(Period.of_year(self.year.year), by, back=0))
        return self._tables[by]

    @cached_property
    def words(self) -> dict[tuple[By, str], str]:
        """{(what, word of the document): its key in statistics}."""
        models = {By.PROGRAMME: Programme, By.FORM: DeliveryForm, By.THEME: Theme, By.AUDIENCE: Audience}
        return {(by, row.name): str(row.pk) for by, model in models.items() for row in model.objects.all()}


# --- readers: each makes the `read` of a field -----------------------------------------------------------


def indicator(key: str) -> Read:
    """An indicator of the year that is one number."""
    told = INDICATORS[key]

    def read(sources: Sources, row: Row) -> Cell:
        value = told.of(sources.figures)
        return Cell(value, f"指标“{told.label}”（{told.clause}）", "" if value is not None else f"没有{told.label}")

    return read


def rate(key: str) -> Read:
    """参与率, 满意度 and 知晓率 of the county, with what is missing."""
    told = INDICATORS[key]

    def read(sources: Sources, row: Row) -> Cell:
        return _of_ratio(getattr(sources.figures, key), f"指标“{told.label}”")

    return read


def reference(key: ReferenceKey) -> Read:
    """A reference figure at the row's place."""

    def read(sources: Sources, row: Row) -> Cell:
        return _of_ratio(REFERENCES[key].of(sources.reference, row.of), f"参照指标“{REFERENCES[key].label}”")

    return read


def _of_ratio(ratio: Ratio, source: str) -> Cell:
    if ratio.value is None:
        few = f"<{SMALL}" if ratio.numerator.few and ratio.numerator.value is not None else ""
        return Cell(None, source, ratio.why, few=few)
    return Cell(ratio.value, f"{source}：{ratio.numerator.words} ÷ {ratio.denominator.label}{ratio.denominator.words}")


def covered(which: str, part: str = "covered") -> Read:
    """`part` of the coverage of `township`, `village` or `any_village`: covered, places, opened, or share in percent."""
    source = {"township": "乡镇覆盖", "village": "村覆盖", "any_village": "村（社区）覆盖"}[which]

    def read(sources: Sources, row: Row) -> Cell:
        found: Coverage = sources.figures.coverage[which]
        told = f"指标“{source}”"
        if part == "share":
            if not found.places:
                return Cell(None, told, "没有登记区划")
            return Cell(Decimal(found.covered * 1000 // found.places) / 10, f"{told}：{found}")
        return Cell(getattr(found, part), told)

    return read


def standing(*path: str) -> Read:
    """A part of a unit's standing, as `standing("verified", "sessions")`; of a total, of the county's own figures."""

    def read(sources: Sources, row: Row) -> Cell:
        found = row.of
        if not isinstance(found, Standing):  # a total has the parts that can be added up
            if path[0] not in found:
                return Cell("", row.label)
            found = found[path[0]]
            path_left = path[1:]
        else:
            path_left = path
        for name in path_left:
            found = getattr(found, name)
        return Cell(found, "完成情况（三(六)）")

    return read


def annual(kind: AnnualFigure.Kind, basis: str = "") -> Read:
    """A line of the year's figures by hand at the row's place."""
    line = Line(AnnualFigure.Kind(kind), basis)

    def read(sources: Sources, row: Row) -> Cell:
        found = sources.reference.table.read(line, row.of, sources.year.year)
        if found.value is None:
            why = f"没有{sources.year.year}年的{line.label}" + (f"（{found.lacks}）" if found.lacks else "")
            return Cell(None, "年度数据", why)
        return Cell(found.value, "年度数据：" + "，".join(filter(None, [found.source, found.method])))

    return read


def money(part: str = "paid", source: str = "") -> Read:
    """`paid` or `budgeted` at the row's place, in yuan; of one source, or of all together."""
    what = {"paid": "实际支出", "budgeted": "预算"}[part]

    def read(sources: Sources, row: Row) -> Cell:
        funds, year, place = sources.reference.funds, sources.year.year, row.of
        found = funds.total(place, year)
        missing = found.why if part == "paid" else found.why_unplanned
        if source and not missing:
            bodies = funds.bodies(year) if place == sources.county else [place]
            by_source = dict(funds.by_source(bodies, year))
            value = getattr(by_source[source], part)
            value = (
                Decimal(0) if value is None and funds.entered(year) else value
            )  # a source without a row brings nothing
            return Cell(value, f"经费（三(四)）：{source.label}{what}", "" if value is not None else f"没有填报{what}")
        value = None if missing else getattr(found, part)
        why = "" if value is not None else missing or f"没有填报{what}"
        return Cell(value, f"经费（三(四)）：{found.bodies_words}", why)

    return read


def institutions(kind: str, *, running: bool = False) -> Read:
    """Open institutions of a kind at the row's place and below it; `running`: in which something was held this year."""
    label = Institution.Kind(kind).label

    def read(sources: Sources, row: Row) -> Cell:
        rows = [one for node in sources.at(row.of.pk) for one in node.institutions if one.kind == kind]
        if not rows:
            return Cell(None, "机构登记", f"还没有登记{label}")
        found = [one for one in rows if one.state_then == Institution.State.OPEN]
        if running:
            found = [one for one in found if one.condition == Condition.RUNNING]
        waiting = sum(one.condition == Condition.UNCONFIRMED for one in rows)
        note = f"，另有 {waiting} 个待核实" if waiting else ""
        return Cell(len(found), f"机构登记：{'运行' if running else '已开办'}的{label}{note}")

    return read


def staff(*functions: str, at_kind: str = "") -> Read:
    """Persons in these functions at institutions of the row's place and below it, each once. Where nobody at all has been
    entered there, nobody knows."""
    labels = "、".join(Appointment.Function(function).label for function in functions)

    def read(sources: Sources, row: Row) -> Cell:
        codes = {node.place.code for node in sources.at(row.of.pk)}
        if at_kind:  # a township's school alone, without the points of its villages
            codes = {
                node.place.code for node in sources.at(row.of.pk) if at_kind in {i.kind for i in node.institutions}
            }
        anybody = any(codes & set(places) for places in sources.staff.values())
        if not anybody:
            return Cell(None, "人员登记", "还没有登记工作人员")
        persons: set[int] = set()
        for function in functions:
            for code, there in sources.staff.get(function, {}).items():
                persons |= there if code in codes else set()
        return Cell(len(persons), f"人员登记：{labels}")

    return read


def resources(*kinds: str) -> Read:
    """Shared places of these kinds that are open to residents."""
    labels = "、".join(SharedResource.Kind(kind).label for kind in kinds)

    def read(sources: Sources, row: Row) -> Cell:
        if not set(kinds) & sources.entered_resources:
            return Cell(None, "共享资源登记", f"还没有登记{labels}")
        return Cell(sum(sources.open_resources[kind] for kind in kinds), f"共享资源登记：向居民开放的{labels}")

    return read


def courses(*, local: bool = False) -> Read:
    def read(sources: Sources, row: Row) -> Cell:
        found = [course for course in sources.courses if course.is_local or not local]
        return Cell(len(found), "课程资源：已公开的" + ("本土课程" if local else "课程"))

    return read


def groups(*, organisations: bool) -> Read:
    """学习型组织, or 学习团队 and 小组."""

    def read(sources: Sources, row: Row) -> Cell:
        found = [group for group in sources.groups if group.is_organisation is organisations]
        label = "学习型组织" if organisations else "学习团队（小组）"
        if not sources.groups:
            return Cell(None, "学习共同体登记", f"还没有登记{label}")
        return Cell(len(found), f"学习共同体登记：{label}")

    return read


def statistic(by: By, word: str, part: str = "attendances") -> Read:
    """`sessions` or `attendances` of one word of a vocabulary in the year's statistics. A group without a session is 0; of
    heads that nobody gave separately nothing is known."""

    def read(sources: Sources, row: Row) -> Cell:
        table, key = sources.statistics(by), sources.words.get((by, word))
        source = f"培训统计：按{by.label}，{word}"
        found = next((line.now for line in table.rows if line.key == key), None)
        if found is None:
            if by is By.AUDIENCE:
                return Cell(None, source, f"已核定的场次中没有一场注明对象是{word}")
            return Cell(0, source)
        if part == "sessions":
            return Cell(found.sessions, source)
        if found.small:
            return Cell(None, source, f"不足 {SMALL} 人次，不列数字", few=found.heads)
        if found.beside:
            return Cell(None, source, f"合计一减就能得出不足 {SMALL} 人次的一类，这一类也不列数字", few=found.heads)
        if found.attendances is None:
            return Cell(None, source, "填报时没有注明人数")
        if by is By.AUDIENCE and found.numbered < found.held:
            source = f"{source}；{found.held} 场中 {found.numbered} 场注明了人数，只加这些"
        return Cell(found.attendances, source)

    return read


def hosted(part: int) -> Read:
    """Sessions (0) or attendances (1) of the year in which the township's school is named as the host."""

    def read(sources: Sources, row: Row) -> Cell:
        schools = [
            one.pk for node in sources.at(row.of.pk) for one in node.institutions if one.kind == Institution.Kind.SCHOOL
        ]
        if not schools:
            return Cell(None, "培训台账", "还没有登记乡镇社区学校")
        return Cell(
            sum(sources.held.get(pk, (0, 0))[part] for pk in schools), "培训台账：承办机构是社区学校的已核定场次"
        )

    return read


def divisions(kind: str) -> Read:
    """How many townships (乡镇), villages (村) or communities (社区) there were on the day."""

    def read(sources: Sources, row: Row) -> Cell:
        if kind == "乡镇":
            found = [node for node in sources.at(row.of.pk) if node.place.tier == "township"]
        else:
            found = [n for n in sources.at(row.of.pk) if n.place.tier == "village" and n.place.kind == kind]
        return Cell(len(found), "行政区划") if sources.nodes else Cell(None, "行政区划", "还没有登记区划")

    return read


def held_here(part: str) -> Read:
    """Sessions or attendances of the year held at the row's place or below it, whoever held them; of the county everything
    that was held within it."""

    def read(sources: Sources, row: Row) -> Cell:
        activity = sources.figures.network.activity
        found = total(activity.values()) if row.of == sources.county else activity.get(row.of.pk)
        return Cell(getattr(found, part) if found else 0, "培训台账：在本地举办的已核定场次")

    return read


def townships(sources: Sources) -> list[Row]:
    """As they were on the day, with the county at the end."""
    rows = [Row(n.place.code, str(n.place), n.place) for n in sources.nodes.values() if n.place.tier == "township"]
    return [*rows, Row(sources.county.pk, "全县", sources.county, is_total=True)] if rows else []
