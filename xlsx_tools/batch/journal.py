"""The journal of a batch: what was found and what became of it, in one SQLite file.

It keeps memory flat however many files there are, and it is what an interrupted batch goes on
from: a result counts again when the file's path, size and time of change are the same and the
check goes by the same things.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Self

from xlsx_tools.batch.record import dump_result
from xlsx_tools.errors import XlsxToolsError, explain_system
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from xlsx_tools.batch.result import FileResult

_LAYOUT = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    seq INTEGER PRIMARY KEY, label TEXT NOT NULL, path BLOB NOT NULL, member TEXT NOT NULL,
    size INTEGER NOT NULL, changed INTEGER NOT NULL,
    record BLOB, sha256 TEXT, status TEXT, organisation TEXT, name TEXT, code TEXT,
    year INTEGER, scope TEXT, form TEXT, nil INTEGER,
    beside TEXT, counted INTEGER NOT NULL DEFAULT 1
);
"""
_CARRY_OVER = """
UPDATE files SET (record, sha256, status, organisation, name, code, year, scope, form, nil) = (
    SELECT record, sha256, status, organisation, name, code, year, scope, form, nil FROM before
    WHERE before.path = files.path AND before.member = files.member
)
WHERE EXISTS (
    SELECT 1 FROM before WHERE before.path = files.path AND before.member = files.member
    AND before.size = files.size AND before.changed = files.changed AND before.size >= 0
    AND before.sha256 IS NOT NULL
)
"""
# Without a hash the file was not read, or not to its end: that may be over by now, so try again.
_PATIENCE_SECONDS = 1.0
_SQLITE_SAYS = {
    "database or disk is full": "磁盘已满",
    "disk I/O error": "磁盘读写出错",
    "unable to open database file": "无法打开",
    "attempt to write a readonly database": "没有写入的权限",
    "database disk image is malformed": "内容已损坏",
}


class JournalError(XlsxToolsError):
    """The journal cannot be used: somebody else has it, or the disk does not take it."""

    code = "journal"


class Line(NamedTuple):
    """One file as listed; `member` is its name inside a zip, else empty."""

    seq: int
    label: str
    path: str
    member: str
    size: int
    changed: int


class Fact(NamedTuple):
    """What reconciling needs of one file, readable or not; `name` is normalised for comparing."""

    seq: int
    label: str
    sha256: str | None
    status: str
    organisation: str
    name: str
    code: str
    year: int | None
    scope: str
    form: str
    nil: bool
    changed: int


class Entry(NamedTuple):
    """A result on its way into the journal: its place, its record, and the columns beside it."""

    seq: int
    record: bytes
    facts: tuple[object, ...]


class Journal:
    """One batch on disk. Use it in a ``with`` block.

    `fingerprint` says what the check goes by: results of another one are not carried on.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        try:
            self._open(fingerprint)
        except sqlite3.DatabaseError as error:
            self._base.close()
            if isinstance(error, sqlite3.OperationalError):
                raise JournalError(say_journal_trouble(path, error)) from error
            for torn in (path, path.with_name(f"{path.name}-journal")):
                torn.unlink(missing_ok=True)  # nothing in it can be trusted
            self._open(fingerprint)

    def _open(self, fingerprint: str) -> None:
        self._base = base = sqlite3.connect(
            self._path, isolation_level=None, timeout=_PATIENCE_SECONDS
        )
        base.execute("PRAGMA locking_mode = EXCLUSIVE")
        base.execute("PRAGMA cache_size = -2048")
        base.execute("BEGIN EXCLUSIVE")
        if base.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("torn")
        for statement in filter(str.strip, _LAYOUT.split(";")):
            base.execute(statement)
        found = base.execute("SELECT value FROM settings WHERE name = 'fingerprint'").fetchone()
        if found != (fingerprint,):
            base.execute("DELETE FROM files")
            base.execute("REPLACE INTO settings VALUES ('fingerprint', ?)", (fingerprint,))
        base.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep what is there and let go of the file."""
        self._base.close()

    def list_files(self, lines: Iterable[Line]) -> int:
        """Take down the files of this run; give how many have a result from before."""
        base = self._base
        base.execute("BEGIN")
        base.execute("DROP TABLE IF EXISTS before")
        base.execute("ALTER TABLE files RENAME TO before")
        base.execute(_LAYOUT.split(";")[1])
        base.executemany(
            "INSERT INTO files (seq, label, path, member, size, changed) VALUES (?,?,?,?,?,?)",
            (line._replace(path=os.fsencode(line.path)) for line in lines),  # type: ignore[arg-type]
        )
        if base.execute("SELECT 1 FROM before LIMIT 1").fetchone():
            base.execute("CREATE INDEX IF NOT EXISTS was ON before (path, member)")
            base.execute(_CARRY_OVER)
        base.execute("DROP TABLE before")
        base.execute("UPDATE files SET beside = NULL, counted = 1")
        base.execute("COMMIT")
        (known,) = base.execute("SELECT COUNT(*) FROM files WHERE record IS NOT NULL").fetchone()
        return int(known)

    def __len__(self) -> int:
        (count,) = self._base.execute("SELECT COUNT(*) FROM files").fetchone()
        return int(count)

    def unfinished(self) -> Iterator[Line]:
        """The files without a result, in order."""
        return self._lines("record IS NULL")

    def lines(self) -> Iterator[Line]:
        """Every file as it was listed, in order."""
        return self._lines("1")

    def _lines(self, where: str) -> Iterator[Line]:
        after = -1
        while rows := self._base.execute(
            "SELECT seq, label, path, member, size, changed FROM files"  # noqa: S608 - our own words
            f" WHERE {where} AND seq > ? ORDER BY seq LIMIT 500",
            (after,),
        ).fetchall():
            for seq, label, path, member, size, changed in rows:
                yield Line(seq, label, os.fsdecode(path), member, size, changed)
            after = rows[-1][0]

    def keep(self, entries: Iterable[Entry]) -> None:
        """Write down a block of results, all of it or nothing."""
        self._base.execute("BEGIN")
        self._base.executemany(
            "UPDATE files SET record = ?2, sha256 = ?3, status = ?4, organisation = ?5, name = ?6,"
            " code = ?7, year = ?8, scope = ?9, form = ?10, nil = ?11 WHERE seq = ?1",
            ((entry.seq, entry.record, *entry.facts) for entry in entries),
        )
        self._base.execute("COMMIT")

    def records(self) -> Iterator[tuple[int, bytes, str | None, bool]]:
        """Every record in order, with what was set beside it and whether it counts."""
        after = -1
        while rows := self._base.execute(
            "SELECT seq, record, beside, counted FROM files"
            " WHERE record IS NOT NULL AND seq > ? ORDER BY seq LIMIT 100",
            (after,),
        ).fetchall():
            for seq, record, beside, counted in rows:
                yield seq, record, beside, bool(counted)
            after = rows[-1][0]

    def facts(self, where: str = "1", values: Iterable[object] = ()) -> Iterator[Fact]:
        """The facts of the files for which the SQL condition holds, in order."""
        columns = ", ".join(Fact._fields)
        rows = self._base.execute(
            f"SELECT {columns} FROM files WHERE {where} ORDER BY seq",  # noqa: S608 - our own words
            tuple(values),
        )
        yield from map(Fact._make, rows)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Changes made in this block are written all or not at all, and in one go."""
        self._base.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def groups(self, by: str, where: str) -> Iterator[tuple[object, ...]]:
        """The values of the columns `by` that more than one file shares."""
        yield from self._base.execute(
            f"SELECT {by} FROM files WHERE {where} GROUP BY {by} HAVING COUNT(*) > 1 ORDER BY {by}"  # noqa: S608 - our own words
        ).fetchall()

    def set_beside(self, seq: int, beside: str, *, counted: bool) -> None:
        """Set findings of the batch beside one file."""
        self._base.execute(
            "UPDATE files SET beside = ?, counted = ? WHERE seq = ?", (beside, counted, seq)
        )


def entry_of(seq: int, result: FileResult) -> Entry:
    """A result as `Journal.keep` takes it."""
    filing = result.filing
    facts: tuple[object, ...] = ("", "", "", None, "", "", False)
    if filing is not None:
        facts = (
            filing.organisation.name,
            normalise(filing.organisation.name),
            (filing.organisation.code or "").strip(),
            filing.year,
            filing.scope,
            filing.form.id,
            filing.nil_return,
        )
    return Entry(seq, dump_result(result), (result.sha256, result.status, *facts))


def say_journal_trouble(path: Path, error: sqlite3.Error | OSError) -> str:
    """What is wrong with a journal at `path`, and what to do."""
    if "locked" in str(error):
        return f"{path}：另一个 nianbao 正在处理同一批文件，请等它结束后再试。"
    why = (
        explain_system(error) if isinstance(error, OSError) else _SQLITE_SAYS.get(str(error), error)
    )
    return f"{path}：无法写入进度记录（{why}）。请检查文件夹权限、磁盘空间后再试。"
