"""The office prompts at its desk; the unit sees it on a telephone and uploads the paper; the office takes it in."""

import re

from .conftest import OFFICE, PHONE, expect

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def test_the_office_prompts_a_unit_uploads_its_paper_on_a_phone_and_the_office_receives_it(person, flawless):
    bureau = person("bureau", OFFICE)
    flawless(bureau)
    bureau.get_by_role("link", name=re.compile("^报送材料")).click()
    bureau.wait_for_url("**/materials/")
    flawless(bureau)
    bureau.get_by_role("button", name="列入这几种").click()
    bureau.get_by_text("已列入 6 种材料").wait_for()
    flawless(bureau)
    bureau.get_by_role("link", name="年度工作总结", exact=True).click()
    bureau.wait_for_url(re.compile(r"/materials/\d+/$"))
    expect(bureau.get_by_label("发到工作群的文字")).to_have_value(re.compile("20 个单位没有交"))
    flawless(bureau)
    bureau.get_by_role("link", name="修改要求和期限").click()
    bureau.wait_for_url("**/edit/")
    bureau.get_by_label("报送期限").fill("2020-01-31")  # long over
    flawless(bureau)
    bureau.get_by_role("button", name="保存").click()
    bureau.wait_for_url(re.compile(r"/materials/\d+/$"))
    bureau.get_by_role("link", name="在系统里催报").click()
    bureau.wait_for_url("**/prompting/**")
    flawless(bureau)
    text = bureau.get_by_label("全县一段，不点名").input_value()
    assert "各责任单位" in text and "白山镇" not in text
    box = bureau.locator("label.prompting-tick", has_text="白山镇人民政府")
    expect(box.locator("input")).to_be_checked()
    assert box.bounding_box()["height"] >= 44
    for tick in bureau.locator("label.prompting-tick input").all():
        tick.uncheck()
    box.locator("input").check()
    bureau.get_by_label("催报内容").fill("请本周内补齐，谢谢")
    bureau.get_by_role("button", name="发给勾选的单位").click()
    bureau.get_by_text("已发给 1 个单位").wait_for()
    expect(bureau.get_by_text("还没有单位点“知道了”")).to_be_visible()
    flawless(bureau)

    officer = person("town-450124100", PHONE)
    expect(officer.get_by_text("请本周内补齐，谢谢")).to_be_visible()
    flawless(officer)
    officer.get_by_role("button", name=re.compile("知道了")).click()
    officer.get_by_text("本单位看到了这次催报").wait_for()
    expect(officer.get_by_text("请本周内补齐，谢谢")).to_have_count(0)
    paper = officer.get_by_role("link", name=re.compile("^上传.*年度工作总结"))
    officer.wait_for_load_state()
    assert paper.bounding_box()["height"] >= 44
    paper.click()
    officer.wait_for_url("**/file/")
    flawless(officer)
    officer.get_by_label("文件").set_input_files(
        {"name": "总结.docx", "mimeType": "application/msword", "buffer": b"PK\x03\x04[Content_Types].xml"}
    )
    officer.get_by_role("button", name="上传").click()
    expect(officer.get_by_text("请另存为 PDF 后再传").first).to_be_visible()
    flawless(officer)
    officer.get_by_label("文件").set_input_files({"name": "总结.pdf", "mimeType": "application/pdf", "buffer": PDF})
    officer.get_by_role("button", name="上传").click()
    officer.get_by_text("已上传，等办公室收取").wait_for()
    flawless(officer)
    officer.goto("/")
    expect(officer.get_by_role("link", name=re.compile("^上传.*年度工作总结"))).to_have_count(0)

    bureau.goto("/")
    bureau.get_by_role("link", name="报送材料 1 份待收").click()
    bureau.wait_for_url("**/materials/")
    bureau.get_by_role("link", name=re.compile("^待收.*白山镇人民政府年度工作总结")).click()
    bureau.wait_for_url(re.compile(r"/materials/\d+/450124100/$"))
    flawless(bureau)
    bureau.get_by_role("button", name="确认收到").click()
    bureau.get_by_text("已办理").wait_for()
    expect(bureau.locator(".state", has_text="已收")).to_be_visible()
    bureau.go_back()
    bureau.get_by_role("link", name=re.compile("年报送材料")).click()
    bureau.wait_for_url("**/materials/")
    expect(bureau.get_by_role("link", name=re.compile("^已收.*白山镇人民政府年度工作总结"))).to_be_visible()
    bureau.goto(bureau.url.replace("materials/", "prompting/"))
    expect(bureau.get_by_text(re.compile("1 个单位，已读 1 个"))).to_be_visible()
    bureau.goto(bureau.url.replace("prompting/", "late/"))
    flawless(bureau)
