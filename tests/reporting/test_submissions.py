"""上报件: what was sent stays as it was, shows what has changed since, and is corrected by a new one."""

import datetime
import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from networks import uploads
from networks.models import AuditEvent
from reporting.forms import FORMS
from reporting.models import AssessmentYear, Submission
from reporting.submitting import changed_since, prepare

KEY = "completion"


def scan():
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(content, "JPEG")
    return SimpleUploadedFile("签字件.jpg", content.getvalue())


@pytest.fixture
def year(world):
    return AssessmentYear.objects.select_related("county").get(county=world.ours.county, year=world.year)


@pytest.fixture
def made(world, year):
    world.session(world.ours, status="verified", reported=120)
    with uploads.atomic():
        return prepare(FORMS[KEY], year, world.bureau, to_whom="县人民政府办公室")


@pytest.fixture
def sent(world, made):
    with uploads.atomic():
        made.record_sent(
            actor=world.bureau, signer="局长 韦某某", sent_on=timezone.localdate(), scan=uploads.prepare(scan())
        )
    return made


def figure(row, unit, key):
    line = next(line for line in row.content["lines"] if line["key"] == unit.code)
    return next(cell["value"] for cell in line["cells"] if cell["key"] == key)


def test_making_one_ready_freezes_figures_and_workbook_under_the_next_number(world, year, ask):
    world.session(world.ours, status="verified", reported=120)
    url = reverse("submission-new", args=[year.year, KEY])
    page = ask(world.bureau, url).content.decode()
    assert "县人民政府办公室" in page
    answer = ask(world.bureau, url, {"to_whom": "县人民政府"}, "post")
    row = Submission.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("submission", args=[row.pk])
    assert (row.number, row.to_whom, row.prepared_by) == (1, "县人民政府", world.bureau)
    assert row.as_of == min(timezone.localdate(), year.last_day)
    assert row.is_sound
    assert figure(row, world.ours, "verified_attendances") == 120
    event = AuditEvent.objects.get(action="生成上报件")
    assert event.detail["form"] == KEY


def test_page_paper_and_file_show_what_was_frozen_although_the_figures_change(world, year, sent, ask):
    world.session(world.ours, status="verified", reported=77)
    world.session(world.theirs, status="verified", reported=500)
    row = Submission.objects.get(pk=sent.pk)
    assert figure(row, world.ours, "verified_attendances") == 120
    page = ask(world.bureau, reverse("submission", args=[row.pk])).content.decode()
    paper = ask(world.auditor, reverse("submission-print", args=[row.pk])).content.decode()
    for text in (page, paper):
        for line in row.content["lines"]:
            for cell in line["cells"]:
                assert cell["words"] in text
    assert "197" not in paper
    content = ask(world.auditor, reverse("submission-file", args=[row.pk])).content
    values = [cell.value for line in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in line]
    assert 120 in values
    assert 197 not in values


def test_the_page_says_what_has_changed_since(world, year, sent, ask):
    assert changed_since(sent, world.bureau) == []
    page = ask(world.bureau, reverse("submission", args=[sent.pk])).content.decode()
    assert "没有变化" in page
    world.session(world.ours, status="verified", reported=77)
    found = {(d.line, d.label): (d.before, d.now) for d in changed_since(sent, world.bureau)}
    assert found[world.ours.name, "已核定人次（人次）"] == ("120", "197")
    assert found[world.ours.name, "已核定场次（场）"] == ("1", "2")
    assert world.theirs.name not in {line for line, _ in found}
    page = ask(world.bureau, reverse("submission", args=[sent.pk])).content.decode()
    assert "197" in page


def test_it_is_sent_with_signer_day_and_scan_and_then_stands(world, made, ask):
    url = reverse("submission-send", args=[made.pk])
    today = timezone.localdate().isoformat()
    refused = ask(world.bureau, url, {"signer": "局长 韦某某", "sent_on": today}, "post")
    assert "请选择签字盖章件" in refused.content.decode()
    assert "局长 韦某某" in refused.content.decode()
    body = {"signer": "局长 韦某某", "sent_on": today, "scan": scan(), "seen_version": "0"}
    assert ask(world.bureau2, url, body, "post").status_code == 302
    row = Submission.objects.get()
    assert (row.signer, row.sent_on.isoformat(), row.sent_by) == ("局长 韦某某", today, world.bureau2)
    assert ask(world.auditor, reverse("submission-scan", args=[row.pk]))["Content-Type"] == "image/jpeg"
    assert AuditEvent.objects.filter(action="登记报出上报件").count() == 1
    again = ask(world.bureau, url, body | {"scan": scan()}, "post")
    assert "现在是“已报出”" in again.content.decode()
    with pytest.raises(ValidationError):
        row.cancel(actor=world.bureau, why="不要了")


def test_pi_7_no_name_stands_in_the_log_of_a_submission_or_in_a_file_name(world, sent, ask):
    for name in ("submission-file", "submission-scan"):
        told = ask(world.bureau, reverse(name, args=[sent.pk]))["Content-Disposition"]
        assert "韦某某" not in told
        assert told.isascii()
    assert not AuditEvent.objects.filter(detail__icontains="韦某某").exists()


def test_a_correction_is_a_new_number_that_names_the_earlier_and_leaves_it(world, year, sent, ask):
    world.session(world.ours, status="verified", reported=77)
    before = Submission.objects.values().get(pk=sent.pk)
    url = reverse("submission-new", args=[year.year, KEY])
    refused = ask(world.bureau, url, {"to_whom": "县人民政府办公室", "corrects": sent.pk}, "post")
    assert "请写明更正的原因" in refused.content.decode()
    body = {"to_whom": "县人民政府办公室", "corrects": sent.pk, "why": "补核定一场"}
    assert ask(world.bureau, url, body, "post").status_code == 302
    row = Submission.objects.get(corrects=sent)
    assert (row.number, row.why) == (2, "补核定一场")
    assert figure(row, world.ours, "verified_attendances") == 197
    assert Submission.objects.values().get(pk=sent.pk) == before
    page = ask(world.bureau, reverse("submission", args=[sent.pk])).content.decode()
    assert "第 2 号上报件" in page
    listed = ask(world.auditor, reverse("submissions", args=[year.year])).content.decode()
    assert "已有更正" in listed
    assert "更正第 1 号" in listed


def test_one_waits_at_a_time_and_what_is_given_up_stays_with_its_reason(world, year, made, ask):
    url = reverse("submission-new", args=[year.year, KEY])
    assert "第 1 号还没有报出" in ask(world.bureau, url, {"to_whom": "县政府"}, "post").content.decode()
    assert Submission.objects.count() == 1
    given_up = reverse("submission-cancel", args=[made.pk])
    assert ask(world.bureau, given_up, {"why": "抬头写错", "seen_version": "0"}, "post").status_code == 302
    assert ask(world.bureau, url, {"to_whom": "县政府"}, "post").status_code == 302
    assert list(Submission.objects.order_by("number").values_list("number", "cancelled_why")) == [
        (1, "抬头写错"),
        (2, ""),
    ]
    assert ask(world.bureau, reverse("submission-send", args=[made.pk])).status_code == 404


def test_in4_a_step_on_what_another_has_changed_since_is_refused(world, made):
    with uploads.atomic(), pytest.raises(ValidationError, match="已被别人修改"):
        made.record_sent(
            actor=world.bureau,
            signer="韦",
            sent_on=timezone.localdate(),
            scan=uploads.prepare(scan()),
            seen_version=7,
        )


@pytest.mark.parametrize("days", [-1, 1])
def test_a_day_that_cannot_be_is_refused(world, made, days):
    day = timezone.localdate() + datetime.timedelta(days=days)
    with uploads.atomic(), pytest.raises(ValidationError):
        made.record_sent(actor=world.bureau, signer="韦", sent_on=day, scan=uploads.prepare(scan()))


@pytest.mark.parametrize("who", ["auditor", "leader", "town", "centre", "foreign_bureau"])
def test_ac_1_only_the_office_of_the_county_files(world, year, made, who):
    with uploads.atomic(), pytest.raises(PermissionDenied):
        prepare(FORMS["performance"], year, getattr(world, who), to_whom="县绩效办")
    with pytest.raises(PermissionDenied):
        made.cancel(actor=getattr(world, who), why="不要了")


def test_what_was_frozen_can_neither_be_changed_nor_removed_by_code(made):
    made.figures = "{}"
    with pytest.raises(ValidationError):
        made.save()
    with pytest.raises(ValidationError):
        made.delete()


def test_a_change_behind_the_back_of_the_code_is_told_on_the_page(world, sent, ask):
    figures = sent.figures.replace("120", "420")
    Submission.objects.filter(pk=sent.pk).update(figures=figures)
    page = ask(world.auditor, reverse("submission", args=[sent.pk])).content.decode()
    assert "内容和摘要对不上" in page


@pytest.mark.parametrize(
    "broken",
    [
        {"signer": "韦某某"},
        {"sent_on": datetime.date(2026, 1, 1)},
        {"cancelled_why": "不要了"},
        {"why": "没有更正谁"},
        {"to_whom": ""},
    ],
)
def test_the_database_refuses_half_a_submission(made, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.filter(pk=made.pk).update(**broken)


@pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "99999", "%00"])
def test_a_correction_of_what_is_not_there_is_404(world, year, ask, asked):
    url = reverse("submission-new", args=[year.year, KEY])
    assert ask(world.bureau, f"{url}?corrects={asked}").status_code == 404


def test_pf_the_list_asks_as_many_queries_with_3_as_with_30(world, year, made, ask):
    def add(last):
        with uploads.atomic():
            for number in range(Submission.objects.count() + 1, last + 1):
                made.pk, made.number, made._state.adding = None, number, True
                made.cancelled_why, made.cancelled_by, made.cancelled_at = "重做", world.bureau, timezone.now()
                made.save(force_insert=True)

    url = reverse("submissions", args=[year.year])
    add(3)
    _count(world, url, ask)
    few = _count(world, url, ask)
    add(30)
    assert _count(world, url, ask) == few


def _count(world, url, ask) -> int:
    with CaptureQueriesContext(connection) as queries:
        ask(world.bureau, url)
    return len(queries)


def test_figures_that_somebody_broke_past_the_application_are_named_not_an_error(world, sent, ask):
    Submission.objects.filter(pk=sent.pk).update(figures="{broken")
    answer = ask(world.bureau, reverse("submission", args=[sent.pk]))
    assert answer.status_code == 400 and "已经损坏，读不出来" in answer.content.decode()


def test_the_form_leads_to_making_one_and_then_to_the_one_that_waits(world, year, ask):
    url, make = reverse("form", args=[year.year, KEY]), reverse("submission-new", args=[year.year, KEY])
    assert f'href="{make}"' in ask(world.bureau, url).content.decode()
    for who in (world.leader, world.auditor):
        assert make not in ask(who, url).content.decode()
    with uploads.atomic():
        row = prepare(FORMS[KEY], year, world.bureau, to_whom="县政府")
    page = ask(world.bureau, url).content.decode()
    assert f'href="{reverse("submission", args=[row.pk])}"' in page and make not in page
    row.cancel(actor=world.bureau, why="不要了")
    assert make in ask(world.bureau, url).content.decode()


def test_what_is_text_is_kept_apart_from_figures_on_the_frozen_paper_too(world, year, made, ask):
    line = made.content["lines"][0]
    assert {cell["key"] for cell in line["cells"] if cell["text"]} == {"verdict", "note"}
    paper = ask(world.bureau, reverse("submission-print", args=[made.pk])).content.decode()
    live = ask(world.bureau, reverse("form-print", args=[year.year, KEY])).content.decode()
    assert paper.count('class="num"') == live.count('class="num"') > 0


@pytest.mark.parametrize(("who", "pages"), [("bureau", ["forms", "bulletins"]), ("auditor", ["forms", "bulletins"])])
def test_forms_and_bulletins_are_found_from_the_desk(world, year, ask, who, pages):
    desk = ask(getattr(world, who), "/").content.decode()
    for name in pages:
        assert f'href="{reverse(name, args=[year.year] if name == "forms" else [])}"' in desk


def test_the_office_signs_with_the_name_that_the_document_gives_it(world, year, ask):
    paper = ask(world.bureau, reverse("form-print", args=[year.year, KEY])).content.decode()
    assert "马山县社区教育发展工作领导小组办公室" in paper  # 三(一)
