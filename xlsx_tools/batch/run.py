"""Runs a batch: lists the files, lets workers check those without a result, keeps each result."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from xlsx_tools.batch.journal import Entry, entry_of
from xlsx_tools.batch.record import load_finding, load_result
from xlsx_tools.batch.result import FileResult
from xlsx_tools.batch.work import Checker, Task
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsx_tools.batch.journal import Journal, Line
    from xlsx_tools.batch.result import Ignored
    from xlsx_tools.batch.work import Checking

_BLOCK = 100
_HEAD = 4


class Executor(Protocol):
    """Does the tasks somewhere: gives each one's packed entry, in any order."""

    def __call__(self, checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        """Run them."""
        ...


@dataclass(frozen=True)
class StoredResults:
    """The results of a batch as they lie in its journal."""

    journal: Journal

    def __len__(self) -> int:
        return len(self.journal)

    def __iter__(self) -> Iterator[FileResult]:
        for _seq, record, beside, counted in self.journal.records():
            findings = map(load_finding, json.loads(beside)) if beside else ()
            yield load_result(record, findings, counted=counted)

    def with_lines(self) -> Iterator[tuple[Line, FileResult]]:
        """Each result with the file as it was listed."""
        return zip(self.journal.lines(), self, strict=True)


class Progress(Protocol):
    """Somebody who watches a long batch."""

    def start(self, total: int, known: int) -> None:
        """So many files there are; so many have a result from before."""
        ...

    def advance(self) -> None:
        """One more file has its result."""
        ...


class Sources(Protocol):
    """Where the files of a batch come from."""

    def list_files(self, ignored: list[Ignored]) -> Iterator[Line]:
        """Every file, in an order that does not change; what is none goes to `ignored`."""
        ...

    def read(self, line: Line) -> bytes | None:
        """The bytes of a file that lies inside another; None for one that a worker can open.

        Raises:
            UnusableFileError: it cannot be read.
        """
        ...


def run_batch(
    journal: Journal,
    sources: Sources,
    checking: Checking,
    execute: Executor,
    *,
    progress: Progress | None = None,
) -> tuple[StoredResults, tuple[Ignored, ...]]:
    """Check every file of `sources`; results that the journal has already are not made anew.

    The outcome does not depend on the executor, on how many workers there are, or on whether
    the batch was interrupted.
    """
    ignored: list[Ignored] = []
    known = journal.list_files(sources.list_files(ignored))
    if progress is not None:
        progress.start(len(journal), known)
    block: list[Entry] = []
    try:
        for entry in _answers(journal, sources, checking, execute):
            block.append(entry)
            if len(block) >= _BLOCK:
                journal.keep(block)
                block.clear()
            if progress is not None:
                progress.advance()
    finally:
        journal.keep(block)
    return StoredResults(journal), tuple(ignored)


def _answers(
    journal: Journal, sources: Sources, checking: Checking, execute: Executor
) -> Iterator[Entry]:
    """The entry of every file without a result; one that cannot be unpacked has one too."""
    refused: list[Entry] = []

    def tasks() -> Iterator[Task]:
        for line in journal.unfinished():
            try:
                data = sources.read(line)
            except UnusableFileError as error:
                refused.append(entry_of(line.seq, FileResult(line.label, None, error=error)))
            else:
                yield Task(line.seq, line.label, line.member or line.path, data)

    for packed in execute(checking, tasks()):
        yield unpack_entry(packed)
        yield from refused
        refused.clear()
    yield from refused


def pack_entry(entry: Entry) -> bytes:
    """An entry as one piece of bytes, for a pipe."""
    head = json.dumps([entry.seq, *entry.facts]).encode()
    return len(head).to_bytes(_HEAD, "big") + head + entry.record


def unpack_entry(packed: bytes) -> Entry:
    """The entry again."""
    end = _HEAD + int.from_bytes(packed[:_HEAD], "big")
    seq, *facts = json.loads(packed[_HEAD:end])
    return Entry(seq, packed[end:], tuple(facts))


def make_worker(checking: Checking) -> Callable[[Task], bytes]:
    """The function that a worker runs: one file → its packed entry."""
    checker = Checker(checking)
    return lambda task: pack_entry(entry_of(task.seq, checker.check(task)))


def give_up(task: Task, reason: str) -> bytes:
    """The entry of a file that cost two workers."""
    return pack_entry(entry_of(task.seq, FileResult(task.label, None, error=refuse(reason))))


@dataclass(frozen=True)
class LocalExecutor:
    """Worker processes on this machine; `jobs` of 0 means one for each core."""

    jobs: int = 0

    def __call__(self, checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        """Run them; one file alone is not worth a process."""
        first, second = next(tasks, None), next(tasks, None)
        if first is None:
            return
        if second is None:
            yield make_worker(checking)(first)
            return
        from xlsx_tools.batch.workers import WorkerPool  # noqa: PLC0415 - not for one file

        jobs = self.jobs or count_cores()
        pool = WorkerPool(partial(make_worker, checking), give_up, jobs=jobs)
        yield from pool.run(_chain(first, second, tasks))


def _chain(first: Task, second: Task, rest: Iterator[Task]) -> Iterator[Task]:
    yield first
    yield second
    yield from rest


def count_cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
