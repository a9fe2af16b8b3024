"""What an officer types on a phone survives a reload, a lost network and an expired sign-in, and is shown to nobody else."""

import io
import re

from PIL import Image

from .conftest import PHONE

OFFER = "[data-draft-offer]"


def start(page, title: str) -> None:
    page.goto("/sessions/new/")
    page.get_by_label("培训名称").fill(title)
    page.locator("label", has_text="老年人").click()
    page.get_by_label("老年人人次").fill("33")
    page.wait_for_timeout(700)  # the draft is written a moment after the last key


def test_words_are_offered_again_after_a_reload_and_gone_after_saving(person, flawless):
    page = person("town-450124100", PHONE)
    start(page, "没保存完的班")
    page.reload()
    assert page.get_by_label("培训名称").input_value() == ""
    assert page.locator(OFFER).is_visible()
    flawless(page)
    page.get_by_role("button", name="恢复").click()
    assert page.get_by_label("培训名称").input_value() == "没保存完的班"
    assert page.get_by_label("老年人人次").input_value() == "33"
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    assert page.evaluate("Object.keys(localStorage)") == []
    page.goto("/sessions/new/")
    assert not page.locator(OFFER).is_visible()


def test_without_a_network_nothing_is_sent_and_the_page_says_so(person):
    page = person("town-450124100", PHONE)
    start(page, "没有网络的班")
    page.context.set_offline(True)
    page.get_by_role("button", name="保存草稿").click()
    assert page.get_by_text("现在没有网络").is_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    assert page.get_by_role("heading", name="没有网络的班").is_visible()


def test_an_expired_sign_in_comes_back_to_the_words_but_not_for_another_account(person):
    page = person("town-450124100", PHONE)
    start(page, "登录过期的班")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/login/"))

    def sign_in(username: str) -> None:
        page.get_by_label("账号", exact=True).fill(username)
        page.get_by_label("密码", exact=True).fill("Mashan-Demo-2026")
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(re.compile(r"/sessions/new/"))

    sign_in("town-450124103")
    assert not page.locator(OFFER).is_visible()
    page.context.clear_cookies(name="sessionid")
    page.goto("/sessions/new/")
    sign_in("town-450124100")
    assert page.locator(OFFER).is_visible()
    page.get_by_role("button", name="放弃").click()
    assert page.evaluate("Object.keys(localStorage)") == []


def test_photos_are_made_small_on_the_phone_and_the_unreadable_one_is_named(person):
    page = person("town-450124100", PHONE)
    page.goto("/sessions/new/")
    data = io.BytesIO()
    Image.effect_noise((3000, 2200), 90).convert("RGB").save(data, "JPEG", quality=92)
    big = {"name": "大.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}
    heic = {"name": "苹果.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 900}
    page.get_by_label("照片").set_input_files([big, heic])
    page.get_by_text("这几个文件读不出来，没有选上：苹果.heic").wait_for()
    sizes = page.evaluate("[...document.getElementById('id_photos').files].map(file => file.size)")
    assert len(sizes) == 1 and sizes[0] < 700_000 < len(data.getvalue())
