"""The open workbook as the request describes it."""

from __future__ import annotations

import datetime as dt
import os.path
import urllib.parse
from typing import Any, Dict, Iterator, List, Tuple

from nianbao_front.formulas import Translator
from nianbao_front.message import TroubleError

_VALUE, _DATE, _FORMULA = 1, 2, 16  # com.sun.star.sheet.CellFlags
_ERROR = 4  # com.sun.star.sheet.FormulaResult
_LOGICAL = 1024  # com.sun.star.util.NumberFormat
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
_LARGEST_BLOCK = 500000
_EXACT = 2**53


def read_book(document: Any) -> Dict[str, Any]:
    """``book`` and ``sheets`` of the request.

    Raises:
        TroubleError: a sheet reaches much further than any annual report.
    """
    controller = document.CurrentController
    return {
        "book": {
            "name": _name(document),
            "active_sheet": controller.ActiveSheet.Name,
            "selection": _selection(controller),
            "properties": _properties(document),
        },
        "sheets": [
            _read_sheet(document, document.Sheets.getByName(name))
            for name in document.Sheets.ElementNames
        ],
    }


def address_of(column: int, row: int) -> str:
    """Such as D7; both count from 0."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row + 1}"


def _name(document: Any) -> str:
    path = urllib.parse.unquote(urllib.parse.urlsplit(document.URL).path)
    return os.path.basename(path) or document.Title


def _selection(controller: Any) -> str:
    selected = controller.getSelection()
    if hasattr(selected, "getCount"):  # several areas
        selected = selected.getByIndex(0)
    area = getattr(selected, "RangeAddress", None)
    return address_of(area.StartColumn, area.StartRow) if area else "A1"


def _properties(document: Any) -> Dict[str, str]:
    custom = document.DocumentProperties.UserDefinedProperties
    return {item.Name: str(item.Value) for item in custom.getPropertyValues()}


def _read_sheet(document: Any, sheet: Any) -> Dict[str, Any]:
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)  # noqa: FBT003 - UNO takes no keywords
    end = cursor.RangeAddress
    if (end.EndRow + 1) * (end.EndColumn + 1) > _LARGEST_BLOCK:
        raise TroubleError(f"工作表“{sheet.Name}”的范围过大，请删除表格以外的多余行列后重试。")
    block = sheet.getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)
    rows = [[_plain(value) for value in row] for row in block.getDataArray()]
    _put_special(document, block, rows)
    return {
        "name": sheet.Name,
        "protected": sheet.isProtected(),
        "visible": sheet.IsVisible,
        "values": _trim(rows),
        "formulas": _formulas(document, block),
    }


def _plain(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _put_special(document: Any, block: Any, rows: List[List[Any]]) -> None:
    """Truth values, dates and errors, which the array of values has as numbers or not at all."""
    kinds: Dict[int, int] = {}
    for column, row, cell in _cells(block, block.queryContentCells(_VALUE)):
        key = cell.NumberFormat
        if key not in kinds:
            kinds[key] = document.NumberFormats.getByKey(key).Type
        if kinds[key] & _LOGICAL:
            rows[row][column] = bool(cell.Value)
    first = document.NullDate
    start = dt.date(first.Year, first.Month, first.Day)
    for column, row, cell in _cells(block, block.queryContentCells(_DATE)):
        day = start + dt.timedelta(days=int(cell.Value))
        rows[row][column] = {"date": day.isoformat()}
    for column, row, cell in _cells(block, block.queryFormulaCells(_ERROR)):
        shown = cell.String
        rows[row][column] = {"error": shown if shown in _ERRORS else "#VALUE!"}


def _formulas(document: Any, block: Any) -> Dict[str, str]:
    translator = Translator(document)
    return {
        address_of(column, row): translator.to_excel(cell)
        for column, row, cell in _cells(block, block.queryContentCells(_FORMULA))
    }


def _cells(block: Any, found: Any) -> Iterator[Tuple[int, int, Any]]:
    for area in found.RangeAddresses:
        for row in range(area.StartRow, area.EndRow + 1):
            for column in range(area.StartColumn, area.EndColumn + 1):
                yield column, row, block.getCellByPosition(column, row)


def _trim(rows: List[List[Any]]) -> List[List[Any]]:
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows
