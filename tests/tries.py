"""How often a property is tried that asks the database: on the second engine half as often. What is drawn differs from run to run,
and the engines answer for the same rows; where one answers otherwise the first examples tell."""

from django.conf import settings

SECOND = "postgresql" in settings.DATABASES["default"]["ENGINE"]


def tries(number: int) -> int:
    return number // 2 if SECOND else number
