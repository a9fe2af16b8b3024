"""社区教育统计: the row of the national survey of community education, one for the county and one for each township."""

from networks.models import AnnualFigure, Appointment, Institution

from .parts import Field, Form
from .sources import annual, divisions, held_here, institutions, money, staff, townships

_KIND, _FUNCTION, _FIGURE = Institution.Kind, Appointment.Function, AnnualFigure.Kind

FORM = Form(
    key="community-survey",
    title="社区教育工作情况统计表",
    about="国家和自治区社区教育工作情况调查统计用，一个乡镇一行。",
    basis="教育部社区教育工作情况调查统计",
    to_whom="自治区教育厅",
    position=50,
    wide=True,
    row_word="地方",
    rows=townships,
    none="这一天还没有登记乡镇。",
    fields=(
        Field(key="villages", label="村", unit="个", read=divisions("村")),
        Field(key="communities", label="社区", unit="个", read=divisions("社区")),
        Field(key="resident", label="常住人口", unit="人", read=annual(_FIGURE.POPULATION, "resident")),
        Field(key="schools", label="社区学校", unit="所", read=institutions(_KIND.SCHOOL)),
        Field(key="points", label="教学点", unit="个", read=institutions(_KIND.POINT)),
        Field(key="full_time", label="专职人员和专干", unit="人", read=staff(_FUNCTION.FULL_TIME, _FUNCTION.OFFICER)),
        Field(key="part_time", label="兼职教师", unit="人", read=staff(_FUNCTION.PART_TIME)),
        Field(key="volunteers", label="志愿者", unit="人", read=staff(_FUNCTION.VOLUNTEER)),
        Field(key="sessions", label="本地举办的培训", unit="场", read=held_here("sessions")),
        Field(key="attendances", label="本地举办的培训", unit="人次", read=held_here("attendances")),
        Field(key="people", label="参与人数", unit="人", read=annual(_FIGURE.PARTICIPANTS)),
        Field(key="farmers", label="接受实用技术培训的农民", unit="人", read=annual(_FIGURE.FARMERS_TRAINED)),
        Field(key="minors", label="参加校外学习的未成年人", unit="人", read=annual(_FIGURE.MINORS_LEARNING)),
        Field(key="paid", label="经费支出", unit="元", read=money()),
    ),
    notes=("“全县”一行的经费含县本级；培训按举办地分，在县城县本级举办的只在“全县”一行。",),
)
