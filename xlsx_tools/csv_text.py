"""Text for CSV files that people open in a spreadsheet program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NEEDS_QUOTES = re.compile('[",\r\n]')


def csv_line(texts: Iterable[str]) -> str:
    """One line of a CSV file, its texts safe to open: none of them is taken for a formula."""
    return ",".join(csv_text(text) for text in texts) + "\r\n"


def csv_text(text: str) -> str:
    """One text, quoted where need be; what would be taken for a formula gets a ``'`` before it."""
    if text.startswith(_FORMULA_STARTS):
        text = f"'{text}"
    if _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_row(cells: Iterable[str | int | None]) -> str:
    """One line of figures and texts; a figure is ours and stays one, and None is an empty cell."""
    texts = (
        "" if cell is None else str(cell) if isinstance(cell, int) else csv_text(cell)
        for cell in cells
    )
    return ",".join(texts) + "\r\n"


def write_csv(
    heading: Iterable[str], rows: Iterable[Iterable[str | int | None]]
) -> Iterator[bytes]:
    """A whole file, line by line: UTF-8 with the mark by which spreadsheet programs know it."""
    yield ("\ufeff" + csv_line(heading)).encode()
    for row in rows:
        yield csv_row(row).encode("utf-8", "backslashreplace")
