"""Enter once: a paste from Excel, photos for many sessions, and a unit's own column names, all by the workbook's rules."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from networks.models import AuditEvent
from trainings import grid, workbook
from trainings.models import Audience, ColumnName, Evidence, ImportBatch, TrainingSession

from .test_points import photo

pytestmark = pytest.mark.django_db
HEADER = ["培训名称", "培训时间", "村", "培训形式", "人数"]


def tsv(*rows):
    return "\r\n".join("\t".join(row) for row in rows) + "\r\n"


def sent_back(page):
    """What a browser would send from the grid as it stands."""
    found = page.context["grid"]
    cells = [*found.header_cells(), *(cell for line in found.lines() for cell in line)]
    return {cell.name: cell.text for cell in cells} | {"year": page.context["form"]["year"].value() or ""}


def problems(page):
    return {cell.name: cell.problem for line in page.context["grid"].lines() for cell in line if cell.problem}


def test_a_paste_with_its_header_goes_through_the_grid_into_the_same_import(ask, world):
    address = reverse("session-grid")
    text = tsv(
        HEADER,
        ["桑蚕培训", f"{world.year}年1月2日上午9:00", "新汉村", "课堂学习", "40人"],
        ["“手机”课", f"{world.year}/1/3", "新兴社区", "课堂学习", "1,200"],
    )
    page = ask(world.town, address, {"paste": text, "fill": "1", "year": ""}, "post")
    assert page.context["grid"].headers == HEADER and "看起来没有问题" in page.content.decode()
    assert not ImportBatch.objects.exists()
    answer = ask(world.town, address, sent_back(page) | {"check": "1"}, "post")
    batch = ImportBatch.objects.get()
    assert answer.url == reverse("import-batch", args=[batch.pk])
    rehearsal = ask(world.town, answer.url).context["rehearsal"]
    ask(world.town, reverse("import-confirm", args=[batch.pk]), {"digest": rehearsal.digest}, "post")
    stored = [
        (s.title, s.place.short_name, s.reported_attendance, s.status) for s in TrainingSession.objects.order_by("pk")
    ]
    assert stored == [("桑蚕培训", "新汉村", 40, "draft"), ("“手机”课", "新兴社区", 1200, "draft")]


def test_a_paste_without_a_header_takes_the_columns_in_the_grids_order(ask, world):
    text = tsv(["桑蚕培训", "1月2日", "新汉村", "村委会", "课堂学习", "农村实用技术", "老年人", "40"])
    page = ask(world.town, reverse("session-grid"), {"paste": text, "fill": "1", "year": str(world.year)}, "post")
    assert page.context["grid"].headers == list(grid.COLUMNS)
    assert page.context["rehearsal"].counts["created"] == 1


def test_the_grid_says_the_same_as_the_workbook_at_the_cell_and_loses_nothing(ask, world):
    rows = [
        ["桑蚕培训", f"{world.year}-01-02", "新汉村", "课堂学习", "约40"],
        ["手机课", "三月初", "新汉材", "课堂学习", "20"],
        ["", f"{world.year}-01-04", "新汉村", "课堂学习", "20"],
    ]
    page = ask(world.town, reverse("session-grid"), {"paste": tsv(HEADER, *rows), "fill": "1"}, "post")
    book = Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    same = workbook.rehearse(file.getvalue(), world.town)
    told = {f"r{p.cell[0] - 2}c{p.cell[1] - 1}": p.message for p in same.errors}
    assert problems(page) == told and set(told) == {"r0c4", "r1c1", "r1c2", "r2c0"}
    again = ask(world.town, reverse("session-grid"), sent_back(page) | {"check": "1"}, "post")
    assert problems(again) == told and sent_back(again) == sent_back(page)
    assert 'href="#id_r0c4"' in again.content.decode()
    mended = sent_back(page) | {
        "r0c4": "40",
        "r1c1": f"{world.year}-01-03",
        "r1c2": "新汉村",
        "r2c0": "第三场",
        "check": "1",
    }
    assert ask(world.town, reverse("session-grid"), mended, "post").status_code == 302


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"check": "1"}, "还没有内容"),
        ({"paste": "\t\n", "fill": "1"}, "还没有内容"),
        ({"paste": "x\n" * 201, "fill": "1"}, "一次最多粘贴 200 行"),
        ({"paste": "x" * 300_001, "fill": "1"}, "一次粘贴的内容太多"),
        ({"paste": "x", "fill": "1", "year": "12"}, "年份应是"),
        ({"h99": "x", "r0c99": "y", "check": "1"}, "一次最多 200 行"),
        ({"h²": "x", "r²c1": "y", "rc": "", "h0": "培训名称", "check": "1"}, "还没有内容"),
        ({"paste": '"\x00"\t=1+1\r"', "fill": "1"}, "改"),
    ],
)
def test_rubbish_and_too_much_are_answered_with_a_sentence(ask, world, body, sentence):
    page = ask(world.town, reverse("session-grid"), body, "post")
    assert page.status_code == 200 and sentence in page.content.decode()
    assert not ImportBatch.objects.exists()


def test_what_is_stored_already_is_not_stored_again(ask, world):
    session = world.session(held_on=world.today.replace(month=1, day=2))
    row = [session.title, str(session.held_on), "白山镇", "课堂学习", "50"]
    body = {"paste": tsv(["培训名称", "开始时间", "举办地", "培训形式", "实到人次"], row), "fill": "1"}
    page = ask(world.town, reverse("session-grid"), body, "post")
    assert "这些场次都已在系统中" in page.content.decode()


def test_a_message_with_several_sessions_fills_the_grid(ask, world):
    year = world.year - 1
    text = f"{year}年3月5日新汉村桑蚕培训 40人\n{year}年3月6日上午新兴社区手机课，老年人18人，共18人\n辛苦了"
    page = ask(world.town, reverse("session-message"), {"text": text}, "post")
    rows = [dict(zip(page.context["grid"].headers, row, strict=True)) for row in page.context["grid"].rows]
    assert [row["开始时间"] for row in rows] == [f"{year}-03-05", f"{year}-03-06 上午", ""]
    assert [row["举办地"] for row in rows] == ["白山镇/新汉村", "白山镇/新兴社区", ""]
    assert rows[1]["培训对象"] == "老年人18" and rows[1]["实到人次"] == "18"
    assert rows[2]["培训名称"] == "辛苦"


# --- the unit's own column names ---------------------------------------------------------------------------


def uploaded(ask, user, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    upload = SimpleUploadedFile("台账.xlsx", file.getvalue())
    return ask(user, reverse("import-upload"), {"workbook": upload}, "post")


def test_an_unknown_header_is_explained_once_and_known_from_then_on(ask, world):
    header = ["培训名称", "开始时间", "实到人次", "上课老师", "天气"]
    row = ["桑蚕培训", f"{world.year}-01-02", 40, "韦老师", "晴"]
    address = uploaded(ask, world.town, header, row).url
    page = ask(world.town, address)
    assert page.context["rehearsal"].unknown_headers == ["上课老师", "天气"]
    assert (
        "授课教师" in page.context["rehearsal"].free_columns
        and "实到人次" not in page.context["rehearsal"].free_columns
    )
    body = {"header": ["上课老师", "天气"], "column": ["授课教师", "-"]}
    ask(world.town, f"{address}columns/", body, "post")
    assert set(ColumnName.objects.values_list("unit__code", "key", "column")) == {
        ("450124100", "上课老师", "授课教师"),
        ("450124100", "天气", ""),
    }
    [candidate] = ask(world.town, address).context["rehearsal"].candidates
    assert (candidate.fields["instructors"], candidate.fields["remarks"]) == ("韦老师", "天气：晴；")
    later = uploaded(ask, world.town, header, ["另一场", *row[1:]]).url
    assert ask(world.town, later).context["rehearsal"].unknown_headers == []
    theirs = uploaded(ask, world.town2, header, row).url
    assert ask(world.town2, theirs).context["rehearsal"].unknown_headers == ["上课老师", "天气"]
    assert AuditEvent.objects.filter(action="记住台账列名").count() == 1


def test_a_missing_column_is_found_under_the_units_own_name(ask, world):
    header, row = ["培训名称", "开始时间", "到了几个"], ["桑蚕培训", f"{world.year}-01-02", 40]
    address = uploaded(ask, world.town, header, row).url
    assert [p.code for p in ask(world.town, address).context["rehearsal"].errors] == ["missing_column"]
    ask(world.town, f"{address}columns/", {"header": "到了几个", "column": "实到人次"}, "post")
    rehearsal = ask(world.town, address).context["rehearsal"]
    assert rehearsal.clean and rehearsal.candidates[0].fields["reported_attendance"] == 40


def test_our_own_names_and_synonyms_go_before_the_units(world):
    ColumnName.objects.create(
        unit=world.ours, header="到了几个", key="到了几个", column="实到人次", confirmed_by=world.town
    )
    book = Workbook()
    book.active.append(["培训名称", "开始时间", "到了几个", "人数"])
    book.active.append(["桑蚕培训", f"{world.year}-01-02", 40, 50])
    file = io.BytesIO()
    book.save(file)
    [candidate] = workbook.rehearse(file.getvalue(), world.town).candidates
    assert candidate.fields["reported_attendance"] == 50


def test_a_name_can_be_forgotten_by_its_own_unit_alone(ask, world):
    row = ColumnName.objects.create(unit=world.ours, header="天气", key="天气", column="", confirmed_by=world.town)
    for user in (world.town2, world.bureau, world.centre, world.unit):
        assert ask(user, reverse("column-names"), {"name": row.pk}, "post").status_code == 404
    assert "天气" in ask(world.town, reverse("column-names")).content.decode()
    ask(world.town, reverse("column-names"), {"name": row.pk}, "post")
    assert not ColumnName.objects.exists()


def test_the_bureau_reads_everybodys_ledgers_and_remembers_no_names(ask, world):
    header = ["主办单位", "培训名称", "开始时间", "实到人次", "天气"]
    address = uploaded(ask, world.bureau, header, ["白山镇", "桑蚕培训", f"{world.year}-01-02", 40, "晴"]).url
    assert "这些列名第一次见" not in ask(world.bureau, address).content.decode()
    body = {"header": "天气", "column": "备注"}
    assert ask(world.bureau, f"{address}columns/", body, "post").status_code == 403


@pytest.mark.parametrize("column", ["状态", "不存在", "", "x" * 500])
def test_only_columns_of_the_ledger_can_be_meant(ask, world, column):
    address = uploaded(
        ask, world.town, ["培训名称", "开始时间", "实到人次", "天气"], ["甲", f"{world.year}-01-02", 4, "晴"]
    ).url
    ask(world.town, f"{address}columns/", {"header": "天气", "column": column}, "post")
    assert not ColumnName.objects.exists()


def test_in_5_the_database_holds_each_name_once_a_unit(world):
    facts = {"unit": world.ours, "header": "天气", "confirmed_by": world.town}
    ColumnName.objects.create(key="天气", **facts)
    for key in ("天气", ""):
        with pytest.raises(IntegrityError), transaction.atomic():
            ColumnName.objects.create(key=key, **facts)


# --- photos for many ---------------------------------------------------------------------------------------


def test_photos_for_several_sessions_go_up_together_and_what_is_refused_is_named(ask, world):
    first, second = world.session(title="第一场"), world.session(title="第二场", status="submitted")
    quiet = world.session(title="第三场")
    quiet.set_audiences([(Audience.objects.filter(sensitivity=2).first(), None)])
    quiet.save()
    verified, theirs = world.session(title="已核定的", status="verified"), world.session(world.theirs)
    page = ask(world.town, reverse("session-photos"))
    assert [row.title for row in page.context["page_obj"]] == ["第二场", "第一场"]
    body = {f"photos-{row.pk}": photo(colour=(row.pk % 250, 7, 7)) for row in (first, second, quiet, verified, theirs)}
    page = ask(world.town, reverse("session-photos"), body | {"photos-x": photo()}, "post")
    assert set(Evidence.objects.values_list("session", "kind")) == {(first.pk, "photo"), (second.pk, "photo")}
    text = ask(world.town, reverse("session-photos") + "?all=1").content.decode()
    assert "已保存 2 张照片" in text and "《第三场》" in text and "有一场没有找到" in text
    assert "已有 1 张" in text and "只报人次，不传照片" in text


def test_ld_2_the_photo_page_asks_as_often_for_three_sessions_as_for_thirty(ask, world):
    counts = []
    ask(world.town, reverse("session-photos"))
    for first, last in [(0, 3), (3, 30)]:
        for number in range(first, last):
            world.session(title=f"第{number}场")
        with CaptureQueriesContext(connection) as captured:
            ask(world.town, reverse("session-photos"))
        counts.append(len(captured))
    assert counts[0] == counts[1]
