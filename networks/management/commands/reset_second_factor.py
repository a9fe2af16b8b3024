"""The last resort where nobody else may: the only operator has lost telephone and recovery codes."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.access import FACTOR_RESET
from networks.models import User


class Command(BaseCommand):
    help = "重置一个账号的动态口令（手机和恢复码都丢了，又没有别人能在网页上重置时用）；记入操作日志"

    def add_arguments(self, parser):
        parser.add_argument("username", help="账号")
        parser.add_argument("--reason", required=True, help="原因，以及怎样核对的身份；记入日志")

    def handle(self, *args, **options):
        account = User.objects.filter(username=options["username"]).first()
        reason = options["reason"].strip()[:200]
        if account is None:
            raise CommandError(f"没有账号 {options['username']}")
        if not reason:
            raise CommandError("请用 --reason 写明原因")
        try:
            with transaction.atomic():
                account.end_second_factor()
                audit.record(
                    FACTOR_RESET,
                    actor=None,
                    subject=account,
                    county_code=account.county_code,
                    reason=reason,
                    os_user=audit.os_user(),
                )
        except ValidationError as refused:
            raise CommandError("；".join(refused.messages)) from None
        self.stdout.write(f"账号 {account} 的动态口令已重置，它的登录都已结束；请本人用密码登录，马上绑定新手机。")
