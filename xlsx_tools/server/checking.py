"""Checks what is queued in worker processes that live as long as the server.

What is queued stands in the database, so nothing is lost when a worker or the server dies. A
worker that dies or takes too long is replaced, and what it was at is tried again.
"""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from contextlib import suppress
from datetime import date
from queue import Empty, Queue
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from xlsx_tools.batch.journal import entry_of
from xlsx_tools.batch.run import give_up, pack_entry, unpack_entry
from xlsx_tools.batch.work import Checker, Checking, Task
from xlsx_tools.batch.workers import WorkerLimits, say_why_died, serve_tasks
from xlsx_tools.server.records import active_waivers, recheck_waived
from xlsx_tools.server.submissions import (
    find_submission,
    keep_verdict,
    list_queued,
    load_content,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from xlsx_tools.server.base import Base
    from xlsx_tools.waivers import Waiver

_TRIES = 3
_JOIN_SECONDS = 5.0
_DAY_SECONDS = 60.0
_RETRY_SECONDS = 5.0
_START_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
_LOG = logging.getLogger("nianbao.checking")


def local_day() -> date:
    """Today, where the server stands."""
    return date.today()  # noqa: DTZ011 - the coordinator's day


class Assignment(NamedTuple):
    """One file to be checked, and what the check goes by; `data` is for `serve_tasks`."""

    task: Task
    checking: Checking

    @property
    def data(self) -> bytes | None:
        """The file."""
        return self.task.data


class CheckingPool:
    """Threads that each have a worker process and see to what is queued."""

    def __init__(
        self,
        base: Base,
        *,
        jobs: int,
        limits: WorkerLimits,
        today: Callable[[], date] = local_day,
    ) -> None:
        self._base, self._limits, self._today = base, limits, today
        self._queue = Queue[tuple[int, int] | None]()
        self._workers = [_Worker(limits) for _ in range(jobs)]
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), daemon=True)
            for worker in self._workers
        ]
        self._day: date | None = None
        self._stopping = threading.Event()

    @property
    def pids(self) -> list[int]:
        """The worker processes."""
        return [worker.pid for worker in self._workers if worker.pid]

    def start(self) -> None:
        """Begin, with what was left from before."""
        self._turn_day()
        self.wake()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """See to what is queued in the database now; what is known to be queued does no harm."""
        with self._base.read() as connection:
            self.put(list_queued(connection))

    def put(self, queued: Iterable[tuple[int, int]]) -> None:
        """Submissions, each with its round."""
        for one in queued:
            self._queue.put(one)

    def stop(self) -> None:
        """Stop now; what was not finished is queued still and goes on at the next start."""
        self._stopping.set()
        for _ in self._threads:
            self._queue.put(None)
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)

    def _work(self, worker: _Worker) -> None:
        worker.warm_up()
        while not self._stopping.is_set():
            try:
                item = self._queue.get(timeout=_DAY_SECONDS)
                if item is None:
                    return
                self._check(worker, *item)
            except Empty:
                with suppress(SQLAlchemyError):
                    self._turn_day()
            except SQLAlchemyError:
                _LOG.exception("the database failed; the submission stays queued")
                if not self._stopping.wait(_RETRY_SECONDS):
                    self._queue.put(item)

    def _check(self, worker: _Worker, number: int, check: int) -> None:
        with self._base.read() as connection:
            one = find_submission(connection, number)
            if one is None or not one.queued or one.round != check:
                return
            data = load_content(connection, one.sha256)
            waivers = active_waivers(connection)
        task = Task(number, one.name, one.name, data)
        packed = worker.do(Assignment(task, Checking(self._today(), None, waivers)))
        if packed is not None and not self._keep(number, check, packed, waivers):
            self._queue.put((number, check))

    def _keep(self, number: int, check: int, packed: bytes, waivers: tuple[Waiver, ...]) -> bool:
        """Write the verdict down; False when the waivers are others by now."""
        with self._base.change() as connection:
            if active_waivers(connection) != waivers:
                return False
            keep_verdict(connection, number, check, unpack_entry(packed))
        return True

    def _turn_day(self) -> None:
        """A waiver ends with a day: have its unit checked anew when one has begun."""
        today = self._today()
        if self._day == today:
            return
        with self._base.change() as connection:
            for waiver in active_waivers(connection):
                recheck_waived(connection, waiver)
        self._day = today
        self.wake()


class _Worker:
    """One process, replaced when it dies; used by one thread."""

    def __init__(self, limits: WorkerLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    def do(self, assignment: Assignment) -> bytes | None:
        """The packed entry for a file, whatever it does to the process; None when closed."""
        reason = "limits.crash"
        for _ in range(_TRIES):
            pipe = self._get_ready()
            if pipe is None:
                return None
            try:
                pipe.send(assignment)
                if pipe.poll(self._limits.seconds):
                    return pipe.recv_bytes()
                reason = "limits.time"
                self._end()
            except (EOFError, OSError):
                reason = say_why_died(self._end())
        return None if self._closed else give_up(assignment.task, reason)

    def warm_up(self) -> None:
        """Have the process ready before there is something to do."""
        self._get_ready()

    def close(self) -> None:
        """End the process; nothing is begun any more."""
        self._closed = True
        self._end()

    def _get_ready(self) -> Connection | None:
        """A worker that answers; one that dies before its first answer is nobody's fault."""
        while not self._closed:
            fresh = self._process is None
            pipe = self._open()
            if pipe is None or not fresh:
                return pipe
            with suppress(EOFError, OSError):
                pipe.send(None)
                if pipe.poll(_START_SECONDS):
                    pipe.recv_bytes()
                    return pipe
            self._end()
            time.sleep(_PAUSE_SECONDS)
        return None

    def _open(self) -> Connection | None:
        with self._lock:
            if self._closed:
                return None
            if self._process is None or self._pipe is None:
                context = multiprocessing.get_context("spawn")
                self._pipe, theirs = context.Pipe()
                self._process = context.Process(
                    target=serve_tasks, args=(theirs, [], _make_worker, self._limits), daemon=True
                )
                self._process.start()
                theirs.close()
            return self._pipe

    def _end(self) -> int | None:
        """How the process ended; it is killed if it has not."""
        with self._lock:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
        if process is None or pipe is None:
            return None
        process.join(0.2)
        ended = process.exitcode
        process.kill()
        process.join(_JOIN_SECONDS)
        pipe.close()
        return ended


def _make_worker() -> Callable[[Assignment | None], bytes]:
    return _check_one


def _check_one(assignment: Assignment | None) -> bytes:
    """The packed entry; nothing for nothing, which is how a worker shows that it is there."""
    if assignment is None:
        return b""
    task = assignment.task
    return pack_entry(entry_of(task.seq, Checker(assignment.checking).check(task)))
