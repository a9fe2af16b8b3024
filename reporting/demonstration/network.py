"""Which institutions the bureau has already looked at, so that coverage says something: most schools and many points are open,
a few are being set up, suspended or closed, the rest is open to be looked at. Addresses, figures and bodies are invented."""

import datetime
import hashlib
import random

from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from networks import uploads
from networks.models import Division, Institution, InstitutionCheck, InstitutionState, Tier, User

from . import pictures
from .calendar import draw
from .ledger import Ledger
from .script import IDLE_SCHOOLS, LIVELY, MARK, OPEN_POINTS, PART, QUIET

PREPARING, SUSPENDED, CLOSED = 6, 4, 2  # teaching points in these states
HOSTS = ["党群服务中心", "新时代文明实践站", "村小学", "农家书屋"]
NOTES = {
    "sign": "门口挂牌",
    "place": "与活动室共用",
    "people": "兼职教师一至两人",
    "rules": "制度上墙",
    "funds": "列入年度预算",
}
OTHER_BODIES = [  # 三(三)'s management network, 二(四)2's research body; these stand beside the 168 of the founding document
    ("450124", "guidance", "县社区教育指导委员会"),
    ("450124", "research", "县社区教育研究指导机构"),
    ("450124100", "management", "白山镇社区教育管理办公室"),
    ("450124103", "management", "古零镇社区教育管理办公室"),
]
PHOTOGRAPHED = "450124100"  # 白山镇's school has a photo and a picture of its sign
_State = Institution.State


def confirm(county: Division, today: datetime.date) -> None:
    """The centre, all schools but two and OPEN_POINTS teaching points are open, since some day of the last years."""
    chance = random.Random(f"institutions {today.year}")
    found = list(Institution.objects.filter(division__code__startswith=county.pk).select_related("division"))
    found.sort(key=lambda row: (row.division_id, row.pk))
    of_kind = {kind: [row for row in found if row.kind == kind] for kind in Institution.Kind}
    schools = [row for row in of_kind[Institution.Kind.SCHOOL] if row.division_id not in IDLE_SCHOOLS]
    points = chance.sample(of_kind[Institution.Kind.POINT], len(of_kind[Institution.Kind.POINT]))
    points = _open_ones_first(points, _active_places(county, today), chance)
    running = [*of_kind[Institution.Kind.CENTRE], *schools, *points[:OPEN_POINTS]]
    rest = points[OPEN_POINTS:]
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：核实机构"}
    running += _other_bodies(actor)
    states = [_opened(row, today, chance) for row in running]
    for row in running:
        _furnish(row, chance)
    for row in rest[:PREPARING]:
        states.append(_since(row, _State.PREPARING, datetime.date(today.year, 1, 1), "正在落实场地"))
    for number, row in enumerate(rest[PREPARING : PREPARING + SUSPENDED + CLOSED]):
        states.append(_opened(row, today, chance))
        ended = (_State.SUSPENDED, "场地修缮") if number < SUSPENDED else (_State.CLOSED, "并入邻近教学点")
        states.append(_since(row, ended[0], datetime.date(today.year, 1, 1), ended[1]))
    touched = [*running, *rest[: PREPARING + SUSPENDED + CLOSED]]
    bulk_create_with_history(states, InstitutionState, **actor)
    changed = ["state", "state_since", "hosts", "address", "phone", "posts", "rooms", "seats", "computers", "books"]
    bulk_update_with_history(touched, Institution, changed, **actor)
    checks = [_check(row, item, today, chance) for row in running for item in InstitutionCheck.Item]
    bulk_create_with_history(checks, InstitutionCheck, **actor)
    _photograph(next(row for row in schools if row.division_id == PHOTOGRAPHED), chance)


def _active_places(county: Division, today: datetime.date) -> set[str]:
    """Where something takes place this year."""
    events = draw(today, Ledger(county, today).holders())
    return {event.place for event in events if event.held_on.year == today.year}


def _open_ones_first(points: list[Institution], active: set[str], chance: random.Random) -> list[Institution]:
    """By township more or less of what takes place is at an open point, and some open points are without activity: a map
    that shows the same everywhere shows nothing."""

    def order(point: Institution) -> int:
        town = point.division.parent_id
        if town in QUIET:
            return 3
        runs = point.division_id in active and (town in LIVELY or chance.random() < PART)
        return 0 if runs else 2 if point.division_id in active else 1

    return sorted(points, key=order)


def _other_bodies(actor: dict[str, object]) -> list[Institution]:
    rows = [
        Institution(division_id=place, kind=kind, name=f"{name}（{MARK}）", function=Institution.Function.MANAGE)
        for place, kind, name in OTHER_BODIES
    ]
    return bulk_create_with_history(rows, Institution, **actor)


def _opened(row: Institution, today: datetime.date, chance: random.Random) -> InstitutionState:
    return _since(row, _State.OPEN, datetime.date(today.year - chance.randint(1, 4), chance.choice([3, 9]), 1))


def _since(row: Institution, state: str, since: datetime.date, note: str = "") -> InstitutionState:
    row.state, row.state_since = state, since
    return InstitutionState(institution=row, state=state, since=since, note=f"{MARK}：{note}" if note else MARK)


def _furnish(row: Institution, chance: random.Random) -> None:
    place, large = row.division, row.kind != Institution.Kind.POINT
    if not row.hosts:
        governing = "县教育局" if place.tier == Tier.COUNTY else f"{place.name}人民政府"
        host = f"{place.short_name}{chance.choice(HOSTS)}（{MARK}）"
        row.hosts = governing if row.function == Institution.Function.MANAGE else f"{place.name}\n{host}"
    row.address = f"{place.short_name}{'文化路 1 号' if large else '村委会办公楼一楼'}（{MARK}）"
    row.phone = "" if chance.random() < 0.15 else f"0771-000{chance.randint(1000, 9999)}"
    row.posts = chance.randint(1, 3) if large else None
    row.rooms = chance.randint(3, 8) if large else chance.randint(1, 2)
    row.seats = row.rooms * chance.choice([30, 40])
    row.computers = chance.randint(10, 40) if large else chance.choice([0, 2, 5])
    row.books = chance.randint(10, 60) * 100 if large else chance.randint(2, 15) * 100


def _check(row: Institution, item: str, today: datetime.date, chance: random.Random) -> InstitutionCheck:
    met = chance.random() < 0.9
    note = f"{MARK}：{NOTES[item] if met else '还在落实'}"
    return InstitutionCheck(institution=row, item=item, met=met, note=note, checked_on=datetime.date(today.year, 1, 1))


def _photograph(school: Institution, chance: random.Random) -> None:
    actor = User.objects.get(username=f"town-{school.division_id}")
    with uploads.atomic():
        for target, field in [(school, "photo"), (school.checks.get(item="sign"), "evidence")]:
            content = pictures.photo(chance)
            digest = hashlib.sha256(content).hexdigest()
            picture = uploads.Prepared("演示图片.jpg", content, "image/jpeg", digest)
            setattr(target, field, uploads.attach(picture, school.division, actor))
            type(target).objects.filter(pk=target.pk).update(**{field: getattr(target, field)})
