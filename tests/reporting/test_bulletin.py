"""通报: figures come from the act and nowhere else, the text is the office's until it goes out, and then nobody's."""

import dataclasses
import datetime
import io
import re
import shutil
import subprocess
import zipfile

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document as Opened

from networks.models import AuditEvent
from reporting import word
from reporting.bulletin import Block, Document, Figures, document_of, missing_for_issue, moved_figures, typed_figures
from reporting.models import AssessmentYear, Bulletin, LedgerAct, QuotaAdjustment
from trainings.models import Refused

from ..conftest import stands

SETTLED = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)
DAY = datetime.date(2025, 3, 5)


@stands
def settled(world):
    """2025 is settled: 白山镇 has 4/420, 古零镇 3/900 and 文新广体局 nothing of 4/400, 县教育局 1/30 of 1/10."""
    with time_machine.travel(SETTLED, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2025)
        for heads in (120, 110, 100, 90):
            world.session(status="verified", held_on=DAY, reported=heads)
        for heads in (400, 300, 200):
            world.session(world.theirs, status="verified", held_on=DAY, reported=heads)
        world.session(world.jyj, status="verified", held_on=DAY, reported=30)
        QuotaAdjustment.objects.create(year=year, unit=world.jyj, sessions=1, attendances=10, reason="搬迁")
        world.lock(year)
        return AssessmentYear.objects.get(pk=year.pk)


@pytest.fixture
def y2025(settled):
    with time_machine.travel(SETTLED, tick=False):
        yield settled


@pytest.fixture
def draft(world, y2025):
    row = Bulletin.draft(y2025, world.bureau)
    row.number, row.dated_on = "马社教办〔2026〕1号", datetime.date(2026, 1, 15)
    row.save()
    return row


def publish(world, year, commended=(), spurred=(), number=1, reason=""):
    """The year stands published, with the lists as another page freezes them."""
    content = {
        "of": year.standing_act().digest,
        "met": [],
        "commended": [{"code": unit.code, "name": unit.name, "reason": why} for unit, why in commended],
        "spurred": [
            {"code": unit.code, "name": unit.name, "required": [4, 400], "verified": list(done)}
            for unit, done in spurred
        ],
    }
    people = {"by": world.bureau, "confirmed_by": world.bureau2}
    LedgerAct.append(year, "publish", number=number, content=content, reason=reason, **people)
    AssessmentYear.objects.filter(pk=year.pk).update(status="published")
    year.refresh_from_db()


def issued(world, draft):
    publish(world, draft.year)
    draft.issue(world.bureau)
    return draft


def refused(act, words=None, kind=Refused):
    with pytest.raises(kind, match=words), transaction.atomic():
        act()


def words_of(content: bytes) -> str:
    """Every word of a Word file's text, tables and all, in order."""
    part = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    return "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", part))


# --- figures -----------------------------------------------------------------------------------------------


def test_in_8_the_fields_say_what_the_act_says(world, y2025):
    figures = Figures(y2025, y2025.standing_act())
    told = {name: one.value for name, one in figures.fields.items()}
    assert told == {
        "年度": "2025",
        "依据": "马政办发〔2019〕2号",
        "责任单位数": "4",
        "任务场次": "4",
        "任务人次": "400",
        "已完成单位数": "2",
        "已完成单位": "白山镇人民政府、县教育局",
        "未完成单位数": "2",
        "未完成单位": f"古零镇人民政府、{world.wxgtj.name}",
        "督促整改单位数": "2",
        "督促整改单位": f"古零镇人民政府、{world.wxgtj.name}",
        "表扬单位数": "0",
        "表扬单位": "",
        "计入场次": "8",
        "计入人次": "1350",
        "全县场次": "8",
        "全县人次": "1350",
        "原通报文号": "",
        "更正原因": "",
        "定案次数": "1",
        "定案日期": "2026年1月15日",
    }
    assert figures.tables["完成情况"].rows[:2] == [
        ["白山镇人民政府", "4", "400", "4", "420", "已完成"],
        ["古零镇人民政府", "4", "400", "3", "900", "差 1 场"],
    ]
    assert figures.tables["督促整改"].rows[0] == ["古零镇人民政府", "4", "400", "3", "900", "1", "0"]


def test_units_stand_in_the_order_of_the_documents_and_are_not_ranked(world, y2025):
    names = [row[0] for row in Figures(y2025, y2025.standing_act()).tables["完成情况"].rows]
    assert names == ["白山镇人民政府", "古零镇人民政府", world.jyj.name, world.wxgtj.name]
    text = words_of(word.docx(document_of(Bulletin.draft(y2025, world.bureau))))
    assert not re.search("名次|排名|第[一二三]名|序号", text)


def test_in_8_page_and_word_file_say_the_same_as_the_act(world, draft, page):
    document, figures = document_of(draft), Figures(draft.year, draft.act)
    told = re.sub(r"\s+", "", page(world.bureau, reverse("bulletin", args=[draft.pk])).content.decode())
    text = words_of(word.docx(document))
    plain = re.sub(r"<[^>]+>", "", told)
    for block in document.blocks:
        assert block.text in text and re.sub(r"\s+", "", block.text) in plain
        row_of_cells = [re.sub(r"\s+", "", "".join(row)) for row in block.rows]
        assert all(row in re.sub(r"\s+", "", text) and row in plain for row in row_of_cells)
    tables = [block.rows for block in document.blocks if block.kind == "table"]
    assert tables == [figures.tables["完成情况"].rows, figures.tables["督促整改"].rows]
    assert document.digest in text and document.digest.replace(" ", "") in plain
    assert "计入任务的培训共8场（次）、1350人次" in text and "2个单位完成年度任务，2个单位没有完成" in text


def test_the_lists_are_those_that_were_published_with_the_act(world, y2025):
    publish(world, y2025, [(world.ours, "全年均衡开展")], [(world.wxgtj, (0, 0))])
    figures = Figures(y2025, y2025.standing_act())
    assert figures.tables["表扬"].rows == [["白山镇人民政府", "全年均衡开展"]]
    assert figures.fields["督促整改单位"].value == world.wxgtj.name  # 古零镇 was not listed
    row = Bulletin.draft(y2025, world.bureau)
    assert "三、通报表扬" in row.body and "四、未完成任务单位（督促整改）" in row.body
    assert "全年均衡开展" in words_of(word.docx(document_of(row)))


def test_a_correction_of_the_year_is_pointed_out_and_can_be_taken_over(world, draft):
    world.unlock(draft.year)
    world.session(world.theirs, status="verified", held_on=DAY, reported=50)
    publish_bars = missing_for_issue(draft)
    assert publish_bars[0] == "草稿依据第 1 次定案，年度后来解锁更正过：请改用现在的定案"
    refused(lambda: draft.follow(world.bureau), "等再次锁定定案以后")
    world.lock(draft.year)
    assert {(one.name, one.old, one.new) for one in moved_figures(draft)} == {
        ("已完成单位数", "2", "3"),
        ("已完成单位", "白山镇人民政府、县教育局", "白山镇人民政府、古零镇人民政府、县教育局"),
        ("未完成单位数", "2", "1"),
        ("督促整改单位数", "2", "1"),
        ("计入场次", "8", "9"),
        ("计入人次", "1350", "1400"),
    }
    assert "计入任务的培训共8场" in words_of(word.docx(document_of(draft)))
    draft.follow(world.bureau)
    assert moved_figures(draft) == [] and "计入任务的培训共9场" in words_of(word.docx(document_of(draft)))


def test_figures_that_were_typed_are_pointed_out(draft):
    assert typed_figures(draft) == []
    draft.closing = "全县共8场、1,350人次，比上年多12场。{计入场次}场"
    assert typed_figures(draft) == [
        "“8场”是直接写的数字，与定案的{计入场次}、{全县场次}相同，请改用数据项",
        "“1,350人次”是直接写的数字，与定案的{计入人次}、{全县人次}相同，请改用数据项",
        "“12场”是直接写的数字，定案里没有这个数，请核对",
    ]


# --- its life ----------------------------------------------------------------------------------------------


def test_only_a_settled_year_has_a_bulletin_and_only_one_draft(world, y2025):
    row = Bulletin.draft(y2025, world.bureau)
    assert Bulletin.draft(y2025, world.bureau2) == row
    world.unlock(y2025)
    row.delete()
    refused(lambda: Bulletin.draft(y2025, world.bureau), "锁定定案以后才能起草")


@pytest.mark.parametrize("who", ["town", "head", "unit", "centre", "leader", "auditor", "operator", "foreign_bureau"])
def test_nobody_but_the_countys_office_writes_or_issues(world, draft, who):
    user = world.users[who]
    refused(lambda: Bulletin.draft(draft.year, user), kind=PermissionDenied)
    refused(lambda: draft.issue(user), kind=PermissionDenied)
    refused(lambda: draft.follow(user), kind=PermissionDenied)
    assert not Bulletin.objects.visible_to(user).exists()


def test_it_goes_out_only_when_the_year_is_published_and_nothing_is_missing(world, y2025):
    row = Bulletin.draft(y2025, world.bureau)
    assert missing_for_issue(row) == [
        "2025年度现在是“锁定定案”，反馈期结束、办理通报以后才能印发",
        "请填写发文字号，如马社教办〔2026〕1号",
        "请填写成文日期",
    ]
    refused(lambda: row.issue(world.bureau), "办理通报以后才能印发")
    publish(world, y2025)
    row.number, row.dated_on = "马社教办〔2026〕1号", datetime.date(2026, 1, 14)
    row.closing = "{没有的数}"
    row.save()
    assert missing_for_issue(Bulletin.objects.get()) == [
        "成文日期不能早于办理通报的日期（2026年1月15日）：那一天才定下表扬和督促整改的单位",
        "没有“{没有的数}”这个数据项，请从下面的清单里选",
    ]


def test_what_has_gone_out_is_frozen_and_read_by_all(world, draft):
    issued(world, draft)
    row = Bulletin.objects.get()
    assert (row.status, row.issued_by, row.printed_on) == ("issued", world.bureau, datetime.date(2026, 1, 15))
    assert word.digest(word.docx(document_of(row))) == row.word_digest
    assert Document.of(row.frozen) == document_of(row)
    row.closing = "改"
    refused(row.save, "已经印发，不能再改动")
    refused(row.delete, "已经印发，不能删除")
    refused(lambda: Bulletin.objects.get().issue(world.bureau), "已经印发，不用再办")
    for who in ("town", "town2", "head", "unit", "leader", "auditor", "bureau2"):
        assert Bulletin.objects.visible_to(world.users[who]).count() == 1, who
    assert not Bulletin.objects.visible_to(world.foreign_bureau).exists()
    told = AuditEvent.objects.filter(subject="bulletin").order_by("pk")
    assert list(told.values_list("action", "actor_name")) == [("起草通报", "bureau"), ("印发通报", "bureau")]


def test_it_stays_as_it_went_out_when_the_year_is_corrected(world, draft, page):
    issued(world, draft)
    before = word.docx(document_of(Bulletin.objects.get()))
    world.unlock(draft.year)
    world.session(world.theirs, status="verified", held_on=DAY, reported=50)
    world.lock(draft.year)
    assert word.docx(document_of(Bulletin.objects.get())) == before
    assert "这一年度后来解锁更正过" in page(world.town, reverse("bulletin", args=[draft.pk])).content.decode()
    second = Bulletin.draft(AssessmentYear.objects.get(pk=draft.year_id), world.bureau)
    assert second.title.startswith("关于更正{年度}年度") and second.act.number == 2


def test_a_file_that_a_later_release_lays_out_otherwise_is_said_to_be_so(world, draft, page):
    issued(world, draft)
    url, words = reverse("bulletin", args=[draft.pk]), "排版和印发时不同，文字和数字没有变"
    assert words not in page(world.town, url).content.decode()
    Bulletin.objects.filter(pk=draft.pk).update(word_digest="0" * 64)
    assert words in page(world.town, url).content.decode()


def test_the_bulletin_of_a_correction_sets_old_and_new_figures_side_by_side(world, draft, page):
    publish(world, draft.year, spurred=[(world.theirs, (3, 900)), (world.wxgtj, (0, 0))])
    draft.issue(world.bureau)
    year = AssessmentYear.objects.get(pk=draft.year_id)
    world.unlock(year)
    world.session(world.theirs, status="verified", held_on=DAY, reported=50)
    QuotaAdjustment.objects.create(year=year, unit=world.wxgtj, sessions=2, attendances=200, reason="机构改革")
    world.lock(year)
    row = Bulletin.draft(AssessmentYear.objects.get(pk=year.pk), world.bureau)
    publish(world, row.year, [(world.theirs, "补登以后完成")], [(world.wxgtj, (0, 0))], 2, "漏登记了一场。")
    row = Bulletin.objects.get(pk=row.pk)
    row.number, row.dated_on = "马社教办〔2026〕2号", datetime.date(2026, 1, 15)
    row.save()
    expected = [
        ["古零镇人民政府", "核定完成", "3场、900人次", "4场、950人次"],
        ["古零镇人民政府", "完成情况", "未完成", "已完成"],
        [world.wxgtj.name, "年度任务", "4场、400人次", "2场、200人次"],
        ["古零镇人民政府", "通报表扬", "不列入", "列入"],
        ["古零镇人民政府", "督促整改", "列入", "不列入"],
        ["全县", "计入任务", "8场、1350人次", "9场、1400人次"],
        ["全县", "已完成单位", "2个", "3个"],
    ]
    [table] = [block for block in document_of(row).blocks if block.columns[:1] == ["单位"]]
    assert (table.columns, table.rows) == (["单位", "项目", "更正前", "更正后"], expected)
    words = "对马社教办〔2026〕1号通报的数字更正如下，其他内容以本通报为准。更正的原因：漏登记了一场。"
    text = words_of(word.docx(document_of(row)))
    shown = re.sub(r"<[^>]+>|\s+", "", page(world.bureau, reverse("bulletin", args=[row.pk])).content.decode())
    for place in (text, shown):
        assert words in place and all("".join(cells) in place for cells in expected)
    # It was drafted before anybody was commended, and may not leave them out.
    assert missing_for_issue(row) == ["通报表扬的单位没有写进正文：请另起一行写“{表：表扬}”"]
    row.body = row.body.replace("{表：更正前后}", "") + "\n{表：表扬}"
    assert missing_for_issue(row) == ["更正的通报要列出更正前后的数字：请在正文里另起一行写“{表：更正前后}”"]
    row.body += "\n{表：更正前后}"
    row.save()
    row.issue(world.bureau)
    assert ["单位", "项目", "更正前", "更正后"] in [block["columns"] for block in row.frozen["blocks"]]


def test_a_bulletin_lists_whom_the_office_published_to_be_spurred(world, draft):
    publish(world, draft.year, spurred=[(world.wxgtj, (0, 0))])
    assert missing_for_issue(draft) == []
    draft.body = draft.body.replace("{表：督促整改}", "")
    assert missing_for_issue(draft) == ["督促整改的单位没有写进正文：请另起一行写“{表：督促整改}”"]
    draft.body += "{督促整改单位}"
    assert missing_for_issue(draft) == []


def test_a_bulletin_is_dated_between_its_publication_and_today(world, draft):
    with time_machine.travel(SETTLED + datetime.timedelta(days=5), tick=False):
        publish(world, draft.year)
        for day, words in ((15, "成文日期不能早于办理通报的日期（2026年1月20日）"), (21, "成文日期不能晚于今天")):
            draft.dated_on = datetime.date(2026, 1, day)
            assert missing_for_issue(draft)[0].startswith(words)
        draft.dated_on = datetime.date(2026, 1, 20)
        assert missing_for_issue(draft) == []


def test_whoever_issues_issues_what_was_on_the_page(world, draft):
    publish(world, draft.year)
    Bulletin.objects.filter(pk=draft.pk).update(version=3)
    refused(lambda: draft.issue(world.bureau, seen_version=0), "有人改了通报")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"status": "lost"}, "bulletin_(status_known|issued_whole)"),  # each engine names the one it asks first
        ({"status": "issued"}, "bulletin_issued_whole"),
        ({"content": "{}"}, "bulletin_issued_whole"),
    ],
)
def test_the_database_holds_the_rules_too(draft, changes, name):
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Bulletin.objects.filter(pk=draft.pk).update(**changes)
    assert re.search(name, str(broken.value))


def test_the_database_holds_one_draft_a_year_one_paper_an_act_and_each_number_once(world, draft):
    for status in ("draft", "issued"):
        if status == "issued":
            issued(world, draft)
        twin = Bulletin.objects.get(pk=draft.pk)
        twin.pk, twin._state.adding, twin._issuing = None, True, True
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save(force_insert=True)


# --- the Word file -----------------------------------------------------------------------------------------


def test_the_word_file_has_the_measures_of_the_standard(draft):
    section = Opened(io.BytesIO(word.docx(document_of(draft)))).sections[0]
    measures = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(one.mm) for one in measures] == [37, 35, 28, 26]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    parts = zipfile.ZipFile(io.BytesIO(word.docx(document_of(draft))))
    xml, fonts = parts.read("word/document.xml").decode(), parts.read("word/fontTable.xml").decode()
    assert 'w:eastAsia="方正小标宋简体"' in xml and 'w:eastAsia="仿宋_GB2312"' in xml and 'w:linePitch="579"' in xml
    assert '<w:font w:name="方正小标宋简体"><w:altName w:val="宋体"/>' in fonts
    assert "evenAndOddHeaders" in parts.read("word/settings.xml").decode()
    assert [name for name in parts.namelist() if "thumbnail" in name or "Effects" in name] == []


def test_the_word_file_is_the_same_bytes_at_any_time(draft):
    first = word.docx(document_of(draft))
    with time_machine.travel(datetime.datetime(2031, 7, 1, tzinfo=datetime.UTC)):
        assert word.docx(document_of(draft)) == first
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_xl_8_a_text_never_becomes_xml_or_a_field(draft):
    evil = '<w:p/>&amp;]]> =HYPERLINK("x") { PAGE } \x00\x0b\ufffe\ud800 ＝1+1'
    draft.opening, draft.recipients = evil, evil
    parts = zipfile.ZipFile(io.BytesIO(word.docx(document_of(draft))))
    assert words_of(word.docx(document_of(draft))).count("&lt;w:p/&gt;&amp;amp;]]&gt; =HYPERLINK") == 2
    assert parts.read("word/document.xml").decode().count("instrText") == 0
    footers = [parts.read(name).decode() for name in parts.namelist() if "footer" in name]
    assert {name for text in footers for name in re.findall(r"<w:instrText[^>]*>([^<]*)<", text)} == {" PAGE "}


def test_without_a_red_head_room_is_left_for_the_printed_one(draft, world, page):
    draft.head = "blank"
    draft.save()
    xml = zipfile.ZipFile(io.BytesIO(word.docx(document_of(draft)))).read("word/document.xml").decode()
    assert "E60012" not in xml and "领导小组办公室文件" not in xml
    assert "official-blank" in page(world.bureau, reverse("bulletin", args=[draft.pk])).content.decode()


def in_libreoffice(folder, files: dict[str, bytes]) -> None:
    """Converts them all to PDF, in one start of LibreOffice."""
    for name, content in files.items():
        (folder / f"{name}.docx").write_bytes(content)
    home = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", folder]
    subprocess.run([*command, *sorted(folder.glob("*.docx"))], check=True, capture_output=True, timeout=240)


def lines_of(pdf) -> tuple[int, dict[str, tuple[int, float]]]:
    """How many pages, and {line without spaces: (its page, points from the head of the page to its foot)}."""
    told = subprocess.run(["pdftotext", "-bbox-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    pages, found = told.split("<page ")[1:], {}
    for number, page in enumerate(pages, start=1):
        for foot, words in re.findall(r'<line [^>]* yMax="([\d.]+)">(.*?)</line>', page, re.S):
            found["".join(re.findall(r">([^<]+)</word>", words)).replace(" ", "")] = (number, float(foot))
    return len(pages), found


needs_libreoffice = pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")), reason="LibreOffice and poppler are not installed"
)


@needs_libreoffice
def test_the_word_file_opens_in_libreoffice(draft, tmp_path):
    in_libreoffice(tmp_path, {"b": word.docx(document_of(draft))})
    assert (tmp_path / "b.pdf").read_bytes()[:5] == b"%PDF-"


@needs_libreoffice
@pytest.mark.parametrize("copy_to", ["", "县委办公室，县人大办公室，县人民政府办公室，县政协办公室" * 3])
def test_the_colophon_stands_at_the_foot_of_the_page_of_the_date_however_long_the_text_grows(draft, tmp_path, copy_to):
    """GB/T 9704-2012: the last line of 版记 is the last of the type area. The last page holds the annex."""
    whole = document_of(draft)
    lengths = [0, 9, *range(15, 23)]
    texts = {n: [Block("text", f"第{i}段。") for i in range(n)] for n in lengths}
    papers = {n: dataclasses.replace(whole, blocks=blocks, copy_to=copy_to) for n, blocks in texts.items()}
    in_libreoffice(tmp_path, {f"{n:02}": word.docx(paper) for n, paper in papers.items()})
    for n in lengths:
        pages, found = lines_of(tmp_path / f"{n:02}.pdf")
        of = {key: next(at for line, at in found.items() if line.endswith(key)) for key in ("1月15日", "1月15日印发")}
        first = next(at for line, at in found.items() if line.startswith("公开方式"))
        assert {first[0], *(page for page, _ in of.values())} == {pages - 1}, (n, of)
        assert of["1月15日"][1] < first[1] < of["1月15日印发"][1], (n, of)
        assert 735 < of["1月15日印发"][1] < 743, (n, of)


# --- pages -------------------------------------------------------------------------------------------------


def form_of(page, user, row):
    response = page(user, reverse("bulletin-edit", args=[row.pk]))
    shown = {field.html_name: field.value() for field in response.context["form"]}
    return {name: "" if value is None else value for name, value in shown.items()}


def test_the_office_edits_and_an_unknown_field_is_refused_beside_it(world, draft, page, client):
    url, sent = reverse("bulletin-edit", args=[draft.pk]), form_of(page, world.bureau, draft)
    wrong = sent | {
        "closing": "共{计入场此}场\n见{表：完成情况}的表",
        "title": "{表：完成情况}",
        "number": "马社教办2026-1",
    }
    told = client.post(url, wrong).content.decode()
    assert "没有“{计入场此}”这个数据项，是不是“{计入场次}”" in told
    assert "“{表：完成情况}”要单独占一行" in told and "表只能放在开头、正文和结尾里" in told
    assert "请照“马社教办〔2026〕1号”的样子写" in told and "共{计入场此}场" in told
    good = sent | {"closing": "共｛计入场次｝场。", "number": "马社教办[2026]第12号", "copy_to": ""}
    assert client.post(url, good).status_code == 302
    row = Bulletin.objects.get()
    assert (row.closing, row.number, row.version) == ("共{计入场次}场。", "马社教办〔2026〕12号", 1)
    assert document_of(row).blocks[-1].text == "共8场。"


def test_in_4_whoever_saves_second_sees_both(world, draft, page, client):
    url, sent = reverse("bulletin-edit", args=[draft.pk]), form_of(page, world.bureau, draft)
    client.post(url, sent | {"closing": "甲写的"})
    client.force_login(world.bureau2)
    told = client.post(url, sent | {"closing": "乙写的"}).content.decode()
    assert "已有人先改成了“甲写的”" in told and "乙写的" in told
    assert Bulletin.objects.get().closing == "甲写的"


def test_what_is_typed_while_another_sends_it_out_is_shown_again_with_the_reason(world, draft, page, client):
    url, sent = reverse("bulletin-edit", args=[draft.pk]), form_of(page, world.bureau, draft)
    issued(world, draft)
    told = client.post(url, sent | {"closing": "写了半个小时的结尾"}).content.decode()
    assert "通报已经印发，不能再改动" in told and "写了半个小时的结尾" in told
    assert "写了半个小时" not in Bulletin.objects.get().closing


def test_no_button_beside_the_text_throws_it_away(world, draft, page):
    world.unlock(draft.year)
    world.session(world.theirs, status="verified", held_on=DAY, reported=50)
    world.lock(draft.year)
    follow, text = f'action="{reverse("bulletin-follow", args=[draft.pk])}"', "改用现在定案的数字"
    assert follow in page(world.bureau, reverse("bulletin", args=[draft.pk])).content.decode()
    beside = page(world.bureau, reverse("bulletin-edit", args=[draft.pk])).content.decode()
    assert follow not in beside and f"请先保存改动，再到成文的页面{text}" in beside


def test_the_device_keeps_the_text_until_it_is_saved(world, draft, page, client):
    url, sent = reverse("bulletin-edit", args=[draft.pk]), form_of(page, world.bureau, draft)
    key = f"bulletin-{draft.pk}"
    assert f'data-draft="{key}"' in client.get(url).content.decode()
    wrong = client.post(url, sent | {"closing": "{没有}"}).content.decode()
    assert "data-draft-returned" in wrong and "data-draft-done" not in wrong
    paper = reverse("bulletin", args=[draft.pk])
    assert "data-draft-done" not in client.get(paper).content.decode()
    client.post(url, sent | {"closing": "好了"})
    assert f'data-draft-done="{key}"' in client.get(paper).content.decode()
    assert "data-draft-done" not in client.get(paper).content.decode()


def test_nobody_is_named_by_number_and_no_protected_group_by_name(world, draft, page, client):
    url, sent = reverse("bulletin-edit", args=[draft.pk]), form_of(page, world.bureau, draft)
    told = client.post(url, sent | {"closing": "请联系13800001234", "copy_to": "戒毒人员"}).content.decode()
    assert "通报里不写个人手机号码和身份证号" in told and "通报里不能出现“戒毒人员”" in told
    assert Bulletin.objects.get().version == 0


def test_the_office_writes_and_issues_on_the_pages_and_a_unit_reads(world, y2025, page, client):
    client.force_login(world.bureau)
    begin = reverse("bulletin-begin", args=[2025])
    assert begin in client.get(reverse("bulletins")).content.decode()
    assert client.post(begin).status_code == 302
    row = Bulletin.objects.get()
    url = reverse("bulletin", args=[row.pk])
    assert page(world.town, url).status_code == 404
    sent = form_of(page, world.bureau, row) | {"number": "马社教办〔2026〕3号", "dated_on": "2026-01-15"}
    client.post(reverse("bulletin-edit", args=[row.pk]), sent)
    issue = reverse("bulletin-issue", args=[row.pk])
    told = client.post(issue, {"seen_version": 1}).content.decode()
    assert "办理通报以后才能印发" in told and "确定印发" not in told
    publish(world, y2025)
    assert "确定印发" in client.get(issue).content.decode()
    assert client.post(issue, {"seen_version": 1}).status_code == 302
    assert "马社教办〔2026〕3号" in page(world.town, reverse("bulletins")).content.decode()
    assert begin not in page(world.bureau, reverse("bulletins")).content.decode()
    assert "修改" not in page(world.leader, url).content.decode()
    file = page(world.head, reverse("bulletin-word", args=[row.pk]))
    assert file["Content-Disposition"] == 'attachment; filename="bulletin-2025-1.docx"'
    assert word.digest(b"".join(file.streaming_content)) == Bulletin.objects.get().word_digest
    assert page(world.bureau, reverse("bulletin-edit", args=[row.pk])).status_code == 302


@pytest.mark.parametrize("name", ["bulletin-edit", "bulletin-issue", "bulletin-follow"])
def test_junk_is_answered_in_words(world, draft, client, name):
    client.force_login(world.bureau)
    url = reverse(name, args=[draft.pk])
    for junk in ({}, {"seen_version": "9" * 40, "title": "\x00{", "number": "〔", "head": "x"}, {"dated_on": "九月"}):
        assert client.post(url, junk).status_code in (200, 302)
    assert Bulletin.objects.get().status == "draft"


def test_the_list_asks_as_often_for_30_papers_as_for_3(world, y2025, page):
    url = reverse("bulletins")
    act, whole = y2025.standing_act(), {"drafted_by": world.bureau, "masthead": "文件", "issued_by": world.bureau}
    whole |= {"status": "issued", "issued_at": SETTLED, "content": "{}", "word_digest": "x", "dated_on": DAY}

    def more(numbers):
        acts = [
            LedgerAct.append(y2025, "note", number=n, content={}, by=world.bureau, confirmed_by=world.bureau2)
            for n in numbers
        ]
        Bulletin.objects.bulk_create(
            [Bulletin(year=y2025, act=act, number=f"马〔2026〕{act.number}号", **whole) for act in acts]
        )

    assert act is not None
    more(range(2, 5))
    page(world.bureau, url)
    with CaptureQueriesContext(connection) as few:
        page(world.bureau, url)
    more(range(5, 32))
    with CaptureQueriesContext(connection) as many:
        page(world.bureau, url)
    assert len(few) == len(many)
