"""Filing: the values of one organisation for one year, totals added up by us."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from xlsx_tools.forms import Form
    from xlsx_tools.forms.model import Scope
    from xlsx_tools.values import Parsed, Value


class Organisation(NamedTuple):
    """The unit that files; `code` is its 统一社会信用代码 when known."""

    name: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something seen while reading: the check (a rule's `check`), the cell, and why."""

    check: str
    index: int | None
    why: str
    place: str = ""
    found: str = ""
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class LastYear:
    """What is needed of an organisation's filing of the year before, whatever its form.

    `figures` are by path, without those not known; `reasons`, by rule instance, are those that
    let a rule pass; `file` and `sha256` say which file it was.
    """

    organisation: Organisation
    scope: Scope
    year: int | None
    form_id: str
    figures: Mapping[str, Value]
    narrative: Mapping[str, str]
    reasons: Mapping[str, str]
    file: str = ""
    sha256: str | None = None


@dataclass(frozen=True)
class Filing:
    """What was filled in.

    `values` runs parallel to ``form.cells``: None is blank, never 0; a total is the sum of
    what is filled beneath it, and blank when nothing is. Two filings are equal when they say
    the same; how they were read (troubles, reasons, last year's figures) does not count.

    `last_year` are the figures of last year the workbook carries, `before` the coordinator's
    copy of last year's filing. `waived` says by rule instance what the filler wrote where the
    reason in `reasons` is a coordinator's waiver; `remarks` are added to a finding's message.
    """

    form: Form
    year: int | None
    organisation: Organisation
    scope: Scope
    values: tuple[Value | None, ...]
    narrative: Mapping[str, str | None]
    declared_zero: frozenset[str] = frozenset()
    nil_return: bool = False
    not_applicable: frozenset[int] = frozenset()
    includes: tuple[str, ...] = ()
    stated: Mapping[int, Value] = field(default_factory=dict, compare=False)
    parsed: Mapping[int, Parsed] = field(default_factory=dict, compare=False)
    troubles: tuple[Trouble, ...] = field(default=(), compare=False)
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)
    last_year: Mapping[int, Value] = field(default_factory=dict, compare=False)
    prefilled: frozenset[int] = field(default=frozenset(), compare=False)
    before: LastYear | None = field(default=None, compare=False)
    waived: Mapping[str, str] = field(default_factory=dict, compare=False)
    remarks: Mapping[str, str] = field(default_factory=dict, compare=False)
    contact: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Who filled it in, by the key of ``CONTACT_KEYS``; goes back into the workbook only."""

    @property
    def doubtful(self) -> Collection[int]:
        """Typed cells whose content is not a plain number: unreadable or text."""
        return self.parsed.keys()

    def known(self, index: int) -> Value | None:
        """The figure where everything typed for it is a plain number, or else None.

        A total over a blank is no known figure, though `values` has the sum of the rest.
        """
        return None if next(self.open_leaves(index), None) is not None else self.values[index]

    def open_leaves(self, index: int) -> Iterator[int]:
        """The typed cells beneath a figure with no plain number in them."""
        for leaf in self.form.leaves.get(index, (index,)):
            if self.values[leaf] is None or leaf in self.parsed:
                yield leaf


def compute_values(
    form: Form, typed: Mapping[int, Value | None], declared_zero: Collection[str]
) -> tuple[Value | None, ...]:
    """Typed figures → all figures: declared blanks become 0, totals are added up."""
    values: list[Value | None] = [None] * len(form.cells)
    for cell in form.inputs:
        value = typed.get(cell.index)
        values[cell.index] = 0 if value is None and cell.table in declared_zero else value
    for total, parts in form.definitions:
        known = [value for part in parts if (value := values[part]) is not None]
        values[total] = sum(known) if known else None
    return tuple(values)
