"""The report for people at a terminal: what is wrong first, and what is right."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.report.result import SEVERITY_WORDS, STATE_WORDS, STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.check import Verdict
    from xlsx_tools.finding import Finding
    from xlsx_tools.report.result import FileResult

_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_FOLDED_SHOWN = 5


def render_text(results: Iterable[FileResult]) -> str:
    """Every file with its findings, then one line over all; safe to print anywhere."""
    lines: list[str] = []
    statuses: Counter[str] = Counter()
    for result in results:
        statuses[result.status] += 1
        lines += [*_describe_file(result), ""]
    lines.append(_summarise(statuses))
    return "\n".join(map(show_safely, lines)) + "\n"


def show_safely(text: str) -> str:
    """Control and direction characters as their numbers, so that they do nothing."""
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in _CONTROLS else letter
        for letter in text
    )


def _summarise(statuses: Counter[str]) -> str:
    told = [f"{word} {statuses[status]} 份" for status, word in STATUS_WORDS.items()]
    counted = [text for text, status in zip(told, STATUS_WORDS, strict=True) if statuses[status]]
    return f"共 {statuses.total()} 份{'：' if counted else ''}{'，'.join(counted)}。"


def _describe_file(result: FileResult) -> Iterator[str]:
    status = STATUS_WORDS[result.status]
    verdict = result.verdict
    if verdict is None:
        yield f"【{status}】{result.file}"
        yield from (f"  {line}" for f in result.findings for line in f.message.split("\n"))
        return
    filing = verdict.filing
    year = f"{filing.year}年度" if filing.year is not None else "年度不详"
    scopes = filing.form.cover["scopes"]
    scope = scopes.get(filing.scope, "") if isinstance(scopes, dict) else ""
    name = filing.organisation.name.strip() or "单位不详"
    yield f"【{status}】{name}（{year}，{scope}）  {result.file}"
    yield f"  {_describe_parts(verdict)}"
    for number, finding in enumerate(verdict.leading, start=1):
        yield from _describe_finding(number, finding, verdict)


def _describe_parts(verdict: Verdict) -> str:
    """Which tables are right, and how many leading findings each other part has."""
    form = verdict.filing.form
    sheets = {table.sheet: table.name for table in form.official_tables}
    counts: Counter[str] = Counter()
    touched: set[str] = set()
    for finding in verdict.findings:
        touched |= {name for cell in finding.cells if (name := sheets.get(cell.sheet))}
    for finding in verdict.leading:
        names = dict.fromkeys(sheets.get(cell.sheet, "其他部分") for cell in finding.cells)
        counts.update(list(names) or ["其他部分"])
    right = [name for name in sheets.values() if name not in touched]
    told = [f"{'、'.join(right)}无问题"] if right else []
    told += [f"{name} {counts[name]} 处" for name in (*sheets.values(), "其他部分") if counts[name]]
    return "；".join(told)


def _describe_finding(number: int, finding: Finding, verdict: Verdict) -> Iterator[str]:
    words = f"{SEVERITY_WORDS[finding.severity]}，{STATE_WORDS[finding.state]}"
    yield f"  {number}. [{words}] {finding.message}"
    if finding.remedy and not finding.reason:
        yield f"     处理：{finding.remedy}"
    by_id = {other.id: other for other in verdict.findings}
    for cause in finding.causes[:_FOLDED_SHOWN]:
        yield f"       - 连带：{by_id[cause].message}"
    rest = len(finding.causes) - _FOLDED_SHOWN
    if rest > 0:
        yield f"       - 另有 {rest} 项校验受此影响，改正后重新校验。"
