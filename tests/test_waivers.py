"""Waivers: read by line, applied while they last, and outdated when the figures change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.workbooks import read_bytes
from xlsx_tools.check import Verdict, check_filing
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.judge import judge_filing
from xlsx_tools.last_year import summarise_last_year, with_last_year
from xlsx_tools.waivers import WaiverError, apply_waivers, figures_digest, parse_waivers

if TYPE_CHECKING:
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
RULE = "regulations-power"
HEAD = "rule,unit,year,by,why,until,figures"
LINE = f"{RULE},某县某局,2021,张三,受委托统一填报,2022-03-31,"
BEFORE, AFTER = date(2022, 3, 31), date(2022, 4, 1)


def filing_with_regulations() -> Filing:
    return filing_of(FORM, regulations__in_force=2)


def checked(filing: Filing, lines: str = LINE, today: date = BEFORE) -> Verdict:
    waivers = parse_waivers(f"{HEAD}\n{lines}\n".encode())
    return check_filing(apply_waivers(filing, waivers, today))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_waivers_are_read_in_the_encodings_offices_save(encoding: str) -> None:
    (waiver,) = parse_waivers(f"{HEAD}\n{LINE}\n".encode(encoding))

    assert (waiver.rule, waiver.unit, waiver.year, waiver.by) == (RULE, "某县某局", 2021, "张三")
    assert (waiver.why, waiver.until, waiver.line) == ("受委托统一填报", BEFORE, 2)


def test_chinese_headings_dates_with_strokes_and_empty_lines_will_do() -> None:
    text = f"有效期至,批准人,理由,年度,单位,规则\n\n2022/3/31,张三,统一填报,2021,某局,{RULE}\n,,\n"

    (waiver,) = parse_waivers(text.encode())

    assert (waiver.until, waiver.unit, waiver.figures) == (BEFORE, "某局", "")


def test_a_list_without_lines_waives_nothing() -> None:
    assert parse_waivers(HEAD.encode()) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "第 1 行：缺少 rule（规则）"),
        ("rule,unit,year,by,why\n", "第 1 行：缺少 until（有效期至）"),
        (f"{HEAD}\n{RULE},某局,2021,,,2022-03-31,\n", "第 2 行：没有填写批准人、理由"),
        (f"{HEAD}\nno-such,某局,2021,张三,理由,2022-03-31,\n", "第 2 行：没有编号为“no-such”"),
        (
            f"{HEAD}\nrequests-balance.total,某局,2021,张三,理由,2022-03-31,\n",
            "第 2 行：“requests-balance.total”是强制性规则，不能豁免",
        ),
        (f"{HEAD}\ndisputes-scale,某局,2021,张三,理由,2022-03-31,\n", "是提示性规则"),
        (f"{HEAD}\n{RULE},某局,二一,张三,理由,2022-03-31,\n", "年度“二一”应为四位数字"),
        (f"{HEAD}\n{RULE},某局,2021,张三,理由,2022-02-30,\n", "“2022-02-30”不是日期"),
        (f"{HEAD}\n{RULE},某局,2021,张三,理由,2022-03-31,12345678\n", "应为 8 个字母"),
        (f'{HEAD}\n"{RULE}\n', "不是有效的 CSV"),
    ],
)
def test_a_wrong_list_is_refused_by_line(text: str, said: str) -> None:
    with pytest.raises(WaiverError) as caught:
        parse_waivers(text.encode())

    assert said in str(caught.value)


def test_every_wrong_line_is_told() -> None:
    with pytest.raises(WaiverError) as caught:
        parse_waivers(f"{HEAD}\nno-such,某局,年,张三,理由,昨天,\n,,1,,,,\n".encode())

    assert [problem[:6] for problem in caught.value.problems] == [*["第 2 行："] * 3, "第 3 行："]


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(WaiverError, match="编码无法识别"):
        parse_waivers(b"\xff\xff\xff")


@pytest.mark.parametrize("rule", ["in-force-stock", "in-force-stock.regulations"])
@pytest.mark.parametrize("unit", ["某县某局", " 某县 某局", "11330000000000000x"])
def test_a_waived_rule_passes_with_who_why_and_until(rule: str, unit: str) -> None:
    filing = with_last_year(
        filing_of(FORM), summarise_last_year(replace(
            with_figures(filing_of(FORM), carried_out__natural_person=2, regulations__in_force=3),
            year=2020,
        )),
    )  # fmt: skip

    verdict = checked(filing, f"{rule},{unit},2021,张三,清理后重新登记,2022-03-31,")

    (finding,) = verdict.leading
    assert checked(filing, "").status == "failed"
    assert verdict.status == "passed_with_reasons"
    assert finding.reason == "豁免：清理后重新登记（张三，有效期至 2022-03-31）"
    assert finding.reason in finding.message


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("某县某局", "某县某局分局"),
        LINE.replace("2021", "2022"),
        LINE.replace(RULE, "issued-within-stock"),
    ],
)
def test_a_waiver_of_another_unit_year_or_rule_does_nothing(line: str) -> None:
    verdict = checked(filing_with_regulations(), line)

    assert verdict.status == "failed"
    assert "豁免" not in verdict.leading[0].message


def test_a_waiver_that_expired_leaves_the_finding_and_says_so() -> None:
    verdict = checked(filing_with_regulations(), today=AFTER)

    assert verdict.status == "failed"
    assert verdict.leading[0].message.endswith("（豁免已于 2022-03-31 到期）")
    assert verdict.leading[0].reason == ""


def test_of_two_waivers_the_one_that_holds_counts() -> None:
    verdict = checked(filing_with_regulations(), f"{LINE.replace('2022-', '2021-')}\n{LINE}")

    assert verdict.status == "passed_with_reasons"
    assert "到期" not in verdict.leading[0].message


def test_a_decision_stands_until_the_figures_behind_it_change() -> None:
    filing = filing_with_regulations()
    line = f"{LINE}{figures_digest(filing, RULE)}"
    elsewhere = with_figures(filing, penalties__decisions=8)
    changed = with_figures(filing, regulations__in_force=3)

    assert checked(filing, line).status == "passed_with_reasons"
    assert checked(elsewhere, line).status == "passed_with_reasons"
    verdict = checked(changed, line)
    assert verdict.status == "failed"
    assert verdict.leading[0].message.endswith("（数据已变化，原豁免不再适用）")


@pytest.mark.parametrize("form", [load_form(form_id) for form_id in form_ids()], ids=lambda f: f.id)
def test_every_rule_a_reason_can_settle_has_a_digest_that_no_spreadsheet_changes(form) -> None:  # type: ignore[no-untyped-def]
    filing = filing_of(form)

    for instance in form.instances:
        digest = figures_digest(filing, instance.id)
        assert len(digest) == 8
        assert digest.isalpha()


def test_the_digest_of_a_jump_follows_both_years() -> None:
    filing = filing_of(FORM)
    last = summarise_last_year(replace(filing, year=2020))
    more = replace(last, figures={**last.figures, "disclosure.licences.decisions": 9})

    digests = {
        figures_digest(with_last_year(one, other), "disclosure-jump")
        for one in (filing, with_figures(filing, licences__decisions=9))
        for other in (last, more)
    }

    assert len(digests) == 4


def test_the_fillers_own_reason_goes_before_a_waiver() -> None:
    filing = replace(filing_with_regulations(), reasons={RULE: "由本局统一填报规章"})

    assert checked(filing).leading[0].reason == "由本局统一填报规章"


def test_a_waiver_never_comes_back_as_a_reason_of_the_filler() -> None:
    """Else an expired waiver would go on for ever in the workbook it was once written into."""
    filing = replace(filing_with_regulations(), reasons={RULE: "短"})
    waived = checked(filing).filing

    again = read_bytes(render_workbook(waived))

    assert judge_filing(waived).status == "passed_with_reasons"
    assert again.reasons == {RULE: "短"}
    assert summarise_last_year(waived).reasons == {}


def test_a_rule_that_holds_needs_no_waiver() -> None:
    filing = filing_of(FORM)

    assert checked(filing).filing.reasons == {}
    assert checked(filing).status == "passed"
