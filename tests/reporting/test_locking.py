"""定案: two persons settle a year, its figures are frozen under a signature, and from then on they are shown, not worked out."""

import datetime
import json

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from networks.models import AuditEvent, MemberUnit, User
from reporting import chain, guard
from reporting.assessment import county_standing, standings
from reporting.closing import checklist
from reporting.frozen import frozen_of
from reporting.indicators import INDICATORS, YearFigures
from reporting.models import AssessmentYear, LedgerAct, QuotaAdjustment, YearProposal
from reporting.models.closing import YEAR_MOVES
from trainings.models import CoOrganiser, DeliveryForm, Refused, TrainingSession

from ..conftest import stands

SETTLED = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)


@stands
def settled(world):
    """2025 with something of everything: counted, not counted, waiting, a joint session, an adjusted quota."""
    with time_machine.travel(SETTLED, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2025)
        year.joint_credit = "each"
        year.save()
        day = datetime.date(2025, 3, 5)
        for heads in (120, 110, 100, 90):
            world.session(status="verified", held_on=day, reported=heads)
        joint = world.session(world.theirs, status="verified", held_on=datetime.date(2025, 6, 1), reported=60)
        CoOrganiser.objects.create(session=joint, unit=world.wxgtj, name=world.wxgtj.name, confirmed_at=SETTLED)
        show = DeliveryForm.objects.get(name="才艺展示")
        world.session(world.wxgtj, status="verified", held_on=day, reported=800, form=show)
        world.session(world.theirs, status="submitted", held_on=day, reported=44)
        world.session(world.theirs, status="returned", held_on=day, reported=33)
        world.session(world.ours, status="void", held_on=day)
        world.session(world.foreign, status="verified", held_on=day, reported=77)
        QuotaAdjustment.objects.create(year=year, unit=world.jyj, sessions=1, attendances=10, reason="搬迁")
        return AssessmentYear.objects.get(pk=year.pk)


@pytest.fixture
def y2025(settled):
    with time_machine.travel(SETTLED, tick=False):
        yield settled


def refused(act, words=None, kind=Refused):
    with pytest.raises(kind, match=words), transaction.atomic():
        act()


# --- who, and in which order -----------------------------------------------------------------------------


def test_ac_5_one_person_proposes_and_another_confirms(world, y2025):
    proposal = y2025.propose_lock(world.bureau, "全年核定完毕")
    assert AssessmentYear.objects.get(pk=y2025.pk).status == "open"
    refused(lambda: proposal.confirm(world.bureau), "须由另一位工作人员", PermissionDenied)
    act = proposal.confirm(world.bureau2)
    year = AssessmentYear.objects.get(pk=y2025.pk)
    assert (year.status, year.locked_on) == ("locked", datetime.date(2026, 1, 15))
    assert (act.kind, act.number, act.sequence, act.previous) == ("lock", 1, 1, "")
    assert (act.proposed_by, act.confirmed_by, act.made_at) == (world.bureau, world.bureau2, SETTLED)
    assert (proposal.status, proposal.act, proposal.decided_by) == ("confirmed", act, world.bureau2)
    told = AuditEvent.objects.filter(subject="assessmentyear").order_by("pk").values_list("action", "actor_name")
    assert list(told) == [("提出锁定定案", "bureau"), ("确认锁定定案", "bureau2")]
    assert year.history.first().history_user == world.bureau2


def test_ac_5_persons_are_compared_not_accounts(world, y2025):
    second = User.objects.create_user(
        "again", "Correct-Horse-7", role="bureau", home_division=world.county, must_change_password=False
    )
    User.objects.filter(pk=second.pk).update(person=world.bureau.person)
    proposal = y2025.propose_lock(world.bureau)
    same_person = User.objects.get(pk=second.pk)
    refused(lambda: proposal.confirm(same_person), "须由另一位工作人员", PermissionDenied)
    refused(lambda: proposal.decline(same_person, "不同意"), "须由另一位工作人员", PermissionDenied)
    assert not LedgerAct.objects.exists()


@pytest.mark.parametrize("who", ["centre", "leader", "auditor", "operator", "town", "head", "foreign_bureau"])
def test_ac_5_nobody_but_the_countys_bureau_settles_a_year(world, y2025, who):
    user = world.users[who]
    refused(lambda: y2025.propose_lock(user), kind=PermissionDenied)
    proposal = y2025.propose_lock(world.bureau)
    refused(lambda: proposal.confirm(user), kind=PermissionDenied)
    refused(lambda: proposal.decline(user, "不同意"), kind=PermissionDenied)
    refused(lambda: proposal.withdraw(user), kind=PermissionDenied)
    assert YearProposal.objects.get().status == "open"


def test_ac_4_a_year_moves_only_along_its_life(world, y2025):
    assert {verb: (sorted(move.sources), move.target) for verb, move in YEAR_MOVES.items()} == {
        "lock": (["open"], "locked"),
        "preview": (["locked"], "previewed"),
        "publish": (["locked", "previewed"], "published"),
        "unlock": (["locked", "previewed", "published"], "open"),
    }
    refused(lambda: y2025.propose_unlock(world.bureau, "更正"), "现在是“进行中”，不能解锁更正")
    world.lock(y2025)
    refused(lambda: y2025.propose_lock(world.bureau), "现在是“锁定定案”，不能锁定定案")
    for status in ("previewed", "published"):
        AssessmentYear.objects.filter(pk=y2025.pk).update(status=status, objections_until=SETTLED.date())
        refused(lambda: y2025.propose_lock(world.bureau), "不能锁定定案")
    world.unlock(y2025)
    assert (y2025.status, y2025.locked_on) == ("open", None)


def test_one_proposal_waits_at_a_time_and_can_be_withdrawn_or_declined(world, y2025):
    proposal = y2025.propose_lock(world.bureau)
    refused(lambda: y2025.propose_lock(world.bureau2), "已有一个提议在等另一人确认")
    refused(lambda: proposal.withdraw(world.bureau2), "只能由提出的人收回", PermissionDenied)
    proposal.withdraw(world.bureau)
    refused(lambda: proposal.confirm(world.bureau2), "这个提议已收回")
    second = y2025.propose_lock(world.bureau)
    refused(lambda: second.decline(world.bureau2, " "), "请写明不同意的原因")
    second.decline(world.bureau2, "还有两场没有核定")
    refused(lambda: second.confirm(world.bureau2), "这个提议没有同意")
    found = YearProposal.objects.order_by("pk").values_list("status", "decided_by", "note")
    assert list(found) == [
        ("withdrawn", world.bureau.pk, ""),
        ("declined", world.bureau2.pk, "还有两场没有核定"),
    ]
    assert not LedgerAct.objects.exists()


def test_what_was_proposed_is_what_is_confirmed(world, y2025):
    proposal = y2025.propose_lock(world.bureau)
    waiting = TrainingSession.objects.get(status="submitted", held_on__year=2025)
    waiting.verify(actor=world.bureau, attendance=44)
    refused(lambda: proposal.confirm(world.bureau2), "提出以后数字有了变化")
    assert AssessmentYear.objects.get(pk=y2025.pk).status == "open"
    proposal.withdraw(world.bureau)
    assert world.lock(y2025).number == 1


def test_without_a_key_no_year_is_settled(world, y2025, settings):
    proposal = y2025.propose_lock(world.bureau)
    settings.LEDGER_KEY = ""
    refused(lambda: proposal.confirm(world.bureau2), "没有设置 LEDGER_KEY")
    assert AssessmentYear.objects.get(pk=y2025.pk).status == "open"


# --- what is frozen --------------------------------------------------------------------------------------


def test_in_7_the_act_holds_every_standing_with_its_working(world, y2025):
    world.lock(y2025)
    figures = LedgerAct.objects.get().content["figures"]
    ours = next(unit for unit in figures["units"] if unit["code"] == world.ours.code)
    assert ours == {
        "code": "450124100",
        "terms": [
            {
                "starts_on": "2025-01-01",
                "ends_on": "2026-01-01",
                "starts_by_reorganisation": False,
                "ends_by_reorganisation": False,
            }
        ],
        "required": [4, 400],
        "adjustment": None,
        "working": "",
        "verified": [4, 420],
        "pending": [0, 0],
        "planned": [0, 0],
        "met": True,
        "latest": "2025-12-31",
    }
    assert figures["totals"] == {
        "credited": [5, 480],
        "everything": [6, 1280],
        "submitted": [1, 44],
        "returned": [1, 33],
    }
    assert len(figures["sessions"]) == 8  # neither the void one nor the other county's
    shown = next(row for row in figures["sessions"] if row["form"] == "才艺展示")
    assert (shown["verified"], shown["barrier"], shown["counts"]) == (800, "form", False)
    joint = next(row for row in figures["sessions"] if row["partners"])
    assert joint["partners"] == [{"unit": "wxgtj", "confirmed": True, "barrier": ""}]
    assert figures["rules"]["joint_credit"] == "each"
    assert figures["rules"]["basis_title"] == "参照马政办发〔2019〕2号，口径由领导小组办公室确定"
    assert "课堂学习" in figures["rules"]["counting_forms"]


def test_pi_4_an_act_names_no_person_no_title_and_no_reason(world, y2025):
    TrainingSession.objects.filter(status="verified").update(title="韦小明家的养蚕课", instructors="韦小明")
    world.lock(y2025)
    world.unlock(y2025, "韦小明来电更正")
    payloads = "".join(LedgerAct.objects.values_list("payload", flat=True))
    for word in ("韦小明", "养蚕", "搬迁", "bureau", "先生", "桑蚕"):
        assert word not in payloads


def test_in_7_a_locked_years_figures_are_shown_and_not_worked_out_again(world, y2025, page):
    before = county_standing(y2025)
    months, themes, audiences = (getattr(YearFigures(y2025), part) for part in ("months", "themes", "audiences"))
    values = {key: how.of(YearFigures(y2025)) for key, how in INDICATORS.items()}
    world.lock(y2025)
    verified = TrainingSession.objects.filter(held_on__year=2025, status="verified")
    verified.update(title="改了", verified_attendance=1, verified_reason="改了")
    CoOrganiser.objects.all().delete()
    year = AssessmentYear.objects.get(pk=y2025.pk)
    after = county_standing(year)
    assert [(s.unit, s.verified, s.pending, s.required, s.working) for s in after.standings] == [
        (s.unit, s.verified, s.pending, s.required, s.working) for s in before.standings
    ]
    assert (after.credited, after.everything, after.submitted, after.returned) == (
        before.credited,
        before.everything,
        before.submitted,
        before.returned,
    )
    figures = YearFigures(AssessmentYear.objects.get(pk=y2025.pk))
    assert (figures.months, figures.themes, figures.audiences) == (months, themes, audiences)
    assert {key: str(how.of(figures)) for key, how in INDICATORS.items()} == {k: str(v) for k, v in values.items()}
    [ours] = standings(year, units=[world.ours])
    assert (ours.verified, ours.met, ours.forecast, ours.deadline) == ((4, 420), True, "met", "")
    text = page(world.bureau, reverse("assessment-county", args=[2025])).content.decode()
    act = LedgerAct.objects.get()
    assert f"锁定定案（第 1 次，2026年1月15日），定案摘要 {act.digest[:12]}" in text
    assert "420" in text
    text = page(world.town, reverse("assessment-unit", args=[2025, world.ours.code])).content.decode()
    assert f"定案摘要 {act.digest[:12]}" in text
    assert "4 场、420 人次" in text.replace("\n", "")
    assert f"定案摘要 {act.digest[:12]}" in page(world.leader, reverse("dashboard", args=[2025])).content.decode()


def test_a_day_within_a_locked_year_is_read_from_the_rows_and_says_so(world, y2025, page):
    world.lock(y2025)
    response = page(world.bureau, reverse("assessment-county", args=[2025]), as_of="2025-05-01")
    assert "不是定案的数字" in response.content.decode()
    assert response.context["county"].credited == (4, 420)


def test_a_unit_is_called_as_it_was_called_then(world, y2025):
    world.lock(y2025)
    MemberUnit.objects.filter(pk=world.jyj.pk).update(name="县教育体育局")
    names = [s.unit.name for s in standings(AssessmentYear.objects.get(pk=y2025.pk))]
    assert "县教育局" in names
    assert "县教育体育局" not in names


def test_an_adjustments_reason_stands_beside_the_figures_and_not_in_the_act(world, y2025):
    world.lock(y2025)
    [own] = standings(AssessmentYear.objects.get(pk=y2025.pk), units=[world.jyj])
    assert (own.required, own.working) == ((1, 10), "任务调整为 1 场、10 人次。理由：搬迁")
    QuotaAdjustment.objects.filter(unit=world.jyj).update(reason="别的理由")
    [own] = standings(AssessmentYear.objects.get(pk=y2025.pk), units=[world.jyj])
    assert own.working == "任务调整为 1 场、10 人次。理由与定案时的不一致"


def test_a_correction_is_a_second_act_that_keeps_the_first(world, y2025):
    first = world.lock(y2025)
    undone = world.unlock(y2025, "漏记一场")
    assert (undone.kind, undone.number, undone.sequence, undone.previous) == ("unlock", 1, 2, first.digest)
    assert undone.content["undoes"] == first.digest
    waiting = TrainingSession.objects.get(status="submitted", held_on__year=2025)
    waiting.verify(actor=world.bureau, attendance=44)
    second = world.lock(y2025)
    assert (second.number, second.sequence, second.previous) == (2, 3, undone.digest)
    assert LedgerAct.objects.get(pk=first.pk).content["figures"]["totals"]["credited"] == [5, 480]
    assert county_standing(AssessmentYear.objects.get(pk=y2025.pk)).credited == (6, 524)


def test_every_county_has_a_chain_of_its_own_over_all_its_years(world, y2025):
    world.lock(y2025)
    world.lock(world.assessment_year)
    theirs = AssessmentYear.objects.open_year(world.other_county, 2025)
    second = User.objects.create_user(
        "fb2", "Correct-Horse-7", name="乙", role="bureau", home_division=world.other_county, must_change_password=False
    )
    theirs.propose_lock(world.foreign_bureau).confirm(second)
    found = LedgerAct.objects.order_by("county", "sequence").values_list("county", "sequence", "year__year", "number")
    assert list(found) == [
        ("450124", 1, 2025, 1),
        ("450124", 2, world.year, 1),
        ("450125", 1, 2025, 1),
    ]


def test_a_year_that_says_it_is_locked_without_an_act_says_so(world, y2025, page):
    AssessmentYear.objects.filter(pk=y2025.pk).update(status="locked")
    assert frozen_of(AssessmentYear.objects.get(pk=y2025.pk)) is None
    assert "没有定案记录" in page(world.bureau, reverse("assessment-county", args=[2025])).content.decode()


# --- how it is kept --------------------------------------------------------------------------------------


def test_canonical_json_is_the_same_for_the_same_content():
    one = chain.canonical({"b": [1, True, None], "a": "e\u0301", "c": {"z": 1, "y": (2, 3)}})
    assert one == '{"a":"é","b":[1,true,null],"c":{"y":[2,3],"z":1}}'
    for wrong in (1.5, datetime.date(2026, 1, 1), {1: 2}, {"a": {3}}):
        with pytest.raises(TypeError):
            chain.canonical(wrong)


def test_au_2_the_database_refuses_to_change_or_remove_an_act(world, y2025):
    act = world.lock(y2025)
    rows = LedgerAct.objects.filter(pk=act.pk)
    for attack in (
        lambda: rows.update(reason="改"),
        lambda: rows._raw_delete("default"),
        lambda: rows.update(payload="{}"),
    ):
        with pytest.raises(IntegrityError, match="定案记录只能增加"), transaction.atomic():
            attack()
    refused(act.save, "不能改动")
    refused(act.delete, "不能删除")
    assert LedgerAct.objects.get() == act


def test_au_2_the_triggers_are_there_and_come_back(world):
    assert guard.missing(connection) == set()
    with guard.unguarded():
        assert guard.missing(connection) == guard.NEEDED[connection.vendor]
    assert guard.missing(connection) == set()
    with transaction.atomic():
        guard.take_away(connection)
        guard.lay(connection)
        assert guard.missing(connection) == set()


def test_au_2_a_start_without_the_triggers_is_told(db):
    from django.core import checks

    assert "reporting.W002" not in {found.id for found in checks.run_checks(databases=["default"])}
    with guard.unguarded():
        assert "reporting.W002" in {found.id for found in checks.run_checks(databases=["default"])}


def test_au_2_missing_triggers_are_told_to_monitors_and_on_the_desks_of_operator_and_auditor(world, client, page):
    assert client.get("/healthz").json()["ledger"] == "ok"
    words = "数据库没有拦住对定案记录的改动"
    assert words not in page(world.operator, "/").content.decode()
    with guard.unguarded():
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["ledger"]) == (200, "unguarded")
        for user in (world.operator, world.auditor):
            assert words in page(user, "/").content.decode()
        assert words not in page(world.town, "/").content.decode()
        [item] = [item for item in checklist(world.assessment_year) if item.what == "数据库的防护"]
        assert (item.state, item.words.startswith(words)) == ("open", True)


def test_a_missing_key_is_told_on_the_checklist_and_to_the_operator(world, settings, page):
    assert "签名密钥" not in [item.what for item in checklist(world.assessment_year)]
    settings.LEDGER_KEY = ""
    assert "签名密钥" in [item.what for item in checklist(world.assessment_year) if item.state == "open"]
    assert "没有设置 LEDGER_KEY" in page(world.operator, "/").content.decode()


def test_a_missing_key_is_told_at_the_start(settings):
    from reporting.checks import ledger_has_a_key

    assert ledger_has_a_key(None) == []
    settings.LEDGER_KEY = ""
    assert [found.id for found in ledger_has_a_key(None)] == ["reporting.W001"]


def broken(act, **changes):
    """A raw copy of the act with other values, as somebody might insert one."""
    values = LedgerAct.objects.filter(pk=act.pk).values().get() | changes
    values.pop("id")
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerAct.objects.bulk_create([LedgerAct(**values)])


def test_in_5_rules_of_an_act_are_the_databases_too(world, y2025):
    act = world.lock(y2025)
    after = {"sequence": 2, "number": 2, "previous": act.digest}
    broken(act, previous=act.digest, number=2)  # the sequence a second time
    broken(act, sequence=2, previous=act.digest)  # the same lock of the year a second time
    broken(act, **after | {"previous": ""})  # follows none
    broken(act, sequence=0, number=2, previous="")
    broken(act, **after | {"number": 0})
    broken(act, **after | {"kind": "unlock"})  # without a reason
    broken(act, **after | {"confirmed_by_id": act.proposed_by_id})
    for empty in ("payload", "payload_digest", "key_id", "algorithm", "mac"):
        broken(act, **after | {empty: ""})
    assert LedgerAct.objects.count() == 1


def test_in_5_rules_of_a_proposal_and_of_a_years_state_are_the_databases_too(world, y2025):
    rows = YearProposal.objects.filter(pk=y2025.propose_lock(world.bureau).pk)
    decided = {"decided_by": world.bureau2, "decided_at": SETTLED}
    for changes in (
        {"status": "gone"},
        {"status": "withdrawn"},
        decided,
        {"status": "confirmed", **decided},
        {"status": "declined", **decided},
        {"status": "declined", "note": "不", **decided, "decided_by": world.bureau},
        {"kind": "unlock"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        YearProposal.objects.create(year=y2025, kind="lock", seen_digest="x", proposed_by=world.bureau2)
    for changes in ({"status": "closed"}, {"locked_on": datetime.date(2026, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AssessmentYear.objects.filter(pk=y2025.pk).update(**changes)


def test_a_reading_of_the_act_costs_no_query_for_an_open_year(world, y2025, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert frozen_of(y2025) is None
    world.lock(y2025)
    year = AssessmentYear.objects.get(pk=y2025.pk)
    with django_assert_num_queries(3):
        county_standing(year)
    with django_assert_num_queries(0):
        county_standing(year)


def test_json_of_an_act_reads_back_as_it_was_written(world, y2025):
    act = world.lock(y2025)
    assert chain.canonical(json.loads(act.payload)) == act.payload
    assert act.faults() == []
