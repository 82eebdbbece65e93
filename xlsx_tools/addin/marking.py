"""Marks in an open workbook: 待办, the hidden list and the red cells of the return workbook.

No format of an official cell is touched: a conditional format looks its cell up in the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.addin.tables import write_rows
from xlsx_tools.excel.address import at, layout_of, quote, split_address
from xlsx_tools.excel.cell_content import NUMBER, Formula, Number, Text
from xlsx_tools.excel.found import show_found
from xlsx_tools.excel.styles import FILLS
from xlsx_tools.returned.follow import Case, OpenCells
from xlsx_tools.returned.marks import Marks
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
    head_cells,
    remaining_formula,
    title_of,
    todo_rows,
)

if TYPE_CHECKING:
    import xlwings

    from xlsx_tools.addin.extras import Extras
    from xlsx_tools.addin.tables import Row
    from xlsx_tools.check import Verdict
    from xlsx_tools.excel.address import Layout, Spot
    from xlsx_tools.excel.cell_content import Content
    from xlsx_tools.excel.prepared import TailRow
    from xlsx_tools.excel.raw import RawCell
    from xlsx_tools.excel.sheets import RawWorkbook
    from xlsx_tools.filing import Filing

_COLUMNS, _MARK_COLUMNS = "ABCDEFG", "ABCDE"
_BAND_ROW = TODO_TOP - 1
_HOW = (
    "点击“位置”可跳到对应单元格；数据确实无误的，点击“写明原因”填写说明；"
    "全部改好后再次校验，保存后报回。"
)


def case_of(verdict: Verdict, raw: RawWorkbook) -> Case:
    """How the findings are followed in the workbook they were found in."""
    return Case.of_open(verdict, _odd_cells(verdict.filing, raw))


def _odd_cells(filing: Filing, raw: RawWorkbook) -> OpenCells:
    """What stands in the cells that are no plain numbers, as formulas see it."""
    held: dict[Spot, Content] = {}
    layout, unseen = layout_of(filing.form), set()
    for index in filing.parsed:
        spot = layout.figure[index]
        cell = raw.sheets[spot.sheet].cells.get(spot.address)
        if cell is not None:
            held[spot] = _content_of(cell)
            days = raw.date_addresses(spot.sheet, [spot.address])
            if cell.kind == "n" and (cell.formula is not None or days):
                unseen.add(index)
    return OpenCells(held, frozenset(unseen))


def _content_of(cell: RawCell) -> Content:
    if cell.kind == "n" and NUMBER.fullmatch(cell.text):
        return Number(cell.text)
    return Text(show_found(cell._replace(formula=None)))


def mark_open(book: xlwings.Book, extras: Extras, case: Case) -> None:
    """List the findings in 待办 and let their cells be red; what was marked before is gone."""
    marks = Marks(case)
    _add_sheets(book, extras)
    extras.unprotect_sheet(TODO)
    _write_todo(book.sheets[TODO], extras, case, marks)
    extras.protect_sheet(TODO)
    extras.unprotect_sheet(MARKS)
    _write_marks(book.sheets[MARKS], case, marks)
    extras.protect_sheet(MARKS)
    limit = marked_limit(case.layout)
    book.names.add(MARKED, f"={quote(MARKS)}!$A${MARKS_TOP}:$A${limit}")
    for name in note_sheets(case.layout):
        _redden(name, extras, case.layout)


def _add_sheets(book: xlwings.Book, extras: Extras) -> None:
    """At the end, unlike in a return workbook that is made anew.

    LibreOffice 7.4 lets shared formulas point at wrong sheets when one is put before theirs.
    """
    names = [sheet.name for sheet in book.sheets]
    if {TODO, MARKS} <= set(names):
        return
    extras.unprotect_book()
    for name in (TODO, MARKS):
        if name not in names:
            book.sheets.add(name, after=book.sheets[len(book.sheets) - 1])
    book.sheets[MARKS].visible = False
    extras.protect_book()


def _write_todo(sheet: xlwings.Sheet, extras: Extras, case: Case, marks: Marks) -> None:
    """Everything in 待办, below what may have been there."""
    rows = list(todo_rows(case, marks))
    last = _COLUMNS[-1]
    whole = sheet.range(f"A1:{last}{TODO_LIMIT}")
    whole.clear_contents()
    body = sheet.range(f"A{_BAND_ROW}:{last}{TODO_LIMIT}")
    body.color = None
    body.font.bold = False
    write_rows(sheet, 1, "A", [{"A": content} for content in _head(case)])
    heads: Row = {c: Text(head) for c, head in zip(_COLUMNS, HEADS, strict=True)}
    band: Row = {"A": Text(BANDS[0])}
    write_rows(sheet, TODO_HEAD, _COLUMNS, [heads, band, *(row.cells for row in rows)])
    _dress_todo(sheet, rows)
    _colour_todo(sheet.name, extras)


def _head(case: Case) -> list[Content]:
    """The lines above the table, each in the first column."""
    cells = head_cells(case)
    remaining = Formula(remaining_formula(case.layout), None)
    return [Text(title_of(case.layout.form)), cells["A2"], cells["A3"], remaining, Text(_HOW)]


def _dress_todo(sheet: xlwings.Sheet, rows: list[TailRow]) -> None:
    last, bottom = _COLUMNS[-1], TODO_TOP + max(len(rows), 1) - 1
    for column, width in zip(_COLUMNS, WIDTHS, strict=True):
        sheet.range(f"{column}1:{column}1").column_width = width
    for address in ("A1", "A3:A4", f"A{TODO_HEAD}:{last}{TODO_HEAD}"):
        sheet.range(address).font.bold = True
    sheet.range(f"A{TODO_HEAD}:{last}{TODO_HEAD}").color = _colour("band")
    sheet.range(f"B{TODO_TOP}:{last}{bottom}").wrap_text = True
    bands = [_BAND_ROW, *(n for n, row in enumerate(rows, TODO_TOP) if _is_band(row))]
    for row in bands:
        line = sheet.range(f"A{row}:{last}{row}")
        line.color = _colour("total")
        line.font.bold = True


def _is_band(row: TailRow) -> bool:
    return isinstance(row.cells.get("A"), Text)


def _colour_todo(sheet: str, extras: Extras) -> None:
    """Of the states and of the line that says how much is left; no formula says a row."""
    for condition, fill in HEAD_FILLS.items():
        extras.add_conditional_format(sheet, f"A4:{_COLUMNS[-1]}4", condition, _colour(fill))
    for word, fill in STATE_FILLS.items():
        condition = f"INDEX($G:$G,ROW())={quoted(word)}"
        area = f"G{TODO_TOP}:G{TODO_LIMIT}"
        extras.add_conditional_format(sheet, area, condition, _colour(fill))


def _write_marks(sheet: xlwings.Sheet, case: Case, marks: Marks) -> None:
    form = case.layout.form
    most = MARKS_TOP + len(form.cells) + len(form.instances)
    rows = list(marks.rows())
    bottom = max(most, MARKS_TOP + len(rows))
    sheet.range(f"A1:{_MARK_COLUMNS[-1]}{bottom}").clear_contents()
    write_rows(sheet, 1, _MARK_COLUMNS, [{"A": Text(KEEP_OFF)}, *(row.cells for row in rows)])


def _redden(sheet: str, extras: Extras, layout: Layout) -> None:
    """A conditional format over all cells of the sheet that can be on the list."""
    places = [split_address(spot.address) for spot in known_spots(layout) if spot.sheet == sheet]
    columns, rows = [column for column, _ in places], [row for _, row in places]
    area = f"{at(min(columns), min(rows))}:{at(max(columns), max(rows))}"
    locked = extras.is_protected(sheet)
    if locked:
        extras.unprotect_sheet(sheet)
    extras.add_conditional_format(sheet, area, red_formula(sheet), _colour("broken"))
    if locked:
        extras.protect_sheet(sheet)


def _colour(fill: str) -> str:
    return f"#{FILLS[fill]}"
