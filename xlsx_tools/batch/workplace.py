"""Where the journals of one command lie: found again after an interruption, one user at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.batch.journal import JournalError, say_in_use, say_journal_trouble
from xlsx_tools.output import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".journal"
_LOCK = "lock"
_LONGEST_NAME = 200
"""In bytes; file systems take 255, and what SQLite puts beside a file has a longer name."""
_PATIENCE_SECONDS = 1.0


@contextmanager
def open_workplace(beside: Path | None) -> Iterator[Path]:
    """A folder for the journals of one command.

    It lies beside the output, where an interrupted run finds it again and a finished one removes
    it; nobody else can use it meanwhile. Without an output it is temporary.

    Raises:
        JournalError: somebody else uses it, or it cannot be made.
    """
    if beside is None:
        with _make_temporary() as folder:
            yield Path(folder)
        return
    place = _place_beside(beside)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(say_journal_trouble(place, error)) from error
    lock = _lock(place)
    try:
        yield place
        shutil.rmtree(place, ignore_errors=True)
    finally:
        lock.close()
    if sys.platform == "win32":  # there, what is open cannot be removed
        shutil.rmtree(place, ignore_errors=True)


def _make_temporary() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, ignore_cleanup_errors=True)
    except OSError as error:
        raise JournalError(say_journal_trouble(Path(tempfile.gettempdir()), error)) from error


def _place_beside(output: Path) -> Path:
    """Always the same for one output, whatever its name is."""
    if output.name in ("", ".."):
        output = Path(os.path.abspath(output))  # noqa: PTH100 - a link is replaced, not followed
    name = f"{TEMPORARY_PREFIX}{output.name}{_SUFFIX}"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        digest = hashlib.sha256(os.fsencode(output.name)).hexdigest()
        name = f"{TEMPORARY_PREFIX}{digest[:16]}{_SUFFIX}"
    return output.parent / name


def _lock(place: Path) -> sqlite3.Connection:
    """Held until it is closed or its process ends, however it ends."""
    with tell_journal_trouble(place):
        lock = sqlite3.connect(place / _LOCK, isolation_level=None, timeout=_PATIENCE_SECONDS)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except BaseException:
            lock.close()
            raise
    if not (place / _LOCK).exists():  # whoever had it has just finished, and removed it
        lock.close()
        raise JournalError(say_in_use(place))
    return lock


@contextmanager
def tell_journal_trouble(place: Path) -> Iterator[None]:
    """Whatever the disk does to a journal in this block is one sentence.

    Raises:
        JournalError: the disk is full, or takes or gives nothing any more.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(say_journal_trouble(place, error)) from error
