"""Where the figures of a merge come from, and who is left out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms.model import Scope
    from xlsx_tools.judge import FileStatus
    from xlsx_tools.roster import RosterLine

_NO_NOTE = "名册注明不计入汇总"


@dataclass(frozen=True, slots=True)
class Source:
    """One filing that is merged, and its file as the user knows it."""

    file: str
    sha256: str
    filing: Filing
    status: FileStatus | None = None

    @property
    def is_workbook(self) -> bool:
        """Whether its figures stand in cells; those of filing JSON have paths instead."""
        return not self.file.casefold().endswith(".json")


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file that is not merged, and why; `by_roster` if the roster says so."""

    unit: str
    file: str
    why: str
    sha256: str = ""
    by_roster: bool = False


class UnmergedUnits:
    """The organisations that the roster leaves out of the sums, found by code or name."""

    def __init__(self, lines: Iterable[RosterLine]) -> None:
        self.lines = tuple(line for line in lines if not line.merged)
        self._by_code: dict[tuple[str, Scope], RosterLine] = {}
        self._by_name: dict[tuple[str, Scope], RosterLine] = {}
        for line in self.lines:
            if line.organisation.code:
                self._by_code[line.organisation.code, line.scope] = line
            self._by_name[normalise(line.organisation.name), line.scope] = line

    def line_of(self, filing: Filing) -> RosterLine | None:
        """The line that leaves this filing out, by code, else by exactly the same name."""
        theirs = filing.organisation
        if theirs.code and (line := self._by_code.get((theirs.code, filing.scope))):
            return line
        line = self._by_name.get((normalise(theirs.name), filing.scope))
        return None if line is None or (line.organisation.code and theirs.code) else line

    def exclude(self, source: Source) -> Excluded | None:
        """Why this source is left out, or None if the roster does not say so."""
        line = self.line_of(source.filing)
        if line is None:
            return None
        name, why = line.organisation.name, line.note or _NO_NOTE
        return Excluded(name, source.file, why, source.sha256, by_roster=True)
