"""Writes a year's ledger, as far as a user sees it, into a workbook."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.access import Action, can
from networks.models import User
from trainings.models import TrainingSession
from trainings.workbook import export_year
from trainings.years import typed_year

REFUSED = 3  # exit code


class Command(BaseCommand):
    help = "把一个账号看得到的某年培训台账导出为工作簿（再导入不会重复）"
    requires_system_checks = ["disk"]  # the others load every page and screen; migrate, demo and `check` ask for them

    def add_arguments(self, parser):
        parser.add_argument("year", type=typed_year)
        parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help="以哪个账号导出")
        parser.add_argument("--output", type=Path, metavar="F.xlsx", help="写到哪里；缺省为 培训台账-年份.xlsx")

    def handle(self, *args, **options):
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            self.refuse(f"没有账号“{options['username']}”，或它已停用：请检查账号名")
        if not can(user, Action.EXPORT):
            audit.denied_command("export_sessions", user)
            self.refuse(f"账号 {user} 不能导出培训台账")
        year = options["year"]
        target = options["output"] or Path(f"培训台账-{year}.xlsx")
        content = export_year(user, year)
        rows = TrainingSession.objects.visible_to(user).in_year(year).count()
        with transaction.atomic():  # nothing leaves that the log does not keep
            audit.record("导出台账", actor=user, year=year, rows=rows, os_user=audit.os_user())
            try:
                target.write_bytes(content)
            except OSError:
                raise CommandError(f"写不了 {target}：请检查文件夹是否存在、能否写入") from None
        self.stdout.write(f"已导出到 {target}")

    def refuse(self, message):
        self.stderr.write(message)
        sys.exit(REFUSED)
