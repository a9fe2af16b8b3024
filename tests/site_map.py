"""Every address of the site with sample objects: shared by the tests that walk the whole site."""

import contextlib
import re
import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from networks.middleware import CONFIRMED_AT, SIGNED_IN_AT
from networks.models import (
    AffiliatedBody,
    AuditEvent,
    CountySettings,
    Institution,
    PasswordLink,
    Person,
    SignIn,
    User,
)
from networks.registry import REGISTRIES
from networks.registry import imports as registry_imports
from reporting.models import (
    AssessmentYear,
    QuotaAdjustment,
)
from trainings.models import (
    CoOrganiser,
    ImportBatch,
)
from trainings.models.vocabulary import VOCABULARIES

from .makers import registry
from .samples.network import NetworkSamples
from .samples.residents import ResidentSamples
from .samples.training import TrainingSamples
from .samples.year import YearSamples

SEED = "0f" * 20  # of the one account with a second factor


@dataclass(frozen=True)
class Address:
    """One pattern of the urlconf; `name` includes the namespace and is empty where the pattern has none."""

    name: str
    route: str
    callback: object


def addresses(patterns: list | None = None, route: str = "", namespace: str = "") -> list[Address]:
    found = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inside = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += addresses(entry.url_patterns, here, inside)
        elif isinstance(entry, URLPattern):
            found.append(Address(f"{namespace}{entry.name}" if entry.name else "", here, entry.callback))
    return found


def as_shown(response) -> dict:
    """What a browser would send back from the form of a page as it stands."""
    return {field.html_name: field.value() or "" for field in response.context["form"]}


def what_was_seen(client, path: str) -> dict:
    """What the form of a page of the admin says that was seen, to be sent with it; nothing where there is no form."""
    shown = re.search(r'name="seen_version" value="([0-9]+)"', client.get(path).content.decode())
    return {"seen_version": shown[1]} if shown else {}


class Samples(NetworkSamples, TrainingSamples, ResidentSamples, YearSamples):
    """Objects of ours, theirs (same county) and foreign (another county), as keyword arguments of addresses."""

    def __init__(self, w) -> None:
        self.w = w
        owners = {"ours": w.ours, "theirs": w.theirs, "foreign": w.foreign}
        self.kwargs: dict[str, dict] = {"-": {}, "year": {"year": w.year}, "app": {"app_label": "networks"}}
        self.kwargs |= {key: {"registry": key} for key in REGISTRIES}
        self.kwargs["threshold"] = {"key": "participation"}
        for whose, unit in owners.items():
            for state in ["planned", "draft", "submitted", "verified", "returned"]:
                row = w.session(unit, status=state, title=f"{whose}-{state}-场次")
                self.kwargs[f"{whose}.{state}"] = {"pk": row.pk}
            self._evidence(whose, self.kwargs[f"{whose}.{'draft' if whose == 'foreign' else 'submitted'}"]["pk"])
            officer = {"ours": w.town, "theirs": w.town2, "foreign": w.foreign_town}[whose]
            self._batches(whose, officer)
            new = {"所在地": unit.division.path, "名称": f"{whose}的指导组", "类别": "管理机构（乡镇）"}
            kept = registry_imports.keep(registry(officer, "institutions", new), officer, "institutions")
            self.kwargs[f"{whose}.workbook"] = {"pk": kept.pk}
            self._network(whose, unit.division, officer)
            unit_year = {"year": w.year, "unit": unit.code}
            self.kwargs[f"{whose}.unit"] = unit_year
            self._figures_and_zone(whose, unit.division)
            self._planned(whose, unit, officer)
        self._evidence("draft", self.kwargs["ours.draft"]["pk"])
        self.kwargs["mixed.evidence"] = {
            "pk": self.kwargs["ours.draft"]["pk"],
            "evidence_pk": self.kwargs["theirs.evidence"]["evidence_pk"],
        }
        joint = w.session(w.ours, status="submitted", title="联合举办")
        CoOrganiser.objects.create(session=joint, unit=w.wxgtj, name=w.wxgtj.name)
        self.kwargs["ours.joint"] = {"pk": joint.pk}
        self.kwargs["ours.behalf"] = {"pk": w.session(w.ours, actor=w.bureau2, title="代录场次").pk}
        accounts = {"ours": w.town, "foreign": w.foreign_town, "bureau": w.bureau, "operator": w.operator}
        for name, user in accounts.items():
            self.kwargs[f"{name}.account"] = {"pk": user.pk}
        home = {"role": "township", "home_division": w.places["白山镇"]}
        suspended = User.objects.create_user("suspended", "x", name="离开的人", is_active=False, **home)
        self.kwargs["suspended.account"] = {"pk": suspended.pk}
        self.with_factor = w.unit_head
        User.objects.filter(pk=w.unit_head.pk).update(
            second_factor_seed=SEED, second_factor_since=timezone.now(), second_factor_step=1
        )
        w.unit_head.refresh_from_db()
        self.kwargs["factor.account"] = {"pk": w.unit_head.pk}
        self.waiting = User.objects.create_user("waiting", None, name="等设密码的人", **home)
        self.kwargs["ours.link"] = {"token": PasswordLink.issue(w.head, w.bureau)[1]}
        self.kwargs["no.link"] = {"token": "abcde-fghjk-mnpqr-stuvw"}
        self.sign_ins = {name: self._sign_in(user) for name, user in accounts.items()}
        self.years = {
            "ours": w.assessment_year,
            "foreign": AssessmentYear.objects.open_year(w.other_county, w.year),
        }
        settled = AssessmentYear.objects.open_year(w.county, 2019)  # long ago: nothing else of the site lies in it
        w.lock(settled)
        self.kwargs["settled"] = {"year": 2019, "number": 1}
        self._feedback(settled)
        self._bulletins()
        for whose in ["ours", "foreign"]:
            QuotaAdjustment.objects.create(
                year=self.years[whose], unit=owners[whose], sessions=2, attendances=200, reason="撤并"
            )
            AuditEvent.objects.create(action="试验", county_code=owners[whose].county_id)
        AffiliatedBody.objects.create(county=w.other_county, name="上林县文化馆", unit=w.foreign)
        for whose, unit in owners.items():
            self._people(whose, unit)
        self._sharing()
        self._plan()
        self._changes()
        self._library()
        self._prompting()
        self._rosters()
        self._points()
        self._calls()
        self._scans()
        self._learning()
        self._forms()

    def _keepers(self) -> dict:
        w = self.w
        return {"ours": w.town, "theirs": w.town2, "foreign": w.foreign_town}

    @staticmethod
    def _sign_in(user) -> SignIn:
        """One more browser in which somebody is signed in."""
        session = SessionStore()
        session.create()
        return SignIn.objects.create(user=user, session_id=session.session_key, device="手机 · 微信")

    def row(self, model, whose: str):
        """A row for an admin screen: of our county, or of the other one (None where rows belong to nobody)."""
        w = self.w
        county = w.county if whose == "ours" else w.other_county
        unit = w.ours if whose == "ours" else w.foreign
        own = {
            "division": lambda: unit.division,
            "countysettings": lambda: CountySettings.objects.get(pk=county.pk),
            "institution": lambda: Institution.objects.get(division=unit.division),
            "memberunit": lambda: unit,
            "affiliatedbody": lambda: AffiliatedBody.objects.filter(county=county).last(),
            "person": lambda: Person.objects.create(county=county, name="没有账号的人"),
            "user": lambda: w.town if whose == "ours" else w.foreign_town,
            "auditevent": lambda: AuditEvent.objects.get(action="试验", county_code=county.pk),
            "trainingsession": lambda: unit.sessions.get(title=f"{whose}-submitted-场次"),
            "importbatch": lambda: ImportBatch.objects.get(pk=self.kwargs[f"{whose}.rehearsed"]["pk"]),
            "assessmentyear": lambda: self.years[whose],
            "quotaadjustment": lambda: QuotaAdjustment.objects.get(unit=unit),
        }
        name = model._meta.model_name
        if name in own:
            return own[name]()
        assert model in VOCABULARIES.values()
        return model.objects.first() if whose == "ours" else None

    def url(self, name: str, sample: str) -> str:
        return reverse(name, kwargs=self.kwargs[sample])


FOREVER = 10**9  # seconds


def has_typed_password(client: Client) -> None:
    """As after a sign-in with a password, which `force_login` goes without."""
    session = client.session
    session[CONFIRMED_AT] = session[SIGNED_IN_AT] = time.time()
    session.save()


@contextlib.contextmanager
def taken_back():
    """Whatever happens inside is undone at its end, also what insists on a transaction of its own (durable)."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


class Site:
    """The world with its samples and everybody signed in, for tests that send many requests."""

    def __init__(self, world, media) -> None:
        self.world, self.media = world, media
        self.samples = Samples(world)
        self.pages: dict = {}  # see walk.page
        self.client = Client(raise_request_exception=False)
        self.keys = {"anonymous": ""}
        for name, user in world.users.items():
            self.client.cookies.clear()
            self.client.force_login(user)
            has_typed_password(self.client)
            self.keys[name] = self.client.cookies[settings.SESSION_COOKIE_NAME].value

    def send(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        """One request as somebody; the answer with its whole body in `body`. Its effects are taken back."""
        with taken_back():
            return self.send_for_good(who, method, url, data, **extra)

    def send_for_good(self, who: str, method: str, url: str, data: dict | None = None, **extra):
        self.client.cookies.clear()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[who]
        with override_settings(MEDIA_ROOT=self.media, STEP_UP_LASTS=FOREVER):
            response = getattr(self.client, method.lower())(url, data, **extra)
            response.body = b"".join(response.streaming_content) if response.streaming else response.content
        return response
