"""报县绩效办: how the units stand in what the yearly assessment looks at (三(六): 列入年度工作绩效考评范围和内容)."""

from ..assessment import county_standing
from .parts import Cell, Field, Form, Row
from .sources import Sources, standing


def _rows(sources: Sources) -> list[Row]:
    county = county_standing(sources.year, counting=sources.figures.counting)
    return [Row(found.unit.code, found.unit.name, found) for found in county.standings]


def _met(sources: Sources, row: Row) -> Cell:
    return Cell("完成" if row.of.met else "未完成", "完成情况（三(六)）：场次、人次两项都达到")


FORM = Form(
    key="performance",
    title="社区教育工作绩效考评数据表",
    about="向县绩效办报送各单位目标任务的完成情况；得分由绩效办评定，这里不打分、不排名。",
    basis="马政办发〔2019〕2号 三(六)",
    to_whom="县绩效考评领导小组办公室",
    position=80,
    wide=True,
    row_word="被考评单位",
    rows=_rows,
    none="这一年没有承担目标任务的单位。",
    fields=(
        Field(key="required_sessions", label="目标场次", unit="场", read=standing("required", "sessions")),
        Field(key="verified_sessions", label="完成场次", unit="场", read=standing("verified", "sessions")),
        Field(key="required_attendances", label="目标人次", unit="人次", read=standing("required", "attendances")),
        Field(key="verified_attendances", label="完成人次", unit="人次", read=standing("verified", "attendances")),
        Field(key="verdict", label="是否完成", read=_met),
        Field(key="working", label="任务说明", read=standing("working")),
        Field(key="note", label="需要说明的情况", text=True, most=100),
    ),
)
