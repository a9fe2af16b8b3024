"""What a form is made of. Pure: no query.

A form lists its fields; each either reads its figure from a source or is left to the office (待填). A form has rows, which are
the lines of a table or, where there are few, blocks in which every field is a line. What cannot be worked out says what is
missing; it is never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sources import Sources

UNKNOWN = "无法计算"
TO_FILL = "待填"
BY_HAND = "办公室填写"


@dataclass(frozen=True)
class Cell:
    """One figure with where it comes from. `value` is None where it is not known; `why` then says what is missing."""

    value: int | Decimal | str | None
    source: str = ""
    why: str = ""
    few: str = ""  # <5: known, and withheld
    typed: bool = False  # by the office, kept with the form

    @property
    def known(self) -> bool:
        return self.value is not None or bool(self.few)

    @property
    def words(self) -> str:
        if self.few:
            return self.few
        if self.value is None:
            return TO_FILL if self.typed else UNKNOWN
        return self.value if isinstance(self.value, str) else f"{self.value:,}"

    @property
    def is_words(self) -> bool:
        """A sentence and no figure; nothing at all, as in a total of what cannot be added up, is neither."""
        return isinstance(self.value, str) and self.value != ""

    @property
    def for_sheet(self) -> int | Decimal | str:
        """A number where there is one, so that the workbook can add it up; else the words of the page."""
        return self.value if isinstance(self.value, int | Decimal) else self.words

    @property
    def told(self) -> str:
        """来源, with what is missing where there is no figure."""
        return "；".join(filter(None, [self.why, self.source]))


@dataclass(frozen=True)
class Row:
    """A line of a table, or a block of fields: the whole county, a unit, a place. `of` is whatever its fields read."""

    key: str
    label: str
    of: object = None
    is_total: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """`read(sources, row)` gives its cell. Without it the office fills it in: a whole number, or text of at most `most`
    characters where `text` says so; a total adds up what was typed."""

    key: str
    label: str
    unit: str = ""
    group: str = ""  # the heading under which it stands in a block
    read: Callable[[Sources, Row], Cell] | None = None
    text: bool = False
    most: int = 200

    @property
    def full_label(self) -> str:
        return f"{self.label}（{self.unit}）" if self.unit else self.label


@dataclass(frozen=True, kw_only=True)
class Form:
    """`rows(sources)` in their order; a `wide` form is a table on A4 landscape, any other one a list on A4 upright."""

    key: str
    title: str  # without county and year
    about: str  # what it is for, one sentence
    basis: str
    to_whom: str  # to whom it usually goes
    position: int
    fields: tuple[Field, ...]
    rows: Callable[[Sources], list[Row]]
    row_word: str = "单位"
    wide: bool = False
    none: str = ""  # what to say where there is no row
    notes: tuple[str, ...] = ()

    @property
    def typed(self) -> list[Field]:
        return [field for field in self.fields if field.read is None]


def whole_county(sources: Sources) -> list[Row]:
    return [Row(sources.county.pk, str(sources.county), sources.county)]
