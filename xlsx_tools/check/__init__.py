"""⑤ Filing → findings: one leading finding for each thing wrong, its consequences beneath."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from xlsx_tools.check.folding import fold
from xlsx_tools.check.telling import tell
from xlsx_tools.judge import judge_filing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding, State
    from xlsx_tools.judge import FileStatus, Judgement

__all__ = ["Verdict", "check_filing"]

_SEVERITIES = ("mandatory", "justify", "verify", "hint")
_STATES = ("crashed", "broken", "undecided", "held")


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a filing.

    `findings`: each leading one, worst first, followed by those folded beneath it, whose ids
    are its `causes`. `counts` are rule instances by state; those that do not apply are in none.
    """

    filing: Filing
    status: FileStatus
    counts: Mapping[State, int]
    findings: tuple[Finding, ...]

    @cached_property
    def leading(self) -> tuple[Finding, ...]:
        """The findings that are no consequence of another."""
        folded = {cause for finding in self.findings for cause in finding.causes}
        return tuple(finding for finding in self.findings if finding.id not in folded)


def check_filing(filing: Filing) -> Verdict:
    """Check a filing against every rule of its form; never raises for what is in it."""
    judgement = judge_filing(filing)
    told = tuple(tell(filing, judgement))
    parents, hints = _explain(filing, judgement)
    parents = fold(filing, told, parents)
    findings = [
        replace(item.finding, message=item.finding.message + hints.get(item.finding.id, ""))
        for item in told
    ]
    return Verdict(
        filing=filing,
        status=judgement.status,
        counts=_count(judgement),
        findings=tuple(_arrange(findings, parents)),
    )


def _explain(filing: Filing, judgement: Judgement) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What `explain_broken_sums` finds, where there is a broken sum at all."""
    if all(decision.state != "broken" for decision in judgement.decisions):
        return {}, {}
    from xlsx_tools.check.equations import explain_broken_sums  # noqa: PLC0415 - most need none

    return explain_broken_sums(filing, judgement)


def _count(judgement: Judgement) -> Mapping[State, int]:
    states = [decision.state for decision in judgement.decisions]
    wanted: tuple[State, ...] = ("held", "broken", "undecided", "crashed")
    return {state: states.count(state) for state in wanted}


def _arrange(findings: list[Finding], parents: Mapping[str, str]) -> Iterable[Finding]:
    folded: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.id in parents:
            folded.setdefault(parents[finding.id], []).append(finding)
    leads = [finding for finding in findings if finding.id not in parents]
    for lead in sorted(leads, key=_rank):
        beneath = sorted(folded.get(lead.id, ()), key=_rank)
        yield replace(lead, causes=tuple(finding.id for finding in beneath))
        yield from beneath


def _rank(finding: Finding) -> tuple[bool, int, int]:
    return (
        finding.state != "crashed",
        _SEVERITIES.index(finding.severity),
        _STATES.index(finding.state),
    )
