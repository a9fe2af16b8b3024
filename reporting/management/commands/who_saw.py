"""Who saw or exported what between two days: the same answer as the page (PI-6)."""

import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.logs import one_line
from networks.models import AuditEvent, MemberUnit, User
from reporting.disclosure import (
    MAYBE,
    Asked,
    county_named,
    disclosure_export,
    disclosures,
    sessions_of_resident,
    sessions_of_unit,
    told,
)
from reporting.exports import xlsx
from trainings.models import TrainingSession


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


class Command(BaseCommand):
    help = "两个日期之间谁看过名册和报名的全名、签到表和照片，导出过什么；可以只问一个账号、一个单位、一场或一位居民"
    requires_system_checks = ["disk"]  # the others load every page and screen; migrate, demo and `check` ask for them

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="first", type=day, required=True, metavar="2026-01-01", help="第一天")
        parser.add_argument("--to", dest="last", type=day, required=True, metavar="2026-01-31", help="最后一天（含）")
        parser.add_argument("--county", help="县的区划代码；只有一个县时可以省略")
        parser.add_argument("--account", help="只问这个账号看过、导出过什么")
        about = parser.add_mutually_exclusive_group()
        about.add_argument("--session", metavar="编号", help="只问这一场")
        about.add_argument("--unit", metavar="代码", help="只问这个单位的场次")
        # Asked for and not given on the command line, where other users of the machine and the shell's history have it.
        about.add_argument("--person", action="store_true", help="只问一位居民：运行后再输入姓名（查现有的名册和报名）")
        parser.add_argument("--output", type=Path, metavar="F.xlsx", help="写成表格；缺省显示在屏幕上")

    def handle(self, *args, **options):
        try:
            county = county_named(options["county"])
        except ValueError as problem:
            raise CommandError(str(problem)) from None
        if options["first"] > options["last"]:
            raise CommandError("--to 早于 --from：请核对两个日期")
        asked = Asked(
            options["first"],
            options["last"],
            account=self.account(options["account"]),
            sessions=self.sessions(county, options),
        )
        rows = list(disclosures(AuditEvent.objects.filter(county_code=county.pk), asked))
        period = {"since": asked.first.isoformat(), "until": asked.last.isoformat()}
        with transaction.atomic():  # nobody is told what the log does not keep
            audit.record(
                "导出查看和导出记录",
                actor=None,
                county_code=county.pk,
                os_user=audit.os_user(),
                events=len(rows),
                **period,
            )
            if options["output"]:
                try:
                    options["output"].write_bytes(xlsx(disclosure_export(county.name, rows, asked)))
                except OSError:
                    raise CommandError(f"写不了 {options['output']}：请检查文件夹是否存在、能否写入") from None
        if options["output"]:
            self.stdout.write(f"已写入 {options['output']}：{len(rows)} 条")
            return
        for row in told(rows, asked):
            parts = [f"{row.event.at:%Y-%m-%dT%H:%M:%SZ}", row.who, row.event.address or "", row.event.action]
            parts += [row.what, row.purpose, MAYBE if row.maybe else ""]
            self.stdout.write("\t".join(one_line(part) for part in parts).rstrip())
        self.stdout.write(f"{asked.words}：{len(rows)} 条")

    def account(self, username):
        if not username:
            return None
        found = User.objects.filter(username=username).first()
        if found is None:
            raise CommandError(f"没有账号“{username}”：请检查账号名")
        return found

    def sessions(self, county, options):
        if options["session"]:
            rows = TrainingSession.objects.filter(number=options["session"], organiser__county=county)
            found = tuple(rows.select_related("organiser"))
            if not found:
                raise CommandError(f"没有编号为“{options['session']}”的场次：请核对")
            return found
        if options["unit"]:
            unit = MemberUnit.objects.filter(county=county, code=options["unit"]).first()
            if unit is None:
                raise CommandError(f"没有代码为“{options['unit']}”的单位：请核对")
            return sessions_of_unit(unit)
        if options["person"]:
            return sessions_of_resident(input("居民姓名：").strip(), county.pk)
        return None
