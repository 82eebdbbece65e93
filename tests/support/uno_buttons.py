"""Presses buttons on a workbook open in LibreOffice; run by the Python that has `uno`.

Reads the job from standard input and writes what it saw to standard output, both as JSON.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from xlsx_tools.addin.buttons import BUTTONS, Request
from xlsx_tools.addin.engines.libreoffice_engine import UnoBackend
from xlsx_tools.addin.engines.xlwings_classes import open_book
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.returned.places import MARKS, TODO

from tests.support.uno_driver import running_office  # isort: skip  # last: it imports uno


def main() -> None:
    """Open each workbook, press the buttons, save."""
    job = json.load(sys.stdin)
    with running_office(job["profile"]) as (_, desktop):
        seen = [_work(desktop, task) for task in job["tasks"]]
    sys.stdout.write(dumps_exact(seen))


def _work(desktop: Any, task: dict[str, Any]) -> dict[str, Any]:
    from com.sun.star.beans import PropertyValue  # noqa: PLC0415 - after uno

    book = desktop.loadComponentFromURL(Path(task["source"]).as_uri(), "_blank", 0, ())
    try:
        book.calculateAll()
        backend = UnoBackend(book, task["name"])
        last = task.get("last_year")
        chosen = (last["name"], base64.b64decode(last["data"])) if last else None
        asked = Request(backend, chosen, "/")
        said = [BUTTONS[button](open_book(backend), asked) for button in task["press"]]
        book.calculateAll()
        red = book.Sheets.getByName(MARKS) if MARKS in backend.sheet_names() else None
        target = Path(task["target"])
        for path, kind in (
            (target, "Calc MS Excel 2007 XML"),
            (target.with_suffix(".pdf"), "calc_pdf_Export"),
        ):
            book.storeToURL(path.as_uri(), (PropertyValue("FilterName", 0, kind, 0),))
        return {
            "say": [one.say for one in said],
            "report": said[-1].report,
            "selected": [backend.active_sheet(), backend.selection()],
            "red": [] if red is None else _column(red, 0),
            "todo": _rows(book.Sheets.getByName(TODO)) if red is not None else [],
            "files": {name: data.decode() for name, data in backend.files.items()},
        }
    finally:
        book.close(True)  # noqa: FBT003 - UNO takes no keywords


def _column(sheet: Any, column: int) -> list[str]:
    cells = (sheet.getCellByPosition(column, row).String for row in range(1, 200))
    return [text for text in cells if text]


def _rows(sheet: Any) -> list[list[str]]:
    rows = ([sheet.getCellByPosition(x, y).String for x in range(7)] for y in range(8, 60))
    return [row for row in rows if any(row)]


if __name__ == "__main__":
    main()
