"""Which part of the annual report each finding concerns, and how each part of a file stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from xlsx_tools.excel.address import layout_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.batch import FileResult
    from xlsx_tools.excel.address import Spot
    from xlsx_tools.finding import Finding
    from xlsx_tools.forms import Form

PROSE, OTHER = "文字", "其他"
"""The parts beside the official tables: what is written, and everything else."""
PartState = Literal["open", "explained", "hint", "affected", "right"]
PART_STATE_WORDS: Mapping[PartState, str] = {
    "open": "有问题",
    "explained": "已说明",
    "hint": "有提示",
    "affected": "受连带影响",
    "right": "无问题",
}


@dataclass(slots=True)
class Tally:
    """The leading findings of one part of one file; a finding in two parts counts in both.

    `explained` have an accepted reason, `hints` ask for nothing; `affected` says that a
    consequence of a finding elsewhere falls into this part.
    """

    open: int = 0
    explained: int = 0
    hints: int = 0
    affected: bool = False

    @property
    def state(self) -> PartState:
        """The worst of it in a word."""
        if self.open:
            return "open"
        if self.explained:
            return "explained"
        if self.hints:
            return "hint"
        return "affected" if self.affected else "right"

    @property
    def words(self) -> str:
        """How the part stands, as people read it."""
        told = [f"{self.open} 处"] if self.open else []
        told += [f"已说明 {self.explained} 处"] if self.explained else []
        told += [f"提示 {self.hints} 处"] if self.hints else []
        return "，".join(told) or PART_STATE_WORDS[self.state]


def tally_parts(result: FileResult) -> dict[str, Tally]:
    """Every part of a file by name, in printed order; none of a file that was not usable."""
    if result.verdict is None:
        return {}
    form = result.verdict.filing.form
    tallies = {name: Tally() for name in part_names(form)}
    for finding in result.findings:
        for name in parts_of(finding, form):
            tallies[name].affected = True
    for finding in result.leading:
        for name in parts_of(finding, form):
            _count(tallies[name], finding)
    return tallies


def _count(tally: Tally, finding: Finding) -> None:
    if finding.reason:
        tally.explained += 1
    elif finding.severity == "hint":
        tally.hints += 1
    else:
        tally.open += 1


def part_names(form: Form) -> tuple[str, ...]:
    """The official tables as they are called, then prose, then the rest."""
    return (*(table.name for table in form.official_tables), PROSE, OTHER)


def parts_of(finding: Finding, form: Form | None) -> tuple[str, ...]:
    """The parts whose cells a finding names, each once; one that names none is of the rest."""
    if form is None:
        return (OTHER,)
    tables, prose, fees = _sheets(form)
    names = [
        tables.get(place.sheet)
        or (PROSE if place.sheet in prose and (place.sheet, place.cell) not in fees else OTHER)
        for place in finding.cells
    ]
    return tuple(dict.fromkeys(names)) or (OTHER,)


@cache
def _sheets(form: Form) -> tuple[dict[str, str], frozenset[str], frozenset[Spot]]:
    """Sheet → official table; the sheets of prose; the figures that stand among the prose."""
    layout = layout_of(form)
    tables = {table.sheet: table.name for table in form.official_tables}
    prose = frozenset(section.sheet for section in form.texts)
    flat = (cell for cell in form.cells if form.tables[cell.table].flat)
    fees = frozenset(layout.figure[cell.index] for cell in flat)
    return tables, prose, fees
