"""The network on a phone: a township's officer opens a new teaching point and gives it its staff."""

import datetime
import re

from .conftest import OFFICE, PHONE, expect
from .test_main_job import photo


def test_an_officer_opens_a_new_point_with_its_staff_on_a_phone_and_the_leader_sees_it(person, flawless):
    officer = person("town-450124100", PHONE)
    officer.goto("/network/")
    flawless(officer)
    expect(officer.locator("details.branch[open]")).to_have_count(1)  # one's own township, unfolded
    officer.get_by_role("link", name="新汉村", exact=True).click()
    officer.wait_for_url("**/network/places/450124100201/")
    flawless(officer)
    officer.get_by_role("link", name="在这里登记机构").click()
    officer.wait_for_url("**/network/institutions/new/**")
    expect(officer.locator("#id_name")).to_have_value("新汉村社区教育教学点")
    officer.locator("#id_name").fill("新汉村第二教学点")
    officer.locator("#id_hosts").fill("村委会\n村小学")
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(re.compile(r"/network/institutions/\d+/$"))
    point = officer.url
    expect(officer.get_by_text("先核实它的状态")).to_be_visible()
    flawless(officer)

    officer.locator(".next").get_by_role("link", name="记录状态").click()
    officer.wait_for_url("**/state/**")
    officer.get_by_label("已开办").check()
    officer.get_by_label("从哪一天起").fill(datetime.date(datetime.date.today().year, 1, 1).isoformat())
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(point)
    expect(officer.get_by_text("无活动").first).to_be_visible()

    officer.locator(".next").get_by_role("link", name="核对五有").click()
    officer.wait_for_url("**/checks/**")
    officer.locator("#id_met_sign").check()
    officer.locator("#id_note_place").fill("与村委会共用")
    officer.locator("#id_file_sign").set_input_files(photo())
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(point)
    expect(officer.get_by_text("1/5").first).to_be_visible()
    expect(officer.get_by_role("link", name=re.compile("下载佐证"))).to_be_visible()
    flawless(officer)

    officer.locator("a[href*='/network/people/new/']").first.click()
    officer.wait_for_url("**/network/people/new/**")
    expect(officer.get_by_text("新汉村第二教学点").first).to_be_visible()
    officer.get_by_label("姓名", exact=True).fill("演示·韦某")
    officer.get_by_label("电话", exact=True).fill("139 0000 0001")
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(re.compile(r"/network/people/\d+/$"))
    officer.goto(point)
    expect(officer.get_by_text("演示·韦某").first).to_be_visible()
    expect(officer.get_by_text("139 0000 0001")).to_have_count(0)
    flawless(officer)

    officer.goto("/network/shortfalls/")
    expect(officer.get_by_text("五有中已具备 1 项，还差 4 项")).to_be_visible()
    flawless(officer)

    leader = person("leader", OFFICE)
    leader.goto("/network/?colour=activity")
    flawless(leader)
    leader.goto(point)
    expect(leader.get_by_role("link", name="修改资料")).to_have_count(0)
    flawless(leader)
