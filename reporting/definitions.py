"""What a number is, in words: every figure that a page shows says what is counted, out of what, and what is left out.

Figures are computed elsewhere in this app; each carries one of these, and the page 我们怎么算 is made of them (reporting/how.py).
"""

from dataclasses import dataclass

from django.db import models

NOT_A_RATE = "不是比率，没有分母"


class Gauge(models.TextChoices):
    """What a figure is held against. Quota and references are two gauges and are never mixed (依据 三(六)、一(三))."""

    TASK = "task", "任务完成"
    LEDGER = "ledger", "培训统计"
    NETWORK = "network", "机构与队伍"
    REFERENCE = "reference", "参照指标"
    WORK = "work", "工作过程"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """`numerator` is what is counted or added up, `denominator` what it is divided by, in words; NOT_A_RATE where it is a
    plain number. `clause` names the clause of the founding document, or the document that the figure comes from."""

    key: str
    label: str
    unit: str
    definition: str
    clause: str
    numerator: str
    denominator: str
    excluded: str
    gauge: Gauge

    @property
    def is_rate(self) -> bool:
        return self.denominator != NOT_A_RATE


def plain(key: str, label: str, unit: str, gauge: Gauge, clause: str, words: str, **parts: str) -> Definition:
    """A number that is no rate, unless `parts` names its denominator; what is counted is what it is called, unless they say
    so more exactly."""
    told = {"numerator": label, "denominator": NOT_A_RATE, "excluded": "没有另外不算的"} | parts
    return Definition(key=key, label=label, unit=unit, definition=words, clause=clause, gauge=gauge, **told)


def by_key(*definitions: Definition) -> dict[str, Definition]:
    return {definition.key: definition for definition in definitions}
