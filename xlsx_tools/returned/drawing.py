"""What the return workbook has beside the official sheets, drawn once a process (openpyxl)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.styles import Alignment
from openpyxl.workbook.defined_name import DefinedName

from xlsx_tools.excel.address import quote
from xlsx_tools.excel.notes import AUTHOR
from xlsx_tools.excel.protection import protect_sheet
from xlsx_tools.excel.styles import HEAD_FONT, TITLE_FONT, dress, paint
from xlsx_tools.returned.notes import label_notes_of
from xlsx_tools.returned.places import (
    KEEP_OFF,
    MARKED,
    MARKS,
    MARKS_TOP,
    STATE_FILLS,
    TODO,
    TODO_HEAD,
    TODO_LIMIT,
    TODO_TOP,
    known_spots,
    marked_limit,
    note_sheets,
    quoted,
    red_formula,
)
from xlsx_tools.returned.todo import (
    BANDS,
    HEAD_FILLS,
    HEADS,
    WIDTHS,
    remaining_formula,
    title_of,
)
from xlsx_tools.template.live import ranges
from xlsx_tools.template.pages import set_page

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as ExcelCell
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.excel.address import Layout

_COLUMNS = "ABCDEFG"
_LINK_COLOUR = "0563C1"
_HOW = (
    "一、点击“位置”（LibreOffice 请按住 Ctrl 点击）可跳到对应单元格。需要核对、改正的单元格为红色，"
    "鼠标移到上面可以看到问题和处理办法；改正后红色自动消失，“当前状态”随之更新。\n"
    "二、准强制性、核实性事项，数据确实无误的，请点击“写明原因”，在“校验”表的“说明”栏写明"
    "（核实性不少于 6 个字）。\n"
    "三、全部改好后保存，将本文件报回即可，不需另行填写其他文件。"
)


def draw(book: Workbook, layout: Layout) -> None:
    """Add 待办 as the first sheet, the hidden list, red cells and places for notes."""
    _draw_todo(book, layout)
    _draw_marks(book)
    name = f"{quote(MARKS)}!$A${MARKS_TOP}:$A${marked_limit(layout)}"
    book.defined_names[MARKED] = DefinedName(MARKED, attr_text=name)
    for sheet in note_sheets(layout):
        _add_red(book[sheet], layout)
        _add_notes(book[sheet], layout)


def _draw_todo(book: Workbook, layout: Layout) -> None:
    sheet: Worksheet = book.create_sheet(TODO, 0)
    book.active = 0
    for column, width in zip(_COLUMNS, WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    _draw_head(sheet, layout)
    for column, head in zip(_COLUMNS, HEADS, strict=True):
        cell = sheet[f"{column}{TODO_HEAD}"]
        cell.value = head
        dress(cell, font=HEAD_FONT, size=11, box=True, fill="band")
        dress(sheet[f"{column}{TODO_TOP - 1}"], font=HEAD_FONT, size=11, fill="total")
        centre = "left" if column in "CDE" else "center"
        colour = _LINK_COLOUR if column in "EF" else "000000"
        row = sheet[f"{column}{TODO_TOP}"]
        dress(row, size=10.5, box=True, across=centre, colour=colour)
        _indent(row)
    sheet.row_dimensions[TODO_HEAD].height = 24
    sheet.row_dimensions[TODO_TOP - 1].height = 20
    band = sheet[f"A{TODO_TOP - 1}"]
    band.value = BANDS[0]
    band.alignment = Alignment(
        horizontal="left", vertical="center", indent=1
    )  # runs on to the right
    area = f"G{TODO_TOP}:G{TODO_LIMIT}"
    for word, fill in STATE_FILLS.items():
        rule = paint(f"$G{TODO_TOP}={quoted(word)}", fill)
        sheet.conditional_formatting.add(area, rule)
    set_page(sheet, landscape=True)
    sheet.print_title_rows = f"{TODO_HEAD}:{TODO_HEAD}"
    protect_sheet(sheet)


def _indent(cell: ExcelCell) -> None:
    """Room between a text at the left and the line of its cell."""
    if cell.alignment.horizontal == "left":
        cell.alignment = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)


def _draw_head(sheet: Worksheet, layout: Layout) -> None:
    """Title, unit, how much there is, how much is left, and what to do."""
    heights = {1: 40, 2: 22, 3: 24, 4: 26, 5: 66, 6: 6}
    for row, height in heights.items():
        sheet.row_dimensions[row].height = height
        if row < TODO_HEAD - 1:
            sheet.merge_cells(f"A{row}:{_COLUMNS[-1]}{row}")
    sheet["A1"] = title_of(layout.form)
    dress(sheet["A1"], font=TITLE_FONT, size=20)
    dress(sheet["A2"], size=12)
    dress(sheet["A3"], font=HEAD_FONT, size=13, across="left")
    sheet["A4"] = f"={remaining_formula(layout)}"
    dress(sheet["A4"], font=HEAD_FONT, size=12, across="left")
    sheet["A5"] = _HOW
    dress(sheet["A5"], size=11, across="left", fill="input")
    for row in (3, 4, 5):
        _indent(sheet[f"A{row}"])
    for condition, fill in HEAD_FILLS.items():
        sheet.conditional_formatting.add(f"A4:{_COLUMNS[-1]}4", paint(condition, fill))


def _draw_marks(book: Workbook) -> None:
    sheet: Worksheet = book.create_sheet(MARKS)
    sheet["A1"] = KEEP_OFF
    for column in "ABCDE":
        sheet[f"{column}{MARKS_TOP}"].number_format = "General"
        dress(sheet[f"{column}{MARKS_TOP}"], size=10, across="left")
    sheet.sheet_state = "hidden"
    protect_sheet(sheet)


def _add_red(sheet: Worksheet, layout: Layout) -> None:
    """Red wins over the official colours, which stay as they are behind it."""
    official, sheet.conditional_formatting = (
        sheet.conditional_formatting,
        ConditionalFormattingList(),
    )
    spots = [spot for spot in known_spots(layout) if spot.sheet == sheet.title]
    red = paint(red_formula(sheet.title), "broken")
    sheet.conditional_formatting.add(" ".join(ranges(spot.address for spot in spots)), red)
    for area in official:
        for rule in area.rules:
            rule.priority += 1
            sheet.conditional_formatting.add(str(area.sqref), rule)


def _add_notes(sheet: Worksheet, layout: Layout) -> None:
    """Every sheet has a note, so that there are parts to put the notes of a filing into."""
    for note in label_notes_of(layout, sheet.title):
        sheet[note.address].comment = Comment(note.text, AUTHOR, note.height, note.width)
