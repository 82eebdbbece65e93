"""Decisions → findings in words: one teller for each kind of check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.check.making import make_finding
from xlsx_tools.check.mixed_form import displaced_cells
from xlsx_tools.check.places import (
    name_cell,
    name_cells,
    name_line,
    place_cell,
    place_cells,
    place_cover,
    place_prose,
)
from xlsx_tools.check.wording import write_sums
from xlsx_tools.check.years import tell_jump, tell_last_year_differs, tell_period, tell_similar
from xlsx_tools.values import show
from xlsx_tools.year_on_year import open_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsx_tools.filing import Filing, Trouble
    from xlsx_tools.finding import Finding
    from xlsx_tools.forms import Cell, Instance
    from xlsx_tools.judge import Decision, Judgement

_CRASH_REMEDY = "这是软件的问题，不是填报的问题。请将本文件和本条提示反馈给软件维护人员。"
_NAMED_CELLS = 6


class Told(NamedTuple):
    """A finding with the decision it tells of."""

    finding: Finding
    decision: Decision


def tell(filing: Filing, judgement: Judgement) -> Iterator[Told]:
    """Every finding of a filing, in the order of the form's rules, nothing folded yet."""
    for decision in judgement.decisions:
        if decision.state in (None, "held"):
            continue
        for finding in _tell_one(filing, decision):
            yield Told(finding, decision)


def _tell_one(filing: Filing, decision: Decision) -> list[Finding]:
    if decision.state == "crashed":
        message = f"校验“{decision.instance.title}”执行时出错，没有得出结论，不能视为通过。"
        return [make_finding(filing, decision, message, remedy=_CRASH_REMEDY)]
    if decision.instance.requirement is not None:
        return [_tell_sum(filing, decision)]
    return _TELLERS.get(decision.instance.rule.check, _tell_troubles)(filing, decision)


def _tell_sum(filing: Filing, decision: Decision) -> Finding:
    instance = decision.instance
    need = instance.requirement
    here = _cells_of_this_year(instance)
    name = _name_sum(filing, decision, here)
    if decision.state == "broken" and need is not None:
        sums = write_sums(need, decision, filing)
        told = [
            i for i in here if filing.values[i] or i in filing.stated or len(here) <= _NAMED_CELLS
        ]
        names = name_cells(filing, told, line=instance.rule.for_each, most=_NAMED_CELLS)
        message = f"{name}不成立：{sums}。{instance.rule.says}。涉及 {names}。"
        return make_finding(filing, decision, message, place_cells(filing, here))
    missing = open_leaves(filing, decision)
    message = f"{name}无法判断：{name_cells(filing, missing)}没有可用的数字。"
    return make_finding(filing, decision, message, place_cells(filing, missing))


def _cells_of_this_year(instance: Instance) -> list[int]:
    """The figures a rule speaks of, its condition's after those of its sums."""
    needs = [need for need in (instance.requirement, instance.condition) if need is not None]
    terms = (term for need in needs for term in (*need.left.terms, *need.right.terms))
    return list(dict.fromkeys(term.index for term in terms if not term.last_year))


def _name_sum(filing: Filing, decision: Decision, indices: list[int]) -> str:
    rule = decision.instance.rule
    if not rule.for_each or not indices:
        return f"“{rule.title}”"
    table = filing.form.tables[rule.table]
    return f"{table.name}{name_line(filing, indices[0], rule.for_each)}“{rule.title}”"


def open_leaves(filing: Filing, decision: Decision) -> list[int]:
    """The typed cells for want of which a rule cannot be decided."""
    needs = (decision.instance.condition, decision.instance.requirement)
    leaves = {leaf for need in needs if need is not None for leaf in need.leaves}
    leaves |= set(open_pairs(decision.instance, filing))
    return sorted(i for i in leaves if filing.values[i] is None or i in filing.parsed)


def blank_cells(filing: Filing, table_id: str) -> list[Cell]:
    """The typed cells of a table with nothing in them."""
    return [
        cell
        for cell in filing.form.cells_of[table_id]
        if not cell.total
        and filing.values[cell.index] is None
        and cell.index not in filing.parsed
        and cell.index not in filing.not_applicable
    ]


def _tell_identity(filing: Filing, decision: Decision) -> list[Finding]:
    missing = [] if filing.organisation.name.strip() else ["organisation"]
    missing += ["year"] if filing.year is None else []
    places = tuple(place_cover(filing, key) for key in missing)
    names = "、".join(f"“{place.label}”" for place in places)
    return [make_finding(filing, decision, f"封面没有填写{names}。", places)]


def _tell_form_year(filing: Filing, decision: Decision) -> list[Finding]:
    form = filing.form
    until = f"{form.first_year}至{form.last_year}" if form.last_year else f"{form.first_year}"
    span = f"{until}年度{'' if form.last_year else '及以后'}"
    place = place_cover(filing, "year")
    if filing.year is None:
        message = "没有报告年度，无法判断表式是否适用。"
        return [make_finding(filing, decision, message, (place,))]
    message = f"报告年度为{filing.year}年，但所用表式（{form.notice}）适用于{span}。"
    return [make_finding(filing, decision, message, (replace(place, value=filing.year),))]


def _tell_filled(filing: Filing, decision: Decision) -> list[Finding]:
    table = filing.form.tables[decision.instance.part]
    blanks, displaced = blank_cells(filing, table.id), displaced_cells(filing)
    cells = [cell for cell in blanks if cell.index not in displaced] or blanks
    names = name_cells(filing, [cell.index for cell in cells])
    message = f"{table.name}有 {len(cells)} 项尚未填写：{names}。空白不等于 0。"
    places = place_cells(filing, (cell.index for cell in cells))
    return [make_finding(filing, decision, message, places)]


def _tell_readable(filing: Filing, decision: Decision) -> list[Finding]:
    cells = filing.form.cells_of[decision.instance.part]
    bad = [cell for cell in cells if cell.index in filing.parsed]
    return [_tell_bad_cell(filing, decision, cell) for cell in bad]


def _tell_bad_cell(filing: Filing, decision: Decision, cell: Cell) -> Finding:
    """One finding a cell; numbers typed as text go by the rule of their own."""
    parsed, rule = filing.parsed[cell.index], decision.instance.rule
    kind = "不是有效的数字"
    if parsed.status == "text_number":
        kind = "是文本型数字"
        rules = filing.form.rules.values()
        rule = next((other for other in rules if other.check == "text-number"), rule)
    name = filing.form.tables[cell.table].name
    message = f"{name} {name_cell(filing, cell.index)}{kind}：{parsed.why or '内容无法识别'}。"
    ask = "" if parsed.proposed is None else f"是否应为 {show(parsed.proposed)}？"
    finding = make_finding(filing, decision, message, (place_cell(filing, cell.index),))
    return replace(
        finding,
        id=f"{rule.id}.{cell.path}",
        rule=rule.id,
        severity=rule.severity,
        remedy=f"{ask}{rule.remedy}",
    )


def _tell_text_number(filing: Filing, decision: Decision) -> list[Finding]:
    """Told cell by cell with the unreadable ones; this is for any that are not among them."""
    check = decision.instance.rule.check
    told = all(t.index in filing.parsed for t in filing.troubles if t.check == check)
    return [] if told else _tell_troubles(filing, decision)


def _tell_not_applicable(filing: Filing, decision: Decision) -> list[Finding]:
    table = filing.form.tables[decision.instance.part]
    indices = [c.index for c in filing.form.cells_of[table.id] if c.index in filing.not_applicable]
    names = name_cells(filing, indices)
    message = f"{table.name}有 {len(indices)} 项填写了“/”“—”“无”等不适用标记：{names}。"
    return [make_finding(filing, decision, message, place_cells(filing, indices))]


def _tell_narrative(filing: Filing, decision: Decision) -> list[Finding]:
    place = place_prose(filing, decision.instance.part)
    return [make_finding(filing, decision, f"“{place.label}”还没有文字。", (place,))]


def _tell_nil_undeclared(filing: Filing, decision: Decision) -> list[Finding]:
    names = "、".join(table.name for table in filing.form.official_tables)
    message = f"{names}的数字全部为 0，但没有声明零报告。"
    return [make_finding(filing, decision, message, (place_cover(filing, "nil_return"),))]


def _tell_nil_contradicted(filing: Filing, decision: Decision) -> list[Finding]:
    indices = [
        cell.index
        for table in filing.form.official_tables
        for cell in filing.form.cells_of[table.id]
        if not cell.total and filing.values[cell.index]
    ]
    names = name_cells(filing, indices)
    message = f"封面声明为零报告，但有 {len(indices)} 项数字不为 0：{names}。"
    places = (place_cover(filing, "nil_return"), *place_cells(filing, indices))
    return [make_finding(filing, decision, message, places)]


def _tell_troubles(filing: Filing, decision: Decision) -> list[Finding]:
    """What was seen while reading: one finding for all of a kind."""
    troubles = [t for t in filing.troubles if t.check == decision.instance.rule.check]
    title = decision.instance.title
    whys = list(dict.fromkeys(_say_trouble(filing, trouble, title) for trouble in troubles))
    rest = f"等 {len(whys)} 处" if len(whys) > _NAMED_CELLS else ""
    message = f"{title}：{'；'.join(whys[:_NAMED_CELLS])}{rest}。"
    indices = [t.index for t in troubles if t.index is not None]
    if decision.instance.rule.check == "mixed-form" and (missing := displaced_cells(filing)):
        indices += sorted(missing)
        message += (
            f"本表式应填的 {len(missing)} 项因此空白：{name_cells(filing, sorted(missing))}。"
        )
    places = place_cells(filing, indices)
    return [make_finding(filing, decision, message, places)]


def _say_trouble(filing: Filing, trouble: Trouble, title: str) -> str:
    why = trouble.why.rstrip("。")
    if trouble.index is None:
        return why
    return f"{name_cell(filing, trouble.index)}{'' if why == title else why}"


_TELLERS: dict[str, Callable[[Filing, Decision], list[Finding]]] = {
    "identity": _tell_identity,
    "form-year": _tell_form_year,
    "filled": _tell_filled,
    "readable": _tell_readable,
    "text-number": _tell_text_number,
    "not-applicable": _tell_not_applicable,
    "narrative": _tell_narrative,
    "nil-undeclared": _tell_nil_undeclared,
    "nil-contradicted": _tell_nil_contradicted,
    "last-year-differs": tell_last_year_differs,
    "jump": tell_jump,
    "period": tell_period,
    "similar": tell_similar,
}
