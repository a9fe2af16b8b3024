"""Deletes uploaded workbooks that nobody has confirmed for a month, and files that no row names; meant for a nightly timer, see README."""

import datetime

from django.core.management.base import BaseCommand
from django.utils import timezone

from networks import uploads
from networks.registry import imports as registry_imports
from trainings import imports


class Command(BaseCommand):
    help = "删除上传后三十天没有入库、没有登记的表格；不加 --commit 只试算"

    def add_arguments(self, parser):
        parser.add_argument("--commit", action="store_true", help="真正删除")

    def handle(self, *args, **options):
        now = timezone.now()
        strays = uploads.strays(now - datetime.timedelta(days=1))
        if options["commit"]:
            ledgers, registries = imports.drop_forgotten(now), registry_imports.drop_forgotten(now)
            for path in strays:
                path.unlink(missing_ok=True)
        else:
            ledgers, registries = imports.forgotten(now).count(), registry_imports.forgotten(now).count()
        verb = "已删除" if options["commit"] else "将删除"
        self.stdout.write(f"{verb}：没有入库的台账 {ledgers} 份、没有登记的名册表格 {registries} 份")
        if strays:  # a server was killed or lost its power while it stored them
            self.stdout.write(f"{verb}：上传时中断、没有记录的文件 {len(strays)} 个")
        if not options["commit"]:
            self.stdout.write("以上为试算，没有删除；加 --commit 删除")
