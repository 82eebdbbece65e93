"""One pass over a batch: every sum that the summary workbook and the page show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.batch.result import BATCH_TITLES, SEVERITY_WORDS, STANDING_WORDS
from xlsx_tools.report.cell_text import width_of
from xlsx_tools.report.parts import OTHER, PROSE, tally_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.batch import Batch, FileResult
    from xlsx_tools.batch.result import Standing
    from xlsx_tools.finding import Finding, State
    from xlsx_tools.forms import Form
    from xlsx_tools.forms.model import Severity
    from xlsx_tools.judge import FileStatus
    from xlsx_tools.report.parts import PartState, Tally

OUTSIDE = "名册之外"
UNKNOWN = "单位不详"
_UNUSABLE = "文件无法使用"
_FIRST_FILES = 10


class Place(NamedTuple):
    """Where a file stands in the roster: the organisation's name there, and its standing.

    Without a standing it is `otherwise`: of nobody on the roster, or of nobody knows whom.
    """

    name: str
    standing: Standing | None
    otherwise: str = OUTSIDE

    @property
    def words(self) -> str:
        """The standing as people read it."""
        return STANDING_WORDS[self.standing] if self.standing else self.otherwise


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a batch, `number` counted from 1; `place` is None without a roster."""

    number: int
    result: FileResult
    name: str
    place: Place | None
    parts: Mapping[str, Tally]

    @property
    def form(self) -> Form | None:
        """The form it was filled in on, or None."""
        return self.result.filing.form if self.result.filing else None


class Reason(NamedTuple):
    """A finding that was accepted because of what the filler wrote beside it."""

    name: str
    file: str
    rule: str
    title: str
    severity: Severity
    reason: str


class Refusal(NamedTuple):
    """A file that could not be used."""

    name: str
    file: str
    code: str
    message: str


@dataclass(slots=True)
class PartSum:
    """One part over all usable files: `files` by how it stands there; `findings` still open."""

    files: Counter[PartState] = field(default_factory=Counter)
    findings: int = 0


@dataclass(slots=True)
class RuleSum:
    """One rule over all files: leading findings only, in `files` files, the first ones named."""

    rule: str
    title: str
    severity: Severity
    files: int = 0
    findings: int = 0
    explained: int = 0
    states: Counter[State] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Overview:
    """The sums over a batch, and nothing of its files beyond `most` refusals and reasons.

    `open` counts leading findings by severity that no reason answers; `explained` those that
    one does; `folded` are consequences; `instances` are rule instances by state. The widths are
    those of the longest name and file, in letters.
    """

    most: int
    files: int = 0
    accepted: int = 0
    statuses: Counter[FileStatus] = field(default_factory=Counter)
    years: Counter[int] = field(default_factory=Counter)
    open: Counter[Severity] = field(default_factory=Counter)
    explained: Counter[Severity] = field(default_factory=Counter)
    folded: int = 0
    instances: Counter[State] = field(default_factory=Counter)
    parts: dict[str, PartSum] = field(default_factory=dict)
    by_rule: dict[str, RuleSum] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    name_width: int = 0
    file_width: int = 0

    @property
    def rules(self) -> list[RuleSum]:
        """The rules with findings: those of the most files first, then the severest."""
        rank = {severity: number for number, severity in enumerate(SEVERITY_WORDS)}
        sums = self.by_rule.values()
        return sorted(sums, key=lambda one: (-one.files, rank[one.severity], one.rule))

    @property
    def part_names(self) -> list[str]:
        """The official tables seen, then prose, then the rest."""
        tables = [name for name in self.parts if name not in (PROSE, OTHER)]
        return [*tables, PROSE, OTHER]

    def add(self, entry: Entry) -> None:
        """Count one file."""
        result = entry.result
        self.files += 1
        self.name_width = max(self.name_width, width_of(entry.name))
        self.file_width = max(self.file_width, width_of(result.file))
        self.accepted += result.mergeable
        self.statuses[result.status] += 1
        self.folded += len(result.findings) - len(result.leading)
        if result.verdict is not None:
            self.instances.update(result.verdict.counts)
        if result.filing is not None and result.filing.year is not None:
            self.years[result.filing.year] += 1
        for name, tally in entry.parts.items():
            part = self.parts.setdefault(name, PartSum())
            part.files[tally.state] += 1
            part.findings += tally.open
        self._add_findings(entry)
        self.refusals += list(refusals_of(entry))[: self.most - len(self.refusals)]

    def _add_findings(self, entry: Entry) -> None:
        seen: set[str] = set()
        for finding in entry.result.leading:
            (self.explained if finding.reason else self.open)[finding.severity] += 1
            rule = self.by_rule.setdefault(
                finding.rule, RuleSum(finding.rule, title_of(finding, entry), finding.severity)
            )
            rule.findings += 1
            rule.explained += bool(finding.reason)
            rule.states[finding.state] += 1
            if finding.rule not in seen:
                seen.add(finding.rule)
                rule.files += 1
                rule.first += [entry.name] if len(rule.first) < _FIRST_FILES else []
        self.reasons += list(reasons_of(entry))[: self.most - len(self.reasons)]


def survey(batch: Batch, *, most: int = 2000) -> Overview:
    """Go through a batch once and add everything up."""
    overview = Overview(most)
    for entry in entries_of(batch):
        overview.add(entry)
    return overview


def entries_of(batch: Batch) -> Iterator[Entry]:
    """The files of a batch in order, one at a time, each with its place in the roster."""
    places = _places(batch)
    for number, result in enumerate(batch.results, start=1):
        stranger = Place("", None, OUTSIDE if result.filing else UNKNOWN)
        place = places.get(result.file, stranger) if batch.roster else None
        own = result.filing.organisation.name.strip() if result.filing else ""
        name = own or (place.name if place else "") or UNKNOWN
        yield Entry(number, result, name, place, tally_parts(result))


def _places(batch: Batch) -> dict[str, Place]:
    units = batch.roster.units if batch.roster else ()
    return {
        file: Place(unit.line.organisation.name, unit.standing)
        for unit in units
        for file in unit.files
    }


def title_of(finding: Finding, entry: Entry) -> str:
    """What the rule of a finding is called; users never see an id alone."""
    rule = entry.form.rules.get(finding.rule) if entry.form else None
    if rule is not None:
        return rule.title
    return BATCH_TITLES.get(finding.rule) or f"{_UNUSABLE}（{finding.rule}）"


def reasons_of(entry: Entry) -> Iterator[Reason]:
    """The findings of a file that its filler explained."""
    for finding in entry.result.leading:
        if finding.reason:
            title = title_of(finding, entry)
            yield Reason(
                entry.name,
                entry.result.file,
                finding.rule,
                title,
                finding.severity,
                finding.reason,
            )


def refusals_of(entry: Entry) -> Iterator[Refusal]:
    """Why a file could not be used, if it could not."""
    result = entry.result
    if result.verdict is None:
        own = result.findings[-1]
        yield Refusal(entry.name, result.file, own.rule, own.message)
