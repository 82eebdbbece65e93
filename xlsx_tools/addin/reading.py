"""An open workbook → filing, on the path that a file takes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.extras import DayNumber, ErrorText
from xlsx_tools.excel.address import at
from xlsx_tools.excel.raw import RawCell, RawSheet
from xlsx_tools.excel.sheets import RawWorkbook
from xlsx_tools.read import choose_sheets, read_book

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xlwings

    from xlsx_tools.addin.extras import Extras
    from xlsx_tools.filing import Filing

_PLAIN, _DAY = "0", "1"
_SHOWS_DATE = [False, True]
"""By the number of the style: our cells have one of these two."""
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - a day


def read_open(book: xlwings.Book, extras: Extras) -> tuple[Filing, RawWorkbook]:
    """What is filled in, and the cells it was read from.

    Raises:
        UnusableFileError: it is not made from one of our templates, or its sheets were changed.
    """
    raw = read_cells(book, extras)
    return read_book(raw), raw


def read_cells(book: xlwings.Book, extras: Extras) -> RawWorkbook:
    """The sheets of the forms as they would lie in a file; the others by name only."""
    properties = dict(extras.properties())
    wanted = choose_sheets(properties)
    sheets = {
        sheet.name: _read_sheet(sheet, extras) if wanted(sheet.name) else RawSheet(sheet.name)
        for sheet in book.sheets
    }
    return RawWorkbook(sheets, properties, date_styles=_SHOWS_DATE)


def _read_sheet(sheet: xlwings.Sheet, extras: Extras) -> RawSheet:
    formulas = extras.formulas(sheet.name)
    return RawSheet(
        sheet.name,
        state="visible" if sheet.visible else "hidden",
        parsed=True,
        cells=_raw_cells(_rows_of(sheet.used_range.raw_value), formulas),
        protected=extras.is_protected(sheet.name),
    )


def _rows_of(raw: Any) -> Any:
    """The rows of a used range that begins at A1; a single cell comes bare from some programs."""
    return raw if isinstance(raw, list | tuple) else [[raw]]


def _raw_cells(rows: Any, formulas: Mapping[str, str]) -> dict[str, RawCell]:
    cells = {}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            address = at(column, number)
            formula = formulas.get(address)
            if value is not None or formula is not None:
                cells[address] = _raw_cell(value, formula)
    return cells


def _raw_cell(value: Any, formula: str | None) -> RawCell:  # noqa: PLR0911 - one a kind
    words = None if formula is None else formula.removeprefix("=")
    match value:
        case None:
            return RawCell("n", "", words)
        case bool():
            return RawCell("b", str(int(value)), words)
        case ErrorText():
            return RawCell("e", str(value), words)
        case DayNumber(text):
            return RawCell("n", text, words, _DAY)
        case datetime():
            return RawCell("n", _shortest(_day_number(value)), words, _DAY)
        case int() | float() | Decimal():
            return RawCell("n", _shortest(value), words, _PLAIN)
        case _:
            return RawCell("s" if words is None else "str", str(value), words)


def _shortest(value: float | Decimal) -> str:
    """The shortest text of a number, spelt as in a file."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    return (repr(value) if isinstance(value, float) else str(value)).upper()


def _day_number(moment: datetime) -> float:
    return (moment.replace(tzinfo=None) - _FIRST_DAY).total_seconds() / 86_400
