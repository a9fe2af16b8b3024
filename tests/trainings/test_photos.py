"""UP-3: a photo that was used before is known again. How often that fails is counted exactly, on a corpus that is the same
every time; `python3 run.py bench --only photos` prints the table for a larger one."""

import io
import random

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from tools.photo_corpus import TWICE, cropped, encoded, lit, measure, resized, scene
from trainings import evidence, hints, photo_matches, photos
from trainings.models import Evidence, PhotoMatch, PhotoPrint, TrainingSession


def add(world, session, *contents, actor=None, kind="photo"):
    uploads = [SimpleUploadedFile(f"照片{n}.jpg", content) for n, content in enumerate(contents)]
    added = evidence.add(session, actor=actor or session.entered_by, kind=kind, uploads=uploads)
    assert not added.refused
    return added.kept


def again(picture) -> bytes:
    """What somebody sends the second time: cut, brighter, smaller, packed harder."""
    return encoded(resized(lit(cropped(picture, random.Random(7), 0.8, 0.9), 1.2), 700), 55)


def photo_hints(session):
    rows = hints.hints_of(TrainingSession.objects.filter(pk=session.pk), session.organiser.county_id)
    return [hint for hint in rows[session.pk] if hint.kind == "photo"]


def test_up_3_misses_and_false_alarms_on_the_corpus():
    counts, pairs, taken = measure(3)
    wrong = {count.change: (count.missed, count.alarms) for count in counts if count.missed or count.alarms}
    assert wrong == {TWICE: (1, 0)}  # neither of the two is a part of the other
    assert {count.tried for count in counts} == {3} and len(counts) == 17
    assert (pairs, taken) == (36, 0)


def test_all_distances_at_once_are_the_distances_one_by_one():
    rng = random.Random(1)
    lanes = [rng.getrandbits(60).to_bytes(8, "little") for _ in range(300)]
    probe = rng.getrandbits(60).to_bytes(8, "little")
    one_by_one = [(int.from_bytes(lane) ^ int.from_bytes(probe)).bit_count() for lane in lanes]
    assert list(photos.distances(b"".join(lanes), probe)) == one_by_one
    assert photos.distances(b"", probe) == b""


def test_pictures_without_anything_to_see_are_like_nothing(world):
    from PIL import Image

    white = photos.opened(encoded(Image.new("RGB", (400, 300), "white")))
    grey = photos.opened(encoded(Image.new("RGB", (300, 400), "#777777")))
    found = photos.candidates(grey, photos.print_of(grey), [(1, photos.print_of(white))])
    assert all(photos.likeness(grey, white, one.traces) < photos.SAME for one in found)


def test_up_3_a_photo_used_in_two_sessions_is_shown_side_by_side_to_the_reviewer(world, ask):
    picture = scene(1)
    first = world.session(status="submitted", title="第一次用")
    second = world.session(world.theirs, status="submitted", title="第二次用")
    mine = add(world, first, encoded(picture), encoded(scene(2)))[0]
    theirs = add(world, second, again(picture), encoded(scene(3)))[0]
    assert {(match.evidence, match.other) for match in PhotoMatch.objects.all()} == {(mine, theirs), (theirs, mine)}
    assert not PhotoPrint.objects.filter(compared_at=None).exists()
    page = ask(world.bureau, reverse("review-session", args=[second.pk]))
    for session, piece in [(first, mine), (second, theirs)]:
        assertContains(page, f'<img src="{reverse("evidence-file", args=[session.pk, piece.pk])}"')
    assertContains(page, "有 1 份材料与《第一次用》（白山镇人民政府")
    assert photo_hints(first)[0].fingerprint == photo_hints(second)[0].fingerprint


def test_up_3_the_very_same_file_is_found_by_its_digest(world):
    summary = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    first, second, third = (world.session(status="submitted", title=f"第{n}场") for n in (1, 2, 3))
    add(world, first, summary, kind="summary")
    add(world, second, summary, kind="summary")
    assert [hint.other_pk for hint in photo_hints(first)] == [second.pk]
    add(world, third, summary, kind="notice")  # one notice announces several sessions
    assert photo_hints(third) == []


def test_ac_2_an_officer_learns_that_the_photo_was_used_and_nothing_of_a_session_out_of_sight(world, ask):
    picture = scene(1)
    theirs = world.session(world.theirs, status="draft", title="别人的秘密")
    add(world, theirs, encoded(picture))
    mine = world.session(title="本镇的课")
    piece = add(world, mine, again(picture))[0]
    page = ask(world.town, reverse("session-detail", args=[mine.pk]))
    assertContains(page, "照片用在两场（另一场不在您的查看范围内）")
    assertContains(page, reverse("evidence-file", args=[mine.pk, piece.pk]))
    for secret in ("别人的秘密", theirs.number, "古零镇", f"/sessions/{theirs.pk}/"):
        assertNotContains(page, secret)
    own = world.session(title="自己的另一场")
    add(world, own, again(picture))
    page = ask(world.town, reverse("session-detail", args=[own.pk]))
    assertContains(page, "本镇的课")
    assertContains(page, reverse("session-detail", args=[mine.pk]))


def test_ac_2_photos_of_another_county_are_compared_with_nothing(world):
    foreign = world.session(world.foreign)
    add(world, foreign, encoded(scene(1)))
    add(world, world.session(), encoded(scene(1)))
    assert not PhotoMatch.objects.exists()


def test_the_hint_goes_with_the_photo_and_with_a_session_that_did_not_take_place(world):
    first, second = world.session(title="一"), world.session(title="二")
    add(world, first, encoded(scene(1)))
    piece = add(world, second, again(scene(1)))[0]
    assert photo_hints(first)
    second.void(actor=world.town)
    assert photo_hints(first) == []
    third = world.session(title="三")
    added = add(world, third, again(scene(1)))[0]
    assert photo_hints(first)
    evidence.remove(added, actor=world.town)
    assert photo_hints(first) == []
    assert set(PhotoMatch.objects.values_list("evidence__session", flat=True)) == {first.pk, piece.session_id}


def test_two_photos_of_one_session_are_its_own_business(world):
    session = world.session()
    add(world, session, encoded(scene(1)), again(scene(1)))
    assert PhotoPrint.objects.count() == 2 and not PhotoMatch.objects.exists()


def test_photos_stored_before_there_were_prints_are_caught_up_with(world):
    first, second = world.session(title="一"), world.session(title="二")
    add(world, first, encoded(scene(1)))
    lost = add(world, second, again(scene(1)), encoded(scene(2)))[1]
    PhotoPrint.objects.all().delete()
    PhotoMatch.objects.all().delete()
    lost.file.storage.delete(lost.file.name)
    out, err = io.StringIO(), io.StringIO()
    call_command("photo_prints", stdout=out, stderr=err)
    assert out.getvalue() == "补算特征 2 张，比对 2 张，新发现相同照片 1 对，打不开 1 张。\n"
    assert f"材料 {lost.pk}" in err.getvalue()
    assert photo_hints(first)
    call_command("photo_prints", stdout=(out := io.StringIO()), stderr=io.StringIO())
    assert out.getvalue() == "补算特征 0 张，比对 0 张，新发现相同照片 0 对，打不开 1 张。\n"


def test_an_upload_whose_comparison_fails_is_kept_and_caught_up_with_by_the_next(world, ask, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("cut short")

    session = world.session()
    with monkeypatch.context() as patch:
        patch.setattr(photo_matches, "_matches_of", broken)
        add(world, session, encoded(scene(1)))
    assert Evidence.objects.count() == PhotoPrint.objects.filter(compared_at=None).count() == 1
    assert f"evidence {Evidence.objects.get().pk} was not compared" in caplog.text
    assertContains(ask(world.town, reverse("session-detail", args=[session.pk])), "1 张照片还在与全县以前的照片比对")
    session.submit(actor=world.town)
    assertContains(ask(world.bureau, reverse("review-session", args=[session.pk])), "1 张照片还在与全县以前的照片比对")
    add(world, world.session(title="后来的一场"), encoded(scene(2)))
    assert not PhotoPrint.objects.filter(compared_at=None).exists()
    assertNotContains(ask(world.bureau, reverse("review-session", args=[session.pk])), "还在与全县以前的照片比对")


def test_what_another_process_of_the_server_has_compared_meanwhile_is_not_compared_again(world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(photo_matches, "compare_soon", lambda: None)
        add(world, world.session(), *(encoded(scene(number)) for number in range(3)))
    assert photo_matches.waiting().count() == 3
    compared, compare = [], photo_matches.compare

    def while_the_other_one_does_the_rest(rows):
        compared.extend(rows)
        return compare(photo_matches.waiting())

    monkeypatch.setattr(photo_matches, "compare", while_the_other_one_does_the_rest)
    photo_matches.compare_waiting()
    assert len(compared) == 1 and not photo_matches.waiting().exists()
