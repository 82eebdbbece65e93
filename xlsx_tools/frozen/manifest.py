"""The manifest of a frozen archive: what was asked, what went in, what came out."""

from __future__ import annotations

import platform
import zlib
from dataclasses import dataclass, fields
from importlib import metadata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from xlsx_tools.batch.duplicates import Choice
    from xlsx_tools.batch.result import Ignored
    from xlsx_tools.filing import Organisation
    from xlsx_tools.judge import FileStatus
    from xlsx_tools.merge.hierarchy import Unstated

FORMAT: Final = 1
"""The layout of the archive; another one is not read."""
MANIFEST: Final = "manifest.json"
README: Final = "说明.txt"
INPUTS: Final = "inputs"
LAST_YEAR: Final = "last-year"
ROSTER: Final = "roster.csv"
WAIVERS: Final = "waivers.csv"
LISTS: Final = (ROSTER, WAIVERS)
RESULTS: Final = "results.json"
MERGED: Final = "merged.xlsx"
TRACE: Final = "trace.csv"
OUTPUTS: Final = (RESULTS, MERGED, TRACE)
_PACKAGES: Final = ("nianbao", "openpyxl")


@dataclass(frozen=True, slots=True)
class FrozenFile:
    """One file that was found.

    Attributes:
        label: how the coordinator knew it.
        name: the same without the folder that was given, for comparing with another folder.
        archive: the label of the zip it lay in, or empty.
        path: where its bytes are in the archive; empty when they could not be read.
        size: of the file on disk in bytes, that is of the zip where it lay in one; -1 if unknown.
        changed: when the same file was last changed, in nanoseconds since 1970.
        sha256: of the bytes at `path`.
        code: why there is no result of its bytes (`why` is the sentence); such a file is not
            checked again but told of again. Empty for a file that was read.
    """

    label: str
    name: str
    archive: str
    path: str
    size: int
    changed: int
    sha256: str
    status: FileStatus
    code: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """A file of the archive that is no input."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything beside the bytes themselves.

    Attributes:
        year: the year that was asked for; None where most files decide.
        last_year: last year's filings; None when there were none to go by.
        lists: the digests of the roster and the waivers, by their names in the archive.
        outputs: the digests of the results, the merged workbook and the trace.
        versions: of every program whose change could change a byte.
        forms: the template version of each form among the filings.
    """

    organisation: Organisation
    today: date
    year: int | None
    choice: Choice
    unstated: Unstated
    files: tuple[FrozenFile, ...]
    ignored: tuple[Ignored, ...]
    last_year: tuple[FrozenFile, ...] | None
    lists: Mapping[str, Digest]
    outputs: Mapping[str, Digest]
    forms: Mapping[str, str]
    versions: Mapping[str, str]

    @property
    def members(self) -> frozenset[str]:
        """The names of everything in the archive."""
        files = (*self.files, *(self.last_year or ()))
        packed = {file.path for file in files if file.path}
        return frozenset({MANIFEST, README, *packed, *self.lists, *self.outputs})


def list_versions() -> dict[str, str]:
    """What runs here; a package run from its source has no version."""
    versions = {"python": platform.python_version(), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = ""
    return dict(sorted(versions.items()))


def manifest_object(manifest: Manifest) -> dict[str, object]:
    """The manifest as it is written, one line a file."""
    last = manifest.last_year
    return {
        "format": FORMAT,
        "organisation": manifest.organisation._asdict(),
        "today": manifest.today.isoformat(),
        "year": manifest.year,
        "choice": {"latest": manifest.choice.latest, "files": sorted(manifest.choice.files)},
        "nested": manifest.unstated,
        "versions": dict(manifest.versions),
        "forms": dict(manifest.forms),
        "lists": _digests(manifest.lists),
        "outputs": _digests(manifest.outputs),
        "ignored": [{"file": one.file, "why": one.why} for one in manifest.ignored],
        "files": [_file_object(file) for file in manifest.files],
        "last_year": None if last is None else [_file_object(file) for file in last],
    }


def _digests(digests: Mapping[str, Digest]) -> dict[str, object]:
    return {name: {"size": one.size, "sha256": one.sha256} for name, one in digests.items()}


def _file_object(file: FrozenFile) -> dict[str, object]:
    return {one.name: getattr(file, one.name) for one in fields(file)}
