"""RB-1, RB-2, IN-7: what was backed up comes back as it was, or a sentence says why not and nothing has changed."""

import contextlib
import copy
import io
import json
import os
import shutil
import sqlite3
import tarfile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from networks import backup_record
from networks.models import Attachment, AuditEvent, Division
from reporting import chain, guard
from reporting.backup import Unfit, examining, new_key, postgres, restoring
from reporting.backup import archive as archives
from reporting.backup.databases import from_address
from reporting.ledger import verify
from reporting.models import AssessmentYear, LedgerAct
from reporting.snapshot import figures_digest

from .installation import attach

sqlite_alone = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on every engine")


def without_log(found: dict) -> dict:
    """Facts but for the number of lines in the log, to which a backup and a restore add one each."""
    return found | {"counts": {k: v for k, v in found["counts"].items() if k != "networks_auditevent"}}


def state(installation) -> tuple:
    return installation.facts(), installation.contents()


# --- back as it was ----------------------------------------------------------------------------------------


def test_rb_2_in_7_what_comes_back_is_what_was_backed_up(installation, unopened):
    facts, contents = state(installation)
    made = installation.make()
    place = installation.empty("elsewhere")
    done = installation.restore(made.path, into=place[0], media=place[1])
    other = installation.at(*place)
    assert without_log(other.facts()) == without_log(facts) and other.contents() == contents
    assert (done.files, done.migrated, done.first, done.aside) == (len(contents), [], None, "")
    assert other.unnamed() == set()
    with other.inside() as own:
        assert verify(files=False).findings == [] and guard.missing(own) == set()
        act = LedgerAct.objects.get()
        assert act.content["figures_digest"] == figures_digest(AssessmentYear.objects.get(year=2025, county="450124"))
        assert AuditEvent.objects.latest("pk").action == "恢复备份"
        attach(50)  # and it can be worked with: no number is given out twice
    with installation.inside():
        assert without_log(installation.facts()) == without_log(facts)  # the one that runs was not touched


def test_rb_2_a_filled_place_is_replaced_only_when_told_and_after_a_backup_of_it(installation, unopened):
    before, unnamed = state(installation), installation.unnamed()
    made = installation.make()
    with installation.inside():
        later = attach(77)
        Division.objects.filter(pk="450124").update(short_name="改过")
    with pytest.raises(Unfit, match=r"已有数据.*--replace"):
        installation.restore(made.path)
    with installation.inside():
        assert Division.objects.get(pk="450124").short_name == "改过"
    done = installation.restore(made.path, replace=True)
    after = state(installation)
    assert (without_log(after[0]), after[1]) == (without_log(before[0]), before[1])
    assert not (installation.media / later.file.name).exists() and installation.unnamed() == unnamed
    with tarfile.open(done.first.path) as tar:
        assert f"media/{later.file.name}" in tar.getnames()  # what was replaced is in the backup of it


@sqlite_alone
def test_rb_2_a_backup_older_than_the_data_is_restored_only_when_told(installation):
    made = installation.make()
    installation.restore(made.path, replace=True)  # nothing was changed since: backing up and restoring are no change
    with installation.inside():
        AuditEvent.objects.create(action="核定", actor_name="bureau")
    with pytest.raises(Unfit, match=r"旧，之后登记和核定的会丢失.*--older"):
        installation.restore(made.path, replace=True)
    assert installation.restore(made.path, replace=True, older=True).first


@sqlite_alone
def test_rb_2_a_backup_of_an_earlier_version_is_brought_forward_and_that_is_said(installation):
    with installation.inside() as own, own.cursor() as cursor:  # a structure on which no other builds
        MigrationRecorder(own).record_unapplied("axes", "0010_accessattemptexpiration")
        cursor.execute("DROP TABLE axes_accessattemptexpiration")
    made = installation.make()
    place = installation.empty("elsewhere")
    out = io.StringIO()
    with installation.inside():
        address = f"sqlite:///{place[0]['NAME']}"
        call_command("restore", str(made.path), into=address, media=place[1], stdout=out)
    assert "数据库结构已升级（1 处，到 axes 0010_accessattemptexpiration）" in out.getvalue()
    now = installation.at(*place).facts()
    assert now["migrations"]["axes"][-1][:4] == "0010" and now["counts"]["axes_accessattemptexpiration"] == 0
    assert now["totals"] == made.manifest["facts"]["totals"]


@sqlite_alone
def test_rb_2_a_broken_database_is_put_aside_when_told(installation):
    made = installation.make()
    path = installation.config["NAME"]
    with open(path, "r+b") as file:
        file.write(b"not a database any more")
    with pytest.raises(Unfit, match=r"没有做成.*--no-backup-first"):
        installation.restore(made.path, replace=True)
    done = installation.restore(made.path, replace=True, backup_first=False)
    with open(done.aside, "rb") as file:
        assert file.read(5) == b"not a"
    assert installation.facts()["totals"] == [["450124", 2025, 2, 164]]


@sqlite_alone
@pytest.mark.parametrize("step", ["_lay_files", "_put"])
def test_rb_2_rb_3_a_restore_that_breaks_off_leaves_the_old_data_with_its_files(installation, monkeypatch, step):
    """As far as the new data is not yet there; the second run finishes."""
    made = installation.make()
    with installation.inside():
        Attachment.objects.get().delete()
        attach(78)
    before = state(installation)
    whole = getattr(restoring, step)

    def breaks(*args):
        if step == "_lay_files":
            whole(*args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, step, breaks)
    with pytest.raises(Unfit, match="磁盘是否已满"):
        installation.restore(made.path, replace=True, older=True)
    after = state(installation)
    assert (without_log(after[0]), after[1]) == (without_log(before[0]), before[1])
    monkeypatch.undo()
    installation.restore(made.path, replace=True, older=True)
    assert without_log(installation.facts()) == without_log(made.manifest["facts"])


def test_rb_2_a_database_that_a_program_has_open_is_not_replaced(installation, archive):
    server = ConnectionHandler({"default": copy.deepcopy(installation.config)})["default"]
    with contextlib.closing(server), server.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM networks_user")
        with pytest.raises(Unfit, match="请先停止平台的服务"):
            installation.restore(archive, replace=True, older=True)


# --- what is refused ---------------------------------------------------------------------------------------


def refused(installation, path, **kwargs) -> str:
    """The sentence; and nothing was made anywhere."""
    folder = installation.backups.parent / "nowhere"
    config = engine_config(folder)
    folder.mkdir(exist_ok=True)
    with pytest.raises(Unfit) as problem:
        installation.restore(path, into=config, media=folder / "media", **kwargs)
    assert [p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock")] == []
    return str(problem.value)


def engine_config(folder):
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite3"), "OPTIONS": {}}


def rewritten(path, change, *, sign=True):
    """The archive with its members {name: content} as `change` leaves them, and the manifest signed again or not at all."""
    with tarfile.open(path) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
    change(members)
    if sign:
        members[archives.SIGNATURE] = archives._signature(members[archives.MANIFEST])
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def listed(**changes):
    def change(members):
        manifest = json.loads(members[archives.MANIFEST])
        for name, value in changes.items():
            manifest[name] = value(manifest[name]) if callable(value) else value
        members[archives.MANIFEST] = chain.canonical(manifest).encode()

    return change


@sqlite_alone
@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.6, 0.9, 0.97, 0.995])
def test_rb_2_a_truncated_backup_is_refused(installation, archive, share):
    size = archive.stat().st_size
    os.truncate(archive, int(size * share))
    said = refused(installation, archive)
    assert any(words in said for words in ("不完整", "已损坏", "不是本平台的备份")), said


@sqlite_alone
def test_rb_2_a_file_that_is_empty_missing_or_something_else_is_refused(installation, archive, tmp_path):
    (tmp_path / "empty.tar").touch()
    assert "是空文件" in refused(installation, tmp_path / "empty.tar")
    assert "请检查文件名" in refused(installation, tmp_path / "none.tar")
    (tmp_path / "letter.tar").write_bytes(b"Dear sir, " * 200)
    assert "不是本平台的备份" in refused(installation, tmp_path / "letter.tar")
    (tmp_path / "folder").mkdir()
    assert "没有备份" in refused(installation, tmp_path / "folder")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        tar.add(archive, "photo.jpg")
    assert "没有清单" in refused(installation, tmp_path / "photos.tar")


@sqlite_alone
@pytest.mark.parametrize(
    "part", ["database.sqlite3", "media/evidence/", "media/attachment/", "manifest.json", "manifest.sig"]
)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_rb_2_a_flipped_bit_is_noticed_wherever_it_lies(installation, archive, part, place):
    with tarfile.open(archive) as tar:
        member = next(member for member in tar.getmembers() if member.name.startswith(part))
    with open(archive, "r+b") as file:
        file.seek(member.offset_data + int(member.size * place))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 4]))
    said = refused(installation, archive)
    assert any(words in said for words in ("摘要不符", "签名", "不能使用")), said


@sqlite_alone
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.pop(next(n for n in m if n.startswith("media/"))), "缺 1 个文件"),
        (lambda m: m.update({"media/evidence/more": b"x"}), "多出 1 个"),
        (lambda m: m.update({"database.sqlite3": m["database.sqlite3"] + b"\0"}), "与清单不符"),
        (listed(parts=lambda parts: [p | {"name": f"media/../../{p['name']}"} for p in parts]), "缺"),
        (listed(format=2), "更新版本的平台"),
        (listed(product="something-else"), "不是本平台的备份"),
        (listed(taken_at="yesterday"), "读不懂"),
        (listed(engine="postgres"), "PostgreSQL 的备份"),
        (
            listed(facts=lambda f: f | {"migrations": f["migrations"] | {"networks": ["0999_of_next_year"]}}),
            "更新版本的平台",
        ),
        (listed(facts=lambda f: f | {"totals": [["450124", 2025, 3, 300]]}), "各年度核定的场次和人次"),
        (listed(facts=lambda f: f | {"ledger": []}), "定案记录的最后一条"),
        (
            listed(facts=lambda f: f | {"counts": f["counts"] | {"networks_user": 15}}),
            "networks_user 的行数：备份时 15，现在 16",
        ),
    ],
)
def test_rb_2_a_backup_that_does_not_agree_with_its_list_is_refused(installation, archive, change, words):
    """Even if the list was signed with our own key."""
    assert words in refused(installation, rewritten(archive, change))


@sqlite_alone
def test_rb_2_no_name_in_a_backup_leads_out_of_the_folder_of_files(installation, archive):
    def outside(members):
        members["media/../../../escaped"] = members.pop(next(n for n in members if n.startswith("media/attachment/")))
        manifest = json.loads(members[archives.MANIFEST])
        for part in manifest["parts"]:
            if part["name"].startswith("media/attachment/"):
                part["name"] = "media/../../../escaped"
        members[archives.MANIFEST] = chain.canonical(manifest).encode()

    assert "与清单不符" in refused(installation, rewritten(archive, outside))
    with tarfile.open(archive, "a") as tar:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert "不该有的内容" in refused(installation, archive)


@sqlite_alone
def test_rb_2_au_2_a_list_that_was_changed_or_bears_no_signature_of_ours_is_refused(
    installation, archive, settings, tmp_path
):
    ours = settings.LEDGER_KEY
    for name in ("changed", "bare"):
        shutil.copy(archive, tmp_path / f"{name}.tar")
    rich = listed(facts=lambda f: f | {"totals": [["450124", 2025, 9, 999]]})
    assert "与签名不符" in refused(installation, rewritten(tmp_path / "changed.tar", rich, sign=False))
    assert "与签名不符" in refused(installation, tmp_path / "changed.tar", unsigned=True)
    bare = rewritten(tmp_path / "bare.tar", lambda members: members.pop(archives.SIGNATURE), sign=False)
    assert "没有签名" in refused(installation, bare)
    settings.LEDGER_KEY, settings.LEDGER_OLD_KEYS = "another one", []
    assert "另一个 LEDGER_KEY" in refused(installation, archive)
    place = installation.empty("elsewhere")  # the key is lost and the backup can be trusted
    assert not installation.restore(archive, into=place[0], media=place[1], unsigned=True).signer_known
    settings.LEDGER_OLD_KEYS = [ours]
    assert installation.restore(archive, into=place[0], media=place[1], replace=True).signer_known


@sqlite_alone
def test_rb_2_pi_4_an_encrypted_backup_opens_with_its_own_key_alone(installation, settings):
    settings.BACKUP_KEY = key = new_key()
    made = installation.make()
    settings.BACKUP_KEY = ""
    assert "请在 .env 里写上做备份时的 BACKUP_KEY" in refused(installation, made.path)
    settings.BACKUP_KEY = new_key()
    assert "另一个 BACKUP_KEY" in refused(installation, made.path)
    settings.BACKUP_KEY = "my dog's name"
    assert "写法不对" in refused(installation, made.path)
    settings.BACKUP_KEY = key
    place = installation.empty("elsewhere")
    installation.restore(made.path, into=place[0], media=place[1])
    assert installation.at(*place).contents() == installation.contents()
    assert list(installation.backups.parent.rglob("decrypted.tar")) == []
    content = made.path.read_bytes()
    made.path.write_bytes(content[:-100])
    assert "解不开" in refused(installation, made.path)
    made.path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    assert "解不开" in refused(installation, made.path)


@sqlite_alone
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("DELETE FROM trainings_evidence WHERE id = (SELECT min(id) FROM trainings_evidence)", "trainings_evidence 的行数"),
        ("UPDATE networks_institution SET division_id = '999999' WHERE id = (SELECT min(id) FROM networks_institution)", "不存在的记录"),
        ("UPDATE trainings_trainingsession SET verified_attendance = 121, reported_attendance = 121 WHERE verified_attendance = 120", "各年度核定"),
        ("UPDATE trainings_trainingsession SET title = title, minutes = 17", "2025年度"),
        ("UPDATE reporting_ledgeract SET payload = replace(payload, '120', '420')", "定案记录"),
    ],
)  # fmt: skip
def test_rb_2_what_was_changed_inside_the_database_of_a_backup_is_found(installation, archive, tmp_path, harm, words):
    """By somebody who even has the key of the list: the facts, the foreign keys, the locked year counted again."""

    def change(members):
        path = tmp_path / "harmed.sqlite3"
        path.write_bytes(members["database.sqlite3"])
        with contextlib.closing(sqlite3.connect(path)) as own, own:
            own.execute("DROP TRIGGER ledger_act_no_update")
            own.execute("DROP TRIGGER ledger_act_no_delete")
            assert own.execute(harm).rowcount
        members["database.sqlite3"] = path.read_bytes()
        manifest = json.loads(members[archives.MANIFEST])
        part = next(part for part in manifest["parts"] if part["name"] == "database.sqlite3")
        part |= {"size": path.stat().st_size, "sha256": restoring.facts.digest_of(path)}
        members[archives.MANIFEST] = chain.canonical(manifest).encode()

    assert words in refused(installation, rewritten(archive, change))


def test_rb_2_where_to_restore_is_said_whole_or_not_at_all(installation, archive):
    with installation.inside():
        with pytest.raises(CommandError, match="要一起写"):
            call_command("restore", str(archive), media="x")
        with pytest.raises(CommandError, match="已有数据"):
            call_command("restore", str(archive))
    for address in ("nonsense", "mysql://root@127.0.0.1/x", "sqlite://:memory:", "postgres://127.0.0.1/", ""):
        with pytest.raises(Unfit, match="应写成"):
            from_address(address)
    assert from_address("sqlite:////tmp/x.sqlite3")["NAME"] == "/tmp/x.sqlite3"


# --- the drill ---------------------------------------------------------------------------------------------


def test_rb_2_the_drill_restores_the_newest_backup_for_trial_and_leaves_nothing_but_its_record(
    installation, unopened, monkeypatch
):
    with pytest.raises(Unfit, match="没有可以演练的备份"):
        installation.drill()
    assert backup_record.watch().drill == "failed"
    before, made_for_it, drop = without_log(installation.facts()), [], postgres._drop
    monkeypatch.setattr(postgres, "_drop", lambda like, name: (made_for_it.append(name), drop(like, name)))
    made = installation.make()
    there = sorted(path.name for path in installation.backups.iterdir())
    out = io.StringIO()
    with installation.inside():
        call_command("drill", stdout=out)
    assert f"恢复演练通过：{made.path.name}" in out.getvalue()
    watch = backup_record.watch()
    assert (
        (watch.backup, watch.drill) == ("ok", "ok")
        and watch.drilled.file == made.path.name
        and watch.drilled.problem == ""
    )
    assert sorted(path.name for path in installation.backups.iterdir()) == there  # drill.json and the locks stood there
    assert without_log(installation.facts()) == before
    with installation.inside() as own:
        assert AuditEvent.objects.latest("pk").action == "恢复演练"
        if own.vendor == "postgresql":
            with own.cursor() as cursor:
                cursor.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [made_for_it])
                assert len(made_for_it) == 1 and cursor.fetchall() == []


@sqlite_alone
def test_rb_2_a_drill_of_a_spoilt_backup_fails_and_the_alarm_stays_until_one_passes(installation, monkeypatch):
    made = installation.make()
    installation.drill()
    content = made.path.read_bytes()
    made.path.write_bytes(content[:2000] + bytes([content[2000] ^ 1]) + content[2001:])
    with installation.inside(), pytest.raises(CommandError, match=r"没有通过：.*与做成时不一样"):
        call_command("drill")
    watch = backup_record.watch()
    assert (
        watch.drill == "failed" and watch.drilled.file == made.path.name and "与做成时不一样" in watch.drilled.problem
    )
    made.path.write_bytes(content)
    agrees = examining.agrees
    monkeypatch.setattr(restoring, "agrees", lambda *args: (_ for _ in ()).throw(Unfit("少了一行")))
    with pytest.raises(Unfit, match="少了一行"):
        installation.drill()
    assert backup_record.watch().drill == "failed"
    monkeypatch.setattr(restoring, "agrees", agrees)
    installation.drill()
    assert backup_record.watch().drill == "ok"
    assert list(installation.backups.glob(".unfinished-*")) == []
