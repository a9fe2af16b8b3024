"""Locks a year for two accounts of the bureau, by the same verbs as the pages.

Nobody signs in here, so whoever may run it on the machine can name both (an accepted risk: see docs/decisions). Whose session
on the machine it was is kept, and both accounts read on their desks what was done in their name.
"""

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.models import User
from reporting.models import AssessmentYear
from trainings.models import Refused
from trainings.years import typed_year


class Command(BaseCommand):
    help = "锁定定案一个年度：--as 提出，--confirmed-by 确认，须是两个人的办公室账号；两个账号的工作台都会提示"

    def add_arguments(self, parser):
        parser.add_argument("year", type=typed_year)
        parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help="提出的账号")
        parser.add_argument("--confirmed-by", required=True, metavar="OTHER", help="确认的第二个账号")
        parser.add_argument("--reason", default="", help="说明")

    def handle(self, *args, **options):
        first, second = _account(options["username"]), _account(options["confirmed_by"])
        year = AssessmentYear.objects.visible_to(first).filter(year=options["year"]).first()
        if year is None:
            raise CommandError(f"账号“{first}”看不到 {options['year']} 年度，或它还没有开设")
        try:
            with transaction.atomic():
                proposal = year.propose_lock(first, options["reason"], os_user=audit.os_user())
                act = proposal.confirm(second)
        except PermissionDenied as refused:
            audit.denied_command("lock_year", first)
            raise CommandError(str(refused)) from None
        except Refused as refused:
            raise CommandError("；".join(refused.reasons)) from None
        self.stdout.write(f"{act}，定案摘要 {act.digest}")
        self.stdout.write("请打印“附件：定案数据摘要”，签字盖章后存档；以后用 verify_ledger --digest 核对。")


def _account(username):
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"没有账号“{username}”，或它已停用：请检查账号名")
    return user
