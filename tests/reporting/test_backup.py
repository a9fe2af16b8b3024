"""RB-1, PI-4: one verified file with everything of one moment, whatever happens meanwhile, and nothing that looks like one where
there is none."""

import contextlib
import copy
import datetime
import errno
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import ConnectionHandler

from networks import backup_record
from networks.backup_record import Drilled, Examined, Kept
from networks.models import Attachment, AuditEvent
from reporting import guard
from reporting.backup import Unfit, archive, making, moment, new_key, postgres
from reporting.backup.databases import reading
from reporting.backup.making import _let_go
from tests.own_database import address_of
from trainings.models import Evidence

from .installation import CANARY, attach, nowhere, remove

ROOT = Path(__file__).parent.parent.parent
NAME = re.compile(r"mashan-\d{8}T\d{6}Z(-\d+)?\.tar(\.age)?")
sqlite_alone = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on every engine")
postgres_alone = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")


def listed(path):
    with tarfile.open(path) as tar:
        return [member.name for member in tar.getmembers()]


def left_behind(installation):
    """Whatever of an unfinished backup can be seen."""
    folders = [installation.backups, installation.media]
    return [p for f in folders for p in f.glob(".*") if not p.name.endswith(".lock")] + list(
        installation.backups.glob("mashan-*")
    )


# --- what is in it ---------------------------------------------------------------------------------------


def test_rb_1_a_backup_is_one_file_for_the_owner_alone_with_everything_in_it_and_is_recorded(installation):
    before, had = installation.facts(), set(left_behind(installation))
    made = installation.make()
    assert NAME.fullmatch(made.path.name) and made.opened and not made.encrypted
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    names = listed(made.path)
    assert (
        len(names) == len(set(names))
        and names[0].startswith("database.")
        and names[-2:] == ["manifest.json", "manifest.sig"]
    )
    assert {n.removeprefix("media/") for n in names[1:-2]} == installation.names()
    assert made.manifest["facts"] == before
    assert before["totals"] == [["450124", 2025, 2, 164]] and len(before["ledger"]) == 1
    assert before["counts"]["networks_user"] == 16 and made.manifest["findings"] == []
    assert backup_record.kept(installation.backups) == [made.kept]
    with installation.inside():
        event = AuditEvent.objects.filter(action="备份").latest("pk")
    assert event.detail["sha256"] == made.kept.sha256
    assert set(left_behind(installation)) - had == {made.path}


@sqlite_alone
def test_rb_1_pi_4_the_keys_are_in_no_backup_and_an_encrypted_one_shows_nothing(installation, settings):
    settings.LEDGER_KEY, settings.SECRET_KEY = "ledger-key-canary-7", "secret-key-canary-8"
    guardless(installation)
    secrets = [settings.LEDGER_KEY.encode(), settings.SECRET_KEY.encode()]
    plain = installation.make().path.read_bytes()
    assert CANARY.encode() in plain  # the control: without a key it can be read
    assert [key for key in secrets if key in plain] == []
    settings.BACKUP_KEY = new_key()
    made = installation.make()
    hidden = made.path.read_bytes()
    assert made.encrypted and made.path.name.endswith(".tar.age") and stat.S_IMODE(made.path.stat().st_mode) == 0o600
    words = [*secrets, settings.BACKUP_KEY.encode(), CANARY.encode(), "白山镇".encode(), b"SQLite format", b"manifest"]
    assert [word for word in words if word in hidden] == []
    seen = [p for p in installation.backups.rglob("*") if p.is_file() and not p.name.endswith(".tar")]
    assert [p.name for p in seen if CANARY.encode() in p.read_bytes()] == []
    assert CANARY not in "".join(p.name for p in installation.backups.parent.rglob("*"))


def guardless(installation):
    """Acts signed with another key would be findings; here nothing was ever locked."""
    with installation.inside() as own:
        guard.take_away(own)
        with own.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys=OFF")
            for table in ("reporting_yearproposal", "reporting_ledgeract"):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("UPDATE reporting_assessmentyear SET status = 'open', locked_on = NULL WHERE year = 2025")
            cursor.execute("DELETE FROM networks_auditevent WHERE action LIKE '确认%'")
        guard.lay(own)


def test_rb_1_the_command_says_what_was_backed_up_and_that_it_is_not_encrypted(installation, unopened):
    out, files = io.StringIO(), len(installation.names())
    with installation.inside():
        call_command("backup", keep=3, stdout=out)
    told = out.getvalue()
    assert f"已核定 2 场、164 人次；文件 {files} 个" in told and "没有设置 BACKUP_KEY" in told


@sqlite_alone
def test_rb_1_a_folder_or_the_name_of_a_file_may_be_given_and_nothing_is_overwritten(installation, tmp_path):
    made = installation.make(tmp_path / "elsewhere")
    assert made.path.parent == tmp_path / "elsewhere" and NAME.fullmatch(made.path.name)
    named = installation.make(tmp_path / "named.tar")
    assert named.path == tmp_path / "named.tar"
    with pytest.raises(Unfit, match="已经存在"):
        installation.make(tmp_path / "named.tar")


# --- one moment ------------------------------------------------------------------------------------------


@sqlite_alone
def test_rb_1_in_1_what_stands_only_in_the_log_beside_the_database_is_in_the_backup(installation, tmp_path):
    """The control: a copy of the file can be read as well, and lacks what was committed last."""
    server = ConnectionHandler({"default": copy.deepcopy(installation.config)})["default"]
    with contextlib.closing(server), server.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM networks_attachment")
        (before,) = cursor.fetchone()
        with installation.inside():
            attach(44)
        shutil.copy(installation.config["NAME"], tmp_path / "copied.sqlite3")
        made = installation.make()
    with contextlib.closing(sqlite3.connect(tmp_path / "copied.sqlite3")) as copied:
        assert copied.execute("SELECT count(*) FROM networks_attachment").fetchone() == (before,)
    assert made.manifest["facts"]["counts"]["networks_attachment"] == before + 1


def test_rb_1_people_go_on_working_and_the_backup_is_of_one_moment(installation, unopened):
    """Two at work add and remove files and rows all the time: every file of a row is in the backup, and no other."""
    stop, failures = threading.Event(), []

    def work(number):
        try:
            with reading(installation.config):
                mine = []
                while not stop.is_set():
                    mine.append(attach(number))
                    if len(mine) > 5:
                        remove(mine.pop(0))
        except Exception as problem:
            failures.append(problem)

    people = [threading.Thread(target=work, args=(number,)) for number in (7, 8)]
    for person in people:
        person.start()
    try:
        made = installation.make()
    finally:
        stop.set()
        for person in people:
            person.join()
    assert failures == []
    assert made.manifest["findings"] == []  # each row's file was there
    files = [name for name in listed(made.path) if name.startswith("media/")]
    assert len(files) == made.manifest["facts"]["counts"]["networks_attachment"] + 2


@pytest.mark.parametrize("held", [True, False])
def test_rb_1_what_is_removed_after_the_moment_is_in_the_backup_and_what_comes_after_it_is_not(
    installation, unopened, monkeypatch, held
):
    """The control: without a second name the file would be gone when its turn comes."""
    with installation.inside():
        old = attach(3)
    write, later = archive.write, []

    def meanwhile(*args):
        with reading(installation.config):
            later.append(attach(99).file.name)
            remove(old)
        if not held:
            next(source for name, source in args[1] if name.endswith(old.file.name)).unlink()
        write(*args)

    name = old.file.name
    monkeypatch.setattr(archive, "write", meanwhile)
    if not held:
        with pytest.raises(Unfit):
            installation.make()
        return
    names = listed(installation.make().path)
    assert f"media/{name}" in names and not (installation.media / name).exists()
    assert f"media/{later[0]}" not in names and (installation.media / later[0]).exists()


def test_rb_1_a_file_that_comes_and_goes_around_the_moment_makes_it_be_taken_again(installation, unopened, monkeypatch):
    hold, rounds = moment.Held.hold, []

    def late(self, names):
        rounds.append(len(rounds))
        if len(rounds) == 2:  # after the database was copied, before its files are held
            for name in set(names) & {brief[0].file.name}:
                self.paths.pop(name).unlink()  # as if it had come after the first look
                with reading(installation.config):
                    remove(brief[0])
        return hold(self, names)

    with installation.inside():
        brief = [attach(5)]
    gone = brief[0].file.name
    monkeypatch.setattr(moment.Held, "hold", late)
    made = installation.make()
    assert len(rounds) == 4 and made.manifest["findings"] == []
    assert f"media/{gone}" not in listed(made.path)


@sqlite_alone
def test_rb_1_files_that_never_stop_going_end_in_a_sentence_and_no_backup(installation, monkeypatch):
    monkeypatch.setattr(making, "_removed_since", lambda config, lacking: True)
    monkeypatch.setattr(moment.Held, "hold", lambda self, names: set(names))
    with pytest.raises(Unfit, match="正在被删除"):
        installation.make()
    assert left_behind(installation) == []


@sqlite_alone
def test_rb_1_where_a_disk_knows_no_second_names_files_are_copied(installation, monkeypatch):
    def refuses(*args, **kwargs):
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refuses)
    assert {n for n in listed(installation.make().path) if n.startswith("media/")} == {
        f"media/{name}" for name in installation.names()
    }


@sqlite_alone
def test_rb_1_nothing_outside_the_folder_of_files_is_ever_read(installation, tmp_path):
    (tmp_path / "outside.txt").write_text("not for a backup")
    (installation.media / "attachment" / "link").symlink_to(tmp_path / "outside.txt")
    with installation.inside():
        row = Attachment.objects.get()
        for name in ("../outside.txt", str(tmp_path / "outside.txt"), "attachment/link"):
            Attachment.objects.filter(pk=row.pk).update(file=name)
            made = making.make()
            assert made.manifest["findings"] == [f"文件在磁盘上已经不在：附件（编号 {row.pk}）"]
            assert b"not for a backup" not in made.path.read_bytes()


# --- what was wrong with the data itself ------------------------------------------------------------------


@sqlite_alone
def test_rb_1_what_is_wrong_with_the_data_is_backed_up_named_and_not_counted_as_good(installation):
    with installation.inside():
        lost, changed = Evidence.objects.order_by("pk")
        number = Attachment.objects.get().pk
        Attachment.objects.get().file.storage.delete(Attachment.objects.get().file.name)
        replaced = attach(2)
    (installation.media / replaced.file.name).write_bytes(b"another signed sheet")
    (installation.media / lost.file.name).unlink()
    (installation.media / changed.file.name).write_bytes(b"another picture")
    out = io.StringIO()
    with installation.inside(), pytest.raises(SystemExit) as ended:
        call_command("backup", stdout=out)
    assert ended.value.code == 3
    said = [line.removeprefix("数据有问题 ") for line in out.getvalue().splitlines() if line.startswith("数据有问题 ")]
    assert set(said) == {
        f"文件在磁盘上已经不在：附件（编号 {number}）",
        f"文件在磁盘上已经不在：佐证材料（编号 {lost.pk}）",
        f"文件与上传时的摘要不符：佐证材料（编号 {changed.pk}）",
        f"文件与上传时的摘要不符：附件（编号 {replaced.pk}）",
    }
    assert backup_record.watch().backup == "findings"


@sqlite_alone
def test_rb_1_an_altered_ledger_is_named_and_the_backup_made_all_the_same(installation):
    with installation.inside() as own, own.cursor() as cursor:
        guard.take_away(own)
        cursor.execute(
            "UPDATE trainings_trainingsession SET reported_attendance = 9999, verified_attendance = 9999 WHERE verified_attendance = 120"
        )
        guard.lay(own)
    made = installation.make()
    assert made.path.exists() and made.manifest["facts"]["totals"] == [["450124", 2025, 2, 10043]]
    assert [finding for finding in made.kept.findings if "2025年度" in finding]


# --- what goes wrong while it is made -----------------------------------------------------------------------


def test_rb_1_kill_9_leaves_nothing_that_looks_like_a_backup_and_the_next_one_clears_up(installation, unopened):
    env = os.environ | {
        "DATABASE_URL": address_of(installation.config),
        "MEDIA_ROOT": str(installation.media),
        "BACKUP_DIR": str(installation.backups),
        "SECRET_KEY": "tests only",
        "LEDGER_KEY": "tests only",
    }
    line = [sys.executable, "manage.py", "backup"]
    child = subprocess.Popen(line, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    give_up = time.monotonic() + 60
    while not list(installation.backups.glob(".unfinished-backup-*/backup.tar")):
        assert child.poll() is None and time.monotonic() < give_up, child.stderr.read()
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert list(installation.backups.glob("mashan-*")) == [] and backup_record.kept(installation.backups) == []
    assert list(installation.backups.glob(".unfinished-backup-*"))  # it was killed in the middle
    assert installation.make().path.exists()
    assert list(installation.backups.glob(".unfinished-*")) == list(installation.media.glob(".backup-*")) == []


@pytest.mark.parametrize("part", ["database.sqlite3", "media/", "manifest.json"])
@sqlite_alone
def test_rb_1_what_the_disk_wrote_wrongly_is_noticed_and_gets_no_name(installation, monkeypatch, part):
    write = archive.write

    def badly(path, *args):
        write(path, *args)
        with tarfile.open(path) as tar:
            member = next(member for member in tar.getmembers() if member.name.startswith(part))
        with open(path, "r+b") as file:
            file.seek(member.offset_data + member.size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))

    monkeypatch.setattr(archive, "write", badly)
    with pytest.raises(Unfit):
        installation.make()
    assert left_behind(installation) == [] and backup_record.watch().backup == "none"


@sqlite_alone
def test_rb_1_a_full_disk_and_a_folder_that_cannot_be_written_are_said_in_words(installation, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unfit, match="写不进文件夹"):
        installation.make(tmp_path / "file" / "backups")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(Unfit, match="是否已满"):
        installation.make()
    assert left_behind(installation) == []
    with installation.inside(), pytest.raises(CommandError, match="是否已满"):
        call_command("backup")


@sqlite_alone
def test_rb_1_two_backups_at_a_time_are_one_and_a_sentence(installation, monkeypatch):
    write = archive.write

    def second(*args):
        monkeypatch.setattr(archive, "write", write)
        with pytest.raises(Unfit, match="正在进行"):
            installation.make()
        write(*args)

    monkeypatch.setattr(archive, "write", second)
    installation.make()
    assert len(list(installation.backups.glob("mashan-*"))) == 1


@sqlite_alone
def test_rb_1_without_a_database_there_is_a_sentence(installation, tmp_path):
    installation.config["NAME"] = str(tmp_path / "none.sqlite3")
    with pytest.raises(Unfit, match="没有数据库"):
        installation.make()
    assert not (tmp_path / "none.sqlite3").exists()


@postgres_alone
def test_rb_1_a_missing_or_older_pg_dump_is_said_in_words(installation, monkeypatch):
    run = postgres._run

    def old(program, words, config):
        return "pg_dump (PostgreSQL) 9.6.24" if words == ["--version"] else run(program, words, config)

    monkeypatch.setattr(postgres, "_run", old)
    with pytest.raises(Unfit, match=r"本机的 pg_dump 是 9 版，比数据库服务器（\d+ 版）旧"):
        installation.make()
    monkeypatch.undo()
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    with pytest.raises(Unfit, match="本机没有 pg_dump"):
        installation.make()


@postgres_alone
def test_rb_1_an_account_that_may_make_no_database_has_its_backup_read_through_and_is_told(installation, monkeypatch):
    monkeypatch.setattr(postgres, "scratch", nowhere)
    out = io.StringIO()
    with installation.inside():
        call_command("backup", stdout=out)
        with pytest.raises(CommandError, match="CREATEDB"):
            call_command("drill")
    assert "没有试着打开" in out.getvalue()


# --- how many are kept, and the alarm ----------------------------------------------------------------------

NOON = datetime.datetime(2024, 11, 26, 4, tzinfo=datetime.UTC)


def recorded(folder, *findings):
    """Backups of the last days, the newest first, each with what was found in its data."""
    folder.mkdir(exist_ok=True)
    rows = []
    for days, found in enumerate(findings):
        path = folder / f"mashan-{days}.tar"
        path.write_bytes(bytes([days]) * 10)
        digest = making.facts.digest_of(path)
        rows.append(Kept(path.name, NOON - datetime.timedelta(days=days), 10, digest, found))
    backup_record.record_kept(folder, rows)
    return rows


def kept_files(folder):
    return sorted(path.name for path in folder.glob("*.tar"))


def test_rb_1_the_newest_are_kept_and_what_nobody_recorded_is_left_alone(tmp_path):
    rows = recorded(tmp_path, [], [], [], [])
    (tmp_path / "by-hand.tar").touch()
    assert _let_go(tmp_path, rows, 2) == ["mashan-2.tar", "mashan-3.tar"]
    assert kept_files(tmp_path) == ["by-hand.tar", "mashan-0.tar", "mashan-1.tar"]
    assert [row.file for row in backup_record.kept(tmp_path)] == ["mashan-0.tar", "mashan-1.tar"]


def test_rb_1_the_last_good_backup_is_never_removed(tmp_path):
    rows = recorded(tmp_path, ["缺文件"], ["缺文件"], [], [], [])
    (tmp_path / "mashan-2.tar").write_bytes(b"rotten 10b")  # as long as before, and not what it was
    assert _let_go(tmp_path, rows, 1) == ["mashan-1.tar", "mashan-2.tar", "mashan-4.tar"]
    assert kept_files(tmp_path) == ["mashan-0.tar", "mashan-3.tar"]


def test_rb_1_a_clock_that_was_set_back_does_not_remove_what_was_just_made(tmp_path):
    rows = recorded(tmp_path, [], [], [])
    assert _let_go(tmp_path, [rows[2], rows[0], rows[1]], 1) == ["mashan-1.tar"]
    assert kept_files(tmp_path) == ["mashan-0.tar", "mashan-2.tar"]


@pytest.mark.parametrize(
    ("hours", "word"), [(0, "ok"), (25, "ok"), (27, "late"), (24 * 40, "late"), (-30, "late"), (-1, "ok")]
)
def test_rb_1_rb_2_after_twenty_six_hours_a_backup_a_drill_and_an_examination_are_late(settings, hours, word):
    recorded(settings.BACKUP_DIR, [])
    backup_record.record_drilled(settings.BACKUP_DIR, Drilled("mashan-0.tar", NOON, 4))
    backup_record.record_examined(settings.BACKUP_DIR, Examined(NOON, 0))
    watch = backup_record.watch(NOON + datetime.timedelta(hours=hours))
    assert (watch.backup, watch.drill, watch.verify, watch.fine) == (word, word, word, word == "ok")


def test_rb_1_a_backup_that_is_gone_or_cut_short_does_not_count(settings):
    recorded(settings.BACKUP_DIR, [], [])
    now = NOON + datetime.timedelta(hours=1)
    (settings.BACKUP_DIR / "mashan-0.tar").write_bytes(b"short")
    watch = backup_record.watch(now)
    assert (watch.backup, watch.newest.file) == ("ok", "mashan-1.tar")
    (settings.BACKUP_DIR / "mashan-1.tar").unlink()
    assert backup_record.watch(now).backup == "none"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"at": 3}', '[{"file": "x"}]', '[{"at": "soon"}, 7]', "null", "\x00"]
)
def test_rb_1_a_record_that_cannot_be_read_is_no_backup(settings, content):
    settings.BACKUP_DIR.mkdir()
    for name in (backup_record.BACKUPS, backup_record.DRILL, backup_record.EXAMINED):
        (settings.BACKUP_DIR / name).write_text(content)
    watch = backup_record.watch()
    assert (watch.backup, watch.drill, watch.verify) == ("none", "none", "none")


def test_rb_1_rb_2_the_monitor_hears_a_word_and_no_more(client, db, settings):
    def told():
        response = client.get("/healthz")
        return response.status_code, json.loads(response.content)

    fine = {"database": "ok", "storage": "ok"}
    status, words = told()
    assert (status, words | fine | {"backup": "none", "drill": "none", "verify": "none"}) == (200, words)
    recorded(settings.BACKUP_DIR, [])
    backup_record.record_drilled(settings.BACKUP_DIR, Drilled("x", NOON, 4, problem="坏了"))
    backup_record.record_examined(settings.BACKUP_DIR, Examined(NOON, 3))
    assert told() == (200, words | {"backup": "late", "drill": "failed", "verify": "findings"})


def test_rb_1_rb_2_the_operator_s_desk_says_what_to_do_and_nobody_else_s(world, page, settings):
    def shown(user):
        return page(user, "/").content.decode()

    assert "还没有备份" in shown(world.operator) and "还没有做过恢复演练" in shown(world.operator)
    assert "还没有核对过定案记录" in shown(world.operator)
    assert [
        u.username for u in world.users.values() if u != world.operator and "备份" in page(u, "/").content.decode()
    ] == []
    now = datetime.datetime.now(datetime.UTC)
    path = settings.BACKUP_DIR / "mashan-0.tar"
    settings.BACKUP_DIR.mkdir()
    path.write_bytes(b"1")
    backup_record.record_kept(settings.BACKUP_DIR, [Kept(path.name, now, 1, "", ["马山县2025：核定人次 1 → 2"])])
    backup_record.record_drilled(settings.BACKUP_DIR, Drilled(path.name, now, 4, problem="马山县2025：核定人次 1 → 2"))
    words = shown(world.operator)
    assert "数据本身有 1 处问题" in words and "最近一次恢复演练没有通过" in words and "核定人次 1" not in words
    backup_record.record_kept(settings.BACKUP_DIR, [Kept(path.name, now, 1, "")])
    backup_record.record_drilled(settings.BACKUP_DIR, Drilled(path.name, now, 4))
    backup_record.record_examined(settings.BACKUP_DIR, Examined(now, 2))
    assert "有 2 处不一致，可能被人改动过" in shown(world.operator)
    backup_record.record_examined(settings.BACKUP_DIR, Examined(now, 0))
    assert "备份正常" in shown(world.operator)
