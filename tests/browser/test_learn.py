"""An officer opens a session for residents; on a phone without account somebody finds it, signs up and cancels."""

import datetime
import re

import pytest

from .conftest import OFFICE, PHONE, expect

TOWN = "town-450124100"
TITLE = "插花入门"


@pytest.fixture
def resident(site, chromium):
    """A page on a phone of somebody who has no account; scripts are off, as these pages need none."""
    context = chromium.new_context(
        viewport=PHONE, locale="zh-CN", has_touch=True, base_url=site, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def with_script(site, chromium):
    """The same phone with scripts, which axe and the measures below need; the pages bring none of their own."""
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, base_url=site)
    yield context.new_page()
    context.close()


def small_targets(page) -> list[str]:
    """Buttons, fields and links that stand alone and are less than 44 px high."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".btn, .form-control, .form-select, .letters, .learn-nav a, .call, .choice")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""
    )


def test_a_session_is_opened_signed_up_for_and_cancelled_on_phones(person, resident, with_script, flawless):
    officer = person(TOWN, PHONE)
    soon = datetime.date.today() + datetime.timedelta(days=2)
    officer.goto("/sessions/new/")
    officer.get_by_label("培训名称").fill(TITLE)
    officer.get_by_label("培训日期").fill(soon.isoformat())
    officer.get_by_role("button", name="保存草稿").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    officer.get_by_role("link", name=re.compile("公开和报名")).click()
    officer.get_by_label("公开", exact=True).check()
    officer.get_by_label("接受报名").check()
    officer.get_by_label("名额").fill("2")
    officer.get_by_role("button", name="保存", exact=True).click()
    expect(officer.get_by_role("alert")).to_contain_text("请填写居民可以打的办公电话")
    flawless(officer)
    officer.get_by_label("咨询电话").fill("0771-6820001")
    officer.get_by_role("button", name="保存", exact=True).click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    detail = officer.url

    resident.goto("/learn/")
    resident.get_by_label("您在哪个乡镇？").select_option(label="白山镇")
    resident.get_by_role("button", name="看这里的").click()
    resident.wait_for_url("**at=450124100**")
    expect(resident.get_by_role("link", name=re.compile("打电话问")).first).to_have_attribute("href", "tel:07716820001")
    resident.get_by_role("link", name="用大字").click()
    resident.wait_for_url("**big=1**")
    resident.get_by_role("link", name=TITLE, exact=True).click()
    resident.wait_for_url("**/learn/sessions/**")
    assert "big=1" in resident.url and "at=450124100" in resident.url
    assert resident.context.cookies() == []
    resident.get_by_role("link", name=re.compile("我要报名")).click()
    resident.wait_for_url("**/sign-up/**")
    resident.get_by_label("姓名").fill("韦阿妹")
    resident.get_by_label("手机号码的后四位").fill("12")
    resident.get_by_role("button", name="报名").click()
    resident.get_by_text("请只填手机号码的最后四位数字").first.wait_for()
    expect(resident.get_by_label("姓名")).to_have_value("韦阿妹")
    resident.get_by_label("手机号码的后四位").fill("1234")
    resident.get_by_label("一共几个人来").fill("2")
    resident.get_by_role("button", name="报名").click()
    expect(resident.get_by_text("报名成功")).to_be_visible()
    mine = resident.url

    with_script.goto(mine)
    flawless(with_script)
    assert small_targets(with_script) == []
    for path in ("/learn/", "/learn/?big=1", "/learn/map/", "/learn/courses/", "/learn/stories/"):
        with_script.goto(path)
        flawless(with_script)
        assert small_targets(with_script) == []
    with_script.goto("/learn/")
    with_script.get_by_role("link", name=TITLE, exact=True).click()
    with_script.wait_for_url("**/learn/sessions/**")
    expect(with_script.get_by_text("名额已满")).to_be_visible()
    flawless(with_script)

    officer.goto(detail)
    officer.get_by_role("link", name=re.compile("居民报名")).click()
    officer.wait_for_url("**/sign-ups/")
    expect(officer.get_by_text("韦**")).to_be_visible()
    flawless(officer)
    officer.get_by_role("button", name="显示全名").click()
    expect(officer.get_by_text("韦阿妹")).to_be_visible()
    flawless(officer)
    officer.emulate_media(media="print")
    expect(officer.get_by_text("韦**")).to_be_visible()
    expect(officer.get_by_text("韦阿妹")).to_be_hidden()

    resident.get_by_role("button", name="不去了，取消报名").click()
    expect(resident.get_by_text("已取消报名")).to_be_visible()
    office = person("bureau", OFFICE)
    office.goto(f"{detail}sign-ups/")
    expect(office.get_by_text("现在没有人报名")).to_be_visible()
    flawless(office)


def test_the_week_works_by_keyboard_alone(with_script):
    with_script.goto("/learn/")
    with_script.keyboard.press("Tab")
    assert with_script.evaluate("document.activeElement.className") == "skip-link"
    names = []
    for _ in range(9):
        with_script.keyboard.press("Tab")
        names.append(with_script.evaluate("document.activeElement.innerText || document.activeElement.name"))
    assert names[1:6] == ["用大字", "这周学什么", "学习超市", "学习地图", "案例品牌"] and names[6].startswith("全县")
