"""The live cells of 校验: each rule's two sides, state and effect, and the verdict above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.address import CHECK_HEAD, TEXT_LIMIT, Layout, Spot, layout_of, quote
from xlsx_tools.judge import reason_counts
from xlsx_tools.template.live import (
    Live,
    Saved,
    decidable,
    known_last_year,
    ranges,
    side_formula,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form, Instance
    from xlsx_tools.judge import Judgement

STATES = {
    "held": "成立",
    "broken": "不成立",
    "undecided": "无法判断",
    "crashed": "规则出错",
    None: "不适用",
}
SEVERITIES = {
    "mandatory": "强制性",
    "justify": "准强制性",
    "verify": "核实性",
    "hint": "提示性",
}
STATUSES = {
    "passed": "通过",
    "passed_with_reasons": "通过（附说明）",
    "failed": "未通过",
    "not_filled": "尚未填写",
    "unreadable": "无法读取",
}
BANNERS = {
    "passed": "可以报送",
    "passed_with_reasons": "可以报送（附说明）",
    "failed": "不能报送：请处理下列不成立、无法判断的校验；非强制性的可以写明原因",
    "not_filled": "不能报送：尚未填写",
}
_OPERATORS = {"==": "=", "<=": "<=", ">=": ">="}


def rule_cells(form: Form) -> Iterator[Live]:
    """Left, right, difference, state and effect of every live rule instance."""
    layout = layout_of(form)
    for instance_id, row in layout.check_row.items():
        instance = form.instance_by_id[instance_id]
        if not instance.rule.live:
            continue
        if instance.requirement is not None:
            yield from _side_cells(layout, instance, row)
        state = _state_formula(layout, instance, row)
        yield Live(_spot(form, f"F{row}"), f"={state}", _saved_state(instance_id))
        if instance.rule.severity in ("justify", "verify"):
            effect = _effect_formula(form, row)
            yield Live(_spot(form, f"J{row}"), effect, _saved_effect(instance_id))


def _spot(form: Form, address: str) -> Spot:
    return Spot(form.sheets["checks"], address)


def _side_cells(layout: Layout, instance: Instance, row: int) -> Iterator[Live]:
    form, need = layout.form, instance.requirement
    if need is None:
        return
    left, right = (f"ROUND({side_formula(layout, side)},6)" for side in (need.left, need.right))
    shown = _guard(layout, instance, left, '""', '""', '""')
    yield Live(_spot(form, f"C{row}"), f"={shown}", _saved_side(instance.id, "C"))
    shown = f'=IF(C{row}="","",{right})'
    yield Live(_spot(form, f"D{row}"), shown, _saved_side(instance.id, "D"))
    formula = f'=IF(C{row}="","",ROUND(C{row}-D{row},6))'
    yield Live(_spot(form, f"E{row}"), formula, _saved_side(instance.id, "E"))


def _saved_side(instance_id: str, letter: str) -> Saved:
    name = {"C": "left", "D": "right", "E": "difference"}[letter]
    return lambda _filing, judgement: getattr(judgement.by_id[instance_id], name)


def _guard(layout: Layout, instance: Instance, ready: str, open_: str, idle: str, none: str) -> str:  # noqa: PLR0913, PLR0917 - the four outcomes of one rule
    """The formula of a rule's four outcomes.

    `ready` when the rule can be decided, `open_` when not, `idle` when its condition is not
    met, `none` when it does not apply.
    """
    need, when = instance.requirement, instance.condition
    text = ready
    if need is not None:
        text = f"IF({decidable(layout, need)},{text},{open_})" if need.leaves else text
    if when is not None:
        holds = (
            f"ROUND({side_formula(layout, when.left)},6)"
            f"{_OPERATORS[when.comparison]}ROUND({side_formula(layout, when.right)},6)"
        )
        text = f"IF({decidable(layout, when)},IF({holds},{text},{idle}),{open_})"
    return _applicable(layout, instance, text, none)


def _applicable(layout: Layout, instance: Instance, text: str, none: str) -> str:
    """`text` where the rule applies to this scope and last year's figures are known."""
    if instance.last_year:
        text = f"IF({known_last_year(layout, instance)},{text},{none})"
    scopes = instance.rule.scopes
    if len(scopes) == 1:
        cover = layout.cover["scope"].ref()
        word = _scope_word(layout.form, scopes[0])
        text = f'IF({cover}="{word}",{text},{none})'
    return text


def _scope_word(form: Form, scope: str) -> str:
    words = form.cover["scopes"]
    return str(words[scope]) if isinstance(words, dict) else scope


def _state_formula(layout: Layout, instance: Instance, row: int) -> str:
    held, broken, undecided, none = (
        f'"{STATES[state]}"' for state in ("held", "broken", "undecided", None)
    )
    if instance.requirement is not None:
        sign = _OPERATORS[instance.requirement.comparison]
        ready = f"IF(C{row}{sign}D{row},{held},{broken})"
        if instance.condition is None:
            ready = f'IF(C{row}="",{undecided},{ready})'
            return _applicable(layout, instance, ready, none)
        return _guard(layout, instance, ready, undecided, held, none)
    condition = _check_formula(layout, instance)
    bad = undecided if instance.rule.check in ("identity", "filled", "narrative") else broken
    text = f"IF({condition},{held},{bad})"
    if instance.rule.check == "form-year":
        text = f"IF(ISNUMBER({layout.cover['year'].ref()}),{text},{undecided})"
    return _guard(layout, instance, text, undecided, held, none)


def _check_formula(layout: Layout, instance: Instance) -> str:  # noqa: PLR0911 - one a check
    """The condition under which a check that is not a sum holds."""
    form, cover = layout.form, {key: spot.ref() for key, spot in layout.cover.items()}
    yes, area = form.text("answers", "yes"), _mirror(layout, instance.part)
    match instance.rule.check:
        case "identity":
            return f"AND(LEN(TRIM({cover['organisation']}))>0,ISNUMBER({cover['year']}))"
        case "form-year":
            until = f",{cover['year']}<={form.last_year}" if form.last_year else ""
            return f"AND({cover['year']}>={form.first_year}{until})"
        case "filled":
            return f"COUNTIF({area},0)=0"
        case "readable":
            return f"COUNTIF({area},2)=0"
        case "not-applicable":
            return f"COUNTIF({area},3)=0"
        case "narrative":
            return f"{_text_length(layout, instance.part)}>0"
        case "nil-undeclared":
            cells = [cell for cell in form.inputs if not form.tables[cell.table].flat]
            every = "+".join(f"COUNTIF({_mirror(layout, t.id)},1)" for t in form.official_tables)
            return f'OR({cover["nil_return"]}="{yes}",{every}<{len(cells)},{_nonzero(layout)}>0)'
        case "nil-contradicted":
            return f'OR({cover["nil_return"]}<>"{yes}",{_nonzero(layout)}=0)'
    raise ValueError(
        f"{instance.id}: no formula decides {instance.rule.check}; it needs live = false"
    )


def _mirror(layout: Layout, table: str) -> str:
    stamp = quote(layout.form.sheets["stamp"])
    return f"{stamp}!{layout.mirror_area[table]}" if table in layout.mirror_area else ""


def _nonzero(layout: Layout) -> str:
    """How many valid figures of the official tables are not zero."""
    return "+".join(
        f"SUMPRODUCT(({_mirror(layout, table.id)}=1)*({layout.figure_area[table.id]}<>0))"
        for table in layout.form.official_tables
    )


def _text_length(layout: Layout, section: str) -> str:
    top = layout.text_top[section]
    sheet, row = quote(top.sheet), top.address[1:]
    return f"SUMPRODUCT(LEN(TRIM({sheet}!$A${row}:$A${TEXT_LIMIT})))"


def _saved_state(instance_id: str) -> Saved:
    return lambda _filing, judgement: STATES[judgement.by_id[instance_id].state]


def _effect_formula(form: Form, row: int) -> str:
    """Of a rule that a reason can settle: 0 no effect, 1 blocks, 2 passes with its reason."""
    words = form.answers["confirmations"]
    confirmed = ",".join(
        f'TRIM(I{row})="{word}"' for word in (words if isinstance(words, list) else ())
    )
    reason = f"OR(LEN(TRIM(I{row}))>={form.text('answers', 'reason_length')},{confirmed})"
    return f'=IF(F{row}="{STATES["broken"]}",IF({reason},2,1),0)'


def _saved_effect(instance_id: str) -> Saved:
    def saved(filing: Filing, judgement: Judgement) -> int:
        decision = judgement.by_id[instance_id]
        if decision.state != "broken":
            return 0
        return 2 if reason_counts(filing, instance_id) else 1

    return saved


def verdict_cells(form: Form) -> Iterator[Live]:
    """The banner, the status word and one line a table."""
    layout, last = layout_of(form), CHECK_HEAD + len(layout_of(form).check_row)
    effects, states, ranks = (f"${letter}${CHECK_HEAD + 1}:${letter}${last}" for letter in "JFG")
    blocking = "+".join(
        f'COUNTIFS({states},"{STATES[state]}",{ranks},"{SEVERITIES["mandatory"]}")'
        for state in ("broken", "undecided")
    )
    status = (
        f"=IF({_touched_formula(layout)},"
        f'IF(COUNTIF({effects},1)+{blocking}>0,"{STATUSES["failed"]}",'
        f'IF(COUNTIF({effects},2)>0,"{STATUSES["passed_with_reasons"]}","{STATUSES["passed"]}")),'
        f'"{STATUSES["not_filled"]}")'
    )
    yield Live(_spot(form, "B3"), status, lambda _f, j: STATUSES[_plain_status(j)])
    nested = f'"{BANNERS["failed"]}"'
    for key in ("not_filled", "passed_with_reasons", "passed"):
        nested = f'IF(B3="{STATUSES[key]}","{BANNERS[key]}",{nested})'
    yield Live(_spot(form, "A2"), f"={nested}", lambda _f, j: BANNERS[_plain_status(j)])
    for table in form.tables:
        yield _table_line(layout, table)
    for section in form.texts:
        length = _text_length(layout, section.id)
        yield Live(
            _spot(form, f"B{layout.status_row[section.id]}"),
            f'=IF({length}>0,"完成","尚未填写")',
            _saved_text_line(section.id),
        )


def _plain_status(judgement: Judgement) -> str:
    return judgement.status


def _saved_text_line(section: str) -> Saved:
    return lambda filing, _j: (
        "完成" if (filing.narrative.get(section) or "").strip() else "尚未填写"
    )


def _touched_formula(layout: Layout) -> str:
    form = layout.form
    yes, areas = form.text("answers", "yes"), [_mirror(layout, t) for t in form.tables]
    filled = "+".join(f"COUNTIF({area},{code})" for area in areas for code in (1, 2, 3))
    flags = [spot.ref() for spot in layout.zero_flag.values()]
    declared = ",".join(f'{ref}="{yes}"' for ref in [*flags, layout.cover["nil_return"].ref()])
    texts = "+".join(_text_length(layout, section.id) for section in form.texts)
    return f"OR({filled}-N({layout.stamp['prefilled'].ref()})>0,{declared},{texts}>0)"


def _table_line(layout: Layout, table: str) -> Live:
    area, form = _mirror(layout, table), layout.form
    rows = [
        f"F{row}"
        for rule, row in layout.check_row.items()
        if form.instance_by_id[rule].rule.table == table and form.instance_by_id[rule].rule.live
    ]
    broken = "+".join(f'COUNTIF({box},"{STATES["broken"]}")' for box in ranges(rows)) or "0"
    formula = (
        f'=IF(COUNTIF({area},0)>0,"缺 "&COUNTIF({area},0)&" 项",'
        f'IF(COUNTIF({area},2)>0,"填写有误 "&COUNTIF({area},2)&" 处",'
        f'IF({broken}>0,"不平衡 "&({broken})&" 处","完成")))'
    )

    def saved(filing: Filing, judgement: Judgement) -> str:
        cells = [cell for cell in filing.form.cells_of[table] if not cell.total]
        unfit = sum(cell.index in filing.parsed for cell in cells)
        blank = sum(
            filing.values[cell.index] is None
            and cell.index not in filing.parsed
            and cell.index not in filing.not_applicable
            for cell in cells
        )
        wrong = sum(
            d.state == "broken" and d.instance.rule.table == table and d.instance.rule.live
            for d in judgement.decisions
        )
        if blank:
            return f"缺 {blank} 项"
        return f"填写有误 {unfit} 处" if unfit else f"不平衡 {wrong} 处" if wrong else "完成"

    return Live(_spot(layout.form, f"B{layout.status_row[table]}"), formula, saved)


def balance_cells(form: Form) -> Iterator[Live]:
    """The ✓/✗ under each column of a table with a printed balance."""
    layout = layout_of(form)
    for position, spot in layout.balance.items():
        instance = form.instances[position]
        state = f"{quote(form.sheets['checks'])}!$F${layout.check_row[instance.id]}"
        formula = f'=IF({state}="{STATES["held"]}","✓",IF({state}="{STATES["broken"]}","✗",""))'
        yield Live(spot, formula, _saved_mark(instance.id))


def _saved_mark(instance_id: str) -> Saved:
    marks = {"held": "✓", "broken": "✗"}
    return lambda _f, judgement: marks.get(judgement.by_id[instance_id].state or "", "")
