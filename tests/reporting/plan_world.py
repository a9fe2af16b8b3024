"""The founding document in the small county, and reports on it."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from reporting.models import Plan, PlanTask, TaskReport, TaskResponsibility

SINCE = datetime.date(2019, 2, 2)


@pytest.fixture
def plan(world):
    """The founding document with three tasks: all departments and townships, ours alone, nobody of ours."""
    plan = Plan.objects.founding(world.county)
    lines = [
        ("二(一)1", "二(一)能力", "各成员单位（县直部门）、各乡(镇)人民政府", ["departments", "townships"]),
        ("二(一)3", "二(一)能力", "白山镇人民政府", [world.ours]),
        ("三(七)", "三、保障措施", "新闻单位", []),
    ]
    for position, (clause, group, text, whom) in enumerate(lines, start=1):
        task = PlanTask.objects.create(
            plan=plan, clause=clause, group=group, title=f"任务{clause}", responsible_text=text, position=position,
            text=f"{clause}的条文",
        )  # fmt: skip
        for number, one in enumerate(whom, start=1):
            bound = {"whom": one} if isinstance(one, str) else {"unit": one}
            TaskResponsibility.objects.create(task=task, starts_on=SINCE, position=number, **bound)
    return plan


def task_of(plan, clause):
    return plan.tasks.get(clause=clause)


def file_report(world, plan, *, clause="二(一)1", unit=None, actor=None, text="挂了牌", year=None, **more):
    unit, year = unit or world.ours, year or world.year
    number = TaskReport.objects.count()
    told = {"text": text, "as_of": datetime.date(year, 1, 1), "token": f"t{number}"} | more
    return TaskReport.file(actor=actor or world.town, task=task_of(plan, clause), year=year, unit=unit, **told)


def as_shown(page):
    fields = {field.html_name: field.value() for field in page.context["form"]}
    return {name: value for name, value in fields.items() if value is not None}


def body(**more):
    return {
        "text": "两个教学点挂了牌",
        "as_of": f"{datetime.date.today().year}-01-01",
        "token": "x" * 32,
        "seen": "0",
    } | more


def photo(name="照片.jpg", colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue())
