"""Finding the photos that were used before: prints are made when a photo is stored, and compared with the county's others.

Comparing reads many prints and a few files, so it happens after the photo is safely stored and holds no lock. What is cut short
(`compared_at` empty) and what was stored before there were prints, `manage.py photo_prints` catches up with.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import photos
from .models import Evidence, PhotoMatch, PhotoPrint

AT_ONCE = 500  # prints in memory (1.5 KB each, and a dozen times that while they are compared)


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
        with row.file.open() as file:
            return photos.opened(file.read())
    except Exception:  # a missing or damaged file is no reason for the upload of another one to fail
        return None


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
    waiting = PhotoPrint.objects.filter(rule=photos.RULE, compared_at=None).values("evidence")
    keys = list(waiting.values_list("evidence", flat=True))
    for row in Evidence.objects.filter(pk__in=keys).select_related("session__organiser").order_by("pk"):
        yield "compared", row, compare([row])
