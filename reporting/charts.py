"""Charts as plain geometry: numbers in, places in percent out; the partials `_chart_*.html` draw them as SVG.

Everything is in percent of the drawing, so that one SVG fits a phone and a desk without its letters shrinking.
Pure: no query, no request. A value that is unknown is None and is not drawn (never 0).
"""

import datetime
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from networks.models.succession import Lineage
from networks.templatetags.page import VERDICTS, Badge, verdict_badge

_numbers = itertools.count(1)  # makes ids unique within a page

PLOT_TOP, PLOT_BOTTOM = 7.0, 89.0  # percent of the height that the curve may use; below are the months
PLOT_LEFT, PLOT_RIGHT = 1.0, 97.0

# Schematic, not a map: where the eleven townships lie to each other, (row, column) from the north-west. 永州镇 is the
# westernmost, 百龙滩镇 and 金钗镇 face 红水河 in the north, 古寨瑶族乡 and 加方乡 are in the eastern limestone hills.
TOWNSHIP_TILES = {
    "450124101": (0, 2),  # 百龙滩镇
    "450124104": (0, 3),  # 金钗镇
    "450124100": (1, 2),  # 白山镇, the county seat
    "450124203": (1, 3),  # 里当瑶族乡
    "450124201": (1, 4),  # 加方乡
    "450124106": (2, 0),  # 永州镇
    "450124105": (2, 1),  # 周鹿镇
    "450124200": (2, 2),  # 乔利乡
    "450124103": (2, 3),  # 古零镇
    "450124202": (2, 4),  # 古寨瑶族乡
    "450124102": (3, 2),  # 林圩镇
}


@dataclass(frozen=True)
class Mark:
    """A text or a dot: where it stands, what it says."""

    x: float
    y: float
    text: str
    minor: bool = False  # may be dropped on a phone


@dataclass(frozen=True)
class Line:
    key: str  # this, pace or last: how it is drawn
    label: str
    points: str  # of an SVG polyline in a 100×100 box
    dots: list[Mark]


@dataclass(frozen=True)
class LineChart:
    id: str
    title: str
    description: str
    unit: str
    lines: list[Line]
    grid: list[Mark]
    months: list[Mark]
    end: Mark | None  # the last known value of this year
    end_below: bool  # its label stands below the dot, out of the way of the pace line
    table: list[tuple[str, list[float | int | None]]]
    urls: dict[str, Sequence[str]]  # by the table's labels: the rows behind its values

    @property
    def cells(self) -> list[tuple[str, list[tuple[float | int | None, str]]]]:
        """The table, each value with the address of its rows or ""."""
        return [
            (label, list(itertools.zip_longest(values, self.urls.get(label, ())[: len(values)], fillvalue="")))
            for label, values in self.table
        ]


@dataclass(frozen=True)
class Bar:
    label: str
    value: float | int | None
    width: float
    url: str
    met: bool
    words: str = ""  # stands in for the number where that must not or cannot be shown


@dataclass(frozen=True)
class BarChart:
    id: str
    title: str
    unit: str
    bars: list[Bar]
    mark: float | None  # where the required value stands
    mark_value: float | int | None
    note: str = ""  # what is not drawn, in a sentence below


@dataclass(frozen=True)
class Tile:
    code: str
    name: str
    lines: list[str]
    verdict: str
    badge: Badge | None  # the word and sign of the verdict, or of what else the map shows
    url: str
    x: float
    y: float
    width: float
    height: float

    @property
    def key(self) -> str:
        """How the tile is coloured: by its verdict, or by its kind of badge where the map shows something else."""
        return self.verdict or (f"own-{self.badge.kind}" if self.badge else "none")

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)

    def _down(self, share: float) -> float:
        return round(self.y + self.height * share, 2)

    @property
    def sign_y(self) -> float:
        return self._down(0.09)

    @property
    def name_y(self) -> float:
        return self._down(0.47)

    @property
    def facts(self) -> list[Mark]:
        return [Mark(self.middle, self._down(0.68 + 0.2 * n), line) for n, line in enumerate(self.lines)]


@dataclass(frozen=True)
class TileMap:
    id: str
    title: str
    description: str
    tiles: list[Tile]
    badges: list[Badge]  # those that occur, for the key
    linked: bool  # a tile opens its url; otherwise only its name in the table does


def nice_ceiling(value: float) -> int:
    """The next round number of which a quarter is still a whole number: 4, 8, 20, 40, 80, 120, 200, 400 …"""
    if value <= 4:
        return 4
    power = 10 ** math.floor(math.log10(value))
    for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10):
        ceiling = round(step * power)
        if ceiling >= value and ceiling % 4 == 0:
            return ceiling
    return 20 * power


def cumulate(monthly: Iterable[int | None]) -> list[int | None]:
    """Running totals; from the first unknown month on, all is unknown."""
    total, totals = 0, []
    for value in monthly:
        if value is None or total is None:
            total = None
        else:
            total += value
        totals.append(total)
    return totals


def line_chart(
    *,
    title: str,
    unit: str,
    this_year: Sequence[int | None],
    last_year: Sequence[int | None] = (),
    target: int | None = None,
    this_label: str = "今年",
    last_label: str = "上年",
    pace_label: str = "序时进度",
    this_urls: Sequence[str] = (),
    last_urls: Sequence[str] = (),
) -> LineChart:
    """A cumulative curve by month against the steady pace to `target` and last year's curve.

    `this_year` and `last_year` hold running totals of January to December; months to come are None.
    """
    this = list(this_year)[:12] + [None] * (12 - len(this_year))
    last = list(last_year)[:12] + [None] * (12 - len(last_year)) if last_year else []
    pace = [round(target * month / 12, 1) for month in range(1, 13)] if target else []
    known = [value for value in (*this, *last, *pace) if value is not None]
    top = nice_ceiling(max(known, default=0))

    def x(month: int) -> float:
        return round(PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * month / 12, 2)

    def y(value: float) -> float:
        return round(PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * value / top, 2)

    def line(key: str, label: str, values: list, dotted: bool = False) -> Line:
        places = [(0, 0)] + [(month, value) for month, value in enumerate(values, 1) if value is not None]
        return Line(
            key=key,
            label=label,
            points=" ".join(f"{x(month)},{y(value)}" for month, value in places) if len(places) > 1 else "",
            dots=[Mark(x(month), y(value), f"{value:,}") for month, value in places[1:]] if dotted else [],
        )

    lines, table, end_below = [], [], False
    if any(value is not None for value in last):
        lines.append(line("last", last_label, last))
        table.append((last_label, last))
    if pace:
        lines.append(line("pace", pace_label, pace))
        table.append((pace_label, pace))
    lines.append(line("this", this_label, this, dotted=True))
    table.insert(0, (this_label, this))

    end, now = None, [(month, value) for month, value in enumerate(this, 1) if value is not None]
    description = f"{this_label}还没有数据。"
    if now:
        month, value = now[-1]
        end = Mark(x(month), y(value), f"{value:,} {unit}")
        description = f"{this_label}截至 {month} 月累计 {value:,} {unit}"
        if pace:
            end_below = value < pace[month - 1]
            description += f"，序时进度 {pace[month - 1]:,.0f} {unit}"
        if last and last[month - 1] is not None:
            description += f"，{last_label}同期 {last[month - 1]:,} {unit}"
        description += "。"
    return LineChart(
        id=f"chart-{next(_numbers)}",
        title=title,
        description=description,
        unit=unit,
        lines=lines,
        grid=[Mark(0, y(top * quarter / 4), f"{top * quarter // 4:,}") for quarter in range(5)],
        months=[Mark(x(month), 97.5, f"{month}月", minor=month % 3 != 0) for month in range(1, 13)],
        end=end,
        end_below=end_below,
        table=table,
        urls={this_label: this_urls, last_label: last_urls},
    )


def bar_chart(*, title: str, unit: str, rows: Iterable[tuple], required: int | None = None, note: str = "") -> BarChart:
    """Horizontal bars in the order given (never sorted into a league table).

    `rows`: (label, value or None), and if wanted a url and the words to show for a value that is None (<5, 未分).
    `required` draws one mark across all bars.
    """
    rows = [(*row, "", "")[:4] for row in rows]
    top = max([value for _, value, *_ in rows if value is not None] + [required or 0, 1])
    top = max(top, (required or 0) * 1.25)
    return BarChart(
        id=f"chart-{next(_numbers)}",
        title=title,
        unit=unit,
        bars=[
            Bar(
                label=label,
                value=value,
                width=round((value or 0) / top * 100, 2),
                url=url,
                met=bool(required) and value is not None and value >= required,
                words=words if value is None else "",
            )
            for label, value, url, words in rows
        ],
        mark=round(required / top * 100, 2) if required else None,
        mark_value=required,
        note=note,
    )


def tile_map(
    *,
    title: str,
    rows: Iterable[dict],
    lineage: Lineage[str] | None = None,
    tiles: dict[str, tuple[int, int]] | None = None,
    linked: bool = False,
) -> TileMap:
    """The townships as tiles. `rows`: dicts of code, name, lines (at most two, e.g. ["3 场", "280 人次"]), url, and a verdict
    on the quota or, on a map of anything else, a badge of its own (met, behind and lost mean the quota alone).

    One that has a new code has the tile of what it took over from, by the `lineage` of places. A township that has no tile
    (another county) is put into a row of its own below: nothing is dropped.
    """
    rows, tiles = list(rows), dict(TOWNSHIP_TILES if tiles is None else tiles)
    for code in [row["code"] for row in rows if row["code"] not in tiles]:
        before = [at for at in lineage.answering_for(code, datetime.date.max) if at in tiles] if lineage else []
        if before:
            tiles[code] = tiles[before[0]]
    columns = max((column for _, column in tiles.values()), default=4) + 1
    used = [tiles[row["code"]] for row in rows if row["code"] in tiles]
    next_row = max((line for line, _ in used), default=-1) + 1
    strangers = [row["code"] for row in rows if row["code"] not in tiles]
    places = {
        **tiles,
        **{code: (next_row + n // columns, n % columns) for n, code in enumerate(strangers)},
    }
    lines = max((places[row["code"]][0] for row in rows), default=0) + 1
    width, height = 100 / columns, 100 / lines
    gap_x, gap_y = 1.0, 2.0
    drawn = [
        Tile(
            code=row["code"],
            name=row["name"],
            lines=list(row.get("lines", []))[:2],
            verdict=row.get("verdict", ""),
            badge=row.get("badge") or (verdict_badge(row["verdict"]) if row.get("verdict") else None),
            url=row.get("url", ""),
            x=round(places[row["code"]][1] * width + gap_x / 2, 2),
            y=round(places[row["code"]][0] * height + gap_y / 2, 2),
            width=round(width - gap_x, 2),
            height=round(height - gap_y, 2),
        )
        for row in rows
    ]
    order = [verdict_badge(verdict) for verdict in VERDICTS]
    order += dict.fromkeys(tile.badge for tile in drawn if tile.badge and tile.badge not in order)
    return TileMap(
        id=f"chart-{next(_numbers)}",
        title=title,
        description="各乡镇的位置是示意，不是地图；上北下南。数据见旁边的表。",
        tiles=drawn,
        badges=[badge for badge in order if any(tile.badge == badge for tile in drawn)],
        linked=linked,
    )
