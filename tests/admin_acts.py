"""Every save on a screen of the admin, with a body that works; tests/acts.py joins them to those of the pages."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin
from django.urls import reverse

from networks.models import Person
from trainings.models import TrainingSession

from .site_map import Site


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


# Screens of the admin: (screen, page, body). A change starts from what the form shows.
ADMIN_ACTS = [
    ("networks.division", "change", lambda s: {"short_name": "白山"}),
    ("networks.countysettings", "change", lambda s: {"live_since": 2020}),
    (
        "networks.institution",
        "add",
        lambda s: {
            "division": s.world.county.pk,
            "kind": "research",
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
