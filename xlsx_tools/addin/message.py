"""The add-in's message: a request is checked, its button pressed, the deeds given back as actions.

The server calls nothing else. What a message may say is in ``message.schema.json``.
"""

from __future__ import annotations

import base64
import binascii
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.cells import check_cells
from xlsx_tools.addin.errors import AddinError
from xlsx_tools.errors import UnusableFileError, XlsxToolsError
from xlsx_tools.interchange.exact_json import dumps_exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema.protocols import Validator

VERSION = 1
_UNUSABLE = 422
_REFUSED = 400


def answer(button: str, request: object, *, page: str = "/") -> dict[str, Any]:
    """Press a button on the workbook in the request: its actions, what to say, the report.

    Numbers in the answer are int or Decimal: write it with `dump_answer`. `page` is the address
    of the backend's own page, when the front end does not know it.

    Raises:
        AddinError: an unknown button, or a request that is not in order or too large.
        UnusableFileError: the workbook is not one of ours, or last year's file cannot be used.
    """
    from xlsx_tools.addin.buttons import BUTTONS, Request  # noqa: PLC0415 - slow: xlwings
    from xlsx_tools.addin.engines.json_engine import JsonBackend  # noqa: PLC0415
    from xlsx_tools.addin.engines.xlwings_classes import open_book  # noqa: PLC0415

    if button not in BUTTONS:
        raise AddinError("addin.button", button[:40])
    message = _check(request)
    backend = JsonBackend(message)
    asked = Request(backend, _last_year(message), page)
    said = BUTTONS[button](open_book(backend), asked)
    return {
        "actions": [action.as_object() for action in backend.actions],
        "say": said.say,
        "report": said.report,
    }


def warm_up() -> None:
    """Load what the first press of a button would have to wait for."""
    import xlsx_tools.addin.buttons  # noqa: PLC0415 - slow: xlwings
    import xlsx_tools.addin.engines.json_engine  # noqa: PLC0415
    import xlsx_tools.addin.engines.xlwings_classes  # noqa: F401, PLC0415
    from xlsx_tools.excel.address import layout_of  # noqa: PLC0415
    from xlsx_tools.forms import form_ids, load_form  # noqa: PLC0415

    _validator()
    for form_id in form_ids():
        layout_of(load_form(form_id))


def dump_answer(answered: Mapping[str, object]) -> bytes:
    """The answer as JSON, Decimals digit for digit."""
    return dumps_exact(answered).encode()


def refusal_of(error: XlsxToolsError) -> tuple[int, dict[str, str]]:
    """The HTTP status and the object that a refused request is answered with."""
    if isinstance(error, AddinError):
        return error.status, {"code": error.reason, "message": str(error)}
    if isinstance(error, UnusableFileError):
        return _UNUSABLE, {"code": error.reason, "message": str(error)}
    return _REFUSED, {"code": error.code, "message": str(error)}


@cache
def load_schema() -> dict[str, Any]:
    """The JSON Schema of request, answer and error."""
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("message.schema.json").read_text("utf-8")
    )
    return found


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow

    schema = load_schema()
    return Draft202012Validator({**schema, "$ref": "#/$defs/request"})


def _check(request: object) -> dict[str, Any]:
    """The request, when everything in it is as the schema says and within the limits.

    The schema is asked about all but the cells, of which there may be very many.
    """
    if not isinstance(request, dict):
        raise AddinError("addin.message", "最外层应为一个对象")
    if request.get("message") != VERSION:
        raise AddinError("addin.version")
    sheets = request.get("sheets")
    outline = request
    if isinstance(sheets, list) and all(isinstance(sheet, dict) for sheet in sheets):
        check_cells(sheets)
        outline = {**request, "sheets": [{**s, "values": [], "formulas": {}} for s in sheets]}
    for error in _validator().iter_errors(outline):
        place = ".".join(map(str, error.absolute_path)) or "最外层"
        raise AddinError("addin.message", f"{place[:80]} 处")
    _check_names(request["sheets"])
    return request


def _check_names(sheets: list[dict[str, Any]]) -> None:
    names = [sheet["name"].casefold() for sheet in sheets]
    if len(set(names)) != len(names):
        raise AddinError("addin.message", "有两张同名的工作表")


def _last_year(message: Mapping[str, Any]) -> tuple[str, bytes] | None:
    sent = message.get("last_year")
    if sent is None:
        return None
    try:
        return sent["name"], base64.b64decode(sent["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise AddinError("addin.message", "last_year.data 处") from error
