"""Writes a year's ledger, as far as a user sees it, into a workbook."""

import argparse
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from networks import audit
from networks.access import Action, can
from networks.models import User
from trainings.workbook import export_year

REFUSED = 3  # exit code


def _year(text):
    if not (text.isdecimal() and 2000 <= int(text) <= 2099):
        raise argparse.ArgumentTypeError("年份应是 2000—2099 的四位数字")
    return int(text)


class Command(BaseCommand):
    help = "把一个账号看得到的某年培训台账导出为工作簿（再导入不会重复）"

    def add_arguments(self, parser):
        parser.add_argument("year", type=_year)
        parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help="以哪个账号导出")
        parser.add_argument("--output", type=Path, metavar="F.xlsx", help="写到哪里；缺省为 培训台账-年份.xlsx")

    def handle(self, *args, **options):
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            self.refuse(f"没有账号“{options['username']}”，或它已停用：请检查账号名")
        if not can(user, Action.EXPORT):
            self.refuse(f"账号 {user} 不能导出培训台账")
        year = options["year"]
        target = options["output"] or Path(f"培训台账-{year}.xlsx")
        content = export_year(user, year)
        try:
            target.write_bytes(content)
        except OSError as error:
            raise CommandError(f"写不了 {target}：{error.strerror}") from None
        audit.record("export_sessions", actor=user, year=year, bytes=len(content))
        self.stdout.write(f"已导出到 {target}")

    def refuse(self, message):
        self.stderr.write(message)
        sys.exit(REFUSED)
