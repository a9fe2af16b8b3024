"""Small workbooks and rows that several tests start from."""

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from networks.models import MemberUnit, ResourceProject, SharedResource
from networks.registry import REGISTRIES
from networks.registry import workbook as registry_workbook
from reporting.models import Plan, PlanTask, TaskResponsibility


def ledger(*titles: str) -> SimpleUploadedFile:
    """A small ledger workbook as it is uploaded, one session a title."""
    book = Workbook()
    book.active.append(["培训名称", "开始时间", "培训形式", "实到人次"])
    for title in titles:
        book.active.append([title, datetime.date(datetime.date.today().year, 1, 1), "课堂学习", "40人"])
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("台账.xlsx", file.getvalue())


def registry(user, key: str, *rows: dict) -> SimpleUploadedFile:
    """The account's own registry workbook with rows {column: value} written below."""
    content, there = registry_workbook(REGISTRIES[key](user))
    book = load_workbook(io.BytesIO(content))
    columns = {cell.value: cell.column for cell in book.worksheets[0][1]}
    for number, row in enumerate(rows, start=there + 2):
        for name, value in row.items():
            book.worksheets[0].cell(number, columns[name], value)
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("名册.xlsx", file.getvalue())


def tasks_workbook(*rows: tuple) -> SimpleUploadedFile:
    """Tasks of a plan as they are uploaded."""
    book = Workbook()
    book.active.append(["条款", "任务分组", "任务", "条文", "责任单位"])
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("任务表.xlsx", file.getvalue())


def confirmation(page) -> dict:
    """What the button under a table of tasks sends that was uploaded."""
    return {"rows": page.context["packed"], "digest": page.context["planned"].digest}


def answer_for(unit: MemberUnit, *clauses: str) -> None:
    """The unit answers for these tasks of its county's plan since 2019."""
    for clause in clauses:
        task, _ = PlanTask.objects.get_or_create(
            plan=Plan.objects.founding(unit.county),
            clause=clause,
            defaults={"title": clause, "responsible_text": clause},
        )
        TaskResponsibility.objects.get_or_create(task=task, unit=unit, starts_on=datetime.date(2019, 2, 2))


def open_place(**fields) -> SharedResource:
    return SharedResource.objects.create(**{"is_open": True, "offers": "教室", "opening_hours": "周末"} | fields)


def a_project(**fields) -> ResourceProject:
    return ResourceProject.objects.create(**{"starts_on": datetime.date(2026, 1, 1), "content": "进村教学"} | fields)
