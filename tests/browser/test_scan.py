"""扫码签到: an officer opens it on one phone, a family signs in on another without account, the number grows, all say what they
thought, and the one who kept the code reads what was learned."""

import gzip
import re

import pytest

from .conftest import PHONE, expect

WECHAT = (
    "Mozilla/5.0 (Linux; Android 12; 2201117TC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0.5304.141 "
    "Mobile Safari/537.36 XWEB/5075 MMWEBSDK/20230405 MicroMessenger/8.0.35.2360(0x2800235B) WeChat/arm64 Language/zh_CN"
)


@pytest.fixture
def second_phone(site, chromium):
    """Somebody else's phone in WeChat's own browser: nobody is signed in, and scripts are off, for the page must do without."""
    context = chromium.new_context(
        viewport=PHONE, locale="zh-CN", has_touch=True, base_url=site, user_agent=WECHAT, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def looked_at(site, chromium, flawless):
    """Axe needs scripts: the same address once more in a browser that has them."""

    def look(address):
        context = chromium.new_context(viewport=PHONE, locale="zh-CN", base_url=site)
        page, answers = context.new_page(), []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        weight = sum(len(gzip.compress(answer.body())) for answer in answers)
        flawless(page)
        context.close()
        return weight

    return look


def test_a_family_signs_in_on_a_second_phone_and_the_officer_sees_the_number_grow(
    person, second_phone, looked_at, flawless
):
    officer = person("town-450124100", PHONE)
    officer.goto("/sessions/new/")
    officer.fill("#id_title", "壮族三声部民歌学唱")
    officer.get_by_text("更多：起止时间").click()
    officer.fill("#id_start_time", "00:05")
    officer.fill("#id_end_time", "23:50")
    officer.get_by_role("button", name="保存草稿").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    officer.get_by_role("link", name=re.compile("^扫码签到")).click()
    officer.wait_for_url("**/scan/")
    flawless(officer)
    officer.get_by_role("button", name="开放扫码签到").click()
    officer.wait_for_selector(".scan-qr")
    flawless(officer)
    expect(officer.locator(".scan-number")).to_have_text("0 人已扫码签到")
    address = officer.locator(".scan-address").inner_text().strip()
    officer.get_by_role("link", name="打印海报（A4）").click()
    officer.wait_for_url("**/poster/")
    flawless(officer)
    expect(officer.locator(".scan-address")).to_have_text(address)
    officer.go_back()

    # the second phone: no account, no script
    assert looked_at(address) < 100_000  # bytes of everything that the page loads, compressed as a proxy sends it
    second_phone.goto(address)
    second_phone.get_by_label("姓名").first.fill("韦大明")
    second_phone.get_by_label("手机尾号").first.fill("12")
    second_phone.get_by_text("还有家里人一起来").click()
    second_phone.get_by_role("group", name="第 2 位").get_by_label("姓名").fill("韦小花")
    second_phone.get_by_role("button", name="签到").click()
    expect(second_phone.get_by_text("只要手机号的后四位数字").first).to_be_visible()
    expect(second_phone.get_by_role("group", name="第 2 位").get_by_label("姓名")).to_have_value("韦小花")
    second_phone.get_by_label("手机尾号").first.fill("1234")
    second_phone.get_by_role("button", name="签到").click()
    expect(second_phone.get_by_text("签到好了，谢谢")).to_be_visible()
    expect(second_phone.locator(".scan-code")).to_have_count(2)
    codes = second_phone.locator(".scan-code").all_inner_texts()
    assert re.fullmatch(r"[A-Z2-9]{5}-[A-Z2-9]{5}", codes[0])
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert second_phone.evaluate(wide) <= 0

    # the first phone, untouched meanwhile
    officer.locator(".scan-number", has_text="2 人已扫码签到").wait_for()
    officer.get_by_role("button", name="提前结束签到").click()
    officer.wait_for_selector("text=扫码签到已提前结束")
    flawless(officer)

    # where somebody spoils the roster: how many that would be is said first
    roster = officer.url.replace("/scan/", "/roster/")
    officer.goto(roster)
    officer.get_by_role("link", name="按时间段删去扫码签到的").click()
    officer.wait_for_url("**/roster/scanned/")
    flawless(officer)
    officer.get_by_role("button", name="看这段时间有几人").click()
    officer.get_by_role("button", name="确定删去 2 人").wait_for()
    flawless(officer)

    # afterwards, on the same page
    looked_at(address)
    second_phone.goto(address)
    expect(second_phone.get_by_text("签到已经结束")).to_be_visible()
    second_phone.get_by_label("基本满意").check()
    second_phone.get_by_label("还想学什么，有什么意见（可以不写）").fill("讲慢一点")
    second_phone.get_by_label("这是意见或投诉，请答复").check()
    second_phone.get_by_role("button", name="提交评价").click()
    expect(second_phone.get_by_text("收到了，谢谢")).to_be_visible()
    officer.goto("/sessions/feedback/")
    flawless(officer)
    officer.get_by_role("link", name="壮族三声部民歌学唱").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/feedback/$"))
    flawless(officer)
    expect(officer.get_by_text("<5 份").first).to_be_visible()
    officer.get_by_role("link", name=re.compile("^答复")).click()
    officer.wait_for_url(re.compile(r"/feedback/[0-9a-f-]{36}/$"))
    officer.get_by_label("答复", exact=False).last.fill("下次放慢，并发歌词")
    flawless(officer)
    officer.get_by_role("button", name="答复", exact=True).click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/feedback/$"))
    second_phone.goto(address)
    expect(second_phone.get_by_text("下次放慢，并发歌词")).to_be_visible()
    looked_at(address)

    # what was learned, by the code
    looked_at("/learn/record/")
    second_phone.goto("/learn/record/")
    second_phone.get_by_label("学习码").fill(codes[0].lower())
    second_phone.get_by_role("button", name="看我的学习记录").click()
    expect(second_phone.get_by_text("另有 1 场还没有核定")).to_be_visible()
    assert codes[0] not in second_phone.url and "韦大明" not in second_phone.content()
