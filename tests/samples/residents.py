"""Samples of what residents use: sign-in by QR, announcements, sign-ups, the open library."""

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from networks.models import (
    Attachment,
)
from trainings.models import (
    Announcement,
    Course,
    Feedback,
    ScanSheet,
    Story,
)
from trainings.models.scans import Attendee


class ResidentSamples:
    def _scans(self) -> None:
        """Sign-in by QR that is open all day long."""
        w = self.w
        whole_day = {"start_time": datetime.time(0), "end_time": datetime.time(23, 59)}
        row = w.session(w.ours, held_on=w.today, title="扫码签到的场次", **whole_day)
        sheet = ScanSheet.open(row, actor=w.town, minutes_before=0, minutes_after=180)
        sheet.sign([Attendee("韦扫码", "1234")])
        self.kwargs["ours.scanned"] = {"pk": row.pk}
        self.kwargs["ours.scan"] = {"token": sheet.token}
        row = w.session(w.ours, held_on=w.today, title="评价的场次", **whole_day)
        over = ScanSheet.open(row, actor=w.town, minutes_before=0, minutes_after=180)
        over.close(actor=w.town)  # what residents think is asked from then on
        Feedback.give(row, satisfaction="fairly", learned="打扁担", wish="多办几场", is_complaint=True)
        Feedback.objects.get().reply(actor=w.town, shown_wish="多办几场", answer="下季度再办")
        self.kwargs["ours.said"] = {"token": over.token}
        self.kwargs["ours.wish"] = {"pk": row.pk, "answer_pk": Feedback.objects.get().pk}
        self.kwargs["no.scan"] = {"token": "abcd-efgh-jkmn"}

    def _learning(self) -> None:
        """For residents: a session to come that takes sign-ups, one that is not public, and a sign-up with its link."""
        soon = self.w.today + datetime.timedelta(days=3)
        told = self.w.session(self.w.ours, status="planned", title="公开的场次", held_on=soon, reported=None)
        hidden = self.w.session(self.w.ours, status="planned", title="没有公开的场次", held_on=soon, reported=None)
        announcement = Announcement.objects.create(
            session=told, is_public=True, phone="0771-6820001", takes_sign_ups=True, capacity=30
        )
        token = "abcde-fghjk-mnpqr-learn"
        row, _ = announcement.sign_up(name="报名居民", phone_tail="1234", seats=2, token=token)
        self.kwargs |= {
            "ours.public": {"pk": told.pk},
            "ours.sign-up": {"pk": told.pk, "sign_up_pk": row.pk},
            "mixed.sign-up": {"pk": hidden.pk, "sign_up_pk": row.pk},
        }
        self.kwargs |= {"ours.told": {"number": told.number}, "hidden.told": {"number": hidden.number}}
        self.kwargs["ours.signed"] = {"token": token}
        self._opened_library()

    def _opened_library(self) -> None:
        """A course with a file that is open to residents and one that is not, a story with a picture; and both as drafts."""
        w = self.w
        decided = {"state": "public", "decided_by": w.bureau, "decided_at": timezone.now()}
        whose = {"county": w.county, "unit": w.ours}
        content = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(content, "JPEG")
        image = Attachment.objects.create(
            place=w.places["白山镇"],
            file=SimpleUploadedFile("照片.jpg", content.getvalue()),
            name="照片.jpg",
            content_type="image/jpeg",
            uploaded_by=w.town,
        )
        for name, state in {"open": decided, "draft": {}}.items():
            row = Course.objects.create(
                title=f"{name}的课程", origin="own", minutes=90, syllabus="内容", **whose, **state
            )
            told = Story.objects.create(
                title=f"{name}的案例", kind="case", body="正文", picture=image, picture_agreed=True, **whose, **state
            )
            self.kwargs |= {f"{name}.course": {"pk": row.pk}, f"{name}.story": {"pk": told.pk}}
        course = Course.objects.get(pk=self.kwargs["open.course"]["pk"])
        for name, is_open in {"open": True, "closed": False}.items():
            file = course.materials.create(kind="file", title=f"{name}的课件", attachment=image, is_open=is_open)
            self.kwargs[f"{name}.material"] = {"pk": course.pk, "material_pk": file.pk}
