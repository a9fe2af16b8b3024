"""What can be wrong with a workbook: with the file, with the request, or with one cell."""

from dataclasses import dataclass


class Unreadable(Exception):
    """The file is no workbook we read, is damaged or breaks a limit. Exit code 2.

    `code` is stable and English; `message` is a Chinese sentence that says what the file is and what to do.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(Exception):
    """The user may not import this, or a rule forbids the whole file. Exit code 3. Carries `code` and `message`."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class ValueProblem(ValueError):
    """One value cannot be read; whoever knows its place turns it into a `Problem`."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that keeps the file from being imported.

    `column` is our name of the column; `cell` is (row, column number) counted from 1, where the mark belongs, or
    None where the sheet has no such cell.
    """

    sheet: str
    row: int
    column: str
    code: str
    message: str
    cell: tuple[int, int] | None = None

    def as_json(self):
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the clerk should know that stops nothing. `row` is 0 where it is about a whole sheet."""

    sheet: str
    row: int
    code: str
    message: str

    def as_json(self):
        return {"sheet": self.sheet, "row": self.row, "code": self.code, "message": self.message}
