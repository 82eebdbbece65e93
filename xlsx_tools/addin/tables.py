"""Rows of contents → an open sheet: values in one block, formulas in runs down a column."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from xlsx_tools.excel.cell_content import Formula, Number, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xlwings

    from xlsx_tools.excel.cell_content import Content

    Row = Mapping[str, Content]
    """The cells of a row by the letter of their column."""


def write_rows(sheet: xlwings.Sheet, top: int, columns: str, rows: Sequence[Row]) -> None:
    """Fill the columns from row `top` downwards; what is not in a row becomes blank."""
    if not rows:
        return
    block = [[_value_of(row.get(column)) for column in columns] for row in rows]
    sheet.range((top, 1), (top + len(rows) - 1, len(columns))).raw_value = block
    for number, column in enumerate(columns, start=1):
        for start, run in _runs([_formula_of(row.get(column)) for row in rows]):
            first = top + start
            sheet.range((first, number), (first + len(run) - 1, number)).formula = run


def _value_of(content: Content | None) -> str | int | float | None:
    match content:
        case Text(text):
            return text
        case Number(text):
            number = Decimal(text)
            return int(number) if number == number.to_integral_value() else float(number)
        case _:
            return None


def _formula_of(content: Content | None) -> str | None:
    return f"={content.formula}" if isinstance(content, Formula) else None


def _runs(cells: Sequence[str | None]) -> list[tuple[int, list[list[str]]]]:
    """The formulas that stand one below the other, with where each run begins."""
    runs: list[tuple[int, list[list[str]]]] = []
    for place, cell in enumerate(cells):
        if cell is None:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == place:
            runs[-1][1].append([cell])
        else:
            runs.append((place, [[cell]]))
    return runs
