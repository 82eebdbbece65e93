"""A file as a workbook: read by our own reader with its saved results, changed by openpyxl."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from xlsx_tools.addin.engines.grid import GridBackend, GridSheet
from xlsx_tools.addin.engines.json_engine import day_number
from xlsx_tools.addin.engines.onto_openpyxl import carry_out
from xlsx_tools.addin.extras import DayNumber, ErrorText
from xlsx_tools.excel.address import at, split_address
from xlsx_tools.excel.sheets import read_raw_workbook

if TYPE_CHECKING:
    from xlsx_tools.addin.engines.backend import Value
    from xlsx_tools.addin.engines.grid import Action
    from xlsx_tools.excel.raw import RawCell, RawSheet
    from xlsx_tools.excel.sheets import RawWorkbook


class OpenpyxlBackend(GridBackend):
    """A workbook file; `native` is what `save` writes.

    Formulas are kept, and none is calculated: those that are written show nothing yet.
    """

    def __init__(self, data: bytes, name: str = "") -> None:
        """Open a workbook in memory.

        Raises:
            UnusableFileError: it is no usable workbook.
        """
        raw = read_raw_workbook(data)
        self.native = load_workbook(BytesIO(data))
        active = self.native.active
        view = active.sheet_view.selection if active is not None else []
        super().__init__(
            name,
            {sheet: _sheet_of(raw, found) for sheet, found in raw.sheets.items()},
            properties=raw.properties,
            active="" if active is None else active.title,
            selection=(view[0].activeCell if view else None) or "A1",
        )
        self.done: list[Action] = []

    @classmethod
    def open(cls, path: str) -> OpenpyxlBackend:
        """Open a file."""
        return cls(Path(path).read_bytes(), Path(path).name)

    def act(self, action: Action) -> None:
        self.done.append(action)
        carry_out(action, self.native)

    def saved(self) -> bytes:
        """The workbook as it is now."""
        out = BytesIO()
        self.native.save(out)
        return out.getvalue()


def _sheet_of(raw: RawWorkbook, sheet: RawSheet) -> GridSheet:
    days = raw.date_addresses(sheet.name, [a for a, c in sheet.cells.items() if c.style != "0"])
    formulas = {a: f"={c.formula}" for a, c in sheet.cells.items() if c.formula is not None}
    for area in sheet.array_ranges:
        formulas |= {a: "=…" for a in _addresses(area) if a not in formulas}
    return GridSheet(
        {a: _value_of(cell, is_day=a in days) for a, cell in sheet.cells.items()},
        formulas,
        protected=sheet.protected,
        visible=sheet.state == "visible",
    )


def _addresses(area: str) -> list[str]:
    first, _, last = area.partition(":")
    left, top = split_address(first)
    right, bottom = split_address(last or first)
    return [at(x, y) for y in range(top, bottom + 1) for x in range(left, right + 1)]


def _value_of(cell: RawCell, *, is_day: bool) -> Value:  # noqa: PLR0911 - one a kind
    match cell.kind:
        case "n" if not cell.text:
            return None
        case "n" if is_day:
            return DayNumber(cell.text)
        case "n":
            return int(cell.text) if cell.text.lstrip("-").isdigit() else float(cell.text)
        case "b":
            return cell.text in ("1", "true")
        case "e":
            return ErrorText(cell.text)
        case "d":
            return DayNumber(day_number(datetime.fromisoformat(cell.text).isoformat()))
        case _:
            return cell.text
