"""The sheets that are not tables: 填报说明, 封面, prose, 校验 and the hidden stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from xlsx_tools.excel.address import (
    CHECK_HEAD,
    CONTACT_KEYS,
    COVER_KEYS,
    LONGEST_PARAGRAPH,
    STAMP_KEYS,
    TEXT_LIMIT,
    TEXT_ROWS,
    Layout,
    Spot,
)
from xlsx_tools.excel.protection import protect_sheet
from xlsx_tools.excel.styles import HEAD_FONT, TITLE_FONT, dress, paint
from xlsx_tools.template.verdict_cells import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.forms import Section

GUIDE_TOP = 3
GUIDE_WIDTH, TEXT_WIDTH, MARK_WIDTH = 70, 62, 18
_LINK = "查看"
DECIDED_LATER = "报回后核对"
"""Stands for the state of a rule that no formula decides."""
_COVER_OF_CHECK = {
    "form-year": "year",
    "nil-undeclared": "nil_return",
    "nil-contradicted": "nil_return",
}
_CHECK_WIDTHS = (30, 46, 12, 12, 10, 11, 10, 8, 40, 5)
_CHECK_HEADS = ("编号", "校验内容", "左边", "右边", "差额", "状态", "级别", "定位", "说明")


def set_page(sheet: Worksheet, *, landscape: bool = False, area: str = "") -> None:
    """A4, one page wide, centred, with page numbers.

    A single column must be narrower than the page: LibreOffice 7.4 cuts it instead of scaling.
    """
    sheet.page_setup.paperSize = 9
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_margins.left = sheet.page_margins.right = 0.7
    sheet.page_margins.top = sheet.page_margins.bottom = 0.8
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter = HeaderFooterItem(center=_HeaderFooterPart(text="第 &P 页，共 &N 页"))
    sheet.sheet_view.showGridLines = False
    if area:
        sheet.print_area = area


def build_guide(book: Workbook, layout: Layout) -> None:
    """填报说明; the paragraphs themselves are filled in with the year."""
    form = layout.form
    sheet: Worksheet = book.create_sheet(form.sheets["guide"])
    sheet.column_dimensions["A"].width = GUIDE_WIDTH
    dress(sheet["A1"], font=TITLE_FONT, size=20)
    sheet["A1"] = form.text("guide", "title")
    sheet.row_dimensions[1].height = 36
    paragraphs = _texts(form.guide["paragraphs"])
    for row, text in enumerate(paragraphs, start=GUIDE_TOP):
        sheet[f"A{row}"] = text
        dress(sheet[f"A{row}"], across="left")
        sheet.row_dimensions[row].height = 17 * (len(text) // 32 + 1)
    row = GUIDE_TOP + len(paragraphs) + 1
    colours = form.guide["colours"]
    for colour in colours if isinstance(colours, list) else ():
        sheet[f"A{row}"] = colour["text"]
        dress(sheet[f"A{row}"], fill=colour["style"], box=True, across="left")
        row += 1
    sheet[f"A{row + 1}"] = form.text("guide", "contact")
    dress(sheet[f"A{row + 1}"], across="left")
    set_page(sheet)
    protect_sheet(sheet)


def _texts(found: object) -> Sequence[str]:
    return [str(text) for text in found] if isinstance(found, list) else []


def build_cover(book: Workbook, layout: Layout) -> None:
    """封面: who files; name, year and scope are stamped and locked."""
    form = layout.form
    sheet: Worksheet = book.create_sheet(form.sheets["cover"])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 44
    sheet["A2"] = form.text("cover", "title")
    sheet.merge_cells("A2:B2")
    dress(sheet["A2"], font=TITLE_FONT, size=22)
    sheet.row_dimensions[2].height = 48
    for key in COVER_KEYS:
        spot = layout.cover[key].address
        label = f"A{spot[1:]}"
        sheet[label] = form.text("cover", key)
        dress(sheet[label], font=HEAD_FONT, box=True)
        typed = key in (*CONTACT_KEYS, "nil_return", "code")
        dress(sheet[spot], box=True, unlocked=typed, fill="input" if typed else "")
        sheet.row_dimensions[int(spot[1:])].height = 30
    add_yes_no(sheet, layout, layout.cover["nil_return"].address, "全年各项数字均为 0 时选“是”。")
    set_page(sheet)
    protect_sheet(sheet)


def add_yes_no(sheet: Worksheet, layout: Layout, address: str, prompt: str) -> None:
    """A cell that takes 是 or 否 from a list."""
    words = [layout.form.text("answers", key) for key in ("yes", "no")]
    rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    rule.error, rule.errorTitle = "请选择“是”或“否”。", "填写有误"
    rule.prompt, rule.promptTitle = prompt, "请选择"
    rule.showErrorMessage = rule.showInputMessage = True
    rule.add(address)
    sheet.add_data_validation(rule)


def build_text(book: Workbook, layout: Layout, section: Section) -> Worksheet:
    """A sheet of prose: one wide unlocked column, one paragraph a row, rows that grow."""
    sheet: Worksheet = book.create_sheet(section.sheet)
    top = int(layout.text_top[section.id].address[1:])
    sheet.column_dimensions["A"].width = TEXT_WIDTH
    sheet.column_dimensions["B"].width = MARK_WIDTH
    sheet["A1"] = section.heading
    dress(sheet["A1"], font=HEAD_FONT, size=16, across="left")
    sheet.row_dimensions[1].height = 32
    sheet["A2"] = section.prompt
    dress(sheet["A2"], size=10.5, colour="7F7F7F", across="left")
    sheet.row_dimensions[2].height = 15 * (len(section.prompt) // 50 + 1)
    dress(sheet.column_dimensions["A"], across="left", up="top", unlocked=True, fill="input")
    for row in range(GUIDE_TOP, top):
        dress(sheet[f"A{row}"])
    for row in range(top, top + TEXT_ROWS):
        dress(sheet[f"A{row}"], across="left", up="top", unlocked=True, fill="input")
        sheet[f"A{row}"].quotePrefix = True
        dress(sheet[f"B{row}"], size=9, colour="7F7F7F", across="left", up="top")
    clipped = paint(f"LEN($A{top})>{LONGEST_PARAGRAPH}", "invalid")
    sheet.conditional_formatting.add(f"A{top}:A{TEXT_LIMIT}", clipped)
    sheet.freeze_panes = f"A{top}"
    set_page(sheet)
    sheet.print_title_rows = "1:1"
    protect_sheet(sheet)
    return sheet


def build_checks(book: Workbook, layout: Layout) -> None:
    """校验: banner, one line a table, then every rule with a cell for the reason."""
    form = layout.form
    sheet: Worksheet = book.create_sheet(form.sheets["checks"])
    for number, width in enumerate(_CHECK_WIDTHS):
        sheet.column_dimensions["ABCDEFGHIJ"[number]].width = width
    sheet.column_dimensions["J"].hidden = True
    sheet["A1"] = form.sheets["checks"]
    dress(sheet["A1"], font=TITLE_FONT, size=18, across="left")
    sheet.merge_cells("A2:I2")
    dress(sheet["A2"], font=HEAD_FONT, size=14, across="left")
    sheet.row_dimensions[2].height = 30
    sheet["A3"] = "校验结论"
    names = {table.id: table.name for table in form.tables.values()}
    names |= {section.id: f"{section.short}文字" for section in form.texts}
    for key, row in layout.status_row.items():
        sheet[f"A{row}"] = names[key]
    for row in range(3, 4 + len(layout.status_row)):
        dress(sheet[f"A{row}"], box=True, size=11, across="left")
        dress(sheet[f"B{row}"], box=True, size=11, across="left")
    for number, head in enumerate(_CHECK_HEADS):
        cell = sheet[f"{'ABCDEFGHI'[number]}{CHECK_HEAD}"]
        cell.value = head
        dress(cell, font=HEAD_FONT, size=11, box=True, fill="band")
    for instance_id, row in layout.check_row.items():
        _build_check_row(sheet, layout, instance_id, row)
    _colour_checks(sheet, layout)
    sheet.freeze_panes = f"A{CHECK_HEAD + 1}"
    sheet.print_title_rows = f"{CHECK_HEAD}:{CHECK_HEAD}"
    set_page(sheet, landscape=True)
    protect_sheet(sheet)


def _build_check_row(sheet: Worksheet, layout: Layout, instance_id: str, row: int) -> None:
    instance = layout.form.instance_by_id[instance_id]
    anchor = anchor_of(layout, instance_id)
    sheet[f"A{row}"] = instance_id
    sheet[f"B{row}"] = f"{instance.title}：{instance.rule.says}"
    if not instance.rule.live:
        sheet[f"F{row}"] = DECIDED_LATER
    sheet[f"G{row}"] = SEVERITIES[instance.rule.severity]
    sheet[f"H{row}"] = _LINK
    link = Hyperlink(ref=f"H{row}", location=f"'{anchor.sheet}'!{anchor.address}")
    sheet[f"H{row}"].hyperlink = link
    for letter in "ABCDEFGH":
        left = "left" if letter in "AB" else "center"
        small = 9 if letter == "A" else 10.5
        dress(sheet[f"{letter}{row}"], size=small, box=True, across=left)
    dress(sheet[f"I{row}"], size=10.5, box=True, across="left", unlocked=True, fill="input")
    sheet[f"I{row}"].quotePrefix = True
    dress(sheet[f"H{row}"], size=10.5, box=True, colour="0563C1")
    sheet.row_dimensions[row].height = 15 * (len(str(sheet[f"B{row}"].value)) // 25 + 1)


def anchor_of(layout: Layout, instance_id: str) -> Spot:
    """The cell a rule's link leads to: the first figure it speaks of."""
    form, instance = layout.form, layout.form.instance_by_id[instance_id]
    if instance.requirement is not None:
        sides = (instance.requirement.left, instance.requirement.right)
        return layout.figure[next(term.index for side in sides for term in side.terms)]
    if instance.figures:
        return layout.figure[instance.figures[0]]
    if instance.part in form.tables:
        return layout.figure[form.cells_of[instance.part][0].index]
    if instance.part in layout.text_top:
        return layout.text_top[instance.part]
    return layout.cover[_COVER_OF_CHECK.get(instance.rule.check, "organisation")]


def _colour_checks(sheet: Worksheet, layout: Layout) -> None:
    first, last = CHECK_HEAD + 1, CHECK_HEAD + len(layout.check_row)
    for word, fill in (("不成立", "broken"), ("无法判断", "blank")):
        rule = paint(f'$F{first}="{word}"', fill)
        sheet.conditional_formatting.add(f"A{first}:H{last}", rule)
    good, bad = (
        paint(f'{sign}(LEFT($A$2,4)="可以报送")', fill)
        for sign, fill in (("", "prefilled"), ("NOT", "broken"))
    )
    sheet.conditional_formatting.add("A2:I2", good)
    sheet.conditional_formatting.add("A2:I2", bad)


def build_stamp(book: Workbook, layout: Layout) -> Worksheet:
    """The hidden sheet: stamp, last year's figures, and the state of every typed cell."""
    sheet: Worksheet = book.create_sheet(layout.form.sheets["stamp"])
    sheet["A1"] = "本工作表由程序使用，请勿修改"
    for key in STAMP_KEYS:
        spot = layout.stamp[key].address
        sheet[f"A{spot[1:]}"] = key
        sheet[spot] = None
        sheet[spot].number_format = "0" if key == "prefilled" else "@"
    for address in layout.last_year.values():
        sheet[address].number_format = "0"
    sheet.sheet_state = "hidden"
    protect_sheet(sheet)
    return sheet
