"""Parents and children: a government's figures are its own office's and all its units'.

A parent's sum is made from below and compared with the consolidated filing it sent, if any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xlsx_tools.errors import MergeError
from xlsx_tools.merge.refusals import list_names
from xlsx_tools.merge.running import RunningTotals
from xlsx_tools.merge.source import Source
from xlsx_tools.merge.tree import Node, RosterTree, keys_of
from xlsx_tools.roster import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.filing import Filing, Organisation
    from xlsx_tools.roster import RosterLine

Unstated = Literal["refuse", "parts", "whole"]
"""What to do where a parent's filing does not say that it contains a child that also sent one."""
_FROM_BELOW = "（由本机关和下级填报相加）"


@dataclass(frozen=True, slots=True)
class Branch:
    """One parent of the roster.

    Attributes:
        parts: what counts beneath it: its own filing, and of each child the one that stands
            for it. A child whose sum was made by us has a source without a hash.
        submitted: the consolidated filing it sent, or None.
        computed: the sum of `parts`, or None without any.
        chosen: what stands for the parent further up: `submitted` where that says whom it
            contains, else `computed`; None if nothing was sent at all.
        missing: whose filings are not in `computed`, however deep, by name.
        partial: those of them that are not in `chosen` either.
        unlisted: the organisations of `parts` that `submitted`, which lists some, does not list.
        unknown: those it lists that are neither in `parts` nor `missing`.
    """

    organisation: Organisation
    parts: tuple[Source, ...]
    submitted: Source | None
    computed: Filing | None
    chosen: Source | None
    missing: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """Every parent, those below before those above, and the files of nobody who counts."""

    branches: tuple[Branch, ...]
    strangers: tuple[Source, ...] = ()


def merge_tree(
    lines: Iterable[RosterLine], sources: Iterable[Source], *, unstated: Unstated = "refuse"
) -> Tree:
    """The consolidated filing of every parent on the roster, from the lowest upwards.

    What the roster leaves out of the sums is left out with all beneath it. A consolidated
    filing stands for its children only if it says that it contains them (`includes`), or no
    filing from beneath is at hand; `unstated` says what to do otherwise: ``refuse``, add up
    the ``parts``, or take the ``whole``. To compare only, take ``parts``.

    Raises:
        RosterError: the parents make no tree.
        MergeError: as `merge_filings`, two filings of one organisation and scope, or a filing
            that may be counted twice.
    """
    tree = RosterTree(lines)
    strangers = tuple(source for source in sources if not tree.place(source))
    branches: dict[str, Branch] = {}
    for node in tree.parents():
        branches[normalise(node.organisation.name)] = _merge_node(node, branches, unstated)
    return Tree(tuple(branches.values()), strangers)


def _merge_node(node: Node, branches: dict[str, Branch], unstated: Unstated) -> Branch:
    parts, missing = [], []
    if own := node.sources.get("own"):
        parts.append(own)
    elif "own" in node.scopes:
        missing.append(node.organisation.name)
    for child in node.children:
        branch = branches.get(normalise(child.organisation.name))
        source = branch.chosen if branch else _leaf(child)
        if branch:
            missing += branch.partial if source else (child.organisation.name, *branch.missing)
        elif source is None:
            missing.append(child.organisation.name)
        if source:
            parts.append(source)
    missing = list(dict.fromkeys(missing))
    computed = _add_up(parts, node.organisation)
    submitted = node.sources.get("consolidated")
    known = {key: name for part in parts for key, name in keys_of(part.filing).items()}
    listed = keys_of(submitted.filing) if submitted and submitted.filing.includes else {}
    chosen = _choose(node, computed, known, unstated)
    partial = missing
    if submitted and chosen is submitted:
        partial = [name for name in missing if listed and normalise(name) not in listed]
    absent = set(map(normalise, missing))
    return Branch(
        node.organisation,
        tuple(parts),
        submitted,
        computed,
        chosen,
        tuple(missing),
        tuple(partial),
        tuple(name for key, name in known.items() if listed and key not in listed),
        tuple(name for key, name in listed.items() if key not in known and key not in absent),
    )


def _leaf(node: Node) -> Source | None:
    """What stands for an organisation with nobody beneath it."""
    own, whole = node.sources.get("own"), node.sources.get("consolidated")
    if own and whole and normalise(own.filing.organisation.name) not in keys_of(whole.filing):
        raise MergeError(
            f"“{node.organisation.name}”既报送了本机关数，又报送了汇总数，而汇总没有写明包含本机关，"
            f"无法确定是否重复：{own.file}、{whole.file}。"
        )
    return whole or own


def _add_up(parts: Iterable[Source], organisation: Organisation) -> Filing | None:
    totals = RunningTotals()
    for part in parts:
        totals.add(part.filing)
    return totals.merged(organisation) if totals.members else None


def _choose(
    node: Node, computed: Filing | None, known: dict[str, str], unstated: Unstated
) -> Source | None:
    submitted = node.sources.get("consolidated")
    if computed is None:
        return submitted
    made = Source(_FROM_BELOW, "", computed)
    if submitted is None:
        return made
    unsaid = [name for key, name in known.items() if key not in keys_of(submitted.filing)]
    if not unsaid or unstated == "whole":
        return submitted
    if unstated == "parts":
        return made
    raise MergeError(
        f"“{node.organisation.name}”的汇总（{submitted.file}）没有写明包含{list_names(unsaid)}，"
        "而这些单位另有填报，无法确定是否重复。请核对后只保留一方，或者指定以哪一方为准。"
    )
