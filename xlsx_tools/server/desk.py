"""The state as a batch: everything the reports, the merge and the reminders work on."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.batch import Batch
from xlsx_tools.batch.duplicates import Choice
from xlsx_tools.batch.journal import Entry, Journal, Line
from xlsx_tools.batch.reconcile import reconcile
from xlsx_tools.batch.record import load_finding, load_result
from xlsx_tools.roster import parse_roster
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.records import list_decisions, load_roster
from xlsx_tools.server.submissions import (
    Submission,
    count_queued,
    list_verdicts,
    load_records,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from xlsx_tools.batch import FileResult, Reconciliation
    from xlsx_tools.finding import Finding
    from xlsx_tools.roster import RosterLine
    from xlsx_tools.server.base import Base
    from xlsx_tools.server.records import Decision

_IN_MEMORY = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Beside:
    """What the whole batch adds to one verdict."""

    findings: tuple[Finding, ...]
    counted: bool


@dataclass(frozen=True)
class Desk:
    """Where everything stands at one moment; nothing in it changes.

    Attributes:
        labels: what each submission with a verdict is called; no two alike.
        beside: what the batch adds, by submission; those set aside have nothing here.
        aside: the submissions that were set aside.
    """

    base: Base
    labels: Mapping[int, str]
    beside: Mapping[int, Beside]
    aside: frozenset[int]
    lines: tuple[RosterLine, ...] | None
    roster: Reconciliation | None
    queued: int

    @property
    def batch(self) -> Batch:
        """As the reports take it; the verdicts are read as they are gone through."""
        return Batch(_Results(self), (), self.roster)

    def require_settled(self) -> Desk:
        """The same, once nothing is waiting for its verdict.

        Raises:
            RequestError: something is.
        """
        if self.queued:
            raise refuse_request("server.checking", self.queued)
        return self

    def result(self, number: int, record: bytes) -> FileResult:
        """One verdict with what the batch adds; of one set aside, the verdict alone."""
        beside = self.beside.get(number, Beside((), counted=False))
        found = load_result(record, beside.findings, counted=beside.counted)
        return replace(found, file=self.labels.get(number, found.file))


@dataclass(frozen=True)
class _Results:
    desk: Desk

    def __len__(self) -> int:
        return len(self.desk.beside)

    def __iter__(self) -> Iterator[FileResult]:
        with self.desk.base.read() as connection:
            for number, record in load_records(connection, self.desk.beside):
                yield self.desk.result(number, record)


class Desks:
    """Makes the desk anew when something has changed, and not oftener."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._known: tuple[int, Desk] | None = None

    def now(self) -> Desk:
        """Where everything stands."""
        version = self._base.version()
        with self._lock:
            if self._known is None or self._known[0] != version:
                version = self._base.version()
                with self._base.read() as connection:
                    self._known = version, _lay_out(self._base, connection)
            return self._known[1]


def _lay_out(base: Base, connection: Connection) -> Desk:
    decisions = [one for one in list_decisions(connection) if not one.revoked]
    set_aside = (one.submission for one in decisions if one.kind == "set_aside")
    aside = frozenset(number for number in set_aside if number is not None)
    data = load_roster(connection)
    lines = None if data is None else parse_roster(data)
    with Journal(_IN_MEMORY, "") as journal:
        verdicts = list(list_verdicts(connection))
        labels = _name_apart(one for one, _ in verdicts)
        kept = [(one, facts) for one, facts in verdicts if one.id not in aside]
        journal.list_files(_line(one, labels[one.id]) for one, _ in kept)
        journal.keep(Entry(one.id, b"-", facts) for one, facts in kept)
        roster, _ = reconcile(journal, lines, None, _choice(decisions, labels, kept))
        beside = {
            seq: Beside(_load(found), counted) for seq, _, found, counted in journal.records()
        }
    return Desk(base, labels, beside, aside, lines, roster, count_queued(connection))


def _line(one: Submission, label: str) -> Line:
    return Line(one.id, label, label, "", one.size, one.received_ns)


def _choice(
    decisions: Iterable[Decision],
    labels: Mapping[int, str],
    kept: Iterable[tuple[Submission, tuple[object, ...]]],
) -> Choice:
    """Which files count; of two chosen for one unit the later decision holds."""
    decisions = list(decisions)
    unit_of = {one.id: _unit(facts) for one, facts in kept}
    chosen = {
        unit_of[one.submission]: labels[one.submission]
        for one in decisions
        if one.kind == "use" and one.submission in unit_of
    }
    latest = any(one.kind == "latest" for one in decisions)
    return Choice(latest=latest, files=frozenset(chosen.values()))


def _unit(facts: tuple[object, ...]) -> tuple[object, ...]:
    """Name, year and scope, by which `settle_duplicates` finds the files of one unit."""
    _sha256, _status, _organisation, normal, _code, year, scope, _form, _nil = facts
    return normal, year, scope


def _name_apart(submissions: Iterable[Submission]) -> dict[int, str]:
    """Labels by number; the second file of one name says that it is the second."""
    labels: dict[int, str] = {}
    times: Counter[str] = Counter()
    for one in submissions:
        times[one.name] += 1
        again = times[one.name]
        labels[one.id] = one.name if again == 1 else f"{one.name}（第 {again} 份，编号 {one.id}）"
    return labels


def _load(found: str | None) -> tuple[Finding, ...]:
    return tuple(map(load_finding, json.loads(found))) if found else ()
