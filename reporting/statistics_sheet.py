"""培训统计 as a workbook to file: the table of the page with its charts' numbers, as number cells."""

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


def bars(found: Statistics) -> list[BarChart]:
    """Sessions and attendances of the groups in their order. What no group was given for is far more than any of them and
    would dwarf them all, so it stands below; a group that is withheld keeps its words."""
    there = [row for row in found.rows if row.key and row.now.held]
    drawn = there[:MOST_BARS]
    note = f"只画前 {MOST_BARS} 项，全部见表。" if len(there) > MOST_BARS else ""
    rest = "".join(f"另有 {row.now.heads} 人次{row.label}。" for row in found.rows if not row.key)
    sessions = [(row.label, row.now.sessions, row.now.url) for row in drawn]
    heads = [
        (row.label, None if row.now.withheld else row.now.attendances, row.now.url, row.now.heads) for row in drawn
    ]
    return [
        bar_chart(title="场次", unit="场", rows=sessions, note=note),
        bar_chart(title="人次", unit="人次", rows=heads, note=note + rest),
    ]


def statistics_export(found: Statistics, narrowed: list[str], unit: MemberUnit | None) -> Export:
    """`narrowed`: the filters in words; `unit`: whose part it is, None for the whole county."""
    columns = [Column(found.by.label, 28), Column("场次"), Column("人次")]
    if found.by is not By.AUDIENCE:
        columns += [Column("平均每场人次", 12), Column("有名册的人数", 12), Column("名册", 20)]
    for period in found.earlier:
        columns += [Column(f"{period.words}场次", 16), Column(f"{period.words}人次", 16)]

    def cells(row: Row) -> tuple:
        told = [row.label, *_counts(row, row.now)]
        if found.by is not By.AUDIENCE:
            mean = row.now.mean
            told += ["无法计算" if mean is None else mean, _people(row.now), row.now.roster_words]
        for figures in row.earlier:
            told += _counts(row, figures)
        return tuple(told)

    first, last = (cn_date(day, "plain") for day in (found.asked.period.first, found.asked.period.last))
    return Export(
        title=f"{found.county.name}社区教育培训统计表（按{found.by.label.replace('（', '，').replace('）', '')}）",
        unit_line=f"填报单位：{unit.name if unit else OFFICE}",
        date_line=f"{first}至{last}",
        columns=columns,
        rows=lambda: map(cells, found.rows),
        totals=[cells(found.total)],
        notes=[
            "范围：" + ("；".join(narrowed) if narrowed else "全部已核定的场次，不论是否计入任务") + "。",
            MEASURES["stat_sessions"].definition,
            BREAKDOWNS[found.by],
            *([AS_NOW] if found.asked.organised == Organised.NOW else []),
            *(f"{year}已{year.get_status_display()}，场次不能再改动。" for year in found.locked),
            *(f"{period.words}没有登记过场次，不作对比。" for period in found.unknown),
        ],
        sheet="培训统计",
    )


def _counts(row: Row, figures: Figures) -> list:
    heads = figures.heads if figures.withheld or figures.attendances is None else figures.attendances
    return [figures.sessions if row.key else "", heads]


def _people(figures: Figures) -> int | str:
    if figures.people is not None:
        return figures.people
    return "无法计算" if figures.held else ""
