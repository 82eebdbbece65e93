"""Conditional formats: one more in front of those of the form, and never a second one alike."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple, Tuple

import uno
from nianbao_front.formulas import Translator

_CONDITION = 0  # com.sun.star.sheet.ConditionEntryType
_STYLE = "nianbao-"


class _Entry(NamedTuple):
    operator: int
    formulas: Tuple[str, str]
    style: str


def add_conditional_format(
    document: Any, translator: Translator, area: Any, formula: str, colour: str
) -> None:
    """Fill the cells of an area where the formula is true, before any other format.

    One of the same formula that has the area already is left as it is.
    """
    place = uno.createUnoStruct("com.sun.star.table.CellAddress")
    where = area.RangeAddress
    place.Sheet, place.Column, place.Row = where.Sheet, where.StartColumn, where.StartRow
    red = _Entry(_expression(), (translator.to_calc(formula, place), ""), _style(document, colour))
    formats = area.Spreadsheet.ConditionalFormats
    same = [old for old in formats.getConditionalFormats() if _has(old, red.formulas[0])]
    if any(_covers(old, where) for old in same):
        return
    for old in same:
        if _touches(old, where):
            formats.removeByID(old.ID)
    behind = _take_away(formats, where)
    ranges = document.createInstance("com.sun.star.sheet.SheetCellRanges")
    ranges.addRangeAddress(where, False)  # noqa: FBT003 - UNO takes no keywords
    for their_ranges, entries in [(ranges, [red]), *behind]:
        _create(formats, their_ranges, entries)


def _take_away(formats: Any, where: Any) -> List[Tuple[Any, List[_Entry]]]:
    """Remove what lies over the area, to be made again behind ours: the first one made wins."""
    taken = []
    for old in formats.getConditionalFormats():
        entries = [old.getByIndex(number) for number in range(old.getCount())]
        plain = all(entry.getType() == _CONDITION for entry in entries)
        if plain and _touches(old, where):
            taken.append((old.Range, [_describe(entry) for entry in entries]))
            formats.removeByID(old.ID)
    return taken


def _describe(entry: Any) -> _Entry:
    return _Entry(entry.Operator, (entry.Formula1, entry.Formula2), entry.StyleName)


def _create(formats: Any, ranges: Any, entries: List[_Entry]) -> None:
    number = formats.createByRange(ranges)
    made = next(one for one in formats.getConditionalFormats() if one.ID == number)
    for position, wanted in enumerate(entries):
        made.createEntry(_CONDITION, position)
        entry = made.getByIndex(position)
        entry.Operator = wanted.operator
        entry.Formula1, entry.Formula2 = wanted.formulas
        entry.StyleName = wanted.style


def _expression() -> int:
    return int(uno.getConstantByName("com.sun.star.sheet.ConditionFormatOperator.EXPRESSION"))


def _has(old: Any, formula: str) -> bool:
    entries = (old.getByIndex(number) for number in range(old.getCount()))
    return any(
        _bare(entry.Formula1) == _bare(formula)
        for entry in entries
        if entry.getType() == _CONDITION
    )


def _covers(old: Any, where: Any) -> bool:
    return any(
        other.StartRow <= where.StartRow
        and where.EndRow <= other.EndRow
        and other.StartColumn <= where.StartColumn
        and where.EndColumn <= other.EndColumn
        for other in old.Range.RangeAddresses
    )


def _touches(old: Any, where: Any) -> bool:
    return any(
        other.StartRow <= where.EndRow
        and where.StartRow <= other.EndRow
        and other.StartColumn <= where.EndColumn
        and where.StartColumn <= other.EndColumn
        for other in old.Range.RangeAddresses
    )


def _bare(formula: str) -> str:
    """LibreOffice takes semicolons between arguments, and gives commas back."""
    return re.sub(r"\s|^=", "", formula).replace(";", ",").upper()


def _style(document: Any, colour: str) -> str:
    """The cell style that fills with a colour; made when it is first needed."""
    styles = document.StyleFamilies.getByName("CellStyles")
    name = _STYLE + colour[1:].upper()
    if not styles.hasByName(name):
        styles.insertByName(name, document.createInstance("com.sun.star.style.CellStyle"))
        with _unlocked(document):
            styles.getByName(name).CellBackColor = int(colour[1:], 16)
    return name


@contextmanager
def _unlocked(document: Any) -> Iterator[None]:
    """LibreOffice lets no style be changed while any sheet of the book is protected."""
    sheets = [document.Sheets.getByName(name) for name in document.Sheets.ElementNames]
    locked = [sheet for sheet in sheets if sheet.isProtected()]
    for sheet in locked:
        sheet.unprotect("")
    try:
        yield
    finally:
        for sheet in locked:
            if not sheet.isProtected():
                sheet.protect("")
