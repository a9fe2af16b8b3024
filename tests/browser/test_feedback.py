"""A year is settled, looked at, objected to, answered, published and put right, as the people concerned do it."""

import datetime

from PIL import Image

from .conftest import OFFICE, PHONE, expect

YEAR = datetime.date.today().year - 3
HELD = f"""
import datetime

from PIL import Image
from networks.models import MemberUnit, User
from trainings.models import DeliveryForm, Theme, TrainingSession
unit = MemberUnit.objects.get(code="450124100", county="450124")
officer, judge = User.objects.get(username="town-450124100"), User.objects.get(username="bureau")
for month in range(3, 7):
    row = TrainingSession(
        organiser=unit, title="养蚕技术", held_on=datetime.date({YEAR}, month, 5), place=unit.division,
        form=DeliveryForm.objects.get(name="课堂学习"), theme=Theme.objects.get(name="农村实用技术"),
        reported_attendance=120, entered_by=officer, status="draft",
    )
    row.save()
    row.submit(actor=officer)
    row.verify(actor=judge, attendance=120)
"""
WINDOW_OVER = f"""
import datetime

from PIL import Image
from django.utils import timezone
from reporting.models import AssessmentYear
AssessmentYear.objects.filter(year={YEAR}).update(objections_until=timezone.localdate() - datetime.timedelta(days=1))
"""


def test_from_the_lock_to_the_correction(person, flawless, in_the_shell):
    in_the_shell(HELD)
    close = f"/assessment/{YEAR}/close/"
    bureau, second = person("bureau", OFFICE), person("bureau2", OFFICE)

    def both(link, button, why="", label=""):
        """One person proposes on the page behind `link`, the other confirms."""
        bureau.goto(close)
        bureau.get_by_role("link", name=link, exact=True).click()
        expect(bureau.get_by_role("button", name=button, exact=True)).to_be_visible()
        if why:
            bureau.get_by_label(label).fill(why)
        flawless(bureau)
        bureau.get_by_role("button", name=button, exact=True).click()
        bureau.wait_for_url(f"**{close}")
        second.goto(f"{close}decide/")
        flawless(second)
        second.get_by_role("button", name="确认").first.click()
        second.wait_for_url(f"**{close}")

    both("提出锁定定案", "提出锁定")
    bureau.goto(close)
    flawless(bureau)
    bureau.get_by_role("link", name="进入反馈期").click()
    bureau.get_by_label("反馈期到哪一天").fill((datetime.date.today() + datetime.timedelta(days=7)).isoformat())
    flawless(bureau)
    bureau.get_by_role("button", name="进入反馈期").click()
    bureau.wait_for_url(f"**{close}")

    town = person("town-450124100", PHONE)
    town.goto("/")
    flawless(town)
    town.locator("section", has_text="请核对").get_by_role("link", name="看本单位的数字").click()
    town.wait_for_url(f"**/assessment/{YEAR}/450124100/")
    flawless(town)
    town.get_by_role("link", name="提出复核申请").click()
    town.wait_for_url("**/objections/new/")
    flawless(town)
    town.get_by_role("button", name="提出", exact=True).click()
    expect(town.get_by_text("请写明希望怎样更正").first).to_be_visible()
    town.get_by_label("对什么有异议").fill("三月一场人次少了")
    town.get_by_label("希望怎样更正").fill("按签到表改为 130")
    town.get_by_role("button", name="提出", exact=True).click()
    town.get_by_role("heading", name="复核申请第 1 号").wait_for()
    flawless(town)

    second.goto(f"/assessment/{YEAR}/objections/")
    flawless(second)
    second.get_by_role("link", name="三月一场人次少了").click()
    second.get_by_label("不予采纳").check()
    second.get_by_label("答复的理由").fill("签到表上是 120 人")
    flawless(second)
    second.get_by_role("button", name="答复", exact=True).click()
    second.get_by_role("heading", name="办公室答复：不予采纳").wait_for()
    town.reload()
    expect(town.get_by_text("签到表上是 120 人")).to_be_visible()

    in_the_shell(WINDOW_OVER)
    bureau.goto(f"{close}publish/")
    flawless(bureau)
    bureau.get_by_label("表扬白山镇人民政府", exact=True).check()
    bureau.get_by_label("表扬白山镇人民政府的理由").fill("每季度都有培训")
    bureau.get_by_role("button", name="提出通报").click()
    bureau.wait_for_url(f"**{close}")
    second.goto(f"{close}decide/")
    expect(second.get_by_text("每季度都有培训")).to_be_visible()
    flawless(second)
    second.get_by_role("button", name="确认通报").click()
    second.wait_for_url(f"**{close}")
    other = person("unit-wxgtj", PHONE)
    other.goto(f"/assessment/{YEAR}/published/")
    flawless(other)
    expect(other.get_by_text("每季度都有培训")).to_be_visible()

    both("提出解锁更正", "提出解锁", "漏登记调减的任务", "为什么要解锁")
    bureau.goto("/admin/reporting/quotaadjustment/add/")
    bureau.get_by_label("年度").select_option(label=f"{YEAR}年度")
    bureau.get_by_label("单位").select_option(label="古零镇人民政府")
    bureau.get_by_label("应完成场次").fill("0")
    bureau.get_by_label("应完成人次").fill("0")
    bureau.get_by_label("理由").fill("经领导小组会议同意")
    bureau.get_by_role("button", name="保存", exact=True).click()
    bureau.wait_for_url("**/quotaadjustment/")
    both("提出锁定定案", "提出锁定")
    both("提出通报", "提出通报", "补登记调减的任务", "更正的原因")
    town.goto(f"/assessment/{YEAR}/published/")
    flawless(town)
    expect(town.get_by_role("heading", name="更正第 1 号")).to_be_visible()
    row = town.locator("tr", has_text="古零镇人民政府").first
    expect(row).to_contain_text("未完成")
    expect(row).to_contain_text("任务 0 场、0 人次，已完成")


def test_a_unit_prints_its_sheet_and_uploads_the_scan_on_a_phone(person, flawless, tmp_path):
    year = YEAR + 1
    town = person("town-450124103", PHONE)
    town.goto(f"/assessment/{year}/confirmations/")
    flawless(town)
    town.get_by_role("link", name="打印确认表").click()
    town.wait_for_url("**/print/**")
    flawless(town)
    code = town.locator(".check-code").inner_text()
    town.go_back()
    town.get_by_role("link", name="古零镇人民政府").click()
    town.wait_for_url("**/450124103/")
    town.get_by_role("button", name="上传").click()
    expect(town.get_by_text("请照纸上的核对码填写").first).to_be_visible()
    flawless(town)
    Image.new("RGB", (600, 800), "white").save(tmp_path / "scan.jpg")
    town.get_by_label("核对码").fill(code)
    town.get_by_label("填报日期").fill(f"{year + 1}-01-08")
    town.locator("input[name=scan]").set_input_files(tmp_path / "scan.jpg")
    town.get_by_role("button", name="上传").click()
    town.get_by_text("已上传，等办公室核对").wait_for()
    flawless(town)
    bureau = person("bureau", OFFICE)
    bureau.goto("/")
    bureau.get_by_role("link", name=f"{year}年度确认表 1 份待核对").click()
    bureau.get_by_role("link", name="古零镇人民政府").click()
    bureau.wait_for_url("**/450124103/")
    flawless(bureau)
    bureau.get_by_role("button", name="一致，确认").click()
    bureau.get_by_text("已确认").first.wait_for()
    flawless(bureau)
