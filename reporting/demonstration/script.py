"""What the demonstration must show, by unit: how the years went, and single sessions for every page to have something.

Unit codes are those of networks/data/member_units.csv and of OUTSIDERS. All of it is invented and marked 演示数据.
"""

import datetime
from dataclasses import dataclass

from networks.models.people import DEMONSTRATION

EARLIER_YEARS = 3
MARK = DEMONSTRATION

# Bodies outside the leading group: their sessions count for the county and for no quota. Nobody there has an account.
OUTSIDERS = [
    ("nyj", "县农业农村局", "农业农村局"),
    ("sfj", "县司法局", "司法局"),
    ("fl", "县妇女联合会", "县妇联"),
]

# How a year went for a unit (OUTCOMES in calendar.py), by years ago; who is not named has met the quota.
USUAL = {
    "lgj": "few_attendances",
    "nyj": "few_sessions",
    "sfj": "little",
    "fl": "few_attendances",
    "centre": "few_attendances",
}
EXCEPTIONS = {
    3: {
        "450124101": "little",
        "450124104": "few_sessions",
        "450124106": "few_attendances",
        "450124200": "few_attendances",
        "450124201": "little",
        "450124202": "few_sessions",
        "450124203": "little",
        "fgkjj": "few_attendances",
        "tw": "few_sessions",
    },
    2: {
        "450124104": "few_attendances",
        "450124106": "few_sessions",
        "450124201": "little",
        "450124202": "few_attendances",
        "450124203": "few_sessions",
        "fgkjj": "little",
    },
    1: {
        "450124106": "few_sessions",  # attendances, but too few sessions
        "450124203": "few_attendances",  # the reverse
        "450124201": "little",  # could no longer make it
        "fgkjj": "few_attendances",
        "tw": "few_sessions",
    },
    0: {"450124104": "few_attendances", "450124201": "few_sessions", "450124202": "few_attendances", "fgkjj": "little"},
}


@dataclass(frozen=True)
class Case:
    """One session that is there on purpose."""

    unit: str
    fate: str  # a status, or "revoked"
    days_ago: int = 0  # since its last day; negative is to come
    on: datetime.date | None = None  # its first day, instead of days_ago
    topic: str = ""  # how the topic's title begins; any one-day topic of the unit otherwise
    title: str = ""
    audiences: tuple[str, ...] = ()
    together: tuple[str, ...] = ()  # co-organisers: unit codes, or names that are no unit
    source: str = ""  # entered on the unit's behalf by the bureau: wechat, paper, phone
    confirmed: bool = False  # … and the unit has confirmed it since
    reason: str = ""  # of a return, a code of ReturnReason; or the note of a different verified figure
    note: str = ""  # {fewer} stands for a figure somewhat below the reported one
    share: float = 1  # of the reported figure that was verified
    unfinished: bool = False  # a draft that still lacks its form and figure


IDLE_SCHOOLS = {"450124201", "450124203"}  # townships whose community school nobody has looked at yet
OPEN_POINTS = 60  # teaching points that have been looked at and are open
# Of the villages where something takes place this year, how many have an open point: all, none, else PART.
LIVELY, QUIET, PART = {"450124101", "450124104", "450124202"}, {"450124203"}, 0.6

QUIET_TOPIC = "残疾人居家康复"  # lends its venue, its theme and its size
QUIET_TITLE = "就业帮扶与心理关爱小组活动"  # sensitivity 2: the group appears in no title
QUIET_LAW_TITLE = "法治教育与技能帮扶课堂"


def cases(today: datetime.date) -> list[Case]:
    last = today.year - 1
    whites, culture = "450124100", "wxgtj"  # whose officers have a button on the demonstration's sign-in page
    return [
        # the last full year
        Case(
            whites,
            "returned",
            on=datetime.date(last, 10, 18),
            reason="figure",
            note="签到表上看得清的只有 {fewer} 人，请核对",
        ),
        Case(
            "450124201", "returned", on=datetime.date(last, 11, 5), reason="evidence", note="照片没有传上来，请补一张"
        ),
        Case("tw", "returned", on=datetime.date(last, 11, 12), reason="when_where", note="请写明在哪个村举办"),
        Case(
            culture,
            "verified",
            on=datetime.date(last, 6, 11),
            topic="乡镇文化站长",
            together=(whites, "南宁市群众艺术馆"),
        ),
        Case(
            "mzj",
            "verified",
            on=datetime.date(last, 9, 6),
            topic=QUIET_TOPIC,
            title=QUIET_TITLE,
            audiences=("失独家庭",),
        ),
        Case("rsj", "verified", on=datetime.date(last, 5, 13), topic="中式烹调师"),
        # 白山镇, as its officer sees it today
        Case(whites, "returned", 9, reason="figure", note="签到表上看得清的只有 {fewer} 人，请核对人次或补一张签到表"),
        Case(whites, "draft", 2),
        Case(whites, "draft", 1, unfinished=True),
        Case(whites, "submitted", 5),
        Case(whites, "planned", -6),
        Case(whites, "planned", -20),
        # 文新广体局, likewise
        Case(culture, "returned", 8, reason="evidence", note="佐证只有一份通知，请补照片或签到表中的任意一种"),
        Case(culture, "draft", 3),
        Case(culture, "submitted", 6, topic="壮族会鼓骨干培训", together=(whites, "会鼓艺术协会")),
        Case(culture, "verified", 33, topic="乡镇文化站长", together=("450124103", "450124105")),
        Case(culture, "planned", -9),
        Case(culture, "cancelled", -14, note="排练厅消防改造，另择日期"),
        # what the review desk has to deal with
        Case("450124104", "submitted", 7, source="wechat"),
        Case("450124202", "submitted", 11, source="phone"),
        Case("450124106", "verified", 24, source="paper", confirmed=True),
        Case("rsj", "submitted", 5, topic="叉车与电焊"),
        Case("mzj", "submitted", 10, topic=QUIET_TOPIC, title=QUIET_TITLE, audiences=("意外致残人员", "失独家庭")),
        Case("sfj", "verified", 28, title=QUIET_LAW_TITLE, audiences=("社区服刑人员",), source="paper"),
        Case("450124103", "submitted", 6, topic="三声部民歌传习班", together=(culture,)),
        Case("450124103", "verified", 17, share=0.88, reason="按签到表和照片核减"),
        Case("kx", "revoked", 21, reason="duplicate", note="与同一天科普大篷车的场次是同一场，请核对"),
        Case("450124105", "void", 8),
        Case("450124102", "draft", 4, topic="返乡务工人员"),
        Case("jyj", "submitted", 6),
        Case("jyj", "returned", 12, reason="organiser", note="县职业学校主办的场次请写明主办单位"),
        Case("centre", "submitted", 4),
        Case("centre", "draft", 2),
        Case("lgj", "submitted", 7),
        Case("fl", "submitted", 9, source="wechat"),
    ]


RETURNS = [  # for sessions that chance returns
    ("figure", "填报人次比签到表多，请核对"),
    ("evidence", "照片看不清，请重新上传"),
    ("when_where", "请补写具体地点"),
    ("duplicate", "与上一场名称、日期相同，请核对是否重复登记"),
]
