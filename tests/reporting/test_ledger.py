"""AU-2, IN-7: whoever alters a settled year is found out, whichever way they take. The attacks are those of somebody who owns the
database: the triggers are taken away first. The last of them holds the key as well, and fails at the sealed annex."""

import datetime
import io
import json

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from networks.models import AuditEvent, MemberUnit, UnitTerm
from reporting import chain, guard
from reporting.ledger import verify
from reporting.models import AssessmentYear, LedgerAct, QuotaAdjustment, YearProposal
from trainings.models import Evidence, TrainingSession

from ..conftest import stands

SETTLED = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)
DAY = datetime.date(2025, 3, 5)


@stands
def settled(world):
    """2024 and 2025 settled, 2025 twice: acts 1 (2024), 2, 3 (opened again), 4. An evidence file lies on disk."""
    with time_machine.travel(SETTLED, tick=False):
        world.y2024 = AssessmentYear.objects.open_year(world.county, 2024)
        world.y2025 = AssessmentYear.objects.open_year(world.county, 2025)
        world.session(status="verified", held_on=datetime.date(2024, 5, 1), reported=40)
        world.sessions = [world.session(status="verified", held_on=DAY, reported=n) for n in (120, 110, 100, 90)]
        draft = world.session(world.theirs, held_on=DAY, reported=60)
        content = b"%PDF-1.4 proof"
        world.proof = Evidence(
            session=draft,
            kind="notice",
            content_type="application/pdf",
            sha256_original=chain.digest("x"),
            uploaded_by=world.town2,
        )
        import hashlib

        world.proof.sha256_stored = hashlib.sha256(content).hexdigest()
        world.proof.file.save("x", ContentFile(content), save=False)
        world.proof.save()
        draft.submit(actor=world.town2)
        draft.verify(actor=world.bureau, attendance=60)
        world.lock(world.y2024)
        world.lock(world.y2025)
        world.unlock(world.y2025, "补录一场")
        world.lock(world.y2025)
        world.acts = list(LedgerAct.objects.order_by("sequence"))
        return world


@pytest.fixture
def ledger(settled):
    with time_machine.travel(SETTLED, tick=False):
        yield settled


def sentences(**asked):
    return [finding.sentence for finding in verify(**asked).findings]


def as_owner(attack):
    """What somebody does who owns the database: the triggers go, and come back as if nothing had been."""
    with guard.unguarded():
        attack()


def test_au_2_an_untouched_ledger_is_sound(ledger):
    report = verify()
    assert (report.findings, report.notes, report.acts, report.years) == ([], [], 4, [2024, 2025])
    assert [act.sequence for act in ledger.acts] == [1, 2, 3, 4]


# --- attacks on the acts ---------------------------------------------------------------------------------


def test_au_2_a_flipped_figure_is_found(ledger):
    act = ledger.acts[3]
    forged = act.payload.replace('"verified":[4,420]', '"verified":[4,421]', 1)
    assert forged != act.payload
    as_owner(lambda: LedgerAct.objects.filter(pk=act.pk).update(payload=forged))
    assert sentences() == [
        "马山县第 4 条定案记录（2025年度第 2 次锁定定案）：内容与它的摘要不符",
        "马山县2025年度：定案记录的内容读不出来，无法与现有记录比较",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("made_at", SETTLED - datetime.timedelta(days=30)),
        ("number", 7),
        ("kind", "publish"),
        ("previous", "0" * 64),
        ("mac", "0" * 64),
        ("key_id", "0" * 12),
        ("algorithm", "none"),
        ("reason", "别的原因"),
        ("payload_digest", "0" * 64),
    ],
)
def test_au_2_a_changed_column_is_found(ledger, column, value):
    rows = LedgerAct.objects.filter(pk=ledger.acts[2].pk)
    as_owner(lambda: rows.update(**{column: value}))
    assert any("第 3 条定案记录" in sentence for sentence in sentences())


def test_au_2_other_hands_under_an_act_are_found(ledger):
    rows = LedgerAct.objects.filter(pk=ledger.acts[3].pk)
    as_owner(lambda: rows.update(confirmed_by=ledger.director))
    assert sentences() == ["马山县第 4 条定案记录（2025年度第 2 次锁定定案）：办理人、原因或次数与签名的内容不符"]


def remove(acts):
    YearProposal.objects.filter(act__in=acts).update(status="withdrawn", act=None)
    LedgerAct.objects.filter(pk__in=[act.pk for act in acts])._raw_delete("default")


def test_au_2_a_deleted_act_is_found(ledger):
    as_owner(lambda: remove([ledger.acts[1]]))
    assert "马山县的定案记录不连续：缺第 2 条" in sentences()


def test_au_2_reordered_acts_are_found(ledger):
    second, third = (LedgerAct.objects.filter(pk=act.pk) for act in ledger.acts[1:3])

    def swap():
        second.update(sequence=99)
        third.update(sequence=2)
        second.update(sequence=3)

    as_owner(swap)
    found = sentences()
    assert any("第 2 条定案记录（2025年度第 1 次解锁更正）：接不上前一条记录" in sentence for sentence in found)
    assert any("签名不对" in sentence for sentence in found)


def test_au_2_a_truncated_tail_is_found(ledger):
    """The last acts are gone without a gap; the year still says that it is locked, and the log still knows the acts."""
    as_owner(lambda: remove(ledger.acts[2:]))
    found = sentences()
    assert "马山县的定案记录不连续" not in "".join(found)
    assert sum("定案记录里没有这一条" in sentence for sentence in found) == 2

    as_owner(AuditEvent.objects.filter(action__startswith="确认").delete)  # so goes the log
    YearProposal.objects.filter(status="withdrawn").delete()
    assert sentences() == []  # what is left agrees with itself: the first lock of 2025 stands again
    assert sentences(digest=chain.in_groups(ledger.acts[3].digest)) == [
        f"摘要 {chain.in_groups(ledger.acts[3].digest)} 不在任何一条定案记录里：记录被改动或删去过，或者摘要抄错了"
    ]


def test_au_2_a_truncated_tail_and_an_opened_year_are_found_by_the_annex(ledger):
    def attack():
        remove(ledger.acts[1:])
        AssessmentYear.objects.filter(pk=ledger.y2025.pk).update(status="open", locked_on=None)
        AuditEvent.objects.filter(action__startswith="确认").delete()

    as_owner(attack)
    assert sentences() == []
    assert len(sentences(digest=ledger.acts[3].digest)) == 1


def rewritten(acts, change, key):
    """Every act from the first changed one on, digested and chained anew; signed with `key`, or not at all."""
    before = ""
    for act in acts:
        values = {"previous": before}
        payload = change(act.payload)
        values |= {"payload": payload, "payload_digest": chain.digest(payload)}
        for name, value in values.items():
            setattr(act, name, value)
        values["mac"] = act.mac = chain.sign(act.message, key) if key else act.mac
        LedgerAct.objects.filter(pk=act.pk).update(**values)
        before = act.digest


def forge(payload):
    """One attendance more, with the digest of the figures inside made to agree."""
    content = json.loads(payload)
    if content["kind"] != "lock" or content["year"] != 2025:
        return payload
    ours = next(unit for unit in content["figures"]["units"] if unit["code"] == "450124100")
    ours["verified"] = [5, 920]
    content["figures_digest"] = chain.digest(chain.canonical(content["figures"]))
    return chain.canonical(content)


def test_au_2_a_rehash_without_the_key_is_found(ledger):
    """SHA-256 alone: every digest and link is made to agree again. A chain of plain digests would be satisfied."""
    as_owner(lambda: rewritten(ledger.acts, forge, None))
    assert "马山县第 2 条定案记录（2025年度第 1 次锁定定案）：签名不对" in sentences()


def test_au_2_a_rehash_with_another_key_is_found(ledger):
    as_owner(lambda: rewritten(ledger.acts, forge, chain.key_of("a key of the attacker")))
    assert any("签名不对" in sentence for sentence in sentences())


def test_au_2_a_rehash_with_the_key_is_found_by_the_rows_and_by_the_annex(ledger):
    annex = ledger.acts[3].digest

    def attack():
        rewritten(ledger.acts, forge, chain.current_key())
        AuditEvent.objects.filter(action__startswith="确认").delete()

    as_owner(attack)
    assert sentences() == ["马山县2025年度：白山镇人民政府 已核定：5 场 920 人次 → 4 场 420 人次"]
    # With the rows forged as well nothing inside the machine knows better. Paper does.
    assert "不在任何一条定案记录里" in sentences(digest=annex)[-1]


def test_au_2_the_digest_on_the_annex_is_known_while_nothing_was_altered(ledger):
    act = ledger.acts[3]
    for written in (act.digest, chain.in_groups(act.digest), act.digest.upper()):
        report = verify(digest=written)
        assert report.sound
        assert report.known == ["马山县第 4 条定案记录：2025年度第 2 次锁定定案，2026年1月15日"]
    assert "不是完整的摘要" in sentences(digest="3f2a")[0]


def test_an_act_of_an_old_key_is_checked_with_it_and_an_unknown_one_is_named(ledger, settings):
    old = settings.LEDGER_KEY
    settings.LEDGER_KEY = "a new key"
    key_id = chain.key_of(old).id
    assert sentences()[0].endswith(f"签名用的密钥（编号 {key_id}）不在本系统的密钥里，无法核对")
    settings.LEDGER_OLD_KEYS = [old]
    assert sentences() == []
    ledger.unlock(ledger.y2025)
    assert LedgerAct.objects.order_by("sequence").last().key_id == chain.key_of("a new key").id
    assert sentences() == []


# --- attacks on what was settled ---------------------------------------------------------------------------


def test_in_7_changed_rows_are_named_with_then_and_now(ledger):
    row = TrainingSession.objects.filter(pk=ledger.sessions[0].pk)
    row.update(verified_attendance=20, verified_reason="改小")
    number = ledger.sessions[0].number
    assert sentences() == [
        "马山县2025年度：白山镇人民政府 已核定：4 场 420 人次 → 4 场 320 人次",
        "马山县2025年度：白山镇人民政府 是否完成：是 → 否",
        "马山县2025年度：白山镇人民政府 最迟日期：2025-12-31 → 2025-12-27",
        f"马山县2025年度：场次 {number} 核定人次：120 → 20",
        "马山县2025年度：主题 农村实用技术 人次：480 → 380",
        "马山县2025年度：对象 未分对象 人次：480 → 380",
        "马山县2025年度：全县 计入任务：5 场 480 人次 → 5 场 380 人次",
        "马山县2025年度：全县 全部已核定：5 场 480 人次 → 5 场 380 人次",
    ]
    assert sentences(number=2024) == []


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda w: AssessmentYear.objects.filter(pk=w.y2025.pk).update(required_sessions=5), "口径 应完成场次：4 → 5"),
        (lambda w: w.y2025.counting_forms.through.objects.all().delete(), "计入任务的培训形式"),
        (
            lambda w: QuotaAdjustment.objects.bulk_create(
                [QuotaAdjustment(year=w.y2025, unit=w.ours, sessions=1, attendances=1, reason="改")]
            ),
            "白山镇人民政府 应完成：4 场 400 人次 → 1 场 1 人次",
        ),
        (
            lambda w: UnitTerm.objects.filter(unit=w.theirs, fact="quota").update(ends_on=datetime.date(2025, 2, 1)),
            "古零镇人民政府 承担任务的起止",
        ),
        (
            lambda w: TrainingSession.objects.filter(pk=w.sessions[1].pk).update(held_on=datetime.date(2025, 3, 6)),
            "日期：2025-03-05 → 2025-03-06",
        ),
        (
            lambda w: TrainingSession.objects.filter(pk=w.sessions[1].pk).update(organiser=w.theirs),
            "责任单位：450124100 → 450124103",
        ),
        (lambda w: Evidence.objects.filter(pk=w.proof.pk)._raw_delete("default"), "佐证材料的摘要"),
        (
            lambda w: AssessmentYear.objects.filter(pk=w.y2025.pk).update(status="open", locked_on=None),
            "没有解锁的记录",
        ),
        (lambda w: AssessmentYear.objects.filter(pk=w.y2025.pk).update(locked_on=DAY), "锁定日期与定案记录不符"),
        (
            lambda w: AssessmentYear.objects.filter(pk=w.assessment_year.pk).update(status="locked"),
            "没有锁定它的定案记录",
        ),
    ],
)
def test_in_7_whatever_the_figures_rest_on_is_compared(ledger, attack, words):
    attack(ledger)
    assert words in "\n".join(sentences())


def test_in_7_evidence_on_disk_is_compared_with_its_digest(ledger):
    number = ledger.proof.session.number
    with ledger.proof.file.storage.open(ledger.proof.file.name, "wb") as stored:
        stored.write(b"another")
    found = chain.digest("another")
    assert sentences() == [
        f"马山县2025年度：场次 {number} 的佐证材料（通知）与登记的摘要不符："
        f"{ledger.proof.sha256_stored[:12]} → {found[:12]}"
    ]
    ledger.proof.file.storage.delete(ledger.proof.file.name)
    assert sentences() == [f"马山县2025年度：场次 {number} 的佐证材料（通知）在磁盘上找不到"]


def test_a_unit_that_is_renamed_or_a_word_shown_otherwise_is_no_difference(ledger):
    MemberUnit.objects.filter(pk=ledger.ours.pk).update(name="白山镇政府")
    theme = ledger.sessions[0].theme
    type(theme).objects.filter(pk=theme.pk).update(shown_as="实用技术")
    assert sentences() == []


# --- the commands ----------------------------------------------------------------------------------------


def run(*args, **options):
    """(exit code, what was printed)."""
    from io import StringIO

    out = StringIO()
    try:
        call_command(*args, stdout=out, **options)
    except SystemExit as stop:
        return stop.code, out.getvalue()
    return 0, out.getvalue()


def test_verify_ledger_says_what_it_found_and_by_its_exit_code(ledger):
    assert run("verify_ledger") == (0, "定案记录 4 条，比较了已锁定的年度：2024、2025。全部一致。\n")
    assert run("verify_ledger", "2024")[1] == "定案记录 4 条，比较了已锁定的年度：2024。全部一致。\n"
    TrainingSession.objects.filter(pk=ledger.sessions[0].pk).update(minutes=30)
    code, text = run("verify_ledger")
    assert code == 1
    number = ledger.sessions[0].number
    assert text == (
        f"不一致 马山县2025年度：场次 {number} 时长：无 → 30\n"
        "定案记录 4 条，比较了已锁定的年度：2024、2025。有 1 处不一致。\n"
    )
    code, text = run("verify_ledger", "2025", "--json", "--digest", ledger.acts[3].digest)
    answer = json.loads(text)
    assert (code, answer["sound"], answer["acts"], answer["years"]) == (1, False, 4, [2025])
    assert answer["known"] == ["马山县第 4 条定案记录：2025年度第 2 次锁定定案，2026年1月15日"]
    assert answer["findings"] == [
        {
            "county": "450124",
            "year": 2025,
            "about": "figures",
            "sentence": f"马山县2025年度：场次 {number} 时长：无 → 30",
        }
    ]


def test_rb_2_au_2_what_the_nightly_round_found_reaches_the_monitor_until_a_round_finds_nothing(
    ledger, client, settings
):
    def told():
        return client.get("/healthz").json()["verify"]

    assert told() == "none"
    run("verify_ledger", "2024")
    run("verify_ledger", digest=ledger.acts[3].digest)
    assert told() == "none", "a question of somebody's is not the round"
    assert run("verify_ledger")[0] == 0 and told() == "ok"
    TrainingSession.objects.filter(pk=ledger.sessions[0].pk).update(minutes=30)
    assert run("verify_ledger")[0] == 1 and told() == "findings"
    assert "minutes" not in (settings.BACKUP_DIR / "verify.json").read_text()
    run("verify_ledger", "2024")
    assert told() == "findings"
    TrainingSession.objects.filter(pk=ledger.sessions[0].pk).update(minutes=None)
    assert run("verify_ledger")[0] == 0 and told() == "ok"
    settings.BACKUP_DIR = settings.BACKUP_DIR / "verify.json"  # where nothing can be written the answer still comes
    said = io.StringIO()
    assert run("verify_ledger", stderr=said)[0] == 0 and "结果没有记下" in said.getvalue()


def test_lock_year_locks_for_two_accounts_and_both_are_told(world, page):
    year = AssessmentYear.objects.open_year(world.county, 2024)
    code, text = run("lock_year", "2024", "--as", "bureau", "--confirmed-by", "bureau2")
    act = LedgerAct.objects.get(year=year)
    assert (code, text.splitlines()[0]) == (0, f"2024年度第 1 次锁定定案，定案摘要 {act.digest}")
    assert (act.proposed_by, act.confirmed_by) == (world.bureau, world.bureau2)
    event = AuditEvent.objects.get(action="确认锁定定案")
    assert event.detail["os_user"] == YearProposal.objects.get().os_user != ""
    for user, told in ((world.bureau, True), (world.bureau2, True), (world.director, False)):
        text = page(user, reverse("desk")).content.decode()
        assert ("在服务器命令行锁定定案了2024年度" in text) is told
    assert run("verify_ledger")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as", "bureau", "--confirmed-by", "bureau"], "须由另一位工作人员"),
        (["--as", "nobody", "--confirmed-by", "bureau"], "没有账号“nobody”"),
        (["--as", "bureau", "--confirmed-by", "nobody"], "没有账号“nobody”"),
        (["--as", "bureau", "--confirmed-by", "town"], "办公室的工作人员"),
        (["--as", "town", "--confirmed-by", "bureau"], "办公室的工作人员"),
        (["--as", "bureau", "--confirmed-by", "foreign_bureau"], "不属于本县"),
        (["--as", "operator", "--confirmed-by", "bureau"], "看不到 2024 年度"),
    ],
)
def test_ac_5_lock_year_refuses_in_words(world, arguments, words):
    AssessmentYear.objects.open_year(world.county, 2024)
    with pytest.raises(CommandError, match=words):
        call_command("lock_year", "2024", *arguments)
    assert not LedgerAct.objects.exists()
    assert not YearProposal.objects.exists()


def test_lock_year_of_a_year_that_is_locked_or_not_there_refuses(world):
    with pytest.raises(CommandError, match="还没有开设"):
        call_command("lock_year", "2024", "--as", "bureau", "--confirmed-by", "bureau2")
    world.lock(AssessmentYear.objects.open_year(world.county, 2024))
    with pytest.raises(CommandError, match="现在是“锁定定案”"):
        call_command("lock_year", "2024", "--as", "bureau", "--confirmed-by", "bureau2")


def test_verifying_writes_nothing(ledger, django_assert_max_num_queries):
    with django_assert_max_num_queries(150) as asked:
        verify()
    reading = ("SELECT", "WITH", "DECLARE")  # PostgreSQL reads many rows through a cursor
    assert not [query for query in asked if not query["sql"].lstrip("( ").upper().startswith(reading)]


def test_au_2_an_unguarded_table_is_guarded_again_after_a_failure(ledger):
    with pytest.raises(RuntimeError), guard.unguarded():
        raise RuntimeError
    assert guard.missing(connection) == set()
    with transaction.atomic():
        assert LedgerAct.objects.count() == 4
