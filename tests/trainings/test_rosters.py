"""名册: from a paste to stored lines; who sees names; what is counted; the same person twice (XL-7, PI-3, AC-6)."""

import builtins
import datetime
import io
import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from networks.models import AuditEvent
from trainings.models import Audience, Refused, RosterLine, TrainingSession
from trainings.rosters import keeping
from trainings.rosters.keeping import Person

from ..site_map import has_typed_password

PASTE = "姓名\t性别\t年龄\t村（社区）\t电话\n张三\t女\t35\t新汉村\t13800138000\n覃小妹\t女\t12\t新汉村\t\n"


@pytest.fixture
def held(world):
    world.draft = world.session()
    return world


def url(name, session, *more):
    return reverse(name, args=[session.pk, *more])


def add(session, *names, actor=None, **fields):
    people = [name if isinstance(name, Person) else Person(name, **fields) for name in names]
    return keeping.add(session, people, actor=actor or session.entered_by, source="pasted")


def cells(response):
    """The grid's cells as a browser would send them back."""
    grid = response.context["grid"]
    data = {"source": grid.source, "unread": grid.unread}
    for n, row in enumerate(grid.rows):
        data |= {f"{cell}-{n}": text for cell, text in row.cells.items()}
        data |= {f"out-{n}": "on"} if row.out else {}
    return data


@pytest.fixture
def take(client):
    """`take(user, session, purpose)` asks for the workbook as somebody who has just typed the password (ID-4)."""

    def send(user, session, purpose):
        client.force_login(user)
        has_typed_password(client)
        return client.post(url("roster-export", session), {"purpose": purpose})

    return send


def fresh(session):
    return TrainingSession.objects.get(pk=session.pk)


# --- from a paste to stored lines --------------------------------------------------------------------------


def test_a_paste_becomes_a_grid_and_the_grid_becomes_lines(held, ask):
    response = ask(held.town, url("roster-check", held.draft), {"text": PASTE}, "post")
    page = response.content.decode()
    assert not RosterLine.objects.exists() and "13800138000" not in page
    assert "有 1 个完整电话号码，只留下末四位" in page
    response = ask(held.town, url("roster-save", held.draft), cells(response), "post")
    assert response["Location"] == url("session-roster", held.draft)
    stored = list(
        RosterLine.objects.values_list("name", "sex", "age_band", "home_id", "phone_tail", "source", "identity")
    )
    village = held.places["新汉村"].pk
    assert stored == [
        ("张三", "f", "adult", village, "8000", "pasted", "张三|8000"),
        ("覃小妹", "f", "minor", village, "", "pasted", f"覃小妹@{village}"),
    ]
    assert fresh(held.draft).rostered_attendance == 2 and fresh(held.draft).reported_attendance == 50
    act = AuditEvent.objects.latest("pk")
    assert (act.action, act.detail) == ("登记名册", {"number": held.draft.number, "lines": 2, "roster": 2})


def test_a_wrong_cell_keeps_everything_from_being_stored_and_nothing_typed_is_lost(held, ask):
    rows = {"name-0": "张三", "home-0": "新汗村", "name-1": "", "sex-1": "f", "name-2": "李四", "tail-2": "12"}
    rows |= {"unread": "备注一行", "left-2": "党员"}
    page = ask(held.town, url("roster-save", held.draft), rows, "post").content.decode()
    assert not RosterLine.objects.exists()
    assert "没有“新汗村”，相近的有：白山镇/新汉村" in page and "手机尾号是末四位数字" in page and "请填写姓名" in page
    assert 'href="#home-0"' in page and 'value="新汗村"' in page and 'value="12"' in page
    assert "备注一行" in page and "党员" in page


def test_pi_4_numbers_typed_into_a_cell_are_cut_and_the_page_says_so(held, ask):
    rows = {"name-0": "张三450124198501011234", "tail-0": "13800138000", "home-0": "新汉村那马屯450124198501011234"}
    page = ask(held.town, url("roster-save", held.draft), rows | {"check": "1"}, "post").content.decode()
    assert "有 2 处身份证号等长号码，已当场删去" in page and "450124198501011234" not in page
    ask(held.town, url("roster-save", held.draft), rows, "post")
    line = RosterLine.objects.get()
    assert (line.name, line.phone_tail, line.home) == ("张三", "8000", held.places["新汉村"])
    for bad in [{"phone_tail": "13800138000"}, {"name": "450124198501011234"}, {"phone_tail": "12a4"}]:
        with pytest.raises(Exception, match=r"(?i)constraint|too long"), transaction.atomic():
            RosterLine.objects.filter(pk=line.pk).update(**bad)


def test_a_workbook_is_read_into_the_same_grid_and_kept_nowhere(held, ask, monkeypatch):
    book = Workbook()
    book.active.append(["姓名", "身份证号"])
    book.active.append(["张三", "450124198501011234"])
    out = io.BytesIO()
    book.save(out)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", None)
    file = SimpleUploadedFile("名单.xlsx", out.getvalue())
    response = ask(held.town, url("roster-check", held.draft), {"workbook": file}, "post")
    assert [row.cells["name"] for row in response.context["grid"].rows] == ["张三"]
    assert response.context["grid"].source == "workbook" and "450124198501011234" not in response.content.decode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "请先粘贴名单"),
        ({"text": "请大家接龙\n明天上午在村委会培训"}, "没有从中认出人名"),
        (
            {"text": "\n".join(f"{n}.韦{'一二三四五六七八九十'[n % 10]}{'甲乙丙'[n % 3]}" for n in range(1, 502))},
            "一次最多 500 人",
        ),
        ({"workbook": SimpleUploadedFile("名单.xlsx", b"%PDF-1.4")}, "这是 PDF 文件"),
        ({"workbook": SimpleUploadedFile("名单.xlsx", b"PK" + b"0" * 2_100_000)}, "表格超过 2 MiB"),
    ],
)
def test_what_cannot_be_read_is_told_on_the_page_with_what_was_typed(held, ask, data, sentence):
    response = ask(held.town, url("roster-check", held.draft), data, "post")
    page = response.content.decode()
    assert response.status_code == 200 and sentence in page
    assert data.get("text", "")[:20].splitlines()[:1] == [] or data["text"].splitlines()[0] in page


def test_copies_in_a_chat_list_are_ticked_as_unwanted(held, ask):
    add(held.draft, "王五")
    text = "1.张三 女\n2.李四\n3.张三 女\n4.王五\n5.李四 尾号1234"
    rows = ask(held.town, url("roster-check", held.draft), {"text": text}, "post").context["grid"].rows
    assert [row.out for row in rows] == [False, False, True, True, False]
    assert rows[4].notes == ["与第 2 行同名，请确认是两个人"]


# --- the same person twice ---------------------------------------------------------------------------------


def test_xl_7_the_same_person_twice_in_a_session_is_refused_at_the_line(held, ask):
    rows = {"name-0": "张三", "tail-0": "1234", "name-1": "张 三", "tail-1": "1234"}
    page = ask(held.town, url("roster-save", held.draft), rows, "post").content.decode()
    assert "第 2 行姓名：与第 1 行是同一个人" in page and not RosterLine.objects.exists()
    add(held.draft, Person("张三", phone_tail="1234"))
    page = ask(held.town, url("roster-save", held.draft), {"name-0": "张三", "tail-0": "1234"}, "post").content.decode()
    assert "与名册里是同一个人" in page and RosterLine.objects.count() == 1
    with pytest.raises(keeping.Twice) as refused:
        add(held.draft, Person("新人"), Person("张三", phone_tail="1234"))
    assert refused.value.positions == [1] and RosterLine.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterLine.objects.create(session=held.draft, name="张三", phone_tail="1234", source="qr")


def test_xl_7_the_same_person_at_the_same_time_in_two_sessions_is_hinted(held, ask):
    w, nine, ten, noon = held, datetime.time(9), datetime.time(10), datetime.time(12)
    morning = w.session(title="上午的课", start_time=nine, end_time=noon)
    clash = w.session(title="撞上的课", start_time=ten, end_time=noon)
    later = w.session(title="下午的课", start_time=noon, end_time=datetime.time(15))
    vague = w.session(title="没写时间的课")
    other_day = w.session(title="第二天的课", held_on=datetime.date(w.year, 1, 2))
    theirs = w.session(w.theirs, title="别镇的课", start_time=nine, end_time=noon, status="submitted")
    person = Person("张三", phone_tail="1234")
    for session in [morning, clash, later, vague, other_day]:
        add(session, person, "李四")
    keeping.add(theirs, [person], actor=w.town2, source="pasted")
    found = keeping.double_booked(morning, ["张三|1234", "李四"], w.town)
    told = {key: [(m.session.title, m.surely, m.weak) for m in meetings] for key, meetings in found.items()}
    assert told == {
        "张三|1234": [("撞上的课", True, False), ("没写时间的课", False, False)],
        "李四": [("撞上的课", True, True), ("没写时间的课", False, True)],
    }
    office = keeping.double_booked(morning, ["张三|1234"], w.bureau)["张三|1234"]
    assert [m.session.title for m in office] == ["撞上的课", "没写时间的课", "别镇的课"]
    page = ask(w.town, url("session-roster", morning)).content.decode()
    assert "第 1 行的人同一时间也在" in page and "撞上的课" in page and "别镇的课" not in page
    response = ask(w.town, url("roster-check", w.draft), {"text": "1.张三 尾号1234\n2.新人"}, "post")
    assert "也在“没写时间的课”的名册里" in response.content.decode()


# --- where none is kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2])
def test_pi_2_sensitive_sessions_keep_no_roster_by_any_road(held, ask, level):
    group = Audience.objects.filter(sensitivity=level).first()
    protected = held.session()
    protected.set_audiences([(group, 30)])
    protected.save()
    for name, data in [("roster-check", {"text": "1.张三"}), ("roster-save", {"name-0": "张三"})]:
        page = ask(held.town, url(name, protected), data, "post").content.decode()
        assert "不建名册" in page
    with pytest.raises(Refused, match="不建名册"):
        add(protected, "张三")
    add(held.draft, "张三")
    with pytest.raises(Refused, match="已有名册"):
        held.draft.set_audiences([(group, 30)])
    assert not protected.roster.exists()


def test_a_roster_begins_with_the_session_and_ends_with_its_verification(held):
    ahead = held.session(status="planned", held_on=held.today + datetime.timedelta(days=3))
    with pytest.raises(Refused, match="还没有开始"):
        add(ahead, "张三")
    verified = held.session(status="submitted")
    add(verified, "张三", "李四")
    verified = fresh(verified)
    verified.verify(actor=held.bureau, attendance=50)
    with pytest.raises(Refused, match="已核定"):
        add(verified, "王五")
    assert keeping.remove(verified.roster.first(), actor=held.town) is False
    assert fresh(verified).rostered_attendance == 2 and verified.roster.count() == 1


def test_ac_4_a_locked_year_takes_no_line_and_lets_a_person_go(held):
    add(held.draft, "张三", "李四")
    held.lock()
    with pytest.raises(Refused, match="锁定定案"):
        add(held.draft, "王五")
    keeping.remove(held.draft.roster.first(), actor=held.town)
    assert fresh(held.draft).rostered_attendance == 2 and held.draft.roster.count() == 1


def test_count_roster_is_the_one_writer_and_no_stale_page_undoes_it(held):
    stale = fresh(held.draft)
    add(held.draft, "张三")
    stale.title = "改过的名称"
    stale.save()
    assert fresh(held.draft).rostered_attendance == 1 and fresh(held.draft).title == "改过的名称"
    keeping.remove(held.draft.roster.get(), actor=held.town)
    assert fresh(held.draft).rostered_attendance is None


# --- who reads names ---------------------------------------------------------------------------------------


@pytest.fixture
def listed(held):
    add(held.draft, Person("张小明", phone_tail="1234", age_band="adult"), Person("覃小妹", age_band="minor"))
    return held


def told(response):
    return [(line.name, line.tail) for line in response.context["page_obj"]]


def test_id_4_names_are_shown_only_after_the_password_was_typed_again_whose_roster_it_may_be(listed, ask):
    for user, body in [(listed.town, {}), (listed.bureau, {"purpose": "电话回访核实"})]:
        asked = ask(user, url("roster-names", listed.draft), body, "post").content.decode()
        assert "请再输一次密码" in asked and "显示名册里的全名" in asked and "小明" not in asked
        looks = AuditEvent.objects.filter(action="查看名册全名", actor=user)
        assert not looks.exists()
        shown = ask(user, url("roster-names", listed.draft), body | {"password_again": "Correct-Horse-7"}, "post")
        assert told(shown)[0] == ("张小明", "1234")
        assert looks.count() == 1


def test_pi_3_names_are_masked_until_asked_for_and_minors_outside_their_unit_always(listed, ask, passwords_just_typed):
    w = listed
    masked = [("张**", ""), ("覃**", "")]
    for user in [w.town, w.head, w.bureau, w.auditor]:
        response = ask(user, url("session-roster", w.draft))
        assert told(response) == masked and "小明" not in response.content.decode()
    assert told(ask(w.town, url("roster-names", w.draft), {}, "post")) == [("张小明", "1234"), ("覃小妹", "")]
    assert told(ask(w.bureau, url("roster-names", w.draft), {}, "post")) == masked
    assert told(ask(w.bureau, url("roster-names", w.draft), {"purpose": "电话回访核实"}, "post")) == [
        ("张小明", "1234"),
        ("覃**", ""),
    ]
    acts = AuditEvent.objects.filter(action="查看名册全名").order_by("pk")
    number = w.draft.number
    assert [(act.actor, act.detail) for act in acts] == [
        (w.town, {"number": number, "lines": 2, "minors": 1}),
        (w.bureau, {"number": number, "lines": 1, "minors": 0, "purpose": "电话回访核实"}),
    ]


def test_pi_3_whoever_told_no_age_may_be_a_minor_outside_the_own_unit(held, ask, take, passwords_just_typed):
    add(held.draft, Person("韦无龄", phone_tail="1234"), Person("张小明", age_band="elderly"))
    purpose = {"purpose": "电话回访核实"}
    assert told(ask(held.town, url("roster-names", held.draft), {}, "post"))[0] == ("韦无龄", "1234")
    answer = ask(held.bureau, url("roster-names", held.draft), purpose, "post")
    assert told(answer) == [("韦**", ""), ("张小明", "")] and "无龄" not in answer.content.decode()
    assert "未成年人和没有写年龄段的，在本单位以外一律遮盖" in answer.content.decode()
    book = load_workbook(io.BytesIO(b"".join(take(held.bureau, held.draft, "核对人次").streaming_content))).active
    assert [row[1].value for row in book.iter_rows(min_row=5)] == ["韦**", "张小明"]


def test_the_centre_reads_its_own_rosters_and_no_others(held, ask):
    own = held.session(held.jyj, actor=held.centre)
    department = held.session(held.jyj, actor=held.bureau, status="submitted")
    add(own, "张三")
    keeping.add(department, [Person("李四")], actor=held.bureau, source="pasted")
    assert told(ask(held.centre, url("session-roster", own))) == [("张*", "")]
    assert ask(held.centre, url("session-roster", department)).status_code == 403
    assert list(RosterLine.objects.visible_to(held.centre).values_list("name", flat=True)) == ["张三"]
    assert RosterLine.objects.visible_to(held.bureau).count() == 2
    for user in [held.leader, held.operator, held.homeless, held.town, held.unit, held.foreign_bureau]:
        assert not RosterLine.objects.visible_to(user).exists()


def test_a_co_organiser_and_the_township_of_the_place_learn_how_many_and_not_who(held, ask):
    session = held.session(held.wxgtj, place=held.places["白山镇"], status="submitted")
    add(session, "张三", actor=held.unit)
    assert ask(held.town, url("session-roster", session)).status_code == 403
    page = ask(held.town, url("session-detail", session)).content.decode()
    assert "按签到名册计" in page and url("session-roster", session) not in page


# --- the workbook ------------------------------------------------------------------------------------------


def test_ac_6_the_workbook_is_marked_with_its_purpose_and_masks_what_the_page_masks(listed, take):
    w = listed
    for user, third in [(w.town, "覃小妹"), (w.bureau, "覃**")]:
        answer = take(user, w.draft, "=核对&人次")
        assert answer["Content-Disposition"] == f'attachment; filename="{w.draft.number}-roster.xlsx"'
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        mark = sheet["A1"].value
        assert mark.startswith(f"导出账号：{user.username}") and mark.endswith("用途：=核对&人次")
        assert sheet.oddHeader.center.text.replace("&&", "&") in mark and "用途" in sheet.oddFooter.center.text
        rows = [[cell.value for cell in row][1:] for row in sheet.iter_rows(min_row=5)]
        tail = "1234"
        assert rows == [["张小明", None, "18—59岁", None, tail, "粘贴"], [third, None, "未成年", None, None, "粘贴"]]
        assert {cell.data_type for row in sheet.iter_rows(min_row=5) for cell in row[1:] if cell.value} == {"s"}
    act = AuditEvent.objects.latest("pk")
    assert act.detail == {"number": w.draft.number, "lines": 2, "masked": 1, "minors": 0, "purpose": "=核对&人次"}


def test_no_purpose_no_workbook(listed, ask, take):
    for purpose, sentence in [
        (" 看 ", "至少 4 个字"),
        ("找张小明补签", "不要写名册里的姓名"),
        ("打13800138000核实", "不要写身份证号和电话"),
    ]:
        page = take(listed.town, listed.draft, purpose).content.decode()
        assert sentence in page
    assert not AuditEvent.objects.filter(action="导出名册").exists()
    assert ask(listed.head, url("roster-export", listed.draft)).status_code == 403


def test_id_4_the_workbook_with_names_asks_for_the_password_again(listed, client):
    w, address = listed, url("roster-export", listed.draft)
    client.force_login(w.town)
    for answer in [client.get(address), client.post(address, {"purpose": "发放结业证书"})]:
        assert "请再输一次密码" in answer.content.decode() and not answer.streaming
    assert not AuditEvent.objects.filter(action="导出名册").exists()
    typed = {"purpose": "发放结业证书", "password_again": "Correct-Horse-7"}
    assert b"".join(client.post(address, typed).streaming_content).startswith(b"PK")
    assert AuditEvent.objects.get(action="导出名册").detail["purpose"] == "发放结业证书"
    client.force_login(w.head)  # rights come first: the question tells nobody what there is
    assert client.get(address).status_code == 403


def test_the_workbook_lies_on_no_disk(listed, take, monkeypatch):
    real = builtins.open

    def only_reading(file, mode="r", *args, **kwargs):
        assert not set(mode) & set("wax+"), f"{file} was opened for writing"
        return real(file, mode, *args, **kwargs)

    for name in ["NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"]:
        monkeypatch.setattr(tempfile, name, None)
    monkeypatch.setattr(builtins, "open", only_reading)
    answer = take(listed.town, listed.draft, "发放结业证书")
    assert answer.status_code == 200 and b"".join(answer.streaming_content).startswith(b"PK")


# --- the page ----------------------------------------------------------------------------------------------


def test_ld_2_the_page_and_the_grid_ask_as_often_at_30_lines_as_at_3(held, ask):
    def queries(name, data=None):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert ask(held.town, url(name, held.draft), data, "post" if data else "get").status_code == 200
        return len(captured)

    villages = [held.places["新汉村"], held.places["新兴社区"]]
    counts = []
    ask(held.town, url("session-roster", held.draft))  # what is asked once for a sign-in is asked here
    for first, last in [(0, 3), (3, 30)]:
        add(held.draft, *(Person(f"韦{n}", home=villages[n % 2]) for n in range(first, last)))
        text = "\n".join(f"{n + 1}. 覃{chr(0x4E00 + n)} 新汉村" for n in range(last))
        counts.append((queries("session-roster"), queries("roster-check", {"text": text})))
    assert counts[0] == counts[1]


def test_a_line_by_hand_and_a_line_taken_away(held, ask):
    page = ask(held.town, url("session-roster", held.draft)).content.decode()
    assert "补录一人" in page and "新汉村" in page
    ask(held.town, url("roster-save", held.draft), {"name-0": "张三"}, "post")
    line = RosterLine.objects.get()
    assert line.source == "by_hand"
    page = ask(held.town, url("roster-remove", held.draft, line.pk)).content.decode()
    assert "张*" in page and "张三" not in page
    ask(held.town, url("roster-remove", held.draft, line.pk), {}, "post")
    assert not RosterLine.objects.exists() and fresh(held.draft).rostered_attendance is None
    assert ask(held.town, url("roster-remove", held.draft, line.pk), {}, "post").status_code == 404
