"""A workbook that is open in LibreOffice, through UNO.

Runs in a Python that has the ``uno`` module. That module replaces ``__import__``, so everything
else is to be imported before it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.engines.backend import Backend, Box, box_of
from xlsx_tools.addin.engines.libreoffice_formats import ConditionalFormats
from xlsx_tools.addin.extras import DayNumber, ErrorText
from xlsx_tools.excel.address import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsx_tools.addin.engines.backend import Rows, Value

_VALUES, _DATES, _FORMULAS = 1, 2, 16  # com.sun.star.sheet.CellFlags
_CONTENTS = 1 | 2 | 4 | 16
_ERRORS = 4  # com.sun.star.sheet.FormulaResult
_LOGICAL = 1024  # com.sun.star.util.NumberFormat
_EXCEL, _CALC = 1, 0  # com.sun.star.sheet.AddressConvention
_HUNDREDTHS_OF_A_MM, _PADDING = 2540 / 96, 5
_DIGIT = 7
"""Pixels of a digit: column widths are given in characters."""
_BOLD, _NORMAL = 150.0, 100.0


class UnoBackend(Backend):
    """A spreadsheet document of LibreOffice.

    What leaves the workbook is noted for the caller: `alerts`, `files` by name, `pages`.
    """

    def __init__(self, document: Any, name: str = "") -> None:
        self.native, self.name = document, name or document.Title
        self.alerts: list[str] = []
        self.files: dict[str, bytes] = {}
        self.pages: list[str] = []
        self._formats = ConditionalFormats(document, self.to_calc)

    # ------------------------------------------------------------ what is there
    def sheet_names(self) -> list[str]:
        return list(self.native.Sheets.ElementNames)

    def active_sheet(self) -> str:
        return str(self.native.CurrentController.ActiveSheet.Name)

    def selection(self) -> str:
        chosen = self.native.CurrentSelection
        with suppress(AttributeError):
            found = chosen.RangeAddress
            return at(found.StartColumn + 1, found.StartRow + 1)
        return "A1"

    def _sheet(self, name: str) -> Any:
        return self.native.Sheets.getByName(name)

    def _cells(self, sheet: str, box: Box) -> Any:
        left, top, right, bottom = box.left - 1, box.top - 1, box.right - 1, box.bottom - 1
        return self._sheet(sheet).getCellRangeByPosition(left, top, right, bottom)

    def extent(self, sheet: str) -> tuple[int, int]:
        cursor = self._sheet(sheet).createCursor()
        cursor.gotoEndOfUsedArea(False)  # noqa: FBT003 - UNO takes no keywords
        found = cursor.RangeAddress
        return found.EndRow + 1, found.EndColumn + 1

    def read(self, sheet: str, box: Box) -> list[list[Value]]:
        whole = self._cells(sheet, box)
        rows: list[list[Value]] = [list(row) for row in whole.getDataArray()]
        formulas = self.formulas(sheet)
        odd = self._odd_values(whole)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                address = at(box.left + x, box.top + y)
                if address in odd:
                    row[x] = odd[address]
                elif value == "" and address not in formulas:
                    row[x] = None
        return rows

    def _odd_values(self, whole: Any) -> dict[str, Value]:
        """Errors, dates and truth values, which are numbers or nothing in a data array."""
        odd: dict[str, Value] = {}
        for address, cell in _each(whole.queryFormulaCells(_ERRORS)):
            odd[address] = ErrorText(cell.String)
        for address, cell in _each(whole.queryContentCells(_DATES)):
            odd[address] = DayNumber(_shortest(cell.Value))
        for address, cell in self._maybe_truths(whole):
            if self._is_logical(cell.NumberFormat):
                odd[address] = bool(cell.Value)
        return odd

    @staticmethod
    def _maybe_truths(whole: Any) -> Iterator[tuple[str, Any]]:
        for area in _areas(whole.queryContentCells(_VALUES)):
            first = area.RangeAddress
            for y, row in enumerate(area.getDataArray()):
                for x, value in enumerate(row):
                    if value in (0.0, 1.0):
                        address = at(first.StartColumn + x + 1, first.StartRow + y + 1)
                        yield address, area.getCellByPosition(x, y)

    def _is_logical(self, key: int) -> bool:
        return bool(self.native.NumberFormats.getByKey(key).Type & _LOGICAL)

    def is_visible(self, sheet: str) -> bool:
        return bool(self._sheet(sheet).IsVisible)

    def properties(self) -> Mapping[str, str]:
        found = self.native.DocumentProperties.UserDefinedProperties
        names = [prop.Name for prop in found.PropertySetInfo.Properties]
        return {name: str(found.getPropertyValue(name)) for name in names}

    def formulas(self, sheet: str) -> Mapping[str, str]:
        """In LibreOffice's own spelling.

        An error value that was saved as such is a formula to LibreOffice, and none to us.
        """
        found = {}
        for area in _areas(self._sheet(sheet).queryContentCells(_FORMULAS)):
            first = area.RangeAddress
            for y, row in enumerate(area.getFormulaArray()):
                for x, text in enumerate(row):
                    if not text.removeprefix("=").startswith(("#", "Err:")):
                        found[at(first.StartColumn + x + 1, first.StartRow + y + 1)] = text
        return found

    def is_protected(self, sheet: str) -> bool:
        return bool(self._sheet(sheet).isProtected())

    # ------------------------------------------------------------ what is done
    def write(self, sheet: str, box: Box, rows: Rows) -> None:
        """A data array holds texts as texts, whatever they begin with."""
        data = tuple(tuple(_number(value) for value in row) for row in rows)
        self._cells(sheet, box).setDataArray(data)

    def write_formulas(self, sheet: str, box: Box, rows: Sequence[Sequence[str]]) -> None:
        for y, row in enumerate(rows):
            for x, formula in enumerate(row):
                cell = self._cells(sheet, box).getCellByPosition(x, y)
                cell.setTokens(self._parse(formula, cell.CellAddress))

    def _parser(self, convention: int) -> Any:
        parser = self.native.createInstance("com.sun.star.sheet.FormulaParser")
        parser.CompileEnglish = True
        parser.FormulaConvention = convention
        return parser

    def _parse(self, formula: str, place: Any) -> Any:
        return self._parser(_EXCEL).parseFormula(formula.removeprefix("="), place)

    def to_calc(self, formula: str) -> str:
        """A formula in Excel's spelling as LibreOffice spells it."""
        place = self.native.Sheets.getByIndex(0).getCellByPosition(0, 0).CellAddress
        tokens = self._parse(formula, place)
        return str(self._parser(_CALC).printFormula(tokens, place))

    def clear(self, sheet: str, box: Box) -> None:
        self._cells(sheet, box).clearContents(_CONTENTS)

    def add_sheet(self, name: str, before: str | None) -> None:
        names = self.sheet_names()
        place = len(names) if before is None else names.index(before)
        if name not in names:
            self.native.Sheets.insertNewByName(name, place)

    def set_visible(self, sheet: str, *, visible: bool) -> None:
        self._sheet(sheet).IsVisible = visible

    def set_width(self, sheet: str, box: Box, width: float) -> None:
        pixels = width * _DIGIT + _PADDING
        self._cells(sheet, box).Columns.Width = round(pixels * _HUNDREDTHS_OF_A_MM)

    def set_wrap(self, sheet: str, box: Box, *, wrap: bool) -> None:
        cells = self._cells(sheet, box)
        cells.IsTextWrapped = wrap
        cells.Rows.OptimalHeight = True

    def set_fill(self, sheet: str, box: Box, colour: str | None) -> None:
        self._cells(sheet, box).CellBackColor = -1 if colour is None else int(colour[1:], 16)

    def set_bold(self, sheet: str, box: Box, *, bold: bool) -> None:
        cells = self._cells(sheet, box)
        cells.CharWeight = cells.CharWeightAsian = _BOLD if bold else _NORMAL

    def set_name(self, name: str, refers_to: str) -> None:
        names, content = self.native.NamedRanges, self.to_calc(refers_to)
        if names.hasByName(name):
            names.getByName(name).setContent(content)
        else:
            place = self.native.Sheets.getByIndex(0).getCellByPosition(0, 0).CellAddress
            names.addNewByName(name, content, place, 0)

    def activate(self, sheet: str) -> None:
        self.native.CurrentController.setActiveSheet(self._sheet(sheet))

    def select(self, sheet: str, box: Box) -> None:
        self.native.CurrentController.select(self._cells(sheet, box))

    def alert(self, text: str) -> None:
        self.alerts.append(text)

    def unprotect_book(self) -> None:
        self.native.unprotect("")

    def protect_book(self) -> None:
        self.native.protect("")

    def unprotect_sheet(self, sheet: str) -> None:
        self._sheet(sheet).unprotect("")

    def protect_sheet(self, sheet: str) -> None:
        """With LibreOffice's usual options: it has no name for allowing more (7.4)."""
        self._sheet(sheet).protect("")

    def add_conditional_format(self, sheet: str, area: str, formula: str, colour: str) -> None:
        cells = self._cells(sheet, box_of(area))
        self._formats.add(self._sheet(sheet), cells.RangeAddress, formula, colour)

    def save_file(self, name: str, data: bytes) -> None:
        self.files[name] = data

    def open_url(self, url: str) -> None:
        self.pages.append(url)


def _areas(ranges: Any) -> list[Any]:
    return [ranges.getByIndex(number) for number in range(ranges.Count)]


def _each(ranges: Any) -> Iterator[tuple[str, Any]]:
    for area in _areas(ranges):
        first = area.RangeAddress
        for y in range(first.EndRow - first.StartRow + 1):
            for x in range(first.EndColumn - first.StartColumn + 1):
                cell = area.getCellByPosition(x, y)
                yield at(first.StartColumn + x + 1, first.StartRow + y + 1), cell


def _number(value: Value) -> object:
    """As a data array wants it, where an empty text empties the cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    return float(value.text if isinstance(value, DayNumber) else value)


def _shortest(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
