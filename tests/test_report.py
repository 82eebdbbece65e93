"""Reports: the object of the contract, and the text for people."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import filing_of, filings
from xlsx_tools.batch import Batch, FileResult
from xlsx_tools.check import check_filing
from xlsx_tools.errors import FilingError, UnusableFileError
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange.exact_json import loads_exact
from xlsx_tools.report import REPORTERS
from xlsx_tools.waivers import digest_to_waive, figures_digest

FORM = load_form("annual-report-2021")
FORMS = [load_form(form_id) for form_id in form_ids()]
BOMB = UnusableFileError("package.bomb", "解压后过大，没有读取。请重新保存后提交。")


def result_of(filing: Filing, name: str = "某局.xlsx") -> FileResult:
    return FileResult(name, "0" * 64, check_filing(filing))


def render_text(results: list[FileResult]) -> str:
    return b"".join(REPORTERS["text"](Batch(results))).decode()


def render_json(results: list[FileResult]) -> str:
    return b"".join(REPORTERS["json"](Batch(results))).decode()


def test_the_json_has_the_keys_of_the_contract() -> None:
    result = result_of(filing_of(FORM, received__other=1))

    report = json.loads(render_json([result]))

    assert list(report) == ["files", "summary"]
    (file,) = report["files"]
    assert list(file) == [
        "file", "sha256", "organisation", "year", "form", "scope", "status", "rules", "findings",
    ]  # fmt: skip
    assert list(file["rules"]) == ["held", "broken", "undecided", "crashed"]
    lead, folded = file["findings"]
    assert list(lead) == [
        "id", "rule", "severity", "state", "message", "remedy", "cells", "left", "right",
        "difference", "causes",
    ]  # fmt: skip
    assert list(lead["cells"][0]) == ["sheet", "cell", "label", "value"]
    assert lead["causes"] == [folded["id"]]
    assert (lead["left"], lead["right"], lead["difference"]) == (1, 0, 1)
    assert file["status"] == "failed"
    assert file["organisation"] == {"name": "某县某局", "code": "11330000000000000X"}


def test_a_finding_that_can_be_waived_has_the_digest_of_its_figures() -> None:
    filing = filing_of(FORM, received__other=1, regulations__in_force=1)

    (file,) = json.loads(render_json([result_of(filing)]))["files"]
    digests = {finding["id"]: finding.get("figures_digest") for finding in file["findings"]}

    assert digests.pop("regulations-power") == figures_digest(filing, "regulations-power")
    assert digests
    assert set(digests.values()) == {None}


def test_a_finding_that_cannot_be_decided_or_is_no_rules_has_no_digest() -> None:
    blank = filing_of(FORM, regulations__in_force=None)
    verdict = check_filing(blank)

    assert any(finding.state == "undecided" for finding in verdict.findings)
    assert not any(digest_to_waive(blank, finding) for finding in verdict.findings)
    assert not digest_to_waive(blank, replace(verdict.findings[0], id="batch.conflict"))


def test_the_summary_counts_files_by_status() -> None:
    results = [
        result_of(filing_of(FORM)),
        result_of(filing_of(FORM, received__other=1)),
        FileResult("坏.xlsx", None, error=BOMB),
    ]

    summary = json.loads(render_json(results))["summary"]

    assert isinstance(summary, dict)
    assert summary["files"] == 3
    assert [summary[status] for status in ("passed", "failed", "unreadable")] == [1, 1, 1]
    assert summary["not_filled"] == summary["passed_with_reasons"] == 0
    assert summary["rules"]["broken"] == 2
    assert (summary["findings"], summary["leading"]) == (3, 2)


def test_a_file_that_cannot_be_used_is_one_finding_by_its_code() -> None:
    (file,) = json.loads(render_json([FileResult("坏.xlsx", None, error=BOMB)]))["files"]

    assert file["status"] == "unreadable"
    assert file["organisation"] is file["year"] is file["form"] is file["scope"] is None
    assert file["rules"] == {"held": 0, "broken": 0, "undecided": 0, "crashed": 0}
    (finding,) = file["findings"]
    assert finding["rule"] == "package.bomb"
    assert finding["message"] == str(BOMB)


def test_json_that_is_no_filing_goes_by_the_code_of_its_error() -> None:
    result = FileResult("坏.json", None, error=FilingError(["form：没有写明表式"]))

    assert [finding.rule for finding in result.findings] == ["filing"]
    assert result.filing is None


def test_a_file_with_neither_verdict_nor_error_never_looks_like_a_pass() -> None:
    result = FileResult("某局.xlsx", None)

    assert result.status == "unreadable"
    assert [finding.rule for finding in result.findings] == ["internal.error"]


def test_figures_are_exact_in_json() -> None:
    filing = filing_of(
        FORM,
        fees__notices=1,
        fees__collected=Decimal("59237.245"),
        charges__amount=Decimal("0.1"),
    )

    text = render_json([result_of(filing)])

    assert '"left": 59237.245,' in text
    report = loads_exact(text)
    assert isinstance(report, dict)
    assert report["files"][0]["findings"][0]["difference"] == Decimal("58237.245")


@given(st.sampled_from(FORMS).flatmap(filings))
def test_every_report_can_be_written(filing: Filing) -> None:
    results = [result_of(filing)]

    text = render_text(results)

    assert json.loads(render_json(results))["summary"]["files"] == 1
    assert "共 1 份" in text


def test_the_text_leads_with_what_is_wrong_and_says_what_is_right() -> None:
    text = render_text([result_of(filing_of(FORM, received__natural_person=9))])

    lines = text.splitlines()
    assert lines[0] == "【未通过】某县某局（2021年度，本机关）  某局.xlsx"
    assert lines[1] == "  表二、表四无问题；表三 1 处"
    assert lines[2].startswith("  1. [强制性，不成立] 表三“自然人”列")
    assert lines[3].startswith("     处理：请核对")
    assert lines[4].startswith("       - 连带：表三“总计”列")
    assert lines[-1] == "共 1 份：未通过 1 份。"


def test_the_text_says_when_all_is_right() -> None:
    lines = render_text([result_of(filing_of(FORM))]).splitlines()

    assert lines[0].startswith("【通过】")
    assert lines[1] == "  表二、表三、表四无问题"


def test_the_text_does_not_list_dozens_of_consequences() -> None:
    blanks = {f"requests__{row}__other": None for row in ("received", "granted", "carried_out")}

    text = render_text([result_of(filing_of(FORM, **blanks))])

    assert text.count("连带：") == 5
    assert "另有 4 项校验受此影响" in text


def test_other_parts_are_counted_beside_the_tables() -> None:
    text = render_text([result_of(replace(filing_of(FORM), narrative={}))])

    assert "表二、表三、表四无问题；文字 3 处" in text


def test_an_accepted_reason_needs_no_remedy() -> None:
    filing = filing_of(FORM, regulations__in_force=1)
    answered = replace(filing, reasons={"regulations-power": "由本机关统一填报规章"})

    text = render_text([result_of(answered)])

    assert "【通过（附说明）】" in text
    assert "（已说明：由本机关统一填报规章）" in text
    assert "处理：" not in text


def test_an_unusable_file_is_told_line_by_line() -> None:
    error = FilingError(["year：应为整数", "scope：不符合要求"])

    text = render_text([FileResult("坏.json", None, error=error)])

    assert text == (
        "【无法读取】坏.json\n  year：应为整数\n  scope：不符合要求\n\n共 1 份：无法读取 1 份。\n"
    )


def test_no_control_character_reaches_the_terminal() -> None:
    filing = replace(filing_of(FORM), organisation=Organisation("某局\x1b[2J\u202e\n【通过】"))

    text = render_text([result_of(filing, "a\x1b]0;x\x07.xlsx")])

    assert not any(letter in text for letter in "\x1b\x07\u202e")
    assert "\\u001b[2J\\u202e\\u000a【通过】" in text


def test_no_files_make_an_empty_report() -> None:
    assert render_text([]) == "共 0 份。\n"
    assert json.loads(render_json([]))["files"] == []
