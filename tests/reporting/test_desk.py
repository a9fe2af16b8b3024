"""Everybody's first page shows what to do next, and nothing of others."""

import getpass
import io
from datetime import date, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from reporting.desk import SHOWN, unit_desk
from trainings.models import CoOrganiser

from ..trainings.workbook_files import HEADER, book

OLD = date(timezone.localdate().year, 1, 1)


def text(page, user):
    return page(user, "/").content.decode()


def test_a_stranger_is_led_to_the_sign_in(client, db):
    assert client.get("/").url == "/login/?next=/"


def test_the_officer_sees_returned_sessions_with_reasons_first(world, page):
    world.session(status="returned", title="退回的课")
    world.session(title="没写完的课", form=None)
    shown = text(page, world.town)
    order = [
        shown.index(words)
        for words in ("人次与佐证不符：签到表只有四十人", "登记培训", "差 4 场 400 人次", "没写完的课")
    ]
    assert order == sorted(order)
    assert "还缺：请选择培训形式" in shown


def test_a_new_officer_is_invited_to_register_the_first_session(world, page):
    assert "从登记第一场培训开始" in text(page, world.town)


def test_the_officer_confirms_entries_on_behalf_and_joint_sessions_from_the_desk(world, page):
    entered = world.session(world.ours, actor=world.bureau, status="submitted", title="代录的课")
    joint = world.session(world.theirs, status="submitted", title="联合的课")
    CoOrganiser.objects.create(session=joint, unit=world.ours, name="白山镇")
    CoOrganiser.objects.create(session=world.session(world.theirs, title="别人的草稿"), unit=world.ours, name="白山镇")
    shown = text(page, world.town)
    assert f'action="/sessions/{entered.pk}/confirm/"' in shown and f'action="/sessions/{joint.pk}/confirm/"' in shown
    assert "别人的草稿" not in shown


def test_ac_2_a_desk_shows_nothing_of_other_units(world, page):
    for status in ("draft", "submitted", "returned", "verified"):
        world.session(world.theirs, status=status, title="古零镇的课")
        world.session(world.foreign, status=status, title="上林县的课")
    for user in (world.town, world.unit, world.unit2, world.head, world.centre, world.unit_head):
        assert "古零镇的课" not in text(page, user) and "上林县的课" not in text(page, user)
    assert "上林县的课" not in text(page, world.bureau)


def test_the_bureau_sees_its_queue_and_who_needs_a_hand(world, page):
    world.session(status="submitted")
    world.session(status="returned")
    world.session(world.foreign, status="submitted")
    shown = text(page, world.bureau)
    assert "有 1 场待审核" in shown
    desk = page(world.bureau, "/").context["desk"]
    assert (desk.waiting, desk.returned) == (1, 1)
    assert [s.unit.code for s in desk.to_help][:2] == ["450124100", "450124103"] or not desk.to_help


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auditor", "操作日志"),
        ("operator", "一次性链接"),
        ("homeless", "您的账号还没有归属"),
        ("head", "逐场查看是否计入"),
        ("unit2", "登记培训"),
        ("centre", "登记培训"),
    ],
)
def test_everybody_has_a_first_page(world, page, name, words):
    assert words in text(page, getattr(world, name))


def test_a_leader_goes_straight_to_the_dashboard(world, page):
    assert page(world.leader, "/").url == "/dashboard/"
    assert page(world.leader, "/dashboard/").url == f"/dashboard/{world.year}/"


def test_a_head_who_only_looks_is_offered_no_button(world, page):
    world.session(status="verified", title="白山镇的课")
    shown = text(page, world.head)
    assert "白山镇的课" in shown and "/sessions/new/" not in shown and "<button" not in shown.split("<main")[1]


def test_a_long_pile_says_how_many_more_there_are(world):
    for _ in range(SHOWN + 3):
        world.session()
    drafts = unit_desk(world.town).drafts
    assert (len(drafts.rows), drafts.total, drafts.more) == (SHOWN, SHOWN + 3, 3)


@pytest.mark.parametrize("name", ["town", "bureau"])
def test_ld_2_a_desk_costs_the_same_queries_at_3_and_30_rows(world, page, name, django_assert_max_num_queries):
    counts = []
    for more in (11, 30):
        for status in ("draft", "submitted", "returned", "verified"):
            for _ in range(more):
                world.session(status=status, held_on=OLD)
        page(getattr(world, name), "/")
        with django_assert_max_num_queries(50) as captured:
            page(getattr(world, name), "/")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_ac_5_both_accounts_are_told_of_a_historical_ledger_read_in_by_command(world, page, tmp_path):
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(book([[*HEADER, "主办单位"], ["甲", f"{world.year - 1}-03-05", 40, "白山镇"]]))
    as_two = ["--as", "bureau", "--historical", "--confirmed-by", "bureau2", "--commit"]
    call_command("import_sessions", str(path), *as_two, stdout=io.StringIO())
    told = (
        f"系统用户“{getpass.getuser()}”在服务器命令行导入了历史台账，1 场直接核定：账号“bureau”提出，账号“bureau2”确认"
    )
    assert told in text(page, world.bureau) and told in text(page, world.bureau2)
    assert "在服务器命令行" not in text(page, world.director)
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert "在服务器命令行" not in text(page, world.bureau)
