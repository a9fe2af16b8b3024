"""Parts of a photo are blacked out on the phone, by finger or by keyboard, and what was covered never leaves it."""

import io
import re

from PIL import Image

from .conftest import PHONE, expect


def sheet() -> dict:
    out = io.BytesIO()
    Image.new("RGB", (1200, 1600), (250, 250, 250)).save(out, "JPEG")
    return {"name": "签到表.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_what_is_covered_on_the_phone_is_black_in_what_arrives(person, flawless):
    page = person("town-450124100", PHONE)
    page.goto("/sessions/new/")
    page.get_by_label("培训名称").fill("要遮盖签到表的班")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))
    page.get_by_label("种类").select_option("sheet")
    page.locator("#id_files").set_input_files([sheet()])
    page.get_by_text("已选 1 个文件").wait_for()
    page.get_by_role("button", name="遮盖第 1 张照片").click()
    dialog = page.get_by_role("dialog", name="遮盖照片")
    expect(dialog.get_by_role("button", name="用遮盖后的照片")).to_be_disabled()
    flawless(page)
    # by keyboard: a band at the bottom
    dialog.get_by_label("起百分之").fill("25")
    dialog.get_by_role("button", name="盖住这一条").press("Enter")
    dialog.get_by_text("已盖住 1 块").wait_for()
    # by finger: a rectangle in the upper left
    box = dialog.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4, steps=4)
    page.mouse.up()
    dialog.get_by_text("已盖住 2 块").wait_for()
    dialog.get_by_role("button", name="用遮盖后的照片").click()
    page.get_by_text("已遮盖").wait_for()
    page.get_by_role("button", name="添加材料").click()
    page.get_by_text("已保存 1 份材料").wait_for()
    address = page.locator("#evidence img").first.get_attribute("src")
    stored = Image.open(io.BytesIO(page.request.get(address).body())).convert("L")
    width, height = stored.size

    def shade(x: float, y: float) -> int:
        return stored.getpixel((int(width * x), int(height * y)))

    assert max(shade(0.5, 0.8), shade(0.1, 0.95), shade(0.25, 0.1)) < 20, "covered"
    assert min(shade(0.8, 0.1), shade(0.25, 0.5), shade(0.8, 0.6)) > 230, "not covered"
