"""How names are compared and stored: what clerks type is matched generously and kept as typed (XL-6)."""

import re
import unicodedata

# Invisible formatting characters (zero width, bidi, byte-order marks, soft hyphens) never carry meaning in a name. Private use
# and code points newer than this Python's tables stay: rare Han characters of names live there.
_INVISIBLE = {"Cf", "Cc", "Cs"}
_LONG_NUMBER = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
_VILLAGE = re.compile(r"(社区居委会|社区居民委员会|村民委员会|村委会|居委会)$")


def clean_text(text: str) -> str:
    """The text as typed, trimmed, without invisible, control and bidi characters; line breaks become spaces."""
    if not text.isprintable():  # none of what is removed here is printable; nearly every text is
        text = re.sub(r"[\t\r\n\v\f\u2028\u2029]+", " ", text)
        text = "".join(ch for ch in text if unicodedata.category(ch) not in _INVISIBLE)
    return text.strip()


def shown_name(name: str) -> str:
    """A person's file name, without path, invisible characters, and numbers that may be an ID or a telephone (PI-7)."""
    plain = clean_text(name.replace("\\", "/").rsplit("/", 1)[-1]) or "未命名"
    return mask_long_numbers(plain)[-200:]


# A mobile telephone, also as 138-0077-1234 or +86 138…, or an identity card in one or three parts; neither is an office's.
PERSONAL_NUMBER = re.compile(
    r"(?<!\d)((?:(?:\+|00)?86[ -]?)?1[3-9]\d([ .·—–-]?)\d{4}\2\d{4}|\d{6}([ -]?)\d{8}\3\d{3}[\dXx])(?!\d)"
)


def mask_long_numbers(text: str) -> str:
    """The text without numbers that may be a person's: an ID number or a mobile telephone, also with blanks, dashes or +86 and
    in full width (PI-7). What stands around them stays as typed."""
    for pattern in (PERSONAL_NUMBER, _LONG_NUMBER):
        for found in reversed([*pattern.finditer(_plain_of_same_length(text))]):
            text = f"{text[: found.start()]}****{text[found.end() :]}"
    return text


def _plain_of_same_length(text: str) -> str:
    """NFKC of each character that has one of one character, so that what is found here stands at the same place there."""
    if text.isascii():
        return text
    return "".join(one if len(one := unicodedata.normalize("NFKC", typed)) == 1 else typed for typed in text)


def clean_lines(text: str) -> str:
    """`clean_text` for a text of several lines: each line cleaned, line breaks kept as \\n."""
    if text.isprintable():
        return text.strip()
    return "\n".join(map(clean_text, re.split(r"\r\n|[\r\n\u2028\u2029]", text))).strip()


_PHONE = re.compile(r"[0-9+(][0-9+()\- ]{2,29}")
_EXTENSION = re.compile(r" ?[0-9]{1,6}")
DIGITS = range(3, 15)  # of a telephone number; an identity card has 15 or 18, which are kept nowhere


def plain_phone(text: str) -> str:
    """A telephone number as typed, full-width characters made plain; 转 begins an extension, several numbers are parted by 、
    or /. Raises ValueError for what is none."""
    plain = unicodedata.normalize("NFKC", clean_text(text)).replace("—", "-").replace("–", "-")
    for one in re.split(r"[、/,;]", plain):
        number, extended, extension = one.strip().partition("转")
        fits = _PHONE.fullmatch(number) and sum(map(str.isdigit, number)) in DIGITS
        if not fits or (extended and not _EXTENSION.fullmatch(extension)):
            raise ValueError(plain)
    return plain


def match_key(text: str) -> str:
    """The form in which two names are the same: NFKC, no spaces, no invisible characters, one kind of dot."""
    text = clean_text(unicodedata.normalize("NFKC", text))
    return re.sub(r"\s+", "", text).replace("•", "·").replace("・", "·").casefold()


def short_division_name(name: str) -> str:
    """新汉村委会 → 新汉村, 西华社区居委会 → 西华社区; a township's or county's name is short already."""
    ending = _VILLAGE.search(name)
    if not ending:
        return name
    stem = name[: ending.start()]
    if ending[1].startswith("社区"):
        return f"{stem}社区"
    if ending[1].startswith("村"):
        return f"{stem}村"
    return stem if stem.endswith(("社区", "村")) else f"{stem}社区"


# With a day of birth in it, so that an 18-digit number of a document or a bank is none.
ID_NUMBER = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")


def has_id_number(text: str) -> bool:
    """Whether the number of an identity card stands in it; none is kept anywhere, neither of residents nor of staff."""
    return len(text) >= 18 and bool(ID_NUMBER.search(unicodedata.normalize("NFKC", text)))
