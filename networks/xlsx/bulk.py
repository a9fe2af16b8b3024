"""Work on tens of thousands of objects at once."""

import functools
import gc


def in_bulk(function):
    """Decorator: Python does not look for reference cycles while the function runs. Nearly everything it makes stays until
    it is done, and going through all of it again and again took a quarter of the time of a 10,000-row import."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return run
