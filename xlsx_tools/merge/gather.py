"""From a checked batch to what is merged: who is in, who is out and why, level by level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.merge.differences import compare_branch, say_comparison
from xlsx_tools.merge.hierarchy import merge_tree
from xlsx_tools.merge.running import RunningTotals
from xlsx_tools.merge.source import Excluded, Source, UnmergedUnits
from xlsx_tools.roster import RosterLine, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xlsx_tools.batch import Batch, FileResult
    from xlsx_tools.filing import Filing
    from xlsx_tools.merge.hierarchy import Branch, Tree, Unstated

_NAMELESS = "单位不详"
_IN = ("passed", "nil_return")


@dataclass(frozen=True)
class Merge:
    """A merge and what there is to tell of it; the `count` `sources` can be gone through again.

    `missing` have sent nothing; `lacking` is how many of the roster are not in the sum, those
    among them whose filings were not accepted.
    """

    filing: Filing
    sources: Iterable[Source]
    count: int
    missing: tuple[str, ...] = ()
    lacking: int = 0
    remarks: tuple[str, ...] = ()

    def say_partial(self) -> str:
        """That the sum is partial, to stand behind how many are in it; empty when it is not."""
        return f"，为部分汇总（名册中有 {self.lacking} 个单位没有计入）" if self.lacking else ""


@dataclass(frozen=True)
class _Accepted:
    """The accepted files of a batch that the roster does not leave out, read again each time."""

    batch: Batch
    unmerged: UnmergedUnits

    def __iter__(self) -> Iterator[Source]:
        for result in self.batch.results:
            source = source_of(result)
            if source is not None and self.unmerged.exclude(source) is None:
                yield source


def source_of(result: FileResult) -> Source | None:
    """A file that may be merged, or None."""
    if result.filing is None or not result.mergeable:
        return None
    return Source(result.file, result.sha256 or "", result.filing, result.status)


def list_excluded(batch: Batch, lines: Sequence[RosterLine] | None) -> tuple[Excluded, ...]:
    """The files that are not merged, each with the reason, in the order of the batch."""
    return tuple(_exclude(batch, UnmergedUnits(lines or ())))


def merge_batch(
    batch: Batch,
    lines: Sequence[RosterLine] | None,
    organisation: Organisation,
    unstated: Unstated = "refuse",
) -> Merge:
    """Merge everything in the batch that was accepted, by the roster's levels if it has any.

    Raises:
        MergeError: as `merge_filings` and `merge_tree`.
        RosterError: the parents of the roster make no tree.
    """
    accepted = _Accepted(batch, UnmergedUnits(lines or ()))
    if lines is not None and any(line.parent for line in lines):
        merged = _merge_levels(lines, accepted, organisation, unstated)
        if batch.roster is None:
            return merged
        sent_nothing = set(_missing(batch))
        missing = tuple(name for name in merged.missing if name in sent_nothing)
        return replace(merged, missing=missing, lacking=_count_lacking(batch))
    totals = RunningTotals()
    for source in accepted:
        totals.add(source.filing)
    _refuse_nothing(totals)
    filing, missing = totals.merged(organisation), tuple(_missing(batch))
    return Merge(filing, accepted, len(totals.members), missing, _count_lacking(batch))


def _refuse_nothing(totals: RunningTotals) -> None:
    if not totals.members:
        raise MergeError("没有可以汇总的填报。")


def _count_lacking(batch: Batch) -> int:
    units = batch.roster.units if batch.roster else ()
    return sum(unit.line.merged and unit.standing not in _IN for unit in units)


def _missing(batch: Batch) -> Iterator[str]:
    """The organisations that should be in the sum and have sent nothing."""
    for unit in batch.roster.units if batch.roster else ():
        if unit.standing == "missing" and unit.line.merged:
            yield unit.line.organisation.name


def _exclude(batch: Batch, unmerged: UnmergedUnits) -> Iterator[Excluded]:
    for result in batch.results:
        source = source_of(result)
        by_roster = unmerged.exclude(source) if source else None
        if by_roster is not None:
            yield by_roster
        elif source is None:
            name = result.filing.organisation.name.strip() if result.filing else ""
            why = _say_why(result)
            yield Excluded(name or _NAMELESS, result.file, why, result.sha256 or "")


def _say_why(result: FileResult) -> str:
    """The status, and the worst finding in its own words."""
    if result.beside and not result.mergeable:
        return result.beside[-1].message if not result.counted else result.beside[0].message
    word = STATUS_WORDS[result.status]
    if result.status == "not_filled" or not result.leading:
        return word
    rest = f"另有 {len(result.leading) - 1} 处。" if len(result.leading) > 1 else ""
    return f"{word}——{result.leading[0].message}{rest}"


def _merge_levels(
    lines: Sequence[RosterLine],
    accepted: Iterable[Source],
    organisation: Organisation,
    unstated: Unstated,
) -> Merge:
    """From the lowest level up; what each parent sent is compared with what is beneath it."""
    rooted = tuple(_root(lines, organisation))
    tree = merge_tree(rooted, accepted, unstated=unstated)
    branches = {normalise(branch.organisation.name): branch for branch in tree.branches}
    top = branches.get(normalise(organisation.name))
    if top is None or top.computed is None:
        raise MergeError("没有可以汇总的填报。")
    sources = tuple(_leaves(top, branches))
    totals = RunningTotals()
    for source in sources:
        totals.add(source.filing)
    remarks = tuple(_compare(tree, rooted, top))
    return Merge(totals.merged(organisation), sources, len(sources), top.missing, remarks=remarks)


def _root(lines: Sequence[RosterLine], organisation: Organisation) -> Iterator[RosterLine]:
    """The roster with the merging organisation on top.

    A parent that has no line of its own is a group: nothing is expected of it but what its
    children send.
    """
    top = normalise(organisation.name)
    known = {normalise(line.organisation.name) for line in lines}
    groups: dict[str, str] = {top: organisation.name}
    groups |= {normalise(line.parent): line.parent for line in lines if line.parent}
    for key, name in groups.items():
        if key not in known:
            parent = "" if key == top else organisation.name
            yield RosterLine(0, Organisation(name), "consolidated", parent)
    for line in lines:
        is_top = normalise(line.organisation.name) == top
        yield line if line.parent or is_top else replace(line, parent=organisation.name)


def _leaves(branch: Branch, branches: dict[str, Branch]) -> Iterator[Source]:
    """The files that a sum is made of, those beneath sums of ours in their place."""
    for part in branch.parts:
        below = branches.get(normalise(part.filing.organisation.name))
        if part.sha256 or below is None or below is branch:
            yield part
        else:
            yield from _leaves(below, branches)


def _compare(tree: Tree, rooted: Iterable[RosterLine], top: Branch) -> Iterator[str]:
    groups = [line.organisation.name for line in rooted if not line.line]
    added = [name for name in groups if normalise(name) != normalise(top.organisation.name)]
    if added:
        yield f"名册中没有这些上级单位，按分组汇总：{'、'.join(added)}。"
    for branch in tree.branches:
        comparison = compare_branch(branch)
        if comparison is not None:
            yield from say_comparison(comparison)
