"""AU-1, AU-3, PI-6: whatever shows names or hands something out writes its line first. Each act of the log's registry has here the
page that does it; where the line cannot be written, nothing is shown and nothing leaves."""

import hashlib
import tempfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import override_settings

from networks.log_kinds import DISCLOSING
from networks.models import AuditEvent, RegistryImport
from networks.tokens import digest_of, new_token
from trainings.models import Announcement, Evidence, ImportBatch, SignUp

from .makers import registry
from .site_map import taken_back
from .test_access_matrix import page_rows
from .trainings.workbook_files import HEADER, book

pytestmark = pytest.mark.django_db
PURPOSE = {"purpose": "发放结业证书"}
PAGES = {  # act: (address, sample, who, what is sent: None for a GET)
    "查看名册全名": ("roster-names", "ours.draft", "town", {}),
    "查看报名全名": ("session-sign-ups", "ours.planned", "town", {}),
    "查看佐证材料": ("evidence-file", "ours.evidence", "bureau", None),
    "导出名册": ("roster-export", "ours.draft", "town", PURPOSE),
    "下载归档包": ("session-archive", "ours.verified", "bureau", None),
    "导出台账": ("session-export", "year", "bureau", None),
    "下载标出错误的台账": ("import-marked", "ours.rehearsed", "town", None),
    "导出名册表格": ("registry-download", "staff", "town", None),
    "下载标出错误的表格": ("registry-marked", "ours.workbook", "town", None),
    "导出通讯录": ("contacts-export", "-", "bureau", None),
    "打印通讯录": ("contacts-print", "-", "bureau", None),
    "导出培训统计": ("statistics-export", "-", "bureau", None),
    "导出完成情况表": ("assessment-export", "year", "bureau", None),
    "导出报送材料登记表": ("materials-export", "year", "bureau", None),
    "导出报表": ("form-export", "form", "bureau", None),
    "下载上报件": ("submission-file", "ours.sent", "bureau", None),
    "下载通报": ("bulletin-word", "draft.bulletin", "bureau", None),
    "导出方案任务表": ("plan-tasks-export", "ours.plan", "bureau", None),
    "导出方案进展汇报": ("plan-reports-export", "-", "bureau", None),
    "导出方案任务一览表": ("plan-matrix-export", "-", "bureau", None),
    "导出查看和导出记录": ("log-seen-export", "-", "auditor", None),
    "导出未成年人审计材料": ("minors-audit", "year", "auditor", None),
}
LOST = "the log cannot be written"


def prepare(site):
    """Somebody has signed up, the evidence is one that shows persons, and the uploads that wait hold errors."""
    for model, sample, file in [
        (ImportBatch, "ours.rehearsed", ContentFile(book([HEADER, ["甲", "三月", 40]]))),
        (
            RegistryImport,
            "ours.workbook",
            registry(site.world.town, "institutions", {"名称": "没有的机构", "办公电话": "不是号码"}),
        ),
    ]:
        row = model.objects.get(**site.samples.kwargs[sample])
        content = file.read()
        with override_settings(MEDIA_ROOT=site.media):
            row.file.save("x.xlsx", ContentFile(content), save=False)
        told = {"file": row.file.name, "sha256": hashlib.sha256(content).hexdigest()}
        model.objects.filter(pk=row.pk).update(**told)
    told, _ = Announcement.objects.update_or_create(
        session_id=site.samples.kwargs["ours.planned"]["pk"],
        defaults={"is_public": True, "phone": "0771-6820001", "takes_sign_ups": True},
    )
    SignUp.objects.create(
        announcement=told, name="金丝雀丁", phone_tail="6180", seats=1, cancel_digest=digest_of(new_token())
    )
    Evidence.objects.filter(pk=site.samples.kwargs["ours.evidence"]["evidence_pk"]).update(kind="sheet")


# Files whose looks and downloads leave no line (docs/decisions, looks at evidence), each with the reason.
_SIGNED, _FOR_RESIDENTS = (
    "a signed paper, which names officials in their office",
    "open to residents, who read it without account",
)
WITHOUT_A_LINE = {
    "attachment": "a picture of a place or the proof of a check of it, on the page of whoever may see the place",
    "confirmation-scan": _SIGNED,
    "course-material": "what is taught",
    "import-template": "an empty form",
    "learn-material": _FOR_RESIDENTS,
    "learn-picture": _FOR_RESIDENTS,
    "material-file": "a paper handed in to the office, by forms that name no resident",
    "objection-file": _SIGNED,
    "plan-report-file": "what an office shows of its own progress; sessions stand there by number",
    "sign-off-scan": _SIGNED,
    "story-picture": "what residents are going to see, with the consent of whoever is on it",
    "submission-scan": _SIGNED,
}


def files_of(site):
    """(name, sample, somebody who is let in) of every page, one sample each."""
    seen = set()
    for name, method, sample, cells in page_rows():
        named = set().union(*cells.values())
        let_in = cells["ok"] | ({*site.keys} - named if "*" in cells["ok"] else set())
        people = [who for who in ("bureau", "town", "auditor", *sorted(let_in)) if who in let_in and who in site.keys]
        if method == "GET" and people and name not in seen:
            seen.add(name)
            yield name, sample, people[0]


def test_au_3_every_file_that_is_handed_out_is_a_line_of_the_log(site):
    """By GET. That every POST is recorded, whatever it answers, is AU-1's own walk."""
    found, silent = set(), set()
    with taken_back():
        prepare(site)
        for name, sample, who in files_of(site):
            last = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            answer = site.send_for_good(who, "GET", site.samples.url(name, sample))
            if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                found.add(name)
                if not AuditEvent.objects.filter(pk__gt=last, action__in=DISCLOSING).exists():
                    silent.add(name)
    assert silent == set(WITHOUT_A_LINE)
    assert {"import-marked", "registry-marked", "contacts-export", "evidence-file"} <= found - silent


def ask(site, act):
    name, sample, who, sent = PAGES[act]
    return site.send_for_good(who, "GET" if sent is None else "POST", site.samples.url(name, sample), sent)


def fail(*args, **kwargs):
    raise RuntimeError(LOST)


def test_au_3_each_act_by_which_something_is_seen_or_leaves_has_its_page_here():
    assert set(PAGES) == set(DISCLOSING)


@pytest.mark.parametrize("act", PAGES)
def test_au_1_pi_6_nothing_is_shown_or_handed_out_that_the_log_does_not_keep(site, monkeypatch, act):
    with taken_back():
        prepare(site)
        before = AuditEvent.objects.count()
        with taken_back():
            assert ask(site, act).status_code == 200
            assert AuditEvent.objects.count() == before + 1
            event = AuditEvent.objects.latest("pk")
            assert (event.action, event.actor.username, event.address) == (act, PAGES[act][2], "127.0.0.1")
        monkeypatch.setattr(AuditEvent, "save", fail)
        answer = ask(site, act)
        assert answer.status_code == 500 and "Content-Disposition" not in answer.headers
        assert "金丝雀" not in answer.body.decode(errors="replace")
        assert AuditEvent.objects.count() == before


def test_pi_7_what_is_made_to_be_handed_out_is_kept_nowhere(site, monkeypatch, tmp_path):
    """No export has to expire: each is made while it is asked for, in memory or in a file without a name."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with taken_back():
        prepare(site)
        kept = set(Path(site.media).rglob("*"))
        for act in PAGES:
            assert ask(site, act).status_code == 200
        assert set(Path(site.media).rglob("*")) == kept
        assert list(tmp_path.iterdir()) == []


def test_au_1_pi_6_a_ledger_that_the_command_cannot_log_is_not_written(world, tmp_path, monkeypatch):
    world.session(status="verified", title="金丝雀的培训")
    target = tmp_path / "ledger.xlsx"
    monkeypatch.setattr(AuditEvent, "save", fail)
    with pytest.raises(RuntimeError, match=LOST):
        call_command("export_sessions", str(world.year), "--as", "bureau", "--output", str(target))
    assert not target.exists()
    monkeypatch.undo()
    with pytest.raises(CommandError, match="写不了"):
        call_command("export_sessions", str(world.year), "--as", "bureau", "--output", str(tmp_path / "no" / "l.xlsx"))
    assert not AuditEvent.objects.filter(action="导出台账").exists()  # nor is there a line of what never left
    call_command("export_sessions", str(world.year), "--as", "bureau", "--output", str(target))
    assert target.exists() and AuditEvent.objects.get(action="导出台账").actor == world.bureau
