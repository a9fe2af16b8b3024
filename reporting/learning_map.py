"""学习地图 (二(三)2): who teaches what where, and which shared places are open when, by township; public facts alone."""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from networks.models import LearningGroup, Places, Provider, SharedResource, Tier
from networks.models.places import CODE_LENGTH
from networks.templatetags.page import Badge
from trainings.models import Announcement
from trainings.residents import Visit

from .charts import TileMap, tile_map

AHEAD = datetime.timedelta(days=27)  # four weeks from today
MOST = 60  # of each list on one page
WITH, WITHOUT = Badge("近四周有课", "steady", "check"), Badge("暂时没有", "off", "dot")


@dataclass(frozen=True)
class LearningMap:
    tiles: TileMap
    sessions: list[Announcement]  # of the next four weeks, in the place that was asked for
    groups: list[LearningGroup]
    providers: list[Provider]
    places: list[SharedResource]


def learning_map(visit: Visit, today: datetime.date) -> LearningMap:
    """Of the visit's township, or of its whole county where no township is chosen; the tiles show all townships."""
    county = visit.county.pk
    told = Announcement.objects.public().of_county(county).between(today, today + AHEAD)
    resources = SharedResource.objects.filter(unit__county=county, is_open=True).open_on(today)
    teams = LearningGroup.objects.filter(division__code__startswith=county).existing(today)
    providers = Provider.objects.filter(Q(until=None) | Q(until__gte=today), unit__county=county)
    places = Places(county, today)
    at = places.within(visit.town.pk) if visit.town else None
    here = told if at is None else told.at_places(at)
    return LearningMap(
        tiles=_tiles(visit, told, resources, places),
        sessions=list(here.for_display()[:MOST]),
        groups=list(_at(teams.exclude(kind__in=LearningGroup.ORGANISATIONS), at)),
        providers=list(_at(providers, at)),
        places=list(_at(resources, at)),
    )


def _at(rows: QuerySet, codes: list[str] | None) -> QuerySet:
    rows = rows.select_related("division__parent").order_by("division", "name")
    return (rows if codes is None else rows.filter(division__in=codes))[:MOST]


def _tiles(visit: Visit, told: QuerySet[Announcement], resources: QuerySet[SharedResource], places: Places) -> TileMap:
    """Each under the township in which its place lies today."""

    def town_of(code: str | None) -> str | None:
        stands = places.standing(code) if code else None
        return places.parent(stands) if stands and len(stands) == CODE_LENGTH[Tier.VILLAGE] else stands

    lessons, open_places = (
        Counter(town_of(code) for code in rows.order_by().values_list(name, flat=True))
        for rows, name in [(told, "session__place"), (resources, "division")]
    )
    rows = [
        {
            "code": town.pk,
            "name": town.short_name,
            "lines": [f"{lessons[town.pk]} 场", f"{open_places[town.pk]} 处开放"],
            "badge": WITH if lessons[town.pk] else WITHOUT,
            "url": reverse("learn-map") + f"?at={town.pk}" + ("&big=1" if visit.big else ""),
        }
        for town in visit.towns()
    ]
    return tile_map(title="各乡镇近四周的课和开放的场所", rows=rows, lineage=places.lineage, linked=True)
