"""The main job by three people: an officer on a phone, the bureau at a desk, a leader who looks."""

import io
import re

from PIL import Image

from .conftest import OFFICE, PHONE, expect


def photo() -> dict:
    """A JPEG as a telephone makes it, with a place in its EXIF."""
    picture = Image.effect_noise((1600, 1200), 60).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (23.0, 42.0, 30.0)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90, exif=exif)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()}


def county_attendances(page) -> int:
    """The county's verified attendances as the leader's dashboard says them."""
    page.goto("/dashboard/")
    cell = page.locator(".figure-cell", has_text="计入任务的人次")
    return int(re.search(r"([\d,]+)\s*人次", cell.locator(".figure-value").inner_text())[1].replace(",", ""))


def test_an_officer_enters_the_bureau_returns_and_verifies_and_the_leader_sees_it(person, flawless):
    leader = person("leader", OFFICE)
    before = county_attendances(leader)
    flawless(leader)

    officer = person("town-450124100", PHONE)
    flawless(officer)
    officer.get_by_role("link", name="登记培训").first.click()
    officer.wait_for_url("**/sessions/new/")
    officer.get_by_label("培训名称").fill("桑蚕小蚕共育技术")
    officer.get_by_label("培训形式").select_option(label="课堂学习")
    officer.get_by_label("实到人次").fill("62")
    officer.locator("input[type=file]").set_input_files([photo()])
    flawless(officer)
    officer.get_by_role("button", name="保存并提交").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))
    expect(officer.get_by_text("待审核").first).to_be_visible()
    flawless(officer)
    address = officer.url

    bureau = person("bureau", OFFICE)
    flawless(bureau)
    bureau.goto("/review/")
    flawless(bureau)
    bureau.get_by_role("link", name="桑蚕小蚕共育技术").click()
    bureau.wait_for_url(re.compile(r"/review/\d+/"))
    flawless(bureau)
    expect(bureau.locator("img[src*='/evidence/']")).to_have_count(1)
    bureau.get_by_label("退回原因").select_option(label="人次与佐证不符")
    bureau.get_by_label("具体说明").fill("签到表只有 60 人")
    bureau.get_by_role("button", name=re.compile("退回")).click()
    bureau.get_by_text("已把《桑蚕小蚕共育技术》退回修改").wait_for()

    officer.goto("/")
    expect(officer.get_by_text("签到表只有 60 人").first).to_be_visible()
    flawless(officer)
    officer.goto(address + "edit/")
    officer.get_by_label("实到人次").fill("60")
    flawless(officer)
    officer.get_by_role("button", name="保存并提交").click()
    officer.wait_for_url(re.compile(r"/sessions/\d+/$"))

    bureau.goto("/review/")
    bureau.get_by_role("link", name="桑蚕小蚕共育技术").click()
    bureau.wait_for_url(re.compile(r"/review/\d+/"))
    expect(bureau.get_by_text("62").first).to_be_visible()  # what changed since the return
    flawless(bureau)
    bureau.get_by_role("button", name=re.compile("^核定")).first.click()
    bureau.get_by_text("已核定《桑蚕小蚕共育技术》").wait_for()

    assert county_attendances(leader) == before + 60
    leader.goto("/assessment/")
    flawless(leader)
    expect(leader.get_by_text("白山镇").first).to_be_visible()
    officer.goto("/assessment/")
    expect(officer.get_by_text("差 3 场 340 人次").first).to_be_visible()
    flawless(officer)
