"""The statistics and 我们怎么算 on a phone, at the desk and on paper."""

import re

from .conftest import OFFICE, PHONE, expect


def test_the_office_asks_for_a_period_and_a_breakdown(person, flawless):
    for screen in (PHONE, OFFICE):
        office = person("bureau", screen)
        office.goto("/statistics/")
        flawless(office)
        office.get_by_label("分组").select_option("held")
        office.get_by_role("button", name="查看").first.click()
        office.wait_for_url(re.compile("by=held"))
        office.get_by_text("自定起止日期和更多条件").click()
        office.get_by_label("到（截至）").fill("2026-03-31")
        office.get_by_role("button", name="查看").last.click()
        office.wait_for_url("**2026-03-31**")
        expect(office.get_by_label("到（截至）")).to_have_value("2026-03-31")
        expect(office.get_by_label("分组")).to_have_value("held")  # the first choice is kept by the second
        flawless(office)


def test_how_the_numbers_are_counted_is_found_on_the_page_and_fits_a_few_sheets(person, flawless):
    for screen in (PHONE, OFFICE):
        anyone = person("town-450124103", screen)
        anyone.goto("/how/")
        flawless(anyone)
        expect(anyone.locator("#unit_required").get_by_text("应完成").first).to_be_visible()
    pages = len(re.findall(rb"/Type\s*/Page[^s]", anyone.pdf(format="A4", prefer_css_page_size=True)))
    assert 1 <= pages <= 8
