"""Puts a backup back, after everything in it was examined; see reporting/backup."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from reporting.backup import Unfit, restore
from reporting.backup.databases import from_address


class Command(BaseCommand):
    help = "从备份恢复数据库和上传的文件。请先停止平台的服务。已有数据的地方要加 --replace，并会先备份一份"
    requires_system_checks = []  # what is to be restored may be what they would stumble over

    def add_arguments(self, parser):
        parser.add_argument("source", type=Path, help="备份文件；写文件夹的，取里面最新的一份")
        parser.add_argument("--into", metavar="DATABASE_URL", help="恢复到另一个数据库（要和 --media 一起写）")
        parser.add_argument("--media", type=Path, metavar="DIR", help="文件恢复到这个文件夹")
        parser.add_argument("--replace", action="store_true", help="代替已有的数据（会先备份它）")
        parser.add_argument("--older", action="store_true", help="备份比现有的数据旧，也要恢复")
        parser.add_argument("--unsigned", action="store_true", help="清单没有签名、或签名的密钥已经丢失，也要恢复")
        parser.add_argument(
            "--no-backup-first", action="store_true", help="现有的数据已损坏，不备份（SQLite 改名留着）"
        )

    def handle(self, *args, **options):
        if bool(options["into"]) != bool(options["media"]):
            raise CommandError("--into 和 --media 要一起写：数据库和文件是一套，不能只恢复一半到别处")
        try:
            done = restore(
                options["source"],
                from_address(options["into"]) if options["into"] else None,
                options["media"],
                replace=options["replace"],
                older=options["older"],
                unsigned=options["unsigned"],
                backup_first=not options["no_backup_first"],
                say=self.say,
            )
        except Unfit as problem:
            raise CommandError(str(problem)) from None
        if done.first:
            self.stdout.write(f"原来的数据已先备份到 {done.first.path}")
        if done.aside:
            self.stdout.write(f"原来的数据库改名为 {done.aside}")
        told = done.manifest["facts"]
        sessions, heads = (sum(row[at] for row in told["totals"]) for at in (2, 3))
        self.stdout.write(
            f"已从 {done.source.name} 恢复到 {done.manifest['taken_at']}（UTC）时的数据，并核对一致："
            f"已核定 {sessions} 场、{heads} 人次；文件 {done.files} 个。"
        )
        if done.migrated:
            self.stdout.write(
                f"备份是较早的版本做的，数据库结构已升级（{len(done.migrated)} 处，到 {done.migrated[-1]}）。"
            )
        for sentence in done.manifest["findings"]:
            self.stdout.write(f"做备份时就有的问题 {sentence}")
        if not done.signer_known:
            self.stdout.write("提示 没有签名用的密钥，备份的来历和定案记录都没有核对；年度定案以盖章的纸件为准")
        self.stdout.write("现在可以启动平台；请打开 /healthz 和首页看一看，并运行一次 photo_prints。")

    def say(self, words: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(words)
