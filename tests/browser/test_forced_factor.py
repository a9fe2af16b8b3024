"""The first sign-in where privileged roles must have a second factor (ID-4): a copy of the county, served with MFA_REQUIRED=on."""

import contextlib
import re
import sqlite3
import time

import pyotp
import pytest

from .conftest import OFFICE, PASSWORD, PHONE, expect, serving


@pytest.fixture(scope="module")
def strict(installation, tmp_path_factory):
    """The base address of a second server, on a copy of the database: what is bound here binds nobody else's tests."""
    folder, env = tmp_path_factory.mktemp("strict"), installation[1]
    source = env["DATABASE_URL"].removeprefix("sqlite:///")
    there, here = sqlite3.connect(source), sqlite3.connect(folder / "strict.sqlite3")
    with contextlib.closing(there), contextlib.closing(here):
        there.backup(here)
    env = env | {"DATABASE_URL": f"sqlite:///{folder / 'strict.sqlite3'}", "MFA_REQUIRED": "on"}
    with serving(folder, env) as base:
        yield base


def sign_in(chromium, base, username, screen):
    context = chromium.new_context(viewport=screen, locale="zh-CN", has_touch=screen is PHONE, base_url=base)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("账号", exact=True).fill(username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/login/"))
    return page


@pytest.mark.parametrize(("username", "screen"), [("bureau", PHONE), ("auditor", OFFICE), ("operator", OFFICE)])
def test_id_4_a_privileged_account_binds_its_telephone_at_the_first_sign_in_before_anything_else(
    chromium, strict, flawless, username, screen
):
    page = sign_in(chromium, strict, username, screen)
    try:
        expect(page).to_have_url(f"{strict}/accounts/me/second-factor/set-up/")
        expect(page.get_by_text("必须先绑定手机上的动态口令")).to_be_visible()
        expect(page.get_by_role("link", name="不办了，返回")).to_have_count(0)
        flawless(page)
        for elsewhere in ["/", "/accounts/", "/logs/seen/", "/review/"]:
            page.goto(elsewhere)
            expect(page).to_have_url(f"{strict}/accounts/me/second-factor/set-up/")
        page.get_by_text("就在这部手机上操作").click()
        secret = page.locator(".factor-secret")
        expect(secret).to_be_visible()
        flawless(page)
        phone = pyotp.TOTP(re.sub(r"\s", "", secret.inner_text()))
        page.get_by_role("button", name="确认并启用").click()
        expect(page.locator(".error-summary")).to_be_visible()
        flawless(page)
        page.get_by_label("手机上显示的 6 位数字").fill(phone.at(int(time.time())))
        page.get_by_role("button", name="确认并启用").click()
        expect(page.get_by_text("这一页只显示这一次")).to_be_visible()
        flawless(page)
        page.goto("/accounts/me/")
        expect(page.locator(".rows .tag").filter(has_text="动态口令").first).to_be_visible()
        flawless(page)
        page.goto("/")
        expect(page).to_have_url(f"{strict}/")
    finally:
        page.context.close()


def test_id_4_whoever_needs_none_goes_straight_to_the_desk(chromium, strict):
    page = sign_in(chromium, strict, "town-450124100", PHONE)
    try:
        expect(page).to_have_url(f"{strict}/")
    finally:
        page.context.close()
