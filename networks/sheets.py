"""Entry sheets: one form over many small rows, saved all or none, and what stands between two people who fill the same one."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from django import forms
from django.db import models

from .annual import LEARNERS_AMONG, LINES, NOTE_WITHOUT_MONEY, POPULATIONS, AnnualTable, Line, year_end
from .models import AnnualFigure, Division, Fund, Places, Tier
from .models.figures import MOST_PEOPLE
from .names import clean_text

_WIDE = str.maketrans("０１２３４５６７８９，．－￥", "0123456789,.-¥")


def plain_number(text: str) -> str:
    """A number as it is written by hand, without what does not belong to it: １,200人 → 1200."""
    plain = re.sub(r"[\s,]", "", text.translate(_WIDE))
    return re.sub(r"(人|元|¥)$", "", plain.removeprefix("¥"))


class _Plain:
    """What both kinds of number have in common."""

    def has_changed(self, initial, data) -> bool:
        try:
            return as_text(self.to_python(data)) != as_text(initial)
        except forms.ValidationError:
            return True


class PeopleField(_Plain, forms.IntegerField):
    """Heads, typed as text: a browser's number field throws away what it cannot read, and nothing typed may be lost."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": "请填整数，如 1200；不知道就留空，不要填“约”“余”",
        "min_value": "人数不能是负数",
        "max_value": "这个数太大，请核对",
    }

    def __init__(self, **kwargs) -> None:
        super().__init__(min_value=0, max_value=MOST_PEOPLE, required=False, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "off", "class": "form-control"}

    def to_python(self, value):
        if isinstance(value, str):
            value = plain_number(value)
            if value and not re.fullmatch(r"-?[0-9]{1,15}", value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class YuanField(_Plain, forms.DecimalField):
    widget = forms.TextInput
    default_error_messages = {
        "invalid": "请填金额（元），如 12000 或 12000.50；不知道就留空",
        "min_value": "金额不能是负数",
        "max_decimal_places": "最多两位小数，到分为止",
        "max_digits": "这个数太大，请核对单位是不是元",
        "max_whole_digits": "这个数太大，请核对单位是不是元",
    }

    def __init__(self, **kwargs) -> None:
        super().__init__(
            required=False,
            max_digits=14,
            decimal_places=2,
            min_value=0,
            **kwargs,
        )
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "form-control"}

    def to_python(self, value):
        if isinstance(value, str):
            value = plain_number(value)
            if value and not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", value):
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class TextField(forms.CharField):
    """One line of text, without invisible characters."""

    def __init__(self, **kwargs) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"class": "form-control"}

    def clean(self, value):
        return super().clean(clean_text(value) if isinstance(value, str) else value)


def as_text(value: object) -> str:
    """A cell as the sheet compares it: nothing is the empty text, 12000.00 and 12000 are the same."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.0f}" if value == value.to_integral_value() else f"{value:.2f}"
    return str(value)


class SheetForm(forms.Form):
    """A form over many small rows. `seen` carries what the page showed; where somebody has stored something else meanwhile,
    that cell is shown with both values and nothing is saved (IN-4). A cell that the request does not hold stays as it is."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def stored(self) -> dict[str, str]:
        """What the database holds now, by field name; called again under `lock`."""
        raise NotImplementedError

    def lock(self) -> None:
        """Keeps the rows from being changed until the transaction ends."""
        raise NotImplementedError

    def show(self, shown: dict[str, str]) -> None:
        """Call at the end of `__init__`: the cells begin as stored, or as `shown` has it where nothing is stored."""
        now = self.stored()
        for name, value in now.items():
            self.fields[name].initial = value or shown.get(name, "")
        self.fields["seen"].initial = json.dumps(now, ensure_ascii=False, sort_keys=True)

    def typed(self, name: str) -> bool:
        """Whether the request holds the cell, with something else than the page offered."""
        shown = as_text(self.fields[name].initial)
        return self.add_prefix(name) in self.data and as_text(self.cleaned_data.get(name)) != shown

    def clean(self):
        cleaned = super().clean()
        self.lock()
        now, seen = self.stored(), self._seen()
        if now != seen:
            self._refuse(now, seen)
        return cleaned

    def _seen(self) -> dict[str, str]:
        try:
            seen = json.loads(self.data.get(self.add_prefix("seen"), ""))
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in seen.items()} if isinstance(seen, dict) else {}

    def _refuse(self, now: dict[str, str], seen: dict[str, str]) -> None:
        self.data = self.data.copy()
        for name, theirs in now.items():
            base, posted = seen.get(name, ""), self.add_prefix(name)
            if theirs == base or name in self.errors or posted not in self.data:
                continue
            mine = as_text(self.cleaned_data.get(name))
            if mine == theirs:
                continue
            if mine == base:  # not touched here: theirs is put in its place
                self.data[posted] = theirs
                self.add_error(name, f"别人刚刚改成了“{self._said(name, theirs)}”，已替您换上")
            else:
                self.add_error(
                    name,
                    f"已有人先改成了“{self._said(name, theirs)}”。要用您填的，再保存一次；要用现有的，请照此改回。",
                )
        self.add_error(None, "您打开之后，这张表已被别人修改，没有保存。请核对下面标出的格子，再保存一次。")
        self.data[self.add_prefix("seen")] = json.dumps(now, ensure_ascii=False, sort_keys=True)

    def _said(self, name: str, value: str) -> str:
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value)) or "（空）"


class YearSheet(SheetForm):
    """A place's sheet of one year: its figures, its funds where this account keeps them, and for a township how many people
    live in each of its villages. An empty cell is no row: what is not known is never 0."""

    def __init__(self, data=None, *, place: Division, year: int, with_funds: bool) -> None:
        super().__init__(data, label_suffix="")
        self.place, self.year, self.with_funds = place, year, with_funds
        self.villages = self._villages()
        for line in LINES:
            self._add(line.key, PeopleField(label=line.label))
            self._add(f"{line.key}_source", TextField(label="来源", max_length=100), line.label)
            if line.of_learners:
                self._add(f"{line.key}_method", TextField(label="统计方法", max_length=100), line.label)
        for source in Fund.Source if with_funds else []:
            self._add(f"fund_{source}_budgeted", YuanField(label="预算（元）"), source.label)
            self._add(f"fund_{source}_paid", YuanField(label="实际支出（元）"), source.label)
            self._add(f"fund_{source}_note", TextField(label="说明", max_length=200), source.label)
        for line in POPULATIONS if self.villages else []:
            self._add(f"villages_{line.basis}_source", TextField(label=f"各村{line.label}的来源", max_length=100))
            for village in self.villages:
                self._add(f"v{village.pk}_{line.basis}", PeopleField(label=f"{village}{line.label}"))
        self.show(self._last_years())
        if not self.is_bound:
            return
        for name in self.fields:  # a cell that was not sent stays as it is
            if name != "seen" and self.add_prefix(name) not in self.data:
                self.fields[name].disabled = True

    def _add(self, name: str, field: forms.Field, of: str = "") -> None:
        if of:
            field.label = f"{of}的{field.label}"
        self.fields[name] = field

    # --- what is stored ------------------------------------------------------------------------------

    def _villages(self) -> list[Division]:
        """Those of a township at the year's end; of one that had ended by then, its successor's sheet has them."""
        last = year_end(self.year)
        if self.place.tier != Tier.TOWNSHIP or not self.place.stood_on(last):
            return []
        here = Places(self.place.county_code, last).within(self.place.pk)
        return list(Division.objects.filter(pk__in=here, tier=Tier.VILLAGE).on(last))

    def _rows(self, year: int) -> dict[tuple[str, str, str], AnnualFigure]:
        places = [self.place, *self.villages]
        rows = AnnualFigure.objects.filter(division__in=places, year=year)
        return {(row.division_id, row.kind, row.basis): row for row in rows}

    def _funds(self) -> dict[str, Fund]:
        rows = Fund.objects.filter(division=self.place, year=self.year) if self.with_funds else []
        return {row.source: row for row in rows}

    def lock(self) -> None:
        """The place, and the rows themselves: a village's are on two sheets, and a workbook holds rows (registry/figures.py)."""
        Division.objects.select_for_update().get(pk=self.place.pk)
        places = [self.place, *self.villages]
        for rows in (AnnualFigure.objects.filter(division__in=places), Fund.objects.filter(division=self.place)):
            list(rows.filter(year=self.year).select_for_update().order_by("pk"))

    def stored(self) -> dict[str, str]:
        rows, funds = self._rows(self.year), self._funds()
        cells = {}
        for line in LINES:
            row = rows.get((self.place.pk, line.kind, line.basis))
            cells[line.key] = as_text(row and row.value)
            cells[f"{line.key}_source"] = row.source if row else ""
            if line.of_learners:
                cells[f"{line.key}_method"] = row.method if row else ""
        for source in Fund.Source if self.with_funds else []:
            fund = funds.get(source)
            cells[f"fund_{source}_budgeted"] = as_text(fund and fund.budgeted)
            cells[f"fund_{source}_paid"] = as_text(fund and fund.paid)
            cells[f"fund_{source}_note"] = fund.note if fund else ""
        for line in POPULATIONS if self.villages else []:
            of_villages = [rows.get((village.pk, line.kind, line.basis)) for village in self.villages]
            cells[f"villages_{line.basis}_source"] = _common(of_villages)
            for village, row in zip(self.villages, of_villages, strict=True):
                cells[f"v{village.pk}_{line.basis}"] = as_text(row and row.value)
        return cells

    def _last_years(self) -> dict[str, str]:
        """上年来源照抄: last year's sources and methods where this year has none yet; never its numbers. A place that got a new
        code since is offered those under its old one."""
        rows, before = self._rows(self.year - 1), self.year - 1
        if self.place.established_on:
            was = AnnualTable(Division(pk=self.place.county_code), [before]).then(self.place, before)
            old = AnnualFigure.objects.filter(division=was, year=before)
            rows |= {(self.place.pk, row.kind, row.basis): row for row in old}
        shown = {}
        for line in LINES:
            row = rows.get((self.place.pk, line.kind, line.basis))
            if row:
                shown |= {f"{line.key}_source": row.source, f"{line.key}_method": row.method}
        for line in POPULATIONS if self.villages else []:
            shown[f"villages_{line.basis}_source"] = _common(
                rows.get((village.pk, line.kind, line.basis)) for village in self.villages
            )
        return shown

    # --- what was typed ------------------------------------------------------------------------------

    def clean(self):
        cleaned = super().clean()
        for line in LINES:
            self._check_line(line)
        for source in Fund.Source if self.with_funds else []:
            money = [cleaned.get(f"fund_{source}_{part}") for part in ("budgeted", "paid")]
            in_error = any(f"fund_{source}_{part}" in self.errors for part in ("budgeted", "paid"))
            if cleaned.get(f"fund_{source}_note") and money == [None, None] and not in_error:
                self.add_error(f"fund_{source}_budgeted", NOTE_WITHOUT_MONEY)
        for line in POPULATIONS if self.villages else []:
            name = f"villages_{line.basis}_source"
            fresh = [v for v in self.villages if self._new_number(f"v{v.pk}_{line.basis}")]
            if fresh and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, f"请写明各村{line.label}从哪里来，如统计年报、派出所户籍数")
        return cleaned

    def _new_number(self, name: str) -> bool:
        return self.cleaned_data.get(name) is not None and self.typed(name)

    def _check_line(self, line: Line) -> None:
        """A source or method that the page only offered, from last year, is not told."""
        if line.key in self.errors:
            return
        names = {"source": f"{line.key}_source"} | ({"method": f"{line.key}_method"} if line.of_learners else {})
        value, told = self.cleaned_data.get(line.key), {}
        for part, name in names.items():
            told[part] = (self.cleaned_data.get(name) or "") if value is not None or self.typed(name) else ""
        for part, sentence in line.wanting(value, told["source"], told.get("method", "")).items():
            name = names.get(part, line.key)
            if name not in self.errors:
                self.add_error(name, sentence)

    # --- saving --------------------------------------------------------------------------------------

    def save(self) -> Division:
        """Stores what differs, row by row, with history. Call it in the transaction in which the form was checked."""
        given, rows, funds = self.cleaned_data, self._rows(self.year), self._funds()
        for line in LINES:
            values = {"value": given[line.key], "source": given[f"{line.key}_source"]}
            if line.of_learners:
                values["method"] = given[f"{line.key}_method"]
            self._store(rows.get((self.place.pk, line.kind, line.basis)), self.place, line, values)
        for line in POPULATIONS if self.villages else []:
            source = f"villages_{line.basis}_source"
            for village in self.villages:
                row, name = rows.get((village.pk, line.kind, line.basis)), f"v{village.pk}_{line.basis}"
                keeps = row is not None and given[name] == row.value and not self.typed(source)
                values = {"value": given[name], "source": row.source if keeps else given[source]}
                self._store(row, village, line, values)
        for source in Fund.Source if self.with_funds else []:
            values = {part: given[f"fund_{source}_{part}"] for part in ("budgeted", "paid", "note")}
            row = funds.get(source) or Fund(division=self.place, year=self.year, source=source)
            put_row(row, values, empty=values["budgeted"] is None and values["paid"] is None)
        return self.place

    def _store(self, row: AnnualFigure | None, place: Division, line: Line, values: dict) -> None:
        row = row or AnnualFigure(division=place, year=self.year, kind=line.kind, basis=line.basis)
        put_row(row, values, empty=values["value"] is None)

    # --- for the page --------------------------------------------------------------------------------

    def line_rows(self, *, of_learners: bool) -> list[dict]:
        return [
            {
                "line": line,
                "value": self[line.key],
                "source": self[f"{line.key}_source"],
                "method": self[f"{line.key}_method"] if of_learners else None,
                "method_needed": line.needs_method,
                "stored": self._shown.get((self.place.pk, line.kind, line.basis)),
            }
            for line in LINES
            if line.of_learners == of_learners
        ]

    @property
    def hints(self) -> list[str]:
        """What is worth a second look in what is stored; nothing is refused for it."""
        told = []
        number = {name: int(text) for name, text in self.stored().items() if text.isdecimal()}
        for learners, people in LEARNERS_AMONG.items():
            if number.get(learners, 0) > number.get(people, MOST_PEOPLE):
                told.append(f"{learners.label}（{number[learners]:,}）多于{people.label}（{number[people]:,}），请核对")
        for line in POPULATIONS:
            found = [number.get(f"v{village.pk}_{line.basis}") for village in self.villages]
            whole = number.get(line.key)
            if found and None not in found and whole is not None and sum(found) != whole:
                told.append(f"各村{line.label}相加是 {sum(found):,}，与{self.place}的 {whole:,} 不同，请核对")
        return told

    @cached_property
    def _shown(self) -> dict[tuple[str, str, str], AnnualFigure]:
        return self._rows(self.year)

    @property
    def people_rows(self) -> list[dict]:
        return self.line_rows(of_learners=False)

    @property
    def learner_rows(self) -> list[dict]:
        return self.line_rows(of_learners=True)

    @property
    def fund_rows(self) -> list[dict]:
        parts, stored = ("budgeted", "paid", "note"), self._funds()
        return [
            {
                "label": source.label,
                "stored": stored.get(source),
                **{part: self[f"fund_{source}_{part}"] for part in parts},
            }
            for source in (Fund.Source if self.with_funds else [])
        ]

    @property
    def village_rows(self) -> list[tuple[Division, list[forms.BoundField]]]:
        return [(v, [self[f"v{v.pk}_{line.basis}"] for line in POPULATIONS]) for v in self.villages]

    @property
    def village_figures(self) -> list[tuple[Division, list[AnnualFigure | None]]]:
        return [(v, [self._shown.get((v.pk, line.kind, line.basis)) for line in POPULATIONS]) for v in self.villages]

    @property
    def village_sources(self) -> list[forms.BoundField]:
        return [self[f"villages_{line.basis}_source"] for line in POPULATIONS] if self.villages else []


def _common(rows: Iterable[AnnualFigure | None]) -> str:
    """The one source of them all, or nothing where they differ."""
    sources = {row.source for row in rows if row}
    return sources.pop() if len(sources) == 1 else ""


def put_row(row: models.Model, values: dict, *, empty: bool) -> None:
    """Creates, changes or deletes the row, or leaves it alone when nothing differs."""
    if empty:
        if row.pk:
            row.delete()
        return
    if row.pk and all(getattr(row, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(row, name, value)
    if row.pk and hasattr(row, "version"):
        row.version += 1
    row.save()
