"""The 通讯录 as a workbook: made here because exports are."""

from collections.abc import Iterator

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks import audit
from networks.access import Action, require
from networks.contacts import Entry
from networks.step_up import step_up
from networks.templatetags.page import cn_date
from networks.views.contacts import ContactsFilter
from networks.views.downloads import rationed

from ..exports import OFFICE, XLSX, Column, Export, xlsx


def contacts_export(county: str, entries: list[Entry], date_line: str) -> Export:
    """One row a person; a function that nobody holds has its row too, and says 缺."""

    def rows() -> Iterator[tuple]:
        for number, entry in enumerate(entries, start=1):
            for line in entry.lines:
                yield number, entry.body.name, line.function, line.name, line.title, line.number, ""
            for function in entry.missing:
                yield number, entry.body.name, function, "", "", "", f"缺{function}"

    return Export(
        title=f"{county}社区教育联络员通讯录",
        unit_line=f"制表单位：{OFFICE}",
        date_line=date_line,
        sheet="通讯录",
        columns=[
            Column("序号", 6),
            Column("单位", 30),
            Column("岗位", 14),
            Column("姓名", 16),
            Column("职务", 24),
            Column("电话", 20),
            Column("说明", 16),
        ],
        rows=rows,
        notes=["内部使用，请妥善保管，不得外传。"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.VIEW_CONTACTS)
@rationed
def export(request: HttpRequest) -> HttpResponse:
    """The workbook of what the page shows; the log keeps who took it and how many numbers it holds (AU-3)."""
    if asked := step_up(request, "导出全县联络员的电话号码。确认以后文件自动下载，下载完可以返回通讯录"):
        return asked
    today = timezone.localdate()
    entries = ContactsFilter(request.GET).entries(request.user)
    place = request.user.home_division
    content = xlsx(contacts_export(place.name, entries, f"截至 {cn_date(today, 'plain')}"))
    with transaction.atomic():
        lines = sum(len(entry.lines) for entry in entries)
        audit.record("导出通讯录", actor=request.user, subject=place, request=request, lines=lines)
    headers = {"Content-Disposition": f'attachment; filename="contacts-{today:%Y%m%d}.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)
