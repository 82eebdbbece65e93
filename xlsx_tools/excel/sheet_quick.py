"""The cells of a sheet in the shape that all usual programs write, cut out by one pattern.

Calling Python at every tag is most of the cost of an XML pass. Here expat only proves that
the part is well-formed, and a pattern takes the cells out of the bytes. It either accounts for
every single character between ``<sheetData>`` and ``</sheetData>``, or the part is left to the
exact reader in ``sheet_strict``; so do all parts with anything wrong in them, because that
reader knows what to say. Tests hold the two to the same answers.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from xlsx_tools.excel.grid import COLUMNS, POSITIONS
from xlsx_tools.excel.raw import RawCell
from xlsx_tools.excel.shared_strings import unescape
from xlsx_tools.excel.xml_part import decode_text, decode_texts, has_only_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsx_tools.excel.raw import RawSheet
    from xlsx_tools.excel.shared_strings import SharedStrings

_OPENING: Final = b"<sheetData>"
_CLOSING: Final = b"</sheetData>"
_BLOCK: Final = 1024 * 1024  # all tokens of a large sheet at once would take too much memory

# address, style, then: inline text | type, formula tag, formula, value; row; anything else.
# "(?:x|)" instead of "(?:x)?" makes it twice as fast.
_TOKEN: Final = re.compile(
    r'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: s="([0-9]+)"|)'
    r'(?:/>| t="inlineStr"><is><t(?: xml:space="preserve"|)>([^<]*)</t></is></c>'
    r'|(?: t="(n|s|b|e|str|d)"|)(?:/>'
    r"|>(?:(<f(?: [^<>]*|)>)(?:([^<]*)</f>|)|)(?:<v>([^<&\r]*)</v>|<v/>|)</c>))"
    r'|<(/row|row r="[0-9]{1,7}"[^<>]*)>'
    r"|([\s\S])"
)
_ATTRIBUTE: Final = re.compile(r' ([\w:]+)="([^"&<]*)"')
# RawCell(…) goes through a Python function; this makes the same tuple in half the time.
_new_cell: Final[Callable[[type[RawCell], tuple[Any, ...]], RawCell]] = tuple.__new__


def find_cells(data: bytes) -> slice | None:
    """The bytes between the only ``<sheetData>`` and its end, if they can be told for sure.

    What is between them need not be looked at: the pattern does not match a comment, a CDATA
    section or a second ``<sheetData>``.
    """
    start = data.find(_OPENING) + len(_OPENING)
    end = data.find(_CLOSING, start)
    if start < len(_OPENING) or end < 0 or not has_only_tags(data[:start]):
        return None
    tail = data[end + len(_CLOSING) :]
    return None if b"sheetData" in tail or not has_only_tags(tail) else slice(start, end)


# One function: a call for each cell would be the larger part of its cost.
def cut_cells(  # noqa: C901, PLR0912
    text: str, sheet: RawSheet, strings: SharedStrings, most: int
) -> bool:
    """Fill in cells, hidden rows and array ranges; False if anything is unusual.

    Nothing in ``sheet`` is to be used when this is False.
    """
    cells, new, positions = sheet.cells, _new_cell, POSITIONS
    last = row_end = end_before = 0
    formula: str | None
    coded: list[str] = []
    try:
        tokens = chain.from_iterable(map(_TOKEN.findall, _cut_rows(text)))
        for address, style, inline, kind, tag, source, value, row, junk in tokens:
            if address:
                position = positions[address]
                if not last <= position < row_end:
                    return False
                last = position + 1
                formula = None
                if tag:
                    formula = decode_text(source)
                    if tag != "<f>" and not _take_formula_tag(tag, sheet):
                        return False
                elif not value and not inline:
                    continue
                if kind == "s":
                    value = strings[value] if value else ""  # noqa: PLW2901
                elif kind == "str":
                    value = unescape(value)  # noqa: PLW2901
                elif inline:
                    kind, value = "inlineStr", inline  # noqa: PLW2901
                    if "&" in inline or "\r" in inline or "_x" in inline:
                        coded.append(address)
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
    if coded:
        _decode_cells(cells, coded)
    return True


def _cut_rows(text: str) -> Iterator[str]:
    """The text in blocks of whole rows."""
    start = 0
    while len(text) - start > _BLOCK and (end := text.find("<row ", start + _BLOCK)) > 0:
        yield text[start:end]
        start = end
    yield text[start:]


def _decode_cells(cells: dict[str, RawCell], coded: list[str]) -> None:
    texts = decode_texts([cells[address].text for address in coded])
    for address, text in zip(coded, texts, strict=True):
        kind, _, formula, style = cells[address]
        cells[address] = _new_cell(RawCell, (kind, unescape(text), formula, style))


def _row_start(row: str, sheet: RawSheet) -> int:
    """The position of the first cell of a row; any doubt is a KeyError."""
    number, _, rest = row.removeprefix('row r="').partition('"')
    if "hidden" in rest and ' hidden="false"' not in rest:
        hidden = dict(_ATTRIBUTE.findall(rest)).get("hidden")
        if hidden in {"1", "true"}:
            sheet.hidden_rows.add(int(number))
        elif hidden is not None:
            raise KeyError(row)
    if "'" in rest or "&" in rest:
        raise KeyError(row)
    return POSITIONS[f"A{number}"]


def _take_formula_tag(tag: str, sheet: RawSheet) -> bool:
    if "'" in tag or "&" in tag:
        return False
    attributes = dict(_ATTRIBUTE.findall(tag))
    if attributes.get("t") in ("array", "dataTable"):
        sheet.array_ranges.append(attributes.get("ref", ""))
    return True
