"""还缺什么 beside the buttons of the entry form follows what is typed."""

import re

from .conftest import OFFICE, PHONE, expect


def test_the_list_follows_what_is_typed_and_leads_to_the_fields(person, flawless):
    for screen in (PHONE, OFFICE):
        page = person("town-450124100", screen)
        page.goto("/sessions/new/")
        wanting, count = page.locator("#missing li:visible"), page.locator("[data-missing-count]")
        expect(wanting).to_have_text(["请填写培训名称", "请选择培训形式", "请填写实到人次"])
        expect(count).to_have_text("还缺 3 项")
        flawless(page)
        wanting.first.get_by_role("link").click()
        expect(page).to_have_url(re.compile("#id_title$"))
        page.fill("#id_title", "学用智能手机")
        page.fill("#id_reported_attendance", "30")
        expect(wanting).to_have_text(["请选择培训形式"])
        page.select_option("#id_form", index=1)
        expect(count).to_have_text("都填好了，可以提交")
        page.fill("#id_held_on", "2098-01-01")
        expect(wanting).to_have_text(["培训还没有结束，结束以后才能提交"])
        page.fill("#id_title", " ")
        expect(count).to_have_text("还缺 2 项")
