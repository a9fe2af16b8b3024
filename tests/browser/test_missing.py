"""还缺什么 beside the buttons of the entry form follows what is typed."""

from .conftest import OFFICE, PHONE


def test_the_list_follows_what_is_typed_and_leads_to_the_fields(person, flawless):
    for screen in (PHONE, OFFICE):
        page = person("town-450124100", screen)
        page.goto("/sessions/new/")
        wanting, count = page.locator("#missing li:visible"), page.locator("[data-missing-count]")
        assert wanting.all_inner_texts() == ["请填写培训名称", "请选择培训形式", "请填写实到人次"]
        assert count.inner_text() == "还缺 3 项"
        flawless(page)
        wanting.first.get_by_role("link").click()
        assert page.evaluate("document.activeElement.id || location.hash") in {"id_title", "#id_title"}
        page.fill("#id_title", "学用智能手机")
        page.fill("#id_reported_attendance", "30")
        assert wanting.all_inner_texts() == ["请选择培训形式"]
        page.select_option("#id_form", index=1)
        assert count.inner_text() == "都填好了，可以提交"
        page.fill("#id_held_on", "2098-01-01")
        assert wanting.all_inner_texts() == ["培训还没有结束，结束以后才能提交"]
        page.fill("#id_title", " ")
        assert count.inner_text() == "还缺 2 项"
