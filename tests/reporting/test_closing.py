"""锁定定案 on the screen: the checklist, a proposal, another person's yes or no, the acts, and the annex to be sealed."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from networks import uploads
from networks.models import AnnualFigure
from networks.templatetags.page import cn_date
from reporting import chain
from reporting.closing import checklist
from reporting.models import AssessmentYear, Call, CallSample, LateEntry, LedgerAct, Objection, YearProposal
from tests.site_map import has_typed_password
from trainings.models import CoOrganiser, Evidence, ImportBatch, TrainingSession

DAY = datetime.date(2025, 3, 5)


@pytest.fixture
def y2025(world):
    return AssessmentYear.objects.open_year(world.county, 2025)


@pytest.fixture
def ask(client, settings):
    """As somebody who has just typed the password."""
    settings.STEP_UP_LASTS = 10**9

    def send(user, name, data=None, method="get", args=(2025,)):
        client.force_login(user)
        has_typed_password(client)
        return getattr(client, method)(reverse(name, args=args), data)

    return send


def of(year, what):
    [item] = [item for item in checklist(year) if item.what == what]
    return (item.state, item.words, item.url)


# --- the checklist ---------------------------------------------------------------------------------------


def test_the_checklist_names_what_waits_first_and_leads_to_it(world, y2025):
    assert of(y2025, "待审核的场次") == ("done", "都已核定或退回", "")
    for status in ("submitted", "submitted", "returned", "draft", "planned", "verified"):
        world.session(status=status, held_on=DAY)
    world.session(world.foreign, status="submitted", held_on=DAY)
    world.session(status="submitted", held_on=datetime.date(2024, 3, 5))
    assert checklist(y2025)[0].what == "待审核的场次"
    assert of(y2025, "待审核的场次") == (
        "open",
        "还有 2 场没有核定或退回；锁定以后它们不计入，列为“年度已锁定未核定”",
        "/review/?year=2025",
    )
    assert of(y2025, "退回修改的场次") == (
        "open",
        "还有 1 场退给了单位，没有重新提交",
        "/review/?tab=returned&year=2025",
    )
    assert of(y2025, "没有提交的草稿和计划")[:2] == ("known", "各单位还有 2 场没有提交；锁定以后不能再提交")


def test_the_checklist_asks_for_evidence_where_the_year_does(world, y2025):
    shown = world.session(status="submitted", held_on=DAY)
    Evidence.objects.create(session=shown, kind="report", link="https://x.cn/", uploaded_by=world.town)
    shown.verify(actor=world.bureau, attendance=50)
    assert of(y2025, "佐证材料") == ("done", "每场都有", "")
    world.session(status="verified", held_on=DAY)
    assert of(y2025, "佐证材料")[:2] == ("known", "有 1 场已核定、没有佐证材料")
    y2025.evidence_required = True
    y2025.save()
    assert of(y2025, "佐证材料")[:2] == ("open", "有 1 场已核定、没有佐证材料；本年度要求至少一种")


def test_the_checklist_counts_hints_and_calls_that_nobody_has_answered(world, y2025):
    assert of(y2025, "核查提示")[0] == of(y2025, "电话回访")[0] == "done"
    row = world.session(status="verified", held_on=DAY, minutes=None)
    sample = CallSample.objects.create(
        county=world.county, year=2025, seed="s", size=1, frame=[row.number], frame_digest="d", drawn_by=world.bureau
    )
    Call.objects.create(sample=sample, session=row, position=1)
    assert of(y2025, "核查提示")[:2] == ("open", "有 1 场的核查提示还没有记下核查情况")
    assert of(y2025, "电话回访") == ("open", "还有 1 场抽中了没有回访", "/review/calls/")


def test_the_checklist_says_which_part_of_a_rate_is_missing(world, y2025):
    assert of(y2025, "参与率")[1] == "无法计算：没有2025年的年度参与人数；没有2025年的常住人口，也没有户籍人口"
    AnnualFigure.objects.create(
        division=world.county, year=2025, kind="participants", value=200, source="统计", method="逐户登记"
    )
    assert of(y2025, "参与率")[1] == "无法计算：没有2025年的常住人口，也没有户籍人口"
    AnnualFigure.objects.create(
        division=world.county, year=2025, kind="population", basis="resident", value=1000, source="统计"
    )
    assert of(y2025, "参与率")[:2] == ("done", "20.0%")


def test_the_checklist_counts_what_waits_about_late_entry(world, y2025):
    y2025.reporting_until, y2025.late_until = datetime.date(2025, 12, 31), None
    y2025.save()
    assert of(y2025, "补报申请") == ("done", "没有待审批的", "")
    assert not [item for item in checklist(y2025) if item.what in {"填报日期", "已同意的补报"}]
    row = LateEntry.ask(year=y2025, unit=world.ours, reason="签到表才收齐", actor=world.town)
    LateEntry.ask(year=y2025, unit=world.theirs, reason="停电", actor=world.town2)
    url = "/assessment/2025/late/"
    assert of(y2025, "补报申请") == ("open", "还有 2 份没有审批；锁定以后不能再同意", url)
    until = timezone.localdate() + datetime.timedelta(days=3)
    row.approve(actor=world.bureau, until=until)
    assert of(y2025, "补报申请")[1].startswith("还有 1 份")
    words = f"1 个单位的补报还没有到期，最晚到{cn_date(until)}；锁定以后不能再提交"
    assert of(y2025, "已同意的补报") == ("open", words, url)


def test_the_checklist_counts_what_was_entered_on_behalf_and_not_confirmed(world, y2025):
    row = world.session(status="verified", held_on=DAY)
    assert of(y2025, "办公室代录的场次") == ("done", "单位都已确认", "")
    TrainingSession.objects.filter(pk=row.pk).update(on_behalf_source="phone")
    assert of(y2025, "办公室代录的场次")[:2] == ("known", "有 1 场已核定的是代录，单位还没有确认")


def test_the_checklist_counts_histories_that_wait_for_a_second_person(world, y2025):
    assert not [item for item in checklist(y2025) if item.what == "历史台账"]
    batch = {
        "county": world.county,
        "user": world.bureau,
        "original_name": "台账.xlsx",
        "sha256": "0",
        "historical": True,
    }
    ImportBatch.objects.create(year=2025, state="proposed", **batch)
    ImportBatch.objects.create(year=2024, state="proposed", **batch)
    assert of(y2025, "历史台账")[:2] == ("open", "有 1 份等第二人确认；锁定以后不能再办")


def test_the_checklist_of_a_correction_counts_objections_that_nobody_has_answered(world, y2025):
    assert not [item for item in checklist(y2025) if item.what == "复核申请"]
    world.session(status="verified", held_on=DAY)
    world.lock(y2025)
    y2025.preview(world.bureau, timezone.localdate() + datetime.timedelta(days=5))
    with uploads.atomic():
        row = Objection.file(y2025, world.ours, actor=world.town, about="少了", wanted="请更正")
    y2025.propose_unlock(world.bureau, "更正").confirm(world.bureau2)
    y2025.refresh_from_db()
    words = "还有 1 份没有答复；先答复，采纳的改好再锁定"
    assert of(y2025, "复核申请") == ("open", words, "/assessment/2025/objections/")
    row.reply(world.bureau2, "upheld", "已核对")
    assert of(y2025, "复核申请") == ("done", "都已答复", "")


def test_the_checklist_says_that_a_year_is_still_running(world):
    item = of(AssessmentYear.objects.open_year(world.county, timezone.localdate().year), "年度")
    assert item[0] == "open"
    assert "还没有结束" in item[1]


def test_the_checklist_counts_partners_that_have_not_confirmed_where_they_would_count(world, y2025):
    row = world.session(status="verified", held_on=DAY)
    CoOrganiser.objects.create(session=row, unit=world.theirs, name=world.theirs.name)
    assert not [item for item in checklist(y2025) if item.what == "协办单位的确认"]
    y2025.joint_credit = "each"
    y2025.save()
    assert of(y2025, "协办单位的确认")[:2] == ("known", "有 1 个协办单位没有确认，不计入它们的任务")


def test_ld_2_the_checklist_asks_the_same_whatever_there_is(world, y2025, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (3, 27):
        for _ in range(more):
            world.session(status="verified", held_on=DAY)
            world.session(status="submitted", held_on=DAY)
        with CaptureQueriesContext(connection) as asked:
            checklist(AssessmentYear.objects.get(pk=y2025.pk))
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- proposing and deciding ------------------------------------------------------------------------------


def test_two_people_lock_and_open_a_year_on_the_screen(world, y2025, ask):
    world.session(status="verified", held_on=DAY, reported=120)
    world.session(world.theirs, status="submitted", held_on=DAY)
    page = ask(world.bureau, "year-propose")
    assert "1 场、120 人次" in page.content.decode()
    sent = {"reason": "全部核定完毕", "seen": page.context["seen"]}
    assert ask(world.bureau, "year-propose", sent, "post").status_code == 302
    proposal = YearProposal.objects.get()
    own = ask(world.bureau, "year-decide").content.decode()
    assert "须由另一位工作人员在自己的账号下确认" in own
    assert 'value="confirm"' not in own
    assert 'value="withdraw"' in own
    assert "年度定案等另一人确认" in ask(world.bureau2, "desk", args=()).content.decode()
    page = ask(world.bureau2, "year-decide").content.decode()
    assert "全部核定完毕" in page
    assert 'value="confirm"' in page
    answer = ask(world.bureau2, "year-decide", {"proposal": proposal.pk, "act": "confirm"}, "post")
    assert answer["Location"] == "/assessment/2025/close/"
    act = LedgerAct.objects.get()
    page = ask(world.auditor, "year-close").content.decode()
    assert act.short in page
    assert "年度已锁定未核定" in page
    assert "提出解锁" not in page
    queue = ask(world.bureau2, "review-queue", {"tab": "locked"}, args=())
    assert queue.context["page_obj"].paginator.count == 1
    assert ask(world.bureau2, "review-queue", args=()).context["page_obj"].paginator.count == 0
    assert ask(world.bureau2, "desk", args=()).context["desk"].waiting == 0

    bare = ask(world.bureau2, "year-propose", {"reason": " ", "seen": act.digest}, "post").content.decode()
    assert "请写明解锁的原因" in bare
    assert ask(world.bureau2, "year-propose", {"reason": "漏一场", "seen": act.digest}, "post").status_code == 302
    proposal = YearProposal.objects.get(status="open")
    ask(world.bureau, "year-decide", {"proposal": proposal.pk, "act": "confirm"}, "post")
    assert AssessmentYear.objects.get(pk=y2025.pk).status == "open"
    page = ask(world.bureau, "year-close").content.decode()
    assert "第 1 次解锁更正" in page
    assert "漏一场" in page


def test_in_4_figures_that_moved_while_a_page_was_open_are_not_proposed_unseen(world, y2025, ask):
    seen = ask(world.bureau, "year-propose").context["seen"]
    world.session(status="verified", held_on=DAY, reported=120)
    answer = ask(world.bureau, "year-propose", {"reason": "都好了", "seen": seen}, "post")
    text = answer.content.decode()
    assert "您打开页面以后数字有了变化" in text
    assert "都好了" in text
    assert not YearProposal.objects.exists()
    assert ask(world.bureau, "year-propose", {"seen": answer.context["seen"]}, "post").status_code == 302


def test_in_4_a_proposal_whose_figures_moved_on_is_declined_with_a_reason(world, y2025, ask):
    y2025.propose_lock(world.bureau)
    proposal = YearProposal.objects.get()
    world.session(status="verified", held_on=DAY)
    page = ask(world.bureau2, "year-decide").content.decode()
    assert "提出以后数字有了变化" in page
    assert 'value="confirm"' not in page
    answer = ask(world.bureau2, "year-decide", {"proposal": proposal.pk, "act": "confirm", "note": "看过"}, "post")
    assert "提出以后数字有了变化" in answer.content.decode()
    assert "看过" in answer.content.decode()
    answer = ask(world.bureau2, "year-decide", {"proposal": proposal.pk, "act": "decline"}, "post")
    assert "请写明不同意的原因" in answer.content.decode()
    ask(world.bureau2, "year-decide", {"proposal": proposal.pk, "act": "decline", "note": "又核定了一场"}, "post")
    assert YearProposal.objects.get().note == "又核定了一场"
    assert "又核定了一场" in ask(world.bureau, "year-close").content.decode()


def test_in_4_an_answer_meant_for_another_proposal_does_nothing(world, y2025, ask):
    first = y2025.propose_lock(world.bureau)
    first.withdraw(world.bureau)
    y2025.propose_lock(world.bureau)
    for sent in (
        {"proposal": first.pk, "act": "confirm"},
        {"proposal": "x", "act": "confirm"},
        {},
        {"proposal": "9" * 30},
    ):
        assert "已经办理或收回" in ask(world.bureau2, "year-decide", sent, "post").content.decode()
    assert not LedgerAct.objects.exists()


def test_ac_5_the_proposer_cannot_confirm_by_a_request_of_their_own(world, y2025, ask):
    proposal = y2025.propose_lock(world.bureau)
    for act in ("confirm", "decline"):
        answer = ask(world.bureau, "year-decide", {"proposal": proposal.pk, "act": act, "note": "x"}, "post")
        assert answer.status_code == 403
    answer = ask(world.bureau2, "year-decide", {"proposal": proposal.pk, "act": "withdraw"}, "post")
    assert answer.status_code == 403
    assert YearProposal.objects.get().status == "open"


def test_id_4_the_password_is_asked_again_before_a_year_is_settled(world, y2025, client):
    proposal = y2025.propose_lock(world.bureau)
    client.force_login(world.bureau2)
    url, sent = reverse("year-decide", args=[2025]), {"proposal": proposal.pk, "act": "confirm"}
    asked = client.post(url, sent).content.decode()
    assert "确认2025年度锁定定案" in asked
    assert not LedgerAct.objects.exists()
    assert "密码不对" in client.post(url, sent | {"password_again": "nonsense"}).content.decode()
    assert client.post(url, sent | {"password_again": "Correct-Horse-7"}).status_code == 302
    assert LedgerAct.objects.get().confirmed_by == world.bureau2


def test_an_office_of_one_is_told_that_nobody_can_confirm(world, y2025, ask):
    type(world.bureau2).objects.filter(username__in=["bureau2", "director"]).update(is_active=False)
    for name in ("year-close", "year-propose"):
        assert "没有第二个人的账号" in ask(world.bureau, name).content.decode()


# --- the annex -------------------------------------------------------------------------------------------


def test_the_annex_bears_the_whole_digest_in_groups_and_no_name(world, y2025, ask):
    world.session(status="verified", held_on=DAY, reported=120, title="养蚕", instructors="韦小明")
    world.lock(y2025)
    act = LedgerAct.objects.get()
    text = ask(world.auditor, "year-annex", args=(2025, 1)).content.decode()
    assert chain.in_groups(act.digest) in text
    assert len(chain.in_groups(act.digest).split()) == 16
    assert act.key_id in text
    assert "1 场、120 人次" in text
    for name in ("养蚕", "韦小明", "bureau先生"):
        assert name not in text
    assert ask(world.auditor, "year-annex", args=(2025, 2)).status_code == 404
    assert ask(world.auditor, "year-annex", args=(2025, 10**12)).status_code == 404


def test_an_annex_of_an_altered_act_says_not_to_sign(world, y2025, ask):
    from reporting import guard

    world.lock(y2025)
    with guard.unguarded():
        LedgerAct.objects.update(mac="0" * 64)
    assert "请不要签字" in ask(world.bureau, "year-annex", args=(2025, 1)).content.decode()
    page = ask(world.bureau, "assessment-county").content.decode()
    assert "定案记录核对不上" in page


def test_a_county_sees_its_own_ledger_only(world, y2025, ask):
    AssessmentYear.objects.open_year(world.other_county, 2025)
    world.lock(y2025)
    text = ask(world.foreign_bureau, "year-close").content.decode()
    assert LedgerAct.objects.get().short not in text
    assert ask(world.foreign_bureau, "year-annex", args=(2025, 1)).status_code == 404
    assert TrainingSession.objects.count() == 0
