"""Finds the files a user means and reads each once: workbooks and filing JSON."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from xlsx_tools.batch import FileResult
from xlsx_tools.check import check_filing
from xlsx_tools.errors import FilingError, UnusableFileError, XlsxToolsError
from xlsx_tools.excel.intake import label_of, open_submission
from xlsx_tools.excel.package import DEFAULT_LIMITS
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.output import TEMPORARY_PREFIX
from xlsx_tools.read import read_submission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.filing import Filing

_SUBMITTED = (".xlsx", ".json")
_WRONG_KIND = (".xls", ".xlsm", ".xlsb", ".et", ".ods")
"""Spreadsheets somebody surely meant to submit: named and refused, never passed over."""
_NOT_SUBMITTED = ("~", ".", TEMPORARY_PREFIX)
_A_FEW = 5
_Item = TypeVar("_Item")


class Submission(NamedTuple):
    """A file that could be read."""

    sha256: str
    filing: Filing


def find_submissions(paths: Iterable[Path], *, leave_out: Path | None = None) -> list[Path]:
    """The files meant: each given one, and those in each given folder, however deep.

    Lock files and hidden files are no submissions; links to folders are not followed. Files
    of other kinds in a folder are named on standard error. `leave_out` is the output.

    Raises:
        click.UsageError: there are none, or a given one is the output itself.
    """
    found: dict[Path, None] = {}
    others: list[str] = []
    for path in paths:
        if not path.is_dir() or path.is_symlink():
            if leave_out is not None and path.resolve() == leave_out.resolve():
                raise click.UsageError(f"{path} 既是输入又是输出，请换一个输出文件名。")
            found[path] = None
            continue
        for file in _walk(path):
            if file.suffix.lower() in (*_SUBMITTED, *_WRONG_KIND):
                found[file] = None
            else:
                others.append(label_of(file.name))
    if leave_out is not None and leave_out.exists():
        found = {path: None for path in found if path.resolve() != leave_out.resolve()}
    if others:
        named = "、".join(others[:_A_FEW])
        rest = f"等 {len(others)} 个文件" if len(others) > _A_FEW else ""
        click.echo(f"不是工作簿或者填报数据，没有读取：{named}{rest}。", err=True)
    if not found:
        raise click.UsageError("所给位置没有 .xlsx 工作簿，也没有 .json 填报数据。")
    return list(found)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(_NOT_SUBMITTED):
                yield Path(place, name)


def load_filing(path: Path) -> Submission:
    """Read one file, workbook or filing JSON.

    Raises:
        UnusableFileError: it is neither, or cannot be used.
    """
    if path.suffix.lower() != ".json":
        intake = open_submission(path)
        return Submission(intake.sha256, read_submission(intake))
    data = read_json_file(path)
    return Submission(hashlib.sha256(data).hexdigest(), parse_json(data))


def read_json_file(path: Path) -> bytes:
    """The bytes of a JSON file, bounded; a link is not followed.

    Raises:
        UnusableFileError: with an ``fs.*`` or ``file.*`` code.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise refuse("fs.symlink")
        if not stat.S_ISREG(status.st_mode):
            raise refuse("fs.not_regular")
        limit = DEFAULT_LIMITS.file_bytes
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except PermissionError as error:
        raise refuse("fs.permission") from error
    except FileNotFoundError as error:
        raise refuse("fs.missing") from error
    except OSError as error:
        raise refuse("fs.unreadable", detail=error.strerror or "原因不明") from error
    if len(data) > limit:
        raise refuse("file.too_big", size=max(status.st_size, len(data)), limit=limit)
    if not data:
        raise refuse("file.empty")
    return data


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


def check_files(paths: list[Path]) -> list[FileResult]:
    """Check each file; one that cannot be used stops none of the others."""
    with show_progress(paths, "正在校验") as watched:
        return [_check_file(path) for path in watched]


def _check_file(path: Path) -> FileResult:
    file, sha256 = label_of(str(path)), None
    try:
        sha256, filing = load_filing(path)
    except XlsxToolsError as error:
        return FileResult(file=file, sha256=sha256, error=error)
    return FileResult(file=file, sha256=sha256, verdict=check_filing(filing))


@contextmanager
def show_progress(items: list[_Item], label: str) -> Iterator[Iterable[_Item]]:
    """A progress bar on standard error, where somebody watches and there is something to watch."""
    if len(items) <= _A_FEW or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield bar
