"""The checklist of the first weeks, and the privacy notice that it asks for."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from networks.models import Appointment, CountySettings, Institution, MemberUnit, Person, UnitTerm
from networks.views.privacy import PROPOSED
from reporting.models import AssessmentYear
from reporting.setup import steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(world):
    """{label: (done, state)} as the bureau sees it."""
    return lambda: {step.label: (step.done, step.state) for step in steps(world.bureau)}


def test_each_step_says_how_far_it_has_come(world, state, settings):
    settings.SITE_OWNER, settings.ICP_NUMBER = "", "桂ICP备1号"
    MemberUnit.objects.filter(pk=world.lgj.pk).update(name_unconfirmed=True)
    MemberUnit.objects.filter(pk=world.foreign.pk).update(name_unconfirmed=True)
    found = state()
    assert found["部门的今名"] == (False, "1 个待核对：县老干局")
    assert found["系统启用年度"] == (True, f"{world.year} 年")
    assert found[f"{world.year} 考核年度"] == (True, "已开设，没有定填报截止日期（可以不定）")
    assert found["机构状态"] == (False, "6 个待核实，共 6 个")
    assert found["分管领导和联络员"] == (False, "5 个单位还不全")
    assert found["办公室的第二个账号"] == (True, "现有 3 人")
    assert found["页脚"] == (False, "还缺主办单位（SITE_OWNER）：请系统管理员写进服务器上的 .env 文件，再重新启动")
    assert found["个人信息处理告知"] == (False, "还没有公布")


def test_what_is_settled_is_done(world, state, settings):
    settings.SITE_OWNER, settings.ICP_NUMBER = "马山县教育局", "桂ICP备1号"
    for institution in Institution.objects.filter(division__code__startswith="450124"):
        institution.record("open", datetime.date(2024, 9, 1))
    person = Person.objects.create(county=world.county, name="某人")
    for unit in MemberUnit.objects.filter(pk__in=UnitTerm.objects.values("unit"), county=world.county):
        for function in ("contact", "supervisor"):
            Appointment.objects.create(person=person, unit=unit, function=function)
    CountySettings.objects.filter(pk=world.county.pk).update(
        privacy_notice="告知", privacy_published_on=datetime.date(2026, 1, 1)
    )
    assert {label for label, (done, _) in state().items() if not done} == set()
    CountySettings.objects.filter(pk=world.county.pk).update(live_since=None)
    AssessmentYear.objects.all().delete()
    world.bureau2.is_active = world.director.is_active = False
    world.bureau2.save()
    world.director.save()
    assert {label for label, (done, _) in state().items() if not done} == {
        "系统启用年度",
        f"{world.year} 考核年度",
        "办公室的第二个账号",
    }


def test_the_office_is_led_from_its_desk_to_the_list_and_from_there_to_the_work(world, client):
    client.force_login(world.bureau)
    assert "首次使用清单还有" in client.get("/").content.decode()
    page = client.get(reverse("setup")).content.decode()
    assert reverse("reorganisations") in page and reverse("privacy-edit") in page
    assert "已完成" in page


def test_the_checklist_costs_the_same_queries_whatever_the_county(world, client, django_assert_max_num_queries):
    client.force_login(world.bureau)

    def count():
        with django_assert_max_num_queries(40) as captured:
            client.get(reverse("setup"))
        return len(captured)

    before = count()
    for number in range(30):
        unit = MemberUnit.objects.create(
            county=world.county,
            code=f"n{number}",
            name=f"新局{number}",
            kind="other",
            division=world.county,
            name_unconfirmed=True,
        )
        UnitTerm.objects.create(unit=unit, fact="group", starts_on=datetime.date(2020, 1, 1))
        Institution.objects.create(division=world.county, kind="point", name=f"点{number}")
    assert count() == before


# --- the notice ----------------------------------------------------------------------------------------------


def send(client, **body):
    return client.post(reverse("privacy-edit"), {"seen_version": "0", **body})


def test_the_proposed_text_must_be_filled_in_before_it_is_published(world, client):
    client.force_login(world.bureau)
    assert "【主办单位全称】" in client.get(reverse("privacy-edit")).content.decode()
    refused = send(client, privacy_notice=PROPOSED, published="on").content.decode()
    assert "还有【】没有填" in refused and "【主办单位全称】" in refused
    assert "请先写好" in send(client, privacy_notice=" ", published="on").content.decode()
    assert send(client, privacy_notice=PROPOSED).status_code == 302  # a draft may wait
    settings = CountySettings.objects.get(pk=world.county.pk)
    assert (settings.privacy_published_on, settings.version) == (None, 1)


def test_a_published_notice_is_open_to_everybody_and_linked_in_the_footer(world, client):
    assert client.get(reverse("privacy")).status_code == 404
    assert reverse("privacy") not in client.get("/login/").content.decode()
    client.force_login(world.bureau)
    send(client, privacy_notice="一、谁在处理\n马山县教育局 <b>", published="on")
    client.logout()
    page = client.get(reverse("privacy")).content.decode()
    assert "马山县教育局 &lt;b&gt;" in page and "马山县" in page
    assert f'href="{reverse("privacy")}"' in client.get("/login/").content.decode()
    assert client.get(reverse("privacy-county", args=[world.other_county.pk])).status_code == 404


def test_of_several_counties_a_stranger_chooses_and_everybody_else_reads_their_own(world, client):
    today = datetime.date.today()
    for county, text in [(world.county, "马山的告知"), (world.other_county, "上林的告知")]:
        CountySettings.objects.filter(pk=county.pk).update(privacy_notice=text, privacy_published_on=today)
    listed = client.get(reverse("privacy")).content.decode()
    assert "的告知" not in listed and reverse("privacy-county", args=[world.other_county.pk]) in listed
    assert "上林的告知" in client.get(reverse("privacy-county", args=[world.other_county.pk])).content.decode()
    client.force_login(world.foreign_bureau)
    assert "上林的告知" in client.get(reverse("privacy")).content.decode()


def test_whoever_saves_the_notice_second_sees_both(world, client):
    client.force_login(world.bureau)
    send(client, privacy_notice="第一份")
    page = send(client, privacy_notice="第二份").content.decode()
    assert "已有人先改成了“第一份”" in page and "第二份" in page
    assert CountySettings.objects.get(pk=world.county.pk).privacy_notice == "第一份"


def test_the_database_publishes_no_empty_notice(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        CountySettings.objects.filter(pk=world.county.pk).update(privacy_published_on=datetime.date(2026, 1, 1))
