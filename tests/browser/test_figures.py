"""A township officer fills the year's sheet on a phone; what is wrong is said beside the cell and nothing typed is lost."""

import re

from .conftest import OFFICE, PHONE, expect


def test_an_officer_fills_the_sheet_on_a_phone_and_the_office_sees_it(person, flawless):
    officer = person("town-450124103", PHONE)
    officer.goto("/network/figures/?year=2019")
    expect(officer.get_by_text("59,289").first).to_be_visible()  # what the county knows stands there with its source
    flawless(officer)
    officer.goto("/network/figures/")
    officer.get_by_role("link", name="填报本镇数据").click()
    officer.wait_for_url(re.compile(r"/network/figures/\d{4}/450124103/$"))
    year = int(re.search(r"/figures/(\d{4})/", officer.url)[1])
    flawless(officer)
    officer.locator("#id_elderly").fill("约9000")
    officer.locator("#id_elderly_source").fill("民政台账")
    officer.locator("#id_participants").fill("3,600")
    officer.locator("#id_participants_source").fill("培训名册")
    officer.locator("#id_fund_public_paid").fill("18000.50")
    officer.locator("#id_v450124103205_registered").fill("1201")
    officer.get_by_role("button", name="保存整张表").click()
    wrong = [
        "60岁及以上老年人：请填整数，如 1200；不知道就留空，不要填“约”“余”",
        "年度参与人数的统计方法：请写明怎么数的人，如按签到去重、按名册、抽样推算；人次不是人数",
        "各村户籍人口的来源：请写明各村户籍人口从哪里来，如统计年报、派出所户籍数",
    ]
    expect(officer.locator(".error-summary").get_by_role("link")).to_have_text(wrong)
    expect(officer.locator("#id_elderly")).to_have_value("约9000")
    expect(officer.locator("#id_fund_public_paid")).to_have_value("18000.50")
    flawless(officer)
    officer.locator("#id_elderly").fill("9000")
    officer.locator("#id_participants_method").fill("按签到去重")
    officer.locator("#id_villages_registered_source").fill("派出所")
    officer.get_by_role("button", name="保存整张表").click()
    officer.wait_for_url(re.compile(r"/network/figures/\?year="))
    expect(officer.get_by_text(f"古零镇{year}年度数据已保存。")).to_be_visible()
    flawless(officer)
    for address in (f"/network/funds/?year={year}", "/network/zones/", f"/network/zones/references/?year={year}"):
        officer.goto(address)
        flawless(officer)

    bureau = person("bureau", OFFICE)
    bureau.goto(f"/network/figures/?year={year}")
    expect(bureau.get_by_text("9,000").first).to_be_visible()
    flawless(bureau)
    bureau.goto(f"/network/figures/{year}/450124103/")
    expect(bureau.locator("#id_v450124103205_registered")).to_have_value("1201")
    flawless(bureau)
    bureau.goto("/network/zones/")
    bureau.get_by_role("link", name=f"{year} 年自评").first.click()
    bureau.wait_for_url(re.compile(rf"/network/zones/\d+/{year}/$"))
    flawless(bureau)
    bureau.get_by_role("link", name="填写自评").click()
    bureau.locator("#id_system_rating").select_option(label="已建成")
    bureau.locator("#id_system_text").fill("镇社区学校和各村教学点挂牌开放。")
    flawless(bureau)
    bureau.get_by_role("button", name="保存自评").click()
    bureau.wait_for_url(re.compile(rf"/network/zones/\d+/{year}/$"))
    expect(bureau.get_by_text("已建成")).to_be_visible()
    bureau.get_by_role("link", name="打印版").click()
    bureau.wait_for_url("**/print/")
    flawless(bureau)
    for address in (
        "/network/zones/new/",
        "/network/zones/references/elderly/",
        f"/network/zones/references/?year={year}",
    ):
        bureau.goto(address)
        flawless(bureau)
    leader = person("leader", PHONE)
    leader.goto(f"/network/figures/{year}/450124103/")
    expect(leader.get_by_text("18,000.50")).to_be_visible()
    flawless(leader)
    leader.goto(f"/network/funds/?year={year}")
    flawless(leader)
