"""随手报 as it happens: the township prints a link, the coordinator reports by it on a phone without account."""

import re

from .conftest import OFFICE, PHONE, expect
from .test_drafts import choose, wait_for_photos


def test_a_coordinator_reports_by_the_link_also_without_a_network_and_sees_what_became_of_it(
    person, chromium, site, flawless
):
    officer = person("town-450124100", OFFICE)
    officer.goto("/network/")
    officer.locator("a[href^='/network/places/450124100']").nth(1).click()
    officer.wait_for_url("**/network/places/**")
    officer.locator("a", has_text="教学点").first.click()
    officer.wait_for_url(re.compile(r"/network/institutions/\d+/$"))
    officer.get_by_role("link", name="生成链接和二维码").click()
    officer.wait_for_url("**/link/")
    flawless(officer)
    officer.get_by_role("button", name="生成链接和二维码").click()
    officer.get_by_text("这一页只显示这一次").wait_for()
    flawless(officer)
    expect(officer.locator("img[src^='data:image/svg']")).to_be_visible()
    address, link_page = officer.get_by_label("链接").input_value(), officer.url

    context = chromium.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, base_url=site)
    try:
        phone = context.new_page()
        phone.goto(address)
        flawless(phone)
        phone.get_by_label("办的什么").fill("桑蚕培训")
        phone.get_by_label("来了多少人").fill("40人")
        choose(phone, 15, 25)
        context.set_offline(True)
        phone.get_by_role("button", name="报给乡镇").click()
        phone.get_by_text("现在没有网络").wait_for()
        context.set_offline(False)
        phone.get_by_text("收到了，谢谢").wait_for()
        flawless(phone)
        expect(phone.get_by_text("待乡镇整理")).to_have_count(1)
        wait_for_photos(phone, 0)
        assert {cookie["name"] for cookie in context.cookies()} == {"csrftoken"}

        officer.goto("/")
        officer.get_by_role("link", name="桑蚕培训").first.click()
        officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
        expect(officer.get_by_text("随手报，")).to_be_visible()
        expect(officer.locator(".photos img")).to_have_count(2)
        officer.get_by_role("link", name="修改", exact=True).click()
        officer.wait_for_url("**/edit/")
        officer.get_by_label("培训形式").select_option(label="课堂学习")
        officer.get_by_role("button", name="保存并提交").click()
        officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
        phone.reload()
        expect(phone.get_by_text("已提交", exact=True)).to_be_visible()

        # Written without a network, and meanwhile the township renews the link: nothing is sent to where it would be lost.
        phone.get_by_label("办的什么").fill("换链接时写的")
        phone.get_by_label("来了多少人").fill("30")
        context.set_offline(True)
        phone.get_by_role("button", name="报给乡镇").click()
        phone.get_by_text("现在没有网络").wait_for()
        officer.goto(link_page)
        officer.get_by_role("button", name="换一个新链接").click()
        officer.get_by_text("这一页只显示这一次").wait_for()
        context.set_offline(False)
        expect(phone.get_by_text("这个链接已经停用")).to_be_visible()
        flawless(phone)
        phone.goto(officer.get_by_label("链接").input_value())
        phone.get_by_role("button", name="恢复").click()
        expect(phone.get_by_label("办的什么")).to_have_value("换链接时写的")
        phone.get_by_role("button", name="报给乡镇").click()
        phone.get_by_text("收到了，谢谢").wait_for()
        expect(phone.get_by_text("待乡镇整理")).to_have_count(1)
    finally:
        context.close()
