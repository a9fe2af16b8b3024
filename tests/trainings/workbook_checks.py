"""A ledger of few words, and what its rehearsal says."""

from tests.trainings.workbook_files import HEADER, book
from trainings.models import TrainingSession
from trainings.workbook import commit


def sheet(day, header=(), *rows):
    """A ledger of sessions named 甲, 乙, 丙 … on one day with further columns."""
    return book([[*HEADER, *header], *([name, day, 40, *row] for name, row in zip("甲乙丙丁戊己", rows, strict=False))])


def errors(rehearsal):
    return [(problem.row, problem.column, problem.code) for problem in rehearsal.errors]


def notices(rehearsal):
    return [(notice.row, notice.code) for notice in rehearsal.notices]


def only(rehearsal):
    assert errors(rehearsal) == []
    commit(rehearsal)
    return TrainingSession.objects.get()
