"""The product's settings with a pause before each request is looked at and another in the middle of each page, for a run in which
a look that does not wait fails: `SLOW_SITE=0.8 pytest tests/browser`, in seconds.

A click waits until the page that it leads to begins, so that a pause before a page alone hides most of such looks: one right
after a click then finds a page of which nothing but its first bytes is there, as on a machine that has much to do.
"""

import os
import time

from django.http import StreamingHttpResponse

from . import usual_site as usual
from .usual_site import *  # noqa: F403

PAUSE = float(os.environ["SLOW_SITE"])
BEGINNING = 100  # bytes


def in_two(content):
    yield content[:BEGINNING]
    time.sleep(PAUSE)
    yield content[BEGINNING:]


def slowly(get_response):
    def answer(request):
        if request.path.startswith(usual.STATIC_URL):
            return get_response(request)
        time.sleep(PAUSE)
        response = get_response(request)
        if (
            response.streaming
            or request.method == "HEAD"
            or not response.get("Content-Type", "").startswith("text/html")
        ):
            return response
        slow = StreamingHttpResponse(in_two(response.content), status=response.status_code, headers=response.headers)
        slow.cookies = response.cookies
        return slow

    return answer


MIDDLEWARE = ["tests.browser.slow_site.slowly", *usual.MIDDLEWARE]
