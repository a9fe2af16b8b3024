"""Evidence for invented sessions: drawn scenes that nobody can take for photographs, a sign-in sheet, a one-page PDF."""

import io
import math
import random
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (800, 600)
_MARK = Path(__file__).parent / "mark.png"  # the words 演示图片; no Chinese font is needed on the machine
_SHIRTS = ["#2f4a6d", "#7a4a2b", "#4f6f52", "#8c2f39", "#5d5d81", "#b08d57", "#3c6e71"]
_WALLS = ["#f3ead7", "#e8efe9", "#eef1f6", "#f6eee6"]
_HALL, _FIELD = range(2)


def photo(rng: random.Random) -> bytes:
    """A JPEG of a class in a hall or in the open before the limestone hills; `rng` decides everything in it."""
    picture = Image.new("RGB", SIZE, rng.choice(_WALLS))
    draw = ImageDraw.Draw(picture)
    if rng.randrange(2) == _FIELD:
        _hills(draw, rng)
    else:
        _board(draw, rng)
    _people(draw, rng)
    return _marked(picture, rng)


def sign_in_sheet(rng: random.Random) -> bytes:
    """A JPEG of a filled sign-in sheet; the entries are scribbles, there are no names on it."""
    picture = Image.new("RGB", SIZE, "#fbfaf5")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((260, 30, 540, 50), fill="#333333")
    columns = [60, 120, 330, 430, 590, 740]
    for row in range(14):
        top = 80 + row * 36
        draw.line((columns[0], top, columns[-1], top), fill="#444444", width=2)
        if 0 < row < 13:
            for left in columns[1:-1]:
                _scribble(draw, rng, left + 14, top + 20)
    for left in columns:
        draw.line((left, 80, left, 80 + 13 * 36), fill="#444444", width=2)
    return _marked(picture, rng)


def _hills(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    draw.rectangle((0, 0, 800, 300), fill=rng.choice(["#cfe3ef", "#dfe7ea", "#e9dfc8"]))
    for shade in ("#8fae9a", "#6f947d", "#557a63"):
        step, phase = rng.uniform(70, 150), rng.uniform(0, 6)
        height = rng.randint(60, 150)
        ridge = [(x, 300 - height * abs(math.sin(x / step + phase))) for x in range(0, 801, 8)]
        draw.polygon([(0, 320), *ridge, (800, 320)], fill=shade)
    draw.rectangle((0, 310, 800, 600), fill=rng.choice(["#b9b27a", "#9fb07a", "#c2a878"]))
    for _ in range(rng.randint(3, 7)):  # rows of mulberry
        y = rng.randint(330, 420)
        draw.line((0, y, 800, y + rng.randint(-12, 12)), fill="#5e7f4a", width=rng.randint(5, 11))


def _board(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    left, top = rng.randint(80, 240), rng.randint(50, 90)
    right, bottom = left + rng.randint(320, 460), top + rng.randint(150, 200)
    draw.rectangle((left - 8, top - 8, right + 8, bottom + 8), fill="#6b4e32")
    draw.rectangle((left, top, right, bottom), fill=rng.choice(["#23433a", "#f8f8f8", "#2b3a55"]))
    for line in range(rng.randint(3, 5)):
        _scribble(draw, rng, left + 30, top + 35 + line * 32, width=(right - left) - 60, colour="#c9b072")
    teacher = rng.choice([left - 40, right + 45])
    draw.ellipse((teacher - 20, 150, teacher + 20, 192), fill="#e3bf9b")
    draw.rounded_rectangle((teacher - 34, 190, teacher + 34, 340), 18, fill=rng.choice(_SHIRTS))
    draw.rectangle((0, 345, 800, 600), fill=rng.choice(["#cbb896", "#bfc4c9", "#d6c7a9"]))


def _people(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Rows of listeners seen from behind: advice for real photographs too (不拍正脸)."""
    for row in range(rng.randint(2, 4)):
        scale, y = 1 + row * 0.28, 400 + row * 60
        for seat in range(int(11 / scale)):
            if rng.random() < 0.18:
                continue
            x = 40 + seat * 76 * scale + rng.randint(-9, 9)
            draw.rounded_rectangle((x - 26 * scale, y + 20, x + 26 * scale, y + 190), 16, fill=rng.choice(_SHIRTS))
            draw.ellipse((x - 17 * scale, y - 16 * scale, x + 17 * scale, y + 20 * scale), fill="#2a2320")


def _scribble(draw, rng: random.Random, x: float, y: float, *, width: int = 70, colour: str = "#28406b") -> None:
    points = [(x + step, y + rng.randint(-8, 8)) for step in range(0, rng.randint(width // 2, width), 6)]
    draw.line(points, fill=colour, width=3)


def _marked(picture: Image.Image, rng: random.Random) -> bytes:
    with Image.open(_MARK) as mark:
        stamp = mark.convert("L")
    picture.paste("#9c2a2a", (rng.randint(20, 480), rng.randint(16, 60)), stamp)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=72)
    return out.getvalue()


def pdf(lines: list[str]) -> bytes:
    """A one-page A4 PDF of short lines in a reader's own Chinese font (no font is embedded); the first is the title."""
    shown = ["BT"]
    for number, line in enumerate(lines):
        size, y = (20, 760) if number == 0 else (12, 740 - number * 26)
        shown.append(f"/F1 {size} Tf 1 0 0 1 70 {y} Tm <{line.encode('utf-16-be').hex()}> Tj")
    content = "\n".join([*shown, "ET"]).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
        b"/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()
