"""The server's log: a JSON object a line, without anything that was sent in."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Final

from xlsx_tools.batch.work import number_bug

_REQUESTS = logging.getLogger("nianbao.requests")
_LONGEST = 300
_FIELDS = "nianbao_fields"


class JsonFormatter(logging.Formatter):
    """One line for each record, in ASCII: nothing sent in can start a line or colour a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, _FIELDS, None)
        entry |= fields if isinstance(fields, dict) else {"says": record.getMessage()[:_LONGEST]}
        if record.exc_info and record.exc_info[1] is not None:
            entry["trace"] = _places(record.exc_info[1])
        return json.dumps(entry, ensure_ascii=True)


def start_logging() -> None:
    """Send what this server and its parts say to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("nianbao", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == "nianbao" else logging.WARNING)


def log_request(**fields: object) -> None:
    """One request was answered."""
    _REQUESTS.info("", extra={_FIELDS: {key: _cut(value) for key, value in fields.items()}})


def log_bug(request: str, error: Exception) -> None:
    """Something of ours failed: where in the code, never with which values."""
    fields = {
        "request": request,
        "bug": number_bug(error),
        "kind": type(error).__name__,
        "trace": _places(error),
    }
    _REQUESTS.error("", extra={_FIELDS: fields})


def _cut(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value


def _places(error: BaseException) -> list[str]:
    frames: Final = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
