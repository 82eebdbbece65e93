"""The roster as a tree: who is above whom, and whose filings are at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlsx_tools.errors import MergeError
from xlsx_tools.merge.refusals import members_of
from xlsx_tools.roster import check_parents, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.filing import Filing, Organisation
    from xlsx_tools.forms.model import Scope
    from xlsx_tools.merge.source import Source
    from xlsx_tools.roster import RosterLine


@dataclass(slots=True)
class Node:
    """One organisation of the roster, with what it sent; `children` are those it is above.

    `scopes` are those the roster asks it to send and that count; a node without any is left
    out of every sum.
    """

    organisation: Organisation
    parent: str = ""
    scopes: set[Scope] = field(default_factory=set)
    children: list[Node] = field(default_factory=list)
    sources: dict[Scope, Source] = field(default_factory=dict)


class RosterTree:
    """The nodes of a roster, parents and children linked.

    Raises:
        RosterError: the parents make no tree.
    """

    def __init__(self, lines: Iterable[RosterLine]) -> None:
        lines = tuple(lines)
        check_parents(lines)
        self._by_name: dict[str, Node] = {}
        self._by_code: dict[tuple[str, Scope], Node] = {}
        self._unmerged: set[tuple[str, Scope]] = set()
        for line in lines:
            self._add(line)
        for node in self._by_name.values():
            if node.parent and node.scopes:
                self._by_name[node.parent].children.append(node)

    def _add(self, line: RosterLine) -> None:
        key = normalise(line.organisation.name)
        node = self._by_name.setdefault(key, Node(line.organisation))
        node.parent = node.parent or normalise(line.parent)
        if line.organisation.code:
            self._by_code[line.organisation.code, line.scope] = node
        if line.merged:
            node.scopes.add(line.scope)
        else:
            self._unmerged.add((key, line.scope))

    def place(self, source: Source) -> bool:
        """Put a source at its organisation, found by code or exactly the same name.

        False if it is nobody's on the roster, or the roster leaves it out of the sums.

        Raises:
            MergeError: the organisation has one of that scope already.
        """
        filing = source.filing
        node = self._node_of(filing)
        if node is None:
            return False
        key = normalise(node.organisation.name)
        if not node.scopes or (key, filing.scope) in self._unmerged:
            return False
        if other := node.sources.get(filing.scope):
            raise MergeError(
                f"“{node.organisation.name}”有两份同一口径的填报，请只保留一份："
                f"{other.file}、{source.file}。"
            )
        node.sources[filing.scope] = source
        return True

    def _node_of(self, filing: Filing) -> Node | None:
        theirs = filing.organisation
        if theirs.code and (node := self._by_code.get((theirs.code, filing.scope))):
            return node
        node = self._by_name.get(normalise(theirs.name))
        if node is None or (node.organisation.code and theirs.code):
            return node if node and theirs.code == node.organisation.code else None
        return node

    def parents(self) -> Iterator[Node]:
        """Every node with children, those below before those above; roots in roster order."""
        for node in self._by_name.values():
            if not node.parent or not node.scopes:
                yield from _from_below(node)


def _from_below(root: Node) -> Iterator[Node]:
    """Without recursion, for a tree as deep as anybody writes."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if node.children:
            found.append(node)
            waiting += node.children
    yield from reversed(found)


def keys_of(filing: Filing) -> dict[str, str]:
    """The organisations counted in a filing, by what names are compared by."""
    return {normalise(name): name for name in members_of(filing)}
