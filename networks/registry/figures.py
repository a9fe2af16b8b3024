"""年度数据 and 经费 by workbook: what a place counts once a year, each line with its source (依据 三(四), 三(六))."""

from networks.models import AnnualFigure, Fund
from networks.names import clean_text

from .columns import Choice, Column, Money, Named, Text, Whole
from .institutions import MOST, path
from .rehearsal import Registry

PLACE, YEAR = "地方", "年度"
KIND, BASIS, VALUE, SOURCE, METHOD = "项目", "口径", "人数", "来源", "统计方法"
BUDGETED, PAID = "预算（元）", "实际支出（元）"


def place_and_year():
    return (
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
    )


class Year(Whole):
    """2026 or 2026年."""

    def __init__(self):
        super().__init__(2099, least=2000)

    def read(self, value, desk):
        return super().read(
            clean_text(value).removesuffix("年度").removesuffix("年") if isinstance(value, str) else value, desk
        )


class Yearly(Registry):
    """Rows that a place, a year and something more tell apart; the database allows each once."""

    numbered, printed_ahead = False, True
    marks: tuple[str, ...] = ()  # the columns that tell rows apart besides place and year

    def rows(self):
        return self.kept().select_related("division__parent").order_by("-year", "division_id", "pk")

    def load(self):
        self.load_places()
        self.stored = {self.key_of(self.values(row)): row for row in self.rows()}

    def key_of(self, values):
        return (values[PLACE].pk, values[YEAR], *(values[mark] for mark in self.marks))

    def find(self, plan, given):
        key = self.key_of(given)
        if key not in self.stored:
            plan.extra["key"] = key
        return self.stored.get(key)

    def options(self):
        return {PLACE: [place.path for place in self.places.values() if place.retired_on is None]}


class Figures(Yearly):
    key, title = "figures", "年度数据"
    about = "各地人口、老年人、参与人数等，一行一个数，写明来源。"
    model = AnnualFigure
    marks = (KIND, BASIS)
    columns = (
        *place_and_year(),
        Column(KIND, Choice(AnnualFigure.Kind.choices), "kind", ("指标",), key=True, needed=True, width=24),
        Column(BASIS, Choice(AnnualFigure.Basis.choices), "basis", key=True, help="常住或户籍；人口必填", width=8),
        Column(
            VALUE,
            Whole(MOST),
            "value",
            ("数值", "数量"),
            needed=True,
            help="整数；不知道的不要填 0，留空即可",
            width=12,
        ),
        Column(SOURCE, Text(100), "source", ("数据来源",), needed=True, help="从哪里来，如 派出所户籍报表", width=30),
        Column(METHOD, Text(100), "method", ("方法",), help="年度参与人数必填，如 按签到去重", width=24),
    )

    def check(self, plan):
        values = self.values(plan.stored) | plan.values if plan.stored else plan.values
        if values[KIND] == AnnualFigure.Kind.POPULATION and not values.get(BASIS):
            plan.row.problem(BASIS, "missing", "人口要写明口径：请填常住或户籍")
        if values[KIND] != AnnualFigure.Kind.POPULATION and values.get(BASIS):
            plan.row.problem(BASIS, "not_population", "只有人口才分常住、户籍：请把口径留空")
        if values[KIND] == AnnualFigure.Kind.PARTICIPANTS and not values.get(METHOD):
            plan.row.problem(METHOD, "missing", "年度参与人数要写明统计方法：如按签到去重、按名册、抽样推算")

    def options(self):
        return super().options() | {KIND: AnnualFigure.Kind.labels, BASIS: AnnualFigure.Basis.labels}


class Funds(Yearly):
    key, title = "funds", "经费"
    about = "各地社区教育经费，按来源填预算和实际支出（元）。"
    model = Fund
    marks = (SOURCE,)
    columns = (
        *place_and_year(),
        Column(SOURCE, Choice(Fund.Source.choices), "source", ("经费来源",), key=True, needed=True, width=12),
        Column(BUDGETED, Money(), "budgeted", ("预算",), width=16),
        Column(PAID, Money(), "paid", ("支出", "实际支出", "决算"), width=16),
        Column("说明", Text(200), "note", ("备注",), width=40),
    )

    def check(self, plan):
        values = self.values(plan.stored) | plan.values if plan.stored else plan.values
        if values.get(BUDGETED) is None and values.get(PAID) is None:
            plan.row.problem(BUDGETED, "missing", "预算和实际支出至少填一个；不知道的留空，不要填 0")

    def options(self):
        return super().options() | {SOURCE: Fund.Source.labels}
