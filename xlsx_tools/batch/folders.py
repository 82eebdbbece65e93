"""The files of a batch as they lie on disk, with those inside zips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.batch.archive import open_archive
from xlsx_tools.batch.journal import Line
from xlsx_tools.batch.result import Ignored
from xlsx_tools.batch.sources import Found, find_sources, is_archive_name
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.batch.archive import Archive

_INSIDE = "/"


class FilesOnDisk:
    """Given files, folders and zips; `leave_out` are outputs of ours. One zip is open at a time."""

    def __init__(self, paths: Iterable[Path], leave_out: Iterable[Path] = ()) -> None:
        self._paths, self._leave_out = tuple(paths), tuple(leave_out)
        self._path: Path | None = None
        self._archive: Archive | None = None

    def list_files(self, ignored: list[Ignored]) -> Iterator[Line]:
        """Every file in the order found; a zip that is a workbook, or broken, is a file itself."""
        seq = 0
        for source in find_sources(self._paths, leave_out=self._leave_out):
            if isinstance(source, Ignored):
                ignored.append(source)
                continue
            for member in self._members(source, ignored):
                label = f"{source.label}{_INSIDE}{member}" if member else source.label
                yield Line(seq, label, str(source.path), member, source.size, source.changed)
                seq += 1

    def read(self, line: Line) -> bytes | None:
        """The bytes of a file inside a zip; None for one that lies on disk by itself.

        Raises:
            UnusableFileError: it is damaged or too big, or the zip is no longer what it was; or
                it is a zip that cannot be opened.
        """
        path = Path(line.path)
        if not line.member:
            if is_archive_name(path.name):
                self._open(path)
            return None
        archive = self._open(path)
        if archive is None:
            raise refuse("fs.changed")
        return archive.read(line.member)

    def _members(self, source: Found, ignored: list[Ignored]) -> Iterator[str]:
        """The names inside; an empty one for a file that is no zip of submissions."""
        archive = None
        if is_archive_name(source.path.name):
            try:
                archive = self._open(source.path)
            except UnusableFileError:  # said when it is to be read
                self._path = None
        if archive is None:
            yield ""
            return
        for member in archive.members():
            if isinstance(member, Ignored):
                ignored.append(Ignored(f"{source.label}{_INSIDE}{member.file}", member.why))
            else:
                yield member

    def _open(self, path: Path) -> Archive | None:
        if path != self._path:
            self._archive = None  # let go of one before the next is read
            self._archive, self._path = open_archive(path), path
        return self._archive
