"""Places the printed cells of a table, and finds which groups a line stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.model import FLAT_COLUMN, Cell, GridCell, Piece, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

Data = dict[str, Any]
Grid = tuple[tuple[GridCell, ...], ...]
_PIECES: tuple[Piece, ...] = ("band", "head", "group", "row", "column", "cell")


def lay_out(table: Table, rows: list[list[Data]]) -> Grid:
    """Place printed cells as HTML does: a cell that reaches down pushes later ones right.

    Raises:
        FormFileError: printed cells overlap or leave a gap, or a name is not defined.
    """
    taken: set[tuple[int, int]] = set()
    grid = []
    for number, raw_row in enumerate(rows, start=1):
        placed, column = [], 1
        for raw in _expand(table, raw_row):
            while (number, column) in taken:
                column += 1
            cell = _grid_cell(table, raw, number, column)
            spot = _spot(cell)
            if spot & taken:
                near = _as_written(raw)
                raise FormFileError("", f"{table.id}: printed cells overlap at {near}", near=near)
            taken |= spot
            placed.append(cell)
        grid.append(tuple(placed))
    _require_rectangle(table, taken, len(rows))
    return tuple(grid)


def _spot(cell: GridCell) -> set[tuple[int, int]]:
    return {
        (cell.row + down, cell.column + across)
        for down in range(cell.down)
        for across in range(cell.across)
    }


def _require_rectangle(table: Table, taken: set[tuple[int, int]], height: int) -> None:
    wanted = {
        (row, column + 1) for row in range(1, height + 1) for column in range(len(table.widths))
    }
    if taken != wanted:
        row, column = min(taken ^ wanted)
        reason = f"{table.id}: the grid is not a full rectangle at row {row}, column {column}"
        raise FormFileError("", reason, near=f"[tables.{table.id}]")


def _expand(table: Table, raw_row: list[Data]) -> Iterator[Data]:
    for raw in raw_row:
        if "cells" not in raw:
            yield raw
            continue
        row = raw["cells"]
        if row not in table.rows:
            raise FormFileError("", f"{table.id}: no row {row}", near=f'cells = "{row}"')
        yield from ({"cell": f"{row}.{column}"} for column in table.columns)


def _as_written(raw: Data) -> str:
    return next((f'{key} = "{raw[key]}"' for key in _PIECES if key in raw), "")


def _grid_cell(table: Table, raw: Data, row: int, column: int) -> GridCell:
    piece = next((name for name in _PIECES if name in raw), None)
    if piece is None:
        raise FormFileError("", f"{table.id}: a printed cell of no known piece: {raw}")
    name = raw[piece]
    text, line, path = name, "", ""
    if piece in ("row", "column"):
        lines = table.rows if piece == "row" else table.columns
        if name not in lines:
            raise FormFileError("", f"{table.id}: no {piece} {name}", near=_as_written(raw))
        text, line = lines[name].label, name
    elif piece == "cell":
        text, path = "", f"{table.id}.{name}"
    across, down = raw.get("across", 1), raw.get("down", 1)
    return GridCell(piece, text, row, column, across, down, line, path)


def build_cells(table: Table, start: int) -> list[Cell]:
    """The figures of a table in printed order, numbered from `start`.

    Raises:
        FormFileError: a figure is not where two lines meet, stands twice, or has no kind.
    """
    cells: list[Cell] = []
    seen: set[str] = set()
    for grid in (grid for row in table.grid for grid in row if grid.piece == "cell"):
        if grid.path in seen:
            raise _wrong_cell(grid, f"cell {grid.path} is printed twice")
        seen.add(grid.path)
        cells.append(_build_cell(table, grid, start + len(cells)))
    return cells


def _build_cell(table: Table, grid: GridCell, index: int) -> Cell:
    row, _, column = grid.path.removeprefix(f"{table.id}.").partition(".")
    column = column or FLAT_COLUMN
    if row not in table.rows or column not in table.columns:
        raise _wrong_cell(grid, f"no cell {grid.path}")
    row_line, column_line = table.rows[row], table.columns[column]
    kind_line = row_line if row_line.kind else column_line
    if kind_line.kind is None:
        raise _wrong_cell(grid, f"{grid.path}: neither line has a kind")
    labels = [full_label(table, "row", row), full_label(table, "column", column)]
    return Cell(
        index=index,
        table=table.id,
        row=row,
        column=column,
        kind=kind_line.kind,
        unit=kind_line.unit,
        label=" / ".join(label for label in labels if label),
        path=grid.path,
    )


def _wrong_cell(grid: GridCell, reason: str) -> FormFileError:
    return FormFileError("", reason, near=f'"{grid.path.split(".", 1)[1]}"')


def full_label(table: Table, piece: Piece, line: str) -> str:
    """The label with those of the groups it stands under, as printed."""
    printed = [grid for row in table.grid for grid in row]
    place = next((grid for grid in printed if grid.piece == piece and grid.line == line), None)
    if place is None:
        return ""
    groups = [
        grid.text
        for grid in printed
        if grid.piece == "group" and (_beside(grid, place) or _above(grid, place))
    ]
    return " ".join([*groups, place.text])


def _beside(group: GridCell, place: GridCell) -> bool:
    """Whether the group is printed left of the line and reaches along the whole of it."""
    ends_within = place.row + place.down <= group.row + group.down
    return group.column < place.column and group.row <= place.row and ends_within


def _above(group: GridCell, place: GridCell) -> bool:
    """Whether the group is printed over the line and reaches across the whole of it."""
    ends_within = place.column + place.across <= group.column + group.across
    return group.row < place.row and group.column <= place.column and ends_within
