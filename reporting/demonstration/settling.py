"""The earlier years are settled by the verbs, as two people of the office would have done some weeks after their ledgers had come
in; of the last full year the office is still collecting what was sent back."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.utils import timezone

from networks.models import Division, User

from ..models import AssessmentYear
from .ledger import Ledger
from .script import EARLIER_YEARS, MARK

DAYS_AFTER = 9  # the ledgers had been imported


@contextmanager
def clock_at(moment: datetime.datetime) -> Iterator[None]:
    """An act is signed with its time and never changed, so it cannot be dated back like other rows."""
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def write(county: Division, today: datetime.date) -> None:
    """The two years before the last full one."""
    first, second = (User.objects.get(username=name) for name in ("bureau", "bureau2"))
    moment = min(Ledger(county, today).imported_at() + datetime.timedelta(days=DAYS_AFTER), timezone.now())
    for number in range(today.year - EARLIER_YEARS, today.year - 1):
        year = AssessmentYear.objects.get(county=county, year=number)
        with clock_at(moment):
            year.propose_lock(first, f"{MARK}：历史台账已核对").confirm(second)
        moment = min(moment + datetime.timedelta(minutes=40), timezone.now())
