"""Every act a second time with the same body: a double click, a lost answer sent again, or a page that somebody else has overtaken.
Nothing is made, counted or rewritten twice (IN-3), and whoever has seen an old version is told so (IN-4)."""

import pytest

from .acts import ACTS
from .site_map import taken_back
from .test_audit import is_log, tried

pytestmark = pytest.mark.django_db

AGAIN = {  # what a second time may write, with the reason
    "login": {"networks_user", "networks_signin"},  # one more sign-in
    "session-submit-many": {"trainings_submittoken"},  # remembers the answer; submits nothing
    "import-batch": {"trainings_importbatch"},  # rehearsed once more
    "registry-upload": {"networks_registryimport"},  # takes the place of the first
    "account-link": {"networks_passwordlink"},  # a new link makes the old one void
    "account-links": {"networks_passwordlink"},
    "second-factor-codes": {"networks_recoverycode"},  # the page that is shown last holds those that count
    "point-link": {"trainings_pointlink"},
    "session-grid": {"trainings_importbatch"},  # checked once more; nothing is stored before it is confirmed
}
MOVED = ("已被别人修改", "已有人先改成", "这一条又有了改动", "现在是“")


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_in_3_in_4_a_second_time_does_nothing_twice(site, act):
    url, body = act.url(site), act.body(site)
    with taken_back():
        site.send_for_good(act.who, "POST", url, body)
        for field in body.values():  # an uploaded file is read once
            getattr(field, "seek", lambda _: None)(0)
        response, touched = tried(site, act, url, body)
    touched = {table for table in touched if not is_log(table)}
    assert response.status_code in {200, 302, 403, 404}
    assert touched <= AGAIN.get(act.name, set())
    if "seen_version" in body and response.status_code == 200:
        assert any(word in response.body.decode() for word in MOVED)
