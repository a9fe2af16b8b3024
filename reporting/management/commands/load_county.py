"""Everything that the founding document states as fact, in one idempotent command."""

from collections import Counter

from django.core.management.base import BaseCommand
from django.db import transaction

from networks import audit
from networks.loading import COUNTY, DATA, load_divisions, load_network, read_csv
from reporting.loading import load_plan
from trainings.loading import load_vocabulary


class Command(BaseCommand):
    help = "载入马山县的区划、机构、成员单位、归口、词表和方案任务；可重复运行，已改过的不覆盖"

    @transaction.atomic
    def handle(self, *args, **options):
        steps = {
            "行政区划": lambda: load_divisions(read_csv(DATA / "mashan_divisions.csv")),
            "机构、单位与归口": load_network,
            "词表": load_vocabulary,
            "方案任务": load_plan,
        }
        done = Counter()
        for label, step in steps.items():
            tally = step()
            done += tally
            self.stdout.write(f"{label}：新增 {tally['created']}，更新 {tally['changed']}，不变 {tally['unchanged']}")
        if done["created"] or done["changed"]:
            counts = {name: done[name] for name in ("created", "changed")}
            audit.record("载入文件事实", actor=None, county_code=COUNTY, os_user=audit.os_user(), **counts)
