"""补报: after a year's reporting date a unit submits only with the office's consent; a year without dates is never closed."""

import datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from networks.models import MemberUnit, UnitSuccession
from reporting.models import AssessmentYear, LateEntry
from trainings.models import Refused, Status

pytestmark = pytest.mark.django_db
Y = 2026
CLOSED = "2026年度的填报已于2026年12月31日截止，请先申请补报，办公室同意后再提交；现在可以先存草稿"


@pytest.fixture
def year(world):
    """2026, reported until 31 December, 补报 until 20 January; today is 8 January 2027, noon."""
    row = AssessmentYear.objects.open_year(world.county, Y)
    row.reporting_until, row.late_until = datetime.date(Y, 12, 31), datetime.date(Y + 1, 1, 20)
    row.save()
    with time_machine.travel("2027-01-08T12:00:00+08:00", tick=False):
        yield row


def draft(world, **fields):
    return world.session(held_on=datetime.date(Y, 12, 5), **fields)


def allow(world, year, until=datetime.date(2027, 1, 15), unit=None):
    row = LateEntry.ask(year=year, unit=unit or world.ours, reason="签到表才收齐", actor=world.town)
    row.approve(actor=world.bureau, until=until)
    return row


def sentences(session):
    return [item.sentence for item in session.missing_for_submission()]


def test_after_the_reporting_date_a_session_stays_a_draft_until_the_office_allows_it(world, year):
    session = draft(world)
    assert sentences(session) == [CLOSED]
    with pytest.raises(Refused) as refused:
        session.submit(actor=world.town)
    assert refused.value.reasons == [CLOSED]
    allow(world, year)
    assert sentences(session) == []
    session.submit(actor=world.town)
    assert session.status == Status.SUBMITTED


def test_on_the_reporting_date_itself_everything_can_still_be_submitted(world, year):
    with time_machine.travel("2026-12-31T23:59:00+08:00", tick=False):
        draft(world).submit(actor=world.town)
    with time_machine.travel("2027-01-01T00:01:00+08:00", tick=False):
        assert sentences(draft(world)) == [CLOSED]


def test_a_year_without_dates_is_never_closed(world, year):
    AssessmentYear.objects.filter(pk=year.pk).update(reporting_until=None, late_until=None)
    session = draft(world)
    assert sentences(session) == []
    session.submit(actor=world.town)


def test_a_year_that_nobody_opened_is_never_closed(world, year):
    assert sentences(world.session(held_on=datetime.date(Y - 1, 12, 5))) == []


def test_what_was_sent_back_is_mended_and_submitted_without_asking(world, year):
    with time_machine.travel("2026-12-20T12:00:00+08:00", tick=False):
        session = draft(world, status="returned")
    assert sentences(session) == []
    session.submit(actor=world.town)
    assert session.status == Status.SUBMITTED


def test_another_units_consent_helps_nobody_and_an_allowed_day_ends(world, year):
    row = LateEntry.ask(year=year, unit=world.theirs, reason="停电", actor=world.town2)
    row.approve(actor=world.bureau, until=datetime.date(2027, 1, 15))
    assert sentences(draft(world)) == [CLOSED]
    allow(world, year, until=datetime.date(2027, 1, 8))
    session = draft(world)
    assert sentences(session) == []
    with time_machine.travel("2027-01-09T00:01:00+08:00", tick=False):
        assert sentences(session) == [CLOSED]


def test_after_the_last_day_of_late_entry_the_sentence_sends_to_the_office(world, year):
    with time_machine.travel("2027-01-21T09:00:00+08:00", tick=False):
        assert sentences(draft(world)) == [
            "2026年度的填报已于2026年12月31日截止，补报也已于2027年1月20日截止，请与领导小组办公室联系"
        ]
        with pytest.raises(ValidationError, match="补报也已截止"):
            LateEntry.ask(year=year, unit=world.ours, reason="太晚了", actor=world.town)


def test_a_request_that_the_last_day_has_overtaken_can_only_be_declined_and_the_page_says_so(world, year, ask):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    with time_machine.travel("2027-01-21T09:00:00+08:00", tick=False):
        with pytest.raises(ValidationError, match="把补报截止日期改晚"):
            row.approve(actor=world.bureau, until=datetime.date(2027, 1, 25))
        url = f"/assessment/{Y}/late/{row.pk}/"
        shown = ask(world.bureau, url)
        assert "现在不能再同意" in shown.content.decode() and "until" not in shown.context["form"].fields
        given = {"decision": "approve", "until": "2027-01-25", "seen_version": "0"}
        assert "把补报截止日期改晚" in str(ask(world.bureau, url, given, "post").context["form"].errors)
        office = ask(world.bureau, f"/assessment/{Y}/late/").content.decode()
        assert "确需再开的，请在考核年度里把补报截止日期改晚" in office and "请与办公室联系" not in office
        assert "请与办公室联系" in ask(world.town, f"/assessment/{Y}/late/").content.decode()
        assert (
            ask(world.bureau, url, {"decision": "decline", "note": "过了日期", "seen_version": "0"}, "post").status_code
            == 302
        )
    row.refresh_from_db()
    assert row.state == "declined"


def test_a_request_that_the_lock_has_overtaken_does_not_lie_on_the_desk_for_ever(world, year, ask):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    other = LateEntry.ask(year=year, unit=world.theirs, reason="停电", actor=world.town2)
    world.lock(year)
    with pytest.raises(ValidationError, match="已锁定定案，不能再同意补报"):
        LateEntry.objects.get(pk=row.pk).approve(actor=world.bureau, until=datetime.date(2027, 1, 15))
    assert "补报申请 2 份待审批" in ask(world.bureau, "/").content.decode()
    LateEntry.objects.get(pk=row.pk).decline(actor=world.bureau, note="年度已锁定")
    other.withdraw(actor=world.town2)
    assert "待审批" not in ask(world.bureau, "/").content.decode()
    assert [entry.state for entry in LateEntry.objects.order_by("pk")] == ["declined", "withdrawn"]


def test_the_centre_is_told_that_its_unit_asks_for_late_entry(world, year, ask):
    """Its sessions are credited to 县教育局, which asks and whom the consent covers: the centre has no unit of its own."""
    session = draft(world, organiser=world.jyj, actor=world.centre)
    url = f"/sessions/{session.pk}/"
    assert "补报由县教育局申请，同意以后这里就可以提交" in ask(world.centre, url).content.decode()
    row = LateEntry.ask(year=year, unit=world.jyj, reason="中心的一场", actor=world.bureau)
    row.approve(actor=world.bureau2, until=datetime.date(2027, 1, 15))
    session.submit(actor=world.centre)
    assert session.status == Status.SUBMITTED


def test_what_the_office_enters_for_a_unit_needs_the_units_consent_too(world, year):
    session = draft(world, actor=world.bureau)
    with pytest.raises(Refused):
        session.submit(actor=world.bureau)
    row = LateEntry.ask(year=year, unit=world.ours, reason="单位电话报来", actor=world.bureau)
    with pytest.raises(PermissionDenied, match="这是您提出的"):
        row.approve(actor=world.bureau, until=datetime.date(2027, 1, 15))
    row.approve(actor=world.bureau2, until=datetime.date(2027, 1, 15))
    session.submit(actor=world.bureau)


def test_the_consent_of_a_successor_covers_what_its_predecessor_left(world, year):
    session = draft(world)
    new = MemberUnit.objects.create(
        county=world.county, code="new", name="新镇人民政府", kind="township", division=world.county, position=3
    )
    UnitSuccession.objects.create(old=world.ours, new=new, on=datetime.date(2027, 1, 2), change="rename")
    row = LateEntry.ask(year=year, unit=new, reason="更名以前的一场", actor=world.bureau)
    row.approve(actor=world.bureau2, until=datetime.date(2027, 1, 15))
    assert sentences(session) == []


def test_the_consent_cannot_go_beyond_the_years_last_day_nor_into_the_past(world, year):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    with pytest.raises(ValidationError, match="最迟到2027年1月20日"):
        row.approve(actor=world.bureau, until=datetime.date(2027, 1, 21))
    with pytest.raises(ValidationError, match="今天或以后"):
        row.approve(actor=world.bureau, until=datetime.date(2027, 1, 7))
    stale = LateEntry.objects.select_related("year").get(pk=row.pk)
    AssessmentYear.objects.filter(pk=year.pk).update(late_until=datetime.date(2027, 1, 18))
    with pytest.raises(ValidationError, match="最迟到2027年1月18日"):  # as the year is now, not as it was read
        stale.approve(actor=world.bureau, until=datetime.date(2027, 1, 20))
    AssessmentYear.objects.filter(pk=year.pk).update(late_until=datetime.date(2027, 1, 20))
    row.approve(actor=world.bureau, until=datetime.date(2027, 1, 20))
    with pytest.raises(ValidationError, match="现在是“已同意”"):
        row.decline(actor=world.bureau2, note="算了")


def test_declining_needs_a_reason_and_keeps_the_session_a_draft(world, year):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    with pytest.raises(ValidationError, match="写明理由"):
        row.decline(actor=world.bureau, note=" ")
    row.decline(actor=world.bureau, note="没有具体场次")
    assert sentences(draft(world)) == [CLOSED]
    LateEntry.ask(year=year, unit=world.ours, reason="12月5日一场", actor=world.town)  # may ask again


def test_one_request_at_a_time_and_only_once_reporting_has_closed(world, year):
    LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    with pytest.raises(ValidationError, match="正在等办公室审批"):
        LateEntry.ask(year=year, unit=world.ours, reason="再来一次", actor=world.town)
    with (
        time_machine.travel("2026-12-31T12:00:00+08:00", tick=False),
        pytest.raises(ValidationError, match="还没有截止"),
    ):
        LateEntry.ask(year=year, unit=world.theirs, reason="先占着", actor=world.town2)
    with pytest.raises(PermissionDenied):
        LateEntry.ask(year=year, unit=world.theirs, reason="替别人", actor=world.town)
    with pytest.raises(PermissionDenied):
        LateEntry.ask(year=year, unit=world.ours, reason="我看看", actor=world.head)


def test_nobody_of_another_county_or_role_decides(world, year):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    for user in (world.foreign_bureau, world.town, world.leader, world.auditor):
        with pytest.raises(PermissionDenied):
            row.approve(actor=user, until=datetime.date(2027, 1, 15))


def test_a_locked_year_takes_no_request_and_no_consent(world, year):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked", locked_on=datetime.date(2027, 1, 8))
    year.refresh_from_db()
    with pytest.raises(ValidationError, match="已锁定定案"):
        row.approve(actor=world.bureau, until=datetime.date(2027, 1, 15))
    with pytest.raises(ValidationError, match="已锁定定案"):
        LateEntry.ask(year=year, unit=world.theirs, reason="停电", actor=world.town2)


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "approved", "until": None},
        {"state": "declined", "note": ""},
        {"state": "unknown"},
        {"reason": ""},
        {"until": datetime.date(2027, 1, 15)},
        {"state": "approved", "until": datetime.date(2027, 1, 15), "decided_at": "asked_at", "decided_by": "asked_by"},
    ],
)
def test_in5_the_database_holds_the_rules_of_a_request(world, year, broken):
    row = LateEntry.ask(year=year, unit=world.ours, reason="签到表才收齐", actor=world.town)
    values = {
        name: getattr(row, value) if value in ("asked_by", "asked_at") else value for name, value in broken.items()
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        LateEntry.objects.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize(
    "broken",
    [
        {"late_until": datetime.date(Y, 12, 30)},
        {"quarter1_until": datetime.date(Y, 7, 1), "quarter2_until": datetime.date(Y, 6, 30)},
    ],
)
def test_in5_the_dates_of_a_year_stand_in_order(world, year, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        AssessmentYear.objects.filter(pk=year.pk).update(**broken)


def test_the_entry_page_and_the_session_say_what_is_missing_and_where_to_ask(world, year, page):
    session = draft(world)
    shown = page(world.town, f"/sessions/{session.pk}/").content.decode()
    assert (
        CLOSED in shown and f'href="/assessment/{Y}/late/"' in shown and "提交</button>" not in shown.split("<main")[1]
    )
    form = page(world.town, "/sessions/new/").content.decode()
    assert f'data-need="late-{Y}"' in form and f'data-need="late-{Y + 1}"' not in form
    assert CLOSED in page(world.town, "/").content.decode()
    allow(world, year)
    assert f'data-need="late-{Y}"' not in page(world.town, "/sessions/new/").content.decode()
    assert CLOSED not in page(world.town, "/").content.decode()


def test_the_unit_asks_and_the_office_decides_on_the_pages(world, year, ask):
    url = f"/assessment/{Y}/late/"
    assert ask(world.town, url, {"reason": ""}, "post").context["form"].errors["reason"] == [
        "请写明理由，办公室据此审批"
    ]
    assert ask(world.town, url, {"reason": "签到表才收齐", "unit": world.theirs.code}, "post").status_code == 302
    row = LateEntry.objects.get()
    assert (row.unit, row.state) == (world.ours, "asked")
    assert "补报申请 1 份待审批" in ask(world.bureau, "/").content.decode()
    assert "正在等办公室审批" in ask(world.town, "/").content.decode()
    decide = f"{url}{row.pk}/"
    given = {"decision": "approve", "until": "2027-02-01", "seen_version": "0"}
    assert "最迟到2027年1月20日" in ask(world.bureau, decide, given, "post").content.decode()
    given["until"] = "2027-01-15"
    assert ask(world.bureau, decide, given | {"seen_version": "7"}, "post").status_code == 200
    assert ask(world.bureau, decide, given, "post").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.until, row.decided_by) == ("approved", datetime.date(2027, 1, 15), world.bureau)
    assert "2027年1月15日（周五） 以前可以提交" in ask(world.town, "/").content.decode()


def test_ac_2_units_do_not_see_each_others_requests(world, year, ask):
    LateEntry.ask(year=year, unit=world.theirs, reason="古零镇停电", actor=world.town2)
    url = f"/assessment/{Y}/late/"
    for user in (world.town, world.unit, world.head):
        assert "古零镇停电" not in ask(user, url).content.decode()
    assert "古零镇停电" in ask(world.bureau, url).content.decode()
    assert "古零镇停电" in ask(world.town2, url).content.decode()


def test_the_rules_page_prints_the_dates_and_what_they_do(world, year, page):
    year.quarter1_until, year.materials_until = datetime.date(Y, 4, 10), datetime.date(Y, 11, 30)
    year.save()
    shown = page(world.bureau, f"/assessment/{Y}/rules/").content.decode()
    for words in ("一季度 2026年4月10日", "2026年12月31日（周四）", "申请补报、办公室同意", "2026年11月30日（周一）"):
        assert words in shown


def test_ld_2_drafts_on_a_desk_of_a_closed_year_cost_the_same_at_3_and_10(
    world, year, page, django_assert_max_num_queries
):
    counts = []
    for more in (3, 7):
        for _ in range(more):
            draft(world)
        page(world.town, "/")
        with django_assert_max_num_queries(60) as captured:
            page(world.town, "/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
