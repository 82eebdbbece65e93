"""Valid filings with changes, and random ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from xlsx_tools.filing import Filing, Organisation, compute_values
from xlsx_tools.values import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.forms import Cell, Form
    from xlsx_tools.values import Value

Figure = int | Decimal | None
_BALANCED = {
    "requests.received.natural_person": 10,
    "requests.received.enterprise": 3,
    "requests.carried_in.natural_person": 2,
    "requests.granted.natural_person": 8,
    "requests.granted.enterprise": 3,
    "requests.unavailable_not_held.natural_person": 3,
    "requests.carried_out.natural_person": 1,
    "disputes.reconsideration.upheld": 1,
    "disclosure.penalties.decisions": 7,
    "disclosure.normative_documents.in_force": 5,
    "disclosure.normative_documents.published_total": 5,
}


def path_of(form: Form, name: str) -> str:
    """``received__enterprise`` or ``requests__received__enterprise`` → the path of the cell."""
    name = name.replace("__", ".")
    (path,) = {path for path in form.by_path if path == name or path.endswith(f".{name}")}
    return path


def index_of(form: Form, name: str) -> int:
    return form.by_path[path_of(form, name)].index


def filing_of(form: Form, **changes: Figure) -> Filing:
    """A filing every rule of the form accepts, with these typed figures changed."""
    typed: dict[int, Value | None] = {cell.index: 0 for cell in form.inputs}
    for path, value in _BALANCED.items():
        if path in form.by_path:
            typed[form.by_path[path].index] = value
    for name, figure in changes.items():
        typed[index_of(form, name)] = figure
    return Filing(
        form=form,
        year=form.first_year,
        organisation=Organisation("某县某局", "11330000000000000X"),
        scope="own",
        values=compute_values(form, typed, ()),
        narrative={section.id: f"{section.heading}。本年情况如下。" for section in form.texts},
    )


def with_figures(filing: Filing, **changes: Figure) -> Filing:
    """The same with these typed figures changed, totals added up anew."""
    form = filing.form
    typed: dict[int, Value | None] = {c.index: filing.values[c.index] for c in form.inputs}
    typed |= {index_of(form, name): figure for name, figure in changes.items()}
    return replace(filing, values=compute_values(form, typed, ()))


def printed_totals(filing: Filing, **totals: int) -> Filing:
    """As if the totals had been written by hand, these ones differing from the parts."""
    form = filing.form
    return replace(filing, stated={index_of(form, name): value for name, value in totals.items()})


def mistyped(right: Filing, **changes: int) -> Filing:
    """`right` with typed figures changed after all its totals were written by hand."""
    wrong = with_figures(right, **changes)
    stated: Mapping[int, Value] = {
        total: value
        for total, _parts in right.form.definitions
        if (value := right.values[total]) is not None and value != wrong.values[total]
    }
    return replace(wrong, stated=stated)


def figures(cell: Cell) -> st.SearchStrategy[int | Decimal]:
    """Every value the cell may hold."""
    if cell.kind == "money":
        return st.decimals(0, 10**9 - 1, places=6).map(_plain) | st.integers(0, 10**6)
    return st.integers(-LARGEST if cell.kind == "signed" else 0, LARGEST)


def _plain(amount: Decimal) -> Decimal:
    whole = amount.to_integral_value()
    return whole.quantize(Decimal(1)) if whole == amount else amount.normalize()


def _words(least: int = 0) -> st.SearchStrategy[str]:
    """Text that XML can hold."""
    known = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    return st.text(known, min_size=least, max_size=900)


def _prose() -> st.SearchStrategy[str]:
    """Paragraphs, some of them empty, but not the last."""
    last = _words(1).filter(lambda text: bool(text.strip()))
    return st.tuples(st.lists(_words(), max_size=3), last).map(
        lambda found: "\n".join([*found[0], found[1]])
    )


@st.composite
def filings(draw: st.DrawFn, form: Form) -> Filing:
    """Any filing: small and large figures, blanks, 不适用 marks, declared zeros, prose."""
    declared = draw(st.frozensets(st.sampled_from([t.id for t in form.official_tables])))
    typed: dict[int, Value | None] = {}
    marks: set[int] = set()
    for cell in form.inputs:
        match draw(st.sampled_from(("zero", "zero", "small", "any", "blank", "mark"))):
            case "small":
                typed[cell.index] = draw(st.integers(0, 3))
            case "any":
                typed[cell.index] = draw(figures(cell))
            case "mark":
                marks.add(cell.index)
            case "blank" if cell.table not in declared:
                typed[cell.index] = None
            case _:
                typed[cell.index] = 0
    prose = st.none() | _prose()
    return Filing(
        form=form,
        year=draw(st.none() | st.integers(form.first_year, 2099)),
        organisation=Organisation(draw(st.sampled_from(("某县某局", "=1+1", "甲\\乙"))), None),
        scope=draw(st.sampled_from(("own", "consolidated"))),
        values=compute_values(form, typed, ()),
        narrative={section.id: draw(prose) for section in form.texts},
        declared_zero=declared,
        nil_return=draw(st.booleans()),
        not_applicable=frozenset(marks),
        includes=draw(st.sampled_from(((), ("甲局", "乙局")))),
    )
