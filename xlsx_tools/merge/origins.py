"""The live cells of 来源: each figure beside the sum of what the units gave for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.address import layout_of, quote
from xlsx_tools.excel.cell_content import make_writable
from xlsx_tools.excel.prepared import Blank, Formula, Number, Text
from xlsx_tools.merge.extra_sheets import TOP, UNITS, UNITS_TOP, unit_columns
from xlsx_tools.values import PLACES, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.filing import Filing
    from xlsx_tools.merge.columns import Columns
    from xlsx_tools.values import Value


def origin_cells(merged: Filing, columns: Columns, live: bool) -> dict[str, Content]:  # noqa: FBT001 - passed on by name only here
    """By address; formulas over 分单位 when it lists every unit (`live`), else plain numbers."""
    cells: dict[str, Content] = {}
    for index in range(len(merged.form.cells)):
        row = TOP + index
        place = layout_of(merged.form).figure[index].ref()
        cells[f"D{row}"] = Formula(f'IF({place}="","",{place})', _shown(merged, index))
        cells[f"F{row}"] = _difference(merged, columns, index, row)
        if said := columns.say_blanks(index):
            cells[f"I{row}"] = Text(make_writable(said))
        contents = _live(columns, index) if live else _plain(columns, index)
        cells |= {
            f"{letter}{row}": content for letter, content in zip("EGH", contents, strict=True)
        }
    return cells


def _shown(merged: Filing, index: int) -> Value | str | None:
    if index in merged.not_applicable:
        marks = merged.form.answers["not_applicable"]
        return str(marks[0]) if isinstance(marks, list) else ""
    return merged.values[index]


def _difference(merged: Filing, columns: Columns, index: int, row: int) -> Content:
    """Nothing where somebody left a blank: the two sides then say different things."""
    if not columns.whole(index):
        return Blank()
    value, words = merged.values[index], f"AND(ISNUMBER(D{row}),ISNUMBER(E{row}))"
    saved = None if value is None else value - columns.sums[index]
    return Formula(f'IF({words},ROUND(D{row}-E{row},{PLACES}),"")', saved)


def _live(columns: Columns, index: int) -> Iterator[Content]:
    last = UNITS_TOP + max(columns.units, 1) - 1
    letter, sheet = unit_columns(columns.form)[index], quote(UNITS)
    figures = f"{sheet}!${letter}${UNITS_TOP}:${letter}${last}"
    names = f"{sheet}!$A${UNITS_TOP}:$A${last}"
    yield Formula(f"SUM({figures})", columns.sums[index])
    yield Formula(f"COUNT({figures})", columns.count(index))
    most = f'IF(MAX({figures})>0,INDEX({names},MATCH(MAX({figures}),{figures},0)),"")'
    yield Formula(most, make_writable(columns.largest_unit[index]))


def _plain(columns: Columns, index: int) -> Iterator[Content]:
    yield Number(show(columns.sums[index]))
    yield Number(str(columns.count(index)))
    yield Text(make_writable(columns.largest_unit[index]))
