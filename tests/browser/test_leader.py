"""The leader on the phone and on paper: on course or not, a unit and back, the words copied, the picture saved, one A4 page."""

import base64
import io

from PIL import Image

from .conftest import OFFICE, PHONE, expect

WECHAT = "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.40"


def picture_of(page) -> Image.Image:
    address = page.locator(".picture img").get_attribute("src")
    assert address.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_a_leader_reads_on_the_phone_who_needs_a_hand_and_what_to_say(person, flawless):
    leader = person("leader", PHONE)
    leader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    leader.goto("/")
    course = leader.locator("#course")
    assert course.bounding_box()["y"] < PHONE["height"]  # on the first screen, before anything is scrolled
    flawless(leader)
    home = leader.url

    leader.locator(".needs a").first.click()
    leader.wait_for_url("**/assessment/**")
    leader.get_by_role("navigation", name="位置").get_by_role("link", name="看板").click()
    leader.wait_for_url(home)

    said = leader.locator("#spoken").inner_text()
    leader.get_by_role("button", name="复制讲稿").click()
    leader.get_by_role("button", name="已复制").wait_for()
    assert leader.evaluate("navigator.clipboard.readText()") == said

    leader.get_by_role("link", name="大字讲稿").click()
    leader.wait_for_url("**/speech/")
    flawless(leader)
    assert leader.locator(".speech").inner_text().replace("\n", "") == said
    size = "parseFloat(getComputedStyle(document.querySelector('.speech')).fontSize)"
    assert leader.evaluate(size) >= 26
    leader.get_by_role("link", name="特大字").click()
    leader.wait_for_url("**size=larger")
    assert leader.evaluate(size) >= 36
    flawless(leader)


def test_the_picture_is_drawn_on_the_device_and_passes_on_in_wechat(site, chromium, person, flawless, tmp_path):
    leader = person("leader", PHONE)
    leader.goto("/dashboard/")
    leader.get_by_role("link", name="一图转发").click()
    leader.wait_for_url("**/picture/")
    sent = []
    leader.on("request", lambda request: sent.append(request.method) if not request.url.startswith("data:") else None)
    leader.reload()
    leader.get_by_text("长按图片保存或转发").wait_for()
    assert set(sent) == {"GET"}
    expect(leader.locator(".picture-none")).to_be_hidden()
    flawless(leader)
    drawn = picture_of(leader)
    drawn.save(tmp_path / "picture.png")
    assert drawn.width == 1080 and 900 < drawn.height < 4000
    assert drawn.convert("RGB").getpixel((4, 4)) == (0x12, 0x30, 0x4F)  # the head of the picture
    assert len(drawn.convert("RGB").getcolors(2_000_000)) > 50  # letters with soft edges, not empty boxes
    leader.get_by_role("link", name="点名，领导小组内").click()
    leader.wait_for_url("**named=1")
    assert picture_of(leader).height > drawn.height
    flawless(leader)
    with leader.expect_download() as saved:
        leader.get_by_role("link", name="保存图片").click()
    assert saved.value.suggested_filename.endswith("社区教育进度.png")

    state = leader.context.storage_state()
    wechat = chromium.new_context(viewport=PHONE, user_agent=WECHAT, storage_state=state, base_url=site, locale="zh-CN")
    inside = wechat.new_page()
    inside.goto(leader.url)
    inside.get_by_text("长按图片保存或转发").wait_for()
    expect(inside.get_by_role("link", name="保存图片")).to_be_hidden()
    wechat.close()


def test_the_words_stand_alone_where_no_script_runs(site, chromium, person, flawless):
    leader = person("leader", PHONE)
    leader.goto("/dashboard/")
    context = chromium.new_context(
        viewport=PHONE, storage_state=leader.context.storage_state(), base_url=site, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(leader.url + "picture/")
    expect(page.locator(".picture-none")).to_be_visible()
    expect(page.locator(".picture")).to_be_hidden()
    expect(page.locator("#words")).to_contain_text("社区教育进度")
    context.close()


def test_the_year_prints_on_one_page(person, flawless):
    leader = person("leader", OFFICE)
    leader.goto("/dashboard/")
    flawless(leader)
    this = leader.url
    for year in (this, this.replace(this.rstrip("/")[-4:], str(int(this.rstrip("/")[-4:]) - 1))):
        leader.goto(year)
        leader.emulate_media(media="print")
        expect(leader.get_by_text("制表人：")).to_be_visible()
        expect(leader.get_by_text("数据来源：")).to_be_visible()
        paper = leader.pdf(prefer_css_page_size=True)
        assert paper.count(b"/Type /Page\n") == 1
