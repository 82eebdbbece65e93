"""Works in LibreOffice as a person would; run by the Python that has the `uno` module.

Reads the job from standard input and writes what it saw to standard output, both as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uno
from com.sun.star.beans import PropertyValue

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAVE, _PRINT = "Calc MS Excel 2007 XML", "calc_pdf_Export"


def main() -> None:
    """Open, look, type, look again, save, print."""
    job = json.load(sys.stdin)
    with running_office(job["profile"]) as (context, desktop):
        json.dump(_work(context, desktop, job), sys.stdout)


@contextmanager
def running_office(profile: str) -> Iterator[tuple[Any, Any]]:
    """A headless LibreOffice of our own; gives its context and its desktop."""
    pipe = f"nianbao{abs(hash(profile))}{time.time_ns()}"
    office = subprocess.Popen(
        [  # noqa: S607 - found where the tests found it
            "soffice",
            f"-env:UserInstallation={profile}",
            "--headless",
            "--norestore",
            f"--accept=pipe,name={pipe};urp;",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        context = _connect(pipe)
        desktop = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.Desktop", context
        )
        try:
            yield context, desktop
        finally:
            desktop.terminate()
    finally:
        try:
            office.wait(30)
        except subprocess.TimeoutExpired:
            office.kill()


def _connect(pipe: str) -> Any:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _ in range(240):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # noqa: BLE001 - not up yet, whatever it says
            time.sleep(0.25)
    raise TimeoutError("LibreOffice does not answer")


def _work(context: Any, desktop: Any, job: dict[str, Any]) -> dict[str, Any]:
    book = desktop.loadComponentFromURL(Path(job["source"]).as_uri(), "_blank", 0, ())
    try:
        book.calculateAll()
        before = _look(book, job["look"])
        notes = {sheet: _notes(book, sheet) for sheet in job["notes"]}
        jumps = [_jump(context, book, sheet, address) for sheet, address in job["jump"]]
        for sheet, address, value in job["type"]:
            cell = book.Sheets.getByName(sheet).getCellRangeByName(address)
            if isinstance(value, str):
                cell.setString(value)
            else:
                cell.setValue(value)
        after = _look(book, job["look"])
        book.storeToURL(Path(job["target"]).as_uri(), (PropertyValue("FilterName", 0, _SAVE, 0),))
        printed = Path(job["target"]).with_suffix(".pdf").as_uri()
        book.storeToURL(printed, (PropertyValue("FilterName", 0, _PRINT, 0),))
    finally:
        book.close(True)  # noqa: FBT003 - UNO takes no keywords
    return {"before": before, "after": after, "notes": notes, "jumps": jumps}


def _look(book: Any, cells: list[list[str]]) -> list[str]:
    return [
        book.Sheets.getByName(sheet).getCellRangeByName(address).String for sheet, address in cells
    ]


def _notes(book: Any, sheet: str) -> dict[str, str]:
    notes = book.Sheets.getByName(sheet).Annotations
    found = (notes.getByIndex(number) for number in range(notes.Count))
    return {f"{n.Position.Column},{n.Position.Row}": n.String for n in found}


def _jump(context: Any, book: Any, sheet: str, address: str) -> str:
    """Follow the link of a formula the way the program does; say which cell is selected then."""
    cell = book.Sheets.getByName(sheet).getCellRangeByName(address)
    target = cell.Formula.split('"')[1]
    helper = context.ServiceManager.createInstanceWithContext(
        "com.sun.star.frame.DispatchHelper", context
    )
    mark = PropertyValue("Bookmark", 0, target.removeprefix("#"), 0)
    helper.executeDispatch(book.CurrentController.Frame, ".uno:JumpToMark", "", 0, (mark,))
    selected = book.CurrentSelection.AbsoluteName
    return str(selected.replace("$", "").replace("'", "").replace(".", "!"))


if __name__ == "__main__":
    main()
