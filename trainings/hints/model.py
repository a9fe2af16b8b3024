"""What a hint is: its kind, its one line, what lies behind it, and the fingerprint by which an answer stays with it."""

import hashlib
import json
from dataclasses import dataclass, field

from ..models import Evidence, HintAnswer, TrainingSession


@dataclass(frozen=True)
class Kind:
    label: str
    weight: int  # how far forward it brings its session in the queue


KINDS = {
    # two sessions that may be one, or one that borrows from another
    "photo": Kind("照片用在两场", 10),
    "roster": Kind("名册相同", 10),
    "same_event": Kind("两个单位报同一场", 10),
    "double": Kind("疑似重复登记", 8),
    "instructor": Kind("教师同时在两处", 6),
    # a figure or a date that wants a reason
    "capacity": Kind("超过场地容量", 5),
    "sum": Kind("对象合计不符", 3),
    "round": Kind("人次为整数", 2),
    "late": Kind("事后很久才上传", 2),
    "elsewhere": Kind("不在本单位辖区", 1),
    "length": Kind("时长未填", 1),
    "evidence": Kind("没有佐证材料", 3),
    "form": Kind("形式未填", 3),
}
# What an officer can put right before submitting; the rest is the reviewer's to ask.
OFFICER_KINDS = ("photo", "double", "sum", "length")


@dataclass
class Hint:
    kind: str
    sentence: str
    fingerprint: str
    facts: list[str] = field(default_factory=list)  # further lines of evidence
    other_pk: int | None = None  # the other session
    evidence: list[tuple[int, int, int]] = field(default_factory=list)  # (own, other's, likeness in percent)
    names: list[str] = field(default_factory=list)  # masked
    answer: HintAnswer | None = None
    # for a page, filled in by pairs.attach
    other: TrainingSession | None = None  # None too when it lies outside the reader's sight
    photos: list[tuple[Evidence, Evidence | None, int]] = field(default_factory=list)

    @property
    def label(self) -> str:
        return KINDS[self.kind].label

    @property
    def weight(self) -> int:
        return KINDS[self.kind].weight

    @property
    def anchor(self) -> str:
        return f"hint-{self.fingerprint[:12]}"


def fingerprint(kind: str, *situation: object) -> str:
    """The same for the same situation; of two sessions' facts, give them in an order that both sides agree on."""
    told = json.dumps([kind, *situation], ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
