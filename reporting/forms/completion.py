"""年度完成情况一览表: every unit with what it had to reach and what it reached (三(六))."""

from ..assessment import county_standing
from .parts import Field, Form, Row
from .sources import Sources, standing


def _rows(sources: Sources) -> list[Row]:
    county = county_standing(sources.year, counting=sources.figures.counting)
    rows = [Row(found.unit.code, found.unit.name, found) for found in county.standings]
    summed = {"required": county.required_sum, "verified": county.unit_sum, "pending": county.pending}
    summed["verdict"] = f"{county.met} 个单位已完成"
    whole = {"verified": county.credited}
    return [
        *rows,
        Row("sum", "各单位合计", summed, is_total=True),
        Row("whole", "全县计入（联合举办的只算一次）", whole, is_total=True),
    ]


FORM = Form(
    key="completion",
    title="社区教育培训任务年度完成情况一览表",
    about="每个责任单位的应完成数、已核定数和完成情况，随通报上报或存档。",
    basis="马政办发〔2019〕2号 三(六)",
    to_whom="县人民政府办公室",
    position=10,
    wide=True,
    row_word="责任单位",
    rows=_rows,
    none="这一年没有承担目标任务的单位。",
    fields=(
        Field(key="required_sessions", label="应完成场次", unit="场", read=standing("required", "sessions")),
        Field(key="required_attendances", label="应完成人次", unit="人次", read=standing("required", "attendances")),
        Field(key="verified_sessions", label="已核定场次", unit="场", read=standing("verified", "sessions")),
        Field(key="verified_attendances", label="已核定人次", unit="人次", read=standing("verified", "attendances")),
        Field(key="short_sessions", label="差场次", unit="场", read=standing("short", "sessions")),
        Field(key="short_attendances", label="差人次", unit="人次", read=standing("short", "attendances")),
        Field(key="pending_sessions", label="待审核场次", unit="场", read=standing("pending", "sessions")),
        Field(key="pending_attendances", label="待审核人次", unit="人次", read=standing("pending", "attendances")),
        Field(key="verdict", label="完成情况", read=standing("verdict")),
        Field(key="note", label="备注", text=True, most=60),
    ),
    notes=("应完成数之和为推算，不是全县的目标；场次、人次两项都达到才算完成。",),
)
