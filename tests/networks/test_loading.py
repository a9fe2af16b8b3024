"""The real network: places, institutions, units and their dated facts, loaded by command and idempotent."""

import csv
import datetime
import io
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from networks.loading import load_divisions, load_network
from networks.models import AffiliatedBody, Division, Institution, MemberUnit, UnitTerm
from networks.names import short_division_name
from reporting.models import PlanTask, TaskResponsibility
from trainings.models import Audience, DeliveryForm, Language, Programme, Project, Theme

HEADER = ["code", "tier", "name", "parent_code"]
TODAY = datetime.date(2026, 11, 24)


def command(*words):
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture
def table(tmp_path):
    def write(rows, encoding="utf-8"):
        path = tmp_path / "divisions.csv"
        with path.open("w", encoding=encoding, newline="") as lines:
            csv.writer(lines).writerows([HEADER, *rows])
        return path

    return write


def test_the_county_has_167_places_below_it(mashan):
    assert Counter(Division.objects.values_list("tier", flat=True)) == {"county": 1, "township": 11, "village": 156}
    assert Counter(d.kind for d in Division.objects.filter(tier="village")) == {"村": 134, "社区": 22}
    assert Division.objects.within("450124").count() == 168
    assert Division.objects.within("450124100").count() == 24
    assert Division.objects.get(short_name="新汉村").path == "白山镇/新汉村"


def test_every_place_has_its_institution_not_yet_confirmed(mashan):
    assert Counter(Institution.objects.values_list("kind", flat=True)) == {"centre": 1, "school": 11, "point": 156}
    assert set(Institution.objects.values_list("state", flat=True)) == {"unconfirmed"}


@pytest.mark.parametrize(
    ("division", "name", "alias"),
    [
        ("450124100201", "新汉村社区教育教学点", "新汉村教学点"),
        ("450124100001", "西华社区教育教学点", "西华社区教学点"),
        ("450124100", "白山镇社区学校", None),
        ("450124203", "里当瑶族乡社区学校", None),
        ("450124", "县社区教育中心", "马山县社区教育中心"),
    ],
)
def test_institutions_are_named_after_their_place(mashan, division, name, alias):
    institution = Institution.objects.get(division=division)
    assert institution.name == name
    assert alias is None or alias in institution.all_names


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("新汉村委会", "新汉村"),
        ("新汉村民委员会", "新汉村"),
        ("西华社区居委会", "西华社区"),
        ("西华社区居民委员会", "西华社区"),
        ("西华居委会", "西华社区"),
        ("三村村委会", "三村村"),
        ("白山镇", "白山镇"),
        ("马山县", "马山县"),
    ],
)
def test_short_names_are_what_people_say(name, short):
    assert short_division_name(name) == short


def test_the_three_facts_about_a_unit_are_separate(mashan):
    bearing = UnitTerm.objects.filter(fact="quota").on(TODAY)
    assert bearing.count() == 18
    assert Counter(bearing.values_list("unit__kind", flat=True)) == {"township": 11, "department": 7}
    group = UnitTerm.objects.filter(fact="group").on(TODAY)
    codes = set(group.values_list("unit__code", flat=True))
    assert {"lgj", "zfb", "jyj", "450124100"} <= codes and "czj" not in codes
    assert not bearing.filter(unit__code__in=["lgj", "zfb", "czj"]).exists()
    finance = TaskResponsibility.objects.filter(unit__code="czj")
    assert list(finance.values_list("task__clause", flat=True)) == ["二(三)4"]


def test_names_of_2019_are_marked_for_checking(mashan):
    assert set(MemberUnit.objects.filter(name_unconfirmed=True).values_list("code", flat=True)) == {
        "fgkjj",
        "rsj",
        "wxgtj",
        "lgj",
    }


def test_units_are_found_by_what_clerks_write(mashan):
    assert MemberUnit.objects.get(code="450124100").all_names == ["白山镇人民政府", "白山镇", "白山镇政府"]
    assert AffiliatedBody.objects.get(name="县文化馆").unit.code == "wxgtj"
    assert AffiliatedBody.objects.get(name="古零镇文化站").unit.code == "450124103"
    assert AffiliatedBody.objects.count() == 50


def test_the_document_s_words_are_loaded(mashan):
    counts = {m.__name__: m.objects.count() for m in (Theme, Programme, Project, Audience, DeliveryForm, Language)}
    assert counts == {"Theme": 17, "Programme": 12, "Project": 3, "Audience": 27, "DeliveryForm": 12, "Language": 5}
    assert set(Audience.objects.filter(sensitivity=2).values_list("name", flat=True)) == {
        "意外致残人员",
        "失独家庭",
        "戒毒人员",
        "社区服刑人员",
    }
    assert not DeliveryForm.objects.get(name="才艺展示").counts_for_quota
    assert PlanTask.objects.count() == 20


def test_loading_again_adds_nothing_and_keeps_what_people_changed(mashan):
    unit = MemberUnit.objects.get(code="rsj")
    unit.name, unit.name_unconfirmed = "马山县人力资源和社会保障局（现名）", False
    unit.save()
    point = Institution.objects.get(division="450124100201")
    point.phone = "0771-1234567"
    point.save()
    counts = [m.objects.count() for m in (Division, Institution, MemberUnit, UnitTerm, AffiliatedBody, Theme, PlanTask)]
    said = command("load_county")
    assert said.count("新增 0，更新 0") == 4
    assert counts == [
        m.objects.count() for m in (Division, Institution, MemberUnit, UnitTerm, AffiliatedBody, Theme, PlanTask)
    ]
    unit.refresh_from_db()
    point.refresh_from_db()
    assert (unit.name, unit.name_unconfirmed, point.phone) == (
        "马山县人力资源和社会保障局（现名）",
        False,
        "0771-1234567",
    )


def test_a_dry_run_writes_nothing_a_commit_does_and_a_second_one_changes_nothing(db, table):
    path = table([("450199", "county", "试县", "4501"), ("450199100", "township", "试镇", "450199")])
    assert command("load_divisions", str(path)).startswith("created 2，changed 0，unchanged 0\n以上为试算")
    assert not Division.objects.exists()
    assert command("load_divisions", str(path), "--commit") == "created 2，changed 0，unchanged 0\n"
    assert command("load_divisions", str(path), "--commit") == "created 0，changed 0，unchanged 2\n"
    table([("450199", "county", "试县", "4501"), ("450199100", "township", "新试镇", "450199")])
    assert command("load_divisions", str(path), "--commit") == "created 0，changed 1，unchanged 1\n"
    assert Division.objects.get(code="450199100").short_name == "新试镇"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("4501", "county", "试县", ""), "6、9 或 12 位数字"),
        (("45019X", "county", "试县", ""), "6、9 或 12 位数字"),
        (("450199", "village", "试村", ""), "层级与代码位数不符"),
        (("450199", "province", "试县", ""), "第 2 行 450199 试县"),
        (("450199100", "township", "试镇", "450188"), "上级代码 450188 不存在"),
        (("450199100", "township", "试镇", ""), "上级代码 （空） 不存在"),
        (("450199", "county", "", "4501"), "第 2 行"),
        (("450199", "county", "长" * 51, "4501"), "第 2 行"),
        (("450199",), "第 2 行"),
        (("450198", "county", "又一个", "4501"), "第 3 行 450198 好县：与第 2 行的代码重复"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(db, table, row, said):
    path = table([row, ("450198", "county", "好县", "4501")])
    with pytest.raises(CommandError, match=said):
        command("load_divisions", str(path), "--commit")
    assert not Division.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "首行应是"),
        ("名称,代码\n新汉村,450124100201\n".encode(), "首行应是"),
        ("code,tier,name,parent_code\n450199,county,试县,4501\n".encode("gb18030"), "不是 UTF-8"),
        (b"PK\x03\x04\x00\xff\xfe", "不是 UTF-8"),
        (b'code,tier,name,parent_code\n"450199' + b"x" * 200_000, "CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_what_to_do(db, tmp_path, content, said):
    path = tmp_path / "divisions.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said):
        command("load_divisions", str(path), "--commit")
    assert not Division.objects.exists()


def test_a_place_below_another_parent_than_its_code_says_is_refused(db, table):
    path = table(
        [
            ("450198", "county", "好县", "4501"),
            ("450199", "county", "试县", "4501"),
            ("450199100", "township", "试镇", "450198"),
        ]
    )
    with pytest.raises(CommandError, match="代码不在上级代码 450198 之下"):
        command("load_divisions", str(path), "--commit")
    assert not Division.objects.exists()


def test_a_missing_file_and_a_folder_are_named(db, tmp_path):
    with pytest.raises(CommandError, match="没有找到文件"):
        command("load_divisions", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="不是文件"):
        command("load_divisions", str(tmp_path))


def test_a_whole_province_loads_without_its_upper_tiers(db, table):
    """18,091 rows, the shape of Guangxi: a region, 14 cities, 111 counties and what lies below."""
    rows = [("45", "province", "广西壮族自治区", "")]
    rows += [(f"45{city:02}", "city", f"第{city}市", "45") for city in range(1, 15)]
    for number in range(111):
        county = f"45{number // 8 + 1:02}{number % 8 + 21:02}"
        rows.append((county, "county", f"第{number}县", county[:4]))
        for township in range(11 if number % 3 else 12):
            code = f"{county}{100 + township}"
            rows.append((code, "township", f"第{township}镇", county))
            rows += [(f"{code}{201 + village}", "village", f"第{village}村委会", code) for village in range(14)]
    rows = rows[:18_091]
    assert len(rows) == 18_091
    path = table(reversed(rows), encoding="utf-8-sig")
    said = command("load_divisions", str(path), "--commit")
    assert said.splitlines() == [
        "created 18076，changed 0，unchanged 0",
        "省、市两级 15 行不在本系统的区划之内，已跳过",
    ]
    assert Division.objects.count() == 18_076
    assert command("load_divisions", str(path), "--commit").startswith("created 0，changed 0，unchanged 18076")


def test_a_second_county_does_not_disturb_the_first(mashan):
    load_divisions(
        [
            {"code": "450125", "tier": "county", "name": "上林县", "parent_code": "4501"},
            {"code": "450125100", "tier": "township", "name": "大丰镇", "parent_code": "450125"},
        ]
    )
    load_network()
    assert Institution.objects.filter(division__code__startswith="450125").count() == 0
    assert Institution.objects.count() == 168
