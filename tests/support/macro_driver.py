"""Runs the add-in's macros in LibreOffice; run by the Python that has the `uno` module.

Reads the job from standard input and writes what it saw to standard output, both as JSON. The
add-in is opened as a document of its own and the workbook beside it, as the add-in finds it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import uno
from com.sun.star.beans import PropertyValue

_ADD_IN, _SAVE = "Calc MS Excel 2007 VBA XML", "Calc MS Excel 2007 XML"
_PROJECT = "Nianbao"
_ALWAYS_RUN = 4


def main() -> None:
    """Open both files, put in the replaced modules, make the calls, save the workbook."""
    job = json.load(sys.stdin)
    pipe = f"nianbao{abs(hash(job['profile']))}{time.time_ns()}"
    office = subprocess.Popen(
        [  # noqa: S607 - found where the tests found it
            "soffice",
            f"-env:UserInstallation={job['profile']}",
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
            json.dump(_work(desktop, job), sys.stdout)
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


def _open(desktop: Any, path: str, **named: object) -> Any:
    properties = tuple(PropertyValue(name, 0, value, 0) for name, value in named.items())
    return desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, properties)


def _work(desktop: Any, job: dict[str, Any]) -> dict[str, Any]:
    add_in = _open(desktop, job["add_in"], MacroExecutionMode=_ALWAYS_RUN, FilterName=_ADD_IN)
    library = add_in.BasicLibraries.getByName(_PROJECT)
    for module, source in job["replaced"].items():
        library.replaceByName(module, source)
    book = _open(desktop, job["book"])
    try:
        said = [_call(add_in, *call) for call in job["calls"]]
        selected = book.CurrentSelection.AbsoluteName
        book.storeToURL(Path(job["saved"]).as_uri(), (PropertyValue("FilterName", 0, _SAVE, 0),))
        seen = {name: _look(book, name) for name in book.Sheets.ElementNames}
        return {
            "modules": list(library.ElementNames),
            "said": said,
            "selected": selected.replace("$", "").replace("'", "").replace(".", "!"),
            "cells": seen,
            "worked_out": _work_out(book, job["formulas"]),
        }
    finally:
        book.close(True)  # noqa: FBT003 - UNO takes no keywords
        add_in.close(True)  # noqa: FBT003


def _call(add_in: Any, module: str, function: str, *arguments: object) -> object:
    place = f"{_PROJECT}.{module}.{function}"
    script = add_in.getScriptProvider().getScript(
        f"vnd.sun.star.script:{place}?language=Basic&location=document"
    )
    returned, _, _ = script.invoke(arguments, (), ())
    return returned


def _work_out(book: Any, formulas: list[str]) -> list[str]:
    """What each formula gives in the workbook, which has been saved by now."""
    cell = book.Sheets.getByIndex(book.Sheets.Count - 1).getCellRangeByName("ZZ9999")
    results = []
    for formula in formulas:
        cell.setFormula(formula)
        results.append(cell.String)
    return results


def _look(book: Any, name: str) -> list[list[str]]:
    """The texts of a sheet from A1, as they are shown."""
    sheet = book.Sheets.getByName(name)
    cursor = sheet.createCursor()
    cursor.gotoEndOfUsedArea(False)  # noqa: FBT003
    end = cursor.RangeAddress
    return [
        [sheet.getCellByPosition(c, r).String for c in range(min(end.EndColumn + 1, 12))]
        for r in range(min(end.EndRow + 1, 60))
    ]


if __name__ == "__main__":
    main()
