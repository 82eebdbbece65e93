"""Decides every rule of a form for one filing: the states that 校验, checker and add-in share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from xlsx_tools.forms.model import decide
from xlsx_tools.period import wrong_periods
from xlsx_tools.year_on_year import find_jumps, open_pairs, pairs_of, share_copied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import State
    from xlsx_tools.forms import Instance
    from xlsx_tools.forms.model import Requirement, Side
    from xlsx_tools.values import Value

FileStatus = Literal["passed", "passed_with_reasons", "failed", "not_filled", "unreadable"]


class Decision(NamedTuple):
    """One rule instance decided: `left` and `right` are None when undecided.

    `state` is None when the rule does not apply: another scope, or no figures of last year.
    """

    instance: Instance
    state: State | None
    left: Value | None = None
    right: Value | None = None

    @property
    def difference(self) -> Value | None:
        """Left less right, or None when undecided."""
        return None if self.left is None or self.right is None else self.left - self.right


class Judgement(NamedTuple):
    """All decisions on one filing, and the status that follows."""

    decisions: tuple[Decision, ...]
    status: FileStatus

    @property
    def by_id(self) -> Mapping[str, Decision]:
        """Each decision by the id of its rule instance."""
        return {decision.instance.id: decision for decision in self.decisions}


def judge_filing(filing: Filing) -> Judgement:
    """Decide every rule instance of the filing's form; never raises for what is in a filing."""
    decisions = tuple(_judge_safely(instance, filing) for instance in filing.form.instances)
    return Judgement(decisions, _status(filing, decisions))


def _judge_safely(instance: Instance, filing: Filing) -> Decision:
    if filing.scope not in instance.rule.scopes:
        return Decision(instance, None)
    try:
        if instance.requirement is None:
            return Decision(instance, CHECKS[instance.rule.check](instance, filing))
        return _decide(instance, instance.requirement, filing)
    except Exception:  # noqa: BLE001 - a crashed rule is a state of its own, never a pass
        return Decision(instance, "crashed")


def _decide(instance: Instance, need: Requirement, filing: Filing) -> Decision:
    if any(index not in filing.last_year for index in instance.last_year):
        return Decision(instance, None)
    condition = instance.condition
    if condition is not None:
        if not _decidable(condition, filing):
            return Decision(instance, "undecided")
        left, right = _sum(condition.left, filing), _sum(condition.right, filing)
        if not decide(condition, left, right):
            return Decision(instance, "held")
    if not _decidable(need, filing):
        return Decision(instance, "undecided")
    left, right = _sum(need.left, filing), _sum(need.right, filing)
    if instance.rule.defines:
        left = filing.stated.get(need.left.terms[0].index, left)
    return Decision(instance, "held" if decide(need, left, right) else "broken", left, right)


def _decidable(need: Requirement, filing: Filing) -> bool:
    values, doubtful = filing.values, filing.parsed
    return all(values[leaf] is not None and leaf not in doubtful for leaf in need.leaves)


def _sum(side: Side, filing: Filing) -> Value:
    total: Value = side.constant if side.constant % 1 else int(side.constant)
    for term in side.terms:
        value = filing.last_year[term.index] if term.last_year else filing.values[term.index]
        if value is not None:
            total += value if term.factor == 1 else value * _whole(term.factor)
    return total


def _whole(factor: Value) -> Value:
    return int(factor) if factor % 1 == 0 else factor


def _identity(_instance: Instance, filing: Filing) -> State:
    if filing.organisation.name.strip() and filing.year is not None:
        return "held"
    return "undecided"


def _form_year(_instance: Instance, filing: Filing) -> State:
    if filing.year is None:
        return "undecided"
    return "held" if filing.form.covers(filing.year) else "broken"


def _filled(instance: Instance, filing: Filing) -> State:
    cells = filing.form.cells_of[instance.part]
    blank = (
        filing.values[cell.index] is None
        and cell.index not in filing.parsed
        and cell.index not in filing.not_applicable
        for cell in cells
        if not cell.total
    )
    return "undecided" if any(blank) else "held"


def _readable(instance: Instance, filing: Filing) -> State:
    cells = filing.form.cells_of[instance.part]
    return "broken" if any(cell.index in filing.parsed for cell in cells) else "held"


def _not_applicable(instance: Instance, filing: Filing) -> State:
    cells = filing.form.cells_of[instance.part]
    return "broken" if any(cell.index in filing.not_applicable for cell in cells) else "held"


def _narrative(instance: Instance, filing: Filing) -> State:
    return "held" if (filing.narrative.get(instance.part) or "").strip() else "undecided"


def _figures(filing: Filing) -> Sequence[Value | None]:
    """The typed figures of 表二、表三、表四; None where blank or not a plain number."""
    return [
        None if cell.index in filing.parsed else filing.values[cell.index]
        for cell in filing.form.inputs
        if not filing.form.tables[cell.table].flat
    ]


def _nil_undeclared(_instance: Instance, filing: Filing) -> State:
    all_zero = all(figure == 0 for figure in _figures(filing))
    return "broken" if all_zero and not filing.nil_return else "held"


def _nil_contradicted(_instance: Instance, filing: Filing) -> State:
    return "broken" if filing.nil_return and any(_figures(filing)) else "held"


def _seen_while_reading(instance: Instance, filing: Filing) -> State:
    check = instance.rule.check
    return "broken" if any(trouble.check == check for trouble in filing.troubles) else "held"


def _jump(instance: Instance, filing: Filing) -> State | None:
    """Does not apply unless some figure of last year is known."""
    if find_jumps(instance, filing):
        return "broken"
    if any(True for _ in open_pairs(instance, filing)):
        return "undecided"
    return "held" if any(True for _ in pairs_of(instance, filing)) else None


def _similar(instance: Instance, filing: Filing) -> State | None:
    share, limit = share_copied(instance, filing), instance.rule.threshold
    if share is None or limit is None:
        return None
    return "broken" if share > limit.share else "held"


def _period(instance: Instance, filing: Filing) -> State:
    if filing.year is None:
        return "held"
    return "broken" if any(True for _ in wrong_periods(instance.rule, filing)) else "held"


CHECKS: dict[str, Callable[[Instance, Filing], State | None]] = {
    "identity": _identity,
    "form-year": _form_year,
    "filled": _filled,
    "readable": _readable,
    "not-applicable": _not_applicable,
    "narrative": _narrative,
    "nil-undeclared": _nil_undeclared,
    "nil-contradicted": _nil_contradicted,
    "mixed-form": _seen_while_reading,
    "text-number": _seen_while_reading,
    "total-overwritten": _seen_while_reading,
    "formula-uncached": _seen_while_reading,
    "protection": _seen_while_reading,
    "identity-stamp": _seen_while_reading,
    "period": _period,
    "last-year-differs": _seen_while_reading,
    "jump": _jump,
    "similar": _similar,
}


def reason_counts(filing: Filing, instance_id: str) -> bool:
    """Whether the reason written beside a rule lets a `justify` or `verify` rule pass."""
    reason = filing.reasons.get(instance_id, "").strip(" ")
    answers = filing.form.answers
    confirmations = answers["confirmations"]
    minimum = answers["reason_length"]
    confirmed = isinstance(confirmations, list) and reason in confirmations
    return confirmed or (isinstance(minimum, int) and len(reason) >= minimum)


def _status(filing: Filing, decisions: tuple[Decision, ...]) -> FileStatus:
    if not is_touched(filing):
        return "not_filled"
    reasons = False
    for decision in decisions:
        severity, state = decision.instance.rule.severity, decision.state
        if state in (None, "held") or severity == "hint":
            continue
        if state == "crashed" or severity == "mandatory":
            return "failed"
        if state == "broken":
            if not reason_counts(filing, decision.instance.id):
                return "failed"
            reasons = True
    return "passed_with_reasons" if reasons else "passed"


def is_touched(filing: Filing) -> bool:
    """Whether anybody typed anything; figures carried over from last year do not count."""
    return (
        bool(filing.parsed)
        or bool(filing.not_applicable)
        or bool(filing.declared_zero)
        or filing.nil_return
        or any((text or "").strip() for text in filing.narrative.values())
        or any(
            filing.values[cell.index] is not None
            for cell in filing.form.inputs
            if cell.index not in filing.prefilled
        )
    )
