"""The pages of an office's accounts: the list, many at once, handing over, who hears of it; and who may do none of it (AC-5)."""

import datetime
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networks import accounts
from networks.account_forms import post_for_successor
from networks.accounts import free_username, heard_of_judges, next_username
from networks.models import Appointment, AuditEvent, Institution, MemberUnit, PasswordLink, Person, UnitSuccession, User
from reporting import guard
from trainings import imports

from ..makers import ledger

pytestmark = pytest.mark.usefixtures("passwords_just_typed")

PASSWORD = "Correct-Horse-7"


@pytest.fixture
def bureau(world):
    return signed_in(world.bureau)


@pytest.fixture
def operator(world):
    return signed_in(world.operator)


def signed_in(account):
    client = Client()
    client.force_login(account)
    return client


def text(client, address="/accounts/"):
    return client.get(address).content.decode()


def section(page, name):
    """The part of the list that belongs to one home."""
    return next(part for part in page.split("<section")[1:] if re.search(rf"<h2[^>]*>\s*{name}\s*<", part))


def line(home, role="township", **fields):
    """One ticked line of the page that makes accounts."""
    return {f"{role}-{home}-{name}": value for name, value in {"make": "on", **fields}.items()}


def links_on(response):
    return re.findall(r'value="http://testserver(/accounts/set-password/[^"]+)"', response.content.decode())


def appoint(name, function, **at):
    county = (at.get("unit") or at["institution"].division).county_id if "unit" in at else "450124"
    person = Person.objects.create(county_id=county, name=name)
    return Appointment.objects.create(person=person, function=function, **at)


# --- the list ----------------------------------------------------------------------------------------


def test_the_list_shows_each_home_its_accounts_together_and_who_has_none(world, bureau):
    User.objects.create_user("town-b", None, name="第二名专干", role="township", home_division=world.places["白山镇"])
    world.town2.suspend()
    page = text(bureau)
    ours = section(page, "白山镇")
    assert [ours.index(word) for word in ("town先生", "第二名专干", "head先生")] == sorted(
        ours.index(word) for word in ("town先生", "第二名专干", "head先生")
    )
    assert "等本人设密码" in ours and "乡镇专干：登记并提交本乡镇的培训" in ours
    assert "已停用" in section(page, "古零镇") and "还没有乡镇专干账号" in section(page, "古零镇")
    assert "2 处还没有能填报的账号" in page and "古零镇、县教育局" in re.sub(r"\s", "", page)
    assert "foreign_bureau" not in page and 'account-key">operator<' not in page


def test_the_list_is_searched_by_name_role_and_state(world, bureau):
    world.town2.suspend()
    world.unit.set_password(None)
    world.unit.save()
    found = [
        ({"q": "town"}, {"town", "town2"}),
        ({"q": "town", "state": "suspended"}, {"town2"}),
        ({"q": "unit_head先生"}, {"unit_head"}),
        ({"role": "leader"}, {"leader"}),
        ({"state": "suspended"}, {"town2"}),
        ({"state": "waiting"}, {"unit"}),
        ({"q": "nobody"}, set()),
    ]
    everybody = set(User.objects.visible_to(world.bureau).values_list("username", flat=True))
    for asked, wanted in found:
        page = bureau.post("/accounts/", asked, follow=True).content.decode()
        assert {name for name in everybody if f'account-key">{name}<' in page} == wanted, asked
    assert "没有符合条件的账号" in page


def test_pi_7_a_name_that_is_looked_for_stands_in_no_address(world, bureau):
    page = bureau.post("/accounts/?county=450124", {"q": "unit_head先生", "role": "head"}).content.decode()
    assert not re.search(r'(href|action)="[^"]*(unit_head|%E5%85%88)', page) and 'value="unit_head先生"' in page
    sent_on = bureau.post("/accounts/?county=450124", {"q": " ", "role": "head"})
    assert sent_on["Location"] == "/accounts/?county=450124&role=head"
    assert 'account-key">leader<' in text(bureau, "/accounts/?q=unit_head先生")


def test_the_auditor_reads_the_list_and_an_account_and_changes_nothing(world):
    auditor = signed_in(world.auditor)
    page = text(auditor) + text(auditor, f"/accounts/{world.town.pk}/")
    assert "town先生" in page and "登记、修改和提交本单位的培训场次" in page
    for word in ["建立账号</a>", "生成一次性链接</a>", "停用</a>", "交接给别人"]:
        assert word not in page


def test_ld_2_the_list_an_account_and_the_desk_ask_the_same_number_of_questions_at_3_and_30(world, bureau):
    def queries(address):
        with CaptureQueriesContext(connection) as captured:
            assert bureau.get(address).status_code == 200
        return len(captured)

    def more(number):
        for n in range(number):
            home = world.places["白山镇"]
            account = User.objects.create_user(
                f"x{home}{number}-{n}", "x", name=f"某{n}", role="township", home_division=home
            )
            session = Client()
            session.force_login(account)
            PasswordLink.issue(account, world.bureau)
            bureau2 = User.objects.create_user(
                f"b{number}-{n}", "x", name="另", role="bureau", home_division=world.county
            )
            AuditEvent.objects.create(action="建立账号", subject="user", subject_id=bureau2.pk, actor=world.bureau2)
            appoint(f"任{number}-{n}", "contact", unit=world.ours)
            PasswordLink.issue(world.town, world.bureau)

    pages = [
        "/accounts/",
        "/accounts/new/",
        f"/accounts/{world.town.pk}/",
        "/",
        f"/accounts/{world.town.pk}/hand-over/",
    ]
    more(3)
    [bureau.get(page) for page in pages]
    few = [queries(page) for page in pages]
    more(27)
    assert [queries(page) for page in pages] == few


def test_an_operator_of_several_counties_sees_one_at_a_time_and_its_own_kind(world, operator):
    page = text(operator, "/accounts/?county=450125")
    assert "foreign_town" in page and 'account-key">town<' not in page and 'account-key">operator<' in page
    assert 'account-key">town<' in text(operator, "/accounts/?county=nowhere")


# --- many at once ------------------------------------------------------------------------------------


def test_accounts_are_made_in_bulk_with_a_slip_for_each_and_nothing_else_kept(world, bureau):
    school = Institution.objects.get(division=world.places["白山镇"], kind="school")
    officer = appoint("韦专干", "officer", institution=school).person
    supervisor = appoint("蓝镇长", "supervisor", unit=world.theirs).person
    page = text(bureau, "/accounts/new/")
    assert 'value="韦专干"' in page and 'value="蓝镇长"' in page and 'value="town-450124100"' in page
    sent = line("450124100", name="韦专干", who=officer.pk, username="town-450124100")
    sent |= line("450124103", "head", name="蓝镇长", who=supervisor.pk, username="head-450124103")
    sent |= line(f"u{world.jyj.pk}", "unit", name="新来的", username="unit-jyj")
    sent |= {"township-450124103-name": "没有勾选的"}
    answer = bureau.post("/accounts/new/", sent)
    made = {account.username: account for account in User.objects.filter(username__contains="-")}
    assert set(made) == {"town-450124100", "head-450124103", "unit-jyj"}
    assert made["town-450124100"].person == officer and made["head-450124103"].person == supervisor
    assert (made["unit-jyj"].home_unit, made["unit-jyj"].person.name) == (world.jyj, "新来的")
    assert made["unit-jyj"].person.county == world.county and not made["unit-jyj"].has_usable_password()
    slips = answer.content.decode()
    assert slips.count('class="slip"') == 3 and len(links_on(answer)) == 3 and "成员单位工作人员：" in slips
    assert AuditEvent.objects.filter(action="建立账号").count() == 3
    stored = (
        str(list(PasswordLink.objects.values())) + str(list(AuditEvent.objects.values())) + str(dict(bureau.session))
    )
    for path in links_on(answer):
        assert path.split("/")[-2] not in stored
        assert Client().get(path).status_code == 200


def test_one_wrong_line_stops_all_and_nothing_typed_is_lost(world, bureau):
    sent = line("450124100", name="甲某", username="town-a") | line("450124103", name="乙某", username="Town")
    sent |= line("450124100", "head", name="", username="head-a")
    page = bureau.post("/accounts/new/", sent).content.decode()
    assert "2 行有问题，一个都还没有建立" in page and "这个账号名已被使用" in page and "请填写使用人的姓名" in page
    assert 'value="甲某"' in page and 'value="Town"' in page
    assert not User.objects.filter(username__in=["town-a", "head-a"]).exists()
    assert not Person.objects.filter(name="甲某").exists()


def test_doubles_within_one_page_are_refused(world, bureau):
    one = line("450124100", name="甲某", username="town-a")
    for other, said in [
        (line("450124103", name="乙某", username="TOWN-A"), "两行用了同一个账号名"),
        (line("450124103", name="甲某", username="town-b"), "两行是同一个姓名"),
    ]:
        assert said in bureau.post("/accounts/new/", one | other).content.decode()
    assert not User.objects.filter(username="town-a").exists()


def test_nothing_ticked_and_too_much_ticked_are_said(world, bureau, monkeypatch):
    assert "还没有勾选要建立的账号" in bureau.post("/accounts/new/", {}).content.decode()
    monkeypatch.setattr("networks.accounts.MOST_AT_ONCE", 1)
    sent = line("450124100", name="甲某", username="town-a") | line("450124103", name="乙某", username="town-b")
    assert "一次最多建立 1 个账号" in bureau.post("/accounts/new/", sent).content.decode()
    assert not User.objects.filter(username="town-a").exists()


def test_the_same_name_is_asked_about_because_duties_are_separated_between_persons(world, bureau):
    known = world.bureau2.person
    sent = line("450124100", name=known.name, username="town-a")
    page = bureau.post("/accounts/new/", sent).content.decode()
    assert "本县已有叫这个名字的人" in page and "账号 bureau2" in page
    bureau.post("/accounts/new/", sent | line("450124100", name=known.name, username="town-a", who=known.pk))
    assert User.objects.get(username="town-a").person == known
    again = line("450124100", name=known.name, username="town-b", who=known.pk)
    assert "这个人已有这个角色的账号" in bureau.post("/accounts/new/", again).content.decode()
    other = line("450124103", name=known.name, username="town-c", who="new")
    bureau.post("/accounts/new/", other)
    assert User.objects.get(username="town-c").person != known


def test_the_same_name_with_a_blank_or_an_invisible_character_is_the_same_name(world, bureau):
    known = Person.objects.create(county=world.county, name="韦春兰")
    for name in ["韦 春兰", "韦\u3000春兰", "\u200b韦春兰"]:
        page = bureau.post("/accounts/new/", line("450124100", name=name, username="town-a")).content.decode()
        assert "本县已有叫这个名字的人" in page, name
        assert "本县已有" in hand_over(bureau, world.town, name=name).content.decode(), name
    bureau.post("/accounts/new/", line("450124100", name="韦 春兰", username="town-a", who=known.pk))
    assert User.objects.get(username="town-a").person == known
    two = line("450124100", name="蓝美玲", username="town-b") | line("450124103", name="蓝 美玲", username="town-c")
    assert "两行是同一个姓名" in bureau.post("/accounts/new/", two).content.decode()
    unseen = line("450124100", name="\u200b", username="town-d")
    assert "请填写使用人的姓名" in bureau.post("/accounts/new/", unseen).content.decode()


def test_a_name_that_was_changed_asks_about_nobody_of_the_name_before(world, bureau):
    proposed = appoint("韦专干", "officer", institution=Institution.objects.get(division=world.places["白山镇"]))
    sent = line("450124100", name="另一个人", username="town-a", who=proposed.person_id)
    assert len(links_on(bureau.post("/accounts/new/", sent))) == 1
    assert User.objects.get(username="town-a").person.name == "另一个人"
    known = Person.objects.create(county=world.county, name="蓝美玲")
    sent = line("450124103", name="蓝美玲", username="town-b", who=proposed.person_id)
    assert "请重新选择是不是同一个人" in bureau.post("/accounts/new/", sent).content.decode()
    assert not User.objects.filter(person=known).exists()


def test_ac_3_persons_and_homes_of_another_county_or_nobody_are_not_taken(world, bureau):
    foreign = world.foreign_town.person
    foreign.name = "同名的人"
    foreign.save()
    Person.objects.create(county=world.county, name="同名的人")
    sent = line("450124100", name="同名的人", username="town-a", who=foreign.pk)
    assert bureau.post("/accounts/new/", sent).status_code == 200
    elsewhere = line("450125100", name="甲某", username="town-b") | line(
        "u999999", "unit", name="甲某", username="unit-b"
    )
    bureau.post("/accounts/new/?county=450125", elsewhere)
    bureau.post("/accounts/new/", line("none", "operator", name="甲某", username="root"))
    assert not User.objects.filter(username__in=["town-a", "town-b", "unit-b", "root"]).exists()


def test_names_are_proposed_with_the_next_free_number(world):
    assert free_username("town-1", {"town-1", "town-1-2"}) == "town-1-3"
    world.town.username = "town-450124100-2"
    world.town.save()
    assert next_username(world.town) == "town-450124100"
    User.objects.filter(pk=world.unit.pk).update(username="town-450124100")
    assert next_username(world.town) == "town-450124100-3"
    assert next_username(world.head) == "head-2"
    assert free_username("town-1", {"town-1"}) == free_username("Town-1", {"town-1"}).lower() == "town-1-2"


def test_a_name_is_checked_while_it_is_typed(world, bureau):
    said = {"town": "已被使用", "TOWN": "已被使用", "town-9": "可以使用", "": "请填写", "\x00": "可以使用"}
    for name, words in said.items():
        assert words in bureau.get("/accounts/new/username/", {"username": name}).content.decode(), name


def test_merged_and_closed_homes_are_waited_for_no_longer_but_their_accounts_stay_in_sight(world, bureau):
    UnitSuccession.objects.create(old=world.lgj, new=world.wxgtj, on=datetime.date(2024, 3, 1), change="merge")
    place = world.places["古零镇"]
    place.retired_on = datetime.date(2025, 1, 1)
    place.save()
    page, new = text(bureau), text(bureau, "/accounts/new/")
    assert "unit2" in section(page, "县老干局") and "town2" in section(page, "古零镇")
    assert "县老干局" not in new and "古零镇" not in new and "白山镇" in new
    User.objects.filter(username__in=["unit2", "town2"]).update(
        role="township", home_unit=None, home_division=world.places["白山镇"]
    )
    assert "县老干局" not in text(bureau)


def test_lost_slips_are_printed_again_for_those_who_still_wait(world, bureau):
    bureau.post("/accounts/new/", line("450124100", name="甲某", username="town-a"))
    waiting = User.objects.get(username="town-a")
    first = links_on(bureau.post("/accounts/links/", {"account": [waiting.pk]}))
    keys = [waiting.pk, world.town.pk, world.foreign_town.pk, world.bureau.pk, "x", "9" * 40]
    answer = bureau.post("/accounts/links/", {"account": keys})
    assert len(links_on(answer)) == 1  # only of whoever has no password yet, and of this county
    assert Client().get(first[0]).status_code == 404 and Client().get(links_on(answer)[0]).status_code == 200
    refused = bureau.post("/accounts/links/", {"account": [world.town.pk]}, follow=True)
    assert "没有可以重新生成链接的账号" in refused.content.decode()


# --- AC-5 --------------------------------------------------------------------------------------------


def test_ac_5_nobody_manages_or_makes_an_account_of_their_own(world, bureau, operator):
    for client, own in [(bureau, world.bureau), (operator, world.operator)]:
        for act in ["suspend", "reactivate", "link", "hand-over", "end-sign-ins"]:
            assert client.post(f"/accounts/{own.pk}/{act}/", {"sign_in": "all"}).status_code == 403, act
        assert "不能改动自己的账号" in text(client, f"/accounts/{own.pk}/")
    sent = line("450124", "leader", name=world.bureau.person.name, username="second", who=world.bureau.person.pk)
    assert "不能给自己建立账号" in bureau.post("/accounts/new/", sent).content.decode()
    assert not User.objects.filter(username="second").exists()


def test_ac_5_the_operator_makes_no_second_judge_or_auditor_and_touches_none(world, operator):
    for role in ["bureau", "auditor"]:
        sent = line("450124", role, name="甲某", username="second")
        page = operator.post("/accounts/new/", sent).content.decode()
        assert "本县已有" in page and not User.objects.filter(username="second").exists()
    for account in [world.bureau2, world.auditor]:
        for act in ["suspend", "reactivate", "link", "hand-over", "end-sign-ins"]:
            body = {"sign_in": "all", "name": "甲某", "username": "second"}
            assert operator.post(f"/accounts/{account.pk}/{act}/", body).status_code == 403, act
    assert User.objects.get(pk=world.bureau2.pk).is_active


def test_ac_5_of_two_operators_at_once_one_makes_the_first_bureau_account(world, operator, rf):
    User.objects.filter(role="bureau").update(role="leader")
    posts = accounts.posts_of(world.county, User.objects.none(), operators=True)
    office = next(post for post in posts if post.role == "bureau")
    orders = [accounts.Order(office.home, office.role, name, name, None) for name in ["first", "second"]]
    given = {"actor": world.operator, "county": world.county, "request": rf.get("/")}
    accounts.make(orders[:1], **given)
    with pytest.raises(
        ValidationError, match="本县已有领导小组办公室的账号"
    ):  # the form of the second asked before that
        accounts.make(orders[1:], **given)
    assert not User.objects.filter(username="second").exists()


def test_first_set_up_by_the_pages_alone(world, operator):
    User.objects.filter(role="bureau").update(role="leader")
    sent = line("450124", "bureau", name="第一人", username="first") | line(
        "none", "operator", name="网管", username="net"
    )
    answer = operator.post("/accounts/new/", sent)
    assert len(links_on(answer)) == 2
    first, net = User.objects.get(username="first"), User.objects.get(username="net")
    assert (first.role, first.county_code, net.role, net.county_code) == ("bureau", "450124", "operator", "")
    assert (
        "本县已有"
        in operator.post("/accounts/new/", line("450124", "bureau", name="乙", username="b")).content.decode()
    )


def test_ac_5_the_bureau_neither_sees_nor_touches_operators(world, bureau):
    for act in ["", "suspend/", "link/", "hand-over/"]:
        assert bureau.get(f"/accounts/{world.operator.pk}/{act}").status_code == 404
        assert bureau.get(f"/accounts/{world.foreign_bureau.pk}/{act}").status_code == 404
    assert "operator" not in text(bureau, "/accounts/new/")


def test_the_desks_of_the_other_bureau_persons_say_for_thirty_days_what_was_done_to_judges_and_auditors(world, bureau):
    bureau.post(f"/accounts/{world.bureau2.pk}/link/")
    bureau.post("/accounts/new/", line("450124", "bureau", name="甲某", username="bureau-4"))
    bureau.post(f"/accounts/{world.auditor.pk}/suspend/")
    bureau.post(f"/accounts/{world.town.pk}/link/")  # no judge: nobody's desk
    AuditEvent.objects.create(
        action="建立账号", subject="user", subject_id=world.foreign_bureau.pk, actor=world.operator
    )
    told = [(heard.by, heard.account.username, heard.did) for heard in heard_of_judges(world.director)]
    assert told == [
        ("bureau先生", "auditor", "办理了账号停用"),
        ("bureau先生", "bureau-4", "建立了账号"),
        ("bureau先生", "bureau2", "签发了设密码的链接"),
    ]
    assert heard_of_judges(world.bureau) == [] == heard_of_judges(world.operator)
    page = text(signed_in(world.bureau2), "/")
    assert "办公室和审计账号的变动" in page and "bureau2先生（bureau2）" in page
    with guard.unguarded():
        AuditEvent.objects.update(at=timezone.now() - datetime.timedelta(days=31))
    assert heard_of_judges(world.director) == []


# --- handing over ------------------------------------------------------------------------------------


def hand_over(client, account, **fields):
    return client.post(f"/accounts/{account.pk}/hand-over/", {"name": "接手的人", "username": "town-next", **fields})


def test_the_successor_finds_desk_drafts_and_returned_sessions_and_submits_them_the_old_account_is_out(world, bureau):
    draft = world.session(world.ours, title="没写完的课")
    returned = world.session(world.ours, status="returned", title="退回的课")
    others = world.session(world.theirs, title="古零镇的草稿")
    old = Client()
    old.post("/login/", {"username": "town", "password": PASSWORD})
    answer = hand_over(bureau, world.town)
    [path] = links_on(answer)
    assert old.get("/sessions/")["Location"].startswith("/login/")
    successor = Client()
    successor.post(path, {"new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"})
    desk = text(successor, "/")
    assert "没写完的课" in desk and "退回的课" in desk and "古零镇的草稿" not in desk
    for row in [draft, returned]:
        assert successor.post(f"/sessions/{row.pk}/submit/").status_code == 302
        row.refresh_from_db()
        assert row.status == "submitted" and row.submitted_by.username == "town-next"
        assert row.entered_by == world.town  # what was done stays with whoever did it
    assert successor.get(f"/sessions/{others.pk}/").status_code == 404
    new = User.objects.get(username="town-next")
    assert (new.role, new.home_division, new.person.name) == ("township", world.places["白山镇"], "接手的人")
    assert AuditEvent.objects.get(action="交接账号").detail == {"to_account": new.pk}


def test_the_appointments_pass_on_the_day_that_is_said(world, bureau):
    school = Institution.objects.get(division=world.places["白山镇"], kind="school")
    start, day = datetime.date(2024, 9, 1), timezone.localdate()
    fields = {"person": world.town.person, "starts_on": start}
    officer = Appointment.objects.create(function="officer", institution=school, title="专干", **fields)
    contact = Appointment.objects.create(function="contact", unit=world.ours, **fields)
    elsewhere = Appointment.objects.create(function="contact", unit=world.wxgtj, **fields)
    page = text(bureau, f"/accounts/{world.town.pk}/hand-over/")
    assert "白山镇社区学校 社区教育专干" in page and "县文化新闻出版广电和体育局" not in page
    wrong = hand_over(bureau, world.town, appointments=[officer.pk], day=start)
    assert "离任日期应晚于任职开始的日期" in wrong.content.decode()
    assert User.objects.get(pk=world.town.pk).is_active and not User.objects.filter(username="town-next").exists()
    foreign = hand_over(bureau, world.town, appointments=[elsewhere.pk], day=day)
    assert foreign.status_code == 200 and not User.objects.filter(username="town-next").exists()
    assert len(links_on(hand_over(bureau, world.town, appointments=[officer.pk], day=day))) == 1
    officer.refresh_from_db(), contact.refresh_from_db()
    assert (officer.ends_on, officer.succeeded_by.person.name, officer.succeeded_by.title) == (day, "接手的人", "专干")
    assert contact.ends_on is None


def test_whoever_holds_an_appointment_already_does_not_take_it_over(world, bureau):
    row = Appointment.objects.create(person=world.town.person, unit=world.ours, function="contact")
    second = appoint("韦联络", "contact", unit=world.ours).person
    sent = {"name": second.name, "who": second.pk, "day": timezone.localdate()}
    page = hand_over(bureau, world.town, appointments=[row.pk], **sent).content.decode()
    assert "韦联络现在已担任白山镇人民政府 联络员，请不要勾选这一项" in page
    assert User.objects.get(pk=world.town.pk).is_active
    assert len(links_on(hand_over(bureau, world.town, **sent))) == 1


def test_the_operator_hands_over_the_account_and_leaves_the_appointments_to_the_county(world, operator):
    row = Appointment.objects.create(person=world.town.person, unit=world.ours, function="contact")
    assert str(row) not in text(operator, f"/accounts/{world.town.pk}/hand-over/")
    sent = {"appointments": [row.pk], "day": timezone.localdate()}
    assert len(links_on(hand_over(operator, world.town, **sent))) == 1
    row.refresh_from_db()
    assert row.ends_on is None


def test_an_account_that_was_handed_over_or_moved_meanwhile_is_not_handed_over_again(world, rf):
    given = {"appointments": [], "day": None, "actor": world.bureau, "request": rf.get("/")}
    for number, change in enumerate([{"is_active": False}, {"home_division": world.places["古零镇"]}]):
        stale = User.objects.select_related("person").get(pk=world.town.pk)
        post = post_for_successor(stale, f"town-{number}")
        order = accounts.Order(post.home, post.role, post.username, "接手的人", None)
        User.objects.filter(pk=stale.pk).update(**change)
        with pytest.raises(ValidationError, match="刚刚已被别人停用、交接或调整"):
            accounts.hand_over(stale, order, **given)
        User.objects.filter(pk=stale.pk).update(is_active=True)
    assert not User.objects.filter(username__startswith="town-").exists()


def test_the_successor_belongs_to_the_county_even_where_the_predecessor_s_entry_did_not(world, bureau):
    Person.objects.filter(pk=world.town.person_id).update(county=None)
    hand_over(bureau, world.town)
    assert User.objects.get(username="town-next").person.county == world.county


def test_what_does_not_pass_with_the_account_is_said(world, bureau):
    imports.keep(ledger("还没有入库的场次"), world.town, year=None, historical=False)
    page = text(bureau, f"/accounts/{world.town.pk}/hand-over/")
    assert "由原账号上传、还没有入库的台账 1 份" in page
    assert "不随账号移交的" not in text(bureau, f"/accounts/{world.unit.pk}/hand-over/")


def test_ac_5_a_judge_s_account_is_handed_over_by_another_and_not_to_oneself(world, bureau):
    assert hand_over(bureau, world.bureau).status_code == 403
    me = {"name": world.bureau.person.name, "who": world.bureau.person.pk}
    assert "不能给自己建立账号" in hand_over(bureau, world.bureau2, **me).content.decode()
    assert (
        "这个人已有这个角色的账号"
        in hand_over(bureau, world.town, name=world.town.person.name, who=world.town.person.pk).content.decode()
    )
    assert len(links_on(hand_over(bureau, world.bureau2))) == 1
    assert User.objects.get(username="town-next").role == "bureau"
    assert not User.objects.get(pk=world.bureau2.pk).is_active


def test_a_suspended_account_is_handed_over_too_and_one_without_a_home_is_refused_in_words(world, bureau, operator):
    world.town.suspend()
    assert len(links_on(hand_over(bureau, world.town))) == 1
    homeless = User.objects.get(username="homeless")
    refused = hand_over(operator, homeless, username="nobody")
    assert "乡镇专干的账号应属于一个乡镇" in refused.content.decode()
    assert not User.objects.filter(username="nobody").exists() and User.objects.get(pk=homeless.pk).is_active


def test_units_of_the_registry_are_all_offered(world, bureau):
    page = text(bureau, "/accounts/new/")
    for unit in MemberUnit.objects.filter(county=world.county, kind="department"):
        assert f'name="unit-u{unit.pk}-make"' in page and f'name="head-u{unit.pk}-make"' in page
    assert "县农业农村局" not in page  # a body outside the group
