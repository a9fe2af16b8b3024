"""Every POST of the site that changes something, with the person who may do it and a body that works.

Shared by the tests that break the log (AU-1) and that post what nobody asked for (AC-3). A POST address that stands neither
here nor in WITHOUT_EFFECT fails the build.
"""

import datetime
import time

import pyotp
from django.contrib.sessions.backends.db import SessionStore

from networks.models import Institution
from networks.models.second_factor import secret_of
from networks.views.entering import WAITING
from trainings.models import Audience, DeliveryForm, Theme, TrainingSession
from trainings.series import mark_of

from .act import Act, picture
from .admin_acts import ADMIN_ACTS, AdminAct
from .makers import ledger, registry
from .site_map import SEED, Site, as_shown
from .year_acts import YEAR_ACTS

PASSWORD = "Correct-Horse-7"
KEY = "0b5c3a52-5d1c-4d0e-9a43-4a6f6f0c2f11"  # of one form


def _session_form(site: Site) -> dict:
    return {
        "token": "t" * 32,
        "title": "手机使用培训",
        "organiser": site.world.ours.pk,
        "held_on": datetime.date(site.world.year, 1, 1).isoformat(),
        "place": site.world.places["白山镇"].pk,
        "form": DeliveryForm.objects.get(name="课堂学习").pk,
        "theme": Theme.objects.get(name="农村实用技术").pk,
        "reported_attendance": "33",
        "learning_group": site.samples.kwargs["ours.community"]["pk"],
    }


def _group_form(site: Site) -> dict:
    return {"kind": "circle", "name": "读书会", "division": site.world.places["新汉村"].pk, "members": "12"}


def _place_form(site: Site, kind: str = "school") -> dict:
    village = site.world.places["新汉村"].pk
    form = {"kind": kind, "name": "新汉村小学", "division": village, "is_open": "on"}
    form |= {"offers": "教室、球场", "opening_hours": "周末 9:00—17:00", "capacity": "90"}
    return form | ({"serves": [village]} if kind == "school" else {})


def _provider_form(site: Site) -> dict:
    return {"kind": "social", "name": "家政服务中心", "division": site.world.places["白山镇"].pk, "offers": "家政课程"}


def _project_form(site: Site) -> dict:
    form = {"kind": "other", "title": "家政培训", "division": site.world.places["白山镇"].pk, "content": "每季度一期"}
    return form | {"starts_on": "2026-03-01", "provider": site.samples.kwargs["ours.provider"]["pk"]}


def _series_form(site: Site) -> dict:
    """A class of two weekly sessions, as sent from the preview."""
    first = site.world.today + datetime.timedelta(days=3)
    days = [first.isoformat(), (first + datetime.timedelta(days=7)).isoformat()]
    form = {
        "token": "p" * 32,
        "title": "手机使用班",
        "numbered": "on",
        "repeat": "weekly",
        "first": days[0],
        "count": "2",
    }
    form |= {"place": site.world.places["白山镇"].pk, "venue": "文化站", "copied_from": ""}
    return form | {"store": "1", "shown": ",".join(days), "day": days}


def _later(site: Site, days: int = 20) -> dict:
    return {"held_on": (site.world.today + datetime.timedelta(days=days)).isoformat(), "reason": "农忙"}


def _put_off(site: Site, **which) -> dict:
    """Of the planned sessions that `which` names, in the order of their days."""
    return _later(site) | {"seen": mark_of(TrainingSession.objects.filter(**which).order_by("held_on"))}


def _pk(site: Site, sample: str) -> int:
    return site.samples.kwargs[sample]["pk"]


def _announced() -> dict:
    return {"is_public": "on", "phone": "0771-6820002", "takes_sign_ups": "on", "capacity": "12", "seen_version": 0}


def _signing_up() -> dict:
    return {"name": "来学的人", "phone_tail": "5678", "seats": "2", "token": "bcdef-ghjkm-npqrs-tuvwx"}


def _seen(site: Site, sample: str) -> dict:
    return {"seen_version": TrainingSession.objects.get(**site.samples.kwargs[sample]).version}


def _at_school(site: Site) -> dict:
    return {"institution": Institution.objects.get(division=site.world.ours.division).pk}


def _hint(site: Site) -> dict:
    """An answer to the first hint that the review page shows."""
    page = site.send("bureau", "GET", site.samples.url("review-session", "ours.submitted"))
    return {"fingerprint": page.context["hints"][0].fingerprint, "text": "电话核实，属实"}


def _digest_shown(site: Site) -> str:
    page = site.send("town", "GET", site.samples.url("import-batch", "ours.rehearsed"))
    return page.context["rehearsal"].digest


def _sheet(site: Site) -> dict:
    """The sheet of annual figures as it is shown, with one figure changed and one fund added."""
    return as_shown(site.send("town", "GET", site.samples.url("figure-sheet", "ours.figures"))) | {
        "elderly": "1,250",
        "fund_donation_paid": "300.50",
    }


def _sheet_without_funds(site: Site) -> dict:
    return as_shown(site.send("centre", "GET", site.samples.url("figure-sheet", "ours.figures"))) | {"elderly": "1,250"}


def _self_check(site: Site) -> dict:
    return as_shown(site.send("town", "GET", site.samples.url("zone-check-edit", "ours.check"))) | {
        "staff_rating": "progressing",
        "staff_text": "配备专干一名",
    }


def _zone(site: Site) -> dict:
    return {
        "division": site.world.places["白山镇"].pk,
        "kind": "demonstration",
        "starts_on": "2019-02-02",
        "basis": "马政办发〔2019〕2号二(一)3",
    }


def _new_account(site: Site) -> dict:
    key = f"township-{site.world.places['白山镇'].pk}"
    return {f"{key}-make": "on", f"{key}-name": "新专干", f"{key}-username": "town-new"}


def _course_form(site: Site) -> dict:
    form = {"title": "会鼓入门", "theme": Theme.objects.first().pk, "syllabus": "鼓点与队形", "minutes": "135"}
    return form | {"origin": "own", "is_local": "on", "audiences": [Audience.objects.get(name="老年人").pk]}


def _story_form(site: Site) -> dict:
    form = {"kind": "case", "title": "夜校", "body": "二十期", "happened_on": f"{site.world.year}-01-01"}
    return form | {"sessions": [site.samples.kwargs["ours.verified"]["pk"]]}


_CHANGE = {"on": f"{datetime.date.today().year}-01-02", "basis": "马编〔2026〕3号"}


def _opened(site: Site) -> dict:
    return {"state": "open", "since": f"{site.world.year}-01-01", "note": "挂牌"}


def _grid(site: Site) -> dict:
    cells = {"培训名称": "家政服务培训", "开始时间": f"{site.world.year}-01-01", "实到人次": "31"}
    names = {f"h{number}": name for number, name in enumerate(cells)}
    return names | {f"r0c{number}": text for number, text in enumerate(cells.values())} | {"check": "1"}


def _point_report(site: Site) -> dict:
    return {
        "token": "t" * 32,
        "held_on": site.world.today.isoformat(),
        "title": "桑蚕培训",
        "attendance": "40人",
        "note": "请了农技站的老师",
    }


def at_the_door(*names: str, **first) -> dict:
    """The form of the public page as a phone sends it: the names, and more about the first."""
    form = {"p-TOTAL_FORMS": "6", "p-INITIAL_FORMS": "0"}
    form |= {f"p-{number}-name": name for number, name in enumerate(names)}
    return form | {f"p-0-{name}": value for name, value in first.items()}


def _scan_settings(site: Site) -> dict:
    page = site.send("town", "GET", site.samples.url("session-scan", "ours.scanned"))
    return as_shown(page) | {"minutes_before": 45}


def _survey_form(site: Site, method: str) -> dict:
    form = {"division": site.world.places["白山镇"].pk, "year": site.world.year, "method": method}
    return form | {"asked": "60", "aware": "50", "source": "镇里抽样"}


def _code(seed: str) -> dict:
    return {"code": pyotp.TOTP(secret_of(seed)).now()}


def _between(site: Site) -> dict:
    """As somebody whose password was right and whose code is waited for."""
    store, user = SessionStore(), site.samples.with_factor
    waiting = {"user": user.pk, "bound_to": user.get_session_auth_hash(), "since": time.time()}
    store[WAITING] = waiting | {"how": "登录", "then": "/"}
    store.create()
    site.keys["between"] = store.session_key
    return _code(SEED)


def _new_telephone(site: Site) -> dict:
    """As somebody who has scanned what the page shows."""
    store = SessionStore(site.keys["town"])
    store["second_factor_seed"] = "1e" * 20
    store.save()
    return _code("1e" * 20)


ACTS = [
    Act("login-code", "between", "-", _between),
    Act("second-factor-set-up", "town", "-", _new_telephone),
    Act("second-factor-codes", "unit_head", "-", lambda s: {}),
    Act("second-factor-end", "unit_head", "-", lambda s: {}),
    Act("account-second-factor", "bureau", "factor.account", lambda s: {}),
    Act("login", "anonymous", "-", lambda s: {"username": "town", "password": PASSWORD}),
    Act("login", "anonymous", "-", lambda s: {"username": "town", "password": "wrong"}, "failing"),
    Act("logout", "town", "-", lambda s: {}),
    Act(
        "password-change",
        "town",
        "-",
        lambda s: {"old_password": PASSWORD, "new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"},
    ),
    Act("session-new", "town", "-", _session_form),
    Act("session-new", "bureau", "-", lambda s: _session_form(s) | {"on_behalf_source": "phone"}, "on behalf"),
    Act("session-edit", "town", "ours.draft", lambda s: _session_form(s) | _seen(s, "ours.draft")),
    Act("session-submit", "town", "ours.draft", lambda s: {}),
    Act("session-submit-many", "town", "-", lambda s: {"session": [s.samples.kwargs["ours.draft"]["pk"]]}),
    Act("session-withdraw", "town", "ours.submitted", lambda s: {}),
    Act("session-hold", "town", "ours.planned", lambda s: {}),
    Act("session-void", "town", "ours.draft", lambda s: {"reason": "重复"}),
    Act("session-cancel", "town", "ours.planned", lambda s: {"reason": "下雨"}),
    Act("session-confirm", "town", "ours.behalf", lambda s: {}),
    Act("session-confirm", "unit", "ours.joint", lambda s: {}, "as co-organiser"),
    Act("evidence-add", "town", "ours.draft", lambda s: {"kind": "notice", "link": "https://example.invalid/"}),
    Act("evidence-delete", "town", "draft.evidence", lambda s: {}),
    # rosters
    Act("roster-names", "town", "ours.draft", lambda s: {}),
    Act("roster-names", "bureau", "ours.draft", lambda s: {"purpose": "电话回访核实"}, "by the office"),
    Act("roster-export", "town", "ours.draft", lambda s: {"purpose": "发放结业证书"}),
    Act("roster-save", "town", "ours.draft", lambda s: {"name-0": "李四", "home-0": "新汉村", "tail-0": "4321"}),
    Act("roster-remove", "town", "ours.line", lambda s: {}),
    Act(
        "roster-remove-scanned",
        "town",
        "ours.scanned",
        lambda s: {"first": "2000-01-01T00:00", "last": "2099-01-01T00:00", "number": 1},
    ),
    Act("roster-hold", "bureau", "-", lambda s: {"year": s.world.year, "reason": "审计取证"}),
    Act("roster-hold-lift", "bureau", "ours.hold", lambda s: {}),
    Act("review-verify", "bureau", "ours.submitted", lambda s: {"attendance": 50} | _seen(s, "ours.submitted")),
    Act("review-return", "bureau", "ours.submitted", lambda s: {"reason": "figure"} | _seen(s, "ours.submitted")),
    Act("call-samples", "bureau", "-", lambda s: {"token": "d" * 32, "year": s.world.year, "size": 2}),
    Act("call", "bureau", "ours.call", lambda s: {"outcome": "reached", "figure_said": "48", "seen_version": "0"}),
    Act("review-hint", "bureau", "ours.submitted", _hint),
    Act("review-revoke", "bureau", "ours.verified", lambda s: {"reason": "figure"} | _seen(s, "ours.verified")),
    Act(
        "review-correct",
        "bureau",
        "ours.submitted",
        lambda s: {"title": "更正后的名称", "place": s.world.places["白山镇"].pk} | _seen(s, "ours.submitted"),
    ),
    Act(
        "review-verify-many",
        "bureau",
        "-",
        lambda s: {
            "chosen": [f"{s.samples.kwargs['ours.submitted']['pk']}-{_seen(s, 'ours.submitted')['seen_version']}"]
        },
    ),
    Act("import-upload", "town", "-", lambda s: {"workbook": ledger("又一场")}),
    Act("import-batch", "town", "ours.rehearsed", lambda s: {"reset": "1"}),
    Act(
        "import-confirm",
        "town",
        "ours.rehearsed",
        lambda s: {"digest": _digest_shown(s)},
    ),
    Act("import-discard", "town", "ours.rehearsed", lambda s: {}),
    Act("import-undo", "town", "ours.committed", lambda s: {}),
    Act("registry-download", "bureau", "staff", lambda s: {}),  # after the password was typed
    Act("contacts-export", "bureau", "-", lambda s: {}),
    Act("contacts-print", "bureau", "-", lambda s: {}),
    Act("registry-upload", "town", "institutions", lambda s: {"workbook": registry(s.world.town, "institutions")}),
    Act(
        "registry-confirm",
        "town",
        "ours.workbook",
        lambda s: {
            "digest": s.send("town", "GET", s.samples.url("registry-import", "ours.workbook"))
            .context["rehearsal"]
            .digest
        },
    ),
    Act("registry-discard", "town", "ours.workbook", lambda s: {}),
    Act("person-edit", "town", "ours.person", lambda s: {"name": "新名字", "phone": "0771-1", "seen_version": 0}),
    Act("appointment-new", "town", "-", lambda s: _at_school(s) | {"name": "新来的", "function": "volunteer"}),
    Act(
        "appointment-new",
        "bureau",
        "-",
        lambda s: _at_school(s) | {"person": s.samples.kwargs["theirs.person"]["pk"], "function": "instructor"},
        "of somebody known",
    ),
    Act("appointment-edit", "town", "ours.appointment", lambda s: {"function": "veteran", "seen_version": 0}),
    Act("appointment-leave", "town", "ours.appointment", lambda s: {"day": s.world.today}),
    Act("appointment-succeed", "town", "ours.appointment", lambda s: {"name": "接任的人", "day": s.world.today}),
    Act(
        "service-new",
        "town",
        "ours.appointment",
        lambda s: {"held_on": f"{s.world.year}-01-01", "hours": "1.5", "what": "讲座"},
    ),
    Act(
        "service-edit",
        "town",
        "ours.hours",
        lambda s: {"held_on": f"{s.world.year}-01-01", "hours": "3", "what": "讲座", "seen_version": 0},
    ),
    Act("service-remove", "town", "ours.hours", lambda s: {}),
    Act(
        "leading-group-new",
        "bureau",
        "-",
        lambda s: {"division": s.world.county.pk, "name": "县领导小组", "set_up_on": "2019-02-02"},
    ),
    Act("leading-group-edit", "town", "ours.group", lambda s: {"name": "新名称", "seen_version": 0}),
    Act(
        "seat-new",
        "town",
        "ours.group",
        lambda s: {"rank": "deputy", "post": "副镇长", "position": 2, "unit": s.world.ours.pk},
    ),
    Act(
        "seat-edit",
        "town",
        "ours.seat",
        lambda s: {"rank": "head", "post": "书记", "position": 1, "unit": s.world.ours.pk, "seen_version": 0},
    ),
    Act("seat-hand", "town", "ours.seat", lambda s: {"person": s.world.town.person_id, "day": "2026-01-01"}),
    Act("seat-vacate", "town", "ours.seat", lambda s: {"day": "2026-01-01"}),
    Act("holder-edit", "town", "ours.holder", lambda s: {"titles": "镇长、书记", "seen_version": 0}),
    Act("figure-sheet", "town", "ours.figures", _sheet),
    Act("figure-sheet", "centre", "ours.figures", _sheet_without_funds, "without funds"),
    Act("zone-new", "bureau", "-", _zone),
    Act("zone-edit", "bureau", "ours.zone", lambda s: _zone(s) | {"kind": "experimental", "seen_version": 0}),
    Act("zone-check-edit", "town", "ours.check", _self_check),
    Act(
        "reference-threshold", "bureau", "threshold", lambda s: {"value": "25", "reason": "县里定的", "seen_version": 0}
    ),
    *(
        Act(name, "bureau", "-", lambda s, body=body: {**_CHANGE, **body(s), "confirmed": "1"})
        for name, body in {
            "unit-rename": lambda s: {"unit": s.world.wxgtj.pk, "name": "县文化旅游局", "code": "wlj"},
            "unit-merge": lambda s: {"units_to_merge": [s.world.jyj.pk], "into": s.world.wxgtj.pk},
            "unit-split": lambda s: {"unit": s.world.wxgtj.pk, "stays": "stays", "parts": "县体育局"},
            "place-rename": lambda s: {"place": "450124100201", "name": "新合村委会", "code": "450124100299"},
            "place-merge": lambda s: {
                "place": "450124100201",
                "into": "450124100006",
                "institutions": "close",
            },
            "place-split": lambda s: {
                "place": "450124100201",
                "stays": "stays",
                "parts": "新汉东村委会 450124100230",
                "institutions": "close",
            },
        }.items()
    ),
    Act("reorganisation-undo", "bureau", "ours.change", lambda s: {"why": "选错了单位"}),
    Act(
        "privacy-edit", "bureau", "-", lambda s: {"privacy_notice": "谁在处理", "seen_version": "0", "published": "on"}
    ),
    Act("community-new", "town", "-", _group_form),
    Act("community-new", "bureau", "-", lambda s: _group_form(s) | {"unit": s.world.ours.pk}, "by the bureau"),
    Act("community-new", "unit", "-", _group_form, "by a department"),
    Act("community-edit", "town", "ours.community", lambda s: _group_form(s) | {"seen_version": 0}),
    Act("community-end", "town", "ours.community", lambda s: {"on": s.world.today.isoformat()}),
    Act("resource-new", "town", "-", _place_form),
    Act("resource-new", "unit", "-", lambda s: _place_form(s, "station"), "by a department"),
    Act("resource-new", "bureau", "-", lambda s: _place_form(s) | {"unit": s.world.ours.pk}, "by the bureau"),
    Act("resource-edit", "town", "ours.resource", lambda s: _place_form(s) | {"seen_version": 0}),
    Act("resource-close", "town", "ours.resource", lambda s: {"on": s.world.today.isoformat()}),
    Act("provider-new", "town", "-", _provider_form),
    Act("provider-edit", "town", "ours.provider", lambda s: _provider_form(s) | {"seen_version": 0}),
    Act("resource-project-new", "town", "-", _project_form),
    Act(
        "resource-project-new",
        "bureau",
        "-",
        lambda s: _project_form(s) | {"kind": "guangdong", "unit": s.world.wxgtj.pk},
        "by the bureau",
    ),
    Act("resource-project-edit", "town", "ours.project", lambda s: _project_form(s) | {"seen_version": 0}),
    Act("my-sign-ins-end", "town", "-", lambda s: {"sign_in": s.samples.sign_ins["ours"].pk}),
    Act("account-end-sign-ins", "bureau", "ours.account", lambda s: {"sign_in": s.samples.sign_ins["ours"].pk}),
    Act("account-end-sign-ins", "bureau2", "bureau.account", lambda s: {"sign_in": "all"}, "of another bureau person"),
    Act("account-link", "bureau", "ours.account", lambda s: {}),
    Act("account-links", "bureau", "-", lambda s: {"account": [s.samples.waiting.pk]}),
    Act("account-suspend", "bureau", "ours.account", lambda s: {}),
    Act("account-reactivate", "bureau", "suspended.account", lambda s: {}),
    Act("account-new", "bureau", "-", _new_account),
    Act("account-hand-over", "bureau", "ours.account", lambda s: {"name": "接手的人", "username": "town-next"}),
    Act(
        "set-password",
        "anonymous",
        "ours.link",
        lambda s: {"new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"},
    ),
    Act(
        "institution-new",
        "town",
        "-",
        lambda s: {
            "division": s.world.places["新汉村"].pk,
            "kind": "point",
            "function": "implement",
            "name": "新汉村第二教学点",
        },
    ),
    Act(
        "institution-edit",
        "town",
        "ours.institution",
        lambda s: (
            {"kind": "school", "function": "implement", "name": "白山镇社区学校", "phone": "0771-6822001"}
            | {"seen_version": 0}
        ),
    ),
    Act("institution-state", "town", "ours.institution", lambda s: _opened(s) | {"seen_version": 0}),
    Act("institution-checks", "town", "ours.institution", lambda s: {"met_sign": "on", "seen_version": 0}),
    Act(
        "institution-checks",
        "town",
        "ours.institution",
        lambda s: {"met_sign": "on", "file_sign": picture(), "seen_version": 0},
        "with a file",
    ),
    Act("institution-photo", "town", "ours.institution", lambda s: {"picture": picture(), "seen_version": 0}),
    # sign-in by QR
    Act("session-scan", "town", "ours.scanned", _scan_settings),
    Act("scan-close", "town", "ours.scanned", lambda s: {}),
    Act("scan", "anonymous", "ours.scan", lambda s: at_the_door("黄小明")),
    # awareness surveys
    Act("survey-new", "town", "-", lambda s: _survey_form(s, method="phone")),
    Act("survey-edit", "town", "ours.survey", lambda s: _survey_form(s, method="door") | {"seen_version": 0}),
    # what residents say of a session
    Act(
        "scan-feedback", "anonymous", "ours.said", lambda s: {"satisfaction": "fairly", "wish": "慢一点讲", "key": KEY}
    ),
    Act(
        "feedback-paper",
        "town",
        "ours.verified",
        lambda s: {"satisfied": 20, "fairly": 3, "unsatisfied": 1, "source": "下课时收的", "seen_version": 0},
    ),
    Act(
        "feedback-answer",
        "town",
        "ours.wish",
        lambda s: {"shown_wish": "多办几场", "answer": "下月再办两场", "seen_version": 1},
    ),
    # announcements and what residents send
    Act("session-announce", "town", "ours.planned", lambda s: _announced()),
    Act("session-sign-ups", "town", "ours.public", lambda s: {}),
    Act("session-sign-up-cancel", "town", "ours.sign-up", lambda s: {}),
    Act("session-sign-ups-clear", "town", "ours.public", lambda s: {}),
    Act("learn-sign-up", "anonymous", "ours.told", lambda s: _signing_up()),
    Act("learn-signed-up", "anonymous", "ours.signed", lambda s: {}),
    # courses
    Act("course-new", "town", "-", _course_form),
    Act("course-new", "centre", "-", lambda s: _course_form(s) | {"unit": s.world.wxgtj.pk}, "by the centre"),
    Act("course-edit", "town", "ours.course_draft", lambda s: _course_form(s) | {"seen_version": 0}),
    Act("course-propose", "town", "ours.course_draft", lambda s: {"verb": "propose", "seen_version": 0}),
    Act("course-propose", "town", "ours.course_public", lambda s: {"verb": "take_back"}, "take back"),
    Act("course-decide", "centre", "ours.course_proposed", lambda s: {"verb": "approve", "seen_version": 1}),
    Act("course-decide", "bureau", "ours.course_public", lambda s: {"verb": "send_back", "note": "补材料"}, "return"),
    Act(
        "course-material-new", "town", "ours.course_draft", lambda s: {"kind": "file", "title": "图", "file": picture()}
    ),
    Act(
        "course-material-new",
        "town",
        "ours.course_draft",
        lambda s: {"kind": "lesson", "title": "线上课", "link": "https://example.invalid/1", "is_open": "on"},
        "a lesson",
    ),
    Act("course-material-remove", "town", "ours.material", lambda s: {}),
    # publicity
    Act("story-new", "town", "-", lambda s: _story_form(s) | {"photo": picture(), "picture_agreed": "on"}),
    Act(
        "story-new",
        "bureau",
        "-",
        lambda s: _story_form(s) | {"unit": s.world.ours.pk, "sessions": []},
        "by the bureau",
    ),
    Act("story-edit", "town", "ours.story_draft", lambda s: _story_form(s) | {"drop_photo": "on", "seen_version": 0}),
    Act("story-remove", "town", "ours.story_draft", lambda s: {}),
    Act("story-propose", "town", "ours.story_public", lambda s: {"verb": "take_back", "seen_version": 2}),
    Act("story-decide", "bureau", "ours.story_proposed", lambda s: {"verb": "approve", "seen_version": 1}),
    Act("story-decide", "bureau2", "ours.story_public", lambda s: {"verb": "retire"}, "retire"),
    # many sessions at once
    Act("session-grid", "town", "-", _grid),
    Act("session-photos", "town", "-", lambda s: {f"photos-{s.samples.kwargs['ours.draft']['pk']}": picture()}),
    Act(
        "import-columns",
        "town",
        "ours.rehearsed",
        lambda s: {"header": ["到场情况", "天气"], "column": ["实到人次", "-"]},
    ),
    Act("column-names", "town", "-", lambda s: {"name": s.samples.column_name.pk}),
    # 随手报
    Act("point-link", "town", "ours.point", lambda s: {}),
    Act("point-link-revoke", "town", "ours.point", lambda s: {}),
    Act("point", "anonymous", "ours.pointlink", _point_report),
]

ACTS += [  # plan, classes, calendar
    Act("class-new", "town", "-", _series_form),
    Act("class-edit", "town", "ours.class", lambda s: {"name": "新名称", "note": "下半年再办", "seen_version": "0"}),
    Act(
        "class-postpone",
        "town",
        "ours.class",
        lambda s: _put_off(s, training_class=_pk(s, "ours.class")) | {"store": "1"},
    ),
    Act(
        "class-cancel",
        "town",
        "ours.class",
        lambda s: {"reason": "报名的人太少", "seen": _put_off(s, training_class=_pk(s, "ours.class"))["seen"]},
    ),
    Act("session-postpone", "town", "ours.planned", lambda s: _put_off(s, pk=_pk(s, "ours.planned"))),
    Act("plan-edit", "town", "ours.unit", lambda s: {"sessions": "7", "text": "按季度办", "seen_version": "0"}),
]

ACTS += YEAR_ACTS
EVERYTHING = [*ACTS, *(AdminAct(*line) for line in ADMIN_ACTS)]

WITHOUT_EFFECT = {
    "learning-record": "reads by a code, which shall stand in no address; changes nothing",
    "accounts": "looks for a name, which shall stand in no address; changes nothing",
    "roster-check": "answers with a grid of what was pasted, which holds names; stores nothing",
    "session-message": "fills the entry form from a pasted message; what is sent from there is recorded",
    "story-list": "looks for words, mostly a name, which shall stand in no address; changes nothing",
    "people": "looks for a name, which shall stand in no address; changes nothing",
    "demo-login": "answers in the demonstration only, where there is nothing to protect",
}
