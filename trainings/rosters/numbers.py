"""Numbers that no roster keeps: ID numbers go, of telephones the last four digits stay (PIPL 6; nothing of them is stored)."""

import re
import unicodedata
from dataclasses import dataclass

# A number may be written with spaces or dashes between its groups, and Excel writes a long one as 4.50124E+17.
_APART = r"[ \-]?"
_ID = re.compile(
    rf"(?<![0-9])(?:[0-9]{{6}}{_APART}[0-9]{{8}}{_APART}[0-9]{{3}}[0-9Xx]|[0-9]{{6}}{_APART}[0-9]{{6}}{_APART}[0-9]{{3}})(?![0-9])"
    r"|(?<![0-9.])[0-9](?:\.[0-9]+)?[Ee]\+1[0-9](?![0-9])"
    r"|(?<![0-9])[0-9]{12,}[Xx]?"
)
_PHONE = re.compile(
    rf"(?<![0-9])(?:\+?86{_APART})?1[3-9][0-9]{_APART}[0-9]{{4}}{_APART}([0-9]{{4}})(?![0-9])"
    r"|(?<![0-9])(?:0[0-9]{2,3}-?)?[0-9]{3,7}([0-9]{4})(?![0-9])"
)


@dataclass
class Cut:
    """How many numbers were taken out of a text."""

    ids: int = 0
    phones: int = 0

    def __add__(self, other: "Cut") -> "Cut":
        return Cut(self.ids + other.ids, self.phones + other.phones)

    @property
    def sentences(self) -> list[str]:
        told = []
        if self.ids:
            told.append(f"有 {self.ids} 处身份证号等长号码，已当场删去，没有保存。系统不登记身份证号")
        if self.phones:
            told.append(f"有 {self.phones} 个完整电话号码，只留下末四位")
        return told


def plain_digits(text: str) -> str:
    """The text without invisible characters but tabs and line breaks, any script's digits as 0—9 and full-width punctuation as ASCII."""
    out = []
    for ch in text:
        if "！" <= ch <= "～":
            ch = chr(ord(ch) - 0xFEE0)
        elif unicodedata.category(ch) == "Nd":
            ch = str(unicodedata.decimal(ch))
        elif ch in "\u3000\xa0":
            ch = " "
        elif unicodedata.category(ch) in ("Cf", "Cs", "Cc") and ch not in "\t\n":
            continue
        out.append(ch)
    return "".join(out)


def cut_numbers(text: str) -> tuple[str, Cut]:
    """The text (digits made plain) without ID numbers, each telephone number as 尾号1234."""
    text = plain_digits(text)
    text, ids = _ID.subn(" ", text)
    text, phones = _PHONE.subn(lambda found: f" 尾号{found[1] or found[2]} ", text)
    return text, Cut(ids, phones)
