"""Which finding follows from which: rules that cannot be decided, and doubled news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.check.mixed_form import displaced_cells
from xlsx_tools.check.telling import blank_cells, open_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xlsx_tools.check.telling import Told
    from xlsx_tools.filing import Filing


def fold(filing: Filing, told: Iterable[Told], broken: Mapping[str, str]) -> dict[str, str]:
    """Finding id → id of the leading finding it follows from; leads are in no key."""
    causes = _Causes(filing, tuple(told))
    parents = dict(broken)
    for item in causes.told:
        parent = causes.of(item)
        if parent is not None and parent != item.finding.id:
            parents[item.finding.id] = parent
    return {child: _root(parent, parents) for child, parent in parents.items()}


def _root(finding_id: str, parents: Mapping[str, str]) -> str:
    seen = {finding_id}
    while (above := parents.get(finding_id)) is not None and above not in seen:
        finding_id = above
        seen.add(above)
    return finding_id


class _Causes:
    """Looks up the finding a consequence belongs under."""

    def __init__(self, filing: Filing, told: tuple[Told, ...]) -> None:
        self.filing = filing
        self.told = told
        self.displaced = displaced_cells(filing)
        self.by_check: dict[tuple[str, str], str] = {}
        self.by_total: dict[int, str] = {}
        self.by_last_year: dict[int, str] = {}
        for finding, decision in told:
            instance = decision.instance
            self.by_check.setdefault((instance.rule.check, instance.part), finding.id)
            if decision.state == "broken":
                self.by_last_year |= dict.fromkeys(instance.last_year, finding.id)
            if instance.rule.defines and decision.state == "broken" and instance.requirement:
                self.by_total.setdefault(instance.requirement.left.terms[0].index, finding.id)
        self.by_cell = {
            filing.form.by_path[path].index: finding.id
            for finding, decision in told
            if decision.instance.rule.check == "readable"
            and (path := finding.id.removeprefix(f"{finding.rule}.")) in filing.form.by_path
        }

    def of(self, item: Told) -> str | None:
        """The id of the finding that `item` follows from, or None."""
        decision, instance = item.decision, item.decision.instance
        if decision.state == "undecided" and (instance.requirement or instance.figures):
            found = (self.of_cell(index) for index in open_leaves(self.filing, decision))
            return next((cause for cause in self._ranked(found)), None)
        match instance.rule.check:
            case "filled":
                blanks = {cell.index for cell in blank_cells(self.filing, instance.part)}
                all_displaced = blanks <= self.displaced
                return self.by_check.get(("mixed-form", "")) if all_displaced else None
            case "form-year" if decision.state == "undecided":
                return self.by_check.get(("identity", ""))
            case "total-overwritten" as check:
                return self._of_each(check, self.by_total)
            case "last-year-differs" as check:
                return self._of_each(check, self.by_last_year)
            case _:
                return None

    def of_cell(self, index: int) -> str | None:
        """The finding that says why a typed cell has no usable figure."""
        cell = self.filing.form.cells[index]
        if index in self.displaced:
            return self.by_check.get(("mixed-form", ""))
        if index in self.filing.parsed:
            return self.by_cell.get(index)
        check = "not-applicable" if index in self.filing.not_applicable else "filled"
        return self.by_check.get((check, cell.table))

    def _ranked(self, found: Iterable[str | None]) -> list[str]:
        """Mixed forms before unreadable cells before blanks before marks."""
        causes = list(dict.fromkeys(cause for cause in found if cause is not None))
        order = {item.finding.id: _ORDER.get(_check(item), 9) for item in self.told}
        return sorted(causes, key=lambda cause: order[cause])

    def _of_each(self, check: str, known: Mapping[int, str]) -> str | None:
        """The first of the findings that speak of the same figures, if there is one for each."""
        indices = [t.index for t in self.filing.troubles if t.check == check]
        homes = [known.get(index) for index in indices if index is not None]
        return homes[0] if homes and None not in homes else None


_ORDER = {"mixed-form": 0, "readable": 1, "text-number": 2, "filled": 3, "not-applicable": 4}


def _check(item: Told) -> str:
    return item.decision.instance.rule.check
