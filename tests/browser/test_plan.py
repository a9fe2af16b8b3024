"""A unit reports on a task of the plan on a phone, with a photo; the bureau sees it in the matrix and decides."""

import datetime
import io
import re

from PIL import Image

from .conftest import OFFICE, PHONE, expect


def photo() -> dict:
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), (60, 120, 80)).save(out, "JPEG")
    return {"name": "开课.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_a_unit_reports_with_a_photo_on_a_phone_and_the_bureau_sees_it_in_the_matrix(person, flawless):
    year = datetime.date.today().year
    officer = person("town-450124103", PHONE)
    flawless(officer)
    officer.get_by_role("region", name=re.compile("方案任务")).get_by_role(
        "link", name=re.compile(r"二\(二\)1")
    ).click()
    officer.wait_for_url("**/plan/tasks/**")
    flawless(officer)
    officer.get_by_role("link", name="汇报进展").click()
    officer.wait_for_url("**/report/**")
    flawless(officer)
    officer.get_by_label("做了什么、进展如何").fill("中心小学周末开放操场和阅览室")
    officer.get_by_label("困难和需要协调的事").fill("缺一名管理员")
    officer.get_by_label("照片、文件").set_input_files([photo()])
    officer.get_by_role("button", name="提交汇报").click()
    officer.wait_for_url(re.compile(r"/plan/reports/\d+/$"))
    expect(officer.get_by_text("汇报已保存")).to_be_visible()
    expect(officer.get_by_alt_text("佐证照片 1")).to_be_visible()
    officer.wait_for_function("() => document.querySelector('.photos img').naturalWidth > 0")
    flawless(officer)
    officer.goto("/plan/")
    flawless(officer)
    expect(officer.get_by_text(re.compile("本单位已报 1 次"))).to_be_visible()

    bureau = person("bureau", OFFICE)
    bureau.goto("/plan/")
    flawless(bureau)
    bureau.get_by_role("link", name="一览表（谁没报）").click()
    bureau.wait_for_url("**/plan/matrix/**")
    flawless(bureau)
    row = bureau.get_by_role("row", name=re.compile(r"二\(二\)1"))
    expect(row.locator("td.heard")).to_have_count(1)
    expect(row.locator("td.silent")).to_have_count(11)
    row.get_by_role("link").click()
    bureau.get_by_text("中心小学周末开放操场和阅览室").wait_for()
    flawless(bureau)
    bureau.get_by_role("link", name="认定状态").click()
    bureau.wait_for_url("**/judge/")
    flawless(bureau)
    bureau.get_by_label("有困难").check()
    bureau.get_by_label("说明", exact=True).fill("管理员由县里协调")
    bureau.get_by_role("button", name="保存").click()
    bureau.wait_for_url("**/plan/tasks/**year=**")
    bureau.get_by_text("管理员由县里协调").wait_for()
    bureau.goto(f"/plan/reports/?year={year}")
    flawless(bureau)
    for path in ("/plan/all/", "/plan/all/new/", "/plan/matrix/paper/"):
        bureau.goto(path)
        flawless(bureau)
    officer.goto("/plan/")
    expect(
        officer.get_by_role("listitem").filter(has_text=re.compile(r"二\(二\)1")).get_by_text("有困难")
    ).to_be_visible()

    leader = person("leader", PHONE)
    leader.goto("/plan/matrix/")
    flawless(leader)
    card = leader.get_by_role("row", name=re.compile(r"二\(二\)1"))
    expect(card.locator("td[data-label='古零镇']")).to_be_visible()
    expect(card.locator("td.none").first).to_be_hidden()
