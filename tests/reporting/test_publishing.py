"""Feedback and publication: a window in which units object, answers by another person, what is published by two, and 更正."""

import datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks import uploads
from networks.models import AuditEvent
from reporting.closing import checklist
from reporting.confirming import Sheets
from reporting.ledger import verify
from reporting.models import (
    AssessmentYear,
    Confirmation,
    LedgerAct,
    Objection,
    ObjectionFile,
    QuotaAdjustment,
    SignOff,
    YearProposal,
)
from reporting.publication import candidates, content_of, published
from tests.reporting.test_confirmations import picture, refused
from tests.site_map import has_typed_password
from trainings.models import Feedback, TrainingSession

from ..conftest import stands

LOCKED = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)
UNTIL = datetime.date(2026, 1, 25)
CLOSED = datetime.datetime(2026, 1, 26, 2, tzinfo=datetime.UTC)
DAY = datetime.date(2025, 3, 5)


@pytest.fixture
def clock():
    with time_machine.travel(LOCKED, tick=False) as traveller:
        yield traveller


@stands
def locked(world):
    """白山镇 has met both halves by June, 古零镇 has 1 session of 395, the two departments nothing; locked."""
    with time_machine.travel(LOCKED, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2025)
        year.commend_met_by = datetime.date(2025, 9, 30)
        year.save()
        for month, heads in enumerate((120, 110, 100, 90), start=3):
            world.session(status="verified", held_on=datetime.date(2025, month, 5), reported=heads)
        world.session(world.theirs, status="verified", held_on=DAY, reported=395)
        world.lock(year)
        return year


@pytest.fixture
def y2025(locked, clock):
    return locked


@pytest.fixture
def previewed(world, y2025):
    y2025.preview(world.bureau, UNTIL)
    return y2025


def file(world, year, unit=None, actor=None, about="人次少了", session=None, files=()):
    with uploads.atomic():
        return Objection.file(
            year,
            unit or world.ours,
            actor=actor or world.town,
            about=about,
            wanted="按签到表更正",
            session=session,
            files=[uploads.prepare(one) for one in files],
        )


def publish(world, year, clock=None, chosen=None, reason=""):
    if clock:
        clock.move_to(CLOSED)
    proposal = year.propose_publication(world.bureau, chosen or {}, reason)
    act = proposal.confirm(world.bureau2)
    year.refresh_from_db()
    return act


# --- the window -------------------------------------------------------------------------------------------


def test_the_office_opens_the_window_once_the_year_is_locked(world, y2025):
    refused(lambda: y2025.preview(world.town, UNTIL), kind=PermissionDenied)
    refused(lambda: y2025.preview(world.auditor, UNTIL), kind=PermissionDenied)
    refused(lambda: y2025.preview(world.foreign_bureau, UNTIL), kind=PermissionDenied)
    refused(lambda: y2025.preview(world.bureau, datetime.date(2026, 1, 15)), "最早是明天")
    refused(lambda: y2025.preview(world.bureau, datetime.date(2026, 9, 1)), "九十天以后")
    refused(lambda: world.assessment_year.preview(world.bureau, UNTIL), "不能进入反馈期")
    y2025.preview(world.bureau, UNTIL)
    assert (y2025.status, y2025.objections_until, y2025.takes_objections) == ("previewed", UNTIL, True)
    assert AuditEvent.objects.filter(action="进入反馈期").get().detail == {"year": 2025, "until": "2026-01-25"}


def test_the_window_is_made_longer_and_never_shorter(world, previewed):
    refused(lambda: previewed.preview(world.bureau, UNTIL), "只能延长")
    previewed.preview(world.bureau, UNTIL + datetime.timedelta(days=3))
    stored = AssessmentYear.objects.get(pk=previewed.pk)
    assert (stored.status, stored.objections_until) == ("previewed", datetime.date(2026, 1, 28))
    assert verify().findings == []


def test_the_window_ends_with_its_last_day_in_shanghai(world, previewed, clock):
    clock.move_to(datetime.datetime(2026, 1, 25, 15, 59, tzinfo=datetime.UTC))
    assert file(world, previewed).number == 1
    clock.move_to(datetime.datetime(2026, 1, 25, 16, 0, tzinfo=datetime.UTC))
    refused(lambda: file(world, previewed, about="另一个"), "已经结束")


# --- objections -------------------------------------------------------------------------------------------


def test_an_objection_and_its_answer_are_both_kept_and_never_change(world, previewed):
    session = TrainingSession.objects.get(organiser=world.theirs)
    row = file(world, previewed, world.theirs, world.town2, session=session, files=[picture(), picture(20)])
    assert (str(row), row.status, row.act.number, row.files.count()) == ("2025年度复核申请第 1 号", "sent", 1, 2)
    row.reply(world.bureau2, "partly", "签到表上是 395 人，另 5 人没有签名")
    row = Objection.objects.get()
    assert (row.status, row.answered_by, row.answer) == ("partly", world.bureau2, "签到表上是 395 人，另 5 人没有签名")
    for name, value in (("about", "x"), ("wanted", "x"), ("number", 7), ("answer", "x"), ("status", "declined")):
        changed = Objection.objects.get()
        setattr(changed, name, value)
        refused(changed.save, "不能改动")
    refused(row.delete, "不能删除")
    refused(lambda: row.reply(world.bureau2, "declined", "再想想"), "不用再办")
    refused(lambda: row.withdraw(world.town2), "不用再办")
    told = AuditEvent.objects.filter(subject="objection").order_by("pk").values_list("action", "actor_name")
    assert list(told) == [("提出复核申请", "town2"), ("答复复核申请", "bureau2")]


def test_whoever_verified_the_session_does_not_judge_the_objection(world, previewed):
    session = TrainingSession.objects.get(organiser=world.theirs)
    assert session.verified_by == world.bureau
    row = file(world, previewed, world.theirs, world.town2, session=session)
    refused(lambda: row.reply(world.bureau, "declined", "对的"), "这一场是您核定的", PermissionDenied)
    row.reply(world.bureau2, "declined", "与签到表一致")


@pytest.mark.parametrize("who", ["town2", "head", "centre", "leader", "auditor", "bureau", "foreign_town"])
def test_only_the_unit_itself_objects(world, previewed, who):
    refused(lambda: file(world, previewed, actor=world.users[who]), kind=PermissionDenied)
    assert not Objection.objects.exists()


@pytest.mark.parametrize("who", ["town", "town2", "head", "centre", "leader", "auditor", "foreign_bureau"])
def test_only_the_office_answers(world, previewed, who):
    row = file(world, previewed)
    refused(lambda: row.reply(world.users[who], "upheld", "好"), kind=PermissionDenied)


def test_an_objection_is_taken_back_before_it_is_answered_and_filed_anew(world, previewed):
    row = file(world, previewed)
    refused(lambda: file(world, previewed), "同样的复核申请")
    refused(lambda: row.withdraw(world.town2), kind=PermissionDenied)
    row.withdraw(world.town)
    refused(lambda: row.reply(world.bureau, "upheld", "好"), "已收回")
    assert file(world, previewed).number == 2


def test_no_objection_before_the_window_or_without_words(world, y2025):
    refused(lambda: file(world, y2025), "反馈期内才能提出")
    y2025.preview(world.bureau, UNTIL)
    refused(lambda: file(world, y2025, about="  "), "请写明")
    row = file(world, y2025)
    refused(lambda: row.reply(world.bureau, "upheld", " "), "请写明答复的理由")
    refused(lambda: row.reply(world.bureau, "sent", "好"), "请选择")
    refused(lambda: file(world, y2025, about="四份", files=[picture(n) for n in range(4)]), "最多 3 份")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"status": "lost"}, "objection_"),  # two rules forbid it; each engine names the one it asks first
        ({"about": ""}, "objection_says_what"),
        ({"status": "upheld"}, "objection_answered_why_and_by_whom"),
        ({"answer": "好"}, "objection_answered_why_and_by_whom"),
        ({"status": "upheld", "answer": "好", "answered_at": LOCKED, "answered_by": "town"}, "answered_by_another"),
        ({"status": "withdrawn"}, "objection_withdrawn_when"),
    ],
)
def test_the_database_holds_the_rules_of_objections(world, previewed, changes, name):
    row = file(world, previewed)
    if "answered_by" in changes:
        changes = changes | {"answered_by": world.users[changes["answered_by"]]}
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Objection.objects.filter(pk=row.pk).update(**changes)
    assert name in str(broken.value)


def test_the_database_holds_the_rules_of_the_year(world, y2025):
    for changes, name in (
        ({"status": "previewed"}, "previewed_until_a_day"),
        ({"spur_below": 0}, "criteria_are_percentages"),
        ({"commend_satisfaction": 101}, "criteria_are_percentages"),
    ):
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            AssessmentYear.objects.filter(pk=y2025.pk).update(**changes)
        assert name in str(broken.value)


# --- criteria ---------------------------------------------------------------------------------------------


def test_whoever_meets_the_criteria_may_be_commended_and_nobody_is_ranked(world, y2025):
    found = {one.code: one for one in candidates(y2025)}
    assert list(found) == ["450124100", "450124103", "jyj", "wxgtj"]
    assert (found["450124100"].eligible, found["450124100"].met_on) == (True, datetime.date(2025, 6, 5))
    assert found["450124103"].lacks == ["没有完成年度任务"]
    content, _ = content_of(y2025, {})
    assert content["commended"] == [] and [one["code"] for one in content["met"]] == ["450124100"]
    assert [one["code"] for one in content["spurred"]] == ["450124103", "jyj", "wxgtj"]
    assert content["spurred"][0]["short"] == (3, 5)


@pytest.mark.parametrize(
    ("field", "value", "lacks"),
    [
        ("commend_met_by", datetime.date(2025, 6, 4), ["到2025年6月5日才完成两项"]),
        ("commend_met_by", datetime.date(2025, 6, 5), []),
        ("commend_sessions", 5, ["只有 4 场"]),
        ("commend_attendances", 421, ["只有 420 人次"]),
        ("commend_satisfaction", 80, ["满意率无法计算：评价不足五份"]),
    ],
)
def test_each_criterion_says_what_a_unit_lacks(world, y2025, field, value, lacks):
    world.unlock(y2025)
    setattr(y2025, field, value)
    y2025.save()
    world.lock(y2025)
    assert candidates(y2025)[0].lacks == lacks


def test_a_unit_that_had_no_task_is_not_commended_for_having_done_it(world, y2025):
    world.unlock(y2025)
    QuotaAdjustment.objects.create(year=y2025, unit=world.jyj, sessions=0, attendances=0, reason="牵头全县工作")
    world.lock(y2025)
    found = {one.code: one for one in candidates(y2025)}
    assert found["jyj"].lacks == ["本年度没有任务"] and found["450124100"].lacks == []


def test_satisfaction_is_of_the_units_own_sessions(world, y2025):
    world.unlock(y2025)
    y2025.commend_satisfaction = 80
    y2025.save()
    world.lock(y2025)
    session = TrainingSession.objects.filter(organiser=world.ours).first()
    for said in ("satisfied", "satisfied", "fairly", "satisfied", "unsatisfied"):
        Feedback.objects.create(session=session, satisfaction=said, given_on=DAY)
    assert candidates(y2025)[0].lacks == []
    Feedback.objects.create(session=session, satisfaction="unsatisfied", given_on=DAY)
    assert candidates(y2025)[0].lacks == ["满意率 66.6%"]


def test_who_is_spurred_follows_the_years_percentage(world, y2025):
    world.unlock(y2025)
    y2025.spur_below = 25
    y2025.save()
    world.lock(y2025)
    content, _ = content_of(y2025, {})  # 古零镇 has a quarter of the sessions
    assert [one["code"] for one in content["spurred"]] == ["jyj", "wxgtj"]
    assert content["criteria"]["spur"] == "场次、人次有一项低于任务的 25%"


# --- publication ------------------------------------------------------------------------------------------


def test_nothing_is_published_before_the_window_is_over_and_every_objection_answered(world, y2025, clock):
    refused(lambda: y2025.propose_publication(world.bureau, {}), "还没有进入反馈期")
    y2025.preview(world.bureau, UNTIL)
    row = file(world, y2025)
    refused(lambda: y2025.propose_publication(world.bureau, {}), "还没有结束；还有 1 份复核申请没有答复")
    clock.move_to(CLOSED)
    refused(lambda: y2025.propose_publication(world.bureau, {}), "^还有 1 份复核申请没有答复$")
    row.reply(world.bureau, "declined", "与签到表一致")
    assert publish(world, y2025).number == 1


def test_ac_5_one_person_proposes_the_publication_and_another_confirms(world, previewed, clock):
    clock.move_to(CLOSED)
    refused(lambda: previewed.propose_publication(world.town, {}), kind=PermissionDenied)
    proposal = previewed.propose_publication(world.bureau, {"450124100": "按季度均衡开展"})
    refused(lambda: proposal.confirm(world.bureau), "须由另一位工作人员", PermissionDenied)
    assert published(previewed) is None
    act = proposal.confirm(world.director)
    stored = AssessmentYear.objects.get(pk=previewed.pk)
    assert (stored.status, act.kind, act.number, str(act)) == ("published", "publish", 1, "2025年度通报")
    one = published(stored)
    assert one.content["commended"] == [{"code": "450124100", "name": "白山镇人民政府", "reason": "按季度均衡开展"}]
    assert (one.correction, one.changes, one.content["of"]) == (0, None, stored.standing_act().digest)
    report = verify()
    assert (report.findings, report.acts) == ([], 2)


def test_only_units_that_meet_the_criteria_are_commended_and_with_a_reason(world, previewed, clock):
    clock.move_to(CLOSED)
    for chosen, words in (
        ({"450124103": "好"}, "不符合表扬的条件：没有完成年度任务"),
        ({"lgj": "好"}, "不在这一年的责任单位里"),
        ({"450124100": " "}, "请写明表扬白山镇人民政府的理由"),
        ({"450124100": "好" * 121}, "不要超过 120 个字"),
        ({"450124100": "帮助戒毒人员就业"}, "不能出现“戒毒人员”"),
    ):
        refused(lambda chosen=chosen: previewed.propose_publication(world.bureau, chosen), words)
    assert not YearProposal.objects.filter(kind="publish").exists()


def test_a_correction_keeps_the_old_and_shows_old_and_new_side_by_side(world, previewed, clock):
    publish(world, previewed, clock, {"450124100": "按季度均衡开展"})
    world.unlock(previewed, reason="古零镇漏记三场")
    for _ in range(3):
        world.session(world.theirs, status="verified", held_on=DAY, reported=10)
    world.lock(previewed)
    refused(lambda: previewed.propose_publication(world.bureau, {}), "请写明更正的原因")
    act = publish(world, previewed, chosen={"450124100": "按季度均衡开展"}, reason="古零镇漏记三场")
    assert (act.number, str(act), act.reason) == (2, "2025年度更正第 1 号", "古零镇漏记三场")
    one = published(previewed)
    assert one.correction == 1 and one.content["lock"] == 2
    assert one.changes["units"] == [
        {
            "code": "450124103",
            "name": "古零镇人民政府",
            "old": {"verified": [1, 395], "required": [4, 400], "met": False},
            "new": {"verified": [4, 425], "required": [4, 400], "met": True},
        }
    ]
    assert (one.changes["credited"], one.changes["met"]) == ([[5, 815], [8, 845]], [1, 2])
    assert one.lists == [
        ("已完成任务的单位", ["古零镇人民政府"], []),
        ("未完成任务单位（督促整改）", [], ["古零镇人民政府"]),
    ]
    kinds = list(LedgerAct.objects.order_by("sequence").values_list("kind", "number"))
    assert kinds == [("lock", 1), ("publish", 1), ("unlock", 1), ("lock", 2), ("publish", 2)]
    assert verify().findings == []


def test_what_would_be_published_must_be_what_was_proposed(world, previewed, clock):
    clock.move_to(CLOSED)
    proposal = previewed.propose_publication(world.bureau, {})
    YearProposal.objects.filter(pk=proposal.pk).update(choices='{"450124100": "另写的理由"}')
    refused(lambda: YearProposal.objects.get(pk=proposal.pk).confirm(world.bureau2), "有了变化")


def test_au_2_a_published_year_without_its_act_is_found(world, previewed, clock):
    publish(world, previewed, clock)
    AssessmentYear.objects.filter(pk=previewed.pk).update(status="locked")
    assert [f.sentence for f in verify().findings] == ["马山县2025年度：定案记录说已通报，状态却是“锁定定案”"]
    AssessmentYear.objects.filter(pk=previewed.pk).update(status="published")
    world.unlock(previewed)
    world.lock(previewed)
    AssessmentYear.objects.filter(pk=previewed.pk).update(status="published")
    assert [f.sentence for f in verify().findings] == ["马山县2025年度：状态是“已通报”，却没有通报现在这次定案的记录"]


# --- 签批件 -----------------------------------------------------------------------------------------------


def test_a_sign_off_is_recorded_with_signer_date_and_scan_and_cancelled_with_a_reason(world, y2025):
    act = y2025.standing_act()

    def record(actor=world.bureau, signed_on=datetime.date(2026, 1, 15), signer="副县长 韦某某"):
        with uploads.atomic():
            return SignOff.record(
                act, actor=actor, signer=signer, signed_on=signed_on, scan=uploads.prepare(picture()), words="同意"
            )

    refused(lambda: record(world.town), kind=PermissionDenied)
    refused(lambda: record(world.leader), kind=PermissionDenied)
    refused(lambda: record(signed_on=datetime.date(2026, 1, 14)), "签批日期")
    refused(lambda: record(signed_on=datetime.date(2026, 1, 16)), "签批日期")
    row = record()
    refused(record, "已经登记过")
    refused(lambda: row.cancel(world.bureau, " "), "请写明作废的原因")
    row.cancel(world.bureau, "登记成另一份")
    assert record().pk != row.pk and SignOff.objects.count() == 2
    row.cancelled_why = "并不是"
    refused(row.save, "不能改动")
    told = AuditEvent.objects.filter(subject="signoff").order_by("pk").values_list("action", flat=True)
    assert list(told) == ["登记签批件", "作废签批件", "登记签批件"]
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOff.objects.filter(pk=row.pk).update(cancelled_why="")
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOff.objects.filter(pk=row.pk).update(signer="")


def test_au_2_a_paper_that_was_exchanged_or_lost_is_found(world, y2025):
    act = y2025.standing_act()
    pdf = SimpleUploadedFile("签批件.pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    with uploads.atomic():
        row = SignOff.record(
            act, actor=world.bureau, signer="副县长", signed_on=datetime.date(2026, 1, 15), scan=uploads.prepare(pdf)
        )
        code = Sheets(y2025).of(world.ours, 0).code
        day = datetime.date(2026, 1, 10)
        sheet = Confirmation.receive(
            y2025, world.ours, 0, actor=world.town, code=code, filled_on=day, scan=uploads.prepare(picture())
        )
    assert verify().findings == []
    with row.scan.file.storage.open(row.scan.file.name, "wb") as stored:
        stored.write(b"%PDF-1.4 another")
    sheet.scan.file.storage.delete(sheet.scan.file.name)
    Confirmation.objects.filter(pk=sheet.pk).update(figures='{"counted":[9,900]}')
    told = [finding.sentence for finding in verify().findings]
    name = f"马山县{world.ours}2025年度全年确认表"
    assert told[0] == f"{name}：保存的数字与摘要不符，以盖章的纸件为准"
    assert told[1] == f"{name}的扫描件在磁盘上找不到"
    assert told[2].startswith("马山县2025年度第 1 次锁定定案签批件（副县长）与登记的摘要不符：") and len(told) == 3


def test_au_2_a_photo_of_a_stamped_sheet_that_was_exchanged_is_found(world, y2025):
    with uploads.atomic():
        sheet = Confirmation.receive(
            y2025,
            world.ours,
            0,
            actor=world.town,
            code=Sheets(y2025).of(world.ours, 0).code,
            filled_on=datetime.date(2026, 1, 10),
            scan=uploads.prepare(picture()),
        )
    assert verify().findings == []
    with sheet.scan.file.storage.open(sheet.scan.file.name, "wb") as stored:
        stored.write(b"\xff\xd8\xff another")
    [finding] = verify().findings
    assert finding.sentence.startswith(f"马山县{world.ours}2025年度全年确认表的扫描件与登记的摘要不符：")


# --- pages ------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(client, settings):
    """As somebody who has just typed the password."""
    settings.STEP_UP_LASTS = 10**9

    def send(user, name, data=None, method="get", args=(2025,)):
        client.force_login(user)
        has_typed_password(client)
        return getattr(client, method)(reverse(name, args=args), data)

    return send


def test_the_road_from_the_window_to_the_correction_on_the_pages(world, y2025, clock, ask):
    assert ask(world.bureau, "year-preview", {"until": "2026-01-25"}, "post").status_code == 302
    own = ask(world.town2, "assessment-unit", args=(2025, world.theirs.code)).content.decode()
    assert "反馈期到2026年1月25日（周日）" in own and "提出复核申请" in own
    number = TrainingSession.objects.get(organiser=world.theirs).number
    data = {"session": number, "about": "少了五人", "wanted": "改为 400", "file1": picture()}
    assert ask(world.town2, "objection-new", data, "post").status_code == 302
    row = Objection.objects.get()
    assert (row.unit, row.session.number, row.files.count()) == (world.theirs, number, 1)
    assert "少了五人" in ask(world.bureau2, "objections").content.decode()
    assert "少了五人" not in ask(world.town, "objections").content.decode()
    assert ask(world.town, "objection", args=(2025, 1)).status_code == 404
    assert ask(world.bureau, "objection", {"act": "answer"}, "post", (2025, 1)).status_code == 403
    told = ask(world.bureau2, "objection", {"act": "answer"}, "post", (2025, 1)).content.decode()
    numbered = {"act": "answer", "status": "declined", "answer": "请问 13800138000"}
    assert "不写个人手机号码" in ask(world.bureau2, "objection", numbered, "post", (2025, 1)).content.decode()
    assert "请选择结论" in told and "请写明答复的理由" in told
    answer = {"act": "answer", "status": "declined", "answer": "签到表是 395"}
    assert ask(world.bureau2, "objection", answer, "post", (2025, 1)).status_code == 302
    assert "签到表是 395" in ask(world.town2, "objection", args=(2025, 1)).content.decode()
    evidence = ask(world.town2, "objection-file", args=(2025, 1, ObjectionFile.objects.get().pk))
    assert evidence["Content-Disposition"].startswith('attachment; filename="objection-2025-1-')
    clock.move_to(CLOSED)
    shown = ask(world.bureau, "year-publish").content.decode()
    assert "白山镇人民政府" in shown and "没有完成年度任务" in shown
    digest = y2025.standing_act().digest
    missing = {"of": digest, "commend_450124100": "on"}
    assert "请写明表扬白山镇人民政府的理由" in ask(world.bureau, "year-publish", missing, "post").content.decode()
    assert "定案有了变化" in ask(world.bureau, "year-publish", {"of": "x"}, "post").content.decode()
    chosen = missing | {"reason_450124100": "按季度均衡开展"}
    assert ask(world.bureau, "year-publish", chosen, "post").status_code == 302
    assert "按季度均衡开展" in ask(world.bureau2, "year-decide").content.decode()
    decision = {"act": "confirm", "proposal": YearProposal.objects.get(status="open").pk}
    assert ask(world.bureau2, "year-decide", decision, "post").status_code == 302
    seen = ask(world.unit, "published").content.decode()
    assert "按季度均衡开展" in seen and "差 3 场 5 人次" in seen


def test_a_correction_begins_with_whom_the_office_commended_before_and_says_who_no_longer_may_be(
    world, previewed, clock, ask
):
    publish(world, previewed, clock, {"450124100": "按季度均衡开展"})
    world.unlock(previewed, reason="核对")
    world.lock(previewed)
    form = ask(world.bureau, "year-publish").context["form"]
    assert (form["commend_450124100"].value(), form["reason_450124100"].value()) == (True, "按季度均衡开展")
    sent = {
        "of": previewed.standing_act().digest,
        "commend_450124100": "on",
        "reason_450124100": "换一个理由",
        "reason": "核对以后没有变化",
    }
    assert ask(world.bureau, "year-publish", sent, "post").status_code == 302
    YearProposal.objects.get(status="open").confirm(world.bureau2)
    assert [one["reason"] for one in published(previewed).content["commended"]] == ["换一个理由"]
    world.unlock(previewed, reason="白山镇一场不实")
    TrainingSession.objects.filter(organiser=world.ours).first().revoke(actor=world.bureau2, reason="figure")
    world.lock(previewed)
    shown = ask(world.bureau, "year-publish").content.decode()
    assert "上一次表扬的，现在不符合条件" in shown and 'name="commend_450124100"' not in shown


def test_the_criteria_are_stated_before_the_lock_with_the_way_to_change_them(world, clock, ask):
    year = AssessmentYear.objects.open_year(world.county, 2025)
    year.spur_below, year.commend_sessions = 80, 6
    year.save()
    [item] = [item for item in checklist(year) if item.what == "表扬和督促整改的条件"]
    assert item.words == (
        "表扬：完成年度任务（场次、人次两项）；全年不少于 6 场。督促整改：场次、人次有一项低于任务的 80%。锁定以后不能再改"
    )
    assert ask(world.bureau, "year-close").content.decode().count(item.url) == 1
    assert (
        'name="spur_below"'
        in ask(world.bureau, "admin:reporting_assessmentyear_change", args=(year.pk,)).content.decode()
    )
    rules = ask(world.leader, "assessment-rules").content.decode()
    assert "场次、人次有一项低于任务的 80%的单位列入" in rules and "没有另外的豁免" in rules


def test_units_see_nothing_of_each_other_before_it_is_published(world, previewed, ask):
    file(world, previewed, world.theirs, world.town2, about="古零镇的异议")
    for name in ("objections", "published", "confirmations-now"):
        answer = ask(world.town, name)
        told = ask(world.town, "confirmations", args=(2025, 0)) if name == "confirmations-now" else answer
        assert "古零镇" not in told.content.decode()
    refused_pages = [ask(world.town, "year-close"), ask(world.town, "year-publish"), ask(world.town, "year-preview")]
    assert [answer.status_code for answer in refused_pages] == [403, 403, 403]
    assert ask(world.leader, "objections").status_code == 403


@pytest.mark.parametrize("name", ["objections", "published", "year-close"])
def test_lists_ask_as_often_for_30_objections_as_for_3(world, previewed, ask, name):
    def add(count):
        for number in range(count):
            file(world, previewed, about=f"第 {Objection.objects.count() + number} 处").reply(
                world.bureau, "declined", "对的"
            )

    add(3)
    ask(world.bureau, name)
    with CaptureQueriesContext(connection) as few:
        ask(world.bureau, name)
    add(27)
    with CaptureQueriesContext(connection) as many:
        ask(world.bureau, name)
    assert len(few) == len(many)
