"""The pages with which a unit enters, finds, mends and submits its sessions."""

import io
import re

import openpyxl
import pytest
from django.urls import reverse

from networks.models import AuditEvent
from trainings.models import Audience, Evidence

from .session_pages import page, text_of


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


# --- somebody else's things (AC-2, AC-3) ----------------------------------------------------------


PAGES = [
    "session-detail",
    "session-edit",
    "session-submit",
    "session-withdraw",
    "session-void",
    "session-hold",
    "session-cancel",
    "session-confirm",
    "session-history",
    "session-sheet",
    "evidence-add",
]


@pytest.mark.parametrize("name", PAGES)
def test_ac_1_a_foreign_session_is_not_there_and_a_shared_one_is_not_ones_to_change(client, world, name):
    theirs = world.session(world.theirs, status="draft")
    shared = world.session(world.theirs, status="submitted", place=world.places["白山镇"])
    client.force_login(world.town)
    for method in (client.get, client.post):
        assert method(reverse(name, args=[theirs.pk])).status_code in {404, 405}
    reading = name in {"session-detail", "session-history", "session-sheet"}
    if reading:
        assert client.get(reverse(name, args=[shared.pk])).status_code == 200
    else:
        data = {"kind": "photo", "link": "https://x.cn/"}
        assert client.post(reverse(name, args=[shared.pk]), data).status_code == 403
    for role in ("head", "auditor", "leader", "operator"):
        client.force_login(world.users[role])
        if not reading:
            assert client.post(reverse(name, args=[theirs.pk])).status_code == 403
    theirs.refresh_from_db()
    assert theirs.status == "draft"


# --- one session ----------------------------------------------------------------------------------


def test_the_page_of_a_session_offers_what_may_be_done_now_and_nothing_else(client, world):
    buttons = {
        "session-edit",
        "session-submit",
        "session-withdraw",
        "session-void",
        "session-hold",
        "session-cancel",
        "review-session",
        "evidence-add",
    }

    def offered(session):
        text = text_of(page(client, "session-detail", session.pk))
        return {name for name in buttons if f'"{reverse(name, args=[session.pk])}"' in text}

    client.force_login(world.town)
    assert offered(world.session()) == {"session-edit", "session-submit", "session-void", "evidence-add"}
    assert offered(world.session(status="planned")) == {
        "session-edit",
        "session-hold",
        "session-cancel",
        "evidence-add",
    }
    assert offered(world.session(status="submitted")) == {"session-withdraw", "evidence-add"}
    assert offered(world.session(status="verified")) == set()
    submitted = world.session(status="submitted")
    client.force_login(world.head)
    assert offered(submitted) == set()
    client.force_login(world.bureau)
    assert offered(submitted) == {"review-session"}
    world.lock()
    client.force_login(world.town)
    assert offered(submitted) == set()


def test_the_three_figures_stand_side_by_side_and_are_never_mixed(town, world):
    session = world.session(status="submitted", reported=50)
    session.verify(actor=world.bureau, attendance=41, reason="签到表 41 人")
    text = text_of(page(town, "session-detail", session.pk))
    figures = re.findall(r'figure-label">(.*?)</p>\s*<p class="figure-value">\s*([^<\s]+)', text)
    assert figures == [("填报人次", "50"), ("签到人次", "无"), ("核定人次", "41")]
    assert "签到表 41 人" in text


def test_a_returned_session_shows_its_reason_first(town, world):
    session = world.session(status="returned")
    text = text_of(page(town, "session-detail", session.pk))
    assert text.index("人次与佐证不符：签到表只有四十人") < text.index("场次内容")


def test_wb_3_hostile_words_stay_words_on_every_page(client, world):
    bad = "<img src=x onerror=alert(1)>"
    session = world.session(title=bad, venue=bad, remarks=bad, instructors=bad, organiser_written=bad)
    session.revise(
        actor=world.town, seen_version=1, changes={"title": bad + "2"}, co_organisers=[(None, bad)], reason=bad
    )
    client.force_login(world.town)
    for name in ("session-detail", "session-edit", "session-history", "session-sheet", "session-void"):
        assert bad not in text_of(page(client, name, session.pk)), name
    assert bad not in text_of(page(client, "session-list", q=bad))
    assert bad not in text_of(page(client, "session-new", copy=session.pk))


def test_pi_7_nobody_is_looked_for_by_a_teachers_name_in_the_address(town, world):
    world.session(title="小蚕共育", instructors="韦金丝雀", venue="村委会")
    assert "小蚕共育" in text_of(page(town, "session-list", q="村委会"))
    assert "小蚕共育" not in text_of(page(town, "session-list", q="金丝雀"))


def test_voiding_asks_once_on_a_page_that_says_what_will_happen(town, world):
    session = world.session()
    assert "不再提交、不再审核，也不计入任何数字" in text_of(page(town, "session-void", session.pk))
    session.refresh_from_db()
    assert session.status == "draft"
    town.post(reverse("session-void", args=[session.pk]), {"reason": "登记重复"})
    session.refresh_from_db()
    assert (session.status, session.history.first().history_change_reason) == ("void", "作废：登记重复")


def test_cancelling_a_plan_needs_a_reason(town, world):
    session = world.session(status="planned")
    assert "请说明取消的原因" in text_of(town.post(reverse("session-cancel", args=[session.pk]), {"reason": " "}))
    town.post(reverse("session-cancel", args=[session.pk]), {"reason": "下雨"})
    session.refresh_from_db()
    assert session.status == "cancelled"


def test_a_submitted_session_is_withdrawn_before_it_is_changed(town, world):
    session = world.session(status="submitted")
    assert page(town, "session-edit", session.pk).url == reverse("session-detail", args=[session.pk])
    town.post(reverse("session-withdraw", args=[session.pk]))
    assert page(town, "session-edit", session.pk).status_code == 200


def test_the_co_organiser_sees_the_session_confirms_its_part_and_may_not_edit(client, world):
    session = world.session()
    session.revise(actor=world.town, seen_version=1, changes={}, co_organisers=[(world.wxgtj, world.wxgtj.name)])
    client.force_login(world.unit)
    assert page(client, "session-detail", session.pk).status_code == 404
    session.submit(actor=world.town)
    text = text_of(page(client, "session-detail", session.pk))
    assert "确认协办" in text and reverse("session-edit", args=[session.pk]) not in text
    assert client.post(reverse("session-edit", args=[session.pk])).status_code == 403
    client.post(reverse("session-confirm", args=[session.pk]))
    assert session.co_organisers.get().confirmed_at is not None
    assert "确认协办</button>" not in text_of(page(client, "session-detail", session.pk))


def test_the_unit_confirms_what_was_entered_on_its_behalf_and_nobody_else_can(client, world):
    session = world.session(actor=world.bureau, status="submitted")
    for name in ("bureau", "bureau2", "centre"):
        client.force_login(world.users[name])
        assert client.post(reverse("session-confirm", args=[session.pk])).status_code == 403
    client.force_login(world.town)
    assert "这一场由县教育局根据纸质代录" in text_of(page(client, "session-detail", session.pk))
    client.post(reverse("session-confirm", args=[session.pk]))
    session.refresh_from_db()
    assert session.unit_confirmed_at and session.history.first().history_change_reason == "确认代录"


def test_history_tells_who_changed_what_and_keeps_the_time_before_submission_to_the_unit(client, world):
    session = world.session(status="draft", place=world.places["羊山村"], title="草稿里的名字")
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "正式的名字"})
    session.submit(actor=world.town)
    client.force_login(world.town)
    text = text_of(page(client, "session-history", session.pk))
    assert "town先生" in text and "培训名称：草稿里的名字 → 正式的名字" in text
    client.force_login(world.town2)
    text = text_of(page(client, "session-history", session.pk))
    assert "提交" in text and "草稿里的名字" not in text


def test_the_sign_in_sheet_has_numbered_lines_for_everybody_and_no_id_number(town, world):
    session = world.session(planned_attendance=40, venue="村委会二楼")
    text = text_of(page(town, "session-sheet", session.pk))
    assert [int(n) for n in re.findall(r'sheet-line">\s*<td>(\d+)</td>', text)] == list(range(1, 51))
    assert "村委会二楼" in text and '<th scope="col">签名</th>' in text
    header = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", text)
    assert header[:6] == ["序号", "姓名", "性别", "年龄段", "村（社区）", "签名"]
    for people, lines in (("100", 100), ("1", 25), ("0", 50), ("x", 50), ("99999", 50)):
        assert text_of(page(town, "session-sheet", session.pk, people=people)).count("sheet-line") == lines


def test_pi_3_no_sheet_is_printed_for_minors(town, world):
    session = world.session()
    session.revise(
        actor=world.town, seen_version=1, changes={}, audiences=[(Audience.objects.get(name="青少年"), None)]
    )
    response = page(town, "session-sheet", session.pk)
    assert response.status_code == 403 and "有未成年人，不留姓名，不做签到表" in text_of(response)
    assert reverse("session-sheet", args=[session.pk]) not in text_of(page(town, "session-detail", session.pk))


def test_pi_2_no_sheet_is_printed_for_a_headcount_only_session(town, world):
    session = world.session()
    group = Audience.objects.get(name="失独家庭")
    session.revise(actor=world.town, seen_version=1, changes={}, audiences=[(group, None)])
    response = page(town, "session-sheet", session.pk)
    assert response.status_code == 403 and "只报人次，不做签到表" in text_of(response)
    assert reverse("session-sheet", args=[session.pk]) not in text_of(page(town, "session-detail", session.pk))


def test_pi_7_no_page_address_carries_a_title_or_a_name(town, world):
    session = world.session(title="标题里的金丝雀", instructors="金丝雀老师")
    Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.town)
    for name in ("session-list", "session-detail", "session-history"):
        args = [] if name == "session-list" else [session.pk]
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', text_of(page(town, name, *args)))
        assert not [a for a in addresses if "金丝雀" in a or "%E9" in a]


def test_ac_2_the_exported_ledger_holds_what_one_sees_and_the_log_says_who_took_it(client, world):
    world.session(title="自己的草稿")
    world.session(world.theirs, title="别人的草稿", place=world.places["白山镇"])
    world.session(world.theirs, title="在本镇办的", status="submitted", place=world.places["白山镇"])
    world.session(world.foreign, title="外县的", status="submitted")
    client.force_login(world.town)
    response = page(client, "session-export", world.year)
    assert response["Content-Disposition"] == f'attachment; filename="ledger-{world.year}.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)} == {"自己的草稿", "在本镇办的"}
    event = AuditEvent.objects.get(action="导出台账")
    assert (event.actor, event.detail) == (world.town, {"year": world.year, "rows": 2})
    for year in (1999, 2100, 10**9):
        assert page(client, "session-export", year).status_code == 404
    for name in ("leader", "operator", "homeless"):
        client.force_login(world.users[name])
        assert page(client, "session-export", world.year).status_code == 403
