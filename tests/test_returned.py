"""The return workbook: the filler's own figures again, what to do shown in their cells."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.support.builders import filing_of, filings, index_of, mistyped, with_figures
from tests.support.dump import dump
from tests.support.office import recalculate, work_in_office
from tests.support.workbooks import (
    Put,
    error,
    formula,
    number,
    put_cells,
    read_bytes,
    text,
    truth,
)
from xlsx_tools.check import Verdict, check_filing
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.excel.sheets import read_raw_workbook
from xlsx_tools.filing import compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.finding import Finding
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import dumps_filing, parse_filing
from xlsx_tools.returned import render_return
from xlsx_tools.returned.again import as_returned
from xlsx_tools.returned.places import MARKED, MARKS, MARKS_TOP, OPEN, TODO, TODO_HEAD, TODO_TOP
from xlsx_tools.returned.todo import count_lines
from xlsx_tools.template import build_template, render_as_sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openpyxl import Workbook

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
UNFIT: tuple[Put, ...] = (
    *(text(words) for words in ("约3", "3-5", "12件", "１２", " 7", "=1+1", "1.5", "\u3000", "²")),
    *(number(figure) for figure in ("-3", "2.5", "1E+30", "1E+400", "1234567890123")),
    *(truth("1"), truth("0"), error("#REF!"), formula("1+1", "2")),
)
GOLDEN = Path(__file__).parent / "golden"
RED = 0xFF, 0x99, 0x99
LINK = re.compile(r'=HYPERLINK\("#\'(.+)\'!([A-Z]+[0-9]+)","(.+)"\)', re.DOTALL)
FUNCTION = re.compile(r"([A-Z]+)\(")


def spot_of(name: str, form: Form = FORM) -> Spot:
    return layout_of(form).figure[index_of(form, name)]


@cache
def disorder(form: Form) -> Filing:
    """One of each: unreadable, blank, unbalanced, a mark, a reason, a missing text."""
    filing = filing_of(form, requests__received__natural_person=12, penalties__decisions=None)
    first = next(iter(filing.narrative))
    filing = replace(
        filing,
        narrative={**filing.narrative, first: None},
        contact={"filler": "张三", "phone": "0571-88888888"},
        reasons={
            "nil-return-undeclared": "留待以后",
            "issued-within-stock.normative_documents": "当年制发当年失效",
        },
    )
    sent = put_cells(
        render_workbook(filing),
        {
            spot_of("requests__granted__enterprise", form): text("12件"),
            spot_of("requests__granted__research", form): number("-3"),
            spot_of("requests__granted__other", form): truth("1"),
            spot_of("disputes__reconsideration__upheld", form): formula("1+1", "2"),
            spot_of("licences__decisions", form): text("/"),
        },
    )
    return read_bytes(sent)


def verdict_of(filing: Filing) -> Verdict:
    return check_filing(filing)


@cache
def returned(form: Form) -> bytes:
    return render_return(verdict_of(disorder(form)))


def book_of(data: bytes) -> Workbook:
    return load_workbook(BytesIO(data))


def shown_in(data: bytes, sheet: str) -> dict[str, str]:
    return {at: cell.text for at, cell in read_raw_workbook(data).sheets[sheet].cells.items()}


def todo(data: bytes) -> list[list[str]]:
    """The rows below the heading, as shown."""
    shown = shown_in(data, TODO)
    last = max(int(address[1:]) for address in shown)
    rows = range(TODO_HEAD + 1, last + 1)
    return [[shown.get(f"{column}{row}", "") for column in "ABCDEFG"] for row in rows]


def red_cells(data: bytes) -> set[str]:
    shown = shown_in(data, MARKS)
    return {key for address, key in shown.items() if address[0] == "A" and "!" in key}


def blocking(verdict: Verdict) -> Iterator[Finding]:
    for finding in verdict.findings:
        decided = finding.severity == "mandatory" or finding.state == "broken"
        if decided and finding.severity != "hint" and not finding.reason:
            yield finding


def named(finding: Finding) -> set[str]:
    return {f"{place.sheet}!{place.cell}" for place in finding.cells}


# ------------------------------------------------------------------- read again


@given(st.data())
@settings(max_examples=60)
def test_it_is_read_again_as_the_same_filing_with_the_same_reasons(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMS))
    filing = data.draw(filings(form))
    puts = data.draw(
        st.dictionaries(st.sampled_from(form.inputs), st.sampled_from(UNFIT), max_size=4)
    )
    layout = layout_of(form)
    rules = data.draw(st.lists(st.sampled_from(sorted(layout.check_row)), max_size=3))
    cells: Mapping[Spot, Put | None] = {layout.figure[cell.index]: puts[cell] for cell in puts}
    sent = read_bytes(put_cells(render_workbook(filing), cells))
    sent = replace(sent, reasons=dict.fromkeys(rules, "已核实"), contact={"phone": "=1"})

    verdict = verdict_of(sent)
    again = read_bytes(render_return(verdict))

    assert again == sent
    assert again.reasons == sent.reasons
    assert again.contact == sent.contact
    assert again.parsed.keys() == sent.parsed.keys()
    assert verdict_of(again).status == verdict.status


@each_form
def test_what_we_add_causes_no_finding(form: Form) -> None:
    sent = disorder(form)

    again = read_bytes(returned(form))

    ids = [finding.id for finding in verdict_of(again).findings]
    assert ids == [finding.id for finding in verdict_of(sent).findings]
    assert not again.stated


@pytest.mark.parametrize("put", UNFIT, ids=str)
def test_what_cannot_be_read_goes_back_as_it_was_sent_and_never_as_a_figure(put: Put) -> None:
    spot, index = spot_of("received__enterprise"), index_of(FORM, "received__enterprise")
    sent = read_bytes(put_cells(render_workbook(filing_of(FORM)), {spot: put}))
    (found,) = (trouble.found for trouble in sent.troubles if trouble.index == index)

    data = render_return(verdict_of(sent))

    cell = read_raw_workbook(data).sheets[spot.sheet].cells[spot.address]
    assert cell.text == found
    assert cell.formula is None
    assert cell.kind != "n" or float(cell.text) < 1e300  # programs call a larger one damage
    assert index in read_bytes(data).parsed


def test_a_date_goes_back_as_a_day_and_not_as_a_count() -> None:
    index, spot = index_of(FORM, "received__enterprise"), spot_of("received__enterprise")

    def date(book: Workbook) -> None:
        book[spot.sheet][spot.address].value = 45356
        book[spot.sheet][spot.address].number_format = "yyyy-mm-dd"

    sent = read_bytes(_changed(render_workbook(filing_of(FORM)), date))
    data = render_return(verdict_of(sent))

    assert shown_in(data, spot.sheet)[spot.address] == "2024-03-05"
    assert read_bytes(data).values[index] is None


def _changed(data: bytes, change: object) -> bytes:
    book = book_of(data)
    assert callable(change)
    change(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_an_endless_text_is_cut_and_stays_unreadable() -> None:
    spot, index = spot_of("received__enterprise"), index_of(FORM, "received__enterprise")
    long = text(f"1{' ' * 30_000}x")

    data = render_return(
        verdict_of(read_bytes(put_cells(render_workbook(filing_of(FORM)), {spot: long})))
    )

    assert len(shown_in(data, spot.sheet)[spot.address]) < 2100
    assert read_bytes(data).parsed[index].status == "invalid"


def test_a_formula_in_a_table_declared_zero_does_not_become_zero() -> None:
    filing = filing_of(FORM)
    declared = replace(filing, declared_zero=frozenset({"requests"}))
    spot, index = spot_of("granted__enterprise"), index_of(FORM, "granted__enterprise")
    sent = read_bytes(put_cells(render_workbook(declared), {spot: formula("1+2", "3")}))

    again = read_bytes(render_return(verdict_of(sent)))

    assert again.values[index] is None
    assert verdict_of(again).status == "failed"


def test_contradicting_totals_of_json_become_ours_and_are_told() -> None:
    right = filing_of(FORM)
    wrong = mistyped(right, requests__granted__natural_person=9)
    verdict = verdict_of(wrong)

    data = render_return(verdict)

    again = read_bytes(data)
    assert again == wrong
    assert not again.stated
    (lead,) = (row for row in todo(data) if row[0] == "1")
    assert lead[2].startswith(verdict.leading[0].message)
    assert lead[6] in (OPEN, "报回后复核")
    balances = [f for f in verdict.findings if f.rule == "requests-balance"]
    assert red_cells(data) == set().union(*map(named, balances))


def test_text_from_json_that_no_workbook_holds_is_shown_as_boxes() -> None:
    data = dumps_filing(filing_of(FORM)).replace('"enterprise": 3', '"enterprise": "3\\u0001件"', 1)
    filing = parse_filing(data, strict=False)

    shown = shown_in(render_return(verdict_of(filing)), spot_of("received__enterprise").sheet)

    assert shown[spot_of("received__enterprise").address] == "3�件"


def test_a_figure_carried_over_and_then_changed_is_unlocked_to_be_put_right() -> None:
    last = filing_of(FORM, carried_out__natural_person=5)
    blank = build_template(
        FORM, year=2023, organisation=last.organisation, scope="own", last_year=last
    )
    changed, kept = spot_of("carried_in__natural_person"), spot_of("carried_in__enterprise")
    sent = read_bytes(put_cells(blank, {changed: number("4")}))

    book = book_of(render_return(verdict_of(sent)))

    cell = book[changed.sheet][changed.address]
    assert (cell.value, cell.protection.locked) == (4, False)
    assert book[kept.sheet][kept.address].protection.locked


@each_form
def test_the_same_verdict_gives_the_same_bytes(form: Form) -> None:
    assert render_return(verdict_of(disorder(form))) == returned(form)


# ------------------------------------------------------------------- 待办


@each_form
def test_what_is_added_reads_as_it_was_reviewed(form: Form, *, update_golden: bool) -> None:
    golden = GOLDEN / form.id / "returned.txt"
    sheets = dump(returned(form)).split("\n\n")
    own = [part for part in sheets if part.startswith((f"## {TODO}\n", f"## {MARKS} "))]
    shown = "\n\n".join(own)

    if update_golden:
        golden.write_text(shown, encoding="utf-8")

    assert len(own) == 2
    assert shown == golden.read_text(encoding="utf-8")


def test_a_row_is_as_high_as_its_texts_need() -> None:
    assert [
        count_lines(words, 24) for words in ("", "一二三四五六七八九十", "a" * 21, "一\n二")
    ] == [
        *(1, 1),
        *(2, 2),
    ]


@each_form
def test_what_to_do_stands_first_and_is_open_and_the_list_behind_it_is_hidden(form: Form) -> None:
    book = book_of(returned(form))

    assert book.sheetnames[0] == TODO
    assert book.active is book[TODO]
    assert book[MARKS].sheet_state == "hidden"
    assert book[TODO].protection.sheet
    assert book[MARKS].protection.sheet
    assert book.security is not None
    assert book.security.lockStructure


@each_form
def test_every_leading_finding_has_a_row_worst_first(form: Form) -> None:
    verdict = verdict_of(disorder(form))
    wanted = [finding for finding in verdict.leading if not finding.reason]
    wanted = [finding for finding in wanted if finding.severity != "hint"]

    rows = [row for row in todo(returned(form)) if row[0].isdigit()]

    assert len(rows) == len(wanted) > 5
    for row, finding in zip(rows, wanted, strict=True):
        assert row[2].startswith(finding.message)
        assert row[3].startswith(finding.remedy)
        assert row[6] == OPEN
        folded = f"连带 {len(finding.causes)} 项"
        assert (folded in row[2]) is bool(finding.causes)
    assert f"共有 {len(wanted)} 项需要处理" in shown_in(returned(form), TODO)["A3"]


@each_form
def test_every_link_leads_to_the_first_cell_of_its_finding(form: Form) -> None:
    sheet = book_of(returned(form))[TODO]
    verdict = verdict_of(disorder(form))
    leads = [f for f in verdict.leading if not f.reason and f.severity != "hint"]

    for row, finding in enumerate(leads, start=TODO_TOP):
        link = LINK.fullmatch(str(sheet[f"E{row}"].value))
        assert link is not None
        first = finding.cells[0]
        assert link.groups()[:2] == (first.sheet, first.cell)
        assert first.label in link[3]
        assert len(link[3]) < 255


def test_a_rule_that_takes_a_reason_links_to_where_it_is_written() -> None:
    sheet = book_of(returned(FORM))[TODO]
    row = next(r for r in range(TODO_TOP, 40) if "不适用标记" in str(sheet[f"C{r}"].value))

    link = LINK.fullmatch(str(sheet[f"F{row}"].value))

    assert link is not None
    check_row = layout_of(FORM).check_row["cell-not-applicable.disclosure"]
    assert link.groups() == (FORM.sheets["checks"], f"I{check_row}", "写明原因")


def test_a_finding_already_explained_is_listed_beneath_and_not_red() -> None:
    filing = filing_of(FORM, normative_documents__issued=9)
    rule = "issued-within-stock.normative_documents"
    verdict = verdict_of(replace(filing, reasons={rule: "当年制发当年失效"}))

    data = render_return(verdict)

    rows = todo(data)
    bands = [row[0] for row in rows]
    assert rows[1][2] == "没有需要处理的事项。"
    below = rows[bands.index("已经说明（不需再处理）") + 1]
    assert "当年制发当年失效" in below[2]
    assert below[6] == "已说明"
    assert red_cells(data) == set()


def test_last_years_reason_is_offered_and_not_taken_over() -> None:
    filing = filing_of(FORM, normative_documents__issued=9)
    rule = "issued-within-stock.normative_documents"

    data = render_return(verdict_of(filing), offered={rule: "清理"})

    assert "上年说明（供参考，需重新确认）：清理" in todo(data)[1][3]
    assert not read_bytes(data).reasons


def test_a_mark_that_was_explained_but_keeps_a_sum_open_is_still_to_do() -> None:
    filing = filing_of(FORM)
    marked = index_of(FORM, "granted__other")
    typed = {cell.index: filing.values[cell.index] for cell in FORM.inputs} | {marked: None}
    filing = replace(
        filing,
        values=compute_values(FORM, typed, ()),
        not_applicable=frozenset({marked}),
        reasons={"cell-not-applicable.requests": "本机关没有此类申请"},
    )
    verdict = verdict_of(filing)

    data = render_return(verdict)

    assert verdict.status == "failed"
    first = todo(data)[1]
    assert (first[0], first[1], first[6]) == ("1", "强制性", OPEN)
    assert "由此：" in first[2]
    assert red_cells(data) == {"!".join(spot_of("granted__other"))}


def test_findings_of_the_batch_are_shown_too() -> None:
    second = Finding(
        "batch.duplicate", "batch.duplicate", "mandatory", "broken", "报了两份。", "删"
    )

    first = todo(render_return(verdict_of(filing_of(FORM)), (second,)))[1]

    assert first == ["1", "强制性", "报了两份。", "删", "整个文件", "", "报回后复核"]


def test_what_the_workbook_puts_right_itself_needs_nothing() -> None:
    spot = spot_of("requests__received__total")
    sent = read_bytes(put_cells(render_workbook(filing_of(FORM)), {spot: number("13")}))

    data = render_return(verdict_of(sent))

    assert ["", "提示性", "本文件已恢复"] in [[row[0], row[1], row[6]] for row in todo(data)]
    assert red_cells(data) == set()
    assert not verdict_of(read_bytes(data)).findings


def test_what_is_right_is_said_as_well() -> None:
    filing = filing_of(FORM, requests__received__natural_person=12)

    last = todo(render_return(verdict_of(filing)))[-1]

    assert last[2] == "表二、表四、信息处理费、第一部分文字、第五部分文字、第六部分文字无问题。"


# ------------------------------------------------------------------- red cells and notes


@each_form
def test_every_cell_of_what_is_to_be_done_is_listed_and_red(form: Form) -> None:
    verdict = verdict_of(disorder(form))

    wanted = set().union(*map(named, blocking(verdict)))

    assert red_cells(returned(form)) == wanted
    assert len(wanted) > 8


@each_form
def test_red_is_a_colour_over_the_official_ones_which_stay(form: Form) -> None:
    official, book = book_of(render_workbook(filing_of(form))), book_of(returned(form))

    assert MARKED in book.defined_names
    for sheet in official.worksheets:
        mine = [
            (str(area.sqref), rule)
            for area in book[sheet.title].conditional_formatting
            for rule in area.rules
        ]
        theirs = [
            (str(area.sqref), rule.formula)
            for area in sheet.conditional_formatting
            for rule in area.rules
        ]
        if mine and MARKED in mine[0][1].formula[0]:
            assert f'"{sheet.title}!"' in mine[0][1].formula[0]
            priorities = [rule.priority for _, rule in mine]
            assert priorities[0] == 1 < min([2, *priorities[1:]])
            mine = mine[1:]
        assert [(area, rule.formula) for area, rule in mine] == theirs


@each_form
def test_official_cells_keep_their_looks_locks_and_labels(form: Form) -> None:
    sent = disorder(form)
    official, book = book_of(render_as_sent(as_returned(sent))), book_of(returned(form))
    unread = {layout_of(form).figure[index] for index in sent.parsed}

    for sheet in official.worksheets:
        assert book[sheet.title].merged_cells == sheet.merged_cells
        assert book[sheet.title].print_area == sheet.print_area
        for row in sheet.iter_rows():
            for cell in row:
                again = book[sheet.title][cell.coordinate]
                assert _look(again) == _look(cell)
                assert again.protection.locked == cell.protection.locked
                assert again.number_format == cell.number_format
                if Spot(sheet.title, cell.coordinate) not in unread:
                    assert again.data_type == cell.data_type
                    assert str(again.value) == str(cell.value) or cell.data_type == "f"


def _look(cell: object) -> str:
    return "".join(repr(getattr(cell, key)) for key in ("fill", "font", "border", "alignment"))


@each_form
def test_each_cell_has_a_note_that_says_what_is_wrong_and_what_to_do(form: Form) -> None:
    book, verdict = book_of(returned(form)), verdict_of(disorder(form))

    for finding in verdict.leading:
        if finding.severity == "hint" or finding.reason:
            continue
        place = finding.cells[0]
        comment = book[place.sheet][place.cell].comment
        assert comment is not None
        assert finding.message[:100] in comment.text
        assert f"处理：{finding.remedy[:50]}" in comment.text


@each_form
def test_the_official_notes_stay(form: Form) -> None:
    official, book = book_of(render_workbook(filing_of(form))), book_of(returned(form))

    for sheet in official.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.comment:
                    comment = book[sheet.title][cell.coordinate].comment
                    assert comment is not None
                    assert comment.text == cell.comment.text


def test_a_finding_of_many_cells_has_one_note_and_colours_all() -> None:
    blank = build_template(FORM, year=2023, organisation=filing_of(FORM).organisation)

    data = render_return(verdict_of(read_bytes(blank)))

    sheet = spot_of("requests__received__total").sheet
    notes = [
        cell
        for row in book_of(data)[sheet].iter_rows(min_row=6, min_col=4)
        for cell in row
        if cell.comment
    ]
    assert len(notes) == 1
    inputs = [cell for cell in FORM.cells_of["requests"] if not cell.total]
    assert len([key for key in red_cells(data) if key.startswith(f"{sheet}!")]) == len(inputs)


@each_form
def test_formulas_use_only_what_every_program_knows(form: Form) -> None:
    book = book_of(returned(form))
    allowed = {"IF", "OR", "AND", "SUM", "COUNTIF", "ISERROR", "EXACT", "HYPERLINK", "LEFT"}

    used: set[str] = set()
    for name in (TODO, MARKS):
        for row in book[name].iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    assert len(cell.value) < 8192
                    bare = re.sub(r'"[^"]*"', '""', cell.value)
                    used |= set(FUNCTION.findall(bare))

    assert used <= allowed
    assert {"IF", "OR", "HYPERLINK", "COUNTIF"} <= used


# ------------------------------------------------------------------- in LibreOffice


@pytest.mark.office
def test_every_saved_result_is_what_the_program_computes(tmp_path: Path) -> None:
    wrong = mistyped(filing_of(FORM), requests__granted__natural_person=9)
    cases = {form.id: returned(form) for form in FORMS}
    cases["json"] = render_return(verdict_of(wrong))
    cases["marks"] = render_return(verdict_of(with_figures(filing_of(FORM), granted__other=None)))

    again = recalculate(cases, tmp_path)

    for name, data in cases.items():
        for sheet in (TODO, MARKS):
            mine, theirs = (read_raw_workbook(d).sheets[sheet].cells for d in (data, again[name]))
            live = {at: cell.text for at, cell in mine.items() if cell.formula is not None}
            assert live
            for address, words in live.items():
                found = theirs.get(address)
                assert (found.text if found else "") == words, (name, sheet, address)


CORRECTIONS: dict[str, str | int] = {
    "requests__received__natural_person": 10,
    "requests__granted__enterprise": 3,
    "requests__granted__research": 0,
    "requests__granted__other": 0,
    "disputes__reconsideration__upheld": 1,
    "licences__decisions": 4,
    "penalties__decisions": 7,
}


@pytest.mark.office
@pytest.mark.poppler
def test_a_file_corrected_in_libreoffice_passes_and_is_red_no_more(tmp_path: Path) -> None:
    sent = disorder(FORM)
    top = layout_of(FORM).text_top[next(iter(sent.narrative))]
    typed = {spot_of(name): value for name, value in CORRECTIONS.items()} | {top: "本年情况如下。"}
    states = [Spot(TODO, f"G{TODO_TOP + row}") for row in range(8)]
    marked = [Spot(MARKS, f"A{MARKS_TOP + row}") for row in range(40)]

    before = work_in_office(returned(FORM), tmp_path / "before")
    after = work_in_office(returned(FORM), tmp_path / "after", typed=typed, look=[*states, *marked])

    assert set(after.before[: len(states)]) == {OPEN}
    assert set(after.after[: len(states)]) == {"已改正"}
    assert set(after.after[len(states) :]) == {""}
    again = read_bytes(after.saved)
    assert verdict_of(again).status == "passed"
    assert again.reasons == sent.reasons
    assert again.contact == sent.contact
    assert len(_red_pages(before.printed, tmp_path / "x.pdf")) > 6
    assert len(_red_pages(after.printed, tmp_path / "y.pdf")) == 1


def _red_pages(pdf: bytes, path: Path) -> list[int]:
    """The printed pages with the colour of what is wrong; 填报说明 always explains it."""
    path.write_bytes(pdf)
    command = ["pdftoppm", "-r", "40", str(path), str(path.with_suffix(""))]
    subprocess.run(command, check=True, capture_output=True)
    found = []
    for page in sorted(path.parent.glob(f"{path.stem}-*.ppm")):
        pixels = page.read_bytes()[-_size(page) :]
        if any(pixels[i : i + 3] == bytes(RED) for i in range(0, len(pixels), 3)):
            found.append(int(page.stem.rpartition("-")[2]))
    return found


def _size(page: Path) -> int:
    width, height = page.read_bytes().split(b"\n", 2)[1].split()
    return int(width) * int(height) * 3


@pytest.mark.office
def test_a_reason_written_in_libreoffice_settles_its_rule(tmp_path: Path) -> None:
    rule = "issued-within-stock.normative_documents"
    data = render_return(verdict_of(filing_of(FORM, normative_documents__issued=9)))
    reason = Spot(FORM.sheets["checks"], f"I{layout_of(FORM).check_row[rule]}")
    look = [Spot(TODO, f"G{TODO_TOP}"), Spot(MARKS, f"A{MARKS_TOP}")]

    worked = work_in_office(data, tmp_path, typed={reason: "当年制发当年失效"}, look=look)

    again = read_bytes(worked.saved)
    assert worked.before == [OPEN, "!".join(spot_of("normative_documents__issued"))]
    assert worked.after == ["已说明", ""]
    assert verdict_of(again).status == "passed_with_reasons"
    assert again.reasons == {rule: "当年制发当年失效"}


@pytest.mark.office
def test_a_correction_that_breaks_a_sum_is_not_taken_for_the_end(tmp_path: Path) -> None:
    spot = spot_of("requests__granted__enterprise")
    sent = read_bytes(put_cells(render_workbook(filing_of(FORM)), {spot: text("3件")}))
    data = render_return(verdict_of(sent))
    look = [Spot(TODO, f"G{TODO_TOP}"), Spot(TODO, "A4")]

    worked = work_in_office(data, tmp_path, typed={spot: 30}, look=look)

    assert worked.before == [OPEN, "还有 1 项未改正；校验结论：未通过"]
    assert worked.after[0] == "已改正，但连带的校验仍不成立"
    assert worked.after[1].startswith("列出的各项均已处理，但仍有校验不成立")
    assert verdict_of(read_bytes(worked.saved)).status == "failed"


@pytest.mark.office
def test_links_and_notes_work_in_libreoffice(tmp_path: Path) -> None:
    verdict = verdict_of(disorder(FORM))
    first = verdict.leading[0].cells[0]

    worked = work_in_office(
        returned(FORM), tmp_path, jump=[Spot(TODO, f"E{TODO_TOP}")], notes=[first.sheet]
    )

    assert worked.jumps == [f"{first.sheet}!{first.cell}"]
    assert any(
        verdict.leading[0].message[:60] in said for said in worked.notes[first.sheet].values()
    )


@pytest.mark.office
def test_what_only_the_next_check_can_tell_is_red_until_it_is_changed(tmp_path: Path) -> None:
    wrong = mistyped(filing_of(FORM), requests__granted__natural_person=9)
    lone = replace(wrong, stated={index_of(FORM, "requests__granted__total"): 11})
    spot = spot_of("requests__granted__natural_person")
    data = render_return(verdict_of(with_figures(lone, received__natural_person=11)))
    rows = shown_in(data, MARKS)
    look = [Spot(MARKS, address) for address in rows if address[0] in "AE"]

    worked = work_in_office(data, tmp_path, typed={spot: 8}, look=look)

    assert "报回后复核" in worked.before
    assert "已修改，报回后复核" in worked.after
    total = "!".join(spot_of("requests__granted__enterprise"))
    assert total in worked.before
    assert total not in worked.after
