"""The review desk: queue, decisions, what is said when a decision cannot be taken, and whose sessions are seen."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from networks.models import Person
from trainings.models import DeliveryForm, Evidence, Status, Theme, TrainingSession

HOSTILE = '<img src=x onerror="alert(1)">"\'</script>'


@pytest.fixture
def desk(client, world):
    """The bureau's browser."""
    client.force_login(world.bureau)
    return client


def stored(session):
    return TrainingSession.objects.get(pk=session.pk)


def link(session, by):
    return Evidence.objects.create(session=session, kind="report", link="https://example.cn/a", uploaded_by=by)


def verify(client, session, **given):
    data = {"attendance": session.reported_attendance, "reason": "", "seen_version": session.version} | given
    return client.post(reverse("review-verify", args=[session.pk]), data)


def give_back(client, session, verb="return", **given):
    data = {"reason": "figure", "note": "签到表只有四十人", "seen_version": session.version} | given
    return client.post(reverse(f"review-{verb}", args=[session.pk]), data)


# --- the queue -------------------------------------------------------------------------------------


def titles(response):
    return [session.title for session in response.context["page_obj"]]


def test_the_queue_shows_who_has_waited_longest_first(desk, world):
    for number in (3, 1, 2):
        row = world.session(status="submitted", title=f"第{number}场")
        moment = datetime.datetime(world.year, 1, number, tzinfo=datetime.UTC)
        TrainingSession.objects.filter(pk=row.pk).update(submitted_at=moment)
    world.session(status="draft", title="草稿")
    response = desk.get(reverse("review-queue"))
    assert titles(response) == ["第1场", "第2场", "第3场"]
    assert [(name, count) for name, _, count in response.context["tabs"]] == [
        ("pending", 3),
        ("returned", 0),
        ("verified", 0),
    ]


def test_the_queue_is_narrowed_by_each_filter(desk, world):
    ours = world.session(status="submitted", title="桑蚕", venue="文化站", theme=Theme.objects.get(name="农村实用技术"))
    other_theme = Theme.objects.exclude(name="农村实用技术").first()
    theirs = world.session(world.theirs, status="submitted", title="会鼓", theme=other_theme)
    on_behalf = world.session(
        world.wxgtj, status="submitted", actor=world.bureau, title="壮绣", held_on=datetime.date(world.year - 1, 5, 1)
    )
    link(ours, world.town)
    for query, expected in [
        ({}, {ours, theirs, on_behalf}),
        ({"unit": world.ours.pk}, {ours}),
        ({"township": "450124103"}, {theirs}),
        ({"theme": other_theme.pk}, {theirs}),
        ({"year": world.year - 1}, {on_behalf}),
        ({"evidence": "with"}, {ours}),
        ({"evidence": "without"}, {theirs, on_behalf}),
        ({"mine": "open"}, {ours, theirs}),
        ({"mine": "barred"}, {on_behalf}),
        ({"q": "文化"}, {ours}),
        ({"q": theirs.number.lower()}, {theirs}),
        ({"q": "文化", "unit": world.theirs.pk}, set()),
    ]:
        assert set(desk.get(reverse("review-queue"), query).context["page_obj"]) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "x"},
        {"page": "x"},
        {"page": "-1"},
        {"unit": "1 OR 1=1"},
        {"unit": str(10**30)},
        {"year": "二〇一九"},
        {"year": "99999"},
        {"township": "450125100"},
        {"theme": "a__b"},
        {"evidence": "maybe"},
        {"mine": "_connector"},
        {"q": "\x00"},
        {"q": "名" * 500},
        {"submitted_by__password__startswith": "a"},
    ],
)
def test_wb_4_what_makes_no_sense_in_the_query_is_passed_over(desk, world, query):
    session = world.session(status="submitted")
    for address in (reverse("review-queue"), reverse("review-session", args=[session.pk])):
        response = desk.get(address, query)
        assert response.status_code == 200
        assertContains(response, session.title)


def test_ld_2_the_queue_takes_the_same_queries_for_3_and_30_rows(desk, world):
    def count(tab):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("review-queue"), {"tab": tab}).status_code == 200
        return len(queries)

    for tab, status in {"pending": "submitted", "returned": "returned", "verified": "verified"}.items():
        for _ in range(3):
            world.session(status=status, place=world.places["新汉村"])
        few = count(tab)
        for _ in range(27):
            world.session(status=status, place=world.places["新汉村"])
        assert count(tab) == few, tab


def test_what_was_still_submitted_in_a_locked_year_leaves_the_queue_and_is_listed_apart(desk, world):
    late = world.session(status="submitted", title="迟到的")
    world.session(status="submitted", title="去年的", held_on=datetime.date(world.year - 1, 3, 1))
    world.lock()
    assert titles(desk.get(reverse("review-queue"))) == ["去年的"]
    response = desk.get(reverse("review-queue"), {"tab": "locked"})
    assert titles(response) == ["迟到的"]
    page = desk.get(reverse("review-session", args=[late.pk]))
    assertContains(page, "年度已锁定未核定")
    assertNotContains(page, reverse("review-verify", args=[late.pk]))


# --- one session -----------------------------------------------------------------------------------


def test_verifying_at_the_reported_figure_goes_on_to_the_next_in_the_queue(desk, world):
    first, second, third = (world.session(status="submitted", title=f"第{n}场") for n in (1, 2, 3))
    page = desk.get(reverse("review-session", args=[second.pk]))
    assert (page.context["before"], page.context["after"]) == (first, third)
    assert page.context["verify_form"]["attendance"].value() == 50
    assertRedirects(verify(desk, second), reverse("review-session", args=[third.pk]))
    row = stored(second)
    assert (row.status, row.verified_attendance, row.verified_by) == (Status.VERIFIED, 50, world.bureau)
    assertRedirects(verify(desk, third), reverse("review-session", args=[first.pk]))
    assertRedirects(verify(desk, first), reverse("review-queue"))


def test_the_filters_are_kept_while_going_through_the_queue(desk, world):
    first = world.session(status="submitted")
    world.session(world.theirs, status="submitted")
    last = world.session(status="submitted")
    query = f"?unit={world.ours.pk}"
    response = desk.post(
        reverse("review-verify", args=[first.pk]) + query, {"attendance": 50, "seen_version": first.version}
    )
    assertRedirects(response, reverse("review-session", args=[last.pk]) + query)


def test_another_figure_needs_a_reason_and_what_was_typed_stays(desk, world):
    session = world.session(status="submitted")
    response = verify(desk, session, attendance=38)
    assertContains(response, "与填报的 50 人次不同，请说明理由")
    assert response.context["verify_form"]["attendance"].value() == "38"
    assert stored(session).status == Status.SUBMITTED
    verify(desk, session, attendance=38, reason="签到表 38 人")
    row = stored(session)
    assert (row.verified_attendance, row.reported_attendance, row.verified_reason) == (38, 50, "签到表 38 人")


@pytest.mark.parametrize("figure", ["", "0", "-3", "20001", "四十", "1e9", "40.5", "９" * 40])
def test_a_figure_that_is_none_is_told_at_its_field(desk, world, figure):
    session = world.session(status="submitted")
    response = verify(desk, session, attendance=figure)
    assert response.status_code == 200
    assert response.context["verify_form"].errors["attendance"]
    assert stored(session).status == Status.SUBMITTED


def test_what_the_year_demands_is_said_when_verifying(desk, world):
    world.assessment_year.evidence_required = True
    world.assessment_year.save()
    session = world.session(status="submitted")
    assertContains(verify(desk, session), "要求至少一种佐证材料")
    assert stored(session).status == Status.SUBMITTED


def test_returning_needs_a_reason_of_the_list_and_words_for_其他(desk, world):
    session = world.session(status="submitted")
    assertContains(give_back(desk, session, reason=""), "请选择退回原因")
    assertContains(give_back(desk, session, reason="whatever"), "whatever 不在可用的选项中")
    response = give_back(desk, session, reason="other", note="")
    assertContains(response, "选择“其他”时，请用文字说明")
    assert stored(session).status == Status.SUBMITTED
    assertRedirects(give_back(desk, session), reverse("review-queue"))
    row = stored(session)
    assert (row.status, row.return_sentence) == (Status.RETURNED, "人次与佐证不符：签到表只有四十人")


def test_revoking_asks_once_on_a_page_of_its_own(desk, world):
    session = world.session(status="verified", verifier=world.bureau2)
    address = reverse("review-revoke", args=[session.pk])
    assertContains(desk.get(address), "不再计入任务")
    assert stored(session).status == Status.VERIFIED
    assertContains(give_back(desk, session, "revoke", reason=""), "请选择退回原因")
    give_back(desk, session, "revoke", reason="duplicate", note="")
    row = stored(session)
    assert (row.status, row.verified_attendance, row.return_reason) == (Status.RETURNED, None, "duplicate")
    assertRedirects(desk.get(address), reverse("review-session", args=[session.pk]))


def test_what_changed_since_the_last_return_is_told_in_words(desk, world):
    session = world.session(status="returned", place=world.places["新汉村"], minutes=90)
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={"reported_attendance": 40, "place": world.places["新兴社区"], "form": DeliveryForm.objects.last()},
    )
    link(session, world.town)
    session.submit(actor=world.town)
    since = desk.get(reverse("review-session", args=[session.pk])).context["since"]
    assert since.sentence == "退回修改：人次与佐证不符：签到表只有四十人"
    assert since.who == world.bureau2
    assert {(c.label, c.before, c.after) for c in since.changes} == {
        ("填报人次", "50", "40"),
        ("举办地", "白山镇/新汉村", "白山镇/新兴社区"),
        ("培训形式", "课堂学习", str(DeliveryForm.objects.last())),
    }
    assert [item.kind for item in since.evidence] == ["report"]


def test_entry_on_behalf_shows_its_source_and_whether_the_unit_confirmed_it(desk, world):
    session = world.session(status="submitted", actor=world.bureau2, on_behalf_source="phone")
    page = desk.get(reverse("review-session", args=[session.pk]))
    assertContains(page, "来源：电话")
    assertContains(page, "单位还没有确认")


def test_a_session_that_looks_like_another_is_pointed_out(desk, world):
    session = world.session(status="submitted")
    twin = world.session(status="verified")
    world.session(status="void")
    world.session(status="submitted", title="别的课")
    page = desk.get(reverse("review-session", args=[session.pk]))
    assert [hint.other for hint in page.context["hints"] if hint.kind == "double"] == [twin]
    rows = desk.get(reverse("review-queue")).context["page_obj"]
    assert [row.pk for row in rows if any(hint.kind == "double" for hint in row.hints)] == [session.pk]


# --- who may verify --------------------------------------------------------------------------------


def test_ac_5_whoever_entered_it_is_told_who_else_may_verify(desk, world):
    session = world.session(status="submitted", actor=world.bureau)
    page = desk.get(reverse("review-session", args=[session.pk]))
    assertContains(page, "须由另一位工作人员核定")
    assert page.context["others"] == ["bureau2先生", "director先生"]
    assertNotContains(page, reverse("review-verify", args=[session.pk]))
    response = verify(desk, session)
    assert response.status_code == 403
    assert stored(session).status == Status.SUBMITTED
    give_back(desk, session)
    assert stored(session).status == Status.RETURNED


def test_ac_5_the_page_says_so_when_nobody_else_may_verify(desk, world):
    for other in (world.bureau2, world.director):
        other.is_active = False
        other.save()
    session = world.session(status="submitted", actor=world.bureau)
    world.session(status="submitted")
    page = desk.get(reverse("review-session", args=[session.pk]))
    assertContains(page, "目前没有人能核定这一场次")
    assertContains(page, "给办公室主任开一个账号")
    queue = desk.get(reverse("review-queue"))
    assertContains(queue, "有 1 场没有人能核定")
    world.director.is_active = True
    world.director.save()
    assertNotContains(desk.get(reverse("review-queue")), "没有人能核定")


def test_ac_5_two_accounts_of_one_person_are_one_verifier(desk, world):
    world.bureau2.person = world.bureau.person
    world.bureau2.save()
    world.director.delete()
    world.session(status="submitted", actor=world.bureau)
    assertContains(desk.get(reverse("review-queue")), "有 1 场没有人能核定")
    world.bureau2.person = Person.objects.create(name="另一人", county=world.county)
    world.bureau2.save()
    assertNotContains(desk.get(reverse("review-queue")), "没有人能核定")


@pytest.mark.parametrize("role", ["town", "unit", "centre", "head", "leader", "auditor", "operator", "homeless"])
def test_ac_1_the_desk_is_the_bureaus_alone(client, world, role):
    session = world.session(status="submitted")
    client.force_login(world.users[role])
    for name, args in [
        ("review-queue", []),
        ("review-session", [session.pk]),
        ("review-revoke", [session.pk]),
        ("review-verify-many", []),
    ]:
        assert client.get(reverse(name, args=args)).status_code == 403, name
    assert verify(client, session).status_code == 403
    assert give_back(client, session).status_code == 403
    assert client.post(reverse("review-correct", args=[session.pk]), {"title": "x"}).status_code == 403
    assert stored(session).status == Status.SUBMITTED


def test_ac_2_another_countys_sessions_are_in_no_list_count_or_page(client, world):
    session = world.session(status="submitted", title="外县看不到的")
    client.force_login(world.foreign_bureau)
    queue = client.get(reverse("review-queue"), {"q": "外县"})
    assert titles(queue) == []
    assert {count for _, _, count in queue.context["tabs"]} == {0}
    assertNotContains(client.get(reverse("review-queue")), "白山镇")
    assert client.get(reverse("review-session", args=[session.pk])).status_code == 404
    assert client.get(reverse("review-revoke", args=[session.pk])).status_code == 404
    assert verify(client, session).status_code == 404
    assert give_back(client, session).status_code == 404
    assert stored(session).status == Status.SUBMITTED


# --- many at once ----------------------------------------------------------------------------------


def tick(*sessions):
    return {"chosen": [f"{s.pk}-{s.version}" for s in sessions]}


def test_many_are_verified_each_for_itself_and_the_rest_is_named_with_its_reason(desk, world):
    good = world.session(status="submitted", reported=60)
    mine = world.session(status="submitted", actor=world.bureau, title="我代录的")
    done = world.session(status="verified", verifier=world.bureau2, title="已核定的")
    moved = world.session(status="submitted", title="改过的")
    posted = tick(good, mine, done, moved)
    stored(moved).correct_wording(actor=world.bureau2, seen_version=moved.version, changes={"venue": "新址"})
    response = desk.post(reverse("review-verify-many"), posted)
    assert [(s.title, s.verified_attendance) for s in response.context["done"]] == [(good.title, 60)]
    assert {s.title: reasons for s, reasons in response.context["left_out"]} == {
        "我代录的": ["您登记、修改、提交过这一场次，或者上传过它的材料，须由另一位工作人员核定"],
        "已核定的": ["这一场次现在是“已核定”，不能核定"],
        "改过的": ["在您打开列表之后有改动，请打开看过再核定"],
    }
    assertContains(response, "已核定 1 场，60 人次；3 场没有核定")
    assert [stored(s).status for s in (good, mine, moved)] == [Status.VERIFIED, Status.SUBMITTED, Status.SUBMITTED]


def test_ac_3_ids_of_another_county_in_the_bulk_form_do_nothing(desk, world):
    foreign = world.session(world.foreign, status="submitted", title="外县的")
    response = desk.post(reverse("review-verify-many"), tick(foreign))
    assert stored(foreign).status == Status.SUBMITTED
    assertNotContains(response, "外县的")
    assertContains(response, "另有 1 项没有找到")


@pytest.mark.parametrize("value", ["", "x", "1", "1-", "-1", "1-x", "٣-٣", "9" * 40 + "-1", "1-1;DROP", "1--1"])
def test_nonsense_in_the_bulk_form_does_nothing(desk, world, value):
    session = world.session(status="submitted")
    assert desk.post(reverse("review-verify-many"), {"chosen": [value]}).status_code == 200
    assert stored(session).status == Status.SUBMITTED


def test_wb_2_looking_changes_nothing(desk, world):
    session = world.session(status="submitted")
    assertRedirects(desk.get(reverse("review-verify-many")), reverse("review-queue"))
    for name in ("review-verify", "review-return", "review-correct"):
        assert desk.get(reverse(name, args=[session.pk])).status_code == 405
    assert stored(session).version == session.version


# --- two people at once ----------------------------------------------------------------------------


def test_the_second_of_two_reviewers_gets_a_plain_message(desk, world):
    session = world.session(status="submitted")
    stored(session).verify(actor=world.bureau2, attendance=50)
    assert verify(desk, session)["Location"] == reverse("review-session", args=[session.pk])
    page = desk.get(reverse("review-session", args=[session.pk]))
    assertContains(page, "现在是“已核定”（bureau2先生核定），您这次的操作没有生效")
    assert stored(session).verified_by == world.bureau2


def test_in_3_a_double_click_verifies_once_and_says_so(desk, world):
    session = world.session(status="submitted")
    verify(desk, session)
    version = stored(session).version
    response = desk.post(
        reverse("review-verify", args=[session.pk]),
        {"attendance": 50, "reason": "", "seen_version": session.version},
        follow=True,
    )
    assertContains(response, "您已经核定，不用再操作")
    assert stored(session).version == version


@pytest.mark.parametrize("verb", ["verify", "return"])
def test_in_4_an_edit_between_opening_and_deciding_shows_what_changed_and_keeps_what_was_typed(desk, world, verb):
    session = world.session(status="submitted", venue="旧址")
    row = stored(session)
    row.withdraw(actor=world.town)
    row.revise(actor=world.town, seen_version=row.version, changes={"reported_attendance": 400, "venue": HOSTILE})
    row.submit(actor=world.town)
    if verb == "verify":
        response = verify(desk, session, attendance=45, reason="签到表 45 人")
        form = response.context["verify_form"]
        assert (form["attendance"].value(), form["reason"].value()) == ("45", "签到表 45 人")
    else:
        response = give_back(desk, session)
        form = response.context["return_form"]
        assert form["note"].value() == "签到表只有四十人"
    assert response.status_code == 409
    assert {(c.label, c.before, c.after) for c in response.context["conflict"]} == {
        ("填报人次", "50", "400"),
        ("培训地点", "旧址", HOSTILE),
    }
    assert HOSTILE not in response.content.decode()
    assert form["seen_version"].value() == str(row.version)
    assert stored(session).status == Status.SUBMITTED


def test_in_4_revoking_what_has_changed_meanwhile_is_a_conflict(desk, world):
    session = world.session(status="verified", verifier=world.bureau2)
    stored(session).correct_wording(actor=world.bureau2, seen_version=session.version, changes={"venue": "新址"})
    response = give_back(desk, session, "revoke")
    assert response.status_code == 409
    assert [(c.label, c.after) for c in response.context["conflict"]] == [("培训地点", "新址")]
    assert stored(session).status == Status.VERIFIED


# --- wording ---------------------------------------------------------------------------------------


def wording(session, **given):
    return {
        "title": session.title,
        "theme": session.theme_id or "",
        "place": session.place_id or "",
        "venue": session.venue,
        "seen_version": session.version,
    } | given


def correct(client, session, **given):
    return client.post(reverse("review-correct", args=[session.pk]), wording(session, **given))


def test_wording_is_mended_after_a_call_and_does_not_bar_the_reviewer(desk, world):
    session = world.session(status="submitted", title="桑残技术")
    correct(desk, session, title="桑蚕技术\u202e", place=world.places["新汉村"].pk)
    row = stored(session)
    assert (row.title, row.place, row.reported_attendance) == ("桑蚕技术", world.places["新汉村"], 50)
    assert row.history.first().history_change_reason == "文字更正（经电话核实）"
    verify(desk, row)
    assert stored(session).verified_by == world.bureau


def test_ac_3_wording_takes_no_place_of_another_county_and_no_figure(desk, world):
    session = world.session(status="submitted")
    response = correct(desk, session, place="450125100")
    assert response.context["wording_form"].errors["place"]
    correct(desk, session, title="新名", reported_attendance="9999", status="verified", organiser=world.theirs.pk)
    row = stored(session)
    assert (row.title, row.reported_attendance, row.status, row.organiser) == (
        "新名",
        50,
        Status.SUBMITTED,
        world.ours,
    )


def test_wording_errors_come_back_with_what_was_typed(desk, world):
    session = world.session(status="submitted")
    response = correct(desk, session, title="", venue="打好的地点")
    assertContains(response, "请填写培训名称")
    assert response.context["wording_form"]["venue"].value() == "打好的地点"
    assert correct(desk, session, place="").context["wording_form"].errors["place"]
    assert correct(desk, session, outside_county="on").context["wording_form"].errors["place"]


def test_in_4_two_corrections_at_once_show_both_wordings_to_choose_from(desk, world):
    session = world.session(status="submitted", venue="旧址")
    theirs = HOSTILE[:90]
    stored(session).correct_wording(actor=world.bureau2, seen_version=session.version, changes={"venue": theirs})
    response = correct(desk, session, title="我改的名称", venue="我改的地点")
    assert response.status_code == 409
    assert [(r["label"], r["mine"], r["theirs"]) for r in response.context["rows"]] == [
        ("培训名称", "我改的名称", "桑蚕小蚕共育技术"),
        ("培训地点", "我改的地点", theirs),
    ]
    assert theirs not in response.content.decode()
    now = stored(session)
    chosen = {"choose_title": "mine", "choose_venue": "theirs", "seen_version": now.version}
    correct(desk, session, title="我改的名称", venue="我改的地点", **chosen)
    assert (stored(session).title, stored(session).venue) == ("我改的名称", theirs)


# --- hostile names ---------------------------------------------------------------------------------


def test_wb_3_hostile_names_are_shown_escaped_on_every_page_of_the_desk(desk, world):
    name = HOSTILE[:60]
    session = world.session(status="submitted", title=name, venue=name, organiser_written=name, remarks=name)
    session.send_back(actor=world.bureau2, reason="other", note=name)
    session.revise(actor=world.town, seen_version=session.version, changes={"instructors": name})
    Evidence.objects.create(session=session, kind="report", link=name, uploaded_by=world.town)
    session.submit(actor=world.town)
    pages = [
        desk.get(reverse("review-queue")),
        desk.get(reverse("review-queue"), {"q": name}),
        desk.get(reverse("review-session", args=[session.pk])),
        desk.post(reverse("review-verify-many"), tick(session)),
        desk.get(reverse("review-revoke", args=[session.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<img src=x" not in page.content.decode()
        assertContains(page, "&lt;img src=x")
