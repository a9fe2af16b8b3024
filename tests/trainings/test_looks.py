"""PI-6: looks at evidence that shows persons and at the names of sign-ups are lines of the log, and are found when somebody asks."""

import datetime
import io

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from networks.models import AuditEvent
from networks.tokens import new_token
from reporting.minors_audit import minors_exports
from trainings.models import Announcement, Audience, Evidence

pytestmark = pytest.mark.django_db
LOOKED, SIGNED_UP = "查看佐证材料", "查看报名全名"


def piece(session, kind, name="一"):
    return Evidence.objects.create(
        session=session,
        kind=kind,
        file=SimpleUploadedFile("x.jpg", b"\xff\xd8\xff" + name.encode()),
        original_name="x.jpg",
        content_type="image/jpeg",
        sha256_stored="0" * 64,
        uploaded_by=session.entered_by,
    )


def url(evidence):
    return reverse("evidence-file", args=[evidence.session_id, evidence.pk])


def looks(action=LOOKED):
    return AuditEvent.objects.filter(action=action).order_by("pk")


@pytest.mark.parametrize("kind", Evidence.Kind.values)
def test_pi_6_a_look_at_evidence_that_shows_persons_is_a_line_of_the_log(world, ask, kind):
    session = world.session(world.ours, status="submitted", title="金丝雀的场次")
    evidence = piece(session, kind)
    assert ask(world.bureau, url(evidence)).status_code == 200
    if kind in {"notice", "courseware", "summary"}:
        assert not looks().exists()
        return
    event = looks().get()
    assert (event.actor, event.subject, event.subject_id) == (world.bureau, "trainingsession", str(session.pk))
    assert event.detail == {"number": session.number, "kind": kind} and event.county_code == "450124"


def test_pi_6_a_page_full_of_pictures_is_one_line_a_day_for_each_account_session_and_kind(world, ask):
    session, other = (world.session(world.ours, status="submitted", title=title) for title in ("一", "二"))
    pictures = [piece(session, "photo", str(number)) for number in range(4)]
    sheet, elsewhere = piece(session, "sheet"), piece(other, "photo")
    noon = timezone.make_aware(datetime.datetime.combine(world.today, datetime.time(12))) + datetime.timedelta(days=2)
    with time_machine.travel(noon, tick=False) as clock:
        for _ in range(2):
            for one in [*pictures, sheet, elsewhere]:
                assert ask(world.bureau, url(one)).status_code == 200
        assert ask(world.town, url(sheet)).status_code == 200  # the own unit's looks too
        told = [(e.actor_name, e.detail["number"], e.detail["kind"]) for e in looks()]
        assert told == [
            ("bureau", session.number, "photo"),
            ("bureau", session.number, "sheet"),
            ("bureau", other.number, "photo"),
            ("town", session.number, "sheet"),
        ]
        clock.shift(11 * 3600)  # still the same day in the county
        ask(world.bureau, url(sheet))
        assert looks().count() == 4
        clock.shift(2 * 3600)
        ask(world.bureau, url(sheet))
        assert looks().count() == 5


def test_pi_6_what_the_log_cannot_keep_is_not_shown(world, client, monkeypatch):
    client.raise_request_exception = False
    evidence = piece(world.session(world.ours, status="submitted"), "sheet")

    def fail(*args, **kwargs):
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr(AuditEvent, "save", fail)
    client.force_login(world.bureau)
    answer = client.get(url(evidence))
    assert answer.status_code == 500 and b"\xff\xd8\xff" not in answer.content


def test_pi_6_somebody_who_may_not_see_it_has_not_looked(world, ask):
    evidence = piece(world.session(world.ours, status="submitted"), "sheet")
    assert ask(world.town2, url(evidence)).status_code == 404
    assert ask(world.leader, url(evidence)).status_code in {403, 404}
    assert not looks().exists()


@pytest.fixture
def signed(world):
    session = world.session(
        status="planned", held_on=world.today + datetime.timedelta(days=5), reported=None, title="编织"
    )
    told = Announcement.objects.create(session=session, is_public=True, phone="0771-6820001", takes_sign_ups=True)
    told.sign_up(name="金丝雀丙", phone_tail="6180", seats=2, token=new_token())
    return session


def test_pi_6_whole_names_of_sign_ups_are_a_look_and_masked_ones_are_none(world, ask, signed, passwords_just_typed):
    address = reverse("session-sign-ups", args=[signed.pk])
    for reader in [world.town, world.bureau, world.head, world.auditor]:
        assert "金丝雀丙" not in ask(reader, address).content.decode()
    assert not looks(SIGNED_UP).exists()
    assert "金丝雀丙" in ask(world.town, address, {}, "post").content.decode()
    event = looks(SIGNED_UP).get()
    assert (event.actor, event.detail) == (world.town, {"number": signed.number, "lines": 1})


def told(*arguments):
    out = io.StringIO()
    today = timezone.localdate().isoformat()
    call_command("who_saw", "--county", "450124", "--from", today, "--to", today, *arguments, stdout=out)
    return out.getvalue()


def test_pi_6_both_are_found_by_who_saw_by_session_and_by_the_name_of_who_signed_up(
    world, ask, signed, monkeypatch, passwords_just_typed
):
    ask(world.town, reverse("session-sign-ups", args=[signed.pk]), {}, "post")
    shown = world.session(world.ours, status="submitted", title="有签到表")
    ask(world.bureau, url(piece(shown, "sheet")))
    lines = told().splitlines()
    assert [line.split("\t")[3:5] for line in lines[:-1]] == [
        [LOOKED, f"场次 {shown.number}，签到表"],
        [SIGNED_UP, f"场次 {signed.number}，1 人"],
    ]
    assert "town" in told("--session", signed.number) and "bureau" not in told("--session", signed.number)
    monkeypatch.setattr("builtins.input", lambda words: "金丝雀丙")
    by_name = told("--person")
    assert SIGNED_UP in by_name and LOOKED not in by_name and "金丝雀" not in by_name
    page = ask(world.auditor, reverse("log-seen")).content.decode()
    assert LOOKED in page and SIGNED_UP in page and "金丝雀" not in page


def test_pi_6_looks_at_pictures_of_minors_stand_in_the_yearly_pack_and_others_do_not(world, ask):
    of_minors, of_adults = (world.session(world.ours, status="submitted", title=title) for title in ("亲子", "成人"))
    of_minors.audience_counts.create(audience=Audience.objects.filter(sensitivity=1).first(), number=20)
    for session in (of_minors, of_adults):
        ask(world.bureau, url(piece(session, "photo")))
    sheets = {export.sheet: list(export.rows()) for export in minors_exports(world.county, world.year)}
    assert [row[3:5] for row in sheets["查看和导出"]] == [(LOOKED, f"场次 {of_minors.number}，照片")]
    assert [row[2] for row in sheets["汇总"] if row[1].startswith("查看未成年人场次")] == [1]
