"""The columns of a ledger: our name for each, what clerks write instead, and how headers are compared.

The names in the first column of this table are the product's own: errors, exports and templates use them.
"""

import re

from networks.xlsx.sheets import header_key
from networks.xlsx.values import ascii_punctuation, shown

TITLE = "培训名称"
ORGANISER = "主办单位"
CONTRACTOR = "承办单位"
CO_ORGANISERS = "协办单位"
HOST = "承办学校（教学点）"
PLACE = "举办地"
VENUE = "培训地点"
START = "开始时间"
END = "结束时间"
LENGTH = "学时"
THEME = "主题类别"
PROGRAMME = "专项计划"
FORM = "培训形式"
AUDIENCE = "培训对象"
LANGUAGE = "授课语言"
PLANNED = "计划人数"
REPORTED = "实到人次"
INSTRUCTORS = "授课教师"
REMARKS = "备注"
NUMBER = "场次编号"
STATUS = "状态"
VERIFIED = "核定人次"

SYNONYMS = {
    TITLE: ("活动名称", "培训内容", "培训主题"),
    ORGANISER: ("单位", "主办部门", "组织单位", "主办"),
    CONTRACTOR: ("承办", "承办部门"),
    CO_ORGANISERS: ("联办单位",),
    HOST: ("举办机构", "教学点", "社区学校"),
    PLACE: ("乡镇", "村（社区）", "村"),
    VENUE: ("地点", "地址"),
    START: ("时间", "日期", "培训时间", "培训日期"),
    END: (),
    LENGTH: ("课时", "时长"),
    THEME: ("类别", "主题"),
    PROGRAMME: ("项目",),
    FORM: ("形式",),
    AUDIENCE: ("对象", "参加对象"),
    LANGUAGE: ("语言",),
    PLANNED: ("应到人数", "应到"),
    REPORTED: ("人数", "人次", "参训人数", "参加人数", "培训人次", "实到"),
    INSTRUCTORS: ("主讲人", "讲师", "教师"),
    REMARKS: ("说明",),
}
NEEDED = (TITLE, START, REPORTED)  # and the organiser, unless the user has one unit
OUR_OWN = (NUMBER, STATUS, VERIFIED)  # of our exports: read back by number, otherwise left alone
SERIAL = "序号"
# What a pre-printed row holds before anybody has held a session: serial number, unit and place say nothing by themselves.
NOT_TELLING = (ORGANISER, CONTRACTOR, HOST, PLACE, VENUE)

# Two columns that together are one of ours, by the names of their parts.
DATE_NAMES, CLOCK_NAMES = ("日期", "培训日期"), ("时间", "培训时间")
TOWN_NAMES, VILLAGE_NAMES = ("乡镇",), ("村（社区）", "村")


def _keys(names):
    return tuple(dict.fromkeys(header_key(name) for name in names))


EXACT = {header_key(name): name for name in SYNONYMS}
SYNONYM = {header_key(synonym): name for name, synonyms in SYNONYMS.items() for synonym in synonyms}
IGNORED = {header_key(name): name for name in (SERIAL, *OUR_OWN)}
KNOWN = {**SYNONYM, **EXACT, **IGNORED}
DATE_KEYS, CLOCK_KEYS = _keys(DATE_NAMES), _keys(CLOCK_NAMES)
TOWN_KEYS, VILLAGE_KEYS = _keys(TOWN_NAMES), _keys(VILLAGE_NAMES)
# A lower header line may finish what the upper one begins: 培训时间 over 开始 | 结束, 参加人数 over 男 | 女 | 合计.
LOWER_ONLY = {"开始": START, "结束": END}
TOTAL_KEYS = ("合计", "小计", "总计", "总数", "总人数", "总人次")


def length_unit(header):
    """学时, 小时 or 分钟 where the header of the length column names it in brackets (时长（小时）), else ""."""
    found = re.search(r"\((学时|课时|节|小时|分钟)\)", ascii_punctuation(shown(header)))
    return found[1] if found else ""
