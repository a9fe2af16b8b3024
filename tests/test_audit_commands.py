"""AU-1 on the command line: what a command changes stands in the log, in the same transaction, or is not changed."""

import datetime
import io

import pytest
from django.core.management import call_command, get_commands
from django.utils import timezone

from networks.models import AuditEvent, Division, PasswordLink, User
from reporting.models import AssessmentYear
from trainings.models import ImportBatch, TrainingSession
from trainings.rosters import keeping

from .site_map import taken_back
from .test_audit import LOST, changed, dump, is_log, lost
from .trainings.workbook_files import HEADER, book

LAYERS = ("networks", "trainings", "reporting")
WITHOUT = {  # of our commands: why nothing is asked of them here
    "assess": "hands out and changes nothing (test_assessment_pages)",
    "backup": "writes a file beside the database; its line is its own test's (test_backup)",
    "changepassword": "refuses",
    "demo": "begins with an empty database, which it fills with inventions; its line is its own test's",
    "drill": "works on a copy; its line is its own test's (test_restore)",
    "export_sessions": "hands out and changes nothing (test_taken)",
    "minors_audit": "hands out and changes nothing (test_disclosure)",
    "move_database": "writes another database, with a line in both (test_moving)",
    "personal_data": "prints what stands in the code",
    "photo_prints": "works out again what follows from the photos stored",
    "restore": "puts another database in the place of this one, with a line (test_restore)",
    "verify_ledger": "compares and changes nothing (test_ledger)",
    "who_saw": "hands out and changes nothing (test_disclosure)",
}


def divisions(w, path):
    Division.objects.filter(pk=w.places["新汉村"].pk).update(name="旧名村")
    rows = [
        f"{w.places['新汉村'].pk},village,新汉村委会,{w.places['白山镇'].pk}",
        f"{w.places['白山镇'].pk}299,village,新设村委会,{w.places['白山镇'].pk}",
    ]
    (path / "d.csv").write_text("\n".join(["code,tier,name,parent_code", *rows]), encoding="utf-8")
    return ["load_divisions", str(path / "d.csv"), "--commit"]


def county(w, path):
    return ["load_county"]


def ledger(w, path):
    (path / "l.xlsx").write_bytes(book([HEADER, ["甲", f"{w.year}-03-05", 40]]))
    return ["import_sessions", str(path / "l.xlsx"), "--as", "town", "--commit"]


def locking(w, path):
    AssessmentYear.objects.open_year(w.county, w.year - 2)
    return ["lock_year", str(w.year - 2), "--as", "bureau", "--confirmed-by", "bureau2"]


def rosters(w, path):
    row = w.session()
    keeping.add(row, [keeping.Person("张三")], actor=w.town, source="pasted")
    long_ago = {"held_on": datetime.date(w.year - 5, 1, 1), "created_at": f"{w.year - 5}-01-02T01:00:00Z"}
    TrainingSession.objects.filter(pk=row.pk).update(**long_ago)
    return ["purge_rosters", "--commit"]


def uploads(w, path):
    batch = ImportBatch.objects.create(county=w.county, user=w.town, unit=w.ours, original_name="台账.xlsx")
    ImportBatch.objects.filter(pk=batch.pk).update(uploaded_at=timezone.now() - datetime.timedelta(days=40))
    return ["purge_uploads", "--commit"]


def second_factor(w, path):
    told = {"second_factor_seed": "ab" * 20, "second_factor_since": timezone.now(), "second_factor_step": 1}
    User.objects.filter(pk=w.town.pk).update(**told)
    return ["reset_second_factor", "town", "--reason", "手机丢了，当面核对"]


def links(w, tmp_path):
    PasswordLink.issue(w.town, w.bureau)
    return ["revoke_links", "--reason", "纸条丢了"]


CHANGING = {  # command: (what prepares it and says how it is called, what the log calls it)
    "import_sessions": (ledger, "导入台账"),
    "load_county": (county, "载入文件事实"),
    "load_divisions": (divisions, "载入区划"),
    "lock_year": (locking, "确认锁定定案"),
    "purge_rosters": (rosters, "按期删除名册"),
    "purge_uploads": (uploads, "删除久未入库的台账"),
    "reset_second_factor": (second_factor, "重置动态口令"),
    "revoke_links": (links, "作废全部一次性链接"),
}


def run(words):
    call_command(*words, stdout=io.StringIO())


def test_au_1_every_command_of_ours_is_asked_or_stands_with_the_reason():
    ours = {name for name, app in get_commands().items() if app in LAYERS}
    assert ours == set(CHANGING) | set(WITHOUT)
    assert not set(CHANGING) & set(WITHOUT)


@pytest.mark.parametrize("command", CHANGING)
def test_au_1_a_command_s_change_is_recorded_or_does_not_happen(world, tmp_path, monkeypatch, command):
    prepare, act = CHANGING[command]
    words = prepare(world, tmp_path)
    before = dump()
    with taken_back():
        run(words)
        assert [table for table in changed(before, dump()) if not is_log(table)]
        assert AuditEvent.objects.filter(action=act).exists()
    monkeypatch.setattr(AuditEvent, "save", lost)
    with pytest.raises(RuntimeError, match=LOST):  # nothing but the command's own transaction takes it back
        run(words)
    assert changed(before, dump()) == set()


def test_au_1_what_the_divisions_were_called_before_stands_in_the_log(world, tmp_path):
    words = divisions(world, tmp_path)
    run(words[:-1])
    assert not AuditEvent.objects.filter(action="载入区划").exists()  # a rehearsal
    run(words)
    run(words)  # which changes nothing any more
    event = AuditEvent.objects.get(action="载入区划")
    told = {world.places["新汉村"].pk: ["旧名村", world.places["白山镇"].pk]}
    assert (event.county_code, event.detail["created"], event.detail["changed"]) == (world.county.pk, 1, 1)
    assert event.detail["before"] == told and event.detail["os_user"]
