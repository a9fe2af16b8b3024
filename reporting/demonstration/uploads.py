"""Two ledgers that were uploaded and are not stored yet, as clerks really keep them: the import pages have something to mend."""

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from networks.models import User
from trainings import imports
from trainings.models import ImportBatch

from .script import MARK

HEADINGS = [
    "序号",
    "活动名称",
    "主办单位",
    "村（社区）",
    "培训地点",
    "培训时间",
    "类别",
    "培训形式",
    "培训对象",
    "实到人次",
    "备注",
]


def write(today: datetime.date) -> None:
    """白山镇's own ledger with two slips of the pen, and one that the bureau received with an organiser nobody knows."""
    _keep(
        "town-450124100",
        today,
        f"白山镇社区教育培训台账（{MARK}）",
        [
            ["老年人防诈骗课堂", "白山镇文化站", "上龙村", "上龙村戏台", 40, "权益保护", "专题讲座", "老年人", "52人"],
            [
                "桑园施肥与剪伐培训",
                "白山镇",
                "造华村",
                "造华村桑园",
                33,
                "农村实用技术",
                "现场实训",
                "农村劳动力",
                "约40",
            ],
            ["社区急救知识课", "白山镇", "新兴社区", "居民活动室", 26, "安全健康", "专题讲座", "社区居民", 38],
            [
                "壮绣针法学习班",
                "白山镇文化站",
                "立星村",
                "妇女之家",
                None,
                "非物质文化遗产传承",
                "体验学习",
                "留守妇女",
                21,
            ],
        ],
    )
    _keep(
        "bureau",
        today,
        f"县直单位补报台账（{MARK}）",
        [
            ["图书馆亲子阅读", "县图书馆", "西华社区", "县图书馆", 37, "早期教育", "读书沙龙", "学生家长", 34],
            ["山歌编唱培训", "马山县山歌协会", "四达社区", "县文化馆", 30, "人文艺术", "团队学习", "文艺骨干", 46],
        ],
    )


def _keep(username: str, today: datetime.date, title: str, rows: list[list]) -> None:
    """The sixth entry of a row is how many days ago it was held; None leaves a date that says nothing (本月初)."""
    book = Workbook()
    sheet = book.active
    sheet.title = "培训台账"
    sheet.append([title])
    sheet.append(HEADINGS)
    for number, (name, unit, place, venue, ago, *rest) in enumerate(rows, start=1):
        day = today - datetime.timedelta(days=ago or 0)
        when = f"{day.year}.{day.month}.{day.day}上午9:00" if ago else "本月初"
        sheet.append([number, name, unit, place, venue, when, *rest, MARK])
    content = io.BytesIO()
    book.save(content)
    upload = SimpleUploadedFile(f"{title}.xlsx", content.getvalue())
    batch = imports.keep(upload, User.objects.get(username=username), year=None, historical=False)
    yesterday = datetime.datetime.combine(today - datetime.timedelta(days=1), datetime.time(15, 40))
    ImportBatch.objects.filter(pk=batch.pk).update(uploaded_at=timezone.make_aware(yesterday))
