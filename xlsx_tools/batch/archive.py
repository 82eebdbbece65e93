"""A zip of submissions, unpacked in memory under caps: names are labels, nothing is extracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlsx_tools.batch.result import Ignored
from xlsx_tools.batch.sources import is_submission_name, why_ignored
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.excel.package import DEFAULT_LIMITS, MIB, Limits, open_package
from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.excel.package import Package

ARCHIVE_LIMITS: Final = Limits(
    file_bytes=512 * MIB,
    part_bytes=1 << 40,  # each member is held to DEFAULT_LIMITS.file_bytes when it is read
    total_bytes=1 << 50,
    parts=60_000,
)
_WORKBOOK_PART = "[content_types].xml"
_INSIDE = "压缩包内不是工作簿或者填报数据"
_LOCKED = "压缩包设了密码，无法读取。请解压后直接报送其中的文件，或者重新压缩、不要设密码。"


class Archive:
    """The members of one zip, in its order; each is inflated only when it is read."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def members(self) -> Iterator[str | Ignored]:
        """The names of submissions, and what is passed over with the reason."""
        for name in self._package.names:
            steps = name.replace("\\", "/").split("/")
            ignored = next(filter(None, map(why_ignored, steps)), "")
            if not ignored and not is_submission_name(steps[-1]):
                ignored = _INSIDE
            yield Ignored(name, ignored) if ignored else name

    def read(self, name: str) -> bytes:
        """The bytes of one member, verified.

        Raises:
            UnusableFileError: ``fs.changed`` when the zip no longer has it, ``file.too_big``, or
                a ``package.*`` code.
        """
        limit = DEFAULT_LIMITS.file_bytes
        if name not in self._package:
            raise refuse("fs.changed")
        if (size := self._package.size_of(name)) > limit:
            raise refuse("file.too_big", size=size, limit=limit)
        return self._package.read(name)


def open_archive(path: Path) -> Archive | None:
    """The zip at `path`, or None when it is a workbook that is only called one.

    Raises:
        UnusableFileError: it cannot be read or is no sound zip.
    """
    return read_archive(read_once(path, ARCHIVE_LIMITS))


def read_archive(data: bytes) -> Archive | None:
    """The same for bytes already in memory.

    Raises:
        UnusableFileError: they are no sound zip.
    """
    if not data.startswith(b"PK"):
        return None
    try:
        package = open_package(data, ARCHIVE_LIMITS)
    except UnusableFileError as error:
        said = _LOCKED if error.reason == "package.encrypted_part" else f"压缩包无法打开：{error}"
        raise UnusableFileError(error.reason, said, place=error.place) from None
    return None if _WORKBOOK_PART in package else Archive(package)
