"""我们怎么算: every number's definition, put together from the registries that compute the numbers.

Two gauges stand apart and are never mixed: the quota (任务完成, 三(六)) and the distance to the national reference figures
(参照指标), which are no targets of the founding document.
"""

from dataclasses import dataclass

from trainings.hints import KINDS
from trainings.hints.alone import LATE_DAYS, ROUND_FROM, ROUND_TO, TENS_SESSIONS, TENS_SHARE
from trainings.hints.pairs import ALIKE_TITLES, SAME_PEOPLE, SAME_SHARE
from trainings.satisfaction import DEFINITION as SATISFACTION
from trainings.satisfaction import FEWEST

from . import courses, effort, learning, planning
from .comparing import COMPARISONS
from .definitions import Definition, Gauge, by_key, plain
from .indicators import INDICATORS
from .materials import PAPERS
from .measures import BREAKDOWNS, MEASURES, By
from .plan_progress import PROGRESS
from .references import REFERENCES


@dataclass(frozen=True)
class Section:
    gauge: Gauge
    about: str
    definitions: list[Definition]


# Where one unit stands: reporting/counting.py (`Standing`, `forecast_of`).
STANDINGS = [
    plain(
        "unit_verified",
        "单位已核定（计入）的场次和人次",
        "",
        Gauge.TASK,
        "三(六)",
        "一个责任单位本年度计入任务的场次和核定人次；本年度规定协办也计的，已确认的协办场次在内。",
        numerator="计入该单位的已核定场次，和它们的核定人次",
        excluded="不计入的场次，逐场写明为什么不计入",
    ),
    plain(
        "unit_pending",
        "单位待审核的场次和人次",
        "",
        Gauge.TASK,
        "三(六)",
        "一个责任单位已提交、核定以后会计入的场次；人次是填报数。",
        numerator="已提交待审核、核定以后会计入的场次",
        excluded="草稿、退回修改的场次；核定以后也不会计入的场次",
    ),
    plain(
        "unit_required",
        "单位应完成的场次和人次",
        "",
        Gauge.TASK,
        "三(六)",
        "有任务调整的按调整数；没有的按本年度统一任务；因机构调整年中列入或退出的，按承担任务的天数折算，小数进为整数。",
        numerator="统一任务 × 承担任务的天数（只有机构调整的才折算）",
        denominator="全年天数（只有机构调整的才折算）",
        excluded="不承担任务的单位",
    ),
    plain(
        "unit_short",
        "单位还差的场次和人次",
        "",
        Gauge.TASK,
        "三(六)",
        "应完成数减已核定（计入）数，场次和人次各算各的；两项都不差才是已完成任务。",
        numerator="应完成数减已核定数，不够减的算 0",
        excluded="待审核的不先算进去",
    ),
    plain(
        "unit_forecast",
        "按进度推进、有差距、难以完成",
        "",
        Gauge.TASK,
        "三(六)",
        "两项都够为已完成；已核定、待审核和计划合起来够，或者已核定加待审核不落后于序时进度，为按进度推进；"
        "过了最迟日期还不够为难以完成；其余为有差距。年中列入或退出的单位，序时进度只按它承担任务的日子算。",
        numerator="已核定加待审核（加计划）的场次和人次",
        denominator="应完成数 × 已过的承担任务天数 ÷ 承担任务的全部天数（全年承担的就是全年天数）",
        excluded="日期已过、还没有登记举办的计划；年度结束以后，计划不再算",
    ),
    plain(
        "unit_deadline",
        "最迟须在哪一天前完成",
        "",
        Gauge.TASK,
        "三(六)",
        "从年末（年中退出的单位，从承担任务的最后一天）往前推：还差的场次（还差的人次按本年度规定的每场人次折成场次，"
        "取大者），按本年度规定的每周场次排期。",
        numerator="还需要的场次 × 7 天",
        denominator="每周场次",
        excluded="已完成和难以完成的单位、日期已过的，不再写日期",
    ),
    plain(
        "unit_sum",
        "各单位合计",
        "",
        Gauge.TASK,
        "三(六)",
        "各责任单位计入数相加。联合举办的场次可能计给几个单位，所以它和全县计入数（每场只算一次）并列，不互相代替。",
        numerator="各责任单位的计入场次和人次",
        excluded="不计入任务的场次",
    ),
]

_RATES = "保留一位小数，多出的舍去。"
OTHERS = [
    plain(
        "course_taught",
        "课程的授课场次和人次",
        "",
        Gauge.LEDGER,
        "二(四)1",
        courses.DEFINITION,
        numerator="已核定、选了这门课程的场次",
        excluded="没有选课程的场次；未核定的场次",
    ),
    plain(
        "group_activity",
        "学习团队（小组）的活动场次和人次",
        "",
        Gauge.LEDGER,
        "二(一)2",
        learning.DEFINITION,
        numerator="已核定、选了这个团队（小组）的场次",
        excluded="没有选团队的场次；未核定的场次",
    ),
    plain(
        "session_satisfaction",
        "一场、一门课程的满意率",
        "%",
        Gauge.LEDGER,
        "一(三)",
        f"{SATISFACTION}{_RATES}不足 {FEWEST} 份的只写“<{FEWEST} 份”。",
        numerator="表示满意、基本满意的答卷",
        denominator="全部答卷",
        excluded=f"不足 {FEWEST} 份的不算比率",
    ),
    plain(
        "reference_reached",
        "达到参照值的项数",
        "项",
        Gauge.REFERENCE,
        "一(三)",
        "全县的数值不低于参照值的指标数；按没有舍去的数判断。单个乡镇只列数字，不作判断。",
        numerator="数值不低于参照值的指标",
        denominator="列出的全部参照指标",
        excluded="无法计算的指标既不算达到，也不算未达到",
    ),
    plain(
        "plan_outcome",
        "计划的安排、已办、已核定",
        "",
        Gauge.WORK,
        "三(二)",
        planning.DEFINITION,
        numerator="这一期间各状态的场次",
        excluded="取消、作废的场次",
    ),
    plain(
        "entry_effort",
        "登记用时",
        "",
        Gauge.WORK,
        "三(一)",
        f"近 {effort.MONTHS} 个月登记一场平均填几项、用几分钟，按登记方式分；不足 {effort.FEWEST} 场的不算。",
        numerator="填写的项数、用去的时间",
        denominator="登记的场次（时间只按知道用时的场次算）",
        excluded=f"不足 {effort.FEWEST} 场的不算平均数",
    ),
]

# A hint refuses nothing: it says what a reviewer should look at.
HINTS = {
    "photo": "两场用了看起来相同的照片或同一个文件（通知、课件可以共用）。",
    "roster": f"两份名册至少有 {SAME_PEOPLE} 个相同的人，并且占较短一份的 {SAME_SHARE:.0%} 以上。",
    "same_event": f"两个单位同一天、同一乡镇、时间可能重叠的两场：名称有 {ALIKE_TITLES:.0%} 以上相近，或者地点、教师、协办单位对得上。",
    "double": "同一单位、同一天、同一名称的两场。",
    "instructor": "同一位教师在两处授课，时间重叠或者不能排除重叠。",
    "capacity": "平均每天的人次超过登记的场地容量。",
    "sum": "各类对象的人数相加与人次不符。",
    "round": f"人次不少于 {ROUND_FROM} 且是 {ROUND_TO} 的整数倍；或者人次尾数是 0，而该单位全年至少 {TENS_SESSIONS} 场中 {TENS_SHARE:.0%} 以上也是这样。",
    "late": f"培训结束 {LATE_DAYS} 天以后才上传第一份佐证材料。",
    "elsewhere": "乡镇单位的场次不在本乡镇举办。",
    "length": "没有填写时长。",
    "evidence": "没有佐证材料。",
    "form": "没有填写培训形式。",
}

ABOUT = {
    Gauge.TASK: "考核的是这一组：每个责任单位每年的场次和人次，两项都达到才算完成。依据实施方案三(六)和本年度的规则。",
    Gauge.LEDGER: "已核定的全部培训，不论是否计入任务。它说明办了多少、为谁办，不作为完成任务的依据。",
    Gauge.NETWORK: "机构开办、覆盖和人员配备的情况，按当日登记计算。",
    Gauge.REFERENCE: "国家对社区教育示范区、老年教育的指标。它们不是实施方案的任务，只用来看本县离参照值有多远，不和任务完成相加、相抵。",
    Gauge.WORK: "办理过程中的数字，供安排工作用，不作考核。",
}


def everything() -> dict[str, Definition]:
    """Every definition by its key, in the order of the page. Raises ValueError where two figures share a key."""
    told = [
        *INDICATORS.values(),
        *STANDINGS,
        *COMPARISONS.values(),
        *MEASURES.values(),
        *(reference.told for reference in REFERENCES.values()),
        *OTHERS,
        *PROGRESS.values(),
        *PAPERS.values(),
    ]
    found = by_key(*told)
    if len(found) != len(told):
        raise ValueError("two figures share a key")
    return found


def sections() -> list[Section]:
    told = everything().values()
    return [Section(gauge, ABOUT[gauge], [d for d in told if d.gauge == gauge]) for gauge in Gauge]


def breakdowns() -> list[tuple[str, str]]:
    return [(by.label, BREAKDOWNS[by]) for by in By]


def hints() -> list[tuple[str, str]]:
    """核查提示: their names in the queue and when they appear."""
    return [(kind.label, HINTS[key]) for key, kind in KINDS.items()]
