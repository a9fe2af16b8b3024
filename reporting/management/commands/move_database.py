"""Moves this installation to another database; see reporting/moving.py."""

import os
import sys

from django.core.management.base import BaseCommand, CommandError

from networks import audit
from reporting.backup.databases import engine_of, ours
from reporting.backup.problems import Unfit
from reporting.moving import FORM, Unmovable, move


class Command(BaseCommand):
    help = (
        "把现在的数据库整个搬到另一个空的数据库（SQLite 和 PostgreSQL 之间，或同一种），逐行核对；原来的不动。"
        "请先停止平台的服务。新地址写在环境变量或 .env 的 NEW_DATABASE_URL 里，命令行上就不会留下密码"
    )
    requires_system_checks = ["disk"]

    def add_arguments(self, parser):
        parser.add_argument("address", nargs="?", metavar="DATABASE_URL", help="新地址；默认取 NEW_DATABASE_URL")

    def handle(self, *args, **options):
        address = options["address"] or os.environ.get("NEW_DATABASE_URL", "")
        if not address:
            raise CommandError(f"请写明新地址：在 .env 里加一行 NEW_DATABASE_URL=……。{FORM}")
        try:  # what is entered before the new address is used would be missing there
            engine_of(ours()).in_use(ours())
        except Unfit as problem:
            raise CommandError(f"没有搬：{problem}") from None
        try:
            moved = move(address, say=self.say, os_user=audit.os_user())
        except Unmovable as problem:
            raise CommandError(f"没有搬：{problem}。原来的数据库没有变。") from None
        self.stdout.write(f"已搬到 {moved.engine}：{moved.tables} 张表 {moved.rows} 行，逐行核对一致。")
        years = "、".join(map(str, moved.years)) or "无"
        self.stdout.write(f"定案记录 {moved.acts} 条，重新计算了已锁定的年度：{years}。")
        for sentence in moved.findings:
            self.stdout.write(f"搬以前就有的问题 {sentence}")
        self.stdout.write(
            "接下来：把 .env 里的 DATABASE_URL 改成新地址（删去 NEW_DATABASE_URL），启动平台，打开 /healthz 和首页看一看；"
            "佐证材料的文件夹不用动。原来的数据库改名留存，不要再写入。"
        )

    def say(self, words: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(words)
