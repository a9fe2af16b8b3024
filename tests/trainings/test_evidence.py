"""Evidence: what is taken and what becomes of it, one bad of five, who may fetch it, and what the groups protect."""

import hashlib
import io
import re
import stat
import sys
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, TiffImagePlugin

from networks import uploads
from networks.models import AuditEvent
from trainings import evidence
from trainings.models import Audience, Evidence, Refused

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def photo(kind="JPEG", size=(60, 40), colour=(200, 30, 30), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def with_gps() -> bytes:
    """A picture lying on its side, as a phone writes it, with the place of the shot."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    exif[0x010F] = "Canary-Phone"
    exif.get_ifd(0x8825).update({1: "N", 2: tuple(TiffImagePlugin.IFDRational(n) for n in (23, 42, 30))})
    return photo(exif=exif, comment=b"canary comment")


def upload(content, name="照片.jpg"):
    return SimpleUploadedFile(name, content)


def add(world, session, *contents, kind="photo", actor=None, link=""):
    uploads = [upload(c, f"文件{n}.jpg") for n, c in enumerate(contents, start=1)]
    return evidence.add(session, actor=actor or world.town, kind=kind, uploads=uploads, link=link)


def stored(row) -> bytes:
    with row.file.open() as file:
        return file.read()


def files_in(folder) -> list[Path]:
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def headcount_only(world, session, name="戒毒人员"):
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={},
        audiences=[(Audience.objects.get(name=name), 20)],
    )


# --- photos --------------------------------------------------------------------------------------------


def test_up_1_a_photo_is_turned_upright_and_loses_exif_gps_and_comment(world):
    original = with_gps()
    assert b"Canary-Phone" in original
    row = add(world, world.session(), original).kept[0]
    content = stored(row)
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.size) == ("JPEG", (40, 60))
    assert not image.getexif() and b"anary" not in content and b"Exif" not in content
    assert row.sha256_original == hashlib.sha256(original).hexdigest()
    assert row.sha256_stored == hashlib.sha256(content).hexdigest() and row.size == len(content)


def test_up_1_a_photo_is_at_most_2000_pixels_long_and_a_png_stays_a_png(world):
    wide, drawing = photo(size=(4000, 1000)), photo("PNG", size=(30, 30))
    kept = add(world, world.session(), wide, drawing).kept
    assert [(Image.open(io.BytesIO(stored(row))).size, row.content_type) for row in kept] == [
        ((2000, 500), "image/jpeg"),
        ((30, 30), "image/png"),
    ]


def test_up_1_nothing_hidden_behind_the_picture_is_kept(world):
    polyglot = photo() + b"<script>alert(1)</script>PK\x03\x04<?php canary ?>"
    content = stored(add(world, world.session(), polyglot).kept[0])
    assert b"script" not in content and b"canary" not in content


def test_up_1_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(world):
    header = b"\x89PNG\r\n\x1a\n"

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    def bomb(side):
        size = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
        return header + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")

    added = add(world, world.session(), bomb(6000), bomb(60_000))
    assert added.kept == []
    assert [sentence for _, sentence in added.refused] == [
        "照片太大（6000×6000），请缩小后再传",
        "照片的尺寸大得不正常，请换一张",
    ]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "空文件"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypmp42", "视频"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!DOCTYPE html><script>1</script>", "网页"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "Word"),
        (b"PK\x03\x04....[Content_Types].xml", "Word"),
        (b"PK\x03\x04....", "压缩包"),
        (b"GIF89a....", "GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"),
        (EICAR, "不是 JPG"),
        (photo()[:300], "不完整"),
        (b"\xff\xd8\xff\xe0 not really", "不完整"),
        (b"\x89PNG\r\n\x1a\n rubbish", "不完整"),
        (PDF[:40], "PDF 不完整"),
        (PDF.replace(b"/Root", b"/Encrypt 9 0 R /Root"), "密码"),
        (PDF.replace(b"/Type /Catalog", b"/OpenAction << /S /JavaScript /JS (app.alert) >>"), "脚本"),
        (PDF.replace(b"/Type /Catalog", b"/S /#4aava#53cript"), "脚本"),
        (
            PDF.replace(b"/Type", b"/ObjStm >>stream\n" + zlib.compress(b"<< /S /Launch >>") + b"endstream /Type"),
            "脚本",
        ),
    ],
)
def test_up_1_whatever_else_is_refused_with_a_sentence_that_says_what_to_do(world, content, word):
    session = world.session()
    added = evidence.add(session, actor=world.town, kind="photo", uploads=[upload(content, "照片.jpg")])
    assert added.kept == [] and word in added.refused[0][1]
    assert not Evidence.objects.exists()


def test_up_1_one_bad_of_five_is_named_and_four_are_kept(world, settings):
    session = world.session()
    good = [photo(colour=(n * 60, n, n)) for n in range(4)]
    added = add(world, session, *good[:2], b"not a picture", *good[2:])
    assert (len(added.kept), added.refusal) == (4, "文件3.jpg：不是 JPG、PNG 照片，也不是 PDF，请另存为这几种再传")
    assert session.evidence.count() == 4 and len(files_in(settings.MEDIA_ROOT)) == 4


def test_the_same_photo_twice_is_stored_once(world):
    session, content = world.session(), photo()
    assert add(world, session, content, content).refused == [("文件2.jpg", "已经传过，没有重复保存")]
    assert session.evidence.count() == 1


def test_limits_of_size_and_number_are_named(world, monkeypatch):
    session = world.session()
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    assert "超过" in add(world, session, photo()).refused[0][1]
    monkeypatch.undo()
    monkeypatch.setattr(evidence, "MOST_PER_SESSION", 1)
    assert add(world, session, photo(), photo("PNG")).refused[0][1] == "每场最多 1 份材料，请先删除不用的"
    monkeypatch.undo()
    monkeypatch.setattr(evidence, "MOST_BYTES_PER_SESSION", 10)
    assert "合计不超过" in add(world, session, photo("PNG")).refused[0][1]


def test_links_are_text_and_only_of_the_web(world):
    session = world.session()
    kept = add(world, session, kind="report", link=" https://mp.weixin.qq.com/s/abc?x=1 ").kept
    assert kept[0].link == "https://mp.weixin.qq.com/s/abc?x=1"
    for bad in (
        "javascript:alert(1)",
        "ftp://x.cn/a",
        "https://",
        "mp.weixin.qq.com/s",
        "https://a b",
        "http://[",
        "https://u:p@x.cn/",
    ):
        assert add(world, session, kind="report", link=bad).refused[0][0] == "链接"
    assert session.evidence.count() == 1


# --- files on disk ---------------------------------------------------------------------------------------


def test_up_2_a_file_lies_under_an_internal_name_readable_by_the_owner_alone(world, settings):
    session = world.session()
    hostile = SimpleUploadedFile("x", photo())
    hostile._name = "../../etc/戒酒\\..\\passwd\u202egpj.exe.jpg"
    row = evidence.add(session, actor=world.town, kind="photo", uploads=[hostile]).kept[0]
    (path,) = files_in(settings.MEDIA_ROOT)
    assert re.fullmatch(r"evidence/[0-9a-f]{32}", str(path.relative_to(settings.MEDIA_ROOT)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert row.original_name == "passwdgpj.exe.jpg"
    with pytest.raises(ValueError, match="URL"):
        _ = row.file.url


def test_up_2_no_file_stays_when_its_row_is_not_stored(world, settings, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("audit is down")

    session = world.session()
    monkeypatch.setattr(evidence.audit, "record", broken)
    with pytest.raises(RuntimeError):
        add(world, session, photo(), photo("PNG"))
    assert files_in(settings.MEDIA_ROOT) == [] and not Evidence.objects.exists()


def test_removing_takes_the_file_only_after_the_commit_and_is_recorded(
    world, settings, django_capture_on_commit_callbacks
):
    row = add(world, world.session(), photo()).kept[0]
    with django_capture_on_commit_callbacks() as callbacks:
        evidence.remove(row, actor=world.town)
    assert len(files_in(settings.MEDIA_ROOT)) == 1 and not Evidence.objects.exists()
    for callback in callbacks:
        callback()
    assert files_in(settings.MEDIA_ROOT) == []
    event = AuditEvent.objects.get(action="删除佐证材料")
    assert event.actor == world.town and event.detail["sha256"] == row.sha256_stored


def test_up_2_a_file_is_handed_out_as_a_download_in_a_sandbox_after_a_scope_check(world, client):
    session = world.session(status="submitted", place=world.places["新汉村"])
    row = evidence.add(session, actor=world.town, kind="photo", uploads=[upload(photo(), "张三家.jpg")]).kept[0]
    address = reverse("evidence-file", args=[session.pk, row.pk])
    seen = {"town": 200, "head": 200, "bureau": 200, "centre": 200, "auditor": 200}
    for name in ("town2", "unit", "foreign_bureau", "foreign_town", "homeless"):
        seen[name] = 404 if name != "homeless" else 403
    for name, status in seen.items():
        client.force_login(world.users[name])
        assert (name, client.get(address).status_code) == (name, status)
    client.force_login(world.town)
    response = client.get(address)
    assert response["Content-Disposition"] == f'attachment; filename="{session.number}-{row.pk}.jpg"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(response.content)).format == "JPEG"
    other = world.session()
    assert client.get(reverse("evidence-file", args=[other.pk, row.pk])).status_code == 404


def test_pi_7_numbers_of_persons_are_struck_from_file_names(world):
    names = {
        "身份证450124199001011234.jpg": "身份证****.jpg",
        "45012419900101123X张三.jpg": "****张三.jpg",
        "13800138000.jpg": "****.jpg",
        "mmexport1709876543210.jpg": "mmexport1709876543210.jpg",
        "IMG_20260305_101112.jpg": "IMG_20260305_101112.jpg",
    }
    assert {name: evidence.shown_name(name) for name in names} == names


# --- who may, and when ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "may_add", "may_remove"),
    [
        ("planned", True, True),
        ("draft", True, True),
        ("returned", True, True),
        ("submitted", True, False),
        ("verified", False, False),
        ("void", False, False),
        ("cancelled", False, False),
    ],
)
def test_evidence_may_be_added_until_verified_and_removed_while_the_session_is_the_units(
    world, status, may_add, may_remove
):
    session = world.session(status=status)
    row = Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.town)
    if may_add:
        assert add(world, session, photo()).kept
    else:
        with pytest.raises(Refused, match="不能再添加材料"):
            add(world, session, photo())
    if may_remove:
        evidence.remove(row, actor=world.town)
    else:
        with pytest.raises(Refused, match="材料不能删除"):
            evidence.remove(row, actor=world.town)


def test_ac_4_no_road_leads_to_the_evidence_of_a_locked_year(world):
    session = world.session()
    evidence = Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.town)
    world.lock()
    evidence.link = "https://y.cn/"
    for attempt in (
        evidence.save,
        evidence.delete,
        Evidence(session=session, kind="report", link="https://z.cn/", uploaded_by=world.town).save,
    ):
        with pytest.raises(Refused, match="锁定定案"):
            attempt()
    assert list(Evidence.objects.values_list("link", flat=True)) == ["https://x.cn/"]


def test_nothing_is_added_to_or_removed_from_a_locked_year(world):
    session = world.session(status="submitted")
    draft = world.session()
    row = Evidence.objects.create(session=draft, kind="report", link="https://x.cn/", uploaded_by=world.town)
    world.lock()
    with pytest.raises(Refused, match="锁定定案"):
        add(world, session, photo())
    with pytest.raises(Refused, match="锁定定案"):
        evidence.remove(row, actor=world.town)


def test_ac_3_evidence_of_another_units_session_can_be_neither_added_nor_removed(world, client):
    theirs = world.session(world.theirs)
    shown = world.session(world.theirs, status="submitted", place=world.places["白山镇"])
    row = Evidence.objects.create(session=shown, kind="report", link="https://x.cn/", uploaded_by=world.town2)
    client.force_login(world.town)
    post = {"kind": "photo", "files": [upload(photo())]}
    assert client.post(reverse("evidence-add", args=[theirs.pk]), post).status_code == 404
    assert client.post(reverse("evidence-add", args=[shown.pk]), post).status_code == 403
    assert client.post(reverse("evidence-delete", args=[shown.pk, row.pk])).status_code == 403
    assert Evidence.objects.count() == 1


def test_several_files_go_up_at_once_and_the_page_names_the_bad_one(world, client):
    session = world.session()
    client.force_login(world.town)
    files = [upload(photo(), "一.jpg"), upload(b"\x00\x00\x00\x18ftypheic", "二.heic"), upload(PDF, "三.pdf")]
    page = client.post(reverse("evidence-add", args=[session.pk]), {"kind": "photo", "files": files}, follow=True)
    text = page.content.decode()
    assert "已保存 2 份材料" in text and "二.heic：是苹果手机的 HEIC 照片" in text
    assert session.evidence.count() == 2


# --- groups that are counted by heads only (PI-2) --------------------------------------------------------


def test_pi_2_a_headcount_only_session_takes_no_photo_sheet_satisfaction_or_report(world):
    session = world.session()
    headcount_only(world, session)
    for kind in ("photo", "sheet", "satisfaction", "report"):
        with pytest.raises(Refused, match="只报人次"):
            add(world, session, photo(), kind=kind)
        with pytest.raises(Refused, match="只报人次"):
            Evidence.objects.create(session=session, kind=kind, link="https://x.cn/", uploaded_by=world.town)
    for number, kind in enumerate(("notice", "courseware", "summary")):
        assert add(world, session, photo(colour=(number * 80, 0, 0)), kind=kind).kept


def test_pi_2_the_audience_cannot_become_headcount_only_while_photos_exist(world):
    session = world.session()
    add(world, session, photo())
    with pytest.raises(Refused, match="不能留有照片。请先在场次页面删除这 1 份材料"):
        headcount_only(world, session)
    session.refresh_from_db()
    assert session.audience_text == "" and session.sensitivity() == 0


def test_pi_3_a_session_for_minors_takes_photos_and_nothing_that_names_them(world):
    session = world.session()
    young = Audience.objects.get(name="青少年")
    session.revise(actor=world.town, seen_version=1, changes={}, audiences=[(young, 30)])
    for kind in ("sheet", "satisfaction"):
        with pytest.raises(Refused, match="有未成年人，不留姓名，不能上传"):
            add(world, session, photo(), kind=kind)
        with pytest.raises(Refused, match="有未成年人，不留姓名"):
            Evidence.objects.create(session=session, kind=kind, link="https://x.cn/", uploaded_by=world.town)
    for number, kind in enumerate(("photo", "notice", "courseware", "summary", "report")):
        assert add(world, session, photo(colour=(number * 40, 0, 0)), kind=kind).kept


def test_pi_3_an_older_session_for_minors_that_has_a_sheet_is_still_revised(world):
    session, young = world.session(), Audience.objects.get(name="青少年")
    add(world, session, photo(), kind="sheet")
    session.audience_counts.create(audience=young, number=30)
    session.revise(actor=world.town, seen_version=1, changes={"reported_attendance": 31}, audiences=[(young, 31)])
    session.refresh_from_db()
    assert session.reported_attendance == 31 and session.evidence.count() == 1


def test_pi_3_the_audience_cannot_become_minors_while_a_sheet_exists(world):
    session = world.session()
    add(world, session, photo(), kind="sheet")
    young = Audience.objects.get(name="青少年")
    with pytest.raises(
        Refused, match="所选培训对象有未成年人，不留姓名，不能留有签到表。请先在场次页面删除这 1 份材料"
    ):
        session.revise(actor=world.town, seen_version=1, changes={}, audiences=[(young, 30)])
    session.refresh_from_db()
    assert session.sensitivity() == 0


def test_pi_2_protected_groups_stand_in_no_file_name_and_no_link(world):
    session = world.session()
    uploads = [upload(photo(), "社区矫正 对象学习.jpg")]
    added = evidence.add(
        session,
        actor=world.town,
        kind="notice",
        uploads=uploads,
        link="https://x.cn/%E6%88%92%E6%AF%92%E4%BA%BA%E5%91%98",
    )
    assert added.kept == []
    assert [sentence for _, sentence in added.refused] == [
        "文件名里不能出现“社区矫正对象”，请改成不指明人群的名称后再传",
        "链接里不能出现“戒毒人员”，请改成不指明人群的名称后再传",
    ]


def test_pi_2_minors_may_be_shown_with_the_advice_not_to_show_faces(world, client):
    session = world.session()
    headcount_only(world, session, "青少年")
    assert add(world, session, photo()).kept
    client.force_login(world.town)
    assert "照片请不拍正脸" in client.get(reverse("session-detail", args=[session.pk])).content.decode()


@pytest.mark.parametrize(
    ("scanner", "sentence"),
    [
        ("import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())", "没有通过病毒检查"),
        ("import sys; sys.exit(2)", "现在不能做病毒检查"),
        ("import time; time.sleep(30)", "现在不能做病毒检查"),
        (None, "现在不能做病毒检查"),
    ],
)
def test_up_1_a_scanner_that_objects_or_fails_lets_no_file_through(settings, monkeypatch, scanner, sentence):
    settings.SCAN_COMMAND = [sys.executable, "-c", scanner] if scanner else ["/no/such/scanner"]
    monkeypatch.setattr("networks.uploads.SCAN_SECONDS", 2)
    infected = PDF.replace(b"%%EOF", b"% " + EICAR + b"\n%%EOF")
    with pytest.raises(uploads.Unusable, match=sentence):
        uploads.prepare(SimpleUploadedFile("a.pdf", infected))


def test_up_1_a_scanner_that_finds_nothing_lets_the_file_through(settings):
    settings.SCAN_COMMAND = [sys.executable, "-c", "import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())"]
    assert uploads.prepare(SimpleUploadedFile("a.pdf", PDF)).content_type == "application/pdf"
