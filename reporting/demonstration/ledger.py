"""Puts the invented calendar into the database the way people would: by the model's verbs and the import's bulk writer."""

import datetime
import hashlib
import random

from django.core.files.base import ContentFile
from django.utils import timezone

from networks.models import Division, Institution, MemberUnit, User
from trainings.models import (
    Audience,
    AudienceCount,
    CoOrganiser,
    DeliveryForm,
    Evidence,
    ImportBatch,
    Language,
    Programme,
    Project,
    Theme,
    TrainingSession,
)

from . import pictures, script
from .calendar import Event, Holder, draw
from .library import Library
from .sharing import Sharing

CENTRE = "centre"  # enters for 县社区教育中心, credited to 县教育局
SEAT = "450124100"  # 白山镇, where the county's departments are
REVIEWERS = ["bureau", "bureau2", "director"]


class Ledger:
    """Everything that the invented sessions refer to, by name."""

    def __init__(
        self,
        county: Division,
        today: datetime.date,
        sharing: Sharing | None = None,
        library: Library | None = None,
    ) -> None:
        self.county, self.today, self.sharing, self.library = county, today, sharing, library
        units = MemberUnit.objects.filter(county=county).on(today).select_related("division")
        self.units = {unit.code: unit for unit in units}
        self.users = {user.username: user for user in User.objects.select_related("person", "home_division")}
        hosts = Institution.objects.filter(division__code__startswith=county.pk, function="implement")
        self.hosts = {host.division_id: host for host in hosts}
        self.words = {
            model: {word.name: word for word in model.objects.all()}
            for model in (Theme, Programme, Project, Audience, DeliveryForm, Language)
        }

    # --- who holds sessions, and where -------------------------------------------------------------

    def holders(self) -> list[Holder]:
        """The units with an account, the bodies outside the group and the county centre."""
        towns = {d.code: d for d in Division.objects.within(self.county.pk).filter(tier="township")}
        villages = [
            (d.code, d.short_name, towns[d.parent_id].name)
            for d in Division.objects.within(self.county.pk).filter(tier="village")
        ]
        seat = (SEAT, towns[SEAT].name, towns[SEAT].name)
        holders = []
        for unit in self.units.values():
            if unit.kind == MemberUnit.Kind.TOWNSHIP:
                town = towns[unit.code]
                own = tuple(place for place in villages if place[0].startswith(town.code))
                words = frozenset({"township", town.name})
                holders.append(Holder(unit.code, words, own, (town.code, town.name, town.name)))
            elif f"unit-{unit.code}" in self.users or unit.kind == MemberUnit.Kind.OTHER:
                holders.append(Holder(unit.code, frozenset({unit.code}), tuple(villages), seat))
        holders.append(Holder(CENTRE, frozenset({CENTRE}), tuple(villages), seat))
        return holders

    def officer(self, event: Event) -> User:
        if event.case and event.case.source:
            return self.users["bureau"]
        names = [f"town-{event.holder}", f"unit-{event.holder}", event.holder if event.holder == CENTRE else "bureau"]
        return next(self.users[name] for name in names if name in self.users)

    def reviewers(self, entered_by: User) -> list[User]:
        return [self.users[name] for name in REVIEWERS if self.users[name].person_id != entered_by.person_id]

    # --- one session -------------------------------------------------------------------------------

    def fields(self, event: Event) -> dict[str, object]:
        """What its clerk wrote into the form, or the ledger's row, without who wrote it."""
        topic, case, centre = event.topic, event.case, event.holder == CENTRE
        written = "县社区教育中心" if centre else ""
        if event.holder == "wxgtj" and "文化馆" in event.venue:
            written = "县文化馆"
        unfinished = bool(case and case.unfinished)
        reported = event.fate not in {"planned", "cancelled"} and not unfinished
        return {
            "number": event.number,
            "title": event.title,
            "organiser": self.units["jyj" if centre else event.holder],
            "organiser_written": written,
            "host": self.hosts.get(self.county.pk if centre else event.place) if centre or event.hosted else None,
            "learning_group": self.sharing and self.sharing.group_of(event),
            "course": self.library and self.library.course_of(event),
            "place_id": event.place,
            "venue": event.venue,
            "held_on": event.held_on,
            "ends_on": event.ends_on,
            "start_time": topic.start,
            "end_time": event.end_time,
            "minutes": event.minutes,
            "theme": self.words[Theme][topic.theme],
            "programme": self.words[Programme].get(topic.programme),
            "project": self.words[Project].get(topic.project),
            "form": None if unfinished else self.words[DeliveryForm][topic.form],
            "language": self.words[Language][event.language],
            "instructors": topic.instructors.replace("{town}", event.town),
            "remarks": script.MARK,
            "planned_attendance": event.planned_size,
            "reported_attendance": event.size if reported else None,
        }

    def audiences(self, event: Event) -> list[tuple[Audience, int | None]]:
        return [(self.words[Audience][name], number) for name, number in event.audiences]

    def together(self, event: Event) -> list[tuple[MemberUnit | None, str]]:
        names = event.case.together if event.case else ()
        return [(self.units[name], self.units[name].name) if name in self.units else (None, name) for name in names]

    def live(self, event: Event) -> TrainingSession:
        """Entered and moved on by its people, verb by verb, until it is what the calendar says."""
        case, officer, luck = event.case, self.officer(event), random.Random(event.number)
        source = {}
        if officer.role == "bureau":
            source = {"on_behalf_source": (case and case.source) or "phone"}
        row = TrainingSession.enter(
            actor=officer,
            changes=self.fields(event) | source,
            audiences=self.audiences(event),
            co_organisers=self.together(event),
        )
        reviewer = luck.choice(self.reviewers(officer))
        if event.fate in {"submitted", "returned", "verified", "revoked"}:
            row.submit(actor=officer)
        if case and case.confirmed:
            row.confirm_entry(actor=self.users[f"town-{event.holder}"])
        if event.fate in {"verified", "revoked"}:
            figure = round(event.size * (case.share if case else 1))
            row.verify(actor=reviewer, attendance=figure, reason=case.reason if figure != event.size else "")
        if event.fate == "returned":
            reason, note = (case.reason, case.note) if case else luck.choice(script.RETURNS)
            row.send_back(actor=reviewer, reason=reason, note=note.format(fewer=round(event.size * 0.85)))
        if event.fate == "revoked":
            row.revoke(actor=reviewer, reason=case.reason, note=case.note)
        if event.fate == "void":
            row.void(actor=officer, reason="重复登记")
        if event.fate == "cancelled":
            row.cancel(actor=officer, reason=case.note)
        return row

    def historical(self, year: int, events: list[Event]) -> list[TrainingSession]:
        """The bureau's ledger of one earlier year: imported by one person, confirmed by another."""
        first, second = self.users["bureau"], self.users["bureau2"]
        moment = self.imported_at()
        batch = ImportBatch.objects.create(
            county=self.county,
            user=first,
            confirmed_by=second,
            state=ImportBatch.State.COMMITTED,
            historical=True,
            year=year,
            original_name=f"{year}年社区教育培训台账（{script.MARK}）.xlsx",
            sha256=hashlib.sha256(f"{script.MARK} {year}".encode()).hexdigest(),
            rows=len(events),
            created=len(events),
            committed_at=moment,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(uploaded_at=moment - datetime.timedelta(minutes=20))
        sessions = []
        for event in events:
            session = TrainingSession(batch=batch, **self.fields(event))
            session.set_audiences(self.audiences(event))
            session.set_co_organisers(self.together(event))
            sessions.append(session)
        TrainingSession.record_historical(sessions, actor=first, confirmed_by=second)
        counts = [
            AudienceCount(session=session, audience=audience, number=number)
            for event, session in zip(events, sessions, strict=True)
            for audience, number in self.audiences(event)
        ]
        partners = [
            CoOrganiser(session=session, unit=unit, name=name)
            for event, session in zip(events, sessions, strict=True)
            for unit, name in self.together(event)
        ]
        AudienceCount.objects.bulk_create(counts, batch_size=500)
        CoOrganiser.objects.bulk_create(partners)
        return sessions

    def imported_at(self) -> datetime.datetime:
        """One morning in January of this year, or yesterday while it is still the first days of January."""
        day = min(datetime.date(self.today.year, 1, 8), self.today - datetime.timedelta(days=1))
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(10, 20)))


def write(county: Division, today: datetime.date, sharing: Sharing, library: Library) -> int:
    """Stores the whole calendar; returns how many sessions. Runs in the caller's transaction."""
    ledger = Ledger(county, today, sharing, library)
    events = draw(today, ledger.holders())
    stored: list[tuple[Event, TrainingSession]] = []
    for year in sorted({event.held_on.year for event in events}):
        past = [event for event in events if event.fate == "historical" and event.held_on.year == year]
        if past:
            stored += zip(past, ledger.historical(year, past), strict=True)
    stored += [(event, ledger.live(event)) for event in events if event.fate != "historical"]
    _attach_evidence(ledger, stored)
    _date_back(ledger, stored)
    return len(stored)


def _attach_evidence(ledger: Ledger, stored: list[tuple[Event, TrainingSession]]) -> None:
    """Pictures and papers for most of what was reported here, and for some of last year's ledger."""
    rows, moments = [], []
    for event, session in stored:
        chance = random.Random(f"evidence {event.number}")
        last_year = event.held_on.year == ledger.today.year - 1
        shown = session.status in {"submitted", "returned", "verified"} or (
            session.status == "draft" and event.size > 60
        )
        if not shown or (session.is_historical and not (last_year and chance.random() < 0.3)):
            continue
        for kind in _kinds(chance, ledger, event):
            rows.append(_evidence(chance, kind, event, session))
            moments.append(event.entered)
    stored_rows = Evidence.objects.bulk_create(rows, batch_size=200)
    for row, moment in zip(stored_rows, moments, strict=True):
        row.uploaded_at = moment
    Evidence.objects.bulk_update(stored_rows, ["uploaded_at"], batch_size=200)


def _kinds(chance: random.Random, ledger: Ledger, event: Event) -> list[str]:
    level = max(ledger.words[Audience][name].sensitivity for name, _ in event.audiences)
    if level == Audience.Sensitivity.HEADCOUNT_ONLY:
        return ["notice", "summary"]
    if event.case and event.case.reason == "evidence":
        return ["notice"]
    kinds = ["photo"] * chance.choice([0, 1, 1, 2, 3])
    if level == Audience.Sensitivity.ORDINARY and chance.random() < 0.45:
        kinds.append("sheet")
    if chance.random() < 0.2:
        kinds.append("notice")
    if chance.random() < 0.12:
        kinds.append("report")
    return kinds


def _evidence(chance: random.Random, kind: str, event: Event, session: TrainingSession) -> Evidence:
    row = Evidence(session=session, kind=kind, uploaded_by=session.entered_by)
    if kind == Evidence.Kind.REPORT:
        row.link = f"https://example.org/{event.number}（{script.MARK}）"
        return row
    if kind in {Evidence.Kind.NOTICE, Evidence.Kind.SUMMARY}:
        content, row.content_type = pictures.pdf(_paper(kind, event)), "application/pdf"
        row.original_name = f"{row.get_kind_display()}.pdf"
    else:
        draw_picture = pictures.sign_in_sheet if kind == Evidence.Kind.SHEET else pictures.photo
        content, row.content_type = draw_picture(chance), "image/jpeg"
        row.original_name = f"{row.get_kind_display()}{chance.randint(1000, 9999)}.jpg"
    row.file = ContentFile(content, name="demonstration")
    row.size = len(content)
    row.sha256_original = row.sha256_stored = hashlib.sha256(content).hexdigest()
    return row


def _paper(kind: str, event: Event) -> list[str]:
    day = f"{event.held_on.year}年{event.held_on.month}月{event.held_on.day}日"
    heading = "关于举办培训的通知" if kind == Evidence.Kind.NOTICE else "培训小结"
    lines = [
        f"{heading}（{script.MARK}）",
        event.title,
        f"时间：{day} {event.topic.start:%H:%M}",
        f"地点：{event.venue}",
    ]
    if kind == Evidence.Kind.SUMMARY:
        lines.append(f"到场 {event.size} 人次，秩序良好，学员反映听得懂、用得上。")
    return [*lines, "本件为演示材料，不是真实文件。"]


def _date_back(ledger: Ledger, stored: list[tuple[Event, TrainingSession]]) -> None:
    """The verbs wrote the time of this run; the demonstration shows when it would have happened. Nothing but times is
    touched here, in the rows and in their history alike."""
    imported = ledger.imported_at()
    moments = {
        session.pk: [imported] * 3 if session.is_historical else [event.entered, event.submitted, event.decided]
        for event, session in stored
    }
    sessions = [session for _, session in stored]
    history = list(TrainingSession.history.order_by("history_id"))
    for row in [*sessions, *history]:
        entered, submitted, decided = moments[row.pk if isinstance(row, TrainingSession) else row.id]
        row.created_at = entered
        row.submitted_at = row.submitted_at and submitted
        row.unit_confirmed_at = row.unit_confirmed_at and submitted
        row.verified_at = row.verified_at and decided
        row.returned_at = row.returned_at and decided
        last = decided if row.status in {"void", "cancelled"} else row.submitted_at or entered
        row.history_date = row.verified_at or row.returned_at or last
    fields = ["created_at", "submitted_at", "unit_confirmed_at", "verified_at", "returned_at"]
    TrainingSession.objects.bulk_update(sessions, fields, batch_size=150)
    TrainingSession.history.bulk_update(history, [*fields, "history_date"], batch_size=150)
