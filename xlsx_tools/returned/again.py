"""The filing as its return workbook holds it: every figure as sent, totals ours."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from xlsx_tools.excel.address import layout_of
from xlsx_tools.excel.cell_content import NUMBER, make_writable
from xlsx_tools.excel.prepared import Number, Text
from xlsx_tools.values import parse_number, parse_text, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.excel.address import Spot
    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.filing import Filing

_LONGEST = 2000
_LOST = "（无法显示）"
_OVERWRITTEN = "total-overwritten"


def as_returned(filing: Filing) -> Filing:
    """What will be read from the return workbook before anybody has changed it.

    Sums that were wrong and formulas that were overwritten are put right by the workbook itself;
    so is what was only seen while reading the file.
    """
    typed = {
        index: parsed
        for index, parsed in filing.parsed.items()
        if not filing.form.cells[index].total
    }
    return replace(filing, parsed=typed, stated={}, troubles=())


def as_open(filing: Filing) -> Filing:
    """What the formulas of a workbook that is open make of it: nothing has been put right.

    A total's formula that is still there has been calculated anew; one that was overwritten
    has not, and what stands in its place is compared.
    """
    lost = {t.index for t in filing.troubles if t.check == _OVERWRITTEN}
    stated = {index: value for index, value in filing.stated.items() if index in lost}
    return replace(filing, stated=stated, troubles=())


def returned_cells(filing: Filing) -> Iterator[tuple[Spot, Content]]:
    """The cells that hold something else than a filing's figures usually do.

    What could not be read goes back as it was sent, for its writer to see, and never as
    something that can: a formula, a date or a truth value is a text. A figure carried over from
    last year that was changed since is unlocked, so that it can be put right.
    """
    layout, found = layout_of(filing.form), _found(filing)
    for index in filing.parsed:
        if not filing.form.cells[index].total:
            yield layout.figure[index], _unread(filing, index, found.get(index, ""))
    for index in filing.prefilled - filing.parsed.keys():
        value, source = filing.values[index], filing.form.prefilled[index]
        if value is not None and value != filing.last_year.get(source):
            yield layout.figure[index], Number(show(value))


def _found(filing: Filing) -> dict[int, str]:
    return {t.index: t.found for t in filing.troubles if t.index is not None and t.found}


def _unread(filing: Filing, index: int, found: str) -> Content:
    cell, parsed = filing.form.cells[index], filing.parsed[index]
    text = make_writable(found)
    if not text and filing.values[index] is not None:
        text = show(filing.values[index])
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    if parsed.status == "invalid" and NUMBER.fullmatch(text):
        unfit = parse_number(text, cell).status == "invalid" and isfinite(float(text))
        return Number(text) if unfit else Text(text)
    marks = filing.form.answers["not_applicable"]
    again = parse_text(text, cell, marks if isinstance(marks, list) else ())
    return Text(text if again.status == parsed.status else _LOST)
