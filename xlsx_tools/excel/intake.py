"""Taking in one file from a stranger: opened once, read once, never followed anywhere."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlsx_tools.errors import explain_system
from xlsx_tools.excel.file_bytes import FileBytes
from xlsx_tools.excel.opc import find_workbook, read_content_types
from xlsx_tools.excel.package import DEFAULT_LIMITS, Limits, open_package
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.sniff import refuse_foreign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.errors import UnusableFileError

# Names that a system lacks (Windows has no O_NOFOLLOW, others no O_BINARY) count as nothing.
_OPEN_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0)
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
)


@dataclass(frozen=True, slots=True)
class Intake:
    """The bytes of one submission.

    Attributes:
        name: the file's own name, safe to print; a label, never a path.
        data: all of the file. Whatever is said about the file is said about these bytes.
        sha256: of ``data``, in hexadecimal.
    """

    name: str
    data: bytes
    sha256: str


def open_submission(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Intake:
    """Read a file into memory if it is one that could be a workbook.

    The content decides, not the name. Only what bytes and the list of parts tell is refused
    here; ``read_raw_workbook`` looks into the parts.

    Raises:
        UnusableFileError: with an ``fs.*``, ``file.*`` or ``package.*`` code.
    """
    return take_in(path.name, read_once(path, limits), limits=limits)


def take_in(name: str, data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Intake:
    """The same for bytes already in memory, such as a file out of a zip.

    Raises:
        UnusableFileError: with a ``file.*`` or ``package.*`` code.
    """
    refuse_foreign(data)
    package = open_package(data, limits)
    if "xl/workbook.xml" not in package or "xl/vbaProject.bin" in package:
        find_workbook(package, read_content_types(package, limits), limits)
    return Intake(label_of(name), data, hashlib.sha256(data).hexdigest())


def label_of(name: str) -> str:
    """A file name as text; bytes that are not UTF-8 are taken as GBK, else shown as escapes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raw = os.fsencode(name)
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "backslashreplace")
    return name


def read_once(path: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """All bytes of a plain file, bounded; a link, a device or a changing file is refused.

    Raises:
        UnusableFileError: with an ``fs.*`` code or ``file.too_big``.
    """
    try:
        seen = os.lstat(path)
        if stat.S_ISDIR(seen.st_mode):
            os.scandir(path).close()  # whoever may not even look into it is told that
        _check_status(seen, limits)
        handle = os.open(path, _OPEN_FLAGS)
        try:
            return _read_handle(handle, seen, limits)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise _name_trouble(error) from error


@contextmanager
def open_once(path: Path, limits: Limits) -> Iterator[FileBytes]:
    """The same for a file too big for memory: it is open, and read in slices, in this block.

    Raises:
        UnusableFileError: with an ``fs.*`` code or ``file.too_big``.
    """
    try:
        seen = os.lstat(path)
        _check_status(seen, limits)
        handle = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise _name_trouble(error) from error
    try:
        if not os.path.samestat(seen, os.fstat(handle)):
            raise refuse("fs.changed")
        yield FileBytes(handle)
    finally:
        os.close(handle)


def _check_status(status: os.stat_result, limits: Limits) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise refuse("fs.symlink")
    if not stat.S_ISREG(status.st_mode):
        raise refuse("fs.not_regular")
    if status.st_size > limits.file_bytes:
        raise refuse("file.too_big", size=status.st_size, limit=limits.file_bytes)


def _read_handle(handle: int, seen: os.stat_result, limits: Limits) -> bytes:
    """Read what was looked at, all of it, and only if it holds still."""
    before = os.fstat(handle)
    _check_status(before, limits)
    if not os.path.samestat(seen, before):
        raise refuse("fs.changed")
    data = _read_up_to(handle, before.st_size + 1)
    after = os.fstat(handle)
    if len(data) != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise refuse("fs.changed")
    return data


def _read_up_to(handle: int, size: int) -> bytes:
    blocks: list[bytes] = []
    while size > 0 and (block := os.read(handle, size)):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)


def _name_trouble(error: OSError | ValueError) -> UnusableFileError:
    match error:
        case PermissionError():
            return refuse("fs.permission")
        case FileNotFoundError() | NotADirectoryError():
            return refuse("fs.missing")
        case IsADirectoryError() | OSError(errno=errno.ENXIO):
            return refuse("fs.not_regular")
        case OSError(errno=errno.ELOOP):
            return refuse("fs.symlink")
        case OSError():
            return refuse("fs.unreadable", detail=explain_system(error))
        case _:
            return refuse("fs.missing")
