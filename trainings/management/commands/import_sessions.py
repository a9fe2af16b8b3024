"""Reads a ledger workbook as a user would import it; stores it only with --commit.

Nobody signs in here: whose session on the machine it was is kept in the log, and both accounts of a historical ledger read on
their desks what was done in their name (an accepted risk, as of `lock_year`).
"""

import json
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from networks import audit
from networks.models import User
from trainings.workbook import DENIALS, Refused, Unreadable, commit, mark_errors, rehearse
from trainings.years import typed_year

CLEAN, ROWS_IN_ERROR, UNREADABLE, REFUSED = range(4)  # exit codes


class Command(BaseCommand):
    help = "读入培训台账工作簿；不加 --commit 只校验不入库。退出码：0 无误，1 有错误的行，2 文件读不了或超限，3 不允许"
    requires_system_checks = ["disk"]  # the others load every page and screen; migrate, demo and `check` ask for them

    def add_arguments(self, parser):
        parser.add_argument("workbook", type=Path)
        parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help="以哪个账号导入")
        parser.add_argument("--year", type=typed_year, help="补全没有年份的日期（3月5日）")
        parser.add_argument("--commit", action="store_true", help="没有错误时入库（全部或全不）")
        parser.add_argument("--errors", type=Path, metavar="OUT.xlsx", help="有错误时，把标出错误的工作簿写到这里")
        parser.add_argument("--json", action="store_true", help="结果输出为一个 JSON 对象")
        parser.add_argument("--historical", action="store_true", help="系统启用以前年度的历史台账，入库即为已核定")
        parser.add_argument("--confirmed-by", metavar="OTHER", help="确认历史台账的第二个账号")

    def handle(self, *args, **options):
        self.json = options["json"]
        path, errors_path = options["workbook"], options["errors"]
        if errors_path and errors_path.resolve() == path.resolve():
            raise CommandError("--errors 不能写回原文件，请换一个文件名")
        try:
            rehearsal = rehearse(
                path,
                _account(options["username"]),
                year=options["year"],
                historical=options["historical"],
                confirmed_by=_account(options["confirmed_by"]) if options["confirmed_by"] else None,
            )
            if options["commit"] and rehearsal.clean:
                commit(rehearsal, original_name=path.name, os_user=audit.os_user())
        except Unreadable as problem:
            self.stop(problem, UNREADABLE)
        except Refused as problem:
            if problem.code in DENIALS:
                audit.denied_command("import_sessions", User.objects.filter(username=options["username"]).first())
            self.stop(problem, REFUSED)
        self.print_result(rehearsal, committed=options["commit"] and rehearsal.clean)
        if rehearsal.errors:
            if errors_path:
                self.write_errors(path, rehearsal, errors_path)
            sys.exit(ROWS_IN_ERROR)

    def stop(self, problem, code):
        """Ends with the exit code, saying why in the way that was asked for."""
        if self.json:
            nothing = {"rows": 0, "created": 0, "duplicates": 0, "skipped": 0}
            why = [{"code": problem.code, "message": problem.message}]
            self.stdout.write(json.dumps({**nothing, "errors": why, "notices": []}, ensure_ascii=False))
        else:
            self.stderr.write(problem.message)
        sys.exit(code)

    def print_result(self, rehearsal, *, committed):
        if self.json:
            self.stdout.write(json.dumps(rehearsal.as_json(), ensure_ascii=False))
            return
        for problem in rehearsal.errors:
            self.stdout.write(f"错误 {problem.sheet} 第 {problem.row} 行 {problem.column}：{problem.message}")
        for notice in rehearsal.notices:
            where = f"{notice.sheet} 第 {notice.row} 行" if notice.row else notice.sheet
            self.stdout.write(f"提示 {where}：{notice.message}")
        counts = rehearsal.counts
        self.stdout.write(
            f"场次 {counts['rows']} 行：新增 {counts['created']}，重复 {counts['duplicates']}，"
            f"错误 {len(rehearsal.errors)} 处；另有 {counts['skipped']} 行不是场次"
        )
        if rehearsal.errors:
            self.stdout.write("有错误，一行也没有导入")
        elif not committed:
            self.stdout.write("以上为校验结果，未入库；加 --commit 入库")

    def write_errors(self, path, rehearsal, errors_path):
        try:
            errors_path.write_bytes(mark_errors(path, rehearsal.errors))
        except Unreadable as problem:
            self.stderr.write(problem.message)
        except OSError:
            raise CommandError(f"写不了 {errors_path}：请检查文件夹是否存在、能否写入") from None


def _account(username):
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Refused("unknown_user", f"没有账号“{username}”，或它已停用：请检查账号名")
    return user
