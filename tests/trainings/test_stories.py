"""Publicity: what a unit tells about its sessions, and the sheets of its candidates (依据 三(七))."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import Attachment, AuditEvent
from trainings.models import Audience, AudienceCount, Refused, Story
from trainings.models.proposals import State

from ..act import picture
from .test_proposals import a_story, brought_to


def filled(**changes):
    form = {"kind": "case", "title": "蚕房里的夜校", "body": "三年办了二十期。", "seen_version": "0"}
    return {name: value for name, value in (form | changes).items() if value is not None}


def errors_of(response):
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


def quiet(w, **fields):
    """A submitted session that is counted by heads only."""
    session = w.session(status="submitted", title="法治教育课堂", **fields)
    AudienceCount.objects.create(session=session, audience=Audience.objects.get(name="社区服刑人员"))
    return session


# --- writing ---------------------------------------------------------------------------------------------


def test_a_session_that_took_place_begins_a_story(world, ask):
    session = world.session(status="submitted", title="桑蚕小蚕共育技术")
    link = f"/publicity/new/?session={session.pk}"
    assert f'href="{link}"' in ask(world.town, f"/sessions/{session.pk}/").content.decode()
    form = ask(world.town, link).context["form"]
    assert (form["title"].value(), form["kind"].value(), form["sessions"].value()) == (
        session.title,
        "news",
        [session.pk],
    )
    assert ask(world.town, link, filled(sessions=[session.pk]), "post").status_code == 302
    row = Story.objects.get()
    assert (row.unit, row.state, list(row.sessions.all())) == (world.ours, State.DRAFT, [session])
    form = ask(world.bureau, link).context["form"]
    assert form["unit"].value() == world.ours.pk
    assert ask(world.town2, link).status_code == 404
    for wrong in (quiet(world), world.session(title="草稿")):
        assert ask(world.town, f"/publicity/new/?session={wrong.pk}").status_code == 404
        assert "/publicity/new/" not in ask(world.town, f"/sessions/{wrong.pk}/").content.decode()


def test_other_sessions_are_named_by_number_and_only_those_one_sees(world, ask):
    mine = world.session(status="verified")
    theirs, draft, hidden = world.session(world.theirs, status="submitted"), world.session(), quiet(world)
    page = ask(world.town, "/publicity/new/", filled(numbers=f"{mine.number}、{theirs.number}"), "post")
    assert theirs.number in errors_of(page)["numbers"][0] and mine.number not in errors_of(page)["numbers"][0]
    for wrong in (draft, hidden):
        assert "numbers" in errors_of(ask(world.town, "/publicity/new/", filled(numbers=wrong.number), "post"))
        assert "sessions" in errors_of(ask(world.town, "/publicity/new/", filled(sessions=[wrong.pk]), "post"))
    given = filled(unit=world.ours.pk, numbers=f"{mine.number.lower()}，{theirs.number}")
    assert ask(world.bureau, "/publicity/new/", given, "post").status_code == 302
    assert set(Story.objects.get().sessions.all()) == {mine, theirs}


def test_whoever_rewrites_a_story_keeps_the_sessions_that_they_do_not_see(world, ask):
    row = a_story(world)
    theirs = world.session(world.theirs, status="verified")
    row.sessions.add(theirs)
    form = ask(world.town, f"/publicity/{row.pk}/edit/").context["form"]
    assert form["sessions"].value() == [theirs.pk]
    given = filled(title="新标题", sessions=[theirs.pk])
    assert ask(world.town, f"/publicity/{row.pk}/edit/", given, "post").status_code == 302
    assert list(row.sessions.all()) == [theirs]
    page = ask(world.town, f"/publicity/{row.pk}/")
    assert (page.context["sessions"], page.context["others"]) == ([], 1)


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"title": ""}, "title"),
        ({"kind": "gossip"}, "kind"),
        ({"body": "她的身份证是450124199001011234"}, "body"),
        ({"body": "戒毒人员的故事"}, "body"),
        ({"subject": "覃秀英"}, "subject"),
        ({"happened_on": "三月初"}, "happened_on"),
        ({"numbers": "CC1"}, "numbers"),
    ],
)
def test_what_makes_no_sense_is_a_message_beside_its_field(world, ask, wrong, field):
    assert list(errors_of(ask(world.town, "/publicity/new/", filled(**wrong), "post"))) == [field]
    assert not Story.objects.exists()


def test_the_audit_log_holds_no_name_of_a_resident(world, ask):
    given = filled(kind="star", subject="覃秀英", title="覃秀英的夜校", agreed="on")
    ask(world.town, "/publicity/new/", given, "post")
    row = Story.objects.get()
    ask(world.town, f"/publicity/{row.pk}/propose/", {"verb": "propose"}, "post")
    events = AuditEvent.objects.filter(subject="story").values()
    assert events and "覃秀英" not in str(list(events))


# --- the picture -----------------------------------------------------------------------------------------


def test_a_picture_is_stored_new_shown_by_its_story_alone_and_goes_when_it_is_replaced(
    world, ask, django_capture_on_commit_callbacks
):
    given = filled(photo=picture())
    assert ask(world.town, "/publicity/new/", given, "post").status_code == 302
    row = Story.objects.get()
    first = row.picture
    assert ask(world.town, f"/publicity/{row.pk}/picture/")["Content-Type"] == "image/jpeg"
    assert ask(world.town2, f"/publicity/{row.pk}/picture/").status_code == 404
    assert ask(world.town, f"/network/files/{first.pk}/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        ask(world.town, f"/publicity/{row.pk}/edit/", filled(photo=picture(), seen_version=1), "post")
    row.refresh_from_db()
    assert row.picture != first and not Attachment.objects.filter(pk=first.pk).exists()
    assert not first.file.storage.exists(first.file.name)
    ask(world.town, f"/publicity/{row.pk}/edit/", filled(drop_photo="on", seen_version=2), "post")
    assert Story.objects.get().picture is None and not Attachment.objects.exists()
    assert ask(world.town, f"/publicity/{row.pk}/picture/").status_code == 404


def test_a_picture_that_nobody_agreed_to_is_not_proposed(world, ask):
    ask(world.town, "/publicity/new/", filled(photo=picture()), "post")
    row = Story.objects.get()
    assert "征得照片中的人同意" in ask(world.town, f"/publicity/{row.pk}/").content.decode()
    ask(world.town, f"/publicity/{row.pk}/propose/", {"verb": "propose"}, "post")
    assert Story.objects.get().state == State.DRAFT


def test_another_picture_and_another_name_are_agreed_to_anew(world, ask):
    given = filled(kind="star", subject="覃秀英", agreed="on", photo=picture(), picture_agreed="on")
    ask(world.town, "/publicity/new/", given, "post")
    row = Story.objects.get()
    assert row.agreed and row.picture_agreed and row.missing_for_proposal() == []
    edit, same = f"/publicity/{row.pk}/edit/", {name: value for name, value in given.items() if name != "photo"}
    ask(world.town, edit, same | {"seen_version": 1, "body": "改了几个字。"}, "post")
    row.refresh_from_db()
    assert row.agreed and row.picture_agreed
    other = given | {"seen_version": 2, "subject": "韦桂花", "photo": picture()}  # the ticks come along as they stood
    assert ask(world.town, edit, other, "post").status_code == 302
    row.refresh_from_db()
    assert (row.agreed, row.picture_agreed, len(row.missing_for_proposal())) == (False, False, 2)
    ask(world.town, edit, same | {"seen_version": 3, "subject": "韦桂花"}, "post")
    row.refresh_from_db()
    assert row.agreed and row.picture_agreed and row.missing_for_proposal() == []


# --- deciding --------------------------------------------------------------------------------------------


def test_a_star_who_no_longer_agrees_is_out_of_sight_at_once(world, ask):
    row = brought_to(world, Story, State.PUBLIC, kind="star", subject="覃秀英", agreed=True)
    assert list(Story.objects.public()) == [row]
    ask(world.town, f"/publicity/{row.pk}/propose/", {"verb": "take_back", "seen_version": row.version}, "post")
    assert not Story.objects.public().exists()
    assert ask(world.town2, f"/publicity/{row.pk}/").status_code == 404


def test_who_proposed_it_is_told_that_another_approves(world, ask):
    row = a_story(world, world.jyj)
    row.propose(actor=world.bureau)
    page = ask(world.bureau, f"/publicity/{row.pk}/").content.decode()
    assert "须由另一位工作人员审定" in page and 'value="approve"' not in page
    given = {"verb": "approve", "seen_version": row.version}
    assert ask(world.bureau, f"/publicity/{row.pk}/decide/", given, "post").status_code == 403
    assert ask(world.bureau2, f"/publicity/{row.pk}/decide/", given, "post").status_code == 302
    assert Story.objects.get().state == State.PUBLIC


def test_no_text_of_a_protected_group_comes_through_by_approving(world, ask):
    row = brought_to(world, Story, State.PROPOSED)
    Story.objects.filter(pk=row.pk).update(summary="戒毒人员的故事")
    page = ask(world.bureau, f"/publicity/{row.pk}/decide/", {"verb": "approve"}, "post")
    assert "戒毒" in errors_of(page)["__all__"][0] and Story.objects.get().state == State.PROPOSED


@pytest.fixture
def told(world, ask):
    """A public star with a picture, and the audience that its session turns out to have had."""
    given = filled(kind="star", subject="覃秀英", agreed="on", photo=picture(), picture_agreed="on")
    ask(world.town, "/publicity/new/", given, "post")
    row = Story.objects.get()
    session = world.session(status="verified")
    row.sessions.add(session)
    row.propose(actor=world.town)
    row.approve(actor=world.bureau)

    def turned_out(audience):
        AudienceCount.objects.create(session=session, audience=Audience.objects.get(name=audience))
        return row

    return turned_out


def test_pi_2_a_story_of_a_session_counted_by_heads_is_out_of_everybody_elses_sight(world, ask, told):
    row = told("社区服刑人员")
    pages = [f"/publicity/{row.pk}/", f"/publicity/{row.pk}/sheet/", f"/publicity/{row.pk}/picture/"]
    for other in (world.town2, world.unit, world.leader, world.auditor):
        assert [ask(other, page).status_code for page in pages] == [404] * 3
        assert row not in ask(other, "/publicity/").context["page_obj"]
    for keeper in (world.town, world.bureau):
        assert [ask(keeper, page).status_code for page in pages] == [200] * 3


def test_pi_3_a_picture_with_minors_is_shown_to_nobody_but_whoever_keeps_it(world, ask, told):
    row = told("青少年")
    for other in (world.town2, world.leader):
        page = ask(other, f"/publicity/{row.pk}/")
        assert page.status_code == 200 and "/picture/" not in page.content.decode()
        assert ask(other, f"/publicity/{row.pk}/picture/").status_code == 404
    for keeper in (world.town, world.head, world.bureau):
        assert "/picture/" in ask(keeper, f"/publicity/{row.pk}/").content.decode()
        assert ask(keeper, f"/publicity/{row.pk}/picture/").status_code == 200


def test_pi_5_who_withdraws_the_agreement_is_in_no_row_no_history_and_no_file(
    world, ask, told, django_capture_on_commit_callbacks
):
    row = told("老年人")
    url, shown = f"/publicity/{row.pk}/remove/", row.picture
    assert ask(world.town, url).status_code == 302  # public: taken back first
    assert "现在是“已公开”，不能删除" in ask(world.town, url, {}, "post").content.decode()
    row.take_back(actor=world.town)
    assert url in ask(world.town, f"/publicity/{row.pk}/").content.decode()
    for other, code in ((world.town2, 404), (world.head, 403), (world.leader, 403)):
        assert ask(other, url, {}, "post").status_code == code
    with django_capture_on_commit_callbacks(execute=True):
        assert ask(world.town, url, {}, "post").url == "/publicity/"
    assert not Story.objects.exists() and not Story.history.exists() and not Attachment.objects.exists()
    assert not shown.file.storage.exists(shown.file.name)
    event = AuditEvent.objects.get(action="删除宣传内容")
    assert (event.subject_id, event.detail["kind"], "覃秀英" in str(event.detail)) == (str(row.pk), "star", False)


def test_in_6_what_is_proposed_in_between_is_not_erased(world):
    row = a_story(world)
    stale = Story.objects.get(pk=row.pk)
    row.propose(actor=world.town)
    with pytest.raises(Refused, match="待审定"):
        stale.erase(actor=world.town)
    assert Story.objects.get().state == State.PROPOSED


# --- the sheet -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, words", [("star", "百姓学习之星推荐登记表"), ("brand", "终身学习品牌推荐登记表")])
def test_a_candidate_has_a_sheet_and_news_have_none(world, ask, kind, words):
    row = a_story(world, kind=kind, subject="覃秀英", body="每周三晚教邻居用手机。")
    row.sessions.add(world.session(status="verified", reported=40), world.session(status="submitted", title="未核定"))
    page = ask(world.town, f"/publicity/{row.pk}/sheet/")
    text = page.content.decode()
    for word in (words, "覃秀英", "每周三晚教邻居用手机。", world.ours.name, "盖章", "三(七)"):
        assert word in text
    assert page.context["did"] == (1, 40)
    news = a_story(world, kind="news", title="动态")
    assert ask(world.town, f"/publicity/{news.pk}/sheet/").status_code == 404
    assert "/sheet/" not in ask(world.town, f"/publicity/{news.pk}/").content.decode()


# --- the list --------------------------------------------------------------------------------------------


def test_the_list_shows_what_one_may_read_by_kind_and_words(world, ask):
    brought_to(world, Story, State.PUBLIC, title="夜校", kind="case")
    brought_to(world, Story, State.PUBLIC, title="会鼓", kind="brand", subject="会鼓", summary="鼓声进村")
    a_story(world, title="草稿")
    brought_to(world, Story, State.PROPOSED, title="待审")

    def found(user, query=None):
        return {row.title for row in ask(user, "/publicity/", query or {}).context["page_obj"]}

    assert found(world.town2) == found(world.leader) == {"夜校", "会鼓"}
    assert found(world.town) == found(world.bureau) == {"夜校", "会鼓", "草稿", "待审"}
    assert found(world.bureau, {"state": "proposed"}) == {"待审"}
    assert found(world.unit, {"kind": "brand"}) == {"会鼓"}
    assert found(world.leader, {"state": "proposed"}) == {"夜校", "会鼓"}  # no such filter for whoever sees one state


def test_pi_7_who_is_looked_for_stands_in_no_address(world, ask):
    brought_to(world, Story, State.PUBLIC, title="夜校", kind="star", subject="覃秀英", agreed=True)
    brought_to(world, Story, State.PUBLIC, title="会鼓", kind="brand", subject="会鼓", summary="鼓声进村")
    page = ask(world.unit, "/publicity/", {"q": "覃秀英", "kind": "", "state": ""}, "post")
    assert [row.title for row in page.context["page_obj"]] == ["夜校"]
    assert 'method="post"' in page.content.decode() and "?q=" not in page.content.decode()
    assert [row.title for row in ask(world.unit, "/publicity/", {"q": "进村"}, "post").context["page_obj"]] == ["会鼓"]
    assert len(ask(world.unit, "/publicity/?q=覃秀英").context["page_obj"]) == 2  # an old address looks for nothing
    asked = ask(world.unit, "/publicity/", {"q": " ", "kind": "star", "state": "public"}, "post")
    assert asked.url == "/publicity/?kind=star&state=public"


def test_the_list_and_a_story_cost_the_same_at_3_and_at_30_rows(world, ask):
    counts, row = [], a_story(world, title="主稿")
    for first, last in [(0, 3), (3, 30)]:
        for number in range(first, last):
            brought_to(world, Story, State.PUBLIC, title=f"动态{number}", kind="news")
            row.sessions.add(world.session(status="verified", title=f"场次{number}"))
        counts.append([])
        for url in ("/publicity/", f"/publicity/{row.pk}/", f"/publicity/{row.pk}/edit/"):
            ask(world.town, url)
            with CaptureQueriesContext(connection) as captured:
                assert ask(world.town, url).status_code == 200
            counts[-1].append(len(captured))
    assert counts[0] == counts[1]
