"""Is the ledger what it was? Every act of every county, its place in the chain, and each settled year against its rows (AU-2,
IN-7). `verify` only reads; what it finds it says in whole sentences, for whoever runs it has to act on them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from networks.models import AuditEvent, Division
from networks.templatetags.page import cn_date
from trainings.models import Evidence, Status

from . import chain
from .indicators import YearFigures
from .models import AssessmentYear, Confirmation, LedgerAct, ObjectionFile, SignOff, YearProposal
from .snapshot import differences, figures, noted

CONFIRMED = ("确认锁定定案", "确认解锁更正", "确认通报")  # in the log: an act was written, with its digest
LIFE = (LedgerAct.Kind.LOCK, LedgerAct.Kind.UNLOCK)


@dataclass(frozen=True)
class Finding:
    county: str
    year: int | None
    about: str  # chain, act, state, figures or file
    sentence: str


@dataclass
class Report:
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what has moved on without touching what was settled
    acts: int = 0
    years: list[int] = field(default_factory=list)  # compared with their rows
    known: list[str] = field(default_factory=list)  # the acts that bear a digest that was asked for

    @property
    def sound(self) -> bool:
        return not self.findings


def verify(number: int | None = None, digest: str = "", *, files: bool = True) -> Report:
    """All counties' chains, and their settled years (the year `number` alone, if given) against rows and files; with `digest`
    also whether the one on a sealed annex is in a chain. Without `files` nothing is read from MEDIA_ROOT: whoever examines a
    backup has its files elsewhere, and compares them all."""
    report = Report()
    for county in Division.objects.filter(Q(ledger_acts__isnull=False) | Q(assessment_years__isnull=False)).distinct():
        acts = list(LedgerAct.objects.filter(county=county).select_related("year", "county").order_by("sequence"))
        report.acts += len(acts)
        report.findings += _chain(county, acts)
        for year in AssessmentYear.objects.filter(county=county).select_related("county").order_by("year"):
            if number in (None, year.year):
                report.findings += _state(year, [act for act in acts if act.year_id == year.pk])
                _figures(report, year, files)
    if digest:
        _look_up(report, digest)
    return report


def _chain(county: Division, acts: list[LedgerAct]) -> Iterator[Finding]:
    def finding(act: LedgerAct | None, sentence: str) -> Finding:
        return Finding(county.pk, act.year.year if act else None, "chain" if act is None else "act", sentence)

    before, expected = "", 1
    for act in acts:
        called = f"{county}第 {act.sequence} 条定案记录（{act}）"
        if act.sequence != expected:
            missing = f"第 {expected} 条" if act.sequence == expected + 1 else f"第 {expected} 至 {act.sequence - 1} 条"
            yield finding(None, f"{county}的定案记录不连续：缺{missing}")
        elif act.previous != before:
            yield finding(act, f"{called}：接不上前一条记录，前面的记录被改动、调换或删除过")
        for fault in act.faults():
            yield finding(act, f"{called}：{fault}")
        before, expected = act.digest, act.sequence + 1
    known = {act.digest for act in acts}
    for event in AuditEvent.objects.filter(county_code=county.pk, action__in=CONFIRMED).order_by("at", "pk"):
        if event.detail.get("digest") not in known:
            when = cn_date(timezone.localdate(event.at), "plain")
            yield finding(
                None, f"{county}：操作日志记着{when}{event.action}（摘要 {_short(event)}），定案记录里没有这一条"
            )
    proposed = set(YearProposal.objects.filter(act__in=acts).values_list("act", flat=True))
    for act in acts:
        if act.pk not in proposed:
            yield finding(act, f"{county}第 {act.sequence} 条定案记录（{act}）：找不到两个人办理它的提议")


def _short(event: AuditEvent) -> str:
    return str(event.detail.get("digest", ""))[:12]


def _state(year: AssessmentYear, acts: list[LedgerAct]) -> Iterator[Finding]:
    """Does the year's state agree with its acts: lock 1, unlock 1, lock 2 …, and locked if the last one locked it?"""

    def finding(sentence: str) -> Finding:
        return Finding(year.county_id, year.year, "state", f"{year.county}{year}：{sentence}")

    life = [act for act in acts if act.kind in LIFE]
    for position, act in enumerate(life):
        kind = LIFE[position % 2]
        if (act.kind, act.number) != (kind, position // 2 + 1):
            yield finding(f"锁定和解锁的先后不对，第 {position + 1} 条应是第 {position // 2 + 1} 次{kind.label}")
            break
    last = life[-1] if life else None
    locked = last is not None and last.kind == LedgerAct.Kind.LOCK
    if year.locked and not locked:
        yield finding(f"状态是“{year.get_status_display()}”，却没有锁定它的定案记录")
    standing = last.digest if locked else ""
    published = [act for act in acts if act.kind == LedgerAct.Kind.PUBLISH]
    for position, act in enumerate(published, start=1):
        if act.number != position:
            yield finding(f"通报和更正的编号不连续，第 {position} 份的编号是 {act.number}")
            break
    told = bool(published) and _told_of(published[-1]) == standing
    if year.status == year.Status.PUBLISHED and not told:
        yield finding("状态是“已通报”，却没有通报现在这次定案的记录")
    if told and standing and year.status != year.Status.PUBLISHED:
        yield finding(f"定案记录说已通报，状态却是“{year.get_status_display()}”")
    if locked and not year.locked:
        yield finding("定案记录说已锁定，状态却是“进行中”，没有解锁的记录")
    if locked and year.locked and year.locked_on != timezone.localdate(last.made_at):
        yield finding(f"锁定日期与定案记录不符：{timezone.localdate(last.made_at)} → {year.locked_on}")


def _told_of(act: LedgerAct) -> str:
    """The digest of the lock that a publication is of; "" where its content cannot be read, which the chain has said."""
    try:
        return act.content["of"]
    except (ValueError, KeyError, TypeError):
        return ""


def _figures(report: Report, year: AssessmentYear, files: bool) -> None:
    """A settled year against its rows as they are now, and the files on disk against their digests."""
    act = year.standing_act() if year.locked else None
    if act is None:
        return
    report.years.append(year.year)
    try:
        content = act.content
        frozen, beside = content["figures"], content["noted"]
        if content["figures_digest"] != chain.digest(chain.canonical(frozen)):
            raise ValueError
        found = differences(frozen, _plain(figures(year)))
    except (ValueError, KeyError, TypeError, AttributeError):  # the chain's findings have said that it was altered
        found = ["定案记录的内容读不出来，无法与现有记录比较"]
    else:
        now = _plain(noted(YearFigures(year, recompute=True)))
        for name, words in (
            ("rostered", "名册人数"),
            ("coverage", "机构覆盖"),
            ("staffing", "人员配备"),
            ("ratios", "比率"),
        ):
            if beside[name] != now[name]:
                report.notes.append(f"{year.county}{year}：{words}在定案以后有变化，页面显示定案时的，不影响完成情况")
    report.findings += [
        Finding(year.county_id, year.year, "figures", f"{year.county}{year}：{sentence}") for sentence in found
    ]
    report.findings += _sheets(year)
    if files:
        report.findings += _files(year)
        report.findings += _papers(year)


def _files(year: AssessmentYear) -> Iterator[Finding]:
    rows = Evidence.objects.filter(
        session__organiser__county=year.county_id, session__held_on__range=(year.first_day, year.last_day)
    ).exclude(Q(file="") | Q(session__status__in=[Status.VOID, Status.CANCELLED]))
    for evidence in rows.select_related("session").order_by("session__number", "pk").iterator():
        called = f"{year.county}{year}：场次 {evidence.session.number} 的佐证材料（{evidence.get_kind_display()}）"
        try:
            with evidence.file.storage.open(evidence.file.name) as stored:
                found = hashlib.file_digest(stored, "sha256").hexdigest()
        except OSError:
            yield Finding(year.county_id, year.year, "file", f"{called}在磁盘上找不到")
            continue
        if found != evidence.sha256_stored:
            short = f"{evidence.sha256_stored[:12]} → {found[:12]}"
            yield Finding(year.county_id, year.year, "file", f"{called}与登记的摘要不符：{short}")


def _sheets(year: AssessmentYear) -> Iterator[Finding]:
    """The figures of the stamped sheets against the digest that is printed on them."""
    for sheet in Confirmation.objects.filter(year=year).select_related("unit").order_by("pk"):
        if chain.digest(sheet.figures) != sheet.digest:
            words = f"{year.county}{sheet}：保存的数字与摘要不符，以盖章的纸件为准"
            yield Finding(year.county_id, year.year, "file", words)


def _papers(year: AssessmentYear) -> Iterator[Finding]:
    """The stamped sheets, sign-offs and evidence of objections: are they there, and are they what was stored?"""
    sheets = Confirmation.objects.filter(year=year).select_related("scan", "unit").order_by("pk")
    found = [(f"{sheet}的扫描件", sheet.scan) for sheet in sheets]
    signed = SignOff.objects.filter(act__year=year).select_related("scan", "act__year").order_by("pk")
    found += [(f"{row}（{row.signer}）", row.scan) for row in signed]
    files = ObjectionFile.objects.filter(objection__year=year).select_related("file", "objection__year").order_by("pk")
    found += [(f"{row.objection}的佐证", row.file) for row in files]
    for called, attached in found:
        try:
            with attached.file.storage.open(attached.file.name) as stored:
                digest = hashlib.file_digest(stored, "sha256").hexdigest()
        except OSError:
            yield Finding(year.county_id, year.year, "file", f"{year.county}{called}在磁盘上找不到")
            continue
        if attached.sha256_stored not in ("", digest):
            short = f"{attached.sha256_stored[:12]} → {digest[:12]}"
            yield Finding(year.county_id, year.year, "file", f"{year.county}{called}与登记的摘要不符：{short}")


def _plain(content: dict) -> dict:
    """As it would be read back from an act."""
    return json.loads(chain.canonical(content))


def _look_up(report: Report, digest: str) -> None:
    """The digest as it stands on the annex, with or without the spaces between its groups."""
    asked = "".join(digest.split()).lower()
    whole = len(asked) == 64 and not set(asked) - set("0123456789abcdef")
    if whole:
        for act in LedgerAct.objects.select_related("year", "county"):
            if act.digest == asked:
                day = cn_date(timezone.localdate(act.made_at), "plain")
                report.known.append(f"{act.county}第 {act.sequence} 条定案记录：{act}，{day}")
    if not report.known:
        why = (
            "不在任何一条定案记录里：记录被改动或删去过，或者摘要抄错了"
            if whole
            else "不是完整的摘要，应是 64 位 0—9、a—f"
        )
        report.findings.append(Finding("", None, "chain", f"摘要 {chain.in_groups(asked[:64])} {why}"))
