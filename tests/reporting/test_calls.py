"""电话回访: a draw that anybody can repeat, the record of each call, and the error rate per unit with its n."""

import random

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from networks.models import AuditEvent
from reporting import calls
from reporting.models import Call, CallSample
from trainings.models import Audience, Refused


@pytest.fixture
def desk(client, world):
    client.force_login(world.bureau)
    return client


def several(world, number=6, unit=None):
    return [world.session(unit, status="submitted", title=f"第{n}课", reported=50) for n in range(number)]


def drawn(sample):
    return [call.session.number for call in sample.calls.order_by("position")]


def made(world, size=3, **fields):
    return calls.draw(**{"county": world.county, "year": world.year, "size": size, "actor": world.bureau} | fields)


def record(client, call, **given):
    body = {"outcome": "reached", "figure_said": "", "note": "", "seen_version": call.version} | given
    return client.post(reverse("call", args=[call.pk]), body)


# --- the draw ------------------------------------------------------------------------------------------


def test_in_8_the_same_seed_and_frame_give_the_same_sessions_in_any_order():
    frame = [f"CC{n:010d}" for n in range(500)]
    chosen = calls.choose("2026-11-25", frame, 10)
    assert chosen[:3] == ["CC0000000072", "CC0000000062", "CC0000000149"]
    mixed = frame[:]
    random.Random(5).shuffle(mixed)
    assert calls.choose("2026-11-25", mixed, 10) == chosen
    assert calls.digest_of(mixed) == calls.digest_of(frame)
    assert calls.choose("2026-11-26", frame, 10) != chosen
    assert calls.choose("2026-11-25", frame, 4) == chosen[:4]
    assert len(calls.choose("x", frame, 1000)) == 500


def test_in_8_every_session_has_the_same_chance():
    frame = [f"CC{n:010d}" for n in range(50)]
    times = dict.fromkeys(frame, 0)
    for seed in range(2000):
        for number in calls.choose(str(seed), frame, 5):
            times[number] += 1
    assert sum(times.values()) == 10_000
    assert min(times.values()) > 150 and max(times.values()) < 250  # 200 expected, 13.4 standard deviation


def test_in_8_a_draw_stays_repeatable_when_the_sessions_have_changed_since(world):
    rows = several(world)
    world.session(status="draft")
    world.session(status="submitted", held_on=rows[0].held_on.replace(year=world.year - 1))
    world.session(world.foreign, status="submitted")
    sample = made(world)
    assert sorted(sample.frame) == sorted(row.number for row in rows)
    before = drawn(sample)
    assert before == calls.choose(sample.seed, [row.number for row in rows], 3)
    several(world, 3)
    next(row for row in rows if row.number == before[0]).withdraw(actor=world.town)
    assert drawn(sample) == before and calls.redrawn(CallSample.objects.get(pk=sample.pk))
    others = (str(number) for number in range(1000))
    another = next(seed for seed in others if calls.choose(seed, sorted(sample.frame), 3) != before)
    CallSample.objects.filter(pk=sample.pk).update(seed=another)
    assert not calls.redrawn(CallSample.objects.get(pk=sample.pk))


def test_the_seed_is_the_systems_and_is_kept(world, desk):
    several(world)
    first, second = made(world), made(world)
    assert len(first.seed) == 16 and first.seed != second.seed
    assert AuditEvent.objects.filter(action="抽取电话回访", detail__seed=first.seed, detail__frame=6).count() == 1
    body = {"token": "s" * 32, "year": world.year, "size": "4", "seed": "我挑的"}
    desk.post(reverse("call-samples"), body)  # whoever could name it would try at home until the draw pleases
    assert CallSample.objects.count() == 3 and not CallSample.objects.filter(seed="我挑的").exists()
    assert "seed" not in desk.get(reverse("call-samples")).context["form"].fields


def test_a_draw_can_neither_be_changed_nor_thrown_away(world):
    several(world)
    sample = made(world)
    for act in (sample.save, sample.delete):
        with pytest.raises(Refused):
            act()
    with pytest.raises(Refused):
        made(world, year=world.year - 1)


def test_drawing_on_the_page_once_and_twice(desk, world):
    several(world)
    body = {"token": "t" * 32, "year": world.year, "size": "4"}
    for _ in range(2):  # a double click
        response = desk.post(reverse("call-samples"), body)
    sample = CallSample.objects.get()
    assert response["Location"] == reverse("call-sample", args=[sample.pk])
    assertContains(desk.get(response["Location"]), "结果与下面完全一致")
    for wrong in ({"size": ""}, {"size": "0"}, {"size": "201"}, {"size": "四"}, {"year": "1999"}):
        response = desk.post(reverse("call-samples"), body | {"token": "n" * 32} | wrong)
        assert response.status_code == 200 and response.context["form"].errors, wrong
    assert CallSample.objects.count() == 1


def test_where_there_is_nothing_to_draw_the_page_says_so(desk, world):
    response = desk.post(reverse("call-samples"), {"token": "t" * 32, "year": world.year, "size": "4"})
    assertContains(response, "没有可抽的")
    assertContains(response, 'value="4"')


# --- one call ------------------------------------------------------------------------------------------


def test_a_call_is_recorded_with_who_and_when_and_what_we_held_then(desk, world):
    several(world)
    call = made(world).calls.first()
    assert record(desk, call, figure_said="30", note="村主任说三十来人").status_code == 302
    call.refresh_from_db()
    assert (call.outcome, call.figure_said, call.figure_held, call.called_by) == ("reached", 30, 50, world.bureau)
    assert timezone.localdate(call.called_at) == world.today
    call.session.verify(actor=world.bureau2, attendance=48, reason="签到表")
    assert Call.objects.get(pk=call.pk).figure_held == 50
    page = desk.get(reverse("call-sample", args=[call.sample_id]))
    assertContains(page, "说有 30 人（不一致）")
    assert AuditEvent.objects.filter(action="登记电话回访").count() == 1


def test_what_makes_no_sense_is_told_at_its_field_and_stays(desk, world):
    several(world)
    call = made(world).calls.first()
    for given, field in [
        ({"outcome": ""}, "outcome"),
        ({"outcome": "maybe"}, "outcome"),
        ({"outcome": "unreached", "figure_said": "3"}, "figure_said"),
        ({"figure_said": "-1"}, "figure_said"),
        ({"figure_said": "20001"}, "figure_said"),
        ({"figure_said": "四十"}, "figure_said"),
        ({"note": "写好的说明，打的 13800138000"}, "note"),
    ]:
        response = record(desk, call, **({"note": "写好的说明"} | given))
        assert response.context["form"].errors[field], given
        assertContains(response, "写好的说明")
    assert Call.objects.exclude(outcome="").count() == 0


def test_in_4_whoever_records_second_sees_what_the_first_recorded(desk, world):
    several(world)
    call = made(world).calls.first()
    record(desk, call, figure_said="49")
    response = record(desk, call, outcome="unreached", note="一直没人接")
    assertContains(response, "已被别人修改")
    assertContains(response, "一直没人接")
    call.refresh_from_db()
    assert call.figure_said == 49
    record(desk, call, outcome="unreached", note="一直没人接")
    call.refresh_from_db()
    assert (call.outcome, call.figure_said) == ("unreached", None)


def test_ac_5_nobody_calls_about_what_they_entered(client, world):
    world.session(status="submitted", actor=world.bureau, title="我代录的")
    call = made(world).calls.get()
    client.force_login(world.bureau)
    assertContains(client.get(reverse("call-sample", args=[call.sample_id])), "须由另一位工作人员回访")
    assert record(client, call, figure_said="50").status_code == 403
    client.force_login(world.bureau2)
    assert record(client, call, figure_said="50").status_code == 302


def test_of_a_headcount_only_session_no_participant_is_called(desk, world):
    session = world.session()
    audience = Audience.objects.filter(sensitivity=2).first()
    session.revise(actor=world.town, seen_version=session.version, changes={}, audiences=[(audience, 50)])
    session.submit(actor=world.town)
    page = desk.get(reverse("call", args=[made(world).calls.get().pk]))
    assertContains(page, "不联系参加人")
    assertNotContains(page, audience.name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "reached"},
        {"outcome": "", "figure_said": 3},
        {"outcome": "maybe"},
        {"outcome": "unreached", "figure_said": 3},
    ],
)
def test_the_database_holds_the_rules_of_a_call(world, wrong):
    several(world)
    call = made(world).calls.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        known = {"called_by": world.bureau, "called_at": timezone.now()} if "figure_said" in wrong else {}
        Call.objects.filter(pk=call.pk).update(**known, **wrong)


# --- what they say -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "held", "told"),
    [
        (45, 50, False),
        (44, 50, True),
        (55, 50, False),
        (56, 50, True),
        (0, 50, True),
        (None, 50, None),
        (5, None, None),
    ],
)
def test_a_figure_within_a_tenth_agrees(said, held, told):
    assert calls.differs(Call(figure_said=said, figure_held=held)) is told


def test_the_error_rate_per_unit_has_its_n_and_nobody_asked_is_no_zero(desk, world):
    ours, theirs = several(world, 4), several(world, 2, world.theirs)
    sample = made(world, size=6)
    answers = dict(zip([row.pk for row in ours], ["50", "20", "", None], strict=True))
    for call in sample.calls.all():
        said = answers.get(call.session_id)
        if said is not None:
            record(desk, call, figure_said=said)
    record(desk, sample.calls.get(session=theirs[0]), outcome="unreached")
    by_unit, whole = calls.results(sample.calls)
    assert [(r.unit, r.drawn, r.called, r.reached, r.told, r.differing) for r in by_unit] == [
        (world.ours, 4, 3, 3, 2, 1),
        (world.theirs, 2, 1, 0, 0, 0),
    ]
    assert [r.error_rate for r in (*by_unit, whole)] == [0.5, None, 0.5]
    for name in ("call-sample", "call-sample-print"):
        page = desk.get(reverse(name, args=[sample.pk]))
        assertContains(page, "50%")
        assertContains(page, "无法计算")


def test_ld_2_a_draw_takes_the_same_queries_for_3_and_30_sessions(desk, world):
    def count(size):
        sample = made(world, size=size)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("call-sample", args=[sample.pk])).status_code == 200
        return len(queries)

    several(world, 30)
    assert count(3) == count(30)


def test_the_auditor_looks_and_draws_nothing(client, world):
    several(world)
    sample = made(world)
    client.force_login(world.auditor)
    assertContains(client.get(reverse("call-samples")), f"种子 {sample.seed}")
    assertNotContains(client.get(reverse("call-samples")), "随机抽取")
    page = client.get(reverse("call-sample", args=[sample.pk]))
    assertNotContains(page, "登记回访")
    assert client.post(reverse("call-samples"), {"year": world.year, "size": 1}).status_code == 403
