"""AC-6, PI-3: a signed sheet is a roster on paper. Whoever does not read the roster's names does not get the sheet by any road:
page, file, pack, hints. Each test has a photo beside it, which stays open."""

import io
import zipfile

import pytest
from django.urls import reverse

from trainings.models import Audience, CoOrganiser, RosterLine

from .test_looks import piece, url

pytestmark = pytest.mark.django_db
INK = b"\xff\xd8\xff\xe5\xbc\xa0\xe4\xb8\x89"  # what piece() writes of a picture called 张三


@pytest.fixture
def told(world):
    """A session that many see: a department's, held in 白山镇, organised with another one."""
    session = world.session(world.wxgtj, status="submitted", place=world.places["白山镇"])
    CoOrganiser.objects.create(session=session, unit=world.lgj, name=world.lgj.name)
    return session


def for_minors(session):
    session.audience_counts.create(audience=Audience.objects.get(name="青少年"), number=20)


def with_a_child(session):
    RosterLine.objects.create(session=session, name="小金丝", age_band="minor", source="pasted")


def seen_by(world, ask, evidence) -> set[str]:
    """Who gets the file itself. Whoever gets it must find its address on the page, and nobody else may."""
    readers = {}
    for name in ("unit", "unit_head", "unit2", "town", "head", "centre", "bureau", "auditor"):
        user = getattr(world, name)
        page = ask(user, reverse("session-detail", args=[evidence.session_id]))
        answer = ask(user, url(evidence))
        assert answer.status_code in ({200, 403} if page.status_code == 200 else {404})
        readers[name] = answer.status_code == 200
        assert (url(evidence) in page.content.decode()) is readers[name]
    return {name for name, reads in readers.items() if reads}


@pytest.mark.parametrize("kind", ["sheet", "satisfaction"])
def test_ac_6_a_signed_sheet_opens_to_whoever_reads_the_names_of_the_roster(world, told, ask, kind):
    sheet, photo = piece(told, kind, "张三"), piece(told, "photo")
    assert seen_by(world, ask, sheet) == {"unit", "bureau"}
    assert seen_by(world, ask, photo) >= {"unit", "bureau", "town", "unit2", "unit_head", "auditor"}
    assert "上面有姓名，只给登记这一场的单位和领导小组办公室查看" in ask(world.town, url(sheet)).content.decode()


@pytest.mark.parametrize("named", [for_minors, with_a_child])
def test_pi_3_where_minors_are_named_a_sheet_opens_to_its_own_unit_alone(world, told, ask, named):
    sheet, photo = piece(told, "sheet", "张三"), piece(told, "photo")
    named(told)
    assert seen_by(world, ask, sheet) == {"unit"}
    assert seen_by(world, ask, photo) >= {"unit", "bureau", "town", "auditor"}
    review = ask(world.bureau, reverse("review-session", args=[told.pk])).content.decode()
    assert "签到表：上面有未成年人的姓名，只给登记这一场的单位查看" in review
    assert url(sheet) not in review and url(photo) in review


@pytest.mark.parametrize("named", [None, for_minors, with_a_child])
def test_pi_3_no_pack_holds_a_sheet_that_its_reader_may_not_open(world, told, ask, named):
    sheet = piece(told, "sheet", "张三")
    sheet.link = ""
    if named:
        named(told)
    year, unit = told.held_on.year, told.organiser.code
    for user, reads in ((world.unit, True), (world.bureau, not named), (world.auditor, False)):
        for address in (
            reverse("session-archive", args=[told.pk]),
            reverse("unit-archive", args=[year, unit]),
        ):
            answer = ask(user, address)
            if answer.status_code != 200:
                continue
            pack = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
            held = any(pack.read(name) == INK for name in pack.namelist())
            assert held is reads
            record = pack.read(f"{told.number}/record.html").decode()
            assert ("上面有姓名，不在您可以查看的范围内，没有打包" in record) is not reads
            assert reads or sheet.sha256_stored in record


def test_pi_3_the_pair_of_a_hint_shows_no_sheet_that_its_reader_may_not_open(world, told, ask):
    other = world.session(world.ours, status="submitted")
    pieces = [piece(one, "sheet", "张三") for one in (told, other)]
    for one in pieces:
        type(one).objects.filter(pk=one.pk).update(sha256_original="a" * 64)
    with_a_child(other)
    page = ask(world.bureau, reverse("review-session", args=[told.pk])).content.decode()
    assert "照片用在两场" in page
    assert url(pieces[0]) in page and url(pieces[1]) not in page
