"""The registry of institutions: its forms, its dated states, 五有, and the files that hang on them."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from networks import audit, uploads
from networks.models import Attachment, AuditEvent, Institution, InstitutionCheck, InstitutionState
from tests.site_map import taken_back

pytestmark = pytest.mark.django_db
DAY = datetime.date(2025, 3, 1)
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def picture(name="牌子.jpg", colour=(200, 30, 30)):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Canary-Phone"
    Image.new("RGB", (60, 40), colour).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile(name, out.getvalue())


@pytest.fixture
def point(world):
    return Institution.objects.get(division=world.places["新汉村"])


@pytest.fixture
def send(client):
    """`send(user, page, row, **body)` posts a form of that row and gives the answer."""

    def post(user, page, row=None, **body):
        client.force_login(user)
        url = reverse(page, args=[row.pk] if row else [])
        seen = {"seen_version": Institution.objects.get(pk=row.pk).version} if row else {}
        return client.post(url, seen | body)

    return post


def entry(world, **more):
    return {
        "division": world.places["新汉村"].pk,
        "kind": "point",
        "function": "implement",
        "name": "新汉村第二教学点",
    } | more


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


# --- the entry -----------------------------------------------------------------------------------------


def test_a_township_opens_a_new_point_with_name_and_alias_filled_in(world, client, send):
    client.force_login(world.town)
    form = client.get(reverse("institution-new"), {"place": "450124100006"}).context["form"]
    wanted = {"kind": "point", "name": "新兴社区教育教学点", "aliases": "新兴社区教学点"}
    assert {name: form.initial[name] for name in wanted} == wanted
    assert form.initial["division"] == world.places["新兴社区"]
    answer = send(world.town, "institution-new", **entry(world, hosts=" 村委会 \n村小学", phone="0771-6822001"))
    made = Institution.objects.get(name="新汉村第二教学点")
    assert answer.url == reverse("network-institution", args=[made.pk])
    assert (made.state, made.host_names, made.phone) == ("unconfirmed", ["村委会", "村小学"], "0771-6822001")
    act = AuditEvent.objects.get(action="登记机构")
    assert (act.actor, act.subject_id) == (world.town, str(made.pk)) and "新汉村" not in str(act.detail)


def test_another_township_s_place_is_no_choice_and_another_county_s_does_not_exist(world, client, send):
    client.force_login(world.town)
    form = client.get(reverse("institution-new"), {"place": "450124103205"}).context["form"]
    assert form.initial == {} and world.places["羊山村"] not in form.fields["division"].queryset
    assert client.get(reverse("institution-new"), {"place": "450125100"}).status_code == 404
    answer = send(world.town, "institution-new", **entry(world, division="450124103205"))
    assert "division" in answer.context["form"].errors
    assert not Institution.objects.filter(name="新汉村第二教学点").exists()


def test_each_kind_has_its_tier(world, send):
    answer = send(world.bureau, "institution-new", **entry(world, division="450124100"))
    assert answer.context["form"].errors["kind"] == ["教学点应设在村（社区）一级，请改选类别或所在地"]
    offered = [value for value, _ in send(world.town, "institution-new").context["form"].fields["kind"].choices]
    assert offered == ["", "school", "point", "management"]


def test_the_same_name_twice_at_one_place_is_said_beside_what_was_typed(world, send, point):
    answer = send(world.town, "institution-new", **entry(world, name=point.name, address="村委会一楼"))
    text = answer.content.decode()
    assert answer.status_code == 200 and "这个地方已有同名的机构" in text and "村委会一楼" in text
    other = Institution.objects.create(division=point.division, kind="point", name="另一个点")
    answer = send(world.town, "institution-edit", other, kind="point", function="implement", name=point.name)
    assert answer.status_code == 200 and "这个地方已有同名的机构" in answer.content.decode()


def test_in_4_whoever_saves_second_sees_both_values_and_chooses(world, send, point):
    body = {"kind": "point", "function": "implement", "name": point.name}
    send(world.bureau, "institution-edit", point, **body, phone="0771-1111111")
    answer = send(world.town, "institution-edit", point, **body, phone="0771-2222222", seen_version=0)
    assert answer.context["form"].errors["phone"][0].startswith("已有人先改成了“0771-1111111”")
    assert "0771-2222222" in answer.content.decode()
    assert Institution.objects.get(pk=point.pk).phone == "0771-1111111"
    seen = answer.context["form"]["seen_version"].value()
    send(world.town, "institution-edit", point, **body, phone="0771-2222222", seen_version=seen)
    assert Institution.objects.get(pk=point.pk).phone == "0771-2222222"


def test_an_edit_moves_no_institution_to_another_place(world, send, point):
    body = {"kind": "point", "function": "implement", "name": "改名的点", "division": "450124100006"}
    send(world.town, "institution-edit", point, **body)
    point.refresh_from_db()
    assert (point.name, point.division_id) == ("改名的点", "450124100201")


# --- states --------------------------------------------------------------------------------------------


def test_a_state_is_recorded_with_its_date_and_history(world, send, point):
    assert (
        send(world.town, "institution-state", point, state="open", since="2025-03-01", note="挂牌").status_code == 302
    )
    send(world.town, "institution-state", point, state="suspended", since="2025-09-01")
    point.refresh_from_db()
    assert (point.state, point.state_since) == ("suspended", datetime.date(2025, 9, 1))
    assert [(s.state, s.note) for s in point.states.all()] == [("suspended", ""), ("open", "挂牌")]
    assert AuditEvent.objects.filter(action="记录机构状态", actor=world.town).count() == 2


def test_a_state_of_tomorrow_is_refused_and_stays_typed(world, send, point):
    tomorrow = world.today + datetime.timedelta(days=1)
    answer = send(world.town, "institution-state", point, state="open", since=tomorrow.isoformat(), note="快开了")
    assert "状态的起始日期不能晚于今天" in answer.content.decode() and "快开了" in answer.content.decode()
    assert not InstitutionState.objects.exists()


def test_in_4_a_state_recorded_meanwhile_is_shown_before_it_is_overtaken(world, send, point):
    point.record("closed", DAY)
    answer = send(world.town, "institution-state", point, state="open", since="2025-03-01", seen_version=0)
    assert "已有人先改成了“停办”" in answer.content.decode()
    assert Institution.objects.get(pk=point.pk).state == "closed"


DAYS = st.dates(datetime.date(2020, 1, 1), datetime.date(2025, 12, 31))
STATES = st.sampled_from(["preparing", "open", "suspended", "closed"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.tuples(STATES, DAYS), max_size=8), day=DAYS)
def test_the_state_on_any_day_is_the_newest_entry_until_then_in_whatever_order_they_came(point, entries, day):
    with taken_back():
        told = {}
        for state, since in entries:
            Institution.objects.get(pk=point.pk).record(state, since)
            told[since] = state
        stored = Institution.objects.with_state_on(day).get(pk=point.pk)
        known = [since for since in told if since <= day]
        assert stored.state_then == (told[max(known)] if known else "unconfirmed")
        assert stored.state == (told[max(told)] if told else "unconfirmed")
        assert stored.state_since == (max(told) if told else None)


def test_nothing_records_the_lack_of_an_entry(point):
    for state in ("unconfirmed", "running", ""):
        with pytest.raises(ValidationError):
            point.record(state, DAY)


def test_an_entry_with_a_wrong_day_is_replaced_and_its_coverage_with_it(world, send, point):
    point.record("open", datetime.date(2015, 3, 1))
    other = Institution.objects.get(division=world.places["羊山村"])
    other.record("open", DAY)
    form = {"state": "open", "since": "2025-03-01", "note": "原来填成了 2015 年"}
    assert "2015年3月1日 已开办" in send(world.town, "institution-state", point).content.decode()
    foreign = send(world.town, "institution-state", point, **form, instead=other.states.get().pk)
    assert foreign.context["form"].errors["instead"]
    assert send(world.town, "institution-state", point, **form, instead=point.states.get().pk).status_code == 302
    assert list(point.states.values_list("since", "state")) == [(datetime.date(2025, 3, 1), "open")]
    assert other.states.count() == 1
    then = Institution.objects.with_state_on(datetime.date(2020, 1, 1)).get(pk=point.pk)
    assert then.state_then == "unconfirmed"
    assert (
        "更正已有的哪一条"
        not in send(world.bureau, "institution-state", Institution.objects.get(division=world.county)).content.decode()
    )


@pytest.mark.parametrize("since", ["0001-01-01", "1899-12-31", "9999-12-31", "2025-02-30", "x", ""])
def test_a_day_that_cannot_be_is_said_beside_what_was_typed(world, send, point, since):
    answer = send(world.town, "institution-state", point, state="open", since=since, note="挂牌")
    assert answer.status_code == 200 and "挂牌" in answer.content.decode()
    assert not InstitutionState.objects.exists()


# --- 五有 and files --------------------------------------------------------------------------------------


def test_five_answers_are_kept_with_note_and_evidence(world, send, point, settings):
    answer = send(
        world.town,
        "institution-checks",
        point,
        met_sign="on",
        note_sign="门口",
        file_sign=picture(),
        met_place="on",
        file_rules=SimpleUploadedFile("制度.pdf", PDF),
    )
    assert answer.status_code == 302
    checks = {check.item: check for check in InstitutionCheck.objects.filter(institution=point)}
    assert {item: check.met for item, check in checks.items()} == {
        "sign": True,
        "place": True,
        "people": False,
        "rules": False,
        "funds": False,
    }
    assert checks["sign"].note == "门口" and checks["sign"].checked_on == world.today
    evidence = checks["sign"].evidence
    assert (evidence.place, evidence.uploaded_by, evidence.content_type) == (point.division, world.town, "image/jpeg")
    assert checks["rules"].evidence.content_type == "application/pdf"
    stored = files(settings.MEDIA_ROOT)
    assert len(stored) == 2 and not any("牌子" in path.name for path in stored)
    assert all(b"Canary-Phone" not in path.read_bytes() for path in stored)


def test_a_bad_file_among_the_five_is_named_and_nothing_typed_is_lost(world, send, point, settings):
    bad = SimpleUploadedFile("牌子.jpg", b"GIF89a...")
    answer = send(world.town, "institution-checks", point, met_sign="on", note_place="两间教室", file_sign=bad)
    text = answer.content.decode()
    assert "是 GIF 动图，请换成 JPG 或 PNG 照片" in text and "两间教室" in text
    assert not InstitutionCheck.objects.exists() and not Attachment.objects.exists()


def test_in_4_answers_given_meanwhile_are_shown(world, send, point):
    send(world.bureau, "institution-checks", point, met_sign="on", note_sign="办公室核对过")
    answer = send(world.town, "institution-checks", point, note_sign="我填的", seen_version=0)
    errors = answer.context["form"].errors
    assert errors["note_sign"][0].startswith("已有人先改成了“办公室核对过”") and "met_sign" in errors
    assert "met_place" not in errors and InstitutionCheck.objects.get(item="sign").met


def test_a_photo_takes_the_place_of_the_one_before_and_leaves_no_orphan(
    world, send, point, settings, django_capture_on_commit_callbacks
):
    send(world.town, "institution-photo", point, picture=picture())
    first = Institution.objects.get(pk=point.pk).photo
    with django_capture_on_commit_callbacks(execute=True):
        send(world.town, "institution-photo", point, picture=picture(colour=(3, 3, 99)))
    second = Institution.objects.get(pk=point.pk).photo
    assert list(Attachment.objects.all()) == [second] and first != second
    assert [path.name for path in files(settings.MEDIA_ROOT)] == [second.file.name.rsplit("/", 1)[-1]]
    with django_capture_on_commit_callbacks(execute=True):
        send(world.town, "institution-photo", point, drop="on")
    assert Institution.objects.get(pk=point.pk).photo is None
    assert not Attachment.objects.exists() and files(settings.MEDIA_ROOT) == []


def test_a_photo_must_be_one(world, send, point):
    answer = send(world.town, "institution-photo", point, picture=SimpleUploadedFile("a.pdf", PDF))
    assert answer.context["form"].errors["picture"] == ["请选择 JPG 或 PNG 照片"]
    assert send(world.town, "institution-photo", point).context["form"].errors["picture"]


def test_a_file_goes_again_when_its_act_cannot_be_recorded(world, send, point, settings, monkeypatch, client):
    def fail(*args, **kwargs):
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr(audit, "record", fail)
    client.raise_request_exception = False
    assert send(world.town, "institution-photo", point, picture=picture()).status_code == 500
    assert not Attachment.objects.exists() and files(settings.MEDIA_ROOT) == []


def test_a_file_is_attached_only_where_it_can_be_taken_back(world, settings):
    with pytest.raises(RuntimeError):
        uploads.attach(picture(), world.places["新汉村"], world.town)
    with pytest.raises(ZeroDivisionError), uploads.atomic():
        uploads.attach(picture(), world.places["新汉村"], world.town)
        assert len(files(settings.MEDIA_ROOT)) == 1
        raise ZeroDivisionError
    assert files(settings.MEDIA_ROOT) == [] and not Attachment.objects.exists()
    with transaction.atomic(), uploads.atomic():
        kept = uploads.attach(picture(), world.places["新汉村"], world.town)
    assert Attachment.objects.get() == kept and len(files(settings.MEDIA_ROOT)) == 1


def test_up_2_an_attachment_is_a_download_in_a_sandbox_under_a_name_that_tells_nothing(world, client, send, point):
    send(world.town, "institution-photo", point, picture=picture("韦某某家门口.jpg"))
    row = Attachment.objects.get()
    client.force_login(world.leader)
    answer = client.get(reverse("attachment", args=[row.pk]))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="450124100201-{row.pk}.jpg"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    client.force_login(world.foreign_bureau)
    assert client.get(reverse("attachment", args=[row.pk])).status_code == 404
    row.file.storage.delete(row.file.name)
    client.force_login(world.town)
    assert client.get(reverse("attachment", args=[row.pk])).status_code == 404
