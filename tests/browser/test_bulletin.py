"""The office looks over the draft of a bulletin, changes it, sees the paper and what is still in the way of its going out."""

import datetime
import re
import shutil
import subprocess

import pytest

from .conftest import OFFICE, PHONE, expect

WRITTEN, PRINTED = datetime.date.today().year - 2, datetime.date.today().year - 1  # each test has a year of its own
SETTLED = """
from networks.models import User
from reporting.models import AssessmentYear, Bulletin
first, second = (User.objects.get(username=name) for name in ("bureau", "bureau2"))
year = AssessmentYear.objects.get(year={year})
year.propose_lock(first).confirm(second)
"""
DRAFTED = f"{SETTLED}Bulletin.draft(AssessmentYear.objects.get(year={{year}}), first)\n"
LONGER = """(count) => {
    for (let number = 0; number < count; number++) {
        const line = document.createElement("p");
        line.textContent = "再写一段。";
        document.querySelector(".official-tail").before(line);
    }
}"""


def test_the_office_writes_a_bulletin_and_sees_the_paper(person, flawless, in_the_shell):
    in_the_shell(SETTLED.format(year=WRITTEN))
    for size in (OFFICE, PHONE):
        bureau = person("bureau", size)
        bureau.goto("/assessment/bulletins/")
        flawless(bureau)
        if size is OFFICE:
            bureau.get_by_role("button", name=f"起草{WRITTEN}年度通报").click()
            bureau.wait_for_url(re.compile(r"/edit/$"))
            bureau.goto("/assessment/bulletins/")
        bureau.get_by_role("listitem").filter(has_text=f"{WRITTEN}年度通报").get_by_role("link").first.click()
        bureau.wait_for_url(re.compile(r"/assessment/bulletins/\d+/$"))
        expect(bureau.get_by_role("heading", name=re.compile("社区教育培训任务"))).to_be_visible()
        flawless(bureau)
        bureau.get_by_role("link", name="修改").click()
        bureau.wait_for_url("**/edit/")
        bureau.get_by_text("可以用的数据项和表").click()
        flawless(bureau)
        bureau.get_by_label("结尾").fill("全县共{计入场}场。")
        bureau.get_by_role("button", name="保存").click()
        bureau.get_by_role("alert").get_by_text("是不是“{计入场次}”").wait_for()
        expect(bureau.get_by_label("结尾")).to_have_value("全县共{计入场}场。")
        flawless(bureau)
        bureau.get_by_label("结尾").fill("全县共{计入场次}场，比上年多99999场。")
        bureau.get_by_role("button", name="保存").click()
        bureau.wait_for_url(re.compile(r"/assessment/bulletins/\d+/$"))
        expect(bureau.get_by_text(re.compile(r"^全县共\d+场"))).to_be_visible()
        expect(bureau.get_by_text("定案里没有这个数，请核对")).to_be_visible()
        flawless(bureau)
        bureau.get_by_role("link", name="印发").click()
        bureau.wait_for_url("**/issue/")
        flawless(bureau)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not installed")
def test_on_paper_the_colophon_stands_at_the_foot_of_the_sheet_of_the_signature(person, in_the_shell, tmp_path):
    in_the_shell(DRAFTED.format(year=PRINTED))
    bureau = person("bureau", OFFICE)
    bureau.goto("/assessment/bulletins/")
    bureau.get_by_role("listitem").filter(has_text=f"{PRINTED}年度通报").get_by_role("link").first.click()
    bureau.wait_for_url(re.compile(r"/assessment/bulletins/\d+/$"))
    bureau.locator(".official-tail").wait_for()
    for more in (0, 4, *[2] * 9):  # through more than a whole sheet
        bureau.evaluate(LONGER, more)
        bureau.pdf(path=tmp_path / "b.pdf", format="A4", prefer_css_page_size=True)
        command = ["pdftotext", "-bbox-layout", tmp_path / "b.pdf", "-"]
        pages = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("<page ")[1:]
        last = pages[-2]  # then comes the annex
        lines = re.findall(r'<line [^>]* yMax="([\d.]+)">(.*?)</line>', last, re.S)
        feet = [("".join(re.findall(r">([^<]+)</word>", words)), float(foot)) for foot, words in lines]
        told = next(foot for line, foot in feet if line.startswith("公开方式"))
        at_end = [foot for line, foot in feet if line.startswith("马山县社区教育发展工作领导小组办公室")]
        assert len(at_end) == 2 and at_end[0] < told < at_end[1], (more, feet)  # the signature, then who printed it
        assert 730 < at_end[1] < 750, (more, feet)  # of 742.7 points to the foot of the type area
