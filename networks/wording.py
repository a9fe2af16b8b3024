"""Which words stand in no text that leaves the circle of those who see a session (个人信息保护法 28).

The groups that are counted by heads only are a vocabulary of `trainings`, which builds upon this app, so it registers the
answer here when it loads. Until something is registered every question fails.
"""

import unicodedata
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models

from .names import PERSONAL_NUMBER

_find: Callable[[list[str]], list[str]] | None = None


def register(find: Callable[[list[str]], list[str]]) -> None:
    """Called once by `trainings` at start-up with `find(texts)`: for each text the protected name in it, or ''."""
    global _find
    _find = find


def protected_names_in(texts: list[str]) -> list[str]:
    """For each text the first name of a protected group that it contains, or ''. One query."""
    if _find is None:
        raise RuntimeError("trainings has not registered which names are protected")
    return _find(texts)


def has_personal_number(text: str) -> bool:
    return bool(PERSONAL_NUMBER.search(unicodedata.normalize("NFKC", text)))


def refuse_numbers(text: str) -> str:
    """The text of a note, which is read by more people than wrote it and kept for long. Raises ValidationError."""
    if has_personal_number(text):
        raise ValidationError("这里不写个人手机号码和身份证号，请去掉")
    return text


class Published(models.Model):
    """A row whose `PUBLIC_TEXTS`, and `phone` where it has one, everybody in the county reads, and residents some day."""

    PUBLIC_TEXTS: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def problems(self) -> dict[str, str]:
        """What is wrong with the row as a whole, as a sentence by field; all at once, and before the database says it in its
        own words."""
        texts = {name: getattr(self, name) for name in self.PUBLIC_TEXTS}
        found = dict(zip(texts, protected_names_in(list(texts.values())), strict=True))
        wrong = {field: f"这里不能出现“{name}”，请改用不指明人群的说法" for field, name in found.items() if name}
        for field, text in (texts | {"phone": getattr(self, "phone", "")}).items():
            if has_personal_number(text):
                wrong.setdefault(field, "这里大家都能看到，不写个人手机号码和身份证号，请改填办公电话")
        return wrong

    def clean(self) -> None:
        super().clean()
        if wrong := self.problems():
            raise ValidationError(wrong)
