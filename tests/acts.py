"""Every POST of the site that changes something, with the person who may do it and a body that works.

Shared by the tests that break the log (AU-1) and that post what nobody asked for (AC-3). A POST address that stands neither
here nor in WITHOUT_EFFECT fails the build.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin
from django.urls import reverse

from networks.models import Person
from trainings.models import DeliveryForm, Theme, TrainingSession

from .site_map import Site, as_shown, ledger

PASSWORD = "Correct-Horse-7"


@dataclass(frozen=True)
class Act:
    name: str  # of the address
    who: str
    sample: str
    body: Callable[[Site], dict]
    label: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.label}".strip()

    def url(self, site: Site) -> str:
        return site.samples.url(self.name, self.sample)


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
    }


def _seen(site: Site, sample: str) -> dict:
    return {"seen_version": TrainingSession.objects.get(**site.samples.kwargs[sample]).version}


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


def _unit_form(site: Site) -> dict:
    """A new unit with one dated fact, as the screen with its inline sends it."""
    terms = {
        "terms-TOTAL_FORMS": 1,
        "terms-INITIAL_FORMS": 0,
        "terms-0-fact": "group",
        "terms-0-starts_on": "2026-01-01",
    }
    return terms | {
        "county": site.world.county.pk,
        "code": "sfj",
        "name": "县司法局",
        "kind": "other",
        "division": site.world.county.pk,
        "position": 40,
    }


ACTS = [
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
    Act("review-verify", "bureau", "ours.submitted", lambda s: {"attendance": 50} | _seen(s, "ours.submitted")),
    Act("review-return", "bureau", "ours.submitted", lambda s: {"reason": "figure"} | _seen(s, "ours.submitted")),
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
    Act("figure-sheet", "town", "ours.figures", _sheet),
    Act("figure-sheet", "centre", "ours.figures", _sheet_without_funds, "without funds"),
    Act("zone-new", "bureau", "-", _zone),
    Act("zone-edit", "bureau", "ours.zone", lambda s: _zone(s) | {"kind": "experimental", "seen_version": 0}),
    Act("zone-check-edit", "town", "ours.check", _self_check),
    Act(
        "reference-threshold", "bureau", "threshold", lambda s: {"value": "25", "reason": "县里定的", "seen_version": 0}
    ),
    Act("admin:networks_user_reset", "bureau", "ours.account", lambda s: {}),
]

# Screens of the admin: (screen, page, body). A change starts from what the form shows.
ADMIN_ACTS = [
    ("networks.division", "change", lambda s: {"short_name": "白山"}),
    ("networks.countysettings", "change", lambda s: {"live_since": 2020}),
    (
        "networks.institution",
        "add",
        lambda s: {
            "division": s.world.county.pk,
            "kind": "point",
            "name": "新点",
            "function": "implement",
        },
    ),
    ("networks.institution", "change", lambda s: {"phone": "0771-6822001"}),
    ("networks.memberunit", "add", _unit_form),
    (
        "networks.memberunit",
        "change",
        lambda s: {"name": "白山镇政府", "terms-TOTAL_FORMS": 2, "terms-INITIAL_FORMS": 2},
    ),
    (
        "networks.affiliatedbody",
        "add",
        lambda s: {"county": s.world.county.pk, "name": "县图书馆", "unit": s.world.wxgtj.pk},
    ),
    ("networks.affiliatedbody", "change", lambda s: {"name": "白山镇文化中心"}),
    ("networks.person", "add", lambda s: {"county": s.world.county.pk, "name": "新人"}),
    ("networks.person", "change", lambda s: {"post": "副局长"}),
    ("networks.person", "delete", lambda s: {"post": "yes"}),
    (
        "networks.user",
        "add",
        lambda s: {
            "username": "newcomer",
            "person": s.samples.row(Person, "ours").pk,
            "role": "township",
            "home_division": s.world.places["白山镇"].pk,
        },
    ),
    ("networks.user", "change", lambda s: {"is_active": ""}),
    ("trainings.theme", "add", lambda s: {"name": "新主题", "position": 99}),
    ("trainings.theme", "change", lambda s: {"shown_as": "今名"}),
    ("trainings.programme", "change", lambda s: {"shown_as": "今名"}),
    ("trainings.project", "change", lambda s: {"shown_as": "今名"}),
    ("trainings.language", "change", lambda s: {"shown_as": "今名"}),
    ("trainings.deliveryform", "change", lambda s: {"shown_as": "今名"}),
    ("trainings.audience", "change", lambda s: {"shown_as": "今名"}),
    (
        "trainings.trainingsession",
        "changelist",
        lambda s: {
            "action": "verify_selected",
            "_selected_action": s.samples.row(TrainingSession, "ours").pk,
            "confirmed": "1",
            "seen": "{0.pk}-{0.version}".format(s.samples.row(TrainingSession, "ours")),
        },
    ),
    ("reporting.assessmentyear", "add", lambda s: {"county": s.world.county.pk, "year": 2031}),
    ("reporting.assessmentyear", "change", lambda s: {"required_sessions": 5}),
    (
        "reporting.quotaadjustment",
        "add",
        lambda s: {
            "year": s.world.assessment_year.pk,
            "unit": s.world.wxgtj.pk,
            "sessions": 1,
            "attendances": 100,
            "reason": "新列入",
        },
    ),
    ("reporting.quotaadjustment", "change", lambda s: {"reason": "另一个理由"}),
    ("reporting.quotaadjustment", "delete", lambda s: {"post": "yes"}),
]


@dataclass(frozen=True)
class AdminAct:
    """One save on a screen of the admin, by the bureau."""

    screen: str
    page: str
    given: Callable[[Site], dict]
    who: str = "bureau"

    def __str__(self) -> str:
        return f"{self.screen} {self.page}"

    def _row(self, site: Site):
        model = next(model for model in admin.site._registry if model._meta.label_lower == self.screen)
        return site.samples.row(model, "ours")

    def url(self, site: Site) -> str:
        args = [] if self.page in {"add", "changelist"} else [self._row(site).pk]
        return reverse(f"admin:{self.screen.replace('.', '_')}_{self.page}", args=args)

    def body(self, site: Site) -> dict:
        shown = shown_in_form(site.send(self.who, "GET", self.url(site))) if self.page == "change" else {}
        return {name: value for name, value in (shown | self.given(site)).items() if value != ""}


def shown_in_form(response) -> dict:
    """What a browser would send back from an admin form as it stands."""
    form = response.context["adminform"].form
    fields = [*form]
    for inline in response.context["inline_admin_formsets"]:
        fields += [*inline.formset.management_form, *(field for row in inline.formset.forms for field in row)]
    data = {}
    for field in fields:
        value = field.value()
        if isinstance(value, list | tuple):
            data[field.html_name] = [getattr(item, "pk", item) for item in value]
        elif value is not None and value is not False:
            data[field.html_name] = "on" if value is True else getattr(value, "pk", value)
    return data


EVERYTHING = [*ACTS, *(AdminAct(*line) for line in ADMIN_ACTS)]

WITHOUT_EFFECT = {
    "demo-login": "answers in the demonstration only, where there is nothing to protect",
}
