"""One sheet's part to its cells and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.raw import RawSheet
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.sheet_quick import cut_cells, find_cells
from xlsx_tools.excel.sheet_strict import SheetReader
from xlsx_tools.excel.xml_part import MAIN, Root, parse_part

if TYPE_CHECKING:
    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.shared_strings import SharedStrings

_ROOT: Final = Root("worksheet", MAIN)


def read_sheet(
    part: str,
    data: bytes,
    listed: RawSheet,
    strings: SharedStrings,
    limits: Limits,
) -> RawSheet:
    """Read one worksheet; only the name and state are taken from ``listed``.

    Raises:
        UnusableFileError: with a ``sheet.*`` or ``xml.*`` code.
    """
    sheet = _read_quickly(part, data, listed, strings, limits)
    if sheet is None:
        sheet = RawSheet(listed.name, listed.state, parsed=True)
        parse_part(part, data, _ROOT, SheetReader(sheet, strings, limits).begin, limits)
    if len(sheet.cells) > limits.cells:
        raise refuse("sheet.cells", place=sheet.name, limit=limits.cells)
    if len(sheet.array_ranges) > limits.ranges:
        raise refuse("sheet.ranges", place=sheet.name, limit=limits.ranges)
    return sheet


def _read_quickly(
    part: str, data: bytes, listed: RawSheet, strings: SharedStrings, limits: Limits
) -> RawSheet | None:
    """Cut the cells out of the bytes, and read only what is around them tag by tag."""
    cells = find_cells(data)
    if cells is None:
        return None
    sheet = RawSheet(listed.name, listed.state, parsed=True)
    parse_part(part, data, _ROOT, SheetReader(sheet, strings, limits).begin, limits, quiet=cells)
    if cut_cells(data[cells].decode("utf-8"), sheet, strings, limits.cells):
        return sheet
    return None
