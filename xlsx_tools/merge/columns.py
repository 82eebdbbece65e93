"""Figure by figure over all units: what is known, who is blank, who gives the most."""

from __future__ import annotations

from operator import add
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.values import Value

_NAMED = 3


class Columns:
    """Running facts about each figure of a form, parallel to ``form.cells``."""

    def __init__(self, form: Form) -> None:
        size = len(form.cells)
        self.form = form
        self.units = 0
        self.sums: list[Value] = [0] * size
        self.largest: list[Value] = [0] * size
        self.largest_unit: list[str] = [""] * size
        self._lacking = [0] * size
        self._blank = [0] * size
        self._blank_units: list[list[str]] = [[] for _ in range(size)]

    def add(self, filing: Filing) -> tuple[Value | None, ...]:
        """Count one filing; gives its figures as they count: None where one is no plain number."""
        self.units += 1
        known = filing.values
        if filing.parsed:
            known = tuple(
                None if index in filing.parsed else value for index, value in enumerate(known)
            )
        name = filing.organisation.name
        figures = self._note_blanks(filing, known, name) if None in known else list(known)
        self.sums = list(map(add, self.sums, figures))
        for index, value in enumerate(figures):
            if value is not None and value > self.largest[index]:
                self.largest[index], self.largest_unit[index] = value, name
        return known

    def _note_blanks(
        self, filing: Filing, known: tuple[Value | None, ...], name: str
    ) -> list[Value]:
        for index, value in enumerate(known):
            if value is None:
                self._lacking[index] += 1
                if index not in filing.not_applicable and not self.form.cells[index].total:
                    self._blank[index] += 1
                    if len(self._blank_units[index]) < _NAMED:
                        self._blank_units[index].append(name)
        return [0 if value is None else value for value in known]

    def count(self, index: int) -> int:
        """How many units have a number there."""
        return self.units - self._lacking[index]

    def whole(self, index: int) -> bool:
        """Whether no unit left this figure, or one beneath this total, blank."""
        parts = dict(self.form.definitions).get(index)
        return not self._blank[index] and all(map(self.whole, parts or ()))

    def say_blanks(self, index: int) -> str:
        """Who left it blank, in words; empty if nobody did."""
        count, named = self._blank[index], "、".join(self._blank_units[index])
        if not count:
            return "" if self.whole(index) else "有组成项未填，合计不完整"
        rest = f"等 {count} 个单位" if count > _NAMED else ""
        return f"{named}{rest}未填，汇总数留空"
