"""The looks of the workbook: fonts of official documents, colours with one meaning each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.dimensions import ColumnDimension

TITLE_FONT, HEAD_FONT, BODY_FONT = "方正小标宋简体", "黑体", "仿宋_GB2312"
FILLS = {
    "input": "FFF9E5",
    "total": "EDEDED",
    "prefilled": "E2EFDA",
    "blank": "FFF2CC",
    "invalid": "F4B084",
    "broken": "FF9999",
    "band": "C6D9F1",
}
_LINE = Side(style="thin", color="000000")
BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
COUNT_FORMAT, MONEY_FORMAT = "0", "General"


def set_default_font(book: Workbook) -> None:
    """The font of cells nobody dressed, and the measure of column widths; refers to no theme."""
    book._named_styles["Normal"].font = Font(name="宋体", size=11, charset=134)  # type: ignore[attr-defined]  # noqa: SLF001 - openpyxl has no other way
    book._fonts[0] = Font(name="宋体", size=11, charset=134)  # type: ignore[attr-defined]  # noqa: SLF001 - the same


def fill_of(name: str) -> PatternFill:
    """A solid fill by meaning."""
    return PatternFill("solid", start_color=FILLS[name], end_color=FILLS[name])


def paint(condition: str, fill: str, *, stop: bool = False) -> Rule:
    """A conditional format: this fill where the formula is true."""
    look = DifferentialStyle(fill=fill_of(fill))
    return Rule(type="expression", formula=[condition], dxf=look, stopIfTrue=stop or None)


def dress(  # noqa: PLR0913 - the facets of one cell's look, all named at each call
    cell: Cell | ColumnDimension,
    *,
    font: str = BODY_FONT,
    size: float = 12,
    bold: bool = False,
    colour: str = "000000",
    fill: str = "",
    box: bool = False,
    across: str = "center",
    up: str = "center",
    unlocked: bool = False,
    number_format: str = "General",
) -> None:
    """Give a cell its look and its lock."""
    cell.font = Font(name=font, size=size, bold=bold, color=colour, charset=134)
    cell.alignment = Alignment(horizontal=across, vertical=up, wrap_text=True)
    if fill:
        cell.fill = fill_of(fill)
    if box:
        cell.border = BOX
    cell.protection = Protection(locked=not unlocked)
    cell.number_format = number_format
