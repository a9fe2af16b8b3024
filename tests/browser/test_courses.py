"""A course from its draft to a session of it: entered by a township, approved by the centre, chosen on the telephone."""

import re

from .conftest import OFFICE, PHONE, expect


def test_a_course_is_entered_approved_and_chosen(person, flawless):
    officer, centre = person("town-450124100", PHONE), person("centre", OFFICE)
    officer.goto("/courses/new/")
    flawless(officer)
    officer.fill("#id_title", "打扁担入门")
    officer.select_option("#id_theme", label="非物质文化遗产传承")
    officer.fill("#id_syllabus", "步法、节奏、队形")
    officer.fill("#id_minutes", "90")
    officer.select_option("#id_language", label="壮话")
    officer.select_option("#id_origin", label="自编")
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(re.compile(r"/courses/\d+/$"))
    flawless(officer)
    officer.get_by_role("button", name="提交审定").click()
    officer.get_by_role("heading", name="已提交，等待审定").wait_for()

    centre.goto("/")
    centre.get_by_role("link", name="1 门课程").click()
    centre.get_by_role("link", name="打扁担入门").click()
    centre.wait_for_url(re.compile(r"/courses/\d+/$"))
    flawless(centre)
    centre.get_by_role("button", name="退回修改").click()
    expect(centre.locator(".error-summary")).to_contain_text("请写明退回的原因")
    flawless(centre)
    centre.get_by_role("button", name="审定公开").click()
    expect(centre.locator(".page-lead")).to_contain_text("已公开")

    officer.goto("/sessions/new/")
    field = officer.get_by_label("课程")
    shown = {name: officer.locator(f"#id_{name}") for name in ("title", "theme", "language", "length", "length_unit")}
    field.select_option(label="打扁担入门（白山镇）")
    expect(shown["title"]).to_have_value("打扁担入门")
    expect(shown["theme"].locator("option:checked")).to_have_text("非物质文化遗产传承")
    expect(shown["language"].locator("option:checked")).to_have_text("壮话")
    expect(shown["length"]).to_have_value("2")
    expect(shown["length_unit"]).to_have_value("lesson")
    shown["title"].fill("新汉村打扁担")
    field.select_option(label="不从课程库选")
    field.select_option(label="打扁担入门（白山镇）")
    expect(shown["title"]).to_have_value("新汉村打扁担")  # what was typed stays
    flawless(officer)
