"""A journal to run a batch in, where a command would have it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from xlsx_tools.batch.journal import Journal
from xlsx_tools.batch.workplace import open_workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def open_journal(beside: Path | None, fingerprint: str = "") -> Iterator[Journal]:
    """Beside an output, where an interrupted run finds it again; or temporary."""
    with open_workplace(beside) as place, Journal(place / "checked", fingerprint) as journal:
        yield journal
