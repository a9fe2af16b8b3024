"""AC-2: what somebody sees is what an oracle of a few lines says, in random counties, as instance, SQL and page; AC-5: duties."""

import datetime
import re
from dataclasses import dataclass

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from networks.access import ROLES, Action, can
from networks.models import Division, DivisionSuccession, Institution, MemberUnit, Role, UnitSuccession, User
from trainings.loading import load_vocabulary
from trainings.models import CoOrganiser, DeliveryForm, TrainingSession

from .site_map import taken_back
from .tries import tries

pytestmark = pytest.mark.django_db
DAY = datetime.date(datetime.date.today().year, 1, 1)
PRIVATE = {"planned", "draft"}
COUNTY_ROLES = ["bureau", "centre", "leader", "auditor"]


@dataclass(frozen=True)
class Plan:
    """A random installation: for each county its townships (each a number of villages) and departments, then sessions as
    (county, unit, place, state, co-organiser, entered by the centre), then changes as (county, what was merged or split, into
    what, how, long ago or yet to come), all as numbers that are taken modulo what there is."""

    counties: list
    sessions: list
    changes: list


plans = st.builds(
    Plan,
    counties=st.lists(
        st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=3), st.integers(0, 2)), min_size=1, max_size=2
    ),
    sessions=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.integers(0, 9),
            st.integers(0, 9),
            st.sampled_from(["planned", "draft", "submitted", "returned"]),
            st.one_of(st.none(), st.integers(0, 9)),
            st.booleans(),
        ),
        max_size=8,
    ),
    changes=st.lists(
        st.tuples(
            st.integers(0, 9),
            st.integers(0, 9),
            st.integers(0, 9),
            st.sampled_from(["unit", "township", "village", "village"]),
            st.sampled_from(["merge", "merge", "split"]),
            st.booleans(),
        ),
        max_size=6,
    ),
)


def build(plan):
    """The installation of a plan: its users and its sessions."""
    form = DeliveryForm.objects.first()
    users, counties = [User.objects.create_user("operator", role="operator")], []
    for c, (townships, departments) in enumerate(plan.counties):
        code = f"45012{c}"
        county = Division.objects.create(code=code, tier="county", name=f"县{c}", short_name=f"县{c}")
        units, places = [], [county]
        for role in COUNTY_ROLES:
            users.append(User.objects.create_user(f"{role}{c}", role=role, home_division=county))
        jyj = MemberUnit.objects.create(county=county, code="jyj", name="县教育局", kind="department", division=county)
        units.append(jyj)
        for t, villages in enumerate(townships):
            place = Division.objects.create(
                code=f"{code}{t:03}", tier="township", name=f"镇{t}", short_name=f"镇{t}", parent=county
            )
            places.append(place)
            units.append(
                MemberUnit.objects.create(
                    county=county, code=place.code, name=f"镇{t}", kind="township", division=place
                )
            )
            for role in ["township", "head"]:
                users.append(User.objects.create_user(f"{role}{c}-{t}", role=role, home_division=place))
            for v in range(villages):
                places.append(
                    Division.objects.create(
                        code=f"{place.code}{v:03}", tier="village", name=f"村{v}", short_name=f"村{v}", parent=place
                    )
                )
        for d in range(departments):
            unit = MemberUnit.objects.create(
                county=county, code=f"d{d}", name=f"局{d}", kind="department", division=county
            )
            units.append(unit)
            for role in ["unit", "head"]:
                users.append(User.objects.create_user(f"{role}{c}-d{d}", role=role, home_unit=unit))
        for place in places:
            Institution.objects.create(division=place, kind="point", name=f"教学点{place.code}")
        counties.append((units, places))
    users.append(User.objects.create_user("homeless", role="township"))
    User.objects.update(must_change_password=False)
    by_name = {user.username: user for user in users}
    for c, u, p, state, partner, by_centre in plan.sessions:
        c %= len(counties)
        units, places = counties[c]
        unit, place = units[u % len(units)], places[p % len(places)]
        row = TrainingSession(
            organiser=unit,
            place=place,
            held_on=DAY,
            title=f"场次{u}{p}",
            form=form,
            reported_attendance=9,
            entered_by=by_name[f"centre{c}" if by_centre else f"bureau{c}"],
            on_behalf_source="" if by_centre else "paper",
            status="planned" if state == "planned" else "draft",
        )
        row.save()
        if partner is not None:
            CoOrganiser.objects.create(session=row, unit=units[partner % len(units)], name="协办")
        if state in {"submitted", "returned"}:
            changes = {"status": state, "submitted_by": row.entered_by, "submitted_at": row.created_at}
            changes |= {"return_reason": "figure"} if state == "returned" else {}
            TrainingSession.objects.filter(pk=row.pk).update(**changes)
    for c, old, new, what, how, past in plan.changes:
        units, places = counties[c % len(counties)]
        rows = units if what == "unit" else [place for place in places if place.tier == what]
        if not rows:
            continue
        old, new = rows[old % len(rows)], rows[new % len(rows)]
        model = UnitSuccession if what == "unit" else DivisionSuccession
        if old not in (new, root(new)) and (
            how == "split" or not model.objects.filter(old=old).exclude(change="split").exists()
        ):
            day = DAY if past else DAY + datetime.timedelta(days=800)
            model.objects.get_or_create(old=old, new=new, defaults={"on": day, "change": how})
    return users


def root(thing, day=datetime.date.max):
    """The unit or place that has taken over from this one by renaming or merging until that day, asked of it one by one."""
    link = thing.successions.exclude(change="split").filter(on__lte=day).first()
    return root(link.new, day) if link else thing


def township_today(place, today):
    """In which township it lies today what was held at a place: that of the village which has taken over from it."""
    if place is None or place.tier == "county":
        return None
    place = root(place, today)
    return root(Division.objects.get(pk=place.pk[:9]), today)


# --- the oracle: domain.md's table of roles, written down once more without the code's words -----------------


def oracle_sees_session(user, row):
    home = user.home_division_id or (user.home_unit.county_id if user.home_unit_id else "")
    if not home or row.organiser.county_id != home[:6]:
        return False
    open_to_others = row.status not in PRIVATE
    if user.role in {"bureau", "auditor"}:
        return True
    if user.role == "centre":
        return open_to_others or row.entered_by.role == "centre"
    if user.role in {"leader", "operator"}:
        return False
    today = datetime.date.today()
    unit = user.home_unit or MemberUnit.objects.get(kind="township", division=user.home_division_id)
    own = root(row.organiser, today) == root(unit, today)
    together = root(unit, today) in {root(partner.unit, today) for partner in row.co_organisers.all()}
    here = township_today(row.place, today)
    held_here = bool(user.home_division_id and here) and here == root(user.home_division, today)
    return own or ((together or held_here) and open_to_others)


def oracle_sees_place(user, place):
    if user.role == "operator":
        return True
    home = user.home_division_id or (user.home_unit.county_id if user.home_unit_id else "")
    return bool(home) and place.code.startswith(home[:6])


def oracle_keeps_place(user, place):
    if user.role in {"bureau", "centre"}:
        return oracle_sees_place(user, place)
    if user.role != "township" or not user.home_division_id or not oracle_sees_place(user, place):
        return False
    today = datetime.date.today()
    return township_today(place, today) == root(user.home_division, today)


def oracle_sees_account(user, other):
    if user.role == "operator":
        return True
    if user.role not in {"bureau", "auditor"} or not user.home_division_id:
        return False
    return user.home_division_id == other.county_code


def pages_of(client, user):
    """Every list of sessions on the site, as somebody sees it: {address: ids of the sessions it links to}."""
    client.force_login(user)
    user_lists = [
        "/sessions/",
        "/sessions/?whose=all",
        f"/sessions/?year={DAY.year}",
        "/review/",
        "/review/?tab=returned",
        "/",
    ]
    user_lists += ["/sessions/?q=场次", reverse("admin:trainings_trainingsession_changelist"), "/assessment/"]
    for address in user_lists:
        response = client.get(address, follow=True)
        assert response.status_code in {200, 403, 404}
        text = response.content.decode() if response.status_code == 200 else ""
        yield address, {int(pk) for pk in re.findall(r'href="[^"]*/(?:sessions|review|trainingsession)/(\d+)/', text)}


few = settings(max_examples=tries(12), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def vocabulary(db):
    load_vocabulary()


# A department's session at a village that is merged into one of another township, which later goes into a third.
moved_away = Plan(
    counties=[([1, 1, 0], 1)],
    sessions=[(0, 4, 2, "submitted", None, False), (0, 1, 2, "submitted", None, False)],
    changes=[(0, 0, 1, "village", "merge", True), (0, 1, 2, "township", "merge", True)],
)


@few
@given(plan=plans)
@example(plan=moved_away)
def test_ac_2_what_somebody_sees_is_what_the_oracle_says(vocabulary, plan):
    with taken_back():
        users = build(plan)
        sessions = list(TrainingSession.objects.select_related("organiser", "entered_by"))
        for user in User.objects.select_related("home_unit"):
            seen = set(TrainingSession.objects.visible_to(user).values_list("pk", flat=True))
            assert seen == {row.pk for row in sessions if oracle_sees_session(user, row)}, user
            for row in sessions:  # the same rule for one row as for the list
                assert TrainingSession.objects.visible_to(user).filter(pk=row.pk).exists() == (row.pk in seen)
            assert set(TrainingSession.objects.editable_by(user).values_list("pk", flat=True)) <= seen
            assert set(CoOrganiser.objects.visible_to(user).values_list("session_id", flat=True)) <= seen
            places = set(Division.objects.visible_to(user).values_list("pk", flat=True))
            assert places == {p.pk for p in Division.objects.all() if oracle_sees_place(user, p)}, user
            spots = set(Institution.objects.visible_to(user).values_list("division_id", flat=True))
            assert spots == places
            kept = set(Institution.objects.kept_by(user).values_list("division_id", flat=True))
            assert kept == {p.pk for p in Division.objects.all() if oracle_keeps_place(user, p)}, user
            accounts = set(User.objects.visible_to(user).values_list("pk", flat=True))
            assert accounts == {o.pk for o in users if oracle_sees_account(user, o)}, user


@settings(few, max_examples=4, phases=[Phase.generate])
@given(plan=plans)
def test_ac_2_no_list_on_the_site_shows_more_than_the_oracle_says(vocabulary, plan):
    client = Client()
    with taken_back():
        build(plan)
        sessions = list(TrainingSession.objects.select_related("organiser", "entered_by"))
        for user in User.objects.select_related("home_unit", "home_division"):
            allowed = {row.pk for row in sessions if oracle_sees_session(user, row)}
            for address, shown in pages_of(client, user):
                assert shown <= allowed, f"{address} as {user}"
                if address == "/sessions/?whose=all" and can(user, Action.VIEW_SESSIONS):
                    assert shown == allowed, user


def test_a_village_takes_what_was_held_there_along_to_the_township_into_which_it_is_merged(world):
    """Its former township keeps what its own government held there."""
    village = world.places["新汉村"]  # of 白山镇; 羊山村 is 古零镇's
    others = world.session(world.wxgtj, place=village, status="submitted")
    own = world.session(world.ours, place=village, status="submitted")
    elsewhere = world.session(world.wxgtj, place=world.places["新兴社区"], status="submitted")
    private = world.session(world.wxgtj, place=village)  # a draft, the unit's alone

    def seen():
        fresh = [User.objects.get(pk=user.pk) for user in (world.town, world.town2)]
        return [set(TrainingSession.objects.visible_to(user)) for user in fresh]

    assert seen() == [{others, own, elsewhere}, set()]
    link = DivisionSuccession.objects.create(old=village, new=world.places["羊山村"], on=DAY, change="merge")
    assert seen() == [{own, elsewhere}, {others, own}]
    assert private not in seen()[1]
    DivisionSuccession.objects.filter(pk=link.pk).update(on=datetime.date.today() + datetime.timedelta(days=2))
    assert seen() == [{others, own, elsewhere}, set()]  # not before its day


def test_ld_2_a_user_of_a_township_that_gained_and_lost_villages_asks_no_more(world, django_assert_num_queries):
    world.session(world.wxgtj, place=world.places["新汉村"], status="submitted")

    def ask():
        user = User.objects.get(pk=world.town.pk)
        with django_assert_num_queries(3):  # units and places over time, its government, the rows
            list(TrainingSession.objects.visible_to(user))

    ask()
    DivisionSuccession.objects.create(old=world.places["新汉村"], new=world.places["羊山村"], on=DAY, change="merge")
    ask()


def test_a_disabled_account_and_a_stranger_see_nothing(world):
    world.session(status="submitted")
    world.bureau.is_active = False
    for model in [TrainingSession, Division, User]:
        assert not model.objects.visible_to(world.bureau).exists()
        assert not model.objects.visible_to(None).exists()
        assert not model.objects.visible_to(world.homeless).exclude(Q(pk=None)).exists()


# --- AC-5 --------------------------------------------------------------------------------------------

JUDGING = {Action.REVIEW, Action.MANAGE_YEARS, Action.IMPORT_HISTORY, Action.ASSIGN_ORGANISER}
WRITING = {action for action in Action if not action.name.startswith(("VIEW_", "USE_", "EXPORT"))}
READING = set(Action) - WRITING


def test_ac_5_judging_running_and_auditing_lie_in_different_hands():
    may = {role: set(rights.actions) for role, rights in ROLES.items()}
    assert set(may) == set(Role.values)
    assert {role for role in may if may[role] & JUDGING} == {"bureau"}
    assert {role for role in may if Action.VIEW_LOGS in may[role]} == {"auditor"}
    assert may["auditor"] <= READING and may["leader"] <= READING and may["head"] <= READING
    assert may["operator"] == {Action.MANAGE_PEOPLE, Action.MANAGE_ACCOUNTS, Action.USE_ADMIN}
    assert may["bureau"] & {Action.VIEW_LOGS, Action.ENTER} == set()
    assert {role for role in may if Action.ENTER in may[role]} == {"centre", "township", "unit"}


def test_ac_5_the_operator_neither_verifies_nor_touches_the_assessment(world, client):
    session = world.session(status="submitted")
    client.force_login(world.operator)
    for address in ["/review/", f"/review/{session.pk}/", "/assessment/", f"/sessions/{session.pk}/", "/dashboard/"]:
        assert client.get(address).status_code == 403
    assert client.post(f"/review/{session.pk}/verify/", {"attendance": 50}).status_code == 403
    for screen in ["assessmentyear", "quotaadjustment"]:
        assert client.post(f"/admin/reporting/{screen}/add/", {}).status_code == 403
    assert not world.operator.is_superuser and not world.operator.has_perm("trainings.change_trainingsession")


def test_ac_5_the_page_refuses_whoever_entered_or_submitted_the_session(world, client):
    session = world.session(actor=world.bureau, status="submitted")
    client.force_login(world.bureau)
    page = client.post(f"/review/{session.pk}/verify/", {"attendance": 50, "seen_version": session.version})
    assert page.status_code == 403
    session.refresh_from_db()
    assert session.status == "submitted"
