"""The merged workbook: official sheets as ever, and behind them where every figure comes from."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.support.builders import filing_of, filings, index_of, with_figures
from tests.support.merging import source_of, unit_of
from tests.support.office import recalculate
from tests.support.workbooks import read_bytes
from xlsx_tools.check import check_filing
from xlsx_tools.errors import FilingError
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.merge import extra_sheets, merge_filings
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.extra_sheets import COVERAGE, ORIGINS, REASONS, TOP, UNITS, UNITS_TOP
from xlsx_tools.merge.source import Excluded, Source
from xlsx_tools.values import LARGEST, Parsed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from xlsx_tools.forms import Form

COUNTY = Organisation("某县人民政府", "11330000000000000C")
FORM = load_form("annual-report-2021")
ALLOWED = {"IF", "AND", "ISNUMBER", "ROUND", "SUM", "COUNT", "MAX", "INDEX", "MATCH"}
FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")
QUOTED = re.compile("\"[^\"]*\"|'[^']*'")


@pytest.fixture(params=form_ids())
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(request.param)


def units(form: Form, count: int = 3) -> list[Filing]:
    return [unit_of(form, f"{number}局") for number in range(count)]


def merged_book(parts: Sequence[Filing], **lists: object) -> bytes:
    merged = merge_filings(parts, COUNTY)
    return render_merged(merged, map(source_of, parts), **lists)  # type: ignore[arg-type]


def opened(data: bytes, *, formulas: bool = False) -> Workbook:
    return load_workbook(BytesIO(data), data_only=not formulas)


def rows(sheet: Worksheet, top: int = TOP) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(min_row=top, values_only=True)]


def origin_row(book: Workbook, name: str) -> dict[str, object]:
    row = TOP + index_of(FORM, name)
    return {letter: book[ORIGINS][f"{letter}{row}"].value for letter in "ABCDEFGHI"}


# ------------------------------------------------------------------------------ the official part


def test_the_workbook_reads_back_equal_and_is_judged_alike(form: Form) -> None:
    parts = [
        replace(filing_of(form), organisation=Organisation(f"{number}局")) for number in range(3)
    ]
    merged = merge_filings(parts, COUNTY)

    back = read_bytes(render_merged(merged, map(source_of, parts)))

    assert back == merged
    assert check_filing(back).status == check_filing(merged).status == "passed"


def test_the_workbook_can_be_merged_upward(form: Form) -> None:
    parts = units(form)
    county = read_bytes(merged_book(parts[:2]))

    city = merge_filings([county, parts[2]], Organisation("某市人民政府"))

    assert city.values == merge_filings(parts, COUNTY).values
    assert city.includes == ("0局", "1局", "2局")


@settings(max_examples=15)
@given(st.sampled_from(form_ids()).map(load_form).flatmap(filings))
def test_any_filing_can_be_merged_into_a_workbook_that_reads_back(filing: Filing) -> None:
    """Blanks, marks and odd names included; what was not clean is not made to look so."""
    part = replace(filing, year=filing.form.first_year, scope="own", includes=())
    other = replace(filing_of(filing.form), organisation=Organisation("乙局"))
    merged = merge_filings([part, other], COUNTY)
    typed = [merged.values[cell.index] for cell in filing.form.inputs]
    assume(all(-LARGEST <= value <= LARGEST for value in typed if value is not None))

    data = render_merged(merged, map(source_of, (part, other)))

    assert read_bytes(data) == merged
    differences = [row[5] for row in rows(opened(data)[ORIGINS])]
    assert set(differences) <= {0, None}


def test_the_extra_sheets_stand_behind_the_official_ones_and_are_locked(form: Form) -> None:
    official = opened(render_workbook(unit_of(form, "甲局"))).sheetnames

    book = opened(merged_book(units(form)))

    assert book.sheetnames == [*official, ORIGINS, UNITS, COVERAGE, REASONS]
    for name in (ORIGINS, UNITS, COVERAGE, REASONS):
        assert book[name].protection.sheet
        assert not book[name].protection.autoFilter
        assert book[name].auto_filter.ref
        assert book[name].freeze_panes


def test_the_same_merge_gives_the_same_bytes() -> None:
    assert merged_book(units(FORM)) == merged_book(units(FORM))


# -------------------------------------------------------------------------------------- 来源


def test_every_figure_has_a_row_that_links_to_it_and_adds_up(form: Form) -> None:
    parts = units(form)
    merged = merge_filings(parts, COUNTY)

    book = opened(merged_book(parts))

    found = rows(book[ORIGINS])
    assert len(found) == len(form.cells)
    for cell, row in zip(form.cells, found, strict=True):
        value = merged.values[cell.index]
        sheet, _, address = str(row[2]).partition("!")
        link = book[ORIGINS][f"C{TOP + cell.index}"].hyperlink
        assert row[1] == cell.label
        assert Decimal(str(book[sheet][address].value)) == value
        assert Decimal(str(row[3])) == Decimal(str(row[4])) == value
        assert (row[5], row[6], row[8]) == (0, 3, None)
        assert link.location == f"'{sheet}'!{address}"


def test_the_largest_source_of_a_figure_is_named() -> None:
    parts = [
        replace(filing_of(FORM, received__research=n), organisation=Organisation(name, None))
        for name, n in (("甲局", 4), ("乙局", 9), ("丙局", 5))
    ]

    book = opened(merged_book(parts))

    assert origin_row(book, "received__research")["H"] == "乙局"
    assert origin_row(book, "received__legal_service")["H"] is None


def test_a_blank_unit_is_named_and_makes_no_difference_out_of_nothing() -> None:
    four = unit_of(FORM, "甲局")
    blank = replace(
        filing_of(FORM, received__research=None), organisation=Organisation("乙局"), includes=()
    )

    book = opened(merged_book([four, blank]))

    row = origin_row(book, "received__research")
    assert row["D"] is None
    assert row["E"] == four.values[index_of(FORM, "received__research")]
    assert (row["F"], row["G"], row["I"]) == (None, 1, "乙局未填，汇总数留空")
    total = origin_row(book, "received__total")
    assert (total["F"], total["I"]) == (None, "有组成项未填，合计不完整")


def test_many_blank_units_are_counted() -> None:
    parts = [
        replace(filing_of(FORM, received__research=None), organisation=Organisation(f"{n}局"))
        for n in range(5)
    ]

    row = origin_row(opened(merged_book(parts)), "received__research")

    assert row["I"] == "0局、1局、2局等 5 个单位未填，汇总数留空"


def test_a_merge_that_is_not_the_sum_of_its_sources_shows_the_difference() -> None:
    parts = units(FORM)
    merged = merge_filings(parts, COUNTY)

    book = opened(render_merged(merged, map(source_of, parts[:2])))

    index = index_of(FORM, "received__research")
    assert origin_row(book, "received__research")["F"] == parts[2].values[index]


def test_only_functions_that_every_office_has_are_used() -> None:
    book = opened(merged_book(units(FORM)), formulas=True)

    written = [str(value) for row in rows(book[ORIGINS]) for value in row[3:8]]

    used = {name for text in written for name in FUNCTION.findall(QUOTED.sub('""', text))}
    assert used == ALLOWED


@pytest.mark.office
def test_libreoffice_finds_no_difference_either(tmp_path: Path) -> None:
    books = {}
    for form_id in form_ids():
        form = load_form(form_id)
        first, *others = units(form, 4)
        marked = frozenset({index_of(form, "received__research")})
        nobody = replace(with_figures(first, received__research=None), not_applicable=marked)
        books[form_id] = merged_book([nobody, *others])

    again = recalculate(books, tmp_path)

    for form_id, data in books.items():
        ours, theirs = (rows(opened(each)[ORIGINS]) for each in (data, again[form_id]))
        assert {row[5] for row in theirs if row[1]} == {0}
        shown = [[cell or None for cell in row[:9]] for row in ours]
        assert [[cell or None for cell in row[:9]] for row in theirs[: len(ours)]] == shown
        assert read_bytes(again[form_id]) == read_bytes(data)


# -------------------------------------------------------------------------------------- 分单位


def test_every_unit_has_a_row_with_file_hash_and_all_its_figures(form: Form) -> None:
    parts = units(form)

    sheet = opened(merged_book(parts))[UNITS]

    heads = next(sheet.iter_rows(min_row=UNITS_TOP - 1, max_row=UNITS_TOP - 1, values_only=True))
    assert heads[6:] == tuple(cell.label for cell in form.cells)
    for filing, row in zip(parts, rows(sheet, UNITS_TOP), strict=True):
        source = source_of(filing)
        assert row[:6] == [
            filing.organisation.name,
            None,
            "本机关",
            source.file,
            source.sha256,
            None,
        ]
        assert [Decimal(str(value)) for value in row[6:]] == list(filing.values)


def test_blank_and_not_applicable_and_doubtful_stay_apart_in_a_units_row() -> None:
    index = index_of(FORM, "received__research")
    blank = replace(filing_of(FORM, received__research=None), organisation=Organisation("甲局"))
    mark = replace(blank, organisation=Organisation("乙局"), not_applicable=frozenset({index}))
    text = replace(unit_of(FORM, "丙局"), parsed={index: Parsed("text_number", 3)})

    found = rows(opened(merged_book([blank, mark, text]))[UNITS], UNITS_TOP)

    assert [row[6 + index] for row in found] == [None, "/", None]


def test_a_consolidated_unit_says_how_many_it_contains() -> None:
    town = merge_filings(units(FORM), Organisation("某镇"))

    book = opened(merged_book([town, unit_of(FORM, "甲局")]))

    assert rows(book[UNITS], UNITS_TOP)[0][5] == 3
    first = rows(book[COVERAGE])[0]
    assert first[6] == 3
    assert "所含单位：0局、1局、2局" in str(first[7])


def test_beyond_the_limit_the_units_are_left_to_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlsx_tools.merge.book.UNITS_SHOWN", 2)
    parts = units(FORM)

    data = merged_book(parts)

    book, formulas = opened(data), opened(data, formulas=True)
    assert "共 3 个单位，超过 2 个" in str(book[UNITS]["A2"].value)
    assert not any(any(row) for row in rows(book[UNITS], UNITS_TOP))
    row = origin_row(formulas, "received__research")
    assert row["E"] == sum(part.values[index_of(FORM, "received__research")] or 0 for part in parts)
    assert row["G"] == 3
    assert {row[5] for row in rows(book[ORIGINS])} == {0}


def test_a_workbook_at_the_limit_is_far_from_what_the_reader_refuses() -> None:
    """30 bytes a cell, as many cells as 3,000 units have, and half of 48 MiB to spare."""
    columns = len(extra_sheets.UNIT_HEADS) + len(FORM.cells)

    assert extra_sheets.UNITS_SHOWN * columns * 40 < 48 * 1024 * 1024 * 0.6


def test_a_hundred_thousand_units_are_named_in_one_workbook_and_read_back(form: Form) -> None:
    """More than the stamp of any other workbook has room for."""
    names = tuple(f"示例省第{number:06}单位" for number in range(100_000))
    merged = replace(merge_filings(units(form), COUNTY), includes=names)

    assert read_bytes(render_merged(merged, [])).includes == names


def test_more_names_than_any_workbook_has_room_for_are_refused() -> None:
    names = tuple(f"{number:030}局" for number in range(100_000))
    merged = replace(merge_filings(units(FORM), COUNTY), includes=names)

    with pytest.raises(FilingError, match="单位过多"):
        render_merged(merged, [])
    with pytest.raises(FilingError, match="单位过多"):
        render_workbook(replace(merged, includes=names[:20_000]))


# ------------------------------------------------------------------------------------ 纳入情况


def test_who_is_counted_who_is_not_and_who_is_missing() -> None:
    parts = units(FORM, 2)
    excluded = [
        Excluded("丙局", "丙.xlsx", "未通过——表三不平衡", "ab" * 32),
        Excluded("税务局", "税务.xlsx", "垂直管理", by_roster=True),
    ]

    sheet = opened(merged_book(parts, excluded=excluded, missing=["丁局"]))[COVERAGE]

    assert [(row[0], row[1], row[4], row[7]) for row in rows(sheet)] == [
        ("计入", "0局", "报送/0局.xlsx", "通过"),
        ("计入", "1局", "报送/1局.xlsx", "通过"),
        ("未计入", "丙局", "丙.xlsx", "未通过——表三不平衡"),
        ("按名册不计入", "税务局", "税务.xlsx", "垂直管理"),
        ("未报送", "丁局", None, "截至汇总时没有收到报送，本汇总不含该单位"),
    ]
    assert sheet["A2"].value == (
        "计入 2 份，共 2 个单位；未计入 1 份；按名册不计入 1 份；未报送 1 个单位。"
        "尚有单位没有报送，本汇总为部分汇总。"
    )


def test_a_merge_with_nobody_missing_is_not_called_partial() -> None:
    assert "部分汇总" not in str(opened(merged_book(units(FORM)))[COVERAGE]["A2"].value)


def test_too_many_rows_are_counted_and_only_the_first_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those counted and those not have their own first rows."""
    monkeypatch.setattr("xlsx_tools.merge.annexes.ROWS_SHOWN", 2)
    excluded = [Excluded(f"未{number}", "甲.xlsx", "未通过") for number in range(3)]

    book = opened(merged_book(units(FORM), excluded=excluded))

    assert [row[1] for row in rows(book[COVERAGE])] == ["0局", "1局", "未0", "未1"]
    said = str(book[COVERAGE]["A2"].value)
    assert said.startswith("计入 3 份，共 3 个单位；未计入 3 份")
    assert "本表每类只列前 10000 个" in said
    assert [row[0] for row in rows(book[REASONS])] == ["0局", "1局"]
    assert str(book[REASONS]["A2"].value).startswith("共 3 段，本表只列前 10000 段")


# ------------------------------------------------------------------------------------ 说明附表


def test_reasons_and_other_matters_reach_the_coordinator(form: Form) -> None:
    instance = next(instance for instance in form.instances if instance.rule.severity == "verify")
    told = replace(
        unit_of(form, "甲局"),
        reasons={instance.id: "经核实数据无误"},
        narrative={section.id: f"{section.short}\n\n说明。" for section in form.texts},
    )
    silent = replace(unit_of(form, "乙局"), narrative={})

    found = rows(opened(merged_book([told, silent]))[REASONS])

    assert found[0] == [
        "甲局",
        "报送/甲局.xlsx",
        instance.id,
        f"{instance.title}：{instance.rule.says}",
        "经核实数据无误",
    ]
    (section,) = (section for section in form.texts if section.table)
    assert [row[2:] for row in found[1:]] == [
        [section.short, section.heading, section.short],
        [section.short, section.heading, "说明。"],
    ]


def test_without_reasons_the_sheet_says_so() -> None:
    silent = replace(unit_of(FORM, "乙局"), narrative={})

    assert opened(merged_book([silent]))[REASONS]["A2"].value == "没有单位填写说明。"


# ----------------------------------------------------------------------------- strange texts


@pytest.mark.parametrize("nasty", ["=1+1", "@SUM(A1)", "<&>\"'", "_x0041_", "甲\x01乙\ufffe", "'x"])
def test_no_text_of_a_unit_becomes_a_formula_or_stops_the_merge(nasty: str) -> None:
    filing = replace(
        unit_of(FORM, "甲局"),
        reasons={"identity": nasty},
        narrative={section.id: nasty for section in FORM.texts},
    )
    source = Source(f"{nasty}.xlsx", "", filing)
    excluded = [Excluded(nasty, nasty, nasty)]

    data = render_merged(
        merge_filings([filing], COUNTY), [source], excluded=excluded, missing=[nasty]
    )

    book = opened(data, formulas=True)
    plain = re.sub("[\x01\ufffe]", "\ufffd", nasty)
    for row in (rows(book[COVERAGE])[1], rows(book[COVERAGE])[2], rows(book[REASONS])[0]):
        assert plain in [str(cell).replace("_x005F_", "_") for cell in row]
    assert all(cell.data_type != "f" for row in book[COVERAGE].iter_rows() for cell in row)
    assert all(cell.data_type != "f" for row in book[REASONS].iter_rows() for cell in row)


def test_a_very_long_text_goes_on_in_further_rows() -> None:
    filing = replace(unit_of(FORM, "甲局"), narrative={"other_matters": "长" * 40_000})

    found = rows(opened(merged_book([filing]))[REASONS])

    assert "".join(str(row[4]) for row in found) == "长" * 40_000
