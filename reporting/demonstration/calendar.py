"""What takes place in the demonstration county: invented sessions, drawn the same every time for a given date.

Pure: it knows the topics, the places' names and today's date, and no database. Chance is seeded by year and unit, so the
demonstrations of two neighbouring days differ in little more than that day. Nothing here depends on the clock time.
"""

import csv
import datetime
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils import timezone

from . import script

LATEST_EXCEPTION = datetime.date(2000, 11, 20)  # month and day: a unit that misses has no late session still in review
LIVE_DAYS = 45  # sessions this recent are entered in the system even when they were held last year
PLANNED_DAYS = 60
NOT_COUNTING = {"才艺展示", "文艺演出", "宣传活动"}
OUTCOMES = {  # of a unit's year: (fewest, most) sessions, (fewest, most) attendances
    "met": ((4, 8), (410, 1300)),
    "few_sessions": ((2, 3), (410, 1300)),
    "few_attendances": ((5, 8), (150, 385)),
    "little": ((1, 2), (30, 190)),
}


@dataclass(frozen=True)
class Topic:
    holders: tuple[str, ...]  # township, a township's name, or a unit's code
    title: str
    theme: str
    programme: str
    project: str
    form: str
    audiences: tuple[str, ...]
    language: str
    smallest: int  # heads
    largest: int
    months: tuple[int, ...]
    start: datetime.time
    hours: float  # a day
    days: int
    venues: tuple[str, ...]
    instructors: str


@dataclass(frozen=True)
class Holder:
    """A unit as the calendar needs it: what it is, and where its sessions are held."""

    code: str
    words: frozenset[str]  # by which topics name it
    places: tuple[tuple[str, str, str], ...]  # (division code, short name, township's name)
    home: tuple[str, str, str]


@dataclass(frozen=True)
class Event:
    """One session as it was held and as it was dealt with since."""

    holder: str
    number: str
    title: str
    topic: Topic
    place: str  # division code
    town: str
    venue: str
    held_on: datetime.date
    size: int
    planned_size: int | None
    language: str
    hosted: bool  # by the institution at its place
    fate: str  # a status, or "historical", or "revoked"
    entered: datetime.datetime
    submitted: datetime.datetime
    decided: datetime.datetime
    case: "script.Case | None" = None
    audiences: list[tuple[str, int | None]] = field(default_factory=list)

    @property
    def ends_on(self) -> datetime.date | None:
        return self.held_on + datetime.timedelta(days=self.topic.days - 1) if self.topic.days > 1 else None

    @property
    def minutes(self) -> int:
        return round(self.topic.hours * 60) * self.topic.days

    @property
    def end_time(self) -> datetime.time:
        end = datetime.datetime.combine(self.held_on, self.topic.start) + datetime.timedelta(hours=self.topic.hours)
        return end.time()


def read_topics() -> list[Topic]:
    with (Path(__file__).parent / "topics.csv").open(encoding="utf-8", newline="") as lines:
        return [_topic(row) for row in csv.DictReader(lines)]


def _topic(row: dict[str, str]) -> Topic:
    first, _, last = row["months"].partition("-")
    return Topic(
        holders=tuple(row["holders"].split("、")),
        title=row["title"],
        theme=row["theme"],
        programme=row["programme"],
        project=row["project"],
        form=row["form"],
        audiences=tuple(row["audiences"].split("、")),
        language=row["language"],
        smallest=int(row["smallest"]),
        largest=int(row["largest"]),
        months=tuple(range(int(first), int(last or first) + 1)),
        start=datetime.datetime.strptime(row["start"], "%H:%M").time(),
        hours=float(row["hours"]),
        days=int(row["days"]),
        venues=tuple(row["venue"].split("|")),
        instructors=row["instructors"],
    )


def draw(today: datetime.date, holders: Iterable[Holder]) -> list[Event]:
    """Every session of the three earlier years and of this one up to today, with what is planned; in order of entry."""
    topics, events = read_topics(), []
    by_code = {holder.code: holder for holder in holders}
    for holder in by_code.values():
        own = [topic for topic in topics if holder.words & set(topic.holders)]
        for year in range(today.year - script.EARLIER_YEARS, today.year + 1):
            events += _year(today, year, holder, own)
    for number, case in enumerate(script.cases(today)):
        if case.unit in by_code:
            holder = by_code[case.unit]
            own = [topic for topic in topics if holder.words & set(topic.holders) and topic.form not in NOT_COUNTING]
            events.append(_case(today, number, case, holder, own))
    return sorted(events, key=lambda event: (event.entered, event.number))


def _year(today: datetime.date, year: int, holder: Holder, topics: list[Topic]) -> list[Event]:
    """One unit's year: sessions that add up to its outcome, and now and then something that does not count."""
    chance = random.Random(f"{year} {holder.code}")
    outcome = script.EXCEPTIONS.get(today.year - year, {}).get(holder.code, script.USUAL.get(holder.code, "met"))
    counting = [topic for topic in topics if topic.form not in NOT_COUNTING]
    others = [topic for topic in topics if topic.form in NOT_COUNTING]
    drawn = _adding_up(chance, counting, *OUTCOMES[outcome])
    drawn += [(t, chance.randint(t.smallest, t.largest)) for t in others if chance.random() < 0.5]
    events = []
    for topic, size in drawn:
        day = _day(chance, year, topic)
        if outcome != "met":
            day = min(day, LATEST_EXCEPTION.replace(year=year))
        event = _event(chance, today, holder, topic, day, size)
        if event.fate != "dropped":
            events.append(event)
    return events


def _adding_up(chance: random.Random, topics: list[Topic], sessions, attendances) -> list[tuple[Topic, int]]:
    """Draws until number and sum lie within their bounds; a county's real years are no tidier."""
    for _ in range(20_000):
        number = min(chance.randint(*sessions), len(topics) * 2)
        chosen = chance.sample(topics * 2, number)
        sizes = [chance.randint(topic.smallest, topic.largest) for topic in chosen]
        if attendances[0] <= sum(sizes) <= attendances[1]:
            return list(zip(chosen, sizes, strict=True))
    raise AssertionError(f"no {sessions} sessions of these topics give {attendances} attendances")


def _day(chance: random.Random, year: int, topic: Topic) -> datetime.date:
    """A day in one of the topic's months, rarely a Sunday; a class ends within the year."""
    for _ in range(5):
        day = datetime.date(year, chance.choice(topic.months), chance.randint(1, 28))
        if day.weekday() != 6:
            break
    return day


def _case(today: datetime.date, number: int, case: "script.Case", holder: Holder, topics: list[Topic]) -> Event:
    chance = random.Random(f"{today} case {number}")
    fitting = [t for t in topics if t.title.startswith(case.topic)] if case.topic else topics
    last = today - datetime.timedelta(days=case.days_ago)
    seasonal = [t for t in fitting if t.days == 1 and (case.on or last).month in t.months]
    topic = chance.choice(fitting if case.topic else seasonal or fitting)
    if case.title:
        topic = replace(topic, title=case.title)
    day = case.on or last - datetime.timedelta(days=topic.days - 1)
    event = _event(chance, today, holder, topic, day, chance.randint(topic.smallest, topic.largest))
    audiences = [(name, None) for name in case.audiences] or event.audiences
    historical = event.fate == "historical" and case.fate == "verified"
    return replace(event, fate="historical" if historical else case.fate, case=case, audiences=audiences)


def _event(
    chance: random.Random, today: datetime.date, holder: Holder, topic: Topic, day: datetime.date, size: int
) -> Event:
    venue = chance.choice(topic.venues)
    local = "{place}" in venue or "{place}" in topic.title
    place, name, town = chance.choice(_suitable(holder, topic, venue)) if local or "{town}" in venue else holder.home
    names = {"place": name, "town": town}
    fate = _fate(chance, today, topic, day)
    over = day + datetime.timedelta(days=topic.days - 1)
    if fate in {"planned", "dropped"}:  # still to come; it was put down some time ago
        over = today - datetime.timedelta(days=chance.randint(4, 25))
    if fate == "historical":  # nothing of the earlier years was written here before this year began
        over = datetime.date(today.year, 1, 4)
    entered, submitted, decided = _moments(chance, today, over)
    number = "CC" + "".join(chance.choices("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=10))
    return Event(
        holder=holder.code,
        number=number,
        title=topic.title.format(**names),
        topic=topic,
        place=place,
        town=town,
        venue=venue.format(**names),
        held_on=day,
        size=size,
        planned_size=round(size * chance.uniform(0.95, 1.25) / 5) * 5 or None if chance.random() < 0.7 else None,
        language=topic.language,
        hosted=local and chance.random() < 0.6,
        fate=fate,
        entered=entered,
        submitted=submitted,
        decided=decided,
        audiences=_audiences(chance, topic, size),
    )


def _suitable(holder: Holder, topic: Topic, venue: str) -> list[tuple[str, str, str]]:
    """Field classes are held in villages, residents' halls are found in communities (codes …001 to …199)."""
    in_community = "居民活动室" in venue or "小区" in venue
    fitting = [place for place in holder.places if (int(place[0][-3:]) < 200) == in_community]
    return fitting if in_community or topic.form == "现场实训" else list(holder.places)


def _audiences(chance: random.Random, topic: Topic, size: int) -> list[tuple[str, int | None]]:
    """Half of the clerks divide the heads among the groups, the others only name them."""
    if len(topic.audiences) == 1 or chance.random() < 0.5:
        return [(name, None) for name in topic.audiences]
    first = round(size * chance.uniform(0.5, 0.8))
    return [(topic.audiences[0], first), (topic.audiences[1], size - first)]


def _moments(chance: random.Random, today: datetime.date, over: datetime.date) -> list[datetime.datetime]:
    """When it was entered, submitted and decided: in office hours, in this order, at the latest yesterday."""
    latest = datetime.datetime.combine(today - datetime.timedelta(days=1), datetime.time(16, 0))
    moments, day = [], over
    for steps, (least, most) in enumerate([(0, 3), (0, 4), (1, 6)]):
        day += datetime.timedelta(days=chance.randint(least, most))
        moment = datetime.datetime.combine(day, datetime.time(9 + 3 * steps, chance.randint(0, 59)))
        last = latest + datetime.timedelta(minutes=30 * steps)
        moments.append(timezone.make_aware(min(moment, last)))
    return moments


def _fate(chance: random.Random, today: datetime.date, topic: Topic, day: datetime.date) -> str:
    """What has become of a session by today, from how long ago it ended."""
    age = (today - day).days - (topic.days - 1)
    luck = chance.random()
    if day.year < today.year and age > LIVE_DAYS:
        return "historical"
    if age < 1:
        soon = day.year == today.year and (day - today).days in range(1, PLANNED_DAYS)
        return "planned" if soon and luck < 0.6 else "dropped"
    if age <= 3:
        return "draft"
    if age <= 12:
        return "submitted" if luck < 0.7 else "draft" if luck < 0.85 else "verified"
    if age <= 30:
        return "verified" if luck < 0.8 else "submitted" if luck < 0.93 else "returned"
    return "verified" if luck < 0.96 else "returned" if luck < 0.98 else "void"
