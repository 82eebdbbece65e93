"""What one file still lacks, told so briefly that it can be kept for every file of a batch."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import SEVERITY_WORDS, STATUS_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xlsx_tools.batch import FileResult
    from xlsx_tools.finding import Finding
    from xlsx_tools.forms import Form
    from xlsx_tools.judge import FileStatus

MOST_TOLD = 10
"""So many problems are written out; a person who has more begins with these."""
_OTHER_YEAR = "template.year"
_CONFLICT = "batch.conflict"
_OTHER_PART = "其他"
_KINDS = {
    "missing": "缺 {} 项",
    "wrong": "{} 处填写有误",
    "unbalanced": "{} 处不平衡",
    "against": "{} 处不符合要求",
    "undecided": "{} 处无法判断",
    "unexplained": "{} 处待说明",
    "crashed": "{} 处校验出错",
    "batch": "{} 处需要核实",
}
"""The kinds of problems, in the order in which they are told."""
_INSTEAD = {
    "batch.code_clash": "所填统一社会信用代码也用于另一个单位，没有计入。",
}
"""Told to a unit in place of a message that names the files of others."""


@dataclass(frozen=True, slots=True)
class Problems:
    """What a file lacks: `count` problems, `parts` of the report they are in, the first `told`.

    `other_year` says that it is of another year than the one being collected.
    """

    status: FileStatus
    counted: bool
    other_year: bool
    count: int
    parts: str
    told: tuple[str, ...]

    @property
    def word(self) -> str:
        """How the file stands, as people read it."""
        if self.count and self.status not in ("unreadable", "not_filled"):
            return f"{STATUS_WORDS['failed']}，{self.count} 处需要处理"
        return STATUS_WORDS[self.status]


def find_problems(result: FileResult) -> Problems:
    """What keeps a file from being accepted; hints and what has its reason is none of it.

    Of a file that could not be read, or is of another year, only that is told; that there are
    others of the same organisation is no problem of this file.
    """
    blocking = [f for f in result.leading if blocks(f) and f.rule != _CONFLICT]
    of_year = [finding for finding in blocking if finding.rule == _OTHER_YEAR]
    usable = result.verdict is not None and not of_year
    if of_year:
        blocking = of_year
    return Problems(
        status=result.status,
        counted=result.counted,
        other_year=bool(of_year),
        count=len(blocking),
        parts=_say_parts(blocking, None if result.filing is None else result.filing.form),
        told=tuple((_tell if usable else _say)(finding) for finding in blocking[:MOST_TOLD]),
    )


def blocks(finding: Finding) -> bool:
    """Whether a file cannot be accepted because of this finding."""
    if finding.severity == "hint":
        return False
    if finding.severity == "mandatory" or finding.state == "crashed":
        return True
    return finding.state == "broken" and not finding.reason


def _tell(finding: Finding) -> str:
    """How grave, what is amiss, and what to do on a line of its own."""
    remedy = f"\n   处理：{' '.join(finding.remedy.split())}" if finding.remedy else ""
    return f"【{SEVERITY_WORDS[finding.severity]}】{_say(finding)}{remedy}"


def _say(finding: Finding) -> str:
    return "；".join(_INSTEAD.get(finding.rule, finding.message).splitlines())


def _say_parts(findings: Iterable[Finding], form: Form | None) -> str:
    """The problems by part of the report: ``表二缺 3 项；表三 2 处不平衡、1 处待说明``."""
    if form is None:
        return ""
    names = _part_names(form)
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*names.values(), _OTHER_PART)}
    for finding in findings:
        sheet = finding.cells[0].sheet if finding.cells else ""
        kind = _kind_of(finding, form)
        amount = len(finding.cells) if kind == "missing" else 1
        counts[names.get(sheet, _OTHER_PART)][kind] += amount
    told = (_say_part(name, kinds) for name, kinds in counts.items() if kinds)
    return "；".join(told)


def _say_part(name: str, kinds: Mapping[str, int]) -> str:
    """A digit stands apart from Chinese before it, as everywhere else."""
    told = "、".join(words.format(kinds[kind]) for kind, words in _KINDS.items() if kinds[kind])
    return f"{name}{' ' if re.match('[0-9]', told) else ''}{told}"


def _part_names(form: Form) -> dict[str, str]:
    """Sheet → what people call it, in the order of the report."""
    tables = {table.sheet: table.name for table in form.official_tables}
    prose = {section.sheet: section.short or section.heading for section in form.texts}
    cover = form.sheets["cover"]
    order = [cover, *(section.sheet for section in form.sections), *tables]
    names = {cover: cover, **tables, **prose}
    return {sheet: names[sheet] for sheet in dict.fromkeys(order) if sheet in names}


def _kind_of(finding: Finding, form: Form) -> str:
    if finding.state == "crashed":
        return "crashed"
    if finding.rule not in form.rules:
        return "batch"
    if finding.severity != "mandatory":
        return "unexplained"
    if finding.state == "undecided":
        return "undecided" if form.rules[finding.rule].require else "missing"
    instance = form.instance_by_id.get(finding.id)
    if instance is None or instance.requirement is None:
        return "wrong"
    return "unbalanced" if instance.requirement.comparison == "==" else "against"
