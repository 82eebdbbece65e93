"""Parses and validates one form file; what is wrong is told with its line."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.compile import build_form

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xlsx_tools.forms.model import Form

_SCHEMA = "schema.json"
_LONGEST_REASON = 200


def parse_form_file(path: Path, schema: Path | None) -> Form:
    """Parse and compile one form file, and compare it with a schema first if there is one.

    Raises:
        FormFileError: with the line and the reason.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise FormFileError(path.name, f"not UTF-8: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise FormFileError(path.name, str(error)) from error
    if schema is not None:
        _check_schema(path.name, data, text, schema)
    try:
        return build_form(data)
    except FormFileError as error:
        reason = error.reason
        raise FormFileError(path.name, _with_line(reason, error.near, text)) from error


def _check_schema(name: str, data: dict[str, Any], text: str, path: Path) -> None:
    import jsonschema  # noqa: PLC0415 - slow to import, and only form authors need it

    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for error in validator.iter_errors(json.loads(json.dumps(data, default=float))):
        place = ".".join(str(step) for step in error.absolute_path)
        line = _line_of(error.absolute_path, text)
        raise FormFileError(name, f"line {line}: {place}: {error.message[:_LONGEST_REASON]}")


def _line_of(path: Iterable[str | int], text: str) -> int:
    """The line where a key stands, found by walking towards it from heading to key."""
    lines, at = text.splitlines(), 0
    key = ""
    for step in path:
        if isinstance(step, str):
            key = rf"(?<![\w-]){re.escape(step)}(?![\w-])"
            found = _following(lines, at, rf"^[^#]*{key}")
        else:
            found = [*_following(lines, 0, rf"^\[\[{key}\]\]")[step : step + 1]]
        at = found[0] if found else at
    return at + 1


def _following(lines: list[str], start: int, pattern: str) -> list[int]:
    return [number for number in range(start, len(lines)) if re.search(pattern, lines[number])]


def _with_line(reason: str, near: str, text: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if near and near in line:
            return f"line {number}: {reason}"
    return reason
