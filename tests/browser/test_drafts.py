"""What an officer types and the photos chosen on a phone survive a reload, a lost network and an expired sign-in, arrive once
when they can, and are shown to nobody else."""

import io
import re
import time

from PIL import Image

from .conftest import PASSWORD, PATIENCE, PHONE, expect

OFFER = "[data-draft-offer]"


def kept(page, *words: str) -> None:
    """Waits until these are in a draft on this device; it is written a moment after the last key."""
    page.wait_for_function(
        """words => Object.values(localStorage).some(draft => words.every(word => draft.includes(JSON.stringify(word))))""",
        arg=words,
    )


def start(page, title: str) -> None:
    page.goto("/sessions/new/")
    page.get_by_label("培训名称").fill(title)
    page.locator("label", has_text="老年人").click()
    page.get_by_label("老年人人次").fill("33")
    kept(page, title, "33")


def test_words_are_offered_again_after_a_reload_and_gone_after_saving(person, flawless):
    page = person("town-450124100", PHONE)
    start(page, "没保存完的班")
    page.reload()
    expect(page.locator(OFFER)).to_be_visible()
    expect(page.get_by_label("培训名称")).to_have_value("")
    flawless(page)
    page.get_by_role("button", name="恢复").click()
    expect(page.get_by_label("培训名称")).to_have_value("没保存完的班")
    expect(page.get_by_label("老年人人次")).to_have_value("33")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    assert page.evaluate("Object.keys(localStorage)") == []
    page.goto("/sessions/new/")
    expect(page.locator("[data-missing-count]")).to_have_text("还缺 3 项")  # by a script of this page
    expect(page.locator(OFFER)).to_be_hidden()


def picture(name: str, colour: int) -> dict:
    data = io.BytesIO()
    Image.new("RGB", (320, 240), (colour, 90, 120)).save(data, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": data.getvalue()}


def choose(page, *colours: int) -> None:
    page.get_by_label("照片").set_input_files([picture(f"{colour}.jpg", colour) for colour in colours])
    page.get_by_text(f"已选 {len(colours)} 个文件").wait_for()
    wait_for_photos(page, len(colours))


PHOTOS_KEPT = """async () => {
    if (!(await indexedDB.databases()).some(({name}) => name === "drafts")) return 0; // opening it would make an empty one
    return new Promise((done, failed) => {
        const open = indexedDB.open("drafts", 1);
        open.onerror = () => failed(open.error);
        open.onsuccess = () => {
            const drafts = open.result.transaction("photos").objectStore("photos").getAll();
            drafts.onsuccess = () => {
                open.result.close();
                done(drafts.result.flatMap(draft => Object.values(draft).flat()).length);
            };
        };
    });
}"""


def wait_for_photos(page, number: int) -> None:
    """Waits until the drafts on this device have so many photos; a page keeps and forgets them after it is loaded."""
    deadline = time.monotonic() + PATIENCE
    while (found := page.evaluate(PHOTOS_KEPT)) != number:
        assert time.monotonic() < deadline, f"{found} photos are on this device, not {number}"
        page.wait_for_timeout(50)


def stored(page, title: str) -> int:
    """How many sessions of that title the system has."""
    page.goto(f"/sessions/?q={title}")
    return page.locator("a.row-main").count()


def test_without_a_network_words_and_photos_wait_on_the_device_and_go_out_once_when_it_is_back(person, flawless):
    page = person("town-450124100", PHONE)
    start(page, "没有网络的班")
    choose(page, 10, 20)
    page.context.set_offline(True)
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text("现在没有网络").wait_for()
    expect(page.locator("[data-draft-offline]")).to_contain_text("和 2 张照片已留在这台设备上")
    flawless(page)
    page.context.set_offline(False)  # nobody presses anything
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_role("heading", name="没有网络的班")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(2)
    assert page.evaluate("Object.keys(localStorage)") == []
    wait_for_photos(page, 0)
    assert stored(page, "没有网络的班") == 1


def test_a_page_that_was_closed_without_a_network_is_sent_the_next_time_from_the_desk(person, flawless):
    page = person("town-450124100", PHONE)
    start(page, "关掉页面的班")
    choose(page, 30)
    page.context.set_offline(True)
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text("现在没有网络").wait_for()
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto("/")
    page.get_by_text("1 份登记因为没有网络还没发出").wait_for()
    flawless(page)
    page.get_by_role("link", name="打开就自动发送").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_role("heading", name="关掉页面的班")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(1)
    assert stored(page, "关掉页面的班") == 1


def test_photos_are_offered_again_with_the_words_after_a_reload(person):
    page = person("town-450124100", PHONE)
    start(page, "刷新以后的班")
    choose(page, 40, 50, 60)
    page.reload()
    expect(page.locator(OFFER)).to_contain_text("有 3 张照片")
    page.get_by_role("button", name="恢复").click()
    page.get_by_text("已放回 3 个文件").wait_for()
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.locator(".photos img")).to_have_count(3)


def test_photos_stay_chosen_when_the_form_comes_back_with_an_error(person):
    page = person("town-450124100", PHONE)
    start(page, "有错误的班")
    choose(page, 70)
    page.get_by_text("更多：起止时间").click()
    page.get_by_label("最后一天").fill("2001-01-01")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text("请先改正以下问题").wait_for()
    page.get_by_text("已放回 1 个文件").wait_for()
    page.get_by_label("最后一天").fill("")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.locator(".photos img")).to_have_count(1)


def test_in_3_an_answer_that_gets_lost_on_its_way_makes_no_second_session(person):
    page = person("town-450124100", PHONE)
    start(page, "答复丢了的班")
    choose(page, 80)

    def lose(route):
        if route.request.method == "POST":
            route.fetch()  # the server has it
            route.abort()  # the phone does not know
        else:
            route.continue_()

    page.route("**/sessions/new/", lose)
    with page.expect_event("requestfailed", lambda request: request.method == "POST"):
        page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile("^chrome-error:"))
    page.unroute("**/sessions/new/")
    page.goto("/sessions/new/")
    page.get_by_role("button", name="恢复").click()
    page.get_by_text("已放回 1 个文件").wait_for()
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_text("没有重复登记")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(1)
    assert stored(page, "答复丢了的班") == 1


def test_an_expired_sign_in_sends_words_and_photos_once_one_is_in_again_but_not_for_another_account(person, site):
    page = person("town-450124100", PHONE)
    start(page, "登录过期的班")
    choose(page, 90)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/login/"))

    def sign_in(username: str, wait: bool = True) -> None:
        page.get_by_label("账号", exact=True).fill(username)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        if wait:
            page.wait_for_url(re.compile(r"/sessions/new/"))

    sent = []
    page.on("request", lambda request: sent.append(request.method) if request.url == f"{site}/sessions/new/" else None)
    sign_in("town-450124103")
    page.wait_for_timeout(500)  # in which it would have begun to send
    assert set(sent) == {"GET"}
    expect(page.locator(OFFER)).to_be_hidden()
    expect(page.get_by_label("培训名称")).to_have_value("")
    page.context.clear_cookies(name="sessionid")
    page.goto("/sessions/new/")
    sign_in("town-450124100", wait=False)
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_role("heading", name="登录过期的班")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(1)
    assert page.evaluate("Object.keys(localStorage)") == []
    assert stored(page, "登录过期的班") == 1


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


def test_a_form_that_a_message_filled_keeps_its_own_draft_and_is_sent_by_itself_too(person):
    page = person("town-450124100", PHONE)
    start(page, "填了一半的班")
    page.goto("/sessions/message/")
    page.get_by_label("聊天消息").fill("1月2日白山镇消息里的培训 12人")
    page.get_by_role("button", name="填进登记表").click()
    page.get_by_text("已按消息填好").wait_for()
    page.wait_for_load_state()  # its scripts have run
    expect(page.get_by_label("培训名称")).to_have_value("消息里的培训")
    expect(page.locator(OFFER)).to_be_hidden()
    page.context.set_offline(True)
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text("现在没有网络").wait_for()
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto("/sessions/")
    page.get_by_role("link", name="打开就自动发送").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(page.get_by_role("heading", name="消息里的培训")).to_be_visible()
    page.goto("/sessions/new/")
    page.get_by_role("button", name="恢复").click()
    expect(page.get_by_label("培训名称")).to_have_value("填了一半的班")
