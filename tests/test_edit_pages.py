"""Pages that change or hand out one thing, asked for as somebody would: what is kept, what is said, who finds nothing there."""

import datetime

import pytest
from django.utils import timezone

from networks.models import LeadingGroup, Provider, ResourceProject
from reporting.forms import FORMS
from reporting.models import LateEntry, MaterialKind, ReportEvidence, SignOff
from trainings.models import ScanSheet, TrainingClass

from .act import picture
from .acts import ACTS
from .site_map import taken_back

pytestmark = pytest.mark.django_db

EDITS = [  # (address, sample, model, what is typed anew)
    ("class-edit", "ours.class", TrainingClass, {"name": "手机使用提高班"}),
    ("leading-group-edit", "ours.group", LeadingGroup, {"name": "社区教育工作领导小组"}),
    ("provider-edit", "ours.provider", Provider, {"name": "家政服务公司"}),
    ("resource-project-edit", "ours.project", ResourceProject, {"title": "家政提高班"}),
]


@pytest.mark.parametrize(("name", "sample", "model", "typed"), EDITS, ids=[edit[0] for edit in EDITS])
def test_a_correction_is_kept_with_its_version_and_elsewhere_there_is_nothing_to_correct(
    site, name, sample, model, typed
):
    url, pk = site.samples.url(name, sample), site.samples.kwargs[sample]["pk"]
    body = next(act for act in ACTS if act.name == name).body(site) | typed
    before = model.objects.get(pk=pk)
    with taken_back():
        assert site.send_for_good("town", "POST", url, body).status_code == 302
        after = model.objects.get(pk=pk)
    assert {field: getattr(after, field) for field in typed} == typed
    assert after.version == before.version + 1
    late = site.send("town", "POST", url, body | {"seen_version": "7"})
    assert late.status_code == 200 and "已被别人修改" in late.body.decode()
    assert site.send("foreign_town", "GET", url).status_code == 404


def test_signing_in_by_code_is_ended_before_its_time_once(site):
    url = site.samples.url("scan-close", "ours.scanned")
    sheet = ScanSheet.objects.filter(session=site.samples.kwargs["ours.scanned"]["pk"])
    assert sheet.get().closed_at is None
    with taken_back():
        answer = site.send_for_good("town", "POST", url, follow=True)
        closed = sheet.get().closed_at
        site.send_for_good("town", "POST", url)
        assert sheet.get().closed_at == closed
    assert "扫码签到已提前结束" in answer.body.decode()
    assert closed <= timezone.now()


def test_a_file_of_a_report_is_handed_out_as_a_download_to_whom_the_report_is_visible(site):
    url = site.samples.url("plan-report-file", "ours.report_file")
    file = site.send("town", "GET", url)
    stored = ReportEvidence.objects.get(pk=site.samples.kwargs["ours.report_file"]["evidence_pk"]).attachment
    assert (file.status_code, file.body[:3], file.headers["Content-Type"]) == (
        200,
        b"\xff\xd8\xff",
        stored.content_type,
    )
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert site.send("town2", "GET", url).status_code == 404
    assert site.send("town", "GET", site.samples.url("plan-report-file", "mixed.report_file")).status_code == 404


def test_a_sign_off_is_recorded_shown_handed_out_and_cancelled_with_a_reason(site):
    listed = site.samples.url("sign-offs", "settled.act")
    scan, cancel = (site.samples.url(name, "ours.sign_off") for name in ("sign-off-scan", "sign-off-cancel"))
    row = SignOff.objects.get(pk=site.samples.kwargs["ours.sign_off"]["pk"])
    assert row.signer in site.send("auditor", "GET", listed).body.decode()
    file = site.send("auditor", "GET", scan)
    assert file.body.startswith(b"%PDF") and file.headers["Content-Disposition"].startswith("attachment")
    assert "请写明" in site.send("bureau", "POST", cancel, {"why": ""}).body.decode()
    assert site.send("auditor", "POST", cancel, {"why": "登记错了"}).status_code == 403
    with taken_back():
        assert site.send_for_good("bureau", "POST", cancel, {"why": "登记错了"}).url == listed
        assert SignOff.objects.get(pk=row.pk).cancelled_why == "登记错了"
        again = {"signer": row.signer, "signed_on": row.signed_on, "words": "同意", "scan": picture()}
        assert site.send_for_good("bureau", "POST", listed, again).status_code == 302
        assert SignOff.objects.filter(act=row.act, cancelled_why="").count() == 1


def test_the_list_of_forms_names_each_and_leads_to_it(site):
    page = site.send("bureau", "GET", site.samples.url("forms", "year")).body.decode()
    for form in FORMS.values():
        assert form.title in page and f"/assessment/{site.world.year}/forms/{form.key}/" in page


def test_the_first_list_of_materials_is_made_once(site):
    url = site.samples.url("materials-begin", "year")
    with taken_back():
        kinds = MaterialKind.objects.filter(year=site.world.assessment_year)
        before = kinds.count()
        assert "已列入" in site.send_for_good("bureau", "POST", url, follow=True).body.decode()
        made = kinds.count()
        assert "都已经列入了" in site.send_for_good("bureau", "POST", url, follow=True).body.decode()
        assert kinds.count() == made > before


def test_a_request_to_enter_late_is_taken_back_by_its_unit_and_not_by_another(site):
    url = site.samples.url("late-entry-withdraw", "ours.late")
    row = LateEntry.objects.filter(pk=site.samples.kwargs["ours.late"]["pk"])
    assert site.send("town2", "POST", url).status_code == 404
    with taken_back():
        assert site.send_for_good("town", "POST", url).status_code == 302
        assert row.get().state == "withdrawn"
    assert row.get().state == "asked"
    assert row.get().asked_at.date() >= timezone.localdate() - datetime.timedelta(days=1)
