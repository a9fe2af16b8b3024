"""Every county's tasks so far are those of the founding document, and where 各成员单位 or 各乡(镇)人民政府 answer, the body does
and no longer the units that stood in it when the tasks were loaded."""

import csv
import datetime
from pathlib import Path

from django.db import migrations

FOUNDING = {
    "number": "马政办发〔2019〕2号",
    "title": "马山县推进社区教育发展实施方案（2018—2020年）",
    "issued_on": datetime.date(2019, 2, 2),
    "first_year": 2018,
    "last_year": 2020,
    "carry_note": "期满后参照执行，口径由领导小组办公室确定",
    "quota_clause": "三(六)",
}
BODIES = {"各成员单位（县直部门）": ("departments", "department"), "各乡(镇)人民政府": ("townships", "township")}
SINCE = datetime.date(2019, 2, 2)
TASKS = Path(__file__).parent.parent / "data" / "plan_tasks.csv"


def forwards(apps, schema_editor):
    using = schema_editor.connection.alias
    plan, task, answers = (
        apps.get_model("reporting", name).objects.using(using)
        for name in ("Plan", "PlanTask", "TaskResponsibility")
    )
    with TASKS.open(encoding="utf-8-sig", newline="") as lines:
        known = {row["clause"]: row for row in csv.DictReader(lines)}
    for county in task.order_by().values_list("county", flat=True).distinct():
        of_county = plan.create(county_id=county, founding=True, **FOUNDING)
        task.filter(county=county).update(plan=of_county)
    for row in task.all():
        words = known.get(row.clause, {})
        row.group, row.text = words.get("group", ""), words.get("text", "")
        row.save(using=using)
        for position, name in enumerate(row.responsible_text.split("、"), start=1):
            if name not in BODIES:
                answers.filter(task=row, unit__name=name).update(position=position)
                continue
            whom, kind = BODIES[name]
            answers.filter(task=row, unit__kind=kind).exclude(unit__name__in=row.responsible_text.split("、")).delete()
            answers.create(task=row, whom=whom, starts_on=SINCE, position=position)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0006_plan")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
