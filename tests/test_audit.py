"""AU-1: what cannot be recorded does not happen. AC-3: what nobody asked for is not stored."""

import contextlib
import functools

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords

from networks.models import (
    AffiliatedBody,
    AnnualFigure,
    Appointment,
    Attachment,
    AuditEvent,
    AwarenessSurvey,
    Division,
    DivisionSuccession,
    FormerPlace,
    Fund,
    Institution,
    InstitutionCheck,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    PasswordLink,
    Person,
    Provider,
    RegistryImport,
    Reorganisation,
    ResourceProject,
    Seat,
    SeatHolder,
    SharedResource,
    SignIn,
    UnitSuccession,
    UnitTerm,
    User,
    Zone,
)
from reporting.models import (
    Confirmation,
    LedgerAct,
    Objection,
    QuotaAdjustment,
    ReportEvidence,
    SignOff,
    TaskGoal,
    TaskReport,
    TaskResponsibility,
    YearProposal,
)
from trainings.models import (
    AudienceCount,
    CoOrganiser,
    Course,
    CourseMaterial,
    Evidence,
    Feedback,
    ImportBatch,
    RosterLine,
    ScanSheet,
    Story,
    TrainingClass,
    TrainingSession,
)

from .acts import ACTS, ADMIN_ACTS, EVERYTHING, WITHOUT_EFFECT
from .site_map import taken_back
from .test_access_matrix import page_rows
from .walk import one_engine, written

pytestmark = pytest.mark.django_db
NO_PART_OF_THE_RECORD = {"sessions", "axes", "contenttypes"}  # sign-in machinery: no business data
LOST = "the log cannot be written"


def dump(tables=None):
    """Every row of every table that matters, or of those named, as {table: set of rows}, in the database's own words."""
    return {
        model._meta.db_table: {
            # PostgreSQL gives binary columns as views, which show where they lie, not what they hold
            repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
            for row in rows_of(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
        }
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in NO_PART_OF_THE_RECORD and (tables is None or model._meta.db_table in tables)
    }


def named_in(statements):
    """The tables that statements name; every table, should there be one that names none."""
    every = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    found = [{table for table in every if f'"{table}"' in sql} for sql in statements]
    return set().union(*found) if all(found) else every


def tried(site, act, url, body):
    """(answer, tables that a POST has changed), taken back at once. Of what it has written something to, every row is compared;
    reading all tables four times an act takes longer than all the acts."""
    with taken_back():
        with written() as statements:
            response = site.send_for_good(act.who, "POST", url, body)
        touched = named_in(statements)
        after = dump(touched)
    return response, changed(dump(touched), after)


def rows_of(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def changed(before, after):
    return {table for table in after if after[table] != before[table]}


def is_log(table):
    return table == AuditEvent._meta.db_table or "historical" in table


def lost(*args, **kwargs):
    raise RuntimeError(LOST)


WRITES = {  # what is written, by which methods
    "the audit log": [(AuditEvent, "save")],
    "the history": [
        (HistoricalRecords, "create_historical_record"),
        (HistoryManager, "bulk_history_create"),
        (HistoryManager, "bulk_history_update"),
    ],
}


@contextlib.contextmanager
def cannot_be_written(log):
    with pytest.MonkeyPatch.context() as patch:
        for owner, method in WRITES[log]:
            patch.setattr(owner, method, lost, raising=False)
        yield


def test_au_1_every_post_of_the_site_stands_among_the_acts():
    posts = {name for name, method, *_ in page_rows() if method == "POST"}
    assert posts - {act.name for act in ACTS} == set(WITHOUT_EFFECT)
    changing = {
        m._meta.label_lower for m, s in admin.site._registry.items() if s.changed_by or getattr(s, "actions", None)
    }
    assert changing - {screen for screen, *_ in ADMIN_ACTS} == set()


@pytest.mark.parametrize("act", EVERYTHING, ids=str)
def test_au_1_an_act_is_recorded_and_one_that_cannot_be_recorded_does_not_happen(site, act):
    """Each of the two by itself: an act whose history fails inside its transaction would hide that its line in the audit log
    was to be written after the end of it."""
    url, body = act.url(site), act.body(site)
    response, touched = tried(site, act, url, body)
    assert response.status_code in {200, 302}, response.status_code
    recorded = {
        "the audit log": AuditEvent._meta.db_table in touched,
        "the history": any("historical" in table for table in touched),
    }
    assert any(recorded.values()), f"nothing was recorded; changed: {touched}"
    for log in [log for log, is_recorded in recorded.items() if is_recorded]:
        for field in body.values():  # an uploaded file is read once
            getattr(field, "seek", lambda _: None)(0)
        with cannot_be_written(log):
            response, touched = tried(site, act, url, body)
        assert response.status_code == 500, f"{log}: {response.status_code}"
        assert touched == set(), log


def test_au_1_control_a_statement_without_a_table_that_is_known_has_every_table_compared():
    assert named_in(['UPDATE "networks_user" SET x = 1']) == {"networks_user"}
    assert named_in([]) == set()
    assert len(named_in(['UPDATE "networks_user" SET x = 1', "DELETE FROM elsewhere"])) > 100


# --- AC-3 --------------------------------------------------------------------------------------------


_COUNTIES = {
    UnitSuccession: ("old__county_id", "new__county_id"),
    DivisionSuccession: ("old_id", "new_id"),
    FormerPlace: ("institution__division_id", "division_id"),
}


@functools.cache
def county_pairs():
    """(model, SQL, its parameters) of two columns each that belong to one county: composed once, asked hundreds of times."""
    pairs = [
        (CoOrganiser, "session__organiser__county", "unit__county"),
        (Evidence, "session__organiser__county", "uploaded_by__person__county"),
        (AffiliatedBody, "county", "unit__county"),
        (QuotaAdjustment, "year__county", "unit__county"),
        (ImportBatch, "county", "unit__county"),
        (RosterLine, "session__organiser__county", "home"),
        (Attachment, "uploaded_by__person__county", "place"),
        (Institution, "photo__place", "division"),
        (InstitutionCheck, "evidence__place", "institution__division"),
        (User, "person__county", "home_unit__county"),
        (MemberUnit, "county", "division__parent"),
        (Appointment, "person__county", "unit__county"),
        (Appointment, "person__county", "institution__division"),
        (Seat, "unit__county", "group__division"),
        (SeatHolder, "person__county", "seat__group__division"),
        (TrainingSession, "organiser__county", "learning_group__division"),
        (TrainingSession, "organiser__county", "course__county"),
        (Course, "county", "unit__county"),
        (CourseMaterial, "course__county", "attachment__place"),
        (Story, "county", "unit__county"),
        (Story, "county", "picture__place"),
        (Story, "county", "sessions__organiser__county"),
        (LearningGroup, "unit__county", "division"),
        (SharedResource, "unit__county", "division"),
        (SharedResource, "unit__county", "serves"),
        (Provider, "unit__county", "division"),
        (ResourceProject, "unit__county", "division"),
        (ResourceProject, "unit__county", "provider__unit__county"),
        *(
            (m.history.model, "division__parent", "history_user__home_division")
            for m in (AnnualFigure, AwarenessSurvey, Fund, Zone)
        ),
        (Reorganisation, "county", "made_by__person__county"),
        (PasswordLink, "user__person__county", "created_by__person__county"),
        (TrainingClass, "unit__county", "place"),
        (TrainingClass, "unit__county", "copied_from__unit__county"),
        (TrainingClass, "unit__county", "entered_by__person__county"),
        (TrainingSession, "organiser__county", "training_class__unit__county"),
        (ScanSheet, "session__organiser__county", "opened_by__home_division"),
        (RosterLine, "session__organiser__county", "home"),
        (Feedback, "session__organiser__county", "answered_by__home_division"),
        (TaskResponsibility, "task__plan__county", "unit__county"),
        (TaskGoal, "task__plan__county", "unit__county"),
        (TaskReport, "task__plan__county", "unit__county"),
        (TaskReport, "task__plan__county", "sessions__organiser__county"),
        (TaskReport, "unit__county", "entered_by__home_division"),
        (ReportEvidence, "report__unit__county", "attachment__place"),
    ]
    pairs += [
        (LedgerAct, "county", "proposed_by__home_division"),
        (LedgerAct, "county", "year__county"),
        (YearProposal, "year__county", "proposed_by__home_division"),
        (YearProposal, "year__county", "decided_by__home_division"),
        (Confirmation, "year__county", "unit__county"),
        (Confirmation, "year__county", "uploaded_by__home_division"),
        (Objection, "year__county", "unit__county"),
        (Objection, "year__county", "session__organiser__county"),
        (SignOff, "act__county", "recorded_by__home_division"),
    ]
    return [(m.__name__, *m.objects.values_list("pk", one, other).query.sql_with_params()) for m, one, other in pairs]


def crossing_counties(touched=None):
    """Rows of which one half belongs to another county than the other; there must be none. Looked for in every table, or in what
    depends on those that have been touched."""

    def concerned(sql):
        return touched is None or any(f'"{table}"' in str(sql) for table in touched)

    crossing = []
    accounts = ["entered_by__home_unit", "submitted_by__home_unit"]
    sessions = TrainingSession.objects.select_related("organiser", "batch", "host", *accounts)
    for session in sessions if concerned(sessions.query) else ():
        county = session.organiser.county_id
        homes = [session.place_id or county, session.entered_by.county_code]
        homes += [session.host.division_id] if session.host else []
        homes += [session.submitted_by.county_code] if session.submitted_by else []
        homes += [session.batch.county_id] if session.batch else []
        crossing += [f"session {session.pk}: {home}" for home in homes if not home.startswith(county)]
    for name, sql, params in county_pairs():
        for pk, first, second in rows_of(sql, params) if concerned(sql) else ():
            if first and second and not str(second).startswith(str(first)):
                crossing.append(f"{name} {pk}: {first} and {second}")
    for model in _COUNTIES:
        rows = model.objects.values_list("pk", *_COUNTIES[model])
        for pk, old, new in rows if concerned(rows.query) else ():
            if old[:6] != new[:6]:
                crossing.append(f"{model.__name__} {pk}: {old} and {new}")
    accounts = User.objects.select_related("person", "home_unit").exclude(person__county=None).exclude(role="operator")
    for account in accounts if concerned(accounts.query) else ():
        if account.county_code and account.person.county_id != account.county_code:
            crossing.append(f"account {account}")
    return crossing


def foreign_keys(site):
    """For each name that a form may use for a reference, the key of another county's object."""
    w = site.world
    keys = {}
    for model in [
        TrainingSession,
        AffiliatedBody,
        QuotaAdjustment,
        User,
        UnitTerm,
        UnitSuccession,
        DivisionSuccession,
        ImportBatch,
        AudienceCount,
        Evidence,
        Appointment,
        LeadingGroup,
        Seat,
        SeatHolder,
        LearningGroup,
        Course,
        SharedResource,
        Provider,
        ResourceProject,
        Zone,
        PasswordLink,
        SignIn,
        Institution,
        InstitutionCheck,
        RegistryImport,
        TrainingClass,
        Reorganisation,
        FormerPlace,
    ]:
        for field in model._meta.fields:
            if not field.is_relation:
                continue
            related = field.related_model
            theirs = {
                "Division": w.other_places["大丰镇"].pk,
                "MemberUnit": w.foreign.pk,
                "User": w.foreign_town.pk,
                "Person": w.foreign_town.person_id,
                "TrainingSession": site.samples.kwargs["foreign.draft"]["pk"],
                "ImportBatch": site.samples.kwargs["foreign.rehearsed"]["pk"],
                "Attachment": site.samples.kwargs["foreign.attachment"]["pk"],
                "AssessmentYear": site.samples.years["foreign"].pk,
                "LearningGroup": site.samples.kwargs["foreign.community"]["pk"],
                "Provider": site.samples.kwargs["foreign.provider"]["pk"],
                "TrainingClass": site.samples.kwargs["foreign.class"]["pk"],
                "Course": site.samples.kwargs["foreign.course_public"]["pk"],
            }.get(related.__name__)
            if related.__name__ == "Institution":
                theirs = site.samples.row(related, "foreign").pk
            if theirs is not None:
                keys[field.name] = keys[f"{field.name}_id"] = theirs
    return keys | {
        "county": w.other_county.pk,
        "division": w.other_places["大丰镇"].pk,
        "co_organiser_units": w.foreign.pk,
        "serves": w.other_places["大丰镇"].pk,
        "units_to_merge": w.foreign.pk,
        "into": w.foreign.pk,
        "place_2": w.other_places["大丰镇"].pk,
        "sign_in": site.samples.sign_ins["foreign"].pk,
        "account": w.foreign_town.pk,
        "sessions": site.samples.kwargs["foreign.verified"]["pk"],
        "who": w.foreign_town.person_id,
    }


FORBIDDEN = {  # fields that no form offers to anybody, with values that would be worth having
    "status": "verified",
    "verified_attendance": "9999",
    "verified_by": "1",
    "is_historical": "on",
    "version": "0",
    "days": "9",
    "number": "CC0000000000",
    "is_superuser": "on",
    "is_staff": "on",
    "password": "x",
    "must_change_password": "",
    "state": "committed",
    "confirmed_by": "1",
    "created": "999",
    "unit_confirmed_at": "2026-01-01",
    "rostered_attendance": "9999",
    "locked": "1",
}


def test_ac_3_control_before_any_act_nothing_crosses_and_what_does_is_found_by_the_table_it_stands_in(site):
    assert crossing_counties() == []
    with taken_back():
        Evidence.objects.filter(session__organiser=site.world.ours).update(uploaded_by=site.world.foreign_town)
        assert crossing_counties({"trainings_evidence"}) == crossing_counties() != []
        assert crossing_counties({"networks_fund"}) == []


@one_engine
@pytest.mark.parametrize("act", EVERYTHING, ids=str)
def test_ac_3_foreign_keys_and_unasked_fields_in_a_body_change_nothing(site, act):
    url, body = act.url(site), act.body(site)
    keys = foreign_keys(site)
    lures = [{name: key} for name, key in keys.items() if name in body]  # each reference that the form really has
    lures.append({name: key for name, key in keys.items() if name not in body})  # and all that it has not
    lures.append({name: value for name, value in FORBIDDEN.items() if name not in body})
    protected = ["status", "verified_attendance", "verified_by_id", "is_historical", "rostered_attendance"]
    passing = {m._meta.db_table for m in apps.get_models() if m._meta.app_label in NO_PART_OF_THE_RECORD}
    passing |= {AuditEvent._meta.db_table}
    with taken_back():
        site.send_for_good(act.who, "POST", url, body)
        usual = sorted(map(str, TrainingSession.objects.values_list(*protected)))
    theirs = sorted(map(str, TrainingSession.objects.filter(organiser=site.world.foreign).values_list()))
    for lure in lures:
        for field in body.values():
            getattr(field, "seek", lambda _: None)(0)
        with taken_back():
            with written() as statements:
                response = site.send_for_good(act.who, "POST", url, body | lure)
            assert response.status_code < 500, lure
            touched = named_in(statements)
            if lure is not lures[-1] and touched <= passing:
                continue  # nothing was stored
            assert crossing_counties(touched) == [], lure
            now = sorted(map(str, TrainingSession.objects.filter(organiser=site.world.foreign).values_list()))
            assert now == theirs, lure
            if lure is lures[-1]:
                assert sorted(map(str, TrainingSession.objects.values_list(*protected))) == usual
            assert not User.objects.filter(username=act.who, role="operator").exists()


def neighbours(site) -> dict[str, tuple[type, object]]:
    """For each name under which a form asks for a reference: (model, key) of what the neighbouring township keeps."""
    w, keys = site.world, site.samples.kwargs
    names = {
        (MemberUnit, w.theirs.pk): ["organiser", "unit", "home_unit", "into"],
        (Division, w.places["古零镇"].pk): ["division", "place", "serves", "home_division"],
        (Institution, keys["theirs.institution"]["pk"]): ["institution", "host", "school"],
        (Person, w.town2.person_id): ["person", "who"],
        (TrainingSession, keys["theirs.draft"]["pk"]): ["session", "sessions"],
        (TrainingClass, keys["theirs.class"]["pk"]): ["training_class", "copied_from"],
        (User, w.town2.pk): ["account"],
        (Course, keys["theirs.course_draft"]["pk"]): ["course"],
        (LeadingGroup, keys["theirs.group"]["pk"]): ["group"],
        (LearningGroup, keys["theirs.community"]["pk"]): ["learning_group"],
        (Provider, keys["theirs.provider"]["pk"]): ["provider"],
        (Seat, keys["theirs.seat"]["pk"]): ["seat"],
    }
    return {name: of for of, used in names.items() for name in used}


# What the whole county reads in the registries may be named: where it was held, who took part, who offers it, whose post a seat is.
NAMED = {"place", "learning_group", "provider"}
POSTS = {("seat-new", "unit"), ("seat-edit", "unit")}


@one_engine
def test_ac_3_no_form_of_an_officer_takes_what_a_neighbour_keeps(site):
    """Each reference in the body of each act of a township's officer, pointed at the neighbouring township: nothing that is
    stored refers to it."""
    taken, tried = set(), 0
    for act in (act for act in EVERYTHING if act.who == "town"):
        for name, (model, key) in neighbours(site).items():
            if name not in act.body(site):
                continue
            tried += 1
            before = referring(model, key)
            with taken_back():
                site.send_for_good("town", "POST", act.url(site), act.body(site) | {name: key})
                if referring(model, key) > before and name not in NAMED:
                    taken.add((str(act), name))
    assert tried > 30 and taken == POSTS


def referring(model, key) -> int:
    """How many rows of all tables, histories included, refer to this one."""
    fields = [
        field
        for one in apps.get_models(include_auto_created=True)
        for field in one._meta.concrete_fields
        if field.related_model is model
    ]
    return sum(field.model._base_manager.filter(**{field.attname: key}).count() for field in fields)
