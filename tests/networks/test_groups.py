"""领导小组: seats by post, one holder at a time, as of any day; who keeps which group, and the appendix of a notice."""

import datetime
import io
import re

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.access import barred_from_rewriting
from networks.models import Appointment, AuditEvent, Division, LeadingGroup, Person, Seat, SeatHolder

from ..site_map import taken_back

pytestmark = pytest.mark.django_db
START = datetime.date(2024, 1, 1)


@pytest.fixture
def group(world):
    return LeadingGroup.objects.create(
        division=world.places["白山镇"],
        name="白山镇社区教育发展工作领导小组",
        basis="白政发〔2019〕8号",
        set_up_on=START,
    )


@pytest.fixture
def seat(world, group):
    return group.seats.create(rank="head", post="镇长", unit=world.ours, position=1)


@pytest.fixture
def as_user(world, client):
    def sign_in(name):
        client.force_login(world.users[name])
        return client

    return sign_in


def somebody(world, name):
    return Person.objects.create(county=world.county, name=name, phone="13800001111")


# --- the document --------------------------------------------------------------------------------------


def test_the_document_s_seats_are_loaded_by_post_without_holders_and_only_once(db):
    call_command("load_county", stdout=io.StringIO())
    group = LeadingGroup.objects.get()
    assert (str(group.division), group.basis, group.set_up_on) == (
        "马山县",
        "马政办发〔2019〕2号三(一)",
        datetime.date(2019, 2, 2),
    )
    seats = group.seats_on(datetime.date(2019, 2, 2))
    ranks = [seat.rank for seat in seats]
    assert {rank: ranks.count(rank) for rank in Seat.Rank.values} == {
        "head": 1,
        "deputy": 2,
        "member": 18,
        "office_head": 1,
        "office_deputy": 1,
    }
    assert [seat.post for seat in seats[:3]] == [
        "县委常委、宣传部部长、副县长",
        "县政府办公室联系副主任",
        "县教育局局长",
    ]
    assert {seat.post for seat in seats if seat.unit and seat.unit.kind == "township"} == {
        f"{d.name}人民政府{d.name[-1]}长" for d in Division.objects.filter(tier="township")
    }
    assert [seat.post for seat in seats[-2:]] == ["县教育局分管副局长", "县教育局职成股股长"]
    assert not SeatHolder.objects.exists() and all(seat.holder is None for seat in seats)
    group.seats.filter(rank="head").update(post="县委常委、宣传部部长")
    call_command("load_county", stdout=io.StringIO())
    assert LeadingGroup.objects.count() == 1 and group.seats.count() == 23
    assert group.seats.get(rank="head").post == "县委常委、宣传部部长"


# --- one holder at a time ----------------------------------------------------------------------------------


def test_the_old_holder_ends_on_the_day_on_which_the_new_one_begins(world, seat):
    first = seat.hand_over(somebody(world, "甲"), None)
    second = seat.hand_over(somebody(world, "乙"), START, titles="镇长、党委副书记")
    first.refresh_from_db()
    assert (first.starts_on, first.ends_on, second.starts_on, second.titles_shown) == (
        None,
        START,
        START,
        "镇长、党委副书记",
    )
    assert first.titles_shown == "镇长"
    then = {day: seat.group.seats_on(day)[0].holder.person.name for day in [START - datetime.timedelta(1), START]}
    assert list(then.values()) == ["甲", "乙"]
    seat.vacate(START + datetime.timedelta(9))
    assert seat.group.seats_on(START + datetime.timedelta(9))[0].holder is None


@pytest.mark.parametrize(
    ("name", "day", "said"),
    [
        ("甲", START + datetime.timedelta(5), "现在就由此人担任"),
        ("乙", START, "晚于现任的任职日期"),
        ("乙", START - datetime.timedelta(1), "晚于现任的任职日期"),
        ("乙", None, "请填写任职日期"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(world, seat, name, day, said):
    people = {"甲": somebody(world, "甲"), "乙": somebody(world, "乙")}
    seat.hand_over(people["甲"], START)
    with pytest.raises(ValidationError, match=said):
        seat.hand_over(people[name], day)
    assert SeatHolder.objects.get().ends_on is None


def test_nobody_begins_before_the_last_holder_left_and_an_empty_seat_is_not_vacated(world, seat):
    seat.hand_over(somebody(world, "甲"), START)
    seat.vacate(START + datetime.timedelta(30))
    with pytest.raises(ValidationError, match="不能早于前任离任"):
        seat.hand_over(somebody(world, "乙"), START + datetime.timedelta(29))
    with pytest.raises(ValidationError, match="现在空缺"):
        seat.vacate(START + datetime.timedelta(40))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    moves=st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=8, unique_by=lambda move: move[0]),
    seen=st.integers(0, 420),
)
def test_after_any_changes_a_day_has_the_holder_of_the_last_change_before_it(world, seat, moves, seen):
    with taken_back():
        expected = None
        held = False
        for number, (day, empties) in enumerate(sorted(moves)):
            if empties and not held:
                continue
            date = START + datetime.timedelta(day)
            if empties:
                seat.vacate(date)
            else:
                seat.hand_over(somebody(world, f"第{number}位"), date)
            held = not empties
            if day <= seen:
                expected = None if empties else f"第{number}位"
        (then,) = seat.group.seats_on(START + datetime.timedelta(seen))
        assert (then.holder and then.holder.person.name) == expected
        assert SeatHolder.objects.filter(ends_on=None).count() <= 1


def test_the_database_holds_the_rules_too(world, group, seat):
    person, other = somebody(world, "甲"), somebody(world, "乙")
    SeatHolder.objects.create(seat=seat, person=person)
    before = datetime.date(2023, 1, 1)
    wrong = [
        lambda: SeatHolder.objects.create(seat=seat, person=other),
        lambda: SeatHolder.objects.create(seat=seat, person=other, starts_on=START, ends_on=START),
        lambda: group.seats.create(rank="king", post="镇长"),
        lambda: group.seats.create(rank="head", post=""),
        lambda: group.seats.create(rank="head", post="镇长", starts_on=START, ends_on=before),
        lambda: LeadingGroup.objects.create(division=group.division, name="又一个"),
        lambda: LeadingGroup.objects.filter(pk=group.pk).update(dissolved_on=before),
    ]
    for write in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_a_correction_may_not_make_two_terms_overlap(world, as_user, seat):
    first = seat.hand_over(somebody(world, "甲"), START)
    seat.hand_over(somebody(world, "乙"), datetime.date(2025, 1, 1))
    sent = {"titles": "", "starts_on": "2024-01-01", "ends_on": "2025-02-01", "seen_version": 1}
    town, url = as_user("town"), reverse("holder-edit", args=[first.pk])
    assert "与这个席位的另一任重叠" in town.post(url, sent).content.decode()
    assert town.post(url, sent | {"ends_on": "2024-12-01"}).status_code == 302
    first.refresh_from_db()
    assert first.ends_on == datetime.date(2024, 12, 1)


# --- pages -----------------------------------------------------------------------------------------------


def test_a_township_sets_up_its_group_and_fills_a_seat(world, as_user):
    town, place = as_user("town"), world.places["白山镇"]
    assert reverse("leading-group-new") in town.get(reverse("leading-groups")).content.decode()
    sent = {"division": place.pk, "name": "白山镇领导小组", "basis": "白政发〔2019〕8号", "set_up_on": "2019-03-15"}
    answer = town.post(reverse("leading-group-new"), sent)
    group = LeadingGroup.objects.get()
    assert answer["Location"] == reverse("leading-group", args=[group.pk]) and group.division == place
    seat = {"rank": "head", "post": "镇长", "unit": world.ours.pk, "position": 1}
    assert town.post(reverse("seat-new", args=[group.pk]), seat).status_code == 302
    held = {"name": "演示·陆某", "titles": "镇长", "day": "2019-03-15"}
    assert town.post(reverse("seat-hand", args=[group.seats.get().pk]), held).status_code == 302
    page = town.get(reverse("leading-group", args=[group.pk])).content.decode()
    assert "演示·陆某" in page and "空缺" not in page
    assert [act.action for act in AuditEvent.objects.order_by("-pk")[:3]] == [
        "登记席位任职",
        "添加席位",
        "登记领导小组",
    ]
    assert "陆某" not in str(list(AuditEvent.objects.values("detail")))
    again = town.post(reverse("leading-group-new"), sent)
    assert again.status_code == 200 and "已有一个领导小组" in again.content.decode()


@pytest.mark.parametrize(
    ("who", "place", "status"),
    [
        ("town", "古零镇", 403),
        ("town", "马山县", 403),
        ("town", "新汉村", 403),
        ("unit", "白山镇", 403),
        ("bureau", "古零镇", 200),
        ("bureau", "新汉村", 403),
        ("foreign_bureau", "白山镇", 404),
    ],
)
def test_a_group_is_set_up_by_its_own_township_or_the_bureau(world, as_user, who, place, status):
    code = world.county.pk if place == "马山县" else world.places[place].pk
    client = as_user(who)
    assert client.get(f"{reverse('leading-group-new')}?division={code}").status_code == status
    sent = {"division": code, "name": "某小组"}
    assert client.post(reverse("leading-group-new"), sent).status_code == (302 if status == 200 else status)
    assert LeadingGroup.objects.exists() == (status == 200)


def test_the_page_reads_as_of_any_day_and_offers_changes_for_today_alone(world, as_user, seat):
    seat.hand_over(somebody(world, "甲某"), None)
    seat.hand_over(somebody(world, "乙某"), datetime.date(2025, 1, 1))
    town, url = as_user("town"), reverse("leading-group", args=[seat.group_id])
    now, then = (town.get(f"{url}{query}").context for query in ["", "?on=2024-12-31"])
    assert now["seats"][0].holder.person.name == "乙某" and then["seats"][0].holder.person.name == "甲某"
    assert reverse("seat-hand", args=[seat.pk]) in town.get(url).content.decode()
    assert reverse("seat-hand", args=[seat.pk]) not in town.get(f"{url}?on=2024-12-31").content.decode()
    assert town.get(f"{url}?on=nonsense").context["seats"][0].holder.person.name == "乙某"


def test_leaders_read_names_and_titles_and_nobody_a_telephone(world, as_user, seat):
    seat.hand_over(somebody(world, "甲某"), START, titles="镇长、党委副书记")
    for who in ["leader", "head", "town2", "unit", "bureau", "auditor"]:
        client = as_user(who)
        for name in ["leading-group", "leading-group-print"]:
            page = client.get(reverse(name, args=[seat.group_id])).content.decode()
            assert "甲某" in page and "镇长、党委副书记" in page and "0000" not in page and "1111" not in page
            kept = reverse("seat-hand", args=[seat.pk]) in page
            assert kept == (who == "bureau" and name == "leading-group")
    assert as_user("foreign_bureau").get(reverse("leading-group", args=[seat.group_id])).status_code == 404


def test_the_appendix_lists_holders_by_rank_and_says_where_a_seat_is_vacant(world, as_user, seat):
    for rank, post in [("deputy", "副镇长"), ("member", "文化站站长"), ("office_head", "专干")]:
        seat.group.seats.create(rank=rank, post=post, unit=world.ours, position=5)
    seat.hand_over(somebody(world, "甲某"), START)
    page = as_user("leader").get(reverse("leading-group-print", args=[seat.group_id])).content.decode()
    text = re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", page))
    assert "附件白山镇社区教育发展工作领导小组组成人员名单" in text
    assert "组长：甲某镇长副组长：（空缺）副镇长成员：（空缺）文化站站长" in text
    assert "办公室设在白山镇人民政府，组成人员如下：主任：（空缺）专干" in text


def test_nobody_holds_a_seat_before_or_after_there_is_one(world, as_user, seat):
    Seat.objects.filter(pk=seat.pk).update(starts_on=START, ends_on=datetime.date(2026, 1, 1))
    seat.refresh_from_db()
    for day in [datetime.date(2023, 12, 31), datetime.date(2026, 1, 1)]:
        with pytest.raises(ValidationError, match="不在这个席位设立的期间"):
            seat.hand_over(somebody(world, "甲"), day)
    holder = seat.hand_over(somebody(world, "甲"), START)
    seat.vacate(datetime.date(2025, 1, 1))
    town, url = as_user("town"), reverse("holder-edit", args=[holder.pk])
    for sent in [{"starts_on": "2023-12-31"}, {"ends_on": "2026-01-02"}]:
        sent = {"titles": "", "starts_on": "2024-01-01", "ends_on": "2025-01-01", "seen_version": 1} | sent
        assert "超出了这个席位设立的期间" in town.post(url, sent).content.decode()
    sent = {"rank": "head", "post": "镇长", "position": 1, "starts_on": "2024-06-01", "seen_version": 0}
    page = town.post(reverse("seat-edit", args=[seat.pk]), sent | {"ends_on": "2026-01-01"}).content.decode()
    assert "在那以前已有人担任" in page


def test_a_seat_goes_only_after_its_holder(world, as_user, seat):
    seat.hand_over(somebody(world, "甲"), START)
    town, url = as_user("town"), reverse("seat-edit", args=[seat.pk])
    sent = {"rank": "head", "post": "镇长", "position": 1, "ends_on": "2025-06-01", "seen_version": 0}
    assert "请先登记免去" in town.post(url, sent).content.decode()
    assert town.post(reverse("seat-vacate", args=[seat.pk]), {"day": "2025-06-01"}).status_code == 302
    assert town.post(url, sent).status_code == 302
    assert seat.group.seats_on(datetime.date(2025, 6, 1)) == [] and seat.group.seats_on(datetime.date(2025, 5, 31)) == [
        seat
    ]


def test_whoever_sits_in_the_countys_group_too_is_not_one_townships_to_rename(world, seat):
    person = somebody(world, "甲")
    seat.hand_over(person, START)
    assert barred_from_rewriting(world.town, person) == ""
    county = LeadingGroup.objects.create(division=world.county, name="县领导小组")
    county.seats.create(rank="member", post="镇长").hand_over(person, START)
    assert "由县教育局修改" in barred_from_rewriting(world.town, person)
    assert barred_from_rewriting(world.bureau, person) == ""


def test_a_group_is_no_way_to_another_township_s_people(world, as_user, seat):
    stranger = somebody(world, "别镇的人")
    Appointment.objects.create(person=stranger, unit=world.theirs, function="contact")
    page = as_user("town").post(reverse("seat-hand", args=[seat.pk]), {"person": stranger.pk, "day": "2025-01-01"})
    assert page.status_code == 200 and not SeatHolder.objects.exists() and "别镇的人" not in page.content.decode()


def test_ld_2_group_pages_take_the_same_queries_for_3_and_30_seats(world, as_user, group, django_assert_num_queries):
    def more(count):
        for _ in range(count):
            row = group.seats.create(rank="member", post="站长", unit=world.ours, position=group.seats.count())
            row.hand_over(somebody(world, "某人"), START)

    town = as_user("town")
    urls = [reverse("leading-groups"), *(reverse(n, args=[group.pk]) for n in ["leading-group", "leading-group-print"])]
    more(3)
    few = []
    for url in urls:
        town.get(url)
        with CaptureQueriesContext(connection) as captured:
            town.get(url)
        few.append(len(captured))
    more(27)
    for url, count in zip(urls, few, strict=True):
        with django_assert_num_queries(count):
            town.get(url)
