"""Invented courses with their materials, who teaches, and what units tell about their sessions. Brought to their states by the
verbs, as people would; the waiting, the returned and the incomplete ones are there to be seen."""

import datetime
import random

from django.core.files.uploadedfile import SimpleUploadedFile
from simple_history.utils import bulk_create_with_history

from networks import uploads
from networks.models import Appointment, Division, Institution, MemberUnit, Person, User
from trainings.models import Audience, Course, CourseMaterial, Language, Status, Story, Theme, TrainingSession

from . import pictures
from .calendar import Event
from .script import MARK

COURSES = [  # (title, unit, theme, audiences, language, minutes, origin, local, words by which its sessions are known, state)
    ("小蚕共育与蚕病防治", "nyj", "农村实用技术", "新型职业农民、农村劳动力", "壮话", 270, "own", True, "蚕", "public"),
    ("黑山羊舍饲与防疫", "450124202", "农村实用技术", "农村劳动力", "壮话", 180, "own", True, "黑山羊", "public"),
    ("旱藕种植与粉丝加工", "450124104", "农村实用技术", "农村劳动力、留守妇女", "壮话", 180, "own", True, "旱藕", "public"),
    ("老年人智能手机入门", "jyj", "现代生活教育", "老年人", "壮汉双语", 135, "recommended", False, "智能手机", "public"),
    ("家庭教育促进法进村", "jyj", "家庭教育", "学生家长", "壮汉双语", 90, "adopted", False, "家庭教育", "public"),
    ("山歌唱民法典", "450124100", "法治社会", "农村居民", "壮话", 90, "own", True, "山歌唱", "public"),
    ("壮族会鼓入门", "wxgtj", "非物质文化遗产传承", "文艺骨干、农村居民", "壮话", 270, "own", True, "会鼓", "public"),
    ("三声部民歌教唱", "wxgtj", "非物质文化遗产传承", "文艺骨干", "壮话", 270, "own", True, "三声部", "public"),
    ("家政服务与育婴", "rsj", "职业技能", "留守妇女、失业人员", "普通话", 720, "adopted", False, "家政", "public"),
    ("防诈骗讲座", "450124100", "权益保护", "老年人、社区居民", "壮汉双语", 90, "own", False, "诈骗", "public"),
    ("攀岩向导与保护技术", "450124103", "职业技能", "乡村旅游从业人员", "普通话", 540, "own", True, "攀岩", "proposed"),
    ("瑶族织绣传习", "450124203", "非物质文化遗产传承", "留守妇女", "瑶话", 360, "own", True, "织绣", "proposed"),
    ("合唱团中级班", "450124100", "人文艺术", "老年人", "壮汉双语", 540, "own", False, "合唱", "returned"),
    ("里当鸡林下养殖", "450124203", "农村实用技术", "农村劳动力", "瑶话", None, "own", True, "里当鸡", "draft"),
]  # fmt: skip
INSTRUCTORS = [  # (place, specialities)
    ("450124", "智能手机、家庭教育"),
    ("450124100", "壮族会鼓、壮族扁担舞"),
    ("450124100", "山歌、民法典"),
    ("450124103", "攀岩"),
    ("450124103", "三声部民歌"),
    ("450124104", "旱藕加工"),
    ("450124105", "种桑养蚕"),
    ("450124202", "黑山羊养殖、防疫"),
    ("450124203", "瑶族织绣"),
]
STORIES = [  # (kind, unit, title, subject, summary, words of its sessions, picture, state)
    ("case", "450124100", "把课堂搬进小蚕共育室", "", "蚕期跟着技术员走，一张蚕种多收十来斤茧。", "蚕", True, "public"),
    ("news", "450124103", "三声部民歌传习班开课", "", "老歌手带新徒弟，每周两个晚上。", "三声部", False, "public"),
    ("brand", "wxgtj", "会鼓声声进村屯", "会鼓进村屯", "三年把会鼓队带进了几十个村屯。", "会鼓", True, "public"),
    ("star", "450124100", "六十八岁学会网上挂号", "演示·韦奶奶", "学会了，再教给同屯的老姐妹。", "智能手机", False, "public"),
    ("case", "450124202", "黑山羊课堂开到羊圈边", "", "讲完就动手，防疫当场做。", "黑山羊", False, "proposed"),
    ("star", "450124104", "旱藕粉丝带头人", "演示·蓝师傅", "把手艺教给了三十户。", "旱藕", False, "proposed"),
    ("brand", "450124100", "山歌普法", "山歌唱民法典", "用山歌讲法，赶圩天就开唱。", "山歌", False, "returned"),
    ("news", "450124100", "老年人手机课报名满员", "", "", "智能手机", False, "draft"),
]  # fmt: skip
RETURN_NOTES = {"合唱团中级班": "请写明分几次课、每次学什么", "山歌普法": "请补写从哪一年开始、有多少支山歌队"}


class Library:
    """The courses, and which of them a session teaches."""

    def __init__(self, county: Division, today: datetime.date) -> None:
        self.county, self.today = county, today
        self.units = {unit.code: unit for unit in MemberUnit.objects.filter(county=county).select_related("division")}
        self.users = {user.username: user for user in User.objects.select_related("person")}
        self._taught: list[tuple[Course, str]] = []

    def write(self) -> None:
        """Courses and instructors. Runs in the caller's transaction, before the sessions."""
        words = {m: {row.name: row for row in m.objects.all()} for m in (Theme, Language, Audience)}
        for title, code, theme, audiences, language, minutes, origin, local, known_by, state in COURSES:
            course = Course.objects.create(
                county=self.county,
                unit=self.units[code],
                title=title,
                theme=words[Theme][theme],
                language=words[Language][language],
                minutes=minutes,
                syllabus=f"为什么学、怎么学、学完能做什么。\n第一次：讲解与示范。\n第二次：动手练习与答疑。（{MARK}）",
                origin=origin,
                is_local=local,
                co_developers="县职业学校" if origin == "own" and local else "",
            )
            course.audiences.set(words[Audience][name] for name in audiences.split("、"))
            self._material(course)
            self._bring(course, state, self.users["centre"])
            if state == "public":
                self._taught.append((course, known_by))
        self._employ()

    def course_of(self, event: Event) -> Course | None:
        """The public course that the event's topic is about, for most of such events."""
        fitting = next((course for course, words in self._taught if words in event.topic.title), None)
        return fitting if fitting and random.Random(f"course {event.number}").random() < 0.8 else None

    def tell(self) -> None:
        """The stories, after the sessions."""
        for kind, code, title, subject, summary, words, pictured, state in STORIES:
            unit = self.units[code]
            held = TrainingSession.objects.filter(organiser=unit, status=Status.VERIFIED, title__contains=words)
            open_to_all = held.exclude(audience_counts__audience__sensitivity__gt=Audience.Sensitivity.ORDINARY)
            sessions = list(open_to_all.order_by("-held_on", "pk")[:2])
            story = Story(
                county=self.county,
                unit=unit,
                kind=kind,
                title=title,
                subject=subject,
                summary=summary,
                body=f"{title}：怎样办起来，谁来教，学了以后有什么变化，写在这里。（{MARK}，内容是编造的）",
                happened_on=sessions[0].held_on if sessions else self.today,
                agreed=kind == "star",
            )
            if pictured:
                drawn = pictures.photo(random.Random(f"story {title}"))
                with uploads.atomic():
                    story.picture = uploads.attach(
                        SimpleUploadedFile("演示.jpg", drawn), unit.division, self._officer(code), guarded=True
                    )
                story.picture_agreed = True
            story.save()
            story.sessions.set(sessions)
            self._bring(story, state, self.users["bureau2"])

    def _officer(self, code: str) -> User:
        names = (f"town-{code}", f"unit-{code}", "bureau")  # the bureau for whoever has no account
        return next(self.users[name] for name in names if name in self.users)

    def _bring(self, row: Course | Story, state: str, office: User) -> None:
        officer = self._officer(row.unit.code)
        if state != "draft":
            row.propose(actor=officer)
        if state == "public":
            row.approve(actor=office)
        if state == "returned":
            row.send_back(actor=office, note=RETURN_NOTES[row.title])

    def _material(self, course: Course) -> None:
        if course.title in ("小蚕共育与蚕病防治", "老年人智能手机入门"):
            paper = pictures.pdf([f"{course.title}（{MARK}）", "讲义", "本件为演示材料，不是真实文件。"])
            with uploads.atomic():
                file = uploads.attach(
                    SimpleUploadedFile("讲义.pdf", paper),
                    course.unit.division,
                    self._officer(course.unit.code),
                    guarded=True,
                )
            CourseMaterial.objects.create(course=course, kind="file", title="讲义", attachment=file, is_open=True)
        link = f"https://example.org/{course.pk}"
        if course.origin != Course.Origin.OWN:
            CourseMaterial.objects.create(
                course=course, kind="lesson", title=f"线上课（{MARK}）", link=link, is_open=True
            )
        elif course.is_local:
            CourseMaterial.objects.create(course=course, kind="link", title=f"备课资料（{MARK}）", link=link)

    def _employ(self) -> None:
        by = {"default_user": self.users["bureau"], "default_change_reason": f"{MARK}：登记授课教师"}
        chance = random.Random(f"instructors {self.today.year}")
        kinds = (Institution.Kind.CENTRE, Institution.Kind.SCHOOL)
        schools = {row.division_id: row for row in Institution.objects.filter(kind__in=kinds)}
        people = [
            Person(county=self.county, name=f"演示·{chance.choice('韦覃蓝黄陆蒙')}老师", post=MARK) for _ in INSTRUCTORS
        ]
        bulk_create_with_history(people, Person, **by)
        since = datetime.date(self.today.year - 1, 3, 1)
        rows = [
            Appointment(
                person=person,
                institution=schools[place],
                function=Appointment.Function.INSTRUCTOR,
                specialities=specialities,
                starts_on=since,
                note=MARK,
            )
            for person, (place, specialities) in zip(people, INSTRUCTORS, strict=True)
        ]
        bulk_create_with_history(rows, Appointment, **by)
