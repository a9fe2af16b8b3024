"""Every address of the site with sample objects: shared by the tests that walk the whole site."""

import contextlib
import datetime
import io
from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from openpyxl import Workbook

from networks.models import (
    AffiliatedBody,
    AnnualFigure,
    AuditEvent,
    CountySettings,
    Fund,
    Institution,
    Person,
    Zone,
    ZoneCheck,
)
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings import imports
from trainings.models import CoOrganiser, Evidence, ImportBatch, TrainingSession
from trainings.models.vocabulary import VOCABULARIES


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


def ledger(*titles: str) -> SimpleUploadedFile:
    """A small ledger workbook as it is uploaded, one session a title."""
    book = Workbook()
    book.active.append(["培训名称", "开始时间", "培训形式", "实到人次"])
    for title in titles:
        book.active.append([title, datetime.date(datetime.date.today().year, 1, 1), "课堂学习", "40人"])
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile("台账.xlsx", file.getvalue())


def as_shown(response) -> dict:
    """What a browser would send back from the form of a page as it stands."""
    return {field.html_name: field.value() or "" for field in response.context["form"]}


class Samples:
    """Objects of ours, theirs (same county) and foreign (another county), as keyword arguments of addresses."""

    def __init__(self, w) -> None:
        self.w = w
        owners = {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}
        self.kwargs: dict[str, dict] = {"-": {}, "year": {"year": w.year}, "app": {"app_label": "networks"}}
        self.kwargs["threshold"] = {"key": "participation"}
        for whose, unit in owners.items():
            for state in ["planned", "draft", "submitted", "verified", "returned"]:
                row = w.session(unit, status=state, title=f"{whose}-{state}-场次")
                self.kwargs[f"{whose}.{state}"] = {"pk": row.pk}
            self._evidence(whose, self.kwargs[f"{whose}.{'draft' if whose == 'foreign' else 'submitted'}"]["pk"])
            officer = {"ours": w.town, "theirs": w.town2, "foreign": w.foreign_town}[whose]
            self._batches(whose, officer)
            unit_year = {"year": w.year, "unit": unit.code}
            self.kwargs[f"{whose}.unit"] = unit_year
            self._figures_and_zone(whose, unit.division)
        self._evidence("draft", self.kwargs["ours.draft"]["pk"])
        self.kwargs["mixed.evidence"] = {
            "pk": self.kwargs["ours.draft"]["pk"],
            "evidence_pk": self.kwargs["theirs.evidence"]["evidence_pk"],
        }
        joint = w.session(w.ours, status="submitted", title="联合举办")
        CoOrganiser.objects.create(session=joint, unit=w.wxgtj, name=w.wxgtj.name)
        self.kwargs["ours.joint"] = {"pk": joint.pk}
        self.kwargs["ours.behalf"] = {"pk": w.session(w.ours, actor=w.bureau2, title="代录场次").pk}
        for name, user in {"ours": w.town, "foreign": w.foreign_town, "bureau": w.bureau}.items():
            self.kwargs[f"{name}.account"] = {"object_id": str(user.pk)}
        self.years = {
            "ours": w.assessment_year,
            "foreign": AssessmentYear.objects.open_year(w.other_county, w.year),
        }
        for whose in ["ours", "foreign"]:
            QuotaAdjustment.objects.create(
                year=self.years[whose], unit=owners[whose], sessions=2, attendances=200, reason="撤并"
            )
            AuditEvent.objects.create(action="试验", county_code=owners[whose].county_id)
        AffiliatedBody.objects.create(county=w.other_county, name="上林县文化馆", unit=w.foreign)

    def _figures_and_zone(self, whose: str, place) -> None:
        year = self.w.year
        AnnualFigure.objects.create(division=place, year=year, kind="elderly", value=700, source=f"{whose}的统计年报")
        Fund.objects.create(
            division=place, year=year, source="public", budgeted=12000, paid=8000, note=f"{whose}的经费"
        )
        self.kwargs[f"{whose}.figures"] = {"year": year, "code": place.pk}
        zone = Zone.objects.create(
            division=place, kind="experimental", starts_on=datetime.date(2019, 2, 2), basis="马政办发〔2019〕2号"
        )
        ZoneCheck.objects.create(
            zone=zone, year=year, heading="system", rating="built", text=f"{whose}的做法", evidence="照片"
        )
        self.kwargs[f"{whose}.zone"] = {"pk": zone.pk}
        self.kwargs[f"{whose}.check"] = {"pk": zone.pk, "year": year}

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
        self.client = Client(raise_request_exception=False)
        self.keys = {"anonymous": ""}
        for name, user in world.users.items():
            self.client.cookies.clear()
            self.client.force_login(user)
            self.keys[name] = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def send(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        """One request as somebody; the answer with its whole body in `body`. Its effects are taken back."""
        with taken_back():
            return self.send_for_good(who, method, url, data, **extra)

    def send_for_good(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        self.client.cookies.clear()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[who]
        with override_settings(MEDIA_ROOT=self.media):
            response = getattr(self.client, method.lower())(url, data, **extra)
            response.body = b"".join(response.streaming_content) if response.streaming else response.content
        return response
