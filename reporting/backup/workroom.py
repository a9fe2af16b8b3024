"""Where a backup lies while it is not one: a folder for the owner alone, which goes again whatever happens."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .problems import Unfit

UNFINISHED = ".unfinished-"


@contextlib.contextmanager
def workroom(folder: Path, what: str) -> Iterator[Path]:
    """An empty folder inside `folder`. One at a time for each `what`, so that whatever an earlier one left behind (a power
    cut, kill -9) is nobody's and is removed. Raises Unfit."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(folder / f".{what}.lock", "a")  # noqa: SIM115 - closed below, with the block
    except OSError as problem:
        raise Unfit(f"写不进文件夹 {folder}（{problem.strerror}）：请检查它是否存在、能否写入、是否已满") from None
    with lock:
        if not _alone(lock):
            raise Unfit("另一个备份、恢复或演练正在进行，请等它结束再来")
        for left in folder.glob(f"{UNFINISHED}{what}-*"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{what}-", dir=folder))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _alone(lock) -> bool:
    """The operating system gives the lock back when the process ends, however it ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def on_disk(path: Path) -> None:
    """Returns when what was written is on the disk and not only on its way there."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def named_on_disk(folder: Path) -> None:
    """The same for the names in a folder. Windows does so by itself, and knows no other way."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
