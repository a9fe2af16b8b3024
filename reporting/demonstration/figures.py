"""Annual figures, funds and the zones' self-checks: invented and marked so, but for the populations that are known. No township
gets a population: none is known, and rates of townships show what is missing."""

import random
from collections.abc import Iterator
from decimal import Decimal

from simple_history.utils import bulk_create_with_history

from networks.models import AnnualFigure, Division, Fund, Heading, Tier, User, Zone, ZoneCheck

from .script import EARLIER_YEARS, MARK

CENSUS = 382_430  # of 2020, carried on as the county's denominator
LATE = 3  # townships that have not filled in this year's sheet yet

_KIND = AnnualFigure.Kind
# People of each kind per village, and which share of them learned in a good year.
PEOPLE = {
    _KIND.ELDERLY: 420,
    _KIND.MINORS: 540,
    _KIND.FARMERS: 980,
    _KIND.MIGRANTS: 26,
    _KIND.UNEMPLOYED: 9,
    _KIND.LABOUR: 130,
}
LEARNERS = {
    _KIND.ELDERLY_LEARNING: (_KIND.ELDERLY, 0.22),
    _KIND.MINORS_LEARNING: (_KIND.MINORS, 0.51),
    _KIND.FARMERS_TRAINED: (_KIND.FARMERS, 0.33),
    _KIND.MIGRANTS_TRAINED: (_KIND.MIGRANTS, 0.47),
    _KIND.UNEMPLOYED_TRAINED: (_KIND.UNEMPLOYED, 0.74),
    _KIND.LABOUR_TRAINED: (_KIND.LABOUR, 0.52),
}
PARTICIPANTS_PER_VILLAGE = 760
METHODS = ("按签到去重", "按培训名册去重")

WORDS = {
    Heading.SYSTEM: ("镇社区学校和各村教学点挂牌开放，联系人上墙。", "教学点挂牌照片、联系人名单"),
    Heading.RESOURCES: ("镇文化站、中心学校图书室周末向居民开放，每月公布开放时间。", "开放时间公告"),
    Heading.FUNDING: ("镇财政列支社区教育经费，专款专用，年底公布。", "经费收支表"),
    Heading.STAFF: ("配备专干一名，各教学点由学区学校派出兼职教师。", "人员名单、培训签到表"),
    Heading.INFORMATION: ("建立学习群，组织远程学习，老年人智能手机使用培训每季一次。", "群公告截图、课程目录"),
}


def write(county: Division, current: int) -> None:
    """Of the earlier years and the current one, of which some townships are late; self-checks of the last two years."""
    chance = random.Random(f"figures {current}")
    towns = list(Division.objects.filter(parent=county, retired_on=None))
    villages = {town.pk: 0 for town in towns}
    for parent in Division.objects.filter(tier=Tier.VILLAGE, parent__in=towns).values_list("parent_id", flat=True):
        villages[parent] += 1
    late = {town.pk for town in chance.sample(towns, min(LATE, len(towns)))}
    figures, funds = [], []
    for year in range(current - EARLIER_YEARS, current + 1):
        figures.append(
            AnnualFigure(
                division=county,
                year=year,
                kind=_KIND.POPULATION,
                basis=AnnualFigure.Basis.RESIDENT,
                value=CENSUS,
                source=f"{MARK}：沿用2020年第七次全国人口普查数",
            )
        )
        funds += _funds(county, year, chance, scale=40, closed=year < current)
        for town in towns:
            if year == current and town.pk in late:
                continue
            figures += _figures(town, year, villages[town.pk], chance)
            funds += _funds(town, year, chance, scale=1, closed=year < current)
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：年度数据"}
    bulk_create_with_history(figures, AnnualFigure, batch_size=500, **actor)
    bulk_create_with_history(funds, Fund, batch_size=500, **actor)
    bulk_create_with_history([*_checks(county, current)], ZoneCheck, **actor)


def _figures(town: Division, year: int, villages: int, chance: random.Random) -> list[AnnualFigure]:
    method = chance.choice(METHODS)
    people = {kind: round(each * villages * chance.uniform(0.9, 1.1)) for kind, each in PEOPLE.items()}
    learners = {kind: round(people[of] * share * chance.uniform(0.85, 1.12)) for kind, (of, share) in LEARNERS.items()}
    learners[_KIND.PARTICIPANTS] = round(PARTICIPANTS_PER_VILLAGE * villages * chance.uniform(0.9, 1.12))
    rows = []
    for kind, value in (people | learners).items():
        told = method if kind.of_learners else ""
        rows.append(AnnualFigure(division=town, year=year, kind=kind, value=value, source=MARK, method=told))
    return rows


def _funds(place: Division, year: int, chance: random.Random, *, scale: int, closed: bool) -> list[Fund]:
    """Public money everywhere, a donation here and there; what is paid is not complete before the year is over."""
    rows = []
    for source, usual, often in (
        (Fund.Source.PUBLIC, 15_000, 1.0),
        (Fund.Source.DONATION, 2_000, 0.4),
        (Fund.Source.LEARNERS, 800, 0.2),
    ):
        if chance.random() > often:
            continue
        budgeted = Decimal(round(usual * scale * chance.uniform(0.8, 1.3), -2))
        paid = (budgeted * Decimal(round(chance.uniform(0.86, 1.02), 2))).quantize(Decimal("0.01"))
        kept = paid if closed else (paid / 2).quantize(Decimal("0.01"))
        rows.append(Fund(division=place, year=year, source=source, budgeted=budgeted, paid=kept, note=MARK))
    return rows


def _checks(county: Division, current: int) -> Iterator[ZoneCheck]:
    ratings = ZoneCheck.Rating
    for zone in Zone.objects.filter(division__parent=county):
        for year, given in (
            (current - 1, (ratings.BUILT, ratings.PROGRESSING, ratings.BUILT, ratings.PROGRESSING, ratings.NOT_BEGUN)),
            (current, (ratings.BUILT, ratings.BUILT, ratings.PROGRESSING, ratings.PROGRESSING)),
        ):
            for heading, rating in zip(Heading, given, strict=False):
                text, evidence = WORDS[heading] if rating != ratings.NOT_BEGUN else ("列入下一年计划。", "")
                yield ZoneCheck(
                    zone=zone,
                    year=year,
                    heading=heading,
                    rating=rating,
                    text=f"{text}（{MARK}）",
                    evidence=f"{evidence}（{MARK}）" if evidence else "",
                )
