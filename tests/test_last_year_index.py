"""Last year's filings on disk: who is found by code or name, and who by nobody's guess."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, with_figures
from xlsx_tools.batch import FileResult
from xlsx_tools.batch.last_year_index import LastYearIndex, build_index
from xlsx_tools.check import check_filing
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import load_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xlsx_tools.filing import Filing, LastYear

    Find = Callable[[Filing], LastYear | None]

FORM, OLD_FORM = load_form("annual-report-2021"), load_form("annual-report-2019")
YEAR = FORM.first_year
CODE, OTHER_CODE = "11330000000000001X", "11330000000000002X"


def last(name: str, code: str | None = None, **changes: int) -> Filing:
    """A filing of the year before the first of the form, on the form of that time."""
    filing = with_figures(filing_of(OLD_FORM), **changes)
    return replace(filing, year=YEAR - 1, organisation=Organisation(name, code))


def now(name: str, code: str | None = None) -> Filing:
    return replace(filing_of(FORM), organisation=Organisation(name, code))


def result_of(filing: Filing, file: str) -> FileResult:
    return FileResult(file, "0" * 64, check_filing(filing))


def index_of(path: Path, *filings: Filing) -> tuple[Find, str, tuple[str, ...]]:
    """How to look in an index of these, its digest, and what is said of it."""
    results = [result_of(filing, f"{number}.xlsx") for number, filing in enumerate(filings)]
    digest, problems = build_index(path, results)
    return LastYearIndex(str(path)).find, digest, problems


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_last_year_is_found_by_the_code_before_the_name(path: Path) -> None:
    find, _, problems = index_of(path, last("旧名局", CODE), last("新名局", OTHER_CODE))

    found = find(now("新名局", CODE))

    assert problems == ()
    assert found
    assert found.organisation == ("旧名局", CODE)
    assert (found.year, found.form_id, found.file) == (YEAR - 1, OLD_FORM.id, "0.xlsx")


@pytest.mark.parametrize(
    ("theirs", "ours", "is_found"),
    [
        (None, None, True),
        (CODE, None, True),
        (None, CODE, True),
        (CODE, CODE, True),
        (CODE, OTHER_CODE, False),
    ],
)
def test_a_name_matches_unless_both_codes_say_otherwise(
    path: Path, theirs: str | None, ours: str | None, *, is_found: bool
) -> None:
    find, _, _ = index_of(path, last("甲局", theirs))

    assert (find(now("甲 局", ours)) is not None) == is_found


def test_names_that_are_only_alike_are_nobody(path: Path) -> None:
    find, _, _ = index_of(path, last("某县甲局"))

    assert find(now("甲局")) is None


def test_only_the_year_before_and_the_same_scope_are_found(path: Path) -> None:
    find, _, _ = index_of(path, last("甲局"))
    this = now("甲局")

    assert find(this)
    assert find(replace(this, year=YEAR + 1)) is None
    assert find(replace(this, year=None)) is None
    assert find(replace(this, scope="consolidated")) is None


def test_two_filings_that_differ_are_used_neither_of_them_and_told(path: Path) -> None:
    find, _, problems = index_of(
        path, last("甲局"), last("乙局"), last("甲局", penalties__decisions=9)
    )

    assert find(now("甲局")) is None
    assert find(now("乙局"))
    assert problems == ("2.xlsx：“甲局”上年度有几份不同的填报，都没有使用。",)


def test_two_of_one_code_that_differ_are_found_by_neither_code_nor_name(path: Path) -> None:
    find, _, problems = index_of(
        path, last("甲局", CODE), last("甲局", CODE, penalties__decisions=9)
    )

    assert find(now("甲局", CODE)) is None
    assert find(now("甲局")) is None
    assert len(problems) == 1


@pytest.mark.parametrize("codes", [(CODE, None), (None, CODE)])
def test_one_with_a_code_and_one_without_are_one_organisation(
    path: Path, codes: tuple[str | None, str | None]
) -> None:
    one, other = codes
    find, _, problems = index_of(
        path, last("甲局", one), last("甲局", other, penalties__decisions=9)
    )

    assert find(now("甲局", CODE)) is None
    assert find(now("甲局")) is None
    assert len(problems) == 1


def test_two_organisations_of_one_name_are_told_apart_by_their_codes_only(path: Path) -> None:
    find, _, problems = index_of(path, last("甲局", CODE), last("甲局", OTHER_CODE))

    first, second = find(now("甲局", CODE)), find(now("甲局", OTHER_CODE))

    assert first
    assert second
    assert (first.file, second.file) == ("0.xlsx", "1.xlsx")
    assert find(now("甲局")) is None
    assert problems == ()


def test_the_same_filing_in_two_files_is_no_conflict(path: Path) -> None:
    find, _, problems = index_of(path, last("甲局"), last("甲局"))

    found = find(now("甲局"))

    assert problems == ()
    assert found
    assert found.file == "0.xlsx"


def test_what_could_not_be_used_is_told_file_by_file(path: Path) -> None:
    broken = UnusableFileError("file.encrypted", "文件设置了打开密码，无法读取。")
    results = [
        FileResult("密.xlsx", None, error=broken),
        result_of(replace(last("甲局"), year=None), "无年.xlsx"),
        result_of(last("乙局"), "乙.xlsx"),
    ]

    _, problems = build_index(path, results)

    assert problems == (
        "密.xlsx：文件设置了打开密码，无法读取。",
        "无年.xlsx：没有报告年度，没有使用。",
    )
    assert LastYearIndex(str(path)).find(now("乙局"))


def test_the_digest_says_whether_anything_in_it_is_other(path: Path) -> None:
    _, once, _ = index_of(path, last("甲局"), last("乙局"))
    _, again, _ = index_of(path, last("甲局"), last("乙局"))
    _, other, _ = index_of(path, last("甲局"), last("乙局", carried_out__enterprise=2))

    assert once == again != other


def test_figures_of_the_form_before_are_found_by_their_path(path: Path) -> None:
    find, _, _ = index_of(path, last("甲局", carried_out__research=6))

    found = find(now("甲局"))

    assert found
    assert found.figures["requests.carried_out.research"] == 6
