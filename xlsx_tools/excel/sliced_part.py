"""One XML part cut into pieces that stay and holes that change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Hole(NamedTuple):
    """A stretch of a part that may be replaced; `start` and `end` count characters."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class SlicedPart:
    """The pieces in order, the original ones in the holes included.

    Attributes:
        pieces: the whole part, cut at the edges of the holes.
        positions: where in `pieces` each hole is; a placeholder may stand in several.
    """

    pieces: tuple[bytes, ...]
    positions: Mapping[str, tuple[int, ...]]

    def fill(self, changes: Mapping[str, str]) -> bytes:
        """The part with these holes filled; the others keep what they had."""
        pieces = list(self.pieces)
        for key, change in changes.items():
            for position in self.positions[key]:
                pieces[position] = change.encode()
        return b"".join(pieces)


def slice_part(name: str, xml: str, holes: Iterable[Hole]) -> SlicedPart:
    """Cut a part at its holes.

    Raises:
        ValueError: two holes overlap.
    """
    pieces: list[bytes] = []
    positions: dict[str, tuple[int, ...]] = {}
    end = 0
    for hole in sorted(holes):
        if hole.start < end:
            raise ValueError(f"{name}: {hole.key!r} lies within another slot")
        positions[hole.key] = (*positions.get(hole.key, ()), len(pieces) + 1)
        pieces += (xml[end : hole.start].encode(), xml[hole.start : hole.end].encode())
        end = hole.end
    pieces.append(xml[end:].encode())
    return SlicedPart(tuple(pieces), positions)


def find_tokens(name: str, xml: str, tokens: Iterable[str]) -> Iterator[Hole]:
    """Every place of each token, such as ``{{organisation}}``.

    Raises:
        ValueError: a token is not in the part.
    """
    for token in tokens:
        start = xml.find(token)
        if not token or start < 0:
            raise ValueError(f"{name} has no placeholder {token!r}")
        while start >= 0:
            yield Hole(start, start + len(token), token)
            start = xml.find(token, start + len(token))
