"""What an answer asks for, done to the open workbook."""

from __future__ import annotations

import base64
from typing import Any, Dict, List

import uno

from nianbao_front.formulas import Translator, area_to_calc
from nianbao_front.message import TroubleError
from nianbao_front.red import add_conditional_format

_CONTENTS = 1 | 2 | 4 | 16  # com.sun.star.sheet.CellFlags: values, dates, texts, formulas
_LOGICAL = 1024  # com.sun.star.util.NumberFormat
_BOLD, _NORMAL = 150.0, 100.0
_NO_COLOUR = -1
_PIXELS_PER_CHARACTER, _PIXELS_BESIDE, _PIXELS_PER_INCH = 7, 5, 96
_UNITS_PER_INCH = 2540
_ON_SCREEN = ("alert", "saveFile", "openUrl")

Action = Dict[str, Any]


def apply(document: Any, view: Any, actions: List[Action], address: str) -> List[str]:
    """Apply every action in order; what there is to say to the user.

    Raises:
        TroubleError: one could not be applied; what was protected is protected again.
    """
    said: List[str] = []
    hands = Hands(document)
    try:
        for action in actions:
            if action["func"] in _ON_SCREEN:
                said += _show(view, action, address)
            else:
                hands.do(action)
    except Exception as error:
        _protect_again(hands, actions)
        why = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise TroubleError(
            f"工作簿没有全部改好：{why}。工作表设有密码的，请先解除后重试。"
        ) from error
    return said


def _protect_again(hands: Hands, actions: List[Action]) -> None:
    for action in actions:
        if action["func"].startswith("protect"):
            try:
                hands.do(action)
            except Exception:  # noqa: BLE001, S112 - protected already, or not there
                continue


def _show(view: Any, action: Action, address: str) -> List[str]:
    wanted = action["args"][0]
    if action["func"] == "alert":
        return [wanted]
    if action["func"] == "openUrl":
        view.open_url(address + wanted if wanted.startswith("/") else wanted)
        return []
    return view.save_file(wanted, base64.b64decode(action["args"][1]))


class Hands:
    """Applies single actions to one document."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._translator = Translator(document)

    def do(self, action: Action) -> None:
        """One action on the workbook; it has been checked."""
        getattr(self, "_" + action["func"])(action)

    def _sheet(self, action: Action) -> Any:
        sheets = self._document.Sheets
        if not sheets.hasByName(action["sheet"]):
            raise ValueError("没有工作表“{}”".format(action["sheet"]))
        return sheets.getByName(action["sheet"])

    def _area(self, action: Action) -> Any:
        top, left = action["row"] - 1, action["column"] - 1
        right, bottom = left + action["columns"] - 1, top + action["rows"] - 1
        return self._sheet(action).getCellRangeByPosition(left, top, right, bottom)

    def _unprotectBook(self, _action: Action) -> None:  # noqa: N802 - names of the message
        if self._document.isProtected():
            self._document.unprotect("")

    def _protectBook(self, _action: Action) -> None:  # noqa: N802
        if not self._document.isProtected():
            self._document.protect("")

    def _addSheet(self, action: Action) -> None:  # noqa: N802
        sheets, (name, *rest) = self._document.Sheets, action["args"]
        if sheets.hasByName(name):
            return
        names = list(sheets.ElementNames)
        before = rest[0] if rest else None
        sheets.insertNewByName(name, names.index(before) if before in names else len(names))

    def _setSheetVisible(self, action: Action) -> None:  # noqa: N802
        self._sheet(action).IsVisible = bool(action["args"][0])

    def _unprotectSheet(self, action: Action) -> None:  # noqa: N802
        sheet = self._sheet(action)
        if sheet.isProtected():
            sheet.unprotect("")
        if sheet.isProtected():
            raise ValueError("工作表“{}”设有密码".format(action["sheet"]))

    def _protectSheet(self, action: Action) -> None:  # noqa: N802
        sheet = self._sheet(action)
        if not sheet.isProtected():
            sheet.protect("")

    def _clearContents(self, action: Action) -> None:  # noqa: N802
        self._area(action).clearContents(_CONTENTS)

    def _setValues(self, action: Action) -> None:  # noqa: N802
        """Text goes in as text, whatever it looks like."""
        area = self._area(action)
        area.setDataArray(tuple(tuple(map(_datum, row)) for row in action["values"]))
        formats, locale = (
            self._document.NumberFormats,
            uno.createUnoStruct("com.sun.star.lang.Locale"),
        )
        for row, values in enumerate(action["values"]):
            for column, value in enumerate(values):
                if isinstance(value, bool):
                    cell = area.getCellByPosition(column, row)
                    cell.NumberFormat = formats.getStandardFormat(_LOGICAL, locale)

    def _setFormulas(self, action: Action) -> None:  # noqa: N802
        area = self._area(action)
        for row, formulas in enumerate(action["values"]):
            for column, formula in enumerate(formulas):
                self._translator.put(area.getCellByPosition(column, row), formula)

    def _setColumnWidth(self, action: Action) -> None:  # noqa: N802
        pixels = action["args"][0] * _PIXELS_PER_CHARACTER + _PIXELS_BESIDE
        self._area(action).Columns.Width = round(pixels / _PIXELS_PER_INCH * _UNITS_PER_INCH)

    def _setWrap(self, action: Action) -> None:  # noqa: N802
        self._area(action).IsTextWrapped = bool(action["args"][0])

    def _setFill(self, action: Action) -> None:  # noqa: N802
        colour = action["args"][0] if action["args"] else None
        self._area(action).CellBackColor = int(colour[1:], 16) if colour else _NO_COLOUR

    def _setBold(self, action: Action) -> None:  # noqa: N802
        area, weight = self._area(action), _BOLD if action["args"][0] else _NORMAL
        area.CharWeight = weight
        area.CharWeightAsian = weight

    def _setName(self, action: Action) -> None:  # noqa: N802
        names, (name, refers_to) = self._document.NamedRanges, action["args"]
        content = area_to_calc(refers_to)
        if names.hasByName(name):
            names.getByName(name).setContent(content)
        else:
            start = uno.createUnoStruct("com.sun.star.table.CellAddress")
            names.addNewByName(name, content, start, 0)

    def _addConditionalFormat(self, action: Action) -> None:  # noqa: N802
        formula, colour = action["args"]
        add_conditional_format(
            self._document, self._translator, self._area(action), formula, colour
        )

    def _activateSheet(self, action: Action) -> None:  # noqa: N802
        self._document.CurrentController.setActiveSheet(self._sheet(action))

    def _selectRange(self, action: Action) -> None:  # noqa: N802
        controller = self._document.CurrentController
        controller.setActiveSheet(self._sheet(action))
        controller.select(self._area(action))


def _datum(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, str) else float(value)
