"""Worker processes with limits on memory and time: a file can cost its worker, never the batch.

Each worker has a pipe of its own and answers in the order it was asked, so that when one dies or
stops answering, the file it was at is known. That file is tried once more, alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkContext, SpawnContext
    from multiprocessing.process import BaseProcess

_AHEAD = 8
"""Tasks a worker has waiting, so that it never waits for us; small, so they fit in its pipe."""
_BIG = 512
"""So many bytes of data make a task too big to wait in a pipe, which holds 8 KiB on macOS and
Windows: were it full, we would wait for the worker, and the worker for us to take its answer."""
_JOIN_SECONDS = 5.0
_NO_MEMORY = 99


class _Task(Protocol):
    @property
    def data(self) -> bytes | None: ...


T = TypeVar("T", bound=_Task)


@dataclass(frozen=True)
class WorkerLimits:
    """What one file may cost.

    Attributes:
        memory_bytes: address space of a worker, where the system can limit it.
        seconds: wall clock for one file, and processor time where the system can limit it.
    """

    memory_bytes: int = 1024 * 1024 * 1024
    seconds: float = 20.0


class _Worker(Generic[T]):
    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process, self.pipe = process, pipe
        self.waiting: deque[T] = deque()
        self.since = time.monotonic()

    def late(self, seconds: float) -> bool:
        return bool(self.waiting) and time.monotonic() - self.since > seconds


class WorkerPool(Generic[T]):
    """Does tasks in worker processes.

    Args:
        work: makes, once in each worker, the function that turns a task into bytes.
        give_up: the answer for a task that cost two workers, with the code of why.
        jobs: how many workers.
    """

    def __init__(
        self,
        work: Callable[[], Callable[[T], bytes]],
        give_up: Callable[[T, str], bytes],
        *,
        jobs: int,
        limits: WorkerLimits | None = None,
    ) -> None:
        self._work, self._give_up = work, give_up
        self._jobs, self._limits = jobs, limits or WorkerLimits()
        self._context = _choose_context()
        self._workers: list[_Worker[T]] = []
        self._again: deque[T] = deque()
        self._suspects: set[int] = set()

    def run(self, tasks: Iterator[T]) -> Iterator[bytes]:
        """The answers, in any order; the processes are gone when this ends, however it ends."""
        first = list(islice(tasks, self._jobs))
        tasks = chain(first, tasks)
        try:
            for _ in first:  # no more workers than there is work
                self._workers.append(self._start())
            while self._feed(tasks):
                yield from self._collect()
        finally:
            self._stop()

    def _start(self) -> _Worker[T]:
        ours, theirs = self._context.Pipe()
        strangers = [worker.pipe for worker in self._workers]
        process = self._context.Process(
            target=serve_tasks,
            args=(
                theirs,
                [ours, *strangers] if _forks(self._context) else [],
                self._work,
                self._limits,
            ),
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _feed(self, tasks: Iterator[T]) -> bool:
        """Give every worker enough to do; False when nothing is left to wait for."""
        for worker in self._workers:
            while len(worker.waiting) < _AHEAD and not self._is_busy_alone(worker):
                task = self._again.popleft() if self._again else next(tasks, None)
                if task is None:
                    break
                if worker.waiting and self._must_be_alone(task):
                    self._again.appendleft(task)
                    break
                self._give(worker, task)
        return any(worker.waiting for worker in self._workers)

    def _must_be_alone(self, task: T) -> bool:
        """A task too big for a pipe waits for an idle worker, and so does a suspect."""
        return id(task) in self._suspects or len(task.data or b"") > _BIG

    def _is_busy_alone(self, worker: _Worker[T]) -> bool:
        return any(map(self._must_be_alone, worker.waiting))

    def _give(self, worker: _Worker[T], task: T) -> None:
        if not worker.waiting:
            worker.since = time.monotonic()
        worker.waiting.append(task)
        with suppress(OSError):  # it died: its end of file comes with the next wait
            worker.pipe.send(task)

    def _collect(self) -> Iterator[bytes]:
        ready = wait([worker.pipe for worker in self._workers], timeout=1.0)
        for place, worker in enumerate(self._workers):
            if worker.pipe in ready:
                try:
                    answer = worker.pipe.recv_bytes()
                except (EOFError, OSError):
                    yield from self._replace(place, "")
                    continue
                self._suspects.discard(id(worker.waiting.popleft()))
                worker.since = time.monotonic()
                yield answer
            elif worker.late(self._limits.seconds):
                worker.process.kill()
                yield from self._replace(place, "limits.time")

    def _replace(self, place: int, reason: str) -> Iterator[bytes]:
        """A new worker; the file the old one was at is tried again alone, or given up."""
        worker = self._workers[place]
        worker.process.join(_JOIN_SECONDS)
        worker.pipe.close()
        if worker.waiting:
            task = worker.waiting.popleft()
            if id(task) in self._suspects:
                self._suspects.discard(id(task))
                yield self._give_up(task, reason or say_why_died(worker.process.exitcode))
            else:
                self._suspects.add(id(task))
                self._again.append(task)
            self._again.extend(worker.waiting)
        self._workers[place] = self._start()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join(_JOIN_SECONDS)


def _choose_context() -> ForkContext | SpawnContext:
    """Forking is fast, and safe on Linux as long as no thread runs."""
    if sys.platform == "linux" and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _forks(context: ForkContext | SpawnContext) -> bool:
    return context.get_start_method() == "fork"


def say_why_died(exit_code: int | None) -> str:
    """The code of the refusal for what a worker was at when it ended so."""
    if exit_code == -getattr(signal, "SIGXCPU", 0):
        return "limits.time"
    # The second is what a system short of memory does.
    if exit_code in (_NO_MEMORY, -getattr(signal, "SIGKILL", 0)):
        return "limits.memory"
    return "limits.crash"


def serve_tasks(
    pipe: Connection,
    strangers: list[Connection],
    work: Callable[[], Callable[[T], bytes]],
    limits: WorkerLimits,
) -> None:
    """What a worker process does until its pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in strangers:  # inherited: while we hold them, their ends would never come
        other.close()
    _limit_memory(limits.memory_bytes)
    status = 0
    try:
        do = work()
        while True:
            task: T = pipe.recv()
            _limit_processor(limits.seconds)
            pipe.send_bytes(do(task))
    except (EOFError, OSError):  # the batch is over, or the parent is gone
        pass
    except MemoryError:
        status = _NO_MEMORY
    except Exception:  # noqa: BLE001 - the parent tells of it; a traceback helps no user
        status = 1
    os._exit(status)  # nothing of the parent's that we inherited is to be finished by us


def _limit_memory(size: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _limit_processor(seconds: float) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, hard))
