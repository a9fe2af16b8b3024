"""Loads the founding document's vocabularies; adds what is missing and leaves what people changed."""

from collections import Counter
from pathlib import Path

from simple_history.utils import bulk_create_with_history

from networks.loading import read_csv

from .models.vocabulary import VOCABULARIES, Vocabulary

DATA = Path(__file__).parent / "data"


def load_vocabulary() -> Counter:
    tally: Counter = Counter()
    rows = list(enumerate(read_csv(DATA / "vocabulary.csv"), start=1))
    for kind, model in VOCABULARIES.items():
        words = [_word(model, position, row) for position, row in rows if row["kind"] == kind]
        known = set(model.objects.values_list("name", flat=True))
        missing = [word for word in words if word.name not in known]
        bulk_create_with_history(missing, model)
        tally["created"] += len(missing)
        tally["unchanged"] += len(words) - len(missing)
    return tally


def _word(model: type[Vocabulary], position: int, row: dict[str, str]) -> Vocabulary:
    word = model(name=row["name"], shown_as=row["shown_as"], clause=row["clause"], position=position)
    if row["kind"] == "audience":
        word.sensitivity = int(row["sensitivity"])
    if row["kind"] == "form":
        word.counts_for_quota = row["counts_for_quota"] == "1"
    return word
