"""口径说明: every rule of a year and its value in words, on one page beside every result."""

from dataclasses import dataclass

from networks.templatetags.page import cn_date

from .models import AssessmentYear
from .publication import CRITERIA, criteria_in_words


@dataclass(frozen=True)
class Rule:
    label: str
    value: str
    why: str = ""


def criteria_of(year: AssessmentYear) -> tuple[list[str], str]:
    """For 通报表扬 and for 督促整改, as the year has them now."""
    criteria = {name: getattr(year, name) for name in CRITERIA}
    if year.commend_met_by:
        criteria["commend_met_by"] = year.commend_met_by.isoformat()
    return criteria_in_words(criteria)


def in_words(year: AssessmentYear) -> list[Rule]:
    """What the founding document says, and what it leaves open and the county has decided for this year. One query."""
    commend, spur = criteria_of(year)
    forms = "、".join(str(form) for form in year.counting_forms.all())
    minimum = f"不少于 {year.minimum_minutes} 分钟；没有填写时长的计入，并作提示" if year.minimum_minutes else "不限"
    return [
        Rule(
            "年度任务",
            f"每个责任单位 {year.required_sessions} 场、{year.required_attendances:,} 人次，两项都达到才算完成",
            "三(六)",
        ),
        Rule(
            "责任单位",
            "承担目标任务的乡镇人民政府和县直部门，按承担任务的起止日期认定",
            "领导小组成员、承担任务、负责某项工作是三件事，分别登记",
        ),
        Rule(
            "计入哪一年",
            "按培训日期（首日，北京时间）所在年度；举办当日该单位须承担目标任务",
        ),
        Rule("计入的数字", "核定人次。填报人次、签到人次只供核对；人次不是人数"),
        Rule("计入的培训形式", forms or "没有选定任何形式", "三(六) 考核的是培训，文艺演出、才艺展示等默认不计入"),
        Rule("历史台账", "系统启用以前的台账由两名工作人员导入，没有培训形式的也计入"),
        Rule("最短时长", minimum),
        Rule("连续几天的培训班", year.get_class_counts_display()),
        Rule(
            "联合举办",
            year.get_joint_credit_display(),
            "全县合计只算一次；各单位合计与全县计入数并列",
        ),
        Rule("佐证材料", "核定前须有任意一种佐证材料" if year.evidence_required else "不作为核定的前提，缺少时提示"),
        Rule("任务调整", "个别单位的任务可以调整，须写明理由；调整后按调整数考核"),
        Rule("机构调整折算", "只有因机构调整在年中列入或退出的单位，按承担任务的天数 ÷ 全年天数折算，小数进为整数"),
        Rule(
            "按进度推进",
            "已核定、待审核和计划的（日期已过的计划不算，年度结束后都不算）合起来两项都够，"
            "或已核定加待审核两项都不低于 任务 × 已过天数 ÷ 全年天数",
            "年中列入或退出的单位，天数只算它承担任务的日子",
        ),
        Rule(
            "最迟日期",
            f"从 12月31日 往前推：还差的场次（还差的人次按每场 {year.attendances_per_session} 人次折成场次，取大者），"
            f"按每周 {year.sessions_per_week} 场计算；过了这一天为“难以完成”",
            "年中退出的单位，从它承担任务的最后一天往前推",
        ),
        Rule("季度填报", _quarters(year), "三(六) 统计和报告制度；只用来提醒和催报，不影响提交"),
        Rule(
            "填报截止",
            cn_date(year.reporting_until) if year.reporting_until else "未规定，随时可以提交",
            "过了这一天可以存草稿，提交须先由单位写明理由申请补报、办公室同意；退回修改的照常提交"
            if year.reporting_until
            else "",
        ),
        Rule(
            "补报截止",
            cn_date(year.late_until) if year.late_until else "未规定",
            "办公室同意的补报不晚于这一天" if year.late_until else "",
        ),
        Rule(
            "材料报送截止",
            cn_date(year.materials_until) if year.materials_until else "未规定",
            "没有单独写期限的报送材料按这一天；过了仍可以交，标明迟交" if year.materials_until else "",
        ),
        Rule("定案日期", cn_date(year.closing_on) if year.closing_on else "未规定"),
        Rule(
            "通报表扬",
            "；".join(commend) + "。由办公室在符合条件的单位中选定，写明理由，不排名次",
            "三(六) 表彰先进，鞭策后进",
        ),
        Rule(
            "督促整改",
            f"{spur}的单位列入“未完成任务单位（督促整改）”",
            "没有另外的豁免：个别单位有特殊情况的，在锁定以前调整它的任务，写明理由",
        ),
        Rule("审核", "提交人和登记人不得核定同一场次；核定人次与填报人次不同须说明理由"),
    ]


def _quarters(year: AssessmentYear) -> str:
    dates = [(name, year.quarter_until(number)) for number, name in enumerate("一二三四", start=1)]
    said = [f"{name}季度 {cn_date(day, 'plain')}" for name, day in dates if day]
    return "；".join(said) or "未规定"
