"""Who still owes what → a ready text for each, naming what is actually amiss (催报)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.forms import form_of_year
from xlsx_tools.remind.problems import Problems, find_problems
from xlsx_tools.remind.wording import Case, Deadline, write_body, write_subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from xlsx_tools.batch import FileResult, Reconciliation, Unit
    from xlsx_tools.forms import Form
    from xlsx_tools.roster import RosterLine

__all__ = ["OWING_WORDS", "Notice", "Notices", "Owing", "YearUnknownError", "remind_units"]

Owing = Literal["missing", "unreadable", "not_filled", "other_year", "failed", "duplicate"]
OWING_WORDS: Mapping[Owing, str] = {
    "missing": "未报",
    "unreadable": "未报（文件无法读取）",
    "not_filled": "已报未填写",
    "other_year": "年度不符",
    "failed": "已报未通过",
    "duplicate": "重复",
}
_SETTLED = ("passed", "nil_return")


class YearUnknownError(XlsxToolsError):
    """Nobody has said which year's reports are being collected."""

    code = "year-unknown"

    def __init__(self) -> None:
        super().__init__("没有一份填报写明报告年度，请写明本次收取的报告年度。")


@dataclass(frozen=True, slots=True)
class Notice:
    """The text for one organisation that still owes something.

    `problems` is None where there is nothing to count: no file, or nothing filled in.
    `days_left` is negative once the deadline is over, and None without one.
    """

    line: RosterLine
    owing: Owing
    problems: int | None
    days_left: int | None
    subject: str
    body: str


@dataclass(frozen=True)
class Notices:
    """The notices of a batch in the order of the roster; each is written when it is asked for."""

    roster: Reconciliation
    files: Mapping[str, Problems]
    form: Form
    year: int
    deadline: Deadline

    def __iter__(self) -> Iterator[Notice]:
        for unit in self.roster.units:
            if unit.standing not in _SETTLED:
                yield self._write(unit)

    def __len__(self) -> int:
        return sum(unit.standing not in _SETTLED for unit in self.roster.units)

    def _write(self, unit: Unit) -> Notice:
        owing, files = self._owing(unit)
        named = {file: self.files[file] for file in files if file in self.files}
        first = next(iter(named.values()), None)
        count = first.count if first is not None and owing == "failed" else None
        case = Case(self.form, self.year, unit.line, owing, self.deadline)
        return Notice(
            line=unit.line,
            owing=owing,
            problems=count,
            days_left=self.deadline.days_left,
            subject=write_subject(case),
            body=write_body(case, named),
        )

    def _owing(self, unit: Unit) -> tuple[Owing, tuple[str, ...]]:
        """What is owed, and the files to speak of."""
        if unit.standing == "missing":
            return ("unreadable", unit.proposed) if unit.proposed else ("missing", ())
        counted = tuple(file for file in unit.files if self._counts(file)) or unit.files
        if unit.standing == "duplicate":
            return "duplicate", counted
        first = self.files.get(counted[0])
        if first is not None and first.other_year:
            return "other_year", counted[:1]
        if first is not None and first.status == "not_filled":
            return "not_filled", counted[:1]
        return "failed", counted[:1]

    def _counts(self, file: str) -> bool:
        return file in self.files and self.files[file].counted


def remind_units(
    roster: Reconciliation,
    results: Iterable[FileResult],
    *,
    deadline: date | None,
    today: date,
    year: int | None = None,
) -> Notices:
    """The notice for every organisation of the roster that has not passed.

    Goes through `results` once and keeps, of those files only that somebody is reminded of,
    what is to be told. `year` is what most files say, unless given.

    Raises:
        YearUnknownError: it is not given, and no file says it.
        FormFileError: there is no form for it.
    """
    spoken_of = {
        file
        for unit in roster.units
        if unit.standing not in _SETTLED
        for file in (*unit.files, *unit.proposed)
    }
    years: Counter[int] = Counter()
    files: dict[str, Problems] = {}
    for result in results:
        if result.filing is not None and result.filing.year is not None:
            years[result.filing.year] += 1
        if result.file in spoken_of:
            files[result.file] = find_problems(result)
    if year is None:
        if not years:
            raise YearUnknownError
        year = max(years, key=lambda year: (years[year], year))
    return Notices(roster, files, form_of_year(year), year, Deadline(deadline, today))
