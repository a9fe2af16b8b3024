"""Loads the founding document's vocabularies; adds what is missing and leaves what people changed."""

from collections import Counter
from pathlib import Path

from networks.loading import read_csv

from .models.vocabulary import VOCABULARIES

DATA = Path(__file__).parent / "data"


def load_vocabulary() -> Counter:
    tally: Counter = Counter()
    for position, row in enumerate(read_csv(DATA / "vocabulary.csv"), start=1):
        values = {"shown_as": row["shown_as"], "clause": row["clause"], "position": position}
        if row["kind"] == "audience":
            values["sensitivity"] = int(row["sensitivity"])
        if row["kind"] == "form":
            values["counts_for_quota"] = row["counts_for_quota"] == "1"
        _, created = VOCABULARIES[row["kind"]].objects.get_or_create(name=row["name"], defaults=values)
        tally["created" if created else "unchanged"] += 1
    return tally
