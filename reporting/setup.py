"""首次使用: what a county has to settle before its figures mean something, each with the page where that is done. Questions
only; a constant number of queries."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from networks.access import reviewers_of
from networks.models import Appointment, CountySettings, Division, Institution, MemberUnit, UnitTerm, User

from .models import AssessmentYear

FUNCTIONS = (Appointment.Function.SUPERVISOR, Appointment.Function.CONTACT)


@dataclass(frozen=True)
class Step:
    """One thing to settle: whether it is, how far it has come, why it matters, where it is done. `url` is empty where it is
    not done on a page."""

    label: str
    done: bool
    state: str
    why: str
    url: str = ""
    link: str = ""


def steps(user: User) -> list[Step]:
    """In the order in which a county does them."""
    county, today = user.county_code, timezone.localdate()
    own = CountySettings.objects.filter(pk=county).first()
    return [
        _names(user),
        _live_year(county, own),
        _year_opened(county, today),
        _institutions(user, today),
        _contacts(user, today),
        _second_person(county),
        _footer(),
        _privacy(own),
    ]


def open_steps(user: User) -> int:
    return sum(not step.done for step in steps(user))


def _address(*names: str) -> str:
    """The first of these pages that there is."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def _names(user: User) -> Step:
    units = MemberUnit.objects.visible_to(user).filter(retired_on=None)
    waiting = list(units.filter(name_unconfirmed=True).values_list("name", flat=True))
    return Step(
        "部门的今名",
        not waiting,
        f"{len(waiting)} 个待核对：{'、'.join(waiting)}" if waiting else "都已核对",
        "文件里是 2019 年初的名称，机构改革后有的改了；表册上的名称要和现在的牌子一致。",
        reverse("reorganisations"),
        "核对单位名称",
    )


def _live_year(county: str, own: CountySettings | None) -> Step:
    year = own.live_since if own else None
    return Step(
        "系统启用年度",
        year is not None,
        f"{year} 年" if year else "还没有填写",
        "这一年以前的台账按“历史台账”由两人导入，以后的逐场审核。",
        reverse("admin:networks_countysettings_change", args=[county]) if own else "",
        "填写启用年度",
    )


def _year_opened(county: str, today) -> Step:
    opened = AssessmentYear.objects.filter(county=county, year=today.year).first()
    return Step(
        f"{today.year} 考核年度",
        opened is not None,
        _opened(opened) if opened else "还没有开设",
        "任务数、计入的培训形式和截止日期都写在年度里，没有年度就没有完成情况。",
        reverse("admin:reporting_assessmentyear_changelist"),
        "开设年度",
    )


def _opened(year: AssessmentYear) -> str:
    """已开设, and until when is to be reported; a year may do without dates."""
    until = year.reporting_until
    return (
        f"已开设，填报截止 {until.year}年{until.month}月{until.day}日"
        if until
        else "已开设，没有定填报截止日期（可以不定）"
    )


def _institutions(user: User, today) -> Step:
    places = Division.objects.on(today)
    found = Institution.objects.visible_to(user).filter(division__in=places)
    total = found.count()
    waiting = found.filter(state=Institution.State.UNCONFIRMED).count()
    return Step(
        "机构状态",
        not waiting,
        f"{waiting} 个待核实，共 {total} 个" if waiting else f"{total} 个都已核实",
        "覆盖率只算核实过、在运行的机构。",
        _address("network", "admin:networks_institution_changelist"),
        "核实机构",
    )


def _contacts(user: User, today) -> Step:
    """Of the units that bear the quota or sit in the group today."""
    named = Appointment.objects.on(today).filter(unit=OuterRef("pk"))
    bound = UnitTerm.objects.on(today).values("unit")
    units = MemberUnit.objects.visible_to(user).filter(pk__in=bound)
    units = units.annotate(**{f: Exists(named.filter(function=f)) for f in FUNCTIONS})
    missing = list(units.filter(Q(**{FUNCTIONS[0]: False}) | Q(**{FUNCTIONS[1]: False})).values_list("name", flat=True))
    return Step(
        "分管领导和联络员",
        not missing,
        f"{len(missing)} 个单位还不全" if missing else "各单位都有",
        "催报、退回、通报都要找得到人。",
        _address("contacts", "admin:networks_person_changelist"),
        "登记通讯录",
    )


def _second_person(county: str) -> Step:
    people = reviewers_of(county).values("person").distinct().count()
    return Step(
        "办公室的第二个账号",
        people >= 2,
        f"现有 {people} 人" if people else "还没有",
        "谁登记、提交的谁不能核定，历史台账也要两人确认，至少要两个人。",
        _address("accounts", "admin:networks_user_changelist"),
        "建立账号",
    )


def _footer() -> Step:
    missing = [
        f"{label}（{name}）"
        for label, name in (("主办单位", "SITE_OWNER"), ("备案号", "ICP_NUMBER"))
        if not getattr(settings, name)
    ]
    return Step(
        "页脚",
        not missing,
        f"还缺{'、'.join(missing)}：请系统管理员写进服务器上的 .env 文件，再重新启动" if missing else "已写明",
        "政府网站要在页脚写明主办单位和备案号。",
    )


def _privacy(own: CountySettings | None) -> Step:
    published = bool(own and own.privacy_published_on)
    return Step(
        "个人信息处理告知",
        published,
        "已公布" if published else "还没有公布",
        "收集姓名、照片以前，法律要求先告知：谁在处理、为什么、留多久、有什么权利。",
        reverse("privacy-edit") if own else "",
        "填写并公布",
    )
