"""满意度 as a number: how many answered, by what road, and what they said. The one definition; session pages, courses and the
indicators in reporting read it.

满意率 is 满意 and 基本满意 together among all answers. Fewer than five answers are no number: they show as <5.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from django.db.models import Count, Q, QuerySet, Sum

from .models import Feedback, PaperTally, TrainingSession

FEWEST = 5  # fewer could be recognised, and say nothing about the rest
DEFINITION = "表示满意、基本满意的答卷 ÷ 全部答卷；扫码评价和纸质问卷相加，一份答卷算一次。"


@dataclass(frozen=True)
class Opinions:
    """Answers by what they say and by how they came."""

    satisfied: int = 0
    fairly: int = 0
    unsatisfied: int = 0
    scanned: int = 0
    on_paper: int = 0

    @property
    def answers(self) -> int:
        return self.satisfied + self.fairly + self.unsatisfied

    @property
    def content(self) -> int:
        return self.satisfied + self.fairly

    @property
    def few(self) -> bool:
        """Somebody answered, and too few to tell."""
        return 0 < self.answers < FEWEST

    @property
    def known(self) -> bool:
        return self.answers >= FEWEST

    @property
    def words(self) -> str:
        """96.4% (cut off, not rounded up), <5 份, or nobody asked."""
        if not self.known:
            return f"<{FEWEST} 份" if self.few else "还没有评价"
        tenths = self.content * 1000 // self.answers
        return f"{tenths // 10}.{tenths % 10}%"

    @property
    def method(self) -> str:
        """扫码 30 份、纸质 12 份; withheld where there are few."""
        if self.few:
            return f"答卷不足 {FEWEST} 份"
        roads = [("扫码", self.scanned), ("纸质", self.on_paper)]
        return "、".join(f"{road} {number:,} 份" for road, number in roads if number)

    def __add__(self, other: "Opinions") -> "Opinions":
        return Opinions(*(getattr(self, name) + getattr(other, name) for name in Opinions.__dataclass_fields__))


NONE = Opinions()


def opinions_by(sessions: QuerySet[TrainingSession], by: str) -> dict[Hashable, Opinions]:
    """What was said of these sessions, by the values of one of their lookups (`course`, `place`, `pk`). Two queries,
    however many there are."""
    keys = sessions.order_by().values("pk")
    lookup = f"session__{by}"
    found: dict[Hashable, Opinions] = {}
    kinds = [Feedback.Satisfaction.SATISFIED, Feedback.Satisfaction.FAIRLY, Feedback.Satisfaction.UNSATISFIED]
    counts = {f"n_{kind}": Count("pk", filter=Q(satisfaction=kind)) for kind in kinds}
    scanned = Feedback.objects.filter(session__in=keys).order_by().values(lookup).annotate(**counts)
    for key, *numbers in scanned.values_list(lookup, *counts):
        found[key] = Opinions(*numbers, scanned=sum(numbers))
    sums = {f"n_{name}": Sum(name) for name in ("satisfied", "fairly", "unsatisfied")}
    paper = PaperTally.objects.filter(session__in=keys).order_by().values(lookup).annotate(**sums)
    for key, *numbers in paper.values_list(lookup, *sums):
        found[key] = found.get(key, NONE) + replace(
            NONE, **dict(zip(("satisfied", "fairly", "unsatisfied"), numbers, strict=True)), on_paper=sum(numbers)
        )
    return found


def opinions_of(sessions: QuerySet[TrainingSession]) -> Opinions:
    """All of it together. Two queries."""
    return sum(opinions_by(sessions, "organiser__county").values(), NONE)
