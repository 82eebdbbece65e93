"""The roster against what came in: standings, copies, conflicts, strangers, other years."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.journals import open_journal
from xlsx_tools.batch.duplicates import Choice, ChoiceError
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.reconcile import reconcile
from xlsx_tools.batch.run import LocalExecutor, StoredResults, run_batch
from xlsx_tools.batch.work import Checking
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.roster import parse_roster

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.batch.result import FileResult, Reconciliation
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = FORM.first_year
NO_CHOICE = Choice()


def unit(name: str, code: str | None = None, **changes: int) -> Filing:
    filing = with_figures(filing_of(FORM), **changes)
    return replace(filing, organisation=Organisation(name, code))


def send(folder: Path, file: str, filing: Filing) -> None:
    (folder / file).write_bytes(render_workbook(filing))


def set_against(
    folder: Path, roster: str | None = None, *, year: int | None = None, choice: Choice = NO_CHOICE
) -> tuple[Reconciliation | None, dict[str, FileResult]]:
    lines = parse_roster(roster.encode()) if roster else None
    with open_journal(None) as journal:
        run_batch(journal, FilesOnDisk([folder]), Checking(), LocalExecutor(jobs=1))
        found, _ = reconcile(journal, lines, year, choice)
        results = {result.file.rpartition("/")[2]: result for result in StoredResults(journal)}
    return found, results


def standings(found: Reconciliation | None) -> dict[str, str]:
    assert found is not None
    return {one.line.organisation.name: one.standing for one in found.units}


def rules_of(result: FileResult) -> list[str]:
    return [finding.rule for finding in result.beside]


def test_every_organisation_of_the_roster_ends_in_one_standing(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("乙局", received__natural_person=99))
    zeros = {cell.path.replace(".", "__"): 0 for cell in FORM.inputs}
    send(tmp_path, "c.xlsx", replace(unit("丙局", None, **zeros), nil_return=True))
    send(tmp_path, "d1.xlsx", unit("丁局"))
    send(tmp_path, "d2.xlsx", unit("丁局", penalties__decisions=8))

    found, _ = set_against(tmp_path, "name\n甲局\n乙局\n丙局\n丁局\n戊局\n")

    assert standings(found) == {
        "甲局": "passed",
        "乙局": "failed",
        "丙局": "nil_return",
        "丁局": "duplicate",
        "戊局": "missing",
    }
    assert found is not None
    assert found.sums == {"missing": 1, "failed": 1, "passed": 1, "nil_return": 1, "duplicate": 1}


def test_a_code_matches_before_a_name_and_only_equal_names_match(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局（新名）", "1"))
    send(tmp_path, "b.xlsx", unit("乙 局"))
    send(tmp_path, "c.xlsx", unit("示例县丙局"))
    send(tmp_path, "d.xlsx", unit("丁局", "9"))

    found, results = set_against(tmp_path, "name,code\n甲局,1\n乙局,2\n示例市丙局,\n丁局,4\n")

    assert standings(found) == {
        "甲局": "passed",
        "乙局": "passed",
        "示例市丙局": "missing",
        "丁局": "missing",
    }
    assert found is not None
    assert [(one.organisation, one.proposed) for one in found.strangers] == [
        ("示例县丙局", ("示例市丙局",)),
        ("丁局", ("丁局",)),
    ]
    assert rules_of(results["c.xlsx"]) == ["template.agency"]
    assert not results["c.xlsx"].accepted


def test_the_same_bytes_count_once(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    (tmp_path / "a (1).xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes())

    found, results = set_against(tmp_path, "name\n甲局\n")

    assert standings(found) == {"甲局": "passed"}
    assert [(name, one.counted) for name, one in results.items()] == [
        ("a (1).xlsx", True),
        ("a.xlsx", False),
    ]
    assert "与“" in results["a.xlsx"].beside[0].message


def test_different_files_of_one_unit_stop_each_other(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲 局", penalties__decisions=8))
    send(tmp_path, "c.xlsx", unit("乙局"))

    _, results = set_against(tmp_path)

    assert [name for name, one in results.items() if one.accepted] == ["c.xlsx"]
    assert rules_of(results["a.xlsx"]) == ["batch.conflict"]
    assert "b.xlsx" in results["a.xlsx"].beside[0].message
    assert results["a.xlsx"].status == "passed"


def test_last_year_and_this_year_of_one_unit_are_no_conflict(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", replace(unit("甲局"), year=YEAR + 1))
    send(tmp_path, "c.xlsx", replace(unit("甲局"), scope="consolidated"))

    _, results = set_against(tmp_path)

    assert all(one.accepted for one in results.values())


def test_one_name_with_two_codes_is_two_units(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("教育局", "1"))
    send(tmp_path, "b.xlsx", unit("教育局", "2", penalties__decisions=8))

    _, results = set_against(tmp_path)

    assert all(one.accepted for one in results.values())


def test_one_code_with_two_names_stops_both(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局", "1"))
    send(tmp_path, "b.xlsx", unit("乙局", "1"))

    _, results = set_against(tmp_path)

    assert {tuple(rules_of(one)) for one in results.values()} == {("batch.code_clash",)}
    assert not any(one.accepted for one in results.values())


def test_the_latest_file_counts_when_asked_and_the_choice_is_noted(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲局", penalties__decisions=8))
    os.utime(tmp_path / "b.xlsx", (1, 1))

    found, results = set_against(tmp_path, "name\n甲局\n", choice=Choice(latest=True))

    assert standings(found) == {"甲局": "passed"}
    assert (results["a.xlsx"].counted, results["b.xlsx"].counted) == (True, False)
    assert rules_of(results["a.xlsx"]) == ["batch.chosen"]
    assert "按最后修改时间采用" in results["b.xlsx"].beside[0].message


def test_files_equally_late_stay_a_conflict(tmp_path: Path) -> None:
    for name, number in (("a.xlsx", 1), ("b.xlsx", 2)):
        send(tmp_path, name, unit("甲局", penalties__decisions=number))
        os.utime(tmp_path / name, (1, 1))

    _, results = set_against(tmp_path, choice=Choice(latest=True))

    assert rules_of(results["a.xlsx"]) == ["batch.conflict"]
    assert "最后修改时间相同" in results["a.xlsx"].beside[0].remedy


def test_a_file_may_be_named_in_any_way_that_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲局", penalties__decisions=8))
    monkeypatch.chdir(tmp_path)

    for name in ("b.xlsx", "./b.xlsx", "x/../b.xlsx"):
        _, results = set_against(tmp_path, choice=Choice(files=frozenset({name})))

        assert results["b.xlsx"].counted
        assert not results["a.xlsx"].counted


def test_a_copy_that_is_named_counts_before_its_original(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲局", penalties__decisions=8))
    (tmp_path / "c.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes())

    _, results = set_against(tmp_path, choice=Choice(files=frozenset({str(tmp_path / "c.xlsx")})))

    assert [name for name, one in results.items() if one.counted] == ["c.xlsx"]


def test_files_of_one_line_under_several_codes_are_not_counted(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局", "1"))
    send(tmp_path, "b.xlsx", unit("甲局", "2", penalties__decisions=8))

    found, results = set_against(tmp_path, "name\n甲局\n")

    assert standings(found) == {"甲局": "duplicate"}
    assert not any(result.accepted for result in results.values())
    assert "都对应名册中的“甲局”" in results["a.xlsx"].beside[0].message


def test_a_unit_whose_code_another_uses_is_told_so(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局", "1"))
    send(tmp_path, "b.xlsx", unit("乙局", "1", penalties__decisions=8))

    found, _ = set_against(tmp_path, "name,code\n甲局,1\n")

    assert found is not None
    assert "也用于另一个单位" in found.units[0].message


def test_a_named_file_counts_and_a_name_that_settles_nothing_is_told(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲局", penalties__decisions=8))
    choice = Choice(files=frozenset({str(tmp_path / "b.xlsx"), "other.xlsx"}))

    with open_journal(None) as journal:
        run_batch(journal, FilesOnDisk([tmp_path]), Checking(), LocalExecutor(jobs=1))
        _, unused = reconcile(journal, None, None, choice)
        counted = [result.file for result in StoredResults(journal) if result.counted]

    assert counted == [str(tmp_path / "b.xlsx")]
    assert unused == {"other.xlsx"}


def test_two_files_of_one_unit_cannot_both_be_chosen(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("甲局", penalties__decisions=8))
    both = frozenset(str(tmp_path / name) for name in ("a.xlsx", "b.xlsx"))

    with pytest.raises(ChoiceError, match="只能指定其中一份"):
        set_against(tmp_path, choice=Choice(files=both))


def test_a_file_of_another_year_is_told_and_does_not_count(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    send(tmp_path, "b.xlsx", unit("乙局"))
    send(tmp_path, "c.xlsx", replace(unit("丙局"), year=YEAR + 1))

    found, results = set_against(tmp_path, "name\n甲局\n乙局\n丙局\n")

    assert standings(found)["丙局"] == "failed"
    assert rules_of(results["c.xlsx"]) == ["template.year"]
    assert f"{YEAR + 1}年度" in results["c.xlsx"].beside[0].message
    assert not results["c.xlsx"].settled


def test_the_year_asked_for_wins_over_what_most_files_say(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))

    _, results = set_against(tmp_path, year=YEAR + 1)

    assert rules_of(results["a.xlsx"]) == ["template.year"]


def test_an_unreadable_file_is_proposed_by_its_name_only(tmp_path: Path) -> None:
    (tmp_path / "甲局.xlsx").write_bytes(b"?")

    found, _ = set_against(tmp_path, "name\n甲局\n")

    assert found is not None
    (one,) = found.units
    assert one.standing == "missing"
    assert one.proposed == (str(tmp_path / "甲局.xlsx"),)
    assert "无法读取" in one.message


def test_a_blank_workbook_beside_the_filled_one_is_no_conflict(tmp_path: Path) -> None:
    send(tmp_path, "a.xlsx", unit("甲局"))
    blanks = {cell.path.replace(".", "__"): None for cell in FORM.inputs}
    blank = replace(with_figures(filing_of(FORM), **blanks), narrative={})
    send(tmp_path, "0.xlsx", replace(blank, organisation=Organisation("甲局")))

    found, _ = set_against(tmp_path, "name\n甲局\n")

    assert standings(found) == {"甲局": "passed"}
