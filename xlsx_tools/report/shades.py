"""Which colour says what, in the summary workbook and on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.batch.result import Standing
    from xlsx_tools.finding import Finding
    from xlsx_tools.judge import FileStatus

STATUS_SHADES: Mapping[FileStatus, str] = {
    "passed": "right",
    "passed_with_reasons": "explained",
    "failed": "open",
    "not_filled": "doubt",
    "unreadable": "refused",
}
STANDING_SHADES: Mapping[Standing, str] = {
    "missing": "doubt",
    "failed": "open",
    "passed": "right",
    "nil_return": "right",
    "duplicate": "refused",
}


def shade_of(finding: Finding) -> str:
    """One that was explained needs nothing more, and a hint asks for nothing."""
    if finding.reason:
        return "explained"
    return "hint" if finding.severity == "hint" else "open"
