"""The blank workbook: what is in it, what may be typed, and what other programs make of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell as SheetCell

from tests.support.builders import filing_of, with_figures
from tests.support.dump import dump, footer_of
from tests.support.workbooks import ORGANISATION, blank_workbook, properties_of, read_bytes
from xlsx_tools.excel.address import GRID_TOP, TEXT_ROWS, Spot, layout_of
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.template import build_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

    from xlsx_tools.forms import Form

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
FORMS = [load_form(form_id) for form_id in form_ids()]
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
ALLOWED = {
    *("IF", "AND", "OR", "NOT", "ISNUMBER", "ISERROR", "ISLOGICAL", "LEN", "TRIM", "INT", "N"),
    *("ROUND", "COUNT", "COUNTIF", "COUNTIFS", "SUM", "SUMPRODUCT", "FIND", "LEFT"),
}
CHINESE = re.compile("[\u4e00-\u9fff]")
QUOTED = re.compile("\"[^\"]*\"|'[^']*'")
FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")
LARGEST_BLANK = 40 * 1024


@cache
def blank(form: Form) -> Workbook:
    return load_workbook(BytesIO(blank_workbook(form)))


def cells(book: Workbook) -> Iterator[SheetCell]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (cell for cell in row if isinstance(cell, SheetCell))


def spot_of(cell: SheetCell) -> Spot:
    return Spot(cell.parent.title, cell.coordinate)


def visible(form: Form) -> list[str]:
    pages = [section.sheet or form.tables[section.table].sheet for section in form.sections]
    return [form.sheets["guide"], form.sheets["cover"], *pages, form.sheets["checks"]]


@each_form
def test_the_blank_workbook_reads_as_it_was_reviewed(form: Form, *, update_golden: bool) -> None:
    golden = GOLDEN / form.id / "blank.txt"
    shown = dump(blank_workbook(form))

    if update_golden:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(shown, encoding="utf-8")

    assert shown == golden.read_text(encoding="utf-8")


@each_form
def test_a_blank_workbook_is_small(form: Form) -> None:
    assert len(blank_workbook(form)) <= LARGEST_BLANK


@each_form
def test_sheets_stand_in_the_order_of_the_form_and_the_stamp_is_hidden(form: Form) -> None:
    book = blank(form)

    shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]

    assert shown == visible(form)
    assert book.sheetnames == [*shown, form.sheets["stamp"]]
    assert book[form.sheets["stamp"]].sheet_state == "hidden"


def test_the_sheets_are_those_of_the_product() -> None:
    assert visible(load_form("annual-report-2021")) == [
        "填报说明",
        "封面",
        "一、总体情况",
        "二、主动公开",
        "三、依申请公开",
        "四、复议诉讼",
        "五、问题及改进",
        "六、其他事项",
        "校验",
    ]


@each_form
def test_the_stamp_is_repeated_as_text_in_the_document_properties(form: Form) -> None:
    book = blank(form)
    properties = {prop.name: prop.value for prop in properties_of(book).props}
    stamp = layout_of(form).stamp

    assert properties == {
        "nianbao_form": form.id,
        "nianbao_template_version": form.template_version,
        "nianbao_organisation": ORGANISATION.name,
        "nianbao_code": ORGANISATION.code,
        "nianbao_year": str(form.first_year + 1),
        "nianbao_scope": "own",
    }
    for name, value in properties.items():
        spot = stamp[name.removeprefix("nianbao_")]
        assert book[spot.sheet][spot.address].value == value


@each_form
def test_every_official_label_is_where_the_form_prints_it(form: Form) -> None:
    book = blank(form)

    for spot, label in layout_of(form).labels():
        assert book[spot.sheet][spot.address].value == label


@each_form
def test_every_total_is_a_formula_and_locked(form: Form) -> None:
    layout, book = layout_of(form), blank(form)
    totals = [cell for cell in form.cells if cell.total]

    assert len(totals) == len(form.definitions) > 0
    for cell in totals:
        spot = layout.figure[cell.index]
        found = book[spot.sheet][spot.address]
        assert found.data_type == "f"
        assert found.protection.locked


@each_form
def test_a_total_adds_exactly_its_parts(form: Form) -> None:
    layout, book = layout_of(form), blank(form)

    for total, parts in form.definitions:
        spot = layout.figure[total]
        (added,) = re.findall(r"SUM\(([^)]*)\)", book[spot.sheet][spot.address].value)
        reached = {
            found.coordinate for area in added.split(",") for found in _flat(book[spot.sheet][area])
        }
        assert reached == {layout.figure[part].address for part in parts}


def _flat(area: SheetCell | tuple[tuple[SheetCell, ...], ...]) -> list[SheetCell]:
    return [area] if isinstance(area, SheetCell) else [cell for row in area for cell in row]


def open_cells(form: Form) -> set[Spot]:
    """What a clerk types in: figures, the boxes of the cover, flags, reasons."""
    layout = layout_of(form)
    return {
        *(layout.figure[cell.index] for cell in form.inputs),
        *layout.zero_flag.values(),
        *(layout.cover[key] for key in ("filler", "phone", "nil_return")),
        *(Spot(form.sheets["checks"], f"I{row}") for row in layout.check_row.values()),
    }


@each_form
def test_what_is_typed_is_unlocked_and_visibly_so_and_all_else_is_locked(form: Form) -> None:
    book, unlocked, seen = blank(form), open_cells(form), set()
    prose = {spot.sheet: int(spot.address[1:]) for spot in layout_of(form).text_top.values()}

    for cell in cells(book):
        place = spot_of(cell)
        below = cell.column == 1 and cell.row >= prose.get(place.sheet, cell.row + 1)
        typed = place in unlocked or below
        assert cell.protection.locked is not typed, place
        if typed:
            seen.add(place)
            assert cell.value is None
            assert str(cell.fill.start_color.rgb).endswith("FFF9E5"), place

    assert seen >= unlocked


@each_form
def test_prose_goes_on_below_the_prepared_rows(form: Form) -> None:
    """A whole column is open to it, so that a long text can be pasted from elsewhere."""
    book = blank(form)

    for top in layout_of(form).text_top.values():
        sheet, row = book[top.sheet], int(top.address[1:])
        column = sheet.column_dimensions["A"]
        assert not column.protection.locked
        assert column.alignment.wrap_text
        assert all(not sheet[f"A{r}"].protection.locked for r in range(row, row + TEXT_ROWS))
        assert sheet.column_dimensions["B"].protection.locked


@each_form
def test_an_unknown_code_is_typed_and_a_known_one_locked(form: Form) -> None:
    spot = layout_of(form).cover["code"]
    unknown = build_template(form, year=form.first_year, organisation=Organisation("某局"))

    open_book = load_workbook(BytesIO(unknown))

    assert not open_book[spot.sheet][spot.address].protection.locked
    assert blank(form)[spot.sheet][spot.address].protection.locked


@each_form
def test_locked_sheets_may_be_selected_copied_and_widened(form: Form) -> None:
    book = blank(form)

    assert book.security is not None
    assert book.security.lockStructure
    for sheet in book.worksheets:
        guard = sheet.protection
        assert guard.sheet
        assert guard.password is None
        assert guard.hashValue is None
        # In the file these say what is forbidden.
        assert not guard.selectLockedCells
        assert not guard.selectUnlockedCells
        assert not guard.formatColumns
        assert not guard.formatRows
        assert guard.formatCells
        assert guard.insertRows
        assert guard.deleteRows


def validations(form: Form) -> dict[Spot, DataValidation]:
    return {
        Spot(sheet.title, cell): rule
        for sheet in blank(form).worksheets
        for rule in sheet.data_validations.dataValidation
        for area in str(rule.sqref).split()
        for cell in _addresses(sheet.title, area, form)
    }


def _addresses(sheet: str, area: str, form: Form) -> list[str]:
    return [cell.coordinate for cell in _flat(blank(form)[sheet][area])]


@each_form
def test_every_figure_is_validated_in_chinese(form: Form) -> None:
    layout, rules = layout_of(form), validations(form)

    for cell in form.inputs:
        rule = rules[layout.figure[cell.index]]
        assert rule.type == ("decimal" if cell.kind == "money" else "whole")
        assert rule.formula1 == ("-999999999" if cell.kind == "signed" else "0")
        assert rule.showErrorMessage
        assert rule.showInputMessage
        assert rule.allow_blank
        for words in (rule.error, rule.errorTitle, rule.prompt, rule.promptTitle):
            assert words
            assert CHINESE.search(words)
        assert len(rule.promptTitle or "") <= 32
        assert len(rule.error or "") <= 225
        assert len(rule.prompt or "") <= 255


@each_form
def test_every_box_takes_yes_or_no_from_a_list(form: Form) -> None:
    layout, rules = layout_of(form), validations(form)

    for spot in (*layout.zero_flag.values(), layout.cover["nil_return"]):
        assert rules[spot].type == "list"
        assert rules[spot].formula1 == '"是,否"'
        assert rules[spot].showErrorMessage
        assert CHINESE.search(rules[spot].error or "")
        assert CHINESE.search(rules[spot].prompt or "")


@each_form
def test_every_note_of_the_form_is_on_its_label(form: Form) -> None:
    """A column printed twice has its note once."""
    book = blank(form)

    for table in form.tables.values():
        heard: dict[tuple[str, str], str] = {}
        for grid in (grid for row in table.grid for grid in row):
            cell = book[table.sheet].cell(GRID_TOP - 1 + grid.row, grid.column)
            said = cell.comment.text if cell.comment else ""
            key = grid.piece, grid.line
            heard[key] = heard.get(key, "") or said
        for piece, lines in (("row", table.rows), ("column", table.columns)):
            for line in lines.values():
                assert heard.get((piece, line.id), "") == line.note


@each_form
def test_every_row_says_what_is_counted(form: Form) -> None:
    for table in form.tables.values():
        assert all(line.note for line in table.rows.values()), table.id


@each_form
def test_visible_sheets_print_on_numbered_a4_pages_one_page_wide(form: Form) -> None:
    book = blank(form)

    for name in visible(form):
        sheet = book[name]
        assert sheet.page_setup.paperSize == 9
        assert "&P" in footer_of(sheet)
        assert "&N" in footer_of(sheet)
        fit = sheet.sheet_properties.pageSetUpPr
        if fit is not None and fit.fitToPage:
            assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)


@each_form
def test_long_sheets_repeat_their_heads(form: Form) -> None:
    book = blank(form)
    balanced = [table for table in form.tables.values() if table.balance]

    assert [table.id for table in balanced] == ["requests"]
    for table in balanced:
        assert book[table.sheet].print_title_rows == "$3:$5"
        assert book[table.sheet].freeze_panes == "A6"
    checks = book[form.sheets["checks"]]
    assert checks.print_title_rows == "$12:$12"
    assert checks.freeze_panes == "A13"
    for section in form.texts:
        assert book[section.sheet].print_title_rows == "$1:$1"


@each_form
def test_every_rule_of_the_checks_leads_to_a_cell(form: Form) -> None:
    layout, book = layout_of(form), blank(form)
    sheet = book[form.sheets["checks"]]

    assert layout.check_row
    for instance_id, row in layout.check_row.items():
        assert sheet[f"A{row}"].value == instance_id
        link = sheet[f"H{row}"].hyperlink
        name, address = link.location.rsplit("!", 1)
        assert book[name.strip("'")][address] is not None
        assert sheet[f"H{row}"].value


@each_form
def test_every_formula_is_within_what_excel_takes(form: Form) -> None:
    for cell in cells(blank(form)):
        if cell.data_type == "f":
            text = str(cell.value)
            assert len(text) <= 8192, spot_of(cell)
            assert text.count("(") == text.count(")")


@each_form
def test_formulas_use_only_what_every_program_knows(form: Form) -> None:
    book, used = blank(form), set()
    formulas = [str(cell.value) for cell in cells(book) if cell.data_type == "f"]
    for sheet in book.worksheets:
        formulas += [
            text for area in sheet.conditional_formatting for r in area.rules for text in r.formula
        ]

    for text in formulas:
        bare = QUOTED.sub("", text)
        used |= {name.upper() for name in FUNCTION.findall(bare)}
        assert not set("[]{}@#;") & set(bare), text

    assert used <= ALLOWED
    assert {"IF", "SUM", "COUNTIF"} <= used


@each_form
def test_there_is_nothing_in_the_file_but_sheets(form: Form) -> None:
    with ZipFile(BytesIO(blank_workbook(form))) as file:
        names = file.namelist()
        links = b"".join(file.read(name) for name in names if name.endswith(".rels"))
        types = file.read("[Content_Types].xml")

    for word in ("vba", "macro", "customxml", "external", "connection", "embedding", "activex"):
        assert not [name for name in names if word in name.lower()]
        assert word not in types.decode().lower()
    assert b'TargetMode="External"' not in links
    assert b"http" not in links.replace(b"http://schemas.openxmlformats.org", b"")


@each_form
def test_the_same_input_gives_the_same_bytes(form: Form) -> None:
    again = build_template(form, year=form.first_year + 1, organisation=ORGANISATION)

    assert again == blank_workbook(form)


@each_form
def test_a_blank_workbook_reads_as_blank(form: Form) -> None:
    filing = read_bytes(blank_workbook(form))

    assert set(filing.values) == {None}
    assert not filing.stated
    assert not filing.troubles
    assert filing.organisation == ORGANISATION
    assert (filing.year, filing.scope, filing.nil_return) == (form.first_year + 1, "own", False)


@each_form
def test_last_year_is_carried_over_and_locked(form: Form) -> None:
    last = with_figures(filing_of(form), carried_out__enterprise=4, carried_out__research=None)
    data = build_template(form, year=form.first_year + 1, organisation=ORGANISATION, last_year=last)
    layout, book = layout_of(form), load_workbook(BytesIO(data))

    for index, source in form.prefilled.items():
        spot, figure = layout.figure[index], last.values[source]
        cell = book[spot.sheet][spot.address]
        assert cell.value == figure
        assert cell.protection.locked is (figure is not None)
    assert sum(last.values[source] is None for source in form.prefilled.values()) == 1


@each_form
def test_what_was_carried_over_is_read_as_such_and_nothing_as_filled_in(form: Form) -> None:
    last = filing_of(form)
    data = build_template(form, year=form.first_year + 1, organisation=ORGANISATION, last_year=last)

    filing = read_bytes(data)

    assert filing.prefilled == frozenset(form.prefilled)
    assert filing.last_year == {i: last.values[i] for i in layout_of(form).last_year}
    assert not filing.troubles
    typed = {cell.index for cell in form.inputs if filing.values[cell.index] is not None}
    assert typed == set(form.prefilled)


@each_form
def test_last_year_is_shown_beside_the_table_under_its_own_label(form: Form) -> None:
    last = filing_of(form)
    data = build_template(form, year=form.first_year + 1, organisation=ORGANISATION, last_year=last)
    book = load_workbook(BytesIO(data), data_only=True)

    for table in form.tables.values():
        for path in table.beside_last_year:
            cell = form.by_path[f"{table.id}.{path}"]
            spot = layout_of(form).figure[cell.index]
            row = book[table.sheet][spot.address].row
            beside = book[table.sheet].cell(row, len(table.widths) + 2)
            head = book[table.sheet].cell(4, len(table.widths) + 2)
            assert beside.value == last.values[cell.index]
            assert table.columns[cell.column].label.removeprefix("本年") in str(head.value)


def test_the_form_before_ours_prefills_what_the_two_have_in_common() -> None:
    older, newer = (load_form(f"annual-report-{year}") for year in (2019, 2021))
    last = with_figures(filing_of(older), carried_out__natural_person=9)

    filing = read_bytes(build_template(newer, year=2021, organisation=ORGANISATION, last_year=last))

    assert filing.values[newer.by_path["requests.carried_in.natural_person"].index] == 9


_DIGESTS = """
import hashlib
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.template import build_template
for form in map(load_form, form_ids()):
    data = build_template(form, year=form.first_year, organisation=Organisation("某局"))
    print(hashlib.sha256(data).hexdigest())
"""


def test_another_process_at_another_time_gives_the_same_bytes() -> None:
    """Neither the clock nor the order of sets may show in the file."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DIGESTS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert len(runs[0]) == len(FORMS)
