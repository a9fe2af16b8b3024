"""A course from its draft to a session of it: entered by a township, approved by the centre, chosen on the telephone."""

from .conftest import OFFICE, PHONE


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
    flawless(officer)
    officer.get_by_role("button", name="提交审定").click()

    centre.goto("/")
    centre.get_by_role("link", name="1 门课程").click()
    centre.get_by_role("link", name="打扁担入门").click()
    flawless(centre)
    centre.get_by_role("button", name="退回修改").click()
    assert "请写明退回的原因" in centre.locator(".error-summary").inner_text()
    flawless(centre)
    centre.get_by_role("button", name="审定公开").click()
    assert "已公开" in centre.locator(".page-lead").inner_text()

    officer.goto("/sessions/new/")
    field = officer.get_by_label("课程")
    shown = {name: officer.locator(f"#id_{name}") for name in ("title", "theme", "language", "length", "length_unit")}
    field.select_option(label="打扁担入门（白山镇）")
    assert shown["title"].input_value() == "打扁担入门"
    assert shown["theme"].locator("option:checked").text_content() == "非物质文化遗产传承"
    assert shown["language"].locator("option:checked").text_content() == "壮话"
    assert (shown["length"].input_value(), shown["length_unit"].input_value()) == ("2", "lesson")
    shown["title"].fill("新汉村打扁担")
    field.select_option(label="不从课程库选")
    field.select_option(label="打扁担入门（白山镇）")
    assert shown["title"].input_value() == "新汉村打扁担"  # what was typed stays
    flawless(officer)
