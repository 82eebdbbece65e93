"""What was sent in: kept as it came, once for each content, with the verdict on it."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, insert, select, update

from xlsx_tools.batch.record import load_result
from xlsx_tools.excel.intake import label_of
from xlsx_tools.report.text import show_safely
from xlsx_tools.server.base import SYSTEM, note, now
from xlsx_tools.server.tables import CONTENTS, SUBMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from xlsx_tools.batch.journal import Entry

_LONGEST_NAME = 200
_NAMELESS = "未命名"
_FACTS = ("sha256", "status", "organisation", "normal", "code", "year", "scope", "form", "nil")
"""The columns in the order of `Entry.facts`."""
_BLOCK = 200


class Received(NamedTuple):
    """One file taken in; `new` is false when the same bytes were there before."""

    id: int
    name: str
    sha256: str
    new: bool


class Row(NamedTuple):
    """One line of the list: a submission with the facts of its verdict, if it has one."""

    id: int
    name: str
    sha256: str
    size: int
    received: str
    sender: str
    queued: bool
    status: str | None
    organisation: str | None
    code: str | None
    year: int | None
    scope: str | None
    form: str | None
    leading: int | None


class Submission(NamedTuple):
    """What is known of one submission beside its content and its verdict."""

    id: int
    name: str
    sha256: str
    size: int
    received: str
    received_ns: int
    sender: str
    queued: bool
    round: int
    status: str | None


_SHOWN = tuple(SUBMISSIONS.c[name] for name in Submission._fields)


def receive_file(connection: Connection, name: str, data: bytes, who: str) -> Received:
    """Keep a file and put it in the queue; the same bytes are one submission, however called."""
    sha256, name = hashlib.sha256(data).hexdigest(), clean_name(name)
    known = connection.execute(
        select(SUBMISSIONS.c.id, SUBMISSIONS.c.name).where(SUBMISSIONS.c.sha256 == sha256)
    ).first()
    if known is not None:
        return Received(known.id, known.name, sha256, new=False)
    moment = now()
    connection.execute(insert(CONTENTS).values(sha256=sha256, data=data))
    row = connection.execute(
        insert(SUBMISSIONS)
        .values(
            sha256=sha256,
            name=name,
            size=len(data),
            received=moment.isoformat(timespec="milliseconds"),
            received_ns=int(moment.timestamp() * 1e9),
            sender=who,
            queued=True,
            round=1,
        )
        .returning(SUBMISSIONS.c.id)
    )
    number = row.scalar_one()
    note(connection, who, "receive", number, f"{name}，SHA-256 {sha256}")
    return Received(number, name, sha256, new=True)


def clean_name(name: str) -> str:
    """The last step of a file name, as text that can be shown and kept anywhere."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return show_safely(label_of(last))[-_LONGEST_NAME:].strip() or _NAMELESS


def list_submissions(connection: Connection) -> Iterator[Submission]:
    """All of them in the order they came."""
    for row in connection.execute(select(*_SHOWN).order_by(SUBMISSIONS.c.id)):
        yield Submission(*row)


def list_rows(connection: Connection, offset: int, limit: int) -> list[Row]:
    """A page of the list, the last that came first."""
    columns = [SUBMISSIONS.c[name] for name in Row._fields]
    wanted = select(*columns).order_by(SUBMISSIONS.c.id.desc()).offset(offset).limit(limit)
    return [Row(*row) for row in connection.execute(wanted)]


def count_submissions(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute(select(func.count()).select_from(SUBMISSIONS)).scalar_one())


def find_submission(connection: Connection, number: int) -> Submission | None:
    """The one of this number."""
    row = connection.execute(select(*_SHOWN).where(SUBMISSIONS.c.id == number)).first()
    return None if row is None else Submission(*row)


def load_content(connection: Connection, sha256: str) -> bytes:
    """The bytes as they came."""
    wanted = select(CONTENTS.c.data).where(CONTENTS.c.sha256 == sha256)
    return bytes(connection.execute(wanted).scalar_one())


def load_record(connection: Connection, number: int) -> bytes | None:
    """The verdict as `load_result` takes it, if there is one."""
    wanted = select(SUBMISSIONS.c.record).where(SUBMISSIONS.c.id == number)
    record = connection.execute(wanted).scalar()
    return None if record is None else bytes(record)


def load_records(connection: Connection, numbers: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """The verdicts of these submissions, in their order."""
    wanted = list(numbers)
    for start in range(0, len(wanted), _BLOCK):
        block = wanted[start : start + _BLOCK]
        rows = connection.execute(
            select(SUBMISSIONS.c.id, SUBMISSIONS.c.record).where(SUBMISSIONS.c.id.in_(block))
        )
        found = {row.id: bytes(row.record) for row in rows if row.record is not None}
        yield from ((number, found[number]) for number in block if number in found)


def list_verdicts(connection: Connection) -> Iterator[tuple[Submission, tuple[object, ...]]]:
    """The submissions that have a verdict, each with the facts of it."""
    facts = [SUBMISSIONS.c[name] for name in _FACTS]
    wanted = select(*_SHOWN, *facts).where(SUBMISSIONS.c.record.is_not(None))
    for row in connection.execute(wanted.order_by(SUBMISSIONS.c.id)):
        yield Submission(*row[: len(_SHOWN)]), tuple(row[len(_SHOWN) :])


def list_queued(connection: Connection) -> list[tuple[int, int]]:
    """The submissions to be checked, each with the round it is in."""
    wanted = select(SUBMISSIONS.c.id, SUBMISSIONS.c.round).where(SUBMISSIONS.c.queued)
    return [(row.id, row.round) for row in connection.execute(wanted.order_by(SUBMISSIONS.c.id))]


def count_queued(connection: Connection) -> int:
    """How many are to be checked."""
    wanted = select(func.count()).select_from(SUBMISSIONS).where(SUBMISSIONS.c.queued)
    return int(connection.execute(wanted).scalar_one())


def queue_again(connection: Connection, normal: Iterable[str], year: int) -> int:
    """Have the filings of a unit of one year checked anew; `normal` are its names and code."""
    names = list(normal)
    done = connection.execute(
        update(SUBMISSIONS)
        .where(SUBMISSIONS.c.year == year)
        .where(SUBMISSIONS.c.normal.in_(names) | func.lower(SUBMISSIONS.c.code).in_(names))
        .values(queued=True, round=SUBMISSIONS.c.round + 1)
    )
    return int(done.rowcount)


def keep_verdict(connection: Connection, number: int, check: int, entry: Entry) -> bool:
    """Write down a verdict, unless another round has begun since."""
    facts = {
        name: _fit(value)
        for name, value in zip(_FACTS, entry.facts, strict=True)
        if name != "sha256"
    }
    done = connection.execute(
        update(SUBMISSIONS)
        .where(SUBMISSIONS.c.id == number, SUBMISSIONS.c.round == check)
        .values(queued=False, record=entry.record, leading=_count_leading(entry), **facts)
    )
    if done.rowcount:
        note(connection, SYSTEM, "check", number, str(facts["status"]))
    return bool(done.rowcount)


def _count_leading(entry: Entry) -> int:
    return len(load_result(entry.record).leading)


def _fit(value: object) -> object:
    """A text as every database takes it: no NUL, no half of a character."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
