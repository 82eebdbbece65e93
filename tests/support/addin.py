"""A workbook file as a front end would send it, and the answer carried out on the file."""

from __future__ import annotations

import datetime as dt
import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from tests.support.workbooks import properties_of
from xlsx_tools.addin.engines.backend import Box
from xlsx_tools.addin.engines.grid import Action
from xlsx_tools.addin.engines.onto_openpyxl import carry_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpyxl.worksheet.worksheet import Worksheet

NAME = "某单位.xlsx"


def request_of(data: bytes, *, name: str = NAME, **more: Any) -> dict[str, Any]:
    """The request for a file with saved results, made with openpyxl and not with our reader."""
    book, shown = load_workbook(BytesIO(data)), load_workbook(BytesIO(data), data_only=True)
    active = book.active
    assert active is not None
    request = {
        "message": 1,
        "client": "file",
        "book": {
            "name": name,
            "active_sheet": active.title,
            "selection": active.sheet_view.selection[0].activeCell,
            "properties": {prop.name: str(prop.value) for prop in properties_of(book)},
        },
        "sheets": [_sheet(book[title], shown[title]) for title in book.sheetnames],
        **more,
    }
    found: dict[str, Any] = json.loads(json.dumps(request))
    return found


def _sheet(sheet: Worksheet, shown: Worksheet) -> dict[str, object]:
    cells = [cell for row in sheet.iter_rows() for cell in row]
    return {
        "name": sheet.title,
        "protected": bool(sheet.protection.sheet),
        "visible": sheet.sheet_state == "visible",
        "values": [[_value(cell) for cell in row] for row in shown.iter_rows()],
        "formulas": {c.coordinate: c.value for c in cells if c.data_type == "f"},
    }


def _value(cell: Any) -> object:
    if cell.data_type == "e":
        return {"error": cell.value}
    if isinstance(cell.value, dt.datetime):
        return {"date": cell.value.isoformat()}
    return cell.value


def carried_out(data: bytes, answered: Mapping[str, Any]) -> bytes:
    """The file after a front end did what the answer says."""
    book = load_workbook(BytesIO(data))
    for action in answered["actions"]:
        carry_out(as_action(action), book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def as_action(action: Mapping[str, Any]) -> Action:
    top, left = action["row"], action["column"]
    box = None
    if top is not None:
        box = Box(top, left, top + action["rows"] - 1, left + action["columns"] - 1)
    return Action(action["func"], action["sheet"], box, action["values"], tuple(action["args"]))
