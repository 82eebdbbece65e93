"""The report for programs: one JSON object, numbers digit for digit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.report.result import STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xlsx_tools.finding import Finding
    from xlsx_tools.report.result import FileResult

_WORDS = ("held", "broken", "undecided", "crashed")


def render_json(results: Iterable[FileResult]) -> str:
    """The report as JSON text, with a newline at the end."""
    return dumps_exact(report_object(results)) + "\n"


def report_object(results: Iterable[FileResult]) -> dict[str, object]:
    """``files`` in the order given, and a ``summary`` over all; Decimals stay Decimals."""
    files, statuses, rules = [], Counter[str](), Counter[str]()
    findings = leading = 0
    for result in results:
        files.append(file_object(result))
        statuses[result.status] += 1
        rules.update(_counts(result))
        findings += len(result.findings)
        leading += len(result.leading)
    summary: dict[str, object] = {"files": len(files)}
    summary |= {status: statuses[status] for status in STATUS_WORDS}
    summary["rules"] = {state: rules[state] for state in _WORDS}
    summary |= {"findings": findings, "leading": leading}
    return {"files": files, "summary": summary}


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
        "findings": [finding_object(finding) for finding in result.findings],
    }


def _counts(result: FileResult) -> Mapping[str, int]:
    counts = dict.fromkeys(_WORDS, 0)
    if result.verdict:
        counts |= {str(state): count for state, count in result.verdict.counts.items()}
    return counts


def finding_object(finding: Finding) -> dict[str, object]:
    """One finding; a reason that was written stands in its message."""
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
    }
