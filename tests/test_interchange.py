"""Filings as JSON: exact, strict to write from, patient to check."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import filing_of, filings, index_of
from tests.support.cases import CASES, case_text
from xlsx_tools.errors import FilingError
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import dump_filing, dumps_filing, filing_schema, parse_filing
from xlsx_tools.interchange.exact_json import dumps_exact, loads_exact

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")


def changed(path: str, value: object, filing: Filing | None = None) -> str:
    """The JSON of a valid filing with one thing set; None deletes nothing."""
    data = dump_filing(filing or filing_of(FORM))
    place: dict[str, object] = data
    *steps, last = path.split(".")
    for step in steps:
        inner = place[step]
        assert isinstance(inner, dict)
        place = inner
    place[last] = value
    return dumps_exact(data)


def problems_of(text: str | bytes, *, strict: bool = True) -> list[str]:
    with pytest.raises(FilingError) as caught:
        parse_filing(text, strict=strict)
    return caught.value.problems


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_the_schema_is_one_and_accepts_what_we_write(form: Form) -> None:
    schema = filing_schema(form)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(dumps_filing(filing_of(form))), schema)


@given(st.sampled_from(FORMS).flatmap(filings), st.booleans())
def test_a_filing_survives_its_json(filing: Filing, strict: bool) -> None:  # noqa: FBT001
    again = parse_filing(dumps_filing(filing), strict=strict)

    assert again == filing
    assert not again.stated
    assert not again.troubles


@pytest.mark.parametrize("name", CASES)
def test_a_published_report_survives_its_json(cases: Path, name: str) -> None:
    filing = parse_filing(case_text(cases, name), strict=False)

    assert parse_filing(dumps_filing(filing), strict=not filing.parsed) == filing


def test_keys_stand_in_the_order_of_the_contract() -> None:
    data = dump_filing(filing_of(FORM))

    assert list(data) == [
        "form", "year", "organisation", "scope", "narrative", "fees", "declared_zero",
        "nil_return", "disclosure", "requests", "disputes",
    ]  # fmt: skip


def test_money_is_never_a_binary_float() -> None:
    filing = filing_of(FORM, charges__amount=Decimal("59237.2449"))

    text = dumps_filing(filing)

    assert '"amount": 59237.2449' in text
    assert parse_filing(text).values[index_of(FORM, "charges__amount")] == Decimal("59237.2449")


def test_a_figure_left_out_is_blank_and_so_is_a_table() -> None:
    data = dump_filing(filing_of(FORM))
    del data["disputes"], data["fees"], data["narrative"]
    requests = data["requests"]
    assert isinstance(requests, dict)
    del requests["granted"]["enterprise"], requests["received"]["total"]

    filing = parse_filing(dumps_exact(data))

    assert filing.values[index_of(FORM, "granted__enterprise")] is None
    assert filing.values[index_of(FORM, "received__total")] == 13
    assert filing.values[index_of(FORM, "disputes__reconsideration__total")] is None
    assert filing.narrative == {"overview": None, "problems": None, "other_matters": None}


def test_only_totals_that_differ_are_kept_as_stated() -> None:
    filing = parse_filing(changed("requests.received.total", 14))

    assert filing.stated == {index_of(FORM, "received__total"): 14}
    assert filing.values[index_of(FORM, "received__total")] == 13


def test_a_total_over_blanks_is_stated_too() -> None:
    row: dict[str, object] = {"upheld": None, "total": 4}

    filing = parse_filing(changed("disputes.reconsideration", row))

    assert filing.stated == {index_of(FORM, "reconsideration__total"): 4}
    assert filing.values[index_of(FORM, "reconsideration__total")] is None


def test_declared_blanks_are_zero_but_marks_and_unreadable_figures_are_not() -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["declared_zero"] = ["disputes"]
    data["not_applicable"] = ["disputes.reconsideration.pending"]
    data["disputes"] = {"reconsideration": {"upheld": None, "corrected": "约3", "pending": None}}

    filing = parse_filing(json.dumps(data), strict=False)

    assert filing.values[index_of(FORM, "reconsideration__upheld")] == 0
    assert filing.values[index_of(FORM, "reconsideration__corrected")] is None
    assert filing.values[index_of(FORM, "reconsideration__pending")] is None
    assert json.loads(dumps_filing(filing))["declared_zero"] == []


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("requests.received.other", "12", "应为0 至 999999999 的整数或者 null，实为 “12”"),
        ("requests.received.other", -1, "实为 -1"),
        ("requests.received.other", Decimal("1.5"), "实为 1.5"),
        ("requests.received.other", True, "实为 true"),
        ("requests.received.other", 10**9, "实为 1000000000"),
        ("requests.received.total", Decimal("1.5"), "应为"),
        ("disclosure.charges.amount", Decimal("-0.01"), "应为不小于 0 的数"),
        ("disclosure.charges.amount", Decimal("0.0000001"), "小数位数过多"),
        ("requests.received.unknown", 1, "requests.received.unknown：没有这一项"),
        ("requests.other", {"other": 1}, "requests.other：没有这一项"),
        ("remark", "x", "remark：没有这一项"),
        ("year", "2023", "year：应为整数、null之一，实为 “2023”"),
        ("scope", "全市", "scope：应为“own”、“consolidated”之一"),
        ("organisation", {"code": None}, "organisation：缺少名称"),
        ("organisation", None, "organisation：应为对象"),
        ("declared_zero", ["fees"], "declared_zero.0"),
        ("declared_zero", ["requests", "requests"], "declared_zero：不能重复"),
        ("not_applicable", ["requests.received.total"], "not_applicable.0"),
        ("not_applicable", ["requests.received.other"], "既有数字，又标为不适用"),
        ("nil_return", 1, "nil_return：应为true 或者 false"),
        ("narrative", {"overview": 3}, "narrative.overview：应为"),
        ("requests", [], "requests：应为对象"),
    ],
)
def test_strict_names_the_path_and_the_reason(path: str, value: object, why: str) -> None:
    assert why in "\n".join(problems_of(changed(path, value)))


def test_strict_lists_every_problem_at_once() -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["requests"]["received"]["other"] = "a"
    data["disputes"]["reconsideration"]["upheld"] = -3

    assert len(problems_of(json.dumps(data))) == 2


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"\xff\xfe{}", "UTF-8"),
        ("{", "第 1 行第 2 个字符"),
        ("[]", "最外层应为一个对象"),
        ("{}", "没有写明表式"),
        ('{"form": "annual-report-1999"}', "没有表式“annual-report-1999”"),
        ('{"form": ["x"]}', "没有写明表式"),
        ('{"form": "annual-report-2021"}', "organisation：缺少这一项"),
        ('{"year": 1, "year": 2}', "“year”在同一处出现了两次"),
        ('{"year": NaN}', "NaN"),
        ('{"year": -Infinity}', "Infinity"),
        ("[" * 100_000, "嵌套层数过多"),
        ('{"form": "annual-report-2021", "year": 1, "organisation": {"name": "\\ud800"}}', "字符"),
    ],
)  # fmt: skip
def test_what_is_no_filing_is_refused(text: str | bytes, why: str, *, strict: bool) -> None:
    assert why in "\n".join(problems_of(text, strict=strict))


def test_a_byte_order_mark_does_no_harm() -> None:
    filing = filing_of(FORM)

    assert parse_filing(b"\xef\xbb\xbf" + dumps_filing(filing).encode()) == filing


@pytest.mark.parametrize(
    ("value", "status", "number"),
    [
        ("12件", "invalid", None),
        ("１２", "text_number", 12),
        (-1, "invalid", None),
        (Decimal("1.5"), "invalid", None),
        (10**9, "invalid", None),
        (True, "invalid", None),
        ([1], "invalid", None),
    ],
)
def test_not_strict_keeps_a_bad_figure_for_the_checker(
    value: object, status: str, number: int | None
) -> None:
    filing = parse_filing(changed("requests.received.other", value), strict=False)

    index = index_of(FORM, "requests__received__other")
    assert filing.parsed[index].status == status
    assert filing.values[index] == number
    assert [trouble.index for trouble in filing.troubles] == [index]


@pytest.mark.parametrize("number", ["9" * 5000, "1e999999999", "1e-999999999", "1E+400"])
def test_a_number_without_measure_is_a_bad_figure_and_no_crash(number: str) -> None:
    text = dumps_filing(filing_of(FORM)).replace('"amount": 0', f'"amount": {number}')

    filing = parse_filing(text, strict=False)

    assert filing.parsed[index_of(FORM, "charges__amount")].status == "invalid"
    assert "charges.amount" in problems_of(text)[0]


def test_a_mark_typed_as_text_is_not_applicable() -> None:
    filing = parse_filing(changed("disclosure.regulations.issued", "/"), strict=False)

    assert filing.not_applicable == {index_of(FORM, "regulations__issued")}


def test_not_strict_reports_lines_of_another_form() -> None:
    filing = parse_filing(changed("requests.other", {"other": 1, "total": 1}), strict=False)

    (trouble,) = filing.troubles
    assert (trouble.check, trouble.found) == ("mixed-form", "requests.other")
    assert "表三使用了其他年度表式" in trouble.why
    assert "（六）其他处理" in trouble.why


def test_not_strict_reports_a_line_no_form_has() -> None:
    filing = parse_filing(changed("disclosure.regulations.remark", 1), strict=False)

    assert [trouble.check for trouble in filing.troubles] == ["mixed-form"]
    assert "没有的项目" in filing.troubles[0].why


def test_not_strict_ignores_keys_beside_the_contract() -> None:
    filing = filing_of(FORM)

    assert parse_filing(changed("remark", {"a": [1]}, filing), strict=False) == filing


@given(st.recursive(st.none() | st.integers() | st.booleans() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_exact_json_is_json(value: object) -> None:
    text = dumps_exact(value)

    assert json.loads(text) == value
    assert loads_exact(text) == value


def test_exact_json_has_no_word_for_a_float() -> None:
    with pytest.raises(TypeError):
        dumps_exact({"a": 0.1})


@given(st.binary() | st.text())
def test_any_bytes_are_a_filing_or_a_filing_error(data: bytes | str) -> None:
    with pytest.raises(FilingError):
        parse_filing(data, strict=False)
