"""Every address of the site with sample objects: shared by the tests that walk the whole site."""

import contextlib
import datetime
import io
import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from networks import uploads
from networks.middleware import CONFIRMED_AT
from networks.models import (
    AffiliatedBody,
    AnnualFigure,
    Appointment,
    Attachment,
    AuditEvent,
    AwarenessSurvey,
    CountySettings,
    Fund,
    Institution,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    PasswordLink,
    Person,
    Provider,
    Reorganisation,
    Seat,
    SeatHolder,
    ServiceRecord,
    SignIn,
    UnitSuccession,
    User,
    Zone,
    ZoneCheck,
)
from networks.registry import REGISTRIES
from networks.registry import imports as registry_imports
from networks.reorganisation import rename_unit
from reporting.calls import draw
from reporting.confirming import Sheets
from reporting.forms import FORMS
from reporting.models import (
    AssessmentYear,
    Bulletin,
    Confirmation,
    LateEntry,
    LedgerAct,
    Material,
    MaterialKind,
    Objection,
    PlanTask,
    Prompt,
    QuotaAdjustment,
    ReportEvidence,
    SignOff,
    TaskReport,
)
from reporting.publication import content_of
from reporting.submitting import prepare
from trainings import imports
from trainings.models import (
    Announcement,
    ColumnName,
    CoOrganiser,
    Course,
    CourseMaterial,
    Evidence,
    Feedback,
    ImportBatch,
    PointLink,
    RosterHold,
    RosterLine,
    ScanSheet,
    Story,
    Theme,
    TrainingClass,
    TrainingSession,
    UnitPlan,
)
from trainings.models.scans import Attendee
from trainings.models.vocabulary import VOCABULARIES

from .makers import a_project, answer_for, ledger, open_place, registry

ADULT, MINOR, TAIL = "欧阳金丝雀", "覃金丝雀", "7391"  # in every draft's roster, and nowhere else


@dataclass(frozen=True)
class Address:
    """One pattern of the urlconf; `name` includes the namespace and is empty where the pattern has none."""

    name: str
    route: str
    callback: object


def addresses(patterns: list | None = None, route: str = "", namespace: str = "") -> list[Address]:
    found = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inside = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += addresses(entry.url_patterns, here, inside)
        elif isinstance(entry, URLPattern):
            found.append(Address(f"{namespace}{entry.name}" if entry.name else "", here, entry.callback))
    return found


def picture_bytes() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(content, "JPEG")
    return content.getvalue()


def as_shown(response) -> dict:
    """What a browser would send back from the form of a page as it stands."""
    return {field.html_name: field.value() or "" for field in response.context["form"]}


class Samples:
    """Objects of ours, theirs (same county) and foreign (another county), as keyword arguments of addresses."""

    def __init__(self, w) -> None:
        self.w = w
        owners = {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}
        self.kwargs: dict[str, dict] = {"-": {}, "year": {"year": w.year}, "app": {"app_label": "networks"}}
        self.kwargs |= {key: {"registry": key} for key in REGISTRIES}
        self.kwargs["threshold"] = {"key": "participation"}
        for whose, unit in owners.items():
            for state in ["planned", "draft", "submitted", "verified", "returned"]:
                row = w.session(unit, status=state, title=f"{whose}-{state}-场次")
                self.kwargs[f"{whose}.{state}"] = {"pk": row.pk}
            self._evidence(whose, self.kwargs[f"{whose}.{'draft' if whose == 'foreign' else 'submitted'}"]["pk"])
            officer = {"ours": w.town, "theirs": w.town2, "foreign": w.foreign_town}[whose]
            self._batches(whose, officer)
            new = {"所在地": unit.division.path, "名称": f"{whose}的指导组", "类别": "管理机构（乡镇）"}
            kept = registry_imports.keep(registry(officer, "institutions", new), officer, "institutions")
            self.kwargs[f"{whose}.workbook"] = {"pk": kept.pk}
            self._network(whose, unit.division, officer)
            unit_year = {"year": w.year, "unit": unit.code}
            self.kwargs[f"{whose}.unit"] = unit_year
            self._figures_and_zone(whose, unit.division)
            self._planned(whose, unit, officer)
        self._evidence("draft", self.kwargs["ours.draft"]["pk"])
        self.kwargs["mixed.evidence"] = {
            "pk": self.kwargs["ours.draft"]["pk"],
            "evidence_pk": self.kwargs["theirs.evidence"]["evidence_pk"],
        }
        joint = w.session(w.ours, status="submitted", title="联合举办")
        CoOrganiser.objects.create(session=joint, unit=w.wxgtj, name=w.wxgtj.name)
        self.kwargs["ours.joint"] = {"pk": joint.pk}
        self.kwargs["ours.behalf"] = {"pk": w.session(w.ours, actor=w.bureau2, title="代录场次").pk}
        accounts = {"ours": w.town, "foreign": w.foreign_town, "bureau": w.bureau, "operator": w.operator}
        for name, user in accounts.items():
            self.kwargs[f"{name}.account"] = {"pk": user.pk}
        home = {"role": "township", "home_division": w.places["白山镇"]}
        suspended = User.objects.create_user("suspended", "x", name="离开的人", is_active=False, **home)
        self.kwargs["suspended.account"] = {"pk": suspended.pk}
        self.waiting = User.objects.create_user("waiting", None, name="等设密码的人", **home)
        self.kwargs["ours.link"] = {"token": PasswordLink.issue(w.head, w.bureau)[1]}
        self.kwargs["no.link"] = {"token": "abcde-fghjk-mnpqr-stuvw"}
        self.sign_ins = {name: self._sign_in(user) for name, user in accounts.items()}
        self.years = {
            "ours": w.assessment_year,
            "foreign": AssessmentYear.objects.open_year(w.other_county, w.year),
        }
        settled = AssessmentYear.objects.open_year(w.county, 2019)  # long ago: nothing else of the site lies in it
        w.lock(settled)
        self.kwargs["settled"] = {"year": 2019, "number": 1}
        self._feedback(settled)
        self._bulletins()
        for whose in ["ours", "foreign"]:
            QuotaAdjustment.objects.create(
                year=self.years[whose], unit=owners[whose], sessions=2, attendances=200, reason="撤并"
            )
            AuditEvent.objects.create(action="试验", county_code=owners[whose].county_id)
        AffiliatedBody.objects.create(county=w.other_county, name="上林县文化馆", unit=w.foreign)
        for whose, unit in owners.items():
            self._people(whose, unit)
        self._sharing()
        self._plan()
        self._changes()
        self._library()
        self._prompting()
        self._rosters()
        self._points()
        self._calls()
        self._scans()
        self._learning()
        self._forms()

    def _bulletins(self) -> None:
        """Of long ago: a draft that may go out, one that has, one on an act that a correction has overtaken."""
        w = self.w
        for number, state in [(2015, "draft"), (2016, "issued"), (2017, "old")]:
            year = AssessmentYear.objects.open_year(w.county, number)
            w.lock(year)
            row = Bulletin.draft(year, w.bureau)
            row.number, row.dated_on = f"马社教办〔{w.year}〕{number}号", w.today
            row.save()
            if state == "old":
                w.unlock(year)
                w.lock(year)
            else:
                lists, _ = content_of(year, {})
                LedgerAct.append(year, "publish", number=1, content=lists, by=w.bureau, confirmed_by=w.bureau2)
                AssessmentYear.objects.filter(pk=year.pk).update(status="published")
            if state == "issued":
                row.issue(w.bureau)
            self.kwargs[f"{state}.bulletin"] = {"pk": row.pk}

    def _forms(self) -> None:
        """A form, and of ours and foreign a 上报件 that waits and one that was sent."""
        w = self.w
        self.kwargs["form"] = {"year": w.year, "key": "annual-report"}
        for whose, office in {"ours": w.bureau, "foreign": w.foreign_bureau}.items():
            year = AssessmentYear.objects.select_related("county").get(county=office.county_code, year=w.year)
            with uploads.atomic():
                sent = prepare(FORMS["completion"], year, office, to_whom="县政府")
                paper = uploads.prepare(SimpleUploadedFile("件.jpg", picture_bytes()))
                sent.record_sent(actor=office, signer="某局长", sent_on=timezone.localdate(), scan=paper)
                waiting = prepare(FORMS["performance"], year, office, to_whom="县绩效办")
            self.kwargs |= {f"{whose}.sent": {"pk": sent.pk}, f"{whose}.filing_up": {"pk": waiting.pk}}

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

    def _people(self, whose: str, unit) -> None:
        """A helper with hours, and a leading group with a held seat."""
        person = Person.objects.create(county_id=unit.county_id, name=f"{whose}的志愿者", phone="13800000000")
        school = Institution.objects.get(division=unit.division)
        helping = Appointment.objects.create(person=person, institution=school, function="volunteer")
        hours = ServiceRecord.objects.create(
            appointment=helping, held_on=datetime.date(self.w.year, 1, 1), hours=2, what="书法辅导"
        )
        group = LeadingGroup.objects.create(division=unit.division, name=f"{whose}的领导小组")
        seat = Seat.objects.create(group=group, rank="head", post="镇长", unit=unit, position=1)
        holder = SeatHolder.objects.create(seat=seat, person=person)
        rows = {
            "person": person,
            "appointment": helping,
            "hours": hours,
            "group": group,
            "seat": seat,
            "holder": holder,
        }
        self.kwargs |= {f"{whose}.{name}": {"pk": row.pk} for name, row in rows.items()}

    def _sharing(self) -> None:
        """A learning group, an open school, a provider and a project of each township, and what the culture department
        keeps, with the tasks for which they answer."""
        w = self.w
        for whose, unit in {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}.items():
            answer_for(unit, "二(二)1", "二(二)3")
            place = {"division": unit.division, "unit": unit}
            group = LearningGroup.objects.create(kind="team", name=f"{whose}山歌队", **place)
            school = open_place(kind="school", name=f"{whose}小学", **place)
            provider = Provider.objects.create(kind="arts", name=f"{whose}艺术团", offers="会鼓老师", **place)
            project = a_project(kind="other", title=f"{whose}项目", provider=provider, **place)
            rows = {"community": group, "resource": school, "provider": provider, "project": project}
            self.kwargs |= {f"{whose}.{kind}": {"pk": row.pk} for kind, row in rows.items()}
        answer_for(w.wxgtj, "二(二)2")
        culture = {"division": w.places["白山镇"], "unit": w.wxgtj}
        self.kwargs["culture.resource"] = {"pk": open_place(kind="station", name="白山镇文化站", **culture).pk}
        self.kwargs["culture.project"] = {"pk": a_project(kind="treasures", title="三宝进社区", **culture).pk}

    def _feedback(self, settled: AssessmentYear) -> None:
        """A year whose figures the units look at: stamped sheets, objections; and a sign-off of the settled one."""
        w = self.w
        year = AssessmentYear.objects.open_year(w.county, 2018)
        w.lock(year)
        year.preview(w.bureau, w.today + datetime.timedelta(days=9))
        scan = SimpleUploadedFile("盖章.pdf", b"%PDF-1.4 %%EOF")

        def prepared(name: str) -> uploads.Prepared:
            return uploads.Prepared(name, scan.read() or b"%PDF-1.4 %%EOF", "application/pdf", (name * 8)[:64])

        with uploads.atomic():
            for whose, unit, officer in (("ours", w.ours, w.town), ("theirs", w.theirs, w.town2)):
                sheet = Sheets(year).of(unit, 1)
                row = Confirmation.receive(
                    year, unit, 1, actor=officer, code=sheet.code, filled_on=w.today, scan=prepared(f"{whose}-1")
                )
                self.kwargs[f"{whose}.confirmation"] = {"pk": row.pk}
                self.kwargs[f"{whose}.confirmation_of"] = {"year": 2018, "quarter": 1, "unit": unit.code}
                asked = Objection.file(
                    year,
                    unit,
                    actor=officer,
                    about=f"{whose}的场次没有计入",
                    wanted="计入",
                    files=[prepared(f"{whose}-2")],
                )
                file = asked.files.get()
                self.kwargs[f"{whose}.objection"] = {"year": 2018, "number": asked.number}
                self.kwargs[f"{whose}.objection_file"] = {"year": 2018, "number": asked.number, "pk": file.pk}
            elsewhere = self.years["foreign"]
            foreign = Confirmation.objects.create(
                year=elsewhere,
                unit=w.foreign,
                quarter=1,
                figures="{}",
                digest="0" * 64,
                filled_on=w.today,
                scan=uploads.attach(prepared("foreign-1"), w.foreign.division, w.foreign_town, guarded=True),
                uploaded_by=w.foreign_town,
            )
            self.kwargs["foreign.confirmation"] = {"pk": foreign.pk}
            act = settled.standing_act()
            sign_off = SignOff.record(
                act, actor=w.bureau, signer="副县长 韦某某", signed_on=w.today, scan=prepared("ours-3")
            )
        self.kwargs |= {
            "ours.sign_off": {"pk": sign_off.pk},
            "settled.act": {"year": 2019, "sequence": act.sequence},
            "settled.year": {"year": 2019},
            "previewed.year": {"year": 2018},
            "previewed.quarter": {"year": 2018, "quarter": 0},
            "ours.confirmation_open": {"year": 2018, "quarter": 0, "unit": w.ours.code},
        }

    def _prompting(self) -> None:
        """A prompt, a paper that has come and a request for 补报 of a year whose reporting has closed."""
        w, closed, kinds = self.w, datetime.date(self.w.year - 1, 12, 31), {}
        self.kwargs["last"] = {"year": w.year - 1}
        for whose, officer in self._keepers().items():
            unit, year = officer.own_unit, self.years["foreign" if whose == "foreign" else "ours"]
            office = w.foreign_bureau if whose == "foreign" else w.bureau
            if year not in kinds:
                kinds[year] = MaterialKind.objects.create(year=year, name="年度工作总结", note=f"{whose}要求的总结")
            number = list(self._keepers()).index(whose) + 1  # a round of its own, so that its address is nobody else's
            prompt = Prompt.objects.create(year=year, unit=unit, round=number, text=f"催{whose}的报", sent_by=office)
            row = Material.objects.create(
                kind=kinds[year],
                unit=unit,
                state="handed_in",
                attachment=Attachment.objects.create(
                    place=unit.division,
                    file=SimpleUploadedFile("总结.pdf", b"%PDF-1.4"),
                    name=f"{whose}的总结.pdf",
                    content_type="application/pdf",
                    uploaded_by=officer,
                    guarded=True,
                ),
                handed_in_by=officer,
                handed_in_at=timezone.now(),
                first_at=timezone.now(),
            )
            self.kwargs |= {
                f"{whose}.prompt": {"pk": prompt.pk},
                f"{whose}.round": {"year": w.year, "round": number},
                f"{whose}.kind": {"year": w.year, "pk": kinds[year].pk},
                f"{whose}.filing": {"pk": row.pk},
                f"{whose}.material_of": {"year": w.year, "pk": kinds[year].pk, "unit": unit.code},
            }
            if whose != "theirs":
                last = AssessmentYear.objects.open_year(year.county, w.year - 1)
                last.reporting_until = closed
                last.save()
                late = LateEntry.objects.create(year=last, unit=unit, reason=f"{whose}的签到表才收齐", asked_by=officer)
                self.kwargs[f"{whose}.late"] = {"year": w.year - 1, "pk": late.pk}

    def _plan(self) -> None:
        """A task for which ours, theirs and foreign answer, and a report of each with a photo."""
        content = io.BytesIO()
        Image.new("RGB", (8, 8), "green").save(content, "JPEG")
        officers = self._keepers()
        for whose, unit in {"ours": self.w.ours, "theirs": self.w.theirs, "foreign": self.w.foreign}.items():
            task = PlanTask.objects.get(plan__county=unit.county, clause="二(二)1")
            told = {"text": f"{whose}的学校开放了操场", "as_of": datetime.date(self.w.year, 1, 1), "token": whose}
            actor = officers[whose]
            report = TaskReport.file(actor=actor, task=task, year=self.w.year, unit=unit, **told)
            with uploads.atomic():
                photo = uploads.prepare(SimpleUploadedFile("照片.jpg", content.getvalue()))
                piece = ReportEvidence.add(report, actor=actor, files=[photo])[0]
            year = {"pk": task.pk, "year": self.w.year}
            self.kwargs |= {
                f"{whose}.plan": {"pk": task.plan_id},
                f"{whose}.plan_year": {"pk": task.plan_id, "year": self.w.year},
                f"{whose}.task": {"pk": task.pk},
                f"{whose}.task_year": year,
                f"{whose}.report_new": year | {"unit": unit.code},
                f"{whose}.report": {"pk": report.pk},
                f"{whose}.report_file": {"pk": report.pk, "evidence_pk": piece.pk},
            }
        self.kwargs["mixed.report_file"] = {
            "pk": self.kwargs["ours.report"]["pk"],
            "evidence_pk": self.kwargs["theirs.report_file"]["evidence_pk"],
        }

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

    def _keepers(self) -> dict:
        w = self.w
        return {"ours": w.town, "theirs": w.town2, "foreign": w.foreign_town}

    @staticmethod
    def _propose(row, state: str, officer, office) -> None:
        if state in {"proposed", "public"}:
            row.propose(actor=officer)
        if state == "public":
            row.approve(actor=office)

    def _figures_and_zone(self, whose: str, place) -> None:
        year = self.w.year
        AnnualFigure.objects.create(division=place, year=year, kind="elderly", value=700, source=f"{whose}的统计年报")
        Fund.objects.create(
            division=place, year=year, source="public", budgeted=12000, paid=8000, note=f"{whose}的经费"
        )
        survey = AwarenessSurvey.objects.create(
            division=place, year=year, method="door", asked=50, aware=41, source=f"{whose}的入户调查"
        )
        self.kwargs[f"{whose}.survey"] = {"pk": survey.pk}
        self.kwargs[f"{whose}.figures"] = {"year": year, "code": place.pk}
        zone = Zone.objects.create(
            division=place, kind="experimental", starts_on=datetime.date(2019, 2, 2), basis="马政办发〔2019〕2号"
        )
        ZoneCheck.objects.create(
            zone=zone, year=year, heading="system", rating="built", text=f"{whose}的做法", evidence="照片"
        )
        self.kwargs[f"{whose}.zone"] = {"pk": zone.pk}
        self.kwargs[f"{whose}.check"] = {"pk": zone.pk, "year": year}

    def _changes(self) -> None:
        """A published notice of ours, and one change over time in each county."""
        w = self.w
        CountySettings.objects.filter(pk=w.county.pk).update(privacy_notice="告知", privacy_published_on=w.today)
        self.kwargs |= {"ours.county": {"county": w.county.pk}, "foreign.county": {"county": w.other_county.pk}}
        new_ones = []
        for county, name in [(w.county, "旧局"), (w.other_county, "外县旧局")]:
            old, new = (
                MemberUnit.objects.create(
                    county=county, code=code, name=f"{name}{code}", kind="other", division=county, position=90
                )
                for code in ("old", "new")
            )
            new_ones.append(new)
            UnitSuccession.objects.create(old=old, new=new, on=datetime.date(2020, 5, 1), change="split")
        for whose, unit, actor in [("ours", new_ones[0], w.bureau), ("foreign", new_ones[1], w.foreign_bureau)]:
            rename_unit(unit, name="改错的局", code="wrong", on=datetime.date(2021, 5, 1), basis="", actor=actor)
            self.kwargs[f"{whose}.change"] = {"pk": Reorganisation.objects.latest("pk").pk}

    def _planned(self, whose: str, unit, officer) -> None:
        """A class with two sessions to come, and the plan of a unit's year."""
        row = TrainingClass.objects.create(unit=unit, name=f"{whose}的班", place=unit.division, entered_by=officer)
        for number in (1, 2):
            day = self.w.today + datetime.timedelta(days=7 * number)
            title = f"{whose}的班（第{number}次）"
            self.w.session(unit, status="planned", held_on=day, reported=None, title=title, training_class=row)
        self.kwargs[f"{whose}.class"] = {"pk": row.pk}
        UnitPlan.objects.create(unit=unit, year=self.w.year, sessions=6, attendances=500, text=f"{whose}的打算")

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

    @staticmethod
    def _sign_in(user) -> SignIn:
        """One more browser in which somebody is signed in."""
        session = SessionStore()
        session.create()
        return SignIn.objects.create(user=user, session_id=session.session_key, device="手机 · 微信")

    def _network(self, whose: str, place, officer) -> None:
        file = SimpleUploadedFile("牌子.pdf", b"%PDF-1.4")
        row = Attachment.objects.create(
            place=place, file=file, name="牌子.pdf", content_type="application/pdf", uploaded_by=officer
        )
        self.kwargs[f"{whose}.attachment"] = {"pk": row.pk}
        self.kwargs[f"{whose}.institution"] = {"pk": Institution.objects.get(division=place).pk}
        self.kwargs[f"{whose}.place"] = {"code": int(place.pk)}

    def _batches(self, whose: str, officer) -> None:
        waiting = imports.keep(ledger(f"{whose}的新场次"), officer, year=None, historical=False)
        self.kwargs[f"{whose}.rehearsed"] = {"pk": waiting.pk}
        stored = imports.keep(ledger(f"{whose}已入库的场次"), officer, year=None, historical=False)
        imports.confirm(stored, officer, stored.rehearsal_digest)
        self.kwargs[f"{whose}.committed"] = {"pk": stored.pk}

    def row(self, model, whose: str):
        """A row for an admin screen: of our county, or of the other one (None where rows belong to nobody)."""
        w = self.w
        county = w.county if whose == "ours" else w.other_county
        unit = w.ours if whose == "ours" else w.foreign
        own = {
            "division": lambda: unit.division,
            "countysettings": lambda: CountySettings.objects.get(pk=county.pk),
            "institution": lambda: Institution.objects.get(division=unit.division),
            "memberunit": lambda: unit,
            "affiliatedbody": lambda: AffiliatedBody.objects.filter(county=county).last(),
            "person": lambda: Person.objects.create(county=county, name="没有账号的人"),
            "user": lambda: w.town if whose == "ours" else w.foreign_town,
            "auditevent": lambda: AuditEvent.objects.get(action="试验", county_code=county.pk),
            "trainingsession": lambda: unit.sessions.get(title=f"{whose}-submitted-场次"),
            "importbatch": lambda: ImportBatch.objects.get(pk=self.kwargs[f"{whose}.rehearsed"]["pk"]),
            "assessmentyear": lambda: self.years[whose],
            "quotaadjustment": lambda: QuotaAdjustment.objects.get(unit=unit),
        }
        name = model._meta.model_name
        if name in own:
            return own[name]()
        assert model in VOCABULARIES.values()
        return model.objects.first() if whose == "ours" else None

    def url(self, name: str, sample: str) -> str:
        return reverse(name, kwargs=self.kwargs[sample])


FOREVER = 10**9  # seconds


def has_typed_password(client: Client) -> None:
    """As after a sign-in with a password, which `force_login` goes without."""
    session = client.session
    session[CONFIRMED_AT] = time.time()
    session.save()


@contextlib.contextmanager
def taken_back():
    """Whatever happens inside is undone at its end, also what insists on a transaction of its own (durable)."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


class Site:
    """The world with its samples and everybody signed in, for tests that send many requests."""

    def __init__(self, world, media) -> None:
        self.world, self.media = world, media
        self.samples = Samples(world)
        self.pages: dict = {}  # see walk.page
        self.client = Client(raise_request_exception=False)
        self.keys = {"anonymous": ""}
        for name, user in world.users.items():
            self.client.cookies.clear()
            self.client.force_login(user)
            has_typed_password(self.client)
            self.keys[name] = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def send(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        """One request as somebody; the answer with its whole body in `body`. Its effects are taken back."""
        with taken_back():
            return self.send_for_good(who, method, url, data, **extra)

    def send_for_good(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        self.client.cookies.clear()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[who]
        with override_settings(MEDIA_ROOT=self.media, STEP_UP_LASTS=FOREVER):
            response = getattr(self.client, method.lower())(url, data, **extra)
            response.body = b"".join(response.streaming_content) if response.streaming else response.content
        return response
