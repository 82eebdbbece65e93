"""What leaves the server: JSON digit for digit, files with their names, errors with their codes."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.responses import Response

from xlsx_tools.batch.work import number_bug
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.server.problems import refuse_request

if TYPE_CHECKING:
    from xlsx_tools.server.problems import RequestError

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP: Final = "application/zip"
BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"


def json_response(found: object, status: int = 200) -> Response:
    """An object as JSON."""
    return Response(dumps_exact(_plain(found)) + "\n", status, media_type=JSON)


def file_response(data: bytes | str, name: str, media_type: str) -> Response:
    """A file to be saved under this name; a browser never shows it."""
    safe = quote(name, safe="")
    disposition = f"attachment; filename*=UTF-8''{safe}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


def error_response(error: RequestError) -> Response:
    """The code and the sentence."""
    return json_response({"code": error.reason, "message": str(error)}, error.status)


def refuse_bug(error: Exception) -> RequestError:
    """The error that tells of a bug of ours, with its number and nothing else of it."""
    return refuse_request("server.internal", number_bug(error))


def _plain(found: object) -> object:  # noqa: PLR0911 - one for each kind
    """Named tuples and dataclasses as objects, days as text; a float digit for digit."""
    match found:
        case float():
            return Decimal(repr(found))
        case date():
            return found.isoformat()
        case dict():
            return {str(key): _plain(value) for key, value in found.items()}
        case tuple() if hasattr(found, "_asdict"):
            return _plain(found._asdict())
        case list() | tuple():
            return [_plain(value) for value in found]
        case _ if dataclasses.is_dataclass(found) and not isinstance(found, type):
            fields = dataclasses.fields(found)
            return {field.name: _plain(getattr(found, field.name)) for field in fields}
        case _:
            return found
