"""报送材料: who is asked for which paper, what the unit hands in, what the office does with it, and who has not."""

import datetime
import io

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from openpyxl import load_workbook

from networks import uploads
from networks.models import Attachment, MemberUnit
from networks.reorganisation import NewUnit, merge_units
from reporting import materials
from reporting.materials import Collection
from reporting.models import AssessmentYear, Material, MaterialKind
from reporting.models.materials import FIRST_LIST

pytestmark = pytest.mark.django_db
Y = 2026
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def year(world):
    row = AssessmentYear.objects.open_year(world.county, Y)
    row.materials_until = datetime.date(Y, 6, 30)
    row.save()
    with time_machine.travel("2026-06-20T12:00:00+08:00", tick=False):
        yield row


@pytest.fixture
def kind(year):
    return MaterialKind.objects.create(year=year, name="年度工作总结", clause="三(六)", position=1)


def paper(name="总结.pdf"):
    return SimpleUploadedFile(name, PDF, "application/pdf")


def hand_in(world, kind, *, unit=None, actor=None, row=None):
    row = row or Material(kind=kind, unit=unit or world.ours)
    with uploads.atomic():
        row.hand_in(actor=actor or world.town, file=uploads.prepare(paper()))
    return row


def names(lines):
    return [line.unit.code for line in lines]


# --- who is asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked_of", "codes"),
    [
        ("all", ["450124100", "450124103", "jyj", "wxgtj", "lgj"]),
        ("townships", ["450124100", "450124103"]),
        ("departments", ["jyj", "wxgtj", "lgj"]),
    ],
)
def test_a_paper_is_asked_of_those_in_the_group_or_with_a_quota_of_its_kind(world, year, kind, asked_of, codes):
    MaterialKind.objects.filter(pk=kind.pk).update(asked_of=asked_of)
    assert names(materials.missing(year)) == codes


def test_a_paper_of_chosen_units_is_asked_of_these_alone(world, year, kind):
    kind.asked_of = "chosen"
    kind.save()
    kind.units.set([world.outside, world.ours])
    assert names(materials.missing(year)) == ["450124100", "nyj"]


def test_whoever_stands_for_a_merged_unit_is_asked_and_what_that_one_handed_in_is_not_asked_again(world, year, kind):
    chosen = MaterialKind.objects.create(year=year, name="自评材料", asked_of="chosen")
    chosen.units.set([world.ours])
    AssessmentYear.objects.open_year(world.county, Y + 1)
    sent_back = MaterialKind.objects.create(year=year, name="典型案例")
    hand_in(world, kind)
    hand_in(world, sent_back).send_back(actor=world.bureau, note="缺盖章")
    new = NewUnit("白古镇人民政府", "bgz")
    units = [world.ours, world.theirs]
    merge_units(units, new=new, on=datetime.date(Y, 6, 10), basis="", actor=world.bureau)
    new = MemberUnit.objects.get(code="bgz")
    all_of_them = Collection([year])
    assert "bgz" not in names(all_of_them.of_kind(kind)) and world.ours.code in names(all_of_them.of_kind(kind))
    assert not {world.ours.code, world.theirs.code} & set(names(all_of_them.missing))
    assert [line.kind.name for line in all_of_them.missing if line.unit == new] == ["自评材料", "典型案例"]
    assert [line.kind.name for line in Collection([year], units=[new.pk]).missing] == ["自评材料", "典型案例"]
    later = AssessmentYear.objects.get(year=Y + 1)
    made = {row.name: row for row in MaterialKind.objects.begin(later, world.bureau)}
    assert list(made["自评材料"].units.all()) == [new]


def test_what_is_no_longer_collected_is_missing_nowhere_and_what_came_stays(world, year, kind):
    hand_in(world, kind)
    MaterialKind.objects.filter(pk=kind.pk).update(is_asked=False)
    assert materials.missing(year) == []
    assert names(materials.waiting(year)) == ["450124100"]


def test_the_first_list_is_the_documents_and_later_last_years(world, year):
    made = MaterialKind.objects.begin(year, world.bureau)
    assert [kind.name for kind in made] == [name for name, *_ in FIRST_LIST]
    assert [kind.clause for kind in made] == ["三(一)", "三(二)", "三(二)", "二(一)3", "三(六)", "三(七)"]
    chosen = next(kind for kind in made if kind.asked_of == "chosen")
    assert list(chosen.units.all()) == [world.ours]
    assert MaterialKind.objects.begin(year, world.bureau) == []
    MaterialKind.objects.filter(pk=made[0].pk).update(is_asked=False)
    MaterialKind.objects.filter(pk=made[1].pk).update(name="年度打算", due_on=datetime.date(Y, 3, 1))
    after = AssessmentYear.objects.open_year(world.county, Y + 1)
    again = MaterialKind.objects.begin(after, world.bureau)
    assert [kind.name for kind in again] == ["年度打算", *[name for name, *_ in FIRST_LIST[2:]]]
    assert again[0].due_on is None and list(again[2].units.all()) == [world.ours]


# --- a paper's life ------------------------------------------------------------------------------------


def test_a_paper_is_handed_in_sent_back_with_reason_handed_in_again_and_received(world, year, kind):
    row = hand_in(world, kind)
    first = row.attachment
    assert (row.state, first.guarded, names(materials.waiting(year))) == ("handed_in", True, ["450124100"])
    with pytest.raises(ValidationError, match="写明原因"):
        row.send_back(actor=world.bureau, note="")
    row.send_back(actor=world.bureau, note="缺盖章页")
    assert "450124100" in names(materials.missing(year))
    hand_in(world, kind, row=row)
    assert (row.state, row.note) == ("handed_in", "") and not Attachment.objects.filter(pk=first.pk).exists()
    row.receive(actor=world.bureau)
    assert row.state == "received" and "450124100" not in names(materials.missing(year))
    assert [step.history_change_reason for step in row.history.all()] == ["确认收到", "上传", "退回：缺盖章页", "上传"]
    with pytest.raises(ValidationError, match="现在是“已收”，不能上传"):
        hand_in(world, kind, row=row)


def test_ac_5_nobody_receives_what_they_uploaded_themselves(world, year, kind):
    row = hand_in(world, kind, unit=world.jyj, actor=world.bureau)
    with pytest.raises(PermissionDenied, match="这是您上传的"):
        row.receive(actor=world.bureau)
    row.receive(actor=world.bureau2)


def test_exempting_needs_a_reason_and_can_be_taken_back(world, year, kind):
    row = Material(kind=kind, unit=world.ours)
    with pytest.raises(ValidationError, match="写明理由"):
        row.exempt(actor=world.bureau, note=" ")
    row.exempt(actor=world.bureau, note="2019年已报，没有变动")
    assert "450124100" not in names(materials.missing(year))
    with pytest.raises(ValidationError, match="免报"):
        hand_in(world, kind, row=row)
    row.ask_again(actor=world.bureau2)
    assert "450124100" in names(materials.missing(year))


def test_a_sealed_paper_without_a_file_is_received_by_the_office(world, year, kind):
    row = Material(kind=kind, unit=world.ours)
    row.receive_on_paper(actor=world.bureau)
    assert (row.state, row.attachment, row.note) == ("received", None, "收到纸质件")


def test_only_the_unit_and_the_office_hand_in_and_only_the_office_decides(world, year, kind):
    for user in (world.town2, world.head, world.unit, world.leader, world.auditor, world.foreign_bureau):
        with pytest.raises(PermissionDenied):
            hand_in(world, kind, actor=user)
    row = hand_in(world, kind)
    for user in (world.town, world.auditor, world.foreign_bureau):
        with pytest.raises(PermissionDenied):
            row.receive(actor=user)


def test_a_paper_is_late_when_it_first_came_after_its_day(world, year, kind):
    hand_in(world, kind)
    with time_machine.travel("2026-07-01T00:10:00+08:00", tick=False):
        hand_in(world, kind, unit=world.wxgtj, actor=world.unit)
        lines = {line.unit.code: line for line in Collection([year]).lines}
    assert (lines["450124100"].late, lines["wxgtj"].late) == (False, True)
    assert (lines["jyj"].overdue, lines["jyj"].badge.word) == (True, "逾期未交")
    with time_machine.travel("2026-07-05T12:00:00+08:00", tick=False):
        row = Material.objects.get(unit=world.ours)
        row.send_back(actor=world.bureau, note="缺盖章页")
        hand_in(world, kind, row=row)
        assert not next(line for line in Collection([year]).lines if line.unit == world.ours).late


def test_a_papers_own_day_goes_before_the_years(world, year, kind):
    assert kind.due == datetime.date(Y, 6, 30)
    kind.due_on = datetime.date(Y, 12, 20)
    assert kind.due == datetime.date(Y, 12, 20)


def test_a_locked_year_keeps_its_kinds_and_still_takes_papers(world, year, kind):
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked", locked_on=datetime.date(Y, 6, 1))
    with pytest.raises(ValidationError, match="已锁定定案"):
        MaterialKind.objects.begin(year, world.bureau)
    assert hand_in(world, kind).state == "handed_in"


def test_a_protected_group_is_named_in_no_paper_and_no_reason(world, year, kind):
    from trainings.models import Audience

    word = Audience.objects.protected_names()[0]
    kind.note = f"写{word}培训"
    with pytest.raises(ValidationError):
        kind.full_clean()
    with pytest.raises(ValidationError):
        Material(kind=kind, unit=world.ours).exempt(actor=world.bureau, note=f"{word}没有")


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "gone"},
        {"state": "handed_in", "attachment": None},
        {"state": "received"},
        {"state": "returned", "note": ""},
        {"state": "exempt", "note": ""},
    ],
)
def test_in5_the_database_holds_the_rules_of_a_paper(world, year, kind, broken):
    row = hand_in(world, kind)
    with pytest.raises(IntegrityError), transaction.atomic():
        Material.objects.filter(pk=row.pk).update(**broken)


def test_in5_the_receiver_is_another_account_and_a_kind_is_named_once(world, year, kind):
    row = hand_in(world, kind)
    same = {"state": "received", "decided_by": row.handed_in_by, "decided_at": row.handed_in_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        Material.objects.filter(pk=row.pk).update(**same)
    with pytest.raises(IntegrityError), transaction.atomic():
        MaterialKind.objects.create(year=year, name=kind.name)
    with pytest.raises(IntegrityError), transaction.atomic():
        Material.objects.create(kind=kind, unit=world.ours)
    for broken in ({"asked_of": "nobody"}, {"name": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            MaterialKind.objects.filter(pk=kind.pk).update(**broken)


# --- texts and workbook --------------------------------------------------------------------------------


def test_the_text_names_who_has_not_handed_in_in_the_documents_order_and_asks_for_what_came_back_again(
    world, year, kind
):
    hand_in(world, kind)
    hand_in(world, kind, unit=world.wxgtj, actor=world.unit).send_back(actor=world.bureau, note="缺盖章页")
    Material(kind=kind, unit=world.lgj).exempt(actor=world.bureau, note="不办班")
    [tally] = materials.tallies(Collection([year]))
    assert tally.text == (
        "【报送材料】2026年度《年度工作总结》还有 3 个单位没有交：古零镇、教育局、文新广体局（其中文新广体局已退回，请改好再传）。"
        "请于6月30日前在平台“工作台—报送材料”上传 PDF 或照片，交过的请忽略。"
    )
    assert (tally.asked, tally.received, tally.waiting) == (4, 0, 1)


def test_the_workbook_lists_every_paper_and_marks_late_ones(world, year, kind, ask):
    kind.name = "=年度总结"
    kind.save()
    with time_machine.travel("2026-07-01T09:00:00+08:00", tick=False):
        hand_in(world, kind)
        content = ask(world.bureau, f"/assessment/{Y}/materials/export/").content
    sheet = load_workbook(io.BytesIO(content)).active
    rows = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert [row[1] for row in rows] == [
        "白山镇人民政府",
        "古零镇人民政府",
        "县教育局",
        "县文化新闻出版广电和体育局",
        "县老干局",
    ]
    assert rows[0][2:8] == ("=年度总结", "三(六)", "2026年6月30日", "待收", "2026年7月1日", "迟交")
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)


# --- pages -----------------------------------------------------------------------------------------------


def test_the_unit_uploads_from_its_desk_and_the_office_receives(world, year, kind, ask):
    shown = ask(world.town, "/").content.decode()
    url = f"/assessment/{Y}/materials/{kind.pk}/{world.ours.code}/"
    assert f'href="{url}file/"' in shown and "年度工作总结" in shown
    assert ask(world.town, f"{url}file/", {"seen_version": "0"}, "post").context["form"].errors["upload"]
    sent = {"seen_version": "0", "upload": paper()}
    assert ask(world.town, f"{url}file/", sent, "post").url == url
    row = Material.objects.get()
    assert "报送材料 1 份待收" in ask(world.bureau, "/").content.decode()
    answer = ask(world.bureau, f"/assessment/materials/{row.pk}/file/")
    assert (
        answer.content == PDF
        and answer["Content-Disposition"] == f'attachment; filename="450124100-{row.attachment_id}.pdf"'
    )
    stale = ask(world.bureau, f"{url}decide/", {"decision": "receive", "seen_version": "0"}, "post")
    assert "已被别人修改" in stale.content.decode()
    assert ask(world.bureau, f"{url}decide/", {"decision": "receive", "seen_version": "1"}, "post").url == url
    row.refresh_from_db()
    assert row.state == "received" and "年度工作总结" not in ask(world.town, "/").content.decode()


def test_a_word_file_is_answered_with_what_to_do_and_changes_nothing(world, year, kind, ask):
    url = f"/assessment/{Y}/materials/{kind.pk}/{world.ours.code}/file/"
    file = SimpleUploadedFile("总结.docx", b"PK\x03\x04[Content_Types].xml")
    shown = ask(world.town, url, {"seen_version": "0", "upload": file}, "post").content.decode()
    assert "请另存为 PDF 后再传" in shown and not Material.objects.exists()


def test_ac_2_a_unit_sees_its_own_papers_and_nobody_elses(world, year, kind, ask):
    row = hand_in(world, kind, unit=world.theirs, actor=world.town2)
    for user in (world.town, world.unit, world.head):
        assert "古零镇" not in ask(user, f"/assessment/{Y}/materials/").content.decode()
        assert ask(user, f"/assessment/{Y}/materials/{kind.pk}/{world.theirs.code}/").status_code == 404
        assert ask(user, f"/assessment/materials/{row.pk}/file/").status_code == 404
    assert ask(world.foreign_bureau, f"/assessment/materials/{row.pk}/file/").status_code == 404
    assert ask(world.leader, f"/assessment/{Y}/materials/").status_code == 403
    assert ask(world.town, f"/assessment/{Y}/materials/export/").status_code == 403
    assert ask(world.town2, reverse("attachment", args=[row.attachment_id])).status_code == 404


def test_a_kind_asked_of_chosen_units_without_any_is_refused_and_two_of_one_name(world, year, kind, ask):
    url = f"/assessment/{Y}/materials/new/"
    given = {"name": "年度工作总结", "asked_of": "chosen", "position": "9", "seen_version": "0"}
    errors = ask(world.bureau, url, given, "post").context["form"].errors
    assert errors["units"] == ["请勾选要报这种材料的单位"]
    assert errors["name"] == ["这一年已有同名的材料，请换一个名称，或修改原来的那种"]


def test_in4_two_who_change_one_kind_see_both_values(world, year, kind, ask):
    url = f"/assessment/{Y}/materials/{kind.pk}/edit/"
    given = {"name": "年度总结", "asked_of": "all", "position": "1", "is_asked": "on", "seen_version": "0"}
    assert ask(world.bureau, url, given, "post").status_code == 302
    shown = ask(world.bureau2, url, given | {"name": "全年总结"}, "post").content.decode()
    assert "已有人先改成了“年度总结”" in shown


@pytest.mark.parametrize("path", ["", "{kind}/"])
def test_ld_2_the_table_costs_the_same_queries_at_3_and_30_papers(
    world, year, kind, ask, path, django_assert_max_num_queries
):
    counts = []
    for more in (2, 27):
        for number in range(more):
            MaterialKind.objects.create(year=year, name=f"材料{more}-{number}")
        hand_in(world, MaterialKind.objects.latest("pk"))
        url = f"/assessment/{Y}/materials/" + path.format(kind=kind.pk)
        ask(world.bureau, url)
        with django_assert_max_num_queries(40) as captured:
            ask(world.bureau, url)
        counts.append(len(captured))
    assert counts[0] == counts[1]
