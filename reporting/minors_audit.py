"""未成年人个人信息合规审计材料: what the yearly audit of minors' data asks for, from the log and the inventory (PI-6;
未成年人网络保护条例 36, 37). Counts, accounts, purposes and days; no minor's name, for the log holds none.
"""

import datetime
from collections.abc import Callable, Iterator

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from networks.access import Action, can, reads_minors
from networks.accounts import MADE
from networks.models import AuditEvent, Division, User
from networks.templatetags.page import cn_date
from trainings.models import Audience, AudienceCount, RosterHold, RosterLine

from .disclosure import Asked, disclosures, told
from .exports import Column, Export
from .personal_data import KINDS, PERSONAL

ABOUT_MINORS = ("minor", "resident", "portrait", "sign_up", "opinion")  # kinds of fields that may hold a minor's data
SHOWN, EXPORTED, PACKED, LOOKED = "查看名册全名", "导出名册", "下载归档包", "查看佐证材料"
PURGED, REMOVED, HELD, LIFTED = "按期删除名册", "删除名册一行", "暂缓删除名册", "解除暂缓删除名册"
SPOILED = "删除扫码签到"  # of a span of time in which somebody at the door filled the roster
UNTOLD = "未分别记录"  # of acts that were logged before minors were counted apart
BY_OFFICE = "按角色授权，只限本单位的场次；本单位以外一律遮盖，没有另行放行的办法"


def minors_exports(county: Division, year: int) -> list[Export]:
    """The sheets of a year's pack: sums, who may, who did, what was deleted, which fields."""
    log = AuditEvent.objects.filter(county_code=county.pk, at__gte=_begin(year), at__lt=_begin(year + 1))
    asked = Asked(datetime.date(year, 1, 1), datetime.date(year, 12, 31))
    pictured = AudienceCount.objects.filter(audience__sensitivity=Audience.Sensitivity.MINORS)
    keys = map(str, pictured.filter(session__organiser__county=county).values_list("session", flat=True).distinct())
    looked = Q(action=LOOKED, subject_id__in=list(keys))  # at photos and sheets of sessions for minors
    events = disclosures(log, asked).filter(Q(action__in=[SHOWN, EXPORTED, PACKED]) | looked)
    seen = list(told(events.reverse(), asked))  # read as a record: the oldest first
    accounts = _accounts(county)
    gone = log.filter(action__in=[PURGED, REMOVED, SPOILED, HELD, LIFTED]).order_by("at", "pk")
    until = min(timezone.localdate(), asked.last)

    def sheet(name: str, columns: list[Column], rows: Callable[[], Iterator[tuple]], *notes: str) -> Export:
        return Export(
            title=f"{county.name}{year}年未成年人个人信息合规审计材料：{name}",
            unit_line="来源：操作日志和个人信息清单",
            date_line=f"截至 {cn_date(until, 'plain')}",
            sheet=name,
            columns=columns,
            rows=rows,
            notes=list(notes),
        )

    return [
        sheet(
            "汇总",
            [Column("序号", 6), Column("项目", 44), Column("数量", 12), Column("说明", 60)],
            lambda: _numbered(_sums(county, year, log, seen, accounts)),
            "依据《未成年人网络保护条例》第三十六条、第三十七条；一月底前报送上一年度的情况。",
            "材料里没有未成年人的姓名：操作日志只记场次、人数、账号和用途。",
        ),
        sheet(
            "有权查看的账号",
            [
                Column("序号", 6),
                Column("账号", 20),
                Column("角色", 16),
                Column("单位", 28),
                Column("未成年人全名", 20),
                Column("授权时间", 18),
                Column("授权人", 20),
                Column("依据", 44),
            ],
            lambda: _numbered(_rights(accounts)),
            "授权就是建立账号；用后台或命令建立的，授权人见操作日志。",
        ),
        sheet(
            "查看和导出",
            [
                Column("序号", 6),
                Column("时间", 20),
                Column("账号", 20),
                Column("操作", 16),
                Column("内容", 44),
                Column("未成年人全名", 14),
                Column("用途", 30),
                Column("依据", 40),
            ],
            lambda: _numbered(_looks(seen)),
            "归档包里的名册遮盖姓名；归档包和佐证材料里的照片、签到表可能有未成年人。",
            "佐证材料只列培训对象是未成年人的场次；同一账号、同一场、同一种类一天记一次。",
        ),
        sheet(
            "删除和暂缓",
            [Column("序号", 6), Column("时间", 20), Column("账号", 20), Column("操作", 20), Column("内容", 60)],
            lambda: _numbered(_deletions(gone)),
            "暂缓的原因见“名册保存期限”页面。",
        ),
        sheet(
            "个人信息字段",
            [
                Column("序号", 6),
                Column("所在登记", 20),
                Column("字段", 20),
                Column("类别", 16),
                Column("目的", 36),
                Column("保存", 40),
                Column("谁能看到", 40),
            ],
            lambda: _numbered(_fields()),
        ),
    ]


def _begin(year: int) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime(year, 1, 1))


def _numbered(rows: Iterator[tuple]) -> Iterator[tuple]:
    for number, row in enumerate(rows, start=1):
        yield number, *row


def _accounts(county: Division) -> list[User]:
    """Those that may read full names today."""
    here = Q(home_division__code__startswith=county.pk) | Q(home_unit__county=county)
    rows = User.objects.filter(here, is_active=True).select_related("home_division", "home_unit", "person")
    return [user for user in rows.order_by("username") if can(user, Action.UNMASK_ROSTERS)]


def _minors_in(row) -> int | None:
    """How many minors' names the act showed; None where the log did not count them apart."""
    return 0 if row.event.action in {PACKED, LOOKED} else row.event.detail.get("minors")


def _sums(county: Division, year: int, log: QuerySet, seen: list, accounts: list[User]) -> Iterator[tuple]:
    sensitive = AudienceCount.objects.filter(
        audience__sensitivity=Audience.Sensitivity.MINORS,
        session__organiser__county=county,
        session__held_on__year=year,
    )
    minors = RosterLine.objects.filter(
        age_band=RosterLine.AgeBand.MINOR, session__organiser__county=county, session__held_on__year=year
    )
    yield "培训对象是未成年人的场次", sensitive.values("session").distinct().count(), "只报人次，不建名册；照片不公开"
    yield "名册里标明未成年的，现存", minors.count(), "培训对象不限于未成年人的场次里，家长带来的等"
    yield "现在能看名册全名的账号", len(accounts), "逐个列在“有权查看的账号”"
    yield "其中能看本单位未成年人全名的", sum(reads_minors(user) for user in accounts), BY_OFFICE
    for action in (SHOWN, EXPORTED):
        acts = [row for row in seen if row.event.action == action]
        counted = [number for row in acts if (number := _minors_in(row)) is not None]
        yield f"{action}：次数", len(acts), "逐次列在“查看和导出”"
        yield f"{action}：有未成年人全名的次数", sum(number > 0 for number in counted), "本单位登记人员"
        yield f"{action}：未成年人全名（人次）", sum(counted), "同一个人每次都算"
        if len(counted) < len(acts):
            yield f"{action}：{UNTOLD}未成年人人数的次数", len(acts) - len(counted), "系统分别记录以前的日志"
    looks = sum(row.event.action == LOOKED for row in seen)
    yield "查看未成年人场次的照片、签到表：次数", looks, "同一账号、同一场、同一种类一天算一次"
    purges = [event.detail for event in log.filter(action=PURGED)]
    yield "按期删除名册的次数", len(purges), "年度锁定定案后按期限删除；一直没有锁定的从次年年底起算"
    yield "删除的名册人数", sum(detail.get("lines", 0) for detail in purges), "包括成年人"
    yield "删除的未成年人照片和签到表", sum(detail.get("pictures", 0) for detail in purges), "只留摘要"
    yield "单独删去的名册行", log.filter(action=REMOVED).count(), "本人要求或登记有误"
    yield "现在暂缓删除的", RosterHold.objects.filter(county=county, lifted_at=None).count(), "全部年度"
    denied = log.filter(action="拒绝访问", detail__path__icontains="/roster")  # `contains` is not for SQLite
    denied = denied.exclude(detail__has_key="why")  # an expired form, too many downloads: not for want of the right
    yield "打开名册被拒绝的次数", denied.count(), "没有权限的账号"


def _rights(accounts: list[User]) -> Iterator[tuple]:
    keys = [str(user.pk) for user in accounts]
    made = AuditEvent.objects.filter(action=MADE, subject="user", subject_id__in=keys).order_by("-at")
    given = {event.subject_id: event for event in made}
    for user in accounts:
        event = given.get(str(user.pk))
        yield (
            user.username,
            user.get_role_display(),
            user.home_name,
            "本单位的场次" if reads_minors(user) else "一律遮盖",
            f"{timezone.localtime(event.at):%Y-%m-%d %H:%M}" if event else "",
            event.actor_name if event else "",
            BY_OFFICE if reads_minors(user) else "职责范围：核查，须写明用途",
        )


def _looks(seen: list) -> Iterator[tuple]:
    for row in seen:
        minors = _minors_in(row)
        yield (
            f"{timezone.localtime(row.event.at):%Y-%m-%d %H:%M:%S}",
            row.who,
            row.event.action,
            row.what,
            UNTOLD if minors is None else minors,
            row.purpose,
            BY_OFFICE if minors else "没有显示未成年人的姓名" if minors == 0 else "",
        )


def _deletions(events: QuerySet) -> Iterator[tuple]:
    words = (
        ("year", "{} 年度"),
        ("number", "场次 {}"),
        ("sessions", "{} 场"),
        ("lines", "名册 {} 人"),
        ("sign_ups", "报名 {} 条"),
        ("pictures", "未成年人照片和签到表 {} 件"),
        ("held_sessions", "另有 {} 场暂缓"),
    )
    for event in events:
        what = "，".join(text.format(event.detail[key]) for key, text in words if event.detail.get(key))
        who = event.actor_name or "按期自动"
        yield f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}", who, event.action, what


def _fields() -> Iterator[tuple]:
    for label, fields in sorted(PERSONAL.items()):
        model = apps.get_model(label)
        for name, key in fields.items():
            if key in ABOUT_MINORS:
                kind = KINDS[key]
                verbose = str(model._meta.get_field(name).verbose_name)
                yield model._meta.verbose_name, verbose, kind.level, kind.purpose, kind.period, kind.readers
