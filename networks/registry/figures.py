"""年度数据表 by workbook: one row per place and year with a column per figure, as clerks keep it (依据 三(四), 三(六)).

A row is many stored rows: a figure each, and for a township or the county its funds. Their sources stand in one common column
where all have the same; a line that has its own says so in a column of its own further right. An emptied number takes its
figure away, as on the page. The rows of this year's places are printed ahead, so that the export of nothing is the form.
"""

from dataclasses import dataclass, field
from functools import cached_property

from django.utils import timezone

from networks.access import places_kept_for
from networks.annual import LINES, NOTE_WITHOUT_MONEY, Line, refused_year, year_end
from networks.models import AnnualFigure, Division, Fund, Tier
from networks.models.figures import FIRST_YEAR, MOST_PEOPLE
from networks.names import clean_text

from .columns import Column, Money, Named, Text, Whole
from .institutions import path
from .rehearsal import REASON, Registry
from .since import as_they_were, entries_since

PLACE, YEAR, SOURCE, METHOD = "地方", "年度", "来源", "统计方法"
COMMON = {"source": SOURCE, "method": METHOD}
MONEY = {"budgeted": "预算（元）", "paid": "实际支出（元）", "note": "说明"}
ALSO = {  # what clerks call the lines
    "population_resident": ("常住人口数",),
    "population_registered": ("户籍人口数", "户籍人数"),
    "elderly": ("老年人", "老年人口", "60岁以上老年人"),
    "minors": ("未成年人数",),
    "migrants": ("务工人员", "外出务工人员"),
    "unemployed": ("失业人员",),
    "participants": ("参与人数", "参加学习人数"),
}


def own_column(line: Line, part: str) -> str:
    """The column in which a line has a source or method of its own."""
    return f"{line.label}的{COMMON[part]}"


def money_column(source: Fund.Source, part: str) -> str:
    return f"{source.label}{MONEY[part]}"


def parts_of(line: Line) -> tuple[str, ...]:
    return ("source", "method") if line.of_learners else ("source",)


class Year(Whole):
    """2026 or 2026年."""

    def __init__(self):
        super().__init__(2099, least=FIRST_YEAR)

    def read(self, value, desk):
        return super().read(
            clean_text(value).removesuffix("年度").removesuffix("年") if isinstance(value, str) else value, desk
        )


def _columns(*, with_funds: bool) -> tuple[Column, ...]:
    told = "几项的来源不同的，在后面各自的来源一列写"
    columns = [
        Column(
            PLACE,
            Named("place", path),
            "division",
            ("所在地", "单位", "乡镇", "村（社区）", "村"),
            key=True,
            needed=True,
            help="从列表中选，如 白山镇 或 白山镇/新汉村",
            width=20,
            pair=(("乡镇",), ("村（社区）", "村")),
        ),
        Column(YEAR, Year(), "year", ("年份",), key=True, needed=True, width=8),
    ]
    for line in LINES:
        columns.append(
            Column(
                line.label,
                Whole(MOST_PEOPLE),
                synonyms=ALSO.get(line.key, ()),
                help="人数，不是人次；不知道就留空，不要填 0" if line.of_learners else "人数；不知道就留空，不要填 0",
                width=12,
            )
        )
    columns += [
        Column(
            SOURCE, Text(100), synonyms=("数据来源",), help=f"这一行各项的来源，如 派出所户籍报表；{told}", width=24
        ),
        Column(METHOD, Text(100), synonyms=("方法",), help="年度参与人数必填，如 按签到去重、按名册", width=20),
    ]
    for source in Fund.Source if with_funds else ():
        for part in ("budgeted", "paid"):
            columns.append(Column(money_column(source, part), Money(), help="单位：元；只有县和乡镇填", width=14))
        columns.append(Column(money_column(source, "note"), Text(200), help="这项经费的说明", width=20))
    for line in LINES:
        for part in parts_of(line):
            words = f"与“{COMMON[part]}”一列不同的才填"
            columns.append(Column(own_column(line, part), Text(100), help=words, width=20, folded=True))
    return tuple(columns)


@dataclass(eq=False)
class PlaceYear:
    """What is stored of one place and year. `pk` tells it apart as a stored row's would."""

    division: Division
    year: int
    figures: dict[str, AnnualFigure] = field(default_factory=dict)  # by the line's key
    funds: dict[str, Fund] = field(default_factory=dict)  # by source

    @property
    def pk(self) -> tuple[str, int]:
        return self.division.pk, self.year

    def common(self, part: str) -> str | None:
        """The one source or method of all lines that could have one; None where they differ."""
        found = {getattr(self.figures[line.key], part) for line in LINES if part in parts_of(line) and self.has(line)}
        return found.pop() if len(found) == 1 else None

    def has(self, line: Line) -> bool:
        return line.key in self.figures


def _key(line: AnnualFigure | Fund) -> str:
    return line.source if isinstance(line, Fund) else Line(line.kind, line.basis).key


class Figures(Registry):
    key, title = "figures", "年度数据"
    about = "各地的人口、参与人数和经费，一地一年一行，每个数一列。"
    hints = (
        "不知道的数留空，不要填 0；清空已有的数就是撤掉它。删掉一行不会撤掉什么。",
        "一行里各项来源相同的，只写“来源”一列；不同的，写在后面各自的来源一列（下载的表里折叠着，点表头上方的加号展开）。",
        "乡镇和村（社区）各占一行；经费只填在县和乡镇的行。",
    )
    model = AnnualFigure
    numbered, printed_ahead = False, True
    columns = _columns(with_funds=True)

    def __init__(self, user, **given):
        super().__init__(user, **given)
        funded = places_kept_for(user, Fund).exclude(tier=Tier.VILLAGE)
        self.funded = set(funded.values_list("pk", flat=True))
        self.columns = _columns(with_funds=bool(self.funded))

    # --- what is stored ------------------------------------------------------------------------------

    @cached_property
    def _stored(self) -> dict[tuple[str, int], PlaceYear]:
        found: dict[tuple[str, int], PlaceYear] = {}

        def row(stored):
            place = self.places[stored.division_id]
            return found.setdefault((place.pk, stored.year), PlaceYear(place, stored.year))

        for figure in self.kept().order_by("pk"):
            row(figure).figures[_key(figure)] = figure
        if self.funded:
            funds = Fund.objects.kept_by(self.user).order_by("pk")
            for fund in funds.select_for_update(of=("self",)) if self.hold else funds:
                row(fund).funds[_key(fund)] = fund
        return found

    def load(self):
        self.load_places()

    def count(self):
        self.load()
        return len(self._stored)

    def rows(self):
        """Newest first; of this year those too of which nothing is known yet."""
        this = timezone.localdate().year
        ahead = (PlaceYear(p, this) for p in self.places.values() if p.stood_on(year_end(this)))
        found = {row.pk: row for row in ahead} | self._stored
        return sorted(found.values(), key=lambda row: (-row.year, row.division.township_code, row.division.pk))

    def values(self, row):
        told = {PLACE: row.division, YEAR: row.year}
        common = {part: row.common(part) for part in COMMON}
        told |= {name: common[part] or "" for part, name in COMMON.items()}
        for line in LINES:
            figure = row.figures.get(line.key)
            told[line.label] = figure and figure.value
            for part in parts_of(line):
                told[own_column(line, part)] = getattr(figure, part) if figure and common[part] is None else ""
        for source in Fund.Source:
            fund = row.funds.get(source)
            for part in MONEY:
                told[money_column(source, part)] = getattr(fund, part) if fund else "" if part == "note" else None
        return told

    def look_back(self, moment):
        """A row has moved with any of its figures and funds, those included that have been taken away since."""
        then = {}

        def row(entry):
            key = entry.division_id, entry.year
            if key not in then:
                now = self._stored.get(key) or PlaceYear(self.places[entry.division_id], entry.year)
                then[key] = PlaceYear(now.division, now.year, dict(now.figures), dict(now.funds))
            return then[key]

        for model, places, part in ((AnnualFigure, self.places, "figures"), (Fund, self.funded, "funds")):
            moved = entries_since(model, moment).filter(division_id__in=list(places))
            lines = {entry.id: entry.instance for entry in moved}
            for line in lines.values():
                getattr(row(line), part).pop(_key(line), None)
            for line in as_they_were(lines.values(), moment).values():
                if line:
                    getattr(row(line), part)[_key(line)] = line
        self.before = {key: self.values(found) for key, found in then.items()}

    def find(self, plan, given):
        key = given[PLACE].pk, given[YEAR]
        if key in self._stored or key not in self.before:
            plan.extra["key"] = key
            return self._stored.get(key)
        return PlaceYear(given[PLACE], given[YEAR])  # all of it has been taken away since

    # --- what the sheet says -------------------------------------------------------------------------

    def check(self, plan):
        """Works out the stored rows that the sheet's row comes to, and says what is wrong with them."""
        row = plan.stored or PlaceYear(plan.values[PLACE], plan.values[YEAR])
        was = self.values(row)
        plan.extra["save"], plan.extra["remove"] = [], []
        for line in LINES:
            self._check_line(plan, row, was, line)
        for source in Fund.Source if self.funded else ():
            self._check_fund(plan, row, was, source)
        moves = plan.extra["save"] or plan.extra["remove"]
        refused = refused_year(row.division, row.year) if moves else ""
        if refused:
            plan.row.problem(YEAR, "bad_year", refused)
        elif plan.stored is None and not moves and not plan.row.problems:
            where = next(c.name for c in self.columns if not c.key and plan.values.get(c.name) not in (None, ""))
            plan.row.problem(where, "no_figure", "这一行还没有填数：请填上，或把这一格清空")
        elif not moves:
            plan.changes = []  # such as a common source that no line goes by

    def _check_line(self, plan, row, was, line):
        figure, said = row.figures.get(line.key), plan.values
        value = said.get(line.label, was[line.label])
        told = {part: self._told(plan, row, was, line, part) for part in parts_of(line)}
        if figure and value == figure.value and all(told[part] == getattr(figure, part) for part in told):
            return
        if value is None:  # what was told of the number goes with it
            for part in told:
                own = own_column(line, part)
                told[part] = "" if said.get(own, was[own]) == was[own] else said[own]
        lacks = line.wanting(value, told["source"], told.get("method", ""))
        for part, sentence in lacks.items():
            wanted = (line.label,) if part == "value" else (COMMON[part], own_column(line, part), line.label)
            where = next(name for name in (*wanted, *plan.row.places) if name in plan.row.places)
            plan.row.problem(where, "missing", f"“{line.label}”{sentence}")
        if lacks:
            return
        if value is not None:
            figure = figure or AnnualFigure(division=row.division, year=row.year, kind=line.kind, basis=line.basis)
            plan.extra["save"].append((figure, {"value": value} | told))
        elif figure:
            plan.extra["remove"].append(figure)

    @staticmethod
    def _told(plan, row, was, line, part):
        """The line's source or method by the sheet: its own, else the common one. A sheet that does not speak of the line
        leaves it alone, and one without its own column leaves alone what it has of its own."""
        said, own, common = plan.values, own_column(line, part), COMMON[part]
        if own not in said and line.label not in said:
            return getattr(row.figures.get(line.key), part, "")
        return said.get(own, was[own]) or said.get(common, was[common])

    def _check_fund(self, plan, row, was, source):
        names = {part: money_column(source, part) for part in MONEY}
        given = {part: plan.values.get(name, was[name]) for part, name in names.items()}
        if given == {part: was[name] for part, name in names.items()}:
            return
        if row.division.pk not in self.funded:
            where = next(names[part] for part, value in given.items() if value not in (None, ""))
            plan.row.problem(where, "not_funded", "村（社区）不单独填经费：请填在乡镇的一行")
            return
        fund = row.funds.get(source)
        if given["budgeted"] is not None or given["paid"] is not None:
            fund = fund or Fund(division=row.division, year=row.year, source=source)
            plan.extra["save"].append((fund, given))
        elif given["note"] and given["note"] != was[names["note"]]:
            plan.row.problem(names["note"], "missing", NOTE_WITHOUT_MONEY)
        elif fund:
            plan.extra["remove"].append(fund)

    # --- storing -------------------------------------------------------------------------------------

    def store(self, plans):
        for row in (row for plan in plans for row in plan.extra["remove"]):
            row._history_user, row._change_reason = self.user, REASON
            row.delete()
        saved = [pair for plan in plans for pair in plan.extra["save"]]
        for row, values in saved:
            for name, value in values.items():
                setattr(row, name, value)
            row.version += row.pk is not None
        rows = []
        for model in (AnnualFigure, Fund):
            of_model = [row for row, _ in saved if isinstance(row, model)]
            changed = [row for row in of_model if row.pk is not None]
            rows += self.create(model, [row for row in of_model if row.pk is None]) + self.update(model, changed)
        return rows

    def options(self):
        return {PLACE: [place.path for place in self.places.values() if place.retired_on is None]}
