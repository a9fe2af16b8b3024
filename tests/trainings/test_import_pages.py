"""Importing a ledger on the web: upload, mend, confirm once and only what was shown, two persons for history, undo."""

import importlib
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from networks.models import AffiliatedBody
from networks.models.audit import AuditEvent
from trainings import imports
from trainings.models import ImportBatch, TrainingSession
from trainings.workbook import Refused

from .import_pages import GOOD, changed, confirm, ledger, mend, page, upload, uploaded


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


@pytest.fixture
def bureau(client, world):
    client.force_login(world.bureau)
    return client


HOSTILE = '<img src=x onerror="alert(1)">'


def files(settings):
    root = settings.MEDIA_ROOT
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


# --- upload ---------------------------------------------------------------------------------------


def test_a_ledger_is_uploaded_checked_and_stored_when_confirmed(town, world):
    batch = uploaded(town, ledger(world, GOOD, changed(培训名称="壮绣", 实到人次="35人")))
    assert (batch.state, batch.rows, batch.created, batch.unit) == ("rehearsed", 2, 2, world.ours)
    assert TrainingSession.objects.count() == 0
    assertContains(page(town, batch), "确认入库 2 场")
    assertRedirects(confirm(town, batch), reverse("import-batch", args=[batch.pk]))
    rows = TrainingSession.objects.order_by("title")
    assert [(s.title, s.status, s.reported_attendance, s.entered_by, s.batch) for s in rows] == [
        ("壮绣", "draft", 35, world.town, batch),
        ("桑蚕小蚕共育技术", "draft", 40, world.town, batch),
    ]
    result = page(town, batch)
    assertContains(result, "已入库")
    assert set(result.context["sessions"]) == set(rows)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "空"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "另存为"),
        ("培训名称,开始时间\n桑蚕,2026-03-05\n".encode(), "另存为"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04 truncated", "损坏"),
        (b"<html><table></table></html>", "网页"),
    ],
)
def test_xl_1_a_file_that_is_no_workbook_is_named_and_nothing_is_kept(town, world, settings, content, told):
    response = upload(town, SimpleUploadedFile("台账.xlsx", content))
    assertContains(response, told)
    assert ImportBatch.objects.count() == 0
    assert files(settings) == []


def test_an_upload_without_a_file_or_over_20_mib_is_told_at_the_field(town, world, monkeypatch):
    assertContains(town.post(reverse("import-upload"), {}), "请选择要上传的台账文件")
    monkeypatch.setattr("networks.forms.MOST_BYTES", 100)
    assertContains(upload(town, ledger(world, GOOD)), "超过 20 MiB 的上限")
    assert ImportBatch.objects.count() == 0


@pytest.mark.parametrize("year", ["x", "1999", "2100", "9" * 30])
def test_a_year_that_is_none_comes_back_with_what_was_typed(town, world, year):
    response = upload(town, ledger(world, GOOD), year=year)
    assertContains(response, "年份应是 2000—2099 的四位数字")
    assert response.context["form"]["year"].value() == year


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("学员450124199001011234台账.xlsx", "学员****台账.xlsx"),
        ("王老师13800138000.xlsx", "王老师****.xlsx"),
        ("戒毒人员名单450124199001011234.xlsx", "台账（原文件名未保留）.xlsx"),
        ("社区 矫正一季度.xlsx", "台账（原文件名未保留）.xlsx"),
        ("白山镇台账2026.xlsx", "白山镇台账2026.xlsx"),
    ],
)
def test_pi_2_pi_7_a_ledgers_name_keeps_no_numbers_of_persons_and_no_protected_group(town, world, name, kept):
    batch = uploaded(town, ledger(world, GOOD, name=name))
    assert batch.original_name == kept


def test_pi_7_files_lie_under_random_names_and_downloads_tell_nothing(town, world, settings):
    batch = uploaded(town, ledger(world, changed(实到人次="约40"), name="../../张三的台账.xlsx"))
    (path,) = files(settings)
    assert path.parent.name == "importbatch"
    assert "张三" not in str(path)
    assert batch.original_name == "张三的台账.xlsx"
    response = town.get(reverse("import-marked", args=[batch.pk]))
    assert "attachment" in response["Content-Disposition"]
    assert "%E5%BC%A0%E4%B8%89" not in response["Content-Disposition"]
    cell = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active["D2"]
    assert "约40" in cell.comment.text


def test_the_template_is_a_workbook_to_download(town, world):
    response = town.get(reverse("import-template"))
    assert "attachment" in response["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert sheet["A1"].value == "培训名称"


# --- mending --------------------------------------------------------------------------------------


def test_each_error_is_shown_at_its_cell_and_mended_in_place(town, world):
    batch = uploaded(
        town,
        ledger(
            world,
            changed(实到人次="约40"),
            changed(培训名称="甲", 主题类别="农村实用技木"),
            changed(培训名称="乙", 主题类别="农村实用技木"),
            changed(培训名称=""),
        ),
    )
    response = page(town, batch)
    mends = response.context["mends"]
    assert [(m.column, m.was, [row for _, row, _ in m.places]) for m in mends] == [
        ("实到人次", "约40", [2]),
        ("主题类别", "农村实用技木", [3, 4]),
        ("培训名称", "", [5]),
    ]
    assert mends[1].nearest[0] == "农村实用技术"
    assertContains(response, "还有 4 处要改")
    assertNotContains(response, "确认入库 ")
    assert confirm(town, batch, response.context["rehearsal"].digest).status_code == 302
    assert TrainingSession.objects.count() == 0
    mend(town, batch, "40", "农村实用技术", "丙")
    response = page(town, batch)
    assert response.context["rehearsal"].clean
    confirm(town, batch)
    assert sorted(TrainingSession.objects.values_list("title", flat=True)) == sorted(
        ["桑蚕小蚕共育技术", "甲", "乙", "丙"]
    )
    assert {str(s.theme) for s in TrainingSession.objects.all()} == {"农村实用技术"}


def test_what_is_left_as_it_was_is_no_correction_and_corrections_can_be_taken_back(town, world):
    batch = uploaded(town, ledger(world, changed(实到人次="约40", 主题类别="农\n技")))
    mend(town, batch, "约40", "农技")
    assert ImportBatch.objects.get(pk=batch.pk).corrections == {}
    mend(town, batch, "40")
    assert ImportBatch.objects.get(pk=batch.pk).corrections == {"Sheet": {"2": {"实到人次": "40"}}}
    town.post(reverse("import-batch", args=[batch.pk]), {"reset": "1"})
    assert ImportBatch.objects.get(pk=batch.pk).corrections == {}


def test_the_year_that_completes_dates_can_be_given_after_the_upload(town, world):
    batch = uploaded(town, ledger(world, changed(开始时间="3月5日")))
    assert not page(town, batch).context["rehearsal"].clean
    assertContains(mend(town, batch, year="19"), "年份应是 2000—2099 的四位数字")
    mend(town, batch, year=str(world.year))
    assert page(town, batch).context["rehearsal"].clean


@pytest.mark.parametrize(
    "given",
    [
        {"0-at": "x|Sheet", "0-column": "实到人次", "0-text": "40"},
        {"0-at": "0|Sheet", "0-column": "实到人次", "0-text": "40"},
        {"0-at": "2", "0-column": "实到人次", "0-text": "40"},
        {"0-at": "٢|Sheet", "0-column": "实到人次", "0-text": "40"},
        {"0-at": "2|Sheet", "0-column": "status", "0-text": "verified"},
        {"0-at": "2|Sheet", "0-column": "实到人次", "0-text": "4" * 1001},
        {"0-at": "2|Sheet", "0-column": "实到人次"},
        {"x-at": "2|Sheet", "9999-column": "实到人次", "9999-text": "40"},
    ],
)
def test_nonsense_in_the_mending_form_is_passed_over(town, world, given):
    batch = uploaded(town, ledger(world, changed(实到人次="约40")))
    assert town.post(reverse("import-batch", args=[batch.pk]), given).status_code == 302
    assert ImportBatch.objects.get(pk=batch.pk).corrections == {}


def test_the_bureau_assigns_an_unknown_organiser_and_it_is_remembered(bureau, world):
    batch = uploaded(bureau, ledger(world, changed(主办单位="县蚕种站"), changed(培训名称="乙", 主办单位="县蚕种站")))
    response = page(bureau, batch)
    assert response.context["unknown"] == ["县蚕种站"]
    assert response.context["mends"] == []
    mend(bureau, batch, organiser=["县蚕种站"], unit=["nyj"])
    assert AffiliatedBody.objects.filter(name="县蚕种站").count() == 0
    confirm(bureau, batch)
    assert {s.organiser for s in TrainingSession.objects.all()} == {world.outside}
    assert {s.organiser_written for s in TrainingSession.objects.all()} == {"县蚕种站"}
    assert AffiliatedBody.objects.get(name="县蚕种站").unit == world.outside


def test_a_name_that_the_county_learnt_meanwhile_is_not_learnt_twice(bureau, world):
    batch = uploaded(bureau, ledger(world, changed(主办单位="县蚕种站")))
    mend(bureau, batch, organiser=["县蚕种站"], unit=["nyj"])
    AffiliatedBody.objects.create(county=world.county, name="县蚕种站", unit=world.wxgtj)
    confirm(bureau, batch)
    assert TrainingSession.objects.get().organiser == world.wxgtj


def test_ac_3_an_organiser_is_assigned_to_no_foreign_unit_and_not_by_a_unit(client, world):
    client.force_login(world.bureau)
    batch = uploaded(client, ledger(world, changed(主办单位="县蚕种站")))
    assert mend(client, batch, organiser=["县蚕种站"], unit=["450125100"]).status_code == 404
    assert ImportBatch.objects.get(pk=batch.pk).assignments == {}
    client.force_login(world.town)
    own = uploaded(client, ledger(world, changed(主办单位="县蚕种站")))
    assert page(client, own).context["unknown"] == []
    assert mend(client, own, organiser=["县蚕种站"], unit=["450124100"]).status_code == 403
    assert mend(client, own, organiser=["县蚕种站"], unit=["450124103"]).status_code == 404
    assert ImportBatch.objects.get(pk=own.pk).assignments == {}


# --- confirming -----------------------------------------------------------------------------------


def test_in_3_a_double_click_stores_once(town, world):
    batch = uploaded(town, ledger(world, GOOD))
    digest = page(town, batch).context["rehearsal"].digest
    confirm(town, batch, digest)
    response = town.post(reverse("import-confirm", args=[batch.pk]), {"digest": digest}, follow=True)
    assertContains(response, "没有再次导入")
    assert TrainingSession.objects.count() == 1
    assert AuditEvent.objects.filter(action="导入台账").count() == 1


def test_in_3_the_same_file_uploaded_again_is_the_one_that_waits(town, world, settings):
    """A second click, or a lost answer: one ledger, with what was mended in it. Another year or another account is another."""
    file = ledger(world, changed(主题类别="没有的类别"))
    first = uploaded(town, file)
    mend(town, first, "农村实用技术")
    file.seek(0)
    assert uploaded(town, file) == first and ImportBatch.objects.get().corrections
    assert len(files(settings)) == 1
    file.seek(0)
    assert uploaded(town, file, year=world.year) != first
    file.seek(0)
    town.force_login(world.bureau)
    assert uploaded(town, file).user == world.bureau
    town.force_login(world.town)
    confirm(town, first)
    file.seek(0)
    assert uploaded(town, file) != first, "what is stored waits no more"


def test_ld_3_an_account_has_so_many_ledgers_waiting_and_no_more(town, world, settings, monkeypatch):
    """Each may have 20 MiB, and waits for thirty days."""
    monkeypatch.setattr(imports, "MOST_WAITING", 2)
    sent = [ledger(world, changed(培训名称=f"第{n}场"), name=f"第{n}份.xlsx") for n in range(3)]
    first, _ = (uploaded(town, file) for file in sent[:2])
    with monkeypatch.context() as unread:
        unread.setattr(imports, "rehearse", None)  # refused before it is read
        refused = upload(town, sent[2]).content.decode()
    assert "您已有 2 份台账等着入库（最早的是“第0份.xlsx”）" in refused and "放弃这份台账" in refused
    assert ImportBatch.objects.count() == 2
    assert len(files(settings)) == 2
    sent[0].seek(0)
    assert uploaded(town, sent[0]) is not None, "the same again is no more"
    town.post(reverse("import-discard", args=[first.pk]))
    sent[2].seek(0)
    uploaded(town, sent[2])
    assert ImportBatch.objects.count() == 2


def test_in_3_two_at_the_same_moment_store_once(town, world):
    batch = uploaded(town, ledger(world, GOOD))
    digest = page(town, batch).context["rehearsal"].digest
    mine, other = ImportBatch.objects.get(pk=batch.pk), ImportBatch.objects.get(pk=batch.pk)
    imports.confirm(mine, world.town, digest)
    with pytest.raises((Refused, imports.Moved)):  # `other` still believes that the ledger waits
        imports.confirm(other, world.town, digest)
    assert TrainingSession.objects.count() == 1


def test_what_has_moved_since_is_checked_anew_instead_of_stored(town, world):
    batch = uploaded(town, ledger(world, GOOD, changed(培训名称="壮绣")))
    digest = page(town, batch).context["rehearsal"].digest
    other = uploaded(town, ledger(world, GOOD))
    confirm(town, other)
    response = town.post(reverse("import-confirm", args=[batch.pk]), {"digest": digest}, follow=True)
    assertContains(response, "校验之后系统中的数据有了变化")
    assert response.context["rehearsal"].counts["duplicates"] == 1
    assert TrainingSession.objects.count() == 1
    confirm(town, batch)
    assert TrainingSession.objects.count() == 2
    result = page(town, batch)
    assertContains(result, "没有导入的和需要留意的")
    assertContains(result, "第 2 行“桑蚕小蚕共育技术”已在系统中，不重复导入")


@pytest.mark.parametrize("digest", ["", "0" * 64, "x" * 5000, "名"])
def test_another_digest_stores_nothing(town, world, digest):
    batch = uploaded(town, ledger(world, GOOD))
    confirm(town, batch, digest)
    assert TrainingSession.objects.count() == 0
    assert ImportBatch.objects.get(pk=batch.pk).state == "rehearsed"


def test_a_ledger_with_nothing_new_offers_no_confirmation(town, world):
    confirm(town, uploaded(town, ledger(world, GOOD)))
    batch = uploaded(town, ledger(world, GOOD))
    response = page(town, batch)
    assertContains(response, "没有新的场次")
    assertNotContains(response, reverse("import-confirm", args=[batch.pk]))
    confirm(town, batch, response.context["rehearsal"].digest)
    assert ImportBatch.objects.get(pk=batch.pk).state == "rehearsed"


def failing(working=None):
    """Stands for a function whose write is cut off, before it or (`working` given) just after it."""

    def fail(*args, **kwargs):
        if working:
            working(*args, **kwargs)
        raise OSError("disk full")

    return fail


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "name", ["_batch", "_store_drafts", "bulk_create_with_history", "_store_parts", "_affiliate", "audit.record"]
)
def test_in_2_a_failure_at_any_write_of_a_commit_stores_nothing(bureau, world, monkeypatch, settings, name, after):
    batch = uploaded(bureau, ledger(world, changed(主办单位="县蚕种站")))
    mend(bureau, batch, organiser=["县蚕种站"], unit=["nyj"])
    digest = page(bureau, batch).context["rehearsal"].digest
    kept = files(settings)
    home = importlib.import_module("trainings.workbook.batches")
    if name == "audit.record":
        home, name = home.audit, "record"
    with monkeypatch.context() as broken:
        broken.setattr(home, name, failing(getattr(home, name) if after else None))
        with pytest.raises(OSError, match="disk full"):
            confirm(bureau, batch, digest)
    assert TrainingSession.objects.count() == 0
    assert TrainingSession.history.count() == 0
    assert AffiliatedBody.objects.filter(name="县蚕种站").count() == 0
    assert ImportBatch.objects.get(pk=batch.pk).state == "rehearsed"
    assert files(settings) == kept
    confirm(bureau, batch, digest)
    assert TrainingSession.objects.count() == 1


@pytest.mark.parametrize("point", ["networks.audit.record", "trainings.models.imports.ImportBatch.save"])
def test_in_2_a_failed_upload_leaves_no_row_and_no_file(town, world, monkeypatch, settings, point):
    with monkeypatch.context() as broken:
        broken.setattr(point, failing())
        with pytest.raises(OSError, match="disk full"):
            upload(town, ledger(world, GOOD))
    assert ImportBatch.objects.count() == 0
    assert files(settings) == []


def test_a_discarded_ledger_is_gone_with_its_file(town, world, settings, django_capture_on_commit_callbacks):
    batch = uploaded(town, ledger(world, GOOD))
    assert len(files(settings)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assertRedirects(
            town.post(reverse("import-discard", args=[batch.pk])),
            reverse("import-upload"),
            fetch_redirect_response=False,
        )
    assert ImportBatch.objects.count() == 0
    assert files(settings) == []
    assert AuditEvent.objects.filter(action="放弃台账").count() == 1


def test_what_is_stored_cannot_be_discarded(town, world):
    batch = uploaded(town, ledger(world, GOOD))
    confirm(town, batch)
    response = town.post(reverse("import-discard", args=[batch.pk]), follow=True)
    assertContains(response, "不能这样做")
    assert TrainingSession.objects.count() == 1


# --- whose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["head", "leader", "auditor", "operator", "homeless"])
def test_ac_1_whoever_may_not_import_is_turned_away(client, world, role):
    client.force_login(world.town)
    batch = uploaded(client, ledger(world, GOOD))
    client.force_login(world.users[role])
    for name, args in [
        ("import-upload", []),
        ("import-list", []),
        ("import-template", []),
        ("import-batch", [batch.pk]),
        ("import-marked", [batch.pk]),
        ("import-undo", [batch.pk]),
    ]:
        assert client.get(reverse(name, args=args)).status_code == 403, name
    for name in ("import-confirm", "import-discard", "import-batch", "import-undo"):
        assert client.post(reverse(name, args=[batch.pk])).status_code == 403, name
    assert ImportBatch.objects.get().state == "rehearsed"


@pytest.mark.parametrize("role", ["town2", "unit", "foreign_bureau", "foreign_town", "centre"])
def test_ac_2_a_foreign_batch_does_not_exist(client, world, role):
    client.force_login(world.town)
    batch = uploaded(client, ledger(world, GOOD, name="看不到的台账.xlsx"))
    digest = page(client, batch).context["rehearsal"].digest
    client.force_login(world.users[role])
    assertNotContains(client.get(reverse("import-list")), "看不到的台账")
    for name in ("import-batch", "import-marked", "import-undo"):
        assert client.get(reverse(name, args=[batch.pk])).status_code == 404, name
    for name in ("import-confirm", "import-discard", "import-batch", "import-undo"):
        assert client.post(reverse(name, args=[batch.pk]), {"digest": digest}).status_code == 404, name
    assert TrainingSession.objects.count() == 0
    assert ImportBatch.objects.get().state == "rehearsed"


def test_ac_2_the_bureau_sees_that_a_unit_uploads_but_does_not_act_on_it(client, world):
    client.force_login(world.town)
    batch = uploaded(client, ledger(world, changed(培训名称="草稿里的名称")))
    digest = page(client, batch).context["rehearsal"].digest
    client.force_login(world.bureau)
    assertContains(client.get(reverse("import-list")), "台账.xlsx")
    response = page(client, batch)
    assertContains(response, "您这里只能看到进度")
    assertNotContains(response, "草稿里的名称")
    assert client.get(reverse("import-marked", args=[batch.pk])).status_code == 403
    for name in ("import-confirm", "import-discard", "import-batch"):
        assert client.post(reverse(name, args=[batch.pk]), {"digest": digest}).status_code == 403, name
    assert ImportBatch.objects.get().state == "rehearsed"


def test_wb_2_looking_stores_nothing(town, world):
    batch = uploaded(town, ledger(world, GOOD))
    before = (ImportBatch.objects.get().version, AuditEvent.objects.count())
    for name in ("import-batch", "import-marked"):
        town.get(reverse(name, args=[batch.pk]))
    for name in ("import-confirm", "import-discard"):
        assert town.get(reverse(name, args=[batch.pk])).status_code == 405
    assert (ImportBatch.objects.get().version, AuditEvent.objects.count()) == before
    assert TrainingSession.objects.count() == 0


def test_ld_2_the_list_of_batches_takes_the_same_queries_for_3_and_30_rows(bureau, world):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert bureau.get(reverse("import-list")).status_code == 200
        return len(queries)

    def store(number):
        for n in range(number):
            user, unit = [(world.town, world.ours), (world.bureau, None)][n % 2]
            ImportBatch.objects.create(
                county=world.county, user=user, unit=unit, original_name=f"{n}.xlsx", sha256="0" * 64
            )

    store(3)
    few = count()
    store(27)
    assert count() == few


def test_ld_2_the_rehearsal_takes_the_same_queries_for_3_and_30_rows(town, world):
    def count(number):
        batch = uploaded(
            town, ledger(world, *(changed(培训名称=f"{number}-{n}", 主题类别="农") for n in range(number)))
        )
        with CaptureQueriesContext(connection) as queries:
            assert page(town, batch).status_code == 200
        return len(queries)

    count(1)
    assert count(3) == count(30)


# --- hostile names --------------------------------------------------------------------------------


def test_wb_3_hostile_names_are_shown_escaped_from_upload_to_result(bureau, world):
    hostile = [HOSTILE, HOSTILE, "{year}-03-05", HOSTILE, HOSTILE, HOSTILE]
    batch = uploaded(bureau, ledger(world, hostile, GOOD, name=f"{HOSTILE}.xlsx"))
    pages = [page(bureau, batch), bureau.get(reverse("import-list"))]
    mend(bureau, batch, "40", "农村实用技术", "课堂学习", organiser=[HOSTILE], unit=["nyj"])
    pages.append(page(bureau, batch))
    assert pages[-1].context["rehearsal"].clean, pages[-1].context["rehearsal"].errors
    confirm(bureau, batch)
    pages += [page(bureau, batch), bureau.get(reverse("import-undo", args=[batch.pk]))]
    for shown in pages:
        assert shown.status_code == 200
        assert "<img src=x" not in shown.content.decode()
        assertContains(shown, "&lt;img src=x")
    session = TrainingSession.objects.get(title=HOSTILE)
    bureau.force_login(world.bureau2)
    session.submit(actor=world.bureau)
    for shown in (
        bureau.get(reverse("review-queue")),
        bureau.get(reverse("review-session", args=[session.pk])),
    ):
        assert "<img src=x" not in shown.content.decode()
        assertContains(shown, "&lt;img src=x")


def test_the_navigation_marks_one_place_only(town, world):
    marked = [entry["label"] for entry in town.get(reverse("import-upload")).context["nav"] if entry["current"]]
    assert marked == ["导入台账"]


def test_an_organiser_under_one_of_its_own_names_is_shown_as_the_unit(town, world):
    confirm(town, uploaded(town, ledger(world, GOOD, changed(培训名称="乙", 主办单位="白山镇文化站"))))
    assert {s.title: s.organiser_name for s in TrainingSession.objects.all()} == {
        "桑蚕小蚕共育技术": "白山镇人民政府",
        "乙": "白山镇文化站（归口：白山镇）",
    }
