"""Checks every act of the ledger, every settled year and the audit log against what the backups tell; exit 1 names each
difference. What came of a look at everything is kept beside the backups, for the monitor and the operator's desk."""

import argparse
import json
import sys

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from networks import backup_record
from reporting import anchors
from reporting.ledger import Finding, verify
from trainings.years import typed_year


def head(text: str) -> tuple[int, str]:
    try:
        return anchors.typed(text)
    except ValueError:
        raise argparse.ArgumentTypeError("应写成 编号:摘要（64 位 0—9、a—f），照抄备份那一条日志里的 log") from None


class Command(BaseCommand):
    help = (
        "核对定案记录：签名、先后、年度状态，已锁定年度的数字与现有记录、佐证文件是否一致；"
        "操作日志和定案记录与 BACKUP_DIR 里各份备份所记的是否一致。退出码：0 一致，1 有差异"
    )

    def add_arguments(self, parser):
        parser.add_argument("year", type=typed_year, nargs="?", help="只比较这一年的数字；记录链总是全部核对")
        parser.add_argument("--digest", default="", metavar="HEX", help="盖章附件上的定案摘要，看它在不在记录里")
        parser.add_argument(
            "--log-head", type=head, metavar="N:HEX", help="日志服务器收到的（或别处的备份记录里的）操作日志摘要"
        )
        parser.add_argument("--json", action="store_true", help="结果输出为一个 JSON 对象")

    def handle(self, *args, **options):
        report = verify(options["year"], options["digest"])
        backups, found, notes = anchors.compare(options["log_head"])
        report.findings += [Finding("", None, "log", sentence) for sentence in found]
        report.notes += notes
        if not (
            options["year"] or options["digest"] or options["log_head"]
        ):  # a question of somebody's is not the round
            self.record(len(report.findings))
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "sound": report.sound,
                        "acts": report.acts,
                        "years": report.years,
                        "known": report.known,
                        "backups": backups,
                        "findings": [vars(finding) for finding in report.findings],
                        "notes": report.notes,
                    },
                    ensure_ascii=False,
                )
            )
        else:
            if backups:
                self.stdout.write(f"操作日志和定案记录与 {backups} 份备份所记的比较过。")
            self.print_result(report)
        if not report.sound:
            sys.exit(1)

    def record(self, findings):
        try:
            backup_record.record_examined(settings.BACKUP_DIR, backup_record.Examined(timezone.now(), findings))
        except OSError as problem:
            self.stderr.write(
                f"结果没有记下（{problem.strerror}）：请用运行平台的系统账号运行，检查 {settings.BACKUP_DIR} 能否写入"
            )

    def print_result(self, report):
        for finding in report.findings:
            self.stdout.write(f"不一致 {finding.sentence}")
        for known in report.known:
            self.stdout.write(f"摘要在记录里：{known}")
        for note in report.notes:
            self.stdout.write(f"提示 {note}")
        years = "、".join(map(str, report.years)) or "无"
        verdict = "全部一致" if report.sound else f"有 {len(report.findings)} 处不一致"
        self.stdout.write(f"定案记录 {report.acts} 条，比较了已锁定的年度：{years}。{verdict}。")
