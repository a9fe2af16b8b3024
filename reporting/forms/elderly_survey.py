"""老年教育: the row of the survey of education for the elderly, one for the county and one for each township (二(三)4)."""

from networks.models import AnnualFigure

from ..models import ReferenceKey
from .parts import Field, Form
from .sources import annual, reference, townships

_FIGURE = AnnualFigure.Kind

FORM = Form(
    key="elderly-survey",
    title="老年教育情况统计表",
    about="老年教育统计用，一个乡镇一行。",
    basis="马政办发〔2019〕2号 二(三)4；《老年教育发展规划（2016—2020年）》",
    to_whom="自治区教育厅",
    position=60,
    wide=True,
    row_word="地方",
    rows=townships,
    none="这一天还没有登记乡镇。",
    fields=(
        Field(key="elderly", label="60岁及以上老年人", unit="人", read=annual(_FIGURE.ELDERLY)),
        Field(key="learning", label="参加学习的老年人", unit="人", read=annual(_FIGURE.ELDERLY_LEARNING)),
        Field(key="rate", label="学习参与率", unit="%", read=reference(ReferenceKey.ELDERLY)),
        Field(key="schools", label="有老年学校的乡镇比例", unit="%", read=reference(ReferenceKey.ELDERLY_SCHOOLS)),
        Field(key="points", label="有学习点的村（社区）比例", unit="%", read=reference(ReferenceKey.ELDERLY_POINTS)),
        Field(key="enrolled", label="在册学员", unit="人"),
        Field(key="classes", label="开设班级", unit="个"),
        Field(key="note", label="备注", text=True, most=60),
    ),
)
