"""How well a photo is known again (UP-3): `python3 run.py bench --only photos`.

A generated corpus, the same every time: scenes that are drawn with the texture of photographs, what people do to a photo
before they send it a second time (crops, re-encoding, other brightness, a turn kept in EXIF), and pictures that have nothing
to do with each other, among them the hard ones: the same room with other people, the same printed form with other entries.
Counts, per kind of change, how many were missed, and over all unrelated pairs, how many were taken for the same picture.
"""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from networks.uploads import reencode
from trainings import photos

SIZE = (1280, 960)
SKIN, HAIR = ["#e3bf9b", "#d8ad86", "#c99b72"], ["#2a2320", "#3a2f2a", "#1d1b1a", "#6d6a68"]


# --- pictures ------------------------------------------------------------------------------------------


def scene(number: int, people: int | None = None) -> Image.Image:
    """A class in a room or in the open. The room depends on `number` alone, who sits in it on `people`."""
    room, crowd = random.Random(f"room {number}"), random.Random(f"people {number if people is None else people}")
    picture = _ground(room)
    draw = ImageDraw.Draw(picture)
    for _ in range(room.randint(6, 14)):  # boards, windows, doors, trees, hills
        x, y = room.randint(-100, SIZE[0]), room.randint(-60, SIZE[1] * 2 // 3)
        w, h = room.randint(60, 460), room.randint(60, 360)
        shape = room.choice([draw.rectangle, draw.ellipse, draw.rectangle])
        shape((x, y, x + w, y + h), fill=_colour(room), outline=_colour(room), width=room.randint(1, 9))
    _sitting(draw, crowd)
    return _grain(picture, room).resize((800, 600), Image.Resampling.LANCZOS)


def _ground(rng: random.Random) -> Image.Image:
    """Soft light and shade over the whole picture, as walls, fields and skies have."""
    low = Image.new("RGB", (8, 6))
    low.putdata([tuple(rng.randint(70, 230) for _ in range(3)) for _ in range(48)])
    picture = low.resize(SIZE, Image.BICUBIC)
    draw = ImageDraw.Draw(picture)
    horizon = rng.randint(300, 560)
    draw.polygon(
        [
            (0, horizon),
            *((x, horizon + rng.randint(-70, 70)) for x in range(160, 1280, 160)),
            (1280, horizon),
            (1280, 960),
            (0, 960),
        ],
        fill=_colour(rng),
    )
    return picture


def _sitting(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    for row in range(rng.randint(2, 4)):
        scale, y = 1 + row * 0.35, 480 + row * 110 + rng.randint(-20, 20)
        x = rng.randint(0, 90)
        while x < SIZE[0]:
            if rng.random() < 0.75:
                w = 46 * scale
                draw.rounded_rectangle((x - w, y + 30 * scale, x + w, y + 240), 24, fill=_colour(rng))
                draw.ellipse((x - w * 0.6, y - 34 * scale, x + w * 0.6, y + 40 * scale), fill=rng.choice(HAIR + SKIN))
            x += rng.randint(90, 170) * scale


def _grain(picture: Image.Image, rng: random.Random) -> Image.Image:
    """What a lens and a sensor add: soft edges, some noise, darker corners."""
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 1.8)))
    noise = Image.new("L", (64, 48))
    noise.putdata([rng.randint(96, 160) for _ in range(64 * 48)])
    shade = noise.resize(SIZE, Image.BICUBIC).convert("RGB")
    return ImageChops.blend(picture, ImageChops.overlay(picture, shade), 0.5)


def _colour(rng: random.Random) -> tuple[int, int, int]:
    base = rng.randint(30, 220)
    return tuple(max(0, min(255, base + rng.randint(-50, 50))) for _ in range(3))


def sheet(number: int) -> Image.Image:
    """A filled sign-in sheet, straightened by a scanning app: the form is always the same, the entries are scribbles."""
    rng = random.Random(f"sheet {number}")
    picture = Image.new("RGB", (960, 1280), "#fbfaf5")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((300, 40, 660, 72), fill="#333333")
    columns, top = [50, 130, 330, 420, 640, 910], 120
    for row in range(26):
        draw.line((columns[0], top + row * 44, columns[-1], top + row * 44), fill="#444444", width=2)
    for x in columns:
        draw.line((x, top, x, top + 25 * 44), fill="#444444", width=2)
    for row in range(1, rng.randint(12, 25)):
        for x in columns[:-1]:
            length = rng.randint(25, 75)
            points = [(x + 12 + step, top + row * 44 + 22 + rng.randint(-13, 13)) for step in range(0, length, 6)]
            draw.line(points, fill=rng.choice(["#28406b", "#222222"]), width=rng.randint(2, 4))
    return picture


# --- what is done to them ------------------------------------------------------------------------------


def encoded(picture: Image.Image, quality: int = 85, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": quality} if kind == "JPEG" else {}), **options)
    return out.getvalue()


def cropped(picture: Image.Image, rng: random.Random, least: float, most: float) -> Image.Image:
    """Keeps between `least` and `most` of the width and of the height, each by itself, anywhere in the picture."""
    w, h = (round(side * rng.uniform(least, most)) for side in picture.size)
    x, y = rng.randint(0, picture.width - w), rng.randint(0, picture.height - h)
    return picture.crop((x, y, x + w, y + h))


def resized(picture: Image.Image, edge: int) -> Image.Image:
    picture = picture.copy()
    picture.thumbnail((edge, edge), Image.LANCZOS)
    return picture


def turned_by_exif(picture: Image.Image, orientation: int) -> bytes:
    """Pixels lie on their side and EXIF says so, as phones write them."""
    back = {3: Image.ROTATE_180, 6: Image.ROTATE_90, 8: Image.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture.transpose(back), 88, exif=exif)


def lit(picture: Image.Image, light: float, contrast: float = 1.0) -> Image.Image:
    return ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(light)).enhance(contrast)


def marked(picture: Image.Image) -> Image.Image:
    """A date and place stamped into the corner, as camera apps do."""
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    w, h = picture.size
    draw.rectangle((w * 0.02, h * 0.86, w * 0.42, h * 0.97), fill="#ffffff")
    draw.rectangle((w * 0.04, h * 0.885, w * 0.3, h * 0.9), fill="#222222")
    draw.rectangle((w * 0.04, h * 0.93, w * 0.38, h * 0.945), fill="#222222")
    return picture


Change = Callable[[Image.Image, random.Random], bytes]
CHANGES: dict[str, Change] = {
    "same file": lambda p, r: encoded(p, 92),
    "re-encoded, quality 30": lambda p, r: encoded(p, 30),
    "as PNG": lambda p, r: encoded(resized(p, 480), kind="PNG"),
    "shrunk to 480": lambda p, r: encoded(resized(p, 480), 70),
    "brighter by 35 %": lambda p, r: encoded(lit(p, 1.35)),
    "darker by 35 %": lambda p, r: encoded(lit(p, 0.65)),
    "contrast × 1.4": lambda p, r: encoded(lit(p, 1, 1.4)),
    "grey": lambda p, r: encoded(p.convert("L")),
    "turned by EXIF": lambda p, r: turned_by_exif(p, r.choice([3, 6, 8])),
    "turned, pixels": lambda p, r: encoded(
        p.transpose(r.choice([Image.ROTATE_90, Image.ROTATE_180, Image.ROTATE_270]))
    ),
    "date stamped in": lambda p, r: encoded(marked(p)),
    "crop, 85—97 % a side": lambda p, r: encoded(cropped(p, r, 0.85, 0.97)),
    "crop, 70—85 % a side": lambda p, r: encoded(cropped(p, r, 0.70, 0.85)),
    "crop, 55—70 % a side": lambda p, r: encoded(cropped(p, r, 0.55, 0.70)),
    "crop 75—95 %, brighter, shrunk, quality 50": lambda p, r: encoded(
        resized(lit(cropped(p, r, 0.75, 0.95), r.uniform(0.8, 1.25)), 720), 50
    ),
    "two crops, 80—95 %, of one photo": lambda p, r: encoded(cropped(p, r, 0.80, 0.95)),
}
TWICE = "two crops, 80—95 %, of one photo"  # the first of the two is cropped as well
SHEETS = "sign-in sheet, shrunk and re-encoded"


# --- the measurement -----------------------------------------------------------------------------------


@dataclass
class Stored:
    """A picture as it lies in the ledger: after the upload's own re-encoding, with its print."""

    image: Image.Image
    is_sheet: bool
    patterns: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.patterns = photos.print_of(self.image)


def stored(content: bytes, is_sheet: bool = False) -> Stored:
    kept, _ = reencode(content, "PNG" if content.startswith(b"\x89PNG") else "JPEG")
    return Stored(photos.opened(kept), is_sheet)


def found_in(shelf: list[Stored], new: Stored) -> set[int]:
    """Which pictures of the shelf the product takes for the same as `new`, in the two steps of trainings/photo_matches.py."""
    found = set()
    for one in photos.candidates(new.image, new.patterns, [(at, old.patterns) for at, old in enumerate(shelf)]):
        old = shelf[one.key]
        limit = photos.SAME_FORM if new.is_sheet and old.is_sheet else photos.SAME
        if photos.likeness(new.image, old.image, one.traces) >= limit:
            found.add(one.key)
    return found


@dataclass
class Count:
    change: str
    tried: int = 0
    missed: int = 0
    alarms: int = 0  # other pictures that were taken for it


def measure(scenes: int) -> tuple[list[Count], int, int]:
    """The counts of every change over so many scenes; then how many pairs of different pictures were compared with each
    other and how many of them were taken for the same."""
    pictures = [scene(number) for number in range(scenes)]
    rooms = [stored(encoded(scene(number, people=1000 + number))) for number in range(scenes)]
    sheets = [stored(encoded(sheet(number)), is_sheet=True) for number in range(scenes)]
    shelf = [*(stored(encoded(picture)) for picture in pictures), *rooms, *sheets]
    counts = []
    for name, change in CHANGES.items():
        count = Count(name)
        for number, picture in enumerate(pictures):
            rng = random.Random(f"{name} {number}")
            here = shelf
            if name == TWICE:
                here = [*shelf[:number], stored(encoded(cropped(picture, rng, 0.80, 0.95))), *shelf[number + 1 :]]
            _note(count, found_in(here, stored(change(picture, rng))), number)
        counts.append(count)
    count = Count(SHEETS)
    for number in range(scenes):
        again = encoded(lit(resized(sheet(number), 700), 0.85), 60)
        _note(count, found_in(shelf, stored(again, is_sheet=True)), 2 * scenes + number)
    pairs = len(shelf) * (len(shelf) - 1) // 2
    taken = sum(len(found_in(shelf[:at], one)) for at, one in enumerate(shelf))
    return [*counts, count], pairs, taken


def _note(count: Count, found: set[int], right: int) -> None:
    count.tried += 1
    count.missed += right not in found
    count.alarms += len(found - {right})
