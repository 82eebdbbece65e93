"""Last year's filing beside this year's: carried sums, jumps, copied prose, reasons offered."""

from __future__ import annotations

import pickle
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import filing_of, filings, index_of, with_figures
from tests.support.cases import case_text
from tests.support.workbooks import ORGANISATION, put_cells, read_bytes, text
from xlsx_tools.check import Verdict, check_filing
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import parse_filing
from xlsx_tools.judge import judge_filing
from xlsx_tools.last_year import (
    LastYear,
    dumps_last_year,
    loads_last_year,
    offered_reasons,
    precedes,
    summarise_last_year,
    with_last_year,
)
from xlsx_tools.template import build_template
from xlsx_tools.values import Parsed
from xlsx_tools.year_on_year import letters_of, share_of_old

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding
    from xlsx_tools.forms import Form

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
TYPED_COLUMNS = [column for column in FORM.tables["requests"].columns if column != "total"]
CARRIED, STOCK, PENDING = (
    "carried-in-matches-last-year",
    "in-force-stock",
    "pending-carried-on",
)


def a_year_before(filing: Filing, **changes: int | Decimal | None) -> LastYear:
    """The coordinator's copy of the same filing for the year before, with these changes."""
    assert filing.year is not None
    return summarise_last_year(replace(with_figures(filing, **changes), year=filing.year - 1))


def settled(form: Form, **changes: int | Decimal | None) -> Filing:
    """A valid filing that also goes on where the same filing left off the year before."""
    return filing_of(form, **{
        "received__natural_person": 11, "carried_in__natural_person": 1, **changes,
    })  # fmt: skip


def broken(verdict: Verdict) -> list[str]:
    return [finding.id for finding in verdict.leading if finding.state == "broken"]


def finding_of(filing: Filing, rule: str) -> Finding:
    return next(found for found in check_filing(filing).findings if found.id == rule)


def state_of(filing: Filing, rule: str) -> str | None:
    return judge_filing(filing).by_id[rule].state


# ---------------------------------------------------------------------------- the summary
@given(st.sampled_from(FORMS).flatmap(filings))
def test_a_summary_survives_its_json_and_another_process(filing: Filing) -> None:
    last = summarise_last_year(filing, file="甲局.xlsx", sha256="ab" * 32)

    again = loads_last_year(dumps_last_year(last))

    assert again == last == pickle.loads(pickle.dumps(last))  # noqa: S301 - our own
    assert all(not isinstance(value, float) for value in again.figures.values())


def test_a_summary_is_compact_and_money_stays_exact() -> None:
    filing = replace(filing_of(FORM, charges__amount=Decimal("59237.2449")), narrative={})

    data = dumps_last_year(summarise_last_year(filing))

    assert b'"disclosure.charges.amount":"59237.2449"' in data
    assert len(data) < 2000


@each_form
def test_a_summary_has_every_figure_that_a_rule_of_any_form_needs(form: Form) -> None:
    last = summarise_last_year(filing_of(form))

    wanted = {path for other in FORMS for path in other.last_year_paths} & form.by_path.keys()
    assert last.figures.keys() == wanted
    assert wanted >= form.last_year_paths


def test_blanks_and_what_cannot_be_read_are_no_figures_and_neither_are_totals_over_them() -> None:
    index = index_of(FORM, "carried_out__enterprise")
    filing = with_figures(filing_of(FORM), carried_out__research=None)
    filing = replace(filing, parsed={index: Parsed("text_number", 0, 0, "是文本")})

    figures = summarise_last_year(filing).figures

    assert "requests.carried_out.natural_person" in figures
    for column in ("enterprise", "research", "total"):
        assert f"requests.carried_out.{column}" not in figures


def test_reasons_too_short_to_count_are_not_kept() -> None:
    reasons = {"in-force-stock.normative_documents": "清理了三件旧文件", "regulations-power": "无"}

    last = summarise_last_year(replace(filing_of(FORM), reasons=reasons))

    assert last.reasons == {"in-force-stock.normative_documents": "清理了三件旧文件"}


# ---------------------------------------------------------------------------- put to use
@each_form
def test_a_year_that_goes_on_where_the_last_one_ended_has_nothing_to_say(form: Form) -> None:
    filing = settled(form)

    verdict = check_filing(with_last_year(filing, a_year_before(filing)))

    held = {d.instance.rule.id for d in judge_filing(verdict.filing).decisions if d.state == "held"}
    assert verdict.status == "passed"
    assert [finding.rule for finding in verdict.findings] == []
    assert {CARRIED, PENDING, "disclosure-jump", "requests-jump", "disputes-jump"} <= held


@each_form
def test_without_last_year_no_rule_about_it_is_decided(form: Form) -> None:
    states = {
        decision.state
        for decision in judge_filing(filing_of(form)).decisions
        if decision.instance.last_year or decision.instance.rule.check in ("jump", "similar")
    }

    assert states == {None}


@pytest.mark.parametrize(
    "other",
    [{"year": 2019}, {"year": 2021}, {"year": None}, {"scope": "consolidated"}],
    ids=str,
)
def test_a_copy_of_another_year_or_scope_changes_nothing(other: dict[str, object]) -> None:
    filing = settled(FORM)
    last = replace(a_year_before(filing), **other)  # type: ignore[arg-type]

    assert not precedes(last, filing)
    assert with_last_year(filing, last) is filing
    assert with_last_year(filing, None) is filing


@each_form
@pytest.mark.parametrize("column", list(FORM.tables["requests"].columns))
def test_an_opening_that_is_not_last_years_closing_is_found_in_its_column(
    form: Form, column: str
) -> None:
    filing = settled(form)
    last = a_year_before(filing)
    path = f"requests.carried_out.{column}"
    last = replace(last, figures={**last.figures, path: last.figures[path] + 7})

    verdict = check_filing(with_last_year(filing, last))

    assert broken(verdict) == [f"{CARRIED}.{column}"]
    assert verdict.leading[0].severity == "justify"
    assert verdict.leading[0].difference == -7
    assert verdict.status == "failed"
    reasons = {f"{CARRIED}.{column}": "机构改革划入"}
    assert judge_filing(replace(verdict.filing, reasons=reasons)).status == "passed_with_reasons"


def test_figures_of_the_form_before_ours_count_where_both_have_them() -> None:
    older = load_form("annual-report-2019")
    filing = settled(FORM, licences__decisions=9487)
    last = summarise_last_year(
        replace(filing_of(older, licences__decisions=550, carried_out__natural_person=5), year=2020)
    )

    verdict = check_filing(with_last_year(filing, last))

    assert state_of(verdict.filing, f"{CARRIED}.natural_person") == "broken"
    assert state_of(verdict.filing, "disclosure-jump") == "broken"
    assert state_of(verdict.filing, f"{STOCK}.normative_documents") is None


def test_the_coordinators_copy_wins_over_the_workbook_and_a_hint_says_so() -> None:
    before = replace(filing_of(FORM), year=2021)
    data = build_template(FORM, year=2022, organisation=ORGANISATION, last_year=before)
    last = summarise_last_year(with_figures(before, carried_out__natural_person=4))

    filing = with_last_year(read_bytes(data), last)

    index = index_of(FORM, "carried_out__natural_person")
    finding = finding_of(filing, "last-year-differs")
    assert filing.last_year[index] == 4
    assert finding.severity == "hint"
    assert "表三“四、结转下年度继续办理 / 自然人”工作簿带出 1，上年度填报为 4" in finding.message
    carried_in = layout_of(FORM).place_of(index_of(FORM, "carried_in__natural_person"))
    assert (finding.cells[0].sheet, finding.cells[0].cell) == carried_in


def test_other_figures_carried_are_folded_under_the_sums_they_break() -> None:
    filing = settled(FORM)
    index = index_of(FORM, "carried_out__natural_person")
    total = index_of(FORM, "carried_out__total")
    filing = replace(filing, last_year={index: 3, total: 3})
    last = a_year_before(filing)
    moved = {"requests.carried_out.natural_person": 9, "requests.carried_out.total": 9}

    agreeing = check_filing(with_last_year(filing, last))
    parting = check_filing(with_last_year(filing, replace(last, figures={**last.figures, **moved})))

    assert [finding.id for finding in agreeing.leading] == ["last-year-differs"]
    assert broken(parting) == [f"{CARRIED}.natural_person"]
    assert "last-year-differs" in parting.leading[0].causes


def test_a_workbook_that_carries_the_same_figures_is_not_remarked_on() -> None:
    before = replace(filing_of(FORM, carried_out__research=None), year=2021)
    data = build_template(FORM, year=2022, organisation=ORGANISATION, last_year=before)

    filing = with_last_year(read_bytes(data), summarise_last_year(before))

    assert filing.troubles == ()
    assert "requests.carried_out.total" not in summarise_last_year(before).figures


@each_form
def test_a_filing_with_last_years_copy_goes_through_a_workbook(form: Form) -> None:
    filing = settled(form)
    filing = with_last_year(filing, a_year_before(filing))

    again = read_bytes(render_workbook(filing))

    assert again == filing
    assert again.last_year == filing.last_year
    assert set(again.last_year) == form.carried_indices


@given(st.sampled_from(FORMS).flatmap(lambda form: st.tuples(filings(form), filings(form))))
def test_findings_agree_with_the_judgement_whatever_last_year_was(
    pair: tuple[Filing, Filing],
) -> None:
    now, before = pair
    filing = replace(now, year=2023)
    last = summarise_last_year(replace(before, year=2022, scope=filing.scope))

    verdict = check_filing(with_last_year(filing, last))

    judgement = judge_filing(verdict.filing)
    ids = [finding.id for finding in verdict.findings]
    told = {d.instance.id for d in judgement.decisions if d.state not in (None, "held")}
    causes = [cause for finding in verdict.findings for cause in finding.causes]
    assert sorted(ids) == sorted(told)
    assert len(causes) == len(set(causes))
    assert set(causes) <= told
    assert verdict.counts["crashed"] == 0
    assert all(
        verdict.filing.form.rules[finding.rule].check != "jump" or finding.state == "broken"
        for finding in verdict.leading
    )


# ---------------------------------------------------------------------------- X4
def test_a_jump_names_both_years_and_how_many_times() -> None:
    filing = settled(FORM, licences__decisions=9487, penalties__decisions=100)
    last = a_year_before(filing, licences__decisions=550, penalties__decisions=2000)

    finding = finding_of(with_last_year(filing, last), "disclosure-jump")

    assert finding.severity == "verify"
    assert "表二有 2 项与上年相差悬殊" in finding.message
    assert "上年 550，本年 9487，为上年的 17.2 倍" in finding.message
    assert "上年 2000，本年 100，为上年的 5%" in finding.message
    assert [place.value for place in finding.cells] == [9487, 100]


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (3, 20, "held"),
        (20, 3, "held"),
        (0, 99, "held"),
        (0, 100, "broken"),
        (550, 2749, "held"),
        (550, 2750, "broken"),
        (2750, 550, "broken"),
        (1808595, 1573179, "held"),
    ],
)
def test_a_jump_is_both_large_and_many_times(before: int, now: int, state: str) -> None:
    filing = settled(FORM, licences__decisions=now)
    last = a_year_before(filing, licences__decisions=before)

    assert state_of(with_last_year(filing, last), "disclosure-jump") == state


def test_a_blank_figure_leaves_the_jump_undecided_beneath_the_blank() -> None:
    filing = settled(FORM, licences__decisions=None)
    last = a_year_before(filing, licences__decisions=550)

    verdict = check_filing(with_last_year(filing, last))

    assert [finding.id for finding in verdict.leading] == ["cell-filled.disclosure"]
    assert "disclosure-jump" in verdict.leading[0].causes


def test_a_jump_is_answered_in_the_workbook() -> None:
    filing = settled(FORM, licences__decisions=9487)
    last = a_year_before(filing, licences__decisions=550)
    row = layout_of(FORM).check_row["disclosure-jump"]
    checks = FORM.sheets["checks"]
    data = put_cells(
        render_workbook(filing), {Spot(checks, f"I{row}"): text("下放权限后办件量增加")}
    )

    silent, answered = (read_bytes(book) for book in (render_workbook(filing), data))

    assert check_filing(with_last_year(silent, last)).status == "failed"
    verdict = check_filing(with_last_year(answered, last))
    assert verdict.status == "passed_with_reasons"
    assert verdict.leading[0].reason == "下放权限后办件量增加"


# ---------------------------------------------------------------------------- X5
def test_the_share_of_old_text_is_that_of_its_runs_of_five_letters() -> None:
    assert share_of_old("甲乙丙丁戊己", "甲乙丙丁戊己") == 1
    assert share_of_old("甲乙丙丁戊己", "乙丙丁戊己庚") == Decimal("0.5")
    assert share_of_old("甲乙丙丁戊己", "子丑寅卯辰巳") == 0
    assert share_of_old("甲乙丙丁戊己", "甲乙丙") == 0


def test_digits_blanks_and_punctuation_make_no_other_text() -> None:
    assert letters_of("2023年，共 1,234 件。（Ａ）") == "年共件A"


@given(st.text(), st.text())
def test_a_share_lies_between_none_and_all(one: str, other: str) -> None:
    assert 0 <= share_of_old(one, other) <= 1
    assert share_of_old(one, one) in (0, 1)


def prose(start: int, count: int) -> str:
    """So many letters, each run of them unlike any other."""
    return "".join(chr(0x4E00 + number) for number in range(start, start + count))


@pytest.mark.parametrize(
    ("kept", "written", "state"),
    [(300, 0, "broken"), (150, 145, "broken"), (150, 146, "held"), (0, 300, "held")],
)
def test_prose_that_stood_there_last_year_is_a_hint(kept: int, written: int, state: str) -> None:
    filing = settled(FORM)
    now = f"{prose(0, kept)}\n{prose(5000, written)}2024。"
    last = replace(a_year_before(filing), narrative={"overview": f"{prose(0, 300)}2023。"})
    filing = replace(filing, narrative={**filing.narrative, "overview": now})

    verdict = check_filing(with_last_year(filing, last))

    assert state_of(verdict.filing, "narrative-similar.overview") == state
    assert verdict.status == "passed"
    if state == "broken":
        (finding,) = verdict.findings
        assert finding.severity == "hint"
        assert "“一、总体情况”与上年度相同的内容约占" in finding.message
        assert "超过 50%" in finding.message
        assert finding.cells[0].sheet == "一、总体情况"


def test_short_prose_is_not_compared_and_neither_is_section_six() -> None:
    filing = settled(FORM)
    filing = replace(filing, narrative={"overview": prose(0, 99), "other_matters": prose(0, 500)})

    again = with_last_year(filing, a_year_before(filing))
    longer = replace(filing, narrative={"overview": prose(0, 100)})

    assert state_of(again, "narrative-similar.overview") is None
    assert state_of(with_last_year(longer, a_year_before(longer)), "narrative-similar.overview")
    assert "narrative-similar.other_matters" not in FORM.instance_by_id


# ---------------------------------------------------------------------------- reasons again
def test_a_reason_of_last_year_is_offered_again_and_does_not_count() -> None:
    filing = settled(FORM, regulations__in_force=2)
    rule, why = "regulations-power", "受设区的市政府委托统一填报"
    last = replace(a_year_before(filing), reasons={rule: why, "disputes-scale": why})

    filing = with_last_year(filing, last)

    assert offered_reasons(filing) == {rule: why}
    verdict = check_filing(filing)
    assert verdict.status == "failed"
    remedy = finding_of(filing, rule).remedy
    assert remedy.endswith(f"上年对本项的说明：“{why}”，如仍适用，请在“说明”栏重新填写。")
    assert finding_of(filing, rule).reason == ""


def test_nothing_is_offered_where_a_reason_was_written_or_nothing_is_amiss() -> None:
    rule, why = "regulations-power", "受设区的市政府委托统一填报"
    fine, wrong = settled(FORM), settled(FORM, regulations__in_force=2)
    last = replace(a_year_before(wrong), reasons={rule: why})

    answered = with_last_year(replace(wrong, reasons={rule: "本年仍由本局统一填报"}), last)

    assert offered_reasons(answered) == {}
    assert "上年对本项的说明" not in finding_of(answered, rule).remedy
    assert offered_reasons(with_last_year(fine, last)) == {}
    assert offered_reasons(wrong) == {}


def test_a_long_reason_is_offered_whole_and_shown_short() -> None:
    filing, rule = settled(FORM, regulations__in_force=2), "regulations-power"
    last = replace(a_year_before(filing), reasons={rule: "长" * 500})

    filing = with_last_year(filing, last)

    assert offered_reasons(filing)[rule] == "长" * 500
    assert f"“{'长' * 100}…”" in finding_of(filing, rule).remedy


# ---------------------------------------------------------------------------- published
def pair_of_years(cases: Path) -> tuple[Filing, Filing]:
    before, after = (
        parse_filing(case_text(cases, f"suqian_{year}"), strict=False) for year in (2023, 2024)
    )
    return replace(before, scope="consolidated"), replace(after, scope="consolidated")


def test_a_published_pair_of_years_agrees_in_every_column(cases: Path) -> None:
    before, after = pair_of_years(cases)

    filing = with_last_year(after, summarise_last_year(before))

    states = {d.instance.id: d.state for d in judge_filing(filing).decisions}
    carried = [state for rule, state in states.items() if rule.startswith((CARRIED, STOCK))]
    assert carried == ["held"] * (7 + 2)
    assert [states[rule] for rule in states if rule.endswith("-jump")] == ["held"] * 3
    assert broken(check_filing(filing)) == []


@pytest.mark.parametrize("column", TYPED_COLUMNS)
def test_one_changed_column_of_last_year_is_found_there(cases: Path, column: str) -> None:
    before, after = pair_of_years(cases)
    closing = before.values[index_of(FORM, f"carried_out__{column}")]
    changed = with_figures(before, **{f"carried_out__{column}": (closing or 0) + 1})

    verdict = check_filing(with_last_year(after, summarise_last_year(changed)))

    assert broken(verdict) == [f"{CARRIED}.{column}"]
    (found,) = (one for one in verdict.leading if one.state == "broken")
    assert found.causes == (f"{CARRIED}.total",)


@pytest.mark.parametrize("column", TYPED_COLUMNS)
def test_one_changed_column_of_this_year_is_found_there(cases: Path, column: str) -> None:
    """Changed with 本年新收, so that the column still balances."""
    before, after = pair_of_years(cases)
    opening, received = (
        after.values[index_of(FORM, f"{row}__{column}")] or 0 for row in ("carried_in", "received")
    )
    step = 1 if received else 0
    changed = with_figures(
        after,
        **{
            f"carried_in__{column}": opening + 1,
            f"received__{column}": received - step,
            f"carried_out__{column}": (after.values[index_of(FORM, f"carried_out__{column}")] or 0)
            + 1
            - step,
        },
    )

    verdict = check_filing(with_last_year(changed, summarise_last_year(before)))

    assert broken(verdict) == [f"{CARRIED}.{column}"]


@pytest.mark.parametrize("row", ["regulations", "normative_documents"])
def test_one_changed_stock_of_a_published_pair_is_found_there(cases: Path, row: str) -> None:
    before, after = pair_of_years(cases)

    last = summarise_last_year(with_figures(before, **{f"{row}__in_force": 1}))

    assert broken(check_filing(with_last_year(after, last))) == [f"{STOCK}.{row}"]
