"""One file → its result: the work of a worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.batch.result import FileResult
from xlsx_tools.check import check_filing
from xlsx_tools.errors import FilingError, UnusableFileError, XlsxToolsError
from xlsx_tools.excel.intake import read_once, take_in
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.last_year import with_last_year
from xlsx_tools.read import read_submission

if TYPE_CHECKING:
    from xlsx_tools.batch.last_year_index import LastYearIndex
    from xlsx_tools.filing import Filing
    from xlsx_tools.waivers import Waiver

_JSON = ".json"
_BUG_DIGITS = 8


class Task(NamedTuple):
    """One file to be checked: at `path`, or `data` out of a zip; `seq` is its place in all."""

    seq: int
    label: str
    path: str
    data: bytes | None = None


@dataclass(frozen=True)
class Checking:
    """What every check of a batch goes by; small, and the same in each worker.

    `last_year` is the path of an index of last year's filings, if there is one.
    """

    today: date = field(default_factory=date.today)
    last_year: str | None = None
    waivers: tuple[Waiver, ...] = ()


class Submission(NamedTuple):
    """A file that could be read."""

    sha256: str
    filing: Filing


class Checker:
    """Checks one file after the other; made once in each worker."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._last_year = _open_index(checking.last_year) if checking.last_year else None

    def check(self, task: Task) -> FileResult:
        """Read and check one file; whatever happens, there is a result."""
        sha256: str | None = None
        try:
            data = read_once(Path(task.path)) if task.data is None else task.data
            sha256 = hashlib.sha256(data).hexdigest()
            filing = self._complete(parse_submission(Path(task.path), data))
            return FileResult(task.label, sha256, check_filing(filing))
        except XlsxToolsError as error:
            return FileResult(file=task.label, sha256=sha256, error=error)
        except MemoryError:
            return FileResult(file=task.label, sha256=None, error=refuse("limits.memory"))
        except Exception as error:  # noqa: BLE001 - our bug costs one file, never the batch
            return FileResult(file=task.label, sha256=None, error=report_bug(error))

    def _complete(self, filing: Filing) -> Filing:
        """The filing with last year's figures and the waivers that are for it."""
        if self._last_year is not None:
            filing = with_last_year(filing, self._last_year.find(filing))
        if self._checking.waivers:
            from xlsx_tools.waivers import apply_waivers  # noqa: PLC0415 - few have any

            filing = apply_waivers(filing, self._checking.waivers, self._checking.today)
        return filing


def _open_index(path: str) -> LastYearIndex:
    from xlsx_tools.batch.last_year_index import LastYearIndex  # noqa: PLC0415 - SQLite

    return LastYearIndex(path)


def load_submission(path: Path) -> Submission:
    """Read one file, workbook or filing JSON.

    Raises:
        UnusableFileError: it is neither, or cannot be used.
    """
    data = read_once(path)
    return Submission(hashlib.sha256(data).hexdigest(), parse_submission(path, data))


def parse_submission(path: Path, data: bytes) -> Filing:
    """The filing in bytes already read; the name tells JSON, the content everything else.

    Raises:
        UnusableFileError: they cannot be used.
    """
    if path.suffix.lower() != _JSON:
        return read_submission(take_in(path.name, data))
    if not data:
        raise refuse("file.empty")
    return parse_json(data)


def parse_json(data: bytes) -> Filing:
    """Foreign JSON as a filing to be checked: what is wrong in its figures is kept, not refused.

    Raises:
        UnusableFileError: it is no filing at all.
    """
    from xlsx_tools.interchange import parse_filing  # noqa: PLC0415 - only JSON needs it

    try:
        return parse_filing(data, strict=False)
    except FilingError as error:
        said = "；".join(problem.rstrip("。") for problem in error.problems)
        message = f"不是可用的填报数据：{said}。请按 nianbao schema 给出的格式改正后再提交。"
        raise UnusableFileError("file.not_filing", message) from error


def report_bug(error: Exception) -> UnusableFileError:
    """A bug of ours as a verdict."""
    return refuse("internal.error", detail=number_bug(error))


def number_bug(error: Exception) -> str:
    """A number for a bug of ours, the same for the same place in the code."""
    import traceback  # noqa: PLC0415 - slow to import, and never needed

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{type(error).__name__}:" + "|".join(f"{f.name}:{f.lineno}" for f in frames)
    return hashlib.sha256(place.encode()).hexdigest()[:_BUG_DIGITS]
