"""A long table in a workbook that is written row by row: nothing in it is ever a formula."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart

from xlsx_tools.excel.address import letters
from xlsx_tools.excel.styles import FILLS
from xlsx_tools.report.cell_text import cell_text, width_of
from xlsx_tools.template.pages import set_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS = 1_048_576
"""So many rows a sheet has, the heading among them."""
_FONT, _SIZE = "宋体", 10
_LINE_HEIGHT, _MARGIN, _HIGHEST = 13.0, 4.0, 409.0  # points; Excel has no higher row
_LINE = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
SHADES = {
    "right": FILLS["prefilled"],
    "explained": "DDEBF7",
    "hint": FILLS["input"],
    "affected": FILLS["total"],
    "open": "F8D3CD",
    "doubt": FILLS["blank"],
    "refused": "F6C9A8",
    "head": "D9E2EC",
}
"""What the colours of a cell say; each stands beside the words, never alone."""


class Shaded(NamedTuple):
    """A text on a colour of `SHADES`."""

    text: str
    shade: str


Content = str | int | Decimal | Shaded | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in letters, and whether its text stands in the middle."""

    heading: str
    width: float
    centred: bool = False


class Pen:
    """Makes cells; each look is put together once and then shared."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._looks: dict[tuple[str, bool, bool], Cell] = {}

    def write(self, content: Content, *, centred: bool = False, bold: bool = False) -> Cell:
        """A number as a number; any text as text, whatever it starts with."""
        shade, text = "", content
        if isinstance(content, Shaded):
            text, shade = content
        cell = WriteOnlyCell(self._sheet)
        look = self._look(shade, centred=centred, bold=bold)
        cell._style = look._style  # type: ignore[attr-defined]  # noqa: SLF001 - a copy a cell is slow
        if isinstance(text, str):
            if text:
                cell.value = cell_text(text)
                cell.data_type = "s"
        elif isinstance(text, int | Decimal):
            cell.value = text
        return cell

    def write_plain(self, text: str, *, size: float = 0, wrapped: bool = False) -> Cell:
        """Words outside any table."""
        cell = WriteOnlyCell(self._sheet, cell_text(text))
        cell.data_type = "s"
        cell.font = Font(name=_FONT, size=size or _SIZE, bold=bool(size), charset=134)
        cell.alignment = Alignment(vertical="center", wrap_text=wrapped)
        cell.quotePrefix = True
        return cell

    def _look(self, shade: str, *, centred: bool, bold: bool) -> Cell:
        key = shade, centred, bold
        if key not in self._looks:
            cell = self._looks[key] = WriteOnlyCell(self._sheet)
            cell.font = Font(name=_FONT, size=_SIZE, bold=bold, charset=134)
            across = "center" if centred else None
            cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
            cell.border = _BOX
            cell.quotePrefix = True  # editing keeps it a text
            if shade:
                cell.fill = PatternFill("solid", start_color=SHADES[shade])
        return self._looks[key]


class TableSheet:
    """One sheet with a heading row, a filter and as many rows as a sheet can hold."""

    def __init__(
        self, book: Workbook, title: str, columns: Sequence[Column], *, most: int = MOST_ROWS
    ) -> None:
        self._sheet: Worksheet = book.create_sheet(title)
        self._columns, self._most = columns, most
        self._rows, self._left_out = 0, 0
        for number, column in enumerate(columns, start=1):
            self._sheet.column_dimensions[letters(number)].width = column.width
        set_page(self._sheet, landscape=True)
        self._sheet.freeze_panes = "B2"
        self._sheet.print_title_rows = "1:1"
        self._sheet.oddHeader = HeaderFooterItem(center=_HeaderFooterPart(text="&A"))
        self._pen = Pen(self._sheet)
        self._append([Shaded(column.heading, "head") for column in columns], bold=True)

    def add(self, row: Sequence[Content]) -> None:
        """One more row; those that no longer fit are counted."""
        if self._rows >= self._most - 1:
            self._left_out += 1
        else:
            self._append(row)

    def finish(self) -> None:
        """Say what is not here, and set the filter; nothing can be added afterwards."""
        area = f"A1:{letters(len(self._columns))}{self._rows}"
        if self._rows == 1:
            self._append(["无", *[""] * (len(self._columns) - 1)])
        if self._left_out:
            said = f"另有 {self._left_out} 行超过一张工作表的容量，没有列出。"
            self._append([said, *[""] * (len(self._columns) - 1)])
        self._sheet.auto_filter.ref = area

    def _append(self, row: Sequence[Content], *, bold: bool = False) -> None:
        pairs = list(zip(self._columns, row, strict=True))
        write, number = self._pen.write, self._rows + 1
        lines = max(_lines(found, column.width) for column, found in pairs)
        dimensions = self._sheet.row_dimensions
        dimensions[number].height = min(lines * _LINE_HEIGHT + _MARGIN, _HIGHEST)
        self._sheet.append(
            [write(found, centred=bold or column.centred, bold=bold) for column, found in pairs]
        )
        del dimensions[number]  # it is written, and there may be a million
        self._rows += 1


def _lines(content: Content, width: float) -> int:
    """How many lines a cell needs; LibreOffice would show one."""
    text = content.text if isinstance(content, Shaded) else content
    if not isinstance(text, str) or not text:
        return 1
    room = max(int(width) - 1, 1)
    return sum(max(-(-width_of(line) // room), 1) for line in text.split("\n"))
