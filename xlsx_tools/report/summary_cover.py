"""概况: the first sheet of the summary workbook, everything on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.worksheet.hyperlink import Hyperlink

from xlsx_tools.batch.result import SEVERITY_WORDS, STANDING_WORDS, STATE_WORDS, STATUS_WORDS
from xlsx_tools.excel.address import quote
from xlsx_tools.report.overview import OUTSIDE
from xlsx_tools.report.parts import PART_STATE_WORDS
from xlsx_tools.report.shades import STANDING_SHADES, STATUS_SHADES
from xlsx_tools.report.summary_tables import tables_of
from xlsx_tools.report.table_sheet import Pen, Shaded
from xlsx_tools.report.wording import say_batch, say_right
from xlsx_tools.template.pages import set_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.batch import Batch
    from xlsx_tools.finding import State
    from xlsx_tools.report.overview import Overview
    from xlsx_tools.report.parts import PartState
    from xlsx_tools.report.table_sheet import Content

TITLE = "年度报告校验结果汇总"
_NAME, _WIDTHS = "概况", (22, 13, 13, 13, 13, 13, 15)
_TITLE_SIZE, _TITLE_HEIGHT, _LINE_HEIGHT, _LETTERS_A_LINE = 18, 34, 15, 100

Block = list["Sequence[Content]"]


def write_cover(book: Workbook, batch: Batch, overview: Overview) -> None:
    """What came in, how it stands, and what each other sheet holds."""
    sheet: Worksheet = book.create_sheet(_NAME)
    for letter, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    set_page(sheet)
    sheet.page_setup.fitToHeight = 1
    pen = Pen(sheet)
    _write_words(sheet, pen, batch, overview)
    for block in _blocks(batch, overview):
        sheet.append([])
        heading, *rows = block
        sheet.append([pen.write(Shaded(str(text), "head"), bold=True) for text in heading])
        for row in rows:
            sheet.append([pen.write(content) for content in row])
    _write_contents(sheet, pen, batch)


def _write_words(sheet: Worksheet, pen: Pen, batch: Batch, overview: Overview) -> None:
    row = 0
    sheet.row_dimensions[1].height = _TITLE_HEIGHT
    for text in (TITLE, say_batch(batch, overview), say_right(overview)):
        if not text:
            continue
        row += 1
        sheet.merged_cells.add(f"A{row}:G{row}")
        if row > 1:
            lines = 1 + 2 * len(text) // _LETTERS_A_LINE
            sheet.row_dimensions[row].height = lines * _LINE_HEIGHT + 4
        sheet.append([pen.write_plain(text, size=_TITLE_SIZE if row == 1 else 0, wrapped=True)])


def _blocks(batch: Batch, overview: Overview) -> Iterator[Block]:
    yield [
        ("状态", "份数"),
        *(
            (Shaded(STATUS_WORDS[status], shade), overview.statuses[status])
            for status, shade in STATUS_SHADES.items()
        ),
        ("合计", overview.files),
        ("其中可以汇总", overview.accepted),
    ]
    if batch.roster is not None:
        sums = batch.roster.sums
        yield [
            ("名册状态", "单位数"),
            *(
                (Shaded(STANDING_WORDS[standing], shade), sums[standing])
                for standing, shade in STANDING_SHADES.items()
            ),
            ("名册合计", len(batch.roster.units)),
            (f"{OUTSIDE}（份）", len(batch.roster.strangers)),
        ]
    yield _part_block(overview)
    yield [
        ("问题级别", "待处理（处）", "已说明（处）"),
        *(
            (word, overview.open[severity], overview.explained[severity])
            for severity, word in SEVERITY_WORDS.items()
        ),
        ("合计", overview.open.total(), overview.explained.total()),
        ("另有连带影响", overview.folded, None),
    ]
    yield [
        ("校验结论", "项数"),
        *((STATE_WORDS[state], overview.instances[state]) for state in _STATES),
    ]


_STATES: tuple[State, ...] = ("held", "broken", "undecided", "crashed")


def _part_block(overview: Overview) -> Block:
    order: tuple[PartState, ...] = ("right", "affected", "hint", "explained", "open")
    heading = ("部分（份数）", *(PART_STATE_WORDS[state] for state in order), "待处理（处）")
    rows: Block = [heading]
    for name in overview.part_names:
        part = overview.parts.get(name)
        if part is not None:
            rows.append((name, *(part.files[state] for state in order), part.findings))
    return rows


def _write_contents(sheet: Worksheet, pen: Pen, batch: Batch) -> None:
    sheet.append([])
    sheet.append([pen.write(Shaded(word, "head"), bold=True) for word in ("工作表", "内容")])
    for table in tables_of(batch):
        cell = pen.write(table.title)
        cell.hyperlink = Hyperlink(ref="A1", location=f"{quote(table.title)}!A1")
        sheet.append([cell, pen.write_plain(table.holds)])
