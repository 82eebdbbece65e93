"""The sheets of a merged workbook beside the official ones, drawn once a process and form."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from xlsx_tools.excel.address import Layout, at, letters, quote
from xlsx_tools.template import Extension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.forms import Form

ORIGINS, UNITS, COVERAGE, REASONS = "来源", "分单位", "纳入情况", "说明附表"
UNITS_SHOWN = 3000
"""So many units have a row of their own; measured so that the workbook stays mergeable."""
TOP = 5
"""The first row below the heads of each sheet; 分单位 has a second row of heads."""
HEAD = TOP - 1
UNITS_TOP = TOP + 1
NOTE = "A2"
_ORIGIN_HEADS = (
    ("表", 9),
    ("项目", 52),
    ("单元格", 20),
    ("汇总数", 14),
    ("各单位之和", 14),
    ("差额", 9),
    ("有数单位数", 9),
    ("最大来源单位", 26),
    ("备注", 34),
)
UNIT_HEADS = (
    ("单位", 30),
    ("统一社会信用代码", 22),
    ("口径", 14),
    ("文件", 34),
    ("SHA-256", 20),
    ("所含单位数", 11),
)
_COVERAGE_HEADS = (
    ("类别", 14),
    ("单位", 26),
    ("统一社会信用代码", 21),
    ("口径", 13),
    ("文件", 26),
    ("SHA-256", 36),
    ("所含单位数", 8),
    ("状态或者原因", 36),
)
_REASON_HEADS = (("单位", 26), ("文件", 26), ("编号", 24), ("校验内容", 36), ("单位的说明", 60))
_TITLES = {
    ORIGINS: "来源：每个汇总数由哪些单位的数相加而成",
    UNITS: "分单位：各单位填报的每一个数",
    COVERAGE: "纳入情况：计入、未计入和未报送的单位",
    REASONS: "说明附表：各单位对校验情况的说明和其他需要报告的事项",
}
_LINK_COLOUR = "0563C1"
_FIGURE_WIDTH = 12


@cache
def unit_columns(form: Form) -> tuple[str, ...]:
    """The column of 分单位 that has each figure, parallel to ``form.cells``."""
    first = len(UNIT_HEADS) + 1
    return tuple(letters(first + cell.index) for cell in form.cells)


def _draw(book: Workbook, layout: Layout) -> None:
    stamp = book[layout.form.sheets["stamp"]]
    for spot in layout.includes:
        stamp[spot.address].number_format = "@"
    _draw_origins(book, layout)
    _draw_units(book, layout)
    for name, heads in ((COVERAGE, _COVERAGE_HEADS), (REASONS, _REASON_HEADS)):
        sheet = _begin(book, name, heads)
        for column in range(1, len(heads) + 1):
            _dress_row(sheet[at(column, TOP)], across="left")
        sheet.freeze_panes = at(2 if name == REASONS else 3, TOP)
        _end(sheet, len(heads), 2 * UNITS_SHOWN)


def _begin(book: Workbook, name: str, heads: tuple[tuple[str, float], ...]) -> Worksheet:
    from xlsx_tools.excel.styles import TITLE_FONT, dress  # noqa: PLC0415 - openpyxl
    from xlsx_tools.template.pages import set_page  # noqa: PLC0415 - openpyxl

    sheet: Worksheet = book.create_sheet(name)
    sheet["A1"] = _TITLES[name]
    dress(sheet["A1"], font=TITLE_FONT, size=18, across="left")
    sheet.row_dimensions[1].height = 32
    dress(sheet[NOTE], size=10.5, colour="7F7F7F", across="left", up="top")
    shown = min(len(heads), len(UNIT_HEADS)) if name == UNITS else len(heads)
    for row in ("1", "2"):
        sheet.merge_cells(f"A{row}:{letters(shown)}{row}")
    sheet.row_dimensions[2].height = 34
    for column, (text, width) in enumerate(heads, start=1):
        sheet.column_dimensions[letters(column)].width = width
        sheet[at(column, HEAD)] = text
        _dress_head(sheet[at(column, HEAD)])
    sheet.row_dimensions[HEAD].height = 30
    set_page(sheet, landscape=True)
    sheet.print_title_rows = f"{HEAD}:{HEAD}"
    return sheet


def _end(sheet: Worksheet, columns: int, rows: int, head: int = HEAD) -> None:
    from xlsx_tools.excel.protection import protect_sheet  # noqa: PLC0415 - openpyxl

    sheet.auto_filter.ref = f"A{head}:{letters(columns)}{head + rows}"
    protect_sheet(sheet)


def _dress_head(cell: Cell) -> None:
    from xlsx_tools.excel.styles import HEAD_FONT, dress  # noqa: PLC0415 - openpyxl

    dress(cell, font=HEAD_FONT, size=10.5, box=True, fill="band")


def _dress_row(cell: Cell, *, across: str = "center", colour: str = "000000") -> None:
    from xlsx_tools.excel.styles import dress  # noqa: PLC0415 - openpyxl

    dress(cell, size=10.5, box=True, across=across, colour=colour)


def _draw_origins(book: Workbook, layout: Layout) -> None:
    """Every figure's label and a link to it stand; the numbers come with each filling."""
    from openpyxl.worksheet.hyperlink import Hyperlink  # noqa: PLC0415 - slow, only drawing

    form = layout.form
    sheet = _begin(book, ORIGINS, _ORIGIN_HEADS)
    for cell in form.cells:
        row, spot = TOP + cell.index, layout.figure[cell.index]
        sheet[f"A{row}"], sheet[f"B{row}"] = form.tables[cell.table].name, cell.label
        sheet[f"C{row}"] = f"{spot.sheet}!{spot.address}"
        link = Hyperlink(ref=f"C{row}", location=f"{quote(spot.sheet)}!{spot.address}")
        sheet[f"C{row}"].hyperlink = link
        for letter in "ABCDEFGHI":
            _dress_row(sheet[f"{letter}{row}"], across="left" if letter in "BHI" else "center")
        _dress_row(sheet[f"C{row}"], colour=_LINK_COLOUR)
        sheet.row_dimensions[row].height = 15 * (len(cell.label) // 28 + 1) + 3
    _colour_differences(sheet, len(form.cells))
    sheet.freeze_panes = f"C{TOP}"
    _end(sheet, len(_ORIGIN_HEADS), len(form.cells))


def _colour_differences(sheet: Worksheet, count: int) -> None:
    from xlsx_tools.excel.styles import paint  # noqa: PLC0415 - openpyxl

    area = f"D{TOP}:F{TOP + count - 1}"
    differs = paint(f"AND(ISNUMBER($F{TOP}),$F{TOP}<>0)", "broken")
    sheet.conditional_formatting.add(area, differs)


def _draw_units(book: Workbook, layout: Layout) -> None:
    """Two rows of heads, then the row whose styles every unit's row takes."""
    from openpyxl.styles import Alignment  # noqa: PLC0415 - slow, only drawing

    form = layout.form
    spots = [layout.figure[cell.index] for cell in form.cells]
    places = tuple((f"{spot.sheet}!{spot.address}", _FIGURE_WIDTH) for spot in spots)
    sheet = _begin(book, UNITS, tuple(("", width) for _, width in UNIT_HEADS) + places)
    texts = [text for text, _ in UNIT_HEADS] + [cell.label for cell in form.cells]
    plain = Alignment(horizontal="left", vertical="center")
    for column, text in enumerate(texts, start=1):
        sheet[at(column, UNITS_TOP - 1)] = text
        _dress_head(sheet[at(column, UNITS_TOP - 1)])
        _dress_row(sheet[at(column, UNITS_TOP)])
        if column <= len(UNIT_HEADS):
            sheet[at(column, UNITS_TOP)].alignment = plain
    sheet.row_dimensions[UNITS_TOP - 1].height = 132
    sheet.freeze_panes = f"B{UNITS_TOP}"
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = 0
    sheet.print_title_cols = "A:A"
    sheet.print_title_rows = f"{HEAD}:{UNITS_TOP - 1}"
    _end(sheet, len(texts), UNITS_SHOWN, UNITS_TOP - 1)


def _slots(layout: Layout) -> Mapping[str, list[str]]:
    rows = range(TOP, TOP + len(layout.form.cells))
    return {
        ORIGINS: [NOTE, *(f"{letter}{row}" for row in rows for letter in "DEFGHI")],
        UNITS: [NOTE],
        COVERAGE: [NOTE],
        REASONS: [NOTE],
        layout.form.sheets["stamp"]: [spot.address for spot in layout.includes],
    }


EXTENSION = Extension(
    "merged", _draw, _slots, ((UNITS, UNITS_TOP), (COVERAGE, TOP), (REASONS, TOP))
)
