"""What the office has filed: of a settled year the table of completion, signed and sent; of the last full year another form that
waits for its signature, and the first lines typed into the yearly report."""

import datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from networks import uploads
from networks.models import Division, User

from ..forms import FORMS
from ..models import AssessmentYear, FormEntry
from ..submitting import prepare
from . import pictures
from .script import MARK
from .settling import clock_at

AFTER_LOCKING = datetime.timedelta(hours=3)


def write(county: Division, today: datetime.date) -> None:
    """Sent on the day on which the year was settled, or not at all where that lies ahead."""
    office = User.objects.get(username="bureau")
    years = AssessmentYear.objects.select_related("county")
    last = years.get(county=county, year=today.year - 1)
    typed = {"meetings": 2, "papers": 1, "zone_words": f"白山镇实验区、示范区按计划推进（{MARK}）"}
    FormEntry.objects.create(
        year=last, form="annual-report", values={f"{key}.{county.pk}": value for key, value in typed.items()}, version=1
    )
    with uploads.atomic():
        prepare(FORMS["performance"], last, office, to_whom=FORMS["performance"].to_whom)
    settled = years.get(county=county, year=today.year - 2)
    act = settled.standing_act() if settled.locked else None
    if act is None:
        return
    moment = min(act.made_at + AFTER_LOCKING, timezone.now())
    with clock_at(moment), uploads.atomic():
        row = prepare(FORMS["completion"], settled, office, to_whom=FORMS["completion"].to_whom)
        paper = pictures.pdf([row.content["title"], f"数字的摘要 {row.short}", "本件为演示材料，不是真实文件。"])
        scan = uploads.prepare(SimpleUploadedFile("签字件.pdf", paper))
        row.record_sent(actor=office, signer=f"副县长（{MARK}）", sent_on=timezone.localdate(), scan=scan)
