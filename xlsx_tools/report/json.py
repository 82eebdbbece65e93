"""The report for programs: one JSON object, numbers digit for digit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.waivers import digest_to_waive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.batch import Batch, FileResult, Reconciliation
    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding

_WORDS = ("held", "broken", "undecided", "crashed")


def render_json(batch: Batch) -> Iterator[bytes]:
    """One JSON object: ``files`` in order, a ``summary`` over all, the roster if any."""
    summary = _Summary()
    yield b'{\n "files": ['
    separator = "\n  "
    for result in batch.results:
        summary.add(result)
        yield (separator + dumps_exact(file_object(result), depth=2)).encode()
        separator = ",\n  "
    yield b"\n ]"
    rest: dict[str, object] = {"summary": summary.object(len(batch.ignored))}
    if batch.ignored:
        rest["ignored"] = [{"file": one.file, "why": one.why} for one in batch.ignored]
    if batch.roster is not None:
        rest["roster"] = roster_object(batch.roster)
    for key, value in rest.items():
        yield f',\n "{key}": {dumps_exact(value, depth=1)}'.encode()
    yield b"\n}\n"


class _Summary:
    """Sums over all files; nothing else of them is kept."""

    def __init__(self) -> None:
        self.files = self.findings = self.leading = 0
        self.statuses, self.rules = Counter[str](), Counter[str]()

    def add(self, result: FileResult) -> None:
        self.files += 1
        self.statuses[result.status] += 1
        self.rules.update(_counts(result))
        self.findings += len(result.findings)
        self.leading += len(result.leading)

    def object(self, ignored: int) -> object:
        statuses: dict[str, object] = {key: self.statuses[key] for key in STATUS_WORDS}
        return {
            "files": self.files,
            **statuses,
            "ignored": ignored,
            "rules": {state: self.rules[state] for state in _WORDS},
            "findings": self.findings,
            "leading": self.leading,
        }


def roster_object(roster: Reconciliation) -> dict[str, object]:
    """Every organisation of the roster with its standing, and the files of no organisation."""
    sums: dict[str, int] = {str(key): count for key, count in roster.sums.items()}
    return {
        "sums": {**sums, "outside": len(roster.strangers)},
        "units": [
            {
                "name": unit.line.organisation.name,
                "code": unit.line.organisation.code,
                "scope": unit.line.scope,
                "standing": unit.standing,
                "files": list(unit.files),
                "message": unit.message,
                "proposed": list(unit.proposed),
            }
            for unit in roster.units
        ],
        "outside": [
            {
                "file": stranger.file,
                "organisation": stranger.organisation,
                "proposed": list(stranger.proposed),
            }
            for stranger in roster.strangers
        ],
    }


def file_object(result: FileResult) -> dict[str, object]:
    """One entry of ``files``; what is not known of an unusable file is null."""
    filing = result.filing
    organisation = filing.organisation._asdict() if filing else None
    return {
        "file": result.file,
        "sha256": result.sha256,
        "organisation": organisation,
        "year": filing.year if filing else None,
        "form": filing.form.id if filing else None,
        "scope": filing.scope if filing else None,
        "status": result.status,
        "rules": _counts(result),
        "findings": [finding_object(finding, filing) for finding in result.findings],
    }


def _counts(result: FileResult) -> Mapping[str, int]:
    counts = dict.fromkeys(_WORDS, 0)
    if result.verdict:
        counts |= {str(state): count for state, count in result.verdict.counts.items()}
    return counts


def finding_object(finding: Finding, filing: Filing | None = None) -> dict[str, object]:
    """One finding; a reason that was written stands in its message.

    One that a waiver can settle has a ``figures_digest`` as well, of the figures in `filing`.
    """
    digest = digest_to_waive(filing, finding) if filing else ""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "state": finding.state,
        "message": finding.message,
        "remedy": finding.remedy,
        "cells": [
            {"sheet": cell.sheet, "cell": cell.cell, "label": cell.label, "value": cell.value}
            for cell in finding.cells
        ],
        "left": finding.left,
        "right": finding.right,
        "difference": finding.difference,
        "causes": list(finding.causes),
        **({"figures_digest": digest} if digest else {}),
    }
