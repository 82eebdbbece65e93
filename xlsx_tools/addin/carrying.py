"""从上年结转: last year's closing figures into an open workbook, never over what was typed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.addin.errors import AddinError
from xlsx_tools.addin.reading import read_open
from xlsx_tools.addin.words import say
from xlsx_tools.batch.work import parse_submission
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.roster import normalise
from xlsx_tools.template.render import last_year_figures, prefill_digest
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xlwings

    from xlsx_tools.addin.extras import Extras
    from xlsx_tools.excel.sheets import RawWorkbook
    from xlsx_tools.filing import Filing
    from xlsx_tools.values import Value

_MANY = 10


def carry_over(book: xlwings.Book, extras: Extras, last_year: tuple[str, bytes] | None) -> str:
    """Fill the opening figures that are blank, or were carried before; say what became of all.

    Last year's figures go to the hidden sheet as in a prefilled template.

    Raises:
        AddinError: no file, or one that is not of the year before and the same scope.
        UnusableFileError: the file, or the open workbook, cannot be used.
    """
    if last_year is None:
        raise AddinError("addin.last_year_missing")
    filing, raw = read_open(book, extras)
    before = parse_submission(Path(last_year[0]), last_year[1])
    _refuse_unfit(filing, before)
    known = last_year_figures(filing.form, before)
    wanted = {i: known[source] for i, source in filing.form.prefilled.items() if source in known}
    figure = layout_of(filing.form).figure
    blank = {i for i in wanted if _is_blank(raw, figure[i])}
    other = [i for i in wanted if i in blank or filing.values[i] != wanted[i]]
    free = [i for i in other if i in blank or _is_carried(filing, i)]
    kept = [i for i in other if i not in free]
    _write(book, extras, {figure[index]: wanted[index] for index in free})
    _write(book, extras, _stamp(filing, known, wanted))
    return _tell(filing, before, free, kept, len(wanted) - len(other))


def _refuse_unfit(filing: Filing, before: Filing) -> None:
    if filing.year is None:
        raise AddinError("addin.last_year", "当前工作簿的封面没有写明年度")
    if before.year != filing.year - 1:
        found = "没有写明年度" if before.year is None else f"是{before.year}年度的"
        raise AddinError("addin.last_year", f"它{found}，应为{filing.year - 1}年度")
    if before.scope != filing.scope:
        raise AddinError("addin.last_year", "报告口径（本机关、本级政府汇总）与当前工作簿不同")


def _is_blank(raw: RawWorkbook, spot: Spot) -> bool:
    cell = raw.sheets[spot.sheet].cells.get(spot.address)
    return cell is None or (cell.formula is None and not cell.text.strip())


def _is_carried(filing: Filing, index: int) -> bool:
    """Whether what stands there is what was carried over before."""
    last = filing.last_year.get(filing.form.prefilled[index])
    return index in filing.prefilled and filing.values[index] == last


def _stamp(
    filing: Filing, known: Mapping[int, Value], wanted: Mapping[int, Value]
) -> dict[Spot, Value | str | None]:
    """What the hidden sheet says of last year: as the template has it."""
    layout, sheet = layout_of(filing.form), filing.form.sheets["stamp"]
    cells: dict[Spot, Value | str | None] = {
        Spot(sheet, address): known.get(index) for index, address in layout.last_year.items()
    }
    cells[layout.stamp["prefilled"]] = len(wanted)
    cells[layout.stamp["prefill_digest"]] = prefill_digest(replace(filing, last_year=known)) or None
    return cells


def _write(book: xlwings.Book, extras: Extras, cells: Mapping[Spot, Value | str | None]) -> None:
    for name in dict.fromkeys(spot.sheet for spot in cells):
        locked = extras.is_protected(name)
        if locked:
            extras.unprotect_sheet(name)
        for spot, value in cells.items():
            if spot.sheet == name:
                exact = float(value) if isinstance(value, Decimal) else value
                book.sheets[name].range(spot.address).raw_value = [[exact]]
        if locked:
            extras.protect_sheet(name)


def _tell(filing: Filing, before: Filing, free: list[int], kept: list[int], same: int) -> str:
    said = [say("carried", count=len(free)) if free else say("carried_none")]
    if same:
        said.append(say("already", count=same))
    if kept:
        said.append(say("kept", count=len(kept), cells=_name_cells(filing, kept)))
    ours, theirs = filing.organisation, before.organisation
    same_code = ours.code and normalise(ours.code) == normalise(theirs.code or "")
    if normalise(ours.name) != normalise(theirs.name) and not same_code:
        said.append(say("unknown_unit", theirs=theirs.name, ours=ours.name))
    return "".join(said)


def _name_cells(filing: Filing, indices: list[int]) -> str:
    figure = layout_of(filing.form).figure
    named = [
        f"{figure[i].sheet}!{figure[i].address}（{show(filing.values[i])}）"
        for i in indices[:_MANY]
    ]
    return "、".join(named) + ("等" if len(indices) > _MANY else "")
