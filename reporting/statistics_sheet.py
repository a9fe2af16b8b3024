"""培训统计 as a workbook to file: the table of the page with its charts' numbers, as number cells."""

from collections.abc import Iterator

from networks.models import MemberUnit
from networks.templatetags.page import cn_date

from .assessment import Organised
from .charts import BarChart, bar_chart
from .exports import OFFICE, Column, Export
from .measures import BREAKDOWNS, MEASURES, By
from .statistics import Figures, Row, Statistics

MOST_BARS = 30  # of more groups the first ones are drawn; the table holds them all
AS_NOW = (
    "按现在的机构汇总：更名、合并以前的场次算在现在的单位和乡镇名下，合计不变。锁定年度的任务完成数仍按当时的机构。"
)


def of_audience(found: Statistics) -> bool:
    return found.by is By.AUDIENCE


def bars(found: Statistics) -> list[BarChart]:
    """Sessions and attendances of the rows in their order. A group that is withheld keeps its words."""
    drawn = [row for row in found.rows if row.now.held or not row.key][:MOST_BARS]
    rest = len(found.rows) - len(drawn)
    note = f"只画前 {MOST_BARS} 项，全部见表。" if rest and len(drawn) == MOST_BARS else ""
    sessions = [(row.label, row.now.sessions, row.now.url) for row in drawn if row.key]
    heads = [(row.label, None if row.now.small else row.now.attendances, row.now.url, row.now.heads) for row in drawn]
    return [
        bar_chart(title="场次", unit="场", rows=sessions, note=note),
        bar_chart(title="人次", unit="人次", rows=heads, note=note),
    ]


def statistics_export(found: Statistics, narrowed: list[str], unit: MemberUnit | None) -> Export:
    """`narrowed`: the filters in words; `unit`: whose part it is, None for the whole county."""
    plain = of_audience(found)
    periods = found.periods

    def cells(row: Row | None, now: Figures, earlier: list[Figures], label: str) -> tuple:
        told = [label, *_counts(now, with_sessions=row is None or bool(row.key))]
        if not plain:
            told += [now.mean if now.mean is not None else "无法计算", _people(now), now.roster_words]
        for figures in earlier:
            told += _counts(figures, with_sessions=row is None or bool(row.key))
        return tuple(told)

    def rows() -> Iterator[tuple]:
        for row in found.rows:
            yield cells(row, row.now, row.earlier, row.label)

    columns = [Column(found.by.label, 28), Column("场次"), Column("人次")]
    if not plain:
        columns += [Column("平均每场人次", 12), Column("有名册的人数", 12), Column("名册", 20)]
    for period in periods[1:]:
        columns += [Column(f"{period.words}场次", 16), Column(f"{period.words}人次", 16)]
    return Export(
        title=f"{found.county.name}社区教育培训统计表（按{found.by.label.replace('（', '，').replace('）', '')}）",
        unit_line=f"填报单位：{unit.name if unit else OFFICE}",
        date_line=f"{cn_date(periods[0].first, 'plain')}至{cn_date(periods[0].last, 'plain')}",
        columns=columns,
        rows=rows,
        totals=[cells(None, found.totals[0], found.totals[1:], "合计（不重复）")],
        notes=[
            "范围：" + ("；".join(narrowed) if narrowed else "全部已核定的场次，不论是否计入任务") + "。",
            MEASURES["stat_sessions"].definition,
            BREAKDOWNS[found.by],
            *([AS_NOW] if found.asked.organised == Organised.NOW else []),
            *(f"{year}已{year.get_status_display()}，场次不能再改动。" for year in found.locked),
        ],
        sheet="培训统计",
    )


def _counts(figures: Figures, *, with_sessions: bool) -> list:
    heads = figures.heads if figures.small or figures.attendances is None else figures.attendances
    return [figures.sessions if with_sessions else "", heads]


def _people(figures: Figures) -> int | str:
    if figures.people is not None:
        return figures.people
    return "无法计算" if figures.held else ""
