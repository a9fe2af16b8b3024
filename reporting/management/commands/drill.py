"""Restores the newest backup for trial; see reporting/backup."""

from django.core.management.base import BaseCommand, CommandError

from reporting.backup import Unfit, drill


class Command(BaseCommand):
    help = "恢复演练：把最新的备份恢复到临时的数据库和文件夹，全部核对，再删掉；结果记在备份文件夹里"
    requires_system_checks = []

    def handle(self, *args, **options):
        try:
            done = drill()
        except Unfit as problem:
            raise CommandError(f"恢复演练没有通过：{problem}") from None
        self.stdout.write(f"恢复演练通过：{done.file}，用时 {done.seconds} 秒。")
