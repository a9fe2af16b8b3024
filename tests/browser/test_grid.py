"""Many sessions at once as a clerk does it: copy in Excel, paste over a cell, fill down, check, confirm."""

import datetime

from .conftest import OFFICE, PHONE, expect

YEAR = datetime.date.today().year
PASTE = """(cell, text) => {
    const data = new DataTransfer();
    data.setData("text", text);
    cell.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def test_rows_are_pasted_over_the_grid_filled_down_checked_and_stored(person, flawless):
    page = person("town-450124100", OFFICE)
    page.goto("/sessions/grid/")
    flawless(page)
    rows = [[f"粘贴的第{number}场", f"{YEAR}-01-0{number}", "白山镇"] for number in range(1, 10)]
    page.locator("#id_r0c0").focus()
    page.locator("#id_r0c0").evaluate(PASTE, "\r\n".join("\t".join(row) for row in rows) + "\r\n")
    expect(page.locator("#id_r8c0")).to_have_value("粘贴的第9场")  # a row more than the grid had
    page.locator("#id_r0c4").fill("课堂学习")
    page.get_by_role("button", name="向下填充").click()
    page.locator("#id_r0c7").fill("约40")
    page.get_by_role("button", name="检查，没有错误就去入库").click()
    page.get_by_text("还有 9 处要改").wait_for()
    flawless(page)
    expect(page.locator("#id_r8c4")).to_have_value("课堂学习")
    page.get_by_role("link", name="“约40”不是确切的整数").click()
    page.locator("#id_r0c7").fill("40")
    page.get_by_role("button", name="向下填充").click()
    page.get_by_role("button", name="检查，没有错误就去入库").click()
    page.get_by_role("button", name="确认入库 9 场").click()
    page.get_by_text("已入库：新增 9 场").wait_for()


def test_the_weeks_text_is_copied_with_one_tap(person, flawless):
    page = person("town-450124100", PHONE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/sessions/week/")
    flawless(page)
    page.get_by_role("button", name="复制").click()
    page.get_by_role("button", name="已复制").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.get_by_label("发到工作群的文字").input_value()
