"""The registries by workbook: institutions, staff, contacts, annual figures and funds go out as xlsx and come back in, with the
rehearsal, the located errors and the all-or-nothing of the ledger. This page is what the rest of the product may use.

    REGISTRIES                          # {key: class}, in the order of the page
    open_to(user)                       # those of which the account keeps a part
    REGISTRIES[key](user)               # one of them at work for an account: a desk
    workbook(desk)                      # (bytes, how many rows): those that the account keeps, with drop-down lists
    rehearse(content, desk)             # nothing is stored; raises Unreadable
    apply(rehearsal)                    # stores what it showed; inside the caller's transaction

and for an upload between the two, `imports`: keep, rehearse_again, confirm, discard.

    columns      what a cell of a column may hold, read and written
    sheet        the rows of a workbook, by the names of a registry's columns
    rehearsal    rows against what is stored: new, changed (old → new), unchanged or in error; and storing them
    writing      the workbook that goes out

A registry (`institutions`, `appointments`, `figures`) says its columns, which rows the account keeps (`kept_by`), how a row of the
sheet finds its stored row, and what only it knows about storing. A cell that holds what the export would write there is
unchanged without being read, so that exporting and importing again changes nothing whatever is stored. An empty cell in a
column that is there means empty; a column that is not there leaves things as they are. Nothing is removed by leaving a
row out.
"""

from .appointments import Contacts, Staff
from .figures import Figures
from .institutions import Institutions
from .rehearsal import Registry, Rehearsal, apply, rehearse
from .writing import workbook

REGISTRIES = {registry.key: registry for registry in (Institutions, Staff, Contacts, Figures)}


def open_to(user):
    """The registries of which this account keeps a part, as instances for it."""
    return [registry(user) for registry in REGISTRIES.values() if registry.kept_in_part_by(user)]


__all__ = ["REGISTRIES", "Registry", "Rehearsal", "apply", "open_to", "rehearse", "workbook"]
