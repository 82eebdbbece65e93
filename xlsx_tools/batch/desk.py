"""The coordinator's desk: one batch with last year's filings, roster and waivers, start to end."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xlsx_tools.batch.duplicates import Choice
from xlsx_tools.batch.journal import Journal
from xlsx_tools.batch.last_year_index import build_index
from xlsx_tools.batch.reconcile import reconcile
from xlsx_tools.batch.result import Batch
from xlsx_tools.batch.run import run_batch
from xlsx_tools.batch.work import Checking
from xlsx_tools.batch.workplace import tell_journal_trouble
from xlsx_tools.program import program_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from xlsx_tools.batch.run import Executor, Progress, Sources, StoredResults
    from xlsx_tools.roster import RosterLine
    from xlsx_tools.waivers import Waiver

_CHECKED, _BEFORE, _INDEX = "checked", "last-year", "last-year-index"
Stage = Literal["last-year", "batch"]


@dataclass(frozen=True)
class Order:
    """What a batch goes by, beside its files.

    Attributes:
        year: the report year that is collected; None for what most files say, with a roster.
        last_year: where last year's filings are, if there are any.
    """

    today: date
    year: int | None = None
    choice: Choice = field(default_factory=Choice)
    roster: tuple[RosterLine, ...] | None = None
    waivers: tuple[Waiver, ...] = ()
    last_year: Sources | None = None


@dataclass(frozen=True)
class Outcome:
    """A checked batch, and what to tell of the order itself.

    Attributes:
        stored: the results of the batch, with the files as they were listed.
        before: the same of last year's filings, if there were any to go by.
        unused: chosen files that settled nothing.
        unusable: a sentence for each of last year's files that could not be used.
    """

    batch: Batch
    stored: StoredResults
    before: StoredResults | None = None
    unused: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()


@contextmanager
def run_order(
    order: Order,
    sources: Sources,
    execute: Executor,
    place: Path,
    watch: Callable[[Stage], Progress | None] = lambda _stage: None,
) -> Iterator[Outcome]:
    """Check a whole batch; it can be told of until the block ends.

    `place` is a folder for what must survive an interruption; `watch` makes the progress of
    each stage.

    Raises:
        JournalError: the disk does not take what must be kept.
        ChoiceError: files that cannot all be chosen were.
    """
    with tell_journal_trouble(place):
        yield from _run(order, sources, execute, place, watch)


def _run(
    order: Order,
    sources: Sources,
    execute: Executor,
    place: Path,
    watch: Callable[[Stage], Progress | None],
) -> Iterator[Outcome]:
    index, digest, unusable = None, "", tuple[str, ...]()
    before: StoredResults | None = None
    with ExitStack() as journals:
        if order.last_year is not None:
            index = place / _INDEX
            last = journals.enter_context(Journal(place / _BEFORE, program_digest()))
            before, _ = run_batch(
                last, order.last_year, Checking(order.today), execute, progress=watch("last-year")
            )
            digest, unusable = build_index(index, before)
        checking = Checking(order.today, str(index) if index else None, order.waivers)
        journal = journals.enter_context(Journal(place / _CHECKED, _fingerprint(order, digest)))
        results, ignored = run_batch(journal, sources, checking, execute, progress=watch("batch"))
        roster, unused = reconcile(journal, order.roster, order.year, order.choice)
        batch = Batch(results, ignored, roster)
        yield Outcome(batch, results, before, tuple(sorted(unused)), unusable)


def _fingerprint(order: Order, last_year: str) -> str:
    """Everything a result depends on beside its file: results of any other are made anew.

    Of the day only which waivers have expired, so that a batch goes on after midnight.
    """
    expired = tuple(order.today > waiver.until for waiver in order.waivers)
    return repr((program_digest(), last_year, order.waivers, expired))
