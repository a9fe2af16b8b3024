"""Everything that the hints ask of the database, in a constant number of queries for any number of sessions."""

import datetime
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Mod
from django.utils import timezone

from networks.models import Places, SharedResource

from .. import years
from ..models import AudienceCount, CoOrganiser, Evidence, HintAnswer, PhotoMatch, RosterLine, Status, TrainingSession

NOT_HELD = (Status.PLANNED, Status.CANCELLED, Status.VOID)
# Reported by several sessions alike as a matter of course: the notice of a class, its slides.
SHARED_KINDS = (Evidence.Kind.NOTICE, Evidence.Kind.COURSEWARE)
LONGEST = 31  # days of a class that are looked at
MOST_NAMED = 5_000  # fingerprints in one question to the database; beyond, all of the county's answers are read


@dataclass
class Row:
    """What the hints know of one session, without the weight of the model."""

    pk: int
    number: str
    title: str
    organiser: int
    place: str
    outside: bool
    venue: str
    held_on: datetime.date
    ends_on: datetime.date
    start: datetime.time | None
    end: datetime.time | None
    part: str
    minutes: int | None
    reported: int | None
    instructors: str
    training_class: int | None
    learning_group: int | None
    form: int | None
    status: str
    is_historical: bool
    created_on: datetime.date
    unit_name: str
    home: str  # code of the unit's own place
    host_name: str
    host_seats: int | None
    place_name: str

    @property
    def days(self) -> int:
        return (self.ends_on - self.held_on).days + 1

    @property
    def span(self) -> list[datetime.date]:
        return [self.held_on + datetime.timedelta(days=n) for n in range(min(self.days, LONGEST))]

    @property
    def name(self) -> str:
        return f"《{self.title}》（{self.unit_name}，{self.held_on.month}月{self.held_on.day}日，{self.number}）"


_FIELDS = {
    "pk": "pk",
    "number": "number",
    "title": "title",
    "organiser": "organiser_id",
    "place": "place_id",
    "outside": "outside_county",
    "venue": "venue",
    "held_on": "held_on",
    "ends_on": "ends_on",
    "start": "start_time",
    "end": "end_time",
    "part": "part_of_day",
    "minutes": "minutes",
    "reported": "reported_attendance",
    "instructors": "instructors",
    "training_class": "training_class_id",
    "learning_group": "learning_group_id",
    "form": "form_id",
    "status": "status",
    "is_historical": "is_historical",
    "created_on": "created_at",
    "unit_name": "organiser__name",
    "home": "organiser__division_id",
    "host_name": "host__name",
    "host_seats": "host__seats",
    "place_name": "place__short_name",
}


def rows_of(sessions) -> dict[int, Row]:
    dated = sessions.exclude(held_on=None).order_by("pk").values_list(*_FIELDS.values())
    found, zone = {}, timezone.get_current_timezone()
    for values in dated:
        told = dict(zip(_FIELDS, values, strict=True))
        told["ends_on"] = told["ends_on"] or told["held_on"]
        told["created_on"] = told["created_on"].astimezone(zone).date()
        told["place"], told["host_name"] = told["place"] or "", told["host_name"] or ""
        told["place_name"] = told["place_name"] or ("县外" if told["outside"] else "")
        found[told["pk"]] = Row(**told)
    return found


@lru_cache(maxsize=20_000)  # the sessions of a day are compared with each other, and name the same rooms
def plain(text: str) -> str:
    """For comparing what people wrote: one width, no spaces and no punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


# Who is called by surname and title alone is somebody only together with the workplace, and a village's only in its township.
_TITLED = re.compile(r"^.{0,2}(老师|医生|师傅|教授|主任|同志|民警|所长|院长|站长)$")
_OF_THE_COUNTY = re.compile(r"^(县|市|自治区|广西|南宁|马山)")


@lru_cache(maxsize=20_000)
def teachers_of(instructors: str, township: str) -> frozenset[str]:
    """The people named as teachers, as one can tell them apart: 县蚕业站韦老师 is somebody, 韦老师 is not, 村小学韦老师 is
    somebody in one township."""
    found = set()
    for name in re.split(r"[、，,;；/]+", instructors):
        name = re.sub(r"\s+", "", name)
        if len(plain(name)) < 2 or _TITLED.match(name):
            continue
        whole = len(name) <= 4 and not re.search(r"(老师|医生|师傅|民警)$", name)
        found.add(name if whole or _OF_THE_COUNTY.match(name) else f"{name}（{township}）")
    return frozenset(found)


class Facts:
    """Each part is asked for once, when the first hint needs it."""

    def __init__(self, sessions, county_code: str) -> None:
        self.county_code = county_code
        self.asked = TrainingSession.objects.filter(pk__in=sessions.order_by().values("pk"))
        self.sessions = rows_of(self.asked)
        self._rules: dict[int, bool] = {}

    @cached_property
    def _days(self) -> dict:
        return self.asked.aggregate(first=Min("held_on"), last=Max("held_on"), end=Max("ends_on"))

    @cached_property
    def nearby(self) -> dict[int, Row]:
        """The county's sessions held on any of the days of those asked about, and these themselves."""
        if not self.sessions:
            return {}
        first, last = self._days["first"], max(filter(None, (self._days["last"], self._days["end"])))
        held = TrainingSession.objects.filter(organiser__county=self.county_code).exclude(status__in=NOT_HELD)
        same_day = Q(held_on__in=self.asked.order_by().values("held_on"))
        in_range = Q(held_on__gte=first - datetime.timedelta(days=LONGEST), held_on__lte=last)
        longer = Q(days__gt=1) & in_range
        if any(row.days > 1 for row in self.sessions.values()):  # on any day of a class another may have been held
            longer |= in_range
        return rows_of(held.filter(same_day | longer))

    @cached_property
    def partners(self) -> dict[int, set[int]]:
        """{session: units that co-organise it}."""
        found = defaultdict(set)
        keys = [*self.nearby]
        rows = CoOrganiser.objects.exclude(unit=None).filter(session__organiser__county=self.county_code)
        if keys:
            first = min(row.held_on for row in self.nearby.values())
            last = max(row.held_on for row in self.nearby.values())
            for session, unit in rows.filter(session__held_on__range=(first, last)).values_list("session", "unit"):
                found[session].add(unit)
        return found

    @cached_property
    def audiences(self) -> dict[int, list[int | None]]:
        found = defaultdict(list)
        for session, number in AudienceCount.objects.filter(session__in=self.asked).values_list("session", "number"):
            found[session].append(number)
        return found

    @cached_property
    def uploads(self) -> dict[int, datetime.date]:
        """{session: the day of its first piece of evidence}."""
        rows = Evidence.objects.filter(session__in=self.asked).order_by().values_list("session")
        return {pk: timezone.localdate(moment) for pk, moment in rows.annotate(first=Min("uploaded_at"))}

    def evidence_required(self, year: int) -> bool:
        """Whether that year demands a piece of evidence before a session is verified. Asked once a year."""
        if year not in self._rules:
            self._rules[year] = years.rules_of(self.county_code, year).evidence_required
        return self._rules[year]

    @cached_property
    def places(self) -> Places:
        """Where the county's places lie; two queries, for today and any other day."""
        return Places(self.county_code, timezone.localdate())

    def within_home(self, row: Row) -> bool:
        """Whether a session's place lay in its unit's own, as both were on the day of the session."""
        return self.places.on(row.held_on).lies_in(row.place, row.home)

    @cached_property
    def townships(self) -> dict[int, str]:
        """{session asked about or nearby: where it was held, as the place lay on that day}."""
        rows = (self.nearby | self.sessions).values()
        places = {day: self.places.on(day) for day in {row.held_on for row in rows}}
        return {row.pk: places[row.held_on].township(row.place) for row in rows}

    @cached_property
    def teachers(self) -> dict[int, frozenset[str]]:
        """{session asked about or nearby: who teaches there, as one can tell them apart}."""
        rows = (self.nearby | self.sessions).values()
        return {row.pk: teachers_of(row.instructors, self.townships[row.pk]) for row in rows}

    @cached_property
    def rooms(self) -> list[tuple[str, str, int]]:
        """(place, name without punctuation, seats) of the county's shared places whose size is known."""
        rows = SharedResource.objects.filter(unit__county=self.county_code).exclude(capacity=None)
        return [(place, plain(name), seats) for place, name, seats in rows.values_list("division", "name", "capacity")]

    @cached_property
    def figures(self) -> dict[tuple[int, int], tuple[int, int]]:
        """{(unit, year): (sessions reported with a figure of ten or more, how many of these end in 0)}."""
        years = {row.held_on.year for row in self.sessions.values()}
        condition = Q(pk__in=[])
        for year in years:
            condition |= Q(held_on__range=(datetime.date(year, 1, 1), datetime.date(year, 12, 31)))
        rows = TrainingSession.objects.filter(
            condition, reported_attendance__gte=10, organiser__county=self.county_code
        )
        rows = rows.filter(organiser__in=self.asked.order_by().values("organiser")).exclude(status__in=NOT_HELD)
        rest = rows.annotate(rest=Mod("reported_attendance", 10)).order_by()
        told = rest.values_list("organiser", "held_on__year").annotate(
            n=Count("pk"), tens=Count("pk", filter=Q(rest=0))
        )
        return {(unit, year): (n, tens) for unit, year, n, tens in told}

    @cached_property
    def same_files(self) -> list[tuple[int, int, int, int, int]]:
        """(session, evidence, other session, other evidence, likeness in percent) of photos and files used before."""
        other_held = ~Q(other__session__status__in=NOT_HELD)
        pairs = PhotoMatch.objects.filter(other_held, evidence__session__in=self.asked)
        pairs = pairs.exclude(evidence__kind__in=SHARED_KINDS, other__kind__in=SHARED_KINDS)
        fields = ("evidence__session", "evidence", "other__session", "other", "likeness")
        found = {(one, two): (a, one, b, two, alike) for a, one, b, two, alike in pairs.values_list(*fields)}
        own = Evidence.objects.filter(session__in=self.asked).exclude(sha256_original="").exclude(kind__in=SHARED_KINDS)
        same = Evidence.objects.filter(
            sha256_original__in=own.order_by().values("sha256_original"),
            session__organiser__county=self.county_code,
        ).exclude(kind__in=SHARED_KINDS)
        by_digest = defaultdict(list)
        for digest, session, pk in same.exclude(session__status__in=NOT_HELD).values_list(
            "sha256_original", "session", "pk"
        ):
            by_digest[digest].append((session, pk))
        for rows in by_digest.values():
            for a, one in rows:
                for b, two in rows:
                    if a != b and a in self.sessions:
                        found[one, two] = (a, one, b, two, 100)
        return list(found.values())

    def _shared_lines(self):
        """The lines of all lists on which somebody stands who stands on a list of the sessions asked about."""
        mine = RosterLine.objects.filter(session__in=self.asked)
        everywhere = RosterLine.objects.filter(session__organiser__county=self.county_code)
        everywhere = everywhere.exclude(session__status__in=NOT_HELD)
        return everywhere.filter(identity__in=mine.order_by().values("identity"))

    @cached_property
    def rosters(self) -> dict[int, list[tuple[str, str]]]:
        """{session: (identity, name) in the order of the list}, of people who stand on more than one list."""
        found = defaultdict(list)
        lines = self._shared_lines().order_by("session", "pk")
        for session, identity, name in lines.values_list("session", "identity", "name"):
            found[session].append((identity, name))
        return found

    @cached_property
    def roster_sizes(self) -> dict[int, int]:
        """How many people stand on each of these lists."""
        keys = self._shared_lines().order_by().values("session")
        rows = RosterLine.objects.filter(session__in=keys).order_by().values_list("session")
        return dict(rows.annotate(n=Count("pk")))

    def answers(self, fingerprints: set[str]) -> dict[str, HintAnswer]:
        """The newest answer by fingerprint; one given to the other session of a pair counts for both."""
        rows = HintAnswer.objects.filter(session__organiser__county=self.county_code)
        if len(fingerprints) <= MOST_NAMED:
            rows = rows.filter(fingerprint__in=fingerprints)
        rows = rows.select_related("answered_by__person", "session").order_by("pk")
        return {answer.fingerprint: answer for answer in rows}
