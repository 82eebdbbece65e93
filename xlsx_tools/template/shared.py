"""Shared formulas: cells whose formulas differ only by their place hold the text once."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from openpyxl.worksheet.formula import ArrayFormula

from xlsx_tools.excel.address import at, split_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openpyxl import Workbook

    from xlsx_tools.template.live import Live

_RELATIVE = re.compile(r"(?<![$A-Za-z0-9])([A-Z]{1,3})([1-9][0-9]*)(?![0-9A-Za-z(])")


class _Shared(ArrayFormula):
    """openpyxl writes a formula's attributes as its object gives them."""

    t = "shared"

    def __init__(self, ref: str, text: str, number: int) -> None:
        super().__init__(ref, text)
        self.number = number

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "t", "shared"
        if self.text:
            yield "ref", self.ref
        yield "si", str(self.number)


def write_formulas(book: Workbook, lives: Sequence[Live]) -> None:
    """Put every formula into the book, sharing those that are alike in one sheet."""
    groups: dict[tuple[str, str], list[Live]] = defaultdict(list)
    for live in lives:
        groups[live.spot.sheet, _shape(live)].append(live)
    for number, ((sheet, _), alike) in enumerate(groups.items()):
        if len(alike) == 1:
            book[sheet][alike[0].spot.address] = alike[0].formula
            continue
        places = [split_address(live.spot.address) for live in alike]
        columns, rows = zip(*places, strict=True)
        ref = f"{at(min(columns), min(rows))}:{at(max(columns), max(rows))}"
        for live in alike:
            text = live.formula if live is alike[0] else ""
            book[sheet][live.spot.address] = _Shared(ref, text, number)


def _shape(live: Live) -> str:
    """The formula with every relative reference as its distance from the cell."""
    column, row = split_address(live.spot.address)

    def distance(found: re.Match[str]) -> str:
        to_column, to_row = split_address(found.group())
        return f"[{to_column - column},{to_row - row}]"

    return _RELATIVE.sub(distance, live.formula)
