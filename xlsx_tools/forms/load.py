"""Finds, parses and validates form files; only it knows where they are."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.compile import build_form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.forms.model import Form

_PACKAGE = Path(__file__).resolve().parent.parent
_LONGEST_REASON = 200
_PLACES = (_PACKAGE / "_templates", _PACKAGE.parent / "templates")


def _folder() -> Path:
    return next(place for place in _PLACES if place.is_dir())


def form_files() -> tuple[Path, ...]:
    """The files of the forms we know, oldest first."""
    return tuple(sorted(_folder().glob("*.toml")))


@cache
def form_ids() -> tuple[str, ...]:
    """The ids of the forms we know, oldest first."""
    return tuple(path.stem for path in form_files())


@cache
def load_form(form_id: str) -> Form:
    """The form `form_id`, such as ``annual-report-2021``; parsed and compiled once.

    Raises:
        FormFileError: there is no such form, or its file is wrong.
    """
    if form_id not in form_ids():
        raise FormFileError(form_id, f"没有表式“{form_id}”，可用的表式：{'、'.join(form_ids())}")
    return load_form_file(_folder() / f"{form_id}.toml", check_schema=False)


def form_of_year(year: int) -> Form:
    """The form of report year `year`.

    Raises:
        FormFileError: no form covers the year.
    """
    for form_id in form_ids():
        form = load_form(form_id)
        if form.covers(year):
            return form
    raise FormFileError(str(year), f"没有适用于{year}年度的表式")


def load_form_file(path: Path, *, check_schema: bool = True) -> Form:
    """Parse one form file.

    `check_schema` compares it with ``schema.json`` first; the forms that ship with the
    package were compared when they were committed.

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
    if check_schema:
        _check_schema(path.name, data, text)
    try:
        return build_form(data)
    except FormFileError as error:
        reason = error.reason
        raise FormFileError(path.name, _with_line(reason, error.near, text)) from error


def _check_schema(name: str, data: dict[str, Any], text: str) -> None:
    import jsonschema  # noqa: PLC0415 - slow to import, and only form authors need it

    schema = json.loads((_folder() / "schema.json").read_text(encoding="utf-8"))
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
