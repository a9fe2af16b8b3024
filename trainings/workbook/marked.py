"""The errors workbook: the user's own file with the wrong cells filled and a comment on each, formulas untouched.

openpyxl rewrites the file, so drawings may be lost; it is called only on a file that a rehearsal has read within its limits.
"""

import io

import openpyxl
from django.core.exceptions import ImproperlyConfigured
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.xml import DEFUSEDXML

from .container import read_source
from .problems import Unreadable

if not DEFUSEDXML:  # openpyxl falls back to unguarded parsers without a word
    raise ImproperlyConfigured("defusedxml 未安装：读取工作簿不安全，请按 requirements.txt 安装")

FILL = PatternFill("solid", start_color="FFFFC7CE", end_color="FFFFC7CE")
AUTHOR = "导入校验"


def mark_errors(source, problems):
    """The bytes of the workbook `source` (bytes or path) with `problems` (of a rehearsal of the same file) marked.

    A problem without a cell is marked at the beginning of its row. Raises Unreadable where openpyxl cannot open the file,
    although we could read its cells.
    """
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(read_source(source)))
    except Exception as error:  # openpyxl raises whatever a damaged style or drawing makes it stumble over
        raise Unreadable(
            "cannot_mark", "无法在这个文件上标出错误（文件里有不规范的格式）：请按列出的行、列修改，或复制到模板中"
        ) from error
    messages = {}
    for problem in problems:
        place = (problem.sheet, problem.cell or (problem.row, 1))
        messages.setdefault(place, []).append(f"{problem.column}：{problem.message}")
    for (sheet, (row, column)), lines in messages.items():
        cell = workbook[sheet].cell(row, column)
        if cell.comment:  # what the clerk had noted there stays
            lines.insert(0, cell.comment.text)
        cell.fill = FILL
        cell.comment = Comment("\n".join(lines), AUTHOR, height=40 + 40 * len(lines), width=320)
    # openpyxl writes formulas without their values; whoever opens the file gets them calculated anew.
    workbook.calculation.fullCalcOnLoad = True
    result = io.BytesIO()
    workbook.save(result)
    return result.getvalue()
