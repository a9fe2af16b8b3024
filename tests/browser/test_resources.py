"""A township officer enters an open school and a learning group on a phone; the lists fit the phone and the office screen."""

import re

from .conftest import OFFICE, PHONE, expect

TOWN = "town-450124100"


def targets(page) -> list[str]:
    """What is there to be touched and is less than 44 px high; links inside running text are not meant."""
    return page.evaluate(
        """() => [...document.querySelectorAll("main .btn, main .form-control, main .form-select, main .tabs a, main .parts a,"
            + " main .chip label, main .more > summary")].filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5)
            .map(e => e.outerHTML.slice(0, 80))"""
    )


def test_a_school_is_entered_on_a_phone_and_closed_again(person, flawless):
    page = person(TOWN, PHONE)
    page.goto("/network/resources/")
    expect(page.get_by_text("还没有登记场所")).to_be_visible()
    flawless(page)
    page.get_by_role("link", name="登记第一处").click()
    page.wait_for_url("**/resources/new/**")
    flawless(page)
    assert targets(page) == []
    page.get_by_label("类别").select_option("school")
    page.get_by_label("名称").fill("新汉村小学")
    page.get_by_label("所在地").select_option(label="白山镇/新汉村")
    page.get_by_label("已向居民开放").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_contain_text("已向居民开放的，请写明开放什么")
    flawless(page)
    page.get_by_label("开放内容").fill("教室、球场")
    page.get_by_label("开放时间").fill("周末 9:00—17:00")
    page.get_by_text("学校填：学区").click()
    page.locator("label", has_text="白山镇/新汉村").click()
    assert targets(page) == []
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile(r"/network/resources/\d+/$"))
    expect(page.get_by_role("heading", name="新汉村小学")).to_be_visible()
    expect(page.get_by_text("已开放")).to_be_visible()
    expect(page.locator("dd", has_text="新汉村").first).to_be_visible()
    flawless(page)
    page.get_by_role("link", name="停止开放").click()
    page.wait_for_url("**/close/")
    flawless(page)
    page.get_by_role("button", name="确认停止开放").click()
    page.wait_for_url(re.compile(r"/network/resources/\d+/$"))
    expect(page.get_by_text("停止开放").first).to_be_visible()
    office = person("leader", OFFICE)
    office.goto("/network/resources/")
    expect(office.get_by_role("link", name="新汉村小学")).to_be_visible()
    flawless(office)


def test_a_learning_group_is_entered_and_a_session_names_it(person, flawless):
    page = person(TOWN, PHONE)
    page.goto("/network/communities/new/")
    flawless(page)
    assert targets(page) == []
    page.get_by_label("类别").select_option("team")
    page.get_by_label("名称", exact=False).first.fill("新汉村山歌队")
    page.get_by_label("所在地").select_option(label="白山镇/新汉村")
    page.get_by_label("成员数").fill("24")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile(r"/network/communities/\d+/$"))
    flawless(page)
    page.goto("/sessions/new/")
    page.get_by_label("培训名称").fill("山歌唱民法典")
    page.get_by_text("更多：").click()
    page.get_by_label("学习团队（小组）").select_option(label="新汉村山歌队")
    flawless(page)
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    page.get_by_role("link", name="新汉村山歌队").click()
    page.wait_for_url(re.compile(r"/network/communities/\d+/$"))
    expect(page.get_by_role("link", name="山歌唱民法典")).to_be_visible()
    for screen in (PHONE, OFFICE):
        reader = person("bureau", screen)
        for path in ("/network/communities/", "/network/resources/providers/", "/network/resources/projects/"):
            reader.goto(path)
            flawless(reader)
            assert targets(reader) == []
