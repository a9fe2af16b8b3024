"""Samples of an assessment year: prompts, papers, acts, bulletins, forms, and the plan."""

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from networks import uploads
from networks.models import (
    Attachment,
)
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
    Plan,
    PlanTask,
    Prompt,
    ReportEvidence,
    SignOff,
    TaskReport,
)
from reporting.publication import content_of
from reporting.submitting import prepare


def picture_bytes() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(content, "JPEG")
    return content.getvalue()


class YearSamples:
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

    def _plan(self) -> None:
        """A task for which ours, theirs and foreign answer, and a report of each with a photo."""
        officers = self._keepers()
        for whose, unit in {"ours": self.w.ours, "theirs": self.w.theirs, "foreign": self.w.foreign}.items():
            task = PlanTask.objects.get(plan__county=unit.county, clause="二(二)1")
            told = {"text": f"{whose}的学校开放了操场", "as_of": datetime.date(self.w.year, 1, 1), "token": whose}
            actor = officers[whose]
            report = TaskReport.file(actor=actor, task=task, year=self.w.year, unit=unit, **told)
            with uploads.atomic():
                photo = uploads.prepare(SimpleUploadedFile("照片.jpg", picture_bytes()))
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
        later = Plan.objects.create(
            county=self.w.county,
            title="还没有办过的方案",
            number=f"马政办发〔{self.w.year + 3}〕8号",
            issued_on=datetime.date(self.w.year, 1, 1),
            first_year=self.w.year + 3,
            last_year=self.w.year + 5,
        )
        self.kwargs["later.plan"] = {"pk": later.pk}
        self.kwargs["mixed.report_file"] = {
            "pk": self.kwargs["ours.report"]["pk"],
            "evidence_pk": self.kwargs["theirs.report_file"]["evidence_pk"],
        }
