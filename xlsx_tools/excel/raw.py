"""A workbook as it lies in the file: text of cells and plain facts, nothing interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

CellKind = Literal["n", "s", "b", "e", "str", "inlineStr", "d"]
SheetState = Literal["visible", "hidden", "veryHidden"]

CELL_KINDS: frozenset[str] = frozenset(get_args(CellKind))


class RawCell(NamedTuple):
    """One cell with a value or a formula.

    Attributes:
        kind: the type as written; ``n`` when none is written. Dates are ``n`` as a rule.
        text: the value as text; shared strings are looked up, escapes such as ``_x000D_`` are
            decoded; empty when there is no value (for a formula: never calculated).
        formula: None for a constant. The members of a shared formula have ``""``; only its
            first cell has the text.
        style: the number of the cell's style, as written.
    """

    kind: CellKind
    text: str
    formula: str | None = None
    style: str = "0"


@dataclass(slots=True)
class RawSheet:
    """One sheet.

    Attributes:
        parsed: False for a sheet that nobody wanted, and for chart sheets: then only name and
            state are known.
        cells: by address (``B12``), in the order of the file.
        merges: references as written, never expanded.
        array_ranges: where an array formula or a data table fills cells that look constant.
        hidden_rows: 1-based.
        hidden_columns: first and last column of each hidden group, 1-based.
    """

    name: str
    state: SheetState = "visible"
    parsed: bool = False
    cells: dict[str, RawCell] = field(default_factory=dict)
    protected: bool = False
    merges: list[str] = field(default_factory=list)
    array_ranges: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
