"""PI-6: who saw or exported what between two days, and the yearly pack on minors' data."""

import ast
import datetime
import getpass
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from networks import audit
from networks.log_kinds import DISCLOSING, KINDS, Kind, kind_of
from networks.models import AuditEvent
from networks.reorganisation import rename_unit
from reporting import guard
from reporting.disclosure import Asked, disclosures
from trainings.models import RosterLine, TrainingSession
from trainings.rosters import keeping

from ..site_map import has_typed_password

pytestmark = pytest.mark.django_db


def at(event, *when):
    """As if it had happened then, in the county's time."""
    with guard.unguarded():
        AuditEvent.objects.filter(pk=event.pk).update(at=timezone.make_aware(datetime.datetime(*when)))
    return event


@pytest.fixture
def seen(world, client):
    """Names looked at and taken through the pages, by the session's unit and by the office; a week of other exports."""
    w = world
    w.minors = w.session(w.ours, title="亲子阅读")
    w.others = w.session(w.theirs, title="别镇的场次")
    people = [
        keeping.Person("金丝雀甲", phone_tail="4071", age_band="adult"),
        keeping.Person("金丝雀乙", age_band="minor"),
    ]
    keeping.add(w.minors, people, actor=w.town, source=RosterLine.Source.PASTED)
    keeping.add(w.others, people[:1], actor=w.town2, source=RosterLine.Source.PASTED)
    with guard.unguarded():
        AuditEvent.objects.all().delete()

    def post(user, name, session, **data):
        client.force_login(user)
        has_typed_password(client)
        answer = client.post(reverse(name, kwargs={"pk": session.pk}), data)
        assert answer.status_code == 200
        return AuditEvent.objects.latest("pk")

    w.acts = {
        "unit saw": at(post(w.town, "roster-names", w.minors), 2025, 3, 1, 9, 0),
        "office saw": at(post(w.bureau, "roster-names", w.minors, purpose="核对实到人次"), 2025, 3, 2, 9, 0),
        "unit took": at(post(w.town, "roster-export", w.minors, purpose="发放结业证书"), 2025, 3, 3, 0, 0),
        "other saw": at(post(w.town2, "roster-names", w.others), 2025, 3, 3, 23, 59),
    }
    year = w.minors.held_on.year
    w.acts["ledger"] = at(audit.record("导出台账", actor=w.bureau, year=year, rows=9), 2025, 3, 4, 0, 0)
    pack = {"year": year, "month": None, "sessions": 3, "unit": w.ours.code}
    w.acts["pack"] = at(audit.record("下载归档包", actor=w.auditor, subject=w.ours, **pack), 2025, 3, 4, 8, 0)
    w.acts["other pack"] = at(
        audit.record("下载归档包", actor=w.auditor, **{**pack, "unit": w.theirs.code}), 2025, 3, 4, 9, 0
    )
    w.acts["foreign"] = at(audit.record("导出台账", actor=w.foreign_bureau, year=year, rows=1), 2025, 3, 4, 9, 0)
    at(audit.record("修改密码", actor=w.town), 2025, 3, 2, 10, 0)
    return w


def names(w, events):
    by_key = {event.pk: name for name, event in w.acts.items()}
    return [by_key[event.pk] for event in events]


@pytest.fixture
def shown(seen, ask):
    def show(**query):
        response = ask(seen.auditor, reverse("log-seen"), query)
        return names(seen, [row.event for row in response.context["page_obj"].object_list])

    return show


WHOLE = {"first": "2025-03-01", "last": "2025-03-04"}


def test_pi_6_the_page_lists_every_look_and_every_export_between_two_days_newest_first(seen, shown):
    everything = ["other pack", "pack", "ledger", "other saw", "unit took", "office saw", "unit saw"]
    assert shown(**WHOLE) == everything
    assert shown(first="2025-03-02", last="2025-03-03") == ["other saw", "unit took", "office saw"]
    assert shown(**WHOLE, kind="查看全名和材料") == ["other saw", "office saw", "unit saw"]
    assert shown(**WHOLE, account=seen.town.pk) == ["unit took", "unit saw"]
    assert shown() == []  # the last thirty days


def test_pi_6_of_one_session_or_unit_whole_exports_are_named_as_a_maybe(seen, shown, ask):
    narrowed = ["pack", "ledger", "unit took", "office saw", "unit saw"]
    assert shown(**WHOLE, number=seen.minors.number) == narrowed
    assert shown(**WHOLE, unit=seen.ours.code) == narrowed
    rows = ask(seen.auditor, reverse("log-seen"), WHOLE | {"number": seen.minors.number}).context["page_obj"]
    assert [row.maybe for row in rows] == [True, True, False, False, False]


def test_pi_6_what_makes_no_sense_says_so(seen, ask):
    nonsense = {"first": "2025-02-30", "last": "1999-01-01", "account": "0", "unit": "x", "number": "没有", "kind": "?"}
    page = ask(seen.auditor, reverse("log-seen"), nonsense).content.decode()
    for sentence in [
        "这不是日期",
        "请选择 2000 到 2099 年的日期",
        "没有这个账号",
        "没有这个单位",
        "没有这个编号的场次",
        "没有这一类",
    ]:
        assert sentence in page
    assert (
        "早于" in ask(seen.auditor, reverse("log-seen"), {"first": "2025-03-02", "last": "2025-03-01"}).content.decode()
    )


def test_pi_6_only_the_auditor_reads_it_and_its_export_is_a_line_of_the_log(seen, ask):
    for user in [seen.bureau, seen.town, seen.operator, seen.head]:
        assert ask(user, reverse("log-seen")).status_code == 403
    answer = ask(seen.auditor, reverse("log-seen-export"), WHOLE)
    assert answer["Content-Disposition"] == 'attachment; filename="who-saw-20250301-20250304.xlsx"'
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=10)]
    assert rows[-1] == [
        7,
        "2025-03-01 09:00:00",
        "town",
        "127.0.0.1",
        "查看全名和材料",
        "查看名册全名",
        f"场次 {seen.minors.number}，2 人，其中显示全名的未成年人 1 人",
        None,
        None,
    ]
    assert rows[5][6:8] == [f"场次 {seen.minors.number}，1 人，其中显示全名的未成年人 0 人", "核对实到人次"]
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor) == ("导出查看和导出记录", seen.auditor)
    assert event.detail == {"since": "2025-03-01", "until": "2025-03-04", "events": 7}


def test_ld_2_the_page_asks_as_much_for_many_lines_as_for_few(seen, ask):
    ask(seen.auditor, reverse("log-seen"), WHOLE)
    with CaptureQueriesContext(connection) as few:
        ask(seen.auditor, reverse("log-seen"), WHOLE)
    for number in range(60):
        at(audit.record("导出台账", actor=seen.town, year=2024, rows=number), 2025, 3, 4, 9, 0)
    with CaptureQueriesContext(connection) as many:
        response = ask(seen.auditor, reverse("log-seen"), WHOLE)
    assert len(response.context["page_obj"].object_list) == 50
    assert len(many) <= len(few)


# --- the command -------------------------------------------------------------------------------------------


def run(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().splitlines()


DAYS = ["--county", "450124", "--from", "2025-03-01", "--to", "2025-03-04"]


def test_pi_6_the_command_answers_the_same_in_utc_and_is_logged(seen):
    lines = run("who_saw", *DAYS, "--account", "town")
    number = seen.minors.number
    assert lines == [
        f"2025-03-02T16:00:00Z\ttown\t127.0.0.1\t导出名册\t场次 {number}，2 人，其中显示全名的未成年人 1 人\t发放结业证书",
        f"2025-03-01T01:00:00Z\ttown\t127.0.0.1\t查看名册全名\t场次 {number}，2 人，其中显示全名的未成年人 1 人",
        "2025年3月1日至2025年3月4日：2 条",
    ]
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.county_code, event.detail["events"]) == ("导出查看和导出记录", "450124", 2)


def test_pi_6_what_a_command_took_is_told_with_the_user_of_the_machine(seen, ask, tmp_path):
    from_today = ["--county", "450124", "--from", f"{seen.today}", "--to", f"{seen.today}"]
    call_command("export_sessions", str(seen.year), "--as", "bureau", "--output", str(tmp_path / "ledger.xlsx"))
    run("who_saw", *from_today)
    nobody, bureau, _ = run("who_saw", *from_today)
    here = getpass.getuser()
    assert f"\tbureau（命令行，系统用户 {here}）\t" in bureau and f"\t命令行（系统用户 {here}）\t" in nobody
    assert f"bureau（命令行，系统用户 {here}）" in ask(seen.auditor, reverse("log-seen")).content.decode()


def test_pi_6_the_command_narrows_to_a_session_a_unit_or_a_resident_whose_name_it_asks_for(seen, monkeypatch, tmp_path):
    assert run("who_saw", *DAYS, "--session", seen.others.number)[-1].endswith("：3 条")
    assert run("who_saw", *DAYS, "--unit", seen.theirs.code)[-1].endswith("：3 条")
    monkeypatch.setattr("builtins.input", lambda words: "金丝雀乙")
    lines = run("who_saw", *DAYS, "--person")
    assert lines[-1].endswith("：5 条") and "整批导出" in lines[0] and "金丝雀" not in "\n".join(lines)
    assert "金丝雀" not in str(list(AuditEvent.objects.values()))
    target = tmp_path / "seen.xlsx"
    run("who_saw", *DAYS, "--output", str(target))
    assert load_workbook(target).active["A1"].value == "马山县查看和导出记录"


def test_the_commands_say_what_is_wrong(seen, tmp_path):
    for arguments, sentence in [
        (DAYS[2:], "--county"),
        (["--county", "999999", *DAYS[2:]], "没有代码"),
        ([*DAYS, "--account", "nobody"], "没有账号"),
        ([*DAYS, "--session", "nothing"], "没有编号"),
        ([*DAYS, "--unit", "nothing"], "没有代码"),
        (["--county", "450124", "--from", "2025-03-04", "--to", "2025-03-01"], "早于"),
        ([*DAYS, "--output", str(tmp_path / "no" / "where.xlsx")], "写不了"),
    ]:
        with pytest.raises(CommandError, match=sentence):
            run("who_saw", *arguments)
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="写不了"):
        run("minors_audit", "2025", "--county", "450124", "--output", str(tmp_path / "no" / "where.xlsx"))
    assert AuditEvent.objects.count() == before


# --- the yearly pack on minors' data -------------------------------------------------------------------------


def sheets_of(content):
    book = load_workbook(content)
    return {
        sheet.title: [
            [cell.value for cell in row] for row in sheet.iter_rows(min_row=4) if isinstance(row[0].value, int)
        ]
        for sheet in book
    }


def test_pi_6_the_minors_pack_says_who_may_who_did_what_went_and_names_no_resident(seen, ask, tmp_path):
    w = seen
    at(audit.record("建立账号", actor=w.bureau, subject=w.town), 2024, 12, 1, 8, 0)
    at(audit.record("查看名册全名", actor=w.town, subject=w.minors, number="旧", lines=3), 2025, 1, 1, 0, 0)
    at(audit.record("查看名册全名", actor=w.town, subject=w.minors, number="去年", lines=3), 2024, 12, 31, 23, 59)
    gone = {"year": 2023, "sessions": 2, "lines": 40, "pictures": 3}
    at(audit.record("按期删除名册", actor=None, county_code="450124", **gone), 2025, 2, 1, 3, 0)
    at(audit.record("拒绝访问", actor=w.leader, path="/sessions/1/roster/"), 2025, 2, 2, 3, 0)
    expired = {"path": "/sessions/1/roster/", "why": "页面已过期"}  # may open it, and had it open too long
    at(audit.record("拒绝访问", actor=w.town, **expired), 2025, 2, 2, 3, 0)
    target = tmp_path / "pack.xlsx"
    run("minors_audit", "2025", "--county", "450124", "--output", str(target))
    sheets = sheets_of(target)
    number = w.minors.number
    assert {row[1]: row[2] for row in sheets["汇总"]} == {
        "培训对象是未成年人的场次": 0,
        "名册里标明未成年的，现存": int(w.minors.held_on.year == 2025),
        "现在能看名册全名的账号": 8,
        "其中能看本单位未成年人全名的": 5,
        "查看名册全名：次数": 4,
        "查看名册全名：有未成年人全名的次数": 1,
        "查看名册全名：未成年人全名（人次）": 1,
        "查看名册全名：未分别记录未成年人人数的次数": 1,
        "导出名册：次数": 1,
        "导出名册：有未成年人全名的次数": 1,
        "导出名册：未成年人全名（人次）": 1,
        "查看未成年人场次的照片、签到表：次数": 0,
        "按期删除名册的次数": 1,
        "删除的名册人数": 40,
        "删除的未成年人照片和签到表": 3,
        "单独删去的名册行": 0,
        "现在暂缓删除的": 0,
        "打开名册被拒绝的次数": 1,
    }
    rights = {row[1]: row[4:7] for row in sheets["有权查看的账号"]}
    assert rights["town"] == ["本单位的场次", "2024-12-01 08:00", "bureau"]
    assert rights["bureau"] == ["一律遮盖", None, None]
    assert not {"head", "leader", "auditor", "operator", "foreign_town"} & set(rights)
    assert [row[1:4] + row[5:7] for row in sheets["查看和导出"]] == [
        ["2025-01-01 00:00:00", "town", "查看名册全名", "未分别记录", None],
        ["2025-03-01 09:00:00", "town", "查看名册全名", 1, None],
        ["2025-03-02 09:00:00", "bureau", "查看名册全名", 0, "核对实到人次"],
        ["2025-03-03 00:00:00", "town", "导出名册", 1, "发放结业证书"],
        ["2025-03-03 23:59:00", "town2", "查看名册全名", 0, None],
        ["2025-03-04 08:00:00", "auditor", "下载归档包", 0, None],
        ["2025-03-04 09:00:00", "auditor", "下载归档包", 0, None],
    ]
    assert sheets["查看和导出"][1][4] == f"场次 {number}，2 人，其中显示全名的未成年人 1 人"
    assert [row[1:] for row in sheets["删除和暂缓"]] == [
        ["2025-02-01 03:00:00", "按期自动", "按期删除名册", "2023 年度，2 场，名册 40 人，未成年人照片和签到表 3 件"]
    ]
    assert ["名册", "年龄段", "敏感"] in [row[1:4] for row in sheets["个人信息字段"]]
    assert AuditEvent.objects.latest("pk").detail["year"] == 2025
    answer = ask(w.auditor, reverse("minors-audit", kwargs={"year": 2025}))
    content = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == 'attachment; filename="minors-audit-2025.xlsx"'
    assert sheets_of(io.BytesIO(content)) == sheets
    assert "金丝雀" not in str(sheets) and "4071" not in str(sheets)
    assert AuditEvent.objects.latest("pk").action == "导出未成年人审计材料"
    assert ask(w.auditor, reverse("minors-audit", kwargs={"year": 1999})).status_code == 404


# --- the registry of kinds -----------------------------------------------------------------------------------


def words_of_the_code():
    """Every text of the code outside the registry itself, where no sentence of a page is longer than an act's name."""
    for app in ("networks", "trainings", "reporting"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            if path.name == "log_kinds.py" or {"migrations"} & set(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def recorded_in_so_many_words():
    for app in ("networks", "trainings", "reporting"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
                    "record",
                    "_record",
                    "_record_export",
                }:
                    yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def test_au_3_every_act_by_which_something_left_stands_in_the_registry_and_every_entry_is_written_somewhere():
    acts = set(recorded_in_so_many_words())
    left = {act for act in acts if act.startswith(("导出", "下载", "打印", "查看"))}
    assert len(left) > 10 and left == set(DISCLOSING)
    listed = [act for told in KINDS.values() for act in told.acts]
    assert len(listed) == len(set(listed)) and set(listed) <= set(words_of_the_code())


def test_au_3_the_page_of_kinds_is_printed_from_the_registry(world, ask):
    page = ask(world.auditor, reverse("log-kinds")).content.decode()
    for kind, told in KINDS.items():
        assert kind in page and told.holds in page and all(act in page for act in told.acts)
    assert kind_of("登录失败") is Kind.SIGN_IN and kind_of("登记场次") is Kind.CHANGED


def test_pi_6_what_was_taken_is_told_by_its_title_its_year_and_its_day(seen, ask):
    w = seen
    year = w.assessment_year.year
    for url in (
        reverse("assessment-export", args=[year]),
        reverse("form-export", args=[year, "completion"]),
        reverse("registry-download", args=["institutions"]),
    ):
        assert ask(w.bureau, url).status_code == 200
    page = ask(w.auditor, reverse("log-seen"))
    told = [row.what for row in page.context["page_obj"]]
    assert told[0].startswith("机构名录，") and told[0].endswith(" 行")
    assert told[1] == f"{year} 年，社区教育培训任务年度完成情况一览表"
    assert told[2] == f"{year} 年，截至 {w.today.isoformat()}"


def test_pi_6_what_left_before_a_date_was_corrected_or_a_unit_renamed_is_still_found(world):
    today = timezone.localdate()
    session = world.session(world.ours, held_on=datetime.date(today.year - 1, 12, 30))
    pack = {"year": today.year - 1, "month": 12, "unit": world.ours.code}
    taken = [
        audit.record("下载归档包", actor=world.auditor, subject=world.ours, **pack),
        audit.record("导出台账", actor=world.bureau, year=today.year - 1, rows=9),
    ]
    audit.record("下载归档包", actor=world.auditor, subject=world.ours, **pack | {"month": 11})
    audit.record("导出台账", actor=world.bureau, year=today.year - 2, rows=9)
    session.revise(actor=world.town, seen_version=1, changes={"held_on": datetime.date(today.year, 1, 2)})
    rename_unit(world.ours, name="白山镇新政府", code="renamed", on=today, basis="", actor=world.bureau)
    session = TrainingSession.objects.select_related("organiser").get(pk=session.pk)
    found = disclosures(AuditEvent.objects.all(), Asked(first=today, last=today, sessions=(session,)))
    assert set(found) == set(taken)
