"""One verified file with the database and everything that was uploaded; see reporting/backup."""

import argparse
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reporting.backup import Unfit, make, new_key


def _how_many(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):
        raise argparse.ArgumentTypeError(f"应是不小于 1 的整数，不是“{text}”")
    return int(text)


class Command(BaseCommand):
    help = (
        "备份数据库和全部上传的文件，写成一个文件并重新打开核对。"
        "退出码：0 已备份；1 没有做成；3 已备份，但数据本身有问题（逐条列出）"
    )
    requires_system_checks = ["disk"]

    def add_arguments(self, parser):
        parser.add_argument("dest", nargs="?", type=Path, help="文件夹，或以 .tar 结尾的文件名；默认 BACKUP_DIR")
        parser.add_argument("--to", type=Path, metavar="DIR", help="同上")
        parser.add_argument(
            "--keep", type=_how_many, metavar="N", help="只留最新的 N 份，较早的删除（最后一份完好的总是留着）"
        )
        parser.add_argument("--new-key", action="store_true", help="生成一个加密用的 BACKUP_KEY，不备份")

    def handle(self, *args, **options):
        try:
            if options["new_key"]:
                self.stdout.write(new_key())
                return
            made = make(options["dest"] or options["to"], options["keep"], say=self.say)
        except Unfit as problem:
            raise CommandError(str(problem)) from None
        told = made.manifest["facts"]
        sessions, heads = (sum(row[at] for row in told["totals"]) for at in (2, 3))
        files = sum(part["name"].startswith("media/") for part in made.parts)
        self.stdout.write(f"已备份到 {made.path}（{made.kept.size / 1_000_000:.1f} MB），已核对：")
        self.stdout.write(
            f"数据库 {len(told['counts'])} 张表，已核定 {sessions} 场、{heads} 人次；文件 {files} 个；定案记录 {len(told['ledger'])} 县。"
        )
        if not made.opened:
            self.stdout.write(
                "提示 数据库账号不能新建数据库，备份里的数据库只通读了一遍，没有试着打开："
                "请数据库管理员给它 CREATEDB 权限，或在另一台机器上恢复一次"
            )
        if not made.encrypted:
            self.stdout.write(
                "提示 没有设置 BACKUP_KEY，备份没有加密：里面有个人信息，请放在只有系统管理员能打开的地方"
            )
        if made.path.parent.resolve() != settings.BACKUP_DIR.resolve():
            self.stdout.write(f"提示 这一份不在 BACKUP_DIR（{settings.BACKUP_DIR}）里，备份提醒看不到它")
        for name in made.removed:
            self.stdout.write(f"已删除较早的备份 {name}")
        if made.kept.findings:
            for sentence in made.kept.findings:
                self.stdout.write(f"数据有问题 {sentence}")
            self.stdout.write("这份备份如实保存了现在的数据；数据本身有上述问题，请查明，以前的备份先不要删。")
            sys.exit(3)

    def say(self, words: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(words)
