"""Prints the inventory of personal data as it stands in docs/personal-data.md."""

from django.core.management.base import BaseCommand

from reporting.personal_data import markdown


class Command(BaseCommand):
    help = "打印个人信息清单（docs/personal-data.md 的内容）"

    def handle(self, *args, **options):
        self.stdout.write(markdown(), ending="")
