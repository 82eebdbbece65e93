"""Runs a command as users do and watches, from outside, what it takes: Linux only."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

_EVERY = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")
_RUN = "from xlsx_tools.cli.door import main; main()"


class Sample(NamedTuple):
    """One look: seconds since the start, resident MiB of the command itself, processor seconds."""

    seconds: float
    memory: float
    processor: float


class Watched(NamedTuple):
    """What a command took.

    Attributes:
        processor: seconds of the command and of its workers, whatever else the machine did.
        alone: those of the command itself.
        peak: the most resident memory of the command itself, in MiB.
        worker: the most that any of its workers had.
        samples: what was seen on the way, of the command itself.
    """

    status: int
    seconds: float
    processor: float
    alone: float
    peak: float
    worker: float
    samples: tuple[Sample, ...]


def watch_command(*arguments: object) -> Watched:
    """Run ``nianbao`` with these arguments."""
    before, began = os.times(), perf_counter()
    words = [sys.executable, "-c", _RUN, *map(str, arguments)]
    samples, worker = [], 0.0
    peak = 0.0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            peak = max(peak, _memory(running.pid, "VmHWM"))
            memory, processor = _memory(running.pid, "VmRSS"), _processor(running.pid)
            if memory:
                samples.append(Sample(perf_counter() - began, memory, processor))
            worker = max([worker, *(_memory(pid, "VmHWM") for pid in _children(running.pid))])
            sleep(_EVERY)
    after, seconds = os.times(), perf_counter() - began
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    alone = samples[-1].processor if samples else spent
    return Watched(running.returncode, seconds, spent, alone, peak, worker, tuple(samples))


def _memory(pid: int, what: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _processor(pid: int) -> float:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS
    return 0.0


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        return list(map(int, children.split()))
    return []
