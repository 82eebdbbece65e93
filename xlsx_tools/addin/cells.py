"""Whether the cells of a request are as its schema says, without a schema: there may be many."""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from xlsx_tools.addin.errors import AddinError

MOST_CELLS, MOST_SHEETS = 200_000, 300
LONGEST_TEXT, LONGEST_FORMULA = 32_767, 8_192
MOST_TEXT = 20_000_000
_ADDRESS = re.compile("[A-Z]{1,3}[1-9][0-9]{0,6}")
_ERROR = re.compile("#[A-Z0-9/_]{1,20}[!?]?|Err:[0-9]{3}")
_LARGEST = 10**400


def check_cells(sheets: list[dict[str, Any]]) -> None:
    """Check values and formulas of all sheets, and how much of them there is.

    Raises:
        AddinError: ``addin.message`` naming the cell, or ``addin.too_large``.
    """
    if len(sheets) > MOST_SHEETS:
        raise AddinError("addin.too_large", f"工作表超过 {MOST_SHEETS} 张")
    tally = _Tally()
    for number, sheet in enumerate(sheets):
        values, formulas = sheet.get("values"), sheet.get("formulas", {})
        if not isinstance(values, list) or not isinstance(formulas, dict):
            raise AddinError("addin.message", f"sheets.{number} 处")
        for row_number, row in enumerate(values):
            if not isinstance(row, list):
                raise AddinError("addin.message", f"sheets.{number}.values.{row_number} 处")
            tally.count(len(row) + 1)
            for column, value in enumerate(row):
                if value is not None and not tally.takes(value):
                    place = f"sheets.{number}.values.{row_number}.{column} 处"
                    raise AddinError("addin.message", place)
        tally.count(len(formulas))
        for address, formula in formulas.items():
            if not _is_formula(address, formula):
                raise AddinError("addin.message", f"sheets.{number}.formulas 处")
            tally.add_text(len(formula))


class _Tally:
    """What has been seen so far, over all sheets."""

    def __init__(self) -> None:
        self._cells = self._text = 0

    def count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MOST_CELLS:
            raise AddinError("addin.too_large", f"单元格超过 {MOST_CELLS:,} 个")

    def add_text(self, length: int) -> None:
        self._text += length
        if self._text > MOST_TEXT:
            raise AddinError("addin.too_large", f"文字超过 {MOST_TEXT:,} 个")

    def takes(self, value: object) -> bool:  # noqa: PLR0911 - one a kind
        """Whether a cell may hold this."""
        match value:
            case bool():
                return True
            case str():
                self.add_text(len(value))
                return len(value) <= LONGEST_TEXT and _is_writable(value)
            case int():
                return abs(value) < _LARGEST
            case float():
                return math.isfinite(value)
            case Decimal():
                return value.is_finite()
            case {"error": str(text), **rest}:
                return not rest and _ERROR.fullmatch(text) is not None
            case {"date": str(text), **rest}:
                return not rest and _is_day(text)
            case _:
                return False


def _is_writable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_day(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).year >= 1900  # noqa: PLR2004 - a day of a calendar
    except ValueError:
        return False


def _is_formula(address: object, formula: object) -> bool:
    return (
        isinstance(address, str)
        and _ADDRESS.fullmatch(address) is not None
        and isinstance(formula, str)
        and formula.startswith("=")
        and len(formula) <= LONGEST_FORMULA
        and _is_writable(formula)
    )
