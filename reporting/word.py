"""A bulletin as a Word file in the form of a Chinese official document (GB/T 9704-2012), and always the same bytes.

Sizes and margins are those of the standard: A4 with 37, 26, 35 and 28 mm, 22 lines of 28 characters. Texts become text nodes
and nothing else; fields, links and formulas cannot come from them.
"""

import hashlib
import io
import zipfile

from docx import Document as Empty
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH as Align
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE as Related
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph

from .bulletin import Block, Document

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TITLE, BODY, HEI, KAI, SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
INSTEAD = {TITLE: "宋体", BODY: "仿宋", HEI: "SimHei", KAI: "楷体", SONG: "SimSun"}  # where a machine lacks the font
HEADINGS = {"heading1": HEI, "heading2": KAI, "heading3": BODY}
THREE, FOUR, TWO = Pt(16), Pt(14), Pt(22)  # 三号, 四号, 二号
NONE, LINE = Pt(0), Pt(28.95)  # 22 lines in 225 mm
WIDTH = 442  # points, of 156 mm
RED = RGBColor(0xE6, 0x00, 0x12)
THICK, THIN = 1, 0.7  # of a rule of the colophon, in points: 0.35 and 0.25 mm
MOMENT = (1980, 1, 1, 0, 0, 0)  # of every part of the file: its bytes depend on the text alone
KEPT_STYLES = {"Normal", "DefaultParagraphFont", "TableNormal", "NoList"}


def docx(document: Document) -> bytes:
    """The file. The same document gives the same bytes on every machine with the same release of python-docx."""
    paper = _blank(document)
    _head(paper, document)
    for block in document.blocks:
        _block(paper, block)
    paper.paragraphs[-1].paragraph_format.keep_with_next = True  # no page with the signature alone
    _attachments(paper, document)
    _signature(paper, document)
    _colophon(paper, document)
    _annex(paper, document)
    return _packed(paper)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def masthead_size(text: str) -> tuple[float, int]:
    """(size in points, width in per cent) at which the name of the office fills its one line."""
    count = max(len(text), 1)
    size = max(min(WIDTH / count / 0.66, 42), 24)
    return round(size * 2) / 2, max(min(int(WIDTH / (count * size) * 100), 100), 40)


# --- parts of the document ---------------------------------------------------------------------------


def _head(paper, document: Document) -> None:
    size, scale = masthead_size(document.masthead)
    head = _line(paper, Align.CENTER, before=Mm(24), exact=False)
    if document.red:
        run = _run(head, document.masthead, TITLE, Pt(size))
        run.font.color.rgb = RED
        narrow = OxmlElement("w:w")
        narrow.set(qn("w:val"), str(scale))
        run._r.get_or_add_rPr().insert_element_before(narrow, "w:kern", "w:position", "w:sz", "w:szCs")
    else:
        _run(head, "\u3000", TITLE, Pt(size))
    _line(paper, Align.CENTER)
    _line(paper, Align.CENTER)
    number = _line(paper, Align.CENTER)
    _run(number, document.number or "\u3000")
    rule = _line(paper, Align.CENTER, exact=False)
    rule.paragraph_format.line_spacing = Pt(12)
    if document.red:  # 4 mm below the number, as wide as the type area
        _border(rule, "bottom", RED, 18)
    _line(paper, Align.CENTER)
    for words in document.title:
        for part in _broken(words):
            _run(_line(paper, Align.CENTER, spacing=Pt(35)), part, TITLE, TWO)
    _line(paper, Align.CENTER)
    _run(_line(paper), f"{document.recipients}：")


def _block(paper, block: Block) -> None:
    if block.kind == "table":
        _table(paper, block)
        return
    line = _line(paper, indent=2)
    if block.lead:
        _run(line, block.heading, HEADINGS[block.kind])
        line.paragraph_format.keep_with_next = not block.rest
    _run(line, block.rest)


def _table(paper, block: Block) -> None:
    table = paper.add_table(rows=0, cols=len(block.columns))
    _grid(table, _widths(block))
    for number, cells in enumerate([block.columns, *block.rows]):
        row = table.add_row()
        properties = row._tr.get_or_add_trPr()
        _property(properties, "w:cantSplit")
        if number == 0:
            _property(properties, "w:tblHeader")
        for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            paragraph = cell.paragraphs[0]
            is_text = number and (column == 0 or not text.isdigit())
            _format(paragraph, Align.LEFT if is_text else Align.CENTER, spacing=Pt(22))
            _off_grid(paragraph)
            _run(paragraph, text, BODY if number else HEI, Pt(12))
            cell.vertical_alignment = 1
    _line(paper, spacing=Pt(10))


def _attachments(paper, document: Document) -> None:
    """附件说明: one line below the text, each attachment under the first one."""
    _line(paper).paragraph_format.keep_with_next = True
    several = len(document.attachments) > 1
    for number, name in enumerate(document.attachments, start=1):
        line = _line(paper, indent=2 if number == 1 else 5)
        line.paragraph_format.keep_with_next = True
        _run(line, ("附件：" if number == 1 else "") + (f"{number}．" if several else "") + name)


def _signature(paper, document: Document) -> None:
    """署名 above the date and centred with it, so that the seal covers both; two lines are left for its upper half."""
    wide = _em(document.dated) or 6.5
    name = _em(document.issuer)
    date_from_right = max(4, 2 + (name - wide) / 2)
    name_from_right = date_from_right + (wide - name) / 2
    for _ in range(2):
        _line(paper).paragraph_format.keep_with_next = True
    signed = _line(paper, Align.RIGHT)
    signed.paragraph_format.right_indent = Pt(16 * name_from_right)
    signed.paragraph_format.keep_with_next = True
    _run(signed, document.issuer)
    dated = _line(paper, Align.RIGHT)
    dated.paragraph_format.right_indent = Pt(16 * date_from_right)
    dated.paragraph_format.keep_with_next = True
    _run(dated, document.dated or "\u3000")


def _colophon(paper, document: Document) -> None:
    """版记 at the foot of the last page: thick rules outside, a thin one between, one character in on both sides.

    It is a frame that sits on the foot of the type area of the page on which the paragraph behind it stands. That paragraph
    takes no room and stays with the date; so the colophon is on the date's page, and where both do not fit on one, the
    signature goes with it to the next. A rule is a paragraph of its own: a border would be as short as the text's indents.
    """
    printed = f"{document.printed}印发" if document.printed else ""
    _framed(paper, f"公开方式：{document.openness}")
    _framed_rule(paper, THICK)
    if document.copy_to:
        line = _framed(paper, f"抄送：{document.copy_to}。")  # the second line begins below the first name
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(14 * 4), Pt(-14 * 3)
        _framed_rule(paper, THIN)
    line = _framed(paper, document.printed_by)
    line.paragraph_format.tab_stops.add_tab_stop(Pt(WIDTH - 14), WD_TAB_ALIGNMENT.RIGHT)
    if printed:
        line.add_run("\t")
        _run(line, printed, BODY, FOUR)
    _framed_rule(paper, THICK)
    _low(_line(paper))


def _framed(paper, text: str) -> Paragraph:
    line = _line(paper, Align.LEFT, spacing=Pt(24))
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
    _run(line, text, BODY, FOUR)
    _frame(line)
    return line


def _framed_rule(paper, points: float) -> None:
    """A line of text as low as a rule is thick, filled with black."""
    line = _line(paper, spacing=Pt(points))
    shade = OxmlElement("w:shd")
    for name, value in {"val": "clear", "color": "auto", "fill": "000000"}.items():
        shade.set(qn(f"w:{name}"), value)
    line._p.get_or_add_pPr().insert_element_before(shade, "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
    _frame(line)


def _low(line: Paragraph) -> None:
    """A paragraph that must be there and should take no room."""
    _format(line, Align.LEFT, spacing=Pt(1))
    _off_grid(line)


def _off_grid(line: Paragraph) -> None:
    """Of its own height: LibreOffice makes every line as high as the grid's."""
    off = OxmlElement("w:snapToGrid")
    off.set(qn("w:val"), "0")
    line._p.get_or_add_pPr().insert_element_before(off, "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr")


def _frame(line: Paragraph) -> None:
    """Neighbours with the same frame share one."""
    frame = OxmlElement("w:framePr")
    values = {"w": str(WIDTH * 20), "vSpace": "240", "wrap": "notBeside", "vAnchor": "margin", "hAnchor": "margin"}
    for name, value in (values | {"xAlign": "center", "yAlign": "bottom"}).items():
        frame.set(qn(f"w:{name}"), value)
    after = ("w:widowControl", "w:pBdr", "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
    line._p.get_or_add_pPr().insert_element_before(frame, *after)


def _annex(paper, document: Document) -> None:
    """The digest on a sheet of its own, in a layout of its own: it is no part of the document's text."""
    section = paper.add_section(WD_SECTION.NEW_PAGE)
    _low(paper.paragraphs[-1])  # the one that holds the break, or it fills a page by itself when the last one is full
    section.top_margin = section.bottom_margin = section.left_margin = section.right_margin = Mm(25)
    for part in (section.footer, section.even_page_footer):
        part.is_linked_to_previous = False
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    _run(_line(paper), f"{document.number}附件", HEI)
    title = _line(paper, Align.CENTER, before=Pt(12), spacing=Pt(35))
    _run(title, document.annex_title, TITLE, TWO)
    _line(paper)
    table = paper.add_table(rows=0, cols=2)
    _grid(table, [90, 363])
    for label, value in [*document.annex, ["定案摘要", document.digest]]:
        cells = table.add_row().cells
        for cell, text, font in zip(cells, (label, value), (HEI, BODY), strict=True):
            _format(cell.paragraphs[0], Align.LEFT, spacing=Pt(24))
            _run(cell.paragraphs[0], text, font, FOUR)
    for sentence in HOW_TO_CHECK:
        note = _line(paper, before=Pt(8), spacing=Pt(24))
        note.paragraph_format.first_line_indent = Pt(28)
        _run(note, sentence, BODY, FOUR)
    signs = _line(paper, before=Pt(36))
    _run(
        signs,
        "负责人（签字、盖章）：\u3000\u3000\u3000\u3000\u3000\u3000\u3000日期：\u3000\u3000\u3000年\u3000月\u3000日",
        BODY,
        FOUR,
    )


HOW_TO_CHECK = (
    "摘要由本年度各单位完成情况、各场次和佐证材料算出，共64位，每4位一组；其中任何一个数改动，摘要就完全不同。它不含姓名，不能倒推出内容。",
    "以后要核对时，把摘要念给系统管理员，由其运行 verify_ledger --digest 加这串字符：回答“摘要在记录里”而且“全部一致”，"
    "说明数字与印发时相同；否则以盖了章的这一页为准，报告领导小组和审计。",
)


# --- pieces ------------------------------------------------------------------------------------------


def _blank(document: Document):
    """An empty paper with the standard's measures, and of the template nothing that is not needed."""
    paper = Empty()
    styles = paper.styles.element
    for style in list(styles):
        is_style = style.tag == qn("w:style")
        if style.tag == qn("w:latentStyles") or (is_style and style.get(qn("w:styleId")) not in KEPT_STYLES):
            styles.remove(style)
    normal = paper.styles["Normal"]
    normal.font.size = THREE
    _fonts(normal.element.get_or_add_rPr(), BODY)
    closer = OxmlElement("w:spacing")
    closer.set(qn("w:val"), "-4")
    normal.element.get_or_add_rPr().insert_element_before(closer, "w:w", "w:kern", "w:position", "w:sz", "w:szCs")
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    part = paper.part
    for key, related in list(part.rels.items()):
        if related.reltype in {Related.NUMBERING, Related.CUSTOM_XML} or "stylesWithEffects" in related.reltype:
            del part.rels[key]
        if related.reltype == Related.FONT_TABLE:
            related.target_part._blob = _font_table()
    for key, related in list(part.package.rels.items()):
        if related.reltype.endswith("/thumbnail"):
            del part.package.rels[key]
    core = paper.core_properties
    core.title, core.author, core.comments, core.last_modified_by = (
        _clean("".join(document.title)),
        _clean(document.issuer),
        "",
        "",
    )
    core.created = core.modified = core.created.replace(year=2013, month=1, day=1)
    paper.settings.odd_and_even_pages_header_footer = True
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(23)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    # 28 characters in 442 points: 0.2 points between them are taken away. A grid of characters each program reads its own way.
    _property(section._sectPr, "w:docGrid", type="lines", linePitch="579")
    for footer, align in ((section.footer, Align.RIGHT), (section.even_page_footer, Align.LEFT)):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.style = normal
        _format(line, align, spacing=Pt(16))
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
        _run(line, "— ", SONG, FOUR, latin=SONG)
        _page_number(line)
        _run(line, " —", SONG, FOUR, latin=SONG)
    return paper


def _line(paper, align=Align.JUSTIFY, *, indent: int = 0, before=NONE, spacing=LINE, exact: bool = True) -> Paragraph:
    line = paper.add_paragraph()
    _format(line, align, spacing=spacing if exact else None)
    line.paragraph_format.space_before = before
    if indent:
        indents = line._p.get_or_add_pPr().get_or_add_ind()
        indents.set(qn("w:firstLineChars"), str(indent * 100))
        indents.set(qn("w:firstLine"), str(int(indent * 15.8 * 20)))
    return line


def _format(line: Paragraph, align, *, spacing=None) -> None:
    line.paragraph_format.alignment = align
    if spacing is not None:
        line.paragraph_format.line_spacing = spacing


def _run(line: Paragraph, text: str, font: str = BODY, size=THREE, latin: str = "Times New Roman"):
    run = line.add_run(_clean(text))
    run.font.size = size
    _fonts(run._r.get_or_add_rPr(), font, latin)
    return run


def _fonts(properties, font: str, latin: str = "Times New Roman") -> None:
    fonts = properties.get_or_add_rFonts()
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for name, value in (("ascii", latin), ("hAnsi", latin), ("eastAsia", font), ("cs", latin)):
        fonts.set(qn(f"w:{name}"), value)
    fonts.set(qn("w:hint"), "eastAsia")


def _clean(text: str) -> str:
    """Without what XML cannot hold; a tab or a line break is a space."""
    text = "".join(ch if ch >= " " else " " for ch in text)
    return "".join(ch for ch in text if ch <= "\ud7ff" or "\ue000" <= ch <= "\ufffd" or ch >= "\U00010000")


def _property(parent, name: str, **values: str):
    element = OxmlElement(name)
    for key, value in values.items():
        element.set(qn(f"w:{key}"), value)
    parent.append(element)
    return element


def _border(line: Paragraph, side: str, color: RGBColor, eighths: int) -> None:
    """A rule along a paragraph, `eighths` of a point thick."""
    borders = OxmlElement("w:pBdr")
    _property(borders, f"w:{side}", val="single", sz=str(eighths), space="0", color=str(color))
    properties = line._p.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _grid(table: WordTable, widths: list[float], *, ruled: bool = True) -> None:
    """Fixed columns (in points) over the whole width, with black rules or none."""
    properties = table._tbl.tblPr
    for child in list(properties):
        properties.remove(child)
    _property(properties, "w:tblW", w=str(int(sum(widths) * 20)), type="dxa")
    _property(properties, "w:jc", val="center")
    if ruled:
        lines = _property(properties, "w:tblBorders")
        for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
            _property(lines, f"w:{side}", val="single", sz="4", space="0", color="000000")
    _property(properties, "w:tblLayout", type="fixed")
    margins = _property(properties, "w:tblCellMar")
    for side in ("left", "right"):
        _property(margins, f"w:{side}", w="80" if ruled else "0", type="dxa")
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)


def _widths(block: Block) -> list[float]:
    """By what stands in the columns: a column of figures takes as much as its heading, the others share the rest."""
    figures = [all(row[i].isdigit() for row in block.rows) for i in range(len(block.columns))]
    fixed = {i: len(name) * 12 + 10 for i, name in enumerate(block.columns) if figures[i] and i}
    others = [i for i in range(len(block.columns)) if i not in fixed]
    longest = {i: max([4, *(min(len(row[i]), 24) for row in block.rows)]) for i in others}
    left = WIDTH - sum(fixed.values())
    return [fixed.get(i) or left * longest[i] / sum(longest.values()) for i in range(len(block.columns))]


def _page_number(line: Paragraph) -> None:
    for kind, text in (("begin", ""), (None, " PAGE "), ("end", "")):
        run = _run(line, "", SONG, FOUR, latin=SONG)
        if kind:
            _property(run._r, "w:fldChar", fldCharType=kind)
        else:
            _property(run._r, "w:instrText").text = text


def _broken(line: str) -> list[str]:
    """A line of the title that is too long for one is broken into about equal parts: 20 characters fit."""
    count = max(-(-len(line) // 20), 1)
    size = -(-len(line) // count)
    return [line[i : i + size] for i in range(0, len(line), size)]


def _em(text: str) -> float:
    return sum(0.5 if ch.isascii() else 1 for ch in text)


def _font_table() -> bytes:
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
        for name, other in INSTEAD.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'.encode()


def _packed(paper) -> bytes:
    """The parts in order of their names, of one moment and uncompressed: no clock and no zlib has a say in the bytes."""
    raw, packed = io.BytesIO(), io.BytesIO()
    paper.save(raw)
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as new:
        names = sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name))
        for name in names:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.external_attr, entry.create_system = 0o600 << 16, 0
            new.writestr(entry, old.read(name))
    return packed.getvalue()
