"""What became of one file: the unit every report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.errors import UnusableFileError
from xlsx_tools.finding import Finding

if TYPE_CHECKING:
    from xlsx_tools.check import Verdict
    from xlsx_tools.errors import XlsxToolsError
    from xlsx_tools.filing import Filing
    from xlsx_tools.judge import FileStatus

STATUS_WORDS: dict[FileStatus, str] = {
    "passed": "通过",
    "passed_with_reasons": "通过（附说明）",
    "failed": "未通过",
    "not_filled": "尚未填写",
    "unreadable": "无法读取",
}
SEVERITY_WORDS = {
    "mandatory": "强制性",
    "justify": "准强制性",
    "verify": "核实性",
    "hint": "提示性",
}
STATE_WORDS = {
    "broken": "不成立",
    "undecided": "无法判断",
    "crashed": "规则出错",
    "held": "成立",
}


@dataclass(frozen=True)
class FileResult:
    """One file: checked (`verdict`), or not usable (`error`).

    `file` is how the user knows it; `sha256` is of its bytes, or None when none were read.
    """

    file: str
    sha256: str | None
    verdict: Verdict | None = None
    error: XlsxToolsError | None = None

    @property
    def filing(self) -> Filing | None:
        """What was read, or None."""
        return self.verdict.filing if self.verdict else None

    @property
    def status(self) -> FileStatus:
        """The verdict's status, or ``unreadable``."""
        return self.verdict.status if self.verdict else "unreadable"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of the verdict; for a file that could not be used, the one that says why."""
        return self.verdict.findings if self.verdict else (_refusal(self.error),)

    @property
    def leading(self) -> tuple[Finding, ...]:
        """The findings that follow from no other."""
        return self.verdict.leading if self.verdict else self.findings


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
