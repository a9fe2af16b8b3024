"""Who works where: entering, leaving, taking over, hours of helpers, and who may read and change it."""

import datetime
import re
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.access import barred_from_rewriting, people_in_sight, people_to_appoint
from networks.models import Appointment, AuditEvent, Institution, Person, ServiceRecord, SharedResource
from networks.people_forms import NewAppointmentForm, clean_phone, schools_for

from ..site_map import taken_back

pytestmark = pytest.mark.django_db
MARCH, JUNE = datetime.date(2026, 3, 1), datetime.date(2026, 6, 1)
NEW = reverse("appointment-new")


def at(world, place, kind=None):
    rows = Institution.objects.filter(division=world.places[place])
    return rows.get(kind=kind) if kind else rows.get()


def somebody(world, name="韦春兰", phone="13800001111", county=None):
    return Person.objects.create(county=county or world.county, name=name, phone=phone)


def employ(person, body, function="part_time", **values):
    key = "institution" if isinstance(body, Institution) else "unit"
    return Appointment.objects.create(person=person, function=function, **{key: body}, **values)


@pytest.fixture
def as_user(world, client):
    def sign_in(name):
        client.force_login(world.users[name])
        return client

    return sign_in


def text_of(response):
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", response.content.decode()))


# --- entering --------------------------------------------------------------------------------------------


def test_a_township_gives_a_point_a_new_part_timer_in_one_form(world, as_user):
    town, point = as_user("town"), at(world, "新汉村")
    page = town.get(f"{NEW}?institution={point.pk}")
    assert next(value for value, _ in page.context["form"].fields["function"].choices) == "part_time"
    sent = {"institution": point.pk, "name": " 韦春兰 ", "phone": "138 0000 1111", "function": "part_time"}
    answer = town.post(NEW, sent | {"title": "小学教师", "starts_on": "2026-03-01"})
    row = Appointment.objects.get()
    assert answer["Location"] == reverse("person", args=[row.person_id])
    assert (row.person.name, row.person.phone, row.person.county) == ("韦春兰", "138 0000 1111", world.county)
    assert (row.institution, row.function, row.title, row.starts_on) == (point, "part_time", "小学教师", MARCH)
    act = AuditEvent.objects.latest("pk")
    assert (act.action, act.subject, act.actor) == ("登记任职", "appointment", world.town)
    assert "韦" not in str(act.detail) and "1111" not in str(act.detail)


def test_one_person_in_several_functions_is_one_line_of_the_list(world, as_user):
    person = somebody(world)
    employ(person, at(world, "白山镇"), "officer")
    employ(person, world.ours, "contact")
    page = as_user("town").get(reverse("people"))
    assert [(p.name, [row.function for row in p.lines]) for p in page.context["page_obj"]] == [
        ("韦春兰", ["contact", "officer"])
    ]
    assert page.context["page_obj"].paginator.count == 1


@pytest.mark.parametrize(
    ("kind", "first", "never"),
    [
        ("centre", "full_time", "supervisor"),
        ("school", "officer", "full_time"),
        ("point", "part_time", "officer"),
        ("unit", "supervisor", "part_time"),
    ],
)
def test_the_functions_on_offer_fit_the_body(world, kind, first, never):
    body = world.ours if kind == "unit" else Institution.objects.filter(kind=kind).first()
    functions = Appointment.functions_at(body)
    assert functions[0] == first and never not in functions
    form = NewAppointmentForm({"name": "某人", "function": never}, user=world.bureau, body=body)
    assert not form.is_valid() and "function" in form.errors


def test_the_database_knows_which_functions_a_unit_and_an_institution_have(world):
    person = somebody(world)
    for body, function in [(world.ours, "part_time"), (at(world, "新汉村"), "supervisor"), (world.ours, "king")]:
        with pytest.raises(IntegrityError), transaction.atomic():
            employ(person, body, function)
    assert not Appointment.objects.exists()


def test_a_namesake_is_pointed_out_and_the_clerk_says_whether_it_is_the_same(world, as_user):
    known = somebody(world)
    employ(known, at(world, "白山镇"), "volunteer")
    town, point = as_user("town"), at(world, "新汉村")
    sent = {"institution": point.pk, "name": "韦 春兰", "phone": "", "function": "volunteer"}
    asked = town.post(NEW, sent)
    assert asked.status_code == 200 and "名单里有同名人员" in asked.content.decode()
    assert "就是韦春兰（白山镇社区学校志愿者）138****1111" in text_of(asked)
    assert 'value="韦 春兰"' in asked.content.decode(), "what was typed is still there"
    assert town.post(NEW, sent | {"same": known.pk}).status_code == 302
    assert (
        Appointment.objects.get(institution=point).person == known and Person.objects.filter(name="韦春兰").count() == 1
    )
    assert town.post(NEW, sent | {"same": "new"}).status_code == 302
    assert Appointment.objects.filter(institution=point).count() == 2


def test_a_telephone_beside_somebody_known_is_kept_or_refused_but_never_dropped(world, as_user):
    known, other = somebody(world, phone=""), somebody(world, "蓝美玲")
    for person in [known, other]:
        employ(person, at(world, "白山镇"), "volunteer")
    town, point = as_user("town"), at(world, "新汉村")
    sent = {"institution": point.pk, "function": "volunteer", "phone": "13900002222"}
    assert town.post(NEW, sent | {"name": "韦春兰", "same": known.pk}).status_code == 302
    known.refresh_from_db()
    assert (known.phone, known.version) == ("13900002222", 1)
    refused = town.post(NEW, sent | {"person": other.pk}).content.decode()
    assert "蓝美玲已登记电话 138****1111" in refused and 'value="13900002222"' in refused
    assert town.post(NEW, sent | {"person": other.pk, "phone": "138 0000 1111"}).status_code == 302
    shared = somebody(world, "两地的人", phone="")
    employ(shared, at(world, "白山镇"), "volunteer")
    employ(shared, at(world, "古零镇"), "volunteer")
    assert "由县教育局修改" in town.post(NEW, sent | {"person": shared.pk}).content.decode()


def test_another_telephone_is_another_person_and_is_not_asked_about(world, as_user):
    employ(somebody(world), at(world, "白山镇"), "volunteer")
    sent = {"institution": at(world, "新汉村").pk, "name": "韦春兰", "phone": "13900002222", "function": "volunteer"}
    assert as_user("town").post(NEW, sent).status_code == 302
    assert Person.objects.filter(name="韦春兰").count() == 2


def test_a_namesake_of_another_township_is_neither_shown_nor_used(world, as_user):
    stranger = somebody(world)
    employ(stranger, at(world, "古零镇"), "officer")
    sent = {"institution": at(world, "新汉村").pk, "name": "韦春兰", "phone": "13800001111", "function": "volunteer"}
    town = as_user("town")
    refused = town.post(NEW, sent | {"name": "", "person": stranger.pk})
    assert refused.status_code == 200 and "古零镇" not in text_of(refused)
    assert town.post(NEW, sent | {"same": stranger.pk}).status_code == 302
    assert Appointment.objects.exclude(person=stranger).get().person.name == "韦春兰"


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("town", "白山镇", 200),
        ("town", "新汉村", 200),
        ("town", "古零镇", 403),
        ("town", "大丰镇", 404),
        ("unit", "新汉村", 403),
        ("centre", "古零镇", 200),
        ("bureau", "羊山村", 200),
        ("foreign_bureau", "新汉村", 404),
    ],
)
def test_people_are_given_to_institutions_of_the_own_part_alone(world, as_user, body, who, status):
    place = (world.places | world.other_places)[body]
    row = Institution.objects.get(division=place)
    client = as_user(who)
    assert client.get(f"{NEW}?institution={row.pk}").status_code == status
    sent = {"institution": row.pk, "name": "某人", "function": "volunteer"}
    assert client.post(NEW, sent).status_code == (302 if status == 200 else status)
    assert Appointment.objects.count() == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("who", "unit", "status"),
    [
        ("town", "450124100", 200),
        ("town", "wxgtj", 403),
        ("unit", "wxgtj", 200),
        ("unit", "450124100", 403),
        ("centre", "lgj", 200),
        ("bureau", "450124103", 200),
        ("bureau", "450125100", 404),
    ],
)
def test_contacts_are_given_to_units_by_the_unit_or_the_county(world, as_user, who, unit, status):
    client = as_user(who)
    assert client.get(f"{NEW}?unit={unit}").status_code == status
    sent = {"unit": unit, "name": "某人", "function": "contact"}
    assert client.post(NEW, sent).status_code == (302 if status == 200 else status)
    assert Appointment.objects.count() == (1 if status == 200 else 0)


def test_without_a_body_in_the_address_the_own_ones_are_offered(world, as_user):
    page = as_user("town").get(NEW)
    offered = {row.name for _, rows in page.context["places"] for row in rows} | set(map(str, page.context["units"]))
    assert offered == {"白山镇社区学校", "新兴社区社区教育教学点", "新汉村社区教育教学点", "白山镇人民政府"}


@pytest.mark.parametrize(
    "number",
    [
        "450124199001011234",
        "45012419900101123X",
        "450124 19900101 1234",
        "微信abc",
        "1",
        "（）（）",
        "6820000转",
        "转801",
        "٣٣٣٣",
    ],
)
def test_what_is_no_telephone_and_identity_numbers_are_refused(number):
    with pytest.raises(ValidationError, match="电话号码"):
        clean_phone(number)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("０７７１－６８２２００１", "0771-6822001"),
        ("（0771）6822001", "(0771)6822001"),
        ("0771-6820000转8001", "0771-6820000转8001"),
        ("138 0000 1111 ", "138 0000 1111"),
        ("", ""),
    ],
)
def test_a_number_is_kept_as_typed_in_plain_characters(typed, stored):
    assert clean_phone(typed) == stored


def test_text_is_kept_without_what_cannot_be_seen(world, as_user):
    point = at(world, "新汉村")
    sent = {"institution": point.pk, "name": "韦春兰", "function": "volunteer", "title": "\u202e教师\u200b "}
    as_user("town").post(NEW, sent)
    assert Appointment.objects.get().title == "教师"


# --- schools ---------------------------------------------------------------------------------------------


@pytest.fixture
def schools(world):
    made = {}
    for name, place, unit in [
        ("新汉小学", "新汉村", world.ours),
        ("镇中心小学", "白山镇", world.ours),
        ("羊山小学", "羊山村", world.theirs),
    ]:
        made[name] = SharedResource.objects.create(division=world.places[place], kind="school", name=name, unit=unit)
    made["新汉小学"].serves.add(world.places["新汉村"])
    SharedResource.objects.create(division=world.places["新汉村"], kind="reading", name="农家书屋", unit=world.ours)
    return made


def test_schools_of_the_catchment_come_first_then_those_of_the_township(world, schools):
    offered = schools_for(world.bureau, at(world, "新汉村"))
    assert [(row.name, row.serves_here) for row in offered] == [
        ("新汉小学", True),
        ("镇中心小学", False),
        ("羊山小学", False),
    ]


@pytest.mark.parametrize(("school", "warned"), [("新汉小学", False), ("镇中心小学", True)])
def test_a_part_timer_from_another_catchment_is_kept_and_pointed_out(world, as_user, schools, school, warned):
    point = at(world, "新汉村")
    sent = {"institution": point.pk, "name": "某人", "function": "part_time", "school": schools[school].pk}
    page = as_user("town").post(NEW, sent, follow=True)
    assert Appointment.objects.get().school == schools[school]
    assert ("不是这个教学点所在学区的学校" in page.content.decode()) == warned
    assert ("不在本学区" in page.content.decode()) == warned


def test_an_officer_is_not_sent_by_a_school(world, as_user, schools):
    sent = {
        "institution": at(world, "白山镇").pk,
        "name": "某人",
        "function": "officer",
        "school": schools["新汉小学"].pk,
    }
    page = as_user("town").post(NEW, sent)
    assert page.status_code == 200 and "这个岗位不由学校派出" in page.content.decode()


# --- leaving and taking over -------------------------------------------------------------------------------


def test_who_leaves_stays_on_record_and_is_found_among_the_former(world, as_user):
    row = employ(somebody(world), at(world, "新汉村"), starts_on=MARCH)
    town = as_user("town")
    early = town.post(reverse("appointment-leave", args=[row.pk]), {"day": "2026-03-01"})
    assert "离任日期应晚于任职开始的日期" in early.content.decode()
    assert town.post(reverse("appointment-leave", args=[row.pk]), {"day": "2026-06-01"}).status_code == 302
    row.refresh_from_db()
    assert (row.ends_on, row.version) == (JUNE, 1)
    assert not town.get(reverse("people")).context["page_obj"].paginator.count
    former = town.get(f"{reverse('people')}?former=1")
    assert [p.name for p in former.context["page_obj"]] == ["韦春兰"]
    again = town.post(reverse("appointment-leave", args=[row.pk]), {"day": "2026-07-01"})
    assert "已经结束" in again.content.decode()


def test_a_successor_takes_over_on_the_day_on_which_the_predecessor_ends(world, as_user):
    row = employ(somebody(world), at(world, "白山镇"), "officer", title="教师", starts_on=MARCH)
    url = reverse("appointment-succeed", args=[row.pk])
    town = as_user("town")
    assert town.post(url, {"name": "覃志强", "day": "2026-06-01"}).status_code == 302
    row.refresh_from_db()
    heir = row.succeeded_by
    assert (row.ends_on, heir.starts_on, heir.title, heir.person.name) == (JUNE, JUNE, "教师", "覃志强")
    for day, holder in [(JUNE - datetime.timedelta(1), "韦春兰"), (JUNE, "覃志强")]:
        assert [r.person.name for r in Appointment.objects.on(day)] == [holder]


def test_nobody_takes_over_from_themselves(world, as_user):
    row = employ(somebody(world), at(world, "白山镇"), "officer", starts_on=MARCH)
    page = as_user("town").post(
        reverse("appointment-succeed", args=[row.pk]), {"person": row.person_id, "day": "2026-06-01"}
    )
    assert page.status_code == 200 and "请选另一个人" in page.content.decode()
    with pytest.raises(ValidationError, match="另一个人"):
        row.succeed(row.person, JUNE)
    assert not Appointment.objects.exclude(ends_on=None).exists()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(days=st.lists(st.integers(1, 400), max_size=6, unique=True), seen=st.integers(0, 420))
def test_a_chain_of_successors_leaves_exactly_one_in_office_on_every_day(world, days, seen):
    with taken_back():
        row = employ(somebody(world, "第0任"), at(world, "白山镇"), "officer", starts_on=MARCH)
        for number, day in enumerate(sorted(days), start=1):
            row = row.succeed(somebody(world, f"第{number}任"), MARCH + datetime.timedelta(day))
        then = sum(day <= seen for day in days)
        holders = Appointment.objects.on(MARCH + datetime.timedelta(seen))
        assert [r.person.name for r in holders] == [f"第{then}任"]


def test_in_4_whoever_saves_an_appointment_second_sees_both_values(world, as_user):
    row = employ(somebody(world), at(world, "新汉村"), title="教师")
    url, town = reverse("appointment-edit", args=[row.pk]), as_user("town")
    assert town.post(url, {"function": "part_time", "title": "主任", "seen_version": 0}).status_code == 302
    late = town.post(url, {"function": "part_time", "title": "校长", "seen_version": 0})
    assert late.status_code == 200 and "已有人先改成了“主任”" in late.content.decode()
    assert town.post(url, {"function": "part_time", "title": "校长", "seen_version": 1}).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.version) == ("校长", 2)


# --- who sees and renames whom -----------------------------------------------------------------------------


def test_a_page_of_a_person_shows_only_what_its_reader_may_see(world, as_user):
    person = somebody(world)
    employ(person, at(world, "白山镇"), "volunteer", title="镇里的事")
    employ(person, at(world, "古零镇"), "instructor", title="别镇的事")
    url = reverse("person", args=[person.pk])
    told = {who: as_user(who).get(url).content.decode() for who in ["town", "town2", "bureau", "head"]}
    assert ("镇里的事" in told["town"], "别镇的事" in told["town"]) == (True, False)
    assert ("镇里的事" in told["town2"], "别镇的事" in told["town2"]) == (False, True)
    assert "镇里的事" in told["bureau"] and "别镇的事" in told["bureau"]
    assert "镇里的事" in told["head"] and reverse("appointment-new") not in told["head"]
    for page in told.values():
        assert "138****1111" in page and "13800001111" not in page
    assert as_user("unit").get(url).status_code == 404


def test_a_shared_person_is_renamed_by_the_county_alone(world, as_user):
    person = somebody(world)
    employ(person, at(world, "白山镇"), "volunteer")
    url = reverse("person-edit", args=[person.pk])
    sent = {"name": "韦春花", "phone": "13800003333", "seen_version": 0}
    assert as_user("town").post(url, sent).status_code == 302
    employ(person, at(world, "古零镇"), "instructor")
    refused = as_user("town").post(url, sent | {"name": "别的名字", "seen_version": 1})
    assert refused.status_code == 403 and "由县教育局修改" in refused.content.decode()
    assert as_user("bureau").post(url, sent | {"name": "韦春红", "seen_version": 1}).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.phone) == ("韦春红", "13800003333")


def test_who_has_an_account_elsewhere_is_not_one_townships_to_rename(world):
    row = employ(world.town2.person, at(world, "白山镇"), "instructor")
    assert row.person in people_to_appoint(world.town) and row.person in people_in_sight(world.town)
    assert "由县教育局修改" in barred_from_rewriting(world.town, row.person)
    assert barred_from_rewriting(world.town, world.head.person) == ""


def test_a_search_for_a_name_is_posted_and_stands_in_no_address(world, as_user):
    for name in ["韦春兰", "覃志强"]:
        employ(somebody(world, name), at(world, "新汉村"), "volunteer")
    employ(somebody(world, "韦家旺"), at(world, "古零镇"), "volunteer")
    town = as_user("town")
    page = town.post(reverse("people"), {"q": "韦"})
    assert [p.name for p in page.context["page_obj"]] == ["韦春兰"]
    assert not re.search(r'(href|action)="[^"]*(韦|%E9%9F%A6)', page.content.decode())
    assert len(town.get(f"{reverse('people')}?q=韦").context["page_obj"]) == 2
    narrowed = town.post(reverse("people"), {"function": "volunteer", "former": "1"})
    assert narrowed["Location"] == f"{reverse('people')}?function=volunteer&former=1"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("township=450124100", ["乙", "甲"]),
        ("function=officer", ["丙"]),
        ("township=450124103&function=officer", ["丙"]),
        ("township=450125100", ["丙", "乙", "甲"]),
        ("function=nonsense&institution=x", ["丙", "乙", "甲"]),
    ],
)
def test_the_list_is_narrowed_by_township_and_function(world, as_user, query, names):
    employ(somebody(world, "甲"), at(world, "新汉村"), "volunteer")
    employ(somebody(world, "乙"), world.ours, "contact")
    employ(somebody(world, "丙"), at(world, "古零镇"), "officer")
    page = as_user("bureau").get(f"{reverse('people')}?{query}")
    assert sorted(p.name for p in page.context["page_obj"]) == sorted(names)


# --- hours -----------------------------------------------------------------------------------------------


@pytest.fixture
def helper(world):
    return employ(somebody(world), at(world, "新汉村"), "volunteer", starts_on=datetime.date(2024, 1, 1))


def serve(row, day, hours):
    return ServiceRecord.objects.create(appointment=row, held_on=day, hours=Decimal(hours), what="书法辅导")


def test_hours_are_added_up_by_year_on_the_persons_page_and_in_the_list(world, as_user, helper):
    for day, hours in [("2025-12-31", "2.5"), ("2026-01-01", "1.5"), ("2026-02-01", "3")]:
        serve(helper, day, hours)
    other = employ(somebody(world, "蓝美玲"), at(world, "羊山村"), "veteran")
    serve(other, "2026-02-01", "8")
    town = as_user("town")
    page = town.get(reverse("person", args=[helper.person_id]))
    assert list(page.context["years"]) == [(2026, Decimal("4.5"), 2), (2025, Decimal("2.5"), 1)]
    listed = town.get(f"{reverse('helpers')}?year=2026")
    assert [(r.person.name, r.hours, r.times) for r in listed.context["page_obj"]] == [("韦春兰", Decimal("4.5"), 2)]
    assert listed.context["total"] == {"hours": Decimal("4.5"), "times": 2}
    assert as_user("bureau").get(f"{reverse('helpers')}?year=2026").context["total"]["hours"] == Decimal("12.5")
    empty = town.get(f"{reverse('helpers')}?year=2024")
    assert "这一年还没有登记服务时长" in empty.content.decode() and ">0" not in empty.content.decode()


def test_in_5_the_database_holds_a_service_once_and_nobody_without_a_name(world, helper):
    serve(helper, "2026-01-01", "1")
    for wrong in [lambda: serve(helper, "2026-01-01", "2"), lambda: somebody(world, "")]:
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
    serve(helper, "2026-01-02", "1")


@pytest.mark.parametrize("hours", ["0", "-1", "24.1"])
def test_the_database_keeps_hours_within_a_day(helper, hours):
    with pytest.raises(IntegrityError), transaction.atomic():
        serve(helper, "2026-01-01", hours)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"hours": "0"}, "应大于 0 小时"),
        ({"hours": "25"}, "不超过 24 小时"),
        ({"hours": "1.25"}, "小数"),
        ({"held_on": "2099-01-01"}, "不能晚于今天"),
        ({"held_on": "2023-12-31"}, "不在任职期间"),
        ({"what": ""}, "必填"),
    ],
)
def test_an_impossible_service_is_refused_and_nothing_typed_is_lost(as_user, helper, sent, said):
    given = {"held_on": "2026-01-01", "hours": "2", "what": "讲家乡史"} | sent
    page = as_user("town").post(reverse("service-new", args=[helper.pk]), given)
    assert page.status_code == 200 and said in page.content.decode()
    assert f'value="{given["hours"]}"' in page.content.decode()
    assert not ServiceRecord.objects.exists()


def test_hours_are_mended_and_removed_by_who_keeps_them(as_user, helper):
    record = serve(helper, "2026-01-01", "2")
    town = as_user("town")
    sent = {"held_on": "2026-01-02", "hours": "3.5", "what": "书法", "seen_version": 0}
    assert town.post(reverse("service-edit", args=[record.pk]), sent).status_code == 302
    record.refresh_from_db()
    assert (record.hours, record.held_on) == (Decimal("3.5"), datetime.date(2026, 1, 2))
    assert town.get(reverse("service-remove", args=[record.pk])).status_code == 200
    assert ServiceRecord.objects.exists()
    assert town.post(reverse("service-remove", args=[record.pk])).status_code == 302
    assert not ServiceRecord.objects.exists()
    assert AuditEvent.objects.filter(action="删除服务时长", subject_id=str(record.pk)).exists()


def test_the_same_service_is_entered_once_however_often_the_button_is_pressed(as_user, helper):
    sent = {"held_on": "2026-01-01", "hours": "2", "what": "讲家乡史"}
    town, url = as_user("town"), reverse("service-new", args=[helper.pk])
    assert town.post(url, sent).status_code == 302
    assert "已经登记过" in town.post(url, sent | {"what": " 讲家乡史\u200b"}).content.decode()
    assert town.post(url, sent | {"what": "讲家乡史（下午）"}).status_code == 302
    assert ServiceRecord.objects.count() == 2


def test_no_change_of_an_appointment_leaves_its_hours_outside(as_user, helper):
    serve(helper, "2026-01-01", "2")
    edit, town = reverse("appointment-edit", args=[helper.pk]), as_user("town")
    kept = {"function": "volunteer", "starts_on": "2024-01-01", "seen_version": 0}
    assert "岗位只能是志愿者" in town.post(edit, kept | {"function": "instructor"}).content.decode()
    assert "2026-01-01 的服务记录" in town.post(edit, kept | {"starts_on": "2026-01-02"}).content.decode()
    for name, more in [("appointment-leave", {}), ("appointment-succeed", {"name": "覃志强"})]:
        page = town.post(reverse(name, args=[helper.pk]), {"day": "2026-01-01", **more}).content.decode()
        assert "2026-01-01 的服务记录" in page
    assert town.post(edit, kept | {"function": "veteran"}).status_code == 302
    assert town.post(reverse("appointment-leave", args=[helper.pk]), {"day": "2026-01-02"}).status_code == 302


def test_hours_are_kept_of_helpers_alone(world, as_user):
    row = employ(somebody(world), at(world, "白山镇"), "officer")
    assert as_user("town").get(reverse("service-new", args=[row.pk])).status_code == 404
    with pytest.raises(ValidationError, match="只登记志愿者"):
        ServiceRecord(appointment=row, held_on=MARCH, hours=1, what="值班").clean()


# --- odd requests ------------------------------------------------------------------------------------------


ODD = ["\x00", "-1", "9" * 40, "²", "'\"><x>", "0001-01-01", "9999-12-31", "2026-02-30", "\ud7ff\u202e", "450125100"]
NAMES_ASKED = [
    "q",
    "page",
    "township",
    "institution",
    "unit",
    "function",
    "former",
    "year",
    "person",
    "all",
    "on",
    "division",
]


@pytest.mark.parametrize("name", ["people", "helpers", "contacts", "appointment-new", "leading-groups", "accounts"])
def test_wb_4_odd_query_strings_are_answered_in_words(world, as_user, name):
    client = as_user("bureau")
    for value in ODD:
        whole = client.get(reverse(name), dict.fromkeys(NAMES_ASKED, value))
        assert whole.status_code in {200, 404}, value
    for asked in NAMES_ASKED:
        assert client.get(reverse(name), {asked: "\x00"}).status_code in {200, 404}, asked


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "-1", "x" * 400, "２０２６-06-01"])
def test_dates_far_away_are_kept_or_refused_and_shown_again(world, as_user, day):
    row, town = employ(somebody(world), at(world, "白山镇"), "officer"), as_user("town")
    assert town.post(reverse("appointment-leave", args=[row.pk]), {"day": day}).status_code in {200, 302}
    for page in [
        reverse("person", args=[row.person_id]),
        reverse("people"),
        reverse("appointment-edit", args=[row.pk]),
    ]:
        assert town.get(page).status_code == 200


# --- speed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["people", "helpers", "contacts", "appointment-new"])
def test_ld_2_lists_take_the_same_queries_for_3_and_30_people(world, as_user, django_assert_num_queries, schools, name):
    def more(count):
        for _ in range(count):
            person = somebody(world, f"人{Person.objects.count()}")
            row = employ(person, at(world, "新汉村"), "volunteer", school=None)
            serve(row, "2026-01-01", "1")
            employ(person, world.ours, "contact")
            employ(person, at(world, "白山镇"), "officer")

    bureau = as_user("bureau")
    url = f"{reverse(name)}?all=1&institution={at(world, '新汉村').pk if name == 'appointment-new' else ''}"
    more(3)
    bureau.get(url)
    with CaptureQueriesContext(connection) as few:
        bureau.get(url)
    more(27)
    with django_assert_num_queries(len(few)):
        bureau.get(url)
