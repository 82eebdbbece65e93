"""Finds the files a user means: given ones, those in folders, and those inside zips."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import Ignored
from xlsx_tools.excel.intake import label_of
from xlsx_tools.output import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

SUBMITTED = (".xlsx", ".json")
WRONG_KIND = (".xls", ".xlsm", ".xlsb", ".et", ".ett", ".ods", ".rar", ".7z")
"""What somebody surely meant to submit: named and refused, never passed over."""
ARCHIVE = ".zip"
_OTHER_PACKAGES = (".docx", ".docm", ".pptx", ".odt", ".odp", ".ofd", ".wps", ".dps", ".epub")
_ZIP_START = b"PK\x03\x04"
_LOCKS = ("~$", ".~lock.")
_BY_SYSTEMS = frozenset({"thumbs.db", ".ds_store", "desktop.ini", "__macosx"})
_LOCKED = "锁定文件：有人正打开着“{name}”，请确认已保存、关闭"
_OF_SYSTEM = "系统或者软件的临时文件"
_OF_OTHERS = "不是工作簿或者填报数据"
_LINK = "快捷链接（符号链接），没有打开；链接的内容也要报送的，请直接给出其位置"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to be checked, or a zip to be opened; `size` and `changed` (ns) tell it was touched.

    Both are -1 where the file cannot even be looked at.
    """

    path: Path
    size: int
    changed: int

    @property
    def label(self) -> str:
        """How the user knows it."""
        return label_of(str(self.path))


def find_sources(
    paths: Iterable[Path], *, leave_out: Iterable[Path] = ()
) -> Iterator[Found | Ignored]:
    """Everything in the order found; a file met twice is told once, however it was written.

    A path that is given is always taken for a submission. In folders, however deep, content
    decides where the name does not say; links to folders are not followed. A folder that cannot
    be opened is told like a file that cannot. `leave_out` are outputs of ours: files, and
    folders with all in them.
    """
    outputs = {place for path in leave_out for place in (place_of(path), os.path.realpath(path))}
    seen: set[str] = set()
    several = len(paths := list(paths)) > 1
    for path in paths:
        if not is_folder(path) or path.is_symlink():
            if (place := place_of(path)) not in seen:
                seen.add(place)
                yield _look_at(path)
            continue
        for file, place in _walk(path, outputs):
            if several and place in seen:
                continue
            if several:
                seen.add(place)
            ignored = why_ignored(file.name) or _why_other(file)
            yield Ignored(label_of(str(file)), ignored) if ignored else _look_at(file)


def is_folder(path: Path) -> bool:
    """Whether it is one, as far as we may know."""
    return os.path.isdir(path)  # noqa: PTH112 - that of Path raises where it may not look


def place_of(path: Path) -> str:
    """Where a file is, however its path was written; what it links to does not matter."""
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - 100,000 of them


def why_ignored(name: str) -> str:
    """Why a file of this name is no submission, or an empty text."""
    for start in _LOCKS:
        if name.startswith(start):
            return _LOCKED.format(name=label_of(name.removeprefix(start).rstrip("#")))
    lowered = name.lower()
    if lowered in _BY_SYSTEMS or lowered.startswith((".", "~", TEMPORARY_PREFIX)):
        return _OF_SYSTEM
    return ""


def is_submission_name(name: str) -> bool:
    """Whether the name says that the file is, or was meant to be, a submission."""
    return name.lower().endswith((*SUBMITTED, *WRONG_KIND, ARCHIVE))


def is_archive_name(name: str) -> bool:
    """Whether it is called a zip; what is in it decides what it is."""
    return name.lower().endswith(ARCHIVE)


def _why_other(file: Path) -> str:
    """Content decides on a file whose name says nothing: a zip container may be a workbook."""
    if is_submission_name(file.name):
        return ""
    try:
        if file.is_symlink():
            return _LINK
        if file.is_dir():
            return ""  # only one that could not be opened comes here
        if file.suffix.lower() in _OTHER_PACKAGES or not file.is_file():
            return _OF_OTHERS
        with file.open("rb") as opened:
            head = opened.read(len(_ZIP_START))
    except OSError:
        return _OF_OTHERS
    return "" if head == _ZIP_START else _OF_OTHERS


def _walk(folder: Path, outputs: Collection[str]) -> Iterator[tuple[Path, str]]:
    """The files with their places, those of a folder before those in folders beneath it.

    A folder that cannot be opened stands for all that is in it.
    """
    waiting = [(folder, os.path.realpath(folder))]
    while waiting:
        here, real = waiting.pop()
        try:
            with os.scandir(here) as entries:
                found = sorted(
                    (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries
                )
        except OSError:
            yield here, real
            continue
        folders = []
        for name, is_folder in found:
            place = os.path.join(real, name)  # noqa: PTH118 - 100,000 of them
            if place in outputs:
                continue
            if not is_folder:
                yield here / name, place
            elif not why_ignored(name):
                folders.append((here / name, place))
        waiting += reversed(folders)


def _look_at(path: Path) -> Found:
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return Found(path, -1, -1)
    return Found(path, status.st_size, status.st_mtime_ns)
