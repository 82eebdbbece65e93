"""The roster against what came in: who sent what, who sent nothing, and who is a stranger."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from pathlib import PurePath
from typing import TYPE_CHECKING

from xlsx_tools.batch.duplicates import Beside, Words, settle_duplicates
from xlsx_tools.batch.result import Reconciliation, Stranger, Unit
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsx_tools.batch.duplicates import Choice
    from xlsx_tools.batch.journal import Fact, Journal
    from xlsx_tools.batch.result import Standing
    from xlsx_tools.roster import RosterLine

_PASSED = ("passed", "passed_with_reasons")
_READABLE = "status IS NOT NULL AND status != 'unreadable'"
_ALIKE = 0.6
_PROPOSED = 3
_GUESSES = 300
"""So many strangers are compared with every name of the roster; it takes a while each."""


def reconcile(
    journal: Journal, lines: Sequence[RosterLine] | None, year: int | None, choice: Choice
) -> tuple[Reconciliation | None, frozenset[str]]:
    """Settle duplicates, and set every file against the roster if there is one.

    A file belongs to the line with its code, else to that with exactly its name; names that
    are only alike are proposed and never counted. `year` is the report year of the batch; with
    a roster it is what most files say, unless given. Findings are put beside the files.

    Returns:
        the reconciliation, and the names in `choice` that settled nothing.
    """
    with journal.together():
        return _reconcile(journal, lines, year, choice)


def _reconcile(
    journal: Journal, lines: Sequence[RosterLine] | None, year: int | None, choice: Choice
) -> tuple[Reconciliation | None, frozenset[str]]:
    beside = Beside(journal)
    if year is None and lines is not None:
        year = _usual_year(journal)
    if year is not None:
        _stop_other_years(journal, beside, year)
    unused = settle_duplicates(journal, beside, choice)
    if lines is None:
        return None, unused
    return _Desk(journal, beside, lines, year).reconcile(), unused


def _usual_year(journal: Journal) -> int | None:
    years = Counter(fact.year for fact in journal.facts(f"{_READABLE} AND year IS NOT NULL"))
    return max(years, key=lambda year: (years[year], year or 0)) if years else None


def _stop_other_years(journal: Journal, beside: Beside, year: int) -> None:
    for fact in list(journal.facts(f"{_READABLE} AND year IS NOT NULL AND year != ?", (year,))):
        words = Words(
            "template.year",
            "mandatory",
            f"这是{fact.year}年度的填报，本次收取的是{year}年度，没有计入。",
            f"请使用{year}年度的工作簿填报。",
        )
        beside.add(fact, words, counted=False)


class _Desk:
    def __init__(
        self, journal: Journal, beside: Beside, lines: Sequence[RosterLine], year: int | None
    ) -> None:
        self.journal, self.beside, self.lines, self.year = journal, beside, lines, year
        self.by_code: dict[tuple[str, str], int] = {}
        self.by_name: dict[tuple[str, str], int] = {}
        for place, line in enumerate(lines):
            name, code = normalise(line.organisation.name), line.organisation.code
            self.by_name[name, line.scope] = place
            if code:
                self.by_code[code, line.scope] = place

    def reconcile(self) -> Reconciliation:
        """One pass over all files; only those that are not simply right are kept in mind."""
        files: dict[int, list[Fact]] = {}
        strangers: list[Fact] = []
        unread: list[Fact] = []
        for fact in self.journal.facts("status IS NOT NULL"):
            place = self.find(fact)
            if fact.status == "unreadable":
                unread.append(fact)
            elif place is None:
                strangers.append(fact)
            else:
                files.setdefault(place, []).append(fact)
        self.stop_strangers(strangers)
        by_stem = self.by_stem(unread)
        return Reconciliation(
            tuple(
                self.place(line, files.get(place, []), by_stem)
                for place, line in enumerate(self.lines)
            ),
            tuple(self.describe(stranger, number) for number, stranger in enumerate(strangers)),
        )

    def find(self, fact: Fact) -> int | None:
        """The line a file belongs to: by code, else by exactly the same name without other code."""
        if fact.code and (fact.code, fact.scope) in self.by_code:
            return self.by_code[fact.code, fact.scope]
        place = self.by_name.get((fact.name, fact.scope))
        if place is None or (fact.code and self.lines[place].organisation.code):
            return None
        return place

    def stop_strangers(self, strangers: Iterable[Fact]) -> None:
        """A file of nobody on the roster is not counted."""
        for fact in strangers:
            words = Words(
                "template.agency",
                "mandatory",
                "填报单位不在名册中，没有计入。",
                "请核对单位名称、统一社会信用代码和报告口径；确应填报的，请补入名册。",
            )
            self.beside.add(fact, words)

    def by_stem(self, unread: Iterable[Fact]) -> dict[str, list[str]]:
        """Unreadable files by what their file names say."""
        found: dict[str, list[str]] = {}
        for fact in unread:
            found.setdefault(normalise(PurePath(fact.label).stem), []).append(fact.label)
        return found

    def place(self, line: RosterLine, facts: list[Fact], by_stem: dict[str, list[str]]) -> Unit:
        """Where one organisation stands: by the one of its files that counts."""
        if not facts:
            return self.missing(line, by_stem)
        dropped, rules = self.beside.dropped, self.beside.rules
        facts = sorted(facts, key=lambda fact: (fact.seq in dropped, fact.status == "not_filled"))
        labels = tuple(fact.label for fact in facts)
        self.stop_several(line, facts)
        if any("batch.conflict" in rules.get(fact.seq, ()) for fact in facts):
            message = f"有 {len(facts)} 份填报，内容不同，请确认以哪一份为准"
            return Unit(line, "duplicate", labels, message)
        fact = facts[0]
        if fact.seq in dropped:
            message = f"报来的是{fact.year}年度的填报，不是{self.year}年度"
            return Unit(line, "failed", labels, message)
        if fact.seq in self.beside.stopped:
            return Unit(line, "failed", labels, self.beside.says(fact).rstrip("。"))
        if fact.status not in _PASSED:
            return Unit(line, "failed", labels, _say_failed(fact))
        standing: Standing = "nil_return" if fact.nil else "passed"
        return Unit(line, standing, labels)

    def stop_several(self, line: RosterLine, facts: Iterable[Fact]) -> None:
        """Files of one line that differ in name or code, so that they seemed to be of several."""
        settled = self.beside.dropped | self.beside.stopped
        several = [f for f in facts if f.seq not in settled and f.status != "not_filled"]
        if len(several) > 1:
            name = line.organisation.name
            words = Words(
                "batch.conflict",
                "mandatory",
                f"有 {len(several)} 份填报都对应名册中的“{name}”，都没有计入。",
                "请核对各份的单位名称和统一社会信用代码，或者在名册中补上代码。",
            )
            for fact in several:
                self.beside.add(fact, words)

    def missing(self, line: RosterLine, by_stem: dict[str, list[str]]) -> Unit:
        """Nothing came in that could be read as this organisation's."""
        alike = tuple(by_stem.get(normalise(line.organisation.name), ()))
        message = f"有文件名相同但无法读取的文件：{'、'.join(alike)}" if alike else ""
        return Unit(line, "missing", (), message, alike)

    def describe(self, fact: Fact, number: int) -> Stranger:
        """A stranger, with the names of the roster that are nearly its own."""
        names = [line.organisation.name for line in self.lines]
        alike = (
            get_close_matches(fact.organisation, names, _PROPOSED, _ALIKE)
            if number < _GUESSES
            else []
        )
        return Stranger(fact.label, fact.organisation, tuple(alike))


def _say_failed(fact: Fact) -> str:
    return "已报送的工作簿尚未填写" if fact.status == "not_filled" else "报送的填报没有通过校验"
