"""Conditional formats in LibreOffice."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONDITION = 0  # com.sun.star.sheet.ConditionEntryType
_EXPRESSION = 24  # com.sun.star.sheet.ConditionFormatOperator


class ConditionalFormats:
    """Those of one document; `to_calc` gives LibreOffice's spelling of a formula."""

    def __init__(self, document: Any, to_calc: Callable[[str], str]) -> None:
        self._document, self._to_calc = document, to_calc
        self._names: dict[str, str] = {}

    def add(self, sheet: Any, area: Any, formula: str, colour: str) -> None:
        """Add a format, unless there is one with the same formula.

        It stands behind the others: LibreOffice 7.4 shows wrong colours when formats are removed
        and put back in another order. For the same reason the new one shows when the saved
        workbook is opened again, not before; 待办 is there at once.
        """
        formats, spelt = sheet.ConditionalFormats, self._to_calc(formula)
        if any(spelt in _formulas(found) for found in formats.getConditionalFormats()):
            return
        style = self._named_style(colour)
        ranges = self._document.createInstance("com.sun.star.sheet.SheetCellRanges")
        ranges.addRangeAddress(area, False)  # noqa: FBT003 - UNO takes no keywords
        number = formats.createByRange(ranges)
        made = next(one for one in formats.getConditionalFormats() if number == one.ID)
        made.createEntry(_CONDITION, 0)
        entry = made.getByIndex(0)
        entry.Operator, entry.Formula1, entry.StyleName = _EXPRESSION, spelt, style

    def _named_style(self, colour: str) -> str:
        if colour not in self._names:
            self._names[colour] = self._style(colour)
        return self._names[colour]

    def _style(self, colour: str) -> str:
        """The name of a cell style with this fill, which a conditional format may have already.

        While any sheet is protected LibreOffice lets no style be changed, so the sheets are
        unlocked for as long as it takes to make one.
        """
        styles = self._document.StyleFamilies.getByName("CellStyles")
        wanted, name = int(colour[1:], 16), f"nianbao_{colour[1:]}"
        for known in self._styles_in_use():
            if styles.getByName(known).CellBackColor == wanted:
                return known
        if not styles.hasByName(name):
            style = self._document.createInstance("com.sun.star.style.CellStyle")
            styles.insertByName(name, style)
            with self._unlocked():
                style.CellBackColor = wanted
        return name

    def _styles_in_use(self) -> set[str]:
        sheets = self._document.Sheets
        return {
            str(found.getByIndex(place).StyleName)
            for number in range(sheets.Count)
            for found in sheets.getByIndex(number).ConditionalFormats.getConditionalFormats()
            for place in range(found.getCount())
            if found.getByIndex(place).getType() == _CONDITION
        }

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        sheets = [self._document.Sheets.getByIndex(n) for n in range(self._document.Sheets.Count)]
        locked = [sheet for sheet in sheets if sheet.isProtected()]
        for sheet in locked:
            sheet.unprotect("")
        yield
        for sheet in locked:
            sheet.protect("")


def _formulas(found: Any) -> list[str]:
    entries = [found.getByIndex(number) for number in range(found.getCount())]
    return [entry.Formula1 for entry in entries if entry.getType() == _CONDITION]
