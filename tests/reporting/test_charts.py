"""The dashboard's charts: the geometry is exact, and what is unknown is not drawn."""

import csv
from datetime import date
from pathlib import Path

from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

import networks
from networks.models.succession import Lineage, Link
from reporting.charts import TOWNSHIP_TILES, bar_chart, cumulate, line_chart, nice_ceiling, tile_map


def test_running_totals_stop_at_the_first_unknown_month():
    assert cumulate([3, 0, 2, None, 4]) == [3, 3, 5, None, None]


@given(st.integers(0, 10**7))
def test_the_axis_ends_at_a_round_number_above_the_data(value):
    top = nice_ceiling(value)
    assert top >= value and top % 4 == 0 and top <= max(4, 4 * value)


def test_the_axis_ends_at_numbers_people_expect():
    assert [nice_ceiling(v) for v in (0, 3, 5, 72, 74, 7200, 101)] == [4, 4, 8, 80, 80, 8000, 120]


def test_the_curve_meets_the_pace_line_where_the_numbers_meet():
    chart = line_chart(title="培训场次", unit="场", this_year=[6, 12, 18], target=72)
    this, pace = chart.lines[-1], chart.lines[-2]
    assert (this.key, pace.key) == ("this", "pace")
    assert this.points.split() == pace.points.split()[:4]
    assert chart.end.text == "18 场"
    assert chart.description == "今年截至 3 月累计 18 场，序时进度 18 场。"


def test_months_to_come_are_not_drawn_as_zero():
    chart = line_chart(title="培训场次", unit="场", this_year=[1, 2, None, None], target=None)
    assert len(chart.lines[0].dots) == 2
    assert chart.table == [("今年", [1, 2] + [None] * 10)]


def test_a_year_without_any_month_says_so():
    chart = line_chart(title="培训场次", unit="场", this_year=[None] * 12, target=72)
    assert chart.end is None and chart.description == "今年还没有数据。"
    assert chart.lines[-1].points == ""


@given(st.lists(st.integers(0, 9000), max_size=12), st.lists(st.integers(0, 9000), max_size=12), st.integers(0, 20000))
def test_no_point_leaves_the_drawing(this, last, target):
    chart = line_chart(title="人次", unit="人次", this_year=cumulate(this), last_year=cumulate(last), target=target)
    for line in chart.lines:
        for point in line.points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 100 and 0 <= y <= 100


def test_bars_keep_the_order_in_which_they_come():
    chart = bar_chart(title="乡镇", unit="场", rows=[("白山镇", 1), ("永州镇", 9, "/x/"), ("林圩镇", None)], required=4)
    assert [bar.label for bar in chart.bars] == ["白山镇", "永州镇", "林圩镇"]
    assert [bar.width for bar in chart.bars] == [11.11, 100.0, 0.0]
    assert [bar.met for bar in chart.bars] == [False, True, False]
    assert chart.mark == 44.44


def test_an_unknown_bar_says_that_it_cannot_be_computed():
    chart = bar_chart(title="参与率", unit="%", rows=[("古零镇", None)])
    html = render_to_string("partials/_chart_bars.html", {"chart": chart})
    assert html.count("无法计算") == 2 and "bar-verified" not in html


def test_every_township_of_the_county_has_a_tile_of_its_own():
    path = Path(networks.__file__).parent / "data" / "mashan_divisions.csv"
    with path.open(encoding="utf-8") as file:
        codes = {row["code"] for row in csv.DictReader(file) if row["tier"] == "township"}
    assert set(TOWNSHIP_TILES) == codes
    assert len(set(TOWNSHIP_TILES.values())) == len(codes) == 11


def test_a_division_without_a_tile_is_drawn_below_and_not_dropped():
    rows = [{"code": "450124100", "name": "白山镇"}, {"code": "450124999", "name": "新设镇"}]
    chart = tile_map(title="乡镇", rows=rows)
    assert [tile.name for tile in chart.tiles] == ["白山镇", "新设镇"]
    assert chart.tiles[1].y > chart.tiles[0].y


def test_the_drawings_carry_title_description_table_and_no_inline_style():
    line = line_chart(title="累计人次", unit="人次", this_year=[100, 250], last_year=[80] * 12, target=7200)
    tiles = tile_map(
        title="各乡镇",
        rows=[
            {"code": "450124100", "name": "白山镇", "lines": ["3 场", "280 人次"], "verdict": "behind", "url": "/a/"}
        ],
    )
    for template, chart in (("_chart_line", line), ("_chart_map", tiles)):
        html = render_to_string(f"partials/{template}.html", {"chart": chart})
        assert 'role="img"' in html and "<desc" in html and "<table" in html
        assert "style=" not in html and "<script" not in html


def test_two_charts_of_one_page_do_not_share_an_id():
    first, second = (line_chart(title="场次", unit="场", this_year=[1]) for _ in range(2))
    assert first.id != second.id


def test_a_township_with_a_new_code_keeps_its_tile():
    links = [Link("450124103", "450124004", date(2026, 7, 1), "rename"), Link("1", "2", date(2026, 7, 1), "merge")]
    rows = [{"code": code, "name": code} for code in ("450124100", "450124004", "2")]
    drawn = {tile.code: (tile.x, tile.y) for tile in tile_map(title="乡镇", rows=rows, lineage=Lineage(links)).tiles}
    rows[1]["code"] = "450124103"
    before = {tile.code: (tile.x, tile.y) for tile in tile_map(title="乡镇", rows=rows).tiles}
    assert drawn["450124004"] == before["450124103"] and drawn["2"] == before["2"]
