"""Annual open-government reports as workbooks: make, fill, read, check and merge them.

The public names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsx_tools.check import check_filing
    from xlsx_tools.filing import Filing
    from xlsx_tools.fill import fill_workbook
    from xlsx_tools.forms import load_form
    from xlsx_tools.interchange import dumps_filing, parse_filing
    from xlsx_tools.merge import merge_filings
    from xlsx_tools.read import read_workbook
    from xlsx_tools.template import build_template

__all__ = [
    "Filing",
    "build_template",
    "check_filing",
    "dumps_filing",
    "fill_workbook",
    "load_form",
    "merge_filings",
    "parse_filing",
    "read_workbook",
]

_HOMES = {
    "Filing": "filing",
    "build_template": "template",
    "check_filing": "check",
    "dumps_filing": "interchange",
    "fill_workbook": "fill",
    "load_form": "forms",
    "merge_filings": "merge",
    "parse_filing": "interchange",
    "read_workbook": "read",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
