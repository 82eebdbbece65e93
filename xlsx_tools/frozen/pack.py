"""Packs a closed period: the bytes that were checked, what came of them, and all hashes."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.frozen.errors import InputChangedError
from xlsx_tools.frozen.manifest import (
    INPUTS,
    LAST_YEAR,
    MANIFEST,
    README,
    ROSTER,
    WAIVERS,
    Digest,
    FrozenFile,
    Manifest,
    list_versions,
    manifest_object,
)
from xlsx_tools.frozen.names import name_within
from xlsx_tools.frozen.wording import write_readme
from xlsx_tools.frozen.zip_stream import ZipStream
from xlsx_tools.interchange.exact_json import dumps_exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.batch import FileResult
    from xlsx_tools.batch.desk import Order, Outcome
    from xlsx_tools.batch.journal import Line
    from xlsx_tools.batch.run import Progress, Sources, StoredResults
    from xlsx_tools.filing import Organisation
    from xlsx_tools.frozen.outputs import Outputs
    from xlsx_tools.merge.hierarchy import Unstated

_NOT_READ = ("fs.", "file.too_big")
"""Why bytes could not be had when the batch was checked: they are not looked for again."""
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_NO_SUFFIX = ".bin"


@dataclass(frozen=True)
class Closing:
    """What is to be closed: the question as it was asked.

    Attributes:
        roster: the bytes that the order's roster was read from, if there is one.
        waivers: the same of its waivers.
        root: what the labels of all files begin with.
    """

    order: Order
    organisation: Organisation
    unstated: Unstated
    sources: Sources
    roster: bytes | None = None
    waivers: bytes | None = None
    root: str = ""


def pack_frozen(
    closing: Closing, outcome: Outcome, outputs: Outputs, progress: Progress | None = None
) -> Iterator[bytes]:
    """The archive, front to back; one file is in memory at a time.

    What is packed is what was checked: each file is hashed again. The same files, the same
    question and the same programs give the same archive.

    Raises:
        InputChangedError: a file is not what was checked any more.
        FrozenError: the archive would be too big for a zip.
    """
    return _Packer(closing, outcome, outputs, progress).pack()


class _Packer:
    def __init__(
        self, closing: Closing, outcome: Outcome, outputs: Outputs, progress: Progress | None
    ) -> None:
        self._closing, self._outcome, self._outputs = closing, outcome, outputs
        self._progress = progress
        self._zip = ZipStream()
        self._forms: dict[str, str] = {}

    def pack(self) -> Iterator[bytes]:
        closing, outcome = self._closing, self._outcome
        files: list[FrozenFile] = []
        last: list[FrozenFile] = []
        lists: dict[str, Digest] = {}
        written: dict[str, Digest] = {}
        before = outcome.before
        if self._progress is not None:
            self._progress.start(len(outcome.stored) + (len(before) if before else 0), 0)
        yield from self._pack_files(INPUTS, closing.sources, outcome.stored, files)
        if before is not None and closing.order.last_year is not None:
            yield from self._pack_files(LAST_YEAR, closing.order.last_year, before, last)
        for name, data in ((ROSTER, closing.roster), (WAIVERS, closing.waivers)):
            if data is not None:
                yield from self._pack_output(name, (data,), lists)
        for name, pieces in self._outputs.write():
            yield from self._pack_output(name, pieces, written)
        manifest = Manifest(
            organisation=closing.organisation,
            today=closing.order.today,
            year=closing.order.year,
            choice=closing.order.choice,
            unstated=closing.unstated,
            files=tuple(files),
            ignored=outcome.batch.ignored,
            last_year=None if before is None else tuple(last),
            lists=lists,
            outputs=written,
            forms=dict(sorted(self._forms.items())),
            versions=list_versions(),
        )
        yield from self._zip.deflate(README, (write_readme(manifest),))
        text = dumps_exact(manifest_object(manifest)) + "\n"
        yield from self._zip.deflate(MANIFEST, (text.encode(),))
        yield from self._zip.end()

    def _pack_files(
        self, folder: str, sources: Sources, results: StoredResults, files: list[FrozenFile]
    ) -> Iterator[bytes]:
        for line, result in results.with_lines():
            data = _read_again(sources, line, result)
            place = f"{folder}/{len(files) + 1:06}{_suffix_of(line)}" if data is not None else ""
            files.append(self._describe(line, result, place, data))
            if data is not None:
                yield from self._zip.store(place, data)
            if result.filing is not None:
                form = result.filing.form
                self._forms[form.id] = form.template_version
            if self._progress is not None:
                self._progress.advance()

    def _describe(
        self, line: Line, result: FileResult, place: str, data: bytes | None
    ) -> FrozenFile:
        code, why = _refusal_of(result)
        return FrozenFile(
            label=line.label,
            name=name_within(line.label, self._closing.root),
            archive=line.label.removesuffix(line.member).rstrip("/") if line.member else "",
            path=place,
            size=line.size,
            changed=line.changed,
            sha256="" if data is None else hashlib.sha256(data).hexdigest(),
            status=result.status,
            code=code,
            why=why,
        )

    def _pack_output(
        self, name: str, pieces: Iterable[bytes], digests: dict[str, Digest]
    ) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece

        yield from self._zip.deflate(name, counted())
        digests[name] = Digest(size, digest.hexdigest())


def _read_again(sources: Sources, line: Line, result: FileResult) -> bytes | None:
    """The bytes that were checked; None for a file that could not be read then.

    A file whose check did not come to an end was read, but nobody knows what was in it then: it
    is packed as it is now, if it can be.
    """
    code, _ = _refusal_of(result)
    if code.startswith(_NOT_READ):
        return None
    try:
        data = sources.read(line)
        if data is None:
            data = read_once(Path(line.path))
    except UnusableFileError as trouble:
        if code:
            return None
        raise InputChangedError(line.label) from trouble
    if result.sha256 is not None and hashlib.sha256(data).hexdigest() != result.sha256:
        raise InputChangedError(line.label)
    return data


def _refusal_of(result: FileResult) -> tuple[str, str]:
    """Why a file has no result of its bytes: code and sentence, or nothing."""
    error = result.error
    if error is None or result.sha256 is not None:
        return "", ""
    return error.reason if isinstance(error, UnusableFileError) else error.code, str(error)


def _suffix_of(line: Line) -> str:
    """What the name ends in: it tells filing JSON from workbooks."""
    suffix = os.path.splitext(line.member or line.path)[1].lower()  # noqa: PTH122 - may be bytes
    return suffix if _SUFFIX.fullmatch(suffix) else _NO_SUFFIX
