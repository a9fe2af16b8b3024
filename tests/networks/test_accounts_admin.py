"""Who makes, changes, resets and disables which account (三员: nobody manages their own, AC-5)."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from networks.models import AuditEvent, PasswordLink, Person, User

from ..site_map import what_was_seen

pytestmark = pytest.mark.usefixtures("passwords_just_typed")

USERS = "/admin/networks/user/"


def add(client, world, **changes):
    person = changes.pop("person", None) or Person.objects.create(county=world.county, name="新来的人")
    data = {
        "username": "newcomer",
        "person": person.pk,
        "role": "township",
        "home_division": world.places["白山镇"].pk,
        "home_unit": "",
    }
    return client.post(f"{USERS}add/", data | changes)


def change(client, account, **changes):
    data = {
        "role": account.role,
        "home_division": account.home_division_id or "",
        "home_unit": account.home_unit_id or "",
        "is_active": "on",
    }
    path = f"{USERS}{account.pk}/change/"
    data |= what_was_seen(client, path) | changes
    return client.post(path, {k: v for k, v in data.items() if v is not None})


def link_on(response):
    return re.search(r'value="http://testserver(/accounts/set-password/[^"]+)"', response.content.decode())[1]


def link(client, account):
    return client.post(f"/accounts/{account.pk}/link/")


@pytest.fixture
def bureau(world, client):
    client.force_login(world.bureau)
    return client


@pytest.fixture
def operator(world):
    client = Client()
    client.force_login(world.operator)
    return client


def test_id_1_a_new_account_gets_a_link_that_is_shown_once_and_no_password(world, bureau):
    response = add(bureau, world)
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    path = link_on(response)
    token = path.split("/")[-2]
    account = User.objects.get(username="newcomer")
    assert not account.has_usable_password() and account.must_change_password
    assert AuditEvent.objects.get(action="后台新建").subject_id == str(account.pk)
    stored = str(AuditEvent.objects.values()) + str(PasswordLink.objects.values()) + str(dict(bureau.session))
    assert token not in stored and token.replace("-", "") not in stored
    assert token not in bureau.get(f"{USERS}{account.pk}/change/").content.decode()
    stranger = Client()
    assert stranger.get(path).status_code == 200
    new = {"new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"}
    assert stranger.post(path, new)["Location"] == "/"
    assert stranger.get("/sessions/").status_code == 200


def test_the_admin_leads_to_the_account_s_own_page_and_resets_nothing_itself(world, bureau):
    page = bureau.get(f"{USERS}{world.town.pk}/change/").content.decode()
    assert f'href="/accounts/{world.town.pk}/"' in page
    assert bureau.post(f"{USERS}{world.town.pk}/reset/").status_code in {301, 302, 404}
    world.town.refresh_from_db()
    assert world.town.check_password("Correct-Horse-7")


def test_moving_an_account_in_the_admin_ends_its_links(world, bureau):
    path = link_on(link(bureau, world.town))
    assert change(bureau, world.town, home_division=world.places["古零镇"].pk).status_code == 302
    assert Client().get(path).status_code == 404


def test_a_form_of_the_admin_that_stood_open_switches_no_account_on_or_off(world, bureau):
    world.town.suspend()
    assert change(bureau, world.town).status_code == 302  # as it was shown before: 启用
    assert not User.objects.get(pk=world.town.pk).is_active
    world.town.reactivate()
    assert change(bureau, world.town, is_active=None).status_code == 302
    assert User.objects.get(pk=world.town.pk).is_active


def test_no_identity_number_gets_into_the_admin_s_entry_of_a_person(world, bureau):
    page = f"/admin/networks/person/{world.town.person_id}/change/"
    sent = {"name": "town先生", "post": "", "phone": "450124199001011234", "seen_version": 0}
    assert "这里不登记身份证号码" in bureau.post(page, sent).content.decode()
    assert bureau.post(page, sent | {"phone": "0771-6820000"}).status_code == 302
    world.town.person.refresh_from_db()
    assert world.town.person.phone == "0771-6820000"


def test_ac_5_nobody_changes_or_resets_their_own_account(world, bureau, operator):
    for client, own in [(bureau, world.bureau), (operator, world.operator)]:
        assert change(client, own, role="leader").status_code == 403
        assert link(client, own).status_code == 403
        assert "不能改动自己的账号" in client.get(f"{USERS}{own.pk}/change/").content.decode()
        own.refresh_from_db()
        assert own.role in {"bureau", "operator"}


def test_ac_5_a_second_account_of_the_same_person_is_no_way_round(world, bureau):
    second = User.objects.create_user(
        "bureau-b", "x", person=world.bureau.person, role="leader", home_division=world.county
    )
    assert change(bureau, second, role="bureau").status_code == 403
    assert link(bureau, second).status_code == 403
    refused = add(bureau, world, person=world.bureau.person, role="bureau", home_division=world.county.pk)
    assert "不能给自己建立账号" in refused.content.decode()
    assert not User.objects.filter(username="newcomer").exists()
    listing = bureau.get(USERS).content.decode()
    assert "<strong>bureau-b</strong>" in listing  # two accounts of one person are possible, and visible


def test_ac_5_a_bureau_account_is_made_and_reset_by_another_bureau_person(world, bureau, operator):
    county = world.county.pk
    assert "本县已有领导小组办公室的账号" in add(operator, world, role="bureau", home_division=county).content.decode()
    assert change(operator, world.bureau2, role="leader").status_code == 403
    assert link(operator, world.bureau2).status_code == 403
    assert link(bureau, world.bureau2).status_code == 200
    assert add(bureau, world, role="bureau", home_division=county).status_code == 200
    assert User.objects.get(username="newcomer").role == "bureau"


def test_ac_5_the_operator_manages_no_auditor_and_makes_only_the_first(world, bureau, operator):
    county = world.county.pk
    assert change(operator, world.auditor, role="leader").status_code == 403
    assert operator.post(f"/accounts/{world.auditor.pk}/suspend/").status_code == 403
    assert link(operator, world.auditor).status_code == 403
    assert "本县已有审计的账号" in add(operator, world, role="auditor", home_division=county).content.decode()
    assert "本县已有审计的账号" in change(operator, world.leader, role="auditor").content.decode()
    assert not User.objects.filter(username="newcomer").exists()
    assert link(bureau, world.auditor).status_code == 200
    assert bureau.post(f"/accounts/{world.auditor.pk}/suspend/").status_code == 302
    User.objects.filter(role="auditor").update(role="leader")
    assert add(operator, world, role="auditor", home_division=county).status_code == 200
    assert User.objects.get(username="newcomer").role == "auditor"


def test_ac_5_the_operator_renames_nobody_who_judges_or_audits(world, bureau, operator):
    for account in [world.bureau2, world.auditor]:
        page = f"/admin/networks/person/{account.person_id}/change/"
        sent = {"name": "别人的名字", "post": "", "phone": "", "seen_version": 0}
        assert operator.post(page, sent).status_code == 403
        assert "由办公室的工作人员维护" in operator.get(page).content.decode()
        account.person.refresh_from_db()
        assert account.person.name == f"{account.username}先生"
        assert bureau.post(page, sent).status_code == 302
    assert operator.post(f"/admin/networks/person/{world.town.person_id}/change/", sent).status_code == 302
    world.town.person.refresh_from_db()
    assert world.town.person.name == "别人的名字"


def test_ac_5_what_the_bureau_does_to_its_own_accounts_is_in_the_log_that_the_auditor_reads(world, bureau):
    """The accepted risk of docs/decisions: one bureau person can make or reset another's account, but not unseen."""
    assert link(bureau, world.bureau2).status_code == 200
    assert add(bureau, world, role="bureau", home_division=world.county.pk).status_code == 200
    assert change(bureau, world.director, role="leader").status_code == 302
    made = User.objects.get(username="newcomer")
    seen = AuditEvent.objects.visible_to(world.auditor).filter(actor=world.bureau, subject="user")
    assert set(seen.values_list("action", "subject_id")) == {
        ("签发密码链接", str(world.bureau2.pk)),
        ("后台新建", str(made.pk)),
        ("后台修改", str(world.director.pk)),
    }


def test_ac_5_the_operator_promotes_nobody_to_the_bureau(world, operator):
    refused = change(operator, world.leader, role="bureau")
    assert refused.status_code == 200 and "本县已有领导小组办公室的账号" in refused.content.decode()
    world.leader.refresh_from_db()
    assert world.leader.role == "leader"


def test_first_set_up_the_operator_makes_the_first_bureau_account_and_no_second(world, operator):
    User.objects.filter(role="bureau").update(role="leader")
    county = world.county.pk
    assert add(operator, world, role="bureau", home_division=county).status_code == 200
    assert "本县已有" in add(operator, world, username="second", role="bureau", home_division=county).content.decode()
    first = User.objects.get(username="newcomer")
    User.objects.filter(pk=first.pk).update(is_active=False)  # disabling the first opens no door
    assert "本县已有" in add(operator, world, username="third", role="bureau", home_division=county).content.decode()


def test_the_bureau_makes_no_operator_and_sees_none(world, bureau):
    assert f"{USERS}{world.operator.pk}/" not in bureau.get(USERS).content.decode()
    assert bureau.get(f"{USERS}{world.operator.pk}/change/").status_code == 404
    assert add(bureau, world, role="operator", home_division="").status_code == 200
    assert not User.objects.filter(username="newcomer").exists()


def test_ac_3_homes_and_people_of_another_county_are_refused(world, bureau):
    tries = [
        {"home_division": world.other_places["大丰镇"].pk},
        {"home_division": "", "role": "unit", "home_unit": world.foreign.pk},
        {"person": world.foreign_town.person},
        {"role": "bureau", "home_division": world.other_county.pk},
        {"home_division": world.places["新汉村"].pk},
        # Both at once, which agree with each other: an account of ours would open another county's records.
        {"home_division": world.other_places["大丰镇"].pk, "person": world.foreign_town.person},
    ]
    for wrong in tries:
        assert add(bureau, world, **wrong).status_code == 200
        assert not User.objects.filter(username="newcomer").exists(), wrong
    assert change(bureau, world.town, home_division=world.other_places["大丰镇"].pk).status_code == 200
    world.town.refresh_from_db()
    assert world.town.home_division == world.places["白山镇"]


def test_an_account_keeps_its_person_and_name_and_is_never_deleted(world, bureau):
    sent = {"person": world.bureau2.person.pk, "username": "renamed"}
    assert change(bureau, world.town, **sent).status_code == 302
    stored = User.objects.get(pk=world.town.pk)
    assert (stored.username, stored.person_id) == ("town", world.town.person_id)
    assert bureau.post(f"{USERS}{world.town.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_role_needs_a_home_that_fits(world, bureau):
    tries = [
        ({"role": "township", "home_division": world.county.pk}, "乡镇专干的账号应属于一个乡镇"),
        ({"role": "unit"}, "成员单位的账号应属于一个单位"),
        ({"role": "bureau"}, "应属于一个县"),
        ({"role": "leader", "home_division": ""}, "请选择所属县"),
        ({"role": "head", "home_unit": world.wxgtj.pk}, "只能填一个"),
    ]
    for wrong, message in tries:
        page = add(bureau, world, **wrong).content.decode()
        assert message in page, wrong
        assert not User.objects.filter(username="newcomer").exists()


def test_in_5_the_database_holds_names_once_and_the_homes_that_fit(world, bureau):
    assert "这个账号名已被使用" in add(bureau, world, username="TOWN").content.decode()
    wrong = [{"username": "TOWN"}, {"role": "unit"}]  # 白山镇 is no unit
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(username="head").update(**changes)


@pytest.mark.parametrize("name", ["auditor", "centre"])
def test_who_does_not_manage_accounts_changes_none(world, client, name):
    client.force_login(world.users[name])
    assert change(client, world.town, role="leader", home_division=world.county.pk).status_code == 403
    assert link(client, world.town).status_code == 403
    assert add(client, world).status_code == 403
