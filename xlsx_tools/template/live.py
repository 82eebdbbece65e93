"""Live cells: each formula of the workbook beside the function that gives its saved result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.excel.address import Layout, Spot, at, layout_of, quote, split_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Cell, Form, Instance
    from xlsx_tools.forms.model import Requirement, Side
    from xlsx_tools.judge import Judgement
    from xlsx_tools.values import Value

Result = str | int | None
Saved = Callable[["Filing", "Judgement"], "Result | Decimal"]


class Live(NamedTuple):
    """A formula and how to compute what it shows; None shows as an empty text."""

    spot: Spot
    formula: str
    saved: Saved


def total_cells(form: Form) -> Iterator[Live]:
    """Every total: the sum of what is filled; empty while nothing is."""
    layout = layout_of(form)
    for total, parts in form.definitions:
        cell, spot = form.cells[total], layout.figure[total]
        cells = join_ranges(layout.figure[part].address for part in parts)
        flag = layout.zero_flag[cell.table].address
        yes = form.text("answers", "yes")
        formula = f'=IF(COUNT({cells})+(${_absolute(flag)}="{yes}")=0,"",SUM({cells}))'
        yield Live(spot, formula, _saved_total(form, total))


def _absolute(address: str) -> str:
    name = address.rstrip("0123456789")
    return f"{name}${address[len(name) :]}"


def _saved_total(form: Form, total: int) -> Saved:
    """What the program shows: numbers are added, even unfit ones; text is passed over."""
    parts = dict(form.definitions)

    def add(filing: Filing, index: int) -> Value | None:
        if index in parts:
            known = [value for part in parts[index] if (value := add(filing, part)) is not None]
            if not known:
                return 0 if form.cells[index].table in filing.declared_zero else None
            return sum(known)
        return None if index in filing.parsed else filing.values[index]

    return lambda filing, _judgement: add(filing, total)


def mirror_cells(form: Form) -> Iterator[Live]:
    """For every typed figure: 0 blank, 1 valid, 2 unfit, 3 不适用 (on the hidden sheet)."""
    layout = layout_of(form)
    for cell in form.inputs:
        spot = Spot(form.sheets["stamp"], layout.mirror[cell.index])
        yield Live(spot, _mirror_formula(form, layout, cell), _saved_mirror(cell.index))


def _mirror_formula(form: Form, layout: Layout, cell: Cell) -> str:
    x = layout.figure[cell.index].ref().replace("$", "")
    largest = 999_999_999 * (10_000 if cell.kind == "money" else 1)
    least = -largest if cell.kind == "signed" else 0
    fit = f"ROUND({x},6)={x}" if cell.kind == "money" else f"INT({x})={x}"
    marks = form.answers["not_applicable"]
    words = marks if isinstance(marks, list) else []
    unused = f'ISNUMBER(FIND("|"&TRIM({x})&"|","|{"|".join(words)}|"))'
    blank = "0"
    if cell.table in layout.zero_flag:
        yes = form.text("answers", "yes")
        blank = f'IF({layout.zero_flag[cell.table].ref()}="{yes}",1,0)'
    number = f"IF(AND({x}>={least},{x}<={largest},{fit}),1,2)"
    text = f"IF(LEN(TRIM({x}))=0,{blank},IF({unused},3,2))"
    return f"=IF(ISERROR({x}),2,IF(ISLOGICAL({x}),2,IF(ISNUMBER({x}),{number},{text})))"


def _saved_mirror(index: int) -> Saved:
    return lambda filing, _judgement: mirror_code(filing, index)


def mirror_code(filing: Filing, index: int) -> int:
    """What a typed figure is: 0 blank, 1 valid, 2 unfit, 3 不适用."""
    if index in filing.parsed:
        return 2
    if index in filing.not_applicable:
        return 3
    return 0 if filing.values[index] is None else 1


def join_ranges(addresses: Iterable[str]) -> str:
    """Addresses → as few ranges as columns and rows allow, joined by commas."""
    return ",".join(ranges(addresses))


def ranges(addresses: Iterable[str]) -> list[str]:
    """Cover the addresses exactly with rectangles (runs in a column, then equal runs beside)."""
    spots = sorted(split_address(address) for address in addresses)
    runs: dict[tuple[int, int], list[int]] = {}
    for column, found in groupby(spots, key=lambda spot: spot[0]):
        rows = [row for _, row in found]
        for first, last in _runs(rows):
            runs.setdefault((first, last), []).append(column)
    boxes = []
    for (first, last), columns in runs.items():
        for left, right in _runs(columns):
            start, end = at(left, first), at(right, last)
            boxes.append(start if start == end else f"{start}:{end}")
    return boxes


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def decidable(layout: Layout, need: Requirement) -> str:
    """A condition: every typed figure the rule depends on is valid."""
    stamp = quote(layout.form.sheets["stamp"])
    boxes = ranges(layout.mirror[leaf] for leaf in need.leaves)
    counted = "+".join(f"COUNTIF({stamp}!{box},1)" for box in boxes)
    return f"{counted}={len(need.leaves)}"


def known_last_year(layout: Layout, instance: Instance) -> str:
    """A condition: the figures of last year that the rule needs are in the workbook."""
    stamp = quote(layout.form.sheets["stamp"])
    used = [layout.last_year[index] for index in instance.last_year]
    boxes = ",".join(f"{stamp}!{box}" for box in ranges(used))
    return f"COUNT({boxes})={len(used)}"


def side_formula(layout: Layout, side: Side) -> str:
    """One side of a comparison, to be rounded to 6 places against binary noise."""
    stamp, words = layout.form.sheets["stamp"], ""
    plain: dict[str, list[str]] = {}
    for term in side.terms:
        spot = (
            Spot(stamp, layout.last_year[term.index])
            if term.last_year
            else layout.figure[term.index]
        )
        if term.factor == 1 and not term.last_year:
            plain.setdefault(spot.sheet, []).append(spot.address)
        else:
            sign = "-" if term.factor < 0 else "+"
            size = "" if abs(term.factor) == 1 else f"*{abs(term.factor)}"
            words += f"{sign}{quote(spot.sheet)}!{spot.address}{size}"
    sums = [f"{quote(sheet)}!{box}" for sheet, found in plain.items() for box in ranges(found)]
    text = f"SUM({','.join(sums)})" if sums else "0"
    constant = f"+{side.constant}" if side.constant else ""
    return f"{text}{words}{constant}"
