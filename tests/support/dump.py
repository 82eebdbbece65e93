"""A workbook as text, a line for each thing its user can notice; for reading in a diff.

Left out: fonts, borders, alignment and theme; heights of rows that are empty; the place and size
of comment boxes; zoom, selection and window; the document's dates; how formulas are shared in the
file (each is written out) and whether text is shared or inline; blank cells that are locked.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell

from tests.support.workbooks import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.protection import SheetProtection
    from openpyxl.worksheet.worksheet import Worksheet

_MAY = (
    "selectLockedCells",
    "selectUnlockedCells",
    "formatCells",
    "formatColumns",
    "formatRows",
    "insertRows",
    "deleteRows",
    "sort",
    "autoFilter",
    "objects",
    "scenarios",
)


def dump(data: bytes) -> str:
    """The text of the workbook; equal workbooks give equal texts."""
    book = load_workbook(BytesIO(data))
    saved = load_workbook(BytesIO(data), data_only=True)
    return "\n".join(_lines(book, saved)) + "\n"


def _lines(book: Workbook, saved: Workbook) -> Iterator[str]:
    yield f"structure {'locked' if book.security and book.security.lockStructure else 'open'}"
    yield f"title {book.properties.title}"
    for prop in properties_of(book).props:
        yield f"property {prop.name} = {prop.value!r}"
    for name, defined in book.defined_names.items():
        yield f"name {name} = {defined.attr_text}"
    for sheet in book.worksheets:
        yield ""
        state = "" if sheet.sheet_state == "visible" else f" ({sheet.sheet_state})"
        yield f"## {sheet.title}{state}"
        yield from _sheet_lines(sheet)
        yield from _cell_lines(sheet, saved[sheet.title])


def _sheet_lines(sheet: Worksheet) -> Iterator[str]:
    yield f"protection {_protection(sheet.protection)}"
    yield f"view freeze {sheet.freeze_panes or 'nothing'}, grid lines {_grid_lines(sheet)}"
    yield f"print {_print(sheet)}"
    for letter, column in sorted(sheet.column_dimensions.items()):
        words = "" if column.protection.locked else " unlocked"
        words += " hidden" if column.hidden else ""
        yield f"column {letter} width {column.width:g}{words}"
    for merged in sorted(sheet.merged_cells.ranges, key=lambda area: area.bounds):
        yield f"merge {merged.coord}"
    for rule in sheet.data_validations.dataValidation:
        yield f"validation {_validation(rule)}"
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            colour = str(rule.dxf.fill.bgColor.rgb)[2:] if rule.dxf and rule.dxf.fill else "nothing"
            yield f"colour {area.sqref} when {'; '.join(rule.formula)} -> {colour}"


def _protection(guard: SheetProtection) -> str:
    if not guard.sheet:
        return "off"
    password = ", password" if guard.password or guard.hashValue else ""
    return f"on{password}, allows {' '.join(may for may in _MAY if not getattr(guard, may))}"


def _grid_lines(sheet: Worksheet) -> str:
    return "hidden" if sheet.sheet_view.showGridLines is False else "shown"


def footer_of(sheet: Worksheet) -> str:
    """What is printed at the foot of each page, in the middle."""
    footer = sheet.oddFooter
    return footer.center.text or "" if footer and footer.center else ""


def _print(sheet: Worksheet) -> str:
    setup = sheet.page_setup
    fit = sheet.sheet_properties.pageSetUpPr
    facts = [
        "A4" if setup.paperSize == 9 else f"paper {setup.paperSize}",
        str(setup.orientation),
        f"{setup.fitToWidth} wide {setup.fitToHeight or 'any'} high"
        if fit and fit.fitToPage
        else "not scaled",
        f"area {sheet.print_area or 'all'}",
        f"titles {sheet.print_title_rows or 'none'}",
        f"footer {footer_of(sheet) or 'none'}",
    ]
    return ", ".join(facts)


def _validation(rule: DataValidation) -> str:
    limits = " ".join(filter(None, (rule.formula1, rule.formula2)))
    blank = "blank allowed" if rule.allow_blank else "blank refused"
    error = f"error {rule.errorTitle}: {rule.error}" if rule.showErrorMessage else "no error"
    prompt = f"prompt {rule.promptTitle}: {rule.prompt}" if rule.showInputMessage else "no prompt"
    return f"{rule.sqref}: {rule.type} {limits} ({blank}) | {error} | {prompt}"


def _cell_lines(sheet: Worksheet, saved: Worksheet) -> Iterator[str]:
    for row in sheet.iter_rows():
        told = [
            f"{cell.coordinate} {' | '.join(words)}"
            for cell in row
            if isinstance(cell, Cell)
            if (words := list(_cell(cell, saved[cell.coordinate].value)))
        ]
        height = sheet.row_dimensions[row[0].row or 0].height if told else None
        if told and height:
            told[0] += f" | row height {height:g}"
        yield from told


def _cell(cell: Cell, saved: object) -> Iterator[str]:
    """What the cell holds, then what may be done with it; nothing for an empty locked cell."""
    if cell.value is None and cell.protection.locked and cell.comment is None:
        return
    if cell.value is None:
        yield "(blank)"
    else:
        yield str(cell.value) if cell.data_type == "f" else repr(cell.value)
    if cell.data_type == "f":
        yield f"shows {saved!r}"
    if cell.number_format != "General":
        yield f"format {cell.number_format}"
    if not cell.protection.locked:
        yield "unlocked"
    if cell.fill.fill_type:
        yield f"fill {str(cell.fill.start_color.rgb)[2:]}"
    if cell.hyperlink:
        yield f"link {cell.hyperlink.location or cell.hyperlink.target}"
    if cell.comment:
        yield f"note {cell.comment.text!r}"
