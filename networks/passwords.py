"""What a password must be (ID-3): the rule of one of two policies, and under either nothing that an acquaintance, or whoever
has a list of lost passwords, would try first.

`dengbao` asks for kinds of characters (等保 8.1.4.1 a), `asvs` for length alone (ASVS 6.2.1, 6.2.5); settings choose.
"""

import csv
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ValidationError

from .names import short_division_name

MINIMUM_LENGTH, LENGTH_ALONE = 8, 12
_KINDS = [r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"]


class LengthAndKinds:
    """At least eight characters of at least three of the four kinds (等保 8.1.4.1 a)."""

    def validate(self, password: str, user: object = None) -> None:
        kinds = sum(bool(re.search(kind, password)) for kind in _KINDS)
        if len(password) < MINIMUM_LENGTH or kinds < 3:
            raise ValidationError(self.get_help_text(), code="password_too_simple")

    def get_help_text(self) -> str:
        return f"密码至少 {MINIMUM_LENGTH} 位，并包含大写字母、小写字母、数字、符号中的至少三种。"


class LengthAlone:
    """At least twelve characters, of any kind: a long one is better than a crooked one."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) < LENGTH_ALONE:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        return f"密码至少 {LENGTH_ALONE} 位，用什么字符都可以。"


class NotAboutTheAccount:
    """The account's name, and the words that everybody here would try, wherever they stand in it."""

    words = ("mashan", "shequ", "jiaoyu", "马山", "社区教育", "password", "admin123")

    def validate(self, password: str, user: object = None) -> None:
        words = {_plain(word) for word in [*self.words, getattr(user, "username", "") or ""]}
        forms = [form for variants in _readings(password) for form in variants]
        if any(len(word) > 2 and word in form for word in words for form in forms):
            raise ValidationError(self.get_help_text(), code="password_about_account")

    def get_help_text(self) -> str:
        return "密码中不要出现账号名、地名和“mashan”“admin”一类容易猜到的词。"


class NotGuessable:
    """More than known words, names, years, short numbers and rows of the keyboard strung together. Whatever signs stand between
    them, letters written as digits (m4shan) and words written backwards are seen through."""

    def validate(self, password: str, user: object = None) -> None:
        if unexplained(password, _own_words(user)) < UNEXPLAINED:
            raise ValidationError(self.get_help_text(), code="password_guessable")

    def get_help_text(self) -> str:
        return (
            "密码不要只由地名、单位名、姓名、常用词（和它们的拼音）、年份、号码和键盘上相邻的键拼成，也不要用网上泄露过的密码；"
            "可以用三四个互不相干的词连起来。"
        )


# --- what is guessed ------------------------------------------------------------------------------------

DATA = Path(__file__).parent / "data"
UNEXPLAINED = 5  # characters that have to remain when everything guessable has been taken away
_LONGEST_LOOKED_AT = 128  # characters; a longer password is not guessed by its beginning
_ENDINGS = re.compile(r"(社区居委会|村委会|瑶族乡人民政府|人民政府|瑶族乡|镇|乡|县)$")
_ROWS = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"]
_ROWS += ["1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6", "a1b2c3d4e5f6"]
_SHORTER = ["qwe", "asd", "zxc", "abc", "qaz", "wsx", "edc", "rfv", "tgb", "yhn", "ujm"]  # beginnings and columns
_NUMBERS = re.compile(  # one at each place, the longest first
    r"(?=("
    r"1[3-9]\d{9}|450124\d{0,6}|(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d|\d\d(?:0[1-9]|1[0-2])[0-3]\d|5201314|1314520"
    r"|(?:19|20)\d\d|0771|530600|(?P<one>.)(?P=one){2,}"
    r"))"
)
_SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_AS_LETTERS = {
    "0": "o",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "+": "t",
}
_LETTERS = [str.maketrans(_AS_LETTERS | {"1": one}) for one in "il"]


def _plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def _readings(password: str) -> Iterator[tuple[str, ...]]:
    """The password without signs, and with those that may stand for a letter; each as it is and with digits and signs read as
    letters, sign by sign at the same places."""
    text = unicodedata.normalize("NFKC", password).casefold()[:_LONGEST_LOOKED_AT]
    for kept in {_plain(text), "".join(sign for sign in text if sign.isalnum() or sign in _AS_LETTERS)}:
        yield (kept, *(kept.translate(table) for table in _LETTERS))


def unexplained(password: str, own: frozenset[str] = frozenset()) -> int:
    """How many letters and digits remain when as much as possible is explained by words and numbers that people try. Numbers of
    up to four digits count as explained beside a word; where no word is known, nothing is explained at all."""
    words = guessable_words() | own
    longest = max(map(len, words))
    forwards = list(_readings(password))
    backwards = [tuple(form[::-1] for form in forms) for forms in forwards]
    return min((_left(forms, words, longest) for forms in forwards + backwards), default=0)


def _left(forms: tuple[str, ...], words: frozenset[str], longest: int) -> int:
    raw = forms[0]
    short = {found.span() for found in _SHORT_NUMBER.finditer(raw)}
    known = {(found.start(), found.start() + len(found[1])) for found in _NUMBERS.finditer(raw)}
    for start in range(len(raw)):
        ends = range(start + 2, min(len(raw), start + longest) + 1)
        known |= {(start, end) for end in ends if any(form[start:end] in words for form in forms)}
    if not known:
        return sum(map(str.isalnum, raw))
    starts: dict[int, list[int]] = {}
    for start, end in short | known:
        starts.setdefault(end, []).append(start)
    least = [0]  # of what ends at each place
    for end, sign in enumerate(raw, start=1):
        least.append(min(least[end - 1] + sign.isalnum(), *(least[start] for start in starts.get(end, ())), len(raw)))
    return least[-1]


@functools.cache
def guessable_words() -> frozenset[str]:
    """The county's places, units and bodies in characters, in pinyin and (units) by initials; the words of the list by hand; rows
    of the keyboard and the alphabet, either way. Only what is at least three characters long, of Han two."""
    lines = (DATA / "guessable_by_hand.txt").read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    places = {row["name"] for row in _rows("mashan_divisions.csv")}
    units = {name for row in _rows("member_units.csv") for name in [row["name"], *row["aliases"].split("|")] if name}
    units |= {row["code"] for row in _rows("member_units.csv")} | {
        row["name"] for row in _rows("affiliated_bodies.csv")
    }
    for name in places | units:
        short = name.removeprefix("县")
        for part in {name, short, short_division_name(name), _ENDINGS.sub("", name), _ENDINGS.sub("", short)}:
            words |= {part, *in_pinyin(part)}
            if name in units:
                words |= {"".join(syllable[0] for syllable in each) for each in _syllables(part)}
    for row in _ROWS:
        for way in (row, row[::-1]):
            words |= {way[start:end] for start in range(len(way)) for end in range(start + 4, len(way) + 1)}
    words |= {way for row in _SHORTER for way in (row, row[::-1])}
    return frozenset(word for word in words if len(word) > 2 or (len(word) == 2 and not word.isascii()))


def in_pinyin(name: str) -> set[str]:
    """Every reading of a name of Han characters; nothing where one of them stands not in pinyin.csv."""
    return {"".join(each) for each in _syllables(name)}


def _syllables(name: str) -> Iterator[tuple[str, ...]]:
    return itertools.product(*(_pinyin().get(character, ()) for character in name))


@functools.cache
def _pinyin() -> dict[str, tuple[str, ...]]:
    return {row["character"]: tuple(row["readings"].split()) for row in _rows("pinyin.csv")}


def _rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _own_words(user: object) -> frozenset[str]:
    """What the account is called and to whom it belongs."""
    username = getattr(user, "username", "") or ""
    words = {username, *re.split(r"[\W_]+", username)}
    if getattr(user, "person_id", None):
        words |= {user.person.name, *in_pinyin(user.person.name)}
    return frozenset(word for word in map(_plain, words) if len(word) > 1)
