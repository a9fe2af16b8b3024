"""联络员通讯录: who stands in it for whom, whose number is shown in full, on the page, on paper and as a workbook."""

import datetime
import io
import re
import zipfile

import pytest
from django.db import connection
from django.urls import reverse
from openpyxl import load_workbook

from networks.access import ROLES, sees_all_staff
from networks.contacts import directory
from networks.models import Appointment, AuditEvent, Institution, MemberUnit, Person, UnitSuccession, UnitTerm, User

from ..access_matrix import PUBLIC
from ..site_map import has_typed_password, taken_back
from ..test_access_matrix import expected, page_rows
from ..walk import one_engine

TODAY = datetime.date.today()


def contact(unit, name, phone, function="contact", **values):
    key = "institution" if isinstance(unit, Institution) else "unit"
    county = unit.county if isinstance(unit, MemberUnit) else unit.division
    while county.parent:
        county = county.parent
    person = Person.objects.create(county=county, name=name, phone=phone)
    return Appointment.objects.create(person=person, function=function, **{key: unit}, **values)


@pytest.fixture
def book(world):
    contact(world.ours, "本镇联络员", "13870000001", title="干部")
    contact(world.ours, "本镇领导", "13870000002", "supervisor", title="副镇长")
    contact(world.theirs, "别镇联络员", "13870000003")
    contact(world.jyj, "教育局联络员", "0771-6822004", title="股长")
    contact(world.wxgtj, "文旅联络员", "13870000005", ends_on=datetime.date(2020, 1, 1))
    contact(world.outside, "农业农村局联络员", "13870000006")
    contact(world.foreign, "外县联络员", "13870000007")
    contact(Institution.objects.get(division=world.places["白山镇"]), "本镇专干", "13870000008", "officer")
    contact(Institution.objects.get(division=world.places["古零镇"]), "别镇专干", "13870000009", "officer")
    return world


def told(user, **asked):
    """{body: (numbers by function, what is missing)}"""
    return {
        str(entry.body): ({line.function: line.number for line in entry.lines}, entry.missing)
        for entry in directory(user, TODAY, **asked)
    }


def test_the_office_reads_the_whole_county_in_the_order_of_the_document_and_who_is_missing(book):
    entries = told(book.bureau)
    assert list(entries) == [
        "白山镇人民政府",
        "古零镇人民政府",
        "县教育局",
        "县文化新闻出版广电和体育局",
        "县老干局",
        "县农业农村局",
    ]
    assert entries["白山镇人民政府"] == ({"分管领导": "13870000002", "联络员": "13870000001"}, [])
    assert entries["古零镇人民政府"] == ({"联络员": "13870000003"}, ["分管领导"])
    assert entries["县文化新闻出版广电和体育局"] == ({}, ["分管领导", "联络员"])  # whoever left is no contact
    assert told(book.centre) == entries
    assert told(book.foreign_bureau) == {"大丰镇人民政府": ({"联络员": "13870000007"}, ["分管领导"])}


def test_a_unit_that_left_the_group_and_has_no_contact_is_not_listed(book):
    for day, listed in [(None, True), (TODAY, False)]:
        UnitTerm.objects.filter(unit=book.lgj).update(ends_on=day)
        assert ("县老干局" in told(book.bureau)) == listed


def test_a_township_reads_its_own_entry_and_the_offices_and_calls_both(book):
    assert told(book.town) == {
        "白山镇人民政府": ({"分管领导": "13870000002", "联络员": "13870000001"}, []),
        "县教育局": ({"联络员": "0771-6822004"}, ["分管领导"]),
    }
    assert told(book.unit)["县教育局"] == told(book.town)["县教育局"]
    assert set(told(book.unit)) == {"县文化新闻出版广电和体育局", "县教育局"}


def test_a_merged_predecessor_lacks_nobody(book, client):
    UnitTerm.objects.filter(unit=book.lgj).update(ends_on=TODAY)
    MemberUnit.objects.filter(pk=book.lgj.pk).update(retired_on=TODAY)
    UnitSuccession.objects.create(old=book.lgj, new=book.wxgtj, on=TODAY, change="merge")
    user = User.objects.get(pk=book.unit.pk)
    assert set(told(user)) == {"县文化新闻出版广电和体育局", "县教育局"}
    client.force_login(user)
    assert list(client.get(reverse("appointment-new")).context["units"]) == [book.wxgtj]


def test_whoever_keeps_nothing_reads_masked_numbers_but_the_offices(book):
    assert told(book.head)["白山镇人民政府"][0] == {"分管领导": "138****0002", "联络员": "138****0001"}
    assert told(book.head)["县教育局"][0] == {"联络员": "0771-6822004"}
    auditor = told(book.auditor)
    assert auditor["古零镇人民政府"][0] == {"联络员": "138****0003"} and len(auditor) == 6
    assert told(book.leader) == told(book.operator) == told(book.homeless) == {}


def test_centre_and_schools_are_added_on_request_each_to_whom_they_belong(book):
    whole = told(book.bureau, institutions=True)
    assert list(whole)[6:] == ["县社区教育中心", "白山镇社区学校", "古零镇社区学校"]
    assert whole["县社区教育中心"] == ({}, ["专职人员"])
    assert whole["古零镇社区学校"] == ({"社区教育专干": "13870000009"}, [])
    assert [*told(book.town, institutions=True)][2:] == ["白山镇社区学校"]
    assert told(book.head, institutions=True)["白山镇社区学校"][0] == {"社区教育专干": "138****0008"}


def test_a_number_is_pressed_to_call_and_a_gap_is_filled_from_the_page(book, client):
    client.force_login(book.bureau)
    page = client.get(reverse("contacts")).content.decode()
    assert 'href="tel:13870000003"' in page and 'href="tel:07716822004"' in page
    assert f"{reverse('appointment-new')}?unit=wxgtj" in page and "缺联络员" in page
    client.force_login(book.town)
    page = client.get(reverse("contacts")).content.decode()
    assert "13870000003" not in page and "unit=jyj" not in page and reverse("contacts-export") not in page


def test_the_sheet_says_as_of_when_and_who_is_missing(book, client):
    client.force_login(book.bureau)
    has_typed_password(client)
    page = client.get(f"{reverse('contacts-print')}?all=1").content.decode()
    assert f"截至 {TODAY.year}年{TODAY.month}月{TODAY.day}日" in page and "（缺）" in page
    assert "13870000003" in page and "13870000009" in page and "外县" not in page
    act = AuditEvent.objects.latest("pk")  # whoever takes the numbers along on paper is recorded too
    assert (act.action, act.actor, act.detail) == ("打印通讯录", book.bureau, {"lines": 7})


def test_xl_8_the_workbook_holds_text_cells_and_the_log_who_took_it(book, client):
    Person.objects.filter(phone="13870000003").update(name="=1+1", phone="+8613870000003")
    client.force_login(book.centre)
    has_typed_password(client)
    answer = client.get(reverse("contacts-export"))
    assert re.fullmatch(r'attachment; filename="contacts-\d{8}\.xlsx"', answer["Content-Disposition"])
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=14, max_col=7)]
    assert [1, "白山镇人民政府", "分管领导", "本镇领导", "副镇长", "13870000002", None] in rows
    assert [2, "古零镇人民政府", "联络员", "=1+1", None, "+8613870000003", None] in rows
    assert [2, "古零镇人民政府", "分管领导", None, None, None, "缺分管领导"] in rows
    for row in sheet.iter_rows(min_row=4, max_row=14):
        assert {cell.data_type for cell in row[1:] if cell.value is not None} <= {"s"}
    act = AuditEvent.objects.latest("pk")
    assert (act.action, act.actor, act.detail) == ("导出通讯录", book.centre, {"lines": 5})


# --- numbers stay there ------------------------------------------------------------------------------------

CANARY = re.compile(r"1387111(\d{4})")


WIDEST = ["bureau", "town"]  # who sees the whole county, and who keeps a part of it: they walk every page


def visits(site):
    """(page, sample, address, who): every page for which the matrix declares an answer (that all others get 403 or 404 is
    the matrix's own test), with one sample of each owner; one of all for whoever sees the county's alike."""
    seen, rows = set(), [row for row in page_rows() if row[1] == "GET" and row[0] not in PUBLIC]
    for who in [*WIDEST, "centre", "head", "leader", "auditor", "operator"]:  # 成员单位 has the rights of a township
        for name, _, sample, cells in rows:
            owner = "anybody" if "." in sample and sees_all_staff(site.world.users[who]) else sample.partition(".")[0]
            if expected(cells, [who])[who] == "ok" and (name, owner, who) not in seen:
                seen.add((name, owner, who))
                yield name, site.samples.kwargs[sample], site.samples.url(name, sample), who


class Telephones:
    """Notices whether anybody's telephone but one's own was read from the database: all that is shown comes from there."""

    def __init__(self, user) -> None:
        self.read, self.own = False, user.person_id

    def __call__(self, execute, sql, params, many, context):
        if re.search(r'person"\."phone"', sql) and list(params) != [self.own]:
            self.read = True
        return execute(sql, params, many, context)


def readable(body):
    """The text of an answer; of a workbook, of all that is packed into it."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return "".join(packed.read(part).decode(errors="replace") for part in packed.namelist())


def may_show(site, name, kwargs, who, person_pk):
    """Whether this page is one of the few on which somebody reads that person's number in full."""
    user, person = site.world.users[who], Person.objects.get(pk=person_pk)
    if name.startswith("contacts"):
        return who in {"bureau", "centre"} or bool(
            person.appointments.filter(unit=user.own_unit) or person.appointments.filter(unit__code="jyj")
        )
    if name == "registry-download":  # whoever keeps the rows gets them back to be filled in
        return person.appointments.kept_by(user).exists()
    edited = str(kwargs.get("pk", "")) == str(person.pk)
    return edited and (name == "person-edit" or (name == "admin" and who in {"bureau", "operator"}))


@one_engine
@pytest.mark.django_db
def test_pi_4_full_telephone_numbers_stand_on_the_contacts_pages_and_in_their_keepers_forms_alone(site):
    with taken_back():
        for unit in [site.world.ours, site.world.theirs, site.world.jyj, site.world.wxgtj]:
            contact(unit, "联络员", "")
        for person in Person.objects.all():
            person.phone = f"1387111{person.pk:04}"
            person.save()  # the history keeps it too
        someone = User.objects.get(username="town").person_id
        base = reverse("admin:networks_person_changelist")
        screens = [base, f"{base}{someone}/change/", f"{base}{someone}/history/", f"{base}?q=1387111"]
        admin = [("admin", {"pk": someone}, url, who) for url in screens for who in ["bureau", "auditor", "operator"]]
        town, unit = ROLES["township"], ROLES["unit"]
        assert unit.actions <= town.actions and unit.sight == town.sight, "the one walks for both"
        leaks, allowed, walked, reading = [], set(), set(), {"desk"}  # a desk is another page for each role
        for name, kwargs, url, who in [*visits(site), *admin]:
            if who not in WIDEST and name in walked - reading:
                continue  # for neither of the two does this page read any telephone at all
            telephones = Telephones(site.world.users[who])
            with connection.execute_wrapper(telephones):
                response = site.send(who, "GET", f"{url}?all=1" if name == "contacts" else url)
            walked.add(name)
            if telephones.read:
                reading.add(name)
            assert response.status_code in {200, 302}, f"{url} as {who}"
            for digits in set(CANARY.findall(readable(response.body))):
                if may_show(site, name, kwargs, who, int(digits)):
                    allowed.add((name, who))
                else:
                    leaks.append(f"{url} as {who}: person {int(digits)}")
        assert leaks == []
        assert {("contacts", "bureau"), ("contacts", "town"), ("person-edit", "town"), ("admin", "bureau")} <= allowed
        assert {("registry-download", "town"), ("contacts-export", "centre")} <= allowed
        assert ("admin", "auditor") not in allowed
