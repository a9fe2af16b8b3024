"""Invented learning groups, shared places, providers and projects. The venues of 二(二)2 are real; what they offer and when is not."""

import datetime
import random
from collections.abc import Iterable

from simple_history.utils import bulk_create_with_history

from networks.models import Division, LearningGroup, MemberUnit, Provider, ResourceProject, SharedResource, Tier, User

from .calendar import Event
from .script import MARK

CULTURE, EDUCATION = "wxgtj", "jyj"
TEAMS = [  # (name after the place, kind, theme, activity, words by which its sessions are known)
    ("山歌队", "team", "壮族山歌", "每周三晚在综合文化服务中心练唱，节日到各屯演唱", ("山歌",)),
    ("会鼓队", "team", "壮族会鼓", "每周六下午排练，红白喜事不收费", ("会鼓",)),
    ("扁担舞队", "team", "壮族扁担舞", "每周二、周五晚练舞", ("打扁担", "扁担")),
    ("桑蚕互助组", "circle", "种桑养蚕", "蚕期轮流到各户看蚕，请技术员上门", ("蚕", "桑")),
    ("银龄学习小组", "circle", "智能手机与健康", "每月两次在党群服务中心学用手机、测血压", ("老年人", "高血压")),
    ("读书会", "circle", "阅读", "每月第一个周五晚在农家书屋", ("读书",)),
    ("壮绣小组", "circle", "壮绣", "农闲时每周一次在妇女之家", ("壮绣", "织绣")),
]
VENUES = [  # named in 二(二)2, at the county seat
    ("library", "县图书馆", "图书阅览、电子阅览、自习", "周二至周日 9:00—17:30", "全体居民", 220),
    ("culture", "县文化馆", "排练厅、美术教室、小剧场", "周一至周六 9:00—21:00", "全体居民、文艺团队", 300),
    ("folk", "民俗馆", "民俗展览、讲解", "周三至周日 9:00—17:00", "全体居民、学生", 150),
    ("achievement", "成就馆", "建设成就展览、讲解", "周三至周日 9:00—17:00", "全体居民、学生", 150),
]
PROVIDERS = [
    ("450124100", "arts", "演示·白山三声部民歌协会", "三声部民歌老师，可进村教唱"),
    ("450124103", "company", "演示·古零攀岩俱乐部", "攀岩场地、向导培训"),
    ("450124104", "social", "演示·金钗家政服务中心", "家政、育婴课程"),
    ("450124202", "volunteers", "演示·古寨瑶绣志愿服务队", "瑶族织绣老师"),
]
PROJECTS = [  # (kind, title, unit, place, content, beneficiaries, funds, in whose provider's name)
    ("treasures", "马山文化三宝进社区", CULTURE, "", "三声部民歌、会鼓、扁担舞老师进村（社区）教学", 1600, "县级财政", 0),
    ("talents", "“三区人才”支持计划文艺培训", CULTURE, "", "邀请区、市文艺团体对文艺骨干作艺术辅导", 240, "自治区专项", None),
    ("free", "县图书馆、文化馆免费开放", CULTURE, "450124100", "图书阅览、展览、排练厅免费开放", None, "中央和县级财政", None),
    ("guangdong", "粤桂协作：劳务技能培训", "rsj", "", "与对口帮扶地区合办转移就业岗前培训", 300, "粤桂协作资金", None),
    ("other", "家政服务培训项目", "450124104", "450124104", "由家政服务中心运营，每季度一期", 120, "学员分担、社会捐助", 2),
]  # fmt: skip


class Sharing:
    """What was put into the registries, and which of the groups holds a session."""

    def __init__(self, county: Division, today: datetime.date) -> None:
        self.county, self.today = county, today
        self.chance = random.Random(f"sharing {today.year}")
        self.units = {unit.code: unit for unit in MemberUnit.objects.filter(county=county)}
        places = list(Division.objects.within(county.pk).current().select_related("parent"))
        self.towns = [place for place in places if place.tier == Tier.TOWNSHIP]
        self.villages = [place for place in places if place.tier == Tier.VILLAGE]
        self._actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": MARK}
        self._groups: dict[str, list[tuple[LearningGroup, tuple[str, ...]]]] = {}

    def write(self) -> None:
        """Runs in the caller's transaction, before the sessions."""
        self._write_groups()
        self._write_places()
        self._write_schools()
        self._write_projects()

    def group_of(self, event: Event) -> LearningGroup | None:
        """The group of the event's township that does such things, for most of such events."""
        fitting = [
            group
            for group, words in self._groups.get(event.place[:9], [])
            if any(word in event.topic.title for word in words) and group.founded_on <= event.held_on
        ]
        luck = random.Random(f"group {event.number}")
        return luck.choice(fitting) if fitting and luck.random() < 0.9 else None

    def _of(self, town: Division) -> list[Division]:
        return [village for village in self.villages if village.parent_id == town.pk]

    def _day(self, earliest: int, latest: int) -> datetime.date:
        return datetime.date(self.today.year - self.chance.randint(earliest, latest), self.chance.choice([3, 5, 9]), 1)

    def _store(self, model: type, rows: list) -> None:
        bulk_create_with_history(rows, model, batch_size=200, **self._actor)

    # --- groups ------------------------------------------------------------------------------------

    def _write_groups(self) -> None:
        rows = []
        for number, town in enumerate(self.towns):
            unit = self.units[town.pk]
            villages = self._of(town)
            for name, kind, theme, activity, words in self.chance.sample(TEAMS, 2):
                place = self.chance.choice(villages)
                group = LearningGroup(
                    kind=kind,
                    name=f"演示·{place.short_name}{name}",
                    division=place,
                    unit=unit,
                    members=self.chance.randint(9, 42),
                    theme=theme,
                    activity=f"{activity}（{MARK}）",
                    founded_on=self._day(3, 6),
                )
                rows.append(group)
                self._groups.setdefault(town.pk, []).append((group, words))
            if number % 4 == 0:
                rows.append(self._organisation("community", self.chance.choice(villages), unit, "学习型社区"))
        rows.append(self._organisation("township", self.towns[0], self.units[self.towns[0].pk], "学习型乡镇"))
        village = self._of(self.towns[3])[0]
        family = self._organisation("family", village, self.units[self.towns[3].pk], "学习型家庭3户")
        family.members = 3
        rows += [family]
        ended = rows[0]
        ended.name, ended.ended_on = f"{ended.name}（旧）", datetime.date(self.today.year - 1, 6, 30)
        self._groups[self.towns[0].pk] = self._groups[self.towns[0].pk][1:]
        self._store(LearningGroup, rows)

    def _organisation(self, kind: str, place: Division, unit: MemberUnit, word: str) -> LearningGroup:
        named = self._day(1, 2)
        return LearningGroup(
            kind=kind,
            name=f"演示·{place.short_name}{word}",
            division=place,
            unit=unit,
            activity=MARK,
            founded_on=datetime.date(named.year - 2, 3, 1),
            recognised_by="县教育局",
            recognised_on=named,
        )

    # --- places ------------------------------------------------------------------------------------

    def _write_places(self) -> None:
        culture, rows = self.units[CULTURE], []
        for kind, name, offers, hours, people, capacity in VENUES:
            rows.append(self._place(kind, name, self.towns[0], culture, offers, hours, people, capacity))
        for town in self.towns:
            hours = self.chance.choice(["周一至周五 9:00—17:00，周六上午", "每天 14:30—21:00", "周二至周日 9:00—17:00"])
            rows.append(
                self._place(
                    "station", f"{town.name}文化站", town, culture, "排练室、图书室、电子阅览", hours, "全体居民", 80
                )
            )
        for place in self.chance.sample(self.villages, 18):
            hours = self.chance.choice(["周六、周日 9:00—17:00", "每天 15:00—20:00"])
            rows.append(
                self._place(
                    "reading", f"演示·{place.short_name}农家书屋", place, culture, "图书借阅", hours, "全体居民", 20
                )
            )
        elderly = self.units[EDUCATION]
        for town in self.towns[::2]:
            name = f"演示·{town.short_name}老年人学习点"
            rows.append(
                self._place(
                    "elderly", name, town, elderly, "书画、歌舞、智能手机课", "周一至周五 8:30—11:30", "老年人", 40
                )
            )
        youth = self._place("youth", "演示·青少年活动中心", self.towns[0], elderly, "", "", "青少年", 120)
        youth.is_open, youth.opened_on = False, None  # registered, not open yet
        self._store(SharedResource, [*rows, youth])

    def _place(self, kind, name, place, unit, offers, hours, people, capacity) -> SharedResource:
        return SharedResource(
            kind=kind,
            name=name,
            division=place,
            unit=unit,
            is_open=True,
            offers=offers,
            opening_hours=hours,
            open_to=people,
            capacity=capacity,
            opened_on=self._day(1, 5),
            note=MARK,
        )

    def _write_schools(self) -> None:
        """A primary school for every two or three villages, named after the first of them; those that are there already
        keep their entry."""
        served = {
            (villages[0].pk, f"演示·{villages[0].short_name}小学"): villages
            for town in self.towns
            for villages in _in_threes(self._of(town))
        }
        known = set(SharedResource.objects.filter(kind="school").values_list("division_id", "name"))
        rows = []
        for (code, name), villages in served.items():
            if (code, name) in known:
                continue
            unit = self.units[villages[0].parent_id]
            row = self._place(
                "school", name, villages[0], unit, "教室、球场、图书室", "周末和假期 8:00—18:00", "学区居民", 200
            )
            if self.chance.random() < 0.3:  # has not opened yet
                row.is_open, row.opened_on, row.offers, row.opening_hours = False, None, "", ""
            rows.append(row)
        self._store(SharedResource, rows)
        stored = SharedResource.objects.filter(kind="school", name__in=[name for _, name in served])
        link = SharedResource.serves.through
        links = [
            link(sharedresource_id=row.pk, division_id=village.pk)
            for row in stored
            for village in served.get((row.division_id, row.name), [])
        ]
        link.objects.bulk_create(links, batch_size=500, ignore_conflicts=True)

    # --- projects ----------------------------------------------------------------------------------

    def _write_projects(self) -> None:
        towns = {town.pk: town for town in self.towns}
        providers = [
            Provider(
                kind=kind,
                name=name,
                division=towns[code],
                unit=self.units[code],
                offers=offers,
                since=self._day(1, 3),
                note=MARK,
            )
            for code, kind, name, offers in PROVIDERS
        ]
        self._store(Provider, providers)
        stored = {row.name: row for row in Provider.objects.filter(note=MARK)}
        rows = [
            ResourceProject(
                kind=kind,
                title=f"{title}（{MARK}）",
                unit=self.units[unit],
                provider=None if provider is None else stored[PROVIDERS[provider][2]],
                division=towns.get(place, self.county),
                starts_on=datetime.date(self.today.year, 1, 1),
                content=content,
                beneficiaries=beneficiaries,
                funds=funds,
            )
            for kind, title, unit, place, content, beneficiaries, funds, provider in PROJECTS
        ]
        self._store(ResourceProject, rows)


def _in_threes(places: list[Division]) -> Iterable[list[Division]]:
    return [places[first : first + 3] for first in range(0, len(places), 3)]
