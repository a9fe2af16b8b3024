"""表格进出: download, upload, rehearsal, confirmation, and what happens when things have moved in between."""

import io
import threading
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks.models import AuditEvent, Institution, RegistryImport, User
from networks.registry import imports, rehearsal
from networks.xlsx.cells import read_workbook
from networks.xlsx.problems import Refused
from tests.conftest import build_world
from tests.trainings.workbook_files import book

from .registry_files import edited, exported

HEAD = ["所在地", "名称", "类别", "地址"]


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


def upload(content, name="名册.xlsx"):
    return SimpleUploadedFile(name, content)


def sent(client, content, key="institutions", name="名册.xlsx"):
    """The page that an upload leads to."""
    response = client.post(reverse("registry-upload", args=[key]), {"workbook": upload(content, name)})
    assert response.status_code == 302, response.context["form"].errors
    return response["Location"]


def confirmed(client, page, digest=None, **options):
    digest = digest or client.get(page).context["rehearsal"].digest
    return client.post(f"{page}confirm/", {"digest": digest}, follow=True, **options)


def files(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def night_schools(*names):
    return book([HEAD, *[["新汉村", name, "教学点", "村部"] for name in names]])


def test_a_workbook_is_taken_out_with_ones_own_rows_and_that_is_recorded(town, world):
    response = town.get(reverse("registry-download", args=["institutions"]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert {row[2].value for row in sheet.iter_rows(min_row=2)} - {None} == {
        "白山镇社区学校",
        "新兴社区社区教育教学点",
        "新汉村社区教育教学点",
    }
    event = AuditEvent.objects.get(action="导出名册表格")
    assert (event.actor, event.detail) == (world.town, {"registry": "institutions", "rows": 3})
    assert "下载不了文件" in town.get(reverse("registry-workbooks")).content.decode()


def test_one_sheet_fills_a_township_after_old_and_new_were_shown(
    town, world, settings, django_capture_on_commit_callbacks
):
    changes = {(row, "承办单位"): "村委会、村小学" for row in (2, 3, 4)}
    page = sent(
        town,
        edited(
            exported(world.town, "institutions"), changes, rows=[{"所在地": "新汉村", "名称": "夜校", "类别": "教学点"}]
        ),
    )
    shown = town.get(page).content.decode()
    assert "确认登记（新增 1 条，修改 3 条）" in shown
    assert "<ins>村委会、村小学</ins>" in shown
    assert Institution.objects.count() == 8, "nothing is stored before it is confirmed"
    assert "继续" in town.get(reverse("registry-workbooks")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        done = confirmed(town, page)
    assert "已登记：新增 1 条，修改 3 条。" in done.content.decode()
    assert Institution.objects.filter(hosts="村委会\n村小学").count() == 3
    event = AuditEvent.objects.get(action="导入名册表格")
    counts = {"rows": 4, "created": 1, "changed": 3, "unchanged": 0, "errors": 0, "skipped": 0}
    assert event.detail == {"registry": "institutions", "sha256": RegistryImport.objects.get().sha256, **counts}
    assert files(settings) == [], "the file goes once it is stored"
    assert "新增 1 条，修改 3 条" in town.get(reverse("registry-workbooks")).content.decode()
    again = sent(town, edited(exported(world.town, "institutions"), {}))
    assert "表格里的内容和系统中的一样" in town.get(again).content.decode()


def test_errors_are_shown_at_their_place_and_marked_in_ones_own_workbook(town, world):
    page = sent(town, book([HEAD, ["新汉村", "夜校", "教学点", "村部"], ["古零镇", "夜校", "食堂", None]]))
    shown = town.get(page).content.decode()
    assert "有 2 处要改" in shown
    assert "表1 第 3 行" in shown
    assert "没有“食堂”这一项" in shown
    assert f"{page}confirm/" not in shown
    refused = town.post(f"{page}confirm/", {"digest": town.get(page).context["rehearsal"].digest}, follow=True)
    assert imports.MOVED in refused.content.decode()
    assert Institution.objects.count() == 8, "all rows or none"
    marked = town.get(f"{page}marked/")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(marked.streaming_content))).active
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment} == {"A3", "C3"}
    assert "古零镇" not in marked["Content-Disposition"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.4", "这是 PDF 文件"),
        (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "老版 Excel"),
        ("姓名,电话\n".encode("gb18030"), "CSV"),
        (b"<html><table></table></html>", "HTML"),
        (b"PK\x03\x04", "不完整或已损坏"),
        (book([["菜名", "价钱", "产地"], ["旱藕", 3, "古零"]]), "没有找到表头"),
    ],
)
def test_xl_1_a_file_that_is_no_such_workbook_is_named_and_nothing_is_kept(town, world, settings, content, told):
    page = reverse("registry-upload", args=["institutions"])
    response = town.post(page, {"workbook": upload(content)})
    assert told in response.content.decode()
    assert not RegistryImport.objects.exists()
    assert files(settings) == []


def test_a_file_over_the_limit_is_refused_before_it_is_read(town, monkeypatch):
    monkeypatch.setattr("networks.forms.MOST_BYTES", 100)
    response = town.post(reverse("registry-upload", args=["staff"]), {"workbook": upload(night_schools("夜校"))})
    assert "超过 20 MiB 的上限" in response.content.decode()
    assert "请选择要上传的表格文件" in town.post(reverse("registry-upload", args=["staff"])).content.decode()


def test_a_township_cannot_take_in_another_ones_rows(town, world):
    theirs = Institution.objects.get(name="羊山村社区教育教学点")
    page = sent(town, edited(exported(world.town2, "institutions"), {(2, "地址"): "改了"}))
    shown = town.get(page).context["rehearsal"]
    assert {(p.column, p.code) for p in shown.errors} == {("编号", "unknown")}
    confirmed(town, page)
    theirs.refresh_from_db()
    assert (theirs.address, theirs.version) == ("", 0)


def test_in_2_what_has_moved_since_the_rehearsal_is_refused_and_shown_anew(town, world):
    page = sent(town, edited(exported(world.town, "institutions"), {(2, "地址"): "白山街1号", (3, "地址"): "新街"}))
    digest = town.get(page).context["rehearsal"].digest
    school = Institution.objects.get(name="白山镇社区学校")
    Institution.objects.filter(pk=school.pk).update(seats=5)
    unrelated = town.get(page).context["rehearsal"].digest
    assert unrelated != digest, "another value of a row that the file names is a change of the file's making"
    Institution.objects.filter(pk=school.pk).update(address="白山街9号")
    response = confirmed(town, page, unrelated)
    assert imports.MOVED in response.content.decode()
    assert "白山街9号" in response.content.decode()
    school.refresh_from_db()
    assert school.address == "白山街9号"
    confirmed(town, page)
    school.refresh_from_db()
    assert school.address == "白山街1号"


def test_in_1_ld_3_a_workbook_is_read_before_anything_is_locked_and_a_wrong_digest_locks_nothing(world, monkeypatch):
    """On SQLite nobody else in the county can write while a transaction is open: a million cells take seconds to read."""
    row = imports.keep(upload(night_schools("夜校")), world.town, "institutions")
    digest = imports.rehearse_again(row).digest
    around, inside = len(connection.savepoint_ids), []

    def reading(content):
        inside.append(len(connection.savepoint_ids) - around)
        return read_workbook(content)

    for module in (imports, rehearsal):
        monkeypatch.setattr(module, "read_workbook", reading, raising=False)
    for wrong in ("", "x" * 64, digest[:-1]):
        with CaptureQueriesContext(connection) as queries, pytest.raises(imports.Moved):
            imports.confirm(row, wrong)
        assert (inside, len(queries)) == ([], 0), "no digest at all: nothing is even read"
    with CaptureQueriesContext(connection) as queries, pytest.raises(imports.Moved):
        imports.confirm(row, "0" * 64)
    assert not [q["sql"] for q in queries if "SAVEPOINT" in q["sql"] or "FOR UPDATE" in q["sql"]]
    imports.confirm(row, digest)
    assert inside == [0, 0], "once for each, outside"
    assert Institution.objects.filter(name="夜校").count() == 1


def test_in_3_a_second_click_stores_nothing_twice(town, world):
    page = sent(town, night_schools("夜校"))
    digest = town.get(page).context["rehearsal"].digest
    confirmed(town, page, digest)
    response = confirmed(town, page, digest)
    assert imports.DONE in response.content.decode()
    assert Institution.objects.filter(name="夜校").count() == 1
    assert AuditEvent.objects.filter(action="导入名册表格").count() == 1


def test_an_upload_takes_the_place_of_the_one_that_waited(town, world, settings, django_capture_on_commit_callbacks):
    first = sent(town, night_schools("夜校"), name="韦某某的教学点.xlsx")
    with django_capture_on_commit_callbacks(execute=True):
        second = sent(town, night_schools("日校"))
    assert town.get(first).status_code == 404
    assert len(files(settings)) == 1
    assert "韦某某" not in str(list(RegistryImport.objects.values())) + str(files(settings))
    with django_capture_on_commit_callbacks(execute=True):
        response = town.post(f"{second}discard/", follow=True)
    assert "没有登记任何内容" in response.content.decode()
    assert (files(settings), RegistryImport.objects.count()) == ([], 0)
    assert town.post(f"{second}discard/").status_code == 404


def test_in_2_what_cannot_be_kept_leaves_no_file(town, world, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr(AuditEvent, "save", fail)
    with pytest.raises(RuntimeError):
        imports.keep(upload(night_schools("夜校")), world.town, "institutions")
    assert files(settings) == []


@pytest.mark.parametrize("breaks", ["networks.registry.rehearsal.bulk_update_with_history", "networks.audit.record"])
def test_in_2_a_confirmation_that_breaks_stores_nothing(world, settings, monkeypatch, breaks):
    content = edited(
        exported(world.town, "institutions"),
        {(2, "地址"): "新街"},
        rows=[{"所在地": "新汉村", "名称": "夜校", "类别": "教学点"}],
    )
    row = imports.keep(upload(content), world.town, "institutions")
    digest = imports.rehearse_again(row).digest

    def fail(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(breaks, fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        imports.confirm(row, digest)
    row.refresh_from_db()
    assert (row.state, bool(row.file), Institution.objects.count()) == ("rehearsed", True, 8)
    assert not Institution.objects.filter(address="新街").exists()
    assert len(files(settings)) == 1


def test_an_altered_or_lost_file_is_not_taken_for_what_was_uploaded(town, world, settings):
    page = sent(town, night_schools("夜校"))
    (path,) = files(settings)
    path.chmod(0o640)
    path.write_bytes(night_schools("别的"))
    assert "与上传时不同" in town.get(page).content.decode()
    path.unlink()
    assert "已不在服务器上" in town.get(page).content.decode()


def test_the_first_page_asks_as_often_for_thirty_rows_as_for_three(town, world):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert town.get(reverse("registry-workbooks")).status_code == 200
        return len(queries)

    def fill(number):
        for n in range(number):
            Institution.objects.create(
                division=world.places["新汉村"], kind="point", name=f"点{Institution.objects.count()}-{n}"
            )
            RegistryImport.objects.create(
                user=world.town,
                registry="institutions",
                state="committed",
                sha256="0" * 64,
                committed_at="2026-01-01T00:00Z",
            )

    fill(3)
    few = asked()
    fill(30)
    assert asked() == few


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "committed"},
        {"committed_at": "2026-01-01T00:00Z"},
        {"file": ""},
    ],
)
def test_in_5_the_database_holds_what_an_upload_must_be(world, broken):
    row = RegistryImport.objects.create(user=world.town, registry="staff", file="registryimport/x", sha256="0" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistryImport.objects.filter(pk=row.pk).update(**broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistryImport.objects.create(user=world.town, registry="staff", file="registryimport/y", sha256="0" * 64)


@pytest.mark.django_db(transaction=True)
def test_in_6_two_confirmations_at_one_moment_store_once(settings, transactional_db):
    if connection.vendor == "sqlite":
        pytest.skip(
            "the suite's SQLite lives in memory; in a file it lets one writer in at a time (test_session_rules)"
        )
    world = build_world()
    row = imports.keep(upload(night_schools("夜校")), world.town, "institutions")
    digest = imports.rehearse_again(row).digest
    start, outcomes = threading.Barrier(2), []

    def confirm():
        try:
            start.wait()
            imports.confirm(RegistryImport.objects.select_related("user").get(pk=row.pk), digest)
            outcomes.append("stored")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["committed", "stored"]
    assert Institution.objects.filter(name="夜校").count() == 1


def test_an_account_that_lost_its_place_confirms_nothing(town, world):
    page = sent(town, night_schools("夜校"))
    digest = town.get(page).context["rehearsal"].digest
    User.objects.filter(pk=world.town.pk).update(home_division=world.places["古零镇"])
    response = confirmed(town, page, digest)
    assert imports.MOVED in response.content.decode()
    assert not Institution.objects.filter(name="夜校").exists()
    other = Client()
    other.force_login(world.bureau)
    assert other.get(page).status_code == 404, "an upload is its uploader's alone"
