"""The return workbook: made anew from our own template, never the submission saved again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.returned.again import returned_cells
from xlsx_tools.returned.follow import Case
from xlsx_tools.returned.marks import Marks
from xlsx_tools.returned.notes import note_parts
from xlsx_tools.returned.places import MARKS, MARKS_TOP, TODO, TODO_TOP
from xlsx_tools.returned.todo import head_cells, todo_rows
from xlsx_tools.template import Addition, Extension, render_as_sent

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from openpyxl import Workbook

    from xlsx_tools.check import Verdict
    from xlsx_tools.excel.address import Layout
    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.finding import Finding


def render_return(
    verdict: Verdict, beside: Sequence[Finding] = (), *, offered: Mapping[str, str] = {}
) -> bytes:
    """The workbook to be sent back to its filler, who corrects it and sends it in again.

    It is read again as the same filing, with the same reasons. Its first sheet lists what is to
    be done, and the cells concerned are red until they are put right.

    Args:
        verdict: the filing and what was found in it.
        beside: findings that only the batch could show, such as a second file of the unit.
        offered: the reasons given last year, by rule instance; shown, never taken over.

    Raises:
        IllegalTextError: a text of the filing that no workbook can hold, named by cell.
    """
    case = Case.of(verdict, beside, offered)
    marks = Marks(case)
    cells: dict[str, dict[str, Content]] = {TODO: dict(head_cells(case))}
    for spot, content in returned_cells(verdict.filing):
        cells.setdefault(spot.sheet, {})[spot.address] = content
    addition = Addition(
        _RETURN,
        cells=cells,
        tails={TODO: tuple(todo_rows(case, marks)), MARKS: tuple(marks.rows())},
        replaced=note_parts(case),
    )
    return render_as_sent(case.filing, addition=addition)


def _draw(book: Workbook, layout: Layout) -> None:
    from xlsx_tools.returned.drawing import draw  # noqa: PLC0415 - openpyxl, once a process

    draw(book, layout)


def _slots(_layout: Layout) -> Mapping[str, Collection[str]]:
    return {TODO: ("A2", "A3", "A4")}


_RETURN = Extension("return", _draw, _slots, ((TODO, TODO_TOP), (MARKS, MARKS_TOP)))
