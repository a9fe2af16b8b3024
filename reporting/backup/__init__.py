"""Everything that was entered, in one file, and back again (RB-1, RB-2).

**One moment.** The database is copied as it is at one instant (SQLite's backup interface in a single step; on PostgreSQL pg_dump
reading through a snapshot that our own connection exported), and people go on working meanwhile. Files are not part of a
database's transaction, but they have habits to build on: each has a random name, is on the disk before its row is committed, is
never written to again, and is removed only after the removal of its row was committed. So of that instant

- a file of a row was whole on the disk: an upload that is not committed has no row in the copy, and its file stays out;
- what can get in the way is a removal alone (a purge at night, a withdrawn photo). Every file that the database knows is
  therefore *held* before the instant, by a second name of the same content (a hard link, or a copy where the disk knows none),
  and those that came in between right after it. A removal then takes the first name and not the content. A file that came and
  went in the seconds between the two cannot be held: where that happens the instant is taken again.

A file that is missing although the database still knows it was lost earlier. A backup without it is better than none: it is
made, says so, and does not count as a good one.

**Verified after writing.** The finished file is opened anew, from the disk, and everything is read from it: every digest, the
database itself (opened, its own check, its foreign keys; on PostgreSQL restored into a database for the purpose), the number of
rows of each table, the yearly totals, the heads of the ledger's chains, every signature and every locked year counted again
from its rows. Only then does it get its name. Until then it lies in a folder whose name says that it is unfinished, which the
next backup removes.

Nobody's name is in the name of a file. The keys (LEDGER_KEY, SECRET_KEY, BACKUP_KEY) are settings and in no backup.
"""

from .archive import new_key
from .making import Made, make
from .problems import Unfit
from .restoring import Restored, drill, restore

__all__ = ["Made", "Restored", "Unfit", "drill", "make", "new_key", "restore"]
