"""One test for a check of many files: a test of its own for each costs more to begin and end than the check itself."""

from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings


def each_of(paths: Iterable[Path]) -> Callable:
    """Decorator: makes of `check(path)` a test that asks it of every path and tells all that fail."""

    def decorate(check: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            failed, asked = [], 0
            for path in paths:
                asked += 1
                try:
                    check(path)
                except AssertionError as problem:
                    failed.append(f"{path.relative_to(settings.BASE_DIR)}: {problem}")
            assert asked and not failed, "\n".join(failed)

        test.__doc__ = check.__doc__
        return test

    return decorate
