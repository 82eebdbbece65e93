"""Installs the extension into a fresh LibreOffice and presses its menu entries on a workbook.

Run by the Python that has the `uno` module: the job comes from standard input, what was seen goes
to standard output, both as JSON.
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

_SAVE, _PRINT = "Calc MS Excel 2007 XML", "calc_pdf_Export"
_MENUS = "/org.openoffice.Office.Addons/AddonUI/OfficeMenuBar"


def main() -> None:
    """Install, set up, start, open, press, look, save."""
    job = json.load(sys.stdin)
    option = f"-env:UserInstallation={job['profile']}"
    subprocess.run(
        ["unopkg", "add", "--force", "--suppress-license", option, job["oxt"]],  # noqa: S607
        check=True,
        capture_output=True,
        timeout=240,
    )
    pipe = f"nianbao{time.time_ns()}"
    accept = f"--accept=pipe,name={pipe};urp;"
    office = subprocess.Popen(
        ["soffice", option, "--headless", "--norestore", accept],  # noqa: S607
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        context = _connect(pipe)
        desktop = _make(context, "com.sun.star.frame.Desktop")
        try:
            json.dump(_work(context, desktop, job), sys.stdout)
        finally:
            desktop.terminate()
    finally:
        try:
            office.wait(30)
        except subprocess.TimeoutExpired:
            office.kill()


def _connect(pipe: str) -> Any:
    local = uno.getComponentContext()
    resolver = _make(local, "com.sun.star.bridge.UnoUrlResolver")
    for _ in range(240):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # noqa: BLE001 - not up yet, whatever it says
            time.sleep(0.25)
    raise TimeoutError("LibreOffice does not answer")


def _make(context: Any, service: str) -> Any:
    return context.ServiceManager.createInstanceWithContext(service, context)


def _work(context: Any, desktop: Any, job: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {"menu": _menu(context), "states": []}
    _set_up(context, job)
    book = desktop.loadComponentFromURL(Path(job["source"]).as_uri(), "_blank", 0, ())
    try:
        helper = _make(context, "com.sun.star.frame.DispatchHelper")
        frame = book.CurrentController.Frame
        for button in job["buttons"]:
            helper.executeDispatch(frame, f"service:nianbao.Addin?{button}", "", 0, ())
            seen["states"].append(_state(book))
        seen["looked"] = [_look(book, *spot) for spot in job["look"]]
        book.storeToURL(Path(job["target"]).as_uri(), (PropertyValue("FilterName", 0, _SAVE, 0),))
        printed = Path(job["target"]).with_suffix(".pdf").as_uri()
        book.storeToURL(printed, (PropertyValue("FilterName", 0, _PRINT, 0),))
    finally:
        book.close(True)  # noqa: FBT003 - UNO takes no keywords
    return seen


def _menu(context: Any) -> dict[str, str]:
    provider = _make(context, "com.sun.star.configuration.ConfigurationProvider")
    node = PropertyValue("nodepath", 0, _MENUS, 0)
    access = provider.createInstanceWithArguments(
        "com.sun.star.configuration.ConfigurationAccess", (node,)
    )
    menu = access.getByName("nianbao.menu")
    entries = [menu.Submenu.getByName(name) for name in menu.Submenu.ElementNames]
    return {"": menu.Title, **{entry.URL: entry.Title for entry in entries if entry.Title}}


def _set_up(context: Any, job: dict[str, Any]) -> None:
    paths = _make(context, "com.sun.star.util.PathSubstitution")
    folder = Path(uno.fileUrlToSystemPath(paths.getSubstituteVariableValue("$(user)")))
    settings = {"address": job["address"], "token": job["token"]}
    (folder / "nianbao.json").write_text(json.dumps(settings), "utf-8")


def _state(book: Any) -> dict[str, Any]:
    selected = book.CurrentSelection
    name = getattr(selected, "AbsoluteName", "").replace("$", "").replace("'", "")
    sheets = [book.Sheets.getByName(name) for name in book.Sheets.ElementNames]
    return {
        "sheets": [[s.Name, s.IsVisible, s.isProtected()] for s in sheets],
        "active": book.CurrentController.ActiveSheet.Name,
        "selected": name.replace(".", "!"),
        "names": {n: book.NamedRanges.getByName(n).Content for n in book.NamedRanges.ElementNames},
        "formats": [found for sheet in sheets for found in _formats(sheet)],
        "locked": book.isProtected(),
    }


def _formats(sheet: Any) -> list[list[str]]:
    """The conditional formats with a style of the add-in: where, the formula, the style."""
    found = []
    for one in sheet.ConditionalFormats.getConditionalFormats():
        entries = [one.getByIndex(number) for number in range(one.getCount())]
        for entry in entries:
            style = getattr(entry, "StyleName", "")
            if style.startswith("nianbao-"):
                areas = one.Range.RangeAddressesAsString
                found.append([areas, entry.Formula1, style])
    return found


def _look(book: Any, sheet: str, address: str) -> dict[str, Any]:
    cell = book.Sheets.getByName(sheet).getCellRangeByName(address)
    return {
        "text": cell.String,
        "formula": cell.Formula,
        "type": cell.Type.value,
        "wrap": cell.IsTextWrapped,
        "bold": cell.CharWeight,
        "fill": cell.CellBackColor,
        "width": cell.Columns.Width,
    }


if __name__ == "__main__":
    main()
