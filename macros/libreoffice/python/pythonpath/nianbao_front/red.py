"""Conditional formats: one more in front of those of the form, and never a second one alike."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator, List, Tuple

import uno

from nianbao_front.formulas import Translator

_CONDITION = 0  # com.sun.star.sheet.ConditionEntryType
_STYLE = "nianbao-"
_OF_THE_FORM = ("CharFontName", "CharHeight", "CharWeight", "CharColor", "VertJustify")


Entry = Tuple[Any, ...]
"""The properties of one condition, as `addNew` takes them."""


def add_conditional_format(
    document: Any, translator: Translator, area: Any, formula: str, colour: str
) -> None:
    """Fill the cells of an area where the formula is true, before any other format.

    One of the same formula that has the whole area already is left as it is.
    """
    where = area.RangeAddress
    place = uno.createUnoStruct("com.sun.star.table.CellAddress")
    place.Sheet, place.Column, place.Row = where.Sheet, where.StartColumn, where.StartRow
    wanted = translator.to_calc(formula, place)
    present = area.Spreadsheet.ConditionalFormats.getConditionalFormats()
    same = [old for old in present if _has(old, wanted)]
    if sum(_size(part) for old in same for part in _parts(old, where)) == _size(where):
        return
    red = _entry(_by_formula(), wanted, "", _style(document, colour), place)
    behind = [(_parts(old, where), _entries(document, old, wanted)) for old in present]
    _put(document, [where], [red])
    for parts, entries in behind:
        if parts and entries:
            _put(document, parts, [red, *entries])


def _put(document: Any, parts: List[Any], entries: List[Entry]) -> None:
    """Give cells these conditions and no others.

    The newer interface (`createByRange`, `removeByID`) is of no use: LibreOffice 7.4 then leaves
    the cells with the numbers of the old formats.
    """
    cells = _cells(document, parts)
    conditions = cells.ConditionalFormat
    conditions.clear()
    for entry in entries:
        conditions.addNew(entry)
    cells.ConditionalFormat = conditions


def _entries(document: Any, old: Any, but: str) -> List[Entry]:
    """The conditions of a format, in their order, without those of this formula."""
    conditions = _cells(document, old.Range.RangeAddresses).ConditionalFormat
    found = (conditions.getByIndex(number) for number in range(conditions.getCount()))
    return [
        _entry(
            one.getOperator(),
            one.getFormula1(),
            one.getFormula2(),
            one.StyleName,
            one.getSourcePosition(),
        )
        for one in found
        if _bare(one.getFormula1()) != _bare(but)
    ]


def _entry(operator: Any, formula: str, other: str, style: str, place: Any) -> Entry:
    facts = {
        "Operator": operator,
        "Formula1": formula,
        "Formula2": other,
        "StyleName": style,
        "SourcePosition": place,
    }
    entry = []
    for name, value in facts.items():
        one = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        one.Name, one.Value = name, value
        entry.append(one)
    return tuple(entry)


def _by_formula() -> Any:
    return uno.Enum("com.sun.star.sheet.ConditionOperator", "FORMULA")


def _cells(document: Any, parts: Any) -> Any:
    cells = document.createInstance("com.sun.star.sheet.SheetCellRanges")
    for part in parts:
        cells.addRangeAddress(part, False)  # noqa: FBT003 - UNO takes no keywords
    return cells


def _has(old: Any, formula: str) -> bool:
    entries = (old.getByIndex(number) for number in range(old.getCount()))
    return any(
        _bare(entry.Formula1) == _bare(formula)
        for entry in entries
        if entry.getType() == _CONDITION
    )


def _parts(old: Any, where: Any) -> List[Any]:
    """The parts of an area that a format has."""
    parts = []
    for other in old.Range.RangeAddresses:
        part = uno.createUnoStruct("com.sun.star.table.CellRangeAddress")
        part.Sheet = where.Sheet
        part.StartRow = max(where.StartRow, other.StartRow)
        part.EndRow = min(where.EndRow, other.EndRow)
        part.StartColumn = max(where.StartColumn, other.StartColumn)
        part.EndColumn = min(where.EndColumn, other.EndColumn)
        if part.StartRow <= part.EndRow and part.StartColumn <= part.EndColumn:
            parts.append(part)
    return parts


def _size(part: Any) -> int:
    rows = part.EndRow - part.StartRow + 1
    return int(rows * (part.EndColumn - part.StartColumn + 1))


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
            made = styles.getByName(name)
            made.CellBackColor = int(colour[1:], 16)
            made.setParentStyle(_bare_parent(styles))
    return name


def _bare_parent(styles: Any) -> str:
    """A style without font and place; those of the standard style would go over the form's.

    Only LibreOffice's import makes such styles, for the conditional formats of a file.
    """
    for name in styles.ElementNames:
        style = styles.getByName(name)
        states = {style.getPropertyState(item).value for item in _OF_THE_FORM}
        if name.startswith("ConditionalStyle") and "DIRECT_VALUE" not in states:
            return str(name)
    return ""


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
