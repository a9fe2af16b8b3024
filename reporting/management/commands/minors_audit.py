"""The yearly pack for the audit of minors' data, as the auditor's page hands it out (PI-6)."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from reporting.disclosure import county_named
from reporting.exports import xlsx
from reporting.minors_audit import minors_exports
from trainings.years import typed_year


class Command(BaseCommand):
    help = "一年的未成年人个人信息合规审计材料（一月底前报送上一年的），写成一个表格"
    requires_system_checks = ["disk"]  # the others load every page and screen; migrate, demo and `check` ask for them

    def add_arguments(self, parser):
        parser.add_argument("year", type=typed_year)
        parser.add_argument("--county", help="县的区划代码；只有一个县时可以省略")
        parser.add_argument("--output", type=Path, metavar="F.xlsx", help="写到哪里；缺省为 minors-audit-年份.xlsx")

    def handle(self, *args, **options):
        try:
            county, year = county_named(options["county"]), options["year"]
        except ValueError as problem:
            raise CommandError(str(problem)) from None
        target = options["output"] or Path(f"minors-audit-{year}.xlsx")
        with transaction.atomic():
            audit.record("导出未成年人审计材料", actor=None, county_code=county.pk, os_user=audit.os_user(), year=year)
            try:
                target.write_bytes(xlsx(*minors_exports(county, year)))
            except OSError:
                raise CommandError(f"写不了 {target}：请检查文件夹是否存在、能否写入") from None
        self.stdout.write(f"已写入 {target}")
