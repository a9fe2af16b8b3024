"""The product's settings with a pause before each request is looked at, for a run in which a look that does not wait fails.

`SLOW_SITE=0.8 pytest tests/browser` serves the site by these. What is sent pauses four times as long as what is asked for: a page
opened meanwhile, by whomever, is answered before it, and shows that the test did not wait for what it had sent.
"""

import os
import time

from mashan_edu import settings as usual
from mashan_edu.settings import *  # noqa: F403

PAUSE = float(os.environ["SLOW_SITE"])  # seconds


def pause(get_response):
    def answer(request):
        time.sleep(PAUSE * (4 if request.method == "POST" else 1))
        return get_response(request)

    return answer


MIDDLEWARE = ["tests.browser.slow_site.pause", *usual.MIDDLEWARE]
