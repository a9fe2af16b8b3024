"""Uploads that nobody confirms do not lie on the disk for ever (PI-5): a ledger and a registry name people."""

import datetime
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from networks.models import AuditEvent, RegistryImport
from networks.registry import imports as registry_imports
from trainings import imports
from trainings.models import ImportBatch

from ..makers import ledger, registry

MONTH = datetime.timedelta(days=30)


def run(*words):
    out = io.StringIO()
    call_command("purge_uploads", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def uploads(world, settings):
    """Of each kind an upload that waits since more than a month, one since yesterday, and one that was stored."""
    w = world
    w.old, w.new, w.stored = (
        imports.keep(ledger(title), w.town, year=None, historical=False) for title in ("旧的", "新的", "入库的")
    )
    imports.confirm(w.stored, w.town, w.stored.rehearsal_digest)
    w.old_staff = registry_imports.keep(registry(w.bureau, "staff"), w.bureau, "staff")
    w.new_staff = registry_imports.keep(registry(w.town, "staff"), w.town, "staff")
    now = timezone.now()
    ImportBatch.objects.update(uploaded_at=now - MONTH - datetime.timedelta(minutes=1))
    ImportBatch.objects.filter(pk=w.new.pk).update(uploaded_at=now - MONTH + datetime.timedelta(minutes=1))
    RegistryImport.objects.filter(pk=w.old_staff.pk).update(uploaded_at=now - 2 * MONTH)
    return w


def files(settings):
    return sum(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))


def test_pi_5_a_dry_run_counts_and_deletes_nothing(uploads, settings):
    before = files(settings)
    assert "将删除：没有入库的台账 1 份、没有登记的名册表格 1 份" in run()
    assert (ImportBatch.objects.count(), RegistryImport.objects.count(), files(settings)) == (3, 2, before)


def test_pi_5_what_nobody_confirmed_for_a_month_goes_with_its_file(
    uploads, settings, django_capture_on_commit_callbacks
):
    w, before = uploads, files(settings)
    with django_capture_on_commit_callbacks(execute=True):
        assert "已删除：没有入库的台账 1 份、没有登记的名册表格 1 份" in run("--commit")
    assert set(ImportBatch.objects.values_list("pk", flat=True)) == {w.new.pk, w.stored.pk}
    assert set(RegistryImport.objects.values_list("pk", flat=True)) == {w.new_staff.pk}
    assert files(settings) == before - 2
    acts = AuditEvent.objects.filter(action__startswith="删除久未").order_by("pk")
    assert [(act.action, act.county_code, act.detail["sha256"]) for act in acts] == [
        ("删除久未入库的台账", "450124", w.old.sha256),
        ("删除久未登记的名册表格", "450124", w.old_staff.sha256),
    ]
    assert "台账 0 份、没有登记的名册表格 0 份" in run("--commit")


def test_a_historical_ledger_that_waits_for_its_second_person_stays(uploads):
    ImportBatch.objects.filter(pk=uploads.old.pk).update(state="proposed")
    run("--commit")
    assert ImportBatch.objects.filter(pk=uploads.old.pk).exists()
