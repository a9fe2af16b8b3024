class Unfit(Exception):
    """Why a backup is not made, or one is not restored, as a Chinese sentence that says what to do."""


def said_first(problem: Exception) -> str:
    """The first line of what an engine says; the others tell programmers where."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
