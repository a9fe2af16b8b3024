"""Before a year is locked: what is still open, each with the page on which it is dealt with. Nothing here stops anybody; whoever
proposes to lock decides whether the year is ready (核查提示不是结论)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from networks.templatetags.page import Badge, cn_date
from trainings.hints import hints_of
from trainings.models import CoOrganiser, Evidence, ImportBatch, Status, TrainingSession

from . import chain, guard
from .confirming import to_confirm
from .indicators import YearFigures
from .materials import missing, waiting
from .models import AssessmentYear, Call, LateEntry, Objection
from .rules import criteria_of

BADGES = {
    "done": Badge("好了", "steady", "check"),
    "open": Badge("要处理", "wait", "clock"),
    "known": Badge("请知悉", "quiet", "info"),
}


@dataclass(frozen=True)
class Item:
    """One line of the checklist. `state` is done, open (to be dealt with) or known (a gap that may well stay)."""

    state: str
    what: str
    words: str
    url: str = ""

    @property
    def badge(self) -> Badge:
        return BADGES[self.state]


def checklist(year: AssessmentYear) -> list[Item]:
    """What stands between the year and its lock, the sessions that still wait first. Other parts add their questions to
    CHECKS. The number of queries does not depend on the number of sessions."""
    return [item for check in CHECKS for item in check(year)]


def _count(what: str, count: int, done: str, left: str, url: str, *, state: str = "open") -> Item:
    return Item(state if count else "done", what, left.format(count) if count else done, url if count else "")


def _to(name: str, **query: object) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _sessions(year: AssessmentYear) -> Iterator[Item]:
    rows = TrainingSession.objects.filter(organiser__county=year.county_id).in_year(year.year)
    held = {status: rows.filter(status=status).count() for status in (Status.SUBMITTED, Status.RETURNED)}
    unsent = rows.filter(status__in=[Status.DRAFT, Status.PLANNED]).count()
    number = year.year
    yield _count(
        "待审核的场次",
        held[Status.SUBMITTED],
        "都已核定或退回",
        "还有 {} 场没有核定或退回；锁定以后它们不计入，列为“年度已锁定未核定”",
        _to("review-queue", year=number),
    )
    yield _count(
        "退回修改的场次",
        held[Status.RETURNED],
        "没有",
        "还有 {} 场退给了单位，没有重新提交",
        _to("review-queue", tab="returned", year=number),
    )
    yield _count(
        "没有提交的草稿和计划",
        unsent,
        "没有",
        "各单位还有 {} 场没有提交；锁定以后不能再提交",
        _to("session-list", year=number),
        state="known",
    )
    verified = rows.filter(status=Status.VERIFIED)
    bare = verified.filter(~Exists(Evidence.objects.filter(session=OuterRef("pk")))).count()
    yield _count(
        "佐证材料",
        bare,
        "每场都有",
        "有 {} 场已核定、没有佐证材料" + ("；本年度要求至少一种" if year.evidence_required else ""),
        _to("review-queue", tab="verified", year=number, evidence="without"),
        state="open" if year.evidence_required else "known",
    )
    if year.joint_credit == AssessmentYear.JointCredit.EACH:
        waiting = CoOrganiser.objects.filter(session__in=verified, unit__isnull=False, confirmed_at=None).count()
        yield _count(
            "协办单位的确认",
            waiting,
            "都已确认",
            "有 {} 个协办单位没有确认，不计入它们的任务",
            _to("session-list", year=number),
            state="known",
        )
    behalf = verified.exclude(on_behalf_source="").filter(unit_confirmed_at=None).count()
    yield _count(
        "办公室代录的场次",
        behalf,
        "单位都已确认",
        "有 {} 场已核定的是代录，单位还没有确认",
        _to("session-list", year=number, status=Status.VERIFIED),
        state="known",
    )
    half_way = (ImportBatch.State.PROPOSED, ImportBatch.State.UNDO_PROPOSED)
    batches = ImportBatch.objects.filter(county=year.county_id, state__in=half_way)
    if count := batches.filter(Q(year=number) | Q(year=None)).count():
        yield Item("open", "历史台账", f"有 {count} 份等第二人确认；锁定以后不能再办", reverse("import-list"))


def _hints(year: AssessmentYear) -> Iterator[Item]:
    rows = TrainingSession.objects.filter(organiser__county=year.county_id).in_year(year.year)
    found = hints_of(rows.filter(status__in=[Status.SUBMITTED, Status.VERIFIED]), year.county_id)
    unanswered = sum(any(hint.answer is None for hint in hints) for hints in found.values())
    words = "有 {} 场的核查提示还没有记下核查情况"
    url = _to("review-queue", tab="verified", year=year.year)
    yield _count("核查提示", unanswered, "都已核查", words, url)
    calls = Call.objects.filter(sample__county=year.county_id, sample__year=year.year, outcome="").count()
    yield _count("电话回访", calls, "没有待打的", "还有 {} 场抽中了没有回访", reverse("call-samples"))


def _figures(year: AssessmentYear) -> Iterator[Item]:
    """Rates that cannot be worked out, with the part that is missing."""
    figures = YearFigures(year)
    sheet = reverse("figure-sheet", args=[year.year, year.county_id])
    for what, ratio, url in (
        ("参与率", figures.participation, sheet),
        ("满意度", figures.satisfaction, ""),
        ("知晓率", figures.awareness, reverse("surveys")),
    ):
        if ratio.value is None:
            yield Item("known", what, f"无法计算：{ratio.why}", url)
        else:
            yield Item("done", what, ratio.words)


def _calendar(year: AssessmentYear) -> Iterator[Item]:
    today = timezone.localdate()
    if today <= year.last_day:
        yield Item("open", "年度", f"{year.year}年还没有结束，以后办的培训不能再计入")
    if year.reporting_until and today <= year.reporting_until:
        yield Item("open", "填报日期", f"各单位可以填报到{cn_date(year.reporting_until)}")
    asked = LateEntry.objects.filter(year=year)
    url = reverse("late-entries", args=[year.year])
    waiting = asked.filter(state=LateEntry.State.ASKED).count()
    yield _count("补报申请", waiting, "没有待审批的", "还有 {} 份没有审批；锁定以后不能再同意", url)
    running = asked.filter(state=LateEntry.State.APPROVED, until__gte=today)
    units = running.order_by().aggregate(units=Count("unit", distinct=True), last=Max("until"))
    if units["units"]:
        words = f"{units['units']} 个单位的补报还没有到期，最晚到{cn_date(units['last'])}；锁定以后不能再提交"
        yield Item("open", "已同意的补报", words, url)


def _criteria(year: AssessmentYear) -> Iterator[Item]:
    """They are frozen with the year; whoever wants others has to open it again."""
    commend, spur = criteria_of(year)
    words = f"表扬：{'；'.join(commend)}。督促整改：{spur}。锁定以后不能再改"
    yield Item("known", "表扬和督促整改的条件", words, reverse("admin:reporting_assessmentyear_change", args=[year.pk]))


def _objections(year: AssessmentYear) -> Iterator[Item]:
    """When a settled year was opened again for a correction."""
    if year.objections.exists():
        waiting = year.objections.filter(status=Objection.Status.SENT).count()
        words = "还有 {} 份没有答复；先答复，采纳的改好再锁定"
        yield _count("复核申请", waiting, "都已答复", words, reverse("objections", args=[year.year]))


def safeguards(year: AssessmentYear | None = None) -> Iterator[Item]:
    """What the operator has to put right before any year is settled, and at once; nothing where all is well."""
    try:
        chain.current_key()
    except chain.KeyMissing as missing:
        yield Item("open", "签名密钥", str(missing))
    if guard.missing(connection):
        yield Item("open", "数据库的防护", f"{guard.TOLD}：请系统管理员{guard.WHAT_TO_DO}")


def _confirmations(year: AssessmentYear) -> Iterator[Item]:
    units, confirmed, url = to_confirm(year)
    words = f"{units} 个单位中 {confirmed} 个的全年确认表已盖章交回，数字没有变化"
    done = units == confirmed
    yield Item("done" if done else "open", "盖章的确认表", words, "" if done else url)


def _papers(year: AssessmentYear) -> Iterator[Item]:
    url = reverse("materials", args=[year.year])
    yield _count("报送材料", len(missing(year)), "都已报送或免报", "还有 {} 份没有报送", url, state="known")
    yield _count("待收的材料", len(waiting(year)), "没有", "有 {} 份已报送、办公室还没有收", url)


CHECKS: list[Callable[[AssessmentYear], Iterable[Item]]] = [
    _sessions,
    _confirmations,
    _objections,
    _calendar,
    _hints,
    _papers,
    _criteria,
    _figures,
    safeguards,
]
