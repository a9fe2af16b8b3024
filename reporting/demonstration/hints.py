"""What the reviewer's hints and the call-backs need to have something to show: two sessions sharing a photo, one event that two
units reported, a room that is too small, and a draw with some calls made. All of it invented and marked as such."""

import datetime
import hashlib
import io

from django.core.files.base import ContentFile
from django.db.models import Max
from django.utils import timezone
from PIL import Image, ImageEnhance

from networks.models import Division, User
from trainings import photo_matches
from trainings.models import Audience, Evidence, TrainingSession

from ..calls import draw, frame_of
from ..models import Call, CallSample
from .script import MARK

SEAT = "450124100"  # 白山镇, whose officer has a button on the sign-in page
DRAWN = 8


def write(county: Division, today: datetime.date) -> None:
    ordinary = TrainingSession.objects.filter(organiser__county=county, is_historical=False)
    ordinary = ordinary.exclude(audience_counts__audience__sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY).order_by(
        "pk"
    )
    photographed = ordinary.filter(evidence__kind="photo").distinct()
    _share_a_photo(
        photographed.filter(status="submitted").exclude(organiser__code=SEAT), photographed.filter(status="verified")
    )
    of_the_seat = photographed.filter(organiser__code=SEAT)
    _share_a_photo(
        ordinary.filter(organiser__code=SEAT, status="draft", form__isnull=False), of_the_seat.filter(status="verified")
    )
    _report_twice(ordinary.filter(status="submitted", days=1, organiser__kind="township").exclude(organiser__code=SEAT))
    _call_back(county, today)


def _share_a_photo(sessions, sources) -> None:
    """The first of the sessions gets a photo of the last of the sources, cut, brightened and packed harder."""
    session, source = sessions.first(), sources.last()
    if not (session and source) or session == source:
        return
    original = source.evidence.filter(kind="photo").first()
    with original.file.open() as file:
        first = file.read()
    with Image.open(io.BytesIO(first)) as image:
        w, h = image.size
        cut = ImageEnhance.Brightness(image.crop((w // 20, h // 12, w * 19 // 20, h))).enhance(1.15)
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=60)
    content = out.getvalue()
    copy = Evidence(
        session=session,
        kind="photo",
        content_type="image/jpeg",
        original_name="照片.jpg",
        size=len(content),
        uploaded_by=session.entered_by,
    )
    copy.sha256_original = copy.sha256_stored = hashlib.sha256(content).hexdigest()
    copy.file = ContentFile(content, name="demonstration")
    copy.save()
    Evidence.objects.filter(pk=copy.pk).update(uploaded_at=session.created_at)
    for row, stored in [(original, first), (copy, content)]:
        photo_matches.keep_print(row, photo_matches.patterns_of(stored, "image/jpeg"))
    photo_matches.compare([copy, original])


def _report_twice(sessions) -> None:
    """团县委 reports what a township reported, with more heads than the township's cultural station holds."""
    first, officer = sessions.last(), User.objects.get(username="unit-tw")
    if first is None:
        return
    copied = ("place", "held_on", "start_time", "end_time", "minutes", "theme", "form", "language", "instructors")
    changes = {name: getattr(first, name) for name in copied} | {
        "number": f"CC{first.number[:1:-1]}",  # the same every time
        "title": f"{first.title}（青年专场）",
        "organiser": officer.home_unit,
        "venue": f"{first.place.path.split('/')[0]}文化站",
        "place": first.place if first.place.tier == "township" else first.place.parent,
        "reported_attendance": 150,
        "remarks": MARK,
    }
    twin = TrainingSession.enter(actor=officer, changes=changes, audiences=[], co_organisers=[])
    twin.submit(actor=officer)
    moments = {"created_at": first.created_at, "submitted_at": first.submitted_at}
    TrainingSession.objects.filter(pk=twin.pk).update(**moments)
    twin.history.update(created_at=first.created_at, history_date=first.submitted_at)


def _call_back(county: Division, today: datetime.date) -> None:
    """A draw of this year, or of the last one while this year has little to draw from, with most calls made."""
    year = today.year if len(frame_of(county, today.year)) >= DRAWN else today.year - 1
    sample = draw(county=county, year=year, size=DRAWN, actor=User.objects.get(username="bureau"))
    latest = TrainingSession.objects.aggregate(Max("submitted_at"))["submitted_at__max"]
    CallSample.objects.filter(pk=sample.pk).update(drawn_at=latest)
    caller = User.objects.get(username="director")
    told = [
        ("reached", 1, ""),
        ("reached", 0.7, "村委会文书说没有这么多人，请核对签到表"),
        ("unreached", 0, "打了两次没有人接"),
    ]
    for call, (outcome, share, note) in zip(sample.calls.select_related("session"), told * 2, strict=False):
        call.outcome, call.note = outcome, note
        call.figure_held = call.session.verified_attendance or call.session.reported_attendance
        call.figure_said = round(call.figure_held * share) if outcome == Call.Outcome.REACHED else None
        call.called_by, call.called_at, call._history_user = caller, timezone.localtime(latest), caller
        call.version += 1
        call.save()
