"""Loads the founding document's twenty tasks and expands who answers for each."""

import datetime
from collections import Counter
from pathlib import Path

from django.db import transaction

from networks.loading import COUNTY, read_csv
from networks.models import Division, MemberUnit, UnitTerm

from .models import PlanTask, TaskResponsibility

DATA = Path(__file__).parent / "data"
SINCE = datetime.date(2019, 2, 2)


@transaction.atomic
def load_plan(county_code: str = COUNTY) -> Counter:
    """Tasks and responsibilities; 各成员单位 means the county departments of the group (it stands beside the townships in the
    text). Bodies that are no unit (新闻单位, 县人民政府 …) stay in the task's own text."""
    tally: Counter = Counter()
    county = Division.objects.get(pk=county_code)
    units = MemberUnit.objects.filter(county=county)
    townships = list(units.filter(kind=MemberUnit.Kind.TOWNSHIP))
    group = UnitTerm.objects.filter(fact=UnitTerm.Fact.GROUP).on(SINCE).values("unit")
    departments = list(units.filter(kind=MemberUnit.Kind.DEPARTMENT, pk__in=group))
    by_name = {unit.name: [unit] for unit in units}
    by_name |= {"各成员单位（县直部门）": departments, "各乡(镇)人民政府": townships}
    for position, row in enumerate(read_csv(DATA / "plan_tasks.csv"), start=1):
        names = row["responsible"].split("|")
        task, created = PlanTask.objects.get_or_create(
            county=county,
            clause=row["clause"],
            defaults={"title": row["title"], "responsible_text": "、".join(names), "position": position},
        )
        tally["created" if created else "unchanged"] += 1
        if created:
            answering = {unit for name in names for unit in by_name.get(name, [])}
            TaskResponsibility.objects.bulk_create(
                TaskResponsibility(task=task, unit=u, starts_on=SINCE) for u in answering
            )
    return tally
