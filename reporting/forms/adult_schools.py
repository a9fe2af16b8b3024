"""农村成人文化技术培训学校: the row of the education statistics for what are the townships' community schools here (二(一)1)."""

from networks.models import Appointment, Institution

from .parts import Field, Form
from .sources import hosted, institutions, staff, townships

_KIND, _FUNCTION = Institution.Kind, Appointment.Function

FORM = Form(
    key="adult-schools",
    title="农村成人文化技术培训学校基本情况表",
    about="教育事业统计里职业技术培训机构一栏用；乡镇成人文化技术学校就是乡镇社区学校。",
    basis="马政办发〔2019〕2号 二(一)1；教育事业统计",
    to_whom="市教育局",
    position=70,
    wide=True,
    row_word="乡镇",
    rows=townships,
    none="这一天还没有登记乡镇。",
    fields=(
        Field(key="schools", label="学校数", unit="所", read=institutions(_KIND.SCHOOL)),
        Field(key="points", label="教学点", unit="个", read=institutions(_KIND.POINT)),
        Field(key="held", label="承办培训", unit="场", read=hosted(0)),
        Field(key="attended", label="承办培训", unit="人次", read=hosted(1)),
        Field(key="enrolled", label="注册学员", unit="人"),
        Field(key="completed", label="结业学员", unit="人"),
        Field(key="staff", label="教职工", unit="人"),
        Field(
            key="full_time",
            label="其中：专干",
            unit="人",
            read=staff(_FUNCTION.OFFICER, at_kind=_KIND.SCHOOL),
        ),
        Field(key="part_time", label="兼任教师", unit="人", read=staff(_FUNCTION.PART_TIME, _FUNCTION.INSTRUCTOR)),
        Field(key="note", label="备注", text=True, most=60),
    ),
    notes=("结业学员是人数，不能用培训人次代替，由办公室照学校报来的数填写。",),
)
