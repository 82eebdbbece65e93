"""Where in the workbook a finding points, and how the place is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.address import layout_of
from xlsx_tools.finding import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsx_tools.filing import Filing


def place_cell(filing: Filing, index: int) -> Place:
    """The place of a figure, with what stood there."""
    sheet, address = layout_of(filing.form).place_of(index)
    value = filing.stated.get(index, filing.values[index])
    found = next((t.found for t in filing.troubles if t.index == index and t.found), None)
    if index in filing.parsed and found is not None:
        return Place(sheet, address, filing.form.cells[index].label, found)
    return Place(sheet, address, filing.form.cells[index].label, value)


def place_cells(filing: Filing, indices: Iterable[int]) -> tuple[Place, ...]:
    """The places of several figures, each once, in the order given."""
    return tuple(place_cell(filing, index) for index in dict.fromkeys(indices))


def place_cover(filing: Filing, key: str) -> Place:
    """The place of a field of the cover sheet."""
    sheet, address = layout_of(filing.form).cover[key]
    return Place(sheet, address, filing.form.text("cover", key))


def place_prose(filing: Filing, section_id: str) -> Place:
    """Where the prose of a section begins."""
    form = filing.form
    section = next(section for section in form.texts if section.id == section_id)
    sheet, address = layout_of(form).text_top[section_id]
    return Place(sheet, address, section.heading)


def name_cell(filing: Filing, index: int) -> str:
    """``三、依申请公开!D7“（一）予以公开 / 自然人”``."""
    sheet, address = layout_of(filing.form).place_of(index)
    return f"{sheet}!{address}“{filing.form.cells[index].label}”"


def name_cells(filing: Filing, indices: Sequence[int], *, line: str = "", most: int = 3) -> str:
    """Several cells, the sheet named once; 等 when there are more.

    `line` is ``row`` or ``column`` when all stand in one that is named already.
    """
    names, last = [], ""
    for index in indices[:most]:
        sheet, address = layout_of(filing.form).place_of(index)
        row, _, column = filing.form.cells[index].label.partition(" / ")
        label = {"column": row, "row": column or row}.get(line, filing.form.cells[index].label)
        names.append(f"{'' if sheet == last else f'{sheet}!'}{address}“{label}”")
        last = sheet
    return f"{'、'.join(names)}{'等' if len(indices) > most else ''}"


def name_line(filing: Filing, index: int, piece: str) -> str:
    """The row or the column a figure stands in, as printed."""
    row, _, column = filing.form.cells[index].label.partition(" / ")
    return f"“{column}”列" if piece == "column" else f"“{row}”行"
