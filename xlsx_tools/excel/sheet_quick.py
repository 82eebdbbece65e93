"""The cells of a sheet in the shape that all usual programs write, cut out by one pattern.

Calling Python at every tag is most of the cost of an XML pass. Here expat only proves that
the part is well-formed, and a pattern takes the cells out of the bytes. It either accounts for
every single character between ``<sheetData>`` and ``</sheetData>``, or the part is left to the
exact reader in ``sheet_strict``; so do all parts with anything wrong in them, because that
reader knows what to say. Tests hold the two to the same answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from xlsx_tools.excel.grid import COLUMNS, POSITIONS
from xlsx_tools.excel.raw import RawCell
from xlsx_tools.excel.shared_strings import unescape
from xlsx_tools.excel.xml_part import decode_text, has_only_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlsx_tools.excel.raw import RawSheet
    from xlsx_tools.excel.shared_strings import SharedStrings

_OPENING: Final = b"<sheetData>"
_CLOSING: Final = b"</sheetData>"

# address, style, then: inline text | type, formula tag, formula, value; row; anything else.
_TOKEN: Final = re.compile(
    r'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: s="([0-9]+)")?'
    r'(?:/>| t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>'
    r'|(?: t="(n|s|b|e|str|d)")?(?:/>'
    r"|>(?:(<f(?: [^<>]*)?>)(?:([^<]*)</f>)?)?(?:<v>([^<]*)</v>|<v/>)?</c>))"
    r'|<(/row|row r="[0-9]{1,7}"[^<>]*)>'
    r"|([\s\S])"
)
_ATTRIBUTE: Final = re.compile(r' ([\w:]+)="([^"&<]*)"')
# RawCell(…) goes through a Python function; this makes the same tuple in half the time.
_new_cell: Final[Callable[[type[RawCell], tuple[Any, ...]], RawCell]] = tuple.__new__


def find_cells(data: bytes) -> slice | None:
    """The bytes between the only ``<sheetData>`` and its end, if they could be cut up."""
    start = data.find(_OPENING) + len(_OPENING)
    end = data.find(_CLOSING, start)
    if start < len(_OPENING) or end < 0 or not has_only_tags(data):
        return None
    # More of either, whatever its prefix, is for the exact reader to judge.
    if data.find(b"sheetData", end + len(_CLOSING)) >= 0 or data.find(b"sheetData", start) < end:
        return None
    return slice(start, end)


def cut_cells(text: str, sheet: RawSheet, strings: SharedStrings, most: int) -> bool:
    """Fill in cells, hidden rows and array ranges; False if anything is unusual.

    Nothing in ``sheet`` is to be used when this is False.
    """
    cells, new, positions = sheet.cells, _new_cell, POSITIONS
    last = row_end = end_before = 0
    formula: str | None
    try:
        for address, style, inline, kind, tag, source, value, row, junk in _TOKEN.findall(text):
            if address:
                position = positions[address]
                if not last <= position < row_end:
                    return False
                last = position + 1
                formula = None
                if tag:
                    formula = decode_text(source)
                    if tag != "<f>" and not _take_formula_tag(tag, address, sheet):
                        return False
                elif not value and not inline:
                    continue
                if kind == "s":
                    value = strings[value] if value else ""  # noqa: PLW2901
                elif inline:
                    kind, value = "inlineStr", unescape(decode_text(inline))  # noqa: PLW2901
                elif kind == "str":
                    value = unescape(decode_text(value))  # noqa: PLW2901
                elif "&" in value or "\r" in value:
                    value = decode_text(value)  # noqa: PLW2901
                if value or formula is not None:
                    cells[address] = new(RawCell, (kind or "n", value, formula, style or "0"))
            elif junk or len(cells) > most:
                return False
            elif row == "/row":
                row_end = 0
            else:
                last = _row_start(row, sheet)
                if last < end_before:
                    return False
                end_before = last + COLUMNS
                row_end = 0 if row.endswith("/") else end_before
    except KeyError:
        return False
    return True


def _row_start(row: str, sheet: RawSheet) -> int:
    """The position of the first cell of a row; any doubt is a KeyError."""
    number, _, rest = row.removeprefix('row r="').partition('"')
    if "hidden" in rest and ' hidden="false"' not in rest:
        attributes = dict(_ATTRIBUTE.findall(rest))
        if attributes.get("hidden") not in ("1", "true", "0", None) or "'" in rest:
            raise KeyError(row)
        if attributes.get("hidden") in ("1", "true"):
            sheet.hidden_rows.add(int(number))
    return POSITIONS[f"A{number}"]


def _take_formula_tag(tag: str, address: str, sheet: RawSheet) -> bool:
    if "'" in tag or "&" in tag:
        return False
    attributes = dict(_ATTRIBUTE.findall(tag))
    if attributes.get("t") in ("array", "dataTable"):
        sheet.array_ranges.append(attributes.get("ref", address))
    return True
