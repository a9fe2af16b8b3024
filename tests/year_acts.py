"""The POSTs about a year and its plan: settling, confirming, feedback, bulletin, prompting, papers, forms. Part of `acts.ACTS`."""

import datetime
from collections.abc import Callable

from reporting.models import AssessmentYear, Objection

from .act import Act, picture
from .makers import confirmation, tasks_workbook
from .site_map import Site, as_shown


def _tasks_shown(site: Site, *rows: tuple) -> dict:
    """The confirmation that the page offers on which an uploaded table of tasks is shown."""
    url = site.samples.url("plan-tasks-upload", "ours.plan")
    return confirmation(site.send("bureau", "POST", url, {"workbook": tasks_workbook(*rows)}))


def _kind_form() -> dict:
    return {"name": "经费使用情况", "clause": "三(四)", "asked_of": "all", "position": "7"}


def _deciding(act: str, verb: str = "lock"):
    """A proposal of the first bureau person, and the answer to it."""

    def body(site: Site) -> dict:
        year, reason = site.world.assessment_year, "漏记一场"
        if verb == "unlock":
            site.world.lock(year)
        propose = year.propose_lock if verb == "lock" else year.propose_unlock
        return {"act": act, "note": "还没有核对完", "proposal": propose(site.world.bureau, reason).pk}

    return body


YEAR_ACTS = [  # settling a year
    Act("year-propose", "bureau", "year", lambda s: {"reason": "核定完毕", "seen": _figures_seen(s)}),
    Act("year-decide", "bureau2", "year", _deciding("confirm")),
    Act("year-decide", "bureau2", "year", _deciding("confirm", "unlock"), "unlock"),
    Act("year-decide", "director", "year", _deciding("decline"), "decline"),
    Act("year-decide", "bureau", "year", _deciding("withdraw"), "withdraw"),
]


def _bulletin_form(site: Site) -> dict:
    shown = as_shown(site.send("bureau", "GET", site.samples.url("bulletin-edit", "draft.bulletin")))
    return shown | {"closing": "全县共{计入场次}场。", "seen_version": "0"}


YEAR_ACTS += [  # what is written about a settled year
    Act("bulletin-begin", "bureau", "settled.year", lambda s: {}),
    Act("bulletin-edit", "bureau", "draft.bulletin", _bulletin_form),
    Act("bulletin-follow", "bureau", "old.bulletin", lambda s: {}),
    Act("bulletin-issue", "bureau2", "draft.bulletin", lambda s: {"seen_version": "0"}),
]


def _figures_seen(site: Site) -> str:
    return site.send("bureau", "GET", site.samples.url("year-propose", "year")).context["seen"]


YEAR_ACTS += [  # what the office asks of the units
    Act(
        "prompting",
        "bureau",
        "year",
        lambda s: {"units": [s.world.ours.code], "text": "请及时补报", "with_own": "on", "token": "u" * 32},
    ),
    Act("prompt-withdraw", "bureau", "ours.round", lambda s: {}),
    Act("prompt-read", "town", "ours.prompt", lambda s: {}),
    Act("late-entries", "town2", "last", lambda s: {"reason": "停电，签到表才收齐"}),
    Act(
        "late-entry",
        "bureau",
        "ours.late",
        lambda s: {
            "decision": "approve",
            "until": (s.world.today + datetime.timedelta(days=5)).isoformat(),
            "note": "请按时补报",
            "seen_version": "0",
        },
    ),
    Act("late-entry-withdraw", "town", "ours.late", lambda s: {}),
    Act("materials-begin", "bureau", "year", lambda s: {}),
    Act("material-kind-new", "bureau", "year", lambda s: _kind_form()),
    Act("material-kind-edit", "bureau", "ours.kind", lambda s: _kind_form() | {"is_asked": "on", "seen_version": "0"}),
    Act("material-hand-in", "town", "ours.material_of", lambda s: {"seen_version": "0", "upload": picture()}),
    Act("material-decide", "bureau", "ours.material_of", lambda s: {"decision": "receive", "seen_version": "0"}),
]


def _stamped(site: Site) -> dict:
    page = site.send("town", "GET", site.samples.url("confirmation", "ours.confirmation_open"))
    form = {"act": "upload", "code": page.context["state"].sheet.code, "scan": picture()}
    return form | {"filled_on": site.world.today.isoformat()}


def _checking(act: str) -> Callable[[Site], dict]:
    return lambda site: {"act": act, "confirmation": site.samples.kwargs["ours.confirmation"]["pk"], "note": "没有盖章"}


def _objection(site: Site) -> dict:
    return {"session": "", "about": "少计一场", "wanted": "补上", "file1": picture()}


def _publication(site: Site) -> dict:
    """The window is over and everything answered."""
    for row in Objection.objects.filter(year__year=2018):
        row.reply(site.world.bureau2, "declined", "与签到表一致")
    past = site.world.today - datetime.timedelta(days=1)
    AssessmentYear.objects.filter(year=2018).update(objections_until=past)
    return {"of": AssessmentYear.objects.get(year=2018).standing_act().digest}


def _sign_off(site: Site) -> dict:
    return {"signer": "县长 蓝某某", "signed_on": site.world.today.isoformat(), "words": "同意", "scan": picture()}


YEAR_ACTS += [  # confirmation on paper, feedback and publication
    Act("confirmation", "town", "ours.confirmation_open", _stamped),
    Act("confirmation", "bureau", "ours.confirmation_of", _checking("accept"), "accept"),
    Act("confirmation", "bureau", "ours.confirmation_of", _checking("return"), "return"),
    Act("objection-new", "town", "previewed.year", _objection),
    Act("objection", "town", "ours.objection", lambda s: {"act": "withdraw"}, "withdraw"),
    Act("objection", "bureau", "ours.objection", lambda s: {"act": "answer", "status": "upheld", "answer": "属实"}),
    Act(
        "year-preview",
        "bureau",
        "settled.year",
        lambda s: {"until": (s.world.today + datetime.timedelta(days=9)).isoformat()},
    ),
    Act("year-publish", "bureau", "previewed.year", _publication),
    Act("sign-offs", "bureau", "settled.act", _sign_off),
    Act("sign-off-cancel", "bureau", "ours.sign_off", lambda s: {"why": "登记错了"}),
]


def _report(site: Site) -> dict:
    shown = as_shown(site.send("town", "GET", site.samples.url("plan-report-new", "ours.report_new")))
    return shown | {
        "text": "又有两所学校周末开放",
        "needs": "缺管理员",
        "as_of": f"{site.world.year}-01-01",
        "sessions": [site.samples.kwargs["ours.verified"]["pk"]],
        "link": "https://example.invalid/",
        "photos": picture(),
    }


def _plan_document(site: Site) -> dict:
    return {
        "title": "马山县社区教育发展实施方案（2027—2030年）",
        "number": "马政办发〔2027〕3号",
        "issued_on": "2026-01-05",
        "first_year": "2027",
        "last_year": "2030",
        "quota_clause": "四(二)",
    }


def _plan_task(site: Site) -> dict:
    told = {"clause": "二(五)1", "group": "二(五)新任务", "title": "社区老年教育", "text": "条文", "position": "21"}
    return told | {"responsible_text": "县教育局、各乡(镇)人民政府", "since": site.world.today.isoformat()}


YEAR_ACTS += [  # the plan of the founding document
    Act("plan-report-new", "town", "ours.report_new", _report),
    Act(
        "plan-report-new",
        "bureau",
        "ours.report_new",
        lambda s: {"text": "电话报来", "as_of": f"{s.world.year}-01-01", "on_behalf_source": "phone", "seen": "1"},
        "on behalf",
    ),
    Act("plan-report-add", "town", "ours.report", lambda s: {"link": "https://example.invalid/report"}),
    Act("plan-report-withdraw", "town", "ours.report", lambda s: {"why": "报错了任务"}),
    Act("plan-goals", "bureau", "ours.task_year", lambda s: _goals(s)),
    Act(
        "plan-judge",
        "bureau",
        "ours.task_year",
        lambda s: {"standing": "done", "note": "学校都开放了", "seen_version": "0"},
    ),
    Act("plan-year-turn", "bureau", "ours.plan_year", lambda s: {"turn": "close", "note": "汇总完毕"}),
    Act("plan-task-withdraw", "bureau", "ours.task", lambda s: {"turn": "down", "why": "条款号录错了"}),
    Act("plan-withdraw", "bureau", "later.plan", lambda s: {"turn": "down", "why": "文号录错了"}),
    Act("plan-new", "bureau", "-", _plan_document),
    Act(
        "plan-edit-document",
        "bureau",
        "ours.plan",
        lambda s: {"title": "方案", "used_until": "2030", "carry_note": "沿用", "seen_version": "0"},
    ),
    Act("plan-task-new", "bureau", "ours.plan", _plan_task),
    Act(
        "plan-task-edit",
        "bureau",
        "ours.task",
        lambda s: _plan_task(s) | {"seen_version": "0", "responsible": "县教育局"},
    ),
    Act(
        "plan-tasks-upload",
        "bureau",
        "ours.plan",
        lambda s: _tasks_shown(s, ("五(一)", "五、其他", "办好学习节", "条文", "各成员单位、县教育局")),
    ),
]


def _goals(site: Site) -> dict:
    shown = as_shown(site.send("bureau", "GET", site.samples.url("plan-goals", "ours.task_year")))
    return shown | {"county": "所有学校都开放", f"u{site.world.ours.pk}": "新汉村小学先开放"}


YEAR_ACTS += [  # what the office files
    Act("submission-new", "bureau", "form", lambda s: {"to_whom": "市教育局"}),
    Act(
        "submission-send",
        "bureau",
        "ours.filing_up",
        lambda s: {"signer": "某局长", "sent_on": s.world.today.isoformat(), "scan": picture(), "seen_version": "0"},
    ),
    Act("submission-cancel", "bureau", "ours.filing_up", lambda s: {"why": "抬头写错", "seen_version": "0"}),
    Act("form-fill", "bureau", "form", lambda s: {f"meetings.{s.world.county.pk}": "2"}),
]
