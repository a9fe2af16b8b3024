"""The auditor's pages of the log, on a phone and at a desk (AU-3, PI-6)."""

import pytest

from .conftest import OFFICE, PHONE, expect

WHAT_HAPPENED = """
from networks import audit
from networks.models import User
from reporting.models import AssessmentYear
bureau, town = (User.objects.get(username=name) for name in ("bureau", "town-450124100"))
year = AssessmentYear.objects.filter(county_id="450124").latest("year")
for number in range(60):
    audit.record("导出台账", actor=bureau, year=year.year, rows=number)
long = "电话回访核实实到人次，与主办单位的签到表逐人核对，另向所在村委会了解情况"
audit.record("查看名册全名", actor=bureau, number="CC2026000001", lines=128, minors=0, purpose=long)
audit.record("查看报名全名", actor=town, number="CC2026000002", lines=12)
audit.record("查看佐证材料", actor=bureau, number="CC2026000002", kind="sheet")
"""


@pytest.mark.parametrize("screen", [PHONE, OFFICE], ids=["phone", "office"])
def test_pi_6_the_auditor_asks_who_saw_what_on_a_phone_and_at_a_desk(person, flawless, in_the_shell, screen):
    in_the_shell(WHAT_HAPPENED)
    page = person("auditor", screen)
    page.get_by_role("link", name="谁看过、导出过什么").click()
    expect(page.get_by_role("heading", name="谁看过、导出过什么", level=1)).to_be_visible()
    expect(page.get_by_text("查看报名全名").first).to_be_visible()
    expect(page.get_by_text("签到表").last).to_be_visible()
    flawless(page)
    page.get_by_label("类别").select_option("查看全名和材料")
    page.get_by_role("button", name="查看", exact=True).click()
    page.wait_for_url(lambda url: "kind=" in url)
    expect(page.get_by_text("电话回访核实实到人次").first).to_be_visible()
    expect(page.locator("tbody")).not_to_contain_text("导出台账")
    flawless(page)
    # What makes no sense is said at its field, and the page goes on.
    page.goto("/logs/seen/?first=2026-03-02&last=2026-03-01&number=X1")
    expect(page.get_by_text("结束日期早于开始日期")).to_be_visible()
    expect(page.get_by_text("没有这个编号的场次")).to_be_visible()
    flawless(page)
    page.goto("/logs/seen/?first=2001-01-01&last=2001-01-02")
    expect(page.get_by_text("这段时间没有人查看或导出")).to_be_visible()
    flawless(page)
    page.goto("/logs/seen/?page=2")
    expect(page.get_by_text("导出台账").first).to_be_visible()
    flawless(page)
    page.get_by_role("link", name="记哪些、放哪里、留多久").click()
    expect(page.get_by_role("heading", name="登录和核对身份")).to_be_visible()
    flawless(page)


def test_pi_6_both_workbooks_of_the_log_come_as_files(person):
    page = person("auditor", OFFICE)
    page.goto("/logs/seen/")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载表格").click()
    assert taken.value.suggested_filename.startswith("who-saw-")
    with page.expect_download() as taken:
        page.get_by_role("link", name="到今天的材料").click()
    assert taken.value.suggested_filename.startswith("minors-audit-")
