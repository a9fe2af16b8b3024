"""核查提示 from the queue to the answer: one photo for two sessions of two townships, seen by the reviewer side by side."""

import io
import random
import re

from PIL import Image, ImageDraw

from .conftest import OFFICE, PHONE, expect

FOUND = "两镇联合办的同一次活动，已请古零镇换成自己的照片"


def scene() -> Image.Image:
    """A picture with as much in it as a photo of a room, the same in every run."""
    dice, picture = random.Random(20), Image.new("RGB", (1600, 1200), (205, 200, 190))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, w, h = dice.randrange(1500), dice.randrange(1100), dice.randrange(60, 420), dice.randrange(60, 420)
        draw.rectangle((x, y, x + w, y + h), fill=tuple(dice.randrange(30, 240) for _ in range(3)))
    return picture


def as_file(picture: Image.Image, quality: int) -> dict:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def submit(page, title: str, heads: int, file: dict | None) -> None:
    page.goto("/sessions/new/")
    page.get_by_label("培训名称").fill(title)
    page.get_by_label("培训形式").select_option(label="课堂学习")
    page.get_by_label("实到人次").fill(str(heads))
    if file:
        page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="保存并提交").click()
    page.wait_for_url(re.compile(r"/sessions/\d+/$"))


def test_a_reviewer_sees_one_photo_in_two_sessions_side_by_side_and_the_answer_stays(person, flawless):
    picture = scene()
    cut = picture.crop((80, 60, 1560, 1180)).resize((1000, 757))
    ours, theirs = person("town-450124100", PHONE), person("town-450124103", PHONE)
    submit(ours, "没有照片的课", 31, None)
    submit(ours, "山歌普法进村", 42, as_file(picture, 92))
    submit(theirs, "普法山歌会", 57, as_file(cut, 60))

    bureau = person("bureau", OFFICE)
    bureau.goto("/review/")
    queue = bureau.locator("table.queue tbody tr")
    hinted = queue.filter(has_text="照片用在两场")
    expect(hinted).to_have_count(2)
    titles = [title.split("\n")[0] for title in queue.locator("th a").all_inner_texts()]
    assert titles.index("没有照片的课") > max(titles.index("山歌普法进村"), titles.index("普法山歌会"))
    flawless(bureau)

    bureau.get_by_role("link", name="普法山歌会").click()
    bureau.wait_for_url(re.compile(r"/review/\d+/"))
    hint = bureau.get_by_role("article", name="照片用在两场")
    pictures = hint.locator(".side-by-side img")
    expect(pictures).to_have_count(2)
    pictures.nth(1).scroll_into_view_if_needed()
    bureau.wait_for_function(
        "() => [...document.querySelectorAll('.side-by-side img')].every((i) => i.naturalWidth > 0)"
    )
    left, right = (pictures.nth(n).bounding_box() for n in (0, 1))
    assert left["x"] + left["width"] <= right["x"]  # beside each other, at a desk
    expect(hint.get_by_text("山歌普法进村").first).to_be_visible()
    flawless(bureau)

    hint.get_by_text("记下核查情况").click()
    hint.get_by_label("核查情况").fill(FOUND)
    hint.get_by_role("button", name="保存").click()
    bureau.get_by_role("article", name="照片用在两场").get_by_text(FOUND).wait_for()
    flawless(bureau)

    bureau2 = person("bureau2", PHONE)  # somebody else, another day, from the other session
    bureau2.goto("/review/")
    queue = bureau2.locator("table.queue tbody tr")
    expect(queue.filter(has_text="照片用在两场")).to_have_count(0)
    bureau2.get_by_role("link", name="山歌普法进村").click()
    bureau2.wait_for_url(re.compile(r"/review/\d+/"))
    answered = bureau2.get_by_role("article", name="照片用在两场")
    expect(answered.get_by_text(FOUND)).to_be_visible()
    expect(answered.get_by_text("在另一场")).to_be_visible()
    flawless(bureau2)
