"""What a date, a figure and a distance look like on a page."""

import datetime
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from networks.templatetags import page


def test_a_date_is_written_in_chinese_with_its_weekday():
    assert page.cn_date(datetime.date(2026, 3, 5)) == "2026年3月5日（周四）"
    assert page.cn_date(datetime.date(2026, 3, 8)) == "2026年3月8日（周日）"
    assert page.cn_date(datetime.date(2026, 3, 5), "short") == "3月5日"
    assert page.cn_date(datetime.date(2026, 3, 5), "plain") == "2026年3月5日"
    assert page.cn_date(None) == page.cn_date("") == "—"


def test_a_moment_is_shown_in_local_time():
    late = datetime.datetime(2026, 3, 4, 17, 30, tzinfo=datetime.UTC)
    assert page.cn_datetime(late) == "2026年3月5日 01:30"
    assert page.cn_date(late, "plain") == "2026年3月5日"
    assert page.cn_datetime(None) == "—"


def test_a_missing_figure_is_never_zero():
    assert page.figure(1200) == "1,200"
    assert page.figure(0) == "0"
    assert page.figure(2.345, 2) == "2.35"
    assert page.figure(None) == page.figure("") == page.percent(None) == "无法计算"


def test_a_share_is_shown_in_percent():
    assert page.percent(0.615) == "61.5%"
    assert page.percent(0.2) == "20%"
    assert page.percent(1) == "100%"
    assert page.percent(0) == "0%"


def test_the_required_mark_stands_at_four_fifths_of_the_bar():
    bar = page.quota_bar(2, 1, 4)
    assert (bar.verified, bar.pending, bar.mark, bar.met, bar.short) == (40.0, 20.0, 80.0, False, 2)


def test_a_unit_far_beyond_its_quota_stays_inside_the_bar():
    bar = page.quota_bar(20, 0, 4)
    assert (bar.verified, bar.mark, bar.met, bar.short) == (100.0, 20.0, True, 0)


def test_a_unit_without_a_quota_has_no_bar():
    assert not page.quota_bar(3, 0, None).known
    assert not page.quota_bar(None, None, 4).known


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_bar_leaves_its_ground(verified, pending, required):
    bar = page.quota_bar(verified, pending, required)
    assert 0 <= bar.verified + bar.pending <= 100.01
    assert bar.mark is None or 0 < bar.mark <= 80


def test_the_distance_names_only_the_half_that_is_short():
    assert page.distance(1, 90) == "差 1 场 90 人次"
    assert page.distance(0, 1200) == "差 1,200 人次"
    assert page.distance(2, 0) == "差 2 场"
    assert page.distance(0, 0) == ""


@pytest.mark.parametrize("status", page.SESSION_STATES)
def test_every_state_shows_a_sign_and_a_word(status):
    html = render_to_string("partials/_status.html", {"status": status})
    assert page.SESSION_STATES[status][0] in html
    assert "<path" in html or "<circle" in html


@pytest.mark.parametrize("verdict", page.VERDICTS)
def test_every_verdict_shows_a_sign_and_words(verdict):
    html = render_to_string(
        "partials/_verdict.html", {"badge": page.verdict_badge(verdict), "text": "最迟须在 12月20日 前完成"}
    )
    assert page.VERDICTS[verdict][0] in html and "最迟须在 12月20日 前完成" in html


def test_the_quota_bars_say_in_words_what_they_draw():
    html = " ".join(
        render_to_string(
            "partials/_quota_bars.html",
            {
                "sessions": 3,
                "attendances": 1310,
                "required_sessions": 4,
                "required_attendances": 400,
                "pending_sessions": 1,
                "pending_attendances": 0,
            },
        ).split()
    )
    assert "已核定 <strong>3</strong> 场，任务 4 场，差 <strong>1</strong> 场" in html
    assert "（另有 1 场待审核）" in html
    assert "已核定 <strong>1,310</strong> 人次，任务 400 人次，已达到" in html
    assert "style=" not in html


def test_page_numbers_leave_a_gap():
    pages = Paginator(range(200), 10)
    assert page.page_numbers(pages.page(10)) == [1, None, 9, 10, 11, None, 20]
    assert page.page_numbers(pages.page(1)) == [1, 2, None, 20]


def test_the_pager_keeps_the_query_string(rf):
    request = rf.get("/sessions/", {"q": "养蚕", "page": "2"})
    page_obj = Paginator(range(60), 20).page(2)
    html = render_to_string("partials/_pagination.html", {"page_obj": page_obj, "user": None, "nav": []}, request)
    assert "q=%E5%85%BB%E8%9A%95&amp;page=3" in html
    assert "共 60 条，第 2 / 3 页" in " ".join(html.split())


def test_the_error_summary_leads_to_the_group_where_there_is_no_single_input():
    assert page.field_anchor(SimpleNamespace(id_for_label="id_name", auto_id="id_name")) == "id_name"
    assert page.field_anchor(SimpleNamespace(id_for_label="", auto_id="id_audiences")) == "div_id_audiences"


def test_the_page_for_a_fault_needs_no_context():
    html = render_to_string("errors/500.html")
    assert "<!DOCTYPE html>" in html and "错误代码：500" in html and "djlint" not in html
