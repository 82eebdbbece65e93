"""Opens a frozen archive, as hostile as any other file, so that its batch can be run again."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlsx_tools.batch.desk import Order
from xlsx_tools.batch.journal import Line
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import open_once
from xlsx_tools.excel.package import DEFAULT_LIMITS, MIB, Limits, open_package
from xlsx_tools.frozen.errors import AlteredError, FrozenError, NotFrozenError
from xlsx_tools.frozen.manifest import LISTS, MANIFEST, README
from xlsx_tools.frozen.parse import parse_manifest
from xlsx_tools.frozen.wording import write_readme
from xlsx_tools.frozen.zip_stream import MOST_BYTES, MOST_MEMBERS
from xlsx_tools.roster import parse_roster
from xlsx_tools.waivers import parse_waivers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xlsx_tools.batch.result import Ignored
    from xlsx_tools.excel.file_bytes import FileBytes
    from xlsx_tools.excel.package import Package
    from xlsx_tools.frozen.manifest import FrozenFile, Manifest

FROZEN_LIMITS: Final = Limits(
    file_bytes=MOST_BYTES, part_bytes=MOST_BYTES, total_bytes=2 * MOST_BYTES, parts=MOST_MEMBERS
)
_LONGEST_MANIFEST: Final = 64 * MIB
_BLOCK: Final = MIB


@dataclass(frozen=True)
class Frozen:
    """An open archive; nothing in it is to be believed before `verify_members`."""

    manifest: Manifest
    package: Package
    data: FileBytes

    def order(self) -> Order:
        """What its batch went by.

        Raises:
            FrozenError, RosterError, WaiverError: a list in it cannot be read.
        """
        manifest = self.manifest
        roster, waivers = (self._read_list(name) for name in LISTS)
        return Order(
            today=manifest.today,
            year=manifest.year,
            choice=manifest.choice,
            roster=None if roster is None else parse_roster(roster),
            waivers=() if waivers is None else parse_waivers(waivers),
            last_year=None
            if manifest.last_year is None
            else FrozenSources(self.package, manifest.last_year),
        )

    def sources(self) -> FrozenSources:
        """The files of its batch."""
        return FrozenSources(self.package, self.manifest.files, self.manifest.ignored)

    def digest(self) -> str:
        """The hash of the whole archive, by which it is known again."""
        digest = hashlib.sha256()
        for start in range(0, len(self.data), _BLOCK):
            digest.update(self.data[start : start + _BLOCK])
        return digest.hexdigest()

    def verify_members(self) -> None:
        """Read everything once and compare it with the manifest; memory stays flat.

        Raises:
            AlteredError: something is not what the manifest says.
            UnusableFileError: something is damaged.
        """
        manifest = self.manifest
        for file in (*manifest.files, *(manifest.last_year or ())):
            if file.path:
                _read_file(self.package, file)
        for name, one in (*manifest.lists.items(), *manifest.outputs.items()):
            if self.package.size_of(name) != one.size or self._hash(name) != one.sha256:
                raise AlteredError(name, "与封存清单所记的摘要不符")
        if _read_part(self.package, README) != write_readme(manifest):
            raise AlteredError(README, "与封存清单不符")

    def _hash(self, name: str) -> str:
        digest = hashlib.sha256()
        for piece in self.package.read_pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def _read_list(self, name: str) -> bytes | None:
        return _read_part(self.package, name) if name in self.manifest.lists else None


class FrozenSources:
    """The files of an archive as a batch takes them, under the names they had then."""

    def __init__(
        self, package: Package, files: Sequence[FrozenFile], ignored: Sequence[Ignored] = ()
    ) -> None:
        self._package, self._files, self._ignored = package, files, ignored

    def list_files(self, ignored: list[Ignored]) -> Iterator[Line]:
        """Every file in the order it had then."""
        ignored += self._ignored
        for seq, file in enumerate(self._files):
            yield Line(seq, file.label, file.path or file.label, "", file.size, file.changed)

    def read(self, line: Line) -> bytes | None:
        """The bytes that were checked then.

        Raises:
            UnusableFileError: what was told of a file that was not read to its end.
            AlteredError, FrozenError: they are not those of the manifest, or damaged.
        """
        file = self._files[line.seq]
        if file.code:
            raise UnusableFileError(file.code, file.why)
        return _read_file(self._package, file)


def _read_file(package: Package, file: FrozenFile) -> bytes:
    data = _read_part(package, file.path)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise AlteredError(file.path, f"（{file.label}）与封存清单所记的摘要不符")
    return data


def _read_part(package: Package, name: str, limit: int = DEFAULT_LIMITS.file_bytes) -> bytes:
    """A part of bounded size.

    Raises:
        FrozenError: it is too big or damaged. (It must not look like a file of the batch that is.)
    """
    if (size := package.size_of(name)) > limit:
        raise FrozenError(f"封存包中的 {name} 有 {size} 字节，超过上限 {limit} 字节，没有读取。")
    try:
        return package.read(name)
    except UnusableFileError as error:
        raise FrozenError(f"封存包中的 {name} 已损坏：{error}") from error


@contextmanager
def open_frozen(path: Path) -> Iterator[Frozen]:
    """The archive at `path`; it is read in slices while the block lasts.

    Raises:
        NotFrozenError: a zip without a manifest, such as a workbook.
        FrozenError, AlteredError: its manifest cannot be used, or names other files.
        UnusableFileError: it cannot be read, or is no sound zip.
    """
    with open_once(path, FROZEN_LIMITS) as data:
        package = open_package(data, FROZEN_LIMITS)
        if MANIFEST not in package:
            raise NotFrozenError
        manifest = parse_manifest(_read_part(package, MANIFEST, _LONGEST_MANIFEST))
        _compare_members(frozenset(package.names), manifest)
        yield Frozen(manifest, package, data)


def _compare_members(names: frozenset[str], manifest: Manifest) -> None:
    wanted = manifest.members
    if lacking := wanted - names:
        raise AlteredError(min(lacking), "不见了")
    if others := names - wanted:
        raise AlteredError(min(others), "不在封存清单中")
