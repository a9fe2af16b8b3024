"""A workbook made ready for openpyxl, which keeps every cell and row as an object of up to a kilobyte, also empty ones that
somebody has only formatted, and does not know Strict Open XML.

`lightened(content)` gives a file back as it is where openpyxl can hold it; else without its empty rows and cells.
`without_drawings(content)` leaves out what openpyxl would decode, or read once for every place that shows it.
"""

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .cells import cell_position, column_letters, listen
from .container import Package, guarded_parser

MOST_OBJECTS = 250_000  # what openpyxl keeps at once, about a kilobyte each; 10,000 rows of our own columns fit
LONGEST_FORMULA = 8_192  # characters, of Excel; openpyxl takes a shared one apart into an object per sign
FORMULA_PER_OBJECT = 16  # characters of a shared formula, which it writes out anew in each of its cells
IN_CELL = 3  # elements of a plain cell: v; or f and v; or is and t
AREAS = ("mergeCell", "hyperlink", "comment")  # openpyxl makes a cell of each that their ref covers
READ_FOR_EACH = ("worksheet", "chartsheet", "comments", "pivotTable", "externalLink")  # relation; nobody shares these
LOOKED_UP = ("hyperlink", "tablePart")  # openpyxl goes through all relations of the sheet for each
PER_COMMENT = 8  # objects: openpyxl draws a box for each
LOOK_UP = 50  # objects' worth of time: some 2,500 links to outside, or 5,000 inside, at most
NAMED_ONCE = ("sheet", "pivotCache", "externalReference")  # of the workbook, each with a relation of its own
# What shared texts are made of: openpyxl keeps them as plain texts. A part of their name may hold something else.
OF_TEXTS = {
    "sst", "si", "t", "r", "rPr", "rPh", "phoneticPr", "rFont", "sz", "color", "family", "scheme", "charset", "b", "i", "u",
    "strike", "vertAlign", "outline", "shadow", "extend", "condense",
}  # fmt: skip
DRAWING = "drawing"  # the kind of relation on which charts and pictures hang

_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")


class TooHeavy(Exception):
    """There is more in the workbook than openpyxl can hold in bounded memory."""


def lightened(content):
    """The bytes of an .xlsx file that openpyxl can load in bounded memory. Raises TooHeavy where there is none, and
    Unreadable for what is no workbook within the limits."""
    package = Package(content)
    weight = _Weight()
    for name in package.names():
        if package.holds_xml(name):
            weight.add(package, name)
    weight.add_pivots()
    if weight.filled + weight.longest > MOST_OBJECTS or weight.endless:
        raise TooHeavy
    too_many = weight.objects + weight.longest > MOST_OBJECTS
    if not too_many and not weight.strict:
        return content

    def change(name, data):
        if too_many and name in weight.sheets:
            data = _Slimmer().slim(data)
        return _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data) if weight.strict else data

    return _copied(content, package, change)


def without_drawings(content):
    """The bytes of an .xlsx file whose sheets have no pictures, charts and shapes; `content` itself where there are none.

    openpyxl reads a picture once for each place that shows it, decodes some kinds whole, and loses every shape anyway.
    Raises Unreadable."""
    package = Package(content)
    kept = {}  # {name of a part of relations: its text without those to drawings}
    for name in package.names():
        if name.endswith(".rels"):
            relations = _relations(package, name)
            others = [one for one in relations if _kind(one) != DRAWING]
            if len(others) < len(relations):
                kept[name] = "".join([_RELATIONS, *(_tag("Relationship", one) for one in others), "</Relationships>"])
    if not kept:
        return content
    package.sweep()  # the copy reads whole parts
    return _copied(content, package, lambda name, data: kept[name].encode() if name in kept else data)


def _relations(package, part):
    """The attributes of each relation."""
    found = []
    parser = guarded_parser()
    listen(parser, lambda name, attributes: found.append(attributes) if _local(name) == "Relationship" else None)
    package.parse(part, parser)
    return found


def _kind(relation):
    """The last word of the relation's type, which openpyxl takes from `type` as well."""
    return (relation.get("type") or relation.get("Type", "")).rpartition("/")[2]


def _tag(name, attributes):
    return f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes.items())}/>"


def _copied(content, package, change):
    """The package with `change(lower-case name, bytes)` in place of each part; openpyxl asks for none that is not XML."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            name = info.filename.replace("\\", "/")
            if package.holds_xml(name.lower()):
                new.writestr(name, change(name.lower(), old.read(info)))
    return result.getvalue()


def _local(name):
    return name.rpartition(":")[2]


@dataclass
class _Weight:
    """How many objects openpyxl would make of the parts added; `filled` leaves empty rows and cells out."""

    objects: int = 0
    filled: int = 0
    longest: int = 0  # elements of the largest shared text, which openpyxl holds until it has read it
    beside: int = 0  # objects of the parts that hold no cells
    caches: int = 0  # of pivot tables
    seen: set = field(default_factory=set)  # what may be asked for once
    endless: bool = False  # whether a part is asked for again, or a formula is longer than any
    sheets: set = field(default_factory=set)  # names of the parts that hold cells
    strict: bool = False

    def add(self, package, part):
        parser = guarded_parser()
        before, scale = self.filled, _Scale(self, part)
        listen(parser, scale.start, scale.end)
        parser.CharacterDataHandler = scale.text
        package.parse(part, parser)
        self.count(scale.unnamed + scale.relations**2 // LOOK_UP)
        if part not in self.sheets:
            self.beside += self.filled - before

    def add_pivots(self):
        """openpyxl reads the stores of all pivot tables again for every sheet."""
        self.count(self.caches * len(self.sheets) * self.beside)

    def count(self, number):
        self.objects += number
        self.filled += number

    def once(self, *name):
        self.endless = self.endless or name in self.seen
        self.seen.add(name)


class _Scale:
    """Puts one part on a `_Weight`."""

    def __init__(self, weight, part):
        self.weight, self.part = weight, part
        self.texts = part.endswith("/sharedstrings.xml")
        self.pieces = 0  # of one shared text
        self.in_data = self.in_cell = self.in_formula = self.empty_row = self.empty_cell = False
        self.elements = 0  # of the cell
        self.shared, self.length, self.formulas = None, 0, {}  # the formula's number and length, and those of all
        self.unnamed = 0  # cells of a table without column names, which openpyxl makes to look for them
        self.relations = 0
        self.in_name = False  # of a print area, a list of areas

    def start(self, name, attributes):
        local = _local(name)
        if self.texts and local in OF_TEXTS:
            self.pieces = 0 if local == "si" else self.pieces + 1
            self.weight.longest = max(self.weight.longest, self.pieces)
            return
        if local == "f":
            self.in_formula, self.length = True, 0
            self.shared = attributes.get("si") if attributes.get("t") == "shared" else None
        if self.in_cell:
            self.elements += 1
            if self.elements > IN_CELL:
                self.weight.count(1)
            if self.empty_cell:
                self.weight.filled += 1 + self.empty_row
                self.empty_cell = self.empty_row = False
        elif self.in_data and local in ("row", "c"):
            self.weight.objects += 1
            if local == "row":
                self.empty_row = True
            else:
                self.in_cell = self.empty_cell = True
                self.elements = 0
        else:
            self.in_data = self.in_data or local == "sheetData"
            self.beside(local, attributes)

    def beside(self, local, attributes):
        """An element outside cells."""
        self.weight.count(_covered(attributes.get("ref", "")) if local in AREAS else 1)
        self.weight.count(attributes.get("sqref", "").count(" "))  # a list of areas
        self.in_name = local == "definedName"
        if local == "comment":
            self.weight.count(PER_COMMENT)
        elif local in LOOKED_UP:
            self.weight.count(LOOK_UP)
        elif local == "Relationship":
            self.relation(attributes)
        elif local in NAMED_ONCE:
            self.weight.caches += local == "pivotCache"
            for key in attributes:
                if key.rpartition(":")[2] == "id":
                    self.weight.once(local, attributes[key])
        elif local == "table":
            self.unnamed = _covered(attributes.get("ref", ""))
        elif local == "tableColumn":
            self.unnamed = 0

    def relation(self, attributes):
        self.relations += 1
        self.weight.strict = self.weight.strict or "://purl.oclc.org/ooxml/" in attributes.get("Type", "")
        if _kind(attributes) in READ_FOR_EACH:
            folder = posixpath.dirname(posixpath.dirname(self.part))
            target = attributes.get("Target", "").lower()
            self.weight.once(posixpath.normpath(posixpath.join("/", folder, target)))

    def end(self, name):
        local = _local(name)
        if local == "f" and self.in_formula:
            self.in_formula = False
            self.weight.endless = self.weight.endless or self.length > LONGEST_FORMULA
            if self.shared is not None:
                length = self.formulas[self.shared] = max(self.length, self.formulas.get(self.shared, 0))
                self.weight.count(length // FORMULA_PER_OBJECT)
        elif local == "c":
            self.in_cell = False
        elif local == "sheetData":
            self.in_data = False
            self.weight.sheets.add(self.part)

    def text(self, data):
        if self.in_formula:
            self.length += len(data)
        elif self.in_name:
            self.weight.count(data.count(","))


def _covered(reference):
    """How many cells a merge or a link covers: openpyxl makes an object for each."""
    first, _, last = reference.partition(":")
    (top, left), (bottom, right) = cell_position(first), cell_position(last or first)
    return (bottom - top + 1) * (right - left + 1)


class _Slimmer:
    """Writes a sheet's XML again without the rows and cells that hold nothing. References that were left to be counted are
    written out, so that what stays is where it was."""

    def __init__(self):
        self.out = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n']
        self.waiting = []  # start tags of the row and the cell, until something is in them
        self.in_data = False
        self.row = self.column = 0

    def slim(self, data):
        """The bytes of the part, in UTF-8."""
        parser = expat.ParserCreate()  # of a part that a guarded parser has been through
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.text
        parser.Parse(data, True)
        return "".join(self.out).encode()

    def start(self, name, attributes):
        local = _local(name)
        waits = self.in_data and local in ("row", "c")
        if waits and local == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
            attributes["r"] = str(self.row)
        elif waits:
            reference = attributes.get("r")
            self.column = cell_position(reference)[1] if reference else self.column + 1
            attributes["r"] = f"{column_letters(self.column)}{self.row}"
        tag = f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in attributes.items())}>"
        if waits:
            self.waiting.append(tag)
        else:
            self.out += self.waiting
            self.waiting.clear()
            self.out.append(tag)
        self.in_data = self.in_data or local == "sheetData"

    def end(self, name):
        local = _local(name)
        self.in_data = self.in_data and local != "sheetData"
        if self.waiting and self.in_data and local in ("row", "c"):
            self.waiting.pop()
        else:
            self.out.append(f"</{name}>")

    def text(self, text):
        if not self.waiting:
            self.out.append(escape(text, {"\r": "&#13;"}))
