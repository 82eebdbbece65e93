"""A batch → something to read: one module for each output, listed in REPORTERS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.report.text import render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xlsx_tools.batch import Batch

__all__ = ["BINARY", "REPORTERS", "render_text"]


def _render_json(batch: Batch) -> Iterator[bytes]:
    from xlsx_tools.report.json import render_json  # noqa: PLC0415 - not for text

    return render_json(batch)


def _render_workbook(batch: Batch) -> Iterator[bytes]:
    from xlsx_tools.report.workbook import render_summary_workbook  # noqa: PLC0415 - openpyxl

    return render_summary_workbook(batch)


def _render_page(batch: Batch) -> Iterator[bytes]:
    from xlsx_tools.report.page import render_page  # noqa: PLC0415 - jinja2

    return render_page(batch)


REPORTERS: Mapping[str, Callable[[Batch], Iterator[bytes]]] = {
    "text": render_text,
    "json": _render_json,
    "xlsx": _render_workbook,
    "html": _render_page,
}
"""Each gives the output piece by piece; no more than one file's result is held at a time."""
BINARY = frozenset({"xlsx"})
"""Those that are no text: for a file, never for a screen."""
