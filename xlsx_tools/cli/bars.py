"""Progress bars of the commands over many files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click._termui_impl import ProgressBar

    from xlsx_tools.batch.desk import Stage

_A_FEW = 5
_STAGES: Mapping[Stage, str] = {"last-year": "正在读取上年度填报", "batch": "正在校验"}


class Bars:
    """Progress bars on standard error, where somebody watches and there is something to watch."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None
        self._label = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the line of the bar that is shown."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None

    def watch(self, stage: Stage) -> Self:
        """For last year's filings, then for the batch itself."""
        return self.name(_STAGES[stage])

    def name(self, label: str) -> Self:
        """What the next bar is of."""
        self.close()
        self._label = label
        return self

    def start(self, total: int, known: int) -> None:
        """Show a bar for what is still to do."""
        if known:
            click.echo(f"继续上次中断的处理：{total} 份中已有 {known} 份有结果。", err=True)
        if total - known > _A_FEW and sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr)
            self._bar.update(known)

    def advance(self) -> None:
        """One file more."""
        if self._bar is not None:
            self._bar.update(1)
