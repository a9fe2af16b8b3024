"""Every one-time link that nobody has used yet ends: after a server was entered nobody knows who has seen one. A new SECRET_KEY
does not do that; of a link only a plain digest is kept."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from networks import audit
from networks.models import PasswordLink


class Command(BaseCommand):
    help = "作废全部没用过的一次性链接（数据可能泄露时用）；要用的请重新签发。记入操作日志"

    def add_arguments(self, parser):
        parser.add_argument("--reason", required=True, help="原因；记入日志")

    def handle(self, *args, **options):
        reason = options["reason"].strip()[:200]
        if not reason:
            raise CommandError("请用 --reason 写明原因")
        with transaction.atomic():
            number = PasswordLink.objects.open().revoke()
            audit.record("作废全部一次性链接", actor=None, number=number, reason=reason, os_user=audit.os_user())
        self.stdout.write(f"作废了 {number} 个没用过的一次性链接；还要用的请在“账号”页面重新签发。")
