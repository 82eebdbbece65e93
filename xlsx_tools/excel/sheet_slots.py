"""Finds what may change in a sheet's XML as openpyxl writes it: cells, and the rows at its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.excel.cell_content import Blank, render_content
from xlsx_tools.excel.sliced_part import Hole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from xlsx_tools.excel.cell_content import Content

_CELL = re.compile(r"<c ([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_ROW = re.compile(r"<row ([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
_FORMULA = re.compile(r"<f\b[^>]*?(?:/>|>.*?</f>)", re.DOTALL)
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_DIMENSION = re.compile(r'<dimension ref="([A-Z]+)([0-9]+)(?::([A-Z]+)([0-9]+))?" ?/>')
_SHEET_DATA = re.compile(r"<sheetData>.*?</sheetData>", re.DOTALL)
_SHEET_DATA_END = "</sheetData>"
# No cell has such an address.
_TAIL_KEY, _DIMENSION_KEY = "<tail>", "<dimension>"
_SET_BY_TAIL = frozenset({"r", "spans", "ht", "customHeight"})


@dataclass(frozen=True, slots=True)
class TailRow:
    """One generated row at the end of a sheet, with the template's styles column by column.

    Attributes:
        cells: what it holds, by column letter; other columns of the template's row are empty.
        height: in points, where programs start from and may refit; None leaves it to them.
    """

    cells: Mapping[str, Content]
    height: float | None = None


class _Slot(NamedTuple):
    place: str  # for messages
    start_tag: str  # with the template's style, not closed
    formula: str


class _Tail(NamedTuple):
    first: int
    row_attributes: str
    styles: Mapping[str, str]
    corner: str  # first cell of the sheet's dimension
    last_column: str


@dataclass(frozen=True, slots=True)
class SheetSlots:
    """What of one sheet may change, and how it is written.

    Attributes:
        styles: the style attribute of every cell, such as `` s="3"``.
        holes: where the sheet's XML is to be cut.
    """

    name: str
    slots: Mapping[str, _Slot]
    styles: Mapping[str, str]
    tail: _Tail | None
    holes: tuple[Hole, ...]

    def render_cells(self, cells: Mapping[str, Content]) -> dict[str, str]:
        """The XML for each cell's hole.

        Raises:
            IllegalTextError: a text that no workbook can hold.
            ValueError: an address that was not prepared, or a content that does not fit it.
        """
        rendered = {}
        for address, content in cells.items():
            if address not in self.slots:
                raise ValueError(f"{self.name}!{address} was not prepared as a slot")
            place, start_tag, formula = self.slots[address]
            if content.style_of is not None:
                start_tag = f'<c r="{address}"{self._style_of(content.style_of)}'
            rendered[address] = render_content(content, start_tag, formula, place)
        return rendered

    def render_tail(self, rows: Iterable[TailRow]) -> dict[str, str]:
        """The XML for the rows at the end, and for the sheet's dimension, which follows them.

        Raises:
            IllegalTextError: a text that no workbook can hold.
            ValueError: the sheet was prepared without a tail, or a content that does not fit.
        """
        if self.tail is None:
            raise ValueError(f"{self.name} was not prepared with a tail")
        first, corner = self.tail.first, self.tail.corner
        columns, xml = {self.tail.last_column}, []
        for number, row in enumerate(rows, first):
            xml.append(self._render_row(self.tail, number, row))
            columns.update(row.cells)
        last = f"{max(columns, key=_column_order)}{max(first + len(xml) - 1, 1)}"
        return {_TAIL_KEY: "".join(xml), _DIMENSION_KEY: f'<dimension ref="{corner}:{last}"/>'}

    def _render_row(self, tail: _Tail, number: int, row: TailRow) -> str:
        height = "" if row.height is None else f' ht="{row.height:g}"'
        cells, columns = [], tail.styles.keys()
        if not row.cells.keys() <= columns:
            columns = dict.fromkeys(sorted({*columns, *row.cells}, key=_column_order)).keys()
        for column in columns:
            content = row.cells.get(column, Blank())
            style = tail.styles.get(column, "")
            if content.style_of is not None:
                style = self._style_of(content.style_of)
            start_tag = f'<c r="{column}{number}"{style}'
            cells.append(render_content(content, start_tag, "", f"{self.name}!{column}{number}"))
        return f'<row r="{number}"{tail.row_attributes}{height}>{"".join(cells)}</row>'

    def _style_of(self, address: str) -> str:
        if address not in self.styles:
            raise ValueError(f"{self.name}!{address} is no cell of the template")
        return self.styles[address]


def find_slots(
    name: str, xml: str, addresses: Collection[str], first_tail_row: int | None
) -> SheetSlots:
    """Find the cells that may change in a sheet, and its tail if it has one.

    Raises:
        ValueError: one of them is not in the sheet.
    """
    data = _SHEET_DATA.search(xml)
    if data is None:
        raise ValueError(f"{name} has no cells")
    cells = {_attributes(cell[1])["r"]: cell for cell in _CELL.finditer(xml, *data.span())}
    if missing := sorted(set(addresses) - cells.keys()):
        raise ValueError(f"{name} has no cell {', '.join(missing)} in its XML; give it a style")
    styles = {address: _style(cell[1]) for address, cell in cells.items()}
    slots = {
        address: _Slot(
            f"{name}!{address}",
            f'<c r="{address}"{styles[address]}',
            _formula(cells[address]),
        )
        for address in addresses
    }
    holes = tuple(Hole(*cells[address].span(), address) for address in slots)
    if first_tail_row is None:
        return SheetSlots(name, slots, styles, None, holes)
    tail, tail_holes = _find_tail(name, xml, data, first_tail_row)
    return SheetSlots(name, slots, styles, tail, holes + tail_holes)


def _find_tail(
    name: str, xml: str, data: re.Match[str], first: int
) -> tuple[_Tail, tuple[Hole, Hole]]:
    rows = {_attributes(row[1])["r"]: row for row in _ROW.finditer(xml, *data.span())}
    row, dimension = rows.get(str(first)), _DIMENSION.search(xml)
    if row is None or dimension is None:
        raise ValueError(f"{name} has no row {first} in its XML to take the styles from")
    kept = (
        f' {key}="{value}"' for key, value in _attributes(row[1]).items() if key not in _SET_BY_TAIL
    )
    styles = {
        _attributes(cell[1])["r"].rstrip("0123456789"): _style(cell[1])
        for cell in _CELL.finditer(row[2] or "")
    }
    left, top, right, _bottom = dimension.groups()
    tail = _Tail(first, "".join(kept), styles, f"{left}{top}", right or left)
    return tail, (
        Hole(*dimension.span(), _DIMENSION_KEY),
        Hole(row.start(), data.end() - len(_SHEET_DATA_END), _TAIL_KEY),
    )


def _attributes(tag: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag))


def _style(tag: str) -> str:
    index = _attributes(tag).get("s")
    return f' s="{index}"' if index else ""


def _formula(cell: re.Match[str]) -> str:
    found = _FORMULA.search(cell[2] or "")
    return found[0] if found else ""


def _column_order(column: str) -> tuple[int, str]:
    return len(column), column
