"""Last year's filing beside this year's: what is kept of it, and how it is put to use."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from xlsx_tools.filing import LastYear, Organisation, Trouble
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.judge import judge_filing, reason_counts
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.filing import Filing
    from xlsx_tools.values import Value

__all__ = [
    "LastYear",
    "dumps_last_year",
    "loads_last_year",
    "offered_reason",
    "offered_reasons",
    "precedes",
    "summarise_last_year",
    "with_last_year",
]

_DIFFERS = "last-year-differs"
_SETTLED = ("justify", "verify")


def summarise_last_year(filing: Filing, *, file: str = "", sha256: str | None = None) -> LastYear:
    """What the rules of any form need of this filing when it is next year's last year.

    Figures that are blank, no plain number, or totals over such are left out, and so are
    reasons too short to count and a coordinator's waivers.
    """
    form, wanted = filing.form, _wanted_paths()
    known = ((cell.path, filing.known(cell.index)) for cell in form.cells if cell.path in wanted)
    return LastYear(
        organisation=filing.organisation,
        scope=filing.scope,
        year=filing.year,
        form_id=form.id,
        figures={path: value for path, value in known if value is not None},
        narrative={key: text for key, text in filing.narrative.items() if text},
        reasons={
            rule: reason.strip()
            for rule, reason in filing.reasons.items()
            if rule not in filing.waived and reason_counts(filing, rule)
        },
        file=file,
        sha256=sha256,
    )


def _wanted_paths() -> frozenset[str]:
    """The next form may be another one, so the paths of all are kept."""
    return frozenset().union(*(load_form(form_id).last_year_paths for form_id in form_ids()))


def dumps_last_year(last: LastYear) -> bytes:
    """The summary as compact JSON; figures are text, digit for digit."""
    data = {
        "organisation": list(last.organisation),
        "scope": last.scope,
        "year": last.year,
        "form": last.form_id,
        "figures": {path: show(value) for path, value in last.figures.items()},
        "narrative": dict(last.narrative),
        "reasons": dict(last.reasons),
        "file": last.file,
        "sha256": last.sha256,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def loads_last_year(data: bytes) -> LastYear:
    """The summary that `dumps_last_year` wrote; for nothing else."""
    raw = json.loads(data)
    return LastYear(
        organisation=Organisation(*raw["organisation"]),
        scope=raw["scope"],
        year=raw["year"],
        form_id=raw["form"],
        figures={path: _figure(text) for path, text in raw["figures"].items()},
        narrative=raw["narrative"],
        reasons=raw["reasons"],
        file=raw["file"],
        sha256=raw["sha256"],
    )


def _figure(text: str) -> Value:
    return Decimal(text) if "." in text else int(text)


def precedes(last: LastYear, filing: Filing) -> bool:
    """Whether it is of the year before, and of the same scope: 本机关 and 汇总 never compare."""
    return filing.year is not None and last.year == filing.year - 1 and last.scope == filing.scope


def with_last_year(filing: Filing, last: LastYear | None) -> Filing:
    """The filing with the coordinator's copy of last year's figures.

    They take the place of those the workbook carries, figure by figure of the same path, and
    where the two differ a hint says so. A copy that is not of the year before, or of another
    scope, changes nothing; nor does None. Whose copy it is, is for the caller to see to.
    """
    if last is None or not precedes(last, filing):
        return filing
    cells = filing.form.cells
    figures = {
        index: last.figures[path]
        for index in sorted(filing.form.carried_indices)
        if (path := cells[index].path) in last.figures
    }
    differing = tuple(_compare(filing, figures))
    return replace(filing, last_year=figures, before=last, troubles=(*filing.troubles, *differing))


def _compare(filing: Filing, figures: Mapping[int, Value]) -> Iterator[Trouble]:
    """The figures the workbook carries that are others in the coordinator's copy."""
    for index, carried in filing.last_year.items():
        ours = figures.get(index)
        if carried != ours:
            why = f"工作簿带出 {show(carried)}，上年度填报为 {show(ours)}"
            yield Trouble(_DIFFERS, index, why, value=carried)


def offered_reason(filing: Filing, instance_id: str) -> str:
    """What the organisation wrote last year beside this rule; empty where it wrote again."""
    if filing.before is None or reason_counts(filing, instance_id):
        return ""
    return filing.before.reasons.get(instance_id, "")


def offered_reasons(filing: Filing) -> Mapping[str, str]:
    """Last year's reasons for what needs one again, by rule instance; never accepted as such."""
    if filing.before is None or not filing.before.reasons:
        return {}
    wanting = (
        decision.instance.id
        for decision in judge_filing(filing).decisions
        if decision.state == "broken" and decision.instance.rule.severity in _SETTLED
    )
    return {rule: reason for rule in wanting if (reason := offered_reason(filing, rule))}
