"""An officer plans on a phone: a class of four weekly sessions, one put off, one cancelled; the bureau sees what became of it."""

import datetime
import re

from .conftest import OFFICE, PHONE, expect

WEEK = datetime.timedelta(days=7)


def test_an_officer_makes_a_class_on_a_phone_puts_one_session_off_and_cancels_one(person, flawless):
    first = datetime.date.today() + datetime.timedelta(days=10)
    officer = person("town-450124100", PHONE)
    officer.get_by_role("link", name="排一个班").click()
    officer.wait_for_url("**/classes/new/**")
    flawless(officer)
    officer.get_by_label("培训名称").fill("智能手机使用")
    expect(officer.get_by_label("办班的日期")).to_be_hidden()  # only what belongs to the chosen way
    officer.get_by_label("第一场的日期").fill(first.isoformat())
    officer.get_by_label("一共几场").fill("4")
    officer.get_by_label("开始时间").fill("09:00")
    officer.get_by_label("结束时间").fill("11:00")
    officer.get_by_label("培训地点").fill("文化站二楼")
    officer.get_by_role("button", name="排出来看看").click()
    officer.get_by_role("heading", name="排出来是这 4 场").wait_for()
    ticks = officer.locator(".series-tick")
    expect(ticks).to_have_count(4)
    expect(officer.get_by_text("没有重复，也没有冲突")).to_be_visible()
    flawless(officer)
    assert all(box["height"] >= 44 for box in (tick.bounding_box() for tick in ticks.all()))
    officer.get_by_role("button", name="保存这个班").click()
    officer.wait_for_url(re.compile(r"/classes/\d+/$"))
    address = officer.url
    flawless(officer)
    expect(officer.get_by_role("link", name=re.compile("智能手机使用（第"))).to_have_count(4)

    officer.get_by_role("link", name="智能手机使用（第2次）").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    officer.get_by_role("link", name="改期").click()
    officer.wait_for_url("**/postpone/")
    moved = first + WEEK + datetime.timedelta(days=2)
    officer.get_by_label("新的日期").fill(moved.isoformat())
    officer.get_by_label("改期的原因").fill("教师出差")
    flawless(officer)
    officer.get_by_role("button", name="确定改期").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(officer.get_by_text(f"已改到{moved.year}年{moved.month}月{moved.day}日")).to_be_visible()

    officer.goto(address)
    officer.get_by_role("link", name="智能手机使用（第4次）").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    officer.get_by_role("link", name="取消计划").click()
    officer.wait_for_url("**/cancel/")
    officer.get_by_label("原因").fill("赶圩日")
    officer.get_by_role("button", name="确定取消计划").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    officer.goto(address)
    expect(officer.locator(".figure-cell", has_text="安排").locator(".figure-value")).to_have_text("3场")

    officer.goto(f"/calendar/?month={moved:%Y-%m}")
    flawless(officer)
    day = officer.locator(f"#d{moved.day}")
    expect(day.get_by_role("link", name="09:00 智能手机使用（第2次）")).to_be_visible()
    assert day.bounding_box()["width"] > 300  # days one under another

    bureau = person("bureau", OFFICE)
    bureau.goto(f"/calendar/?month={moved:%Y-%m}")
    flawless(bureau)
    cell = bureau.locator(f"#d{moved.day}")
    expect(cell.get_by_role("link", name="09:00 智能手机使用（第2次）")).to_be_visible()
    assert cell.bounding_box()["width"] < 200  # a month
    bureau.goto(address)
    flawless(bureau)
    expect(bureau.get_by_text("另取消 1 场")).to_be_visible()


def test_a_unit_writes_its_plan_and_the_bureau_reads_it(person, flawless):
    officer = person("unit-wxgtj", PHONE)
    officer.goto("/plans/")
    flawless(officer)
    officer.get_by_role("link", name="填写计划").click()
    officer.wait_for_url("**/edit/")
    officer.get_by_label("计划场次").fill("10")
    officer.get_by_label("计划人次").fill("1000")
    officer.get_by_label("非物质文化遗产传承").check()
    officer.get_by_label("计划内容").fill("会鼓、扁担舞进社区，每月两场")
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.get_by_text("会鼓、扁担舞进社区").wait_for()
    flawless(officer)
    bureau = person("bureau", OFFICE)
    bureau.goto("/plans/")
    flawless(bureau)
    expect(bureau.get_by_text("重点：非物质文化遗产传承")).to_be_visible()
