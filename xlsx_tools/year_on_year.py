"""This year beside last year: figures that jumped, and prose that was copied."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Instance
    from xlsx_tools.values import Value

RUN = 5
"""Texts are compared by their runs of so many letters."""


class Pair(NamedTuple):
    """A figure of last year and the same figure of this year."""

    figure: int
    before: Value
    now: Value


def pairs_of(instance: Instance, filing: Filing) -> Iterator[Pair]:
    """The figures of a rule that are known for both years."""
    for index, before in _known_before(instance, filing):
        now = filing.known(index)
        if now is not None:
            yield Pair(index, before, now)


def open_pairs(instance: Instance, filing: Filing) -> Iterator[int]:
    """The typed cells for want of which a figure known last year cannot be compared."""
    for index, _ in _known_before(instance, filing):
        yield from filing.open_leaves(index)


def _known_before(instance: Instance, filing: Filing) -> Iterator[tuple[int, Value]]:
    known = filing.before.figures if filing.before else {}
    for index in instance.figures:
        before = known.get(filing.form.cells[index].path)
        if before is not None:
            yield index, before


def find_jumps(instance: Instance, filing: Filing) -> tuple[Pair, ...]:
    """The figures that are beyond the rule's threshold, in the order of the rule."""
    limit = instance.rule.threshold
    if limit is None:
        return ()
    return tuple(p for p in pairs_of(instance, filing) if limit.parts(p.before, p.now))


def share_copied(instance: Instance, filing: Filing) -> Decimal | None:
    """Which share of a section's prose stood there last year; None where either is too short."""
    before = filing.before.narrative.get(instance.part) if filing.before else None
    now, limit = filing.narrative.get(instance.part), instance.rule.threshold
    if not before or not now or limit is None:
        return None
    return _compare(before, now, limit.floor)


@lru_cache(maxsize=8)
def _compare(before: str, now: str, least: Decimal) -> Decimal | None:
    """Kept, because the rule is decided first and told of later."""
    old, new = letters_of(before), letters_of(now)
    return share_of_old(old, new) if min(len(old), len(new)) >= least else None


def letters_of(text: str) -> str:
    """A text without what does not make it another one: blanks, punctuation and digits."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text)))


def share_of_old(before: str, now: str) -> Decimal:
    """Which share of the runs of `now` also stands in `before`, each run counted once.

    0 for a text shorter than a run. The work grows with the length of the texts.
    """
    old, new = _runs(before), _runs(now)
    return Decimal(len(new & old)) / len(new) if new else Decimal(0)


def _runs(text: str) -> set[str]:
    return {text[start : start + RUN] for start in range(len(text) - RUN + 1)}
