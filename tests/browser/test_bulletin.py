"""The office looks over the draft of a bulletin, changes it, sees the paper and what is still in the way of its going out."""

import datetime
import re

from .conftest import OFFICE, PHONE

YEAR = datetime.date.today().year - 2
SETTLED = f"""
from networks.models import User
from reporting.models import AssessmentYear
first, second = (User.objects.get(username=name) for name in ("bureau", "bureau2"))
year = AssessmentYear.objects.get(year={YEAR})
year.propose_lock(first).confirm(second)
"""


def test_the_office_writes_a_bulletin_and_sees_the_paper(person, flawless, in_the_shell):
    in_the_shell(SETTLED)
    for size in (OFFICE, PHONE):
        bureau = person("bureau", size)
        bureau.goto("/assessment/bulletins/")
        flawless(bureau)
        if size is OFFICE:
            bureau.get_by_role("button", name=f"起草{YEAR}年度通报").click()
            bureau.wait_for_url(re.compile(r"/edit/$"))
            bureau.goto("/assessment/bulletins/")
        bureau.get_by_role("listitem").filter(has_text="草稿").get_by_role("link").first.click()
        bureau.wait_for_url(re.compile(r"/assessment/bulletins/\d+/$"))
        assert bureau.get_by_role("heading", name=re.compile("社区教育培训任务")).is_visible()
        flawless(bureau)
        bureau.get_by_role("link", name="修改").click()
        bureau.get_by_text("可以用的数据项和表").click()
        flawless(bureau)
        bureau.get_by_label("结尾").fill("全县共{计入场}场。")
        bureau.get_by_role("button", name="保存").click()
        assert bureau.get_by_role("alert").get_by_text("是不是“{计入场次}”").is_visible()
        flawless(bureau)
        bureau.get_by_label("结尾").fill("全县共{计入场次}场，比上年多99999场。")
        bureau.get_by_role("button", name="保存").click()
        bureau.wait_for_url(re.compile(r"/assessment/bulletins/\d+/$"))
        assert bureau.get_by_text(re.compile(r"^全县共\d+场")).is_visible()
        assert bureau.get_by_text("定案里没有这个数，请核对").is_visible()
        flawless(bureau)
        bureau.get_by_role("link", name="印发").click()
        flawless(bureau)
