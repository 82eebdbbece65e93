"""Carries out actions on an openpyxl workbook: what every front end does, in its shortest form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.protection import WorkbookProtection

from xlsx_tools.excel.protection import protect_sheet, protect_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.addin.engines.backend import Box
    from xlsx_tools.addin.engines.grid import Action

    OnBook = Callable[[Workbook, Action], None]
    OnSheet = Callable[[Worksheet, Action], None]


def carry_out(action: Action, book: Workbook) -> None:
    """Change the workbook as the action says; what only a user can see is left out."""
    if action.func in _ON_BOOK:
        _ON_BOOK[action.func](book, action)
    elif action.func in _ON_SHEET:
        _ON_SHEET[action.func](book[action.sheet or ""], action)


def _cells(sheet: Worksheet, box: Box | None) -> Iterator[Cell]:
    if box is not None:
        for row in sheet.iter_rows(box.top, box.bottom, box.left, box.right):
            yield from (cell for cell in row if cell.__class__.__name__ == "Cell")  # type: ignore[misc]


def _set_values(sheet: Worksheet, action: Action) -> None:
    for cell, value in _pairs(sheet, action):
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"


def _pairs(sheet: Worksheet, action: Action) -> Iterator[tuple[Cell, Any]]:
    box = action.box
    for y, row in enumerate(action.values or ()):
        for x, value in enumerate(row):
            if box is not None:
                cell = sheet.cell(box.top + y, box.left + x)
                if cell.__class__.__name__ == "Cell":
                    yield cell, value  # type: ignore[misc]


def _set_formulas(sheet: Worksheet, action: Action) -> None:
    for cell, value in _pairs(sheet, action):
        cell.value = value


def _clear(sheet: Worksheet, action: Action) -> None:
    for cell in _cells(sheet, action.box):
        cell.value = None


def _add_sheet(book: Workbook, action: Action) -> None:
    name, before = action.args
    if name not in book.sheetnames:
        place = len(book.sheetnames) if before is None else book.sheetnames.index(before)
        book.create_sheet(name, place)


def _set_visible(sheet: Worksheet, action: Action) -> None:
    sheet.sheet_state = "visible" if action.args[0] else "hidden"


def _set_width(sheet: Worksheet, action: Action) -> None:
    if action.box is not None:
        for column in range(action.box.left, action.box.right + 1):
            sheet.column_dimensions[get_column_letter(column)].width = action.args[0]


def _set_wrap(sheet: Worksheet, action: Action) -> None:
    for cell in _cells(sheet, action.box):
        wanted = Alignment(
            horizontal=cell.alignment.horizontal, vertical="center", wrap_text=action.args[0]
        )
        cell.alignment = wanted


def _set_fill(sheet: Worksheet, action: Action) -> None:
    colour = action.args[0]
    fill = PatternFill("solid", start_color=colour[1:]) if colour else PatternFill()
    for cell in _cells(sheet, action.box):
        cell.fill = fill


def _set_bold(sheet: Worksheet, action: Action) -> None:
    for cell in _cells(sheet, action.box):
        font = cell.font
        cell.font = Font(name=font.name, size=font.sz, bold=action.args[0], color=font.color)


def _set_name(book: Workbook, action: Action) -> None:
    name, refers_to = action.args
    book.defined_names[name] = DefinedName(name, attr_text=refers_to.removeprefix("="))


def _add_format(sheet: Worksheet, action: Action) -> None:
    """Before the others, and in the place of one with the same formula."""
    formula, colour = action.args
    fill = PatternFill("solid", start_color=colour[1:], end_color=colour[1:])
    others = [
        (str(area.sqref), rule) for area in sheet.conditional_formatting for rule in area.rules
    ]
    sheet.conditional_formatting = ConditionalFormattingList()
    look = DifferentialStyle(fill=fill)
    area = action.box.area if action.box is not None else "A1"
    ours = Rule(type="expression", formula=[formula], dxf=look, priority=1)
    sheet.conditional_formatting.add(area, ours)
    for sqref, rule in others:
        if list(rule.formula) != [formula]:
            rule.priority += 1
            sheet.conditional_formatting.add(sqref, rule)


def _activate(sheet: Worksheet, _action: Action) -> None:
    book = sheet.parent
    if book is not None:
        book.active = book.sheetnames.index(sheet.title)
        for other in book.worksheets:
            other.sheet_view.tabSelected = other.title == sheet.title


def _select(sheet: Worksheet, action: Action) -> None:
    if action.box is not None:
        found = sheet.sheet_view.selection[-1]
        found.activeCell = found.sqref = action.box.area.partition(":")[0]


def _unprotect_book(book: Workbook, _action: Action) -> None:
    book.security = WorkbookProtection()


def _unprotect_sheet(sheet: Worksheet, _action: Action) -> None:
    sheet.protection.sheet = False


_ON_BOOK: dict[str, OnBook] = {
    "unprotectBook": _unprotect_book,
    "protectBook": lambda book, _action: protect_structure(book),
    "addSheet": _add_sheet,
    "setName": _set_name,
}
_ON_SHEET: dict[str, OnSheet] = {
    "setSheetVisible": _set_visible,
    "unprotectSheet": _unprotect_sheet,
    "protectSheet": lambda sheet, _action: protect_sheet(sheet),
    "clearContents": _clear,
    "setValues": _set_values,
    "setFormulas": _set_formulas,
    "setColumnWidth": _set_width,
    "setWrap": _set_wrap,
    "setFill": _set_fill,
    "setBold": _set_bold,
    "addConditionalFormat": _add_format,
    "activateSheet": _activate,
    "selectRange": _select,
}
