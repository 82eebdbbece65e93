"""What is wrong with a macro source: for those who write macros, so partly in English."""

from __future__ import annotations

from xlsx_tools.errors import XlsxToolsError


class MacroSourceError(XlsxToolsError):
    """A source that cannot become part of an add-in, with its file and line."""

    code = "macro-source"

    def __init__(self, name: str, line: int, reason: str) -> None:
        self.name = name
        self.line = line
        self.reason = reason
        super().__init__(f"{name}，第 {line} 行：{reason}")
