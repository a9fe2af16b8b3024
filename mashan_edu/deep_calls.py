"""Room for the frames of deep calls, which CPython keeps in pieces of 16 KB.

A piece is asked of the operating system when a call needs it and given back when that call ends. Where the middle of a template
happens to lie at the end of a piece, each call from there does both, a hundred times and more in one page: a tenth of the time that
the page takes (docs/load.md). A frame that claims a large stack makes CPython take a large piece, and what is called from it finds
room there. What is not used of it costs no memory.
"""

from collections.abc import Callable
from types import FunctionType

WORDS = 140_000  # a little more than 1 MB, for which CPython takes a piece of 2 MB


def _called(call: Callable, *args, **kwargs):
    return call(*args, **kwargs)


# Calls what it is given, with room for about a megabyte of frames below it.
with_room = FunctionType(_called.__code__.replace(co_stacksize=WORDS), globals(), "with_room")
