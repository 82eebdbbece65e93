"""Finds form files and loads them; only it knows where they are."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.kept import load_kept

if TYPE_CHECKING:
    from xlsx_tools.forms.model import Form

_PACKAGE = Path(__file__).resolve().parent.parent
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
    return load_kept(_folder() / f"{form_id}.toml", partial(load_form_file, check_schema=False))


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
    from xlsx_tools.forms.parse import parse_form_file  # noqa: PLC0415 - a kept form needs none

    return parse_form_file(path, _folder() / "schema.json" if check_schema else None)
