"""动态口令 on a phone: an officer binds it, signs in with it, uses a recovery code, loses the telephone (ID-4)."""

import re
import time

import pyotp

from networks.models.second_factor import DRIFT

from .conftest import OFFICE, PASSWORD, PHONE, expect

OFFICER = "unit-kx"


MINUTES_PASS = """
from django.contrib.sessions.models import Session
from django.contrib.sessions.backends.db import SessionStore
for row in Session.objects.all():
    store = SessionStore(row.pk)
    if store.pop("confirmed_at", None):
        store.save()
"""


def now() -> int:
    return int(time.time()) // 30


def after(step):
    """A later code that is taken: the clock of a telephone may be half a minute slow or fast, so that three codes hold at any moment
    and nobody here waits for the next one. Where they are used up, it waits."""
    while step >= now() + DRIFT:
        time.sleep(0.5)
    return max(step + 1, now() - DRIFT)


def of(phone, step):
    return phone.generate_otp(step)


def sign_in(page):
    page.goto("/login/")
    page.get_by_label("账号", exact=True).fill(OFFICER)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/login/code/")


def test_id_4_the_life_of_a_second_factor_on_a_phone(person, flawless, in_the_shell):
    page = person(OFFICER, PHONE)
    page.goto("/accounts/me/")
    flawless(page)
    page.get_by_role("link", name="启用动态口令").click()
    page.wait_for_url("**/second-factor/")
    flawless(page)
    page.get_by_role("link", name="启用动态口令").click()
    page.wait_for_url("**/set-up/")
    page.get_by_text("就在这部手机上操作").click()
    flawless(page)
    phone = pyotp.TOTP(re.sub(r"\s", "", page.locator(".factor-secret").inner_text()))
    field = page.get_by_label("手机上显示的 6 位数字")
    expect(field).to_have_attribute("inputmode", "numeric")
    expect(field).to_have_attribute("autocomplete", "one-time-code")
    field.fill("000000")
    page.get_by_role("button", name="确认并启用").click()
    page.get_by_text("验证码不对").first.wait_for()
    flawless(page)
    step = after(0)
    field.fill(of(phone, step))
    page.get_by_role("button", name="确认并启用").click()
    page.get_by_text("这一页只显示这一次").wait_for()
    flawless(page)
    expect(page.locator(".recovery-codes code")).to_have_count(8)
    recovery = page.locator(".recovery-codes code").all_inner_texts()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") <= 1

    page.get_by_role("link", name="返回").click()
    page.wait_for_url("**/second-factor/")
    flawless(page)
    expect(page.get_by_text("8 个")).to_be_visible()
    page.context.clear_cookies()
    sign_in(page)
    flawless(page)
    page.goto("/sessions/")
    expect(page).to_have_url(re.compile("/login/"))  # nobody yet
    page.goto("/login/code/")
    page.get_by_label("验证码（手机上的 6 位数字）").fill("123")
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_text("验证码不对").first.wait_for()
    flawless(page)
    step = after(step)
    page.get_by_label("验证码（手机上的 6 位数字）").fill(of(phone, step))
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)
    expect(page.get_by_role("link", name="登记培训").first).to_be_visible()

    in_the_shell(MINUTES_PASS)
    page.goto("/password/")
    expect(page.get_by_role("heading", name="请再输一次验证码")).to_be_visible()
    flawless(page)
    step = after(step)
    page.get_by_label("验证码（手机上的 6 位数字）").fill(of(phone, step))
    page.get_by_role("button", name="继续").click()
    page.get_by_role("heading", name="修改密码").wait_for()
    flawless(page)

    page.context.clear_cookies()
    sign_in(page)
    page.get_by_text("手机不在身边，用恢复码").click()
    flawless(page)
    page.get_by_label("恢复码", exact=True).fill(recovery[0].upper())
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)
    expect(page.get_by_text("还剩 7 个")).to_be_visible()

    bureau = person("bureau", OFFICE)  # telephone and paper are lost
    bureau.goto("/accounts/")
    bureau.get_by_label("账号或姓名").fill(OFFICER)
    bureau.get_by_role("button", name="查看").click()
    bureau.get_by_text("符合条件的 1 个").wait_for()
    bureau.locator(".row-link").first.click()
    bureau.wait_for_url(re.compile(r"/accounts/\d+/$"))
    bureau.get_by_role("link", name="重置动态口令").click()
    bureau.wait_for_url("**/second-factor/")
    flawless(bureau)
    bureau.get_by_role("button", name="确定重置").click()
    bureau.get_by_text("动态口令已重置").wait_for()
    flawless(bureau)
    page.goto("/sessions/")
    expect(page).to_have_url(re.compile("/login/"))  # whoever was in is out
    again = person(OFFICER, PHONE)
    again.goto("/accounts/me/second-factor/")
    expect(again.get_by_text("没有启用")).to_be_visible()
