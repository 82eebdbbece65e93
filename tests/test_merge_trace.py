"""The trace: every figure of a merge with its unit, file, cell and value."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, index_of
from tests.support.merging import source_of, unit_of
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange.exact_json import loads_exact
from xlsx_tools.merge import merge_filings
from xlsx_tools.merge.trace import CSV_HEADING, write_trace_csv, write_trace_json
from xlsx_tools.values import Parsed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.merge.source import Source

COUNTY = Organisation("某县人民政府")
FORM = load_form("annual-report-2021")
PATH = "requests.received.research"


@pytest.fixture(params=form_ids())
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(request.param)


def rows_of(sources: Iterable[Source], form: Form = FORM) -> list[dict[str, str]]:
    text = b"".join(write_trace_csv(sources, form)).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def row_of(filing: Filing, path: str = PATH, file: str = "甲局.xlsx") -> dict[str, str]:
    (row,) = [row for row in rows_of([source_of(filing, file)]) if row["项目路径"] == path]
    return row


def object_of(sources: Iterable[Source], form: Form = FORM) -> dict[str, Any]:
    found = loads_exact(b"".join(write_trace_json(sources, form)))
    assert isinstance(found, dict)
    return found


def test_the_lines_of_the_trace_add_up_to_every_figure_of_the_merge(form: Form) -> None:
    filings = [unit_of(form, f"{number}局") for number in range(5)]
    merged = merge_filings(filings, COUNTY)

    sums = dict.fromkeys(form.by_path, Decimal(0))
    for row in rows_of(map(source_of, filings), form):
        sums[row["项目路径"]] += Decimal(row["数值"])

    assert [sums[cell.path] for cell in form.cells] == list(merged.values)


def test_a_line_names_unit_file_hash_cell_and_value() -> None:
    filing = replace(filing_of(FORM, received__research=7), includes=())

    row = row_of(filing)

    assert tuple(row) == CSV_HEADING
    assert row["单位"] == "某县某局"
    assert row["统一社会信用代码"] == "11330000000000000X"
    assert row["口径"] == "本机关"
    assert row["文件"] == "甲局.xlsx"
    assert row["SHA-256"] == source_of(filing).sha256
    assert row["汇总表单元格"] == row["原表单元格"] == "三、依申请公开!F6"
    assert "科研机构" in row["项目"]
    assert (row["数值"], row["状态"], row["自动计算"]) == ("7", "有数", "否")
    assert (row["所含单位数"], row["所含单位"]) == ("", "")


def test_totals_have_lines_that_say_they_are_computed() -> None:
    row = row_of(filing_of(FORM), "requests.received.total")

    assert (row["数值"], row["自动计算"]) == ("13", "是")


def test_blank_not_applicable_and_unreadable_stay_apart() -> None:
    index = index_of(FORM, PATH)
    blank = filing_of(FORM, received__research=None)
    mark = replace(blank, not_applicable=frozenset({index}))
    text = replace(filing_of(FORM, received__research=3), parsed={index: Parsed("text_number", 3)})

    states = [(row["数值"], row["状态"]) for row in map(row_of, (blank, mark, text))]

    assert states == [("", "空白"), ("", "不适用"), ("", "无法读取")]
    assert row_of(filing_of(FORM, received__research=0))["数值"] == "0"


def test_a_figure_of_filing_json_is_found_by_its_path() -> None:
    assert row_of(filing_of(FORM), file="甲局.JSON")["原表单元格"] == PATH


def test_a_consolidated_filing_names_its_members() -> None:
    parts = [unit_of(FORM, f"{number:02}局") for number in range(60)]
    some, many = merge_filings(parts[:3], COUNTY), merge_filings(parts, COUNTY)

    assert row_of(some)["所含单位"] == "00局、01局、02局"
    assert row_of(many)["所含单位"].endswith("49局等")
    assert row_of(many)["所含单位数"] == "60"
    assert object_of([source_of(many)])["units"][0]["includes"] == list(many.includes)


@pytest.mark.parametrize("name", ["=1+1", "+1", "@SUM(A1)", "-1", '甲"局', "甲,局\n乙"])
def test_no_name_becomes_a_formula_or_breaks_a_line(name: str) -> None:
    row = row_of(unit_of(FORM, name), file=f"{name}.xlsx")

    assert row["单位"].removeprefix("'") == name
    assert not row["单位"].startswith(("=", "+", "@", "-"))
    assert not row["文件"].startswith(("=", "+", "@", "-"))


def test_a_negative_figure_stays_a_number() -> None:
    old = load_form("annual-report-2019")
    signed = next(cell for cell in old.inputs if cell.kind == "signed")
    filing = filing_of(old, **{signed.path.replace(".", "__"): -5})

    (row,) = [r for r in rows_of([source_of(filing)], old) if r["项目路径"] == signed.path]

    assert row["数值"] == "-5"


def test_the_json_trace_has_places_values_and_the_sums_made_of_them(form: Form) -> None:
    filings = [unit_of(form, f"{number}局") for number in range(3)]
    merged = merge_filings(filings, COUNTY)

    found = object_of(map(source_of, filings), form)

    assert found["form"] == form.id
    assert [figure["path"] for figure in found["figures"]] == list(form.by_path)
    assert found["merged"] == {cell.path: merged.values[cell.index] for cell in form.cells}
    for unit, filing in zip(found["units"], filings, strict=True):
        assert list(unit["values"].values()) == list(filing.values)
        assert unit["file"] == f"报送/{filing.organisation.name}.xlsx"
        assert (unit["workbook"], unit["status"], unit["scope"]) == (True, "passed", "own")


def test_the_json_trace_keeps_blanks_and_marks_apart() -> None:
    index = index_of(FORM, PATH)
    blank = filing_of(FORM, received__research=None)
    mark = replace(blank, not_applicable=frozenset({index}), organisation=Organisation("乙局"))
    text = replace(unit_of(FORM, "丙局"), parsed={index: Parsed("text_number", 3)})

    first, second, third = object_of(map(source_of, (blank, mark, text)))["units"]

    assert first["values"][PATH] is second["values"][PATH] is third["values"][PATH] is None
    assert "not_applicable" not in first
    assert second["not_applicable"] == [PATH]
    assert third["unreadable"] == [PATH]


def test_a_trace_of_what_must_not_be_merged_is_refused(form: Form) -> None:
    other = load_form(next(i for i in form_ids() if i != form.id))
    twice = [source_of(unit_of(form, "甲局"))] * 2

    with pytest.raises(MergeError, match=r"乙局.*其他年度的表式"):
        rows_of([source_of(unit_of(other, "乙局"))], form)
    with pytest.raises(MergeError, match="请只保留一份"):
        object_of(twice, form)


def test_the_trace_is_written_while_the_sources_pass() -> None:
    asked = []

    def passing() -> Iterable[Source]:
        for number in range(3):
            asked.append(number)
            yield source_of(unit_of(FORM, f"{number}局"))

    pieces = write_trace_csv(passing(), FORM)
    next(pieces)
    next(pieces)

    assert asked == [0]
