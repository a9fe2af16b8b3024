"""A workbook made ready for openpyxl, which keeps every cell and row as an object of up to a kilobyte, also empty ones that
somebody has only formatted, and does not know Strict Open XML.

`lightened(content)` gives a file back as it is where openpyxl can hold it; else without its empty rows and cells.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .cells import cell_position, column_letters, listen
from .container import Package, guarded_parser

MOST_OBJECTS = 250_000  # what openpyxl keeps at once, about a kilobyte each; 10,000 rows of our own columns fit

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
    if weight.filled > MOST_OBJECTS:
        raise TooHeavy
    too_many = weight.objects > MOST_OBJECTS
    if not too_many and not weight.strict:
        return content
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            name = info.filename.replace("\\", "/")
            if too_many and name.lower() in weight.sheets:
                data = _Slimmer().slim(data)
            if weight.strict and package.holds_xml(name.lower()):
                data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", data)
            new.writestr(name, data)
    return result.getvalue()


def _local(name):
    return name.rpartition(":")[2]


@dataclass
class _Weight:
    """How many objects openpyxl would make of the parts added; `filled` leaves empty rows and cells out."""

    objects: int = 0
    filled: int = 0
    sheets: set = field(default_factory=set)  # names of the parts that hold cells
    strict: bool = False

    def add(self, package, part):
        in_data = in_cell = empty_row = empty_cell = False

        def start(name, attributes):
            nonlocal in_data, in_cell, empty_row, empty_cell
            local = _local(name)
            if in_cell:
                if empty_cell:
                    empty_cell = False
                    self.filled += 1 + empty_row
                    empty_row = False
            elif in_data and local in ("row", "c"):
                self.objects += 1
                if local == "row":
                    empty_row = True
                else:
                    in_cell = empty_cell = True
            else:
                in_data = in_data or local == "sheetData"
                number = _covered(attributes.get("ref", "")) if local == "mergeCell" else 1
                self.objects += number
                self.filled += number
                if local == "Relationship" and "://purl.oclc.org/ooxml/" in attributes.get("Type", ""):
                    self.strict = True

        def end(name):
            nonlocal in_data, in_cell
            local = _local(name)
            if local == "c":
                in_cell = False
            elif local == "sheetData":
                in_data = False
                self.sheets.add(part)

        texts = part.endswith("/sharedstrings.xml")  # openpyxl keeps these as plain texts
        parser = guarded_parser()
        if not texts:
            listen(parser, start, end)
        package.parse(part, parser)


def _covered(reference):
    """How many cells a merge covers: openpyxl makes an object for each."""
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
