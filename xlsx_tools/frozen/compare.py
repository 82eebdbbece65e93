"""A frozen archive against the files as they are now: what was changed since."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.frozen.names import name_within, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsx_tools.batch.journal import Line
    from xlsx_tools.batch.result import Ignored
    from xlsx_tools.frozen.manifest import FrozenFile


@dataclass(frozen=True, slots=True)
class Changes:
    """The files by name, without the folder they lie in.

    Attributes:
        same: how many are what they were.
        moved: those that only have another name or folder: then, and now.
        unknown: those that cannot be read now, or could not be read then.
    """

    same: int
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether every file is there as it was, and no other."""
        return not (self.changed or self.gone or self.new or self.moved or self.unknown)


def compare_files(
    files: Iterable[FrozenFile], paths: Sequence[Path], leave_out: Iterable[Path] = ()
) -> Changes:
    """Compare by name, then what is left by content; one file is in memory at a time."""
    then = {file.name: file for file in files}
    now = _hash_files(paths, leave_out)
    both = then.keys() & now.keys()
    unknown = {name for name in both if not (then[name].sha256 and now[name])}
    changed = {name for name in both - unknown if then[name].sha256 != now[name]}
    gone = [name for name in then if name not in now]
    new = [name for name in now if name not in then]
    by_hash = {now[name]: name for name in reversed(new) if now[name]}
    moved = [
        (name, by_hash.pop(then[name].sha256)) for name in gone if then[name].sha256 in by_hash
    ]
    left, come = {name for name, _ in moved}, {name for _, name in moved}
    return Changes(
        same=len(both) - len(unknown) - len(changed),
        changed=tuple(sorted(changed)),
        gone=tuple(sorted(set(gone) - left)),
        new=tuple(sorted(set(new) - come)),
        moved=tuple(moved),
        unknown=tuple(sorted(unknown)),
    )


def _hash_files(paths: Sequence[Path], leave_out: Iterable[Path]) -> dict[str, str]:
    """The hash of every file by its name; empty for one that cannot be read."""
    sources, root = FilesOnDisk(paths, leave_out), root_of(paths)
    ignored: list[Ignored] = []
    lines = list(sources.list_files(ignored))
    return {name_within(line.label, root): _hash(sources, line) for line in lines}


def _hash(sources: FilesOnDisk, line: Line) -> str:
    try:
        data = sources.read(line)
        if data is None:
            data = read_once(Path(line.path))
    except UnusableFileError:
        return ""
    return hashlib.sha256(data).hexdigest()
