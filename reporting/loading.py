"""Loads the founding document's twenty tasks with their clauses, and who answers for each."""

from collections import Counter
from pathlib import Path

from django.db import transaction

from networks.loading import COUNTY, read_csv
from networks.models import Division, MemberUnit

from .models import Plan, PlanTask, TaskResponsibility
from .models.plan import ISSUED_ON

DATA = Path(__file__).parent / "data"


@transaction.atomic
def load_plan(county_code: str = COUNTY) -> Counter:
    """Tasks and responsibilities in the order of each 责任单位 bracket. 各成员单位 means the county departments of the group (it
    stands beside the townships in the text). Bodies that are no unit (新闻单位, 县人民政府 …) stay in the task's own text."""
    tally: Counter = Counter()
    plan = Plan.objects.founding(Division.objects.get(pk=county_code))
    units = {unit.name: unit for unit in MemberUnit.objects.filter(county=county_code)}
    bodies = {str(whom.label): whom for whom in TaskResponsibility.Whom}
    known = set(plan.tasks.values_list("clause", flat=True))  # what the office has withdrawn does not come back
    for position, row in enumerate(read_csv(DATA / "plan_tasks.csv"), start=1):
        names = row["responsible"].split("|")
        told = {name: row[name] for name in ("group", "title", "text")}
        if row["clause"] in known:
            tally["unchanged"] += 1
            continue
        told |= {"clause": row["clause"], "responsible_text": "、".join(names), "position": position}
        task = PlanTask.objects.create(plan=plan, **told)
        tally["created"] += 1
        rows = [
            TaskResponsibility(task=task, starts_on=ISSUED_ON, position=number, **whom)
            for number, name in enumerate(names, start=1)
            if (whom := {"whom": bodies[name]} if name in bodies else {"unit": units[name]} if name in units else {})
        ]
        TaskResponsibility.objects.bulk_create(rows)
    return tally
