"""What became of one file, and of a whole batch: what every report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from xlsx_tools.errors import UnusableFileError
from xlsx_tools.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.check import Verdict
    from xlsx_tools.errors import XlsxToolsError
    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import State
    from xlsx_tools.forms.model import Severity
    from xlsx_tools.judge import FileStatus
    from xlsx_tools.roster import RosterLine

STATUS_WORDS: dict[FileStatus, str] = {
    "passed": "通过",
    "passed_with_reasons": "通过（附说明）",
    "failed": "未通过",
    "not_filled": "尚未填写",
    "unreadable": "无法读取",
}
SEVERITY_WORDS: dict[Severity, str] = {
    "mandatory": "强制性",
    "justify": "准强制性",
    "verify": "核实性",
    "hint": "提示性",
}
STATE_WORDS: dict[State, str] = {
    "broken": "不成立",
    "undecided": "无法判断",
    "crashed": "规则出错",
    "held": "成立",
}
Standing = Literal["missing", "failed", "passed", "nil_return", "duplicate"]
STANDING_WORDS: dict[Standing, str] = {
    "missing": "未报",
    "failed": "已报未通过",
    "passed": "通过",
    "nil_return": "零报告",
    "duplicate": "重复",
}
BATCH_TITLES = {
    "batch.same_bytes": "内容相同的副本",
    "batch.conflict": "同一单位有几份填报",
    "batch.chosen": "几份填报中采用的一份",
    "batch.superseded": "几份填报中未采用的",
    "batch.code_clash": "统一社会信用代码重复",
    "template.year": "年度不符",
    "template.agency": "名册之外的单位",
}
"""What the findings are called that only the whole batch can show."""
_ACCEPTED = ("passed", "passed_with_reasons")


@dataclass(frozen=True)
class FileResult:
    """One file: checked (`verdict`), or not usable (`error`).

    `file` is how the user knows it; `sha256` is of its bytes, or None when none were read;
    `beside` are findings that only the whole batch can show, such as two files of one unit;
    `counted` is false for a copy, and for a file that another of the same unit replaces.
    """

    file: str
    sha256: str | None
    verdict: Verdict | None = None
    error: XlsxToolsError | None = None
    beside: tuple[Finding, ...] = ()
    counted: bool = True

    @property
    def filing(self) -> Filing | None:
        """What was read, or None."""
        return self.verdict.filing if self.verdict else None

    @property
    def status(self) -> FileStatus:
        """The verdict's status, or ``unreadable``: of the file by itself."""
        return self.verdict.status if self.verdict else "unreadable"

    @property
    def accepted(self) -> bool:
        """Whether it passed, and nothing in the batch stands against it."""
        return self.status in _ACCEPTED and not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the batch stands against it: a conflict, another year, nobody's file."""
        return any(finding.severity == "mandatory" for finding in self.beside)

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do: it was accepted, or another file counts in its place."""
        return self.accepted or not (self.counted or self.stopped)

    @property
    def mergeable(self) -> bool:
        """Whether its figures go into a sum: accepted, and the one of its unit that counts."""
        return self.accepted and self.counted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of the batch and of the verdict, or the one that says why it was not usable."""
        own = self.verdict.findings if self.verdict else (_refusal(self.error),)
        return (*self.beside, *own)

    @property
    def leading(self) -> tuple[Finding, ...]:
        """The findings that follow from no other."""
        own = self.verdict.leading if self.verdict else (_refusal(self.error),)
        return (*self.beside, *own)


def _refusal(error: XlsxToolsError | None) -> Finding:
    code = error.reason if isinstance(error, UnusableFileError) else error.code if error else ""
    return Finding(
        id=code or "internal.error",
        rule=code or "internal.error",
        severity="mandatory",
        state="broken",
        message=str(error) if error else "文件没有得到校验结果，不能视为通过。",
        remedy="请按提示处理后重新报送。",
    )


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that was found and is no submission, and why."""

    file: str
    why: str


class Results(Protocol):
    """The results in the order of the files; may be gone through again, one at a time."""

    def __len__(self) -> int:
        """How many files there are."""
        ...

    def __iter__(self) -> Iterator[FileResult]:
        """Each file's result; none is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Unit:
    """Where one organisation of the roster stands, with its files (the counted one first).

    `message` says in a sentence what is amiss, and is empty when nothing is; `proposed` are
    files of nearly this name that a person may mean, never counted by us.
    """

    line: RosterLine
    standing: Standing
    files: tuple[str, ...] = ()
    message: str = ""
    proposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stranger:
    """A file of no organisation on the roster, and who it may be (never counted by us)."""

    file: str
    organisation: str
    proposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The roster against what came in: every line ends in exactly one standing."""

    units: tuple[Unit, ...]
    strangers: tuple[Stranger, ...] = ()

    @property
    def sums(self) -> Mapping[Standing, int]:
        """How many organisations stand where; the sum is the length of the roster."""
        standings = [unit.standing for unit in self.units]
        return {standing: standings.count(standing) for standing in STANDING_WORDS}


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything a report may tell of a batch."""

    results: Results
    ignored: tuple[Ignored, ...] = ()
    roster: Reconciliation | None = None
