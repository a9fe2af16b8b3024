"""Finding the photos that were used before: prints are made when a photo is stored, and compared with the county's others.

Comparing reads all prints and a few files, the longer the more photos a county has; so it happens beside the requests, in one
thread of the server, and nobody who sends photos waits for it. What is cut short (`compared_at` empty) goes on with the next photo
that comes; that, and what was stored before there were prints, `manage.py photo_prints` catches up with.
"""

import functools
import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import photos
from .models import Evidence, PhotoMatch, PhotoPrint

AT_ONCE = 500  # prints in memory (1.5 KB each, and a dozen times that while they are compared)
# Small grey ones kept in memory, about 50 KB each: to open a stored photo takes longer than to compare it.
PICTURES = 1000
LONGEST_REST = 1  # second
logger = logging.getLogger(__name__)


def patterns_of(content: bytes, content_type: str) -> bytes | None:
    """What a stored picture's print holds; None for what is no picture that can be opened."""
    if not content_type.startswith("image/"):
        return None
    try:
        return photos.print_of(photos.opened(content))
    except Exception:  # what makes a decoder fail nobody could recognise; the evidence is kept all the same
        return None


def keep_print(evidence: Evidence, patterns: bytes | None) -> None:
    """Stores a picture's print beside it, to be compared later; an older one is replaced."""
    if patterns:
        made = {"rule": photos.RULE, "patterns": patterns, "compared_at": None}
        PhotoPrint.objects.update_or_create(evidence=evidence, defaults=made)


def compare(rows: Iterable[Evidence]) -> int:
    """Compares stored photos that have a print with all others of the county, and keeps what looks the same. Returns how
    many pairs were found."""
    found = 0
    for row in rows:
        matches = _matches_of(row)
        with transaction.atomic():
            # Either photo may have been removed while we looked at it.
            there = Evidence.objects.select_for_update().in_bulk([row.pk, *(other.pk for other, _ in matches)])
            pairs = [
                PhotoMatch(evidence=one, other=two, likeness=round(100 * likeness))
                for other, likeness in matches
                if row.pk in there and other.pk in there
                for one, two in ((row, other), (other, row))
            ]
            known = PhotoMatch.objects.filter(evidence=row).count()
            PhotoMatch.objects.bulk_create(pairs, ignore_conflicts=True)
            PhotoPrint.objects.filter(evidence=row.pk).update(compared_at=timezone.now())
            found += PhotoMatch.objects.filter(evidence=row).count() - known
    return found


def _matches_of(row: Evidence) -> list[tuple[Evidence, float]]:
    """The county's photos of other sessions that look like this one, with how much."""
    own = PhotoPrint.objects.filter(evidence=row, rule=photos.RULE).values_list("patterns", flat=True).first()
    image = _picture(row)
    if own is None or image is None:
        return []
    others = PhotoPrint.objects.filter(
        rule=photos.RULE, evidence__session__organiser__county=row.session.organiser.county_id
    ).exclude(evidence__session=row.session_id)
    near: list[photos.Candidate] = []
    rows = others.values_list("evidence_id", "patterns").iterator(AT_ONCE)
    while part := [(pk, bytes(patterns)) for pk, patterns in islice(rows, AT_ONCE)]:
        near = photos.shortlist(near + photos.candidates(image, bytes(own), part))
    stored = Evidence.objects.in_bulk([one.key for one in near])
    matches = []
    for one in near:
        other = stored.get(one.key)
        picture = _picture(other) if other else None
        likeness = photos.likeness(image, picture, one.traces) if picture else 0.0
        if likeness >= (photos.SAME_FORM if other and row.kind == other.kind == Evidence.Kind.SHEET else photos.SAME):
            matches.append((other, likeness))
    return matches


def _picture(row: Evidence):
    """The stored picture, small and grey; None when its file is missing or cannot be opened."""
    try:
        return _opened(row.file.name, row.sha256_stored)
    except Exception:  # a missing or damaged file is no reason for the upload of another one to fail
        return None


@functools.lru_cache(maxsize=PICTURES)
def _opened(name: str, digest: str):
    with Evidence._meta.get_field("file").storage.open(name) as file:
        return photos.opened(file.read())


# --- beside the requests -------------------------------------------------------------------------------

_ASKED, _STARTING = threading.Event(), threading.Lock()
_beside: threading.Thread | None = None


def compare_soon() -> None:
    """Has what waits compared by this process's thread for it, which is begun when it is first needed."""
    global _beside
    _ASKED.set()
    with _STARTING:
        if _beside is None or not _beside.is_alive():
            # A daemon: to stop the server waits for nothing, and nothing is half done.
            _beside = threading.Thread(target=_work, name="photos", daemon=True)
            _beside.start()


def _work() -> None:
    while _ASKED.wait():
        _ASKED.clear()
        compare_waiting(resting=True)
        connections.close_all()


def compare_waiting(*, resting: bool = False) -> None:
    """Compares what is not compared yet. `resting` after each photo for as long as it took, for pages go first."""
    try:
        rows = list(waiting())
        # Each process of the server may be at it: in an order of its own, it seldom does what another one is doing.
        random.shuffle(rows)
        for row in rows:
            if not waiting().filter(pk=row.pk).exists():
                continue
            began = time.monotonic()
            try:
                compare([row])
            except Exception:  # the photo is stored; a hint that is late is no reason to leave out the next one
                logger.exception("evidence %s was not compared; run photo_prints", row.pk)
            if resting:
                time.sleep(min(time.monotonic() - began, LONGEST_REST))
    except Exception:  # the database is away, as every page will say
        logger.exception("photos were not compared; run photo_prints")


def waiting() -> QuerySet:
    """Stored pictures that have a print by today's rule and were not compared with the others, the oldest first."""
    due = PhotoPrint.objects.filter(rule=photos.RULE, compared_at=None).values("evidence")
    return Evidence.objects.filter(pk__in=due).select_related("session__organiser").order_by("pk")


# --- what was stored before ----------------------------------------------------------------------------


def without_print() -> QuerySet:
    """Stored pictures that have no print by today's rule."""
    done = PhotoPrint.objects.filter(rule=photos.RULE).values("evidence")
    return Evidence.objects.filter(content_type__startswith="image/").exclude(file="").exclude(pk__in=done)


def catch_up() -> Iterator[tuple[str, Evidence, int]]:
    """Makes the prints that are missing and compares what was not compared; yields what was done, one photo at a time.
    Can be stopped and run again at any time."""
    for row in list(without_print().order_by("pk")):
        try:
            with row.file.open() as file:
                patterns = patterns_of(file.read(), row.content_type)
        except OSError:
            patterns = None
        keep_print(row, patterns)
        yield ("print" if patterns else "unreadable"), row, 0
    for row in list(waiting()):
        yield "compared", row, compare([row])
