"""How figures, sums and lists of cells read in a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.values import show

if TYPE_CHECKING:
    from xlsx_tools.filing import Filing
    from xlsx_tools.forms.model import Requirement, Side, Term
    from xlsx_tools.judge import Decision
    from xlsx_tools.values import Value

_MINUS = "−"
_FAILS = {"==": "≠", "<=": ">", ">=": "<"}
_SHORT_SUM = 4


def show_signed(value: Value | None) -> str:
    """A figure with a real minus sign."""
    return show(value).replace("-", _MINUS)


def write_sums(need: Requirement, decision: Decision, filing: Filing) -> str:
    """Both sides written out with the difference: ``60 + 0 ≠ 61 + 0，差 −1``.

    A long side names only what is not zero.
    """
    stated = decision.left if decision.instance.rule.defines else None
    left = show_signed(stated) if stated is not None else _write_side(need.left, filing)
    right = _write_side(need.right, filing)
    return f"{left} {_FAILS[need.comparison]} {right}，差 {show_signed(decision.difference)}"


def _write_side(side: Side, filing: Filing) -> str:
    terms = [(term, value_of(term, filing)) for term in side.terms]
    shown = [(t, v) for t, v in terms if v] if len(terms) > _SHORT_SUM else terms
    text = ""
    for term, value in shown:
        negative = (term.factor < 0) != (value < 0)
        sign = f" {_MINUS if negative else '+'} " if text else _MINUS if negative else ""
        factor = abs(term.factor)
        text += (
            f"{sign}{show(-value if value < 0 else value)}{f' × {factor:f}' if factor != 1 else ''}"
        )
    if side.constant or not terms:
        text += f" + {side.constant:f}" if text else f"{side.constant:f}"
    if len(shown) == len(terms):
        return text
    return f"{text}（其余为 0）" if text else "0（各项均为 0）"


def value_of(term: Term, filing: Filing) -> Value:
    """The figure of a term in a sum that was decided."""
    value = filing.last_year[term.index] if term.last_year else filing.values[term.index]
    return 0 if value is None else value
