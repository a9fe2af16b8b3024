"""AC-4: locked means locked, on every road that leads to what was settled. After each attempt the ledger is still sound."""

import datetime
import hashlib

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from networks.models import UnitTerm
from networks.reorganisation import merge_units, rename_unit
from reporting.assessment import county_standing
from reporting.ledger import verify
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import (
    AudienceCount,
    CoOrganiser,
    DeliveryForm,
    Evidence,
    Refused,
    RosterLine,
    TrainingClass,
    TrainingSession,
)
from trainings.models.vocabulary import Audience
from trainings.rosters import keeping, purging

DAY = datetime.date(2025, 5, 6)


@pytest.fixture
def w(world):
    """2025 is settled: a verified session with evidence, audiences, a partner and a roster; one waiting; a class with a plan."""
    world.y2025 = AssessmentYear.objects.open_year(world.county, 2025)
    world.y2025.joint_credit = "each"
    world.y2025.save()
    world.quota = QuotaAdjustment.objects.create(
        year=world.y2025, unit=world.theirs, sessions=1, attendances=10, reason="新设"
    )
    world.row = world.session(status="submitted", held_on=DAY, reported=30)
    world.proof = Evidence.objects.create(
        session=world.row, kind="report", link="https://x.cn/", uploaded_by=world.town
    )
    world.part = CoOrganiser.objects.create(session=world.row, unit=world.wxgtj, name=world.wxgtj.name)
    AudienceCount.objects.create(session=world.row, audience=Audience.objects.get(name="青少年"), number=3)
    world.row.refresh_from_db()
    world.row.verify(actor=world.bureau, attendance=30)
    world.waiting = world.session(status="submitted", held_on=DAY, reported=20)
    world.training_class = TrainingClass.objects.create(
        unit=world.ours, name="班", place=world.ours.division, entered_by=world.town
    )
    world.plan = world.session(
        status="planned", held_on=DAY, reported=None, training_class=world.training_class, title="班（第1次）"
    )
    world.draft = world.session(held_on=DAY, reported=10)
    world.lock(world.y2025)
    world.row, world.waiting, world.draft, world.plan = (
        TrainingSession.objects.get(pk=row.pk) for row in (world.row, world.waiting, world.draft, world.plan)
    )
    yield world
    assert verify().findings == []


def refused(*attempts):
    for attempt in attempts:
        with pytest.raises((Refused, ValidationError, PermissionDenied)) as caught, transaction.atomic():
            attempt()
        assert "锁定" in str(caught.value), caught.value


def test_ac_4_the_verbs_of_a_session(w):
    refused(
        lambda: w.row.revoke(actor=w.bureau2, reason="figure"),
        lambda: w.waiting.verify(actor=w.bureau, attendance=20),
        lambda: w.waiting.send_back(actor=w.bureau, reason="figure"),
        lambda: w.waiting.withdraw(actor=w.town),
        lambda: w.draft.submit(actor=w.town),
        lambda: w.draft.void(actor=w.town),
        lambda: w.plan.hold(actor=w.town),
        lambda: w.plan.cancel(actor=w.town, reason="雨"),
        lambda: w.row.confirm_as_co_organiser(actor=w.unit),
    )


def test_ac_4_saving_from_a_shell(w):
    def changed(row, **values):
        row = type(row).objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(row, name, value)
        return row

    out = datetime.date(2026, 1, 5)
    refused(
        changed(w.row, reported_attendance=31).save,
        changed(w.draft, held_on=out).save,  # out of the year
        changed(w.session(held_on=datetime.date(2024, 5, 1)), held_on=DAY).save,  # into it
        lambda: w.session(held_on=DAY),
        changed(w.proof, link="https://y.cn/").save,
        w.proof.delete,
        lambda: Evidence.objects.create(session=w.row, kind="report", link="https://z.cn/", uploaded_by=w.town),
        changed(w.part, confirmed_at=timezone.now()).save,
        w.part.delete,
        lambda: CoOrganiser.objects.create(session=w.row, unit=w.theirs, name="古零镇"),
        lambda: AudienceCount.objects.create(session=w.row, audience=Audience.objects.get(name="老年人")),
        AudienceCount.objects.get().delete,
        lambda: w.row.set_audiences([]),
        lambda: w.row.set_co_organisers([]),
        changed(w.quota, sessions=9).save,
        w.quota.delete,
        lambda: QuotaAdjustment.objects.create(year=w.y2025, unit=w.ours, sessions=0, attendances=0, reason="免"),
        changed(w.y2025, required_sessions=1).save,
        lambda: w.y2025.counting_forms.clear(),
        lambda: w.y2025.counting_forms.remove(DeliveryForm.objects.get(name="课堂学习")),
        changed(UnitTerm.objects.get(unit=w.ours, fact="quota"), ends_on=DAY).save,
        lambda: UnitTerm.objects.create(unit=w.lgj, fact="quota", starts_on=DAY),
    )
    with pytest.raises(Refused, match="只能通过锁定、解锁"):
        changed(w.y2025, status="open").save()


def test_ac_4_a_ledger_that_would_be_recorded_as_history(w):
    row = TrainingSession(
        title="旧", organiser=w.ours, place=w.ours.division, held_on=DAY, reported_attendance=9, entered_by=w.bureau
    )
    refused(lambda: TrainingSession.record_historical([row], actor=w.bureau, confirmed_by=w.bureau2))


def test_ac_4_renaming_and_merging_units_within_the_year(w):
    given = {"on": DAY, "basis": "文件", "actor": w.bureau}
    refused(
        lambda: rename_unit(w.ours, name="新名", code="new", **given),
        lambda: merge_units([w.ours], into=w.theirs, **given),
    )


def test_ac_4_the_forms_of_the_pages(w, ask):
    before = TrainingSession.objects.values_list("pk", "version", "status").order_by("pk")
    was = list(before)
    for who, name, row, data in (
        (w.town, "session-edit", w.draft, {"title": "改", "seen_version": w.draft.version}),
        (w.town, "session-submit", w.draft, {"seen_version": w.draft.version}),
        (w.town, "session-withdraw", w.waiting, {}),
        (w.town, "session-void", w.draft, {"reason": "重复"}),
        (w.town, "evidence-add", w.draft, {"kind": "report", "link": "https://q.cn/"}),
        (w.unit, "session-confirm", w.row, {}),
        (w.bureau, "review-verify", w.waiting, {"attendance": 20, "seen_version": w.waiting.version}),
    ):
        answer = ask(who, reverse(name, args=[row.pk]), data, "post")
        assert answer.status_code in {200, 302, 403, 409}, name
    assert list(before) == was
    assert Evidence.objects.count() == 1
    assert CoOrganiser.objects.get().confirmed_at is None


def test_ac_4_the_screens_of_the_admin_and_the_revert_of_a_history(w, client):
    client.force_login(w.bureau)
    for name, pk in (("assessmentyear", w.y2025.pk), ("quotaadjustment", w.quota.pk)):
        url = reverse(f"admin:reporting_{name}_change", args=[pk])
        assert client.post(url, {"required_sessions": 1, "sessions": 9, "reason": "改"}).status_code == 403
    assert (
        client.post(reverse("admin:reporting_quotaadjustment_delete", args=[w.quota.pk]), {"post": "yes"}).status_code
        == 403
    )
    old = TrainingSession.history.filter(id=w.row.pk, status="submitted").latest("history_id")
    for url in (
        f"/admin/trainings/trainingsession/{w.row.pk}/history/{old.history_id}/",
        f"/admin/reporting/assessmentyear/{w.y2025.pk}/history/{w.y2025.history.last().history_id}/",
    ):
        assert client.post(url, {"_save": "x"}, follow=True).status_code in {403, 404, 405}
    w.row.refresh_from_db()
    assert w.row.status == "verified"


def test_ac_4_a_class_and_its_rosters(w):
    refused(lambda: w.draft.refuse_lines())
    refused(lambda: keeping.add(w.draft, [keeping.Person("张三")], actor=w.town, source="pasted"))
    assert keeping.keeps_roster(w.town, w.draft)  # it was not for want of the right
    assert not w.draft.roster.exists()


def test_ac_4_the_command_that_locks_again(w):
    from django.core.management import CommandError

    with pytest.raises(CommandError, match="锁定"):
        call_command("lock_year", "2025", "--as", "bureau", "--confirmed-by", "bureau2")


def test_pi_5_rosters_and_pictures_go_when_their_time_has_come_and_what_was_settled_stays(
    w, django_capture_on_commit_callbacks
):
    """The figures agree afterwards (the fixture looks), and nobody's count has changed."""
    w.unlock(w.y2025)
    keeping.add(w.draft, [keeping.Person("金丝雀甲"), keeping.Person("金丝雀乙")], actor=w.town, source="pasted")
    photo = SimpleUploadedFile("x.jpg", b"x")  # w.row is for minors
    digests = {"sha256_original": "a" * 64, "sha256_stored": hashlib.sha256(b"x").hexdigest()}
    picture = Evidence.objects.create(
        session=w.row, kind="photo", file=photo, content_type="image/jpeg", uploaded_by=w.town, **digests
    )
    w.lock(w.y2025)
    assert verify().findings == []

    def counted():
        stood = [(s.unit.pk, s.verified, s.pending) for s in county_standing(w.y2025).standings]
        rows = TrainingSession.objects.order_by("pk")
        return stood, list(rows.values_list("reported_attendance", "rostered_attendance", "verified_attendance"))

    before, later = counted(), timezone.localdate() + datetime.timedelta(days=800)
    with django_capture_on_commit_callbacks(execute=True):
        [done] = purging.purge(w.county.pk, today=later)
    assert (done.sessions, done.lines, done.pictures) == (1, 2, 1)
    picture.refresh_from_db()
    assert not RosterLine.objects.exists() and (picture.file.name, picture.purged_on) == ("", later)
    assert counted() == before and before[1][3] == (10, 2, None)
