"""What every template knows: the site's name, its owner, and the navigation for this account."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from .access import Action, can
from .models import CountySettings


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "site_name": settings.SITE_NAME,
        "site_owner": settings.SITE_OWNER,
        "icp_number": settings.ICP_NUMBER,
        "demo": settings.DEMO,
        "privacy_published": SimpleLazyObject(_privacy_published),
        "nav": navigation(request),
        "network_sections": sections(request),
    }


def _privacy_published() -> bool:
    """Whether any county has a notice to link to; asked only where the footer is shown."""
    return CountySettings.objects.exclude(privacy_published_on=None).exists()


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """The places this account may go to, in the order of its work; reporting pages lead to the current year."""
    user = getattr(request, "user", None)
    if not (user and user.is_authenticated):
        return []
    entries = [
        ("desk", "工作台", True),
        ("review-queue", "审核", can(user, Action.REVIEW)),
        ("session-list", "培训场次", can(user, Action.VIEW_SESSIONS)),
        ("calendar", "培训日历", can(user, Action.VIEW_SESSIONS)),
        ("import-upload", "导入台账", can(user, Action.IMPORT)),
        ("course-list", "课程宣传", can(user, Action.VIEW_COURSES)),
        ("network", "机构网络", can(user, Action.VIEW_NETWORK)),
        ("assessment-now", "完成情况", can(user, Action.VIEW_STANDING)),
        ("plan", "推进方案", can(user, Action.VIEW_PLAN)),
        ("dashboard-now", "年度看板", can(user, Action.VIEW_COUNTY)),
        ("statistics", "培训统计", can(user, Action.VIEW_STANDING)),
        ("accounts", "账号", can(user, Action.MANAGE_ACCOUNTS) or can(user, Action.VIEW_LOGS)),
        ("admin:index", "管理后台", can(user, Action.USE_ADMIN)),
    ]
    return _here(request, entries, {"course-list": ("/publicity/",), "calendar": ("/classes/", "/plans/")})


def sections(request: HttpRequest) -> list[dict[str, object]]:
    """The parts of 机构网络 and of 课程宣传, each on its own pages only."""
    user = getattr(request, "user", None)
    if not (user and user.is_authenticated):
        return []
    if request.path.startswith(("/courses/", "/publicity/")):
        see = can(user, Action.VIEW_COURSES)
        entries = [
            ("course-list", "课程库", see),
            ("instructors", "授课教师", see),
            ("story-list", "宣传和典型案例", see),
        ]
        return _here(request, entries)
    if not request.path.startswith("/network/"):
        return []
    see, staff = can(user, Action.VIEW_NETWORK), can(user, Action.VIEW_STAFF)
    keeps = can(user, Action.KEEP_OWN) or can(user, Action.MANAGE_NETWORK)
    entries = [
        ("network", "三级网络", see),
        ("people", "人员", staff),
        ("contacts", "通讯录", staff),
        ("leading-groups", "领导小组", see),
        ("communities", "学习型组织", see),
        ("resources", "共享资源", see),
        ("zones", "示范区", see),
        ("figures", "年度数据", see),
        ("reorganisations", "撤并更名", see),
        ("registry-workbooks", "表格进出", keeps),
    ]
    return _here(request, entries, {"figures": ("/network/funds/",)})


def _here(
    request: HttpRequest, entries: list[tuple[str, str, bool]], also: dict[str, tuple[str, ...]] | None = None
) -> list[dict[str, object]]:
    """The allowed entries with their addresses; the one in whose part of the site one is, is marked. `also` names
    further parts of the site that belong to an entry."""
    shown, parts, also = [], [], also or {}
    for name, label, allowed in entries:
        if allowed:
            try:
                url = reverse(name)
            except NoReverseMatch:
                continue
            shown.append({"label": label, "url": url, "current": False})
            parts += [(part, shown[-1]) for part in (url, *also.get(name, ()))]
    # /sessions/import/ lies below /sessions/: the longest address that the path begins with is where one is.
    above = [(len(part), entry) for part, entry in parts if part != "/" and request.path.startswith(part)]
    above += [(1, entry) for part, entry in parts if request.path == part == "/"]
    if above:
        max(above, key=lambda found: found[0])[1]["current"] = True
    return shown
