"""People on a telephone and the 通讯录 at a desk."""

import re

from .conftest import OFFICE, PHONE


def test_a_township_officer_gives_a_point_a_part_timer_on_a_phone_and_the_bureau_calls_contacts(person, flawless):
    officer = person("town-450124100", PHONE)
    officer.goto("/network/people/")
    flawless(officer)
    officer.get_by_role("link", name="添加人员").first.click()
    flawless(officer)
    officer.get_by_role("link", name="新汉村社区教育教学点").click()
    officer.get_by_label("姓名", exact=True).fill("演示·蒙某")
    officer.get_by_label("电话", exact=True).fill("身份证450124199001011234")
    officer.get_by_role("button", name="保存").click()
    assert officer.get_by_text("不登记身份证号码").first.is_visible()
    assert officer.get_by_label("姓名", exact=True).input_value() == "演示·蒙某"
    flawless(officer)
    officer.get_by_label("电话", exact=True).fill("139 0000 0002")
    officer.get_by_label("职务", exact=True).fill("小学教师")
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(re.compile(r"/network/people/\d+/$"))
    assert officer.get_by_text("139****0002").is_visible()
    assert officer.get_by_text("新汉村社区教育教学点").first.is_visible()
    flawless(officer)

    officer.goto("/network/contacts/")
    officer.get_by_role("link", name=re.compile("补上.*白山镇人民政府的联络员")).click()
    officer.get_by_label("姓名", exact=True).fill("演示·覃某")
    officer.get_by_label("电话", exact=True).fill("0771-6000001")
    officer.get_by_label("岗位").select_option(label="联络员")
    flawless(officer)
    officer.get_by_role("button", name="保存").click()
    officer.wait_for_url(re.compile(r"/network/people/\d+/$"))
    officer.goto("/network/contacts/")
    flawless(officer)

    bureau = person("bureau", OFFICE)
    bureau.goto("/network/contacts/")
    flawless(bureau)
    number = bureau.get_by_role("link", name="0771-6000001")
    assert number.get_attribute("href") == "tel:07716000001"
    assert bureau.locator("[data-entry]:visible").count() == 20
    bureau.get_by_label("查找").fill("覃某")
    assert bureau.locator("[data-entry]:visible").count() == 1 and number.is_visible()
    assert "覃" not in bureau.url
    bureau.get_by_label("查找").fill("没有这个人")
    assert bureau.get_by_text("没有找到，换个字试试").is_visible()
    bureau.goto("/network/contacts/print/")
    flawless(bureau)
    bureau.goto("/network/groups/")
    flawless(bureau)
    bureau.get_by_role("link", name="马山县社区教育发展工作领导小组").click()
    flawless(bureau)
    bureau.get_by_role("link", name=re.compile("登记由谁担任")).first.click()
    flawless(bureau)
    bureau.get_by_label("姓名", exact=True).fill("演示·陆某")
    bureau.get_by_role("button", name="保存").click()
    assert bureau.get_by_role("link", name="演示·陆某").is_visible()
    bureau.get_by_role("link", name="打印名单").click()
    assert bureau.get_by_text("演示·陆某").is_visible()
    flawless(bureau)
