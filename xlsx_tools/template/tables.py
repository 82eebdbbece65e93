"""The sheets of the official tables: printed grid, inputs, validations, notes, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from xlsx_tools.excel.address import GRID_TOP, Layout, at, letters
from xlsx_tools.excel.notes import AUTHOR
from xlsx_tools.excel.protection import protect_sheet
from xlsx_tools.excel.styles import (
    COUNT_FORMAT,
    HEAD_FONT,
    MONEY_FORMAT,
    dress,
    paint,
)
from xlsx_tools.template.live import ranges
from xlsx_tools.template.notes import label_notes
from xlsx_tools.template.pages import add_yes_no, set_page

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as ExcelCell
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.forms import Cell, Table
    from xlsx_tools.forms.model import GridCell

_FLAG_LABEL = "本表空白按 0 计（确认空白均为 0 后选“是”）："
_LINE_HEIGHT = 16.0
_SHORT_LABEL = 7
_PROMPTS = {
    "count": "请填写件数；没有发生的填 0。填报说明见行标题的批注。",
    "signed": "请填写增减数，减少用负数；没有变化的填 0。",
    "money": "请填写金额，可填小数；没有发生的填 0。填报说明见行标题的批注。",
}


def build_table(book: Workbook, layout: Layout, table: Table) -> None:
    """One sheet for one official table."""
    sheet = book.create_sheet(table.sheet)
    width = len(table.widths)
    for number, size in enumerate(table.widths, start=1):
        sheet.column_dimensions[letters(number)].width = size
    sheet["A1"] = table.heading
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    dress(sheet["A1"], font=HEAD_FONT, size=16, across="left")
    sheet.row_dimensions[1].height = 34
    sheet["A2"] = _FLAG_LABEL
    sheet.merge_cells(start_row=2, end_row=2, start_column=1, end_column=width - 1)
    dress(sheet["A2"], size=10.5, across="right")
    flag = layout.zero_flag[table.id].address
    dress(sheet[flag], box=True, unlocked=True, fill="input", size=10.5)
    add_yes_no(sheet, layout, flag, "已逐项核对、空白均为 0 时选“是”；否则请逐格填写。")
    draw_grid(sheet, layout, table)
    last = GRID_TOP - 1 + len(table.grid)
    if table.balance:
        last += 1
        _draw_balance(sheet, layout, last)
    _draw_last_year(sheet, layout, table)
    head = 1 + max(
        g.row + g.down - 1
        for row in table.grid[:3]
        for g in row
        if g.piece in ("column", "head") and g.down < len(table.grid) // 2
    )
    if table.balance:
        first_row = GRID_TOP - 1 + head
        sheet.print_title_rows = f"{GRID_TOP}:{first_row - 1}"
        sheet.freeze_panes = f"A{first_row}"
    set_page(sheet, landscape=table.landscape, area=f"A1:{at(width, last)}")
    protect_sheet(sheet)


def draw_grid(sheet: Worksheet, layout: Layout, table: Table) -> None:
    """Print the grid as on paper and make its figures fillable."""
    heights: dict[int, float] = {}
    for grid in (grid for row in table.grid for grid in row):
        _draw_cell(sheet, layout, table, grid)
        room = sum(table.widths[grid.column - 1 : grid.column - 1 + grid.across]) / 2.15
        lines = -(-len(grid.text) // max(int(room), 1)) if grid.text else 1
        if grid.down == 1:
            row = GRID_TOP - 1 + grid.row
            heights[row] = max(heights.get(row, 24.0), lines * _LINE_HEIGHT + 6)
    for row, height in heights.items():
        sheet.row_dimensions[row].height = height
    for note in label_notes(table):
        sheet[note.address].comment = Comment(note.text, AUTHOR, note.height, note.width)
    _add_validations(sheet, layout, table)
    _add_colours(sheet, layout, table)


def _draw_cell(sheet: Worksheet, layout: Layout, table: Table, grid: GridCell) -> None:
    top, left = GRID_TOP - 1 + grid.row, grid.column
    bottom, right = top + grid.down - 1, left + grid.across - 1
    figure = layout.form.by_path.get(grid.path)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            _dress_cell(sheet[at(column, row)], grid, figure, list_like=bool(table.balance))
    cell = sheet[at(left, top)]
    if figure is None:
        cell.value = grid.text
    if (top, left) != (bottom, right):
        sheet.merge_cells(start_row=top, end_row=bottom, start_column=left, end_column=right)


def _dress_cell(cell: ExcelCell, grid: GridCell, figure: Cell | None, *, list_like: bool) -> None:
    if figure is None:
        is_label = grid.piece == "row" and list_like
        is_long = grid.piece == "head" and len(grid.text) > _SHORT_LABEL
        across = "left" if grid.piece == "band" or is_label or is_long else "center"
        dress(cell, size=11, box=True, across=across, fill="band" if grid.piece == "band" else "")
        return
    fmt = MONEY_FORMAT if figure.kind == "money" else COUNT_FORMAT
    fill = "total" if figure.total else "input"
    dress(cell, size=11, box=True, fill=fill, unlocked=not figure.total, number_format=fmt)


def _draw_balance(sheet: Worksheet, layout: Layout, row: int) -> None:
    columns = [spot.address for spot in layout.balance.values() if spot.sheet == sheet.title]
    first = min(int(sheet[address].column) for address in columns)
    sheet[f"A{row}"] = "收办平衡（第一项＋第二项＝第三项＋第四项）"
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=first - 1)
    dress(sheet[f"A{row}"], size=10.5, across="left", colour="595959")
    for address in columns:
        dress(sheet[address], size=12, bold=True)
    sheet.row_dimensions[row].height = 22
    for mark, colour in (("✓", "prefilled"), ("✗", "broken")):
        area = f"{columns[0]}:{columns[-1]}"
        rule = paint(f'{columns[0]}="{mark}"', colour)
        sheet.conditional_formatting.add(area, rule)


def last_year_spots(layout: Layout, table: Table) -> dict[int, str]:
    """Where last year's figures are shown beside a table (outside the printed area)."""
    column = len(table.widths) + 2
    return {
        index: at(column, int("".join(filter(str.isdigit, layout.figure[index].address))))
        for path in table.beside_last_year
        for index in [layout.form.by_path[f"{table.id}.{path}"].index]
    }


def _draw_last_year(sheet: Worksheet, layout: Layout, table: Table) -> None:
    spots = last_year_spots(layout, table)
    if not spots:
        return
    index, first = next(iter(spots.items()))
    label = table.columns[layout.form.cells[index].column].label
    column = first.rstrip("0123456789")
    head = sheet[f"{column}{int(first[len(column) :]) - 1}"]
    head.value = f"上年{label}（供对照）"
    dress(head, size=10.5, box=True, colour="595959")
    sheet.column_dimensions[column].width = 20
    for address in spots.values():
        dress(sheet[address], size=11, box=True, fill="prefilled")


def _add_validations(sheet: Worksheet, layout: Layout, table: Table) -> None:
    """One validation for each kind of figure; what a row counts stands in its label's note."""
    for kind, cells in _inputs_by_kind(layout, table).items():
        rule = _validation(kind)
        rule.promptTitle, rule.prompt = table.name, _PROMPTS[kind]
        rule.showErrorMessage = rule.showInputMessage = True
        for area in ranges(cells):
            rule.add(area)
        sheet.add_data_validation(rule)


def _inputs_by_kind(layout: Layout, table: Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cell in layout.form.cells_of[table.id]:
        if not cell.total:
            found.setdefault(cell.kind, []).append(layout.figure[cell.index].address)
    return found


def _validation(kind: str) -> DataValidation:
    if kind == "money":
        rule = DataValidation(
            type="decimal", operator="between", formula1="0", formula2="9999999990000"
        )
        rule.error = "请填写不小于 0 的金额，不带单位和文字；没有发生的填 0。"
    else:
        least = "-999999999" if kind == "signed" else "0"
        rule = DataValidation(
            type="whole", operator="between", formula1=least, formula2="999999999"
        )
        rule.error = "请填写整数" if kind == "signed" else "请填写不小于 0 的整数"
        rule.error += "，不带单位和文字；没有发生的填 0。"
    rule.errorTitle, rule.allow_blank = "填写有误", True
    return rule


def _add_colours(sheet: Worksheet, layout: Layout, table: Table) -> None:
    """Blank and unfit cells show themselves (formulas of this sheet only)."""
    flag = layout.zero_flag.get(table.id)
    yes = layout.form.text("answers", "yes")
    for kind, addresses in _inputs_by_kind(layout, table).items():
        x = addresses[0]
        fit = f"ROUND({x},6)={x}" if kind == "money" else f"INT({x})={x}"
        least = "TRUE" if kind == "signed" else f"{x}>=0"
        unfit = f"AND(LEN(TRIM({x}))>0,IF(ISNUMBER({x}),NOT(AND({least},{fit})),TRUE))"
        declared = "" if flag is None else f',{_fixed(flag.address)}<>"{yes}"'
        area = " ".join(ranges(addresses))
        for formula, fill in ((unfit, "invalid"), (f"AND(LEN(TRIM({x}))=0{declared})", "blank")):
            rule = paint(formula, fill, stop=True)
            sheet.conditional_formatting.add(area, rule)


def _fixed(address: str) -> str:
    name = address.rstrip("0123456789")
    return f"${name}${address[len(name) :]}"


def add_donor(sheet: Worksheet, address: str) -> None:
    """A cell outside the page whose style figures carried over from last year take."""
    dress(sheet[address], size=11, box=True, fill="prefilled", number_format=COUNT_FORMAT)
