"""The demonstration county: migrates, loads, prints the accounts, serves."""

import argparse
import socket
import unicodedata

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from networks.access import ROLES
from networks.models import User
from reporting import demonstration

KEPT = """这里已有 {day} 生成的演示数据，保留不动。
密码只在生成时显示一次；登录页上每个角色有一个按钮，不用密码。要按今天的日期重新生成，请加 --fresh。"""


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"端口应是 1 到 65535 的整数，不是“{text}”")
    return int(text)


class Command(BaseCommand):
    help = "载入演示县并在本机打开；已有的演示数据保留，--fresh 重新开始"

    def add_arguments(self, parser):
        parser.add_argument("--no-serve", action="store_true", help="只准备数据")
        parser.add_argument("--port", type=_port, default=8000, help="端口，默认 8000")
        parser.add_argument("--empty", action="store_true", help="只有网络、单位、词表、账号和年度，没有场次")
        parser.add_argument("--fresh", action="store_true", help="清空演示数据，重新开始")

    def handle(self, *args, **options):
        # The port is claimed first, so that somebody else's program on it is known before any work.
        server = None if options["no_serve"] else self.claim(options["port"])
        try:
            self.prepare(options)
            if server:
                address = f"http://127.0.0.1:{options['port']}/"
                self.stdout.write(f"\n{settings.SITE_NAME}：请用浏览器打开 {address} （按 Ctrl+C 结束）")
                self.stdout.flush()
                server.run()
        finally:
            if server:
                server.close()

    def claim(self, port: int):
        """A waitress server on the port of this machine alone, not yet answering."""
        from waitress.server import create_server

        from mashan_edu.wsgi import application

        try:
            claimed = socket.create_server(("127.0.0.1", port))
        except OverflowError:
            raise CommandError(f"端口应是 1 到 65535 的整数，不是 {port}") from None
        except PermissionError:
            raise CommandError(f"系统不允许使用端口 {port}，请换一个大于 1024 的端口：--port 8001") from None
        except OSError:
            raise CommandError(
                f"端口 {port} 正被别的程序使用（也许演示已经打开）。请先关掉它，或换一个端口：--port {port + 1}"
            ) from None
        return create_server(
            application, sockets=[claimed], threads=8, max_request_body_size=settings.MOST_REQUEST_BYTES
        )

    def prepare(self, options) -> None:
        try:
            made_on = demonstration.existing()
        except demonstration.NotADemonstration as refused:
            raise CommandError(str(refused)) from None
        call_command("migrate", verbosity=0)
        if made_on and not options["fresh"]:
            self.stdout.write(KEPT.format(day=f"{made_on:%Y-%m-%d}"))
            return
        self.stdout.write("正在生成演示数据，约需十秒……")
        self.stdout.flush()
        passwords = demonstration.prepare(timezone.localdate(), empty=options["empty"], fresh=options["fresh"])
        self.print_accounts(passwords)

    def print_accounts(self, passwords: dict[str, str]) -> None:
        """账号, 密码, whose it is, what the role may do; once, for the passwords are stored nowhere."""
        self.stdout.write("\n演示账号（密码只显示这一次；登录页上也有免密码的角色按钮）\n")
        self.stdout.write(f"{_pad('账号', 18)}{_pad('密码', 20)}使用人")
        users = list(User.objects.select_related("person").order_by("pk"))
        for role, rights in ROLES.items():
            self.stdout.write(f"\n  {rights.sentence}")
            for user in users:
                if user.role == role and user.username in passwords:
                    shown = _pad(user.username, 18) + _pad(passwords[user.username], 20)
                    self.stdout.write(shown + user.person.name)


def _pad(text: str, columns: int) -> str:
    """Padded for a terminal, where a Chinese character takes two columns."""
    width = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(columns - width, 1)
