"""A workbook as the fakes of Office and WPS want it, and the faults that the stub finds."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import to_excel

from tests.support.builders import filing_of, index_of
from tests.support.workbooks import number, properties_of, put_cells
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.template import render_filing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.cell import Cell, MergedCell

    from xlsx_tools.forms import Form

    Rows = Sequence[Sequence[Cell | MergedCell]]


def fault_spots(form: Form) -> list[Spot]:
    """Two cells of two tables, in the order of the book."""
    layout = layout_of(form)
    names = ("requests__received__enterprise", "disputes__reconsideration__upheld")
    return [layout.figure[index_of(form, name)] for name in names]


def faulty_workbook(form: Form) -> bytes:
    """A filled workbook in which those two cells hold a negative number."""
    right = render_filing(filing_of(form))
    return put_cells(right, dict.fromkeys(fault_spots(form), number("-1")))


def describe_book(data: bytes, *, name: str = "某局.xlsx") -> dict[str, Any]:
    """The workbook as ``FakeBook.make`` takes it: values as saved, formulas, locks, properties."""
    book, saved = load_workbook(BytesIO(data)), load_workbook(BytesIO(data), data_only=True)
    return {
        "name": name,
        "locked": bool(book.security and book.security.lockStructure),
        "properties": {item.name: item.value for item in properties_of(book).props},
        "sheets": [
            {
                "name": sheet.title,
                "visible": sheet.sheet_state == "visible",
                "protected": bool(sheet.protection.sheet),
                "cells": _describe_cells(list(sheet.iter_rows()), list(saved[sheet.title].rows)),
            }
            for sheet in book.worksheets
        ],
    }


def _describe_cells(rows: Rows, saved: Rows) -> dict[str, dict[str, Any]]:
    cells = {}
    for row, saved_row in zip(rows, saved, strict=True):
        for cell, result in zip(row, saved_row, strict=True):
            cells[cell.coordinate] = _describe_cell(cell, result)
    return cells


def _describe_cell(cell: Cell | MergedCell, result: Cell | MergedCell) -> dict[str, Any]:
    value = result.value
    if isinstance(value, date | datetime):
        value = to_excel(value)  # type: ignore[no-untyped-call]
    described: dict[str, Any] = {
        "value": value,
        "locked": bool(cell.protection.locked),
        "format": cell.number_format,
    }
    if result.data_type == "e":
        described["error"] = value
    if cell.data_type == "f":
        described["formula"] = str(cell.value)
    return described
