"""年度报告表: the county's year under the five groups of the founding document: 二(一) to 二(四) and 三."""

from networks.models import Appointment, Fund, Institution, SharedResource

from ..measures import By
from .parts import Field, Form, whole_county
from .sources import (
    courses,
    covered,
    groups,
    indicator,
    institutions,
    money,
    rate,
    resources,
    staff,
    statistic,
)

NETWORK = "一、加强基础能力建设（二(一)）"
SHARING = "二、整合社区教育资源（二(二)）"
TRAINING = "三、切实开展社区教育（二(三)）"
CONTENT = "四、提升社区教育内涵（二(四)）"
SUPPORT = "五、保障措施（三）"

_KIND, _PLACE, _FUNCTION = Institution.Kind, SharedResource.Kind, Appointment.Function
_HALLS = (_PLACE.STATION, _PLACE.LIBRARY, _PLACE.CULTURE, _PLACE.FOLK, _PLACE.ACHIEVEMENT)


def _programme(word: str, label: str = "") -> tuple[Field, Field]:
    key, label = f"programme_{word}", label or word
    return (
        Field(key=f"{key}_s", label=label, unit="场", group=TRAINING, read=statistic(By.PROGRAMME, word, "sessions")),
        Field(key=f"{key}_a", label=label, unit="人次", group=TRAINING, read=statistic(By.PROGRAMME, word)),
    )


def _audience(word: str) -> Field:
    return Field(
        key=f"audience_{word}",
        label=f"其中：{word}",
        unit="人次",
        group=TRAINING,
        read=statistic(By.AUDIENCE, word),
    )


FORM = Form(
    key="annual-report",
    title="社区教育工作年度报告表",
    about="按实施方案的五个方面汇总全年情况，向市教育局报告工作时用。",
    basis="马政办发〔2019〕2号 二、三",
    to_whom="市教育局",
    position=30,
    rows=whole_county,
    fields=(
        Field(key="centre", label="县社区教育中心", unit="个", group=NETWORK, read=institutions(_KIND.CENTRE)),
        Field(key="schools", label="乡镇社区学校（已开办）", unit="所", group=NETWORK, read=institutions(_KIND.SCHOOL)),
        Field(key="points", label="教学点（已开办）", unit="个", group=NETWORK, read=institutions(_KIND.POINT)),
        Field(key="townships", label="有社区学校运行的乡镇", unit="个", group=NETWORK, read=covered("township")),
        Field(key="township_share", label="乡镇覆盖率", unit="%", group=NETWORK, read=covered("township", "share")),
        Field(key="villages", label="有教学点运行的村", unit="个", group=NETWORK, read=covered("village")),
        Field(key="village_share", label="村覆盖率", unit="%", group=NETWORK, read=covered("village", "share")),
        Field(key="organisations", label="学习型组织", unit="个", group=NETWORK, read=groups(organisations=True)),
        Field(key="circles", label="学习团队（小组）", unit="个", group=NETWORK, read=groups(organisations=False)),
        Field(key="zone_words", label="实验区、示范区建设情况", group=NETWORK, text=True, most=500),
        Field(key="open_schools", label="向居民开放的学校", unit="所", group=SHARING, read=resources(_PLACE.SCHOOL)),
        Field(key="open_halls", label="免费开放的文化场馆", unit="个", group=SHARING, read=resources(*_HALLS)),
        Field(key="reading_rooms", label="农家书屋", unit="个", group=SHARING, read=resources(_PLACE.READING)),
        Field(key="sharing_words", label="资源共享的主要做法", group=SHARING, text=True, most=500),
        Field(key="sessions", label="全县已核定培训", unit="场", group=TRAINING, read=indicator("all_sessions")),
        Field(
            key="attendances", label="全县已核定培训", unit="人次", group=TRAINING, read=indicator("all_attendances")
        ),
        Field(key="units", label="责任单位", unit="个", group=TRAINING, read=indicator("units")),
        Field(key="units_met", label="已完成年度任务的单位", unit="个", group=TRAINING, read=indicator("units_met")),
        *map(_audience, ("老年人", "青少年", "学生家长", "留守儿童", "留守妇女", "残疾人", "进城务工人员")),
        *_programme("农村劳动力转移就业培训"),
        *_programme("新型职业农民培训", "高素质（新型职业）农民培训"),
        Field(
            key="online", label="远程学习", unit="场", group=TRAINING, read=statistic(By.FORM, "远程学习", "sessions")
        ),
        Field(key="participation", label="居民年参与率", unit="%", group=TRAINING, read=rate("participation")),
        Field(key="satisfaction", label="满意度", unit="%", group=TRAINING, read=rate("satisfaction")),
        Field(key="awareness", label="知晓率", unit="%", group=TRAINING, read=rate("awareness")),
        Field(key="courses", label="公开的课程", unit="门", group=CONTENT, read=courses()),
        Field(key="local_courses", label="其中：本土课程", unit="门", group=CONTENT, read=courses(local=True)),
        Field(key="full_time", label="专职人员", unit="人", group=CONTENT, read=staff(_FUNCTION.FULL_TIME)),
        Field(key="officers", label="社区教育专干", unit="人", group=CONTENT, read=staff(_FUNCTION.OFFICER)),
        Field(key="part_time", label="兼职教师", unit="人", group=CONTENT, read=staff(_FUNCTION.PART_TIME)),
        Field(key="volunteers", label="志愿者", unit="人", group=CONTENT, read=staff(_FUNCTION.VOLUNTEER)),
        Field(key="meetings", label="领导小组会议", unit="次", group=SUPPORT),
        Field(key="papers", label="出台的制度文件", unit="份", group=SUPPORT),
        Field(key="budget", label="经费预算", unit="元", group=SUPPORT, read=money("budgeted")),
        Field(key="paid", label="经费实际支出", unit="元", group=SUPPORT, read=money()),
        Field(key="public", label="其中：财政", unit="元", group=SUPPORT, read=money("paid", Fund.Source.PUBLIC)),
        Field(
            key="donation", label="其中：社会捐赠", unit="元", group=SUPPORT, read=money("paid", Fund.Source.DONATION)
        ),
        Field(
            key="learners", label="其中：学习者分担", unit="元", group=SUPPORT, read=money("paid", Fund.Source.LEARNERS)
        ),
        Field(key="problems", label="存在的问题", group=SUPPORT, text=True, most=1000),
        Field(key="next_year", label="下一年打算", group=SUPPORT, text=True, most=1000),
    ),
    notes=("培训人次是核定人次，同一个人参加两场算两人次；人数另见年度数据。",),
)
