"""AU-2: whoever owns the database and changes, cuts or lengthens the audit log is found out by what the backups and the log
server were told. The attacks take the triggers away first."""

import datetime
import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command

from networks import audit, backup_record
from networks.models import AuditEvent, User
from reporting import anchors, guard
from reporting.models import AssessmentYear, LedgerAct, YearProposal

EVENING = datetime.datetime(2026, 3, 4, 10, 0, tzinfo=datetime.UTC)
NIGHT = datetime.datetime(2026, 3, 4, 18, 10, tzinfo=datetime.UTC)


@pytest.fixture
def kept(installation, unopened):
    """A day's work, and the backup of the night after it. The block stays inside the installation's own database."""
    with installation.inside():
        with time_machine.travel(EVENING, tick=False) as clock:
            for number in range(6):
                audit.record("试验", actor=User.objects.get(username="town"), number=number)
                clock.shift(60)
        with time_machine.travel(NIGHT, tick=False):
            installation.made = installation.make()
        yield installation


@pytest.fixture(autouse=True)
def as_it_was(kept):
    """On PostgreSQL the installation is shared: what an attack has changed is put back."""
    before = list(AuditEvent.objects.order_by("pk"))
    yield
    with guard.unguarded():
        AuditEvent.objects.all().delete()
        AuditEvent.objects.bulk_create(before)
        for event in before:
            AuditEvent.objects.filter(pk=event.pk).update(at=event.at)


def findings(given=None):
    return anchors.compare(given)[1]


def works(*, of=1):
    return AuditEvent.objects.filter(action="试验").order_by("pk")[of]


def as_owner(attack):
    with guard.unguarded():
        attack()


def flip():
    AuditEvent.objects.filter(pk=works().pk).update(detail={"number": 7})


def flip_the_name():
    AuditEvent.objects.filter(pk=works().pk).update(actor_name="bureau")


def move_in_time():
    AuditEvent.objects.filter(pk=works().pk).update(at=EVENING - datetime.timedelta(days=1))


def reorder():
    one, other = works(of=1), works(of=2)
    AuditEvent.objects.filter(pk=one.pk).update(detail=other.detail, at=other.at)
    AuditEvent.objects.filter(pk=other.pk).update(detail=one.detail, at=one.at)


def delete():
    works().delete()


def cut_the_end():
    AuditEvent.objects.filter(pk__gte=works(of=3).pk).delete()


def put_in():
    """A line more, under a number that was free."""
    number = works(of=5).pk
    works(of=0).delete()
    AuditEvent.objects.create(pk=number - 5_000, action="试验")


def cut_and_write_anew():
    """As many lines as before, with the numbers that they had."""
    gone = list(AuditEvent.objects.filter(pk__gte=works(of=3).pk))
    AuditEvent.objects.filter(pk__in=[event.pk for event in gone]).delete()
    for event in gone:
        AuditEvent.objects.create(pk=event.pk, action="登录", actor_name="town")


ATTACKS = {
    flip: "有记录被改动过",
    flip_the_name: "有记录被改动过",
    move_in_time: "有记录被改动过",
    reorder: "有记录被改动过",
    cut_and_write_anew: "有记录被改动过",
    delete: "有记录被删除或插入过",
    cut_the_end: "有记录被删除或插入过",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_au_2_what_the_owner_of_the_database_does_to_the_log_is_found_by_the_backup_of_the_night(kept, attack):
    assert findings() == []
    as_owner(attack)
    [found] = findings()
    assert ATTACKS[attack] in found and kept.made.kept.file in found


def test_au_2_lines_that_were_put_in_are_found(kept):
    as_owner(put_in)
    [found] = findings()
    assert "不一致" in found


def test_au_2_a_cut_end_is_found_by_what_the_log_server_got_even_when_the_backups_record_was_made_to_agree(kept):
    """The owner of the whole machine: the record beside the backups is written anew. The line at the log server stays."""
    shipped = AuditEvent.objects.filter(action="备份").latest("pk").detail["log"]
    assert anchors.typed(shipped) == (kept.made.kept.heads["log"][0], kept.made.kept.heads["log"][2])
    assert findings(anchors.typed(shipped)) == []
    as_owner(cut_the_end)
    last = kept.made.kept.heads["log"][0]
    rows = json.loads((kept.backups / backup_record.BACKUPS).read_text(encoding="utf-8"))
    for row in rows:
        if row["heads"]:
            row["heads"]["log"] = anchors.log_head(row["heads"]["log"][0])
    (kept.backups / backup_record.BACKUPS).write_text(json.dumps(rows), encoding="utf-8")
    assert findings() == []
    assert findings(anchors.typed(shipped)) == [
        f"操作日志到第 {last} 条，与给出的摘要不一致：有记录被改动、删除或插入过，或者摘要抄错了"
    ]


def test_au_2_what_happened_since_and_an_account_that_goes_are_no_findings(kept):
    user = User.objects.create_user(
        "gone", None, role="leader", home_division=User.objects.get(username="bureau").home_division
    )
    line = audit.record("试验", actor=user)
    user.delete()
    line.refresh_from_db()
    assert line.actor is None and findings() == []
    AuditEvent.objects.filter(pk=works().pk).update(actor=None)  # which the triggers let through
    assert findings() == []
    assert anchors.compare()[0] >= 1


def test_au_2_a_ledger_whose_end_was_cut_off_is_found_without_the_annex(kept):
    """The act, the proposal that made it, the year's state and the lines of the log about it: nothing is left that disagrees."""
    act = LedgerAct.objects.latest("sequence")
    proposal, year = YearProposal.objects.get(act=act), act.year

    def forget():
        YearProposal.objects.filter(act=act).update(status="withdrawn", act=None)
        LedgerAct.objects.filter(pk=act.pk)._raw_delete("default")
        AssessmentYear.objects.filter(pk=year.pk).update(status="open", locked_on=None)

    def bring_back():
        LedgerAct.objects.bulk_create([act])
        YearProposal.objects.filter(pk=proposal.pk).update(status=proposal.status, act=act)
        AssessmentYear.objects.filter(pk=year.pk).update(status=year.status, locked_on=year.locked_on)

    as_owner(forget)
    try:
        [found] = findings()
        assert f"第 {act.sequence} 条定案记录" in found and act.digest[:12] in found and "现在没有这一条" in found
    finally:
        as_owner(bring_back)
    assert findings() == []


def test_au_2_after_a_restore_the_backups_of_the_time_between_are_passed_over_and_others_are_not(kept):
    before = kept.made.kept.at - datetime.timedelta(hours=3)
    as_owner(cut_the_end)  # as the restored database is, with the act of restoring at its end
    assert findings() != []
    with time_machine.travel(NIGHT + datetime.timedelta(hours=6), tick=False):
        audit.record("恢复备份", actor=None, file="older.tar", taken_at=before.isoformat())
    _, found, notes = anchors.compare()
    assert found == [] and [note for note in notes if kept.made.kept.file in note and "恢复过更早的备份" in note]


def test_au_2_a_record_that_somebody_spoilt_is_a_finding_and_no_crash(kept):
    path = kept.backups / backup_record.BACKUPS
    whole = path.read_text(encoding="utf-8")
    for heads in [{"log": 5}, {"log": ["1", 2, "x"], "ledger": []}, {"log": [1, 2, "x"]}, [1]]:
        rows = json.loads(whole)
        rows[0]["heads"] = heads
        path.write_text(json.dumps(rows), encoding="utf-8")
        assert [found for found in findings() if "读不出来" in found], heads


def test_au_2_the_command_compares_every_night_and_says_so(kept, capsys):
    shipped = AuditEvent.objects.filter(action="备份").latest("pk").detail["log"]
    out = io.StringIO()
    call_command("verify_ledger", log_head=anchors.typed(shipped), stdout=out)
    assert "份备份所记的比较过" in out.getvalue() and "全部一致" in out.getvalue()
    as_owner(delete)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", stdout=out)
    assert ended.value.code == 1 and "有记录被删除或插入过" in out.getvalue()
    with pytest.raises(CommandError, match="编号:摘要"):
        call_command("verify_ledger", "--log-head", "12:34")


def test_au_2_rb_1_a_backup_whose_log_is_not_the_one_of_its_moment_does_not_pass(kept):
    told = kept.made.manifest["facts"]
    as_owner(flip)
    assert anchors.log_head(told["log"][0]) != told["log"]
    from reporting.backup import facts

    assert "操作日志与备份时不一样" in facts.differences(told, facts.facts(told))
    older = {key: value for key, value in told.items() if key != "log"}
    assert "操作日志与备份时不一样" not in facts.differences(older, facts.facts(older))
