"""Where the return workbook has what is its own, and the words that both sheets share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.address import Spot, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.excel.address import Layout

TODO, MARKS, MARKED = "待办", "退改清单", "退改单元格"
"""The sheet of what to do, the hidden sheet behind it, and the name of the cells marked red."""
TODO_HEAD, TODO_TOP, TODO_LIMIT = 7, 9, 500
"""The heading row, the first generated row (below the first band), and the last one counted."""
MARKS_TOP = 2
KEEP_OFF = "本工作表由程序使用，请勿修改"

OPEN, FIXED, EXPLAINED = "未改正", "已改正", "已说明"
HALF = "已改正，但连带的校验仍不成立"
LATER, TOUCHED = "报回后复核", "已修改，报回后复核"
RESTORED, HARMLESS = "本文件已恢复", "供参考"
STATE_FILLS = {OPEN: "broken", HALF: "blank", FIXED: "prefilled", EXPLAINED: "prefilled"}
"""The colours of the states in 待办; the others have none."""


def known_spots(layout: Layout) -> Mapping[Spot, int | None]:
    """Every cell that a finding may point at, with its figure's index."""
    return {
        **dict.fromkeys(layout.cover.values()),
        **dict.fromkeys(layout.text_top.values()),
        **{spot: index for index, spot in layout.figure.items()},
    }


def marked_limit(layout: Layout) -> int:
    """The last row that the list of marked cells can need."""
    return MARKS_TOP + len(known_spots(layout))


def note_sheets(layout: Layout) -> tuple[str, ...]:
    """The sheets whose cells can have notes, in the order of the book."""
    sections = (section.sheet for section in layout.form.sections)
    return (layout.form.sheets["cover"], *dict.fromkeys(sections))


def quoted(text: str) -> str:
    """A text as a formula writes it."""
    return '"' + text.replace('"', '""') + '"'


def red_formula(sheet: str) -> str:
    """Whether the cell it stands for is on the list; the same for every cell of the sheet."""
    key = f"{quoted(f'{sheet}!')}&ADDRESS(ROW(),COLUMN(),4)"
    return f"COUNTIF({MARKED},{key})>0"


def mark_ref(column: str, row: int) -> str:
    """A cell of the hidden sheet, from any sheet."""
    return f"{quote(MARKS)}!${column}${row}"
