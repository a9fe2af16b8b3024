"""What somebody sends who writes requests by hand: other people's keys, bodies that no browser makes, texts that want to run
(AC-3, UP-2, WB-4, SC-4)."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from networks.models import Attachment
from tests.act import picture
from tests.acts import ACTS
from tests.site_map import taken_back
from tests.test_access_matrix import page_rows
from tests.walk import one_engine
from trainings import evidence
from trainings.models import Evidence, TrainingSession

pytestmark = pytest.mark.django_db

STATES = {"planned", "draft", "submitted", "verified", "returned"}
ON_SESSIONS = [
    act
    for act in ACTS
    if act.sample.startswith("ours.") and act.sample[5:] in STATES and act.name.startswith("session")
]


def of_others(site):
    """Everything stored about the sessions of the neighbouring township and of the other county."""
    rows = TrainingSession.objects.filter(organiser__in=[site.world.theirs, site.world.foreign])
    return sorted(map(str, rows.values_list())), sorted(
        rows.values_list("evidence__pk", "audience_counts__pk"), key=str
    )


@pytest.mark.parametrize("act", ON_SESSIONS, ids=str)
def test_ac_3_the_key_in_the_address_wins_over_every_key_in_the_body(site, act):
    theirs = site.samples.kwargs[f"theirs.{act.sample[5:]}"]["pk"]
    before = of_others(site)
    names = ["pk", "id", "session", "session_id", "session_pk", "object_id", "instance", "pk[]", "_selected_action"]
    alone = site.send(act.who, "POST", act.url(site), act.body(site))
    with taken_back():
        body = act.body(site)
        response = site.send_for_good(act.who, "POST", act.url(site), body | dict.fromkeys(names, theirs))
        assert response.status_code == alone.status_code  # done as it is without them, and not refused as theirs
        assert response.headers.get("Location") == alone.headers.get("Location")
        assert of_others(site) == before


NAMED = ["pk", "id", "object_id", "instance", "pk[]", "_selected_action", "key"]
ON_OBJECTS = [act for act in ACTS if "." in act.sample]


def rows_written(site, act, body) -> tuple[int, set[tuple]]:
    """What was answered, and which stored rows were changed or deleted: (table, WHERE, its values)."""
    found = set()

    def note(execute, sql, params, many, context):
        if changed := re.match(r'(?:UPDATE|DELETE FROM) "(\w+)".*? WHERE (.*)$', sql.lstrip(), re.DOTALL):
            table, where = changed.groups()
            values = params[len(params) - where.count("%s") :] if params else ()
            found.add((table, where, tuple(str(value) for value in values)))
        return execute(sql, params, many, context)

    with taken_back(), connection.execute_wrapper(note):
        return site.send_for_good(act.who, "POST", act.url(site), body).status_code, found


@one_engine
@pytest.mark.parametrize("start", range(6))
def test_ac_3_no_key_in_a_body_leads_an_act_to_a_neighbours_row(site, start):
    """Every act on an object, with the key of the neighbour's object of that kind under each name by which a view might look for
    one: the same rows are written as without it."""
    led_astray, tried = [], 0
    for act in ON_OBJECTS[start::6]:
        kind = act.sample.rpartition(".")[2]
        known = (site.samples.kwargs.get(f"{whose}.{kind}") for whose in ("theirs", "foreign"))
        theirs = next(filter(None, known), None)
        if theirs is None or act.who not in site.keys:
            continue
        tried += 1
        keys = dict.fromkeys([*NAMED, *theirs], list(theirs.values())[-1])
        alone = rows_written(site, act, act.body(site))
        lured = rows_written(site, act, keys | act.body(site))
        if alone != lured:
            led_astray.append((str(act), alone[0], lured[0], alone[1] ^ lured[1]))
    assert tried > 15 and led_astray == []


def test_ac_3_rows_of_a_grid_that_are_not_the_pages_own_are_left_alone(site):
    """Two pages that take many rows by their keys: the keys are looked up among the rows that the page shows."""
    keys = site.samples.kwargs
    ours = keys["ours.draft"]["pk"]
    wanted = [keys[f"{whose}.draft"]["pk"] for whose in ("theirs", "foreign")]
    before = of_others(site)
    with taken_back():
        files = {f"photos-{key}": picture() for key in [*wanted, ours]}
        site.send_for_good("town", "POST", reverse("session-photos"), files)
        added = Evidence.objects.filter(session=ours, kind="photo").count()
        site.send_for_good("town", "POST", reverse("session-submit-many"), {"session": [*wanted, ours]})
        assert of_others(site) == before
        assert added == 1 and TrainingSession.objects.get(pk=ours).status == "submitted"  # the own one was done


# --- files -----------------------------------------------------------------------------------------------


def test_up_2_a_guarded_attachment_has_no_second_door(site):
    """What a page of its own guards is not handed out by the common address to people who see the place."""
    with taken_back():
        row = Attachment.objects.get(**site.samples.kwargs["ours.attachment"])
        url = reverse("attachment", args=[row.pk])
        assert site.send_for_good("bureau", "GET", url).status_code == 200
        Attachment.objects.filter(pk=row.pk).update(guarded=True)
        assert {who: site.send_for_good(who, "GET", url).status_code for who in ["bureau", "town", "auditor"]} == {
            "bureau": 404,
            "town": 404,
            "auditor": 404,
        }


# --- texts that want to run ------------------------------------------------------------------------------

PROGRAMMES = "{{7191*7}}{% debug %}{0.__class__}%(x)s${7191*7}<%=7191*7%>#{7191*7}"


def test_sc_4_a_template_in_a_text_stays_a_text(site):
    """Server-side templates, Python's own two kinds of placeholders, and the languages of others."""
    with taken_back():
        row = TrainingSession.objects.get(**site.samples.kwargs["ours.submitted"])
        TrainingSession.objects.filter(pk=row.pk).update(title=PROGRAMMES, venue=PROGRAMMES, instructors=PROGRAMMES)
        shown = 0
        for who, name in [("town", "session-detail"), ("town", "session-list"), ("bureau", "review-session")]:
            url = reverse(name) if name == "session-list" else reverse(name, args=[row.pk])
            page = site.send_for_good(who, "GET", url).body.decode()
            shown += "{{7191*7}}{% debug %}{0.__class__}" in page
            assert str(7191 * 7) not in page and settings.SECRET_KEY not in page and "&lt;class" not in page
        assert shown == 3


# --- bodies and query strings that no browser makes ---------------------------------------------------------

RAW = [
    (b"{}", "application/json"),
    (b"\xff\xfe\x00", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"a=%ff%00&%00=b&=&&&", "application/x-www-form-urlencoded"),
    (b"a=1", "application/x-www-form-urlencoded; charset=no-such"),
    (b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n", "multipart/form-data; boundary=x"),
    (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
    (b"rubbish", "multipart/form-data"),
    (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    (b"<a/>", "text/xml"),
    (b"", ""),
]


@pytest.mark.parametrize("start", range(8))
def test_wb_4_no_body_of_another_kind_breaks_a_page(site, start):
    """Each address that takes a body gets bodies that are no form, from whoever may send it one."""
    broken = []
    for number, act in enumerate(ACTS[start::8]):
        url = act.url(site)
        if act.who not in site.keys:  # somebody who is signed in by halves, which the act's own body would do
            continue
        content, kind = RAW[(number + start) % len(RAW)]
        # CONTENT_TYPE: the client would encode the body anew by a `content_type`.
        response = site.send(act.who, "POST", url, content, content_type="application/octet-stream", CONTENT_TYPE=kind)
        if response.status_code >= 500:
            broken.append((str(act), content, kind, response.exc_info))
    assert broken == []


PLACES = list(
    dict.fromkeys((name, sample) for name, method, sample, _ in page_rows() if method == "GET")
)  # every address, every sample
HOSTILE = st.sampled_from(
    [
        "'",
        '"><script>alert(1)</script>',
        "\x00",
        "²",
        "９",
        "-1",
        "9" * 30,
        "a" * 2_000,
        "__class__",
        "CASE WHEN 1=1 THEN 1 END",
    ]
) | st.text(max_size=20)
NAMES = st.sampled_from(
    """q page sort o order_by _connector _negated pk__in organiser__county as_of year unit status kind tab next done copy day month place
    params[dataScope] entered_by__password""".split()  # noqa: SIM905 - a list of words takes a page
)


@tries(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(where=st.sampled_from(PLACES), query=st.dictionaries(NAMES, HOSTILE, min_size=1, max_size=8))
def test_wb_4_no_query_string_breaks_any_address_for_the_lowest_role(site, where, query):
    response = site.send("town", "GET", site.samples.url(*where), query)
    assert response.status_code < 500, (where, query)
    assert b"<script>alert(1)" not in response.body


# --- with a county of its own ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["{secret}", "../secret.txt", "evidence/../../secret.txt"])
def test_up_2_a_row_that_names_a_path_outside_reads_and_removes_nothing_there(
    world, client, settings, name, django_capture_on_commit_callbacks
):
    """Should a path ever get into a row, by whatever hole: nothing outside the folder of files is read or removed by it."""
    secret = settings.MEDIA_ROOT.parent / "secret.txt"
    secret.write_text("canary")
    session = world.session()
    row = evidence.add(session, actor=world.town, kind="photo", uploads=[picture()]).kept[0]
    Evidence.objects.filter(pk=row.pk).update(file=name.format(secret=secret))
    client.force_login(world.town)
    client.raise_request_exception = False
    response = client.get(reverse("evidence-file", args=[session.pk, row.pk]))
    assert response.status_code in {400, 404} and b"canary" not in response.content
    row.refresh_from_db()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            evidence.remove(row, actor=world.town)
    except Exception as refused:
        assert type(refused).__name__ == "SuspiciousFileOperation"
    assert secret.read_text() == "canary"
