"""Where the sources of the add-ins are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "_macros", _PACKAGE.parent / "macros")


def macros_folder() -> Path:
    """The folder with one folder of sources for each front end."""
    return next(place for place in _PLACES if place.is_dir())


def read_sources(front_end: str, suffix: str) -> dict[str, str]:
    """The sources of a front end by file name, in the order of the names."""
    paths = sorted((macros_folder() / front_end).glob(f"*{suffix}"))
    return {path.name: path.read_text(encoding="utf-8") for path in paths}
