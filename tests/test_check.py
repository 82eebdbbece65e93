"""⑤ What is said of a filing: one leading finding for one mistake."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import (
    filing_of,
    filings,
    index_of,
    mistyped,
    path_of,
    printed_totals,
    with_figures,
)
from tests.support.cases import CASES, case_text
from xlsx_tools import judge
from xlsx_tools.check import Verdict, check_filing
from xlsx_tools.excel.address import layout_of
from xlsx_tools.filing import Filing, Organisation, Trouble
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import parse_filing
from xlsx_tools.judge import judge_filing
from xlsx_tools.values import Parsed

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.finding import Finding, State
    from xlsx_tools.forms import Form

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)


def broken(verdict: Verdict) -> list[str]:
    return [finding.id for finding in verdict.leading if finding.state == "broken"]


def the_only(verdict: Verdict) -> Finding:
    (finding,) = verdict.leading
    return finding


def address(form: Form, name: str) -> str:
    return layout_of(form).place_of(index_of(form, name))[1]


@each_form
def test_a_valid_filing_passes_with_nothing_to_say(form: Form) -> None:
    verdict = check_filing(filing_of(form))

    assert verdict.status == "passed"
    assert verdict.findings == ()
    assert verdict.counts["held"] > 0
    assert sum(verdict.counts.values()) == verdict.counts["held"]


@given(st.sampled_from(FORMS).flatmap(filings))
def test_findings_agree_with_the_judgement_and_every_cause_is_there(filing: Filing) -> None:
    judgement = judge_filing(filing)

    verdict = check_filing(filing)

    ids = [finding.id for finding in verdict.findings]
    causes = [cause for finding in verdict.findings for cause in finding.causes]
    told = {finding.id for finding in verdict.findings}
    assert verdict.status == judgement.status
    assert len(ids) == len(told)
    assert len(causes) == len(set(causes))
    assert set(causes) <= told
    assert told == {d.instance.id for d in judgement.decisions if d.state not in (None, "held")}
    assert all(finding.causes == () for finding in verdict.findings if finding.id in causes)
    assert verdict.status != "passed" or all(
        finding.severity == "hint" for finding in verdict.findings
    )


@given(st.sampled_from(FORMS).flatmap(filings))
def test_sums_lead_only_when_they_are_broken(filing: Filing) -> None:
    for finding in check_filing(filing).leading:
        rule = filing.form.rules[finding.rule]
        assert not rule.require or finding.state == "broken"


@each_form
@pytest.mark.parametrize("column", ["natural_person", "enterprise", "other"])
@pytest.mark.parametrize("row", ["received", "carried_in", "granted", "resolved", "carried_out"])
def test_one_typo_in_a_workbook_gives_one_leading_finding(
    form: Form, row: str, column: str
) -> None:
    cell = form.by_path[f"requests.{row}.{column}"]
    if cell.total:
        cell = form.by_path[f"requests.refused_third_party.{column}"]
    right = filing_of(form)
    value = right.values[cell.index]
    assert value is not None

    finding = the_only(check_filing(with_figures(right, **{key(cell.path): value + 1})))

    assert finding.id == f"requests-balance.{column}"
    assert finding.causes == ("requests-balance.total",)
    assert abs(finding.difference or 0) == 1


def key(path: str) -> str:
    return path.replace(".", "__")


@each_form
@pytest.mark.parametrize(
    "path",
    [
        "requests.received.enterprise",
        "requests.carried_in.other",
        "requests.granted.natural_person",
        "requests.unavailable_unclear.research",
        "requests.carried_out.natural_person",
    ],
)
def test_one_typo_beside_printed_totals_gives_one_leading_finding_that_names_the_cell(
    form: Form, path: str
) -> None:
    right = filing_of(form)
    value = right.values[form.by_path[path].index]
    assert value is not None

    finding = the_only(check_filing(mistyped(right, **{key(path): int(value) + 4})))

    assert f"可能是 三、依申请公开!{address(form, key(path))}“" in finding.message
    assert f"改为 {value} 后" in finding.message
    assert len(finding.causes) in (2, 5)


@each_form
def test_two_typos_give_two_leading_findings(form: Form) -> None:
    filing = mistyped(
        filing_of(form), requests__received__natural_person=15, requests__granted__enterprise=5
    )

    verdict = check_filing(filing)

    assert broken(verdict) == ["requests-balance.natural_person", "requests-balance.enterprise"]
    assert all("可能是" in finding.message for finding in verdict.leading)


def test_a_wrong_printed_total_of_totals_is_one_finding() -> None:
    filing = printed_totals(filing_of(FORM), resolved__total=15)

    finding = the_only(check_filing(filing))

    assert finding.id == "results-total.total"
    assert finding.causes == ("applicants-total.resolved",)
    assert (finding.left, finding.right, finding.difference) == (15, 14, 1)


@pytest.mark.parametrize(
    ("total", "wrong", "rule"),
    [
        ("received__total", 14, "applicants-total.received"),
        ("resolved__enterprise", 4, "results-total.enterprise"),
        ("reconsideration__total", 0, "disputes-total.reconsideration"),
    ],
)
def test_a_wrong_printed_total_is_one_finding(total: str, wrong: int, rule: str) -> None:
    verdict = check_filing(printed_totals(filing_of(FORM), **{total: wrong}))

    assert [finding.id for finding in verdict.findings] == [rule]


def test_wrong_printed_totals_of_one_column_fold_into_the_first_below_it() -> None:
    filing = printed_totals(filing_of(FORM), resolved__enterprise=4, resolved__total=15)

    finding = the_only(check_filing(filing))

    assert finding.id == "results-total.enterprise"
    assert set(finding.causes) == {"results-total.total", "applicants-total.resolved"}


def test_independent_wrong_totals_lead_each() -> None:
    filing = printed_totals(
        filing_of(FORM), reconsideration__total=5, litigation_direct__total=2, received__total=99
    )

    assert len(broken(check_filing(filing))) == 3


def test_a_case_counted_under_the_wrong_applicant_is_one_finding_that_says_so() -> None:
    filing = filing_of(FORM, granted__natural_person=9, granted__enterprise=2)

    finding = the_only(check_filing(filing))

    assert finding.id == "requests-balance.natural_person"
    assert finding.causes == ("requests-balance.enterprise",)
    assert "商业企业的差额恰好相反（1），可能是归类错位：有 1 件" in finding.message


def test_last_year_singles_out_what_was_carried_in() -> None:
    filing = filing_of(FORM, carried_in__natural_person=5)
    last_year = {
        index_of(FORM, f"carried_out__{column}"): value
        for column, value in {"natural_person": 2, "total": 2}.items()
    }

    finding = the_only(check_filing(replace(filing, last_year=last_year)))

    assert finding.id == "requests-balance.natural_person"
    assert "carried-in-matches-last-year.natural_person" in finding.causes
    assert (
        f"可能是 三、依申请公开!{address(FORM, 'carried_in__natural_person')}“" in finding.message
    )
    assert "改为 2 后" in finding.message


def test_what_was_carried_over_and_locked_is_never_the_suspect() -> None:
    filing = filing_of(FORM, carried_in__natural_person=5)
    index = index_of(FORM, "carried_in__natural_person")
    last_year = {index_of(FORM, "carried_out__natural_person"): 2}

    verdict = check_filing(replace(filing, last_year=last_year, prefilled=frozenset({index})))

    assert "可能是" not in the_only(verdict).message


def test_the_message_writes_the_sum_out_and_names_every_cell() -> None:
    finding = the_only(check_filing(filing_of(FORM, received__natural_person=9)))

    assert "表三“自然人”列" in finding.message
    assert "9 + 2 ≠ 11 + 1，差 −1。" in finding.message
    for name in ("received", "carried_in", "resolved", "carried_out"):
        assert f"{address(FORM, f'{name}__natural_person')}“" in finding.message
    assert finding.message.count("三、依申请公开!") == 1
    assert [place.cell for place in finding.cells] == [
        address(FORM, f"{name}__natural_person")
        for name in ("received", "carried_in", "resolved", "carried_out")
    ]
    assert [place.value for place in finding.cells] == [9, 2, 11, 1]


def test_a_long_sum_names_only_what_is_not_zero() -> None:
    verdict = check_filing(printed_totals(filing_of(FORM), resolved__natural_person=12))

    assert "12 ≠ 8 + 3（其余为 0），差 1。" in the_only(verdict).message


def test_a_long_sum_of_nothing_says_so() -> None:
    verdict = check_filing(printed_totals(filing_of(FORM), resolved__research=2))

    assert "2 ≠ 0（各项均为 0），差 2。" in the_only(verdict).message
    assert "涉及 三、依申请公开!F29“（七）总计”。" in the_only(verdict).message


def test_a_limit_and_a_factor_read_as_they_are_decided() -> None:
    filing = filing_of(FORM, fees__notices=1, fees__billed=30, fees__collected=30)

    finding = the_only(check_filing(filing))

    assert finding.id == "fees-within-charges"
    assert "30 > 0 × 10000，差 30。" in finding.message


def test_blanks_of_a_table_are_one_finding_with_undecided_sums_beneath() -> None:
    filing = filing_of(FORM, granted__research=None, refused_third_party__other=None)

    finding = the_only(check_filing(filing))

    assert finding.id == "cell-filled.requests"
    assert finding.state == "undecided"
    assert "表三有 2 项尚未填写" in finding.message
    assert len(finding.cells) == 2
    assert {"requests-balance.research", "results-total.other"} <= set(finding.causes)


def test_only_the_first_blanks_are_named() -> None:
    filing = filing_of(FORM, **{f"granted__{c}": None for c in ("research", "other", "enterprise",
                                                               "legal_service")})  # fmt: skip

    finding = the_only(check_filing(filing))

    assert "表三有 4 项尚未填写" in finding.message
    assert "等。" in finding.message
    assert len(finding.cells) == 4


def spoilt(name: str, parsed: Parsed, *, found: str) -> Filing:
    index = index_of(FORM, name)
    filing = filing_of(FORM, **{name: None})
    check = "text-number" if parsed.status == "text_number" else "readable"
    return replace(
        filing,
        parsed={index: parsed},
        troubles=(Trouble(check, index, parsed.why, found=found, value=parsed.value),),
    )


def test_an_unreadable_cell_is_one_finding_with_what_it_probably_means() -> None:
    bad = Parsed("invalid", proposed=12, why="“12件”不是数字")

    finding = the_only(check_filing(spoilt("granted__enterprise", bad, found="12件")))

    assert finding.id == f"cell-readable.{path_of(FORM, 'granted__enterprise')}"
    assert finding.rule == "cell-readable"
    assert "“12件”不是数字" in finding.message
    assert finding.remedy.startswith("是否应为 12？")
    assert finding.cells[0].value == "12件"
    assert "results-total.enterprise" in finding.causes


def test_a_number_typed_as_text_goes_by_its_own_rule() -> None:
    text = Parsed("text_number", 12, 12, "“１２”是文本")

    finding = the_only(check_filing(spoilt("granted__enterprise", text, found="１２")))

    assert finding.id == f"cell.text_number.{path_of(FORM, 'granted__enterprise')}"
    assert finding.rule == "cell.text_number"


def test_each_unreadable_cell_is_told() -> None:
    bad = Parsed("invalid", why="不是数字")
    names = ("granted__enterprise", "received__other", "penalties__decisions")
    filing = replace(
        filing_of(FORM, **dict.fromkeys(names)),
        parsed={index_of(FORM, f"requests__{n}" if "__o" in n else n): bad for n in names},
    )

    leads = check_filing(filing).leading

    assert [finding.rule for finding in leads] == ["cell-readable"] * 3


def test_marks_of_a_table_are_one_finding_that_a_reason_answers() -> None:
    index = index_of(FORM, "regulations__issued")
    filing = replace(filing_of(FORM, regulations__issued=None), not_applicable=frozenset({index}))

    unanswered = the_only(check_filing(filing))
    too_short = the_only(
        check_filing(replace(filing, reasons={"cell-not-applicable.disclosure": "不适用"}))
    )
    reason = "本机关没有规章制定权"
    answered = the_only(
        check_filing(replace(filing, reasons={"cell-not-applicable.disclosure": reason}))
    )

    assert unanswered.id == "cell-not-applicable.disclosure"
    assert unanswered.reason == too_short.reason == ""
    assert "说明过短" in too_short.message
    assert answered.reason == reason
    assert f"（已说明：{reason}）" in answered.message


def test_a_reason_lets_a_filing_pass() -> None:
    filing = filing_of(FORM, regulations__in_force=1)

    verdict = check_filing(replace(filing, reasons={"regulations-power": "由本机关统一填报规章"}))

    assert verdict.status == "passed_with_reasons"
    assert the_only(verdict).reason == "由本机关统一填报规章"


def test_a_hint_never_blocks() -> None:
    filing = filing_of(FORM, reconsideration__upheld=99)

    verdict = check_filing(filing)

    assert verdict.status == "passed"
    assert the_only(verdict).severity == "hint"


def test_an_empty_filing_is_not_filled_and_no_sum_leads() -> None:
    blank = Filing(
        FORM, 2023, Organisation("某局"), "own", (None,) * len(FORM.cells),
        {section.id: None for section in FORM.texts},
    )  # fmt: skip

    verdict = check_filing(blank)

    assert verdict.status == "not_filled"
    assert {finding.rule for finding in verdict.leading} == {"cell-filled", "narrative-filled"}


def test_missing_name_and_year_are_one_finding() -> None:
    filing = replace(filing_of(FORM), year=None, organisation=Organisation(" "))

    finding = the_only(check_filing(filing))

    assert finding.id == "identity"
    assert "“填报单位”、“报告年度”" in finding.message
    assert finding.causes == ("form-year",)


def test_the_form_of_another_year_is_named() -> None:
    finding = the_only(check_filing(replace(filing_of(FORM), year=2020)))

    assert finding.id == "form-year"
    assert "报告年度为2020年" in finding.message
    assert "适用于2021年度及以后" in finding.message


def test_missing_prose_is_told_section_by_section() -> None:
    filing = replace(filing_of(FORM), narrative={})

    leads = check_filing(filing).leading

    assert [finding.rule for finding in leads] == ["narrative-filled"] * 3
    assert all(finding.cells[0].cell for finding in leads)


def test_all_zero_is_to_be_declared() -> None:
    zeros = {key(cell.path): 0 for cell in FORM.inputs}
    filing = filing_of(FORM, **zeros)

    assert the_only(check_filing(filing)).id == "nil-return-undeclared"
    assert check_filing(replace(filing, nil_return=True)).status == "passed"


def test_a_nil_return_with_figures_is_contradicted() -> None:
    finding = the_only(check_filing(replace(filing_of(FORM), nil_return=True)))

    assert finding.id == "nil-return-contradicted"
    assert "不为 0" in finding.message


def test_lines_of_another_form_lead_over_the_lines_they_displaced() -> None:
    rows = ("other_not_corrected", "other_fee_unpaid", "other_other")
    columns = [column for column in FORM.tables["requests"].columns if column != "total"]
    blanks = {f"requests__{row}__{column}": None for row in rows for column in columns}
    trouble = Trouble("mixed-form", None, "表三用了其他表式的行", found="requests.other")

    verdict = check_filing(replace(filing_of(FORM, **blanks), troubles=(trouble,)))

    finding = the_only(verdict)
    assert finding.id == "mixed-form"
    assert "cell-filled.requests" in finding.causes
    assert "results-total.enterprise" in finding.causes
    assert len(finding.cells) == 18
    assert "本表式应填的 18 项因此空白" in finding.message


def test_other_blanks_beside_a_mixed_form_still_lead() -> None:
    trouble = Trouble("mixed-form", None, "表三用了其他表式的行", found="requests.other")
    filing = filing_of(FORM, other_other__research=None, granted__research=None)

    verdict = check_filing(replace(filing, troubles=(trouble,)))

    assert [finding.id for finding in verdict.leading] == ["mixed-form", "cell-filled.requests"]
    assert "表三有 1 项尚未填写" in verdict.leading[1].message


def test_what_was_seen_while_reading_is_one_finding_of_a_kind() -> None:
    troubles = (
        Trouble("protection", None, "工作表“二、主动公开”的保护已取消"),
        Trouble("protection", None, "工作表“三、依申请公开”的保护已取消"),
        Trouble("total-overwritten", index_of(FORM, "received__total"), "总计公式被改动"),
    )

    verdict = check_filing(replace(filing_of(FORM), troubles=troubles))

    assert verdict.status == "passed"
    assert [finding.id for finding in verdict.leading] == [
        "cell.total_overwritten",
        "sheet.protection",
    ]
    assert "二、主动公开”的保护已取消；工作表" in verdict.leading[1].message


def test_a_saved_total_that_differs_is_told_once() -> None:
    index = index_of(FORM, "received__total")
    filing = printed_totals(filing_of(FORM), received__total=20)
    filing = replace(filing, troubles=(Trouble("total-overwritten", index, "保存的是 20"),))

    finding = the_only(check_filing(filing))

    assert finding.id == "applicants-total.received"
    assert finding.causes == ("cell.total_overwritten",)


def test_a_rule_that_crashes_leads_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> State:
        raise ZeroDivisionError

    monkeypatch.setitem(judge.CHECKS, "nil-undeclared", crash)

    verdict = check_filing(filing_of(FORM, reconsideration__upheld=99))

    assert verdict.status == "failed"
    assert verdict.counts["crashed"] == 1
    assert verdict.leading[0].state == "crashed"
    assert "不能视为通过" in verdict.leading[0].message


def test_the_worst_comes_first() -> None:
    filing = filing_of(
        FORM, received__other=1, regulations__in_force=1, reconsideration__upheld=99,
        penalties__decisions=None,
    )  # fmt: skip
    order = ["mandatory", "justify", "verify", "hint"]

    leads = check_filing(filing).leading

    assert leads[0].state == "broken"
    ranks = [order.index(finding.severity) for finding in leads]
    assert all(one <= other for one, other in pairwise(ranks))
    assert len(leads) == 4


@each_form
def test_prose_that_gives_another_year_as_the_period_is_quoted(form: Form) -> None:
    year = form.first_year
    wrong = f"本年情况如下。统计期限自{year - 1}年1月1日起至 {year - 1} 年12月31日止。其他。"
    right = wrong.replace(str(year - 1), str(year))
    filing = filing_of(form)

    finding = the_only(
        check_filing(replace(filing, narrative={**filing.narrative, "overview": wrong}))
    )

    assert (finding.id, finding.severity) == ("period", "mandatory")
    assert f"报告年度为{year}年" in finding.message
    assert f"统计期限自{year - 1}年1月1日起至 {year - 1} 年12月31日止”" in finding.message
    assert finding.cells[0].cell == "A3"
    for said in (
        right,
        "统计期限同上。",
        f"去年{year - 1}年的情况。",
        f"统计期限：{year}年（不是{year - 1}年）",
    ):
        fine = replace(filing, narrative={**filing.narrative, "overview": said})
        assert check_filing(fine).status == "passed"


def test_a_period_in_wide_digits_is_read_and_without_a_year_nothing_is_said_of_it() -> None:
    filing = filing_of(FORM)
    filing = replace(filing, narrative={**filing.narrative, "problems": "统计期限为２０２０年全年"})

    assert the_only(check_filing(filing)).id == "period"
    ids = {finding.id for finding in check_filing(replace(filing, year=None)).findings}
    assert "period" not in ids


def check_case(cases: Path, name: str) -> Verdict:
    return check_filing(parse_filing(case_text(cases, name), strict=False))


@pytest.mark.parametrize("name", CASES)
def test_a_published_report_crashes_no_rule(cases: Path, name: str) -> None:
    assert check_case(cases, name).counts["crashed"] == 0


def test_a_report_of_two_forms_has_that_and_its_two_wrong_totals(cases: Path) -> None:
    assert broken(check_case(cases, "hongze_2023")) == [
        "mixed-form",
        "disputes-total.reconsideration",
        "disputes-total.litigation_after_reconsideration",
    ]


def test_a_report_out_of_balance_has_one_leading_finding(cases: Path) -> None:
    verdict = check_case(cases, "unknown_unit_t3_identity_broken")

    assert broken(verdict) == ["requests-balance.natural_person"]
    assert "60 + 0 ≠ 61 + 0，差 −1" in verdict.leading[0].message


@pytest.mark.parametrize("name", ["panyu_kegongshangxin_2023", "suqian_2023", "suqian_2024"])
def test_a_right_report_has_nothing_broken(cases: Path, name: str) -> None:
    verdict = check_case(cases, name)

    assert set(broken(verdict)) <= {"regulations-power"}


def test_a_consolidated_report_may_have_regulations(cases: Path) -> None:
    filing = parse_filing(case_text(cases, "suqian_2023"), strict=False)

    assert broken(check_filing(replace(filing, scope="consolidated"))) == []


def test_a_pair_of_years_agrees(cases: Path) -> None:
    before = parse_filing(case_text(cases, "suqian_2023"), strict=False)
    after = parse_filing(case_text(cases, "suqian_2024"), strict=False)
    last_year = {i: value for i, value in enumerate(before.values) if value is not None}

    verdict = check_filing(replace(after, last_year=last_year, scope="consolidated"))

    assert broken(verdict) == []
    decided = {finding.rule for finding in verdict.findings}
    assert not decided & {"carried-in-matches-last-year", "in-force-stock", "pending-carried-on"}


@pytest.mark.parametrize("name", ["shuyang_fagaiju_2023", "shanghai_office_2019"])
def test_blanks_are_never_taken_for_zeros(cases: Path, name: str) -> None:
    filing = parse_filing(case_text(cases, name), strict=False)

    verdict = check_filing(filing)

    assert set(broken(verdict)) <= {"regulations-power"}
    for decision in judge_filing(filing).decisions:
        need = decision.instance.requirement
        if need and any(filing.values[leaf] is None for leaf in need.leaves):
            assert decision.state != "held" or decision.instance.condition
