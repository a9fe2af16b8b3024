"""Somebody at a browser that was left open, or with somebody's password, who wants to take everything (AC-5, LD-3)."""

import datetime
import re

import pytest
import time_machine
from django.urls import resolve, reverse
from django.utils import timezone

from networks import audit
from networks.log_kinds import KINDS, Kind
from networks.models import AuditEvent
from networks.views.downloads import MOST_TAKEN, WITHIN
from tests.site_map import taken_back
from tests.test_access_matrix import expected, page_rows
from tests.test_personal_data import text_of
from trainings.models import RosterLine, TrainingSession

pytestmark = pytest.mark.django_db

TAKEN = KINDS[Kind.TAKEN].acts
ROLES = ["bureau", "town", "auditor"]
TAKES = re.compile(
    "export|archive|download|print|paper|file|minors|matrix|sheet|word"
)  # in the names of such addresses


def given_to(site, who):
    """(name, address, answer, what the log calls it) of every file and print that somebody is given."""
    pages = {(name, sample): cells for name, method, sample, cells in page_rows() if method == "GET"}
    for name, sample in [page for page, cells in pages.items() if TAKES.search(page[0])]:
        if expected(pages[name, sample], site.keys)[who] != "ok":
            continue
        url = site.samples.url(name, sample)
        with taken_back():
            last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            answer = site.send_for_good(who, "GET", url)
            acts = set(AuditEvent.objects.filter(pk__gt=last).values_list("action", flat=True))
        yield name, url, answer, acts & set(TAKEN)


def test_ld_3_whatever_the_log_calls_taken_is_rationed(site):
    found, loose = set(), []
    for who in ("bureau", "auditor"):
        for name, url, _, acts in given_to(site, who):
            found |= acts
            if acts and not getattr(resolve(url).func, "rationed", False):
                loose.append(name)
    assert loose == []
    assert getattr(resolve(site.samples.url("roster-export", "ours.draft")).func, "rationed", False)
    # Commands and buttons apart: names go by POST, a workbook of a registry to whoever keeps it.
    own = {"下载标出错误的台账", "下载标出错误的表格"}  # of an upload with errors, which these samples are not
    assert set(TAKEN) - found <= {"导出名册", "导出名册表格", "载入演示数据"} | own
    for name, sample in [("import-marked", "ours.rehearsed"), ("registry-marked", "ours.workbook")]:
        assert getattr(resolve(site.samples.url(name, sample)).func, "rationed", False)
    assert getattr(resolve("/network/workbooks/institutions/download/").func, "rationed", False)


def test_ld_3_ac_5_one_account_takes_so_much_in_ten_minutes_and_nobody_else_is_held_up(site):
    url, now = reverse("session-export", args=[site.world.year]), timezone.now()
    with taken_back():
        for _ in range(MOST_TAKEN - 1):
            audit.record("导出台账", actor=site.world.bureau, rows=1)
        audit.record("登记场次", actor=site.world.bureau)  # work is not counted
        assert site.send_for_good("bureau", "GET", url).status_code == 200
        refused = site.send_for_good("bureau", "GET", url)
        assert refused.status_code == 429 and refused.headers["Retry-After"] == "600"
        assert f"最多导出、下载、打印 <strong>{MOST_TAKEN} 份</strong>" in refused.body.decode()
        assert site.send_for_good("bureau", "GET", reverse("contacts-export")).status_code == 429
        assert site.send_for_good("bureau", "GET", reverse("session-list")).status_code == 200
        assert site.send_for_good("bureau2", "GET", url).status_code == 200
        with time_machine.travel(now + WITHIN + datetime.timedelta(minutes=1), tick=False):
            assert site.send_for_good("bureau", "GET", url).status_code == 200


def test_ac_5_full_names_leave_the_system_one_session_at_a_time(site):
    """There is no export of everybody's names that would need a second person: whatever holds many sessions masks them, and the
    one that does not holds the names of the session for which it was asked."""
    names = {"ours.draft": "公孙独甲", "ours.verified": "公孙独乙", "ours.submitted": "公孙独丙"}
    with taken_back():
        for sample, name in names.items():
            session = TrainingSession.objects.get(**site.samples.kwargs[sample])
            RosterLine.objects.create(session=session, name=name, age_band="adult", source="by_hand")
            session.count_roster()
        seen = 0
        for who in ROLES:
            for _, url, answer, _ in given_to(site, who):
                text = text_of(answer)
                assert [name for name in names.values() if name in text] == [], (who, url)
                seen += "公**" in text
        assert seen > 3  # masked they were there
        for sample, name in names.items():
            url = site.samples.url("roster-export", sample)
            answer = site.send_for_good("town", "POST", url, {"purpose": "发放结业证书"})
            assert [other for other in names.values() if other in text_of(answer)] == [name]
