"""Loads division codes from a CSV: code,tier,name,parent_code."""

import csv
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks.loading import load_divisions, read_csv


class Command(BaseCommand):
    help = "读入行政区划 CSV（code,tier,name,parent_code）；不加 --commit 只试算，可重复运行"

    def add_arguments(self, parser):
        parser.add_argument("csv", type=Path)
        parser.add_argument("--commit", action="store_true", help="写入数据库")

    def handle(self, *args, **options):
        try:
            rows = read_csv(options["csv"])
        except FileNotFoundError:
            raise CommandError(f"没有找到文件 {options['csv']}") from None
        except OSError:
            raise CommandError(f"打不开 {options['csv']}：不是文件，或没有读取权限") from None
        except (UnicodeDecodeError, csv.Error):
            raise CommandError("文件不是 UTF-8 编码的 CSV，请在 Excel 中另存为“CSV UTF-8”") from None
        if not rows or not {"code", "tier", "name", "parent_code"} <= set(rows[0]):
            raise CommandError("首行应是 code,tier,name,parent_code 四列")
        try:
            with transaction.atomic():
                tally = load_divisions(rows)
                if not options["commit"]:
                    transaction.set_rollback(True)
        except ValidationError as problem:
            raise CommandError("；".join(problem.messages)) from None
        self.stdout.write("，".join(f"{name} {tally[name]}" for name in ("created", "changed", "unchanged")))
        if tally["skipped"]:
            self.stdout.write(f"省、市两级 {tally['skipped']} 行不在本系统的区划之内，已跳过")
        if not options["commit"]:
            self.stdout.write("以上为试算，未写入；加 --commit 写入")
