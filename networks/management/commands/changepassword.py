"""Takes the place of Django's: a password that somebody else sets on the server, of a judge's account too, unseen by the log."""

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "不能用：密码只由本人设置"

    def add_arguments(self, parser):
        parser.add_argument("username", nargs="?", help="账号")

    def handle(self, *args, **options):
        raise CommandError(
            "密码只由本人设置，这里不能改：请在“账号”页面签发一次性链接，当面交给本人。"
            "唯一的系统管理员忘了密码的，用 createsuperuser 另建一个系统管理员账号（记入操作日志），再由它签发链接"
        )
