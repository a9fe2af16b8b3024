"""What the office wrote about the years that are settled: published where the year is published, else a draft."""

import datetime

from django.utils import timezone

from networks.models import Division, User

from ..bulletin import missing_for_issue
from ..models import AssessmentYear
from ..models.bulletin import Bulletin
from .script import MARK
from .settling import clock_at

DAYS_AFTER = 3  # the last act


def write(county: Division) -> None:
    actor = User.objects.get(username="bureau")
    settled = AssessmentYear.objects.filter(county=county).exclude(status=AssessmentYear.Status.OPEN)
    for year in settled.order_by("year"):
        last = year.acts.order_by("-sequence").first()
        with clock_at(min(last.made_at + datetime.timedelta(days=DAYS_AFTER), timezone.now())):
            write_one(year, actor)


def write_one(year: AssessmentYear, actor: User) -> None:
    """Today, under the next number; it goes out where nothing stands in its way."""
    today = timezone.localdate()
    row = Bulletin.draft(year, actor)
    row.number = f"马社教办〔{today.year}〕{Bulletin.objects.filter(year__county=year.county_id).count()}号"
    row.dated_on = today
    row.closing = f"{row.closing}\n（{MARK}，不作为任何单位的工作依据）"
    row._history_user, row._change_reason = actor, "填写文号和日期"
    row.version += 1
    row.save()
    if not missing_for_issue(row):
        row.issue(actor)
