"""The report for people at a terminal: what is wrong first, and what is right."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import (
    SEVERITY_WORDS,
    STANDING_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
)
from xlsx_tools.report.parts import tally_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.batch import Batch, FileResult, Ignored, Reconciliation
    from xlsx_tools.check import Verdict
    from xlsx_tools.finding import Finding

_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_FOLDED_SHOWN = 5


def render_text(batch: Batch) -> Iterator[bytes]:
    """Every file with its findings, then the sums; safe to print anywhere."""
    statuses: Counter[str] = Counter()
    for result in batch.results:
        statuses[result.status] += 1
        yield _encode([*_describe_file(result), ""])
    yield _encode([*_describe_roster(batch.roster), *_describe_ignored(batch.ignored)])
    yield _encode([_summarise(statuses, len(batch.ignored))])


def _encode(lines: list[str]) -> bytes:
    return "".join(f"{show_safely(line)}\n" for line in lines).encode("utf-8", "backslashreplace")


def show_safely(text: str) -> str:
    """Control and direction characters as their numbers, so that they do nothing."""
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in _CONTROLS else letter
        for letter in text
    )


def _summarise(statuses: Counter[str], ignored: int) -> str:
    told = [f"{word} {statuses[key]} 份" for key, word in STATUS_WORDS.items() if statuses[key]]
    rest = f"；另有 {ignored} 个不是填报，没有读取" if ignored else ""
    return f"共 {statuses.total()} 份{'：' if told else ''}{'，'.join(told)}{rest}。"


def _describe_ignored(ignored: tuple[Ignored, ...]) -> Iterator[str]:
    if ignored:
        yield "没有读取的："
        yield from (f"  {one.file}：{one.why}" for one in ignored)
        yield ""


def _describe_roster(roster: Reconciliation | None) -> Iterator[str]:
    """Where every organisation stands, those that still owe something first by name."""
    if roster is None:
        return
    sums = "，".join(f"{STANDING_WORDS[key]} {count}" for key, count in roster.sums.items())
    yield f"名册 {len(roster.units)} 个单位：{sums}；名册之外 {len(roster.strangers)} 份。"
    for unit in roster.units:
        if unit.standing not in ("passed", "nil_return"):
            said = unit.message or "、".join(unit.files)
            word = STANDING_WORDS[unit.standing]
            yield f"  [{word}] {unit.line.organisation.name}{'：' if said else ''}{said}"
    for stranger in roster.strangers:
        guess = f"，是否为{'、'.join(stranger.proposed)}" if stranger.proposed else ""
        yield f"  [名册之外] {stranger.organisation or '单位不详'}（{stranger.file}）{guess}"
    yield ""


def _describe_file(result: FileResult) -> Iterator[str]:
    status = _describe_status(result)
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
    yield f"  {_describe_parts(result)}"
    for number, finding in enumerate(result.leading, start=1):
        yield from _describe_finding(number, finding, verdict)


def _describe_status(result: FileResult) -> str:
    """The status, and what the batch adds to it."""
    if not result.counted:
        rest = "，不计入"
    elif result.stopped:
        rest = "，不能汇总"
    else:
        rest = ""
    return STATUS_WORDS[result.status] + rest


def _describe_parts(result: FileResult) -> str:
    """Which tables are right, and how many leading findings each other part has."""
    tallies = tally_parts(result)
    tables = [table.name for table in result.filing.form.official_tables] if result.filing else []
    right = [name for name in tables if tallies[name].state == "right"]
    told = [f"{'、'.join(right)}无问题"] if right else []
    told += [f"{name} {tally.words}" for name, tally in tallies.items() if tally.state != "right"]
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
