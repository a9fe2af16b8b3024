"""The ledger workbook (培训台账), in and out. This page is what the rest of the product may use.

    rehearsal = rehearse(source, user)            # nothing is stored; raises Unreadable or Refused
    batch = commit(rehearsal, digest)             # all rows or none; raises Refused if anything has moved since
    undo(batch, user)                             # the whole batch, as long as nobody has worked on it
    mark_errors(source, rehearsal.errors)         # bytes of the user's own workbook, wrong cells marked (or listed)
    template(user)                                # bytes of an empty ledger with drop-down lists
    choices(user)                                 # {column: the names it may hold} of columns with such a list
    export(sessions), export_year(user, year)     # bytes of a ledger; coming in again it adds nothing

A file is opened and its cells are read by `networks.xlsx`; what follows knows sessions, the last four steps the database too:

    layout      header, columns, merges; which rows are sessions
    rows        one row as typed values; those that only a ledger has are in `values`
    names       what the county calls its units, places and vocabularies
    resolve     rows as sessions of this county, by those names and the user's rights
    checks      those sessions against what is stored already, each other, and the rules of their years
    batches     the rows that passed, stored in bulk with history; and a batch taken back

The other way: `blank` (the template) and `exports`.

`rehearse(source, user, *, year=None, historical=False, confirmed_by=None, corrections=None, assignments=None)`
    source        bytes, or the path of a file
    user          who imports: errors, scope and defaults are theirs
    year          completes dates without a year (3月5日); else the one year in the sheet's title does
    historical    ledgers of years before the county's `live_since`; `confirmed_by` is the second bureau user
    corrections   {(sheet, row, column): text}: what to read instead of the cell; `column` is the name in the first
                  column of the table in `columns` ("实到人次"), whatever the clerk wrote, even if the sheet lacks it
    assignments   {name as written: unit code}: to whom the bureau credits an organiser the county does not know yet

`Rehearsal`
    rows          [RehearsedRow] in the order of the file: `sheet`, `number` (its row), `outcome` ("new", "duplicate" or
                  "error") and `cells()`, {column: text as displayed}
    errors        [Problem(sheet, row, column, code, message, cell)]; `column` as above, `cell` = (row, column
                  number) of the cell to mend or mark, counted from 1 (the header's row for a missing column)
    notices       [Notice(sheet, row, code, message)]; `row` is 0 where it is about a whole sheet
    counts        {"rows", "created", "duplicates", "skipped"}; "created" is what a commit would create
    unknown_headers      headers of columns that nobody has explained yet, each once; `free_columns`: ours that the file lacks
    unknown_organisers   names in 主办单位 that `assignments` could settle, each once
    sha256        of the file
    digest        SHA-256 (hex) over the file, the options and everything that would be stored
    clean         no errors

`Unreadable` (the file: exit code 2) and `Refused` (the user or the rules: exit code 3) carry `.code` and `.message`,
a Chinese sentence that says what to do.
"""

from networks.xlsx.marked import mark_errors
from networks.xlsx.problems import Notice, Problem, Refused, Unreadable

from .batches import DENIALS, commit, undo
from .blank import choices, template
from .checks import Rehearsal, RehearsedRow, rehearse
from .columns import SYNONYMS
from .exports import export, export_year

COLUMNS = tuple(SYNONYMS)  # our names of the columns, in the order of the ledger

__all__ = [
    "COLUMNS",
    "DENIALS",
    "Notice",
    "Problem",
    "Refused",
    "Rehearsal",
    "RehearsedRow",
    "Unreadable",
    "choices",
    "commit",
    "export",
    "export_year",
    "mark_errors",
    "rehearse",
    "template",
    "undo",
]
