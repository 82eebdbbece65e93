"""How fast a prepared workbook is filled, beside openpyxl's load, fill and save.

Run it by name: ``pytest tests/benchmarks/bench_prepared.py --benchmark-only``.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation

from xlsx_tools.excel.prepared import Cached, Number, PreparedWorkbook

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet
    from pytest_benchmark.fixture import BenchmarkFixture

    from xlsx_tools.excel.prepared import Content

INPUTS = [f"{column}{row}" for row in range(2, 8) for column in "BCDE"]
TOTALS = [f"G{row}" for row in range(2, 21)]
LINE = Side("thin")


def make_template(sheets: int) -> bytes:
    """Sheets of 140 styled cells, with 19 totals, 10 notes and a validation each."""
    workbook = Workbook()
    for number in range(sheets):
        fill_sheet(workbook.create_sheet(f"表{number}"))
    del workbook["Sheet"]
    saved = BytesIO()
    workbook.save(saved)
    return saved.getvalue()


def fill_sheet(sheet: Worksheet) -> None:
    validation = DataValidation("whole", "greaterThanOrEqual", "0", error="请填写不小于 0 的整数")
    validation.add("B2:F20")
    sheet.add_data_validation(validation)
    sheet.protection.sheet = True
    for row in range(1, 21):
        for column in "ABCDEFG":
            cell = sheet[f"{column}{row}"]
            cell.border = Border(LINE, LINE, LINE, LINE)
            cell.font = Font(name="仿宋_GB2312", size=9 + ord(column) - ord("A"))
            cell.alignment = Alignment(horizontal="center", wrap_text=True)
            if column in "BCDEF" and row > 1:
                cell.protection = Protection(locked=False)
                cell.fill = PatternFill("solid", "FFF2CC")
        sheet[f"A{row}"] = f"第 {row} 项政府信息公开工作情况"
        if row > 1:
            sheet[f"G{row}"] = f'=IF(COUNT(B{row}:F{row})=0,"",SUM(B{row}:F{row}))'
        if row % 2:
            sheet[f"A{row}"].comment = Comment(f"本行统计口径见通知第 {row} 条", "nianbao")


@pytest.mark.parametrize("sheets", [2, 10])
def test_fill_a_prepared_workbook(benchmark: BenchmarkFixture, sheets: int) -> None:
    names = [f"表{number}" for number in range(sheets)]
    slots = dict.fromkeys(names, INPUTS + TOTALS)
    prepared = PreparedWorkbook.prepare(make_template(sheets), slots=slots)

    def fill() -> bytes:
        contents: dict[str, Content] = {address: Number("123") for address in INPUTS}
        contents |= {address: Cached(492) for address in TOTALS}
        return prepared.fill(dict.fromkeys(names, contents))

    data = benchmark(fill)

    assert load_workbook(BytesIO(data), data_only=True)[names[-1]]["G20"].value == 492


@pytest.mark.parametrize("sheets", [2, 10])
def test_load_fill_and_save_with_openpyxl(benchmark: BenchmarkFixture, sheets: int) -> None:
    template = make_template(sheets)

    def fill() -> bytes:
        workbook = load_workbook(BytesIO(template))
        for sheet in workbook.worksheets:
            for address in INPUTS:
                sheet[address] = 123
        saved = BytesIO()
        workbook.save(saved)
        return saved.getvalue()

    data = benchmark(fill)

    assert load_workbook(BytesIO(data)).worksheets[-1]["E7"].value == 123


@pytest.mark.parametrize("sheets", [2, 10])
def test_prepare_a_workbook(benchmark: BenchmarkFixture, sheets: int) -> None:
    template = make_template(sheets)
    slots = {f"表{number}": INPUTS + TOTALS for number in range(sheets)}

    prepared = benchmark(PreparedWorkbook.prepare, template, slots=slots)

    assert len(prepared.parts) == sheets
