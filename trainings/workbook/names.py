"""What the county calls its units, places, institutions and vocabularies, looked up the way clerks write them.

Everything is loaded once per rehearsal (a dozen queries, whatever the number of rows). A lookup returns the thing, or raises
ValueProblem that names what was typed and the nearest names that are known.
"""

import datetime
from collections import defaultdict

from django.utils import timezone

from networks.models import AffiliatedBody, Division, FormerName, Institution, MemberUnit, Tier
from networks.models.accounts import EDUCATION_BUREAU
from networks.models.succession import lineages_of
from networks.xlsx.names import Names, add_places, name_key
from networks.xlsx.problems import ValueProblem
from trainings.models import Audience, DeliveryForm, Language, Programme, Project, Theme

from . import columns as col

OUTSIDE_COUNTY = "县外"
VOCABULARIES = {
    col.THEME: (Theme,),
    col.PROGRAMME: (Programme, Project),
    col.FORM: (DeliveryForm,),
    col.LANGUAGE: (Language,),
    col.AUDIENCE: (Audience,),
}


class Directory:
    """The names that `user` may use: everything of their county. `assignments` {name as written: unit code} adds to it."""

    def __init__(self, user, assignments=None):
        self.units = {unit.pk: unit for unit in MemberUnit.objects.visible_to(user).select_related("division")}
        self._by_code = {unit.code: unit for unit in self.units.values()}
        self._organisers = Names("主办单位")
        self._unit_lineage, self._place_lineage = lineages_of(user.county_code)
        self._load_units(user)
        self._load_places(user)
        self._load_institutions(user)
        self._vocabularies = {column: _vocabulary(column, user) for column in VOCABULARIES}
        self.assigned = {}
        for written, code in (assignments or {}).items():
            if code not in self._by_code:
                raise ValueProblem("unknown", f"没有代码为“{code}”的单位，不能把“{written}”归口给它")
            self.assigned[name_key(written)] = self._by_code[code]

    def _load_units(self, user):
        self._unit_names = Names("单位")
        for unit in self.units.values():
            for name in unit.all_names:
                self._unit_names.add(name, unit)
                self._organisers.add(name, unit)
        self._bodies = defaultdict(list)
        for body in AffiliatedBody.objects.visible_to(user):
            self._bodies[name_key(body.name)].append(body)
            self._organisers.add(body.name, self.units[body.unit_id])

    def _load_places(self, user):
        self.places = {place.code: place for place in Division.objects.visible_to(user).order_by("code")}
        self._places = Names(col.PLACE)
        self._places.add(OUTSIDE_COUNTY, None)
        add_places(self._places, self.places, FormerName.objects.visible_to(user))

    def _load_institutions(self, user):
        self._institutions = Names("社区教育机构")
        oldest_last = sorted(self.units.values(), key=lambda u: u.established_on or datetime.date.min, reverse=True)
        governments = {u.division_id: u for u in oldest_last if u.kind == MemberUnit.Kind.TOWNSHIP}
        for institution in Institution.objects.visible_to(user):
            if institution.kind == Institution.Kind.CENTRE:
                unit = self._by_code.get(EDUCATION_BUREAU)
            else:
                place = self.places[institution.division_id]
                unit = governments.get(place.parent_id if place.tier == Tier.VILLAGE else place.pk)
            for name in institution.all_names:
                self._institutions.add(name, institution)
                if unit:
                    self._organisers.add(name, unit)

    def organiser(self, written, day):
        """The unit that is credited for what `written` holds on `day` (None: today's reading). Units go before affiliated
        bodies, those in force on the day before others; an institution credits the unit it belongs to."""
        found = self._unit_names.find(written)
        if not found:
            bodies = self._bodies.get(name_key(written), [])
            found = [self.units[body.unit_id] for body in bodies if day is None or body.in_force_on(day)]
        if not found:
            assigned = self.assigned.get(name_key(written))
            found = [assigned] if assigned else []
        if not found and name_key(written) not in self._bodies:
            found = self._organisers.find(written)
        found = list(dict.fromkeys(self._standing(unit, day) for unit in found))
        if len(found) > 1:
            names = "、".join(unit.name for unit in found)
            raise ValueProblem("ambiguous", f"“{written}”可以是{names}：请写全称")
        if not found:
            problem = self._organisers.unknown(written)
            problem.message += "，或请领导小组办公室登记它归口哪个单位；几个单位请分写主办单位和协办单位"
            raise problem
        return found[0]

    def co_organiser(self, written, day):
        """The unit that `written` names itself or as an affiliated body; None for any other name."""
        found = self._unit_names.find(written)
        if not found:
            bodies = self._bodies.get(name_key(written), [])
            found = [self.units[body.unit_id] for body in bodies if day is None or body.in_force_on(day)]
        found = {self._standing(unit, day) for unit in found}
        return found.pop() if len(found) == 1 else None

    def _standing(self, unit, day):
        """Who stood for the unit on that day: the same name is one body before a merger and another after it."""
        return self.units[self._unit_lineage.standing_on(unit.pk, day or timezone.localdate())]

    def is_unit_name(self, written, unit):
        """Whether it is a name of the unit, or of one that it has taken over from."""
        answering = self._unit_lineage.answering_for(unit.pk, datetime.date.max)
        return any(named.pk in answering for named in self._unit_names.find(written))

    def institution(self, written):
        return self._institutions.only(written, lambda found: f"{found.division.path}的{found.name}")

    def place(self, written, day=None):
        """The division that stood on that day for what is called so, or None for 县外."""
        place = self._places.only(written, lambda found: found.path)
        return place and self.place_on(place, day, written)

    def place_on(self, place, day, written=""):
        """What has taken over from a place by that day; a place that was only given up is a problem."""
        place = self.places[self._place_lineage.standing_on(place.pk, day or timezone.localdate())]
        if day and place.retired_on and place.retired_on <= day:
            message = f"“{written or place.path}”已于 {place.retired_on:%Y-%m-%d} 撤销：请写现在的村、社区或乡镇"
            raise ValueProblem("unknown", message)
        return place

    def word(self, column, written):
        """The word of the column's vocabulary."""
        return self._vocabularies[column].only(written, str)


def _vocabulary(column, user):
    """Words by the document's name and by today's. Retired ones are still known: old ledgers use them."""
    names = Names(column)
    for model in VOCABULARIES[column]:
        for word in model.objects.visible_to(user).order_by("retired", "position", "pk"):
            names.add(word.name, word)
            if word.shown_as and not names.find(word.shown_as):
                names.add(word.shown_as, word)
    return names
