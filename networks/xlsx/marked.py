"""The errors workbook: the user's own file with the wrong cells filled and a comment on each, formulas untouched.

openpyxl rewrites the file and is not handed its pictures and charts, which a comment says; it is called only on a file that a
rehearsal has read within its limits.
Where it cannot, the errors come as a list in a workbook of their own: nobody is left without.
"""

import io
import logging

import openpyxl
from django.core.exceptions import ImproperlyConfigured
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.workbook.properties import CalcProperties
from openpyxl.xml import DEFUSEDXML

from .cells import column_letters
from .container import read_source
from .lighten import lightened, without_drawings
from .sheets import Merges
from .writing import saved, text_cell

if not DEFUSEDXML:  # openpyxl falls back to unguarded parsers without a word
    raise ImproperlyConfigured("defusedxml 未安装：读取工作簿不安全，请按 requirements.txt 安装")

FILL = PatternFill("solid", start_color="FFFFC7CE", end_color="FFFFC7CE")
AUTHOR = "导入校验"
NO_DRAWINGS = "（原表里的图片、图表和图形没有放进这份标注，请在原表里找。）"
LIST_SHEET = "错误清单"
LIST_INTRODUCTION = "这个文件格式特殊或内容太多，没能直接在原表上标出错误：请按下面列出的位置在原表中修改，再重新上传"
LIST_COLUMNS = {"工作表": 20, "行": 8, "单元格": 10, "栏目": 18, "问题": 90}  # with their widths

logger = logging.getLogger(__name__)


def mark_errors(source, problems):
    """The bytes of the workbook `source` (bytes or path) with `problems` (of a rehearsal of the same file) marked, or of one
    that lists them.

    A problem without a cell is marked at the beginning of its row. Raises Unreadable for a path that cannot be read.
    """
    content = read_source(source)
    try:
        return _marked(content, problems)
    except Exception as error:  # openpyxl raises whatever a damaged style or drawing makes it stumble over
        logger.warning("errors listed, not marked in the workbook: %s", type(error).__name__)
        return _listed(problems)


def _marked(content, problems):
    light = lightened(content)
    bare = without_drawings(light)
    workbook = openpyxl.load_workbook(io.BytesIO(bare))
    merges = {
        sheet.title: Merges((area.min_row, area.min_col, area.max_row, area.max_col) for area in sheet.merged_cells)
        for sheet in workbook.worksheets
    }
    messages = {}
    for problem in problems:
        row, column = problem.cell or (problem.row, 1)
        place = (problem.sheet, *merges[problem.sheet].anchor(row, column))
        messages.setdefault(place, []).append(f"{problem.column}：{problem.message}")
    if bare is not light and messages:
        next(iter(messages.values())).append(NO_DRAWINGS)
    for (sheet, row, column), lines in messages.items():
        cell = workbook[sheet].cell(row, column)
        if cell.comment:  # what the clerk had noted there stays
            lines.insert(0, cell.comment.text)
        cell.fill = FILL
        cell.comment = Comment("\n".join(lines), AUTHOR, height=40 + 40 * len(lines), width=320)
    # openpyxl writes formulas without their values; whoever opens the file gets them calculated anew.
    workbook.calculation = workbook.calculation or CalcProperties()
    workbook.calculation.fullCalcOnLoad = True
    return saved(workbook)


def _listed(problems):
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet(LIST_SHEET)
    for number, width in enumerate(LIST_COLUMNS.values(), start=1):
        sheet.column_dimensions[column_letters(number)].width = width
    sheet.freeze_panes = "A3"
    headings = [text_cell(sheet, name) for name in LIST_COLUMNS]
    for cell in headings:
        cell.font = Font(bold=True)
    sheet.append([text_cell(sheet, LIST_INTRODUCTION)])
    sheet.append(headings)
    for problem in problems:
        row, column = problem.cell or (problem.row, 1)
        message = text_cell(sheet, problem.message)
        message.alignment = Alignment(wrap_text=True, vertical="top")
        where = [text_cell(sheet, problem.sheet), problem.row, text_cell(sheet, f"{column_letters(column)}{row}")]
        sheet.append([*where, text_cell(sheet, problem.column), message])
    return saved(workbook)
