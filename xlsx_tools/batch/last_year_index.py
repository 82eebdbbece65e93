"""Last year's filings of a whole batch on disk, where every worker can look one up."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from xlsx_tools.last_year import dumps_last_year, loads_last_year, summarise_last_year
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from xlsx_tools.batch.result import FileResult
    from xlsx_tools.filing import Filing, LastYear, Organisation
    from xlsx_tools.forms.model import Scope

_LAYOUT = (
    "CREATE TABLE filings"
    " (key TEXT PRIMARY KEY, content TEXT NOT NULL, code TEXT NOT NULL, summary BLOB)"
)


def build_index(path: Path, results: Iterable[FileResult]) -> tuple[str, tuple[str, ...]]:
    """Write the index of last year's filings.

    An organisation of which there are two that differ is in it with neither; two organisations
    of one name and different codes are found by their codes only.

    Returns:
        a digest of all that is in it, and a sentence for each file that could not be used.
    """
    path.unlink(missing_ok=True)
    digest, problems = hashlib.sha256(), []
    with sqlite3.connect(path, isolation_level=None) as base:
        base.execute(_LAYOUT)
        base.execute("BEGIN")
        for result in results:
            if result.filing is None:
                problems.append(f"{result.file}：{result.findings[0].message}")
            elif clash := _add(base, result):
                problems.append(f"{result.file}：{clash}")
        for row in base.execute("SELECT key, summary FROM filings ORDER BY key"):
            digest.update(repr(row).encode())
        base.execute("COMMIT")
    base.close()
    return digest.hexdigest(), tuple(problems)


def _add(base: sqlite3.Connection, result: FileResult) -> str:
    filing = result.filing
    if filing is None or filing.year is None:
        return "没有报告年度，没有使用。"
    last = summarise_last_year(filing, file=result.file, sha256=result.sha256)
    content = hashlib.sha256(dumps_last_year(_without_file(last))).hexdigest()
    code = normalise(filing.organisation.code or "")
    differing: set[str] = set()
    for key in _keys(filing.organisation, filing.scope, filing.year):
        known = base.execute("SELECT content, code FROM filings WHERE key = ?", (key,)).fetchone()
        if known is None:
            row = (key, content, code, dumps_last_year(last))
            base.execute("INSERT INTO filings VALUES (?, ?, ?, ?)", row)
        elif code and known[1] and code != known[1]:  # two organisations of one name
            base.execute("UPDATE filings SET summary = NULL WHERE key = ?", (key,))
        elif known[0] != content:
            differing |= {known[0], content}
    for one in differing:
        base.execute("UPDATE filings SET summary = NULL WHERE content = ?", (one,))
    name = filing.organisation.name
    return f"“{name}”上年度有几份不同的填报，都没有使用。" if differing else ""


def _without_file(last: LastYear) -> LastYear:
    return replace(last, file="", sha256=None)


def _keys(organisation: Organisation, scope: Scope, year: int) -> Iterator[str]:
    """By code first, then by name."""
    if organisation.code:
        yield f"{year}/{scope}/code/{normalise(organisation.code)}"
    if organisation.name.strip():
        yield f"{year}/{scope}/name/{normalise(organisation.name)}"


class LastYearIndex:
    """An index to look in; it is only read."""

    def __init__(self, path: str) -> None:
        if not os.path.exists(path):  # noqa: PTH110 - SQLite would make an empty one
            raise FileNotFoundError(path)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA query_only = ON")

    def find(self, filing: Filing) -> LastYear | None:
        """The filing of the same organisation and scope of the year before, if there is one.

        By code, else by exactly the same name where not both have a code.
        """
        if filing.year is None:
            return None
        for key in _keys(filing.organisation, filing.scope, filing.year - 1):
            row = self._base.execute("SELECT summary FROM filings WHERE key = ?", (key,)).fetchone()
            if row is not None and row[0] is not None:
                last = loads_last_year(row[0])
                by_name = "/name/" in key
                if by_name and filing.organisation.code and last.organisation.code:
                    return None
                return last
        return None
