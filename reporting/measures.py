"""What the statistics can show: by what sessions are broken down, and what each figure counts, in words."""

from django.db import models

from trainings.models import DeliveryForm, Language, Programme, Project, Theme

from .definitions import Gauge, by_key, plain
from .indicators import SMALL
from .rostered import DEFINITION as ROSTERED

NONE, OTHER, PROTECTED = "none", "other", "protected"  # keys of a group that is no row of a table
MOST_BACK = 3  # earlier years side by side


class By(models.TextChoices):
    UNIT = "unit", "责任单位"
    HELD = "held", "乡镇（按举办地）"
    LED = "led", "乡镇（按主办单位）"
    THEME = "theme", "主题"
    PROGRAMME = "programme", "专项计划"
    PROJECT = "project", "项目"
    FORM = "form", "培训形式"
    AUDIENCE = "audience", "培训对象"
    LANGUAGE = "language", "授课语言"
    COURSE = "course", "课程"


BREAKDOWNS = {
    By.UNIT: "按登记的责任单位（主办单位归口的单位）分；联合举办的只算在主办单位名下。",
    By.HELD: "按举办地所在的乡镇分，不论由谁主办；在县一级举办的归“县本级”，县外举办的另列。",
    By.LED: "按主办单位所在的乡镇分，不论在哪里举办；县直部门和其他单位归“县直部门和其他单位”。",
    By.THEME: "按登记的主题类别分，没有填的另列。",
    By.PROGRAMME: "按登记的专项计划分，没有填的另列。",
    By.PROJECT: "按登记的项目分，没有填的另列。",
    By.FORM: "按登记的培训形式分；历史台账里没有填的另列。",
    By.AUDIENCE: "按登记的培训对象分。一场可以有几类对象，所以各类场次相加会多于合计；人次只加填报时分别注明的人数，没有注明的归"
    f"“未分对象”。不足 {SMALL} 人次的显示为“<{SMALL}”；从总数一减就能得出它的，最小的一类也归入“未分对象”，不单列；只报人次的特殊群体合为一类。",
    By.LANGUAGE: "按登记的授课语言分，没有填的另列。",
    By.COURSE: "按登记时选的课程分，没有选的另列；还没有公开的课程，不是本单位的合为一类。",
}

VOCABULARY = {
    By.THEME: Theme,
    By.PROGRAMME: Programme,
    By.PROJECT: Project,
    By.FORM: DeliveryForm,
    By.LANGUAGE: Language,
}

_RANGE = "看得到全县的账号是全县所有单位的场次；乡镇和部门是本单位主办、协办和在本乡镇举办的场次。"
_NOT_VERIFIED = "计划、草稿、待审核、退回、作废、取消的场次不算。"


MEASURES = by_key(
    plain(
        "stat_sessions",
        "统计场次",
        "场",
        Gauge.LEDGER,
        "三(一)",
        f"培训日期（首日）在所选期间的已核定场次，不论是否计入任务。{_RANGE}",
        numerator="已核定的培训场次；连续几天的培训班按当年的规则算一场，或者每天算一场",
        excluded=_NOT_VERIFIED,
    ),
    plain(
        "stat_attendances",
        "统计人次",
        "人次",
        Gauge.LEDGER,
        "三(一)",
        "这些场次的核定人次之和。同一个人参加两场算两人次，所以人次不是人数。",
        numerator="核定人次",
        excluded=f"{_NOT_VERIFIED}填报人次、签到人次不混用。",
    ),
    plain(
        "stat_mean",
        "平均每场人次",
        "人次",
        Gauge.LEDGER,
        "三(一)",
        "统计人次 ÷ 统计场次，保留一位小数，多出的舍去；没有场次的无法计算。",
        numerator="统计人次",
        denominator="统计场次",
        excluded="按培训对象分的表不算：一场有几类对象时，人次分得开，场次分不开。",
    ),
    plain(
        "stat_people",
        "有名册的人数",
        "人",
        Gauge.LEDGER,
        "一(三)",
        ROSTERED,
        numerator="签到名册去重以后的人数",
        excluded="没有名册的场次；只报人次的特殊群体和未成年人的场次不建名册。按培训对象分的表不算人数。",
    ),
    plain(
        "stat_audience",
        "各类对象的统计人次",
        "人次",
        Gauge.LEDGER,
        "二(三)4、二(三)5",
        BREAKDOWNS[By.AUDIENCE],
        numerator="填报时分别注明的各类对象人数",
        excluded=f"没有分别注明的人数，归入“未分对象”；不足 {SMALL} 人次的不显示。",
    ),
    plain(
        "stat_earlier",
        "往年同期",
        "",
        Gauge.LEDGER,
        "三(一)",
        "往年同样的起止日期；期间包含今天以后的，截到今天，往年也截到同一天。"
        "“当时的机构”按登记时的单位和当年的区划，“现在的机构”把更名、合并以前的算在现在的单位和乡镇名下；合计两种相同。",
        numerator="往年同期的统计场次、统计人次",
        excluded="期间长于一年的不作同期对比。分设出去的单位，分设以前的留在原单位。",
    ),
)
