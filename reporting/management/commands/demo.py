"""The demonstration county: migrates, loads, prints the accounts, serves."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reporting import demonstration


class Command(BaseCommand):
    help = "载入演示县并在本机打开；已有的演示数据保留，--fresh 重新开始"

    def add_arguments(self, parser):
        parser.add_argument("--no-serve", action="store_true", help="只准备数据")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--empty", action="store_true", help="只有网络、单位、词表、账号和年度，没有场次")
        parser.add_argument("--fresh", action="store_true", help="清空演示数据，重新开始")

    def handle(self, *args, **options):
        call_command("migrate", verbosity=0)
        try:
            passwords = demonstration.prepare(timezone.localdate(), empty=options["empty"], fresh=options["fresh"])
        except demonstration.NotADemonstration as refused:
            raise CommandError(str(refused)) from None
        for username, password in passwords.items():
            self.stdout.write(f"{username:<22}{password}")
        if not options["no_serve"]:
            self.serve(options["port"])

    def serve(self, port: int) -> None:
        from waitress import serve

        from mashan_edu.wsgi import application

        self.stdout.write(f"{settings.SITE_NAME}：请用浏览器打开 http://127.0.0.1:{port}/  （按 Ctrl+C 结束）")
        serve(application, host="127.0.0.1", port=port, threads=8)
