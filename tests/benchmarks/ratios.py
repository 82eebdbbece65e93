"""Runs rivals in turn and keeps how many times longer one takes: a busy machine slows all alike."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

Seconds = dict[str, list[float]]
"""By task, how long each round took."""


def take_turns(tasks: Mapping[str, Callable[[], object]], *, rounds: int) -> Seconds:
    """Time every task once a round, after a round that does not count."""
    seconds: Seconds = {name: [] for name in tasks}
    for number in range(rounds + 1):
        for name, task in tasks.items():
            began = perf_counter()
            task()
            if number:
                seconds[name].append(perf_counter() - began)
    return seconds


class Line(NamedTuple):
    """One thing measured, at one size."""

    goal: str
    size: str
    what: str
    measured: str
    wanted: str = ""


class Ratios:
    """Everything measured in one run; registered as a plugin, it prints a table at the end."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def compare(
        self, goal: str, size: str, seconds: Seconds, pairs: Mapping[tuple[str, str], str]
    ) -> None:
        """Note what is wanted of each pair, beside the median of its ratios round by round."""
        for (over, under), wanted in pairs.items():
            each = zip(seconds[over], seconds[under], strict=True)
            ratio = median(longer / shorter for longer, shorter in each)
            self.lines.append(Line(goal, size, f"{over} / {under}", f"{ratio:.3g}", wanted))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table; pytest calls this by its name."""
        terminalreporter.section("goals: medians of interleaved rounds")
        head = Line("goal", "size", "what", "measured", "wanted")
        widths = [max(map(len, column)) for column in zip(head, *self.lines, strict=True)]
        for line in [head, *self.lines]:
            cells = [word.ljust(width) for word, width in zip(line, widths, strict=True)]
            terminalreporter.write_line("  ".join(cells).rstrip())
