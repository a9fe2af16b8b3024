"""归档包: what is in it, what is not, and that it can be checked without this system."""

import hashlib
import io
import re
import tracemalloc
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from networks.models import AuditEvent
from networks.uploads import MIB
from trainings import archive, evidence
from trainings.models import Audience, AudienceCount, RosterLine, TrainingSession

NAME, TAIL, ORIGINAL = "欧阳归档", "8642", "张三丰在新汉村.jpg"


def photo(colour="red"):
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "JPEG")
    return SimpleUploadedFile(ORIGINAL, content.getvalue())


@pytest.fixture
def held(world):
    """A verified session of ours with a photo, a link and a roster."""
    session = world.session(world.ours, title="桑蚕归档培训", reported=88, venue="村委楼", instructors="韦老师")
    evidence.add(session, actor=world.town, kind="photo", uploads=[photo()], link="https://example.invalid/a")
    RosterLine.objects.create(session=session, name=NAME, phone_tail=TAIL, sex="f", age_band="adult", source="pasted")
    session.count_roster()
    session.refresh_from_db()
    session.submit(actor=world.town)
    session.verify(actor=world.bureau, attendance=86, reason="签到表只有 86 人")
    return session


def opened(response) -> zipfile.ZipFile:
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def text_of(pack: zipfile.ZipFile) -> str:
    return "\n".join(pack.read(name).decode() for name in pack.namelist() if name.endswith((".html", ".txt")))


def test_a_pack_holds_cover_record_states_sheet_and_evidence_with_digests(world, held, ask):
    pack = opened(ask(world.town, reverse("session-archive", args=[held.pk])))
    stored = held.evidence.exclude(file="").get()
    path = f"{held.number}/evidence/{held.number}-{stored.pk}.jpg"
    assert sorted(pack.namelist()) == sorted(
        [path, f"{held.number}/record.html", "index.html", "style.css", "README.txt", "SHA256SUMS.txt"]
    )
    with stored.file.open("rb") as file:
        assert pack.read(path) == file.read()
    record = pack.read(f"{held.number}/record.html").decode()
    for words in ["桑蚕归档培训", "村委楼", "韦老师", "88", "86", "签到表只有 86 人", "https://example.invalid/a"]:
        assert words in record
    assert stored.sha256_stored in record
    assert "欧**" in record
    cover = pack.read("index.html").decode()
    assert f'href="{held.number}/record.html"' in cover


def test_every_file_is_as_its_line_in_the_list_of_digests_says(world, held, ask):
    pack = opened(ask(world.town, reverse("session-archive", args=[held.pk])))
    lines = pack.read("SHA256SUMS.txt").decode().splitlines()
    told = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    assert set(told) == set(pack.namelist()) - {"SHA256SUMS.txt"}
    assert {path: hashlib.sha256(pack.read(path)).hexdigest() for path in told} == told
    assert "sha256sum -c SHA256SUMS.txt" in pack.read("README.txt").decode()


def test_au_3_the_log_keeps_who_took_it_with_the_digest_of_the_list(world, held, ask):
    pack = opened(ask(world.town, reverse("session-archive", args=[held.pk])))
    event = AuditEvent.objects.filter(action="下载归档包").get()
    assert event.actor == world.town
    assert event.detail["sha256"] == hashlib.sha256(pack.read("SHA256SUMS.txt")).hexdigest()
    assert (event.detail["sessions"], event.detail["files"], event.detail["session"]) == (1, 1, held.number)


def test_pi_7_no_name_title_or_original_file_name_stands_in_a_file_name_or_the_log(world, held, ask):
    response = ask(world.town, reverse("session-archive", args=[held.pk]))
    assert response["Content-Disposition"] == f'attachment; filename="archive-{held.number}.zip"'
    names = "".join(opened(response).namelist())
    assert re.fullmatch(r"[A-Za-z0-9/._-]+", names)
    detail = str(AuditEvent.objects.filter(action="下载归档包").get().detail)
    assert "桑蚕" not in detail
    assert NAME not in detail


@pytest.mark.parametrize("who", ["town", "head", "bureau", "auditor", "unit"])
def test_ac_6_full_names_and_telephones_stand_in_nobodys_pack(world, held, ask, who):
    held.co_organisers.create(unit=world.wxgtj)
    pack = opened(ask(getattr(world, who), reverse("session-archive", args=[held.pk])))
    told = text_of(pack)
    assert NAME not in told
    assert not re.search(rf"(?<![0-9a-f]){TAIL}(?![0-9a-f])", told)  # in the digest of a file any digits may stand
    assert "张三丰" not in told
    if who == "unit":  # who co-organises learns how many, not who
        assert "欧**" not in told
        assert "名册只给登记这一场的单位" in told
    else:
        assert "欧**" in told


def test_what_its_unit_did_before_submitting_is_in_no_other_units_pack(world, held, ask):
    held.co_organisers.create(unit=world.wxgtj)
    url = reverse("session-archive", args=[held.pk])
    own = opened(ask(world.town, url)).read(f"{held.number}/record.html").decode()
    other = opened(ask(world.unit, url)).read(f"{held.number}/record.html").decode()
    steps = [len(re.findall(r"<td>\d+年\d+月\d+日 \d\d:\d\d</td>\s*<td>[^<]", page)) for page in (own, other)]
    assert steps[0] > steps[1] > 0


def test_pi_4_a_sensitive_audience_is_named_to_whoever_may_see_the_session_and_in_no_file_name(world, ask):
    session = world.session(world.ours, title="心理康复辅导")
    AudienceCount.objects.create(session=session, audience=Audience.objects.get(name="戒毒人员"), number=9)
    session.submit(actor=world.town)
    session.verify(actor=world.bureau, attendance=50)
    other = world.session(world.ours, status="verified")
    pack = opened(ask(world.town, reverse("unit-archive", args=[world.year, world.ours.code])))
    assert "戒毒" in pack.read(f"{session.number}/record.html").decode()
    assert "戒毒" not in pack.read(f"{other.number}/record.html").decode() + "".join(pack.namelist())
    assert ask(world.town2, reverse("session-archive", args=[session.pk])).status_code == 404


def test_a_units_year_is_one_pack_with_what_is_verified_and_nothing_of_others(world, held, ask):
    draft = world.session(world.ours, title="还没提交")
    theirs = world.session(world.theirs, status="verified")
    pack = opened(ask(world.bureau, reverse("unit-archive", args=[world.year, world.ours.code])))
    folders = {name.split("/")[0] for name in pack.namelist() if "/" in name}
    assert folders == {held.number}
    assert draft.number not in text_of(pack)
    assert theirs.number not in text_of(pack)


def test_one_month_can_be_taken_and_an_empty_one_says_so(world, held, ask):
    url = reverse("unit-archive", args=[world.year, world.ours.code])
    assert held.number in text_of(opened(ask(world.town, f"{url}?month=1")))
    answer = ask(world.town, f"{url}?month=2")
    assert answer.status_code == 302
    assert "没有您可以查看的已核定场次" in ask(world.town, answer.url).content.decode()


def test_what_others_held_here_is_packed_and_what_is_out_of_sight_is_not(world, held, ask):
    answer = ask(world.town2, reverse("unit-archive", args=[world.year, world.ours.code]))
    assert answer.status_code == 302  # the unit is known to everybody, its sessions are not
    assert not AuditEvent.objects.filter(action="下载归档包").exists()


def test_a_pack_too_large_is_refused_with_what_to_do(world, held, ask, monkeypatch):
    url = reverse("unit-archive", args=[world.year, world.ours.code])
    monkeypatch.setattr("trainings.archive.MOST_BYTES", 10)
    answer = ask(world.town, url)
    assert answer.status_code == 302
    assert "请选月份，或逐场下载" in ask(world.town, answer.url).content.decode()
    monkeypatch.setattr("trainings.archive.MOST_BYTES", 10**9)
    monkeypatch.setattr("trainings.archive.MOST_SESSIONS", 0)
    assert "一次最多打包 0 场" in ask(world.town, ask(world.town, url).url).content.decode()


def test_in_evidence_that_was_changed_or_is_gone_is_told_and_the_rest_is_packed(world, held, ask):
    stored = held.evidence.exclude(file="").get()
    with stored.file.storage.open(stored.file.name, "wb") as file:
        file.write(b"\xff\xd8\xff other")
    pack = opened(ask(world.town, reverse("session-archive", args=[held.pk])))
    assert archive.CHANGED in text_of(pack)
    stored.file.storage.delete(stored.file.name)
    pack = opened(ask(world.town, reverse("session-archive", args=[held.pk])))
    assert archive.LOST in pack.read("index.html").decode()
    assert stored.sha256_stored in pack.read(f"{held.number}/record.html").decode()


def test_a_large_pack_is_written_to_the_disk_and_needs_little_memory(world, held):
    size = 24 * MIB
    stored = held.evidence.exclude(file="").get()
    with stored.file.storage.open(stored.file.name, "wb") as file:
        for _ in range(size // MIB):
            file.write(b"x" * MIB)
    rows = archive.for_packing(TrainingSession.objects.visible_to(world.town).filter(pk=held.pk))
    tracemalloc.start()
    made = archive.pack(rows, world.town, "包")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    made.file.close()
    assert made.size > size
    assert peak < 8 * MIB


@pytest.mark.parametrize("address", ["/sessions/archive/1800/450124100/", "/sessions/archive/2026/%00/"])
def test_junk_addresses_are_not_there(world, ask, address):
    assert ask(world.bureau, address).status_code == 404


def test_what_was_written_and_counted_alike_stands_in_a_record_once(world, ask):
    session = world.session(world.ours, title="老年人课", audience_text="老年人")
    AudienceCount.objects.create(session=session, audience=Audience.objects.get(name="老年人"), number=None)
    pack = opened(ask(world.town, reverse("session-archive", args=[session.pk])))
    assert pack.read(f"{session.number}/record.html").decode().count("培训对象") == 1
