"""完成情况确认表: a unit's figures on paper with a check code, the stamped scan that comes back, and what happens when figures change."""

import datetime
import io

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from networks import uploads
from networks.models import AuditEvent
from reporting.closing import checklist
from reporting.confirming import Sheets, states
from reporting.models import AssessmentYear, Confirmation
from trainings.models import CoOrganiser, Refused, TrainingSession

from ..conftest import stands

AFTER = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)
DAY = datetime.date(2025, 3, 5)


def picture(colour=200):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (colour, 30, 30)).save(out, "JPEG")
    return SimpleUploadedFile("盖章.jpg", out.getvalue())


@stands
def reported(world):
    with time_machine.travel(AFTER, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2025)
        for heads in (120, 110, 100, 90):
            world.session(status="verified", held_on=DAY, reported=heads)
        world.session(status="verified", held_on=datetime.date(2025, 8, 1), reported=33)
        world.session(status="submitted", held_on=DAY, reported=44)
        world.session(world.theirs, status="verified", held_on=DAY, reported=77)
        world.session(world.foreign, status="verified", held_on=DAY, reported=11)
        return year


@pytest.fixture
def y2025(reported):
    with time_machine.travel(AFTER, tick=False):
        yield reported


def receive(world, year, unit=None, quarter=0, actor=None, code=None, scan=None, filled_on=datetime.date(2026, 1, 8)):
    unit = unit or world.ours
    code = Sheets(year).of(unit, quarter).code if code is None else code
    with uploads.atomic():
        return Confirmation.receive(
            year,
            unit,
            quarter,
            actor=actor or world.town,
            code=code,
            filled_on=filled_on,
            scan=uploads.prepare(scan or picture()),
        )


def refused(act, words=None, kind=Refused):
    with pytest.raises(kind, match=words), transaction.atomic():
        act()


# --- the figures on the paper ----------------------------------------------------------------------------


def test_a_sheet_sums_what_counts_in_its_period(world, y2025):
    sheets = Sheets(y2025)
    year, first, third = (sheets.of(world.ours, quarter) for quarter in (0, 1, 3))
    assert (year.counted, first.counted, third.counted) == ((5, 453), (4, 420), (1, 33))
    assert (year.required, year.met, year.waiting, third.waiting) == ((4, 400), True, 1, 0)
    assert (first.number, first.period) == ("2025-1-450124100", "2025年度第一季度")
    assert len({year.code, first.code, third.code}) == 3 and len(year.code) == 12
    assert sheets.of(world.lgj, 0) is None


def test_a_joint_session_stands_on_the_partners_sheet_with_the_reason_why_it_does_not_count(world, y2025):
    session = TrainingSession.objects.get(organiser=world.theirs)
    CoOrganiser.objects.create(session=session, unit=world.wxgtj, name=world.wxgtj.name)
    [line] = Sheets(y2025).of(world.wxgtj, 1).lines
    assert (line.number, line.size, line.counts) == (session.number, (1, 77), False)
    assert line.why == "联合举办的场次本年度只计主办单位"


def test_the_check_code_stays_when_the_year_is_locked_and_changes_with_a_figure(world, y2025):
    before = Sheets(y2025).of(world.ours, 1).code
    act = world.lock(y2025)
    assert Sheets(y2025).of(world.ours, 1).code == before and act.number == 1
    world.unlock(y2025)
    session = TrainingSession.objects.filter(organiser=world.ours, status="verified", held_on=DAY).first()
    session.revoke(actor=world.bureau2, reason="figure", note="签到表不对")
    assert Sheets(AssessmentYear.objects.get(pk=y2025.pk)).of(world.ours, 1).code != before


# --- the scan that comes back ----------------------------------------------------------------------------


def test_a_stamped_sheet_is_received_and_accepted_by_another_person(world, y2025):
    row = receive(world, y2025, code=" " + Sheets(y2025).of(world.ours, 0).code_in_groups.upper())
    assert (row.status, row.content["counted"], row.scan.guarded) == ("received", [5, 453], True)
    refused(lambda: row.accept(world.town2), kind=PermissionDenied)
    refused(lambda: row.accept(world.foreign_bureau), kind=PermissionDenied)
    row.accept(world.bureau)
    assert Confirmation.objects.values_list("status", "decided_by__username").get() == ("accepted", "bureau")
    told = AuditEvent.objects.filter(subject="confirmation").order_by("pk").values_list("action", "actor_name")
    assert list(told) == [("上传完成情况确认表", "town"), ("接受完成情况确认表", "bureau")]
    refused(lambda: row.accept(world.bureau2), "已确认，不用再办")
    refused(lambda: receive(world, y2025), "不用再传")


def test_nobody_accepts_what_they_brought_in_themselves(world, y2025):
    row = receive(world, y2025, actor=world.bureau)
    refused(lambda: row.accept(world.bureau), "须由另一位工作人员", PermissionDenied)
    refused(lambda: row.send_back(world.bureau, "看不清"), "须由另一位工作人员", PermissionDenied)
    row.accept(world.bureau2)


@pytest.mark.parametrize("who", ["town2", "head", "unit", "centre", "leader", "auditor", "operator", "foreign_bureau"])
def test_only_the_unit_and_the_office_bring_a_sheet_in(world, y2025, who):
    refused(lambda: receive(world, y2025, actor=world.users[who]), kind=PermissionDenied)
    assert not Confirmation.objects.exists()


def test_a_sheet_of_other_figures_is_refused(world, y2025):
    old = Sheets(y2025).of(world.ours, 0).code
    world.session(status="verified", held_on=DAY, reported=10)
    refused(lambda: receive(world, y2025, code=old), "核对码与现在的数字对不上")
    refused(lambda: receive(world, y2025, code=""), "核对码与现在的数字对不上")
    refused(lambda: receive(world, y2025, filled_on=datetime.date(2025, 12, 31)), "填报日期")
    refused(lambda: receive(world, y2025, filled_on=datetime.date(2026, 1, 16)), "填报日期")
    with time_machine.travel(datetime.datetime(2025, 12, 31, 2, tzinfo=datetime.UTC)):
        refused(lambda: receive(world, y2025, filled_on=datetime.date(2025, 12, 31)), "还没有结束")
    assert not Confirmation.objects.exists() and not list(uploads.settings.MEDIA_ROOT.rglob("*.jpg"))


def test_a_returned_sheet_shows_its_reason_and_another_takes_its_place(world, y2025):
    row = receive(world, y2025)
    refused(lambda: row.send_back(world.bureau, " "), "请写明退回的原因")
    row.send_back(world.bureau, "没有盖章")
    [state] = states(y2025, 0, [world.ours])
    assert (state.key, state.returned.note) == ("returned", "没有盖章")
    second = receive(world, y2025)
    third = receive(world, y2025, scan=picture(10))  # sent again before anybody has looked
    assert list(Confirmation.objects.order_by("pk").values_list("status", flat=True)) == [
        "returned",
        "replaced",
        "received",
    ]
    refused(lambda: second.accept(world.bureau), "已由新的代替")
    third.accept(world.bureau)


def test_once_a_figure_changes_both_figures_show_and_it_has_to_be_confirmed_again(world, y2025, page):
    row = receive(world, y2025)
    row.accept(world.bureau)
    world.session(status="verified", held_on=DAY, reported=10)
    [state] = states(y2025, 0, [world.ours])
    assert (state.key, state.old, state.sheet.counted, state.confirmed) == ("changed", (5, 453), (6, 463), False)
    shown = page(world.town, reverse("confirmation", args=[2025, 0, world.ours.code])).content.decode()
    assert "数字已变，须重新确认" in shown and "5 场、453 人次" in shown and "6 场、463 人次" in shown
    again = receive(world, y2025)
    again.accept(world.bureau)
    assert Confirmation.objects.get(pk=row.pk).status == "replaced"
    assert states(y2025, 0, [world.ours])[0].confirmed


def test_figures_that_change_while_it_waits_bar_its_acceptance(world, y2025):
    row = receive(world, y2025)
    world.session(status="verified", held_on=DAY, reported=10)
    refused(lambda: row.accept(world.bureau), "数字已变")
    row.send_back(world.bureau, "数字变了，请重新打印")


def test_the_checklist_counts_what_is_confirmed(world, y2025):
    def told():
        [item] = [item for item in checklist(y2025) if item.what == "盖章的确认表"]
        return (item.state, item.words)

    assert told() == ("open", "4 个单位中 0 个的全年确认表已盖章交回，数字没有变化")
    officers = {world.ours: world.town, world.theirs: world.town2, world.wxgtj: world.unit, world.jyj: world.bureau2}
    for unit, actor in officers.items():
        receive(world, y2025, unit, actor=actor).accept(world.bureau)
    assert told() == ("done", "4 个单位中 4 个的全年确认表已盖章交回，数字没有变化")
    world.session(status="verified", held_on=DAY, reported=10)
    assert told() == ("open", "4 个单位中 3 个的全年确认表已盖章交回，数字没有变化")


def test_what_was_sent_stays_as_it_was(world, y2025):
    row = receive(world, y2025)
    row.figures = "{}"
    refused(row.save, "不能改动")
    refused(row.delete, "不能删除")


def test_only_a_verb_moves_a_stamped_sheet(world, y2025):
    row = receive(world, y2025)
    row.status, row.decided_by, row.decided_at = "accepted", world.bureau, AFTER
    refused(row.save, "不能改动")
    row.refresh_from_db()
    row.accept(world.bureau)
    row.status, row.decided_by, row.decided_at = "received", None, None
    refused(row.save, "不能改动")
    assert Confirmation.objects.get().status == "accepted"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"status": "lost"}, "confirmation_status_known"),
        ({"quarter": 5}, "confirmation_of_a_quarter_or_the_year"),
        ({"status": "accepted"}, "confirmation_decided_by_somebody"),
        ({"status": "returned", "decided_by": "bureau", "decided_at": AFTER}, "confirmation_returned_why"),
        ({"status": "accepted", "decided_by": "town", "decided_at": AFTER}, "confirmation_checked_by_another"),
        ({"decided_by": "bureau", "decided_at": AFTER}, "confirmation_received_is_undecided"),
    ],
)
def test_the_database_holds_the_rules_too(world, y2025, changes, name):
    row = receive(world, y2025)
    if "decided_by" in changes:
        changes = changes | {"decided_by": world.users[changes["decided_by"]]}
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Confirmation.objects.filter(pk=row.pk).update(**changes)
    assert name in str(broken.value)


def test_only_one_stands_per_unit_and_period(world, y2025):
    row = receive(world, y2025)
    row.pk, row._state.adding = None, True
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# --- pages ------------------------------------------------------------------------------------------------


def send(client, user, year, unit, data, quarter=0):
    client.force_login(user)
    return client.post(reverse("confirmation", args=[year.year, quarter, unit.code]), data)


def test_a_unit_uploads_on_the_page_and_the_office_accepts_there(world, y2025, client, page):
    code = Sheets(y2025).of(world.ours, 0).code
    data = {"act": "upload", "code": code, "filled_on": "2026-01-08", "scan": picture()}
    assert send(client, world.town, y2025, world.ours, data).status_code == 302
    row = Confirmation.objects.get()
    shown = page(world.bureau, reverse("confirmation", args=[2025, 0, world.ours.code]))
    assert "一致，确认" in shown.content.decode()
    answer = send(client, world.bureau, y2025, world.ours, {"act": "accept", "confirmation": row.pk})
    assert answer.status_code == 302 and Confirmation.objects.get().status == "accepted"
    scan = page(world.town, reverse("confirmation-scan", args=[row.pk]))
    assert scan["Content-Disposition"] == f'attachment; filename="confirmation-2025-0-450124100-{row.pk}.jpg"'
    assert page(world.town2, reverse("confirmation-scan", args=[row.pk])).status_code == 404
    assert page(world.leader, reverse("confirmation-scan", args=[row.pk])).status_code == 403


def test_ac_3_a_sheet_is_decided_on_at_its_own_address_alone(world, y2025, client):
    """The sheet of another unit, or of another quarter, named in the body."""
    ours = receive(world, y2025)
    quarter = receive(world, y2025, quarter=1)
    theirs = receive(world, y2025, world.theirs, actor=world.town2)
    for row, act in [(theirs, "accept"), (quarter, "accept"), (theirs, "return")]:
        data = {"act": act, "confirmation": row.pk, "note": "看不清"}
        answer = send(client, world.bureau, y2025, world.ours, data)
        assert answer.status_code == 200 and "没有这份确认表" in answer.content.decode()
        row.refresh_from_db()
        assert row.status == Confirmation.Status.RECEIVED
    assert send(client, world.bureau, y2025, world.ours, {"act": "accept", "confirmation": ours.pk}).status_code == 302


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(world, y2025, client):
    answer = send(client, world.town, y2025, world.ours, {"act": "upload", "code": "abcd", "filled_on": "8号"})
    told = answer.content.decode()
    assert answer.status_code == 200 and 'value="abcd"' in told and 'value="8号"' in told
    assert "请选择盖了章的确认表的照片或 PDF" in told and "请填写日期，如 2026-01-08" in told
    data = {"act": "upload", "code": "ab" * 6, "filled_on": "2026-01-08", "scan": picture()}
    assert "核对码与现在的数字对不上" in send(client, world.town, y2025, world.ours, data).content.decode()


def test_the_print_has_a_page_for_every_unit_or_for_one(world, y2025, page):
    whole = page(world.bureau, reverse("confirmation-print", args=[2025, 0])).content.decode()
    assert whole.count("负责人（签字）：") == 4 and whole.count("page-break") == 3
    assert "桑蚕小蚕共育技术" in whole and Sheets(y2025).of(world.ours, 0).code_in_groups in whole
    own = page(world.head, reverse("confirmation-print", args=[2025, 1])).content.decode()
    assert own.count("负责人（签字）：") == 1 and world.theirs.name not in own
    one = page(world.bureau, reverse("confirmation-print", args=[2025, 0]), unit=world.theirs.code).content.decode()
    assert one.count("负责人（签字）：") == 1 and "古零镇人民政府" in one


def test_more_sessions_than_a_page_holds_are_summed_by_month(world, y2025, page):
    for month in (5, 6):
        for _ in range(6):
            world.session(status="verified", held_on=datetime.date(2025, month, 3), reported=10)
    sheet = Sheets(y2025).of(world.ours, 0)
    assert not sheet.listed
    assert sheet.months == [
        (3, (4, 420), (4, 420)),
        (5, (6, 60), (6, 60)),
        (6, (6, 60), (6, 60)),
        (8, (1, 33), (1, 33)),
    ]
    shown = page(world.town, reverse("confirmation-print", args=[2025, 0])).content.decode()
    assert "计入场次" in shown and "桑蚕小蚕共育技术" not in shown


@pytest.mark.parametrize("name", ["confirmations", "confirmation-print"])
def test_the_list_asks_as_often_for_30_sessions_as_for_3(world, y2025, page, name):
    url = reverse(name, args=[2025, 0])
    page(world.bureau, url)
    with CaptureQueriesContext(connection) as few:
        page(world.bureau, url)
    for _ in range(27):
        world.session(world.theirs, status="verified", held_on=DAY, reported=10)
    with CaptureQueriesContext(connection) as many:
        page(world.bureau, url)
    assert len(few) == len(many)
