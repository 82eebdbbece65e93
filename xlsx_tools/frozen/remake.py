"""Runs a frozen batch again from its archive alone, and says what comes out otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.desk import run_order
from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.errors import MergeError, UnusableFileError
from xlsx_tools.excel.package import DEFAULT_LIMITS
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.frozen.differ import compare_workbooks, find_first_line, has_same_parts
from xlsx_tools.frozen.manifest import MERGED, OUTPUTS, list_versions
from xlsx_tools.frozen.outputs import make_outputs
from xlsx_tools.report.text import show_safely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xlsx_tools.batch.desk import Stage
    from xlsx_tools.batch.run import Executor, Progress, StoredResults
    from xlsx_tools.frozen.manifest import Manifest
    from xlsx_tools.frozen.open import Frozen
    from xlsx_tools.frozen.outputs import Outputs

_NAMED = 10


@dataclass(frozen=True)
class Remade:
    """What came out of a frozen batch this time.

    Attributes:
        same: the outputs that are the same, byte for byte.
        repacked: those whose parts are, but that were deflated by another program.
        differences: a sentence for everything that is not as it was.
        versions: a sentence for each program of another version, the likely reason.
        merged: how many organisations are in the sum; 0 when there was none.
    """

    same: tuple[str, ...]
    repacked: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    merged: int = 0

    @property
    def reproduced(self) -> bool:
        """Whether everything came out as it was."""
        return not self.differences


def remake(
    frozen: Frozen,
    execute: Executor,
    place: Path,
    watch: Callable[[Stage], Progress | None] = lambda _stage: None,
) -> Remade:
    """Check and merge the files of the archive again and compare every byte.

    `place` is an empty folder to work in. Files that were not read then are told of, not checked.

    Raises:
        FrozenError, RosterError, WaiverError: something in the archive cannot be read.
    """
    manifest, order = frozen.manifest, frozen.order()
    with run_order(order, frozen.sources(), execute, place, watch) as outcome:
        try:
            outputs = make_outputs(
                outcome.batch, order.roster, manifest.organisation, manifest.unstated
            )
        except MergeError as error:
            changed = (*_compare_statuses(manifest, outcome.stored), f"现在不予汇总：{error}")
            return Remade((), (), changed, tuple(_compare_versions(manifest)))
        return _compare(frozen, outputs, tuple(_compare_statuses(manifest, outcome.stored)))


def _compare(frozen: Frozen, outputs: Outputs, judged: tuple[str, ...]) -> Remade:
    """Compare the outputs; `judged` are the files that ended otherwise."""
    expected, repacked, differences = frozen.manifest.outputs, [], list(judged)
    same = [name for name, pieces in outputs.write() if _hash(pieces) == expected[name].sha256]
    others = [name for name in OUTPUTS if name not in same]
    for name, pieces in outputs.write() if others else ():
        if name not in others:
            continue
        found = list(_tell(frozen, name, pieces))
        differences += found
        repacked += [] if found else [name]
    return Remade(
        tuple(same),
        tuple(repacked),
        tuple(differences),
        tuple(_compare_versions(frozen.manifest)) if others else (),
        len(outputs.merge.filing.includes),
    )


def _hash(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _tell(frozen: Frozen, name: str, pieces: Iterator[bytes]) -> Iterator[str]:
    """Where an output is not as it was; nothing for a workbook that only was deflated anew."""
    if name == MERGED:
        if frozen.package.size_of(name) > DEFAULT_LIMITS.file_bytes:
            yield f"{name}：内容不同；文件过大，没有逐格比较"
            return
        before, now = frozen.package.read(name), b"".join(pieces)
        try:
            if not has_same_parts(before, now):
                yield f"{name}：{compare_workbooks(before, now)}"
        except UnusableFileError as error:
            yield f"{name}：封存的汇总工作簿无法读取（{error}）"
        return
    line = find_first_line(frozen.package.read_pieces(name), pieces)
    yield f"{name}：{line}"


def _compare_statuses(manifest: Manifest, stored: StoredResults) -> Iterator[str]:
    """The files that are judged otherwise."""
    told, words = 0, dict[str, str](STATUS_WORDS)  # type: ignore[arg-type] # words of a closed set
    for file, fact in zip(manifest.files, stored.journal.facts(), strict=True):
        if file.status != fact.status:
            told += 1
            if told <= _NAMED:
                was, is_now = words[file.status], words[fact.status]
                yield f"{show_safely(file.label)}：封存时{was}，现在{is_now}"
    if told > _NAMED:
        yield f"另有 {told - _NAMED} 份文件的结论不同"


def _compare_versions(manifest: Manifest) -> Iterator[str]:
    forms = {form: load_form(form).template_version for form in form_ids()}
    now = list_versions() | forms
    then = {**manifest.versions, **manifest.forms}
    for name in sorted(then):
        was, is_now = then[name], now.get(name, "")
        if was != is_now:
            yield show_safely(f"{name}：封存时 {was or '不详'}，现在 {is_now or '不详'}")
