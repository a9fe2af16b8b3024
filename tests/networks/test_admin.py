"""The web admin: scoped, audited, state read-only, and the two traps of admin histories closed."""

import ast
import datetime
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from networks.access import Action
from networks.forms import VersionedForm
from networks.models import (
    AffiliatedBody,
    AuditEvent,
    CountySettings,
    Division,
    Institution,
    MemberUnit,
    Person,
    UnitTerm,
    User,
)
from networks.scoped_admin import ScopedAdmin
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import Audience, DeliveryForm, Theme, TrainingSession


@pytest.fixture
def bureau(world, client):
    client.force_login(world.bureau)
    return client


def url(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def filled(response, **changes):
    """The form of an admin page as a browser would send it back, with `changes`."""
    form = response.context["adminform"].form
    data = {}
    for bound in [*form, *(f for fs in response.context["inline_admin_formsets"] for f in _formset_fields(fs.formset))]:
        value = bound.value()
        if value is None or value is False:
            continue
        if isinstance(value, (list, tuple)):
            data[bound.html_name] = [getattr(v, "pk", v) for v in value]
        else:
            data[bound.html_name] = "on" if value is True else getattr(value, "pk", value)
    data.update(changes)
    return data


def _formset_fields(formset):
    yield from formset.management_form
    for form in formset.forms:
        yield from form


# --- the site ----------------------------------------------------------------------------------------


def test_the_first_page_leads_to_review_year_and_imports_and_speaks_chinese(bureau):
    page = bureau.get("/admin/").content.decode()
    for name in ["review-queue", "assessment-now", "import-list"]:
        assert f'href="{reverse(name)}"' in page
    assert "管理首页" in page
    visible = re.sub(r"<[^>]+>", " ", page.split('id="content" ', 1)[1].split(">", 1)[1])
    assert not re.search(r"[A-Za-z]{3,}", visible.replace("&rsaquo;", ""))


def test_only_screens_that_know_our_scopes_are_registered():
    assert all(isinstance(screen, ScopedAdmin) for screen in admin.site._registry.values())
    assert {m._meta.app_label for m in admin.site._registry} == {"networks", "trainings", "reporting"}


def test_every_screen_says_by_which_actions_it_is_seen():
    for screen in admin.site._registry.values():
        assert set(screen.seen_by) | set(screen.changed_by) <= set(Action)
        assert screen.seen_by


@pytest.mark.parametrize("role", ["bureau", "auditor", "centre", "operator"])
def test_every_list_and_every_form_opens_for_whoever_may_see_it(world, client, role):
    world.session(status="submitted")
    QuotaAdjustment.objects.create(
        year=world.assessment_year, unit=world.ours, sessions=2, attendances=200, reason="撤并"
    )
    client.force_login(world.users[role])
    opened = 0
    for model, screen in admin.site._registry.items():
        response = client.get(url(model))
        request = response.wsgi_request
        assert response.status_code == (200 if screen.has_view_permission(request) else 403), model
        if response.status_code == 200:
            opened += 1
            for row in model._default_manager.visible_to(world.users[role])[:1]:
                assert client.get(url(model, "change", row.pk)).status_code == 200
                assert client.get(url(model, "history", row.pk)).status_code == 200
            if screen.has_add_permission(request):
                assert client.get(url(model, "add")).status_code == 200
    assert opened >= 2


# --- scope -------------------------------------------------------------------------------------------


def test_ac_1_lists_forms_and_histories_of_another_county_are_not_there(world, bureau):
    there = Institution.objects.filter(division=world.other_county).get()
    theirs = [there, world.foreign, world.foreign_town, world.foreign_town.person, world.other_county]
    theirs.append(world.session(world.foreign, status="submitted", title="外县机密培训"))
    for row in theirs:
        for page in ["change", "history"]:
            assert bureau.get(url(type(row), page, row.pk)).status_code == 404, row
        assert bureau.post(url(type(row), "change", row.pk), {}).status_code in {403, 404}
        listing = bureau.get(url(type(row))).content.decode()
        assert url(type(row), "change", row.pk) not in listing
        assert "外县机密培训" not in listing and "大丰镇" not in listing


def test_trap_1_the_history_page_of_a_foreign_row_is_404_and_ours_tells_what_changed(world, bureau, client):
    ours, theirs = world.session(), world.session(world.foreign)
    theirs.revise(actor=world.foreign_town, seen_version=theirs.version, changes={"title": "外县机密培训"})
    ours.revise(actor=world.town, seen_version=ours.version, changes={"title": "黑山羊养殖", "organiser": world.ours})
    assert bureau.get(url(TrainingSession, "history", theirs.pk)).status_code == 404
    page = bureau.get(url(TrainingSession, "history", ours.pk)).content.decode()
    assert "培训名称：桑蚕小蚕共育技术 → 黑山羊养殖" in page


@pytest.mark.parametrize("name", ["bureau", "auditor"])
def test_trap_2_no_post_brings_an_old_version_back(world, client, name):
    session = world.session(status="verified")
    client.force_login(world.users[name])
    for version in session.history.all():
        address = f"{url(TrainingSession, 'history', session.pk)}{version.history_id}/"
        answer = client.post(address, {"title": "回到草稿", "status": "draft"})
        assert answer.status_code in {302, 403, 404}  # 302: Django reads the whole tail as an id, which is none
        if answer.status_code == 302:
            assert client.get(answer["Location"]).status_code == 404
    stored = TrainingSession.objects.get(pk=session.pk)
    assert (stored.status, stored.version) == ("verified", session.version)


def test_ac_3_choices_offer_and_accept_only_the_own_county(world, bureau):
    page = bureau.get(url(AffiliatedBody, "add"))
    assert "大丰镇" not in page.content.decode()
    sent = filled(page, name="县图书馆", unit=world.foreign.pk)
    refused = bureau.post(url(AffiliatedBody, "add"), sent)
    assert refused.status_code == 200 and refused.context["adminform"].form.errors["unit"]
    sent.update(unit=world.wxgtj.pk, county=world.other_county.pk)
    assert bureau.post(url(AffiliatedBody, "add"), sent).status_code == 200
    assert not AffiliatedBody.objects.filter(name="县图书馆").exists()
    sent.update(county=world.county.pk)
    assert bureau.post(url(AffiliatedBody, "add"), sent).status_code == 302
    assert AffiliatedBody.objects.get(name="县图书馆").unit == world.wxgtj


def test_ac_3_filters_name_no_foreign_row_and_answer_no_question_about_hidden_columns(world, bureau):
    world.session(world.foreign, status="submitted")
    assert "大丰镇" not in bureau.get(url(TrainingSession)).content.decode()
    for query in [
        "password__startswith=md5",
        "person__phone__startswith=1",
        "person__accounts__password__contains=a",
        "home_unit__county__name=x",
    ]:
        assert bureau.get(f"{url(User)}?{query}").status_code == 400, query
    assert bureau.get(f"{url(User)}?role__exact=bureau").status_code == 200


# --- the log -----------------------------------------------------------------------------------------


def test_au_1_every_act_has_a_chinese_name_in_the_log():
    root = Path(settings.BASE_DIR)
    files = [path for app in ("networks", "trainings", "reporting") for path in (root / app).rglob("*.py")]
    names = set()
    for tree in [ast.parse(path.read_text("utf-8")) for path in files]:
        for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
            if ast.unparse(call.func) == "audit.record":
                names |= {part.value for part in ast.walk(call.args[0]) if isinstance(part, ast.Constant)}
    assert {"上传台账", "导入台账", "撤销导入", "导出台账", "用链接设置密码"} <= names
    assert not [name for name in names if re.search("[A-Za-z]", name)]


# --- what may be changed -----------------------------------------------------------------------------


def test_a_change_is_recorded_with_field_names_and_in_the_history(world, bureau):
    place = world.places["新汉村"]
    page = bureau.get(url(Division, "change", place.pk))
    assert bureau.post(page.request["PATH_INFO"], filled(page, short_name="新汉新村")).status_code == 302
    place.refresh_from_db()
    assert (place.short_name, place.code) == ("新汉新村", "450124100201")
    event = AuditEvent.objects.get(action="后台修改")
    assert (event.actor, event.subject, event.subject_id) == (world.bureau, "division", place.pk)
    assert event.county_code == "450124"


def test_codes_of_places_and_words_of_the_document_are_read_only(world, bureau):
    theme = Theme.objects.first()
    page = bureau.get(url(Theme, "change", theme.pk))
    bureau.post(page.request["PATH_INFO"], filled(page, name="别的", shown_as="今天的叫法", retired="on"))
    stored = Theme.objects.get(pk=theme.pk)
    assert (stored.name, stored.shown_as, stored.retired) == (theme.name, "今天的叫法", True)
    assert bureau.post(url(Theme, "delete", theme.pk), {"post": "yes"}).status_code == 403


def test_a_unit_is_edited_with_its_dated_facts(world, bureau):
    page = bureau.get(url(MemberUnit, "change", world.lgj.pk))
    sent = filled(page, name="县委老干部局", name_unconfirmed="")
    sent |= {
        "terms-TOTAL_FORMS": 2,
        "terms-1-unit": world.lgj.pk,
        "terms-1-fact": "quota",
        "terms-1-starts_on": "2027-01-01",
    }
    assert bureau.post(page.request["PATH_INFO"], sent).status_code == 302
    world.lgj.refresh_from_db()
    assert world.lgj.name == "县委老干部局"
    assert UnitTerm.objects.get(unit=world.lgj, fact="quota").starts_on == datetime.date(2027, 1, 1)


def test_in_4_whoever_saves_second_sees_both_values_and_chooses(world, bureau):
    row = Institution.objects.get(name="白山镇社区学校")
    mine = bureau.get(url(Institution, "change", row.pk))
    theirs = filled(bureau.get(url(Institution, "change", row.pk)), phone="0771-1111111")
    assert bureau.post(mine.request["PATH_INFO"], theirs).status_code == 302
    sent = filled(mine, phone="0771-2222222")
    conflict = bureau.post(mine.request["PATH_INFO"], sent)
    page = conflict.content.decode()
    assert conflict.status_code == 200 and "已被别人修改" in page and "已有人先改成了“0771-1111111”" in page
    assert Institution.objects.get(pk=row.pk).phone == "0771-1111111"
    again = filled(conflict, phone="0771-2222222")
    assert bureau.post(mine.request["PATH_INFO"], again).status_code == 302
    stored = Institution.objects.get(pk=row.pk)
    assert (stored.phone, stored.version) == ("0771-2222222", 2)


def quota_of_ours(w):
    fields = {"sessions": 3, "attendances": 300, "reason": "二季度洪水"}
    return QuotaAdjustment.objects.create(year=w.assessment_year, unit=w.ours, **fields)


# row, field, what one writes, what the other writes
TWO_AT_ONCE = {
    "a year's rules": (lambda w: w.assessment_year, "required_attendances", "450", "380"),
    "a unit's own figures": (quota_of_ours, "attendances", "250", "220"),
    "which form counts": (lambda w: w.form, "shown_as", "线下", "面授"),
    "a unit": (lambda w: w.wxgtj, "note", "一", "二"),
    "since when a fact holds": (lambda w: w.wxgtj, "terms-0-starts_on", "2019-02-01", "2019-03-01"),
    "who gets the credit": (lambda w: AffiliatedBody.objects.get(name="县文化馆"), "name", "文化馆", "马山文化馆"),
    "when rosters go": (
        lambda w: CountySettings.objects.get_or_create(county=w.county)[0],
        "roster_months",
        "18",
        "24",
    ),
    "a place": (lambda w: w.places["古零镇"], "short_name", "古零", "古零乡"),
    "a theme": (lambda w: w.theme, "shown_as", "实用技术", "农技"),
}


@pytest.mark.parametrize("name", TWO_AT_ONCE)
def test_in_4_a_page_that_stood_open_does_not_take_back_what_another_saved(world, bureau, name):
    make, field, first, second = TWO_AT_ONCE[name]
    row = make(world)
    mine, theirs = (bureau.get(url(type(row), "change", row.pk)) for _ in range(2))
    path = mine.request["PATH_INFO"]
    assert bureau.post(path, filled(theirs, **{field: first})).status_code == 302
    assert re.search(r'<input type="hidden" name="(terms-0-)?seen_version"', mine.content.decode())
    assert str(filled(bureau.get(path))[field]) == first
    conflict = bureau.post(path, filled(mine, **{field: second}))
    page = conflict.content.decode()
    assert conflict.status_code == 200 and "已被别人修改" in page and "已有人先改成了“" in page
    assert str(filled(bureau.get(path))[field]) == first
    assert bureau.post(path, filled(conflict, **{field: second})).status_code == 302
    assert str(filled(bureau.get(path))[field]) == second


def test_in_4_every_screen_that_saves_asks_what_was_seen(world):
    screens = [screen for screen in admin.site._registry.values() if screen.changed_by]
    rows = [*screens, *(inline for screen in screens for inline in screen.inlines)]
    assert len(rows) > 12
    for screen in rows:
        assert issubclass(screen.form, VersionedForm), screen


# --- sessions ----------------------------------------------------------------------------------------


def test_ac_4_a_session_is_neither_added_changed_nor_deleted_here(world, bureau):
    session = world.session(status="submitted")
    assert bureau.get(url(TrainingSession, "add")).status_code == 403
    assert bureau.post(url(TrainingSession, "change", session.pk), {"status": "verified"}).status_code == 403
    assert bureau.post(url(TrainingSession, "delete", session.pk), {"post": "yes"}).status_code == 403
    assert TrainingSession.objects.get(pk=session.pk).status == "submitted"


def asked(client, action, *rows):
    """The page that a bulk action leads to, and what its form sends back."""
    sent = {"action": action, "_selected_action": [row.pk for row in rows]}
    page = client.post(url(TrainingSession), sent)
    shown = re.findall(r'name="seen" value="(\d+-\d+)"', page.content.decode())
    return page, sent | {"confirmed": "1", "seen": shown}


def test_verifying_in_bulk_shows_the_figures_calls_the_verb_and_says_what_was_left_out(world, bureau):
    good, draft = world.session(status="submitted"), world.session(title="还是草稿")
    own = world.session(actor=world.bureau, status="submitted", title="自己代录的")
    page, sent = asked(bureau, "verify_selected", good, draft, own)
    assert good.number in page.content.decode() and "<td>50</td>" in page.content.decode()
    good.refresh_from_db()
    assert good.status == "submitted"
    answer = bureau.post(url(TrainingSession), sent, follow=True).content.decode()
    assert "已核定 1 场" in answer and "有 2 场没有核定" in answer
    assert "《还是草稿》" in answer and "须由另一位工作人员核定" in answer
    good.refresh_from_db()
    assert (good.status, good.verified_attendance, good.verified_by) == ("verified", 50, world.bureau)


@pytest.mark.parametrize("action", ["verify_selected", "send_back_selected"])
def test_in_4_a_session_that_changed_since_its_figures_were_shown_is_left_out(world, bureau, action):
    session = world.session(status="submitted", reported=40)
    _, sent = asked(bureau, action, session)
    session.withdraw(actor=world.town)
    session.revise(actor=world.town, seen_version=session.version, changes={"reported_attendance": 9000})
    session.submit(actor=world.town)
    given = {"reason": "figure", "note": "只有 38 人签到"}
    page = bureau.post(url(TrainingSession), sent | given, follow=True).content.decode()
    assert "在您打开页面之后有改动" in page
    session.refresh_from_db()
    assert (session.status, session.verified_attendance, session.reported_attendance) == ("submitted", None, 9000)


def test_nothing_is_decided_about_rows_that_were_not_shown(world, bureau):
    shown, other = world.session(status="submitted"), world.session(status="submitted")
    foreign = world.session(world.foreign, status="submitted")
    _, sent = asked(bureau, "verify_selected", shown)
    everything = {"_selected_action": [shown.pk, other.pk, foreign.pk], "select_across": "1"}
    made_up = ["x", "1-", f"{foreign.pk}-{foreign.version}", "9" * 30 + "-1"]
    bureau.post(url(TrainingSession), sent | everything | {"seen": [*sent["seen"], *made_up]})
    assert list(TrainingSession.objects.filter(status="verified")) == [shown]


def test_returning_in_bulk_asks_for_the_reason_first(world, bureau):
    session = world.session(status="submitted")
    page, sent = asked(bureau, "send_back_selected", session)
    assert page.status_code == 200 and session.number in page.content.decode()
    refused = bureau.post(url(TrainingSession), sent | {"reason": "other"})
    assert "请用文字说明" in refused.content.decode() and session.number in refused.content.decode()
    bureau.post(url(TrainingSession), sent | {"reason": "figure", "note": "只有 38 人签到"})
    session.refresh_from_db()
    assert (session.status, session.return_note) == ("returned", "只有 38 人签到")


@pytest.mark.parametrize("name", ["bureau", "auditor", "centre"])
def test_ac_5_actions_on_sessions_are_offered_and_open_only_to_who_reviews(world, client, name):
    session = world.session(status="submitted")
    client.force_login(world.users[name])
    listing = client.get(url(TrainingSession)).content.decode()
    for action in ["verify_selected", "send_back_selected"]:
        page, _ = asked(client, action, session)
        opens = page.status_code == 200 and 'name="confirmed"' in page.content.decode()
        assert (f'value="{action}"' in listing, opens) == ((True, True) if name == "bureau" else (False, False))
        client.post(
            url(TrainingSession),
            {"action": action, "_selected_action": [session.pk], "confirmed": "1", "reason": "figure"}
            | {"seen": f"{session.pk}-{session.version}"},
        )
        session.refresh_from_db()
        assert (session.status == "submitted") == (name != "bureau")


@pytest.mark.parametrize(("name", "told"), [("bureau", True), ("auditor", True), ("centre", False)])
def test_ac_1_the_history_of_a_session_before_its_submission_is_shown_to_whom_its_drafts_are(world, client, name, told):
    session = world.session(title="还没想好的名称")
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "黑山羊养殖"})
    session.submit(actor=world.town)
    client.force_login(world.users[name])
    page = client.get(url(TrainingSession, "history", session.pk)).content.decode()
    assert ("还没想好的名称" in page) == told
    assert "提交" in page


@pytest.mark.parametrize("chosen", ["abc", "99999999999999999999999", "-1", "1 OR 1=1"])
def test_ids_that_are_none_are_answered_with_a_message(world, bureau, chosen):
    sent = {"action": "verify_selected", "_selected_action": [chosen]}
    assert bureau.post(url(TrainingSession), sent).status_code in {200, 302}
    assert bureau.get(url(TrainingSession, "change", chosen)).status_code == 404


def test_the_protection_of_an_audience_is_given_with_it_and_not_lifted(world, bureau):
    audience = Audience.objects.filter(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY).first()
    page = bureau.get(url(Audience, "change", audience.pk))
    assert "请停用本项，另建一项" in page.content.decode()
    sent = filled(page, sensitivity="0", shown_as="今天的叫法")
    assert bureau.post(page.request["PATH_INFO"], sent).status_code == 302
    audience.refresh_from_db()
    assert (audience.sensitivity, audience.shown_as) == (2, "今天的叫法")
    fresh = filled(bureau.get(url(Audience, "add")), name="新的对象", sensitivity="1")
    assert bureau.post(url(Audience, "add"), fresh).status_code == 302
    assert Audience.objects.get(name="新的对象").sensitivity == 1


# --- years and quotas --------------------------------------------------------------------------------


def test_opening_a_year_copies_the_counting_forms(world, bureau):
    page = bureau.get(url(AssessmentYear, "add"))
    assert bureau.post(page.request["PATH_INFO"], filled(page, year=world.year + 1)).status_code == 302
    opened = AssessmentYear.objects.get(county=world.county, year=world.year + 1)
    assert set(opened.counting_forms.all()) == set(DeliveryForm.objects.filter(counts_for_quota=True))
    again = bureau.post(page.request["PATH_INFO"], filled(page, year=world.year + 1))
    assert again.status_code == 200 and "已经存在" in again.content.decode()


def test_rules_of_an_open_year_are_edited_and_those_of_a_locked_year_are_not(world, bureau):
    year = world.assessment_year
    page = bureau.get(url(AssessmentYear, "change", year.pk))
    sent = filled(page, required_sessions=5, status="published")
    assert bureau.post(page.request["PATH_INFO"], sent).status_code == 302
    year.refresh_from_db()
    assert (year.required_sessions, year.status, year.version) == (5, "open", 1)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    sent["required_sessions"] = 1
    assert bureau.post(page.request["PATH_INFO"], sent).status_code == 403
    assert bureau.get(page.request["PATH_INFO"]).status_code == 200  # still readable
    adjusted = {"year": year.pk, "unit": world.ours.pk, "sessions": 2, "attendances": 200, "reason": "撤并"}
    assert bureau.post(url(QuotaAdjustment, "add"), adjusted).status_code == 200
    assert not QuotaAdjustment.objects.exists()


def test_a_quota_adjustment_needs_a_reason_and_a_unit_of_the_county(world, bureau):
    sent = {"year": world.assessment_year.pk, "unit": world.ours.pk, "sessions": 2, "attendances": 200, "reason": ""}
    assert bureau.post(url(QuotaAdjustment, "add"), sent).status_code == 200
    assert (
        bureau.post(url(QuotaAdjustment, "add"), sent | {"reason": "撤并", "unit": world.foreign.pk}).status_code == 200
    )
    assert not QuotaAdjustment.objects.exists()
    assert bureau.post(url(QuotaAdjustment, "add"), sent | {"reason": "撤并"}).status_code == 302
    row = QuotaAdjustment.objects.get()
    assert bureau.post(url(QuotaAdjustment, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert AuditEvent.objects.filter(action="后台删除", subject_id=str(row.pk)).exists()


def test_a_quota_adjustment_of_a_locked_year_is_neither_changed_nor_deleted(world, bureau):
    year = world.assessment_year
    row = QuotaAdjustment.objects.create(year=year, unit=world.ours, sessions=2, attendances=200, reason="撤并")
    sent = filled(bureau.get(url(QuotaAdjustment, "change", row.pk)), sessions=1)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    assert bureau.post(url(QuotaAdjustment, "change", row.pk), sent).status_code == 403
    assert bureau.post(url(QuotaAdjustment, "delete", row.pk), {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.sessions == 2
    AssessmentYear.objects.filter(pk=year.pk).update(status="open")
    assert bureau.post(url(QuotaAdjustment, "change", row.pk), sent).status_code == 302


def test_a_person_is_deleted_only_while_no_account_points_to_them(world, bureau):
    nobody = Person.objects.create(county=world.county, name="录错的人")
    assert bureau.post(url(Person, "delete", nobody.pk), {"post": "yes"}).status_code == 302
    assert bureau.post(url(Person, "delete", world.town.person.pk), {"post": "yes"}).status_code == 403
    assert not Person.objects.filter(name="录错的人").exists()


def test_nothing_is_deleted_in_bulk(world, bureau):
    nobody = Person.objects.create(county=world.county, name="录错的人")
    bureau.post(url(Person), {"action": "delete_selected", "_selected_action": [nobody.pk], "post": "yes"})
    assert Person.objects.filter(pk=nobody.pk).exists()


# --- query counts ------------------------------------------------------------------------------------


def test_ld_2_admin_lists_take_the_same_queries_for_3_and_30_rows(world, bureau, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(model):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert bureau.get(url(model)).status_code == 200
        return len(captured)

    def more(number):
        for _ in range(number):
            world.session(status="submitted")
            person = Person.objects.create(county=world.county, name="某人")
            User.objects.create_user(
                f"u{Person.objects.count()}", "x", person=person, role="unit", home_unit=world.wxgtj
            )
            AffiliatedBody.objects.create(
                county=world.county, unit=world.wxgtj, name=f"某馆{AffiliatedBody.objects.count()}"
            )

    models = [TrainingSession, User, Person, AffiliatedBody, MemberUnit, Institution, Division, AuditEvent]
    models.remove(AuditEvent)
    more(3)
    few = {model: queries(model) for model in models}
    more(27)
    assert {model: queries(model) for model in models} == few


@pytest.mark.parametrize("model", [Division, Institution, TrainingSession])
def test_the_township_filter_leaves_the_rows_of_that_township_and_nothing_for_a_made_up_one(bureau, world, model):
    world.session(organiser=world.ours)
    world.session(organiser=world.theirs)
    shown = bureau.get(url(model), {"township": "450124103"}).context["cl"].queryset
    place = {Division: "code", Institution: "division_id", TrainingSession: "place_id"}[model]
    assert shown and {getattr(row, place)[:9] for row in shown} == {"450124103"}
    assert (
        bureau.get(url(model), {"township": "450125100"}).context["cl"].queryset.count()
        == model.objects.visible_to(world.bureau).count()
    )


# --- looking for people ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Person, User])
def test_pi_7_whoever_is_looked_for_by_name_stands_in_no_address(world, client, model):
    client.force_login(world.operator)
    Person.objects.filter(pk=world.town.person_id).update(name="覃金丝雀")
    page = client.get(url(model)).content.decode()
    assert 'name="private_query"' in page and 'name="q"' not in page
    answer = client.post(url(model) + "?o=1", {"private_query": " 金丝雀 ", "action": "delete_selected"})
    found = answer.content.decode()
    assert answer.status_code == 200 and answer.context["cl"].result_count == 1 and 'value="金丝雀"' in found
    by_address = client.get(url(model), {"q": "金丝雀"})  # an old bookmark finds everybody and is passed on to no link
    assert by_address.context["cl"].result_count > 1
    for text in [found, by_address.content.decode()]:
        addresses = re.findall(r'(?:href|action)="([^"]*)"', text)
        assert len(addresses) > 5 and not [a for a in addresses if "金丝雀" in unquote(unquote(a))]
    assert client.post(url(model), {"private_query": "a\x00b"}).context["cl"].result_count == 0
