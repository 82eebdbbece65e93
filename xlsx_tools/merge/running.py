"""Adds up filings as they pass: nothing is kept but sums and a small record of each."""

from __future__ import annotations

from operator import add, itemgetter
from typing import TYPE_CHECKING

from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.merge.refusals import Member, refuse_mixture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsx_tools.filing import Organisation
    from xlsx_tools.forms import Form
    from xlsx_tools.values import Value


class RunningTotals:
    """The sums of the filings added so far; neither their order nor their grouping changes them.

    A figure that is blank, or no plain number, in one filing is blank in the sum; a figure
    that is 不适用 in one adds nothing, and is 不适用 in the sum when it is so in all.
    """

    def __init__(self) -> None:
        self._sums = _Sums()
        self._members: list[Member] = []
        self._all_nil = True

    @property
    def members(self) -> Sequence[Member]:
        """What was added, in that order."""
        return self._members

    def add(self, filing: Filing) -> None:
        """Count the figures of one filing; whether it may be counted is decided at the end."""
        self._members.append(Member.of(filing))
        self._all_nil = self._all_nil and filing.nil_return
        self._sums.add(filing)

    def refuse(self) -> None:
        """See whether what was added may stand in one sum.

        Raises:
            MergeError: as `merge_filings`.
        """
        refuse_mixture(self._members)
        if self._sums.count != len(self._members):
            raise MergeError("表式不一致，不能汇总在一起。")

    def merged(self, organisation: Organisation) -> Filing:
        """The consolidated filing of everything added so far.

        Raises:
            MergeError: as `merge_filings`.
        """
        form = self._sums.form
        if form is None:
            raise MergeError("没有可以汇总的填报。")
        self.refuse()
        typed, not_applicable = self._sums.figures()
        return Filing(
            form=form,
            year=self._members[0].year,
            organisation=organisation,
            scope="consolidated",
            values=compute_values(form, typed, ()),
            narrative=dict.fromkeys(section.id for section in form.texts),
            nil_return=self._all_nil,
            not_applicable=not_applicable,
            includes=tuple(sorted({name for member in self._members for name in member.names})),
        )


class _Sums:
    """By typed figure: the sum, whether one filing left it blank, and who says 不适用."""

    def __init__(self) -> None:
        self.form: Form | None = None
        self._indices: tuple[int, ...] = ()
        self._typed: Callable[[Sequence[Value | None]], tuple[Value | None, ...]] | None = None
        self._sums: list[Value] = []
        self._blank: set[int] = set()
        self._skipped: dict[int, int] = {}
        self.count = 0

    def add(self, filing: Filing) -> None:
        if self._typed is None or self.form is None:
            self.form = filing.form
            self._indices = tuple(cell.index for cell in filing.form.inputs)
            self._typed, self._sums = itemgetter(*self._indices), [0] * len(self._indices)
        if filing.form.id != self.form.id:
            return  # a mixture, which will be refused
        self.count += 1
        typed = self._typed(filing.values)
        if None in typed or filing.parsed or filing.not_applicable:
            typed = tuple(self._figures_of(filing))
        self._sums = list(map(add, self._sums, typed))

    def _figures_of(self, filing: Filing) -> list[Value]:
        """The figures to be added; blanks and 不适用 add 0 here and are remembered."""
        figures: list[Value] = []
        for index in self._indices:
            value = filing.values[index]
            if index in filing.not_applicable:
                self._skipped[index] = self._skipped.get(index, 0) + 1
                value = 0
            elif value is None or index in filing.parsed:
                self._blank.add(index)
                value = 0
            figures.append(value)
        return figures

    def figures(self) -> tuple[dict[int, Value | None], frozenset[int]]:
        skipped = {index for index, times in self._skipped.items() if times == self.count}
        typed = {
            index: None if index in self._blank else value
            for index, value in zip(self._indices, self._sums, strict=True)
            if index not in skipped
        }
        return typed, frozenset(skipped)
