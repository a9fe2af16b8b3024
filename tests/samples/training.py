"""Samples of training: evidence, workbooks, plans, courses, rosters, points and call-backs."""

import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from networks.models import (
    Attachment,
    Institution,
)
from reporting.calls import draw
from trainings import imports
from trainings.models import (
    ColumnName,
    Course,
    CourseMaterial,
    Evidence,
    PointLink,
    RosterHold,
    RosterLine,
    Story,
    Theme,
    TrainingClass,
    TrainingSession,
    UnitPlan,
)

from ..makers import ledger

ADULT, MINOR, TAIL = "欧阳金丝雀", "覃金丝雀", "7391"  # in every draft's roster, and nowhere else


class TrainingSamples:
    def _evidence(self, whose: str, session_pk: int) -> None:
        row = Evidence.objects.create(
            session_id=session_pk,
            kind="notice",
            file=SimpleUploadedFile("通知.pdf", b"%PDF-1.4"),
            content_type="application/pdf",
            sha256_stored="0" * 64,
            uploaded_by=TrainingSession.objects.get(pk=session_pk).entered_by,
        )
        self.kwargs[f"{whose}.evidence"] = {"pk": session_pk, "evidence_pk": row.pk}

    def _batches(self, whose: str, officer) -> None:
        waiting = imports.keep(ledger(f"{whose}的新场次"), officer, year=None, historical=False)
        self.kwargs[f"{whose}.rehearsed"] = {"pk": waiting.pk}
        stored = imports.keep(ledger(f"{whose}已入库的场次"), officer, year=None, historical=False)
        imports.confirm(stored, officer, stored.rehearsal_digest)
        self.kwargs[f"{whose}.committed"] = {"pk": stored.pk}

    def _planned(self, whose: str, unit, officer) -> None:
        """A class with two sessions to come, and the plan of a unit's year."""
        row = TrainingClass.objects.create(unit=unit, name=f"{whose}的班", place=unit.division, entered_by=officer)
        for number in (1, 2):
            day = self.w.today + datetime.timedelta(days=7 * number)
            title = f"{whose}的班（第{number}次）"
            self.w.session(unit, status="planned", held_on=day, reported=None, title=title, training_class=row)
        self.kwargs[f"{whose}.class"] = {"pk": row.pk}
        UnitPlan.objects.create(unit=unit, year=self.w.year, sessions=6, attendances=500, text=f"{whose}的打算")

    def _library(self) -> None:
        """Courses of each unit: a draft with a file and a link, one that waits, one that is public."""
        w = self.w
        offices = {"ours": w.bureau, "theirs": w.bureau, "foreign": w.foreign_bureau}
        for whose, unit in {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}.items():
            officer, office = self._keepers()[whose], offices[whose]
            for state in ["draft", "proposed", "public"]:
                told = {"theme": Theme.objects.first(), "minutes": 90, "syllabus": f"{whose}的内容", "origin": "own"}
                row = Course.objects.create(county_id=unit.county_id, unit=unit, title=f"{whose}-{state}-课程", **told)
                self._propose(row, state, officer, office)
                self.kwargs[f"{whose}.course_{state}"] = {"pk": row.pk}
            draft = self.kwargs[f"{whose}.course_draft"]["pk"]
            file = Attachment.objects.create(
                place=unit.division,
                file=SimpleUploadedFile("讲义.pdf", b"%PDF-1.4"),
                name="讲义.pdf",
                content_type="application/pdf",
                uploaded_by=officer,
                guarded=True,
            )
            material = CourseMaterial.objects.create(course_id=draft, kind="file", title="讲义", attachment=file)
            CourseMaterial.objects.create(course_id=draft, kind="link", title="视频", link="https://example.invalid/")
            self.kwargs[f"{whose}.material"] = {"pk": draft, "material_pk": material.pk}
            self.kwargs[f"{whose}.guarded"] = {"pk": file.pk}
            self._stories(whose, unit, officer, office)

    def _stories(self, whose: str, unit, officer, office) -> None:
        """A star who is a draft with a picture, a case that waits, a brand that is public."""
        for state, kind in [("draft", "star"), ("proposed", "case"), ("public", "brand")]:
            told = {"subject": "" if kind == "case" else f"{whose}的名称", "body": "三年办了二十期。", "agreed": True}
            row = Story.objects.create(
                county_id=unit.county_id, unit=unit, kind=kind, title=f"{whose}-{state}-稿", **told
            )
            row.sessions.add(self.kwargs[f"{whose}.verified"]["pk"])
            if state == "draft":
                row.picture = Attachment.objects.create(
                    place=unit.division,
                    file=SimpleUploadedFile("照片.jpg", b"\xff\xd8\xff"),
                    name="照片.jpg",
                    content_type="image/jpeg",
                    uploaded_by=officer,
                    guarded=True,
                )
                row.save()
            self._propose(row, state, officer, office)
            self.kwargs[f"{whose}.story_{state}"] = {"pk": row.pk}

    @staticmethod
    def _propose(row, state: str, officer, office) -> None:
        if state in {"proposed", "public"}:
            row.propose(actor=officer)
        if state == "public":
            row.approve(actor=office)

    def _rosters(self) -> None:
        """A line in each draft's roster, a minor beside ours, and a line that is asked for under another session."""
        for whose, town in {"ours": "白山镇", "theirs": "古零镇", "foreign": "大丰镇"}.items():
            key = self.kwargs[f"{whose}.draft"]["pk"]
            places = self.w.other_places if whose == "foreign" else self.w.places
            line = RosterLine.objects.create(
                session_id=key,
                name=ADULT,
                age_band="adult",
                home=places[town],
                phone_tail=TAIL,
                source="pasted",
            )
            self.kwargs[f"{whose}.line"] = {"pk": key, "line_pk": line.pk}
        ours = self.kwargs["ours.draft"]["pk"]
        RosterLine.objects.create(session_id=ours, name=MINOR, age_band="minor", source="by_hand")
        self.kwargs["mixed.line"] = {"pk": ours, "line_pk": self.kwargs["theirs.line"]["line_pk"]}
        for session in TrainingSession.objects.filter(roster__isnull=False).distinct():
            session.count_roster()
        for whose, county, actor in [
            ("ours", self.w.county, self.w.bureau),
            ("foreign", self.w.other_county, self.w.foreign_bureau),
        ]:
            hold = RosterHold.objects.create(county=county, year=self.w.year - 1, reason="信访核查", placed_by=actor)
            self.kwargs[f"{whose}.hold"] = {"pk": hold.pk}

    def _points(self) -> None:
        """随手报: a point of ours with its link and a report, a point of theirs."""
        w = self.w
        for whose, place, officer in [("ours", "新汉村", w.town), ("theirs", "羊山村", w.town2)]:
            point = Institution.objects.get(division=w.places[place])
            self.kwargs[f"{whose}.point"] = {"pk": point.pk}
            link, token = PointLink.issue(point, officer)
            self.kwargs[f"{whose}.pointlink"] = {"token": token}
            link.report(token="r" * 32, held_on=w.today, title=f"{whose}随手报的培训", attendance=21)
        self.column_name = ColumnName.objects.create(
            unit=w.ours, header="到场情况", key="到场情况", column="实到人次", confirmed_by=w.town
        )

    def _calls(self) -> None:
        """A draw of call-backs in either county that holds everything submitted."""
        w = self.w
        for whose, unit, bureau in [("ours", w.ours, w.bureau), ("foreign", w.foreign, w.foreign_bureau)]:
            drawn = draw(county=unit.county, year=w.year, size=200, actor=bureau)
            call = drawn.calls.get(session=self.kwargs[f"{whose}.submitted"]["pk"])
            self.kwargs |= {f"{whose}.draw": {"pk": drawn.pk}, f"{whose}.call": {"pk": call.pk}}
