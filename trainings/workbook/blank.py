"""An empty ledger to fill in, with drop-down lists of what the county knows: themes, forms, units, places."""

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from networks.access import units_to_enter_for
from networks.models import Division, Institution
from networks.xlsx.writing import NEEDED_FILL, OPTIONS_SHEET, drop_down, saved
from trainings.models import Audience, DeliveryForm, Language, Programme, Project, Theme

from . import columns as col
from .exports import SHEET, WIDTHS

FILLED_ROWS = 500  # rows below the header that get the drop-down lists
HINTS = {
    col.TITLE: "必填。一行写一场",
    col.ORGANISER: "单位、所属机构或社区教育机构的名称；只写一个，其余写到协办单位",
    col.CO_ORGANISERS: "几个名称用顿号分开",
    col.PLACE: "从列表中选，或写 白山镇/新汉村；县外举办写“县外”；不填就是主办单位所在地",
    col.START: "必填。如 2026-03-05 9:00，或 3月5日至7日",
    col.END: "如 11:30，或 2026-03-07",
    col.LENGTH: "如 2学时（每学时45分钟）、1.5小时、90分钟",
    col.AUDIENCE: "几类对象用顿号分开，可带人数：青少年120、学生家长90",
    col.PLANNED: "整数",
    col.REPORTED: "必填。整数，实际到场人次",
}


def template(user):
    """The bytes of an empty ledger for `user`: our columns, the needed ones tinted, and live drop-down lists."""
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    options = book.create_sheet(OPTIONS_SHEET)
    options.sheet_state = "hidden"
    for number, name in enumerate(col.SYNONYMS, start=1):
        cell = sheet.cell(1, number, name)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
        if name in (*col.NEEDED, col.ORGANISER):
            cell.fill = NEEDED_FILL
        if name in HINTS:
            cell.comment = Comment(HINTS[name], "说明", height=80, width=260)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = WIDTHS.get(name, 14)
        if name in (col.START, col.END):
            for row in range(2, FILLED_ROWS + 2):
                sheet.cell(row, number).number_format = "yyyy-mm-dd hh:mm"
    for number, (name, names) in enumerate(choices(user).items(), start=1):
        target = list(col.SYNONYMS).index(name) + 1
        drop_down(sheet, options, number, name, names, target=target, rows=FILLED_ROWS)
    sheet.freeze_panes = "B2"
    return saved(book)


def choices(user):
    """{column: names to choose from}, of what the user may see and of what is in use today."""

    def words(*models):
        return [word.name for model in models for word in model.objects.visible_to(user).current()]

    places = Division.objects.visible_to(user).current().select_related("parent").order_by("code")
    institutions = Institution.objects.visible_to(user).exclude(state=Institution.State.CLOSED)
    return {
        col.ORGANISER: [unit.name for unit in units_to_enter_for(user)],
        col.HOST: list(dict.fromkeys(institutions.values_list("name", flat=True))),
        col.PLACE: [*(place.path for place in places), "县外"],
        col.THEME: words(Theme),
        col.PROGRAMME: words(Programme, Project),
        col.FORM: words(DeliveryForm),
        col.AUDIENCE: words(Audience),
        col.LANGUAGE: words(Language),
    }
