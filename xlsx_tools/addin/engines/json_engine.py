"""A button's request as a workbook: what is done to it becomes the actions of the answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.engines.grid import Action, GridBackend, GridSheet
from xlsx_tools.addin.extras import DayNumber, ErrorText
from xlsx_tools.excel.address import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.addin.engines.backend import Value

_FIRST_DAY = date(1899, 12, 30)


class JsonBackend(GridBackend):
    """A request that was found to be in order."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        book = message["book"]
        super().__init__(
            book["name"],
            {sheet["name"]: _sheet_of(sheet) for sheet in message["sheets"]},
            properties=book.get("properties") or {},
            active=book["active_sheet"],
            selection=book.get("selection") or "A1",
        )
        self.actions: list[Action] = []

    def act(self, action: Action) -> None:
        self.actions.append(action)


def _sheet_of(sheet: Mapping[str, Any]) -> GridSheet:
    formulas = {
        address.replace("$", ""): formula
        for address, formula in (sheet.get("formulas") or {}).items()
    }
    values = {
        at(x, y): _value_of(value)
        for y, row in enumerate(sheet["values"], start=1)
        for x, value in enumerate(row, start=1)
        if value is not None
    }
    # A program that is open has calculated everything: nothing shown is an empty text.
    shown: dict[str, Value] = {address: "" for address in formulas if address not in values}
    return GridSheet(
        {**values, **shown},
        formulas,
        protected=sheet.get("protected", False),
        visible=sheet.get("visible", True),
    )


def _value_of(value: Any) -> Value:
    match value:
        case {"error": str(text)}:
            return ErrorText(text)
        case {"date": str(text)}:
            return DayNumber(day_number(text))
        case _:
            found: Value = value
            return found


def day_number(text: str) -> str:
    """``2025-03-09`` or ``2025-03-09T08:30:00`` → the number a spreadsheet has for it."""
    moment = datetime.fromisoformat(text).replace(tzinfo=None)
    days = (moment.date() - _FIRST_DAY).days
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return repr(days + seconds / 86_400) if seconds else str(days)
