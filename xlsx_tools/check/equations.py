"""Broken sums and what explains them: the fewest wrong figures that repair every equation.

Every sum of a table is an equation over the typed figures, and over the totals that somebody
wrote by hand. A wrong figure breaks exactly the equations it stands in, each by the same
amount; so figures are peeled off one by one, those that explain most equations first. What
the total row or column shows besides is a consequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.check.places import name_cell
from xlsx_tools.check.wording import show_signed
from xlsx_tools.values import parse_decimal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.forms.model import Side
    from xlsx_tools.judge import Decision, Judgement
    from xlsx_tools.values import Value

_SEVERITIES = ("mandatory", "justify", "verify", "hint")


class Explained(NamedTuple):
    """`parents`: id of a broken sum → id of the one it follows from; `hints`: words for leads."""

    parents: Mapping[str, str]
    hints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Equation:
    """A decided sum: by how much it is out, and how much a figure one larger moves it.

    `of_totals`: it stands in the total row or column, so it follows from the others.
    """

    decision: Decision
    effects: Mapping[int, int]
    of_totals: bool

    @property
    def id(self) -> str:
        return self.decision.instance.id

    @property
    def difference(self) -> Value:
        return self.decision.difference or 0


@dataclass(slots=True)
class _Group:
    """Equations that one wrong figure explains; it is `excess` too large."""

    own: tuple[_Equation, ...]
    follows: list[_Equation] = field(default_factory=list)
    suspects: tuple[tuple[int, Value], ...] = ()

    @property
    def lead(self) -> _Equation:
        ranked = (*self.own, *self.follows)
        return min(ranked, key=lambda e: _SEVERITIES.index(e.decision.instance.rule.severity))


def explain_broken_sums(filing: Filing, judgement: Judgement) -> Explained:
    """Fold broken sums under those they follow from, table by table."""
    parents: dict[str, str] = {}
    hints: dict[str, str] = {}
    broken = [decision for decision in judgement.decisions if decision.state == "broken"]
    for table in {decision.instance.rule.table for decision in broken} - {""}:
        every = (_equation(filing, table, decision) for decision in judgement.decisions)
        groups = _group(filing, [equation for equation in every if equation is not None])
        _join_opposites(groups, hints)
        for group in groups:
            lead = group.lead
            members = (*group.own, *group.follows)
            parents |= {member.id: lead.id for member in members if member is not lead}
            _name_suspect(filing, group, hints)
    return Explained(parents, hints)


def _first(equation: _Equation) -> int:
    need = equation.decision.instance.requirement
    return need.left.terms[0].index if need else 0


def _equation(filing: Filing, table: str, decision: Decision) -> _Equation | None:
    instance, form = decision.instance, filing.form
    need = instance.requirement
    if instance.rule.table != table or need is None or decision.difference is None:
        return None
    if need.comparison != "==" or any(
        term.factor % 1 for term in (*need.left.terms, *need.right.terms)
    ):
        return None
    effects: dict[int, int] = {}
    defined = need.left.terms[0].index
    if not instance.rule.defines:
        _add(effects, form, need.left, 1)
        _add(effects, form, need.right, -1)
    elif defined in filing.stated:
        effects[defined] = 1
        _add(effects, form, need.right, -1)
    of_totals = bool(instance.rule.for_each) and all(
        form.cells[index].total for index in _line_of(form, defined, instance.rule.for_each)
    )
    return _Equation(decision, {i: e for i, e in effects.items() if e}, of_totals)


def _line_of(form: Form, index: int, piece: str) -> list[int]:
    """The cells of the row or column a cell stands in."""
    here = form.cells[index]
    return [
        cell.index
        for cell in form.cells_of[here.table]
        if (cell.row == here.row if piece == "row" else cell.column == here.column)
    ]


def _add(effects: dict[int, int], form: Form, side: Side, sign: int) -> None:
    for term in side.terms:
        if not term.last_year:
            for leaf in form.leaves.get(term.index, (term.index,)):
                effects[leaf] = effects.get(leaf, 0) + sign * int(term.factor)


def _group(filing: Filing, equations: list[_Equation]) -> list[_Group]:
    """Peel off wrong figures until no equation of a single line is out."""
    out: dict[str, Value] = {equation.id: equation.difference for equation in equations}
    figures: dict[int, list[_Equation]] = {}
    for equation in equations:
        for index in equation.effects:
            figures.setdefault(index, []).append(equation)
    ranked = sorted(figures, key=lambda i: -sum(not e.of_totals for e in figures[i]))
    groups: list[_Group] = []
    for index in ranked:
        excess = _excess(figures[index], index, out)
        if excess:
            own = tuple(e for e in figures[index] if not e.of_totals)
            suspects = tuple(_suspects(filing, figures, own, out))
            groups.append(_Group(own, suspects=suspects))
            for equation in figures[index]:
                out[equation.id] -= equation.effects[index] * excess
    _follow(groups, equations, out)
    return groups


def _excess(equations: list[_Equation], index: int, out: Mapping[str, Value]) -> Value:
    """By how much a figure is too large if it alone explains its equations; 0 if it does not."""
    own = [equation for equation in equations if not equation.of_totals]
    amounts = {out[equation.id] * equation.effects[index] for equation in own}
    if len(amounts) != 1 or any(abs(e.effects[index]) != 1 for e in own):
        return 0
    return amounts.pop()


def _suspects(
    filing: Filing,
    figures: Mapping[int, list[_Equation]],
    own: tuple[_Equation, ...],
    out: Mapping[str, Value],
) -> Iterator[tuple[int, Value]]:
    """Every figure whose change repairs exactly these equations, with what it should be."""
    wanted = {equation.id for equation in own}
    for index, equations in figures.items():
        if {equation.id for equation in equations if not equation.of_totals} != wanted:
            continue
        excess = _excess(equations, index, out)
        value = filing.stated.get(index, filing.values[index])
        if excess and value is not None:
            corrected, cell = value - excess, filing.form.cells[index]
            possible = parse_decimal(Decimal(corrected), cell).status == "value"
            if possible and index not in filing.prefilled:
                yield index, corrected


def _follow(groups: list[_Group], equations: Iterable[_Equation], out: Mapping[str, Value]) -> None:
    """Put the equations of total lines, and what is left, where they belong."""
    left: dict[int, list[_Equation]] = {}
    for equation in equations:
        if equation.of_totals and equation.difference:
            left.setdefault(_first(equation), []).append(equation)
        elif out[equation.id] and not equation.of_totals:
            groups.append(_Group((equation,)))
    for together in left.values():
        home = _home(groups, together, out)
        if home is None:
            groups.append(_Group(tuple(together)))
        else:
            home.follows += together


def _home(
    groups: list[_Group], together: list[_Equation], out: Mapping[str, Value]
) -> _Group | None:
    """The first group that equations over one total follow from."""
    for equation in together:
        rule = equation.decision.instance.rule
        alike = [e for group in groups for e in group.own if e.decision.instance.rule is rule]
        explained = not out[equation.id]
        if explained or sum(e.difference for e in alike) == equation.difference:
            touched = (
                group
                for group in groups
                if any(e in alike or e.effects.keys() & equation.effects.keys() for e in group.own)
            )
            return next(touched, None)
    return None


def _join_opposites(groups: list[_Group], hints: dict[str, str]) -> None:
    """Two lines out by opposite amounts: a case counted under the wrong one."""
    if len(groups) != 2:  # noqa: PLR2004
        return
    one, other = groups
    rules = [[e.decision.instance.rule.id for e in group.own] for group in groups]
    opposite = all(a.difference == -b.difference for a, b in zip(one.own, other.own, strict=False))
    if rules[0] != rules[1] or not opposite:
        return
    size = one.lead.difference
    amount = show_signed(-size if size < 0 else size)
    title = other.lead.decision.instance.title.partition("——")[0]
    hints[one.lead.id] = (
        f"{title}的差额恰好相反（{show_signed(other.lead.difference)}），"
        f"可能是归类错位：有 {amount} 件计入了不该计入的一{_piece(one)}。"
    )
    one.follows += [*other.own, *other.follows]
    one.suspects = ()
    groups.remove(other)


def _piece(group: _Group) -> str:
    return "行" if group.lead.decision.instance.rule.for_each == "row" else "列"


def _name_suspect(filing: Filing, group: _Group, hints: dict[str, str]) -> None:
    """Say which figure is probably wrong, when only one can be."""
    if len(group.suspects) == 1:
        index, corrected = group.suspects[0]
        hints[group.lead.id] = (
            f"可能是 {name_cell(filing, index)}填错：改为 {show_signed(corrected)} 后，"
            "相关的各项合计全部相符。"
        )
