"""Workbooks as people and programs hand them back: what is read, noted and refused."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import pytest
from openpyxl import load_workbook

from tests.support.builders import filing_of, index_of, with_figures
from tests.support.workbooks import (
    Put,
    blank_workbook,
    change_part,
    error,
    formula,
    number,
    properties_of,
    put_cells,
    read_bytes,
    resave,
    text,
    truth,
)
from xlsx_tools.check import check_filing
from xlsx_tools.errors import NotOurWorkbookError, UnusableFileError
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.excel.found import show_found
from xlsx_tools.excel.package import DEFAULT_LIMITS
from xlsx_tools.excel.raw import RawCell
from xlsx_tools.fill import fill_workbook, render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.read import read_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.values import Parsed, Status, Value

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")
LAYOUT = layout_of(FORM)
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)

SHEETS = load_workbook(BytesIO(blank_workbook(FORM)), read_only=True).sheetnames

COUNT = "requests.received.enterprise"
TOTAL = "requests.received.total"
YUAN, WAN = "fees.billed", "disclosure.charges.amount"


def spot(path: str, form: Form = FORM) -> Spot:
    return layout_of(form).figure[form.by_path[path].index]


def read_with(put: Put | None, path: str = COUNT, form: Form = FORM) -> Filing:
    """What is read when this stands in a cell of an otherwise valid workbook."""
    return read_bytes(put_cells(render_workbook(filing_of(form)), {spot(path, form): put}))


def understood(filing: Filing, path: str) -> tuple[Status, Value | None, Value | None]:
    index = filing.form.by_path[path].index
    parsed = filing.parsed.get(index)
    if index in filing.not_applicable:
        return "not_applicable", filing.values[index], None
    if parsed is None:
        value = filing.values[index]
        return ("blank" if value is None else "value"), value, None
    return parsed.status, filing.values[index], parsed.proposed


class Case(NamedTuple):
    """What stands in a cell, and what it means."""

    put: Put | None
    status: Status
    value: Value | None = None
    proposed: Value | None = None
    path: str = COUNT


CASES = [
    # blank
    Case(None, "blank"),
    Case(text(""), "blank"),
    Case(text("   "), "blank"),
    Case(text("\u3000"), "invalid"),  # TRIM in 校验 keeps it
    # numbers
    Case(number("0"), "value", 0),
    Case(number("26"), "value", 26),
    Case(number("26.0"), "value", 26),
    Case(number("1E3"), "value", 1000),
    Case(number("999999999"), "value", 999_999_999),
    Case(number("1000000000"), "invalid"),
    Case(number("1.5"), "invalid"),
    Case(number("-1"), "invalid"),
    Case(number("2.9999999999999996"), "invalid"),
    Case(number("1E+30"), "invalid"),
    Case(number("1E+400"), "invalid"),
    Case(number("12345678901234567890"), "invalid"),
    # text that can only be one number
    Case(text("12"), "text_number", 12, 12),
    Case(text("0"), "text_number", 0, 0),
    Case(text("１２"), "text_number", 12, 12),
    Case(text(" 1,234 "), "text_number", 1234, 1234),
    Case(text("１，２３４"), "text_number", 1234, 1234),
    Case(text("\u00a012\u00a0"), "text_number", 12, 12),
    Case(text("+5"), "text_number", 5, 5),
    # text that a person must read
    Case(text("12件"), "invalid", None, 12),
    Case(text("12 件"), "invalid", None, 12),
    Case(text("１２份"), "invalid", None, 12),
    Case(text("12元"), "invalid"),
    Case(text("12万元"), "invalid"),
    Case(text("1.5"), "invalid"),
    Case(text("-1"), "invalid"),
    Case(text("约12"), "invalid"),
    Case(text("3-5"), "invalid"),
    Case(text("2000万"), "invalid"),
    Case(text("1,23"), "invalid"),
    Case(text("1 2"), "invalid"),
    Case(text("12%"), "invalid"),
    Case(text("12."), "invalid"),
    Case(text("1e3"), "invalid"),
    Case(text("十二"), "invalid"),
    Case(text("²"), "invalid"),
    Case(text("\u200b12"), "invalid"),
    Case(text("=1+1"), "invalid"),
    Case(text("TRUE"), "invalid"),
    Case(text("9" * 50_000), "invalid"),
    Case(text(f"1{' ' * 30_000}x"), "invalid"),
    # marks
    *(Case(text(mark), "not_applicable") for mark in ("/", "-", "—", "无", "不适用", " / ")),
    # what no person typed as a number
    Case(truth("1"), "invalid"),
    Case(truth("0"), "invalid"),
    *(Case(error(code), "invalid") for code in ("#REF!", "#DIV/0!", "#N/A", "#VALUE!")),
    Case(formula("1+1", "2"), "invalid"),
    Case(formula("SUM(D6:D7)", "0"), "invalid"),
    # money
    Case(number("59237.244899999998"), "value", Decimal("59237.2449"), path=WAN),
    Case(number("0.29999999999999999"), "value", Decimal("0.3"), path=WAN),
    Case(number("0.1234567"), "invalid", path=WAN),
    Case(number("-0.5"), "invalid", path=WAN),
    Case(text("1,234.50"), "text_number", Decimal("1234.5"), Decimal("1234.5"), WAN),
    Case(text("0.295万元"), "invalid", None, Decimal("0.295"), WAN),
    Case(text("2950元"), "invalid", path=WAN),
    Case(text("2950元"), "invalid", None, Decimal(2950), YUAN),
    Case(text("0.295万元"), "invalid", path=YUAN),
    Case(text("3件"), "invalid", path=YUAN),
]


def _name(case: object) -> str:
    if not isinstance(case, Case) or case.put is None:
        return "nothing"
    kind, value, words = case.put
    return f"{kind}-{ascii(words or value)[:30]}-{case.path}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_a_cell_is_read_by_its_grammar_and_never_coerced(case: Case) -> None:
    filing = read_with(case.put, case.path)

    assert understood(filing, case.path) == (case.status, case.value, case.proposed)


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_only_an_unfit_cell_says_why(case: Case) -> None:
    filing = read_with(case.put, case.path)
    unfit: dict[int, Parsed] = dict(filing.parsed)

    parsed = unfit.pop(FORM.by_path[case.path].index, None)

    assert not unfit
    assert (parsed is not None) is (case.status in ("invalid", "text_number"))
    if parsed is not None:
        assert parsed.why
        assert len(parsed.why) < 60


@pytest.mark.parametrize(
    ("put", "found"),
    [
        (text("12件"), "12件"),
        (number("-3"), "-3"),
        (truth("1"), "TRUE"),
        (truth("0"), "FALSE"),
        (error("#REF!"), "#REF!"),
        (formula("1+1", "2"), "=1+1"),
    ],
)
def test_what_stood_in_an_unfit_cell_is_kept_as_its_writer_saw_it(put: Put, found: str) -> None:
    (trouble,) = read_with(put).troubles

    assert trouble.found == found


@pytest.mark.parametrize(
    ("serial", "epoch1904", "shown"),
    [
        ("45356", False, "2024-03-05"),
        ("45356.5", False, "2024-03-05 12:00"),
        ("59", False, "1900-02-28"),
        ("43894", True, "2024-03-05"),
        ("1E+30", False, "1E+30"),
    ],
)
def test_a_date_is_shown_as_a_day_in_either_calendar(
    serial: str, *, epoch1904: bool, shown: str
) -> None:
    assert show_found(RawCell("n", serial), date=True, date1904=epoch1904) == shown


def test_a_part_of_an_array_formula_is_shown_as_a_formula() -> None:
    assert show_found(RawCell("n", "5"), array=True) == "=…"


def test_who_filled_it_in_is_read_and_written_again() -> None:
    cover = LAYOUT.cover
    typed = {cover["filler"]: text(" =张三 "), cover["phone"]: number("13800000000")}

    filing = read_bytes(put_cells(blank_workbook(FORM), typed))
    again = read_bytes(render_workbook(filing))

    assert filing.contact == {"filler": "=张三", "phone": "13800000000"}
    assert again.contact == filing.contact
    assert filing == read_bytes(blank_workbook(FORM))


def test_blank_zero_and_a_mark_stay_apart() -> None:
    index = FORM.by_path[COUNT].index

    blank, zero, mark = (read_with(put) for put in (None, number("0"), text("/")))

    assert [filing.values[index] for filing in (blank, zero, mark)] == [None, 0, None]
    assert [index in filing.not_applicable for filing in (blank, zero, mark)] == [0, 0, 1]
    assert blank != zero != mark != blank


def test_declared_blanks_are_zero_but_marks_and_unreadable_cells_are_not() -> None:
    empty = read_bytes(blank_workbook(FORM))
    cells = [cell for cell in FORM.cells_of["disclosure"] if not cell.total]
    flag = {
        LAYOUT.zero_flag["disclosure"]: text("是"),
        LAYOUT.figure[cells[0].index]: text("/"),
        LAYOUT.figure[cells[1].index]: text("约3"),
    }

    filing = read_bytes(put_cells(blank_workbook(FORM), flag))

    assert filing.declared_zero == {"disclosure"}
    assert [filing.values[cell.index] for cell in cells[:3]] == [None, None, 0]
    others = {i for i in range(len(FORM.cells)) if FORM.cells[i].table != "disclosure"}
    assert all(filing.values[i] == empty.values[i] for i in others)


@pytest.mark.parametrize(("word", "declared"), [("否", False), ("是 ", True), ("YES", False)])
def test_only_yes_declares_zeros(word: str, *, declared: bool) -> None:
    flag = LAYOUT.zero_flag["requests"]

    filing = read_bytes(put_cells(blank_workbook(FORM), {flag: text(word)}))

    assert bool(filing.declared_zero) is declared


def checks(filing: Filing) -> list[str]:
    return [trouble.check for trouble in filing.troubles]


def test_a_total_overwritten_with_the_same_number_is_noted() -> None:
    right = filing_of(FORM)
    total = FORM.by_path[TOTAL].index

    filing = read_with(number(str(right.values[total])), TOTAL)

    assert checks(filing) == ["total-overwritten"]
    assert filing.troubles[0].index == total
    assert not filing.stated
    assert filing == right


def test_a_total_overwritten_with_another_number_is_kept_beside_ours() -> None:
    total = FORM.by_path[TOTAL].index

    filing = read_with(number("99"), TOTAL)

    assert checks(filing) == ["total-overwritten"]
    assert filing.stated == {total: 99}
    assert filing == filing_of(FORM)


def test_a_total_wiped_out_is_noted_and_added_up_again() -> None:
    filing = read_with(None, TOTAL)

    assert checks(filing) == ["total-overwritten"]
    assert not filing.stated
    assert filing == filing_of(FORM)


def test_a_stale_saved_total_is_kept_beside_ours() -> None:
    total = FORM.by_path[TOTAL].index

    filing = read_with(formula("SUM(D6:I6)", "7"), TOTAL)

    assert filing.stated == {total: 7}
    assert not filing.troubles
    assert filing == filing_of(FORM)


def test_a_changed_input_makes_every_saved_total_above_it_stale() -> None:
    filing = read_with(number("4"))

    assert filing.stated == {FORM.by_path[TOTAL].index: 13}
    assert filing == with_figures(filing_of(FORM), received__enterprise=4)


def test_an_unreadable_part_leaves_the_totals_alone() -> None:
    assert not read_with(text("约3")).stated


@each_form
def test_totals_never_calculated_are_added_up_by_us_and_noted_once(form: Form) -> None:
    filing = read_bytes(resave(render_workbook(filing_of(form))))

    assert checks(filing) == ["formula-uncached"]
    assert not filing.stated
    assert filing == filing_of(form)


@each_form
def test_a_number_shown_as_a_date_is_no_count(form: Form) -> None:
    """Whoever types 3-5 in a program may get a date, stored as 45000 and more."""
    place = spot(COUNT, form)

    def date(book: Workbook) -> None:
        book[place.sheet][place.address].value = 45000
        book[place.sheet][place.address].number_format = "yyyy-mm-dd"

    filing = read_bytes(resave(render_workbook(filing_of(form)), date))

    assert understood(filing, COUNT) == ("invalid", None, None)


def with_array_formula(area: str) -> bytes:
    """Only the first cell of an array formula shows it; the others look like numbers."""
    place = spot("requests.received.natural_person")
    array = f'<f t="array" ref="{area}">ROW(A1:B1)</f>'

    def change(sheet: bytes) -> bytes:
        value = sheet.index(b"<v>", sheet.index(f'<c r="{place.address}"'.encode()))
        return sheet[:value] + array.encode() + sheet[value:]

    part = f"xl/worksheets/sheet{SHEETS.index(place.sheet) + 1}.xml"
    return change_part(render_workbook(filing_of(FORM)), part, change)


def test_an_array_formula_over_inputs_is_no_typed_number() -> None:
    filing = read_bytes(with_array_formula("D6:E7"))

    unfit = {FORM.cells[index].path for index in filing.parsed}
    assert unfit == {
        f"requests.{row}.{column}"
        for row in ("received", "carried_in")
        for column in ("natural_person", "enterprise")
    }


@pytest.mark.parametrize("area", ["A:A", "D6:", "!!", "d6", "D6:E7:F8", f"D{'9' * 5000}"])
def test_an_array_formula_over_no_area_is_refused(area: str) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_bytes(with_array_formula(area))

    assert caught.value.reason == "sheet.address"


def test_a_sheet_renamed_is_refused_by_name() -> None:
    def rename(book: Workbook) -> None:
        book["三、依申请公开"].title = "表三"

    with pytest.raises(UnusableFileError, match="三、依申请公开") as caught:
        read_bytes(resave(blank_workbook(FORM), rename))

    assert caught.value.reason == "book.sheets"


@pytest.mark.parametrize("name", [section.sheet for section in FORM.texts] + ["封面"])
def test_a_sheet_missing_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnusableFileError, match=name) as caught:
        read_bytes(resave(blank_workbook(FORM), lambda book: book.remove(book[name])))

    assert caught.value.reason == "book.sheets"


def test_a_sheet_added_or_moved_does_no_harm() -> None:
    def change(book: Workbook) -> None:
        book.create_sheet("备注", 0)
        book.move_sheet("四、复议诉讼", -3)

    assert read_bytes(resave(render_workbook(filing_of(FORM)), change)) == filing_of(FORM)


def test_a_label_changed_is_refused_with_its_place() -> None:
    place = spot("requests.granted.natural_person")
    label = Spot(place.sheet, f"B{place.address[1:]}")

    with pytest.raises(UnusableFileError, match="（一）予以公开") as caught:
        read_bytes(put_cells(blank_workbook(FORM), {label: text("予以公开和部分公开")}))

    assert caught.value.reason == "book.layout"
    assert caught.value.place == f"{label.sheet}!{label.address}"


def test_a_row_inserted_is_refused() -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_bytes(resave(blank_workbook(FORM), lambda book: book["三、依申请公开"].insert_rows(8)))

    assert caught.value.reason == "book.layout"


def test_blanks_and_line_breaks_in_a_label_do_no_harm() -> None:
    place = spot("requests.granted.natural_person")
    label = Spot(place.sheet, f"B{place.address[1:]}")

    read_bytes(put_cells(blank_workbook(FORM), {label: text(" （一）\n予以 公开")}))


def test_the_workbook_of_a_stranger_is_not_ours() -> None:
    def make(book: Workbook) -> None:
        for name in book.sheetnames:
            del book[name]
        book.create_sheet("Sheet1")["A1"] = 1
        properties_of(book).props.clear()

    with pytest.raises(NotOurWorkbookError, match="没有模板标识") as caught:
        read_bytes(resave(blank_workbook(FORM), make))

    assert caught.value.reason == "template.version"


def test_a_form_we_do_not_know_is_named() -> None:
    stamp = LAYOUT.stamp["form"]

    def alter(book: Workbook) -> None:
        book[stamp.sheet][stamp.address] = "annual-report-1999"
        properties_of(book).props.clear()

    with pytest.raises(NotOurWorkbookError, match="annual-report-1999"):
        read_bytes(resave(blank_workbook(FORM), alter))


@each_form
def test_lost_document_properties_do_no_harm(form: Form) -> None:
    data = render_workbook(filing_of(form))

    assert read_bytes(resave(data, lambda book: properties_of(book).props.clear())) == filing_of(
        form
    )


@each_form
def test_a_deleted_hidden_sheet_is_refused_for_it_says_who_is_in_a_sum(form: Form) -> None:
    stamp = layout_of(form).stamp["form"].sheet
    data = resave(render_workbook(filing_of(form)), lambda book: book.remove(book[stamp]))

    with pytest.raises(UnusableFileError) as caught:
        read_bytes(data)

    assert caught.value.reason == "book.sheets"
    assert stamp in str(caught.value)


def test_unprotected_sheets_are_noted_by_name() -> None:
    def unprotect(book: Workbook) -> None:
        book["三、依申请公开"].protection.sheet = False

    filing = read_bytes(resave(render_workbook(filing_of(FORM)), unprotect))

    (trouble,) = [trouble for trouble in filing.troubles if trouble.check == "protection"]
    assert "三、依申请公开" in trouble.why


@each_form
def test_reasons_belong_to_their_rule_wherever_its_row_went(form: Form) -> None:
    layout, checks_sheet = layout_of(form), form.sheets["checks"]
    one, other = list(layout.check_row)[-2:]
    reasons = {one: "上年报告已更正", other: "案件移送其他机关"}
    filing = replace(filing_of(form), reasons=reasons)

    def sort(book: Workbook) -> None:
        sheet = book[checks_sheet]
        here, there = layout.check_row[one], layout.check_row[other]
        for letter in "AI":
            up, down = sheet[f"{letter}{here}"], sheet[f"{letter}{there}"]
            up.value, down.value = down.value, up.value

    assert read_bytes(render_workbook(filing)).reasons == reasons
    assert read_bytes(resave(render_workbook(filing), sort)).reasons == reasons


@each_form
def test_figures_of_last_year_survive(form: Form) -> None:
    last = dict.fromkeys(layout_of(form).last_year, 5)
    filing = replace(filing_of(form), last_year=last)

    assert read_bytes(render_workbook(filing)).last_year == last


PROSE = {
    "one long paragraph": "政" * 5_000,
    "a hundred paragraphs": "\n".join(f"第{number}段。" for number in range(100)),
    "blank lines": "第一段\n\n\n第二段\n \n第三段",
    "a blank line first": "\n第一段",
    "looks like a formula": '=1+1\n+2\n-3\n@SUM(A1)\n=HYPERLINK("x")',
    "looks like a number": "2023\n1E5\n0012\nTRUE\n#REF!",
    "looks like an escape": "_x000D_ 和 _x005F_x000D_",
    "blanks around": "  首行缩进  \n\u3000\u3000全角缩进\t制表",
    "mark-up": "<b>&amp;</b> ]]> \"引号\" '单引号'",
    "beyond the basic plane": "𠮷野家 😀",
    "the word for going on": "接上段\n接上段",
    "exactly a row": f"{'字' * 600}\n{'字' * 601}\n{'字' * 1200}",
}


@pytest.mark.parametrize("prose", PROSE.values(), ids=list(PROSE))
def test_prose_survives(prose: str) -> None:
    told = {section.id: prose for section in FORM.texts}
    filing = replace(filing_of(FORM), narrative=told)

    assert read_bytes(render_workbook(filing)).narrative == told


def test_prose_is_never_a_formula() -> None:
    prose = PROSE["looks like a formula"]
    filing = replace(filing_of(FORM), narrative={s.id: prose for s in FORM.texts})
    found: list[str] = []

    def collect(book: Workbook) -> None:
        found.extend(cell.data_type for (cell,) in book["一、总体情况"]["A3:A7"])

    resave(render_workbook(filing), collect)

    assert found == ["s"] * 5


def test_prose_below_the_prepared_rows_is_read() -> None:
    sheet = "一、总体情况"
    rows: dict[Spot, Put | None] = {Spot(sheet, f"A{row}"): text(f"段{row}") for row in (3, 5)}
    data = put_cells(blank_workbook(FORM), rows)

    def add(book: Workbook) -> None:
        book[sheet]["A500"] = "最后一段"

    told = read_bytes(resave(data, add)).narrative["overview"]

    assert told is not None
    assert [line for line in told.split("\n") if line] == ["段3", "段5", "最后一段"]


@each_form
def test_a_file_on_disk_reads_as_it_was_filled(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "某单位 2023.xlsx"

    fill_workbook(filing_of(form), path)

    assert read_workbook(path) == filing_of(form)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError) as caught:
        read_workbook(tmp_path / "没有.xlsx")

    assert caught.value.reason == "fs.missing"


@pytest.mark.office
@each_form
def test_what_libreoffice_saves_reads_the_same(form: Form, tmp_path: Path) -> None:
    filing = replace(
        with_figures(filing_of(form), received__research=None),
        narrative={section.id: PROSE["blank lines"] for section in form.texts},
        declared_zero=frozenset({"disputes"}),
        not_applicable=frozenset({index_of(form, "granted__research")}),
        reasons={next(iter(layout_of(form).check_row)): "情况属实，已经核对"},
        last_year=dict.fromkeys(layout_of(form).last_year, 3),
    )
    filing = with_figures(filing, granted__research=None)
    fill_workbook(filing, tmp_path / "in.xlsx")

    _resave_in_libreoffice(tmp_path)
    again = read_workbook(tmp_path / "out" / "in.xlsx")

    assert again == filing
    assert again.reasons == filing.reasons
    assert again.last_year == filing.last_year
    assert not again.parsed
    assert not again.stated
    assert not again.troubles


def _resave_in_libreoffice(folder: Path) -> None:
    program = shutil.which("soffice")
    assert program
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    options = ["--headless", "--norestore", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run(
        [program, profile, *options, "--outdir", folder / "out", folder / "in.xlsx"],
        check=True,
        capture_output=True,
        timeout=180,
    )


@each_form
def test_a_year_typed_as_text_is_no_year_as_in_the_checks(form: Form) -> None:
    put = {layout_of(form).cover["year"]: text(str(form.first_year))}

    assert read_bytes(put_cells(blank_workbook(form), put)).year is None


@each_form
def test_an_unknown_scope_is_refused_and_never_taken_for_own(form: Form) -> None:
    put = {layout_of(form).cover["scope"]: text("胡说")}

    with pytest.raises(UnusableFileError) as caught:
        read_bytes(put_cells(blank_workbook(form), put))

    assert caught.value.reason == "book.layout"
    assert "本级政府汇总" in str(caught.value)


@each_form
@pytest.mark.parametrize(
    ("key", "put", "said"),
    [
        (
            "organisation",
            text("某县另一局"),
            "封面“填报单位”为“某县另一局”，工作簿发放时为“某县某局”",
        ),
        ("year", number("2099"), "封面“报告年度”为“2099”，工作簿发放时为“"),
    ],
)
def test_a_cover_that_names_another_unit_or_year_than_the_stamp_blocks(
    form: Form, key: str, put: Put, said: str
) -> None:
    data = put_cells(render_workbook(filing_of(form)), {layout_of(form).cover[key]: put})

    filing = read_bytes(data)

    (finding,) = (f for f in check_filing(filing).leading if f.id == "identity-stamp")
    assert finding.severity == "mandatory"
    assert said in finding.message


@each_form
def test_blanks_in_a_name_make_no_other_unit(form: Form) -> None:
    spot = layout_of(form).cover["organisation"]
    data = put_cells(render_workbook(filing_of(form)), {spot: text(" 某县 某局")})

    assert read_bytes(data).troubles == ()


def test_sheets_that_are_no_part_of_the_form_may_be_of_any_size() -> None:
    """A merged workbook has every unit's figures beside the official sheets."""

    def add(book: Workbook) -> None:
        sheet = book.create_sheet("分单位")
        for row in range(DEFAULT_LIMITS.cells // 1000 + 1):
            sheet.append([row] * 1000)

    assert read_bytes(resave(render_workbook(filing_of(FORM)), add)) == filing_of(FORM)


def test_a_stamp_that_names_the_other_form_in_one_place_leads_to_the_form_all_the_same() -> None:
    other = next(form_id for form_id in form_ids() if form_id != FORM.id)
    data = render_workbook(filing_of(FORM))

    def rename(part: bytes) -> bytes:
        return part.replace(FORM.id.encode(), other.encode())

    assert read_bytes(change_part(data, "docProps/custom.xml", rename)) == filing_of(FORM)
