"""Knowing a photo again after it was cropped, shrunk, re-encoded, brightened or turned (UP-3). Pure: pictures in, answers out.

In two steps. A *print* holds 60 bits for the whole picture and for each of 196 windows of it (`WINDOWS`): whether a cell of a
6 × 6 grid is brighter than its neighbour, which neither size nor encoding nor light changes much. The whole of a cropped photo
looks like one of the windows of the photo it was cut from, so comparing wholes with windows finds whom to look at: a few
pictures of thousands, in one pass over all prints. Then `likeness` looks at the two pictures themselves: it moves the window
until both fit best and counts in how many places of a grid they show the same. That step tells the same room with other
people, or the same form with other entries, from the same picture.

How often it errs, tools/photo_corpus.py measures.
"""

import functools
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter, mul

from PIL import Image, ImageOps

RULE = 1  # goes up when prints are made differently: older ones are then made anew (manage.py photo_prints)
EDGE = 256  # pixels of the longer side of the picture that is looked at
CELLS = 6
LANE = 8  # bytes of one 60-bit pattern
NEAR = 13  # of 60 bits: as far apart as a cropped copy gets; unrelated pictures begin here
CANDIDATES, OUTLINES = 8, 3  # pictures looked at themselves for one new photo, by windows and by the whole
OUTLINE = 16  # cells a side of the finer pattern of the whole picture
SAME = 0.8  # of the places that show anything must look the same
SAME_FORM = 0.9  # … of two sign-in sheets: the same printed form with other entries comes to 0.77
COARSE = 24  # the grid on which two pictures are laid upon each other
FINE, BLOCK = 72, 9  # the grid on which they are compared then, and one place of it
AGREES = 0.75  # correlation within a place
FLAT = 2.0  # standard deviation, of 255: below it nothing is to be seen
LOST, HOPELESS = 0.25, 0.6  # correlation of the whole before any moves and after the first, widest ones
LEAST_COMMON = 0.65  # of the smaller picture's area must lie within the other
TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)

Box = tuple[float, float, float, float]  # left, top, right, bottom as parts of width and height
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def _spans() -> list[tuple[float, float]]:
    """Parts of one side: all of it, and 85, 70 and 58 % of it at steps of at most a tenth of the side."""
    spans = []
    for part in (1, 0.85, 0.7, 0.58):
        moves = math.ceil(round((1 - part) / 0.1, 6))
        spans += [(start := (1 - part) * n / (moves or 1), start + part) for n in range(moves + 1)]
    return spans


WINDOWS: list[Box] = [(left, top, right, bottom) for left, right in _spans() for top, bottom in _spans()]  # WHOLE first


# --- prints --------------------------------------------------------------------------------------------


def opened(content: bytes) -> Image.Image:
    """The picture in grey, upright and small. Raises what Pillow raises for what is no picture."""
    image = Image.open(io.BytesIO(content), formats=["JPEG", "PNG"])
    image.draft("L", (EDGE, EDGE))
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L")
    image.thumbnail((EDGE, EDGE), Image.Resampling.BOX)
    return image


def print_of(image: Image.Image) -> bytes:
    """The patterns of all WINDOWS, LANE bytes each, the whole picture's first; then a finer one of the whole picture."""
    return b"".join(_pattern(image, box) for box in WINDOWS) + _pattern(image, WHOLE, OUTLINE)


def _pattern(image: Image.Image, box: Box, side: int = CELLS) -> bytes:
    cells = _sample(image, box, side)
    right = [cells[at] < cells[at + 1] for at in range(side * side) if at % side < side - 1]
    down = [cells[at] < cells[at + side] for at in range(side * (side - 1))]
    bits = sum(bit << at for at, bit in enumerate(right + down))
    return bits.to_bytes((len(right + down) + 7) // 8, "little")


def _sample(image: Image.Image, box: Box, side: int) -> bytes:
    w, h = image.size
    area = (box[0] * w, box[1] * h, box[2] * w, box[3] * h)
    return image.resize((side, side), Image.Resampling.BOX, box=area).tobytes()


def distances(lanes: bytes, probe: bytes) -> bytes:
    """For each pattern in `lanes`, in how many bits (0—60) it differs from the probe. All at once, as one very large whole
    number: ten thousand photos take a fraction of a second without any package for numbers."""
    count = len(lanes) // LANE
    differing = int.from_bytes(lanes, "little") ^ int.from_bytes(probe * count, "little")
    for shift, keep in _masks(count):  # sums of neighbouring bits, then of pairs, of fours … within each lane
        differing = (differing & keep) + (differing >> shift & keep)
    return differing.to_bytes(len(lanes), "little")[::LANE]


@functools.lru_cache(maxsize=4)
def _masks(count: int) -> list[tuple[int, int]]:
    """(shift, mask): in each of `count` lanes `shift` bits are set and `shift` are not, from the lowest on."""
    masks = []
    for shift in (1, 2, 4, 8, 16, 32):
        lane = sum(((1 << shift) - 1) << at for at in range(0, LANE * 8, shift * 2))
        masks.append((shift, int.from_bytes(lane.to_bytes(LANE, "little") * count, "little")))
    return masks


@dataclass(frozen=True)
class Trace:
    """Where one picture may be found in another, and how to lay the one upon the other."""

    distance: int  # of 60 bits
    window: Box
    turn: Image.Transpose | None  # of the new picture before it is laid upon the stored one
    stored_in_new: bool  # the stored picture is a part of the new one, not the other way round


@dataclass(frozen=True)
class Candidate:
    """A stored picture that is worth a look: its key, where to look, and how far the two whole pictures are apart."""

    key: int
    traces: tuple[Trace, ...]  # one or two, the nearer first
    outline: int  # of 480 bits


def candidates(image: Image.Image, own: bytes, prints: Sequence[tuple[int, bytes]]) -> list[Candidate]:
    """Which of the stored (key, print) may hold this picture, whose print is `own`."""
    if not prints:
        return []
    size, found = len(WINDOWS), {}

    def keep(at: int, distance: int, window: Box, turn: Image.Transpose | None, stored_in_new: bool) -> None:
        if at not in found or distance < found[at][stored_in_new].distance:
            found.setdefault(at, [_FAR, _FAR])[stored_in_new] = Trace(distance, window, turn, stored_in_new)

    apart = distances(b"".join(patterns[: size * LANE] for _, patterns in prints), own[:LANE])
    for at in range(len(prints)):
        part = apart[at * size : (at + 1) * size]
        if (least := min(part)) <= NEAR:
            keep(at, least, WINDOWS[part.index(least)], None, False)
    wholes = b"".join(patterns[:LANE] for _, patterns in prints)
    parts = [(own[n * LANE : (n + 1) * LANE], WINDOWS[n], None, True) for n in range(1, size)]
    parts += [(_pattern(image.transpose(turn), WHOLE), WHOLE, turn, False) for turn in TURNS]
    for probe, window, turn, stored_in_new in parts:
        for at, distance in enumerate(distances(wholes, probe)):
            if distance <= NEAR:
                keep(at, distance, window, turn, stored_in_new)
    outline = int.from_bytes(own[size * LANE :], "little")
    near = []
    for at, pair in found.items():
        key, patterns = prints[at]
        traces = tuple(trace for trace in sorted(pair, key=attrgetter("distance")) if trace is not _FAR)
        other = int.from_bytes(patterns[size * LANE :], "little")
        near.append(Candidate(key, traces, (outline ^ other).bit_count()))
    return shortlist(near)


def shortlist(found: list[Candidate]) -> list[Candidate]:
    """Those to look at: the nearest by their traces, and the nearest as whole pictures, for all forms look alike in 60 bits."""
    by_trace = sorted(found, key=lambda one: (one.traces[0].distance, one.key))[:CANDIDATES]
    by_outline = sorted(found, key=lambda one: (one.outline, one.key))[:OUTLINES]
    return by_trace + [one for one in by_outline if one not in by_trace]


_FAR = Trace(LANE * 8, WHOLE, None, False)


# --- the pictures themselves ---------------------------------------------------------------------------


def likeness(new: Image.Image, stored: Image.Image, found: Iterable[Trace]) -> float:
    """How much of what both pictures show looks the same (0—1); SAME or more (SAME_FORM for sheets) means the same one."""
    best = 0.0
    for trace in found:
        if best < SAME:
            turned = new.transpose(trace.turn) if trace.turn is not None else new
            large, small = (turned, stored) if trace.stored_in_new else (stored, turned)
            if box := _fitted(large, small, trace.window):
                best = max(best, _agreeing(large, small, box))
    return best


def _fitted(large: Image.Image, small: Image.Image, box: Box) -> Box | None:
    """The window in `large`, which may reach beyond its edges, moved side by side in ever smaller steps until it shows most
    nearly what `small` shows; None when the first moves lead nowhere."""
    whole = _Patch(_sample(small, WHOLE, COARSE))

    def fit(box: Box) -> float:
        inside, part = _common(box)
        if part is None:
            return 0.0
        there = whole if part == WHOLE else _Patch(_sample(small, part, COARSE))
        return there.correlation(_Patch(_sample(large, inside, COARSE)))

    best = fit(box)
    for step in (0.06, 0.03, 0.015, 0.007, 0.0035):
        moved = best >= LOST
        while moved:
            moved = False
            for changes in _MOVES:
                other = tuple(side + change * step for side, change in zip(box, changes, strict=True))
                found = fit(other)
                if found > best + 1e-6:
                    best, box, moved = found, other, True
        if best < HOPELESS:
            return None
    return box


def _common(box: Box) -> tuple[Box, Box | None]:
    """What lies within both pictures: as a part of the large one and of the small one; None when that is too little."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if width < 0.3 or height < 0.3:
        return box, None
    inside = (max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0))
    if inside == box:
        return box, WHOLE
    part = (
        (inside[0] - left) / width,
        (inside[1] - top) / height,
        (inside[2] - left) / width,
        (inside[3] - top) / height,
    )
    if (part[2] - part[0]) * (part[3] - part[1]) < LEAST_COMMON:
        return box, None
    return inside, part


_MOVES = [
    tuple(sign if at in sides else 0 for at in range(4))
    for sides in ((0,), (1,), (2,), (3,), (0, 2), (1, 3))
    for sign in (1, -1)
]


class _Patch:
    """Grey pixels of one place, ready to be compared with others of the same size whatever their light and contrast."""

    __slots__ = ("pixels", "spread", "total")

    def __init__(self, pixels: bytes) -> None:
        count = len(pixels)
        self.pixels, self.total = pixels, sum(pixels)
        # Whole numbers: exact, and quicker than to take the mean off every pixel.
        self.spread = count * sum(map(mul, pixels, pixels)) - self.total * self.total

    @property
    def shows_something(self) -> bool:
        return self.spread >= (FLAT * len(self.pixels)) ** 2

    def correlation(self, other: "_Patch") -> float:
        """-1 to 1; 0 where there is nothing to be seen in one of the two."""
        if not (self.shows_something and other.shows_something):
            return 0.0
        together = len(self.pixels) * sum(map(mul, self.pixels, other.pixels)) - self.total * other.total
        return together / math.sqrt(self.spread * other.spread)


def _agreeing(large: Image.Image, small: Image.Image, box: Box) -> float:
    """The share of the places, of those that show anything in either picture, in which both show the same."""
    inside, part = _common(box)
    if part is None:
        return 0.0
    one, other = _sample(large, inside, FINE), _sample(small, part, FINE)
    told = same = 0
    for top in range(0, FINE, BLOCK):
        for left in range(0, FINE, BLOCK):
            rows = [slice(row * FINE + left, row * FINE + left + BLOCK) for row in range(top, top + BLOCK)]
            here, there = (_Patch(b"".join(picture[row] for row in rows)) for picture in (one, other))
            if here.shows_something or there.shows_something:
                told += 1
                same += here.correlation(there) >= AGREES
    return same / told if told >= 6 else 0.0
