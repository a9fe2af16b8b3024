"""An account from the registry to the desk and on to a successor: the bureau at a desk, the officers with a slip on a phone."""

import re

from .conftest import OFFICE, PHONE, expect

NEW = "Brave-Otter-88"


def open_link(chromium, site, link, flawless):
    """Somebody types the link from paper into their own phone, sets a password and is on the desk."""
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", has_touch=True, base_url=site)
    page = context.new_page()
    page.goto(link)
    flawless(page)
    page.get_by_label("新密码", exact=False).first.fill("short")
    page.get_by_label(re.compile("再输一遍")).fill("short")
    page.get_by_role("button", name="保存密码并登录").click()
    page.get_by_text("密码至少 8 位").first.wait_for()
    flawless(page)
    page.get_by_label("新密码", exact=False).first.fill(NEW)
    page.get_by_label(re.compile("再输一遍")).fill(NEW)
    page.get_by_role("button", name="保存密码并登录").click()
    page.wait_for_url(lambda url: "set-password" not in url)
    expect(page.get_by_text("密码已设好，您已登录")).to_be_visible()
    return context, page


def test_a_new_officer_gets_a_slip_sets_a_password_and_is_succeeded(person, chromium, site, flawless):
    bureau = person("bureau", OFFICE)
    bureau.goto("/accounts/")
    flawless(bureau)
    bureau.get_by_role("link", name="建立账号").click()
    bureau.wait_for_url("**/accounts/new/**")
    line = bureau.get_by_role("group", name="白山镇的乡镇专干")
    line.get_by_label("建立乡镇专干账号").check()
    expect(line.get_by_label("账号", exact=True)).to_have_value("town-450124100-2")
    line.get_by_label("姓名").fill("新来的专干")
    line.get_by_label("账号", exact=True).fill("town-450124100")
    line.get_by_label("姓名").focus()
    line.get_by_text("这个账号名已被使用").wait_for()  # said while typing, before anything is sent
    line.get_by_label("账号", exact=True).fill("baishan-2")
    line.get_by_label("姓名").focus()
    line.get_by_text("可以使用").wait_for()
    flawless(bureau)
    bureau.get_by_role("button", name="建立勾选的账号").click()
    bureau.get_by_text("这一页只显示这一次").wait_for()
    flawless(bureau)
    expect(bureau.locator(".slip")).to_have_count(1)
    link = bureau.locator(".slip-copy input").input_value()
    paper = bureau.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF") and paper.count(b"/Type /Page\n") <= 1

    context, officer = open_link(chromium, site, link, flawless)
    expect(officer.get_by_role("link", name="登记培训").first).to_be_visible()
    officer.goto("/accounts/me/")
    expect(officer.get_by_text("就是这里")).to_be_visible()
    flawless(officer)
    officer.goto(link)
    expect(officer.get_by_role("heading", name="这个链接不能用")).to_be_visible()  # once only
    flawless(officer)

    bureau.goto("/accounts/")
    bureau.get_by_label("账号或姓名").fill("baishan-2")
    bureau.get_by_role("button", name="查看").click()
    bureau.get_by_text("符合条件的 1 个").wait_for()
    flawless(bureau)
    bureau.get_by_role("link", name="新来的专干").click()
    bureau.wait_for_url(re.compile(r"/accounts/\d+/$"))
    flawless(bureau)
    bureau.get_by_role("link", name="交接给别人").click()
    bureau.wait_for_url("**/hand-over/")
    bureau.get_by_label("姓名").fill("接手的专干")
    flawless(bureau)
    bureau.get_by_role("button", name="交接并停用原账号").click()
    bureau.get_by_text("交接给了新账号").wait_for()
    successors = bureau.locator(".slip-copy input").input_value()
    officer.goto("/sessions/")
    expect(officer).to_have_url(re.compile("/login/"))  # the old account is out with the next request
    context.close()

    context, successor = open_link(chromium, site, successors, flawless)
    expect(successor.get_by_role("link", name="登记培训").first).to_be_visible()
    context.close()
