"""参照指标: the national indicators of community education, each a numerator over a named denominator (依据 一(三)).

They are no targets of the founding document: the county reads its own figures beside them. Nothing is ever guessed: where a
part is missing the value is 无法计算 and says what is missing; attendances never stand in for people.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from networks.annual import LEARNERS_AMONG, AnnualTable, Line, year_end
from networks.models import AnnualFigure, AwarenessSurvey, Division, Places, SharedResource, Tier
from trainings.models import Status, TrainingSession
from trainings.satisfaction import DEFINITION, FEWEST, Opinions, opinions_by
from trainings.satisfaction import NONE as NO_OPINIONS

from .definitions import Definition, Gauge
from .funds import FundTable
from .models import ReferenceKey, ReferenceThreshold

ZONE_STANDARD = "教育部社区教育示范区评估标准（2010年，西部地区）"
ELDERLY_PLAN = "《老年教育发展规划（2016—2020年）》"
UNKNOWN = "无法计算"


@dataclass(frozen=True)
class Part:
    """Numerator or denominator: what it is, how much, where it comes from; or why it is not known."""

    label: str
    value: int | Decimal | None
    unit: str = "人"
    source: str = ""
    why: str = ""
    few: bool = False  # known, and withheld: fewer than five answers
    # Known, and told by the ratio alone: beside the whole the counts would give a neighbour's few answers away.
    beside: bool = False

    @property
    def words(self) -> str:
        if self.few:
            return f"<{FEWEST}"
        if self.beside:
            return "不单列"
        if self.value is None:
            return UNKNOWN
        places = 2 if isinstance(self.value, Decimal) else 0
        return f"{self.value:,.{places}f} {self.unit}"


@dataclass(frozen=True)
class Ratio:
    """A share in percent (one decimal), or an amount per head (two). What does not fit is cut off, not rounded up: a value
    must never look as if it reached a threshold that it misses by a hair."""

    numerator: Part
    denominator: Part
    in_percent: bool = True

    @property
    def exact(self) -> Fraction | None:
        if self.numerator.value is None or not self.denominator.value:
            return None
        return Fraction(self.numerator.value) / Fraction(self.denominator.value) * (100 if self.in_percent else 1)

    @property
    def value(self) -> Decimal | None:
        if self.exact is None:
            return None
        places = 1 if self.in_percent else 2
        return Decimal(math.floor(self.exact * 10**places)).scaleb(-places)

    @property
    def words(self) -> str:
        if self.value is None:
            return UNKNOWN
        return f"{self.value:,}%" if self.in_percent else f"{self.value:,} 元"

    @property
    def why(self) -> str:
        """What is missing, as a sentence without its full stop; nothing where it can be worked out."""
        parts = (self.numerator, self.denominator)
        missing = [part.why or f"没有{part.label}" for part in parts if part.value is None]
        if not missing and not self.denominator.value:
            return f"{self.denominator.label}是 0"
        return "；".join(dict.fromkeys(missing))

    @property
    def told(self) -> str:
        """The value with its basis, or with what is missing."""
        return f"{self.words}（{self.why or self.denominator.label}）"

    def reaches(self, threshold: Decimal) -> bool | None:
        """Judged by the exact value. None where there is none."""
        return None if self.exact is None else self.exact >= Fraction(threshold)


def _figure(table: AnnualTable, line: Line, place: Division, year: int) -> Part:
    reading = table.read(line, place, year)
    why = (
        ""
        if reading.value is not None
        else f"没有{year}年的{line.label}" + (f"（{reading.lacks}）" if reading.lacks else "")
    )
    source = "，".join(filter(None, [reading.source, reading.method]))
    return Part(line.label, reading.value, source=source, why=why)


def _population(table: AnnualTable, place: Division, year: int) -> Part:
    """Resident people, else registered ones: the label names the basis."""
    line, reading = table.population(place, year)
    if reading.value is not None:
        return Part(line.label, reading.value, source=reading.source)
    lacks = f"（{reading.lacks}）" if reading.lacks else ""
    return Part("人口", None, why=f"没有{year}年的常住人口，也没有户籍人口{lacks}")


def participation(table: AnnualTable, place: Division, year: int) -> Ratio:
    """年度参与人数 ÷ 人口: people, not attendances; so both parts are entered by hand, with their source."""
    people = _figure(table, Line(AnnualFigure.Kind.PARTICIPANTS), place, year)
    return Ratio(people, _population(table, place, year))


def per_capita(table: AnnualTable, funds: FundTable, place: Division, year: int) -> Ratio:
    paid = funds.total(place, year)
    spent = Part("实际支出的社区教育经费", paid.paid, "元", source=paid.bodies_words, why=paid.why)
    return Ratio(spent, _population(table, place, year), in_percent=False)


def _answers(what: str, positive: int, answers: int, source: str) -> Ratio:
    """A share of those who answered. Nobody asked, or fewer than five: there is no value, and it says so."""
    label = "回答调查的居民"
    if answers < FEWEST:
        why = f"答卷不足 {FEWEST} 份，不作统计" if answers else "尚未开展调查"
        few = answers > 0
        return Ratio(Part(what, None, why=why, few=few), Part(label, None, why=why, few=few))
    return Ratio(Part(what, positive), Part(label, answers, source=source))


def satisfaction(said: Opinions) -> Ratio:
    """满意 and 基本满意 together among all answers, with how they were asked."""
    kinds = f"满意 {said.satisfied:,}、基本满意 {said.fairly:,}、不满意 {said.unsatisfied:,}"
    return _answers("表示满意、基本满意的居民", said.content, said.answers, f"{said.method}；{kinds}")


def awareness(
    surveys: Iterable[AwarenessSurvey], county: Division, place: Division, codes: Iterable[str] = ()
) -> Ratio:
    """Of the place's own surveys, with those under the `codes` that it had before; of a county that made none, of its
    townships', which are named by their number."""
    own = [row for row in surveys if row.division_id == place.pk or row.division_id in codes]
    summed = not own and place.pk == county.pk
    rows = list(surveys) if summed else own
    told = [f"{row.get_method_display()}（{row.source}）" for row in rows]
    source = f"{len({row.division_id for row in rows})} 个乡镇的调查相加" if summed else "；".join(told)
    return _answers("知道社区教育的居民", sum(r.aware for r in rows), sum(r.asked for r in rows), source)


def surveys_of(county: Division, year: int) -> list[AwarenessSurvey]:
    """The county's and its townships' surveys of a year. One query."""
    here = Q(division=county) | Q(division__parent=county)
    return list(AwarenessSurvey.objects.filter(here, year=year))


class ReferenceFigures:
    """What the indicators of a county and its townships are read from in one year, each part asked at most once."""

    def __init__(self, county: Division, year: int) -> None:
        self.county, self.year = county, year
        self.table = AnnualTable(county, [year])
        self.funds = FundTable(county, [year])

    @cached_property
    def _villages(self) -> dict[str, str]:
        """The villages and communities that there were on the year's last day, each with its township of that day; by code."""
        rows = Division.objects.within(self.county.pk).filter(tier=Tier.VILLAGE).on(year_end(self.year))
        return {code: self._places.parent(code) for code in rows.values_list("pk", flat=True)}

    @cached_property
    def _elderly_places(self) -> dict[str, bool]:
        """Division codes of the year's last day with a learning place for the elderly, and whether one was open on that day."""
        rows = SharedResource.objects.filter(division__in=Division.objects.within(self.county.pk))
        rows = rows.filter(kind=SharedResource.Kind.ELDERLY)
        open_then = set(rows.open_on(year_end(self.year)).values_list("pk", flat=True))
        found: dict[str, bool] = {}
        for pk, now in rows.values_list("pk", "division_id"):
            code = self._places.at_the_time(self._before_moving.get((pk, now), now))
            found[code] = found.get(code, False) or pk in open_then
        return found

    @cached_property
    def _before_moving(self) -> dict[tuple[int, str], str]:
        """{(learning place, where it is kept): where it was kept before that place went into this one, after the year's end}.
        A merger takes it along, and only its history knows from where. One query, where places have ended since."""
        lineage, today = self._places.lineage, timezone.localdate()
        ended = set(lineage.ended_by(today)) - set(lineage.ended_by(year_end(self.year)))
        if not ended:
            return {}
        rows = SharedResource.history.filter(kind=SharedResource.Kind.ELDERLY, division__in=ended)
        kept = rows.order_by("-history_date", "-history_id").values_list("id", "division_id")
        return {(pk, lineage.standing_on(old, today)): old for pk, old in kept}  # of several the first

    @cached_property
    def _surveys(self) -> list[AwarenessSurvey]:
        return surveys_of(self.county, self.year)

    @cached_property
    def _opinions(self) -> dict[str | None, Opinions]:
        """What was said of the year's verified sessions, by where they were held (None: outside the county)."""
        held = TrainingSession.objects.filter(status=Status.VERIFIED, organiser__county_id=self.county.pk)
        return opinions_by(held.in_year(self.year), "place")

    @cached_property
    def _places(self) -> Places:
        return Places(self.county.pk, year_end(self.year))

    def _within(self, place: Division) -> set[str]:
        """The codes of a township as it was at the year's end, of what it had taken over by then and of its villages; none of
        the county, which has them all."""
        return set(self._places.within(self._places.at_the_time(place.pk))) if place.pk != self.county.pk else set()

    def awareness(self, place: Division) -> Ratio:
        found = self._awareness(place)
        # Where the county's figure is its own, it says nothing of the townships'.
        summed = all(row.division_id != self.county.pk for row in self._surveys)
        return self._beside_the_county(found, place, self._awareness) if summed else found

    def _awareness(self, place: Division) -> Ratio:
        return awareness(self._surveys, self.county, place, self._within(place))

    def satisfaction(self, place: Division) -> Ratio:
        return self._beside_the_county(self._satisfaction(place), place, self._satisfaction)

    def _satisfaction(self, place: Division) -> Ratio:
        here = self._within(place)
        said = [found for code, found in self._opinions.items() if place.pk == self.county.pk or code in here]
        return satisfaction(sum(said, NO_OPINIONS))

    def _beside_the_county(self, found: Ratio, place: Division, of: Callable[[Division], Ratio]) -> Ratio:
        """A township's share without its counts, where another township's few answers are withheld: the county's number less
        all others' would be theirs."""
        if place.pk == self.county.pk or found.value is None:
            return found
        if not any(of(town).denominator.few for town in self.table.townships(self.year)):
            return found
        why = f"有的乡镇答卷不足 {FEWEST} 份，各乡镇只列百分比"
        parts = (replace(part, beside=True, source=why) for part in (found.numerator, found.denominator))
        return Ratio(*parts)

    @property
    def _with_elderly_places(self) -> set[str]:
        return {code for code, is_open in self._elderly_places.items() if is_open}

    def _with_places(self, label: str, having: set[str], whole: Part) -> Ratio:
        """Where nobody has entered any such place, nobody knows; where none of those entered was open, it is 0."""
        why = "" if self._elderly_places else "“共享资源”里还没有登记老年人学习场所"
        return Ratio(Part(label, None if why else len(having), whole.unit, "共享资源登记", why), whole)

    def elderly_schools(self, place: Division) -> Ratio:
        towns = (
            {self._places.at_the_time(place.pk)}
            if place.tier == Tier.TOWNSHIP
            else {t.pk for t in self.table.townships(self.year)}
        )
        having = {self._villages.get(code, code) for code in self._with_elderly_places} & towns
        return self._with_places("有老年学校的乡镇", having, Part("乡镇", len(towns), "个", "行政区划"))

    def elderly_points(self, place: Division) -> Ratio:
        here = self._places.at_the_time(place.pk)
        villages = {code for code, town in self._villages.items() if here in (town, self.county.pk)}
        having = self._with_elderly_places & villages
        return self._with_places(
            "有老年学习点的村（社区）", having, Part("村（社区）", len(villages), "个", "行政区划")
        )


@dataclass(frozen=True)
class Reference:
    key: ReferenceKey
    default: Decimal  # the national threshold: percent, or yuan a head
    definition: str
    basis: str  # the document that sets it
    read: Callable[[ReferenceFigures, Division], Ratio]
    numerator: str
    denominator: str
    excluded: str = "人次不代替人数；缺一项就无法计算，不作 0"
    of_money: bool = False

    @property
    def label(self) -> str:
        return self.key.label

    @property
    def unit(self) -> str:
        return "元" if self.of_money else "%"

    def of(self, figures: ReferenceFigures, place: Division) -> Ratio:
        return self.read(figures, place)

    @property
    def told(self) -> Definition:
        return Definition(
            key=f"reference_{self.key.value}",
            label=self.label,
            unit=self.unit,
            definition=f"{self.definition}参照值 {plain(self.default)}{self.unit}（县里可以另定，须写明理由）。",
            clause=self.basis,
            numerator=self.numerator,
            denominator=self.denominator,
            excluded=self.excluded,
            gauge=Gauge.REFERENCE,
        )


def _among(learners: AnnualFigure.Kind) -> Callable[[ReferenceFigures, Division], Ratio]:
    def read(figures: ReferenceFigures, place: Division) -> Ratio:
        parts = (Line(learners), Line(LEARNERS_AMONG[learners]))
        return Ratio(*(_figure(figures.table, line, place, figures.year) for line in parts))

    return read


_KIND = AnnualFigure.Kind
_AMONG = "分子、分母都是当年年度数据里填报的人数，同一个人只算一次；县里没有填的，各乡镇齐了才相加。"

REFERENCES: dict[ReferenceKey, Reference] = {
    reference.key: reference
    for reference in [
        Reference(
            ReferenceKey.FUNDS,
            Decimal("2"),
            "当年实际支出的社区教育经费（各种来源，县本级与各乡镇相加）÷ 人口；有常住人口用常住人口，没有的用户籍人口。",
            ZONE_STANDARD,
            lambda f, place: per_capita(f.table, f.funds, place, f.year),
            of_money=True,
            numerator="实际支出的社区教育经费",
            denominator="常住人口，没有的用户籍人口",
            excluded="预算数、没有支出的拨款；缺一个乡镇的支出就无法计算",
        ),
        Reference(
            ReferenceKey.PARTICIPATION,
            Decimal("30"),
            "年度参与人数 ÷ 人口；参与人数是人数不是人次，同一个人一年只算一次。有常住人口用常住人口，没有的用户籍人口。",
            ZONE_STANDARD,
            lambda f, place: participation(f.table, place, f.year),
            numerator="年度参与人数",
            denominator="常住人口，没有的用户籍人口",
        ),
        Reference(
            ReferenceKey.UNEMPLOYED,
            Decimal("70"),
            f"接受培训的登记失业人员 ÷ 登记失业人员。{_AMONG}",
            ZONE_STANDARD,
            _among(_KIND.UNEMPLOYED_TRAINED),
            numerator=_KIND.UNEMPLOYED_TRAINED.label,
            denominator=LEARNERS_AMONG[_KIND.UNEMPLOYED_TRAINED].label,
        ),
        Reference(
            ReferenceKey.MIGRANTS,
            Decimal("50"),
            f"接受培训的进城务工人员 ÷ 进城务工人员。{_AMONG}",
            ZONE_STANDARD,
            _among(_KIND.MIGRANTS_TRAINED),
            numerator=_KIND.MIGRANTS_TRAINED.label,
            denominator=LEARNERS_AMONG[_KIND.MIGRANTS_TRAINED].label,
        ),
        Reference(
            ReferenceKey.FARMERS,
            Decimal("30"),
            f"接受实用技术培训的农民 ÷ 农民。{_AMONG}",
            ZONE_STANDARD,
            _among(_KIND.FARMERS_TRAINED),
            numerator=_KIND.FARMERS_TRAINED.label,
            denominator=LEARNERS_AMONG[_KIND.FARMERS_TRAINED].label,
        ),
        Reference(
            ReferenceKey.LABOUR,
            Decimal("50"),
            f"接受转移就业培训的农村劳动力 ÷ 拟转移就业的农村劳动力。{_AMONG}",
            ZONE_STANDARD,
            _among(_KIND.LABOUR_TRAINED),
            numerator=_KIND.LABOUR_TRAINED.label,
            denominator=LEARNERS_AMONG[_KIND.LABOUR_TRAINED].label,
        ),
        Reference(
            ReferenceKey.MINORS,
            Decimal("50"),
            f"参加校外学习的未成年人 ÷ 未成年人。{_AMONG}",
            ZONE_STANDARD,
            _among(_KIND.MINORS_LEARNING),
            numerator=_KIND.MINORS_LEARNING.label,
            denominator=LEARNERS_AMONG[_KIND.MINORS_LEARNING].label,
        ),
        Reference(
            ReferenceKey.AWARENESS,
            Decimal("80"),
            "调查中知道本地社区教育的居民 ÷ 回答调查的居民；县里没有做调查的，各乡镇的相加。",
            ZONE_STANDARD,
            lambda f, place: f.awareness(place),
            numerator="知道社区教育的居民",
            denominator="回答调查的居民",
            excluded=f"没有回答的；不足 {FEWEST} 人不作统计",
        ),
        Reference(
            ReferenceKey.SATISFACTION,
            Decimal("70"),
            f"当年已核定的场次中，{DEFINITION}乡镇的按举办地算。不足 {FEWEST} 份不作统计。",
            ZONE_STANDARD,
            lambda f, place: f.satisfaction(place),
            numerator="表示满意、基本满意的居民",
            denominator="回答调查的居民",
            excluded=f"没有核定的场次的答卷；不足 {FEWEST} 份不作统计",
        ),
        Reference(
            ReferenceKey.ELDERLY,
            Decimal("20"),
            f"参加学习的老年人 ÷ 60岁及以上老年人。{_AMONG}",
            ELDERLY_PLAN,
            _among(_KIND.ELDERLY_LEARNING),
            numerator=_KIND.ELDERLY_LEARNING.label,
            denominator=LEARNERS_AMONG[_KIND.ELDERLY_LEARNING].label,
        ),
        Reference(
            ReferenceKey.ELDERLY_SCHOOLS,
            Decimal("50"),
            "在“共享资源”里登记有向居民开放的老年人学习场所的乡镇 ÷ 乡镇；当年年底前开放、没有停止的才算。",
            ELDERLY_PLAN,
            lambda f, place: f.elderly_schools(place),
            numerator="有老年学校的乡镇",
            denominator="乡镇",
            excluded="当年年底前没有开放或者已经停止的；还没有登记任何老年人学习场所的，无法计算",
        ),
        Reference(
            ReferenceKey.ELDERLY_POINTS,
            Decimal("30"),
            "村（社区）里登记有向居民开放的老年人学习场所的村和社区 ÷ 村和社区；当年年底前开放、没有停止的才算。",
            ELDERLY_PLAN,
            lambda f, place: f.elderly_points(place),
            numerator="有老年学习点的村（社区）",
            denominator="村（社区）",
            excluded="当年年底前没有开放或者已经停止的；还没有登记任何老年人学习场所的，无法计算",
        ),
    ]
}


@dataclass(frozen=True)
class Outcome:
    """One indicator of one place, with the threshold that holds in its county. A single township gets no verdict."""

    reference: Reference
    ratio: Ratio
    threshold: Decimal
    own: ReferenceThreshold | None  # the county's own threshold, with its reason
    judged: bool

    @property
    def reached(self) -> bool | None:
        return self.ratio.reaches(self.threshold) if self.judged else None

    @property
    def threshold_words(self) -> str:
        return f"≥ {plain(self.threshold)} {self.reference.unit}".replace(" %", "%")


def plain(value: Decimal) -> str:
    """30 and 2.5, without trailing noughts."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def outcomes(figures: ReferenceFigures, place: Division, *, with_funds: bool) -> list[Outcome]:
    """Every indicator of the county, or of one of its townships; money only for whoever may see it."""
    own = {row.key: row for row in ReferenceThreshold.objects.filter(county=figures.county)}
    found = []
    for key, reference in REFERENCES.items():
        if reference.of_money and not with_funds:
            continue
        row = own.get(key)
        threshold = row.value if row else reference.default
        judged = place.pk == figures.county.pk
        found.append(Outcome(reference, reference.of(figures, place), threshold, row, judged))
    return found
