"""The notes on the labels of the official tables: what each row and column counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.address import GRID_TOP, at
from xlsx_tools.excel.notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.forms import Table
    from xlsx_tools.forms.model import GridCell


def label_notes(table: Table) -> Iterator[Note]:
    """The note of each label; a label printed several times carries it once."""
    told: set[tuple[str, str]] = set()
    for grid in (grid for row in table.grid for grid in row):
        key = grid.piece, grid.line
        text = _note(table, grid)
        if text and key not in told:
            yield Note(at(grid.column, GRID_TOP - 1 + grid.row), text)
        told.add(key)


def _note(table: Table, grid: GridCell) -> str:
    lines = table.rows if grid.piece == "row" else table.columns
    return lines[grid.line].note if grid.line and not grid.path else ""
