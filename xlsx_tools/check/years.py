"""Words for what has to do with years: jumps, copied prose, figures carried, the period."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from xlsx_tools.check.making import make_finding
from xlsx_tools.check.places import name_cell, name_cells, place_cells, place_prose
from xlsx_tools.period import wrong_periods
from xlsx_tools.values import show
from xlsx_tools.year_on_year import find_jumps, open_pairs, share_copied

if TYPE_CHECKING:
    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding
    from xlsx_tools.judge import Decision
    from xlsx_tools.year_on_year import Pair

_TENTH = Decimal("0.1")
_NAMED_FIGURES, _LONGEST_QUOTE = 6, 50


def tell_jump(filing: Filing, decision: Decision) -> list[Finding]:
    """One finding a table: each figure with last year's, this year's and how many times."""
    instance = decision.instance
    if decision.state == "undecided":
        missing = sorted(set(open_pairs(instance, filing)))
        message = f"“{instance.title}”无法判断：{name_cells(filing, missing)}没有可用的数字。"
        return [make_finding(filing, decision, message, place_cells(filing, missing))]
    pairs = find_jumps(instance, filing)
    told = "；".join(f"{name_cell(filing, pair.figure)}{_say_pair(pair)}" for pair in pairs)
    name = filing.form.tables[instance.part].name
    message = f"{name}有 {len(pairs)} 项与上年相差悬殊：{told}。{instance.rule.says}。"
    places = place_cells(filing, (pair.figure for pair in pairs))
    return [make_finding(filing, decision, message, places)]


def _say_pair(pair: Pair) -> str:
    ratio = ""
    if pair.before and pair.now > pair.before:
        times = (Decimal(pair.now) / pair.before).quantize(_TENTH)
        ratio = f"，为上年的 {show(times)} 倍"
    elif pair.before:
        percent = (Decimal(pair.now) * 100 / pair.before).quantize(_TENTH)
        ratio = f"，为上年的 {show(percent)}%"
    return f"上年 {show(pair.before)}，本年 {show(pair.now)}{ratio}"


def tell_similar(filing: Filing, decision: Decision) -> list[Finding]:
    """How much of a section's prose stood there last year already."""
    instance, place = decision.instance, place_prose(filing, decision.instance.part)
    share, limit = share_copied(instance, filing), instance.rule.threshold
    most = f"，超过 {limit.share:.0%}" if limit is not None else ""
    message = f"“{place.label}”与上年度相同的内容约占 {share or 0:.1%}{most}。"
    return [make_finding(filing, decision, message, (place,))]


def tell_period(filing: Filing, decision: Decision) -> list[Finding]:
    """Every sentence that gives another period than the year of the report."""
    found = list(wrong_periods(decision.instance.rule, filing))
    quotes = "；".join(
        f"“{place_prose(filing, one.section).label}”写有“{_shorten(one.quote)}”"
        for one in found[:_NAMED_FIGURES]
    )
    message = f"报告年度为{filing.year}年，但{quotes}。"
    places = tuple(dict.fromkeys(place_prose(filing, one.section) for one in found))
    return [make_finding(filing, decision, message, places)]


def _shorten(quote: str) -> str:
    return quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE]}…"


def tell_last_year_differs(filing: Filing, decision: Decision) -> list[Finding]:
    """The figures the workbook carries that are others in the coordinator's copy."""
    form = filing.form
    shown_in = {source: index for index, source in form.prefilled.items()}
    troubles = [t for t in filing.troubles if t.check == decision.instance.rule.check]
    told, indices = [], []
    for trouble in troubles:
        if trouble.index is not None:
            cell = form.cells[trouble.index]
            told.append(f"{form.tables[cell.table].name}“{cell.label}”{trouble.why}")
            indices.append(shown_in.get(cell.index, cell.index))
    rest = f"等 {len(told)} 项" if len(told) > _NAMED_FIGURES else ""
    message = f"{decision.instance.title}：{'；'.join(told[:_NAMED_FIGURES])}{rest}。"
    return [make_finding(filing, decision, message, place_cells(filing, indices))]
