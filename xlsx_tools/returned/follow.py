"""How the return workbook follows each finding while its cells are being put right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.judge import judge_filing, reason_counts
from xlsx_tools.returned.again import as_open, as_returned, returned_cells
from xlsx_tools.returned.places import (
    EXPLAINED,
    HARMLESS,
    LATER,
    OPEN,
    RESTORED,
    known_spots,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsx_tools.check import Verdict
    from xlsx_tools.excel.address import Layout
    from xlsx_tools.excel.cell_content import Content
    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding
    from xlsx_tools.judge import Judgement

Way = Literal["rule", "cell", "touch", "restored"]
_SEVERITIES = ("mandatory", "justify", "verify", "hint")


@dataclass(frozen=True, slots=True)
class Followed:
    """A finding as the return workbook shows it.

    `way` is what its state is read from: a row of 校验, one cell's content, whether a cell was
    changed at all (for what only the next check can tell), or nothing, as the workbook itself
    has put it right. `state` is the word shown at first; `blocks` says that something is to be
    done; `spots` are those of its cells that can be marked.
    """

    finding: Finding
    way: Way
    state: str
    blocks: bool
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class OpenCells:
    """What the formulas of an open workbook cannot tell by themselves.

    `held` is what stands in cells that hold no plain number; `unseen` are the figures among
    them that formulas take for one: a formula typed there, a date.
    """

    held: Mapping[Spot, Content]
    unseen: frozenset[int]


@dataclass(frozen=True)
class Case:
    """Everything the sheets of one return workbook are made from.

    `filing` is what the workbook holds (see `as_returned`) and `judgement` what its 校验 says;
    `cells` is there when it is not made anew, but the one that is open before its filler.
    """

    verdict: Verdict
    beside: tuple[Finding, ...]
    filing: Filing
    judgement: Judgement
    offered: Mapping[str, str]
    cells: OpenCells | None = None

    @classmethod
    def of_open(cls, verdict: Verdict, cells: OpenCells) -> Case:
        """The same for a workbook that stays as it is, and gets its marks where it is open."""
        filing = as_open(verdict.filing)
        return cls(verdict, (), filing, judge_filing(filing), {}, cells)

    @classmethod
    def of(cls, verdict: Verdict, beside: Sequence[Finding], offered: Mapping[str, str]) -> Case:
        """Decide what the workbook will say of its filing by itself."""
        filing = as_returned(verdict.filing)
        return cls(verdict, tuple(beside), filing, judge_filing(filing), offered)

    @property
    def layout(self) -> Layout:
        """Where everything is."""
        return layout_of(self.filing.form)

    @cached_property
    def known(self) -> Mapping[Spot, int | None]:
        """Every cell that can be marked, with its figure's index."""
        return known_spots(self.layout)

    @cached_property
    def followed(self) -> Mapping[str, Followed]:
        """Every finding by its id."""
        findings = (*self.beside, *self.verdict.findings)
        return {finding.id: self._follow(finding) for finding in findings}

    @cached_property
    def leading(self) -> tuple[Followed, ...]:
        """The findings that follow from no other, worst first, those of the batch before others."""
        leads = (*self.beside, *self.verdict.leading)
        return tuple(self.followed[finding.id] for finding in sorted(leads, key=_rank))

    def beneath(self, lead: Followed) -> tuple[Followed, ...]:
        """Those that follow from it."""
        return tuple(self.followed[cause] for cause in lead.finding.causes)

    def shown(self, lead: Followed) -> Followed:
        """Whose state a lead's row shows: one beneath may block when it does not itself."""
        return next((f for f in (lead, *self.beneath(lead)) if f.blocks), lead)

    @cached_property
    def marked(self) -> tuple[Followed, ...]:
        """Those whose cells are red: a consequence only where the workbook itself can follow it."""
        found = [
            (lead, *(f for f in self.beneath(lead) if f.way != "touch")) for lead in self.leading
        ]
        return tuple(followed for group in found for followed in group if followed.blocks)

    def cell_of(self, finding: Finding) -> int | None:
        """The typed figure that a finding is about when it is told cell by cell."""
        path = finding.id.removeprefix(f"{finding.rule}.")
        cell = self.filing.form.by_path.get(path)
        return None if cell is None or cell.index not in self.filing.parsed else cell.index

    def odd_cells(self) -> Mapping[Spot, Content]:
        """What stands in the cells that hold something else than a plain number."""
        return dict(returned_cells(self.verdict.filing)) if self.cells is None else self.cells.held

    def _follow(self, finding: Finding) -> Followed:
        way = self._way(finding)
        spots = dict.fromkeys(Spot(place.sheet, place.cell) for place in finding.cells)
        known = tuple(spot for spot in spots if spot in self.known)
        return Followed(finding, way, self._state(finding, way), _blocks(finding), known)

    def _way(self, finding: Finding) -> Way:
        decision = self.judgement.by_id.get(finding.id)
        live = finding.id in self.layout.check_row and decision is not None
        if live and decision is not None and decision.state in ("broken", "undecided"):
            return "rule"
        if (index := self.cell_of(finding)) is not None:
            return "touch" if self.cells is not None and index in self.cells.unseen else "cell"
        harmless = finding.severity == "hint" and finding.state != "crashed"
        return "restored" if harmless else "touch"

    def _state(self, finding: Finding, way: Way) -> str:
        if way == "restored":
            return RESTORED if self.cells is None else HARMLESS
        if way == "touch":
            return LATER
        if way == "rule" and self.judgement.by_id[finding.id].state == "broken":
            settles = finding.severity in ("justify", "verify")
            if settles and reason_counts(self.filing, finding.id):
                return EXPLAINED
        return open_word(finding)


def open_word(finding: Finding) -> str:
    """The word for a finding that is still as it was."""
    return OPEN if _blocks(finding) or finding.reason else HARMLESS


def _blocks(finding: Finding) -> bool:
    """As the judge has it: only a mandatory rule blocks for want of figures."""
    if finding.state == "crashed":
        return True
    if finding.severity == "hint" or finding.reason:
        return False
    return finding.severity == "mandatory" or finding.state == "broken"


def _rank(finding: Finding) -> tuple[bool, int]:
    return finding.state != "crashed", _SEVERITIES.index(finding.severity)
