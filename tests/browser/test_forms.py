"""报表, 上报件 and 归档包 as the office, a township and the auditor meet them, on the phone, at the desk and on paper."""

import datetime
import io
import re
import zipfile

import pytest
from PIL import Image

from .conftest import OFFICE, PHONE, expect
from .test_drafts import kept

HELD_ON = datetime.date.today() - datetime.timedelta(days=1)
YEAR = HELD_ON.year
FORMS = [
    "completion",
    "annual-report",
    "demonstration-zone",
    "community-survey",
    "elderly-survey",
    "adult-schools",
    "performance",
]
HELD = f"""
import datetime
from networks.models import MemberUnit, User
from trainings.models import DeliveryForm, Theme, TrainingSession
unit = MemberUnit.objects.get(code="450124103", county="450124")
officer, judge = User.objects.get(username="town-450124103"), User.objects.get(username="bureau")
row = TrainingSession(
    organiser=unit, title="归档的桑蚕班", held_on=datetime.date({YEAR}, {HELD_ON.month}, {HELD_ON.day}), place=unit.division,
    form=DeliveryForm.objects.get(name="课堂学习"), theme=Theme.objects.get(name="农村实用技术"),
    reported_attendance=66, entered_by=officer, status="draft",
)
row.save()
row.submit(actor=officer)
row.verify(actor=judge, attendance=66)
"""


def signed() -> dict:
    out = io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(out, "JPEG")
    return {"name": "签字件.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@pytest.mark.parametrize("screen", [PHONE, OFFICE], ids=["phone", "office"])
def test_every_form_is_read_and_filled_without_a_flaw(person, flawless, screen):
    bureau = person("bureau", screen)
    bureau.goto("/")
    bureau.get_by_role("link", name="报表、上报件和归档包").click()
    bureau.wait_for_url(re.compile(r"/forms/$"))
    flawless(bureau)
    for key in FORMS:
        bureau.goto(f"/assessment/{YEAR}/forms/{key}/")
        flawless(bureau)
        bureau.goto(f"/assessment/{YEAR}/forms/{key}/print/")
        flawless(bureau)
        answer = bureau.goto(f"/assessment/{YEAR}/forms/{key}/fill/")
        assert answer.status in (200, 404)  # some have nothing to fill in
        flawless(bureau)


def test_a_form_fills_one_landscape_sheet_or_upright_ones_with_nothing_cut_off(person):
    bureau = person("bureau", OFFICE)
    for key in FORMS:
        bureau.goto(f"/assessment/{YEAR}/forms/{key}/print/")
        wide = bureau.locator(".form-wide").count() > 0
        paper = bureau.pdf(format="A4", prefer_css_page_size=True)
        sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", paper)
        assert sizes and {float(width) > float(height) for width, height in sizes} == {wide}, key
        pages = len(re.findall(rb"/Type\s*/Page[^s]", paper))
        assert pages == 1 if wide else pages <= 3, (key, pages)
        bureau.emulate_media(media="print")
        bureau.set_viewport_size({"width": 1009 if wide else 680, "height": 700})  # the width between the margins
        spilt = bureau.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        broken = bureau.evaluate(
            """() => [...document.querySelectorAll(".form-wide tbody td.num")].filter(
                cell => cell.getClientRects().length && cell.scrollWidth > cell.clientWidth + 1).length"""
        )
        assert spilt <= 0 and broken == 0, (key, spilt, broken)
        assert bureau.locator("thead").first.evaluate("head => getComputedStyle(head).display") == "table-header-group"
        bureau.emulate_media(media="null")
        bureau.set_viewport_size(OFFICE)


def test_what_is_typed_into_a_form_is_offered_again_after_a_reload_and_kept_beside_anothers(person, flawless):
    url = f"/assessment/{YEAR}/forms/annual-report/fill/"
    first, second = person("bureau", OFFICE), person("bureau2", PHONE)
    first.goto(url)
    second.goto(url)
    first.get_by_label("存在的问题").fill("第一个人写的")
    kept(first, "第一个人写的")
    first.reload()
    first.get_by_role("button", name="恢复").click()
    expect(first.get_by_label("存在的问题")).to_have_value("第一个人写的")
    first.get_by_role("button", name="保存").click()
    first.wait_for_url(re.compile(r"/forms/annual-report/$"))
    first.get_by_text("第一个人写的").wait_for()
    assert first.evaluate("Object.keys(localStorage)") == []

    second.get_by_label("存在的问题").fill("第二个人写的")
    second.get_by_role("button", name="保存").click()
    second.get_by_text("已有人先改成了“第一个人写的”").first.wait_for()
    expect(second.get_by_label("存在的问题")).to_have_value("第二个人写的")
    flawless(second)
    second.get_by_role("button", name="保存").click()
    second.wait_for_url(re.compile(r"/forms/annual-report/$"))
    second.get_by_text("第二个人写的").wait_for()


def test_a_form_is_made_a_submission_signed_sent_and_read_by_the_auditor(person, flawless):
    bureau = person("bureau", OFFICE)
    bureau.goto(f"/assessment/{YEAR}/forms/")
    bureau.get_by_role("link", name="绩效考评数据表").click()
    bureau.wait_for_url("**/forms/performance/")
    bureau.get_by_role("link", name="生成上报件").click()
    bureau.get_by_label("报送给").wait_for()
    flawless(bureau)
    bureau.get_by_label("报送给").fill("")
    bureau.get_by_label("报送给").evaluate("field => field.form.noValidate = true")
    bureau.get_by_role("button", name="生成上报件").click()
    bureau.get_by_role("alert").wait_for()
    flawless(bureau)
    bureau.get_by_label("报送给").fill("县绩效考评领导小组办公室")
    bureau.get_by_role("button", name="生成上报件").click()
    bureau.wait_for_url(re.compile(r"/assessment/submissions/\d+/$"))
    flawless(bureau)
    address = bureau.url
    bureau.get_by_role("link", name="打印（A4）").click()
    bureau.wait_for_url("**/print/")
    bureau.get_by_text("签发人（签字）").wait_for()
    flawless(bureau)
    bureau.goto(address)
    bureau.get_by_role("link", name="登记报出").click()
    bureau.wait_for_url("**/send/")
    bureau.get_by_label("签发人").fill("局长 覃某某")
    flawless(bureau)
    bureau.get_by_role("button", name="登记报出").click()
    bureau.get_by_text("请选择签字盖章件的照片或扫描件").first.wait_for()
    expect(bureau.get_by_label("签发人")).to_have_value("局长 覃某某")
    flawless(bureau)
    bureau.get_by_label("签字盖章件").set_input_files([signed()])
    bureau.get_by_role("button", name="登记报出").click()
    bureau.wait_for_url(address)
    bureau.get_by_role("link", name="做一份更正").wait_for()

    for screen in (PHONE, OFFICE):
        auditor = person("auditor", screen)
        auditor.goto("/")
        auditor.get_by_role("link", name="报表、上报件和归档包").click()
        auditor.get_by_role("link", name="上报件", exact=True).click()
        auditor.wait_for_url(re.compile(r"/submissions/$"))
        flawless(auditor)
        auditor.get_by_role("link", name="绩效考评数据表").first.click()
        auditor.wait_for_url(re.compile(r"/assessment/submissions/\d+/$"))
        auditor.get_by_text("局长 覃某某").wait_for()
        expect(auditor.get_by_role("link", name="做一份更正")).to_have_count(0)
        flawless(auditor)


def test_the_pack_is_found_on_the_units_page_and_opens_without_the_system(
    person, flawless, in_the_shell, chromium, tmp_path
):
    in_the_shell(HELD)
    town = person("town-450124103", PHONE)
    town.goto(f"/assessment/{YEAR}/450124103/")
    town.get_by_text("下载归档包").click()
    flawless(town)
    with town.expect_download() as taken:
        town.get_by_role("link", name=f"{YEAR} 年全年").click()
    with zipfile.ZipFile(taken.value.path()) as pack:
        pack.extractall(tmp_path / "pack")
    for screen in (PHONE, OFFICE):
        offline = chromium.new_context(viewport=screen, offline=True)
        reader = offline.new_page()
        reader.goto(f"file://{tmp_path}/pack/index.html")
        flawless(reader)
        reader.get_by_role("link", name="归档的桑蚕班").first.click()
        reader.get_by_role("heading", name="状态经过").wait_for()
        flawless(reader)
        assert reader.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
        offline.close()
