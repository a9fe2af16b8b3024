"""Deletes rosters and sign-ups whose term has passed; meant for a nightly timer, see README."""

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from networks.models import CountySettings
from trainings.rosters import purging


class Command(BaseCommand):
    help = "删除到期的签到名册和报名：年度锁定定案（一直没有锁定的从次年年底）满规定月数以后；不加 --commit 只试算。人次保留"

    def add_arguments(self, parser):
        parser.add_argument("--commit", action="store_true", help="真正删除")

    def handle(self, *args, **options):
        today, nothing = timezone.localdate(), True
        for county in CountySettings.objects.select_related("county").order_by("pk"):
            for term in purging.terms(county.pk):
                nothing = False
                self.stdout.write(
                    f"{county.county} {term.year}年度：{term.sessions} 场，名册 {term.lines} 人，报名 {term.sign_ups} 条，"
                    f"未成年人照片 {term.pictures} 份，{term.due_on} 到期；{term.state(today)}"
                    + (f"；其中 {term.undated} 场没有培训日期，按登记的年度算" if term.undated else "")
                    + (f"；另有 {term.held_sessions} 场单独暂缓" if term.held_sessions else "")
                )
            with transaction.atomic():
                done = purging.purge(county.pk, today=today)
                if not options["commit"]:
                    transaction.set_rollback(True)
            verb = "已删除" if options["commit"] else "将删除"
            for one in done:
                self.stdout.write(
                    f"{verb}：{county.county} {one.term.year}年度 {one.sessions} 场的名册 {one.lines} 人、"
                    f"报名 {one.sign_ups} 条、未成年人照片 {one.pictures} 份；人次不变"
                )
        if nothing:
            self.stdout.write("没有名册和报名")
        if not options["commit"]:
            self.stdout.write("以上为试算，没有删除；加 --commit 删除")
