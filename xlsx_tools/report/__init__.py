"""Verdicts → something to read: one module for each output, listed in REPORTERS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.report.json import render_json, report_object
from xlsx_tools.report.result import FileResult
from xlsx_tools.report.text import render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["REPORTERS", "FileResult", "render_json", "render_text", "report_object"]

REPORTERS: Mapping[str, Callable[[Iterable[FileResult]], str]] = {
    "text": render_text,
    "json": render_json,
}
