"""示范区基本情况登记表: one block for each demonstration zone in force in the year (二(一)3)."""

from networks.models import AnnualFigure, Appointment, Institution, Zone

from ..models import ReferenceKey
from .parts import Field, Form, Row
from .sources import Sources, annual, divisions, held_here, institutions, money, reference, staff

PLACE, NETWORK, WORK, MONEY = "一、基本情况", "二、机构和队伍", "三、开展情况", "四、投入和特色"
_KIND, _FUNCTION, _FIGURE = Institution.Kind, Appointment.Function, AnnualFigure.Kind


def _rows(sources: Sources) -> list[Row]:
    zones = [zone for zone in sources.zones if zone.kind == Zone.Kind.DEMONSTRATION]
    return [Row(zone.division_id, str(zone), zone.division) for zone in zones]


FORM = Form(
    key="demonstration-zone",
    title="社区教育示范区基本情况登记表",
    about="申报、复核示范区时填写；每个当年的县级示范区一份。",
    basis="马政办发〔2019〕2号 二(一)3",
    to_whom="自治区教育厅",
    position=40,
    row_word="示范区",
    rows=_rows,
    none="这一年没有县级示范区；认定以后登记在“实验区、示范区”里。",
    fields=(
        Field(key="villages", label="村", unit="个", group=PLACE, read=divisions("村")),
        Field(key="communities", label="社区", unit="个", group=PLACE, read=divisions("社区")),
        Field(key="resident", label="常住人口", unit="人", group=PLACE, read=annual(_FIGURE.POPULATION, "resident")),
        Field(
            key="registered", label="户籍人口", unit="人", group=PLACE, read=annual(_FIGURE.POPULATION, "registered")
        ),
        Field(key="elderly", label="60岁及以上老年人", unit="人", group=PLACE, read=annual(_FIGURE.ELDERLY)),
        Field(key="area", label="辖区面积", unit="平方公里", group=PLACE, text=True, most=20),
        Field(key="leader", label="领导机构名称", group=PLACE, text=True, most=60),
        Field(key="school", label="社区学校（已开办）", unit="所", group=NETWORK, read=institutions(_KIND.SCHOOL)),
        Field(key="points", label="教学点（已开办）", unit="个", group=NETWORK, read=institutions(_KIND.POINT)),
        Field(
            key="running",
            label="教学点（当年有培训）",
            unit="个",
            group=NETWORK,
            read=institutions(_KIND.POINT, running=True),
        ),
        Field(key="officers", label="社区教育专干", unit="人", group=NETWORK, read=staff(_FUNCTION.OFFICER)),
        Field(key="part_time", label="兼职教师", unit="人", group=NETWORK, read=staff(_FUNCTION.PART_TIME)),
        Field(key="volunteers", label="志愿者", unit="人", group=NETWORK, read=staff(_FUNCTION.VOLUNTEER)),
        Field(key="sessions", label="本地举办的培训", unit="场", group=WORK, read=held_here("sessions")),
        Field(key="attendances", label="本地举办的培训", unit="人次", group=WORK, read=held_here("attendances")),
        Field(key="people", label="年度参与人数", unit="人", group=WORK, read=annual(_FIGURE.PARTICIPANTS)),
        Field(
            key="participation",
            label="居民年参与率",
            unit="%",
            group=WORK,
            read=reference(ReferenceKey.PARTICIPATION),
        ),
        Field(key="elderly_rate", label="老年人学习参与率", unit="%", group=WORK, read=reference(ReferenceKey.ELDERLY)),
        Field(key="farmers", label="农民实用技术培训率", unit="%", group=WORK, read=reference(ReferenceKey.FARMERS)),
        Field(key="satisfied", label="社区教育满意度", unit="%", group=WORK, read=reference(ReferenceKey.SATISFACTION)),
        Field(key="aware", label="社区教育知晓率", unit="%", group=WORK, read=reference(ReferenceKey.AWARENESS)),
        Field(key="paid", label="当年经费支出", unit="元", group=MONEY, read=money()),
        Field(key="per_head", label="人均经费", unit="元", group=MONEY, read=reference(ReferenceKey.FUNDS)),
        Field(key="honours", label="获得的荣誉", group=MONEY, text=True, most=300),
        Field(key="features", label="特色和主要经验", group=MONEY, text=True, most=1000),
    ),
)
