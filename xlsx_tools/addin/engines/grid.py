"""A workbook held in memory: reads see what was written before; each deed is one action."""

from __future__ import annotations

import base64
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.engines.backend import Backend, Box, box_of
from xlsx_tools.excel.address import at, split_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsx_tools.addin.engines.backend import Rows, Value


@dataclass(slots=True)
class GridSheet:
    """One sheet; cells by address."""

    values: dict[str, Value] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    protected: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """One deed, as the message says it: see docs/reference/addin-message.md."""

    func: str
    sheet: str | None = None
    box: Box | None = None
    values: Sequence[Sequence[Any]] | None = None
    args: tuple[Any, ...] = ()

    def as_object(self) -> dict[str, object]:
        """The action as JSON has it."""
        box = self.box
        return {
            "func": self.func,
            "sheet": self.sheet,
            "row": None if box is None else box.top,
            "column": None if box is None else box.left,
            "rows": 0 if box is None else box.bottom - box.top + 1,
            "columns": 0 if box is None else box.right - box.left + 1,
            "values": None if self.values is None else [list(row) for row in self.values],
            "args": list(self.args),
        }


class GridBackend(Backend):
    """Reads come from the grid; what is done changes it and goes to `act`."""

    def __init__(
        self,
        name: str,
        sheets: dict[str, GridSheet],
        *,
        properties: Mapping[str, str],
        active: str,
        selection: str,
    ) -> None:
        self.name = name
        self._sheets, self._properties = sheets, properties
        self._active, self._selection = active, selection

    @abstractmethod
    def act(self, action: Action) -> None:
        """Carry out, or note down."""

    # ------------------------------------------------------------ what is there
    def sheet_names(self) -> list[str]:
        return list(self._sheets)

    def active_sheet(self) -> str:
        return self._active

    def selection(self) -> str:
        return self._selection

    def extent(self, sheet: str) -> tuple[int, int]:
        grid = self._sheets[sheet]
        places = [split_address(address) for address in (*grid.values, *grid.formulas)]
        return max((r for _, r in places), default=0), max((c for c, _ in places), default=0)

    def read(self, sheet: str, box: Box) -> list[list[Value]]:
        values = self._sheets[sheet].values
        columns = range(box.left, box.right + 1)
        return [
            [values.get(at(column, row)) for column in columns]
            for row in range(box.top, box.bottom + 1)
        ]

    def is_visible(self, sheet: str) -> bool:
        return self._sheets[sheet].visible

    def properties(self) -> Mapping[str, str]:
        return self._properties

    def formulas(self, sheet: str) -> Mapping[str, str]:
        return self._sheets[sheet].formulas

    def is_protected(self, sheet: str) -> bool:
        return self._sheets[sheet].protected

    # ------------------------------------------------------------ what is done
    def write(self, sheet: str, box: Box, rows: Rows) -> None:
        self._forget(sheet, box)
        grid = self._sheets[sheet]
        for address, value in _cells(box, rows):
            if value is not None:
                grid.values[address] = value
        self.act(Action("setValues", sheet, box, rows))

    def write_formulas(self, sheet: str, box: Box, rows: Sequence[Sequence[str]]) -> None:
        self._forget(sheet, box)
        self._sheets[sheet].formulas.update(_cells(box, rows))
        self.act(Action("setFormulas", sheet, box, rows))

    def clear(self, sheet: str, box: Box) -> None:
        self._forget(sheet, box)
        self.act(Action("clearContents", sheet, box))

    def _forget(self, sheet: str, box: Box) -> None:
        grid = self._sheets[sheet]
        for cells in (grid.values, grid.formulas):
            for address in [a for a in cells if _is_inside(a, box)]:
                del cells[address]

    def add_sheet(self, name: str, before: str | None) -> None:
        """Only in the grid is it known whether it is there; the user's program looks itself."""
        names = list(self._sheets)
        place = len(names) if before is None else names.index(before)
        names.insert(place, name)
        self._sheets = {n: self._sheets.get(n, GridSheet()) for n in names}
        self.act(Action("addSheet", args=(name, before)))

    def set_visible(self, sheet: str, *, visible: bool) -> None:
        self._sheets[sheet].visible = visible
        self.act(Action("setSheetVisible", sheet, args=(visible,)))

    def set_width(self, sheet: str, box: Box, width: float) -> None:
        self.act(Action("setColumnWidth", sheet, box, args=(width,)))

    def set_wrap(self, sheet: str, box: Box, *, wrap: bool) -> None:
        self.act(Action("setWrap", sheet, box, args=(wrap,)))

    def set_fill(self, sheet: str, box: Box, colour: str | None) -> None:
        self.act(Action("setFill", sheet, box, args=(colour,)))

    def set_bold(self, sheet: str, box: Box, *, bold: bool) -> None:
        self.act(Action("setBold", sheet, box, args=(bold,)))

    def set_name(self, name: str, refers_to: str) -> None:
        self.act(Action("setName", args=(name, refers_to)))

    def activate(self, sheet: str) -> None:
        self._active, self._selection = sheet, "A1"
        self.act(Action("activateSheet", sheet))

    def select(self, sheet: str, box: Box) -> None:
        self._selection = at(box.left, box.top)
        self.act(Action("selectRange", sheet, box))

    def alert(self, text: str) -> None:
        self.act(Action("alert", args=(text,)))

    def unprotect_book(self) -> None:
        self.act(Action("unprotectBook"))

    def protect_book(self) -> None:
        self.act(Action("protectBook"))

    def unprotect_sheet(self, sheet: str) -> None:
        self._sheets[sheet].protected = False
        self.act(Action("unprotectSheet", sheet))

    def protect_sheet(self, sheet: str) -> None:
        self._sheets[sheet].protected = True
        self.act(Action("protectSheet", sheet))

    def add_conditional_format(self, sheet: str, area: str, formula: str, colour: str) -> None:
        self.act(Action("addConditionalFormat", sheet, box_of(area), args=(formula, colour)))

    def save_file(self, name: str, data: bytes) -> None:
        self.act(Action("saveFile", args=(name, base64.b64encode(data).decode())))

    def open_url(self, url: str) -> None:
        self.act(Action("openUrl", args=(url,)))


def _cells(box: Box, rows: Sequence[Sequence[Any]]) -> list[tuple[str, Any]]:
    return [
        (at(box.left + x, box.top + y), value)
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
    ]


def _is_inside(address: str, box: Box) -> bool:
    column, row = split_address(address)
    return box.top <= row <= box.bottom and box.left <= column <= box.right
