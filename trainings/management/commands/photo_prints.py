"""`photo_prints`: makes the prints by which a photo is known again, for photos stored without one, and compares them."""

from collections import Counter

from django.core.management.base import BaseCommand

from trainings.photo_matches import catch_up


class Command(BaseCommand):
    help = "为以前上传的照片补算特征并与全县其他照片比对（可随时中断、重复运行；新照片上传时自动进行）"

    def handle(self, *args, **options) -> None:
        done, pairs = Counter(), 0
        for what, row, found in catch_up():
            done[what] += 1
            pairs += found
            if what == "unreadable":
                self.stderr.write(f"材料 {row.pk}（场次 {row.session_id}）：文件缺失或打不开，跳过")
        self.stdout.write(
            f"补算特征 {done['print']} 张，比对 {done['compared']} 张，新发现相同照片 {pairs} 对，"
            f"打不开 {done['unreadable']} 张。"
        )
