"""The files of one moment: held by a second name while the backup is made. Why this suffices stands in `reporting.backup`."""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

HELD = ".backup-"  # folders in MEDIA_ROOT; no file of ours has such a name


class Held:
    """Files that stay readable whatever is removed meanwhile."""

    def __init__(self, media: Path, folder: Path) -> None:
        self.media, self.folder = media, folder
        self.paths: dict[str, Path] = {}

    def hold(self, names: Iterable[str]) -> set[str]:
        """Holds those that are not yet held; returns the ones that are not there."""
        lacking = set()
        for name in names:
            if name in self.paths:
                continue
            path = self.folder / str(len(self.paths))
            if self._take(name, path):
                self.paths[name] = path
            else:
                lacking.add(name)
        return lacking

    def _take(self, name: str, to: Path) -> bool:
        source = self.media / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            return False  # not a name of ours, and nothing outside is ever read
        try:
            if not stat.S_ISREG(source.lstat().st_mode):
                return False
            try:
                os.link(source, to, follow_symlinks=False)
            except FileNotFoundError:
                raise
            except OSError:  # a disk without second names, or another disk
                shutil.copyfile(source, to)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True


@contextlib.contextmanager
def holding(media: Path, work: Path) -> Iterator[Held]:
    """The second names lie in MEDIA_ROOT, for they cannot lie on another disk; where that may not be written, copies lie in
    `work`. What an earlier backup left behind is removed: the caller is the only one at a time."""
    for left in media.glob(f"{HELD}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = media / f"{HELD}{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700)
    except OSError:  # nothing was ever uploaded, or it may only be read
        folder = work / "held"
        folder.mkdir(mode=0o700)
    try:
        yield Held(media, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
