"""One sheet's XML to its cells, in one pass that calls Python as rarely as it can.

The pass is the cost of reading a workbook, hence its shape: one start handler over local
names, the text collected by ``list.append`` itself, and an end handler only while a value is
open. Nothing is ever allocated by coordinates, and ``<dimension>`` is not looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from xlsx_tools.excel.raw import CELL_KINDS, RawCell
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.workbook_parts import is_true, unescape
from xlsx_tools.excel.xml_part import MAIN, Root, pairs, parse_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.errors import UnusableFileError
    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.raw import RawSheet
    from xlsx_tools.excel.xml_part import Start

_COLUMNS: Final = 16_384
_ROWS: Final = 1_048_576
_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,6}")
_PLAIN_INDEX: Final = re.compile(r"\s*0*([0-9]{1,9})\s*", re.ASCII)
# Elements that follow the cells; what looks like a cell after one of them is none.
_AFTER_CELLS: Final = frozenset(
    re.findall(
        r"\w+",
        "sheetCalcPr sheetProtection protectedRanges scenarios autoFilter sortState "
        "dataConsolidate customSheetViews mergeCells conditionalFormatting dataValidations "
        "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks "
        "customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing "
        "legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts "
        "extLst",
    )
)
# For each tag that holds a value: the tag right before it, and whether that one is closed.
_BEFORE: Final = {
    "v": frozenset({("c", False), ("f", True)}),
    "f": frozenset({("c", False)}),
    "is": frozenset({("c", False)}),
    "t": frozenset({("is", False), ("r", False), ("rPr", True)}),
}
# What that looks like in bytes nearly always, beside the end of a start tag, '">'.
_COMMON_BEFORE: Final = frozenset({b"</f>", b"<is>"})
# RawCell(…) goes through a Python function; this makes the same tuple in half the time.
_new_tuple: Final[Callable[[type[RawCell], tuple[Any, ...]], RawCell]] = tuple.__new__


class _Positions(dict[str, int]):
    """Address to place in reading order: ``(row - 1) * 16384 + column - 1``.

    The same addresses come again in every sheet and file, so known ones are kept, up to a
    bound that no file can push. What is no address of the grid is a KeyError that says why.
    """

    _most: Final = 16_384

    def __missing__(self, address: str) -> int:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise KeyError("写法无效")
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        row = int(found[2])
        if column > _COLUMNS or row > _ROWS:
            raise KeyError("超出表格范围")
        position = (row - 1) * _COLUMNS + column - 1
        if len(self) < self._most:
            self[address] = position
        return position


_POSITIONS: Final = _Positions()


def address_at(position: int) -> str:
    """The address of a place in reading order, counted from 0."""
    row, column = divmod(position, _COLUMNS)
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


class SharedStrings(dict[str, str]):
    """Shared strings by their index as written; an index beyond the last is a KeyError."""

    def __init__(self, strings: list[str]) -> None:
        super().__init__(zip(map(str, range(len(strings))), strings, strict=True))

    def __missing__(self, index: str) -> str:
        found = _PLAIN_INDEX.fullmatch(index)
        if found is None or found[1] == index or found[1] not in self:
            raise KeyError(index)
        return self[found[1]]


def read_cells(
    part: str, data: bytes, sheet: RawSheet, strings: SharedStrings, limits: Limits
) -> None:
    """Fill in everything but the name and state of ``sheet``.

    Raises:
        UnusableFileError: with a ``sheet.*`` or ``xml.*`` code.
    """
    reader = _CellReader(data, sheet, strings, limits)
    parse_part(part, data, Root("worksheet", MAIN), reader.begin, limits)
    if len(sheet.cells) > limits.cells:
        raise refuse("sheet.cells", place=sheet.name, limit=limits.cells)
    sheet.parsed = True


class _CellReader:
    """The handlers of one sheet, and where they are in it.

    ``opened`` is the tag whose text is being collected, ``address`` the cell it belongs to
    (empty: none), ``last`` the position of the latest cell, ``row_end`` the first position
    behind the row (0: outside the cells).
    """

    __slots__ = (
        "address", "cell", "cells", "chunks", "data", "formula", "formula_tag", "guided",
        "in_cells", "inline", "inline_tag", "joined", "kind", "last", "limits", "opened",
        "parser", "prefix", "row", "row_end", "sheet", "strings", "style", "text", "value",
        "valued",
    )  # fmt: skip

    parser: Parser

    def __init__(
        self, data: bytes, sheet: RawSheet, strings: SharedStrings, limits: Limits
    ) -> None:
        self.data, self.sheet, self.strings, self.limits = data, sheet, strings, limits
        self.cells = sheet.cells
        self.chunks: list[str] = []
        self.opened = self.address = self.joined = ""
        self.last, self.row_end = -1, 0
        self.kind, self.style = "n", "0"
        self.formula: str | None = None
        self.valued = self.inline = self.guided = self.in_cells = False

    def begin(self, parser: Parser, prefix: str) -> Start:
        """Set the handlers, now that the prefix of the tags is known."""
        self.parser, self.prefix = parser, prefix
        self.cell, self.value, self.formula_tag, self.row, self.inline_tag, self.text = (
            f"{prefix}{local}" for local in ("c", "v", "f", "row", "is", "t")
        )
        parser.CharacterDataHandler = self.chunks.append
        parser.CommentHandler = parser.ProcessingInstructionHandler = self.refuse_within_cells
        return self.start

    def start(self, tag: str, attributes: list[str]) -> None:
        """Take one start tag: cells and values first, they are nearly all there is."""
        if tag == self.cell:
            size = len(attributes)
            # Excel, WPS, LibreOffice and openpyxl all write r, s, t in this order.
            if size == 6 and attributes[::2] == ["r", "s", "t"]:  # noqa: PLR2004
                _, self.address, _, self.style, _, self.kind = attributes
            elif size == 4 and attributes[0] == "r" and attributes[2] == "s":  # noqa: PLR2004
                _, self.address, _, self.style = attributes
                self.kind = "n"
            else:
                self._take_attributes(pairs(attributes))
            try:
                position = _POSITIONS[self.address]
            except KeyError as error:
                raise self._refuse("sheet.address", error.args[0]) from None
            if not self.last < position < self.row_end:
                raise self._refuse("sheet.order")
            self.last = position
            self.formula = None
            self.valued = self.inline = False
        elif tag == self.value:
            if self.valued or self.kind == "inlineStr":
                raise self._refuse("sheet.cell_value", "值重复或位置有误")
            self.valued = True
            self._open(tag)
        elif tag == self.row:
            self._start_row(attributes)
        elif tag == self.formula_tag:
            self._start_formula(attributes)
        elif tag == self.text:
            if not self.inline:
                raise self._refuse("xml.structure", tag)
            if not self.guided:
                self._open(tag)
        elif tag == self.inline_tag:
            self._start_inline(tag)
        else:
            self._start_other(tag, attributes)

    def end(self, tag: str) -> None:
        """Take the end of a value; set only while one is open."""
        if tag != self.opened:
            raise self._refuse("xml.structure", tag)
        self.parser.EndElementHandler = None
        self.opened = ""
        chunks = self.chunks
        text = "".join(chunks)
        chunks.clear()
        if tag == self.formula_tag:
            self.formula, text = text, ""
        elif self.kind == "s":
            try:
                text = self.strings[text]
            except KeyError:
                raise self._refuse("sheet.string_index") from None
        elif self.kind != "n":
            text = self._take_text(text)
        self.cells[self.address] = _new_tuple(RawCell, (self.kind, text, self.formula, self.style))

    def refuse_within_cells(self, *_: str) -> None:
        """A comment or instruction among the cells: programs differ in what they then read."""
        if self.in_cells:
            raise self._refuse("xml.structure", "单元格之间有注释或指令")

    def _open(self, tag: str) -> None:
        """Begin to collect the text of a value; it must lie directly in its cell."""
        if self.opened or not self.address:
            raise self._refuse("xml.structure", tag)
        if self.chunks:
            self._drop_blanks(tag)
        index = self.parser.CurrentByteIndex
        before = self.data[index - 4 : index]
        if before[2:] != b'">' and before not in _COMMON_BEFORE:
            self._check_parent(tag, index)
        self.opened = tag
        self.parser.EndElementHandler = self.end

    def _drop_blanks(self, tag: str) -> None:
        if "".join(self.chunks).strip():
            raise self._refuse("xml.structure", f"{tag} 之前有多余文字")
        self.chunks.clear()

    def _check_parent(self, tag: str, index: int) -> None:
        """Refuse a value that follows a closed cell instead of lying in it."""
        before = self.data[self.data.rfind(b"<", 0, index) : index].rstrip()
        name = before.strip(b"</>").split(None, 1)[0].decode("utf-8", "replace")
        closed = before.startswith(b"</") or before.endswith(b"/>")
        parents = _BEFORE[tag.removeprefix(self.prefix)]
        if not before.endswith(b">") or (name.removeprefix(self.prefix), closed) not in parents:
            raise self._refuse("xml.structure", f"{tag} 不在单元格内")

    def _take_attributes(self, line: dict[str, str]) -> None:
        self.kind, self.style = line.get("t", "n"), line.get("s", "0")
        self.address = line.get("r") or address_at(self.last + 1)

    def _take_text(self, text: str) -> str:
        if self.kind not in CELL_KINDS:
            raise self._refuse("sheet.cell_type", self.kind)
        if self.inline:
            self.joined += unescape(text)
            return self.joined
        return unescape(text)

    def _start_row(self, attributes: list[str]) -> None:
        line = pairs(attributes)
        number = line.get("r")
        try:
            start = self.row_end if number is None else _POSITIONS[f"A{number}"]
        except KeyError as error:
            raise self._refuse("sheet.address", error.args[0]) from None
        if not self.in_cells or self.opened or not self.row_end <= start < _ROWS * _COLUMNS:
            raise self._refuse("sheet.order")
        if len(self.cells) > self.limits.cells:
            raise refuse("sheet.cells", place=self.sheet.name, limit=self.limits.cells)
        self.last, self.row_end, self.address = start - 1, start + _COLUMNS, ""
        if is_true(line.get("hidden")):
            self.sheet.hidden_rows.add(start // _COLUMNS + 1)

    def _start_formula(self, attributes: list[str]) -> None:
        if self.valued or self.formula is not None or self.kind not in CELL_KINDS:
            raise self._refuse("sheet.cell_value", "公式重复或位置有误")
        if attributes:
            line = pairs(attributes)
            if line.get("t") in ("array", "dataTable"):
                self._keep_range(self.sheet.array_ranges, line.get("ref", self.address))
        self._open(self.formula_tag)

    def _start_other(self, tag: str, attributes: list[str]) -> None:
        local = tag.removeprefix(self.prefix) if tag.startswith(self.prefix) else ""
        if self.opened:
            raise self._refuse("xml.structure", tag)
        if local in ("r", "rPh"):
            self.guided = local == "rPh"
        elif local == "sheetData":
            if self.in_cells or self.row_end:
                raise self._refuse("xml.structure", tag)
            self.in_cells = True
        elif local == "sheetProtection":
            self.sheet.protected = is_true(pairs(attributes).get("sheet"))
        elif local == "mergeCell":
            self._keep_range(self.sheet.merges, pairs(attributes).get("ref", ""))
        elif local == "col":
            self._take_columns(pairs(attributes))
        if local in _AFTER_CELLS:
            self.in_cells, self.address, self.row_end = False, "", -1

    def _start_inline(self, tag: str) -> None:
        """Text within the cell: runs are joined, phonetic guides are left out."""
        if self.valued or self.kind != "inlineStr":
            raise self._refuse("sheet.cell_value", "文字重复或位置有误")
        self._open(tag)
        self.opened, self.parser.EndElementHandler = "", None
        self.valued = self.inline = True
        self.guided, self.joined = False, ""

    def _take_columns(self, line: dict[str, str]) -> None:
        if is_true(line.get("hidden")):
            first, last = line.get("min", ""), line.get("max", "")
            if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(last)):
                raise self._refuse("xml.structure", "列号无效")
            if len(self.sheet.hidden_columns) >= self.limits.ranges:
                raise refuse("sheet.merges", place=self.sheet.name, limit=self.limits.ranges)
            self.sheet.hidden_columns.append((int(first), int(last)))

    def _keep_range(self, ranges: list[str], reference: str) -> None:
        if len(ranges) >= self.limits.ranges:
            raise refuse("sheet.merges", place=self.sheet.name, limit=self.limits.ranges)
        ranges.append(reference)

    def _refuse(self, reason: str, detail: str = "") -> UnusableFileError:
        place = f"{self.sheet.name}!{self.address}" if self.address else self.sheet.name
        return refuse(reason, place=place, detail=detail)
