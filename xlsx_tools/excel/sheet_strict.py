"""The cells of a sheet of any legal shape, read tag by tag; the rest of every sheet, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar, cast

from xlsx_tools.excel.grid import COLUMNS, POSITIONS, ROWS, address_at
from xlsx_tools.excel.raw import CELL_KINDS, RawCell
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.shared_strings import unescape
from xlsx_tools.excel.xml_part import is_true, pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.errors import UnusableFileError
    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.raw import CellKind, RawSheet
    from xlsx_tools.excel.shared_strings import SharedStrings
    from xlsx_tools.excel.xml_part import Start

_Range = TypeVar("_Range", str, tuple[int, int])
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,6}")
# Where a tag that we use may stand. Anywhere else programs differ in what they make of it.
_PARENTS: Final = {
    "sheetData": ("worksheet",),
    "sheetProtection": ("worksheet",),
    "mergeCell": ("mergeCells",),
    "col": ("cols",),
    "row": ("sheetData",),
    "c": ("row",),
    "v": ("c",),
    "f": ("c",),
    "is": ("c",),
    "r": ("is",),
    "rPh": ("is",),
    "t": ("is", "r", "rPh"),
}
_TEXT_TAGS: Final = ("v", "f", "t")
_BARE_TAGS: Final = ("sheetData", "row", "c", "is", "r", "rPh")


class SheetReader:
    """The handlers of one sheet, and where they are in it.

    ``path`` holds the open tags, ``known`` the parents and the local name of each tag we use,
    ``address`` the latest cell if it has one written, ``last`` its position, ``row_end`` the
    first position behind its row.
    """

    def __init__(self, sheet: RawSheet, strings: SharedStrings, limits: Limits) -> None:
        self.sheet, self.strings, self.limits = sheet, strings, limits
        self.chunks: list[str] = []
        self.path: list[str] = []
        self.known: dict[str, tuple[tuple[str, ...], str]] = {}
        self.address = self.style = self.kind = ""
        self.last, self.row_end = -1, 0
        self.data_seen = self.in_text = False
        self.formula: str | None = None
        self.value: str | None = None
        self.actions: dict[str, Callable[[dict[str, str]], None]] = {
            "sheetData": self._start_data,
            "row": self._start_row,
            "c": self._start_cell,
            "v": self._start_value,
            "is": self._start_inline,
            "f": self._start_formula,
            "sheetProtection": self._take_protection,
            "mergeCell": self._take_merge,
            "col": self._take_columns,
        }

    def begin(self, parser: Parser, prefix: str) -> Start:
        """Set the handlers, now that the prefix of the tags is known."""
        self.known = {
            f"{prefix}{local}": (tuple(f"{prefix}{parent}" for parent in parents), local)
            for local, parents in _PARENTS.items()
        }
        self.path = [f"{prefix}worksheet"]
        parser.CharacterDataHandler = self.chunks.append
        parser.EndElementHandler = self.end
        parser.CommentHandler = parser.ProcessingInstructionHandler = self.refuse_within_cells
        return self.start

    def start(self, tag: str, attributes: list[str]) -> None:
        """Take one start tag."""
        parent = self.path[-1]
        if self.in_text:
            raise self._refuse("xml.structure", tag)
        if self.chunks:
            self._drop_blanks(parent)
        self.path.append(tag)
        if tag not in self.known:
            return
        parents, local = self.known[tag]
        if parent not in parents:
            raise self._refuse("xml.structure", tag)
        self.in_text = local in _TEXT_TAGS
        if local in self.actions:
            self.actions[local](pairs(attributes))

    def end(self, _tag: str) -> None:
        """Take one end tag."""
        tag = self.path.pop()
        if self.in_text:
            self.in_text = False
            self._take_text(self.known[tag][1], "".join(self.chunks))
            self.chunks.clear()
            return
        if self.chunks:
            self._drop_blanks(tag)
        if tag in self.known and self.known[tag][1] == "c":
            self._end_cell()

    def _take_text(self, local: str, text: str) -> None:
        if local == "f":
            self.formula = text
        elif local == "v":
            self.value = self._value_of(text)
        elif self.known[self.path[-1]][1] != "rPh":
            self.value = f"{self.value or ''}{unescape(text)}"

    def refuse_within_cells(self, *_: str) -> None:
        """A comment or instruction among the cells: programs differ in what they then read."""
        if any(self.known.get(tag, ((), ""))[1] == "sheetData" for tag in self.path[1:2]):
            raise self._refuse("xml.structure", "单元格之间有注释或指令")

    def _drop_blanks(self, parent: str) -> None:
        bare = parent in self.known and self.known[parent][1] in _BARE_TAGS
        if bare and "".join(self.chunks).strip(" \t\r\n"):
            raise self._refuse("xml.structure", f"{parent} 中有多余文字")
        self.chunks.clear()

    def _start_data(self, _line: dict[str, str]) -> None:
        if self.data_seen:
            raise self._refuse("xml.structure", "sheetData 重复")
        self.data_seen = True

    def _start_row(self, line: dict[str, str]) -> None:
        self.address = ""
        number = line.get("r")
        try:
            start = self.row_end if number is None else POSITIONS[f"A{number}"]
        except KeyError as error:
            raise self._refuse("sheet.address", error.args[0]) from None
        if not self.row_end <= start < ROWS * COLUMNS:
            raise self._refuse("sheet.order")
        if len(self.sheet.cells) > self.limits.cells:
            raise refuse("sheet.cells", place=self.sheet.name, limit=self.limits.cells)
        self.last, self.row_end = start - 1, start + COLUMNS
        if is_true(line.get("hidden")):
            self.sheet.hidden_rows.add(start // COLUMNS + 1)

    def _start_cell(self, line: dict[str, str]) -> None:
        self.address = line.get("r", "")
        try:
            position = POSITIONS[line["r"]] if "r" in line else self.last + 1
        except KeyError as error:
            raise self._refuse("sheet.address", error.args[0]) from None
        if not self.last < position < self.row_end:
            raise self._refuse("sheet.order")
        self.last = position
        self.kind, self.style = line.get("t", "n"), line.get("s", "0")
        if self.kind not in CELL_KINDS:
            raise self._refuse("sheet.cell_type", self.kind)
        self.formula = self.value = None

    def _start_value(self, _line: dict[str, str]) -> None:
        if self.value is not None or self.kind == "inlineStr":
            raise self._refuse("sheet.cell_value", "值重复或位置有误")

    def _start_inline(self, _line: dict[str, str]) -> None:
        if self.value is not None or self.kind != "inlineStr":
            raise self._refuse("sheet.cell_value", "文字重复或位置有误")
        self.value = ""

    def _start_formula(self, line: dict[str, str]) -> None:
        if self.value is not None or self.formula is not None:
            raise self._refuse("sheet.cell_value", "公式重复或位置有误")
        if line.get("t") in ("array", "dataTable"):
            self._keep_range(self.sheet.array_ranges, line.get("ref", ""))

    def _value_of(self, text: str) -> str:
        if self.kind == "s" and text:
            try:
                return self.strings[text]
            except KeyError:
                raise self._refuse("sheet.string_index") from None
        return unescape(text) if self.kind == "str" else text

    def _end_cell(self) -> None:
        if self.value or self.formula is not None:
            kind = cast("CellKind", self.kind)
            cell = RawCell(kind, self.value or "", self.formula, self.style)
            self.sheet.cells[self.address or address_at(self.last)] = cell

    def _take_protection(self, line: dict[str, str]) -> None:
        self.sheet.protected = is_true(line.get("sheet"))

    def _take_merge(self, line: dict[str, str]) -> None:
        self._keep_range(self.sheet.merges, line.get("ref", ""))

    def _take_columns(self, line: dict[str, str]) -> None:
        if is_true(line.get("hidden")):
            first, last = line.get("min", ""), line.get("max", "")
            if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(last)):
                raise self._refuse("xml.structure", "列号无效")
            self._keep_range(self.sheet.hidden_columns, (int(first), int(last)))

    def _keep_range(self, ranges: list[_Range], found: _Range) -> None:
        if len(ranges) >= self.limits.ranges:
            raise refuse("sheet.ranges", place=self.sheet.name, limit=self.limits.ranges)
        ranges.append(found)

    def _refuse(self, reason: str, detail: str = "") -> UnusableFileError:
        place = f"{self.sheet.name}!{self.address}" if self.address else self.sheet.name
        return refuse(reason, place=place, detail=detail)
