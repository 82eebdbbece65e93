"""Two engines, one meaning: 校验 recalculated by LibreOffice against the checker."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.office import edit_sheets, recalculate
from xlsx_tools.excel.address import layout_of
from xlsx_tools.excel.intake import Intake
from xlsx_tools.excel.sheets import read_raw_workbook
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.judge import judge_filing
from xlsx_tools.read import read_submission
from xlsx_tools.template import live_cells
from xlsx_tools.template.verdict_cells import STATES, STATUSES

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.forms import Form
    from xlsx_tools.values import Value

_EACH = 105
_WRONG = ("12件", "１２", " 7 ", "约10", "/", "—", "不适用", "  ", "1.2万", "-", "?", "*")
_WRONG_NUMBERS = ("1.5", "-1", "1234567890123", "0.1234567")


_REASONS = ("确认", "数据确实无误，已逐项核对", "好", "    ", "已核实")


def _random_filing(form: Form, rng: Random) -> Filing:
    """Clean ones, settled ones (with reasons), empty ones, and every kind of disorder."""
    style = rng.choice(("clean", "settled", "empty", "zero", "changed", "blanks", "wild", "wild"))
    filing = _with_random_figures(filing_of(form), style, rng)
    rules = sorted(layout_of(form).check_row)
    if style == "settled":
        return replace(filing, reasons=dict.fromkeys(rules, rng.choice(_REASONS)))
    if style in ("clean", "empty"):
        return filing
    known = {index: rng.randint(0, 3) for index in layout_of(form).last_year}
    if rng.random() < 0.3:
        known.pop(rng.choice(sorted(known)))
    return replace(
        filing,
        scope=rng.choice(("own", "own", "consolidated")),
        year=rng.choice((form.first_year, form.first_year, None, form.first_year - 1)),
        nil_return=rng.random() < 0.3,
        narrative={s.id: rng.choice(("有文字。", "有文字。", None)) for s in form.texts},
        last_year=known if rng.random() < 0.5 else {},
        reasons={rule: rng.choice(_REASONS) for rule in rules if rng.random() < 0.5},
    )


def _with_random_figures(filing: Filing, style: str, rng: Random) -> Filing:
    form = filing.form
    values: dict[int, Value | None] = {c.index: filing.values[c.index] for c in form.inputs}
    for index in values:
        if style == "empty" or (style == "blanks" and rng.random() < 0.1):
            values[index] = None
        elif style == "zero":
            values[index] = 0
    if style == "settled":
        first = form.cells_of[form.official_tables[0].id]
        values |= {first[0].index: 1, first[2].index: 1}
    for index in rng.sample(sorted(values), 3) if style in ("changed", "wild") else ():
        values[index] = rng.randint(0, 9)
    marks = rng.sample(sorted(values), 1) if style == "wild" and rng.random() < 0.3 else []
    values |= dict.fromkeys(marks)
    wild = style in ("blanks", "wild") and not marks
    declared = frozenset(t.id for t in form.official_tables if wild and rng.random() < 0.3)
    return replace(
        filing,
        values=compute_values(form, values, declared),
        declared_zero=declared,
        not_applicable=frozenset(marks),
        narrative=dict.fromkeys(filing.narrative) if style == "empty" else filing.narrative,
    )


def _with_wrong_types(data: bytes, form: Form, rng: Random) -> bytes:
    """Type things into figures that no program of ours would write there."""
    layout = layout_of(form)
    cells = rng.sample(form.inputs, rng.choice((0, 0, 0, 1, 2)))
    wanted = {layout.figure[cell.index] for cell in cells}
    raw = read_raw_workbook(data)
    parts = {name: f"xl/worksheets/sheet{n}.xml" for n, name in enumerate(raw.sheets, start=1)}

    def edit(part: str, xml: str) -> str:
        for spot in sorted(wanted):
            if parts[spot.sheet] != part:
                continue
            # No TRUE here: in a cell shown as a number LibreOffice takes it for 1, Excel does not.
            if rng.random() < 0.6:
                text = escape(rng.choice(_WRONG))
                content = f't="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
            else:
                content = f"><v>{rng.choice(_WRONG_NUMBERS)}</v></c>"
            pattern = rf'<c r="{spot.address}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)'
            xml, count = re.subn(pattern, rf'<c r="{spot.address}"\1 {content}', xml)
            assert count == 1
        return xml

    return edit_sheets(data, edit)


def _differences(
    shown: dict[str, tuple[str, dict[str, str]]], expected: dict[str, tuple[str, dict[str, str]]]
) -> list[str]:
    lines = []
    for name, (status, states) in shown.items():
        wanted, wanted_states = expected[name]
        if status != wanted:
            lines.append(f"{name}: {status}, not {wanted}")
        lines += [
            f"{name} {rule}: {state}, not {wanted_states[rule]}"
            for rule, state in states.items()
            if state != wanted_states[rule]
        ]
    return lines


def _live_rows(form: Form) -> dict[str, int]:
    """The rows of 校验 whose state is a formula; the others are decided by the checker alone."""
    rows = layout_of(form).check_row
    return {rule: row for rule, row in rows.items() if form.instance_by_id[rule].rule.live}


def _shown(data: bytes, form: Form) -> tuple[str, dict[str, str]]:
    cells = read_raw_workbook(data).sheets[form.sheets["checks"]].cells
    return cells["B3"].text, {rule: cells[f"F{row}"].text for rule, row in _live_rows(form).items()}


@pytest.mark.office
@pytest.mark.parametrize("form_id", form_ids())
def test_the_live_rules_say_what_the_checker_says(form_id: str, tmp_path: Path) -> None:
    form, rng = load_form(form_id), Random(f"parity {form_id}")  # noqa: S311 - a seed, not a secret
    files = {
        f"{number:03d}": _with_wrong_types(render_workbook(_random_filing(form, rng)), form, rng)
        for number in range(_EACH)
    }

    recalculated = recalculate(files, tmp_path)
    shown = {name: _shown(data, form) for name, data in recalculated.items()}

    expected = {}
    for name, data in recalculated.items():
        judgement = judge_filing(read_submission(Intake(name, data, "")))
        states = {rule: STATES[judgement.by_id[rule].state] for rule in _live_rows(form)}
        expected[name] = (STATUSES[judgement.status], states)
    assert _differences(shown, expected) == []
    assert {status for status, _ in shown.values()} == set(STATUSES.values()) - {"无法读取"}
    assert {state for _, states in shown.values() for state in states.values()} == {
        "成立",
        "不成立",
        "无法判断",
        "不适用",
    }


@pytest.mark.office
@pytest.mark.parametrize("form_id", form_ids())
def test_every_saved_result_is_what_the_program_computes(form_id: str, tmp_path: Path) -> None:
    form, rng = load_form(form_id), Random(form_id)  # noqa: S311 - a seed, not a secret
    files = {str(n): render_workbook(_random_filing(form, rng)) for n in range(12)}

    again = recalculate(files, tmp_path)

    for name, data in files.items():
        saved, computed = read_raw_workbook(data), read_raw_workbook(again[name])
        for live in live_cells(form):
            sheet, address = live.spot
            mine = saved.sheets[sheet].cells[address].text
            theirs = computed.sheets[sheet].cells.get(address)
            assert _number(mine) == _number(theirs.text if theirs else ""), (name, live.spot)


def _number(text: str) -> float | str:
    try:
        return round(float(text), 6)
    except ValueError:
        return text


@pytest.mark.office
def test_a_wrong_formula_is_noticed(tmp_path: Path) -> None:
    form = load_form(form_ids()[-1])
    rule = "regulations-power"
    filing = with_figures(filing_of(form), regulations__issued=1, regulations__in_force=1)
    row = layout_of(form).check_row[rule]
    wrong = edit_sheets(
        render_workbook(filing),
        lambda _, xml: re.sub(
            rf'(<c r="F{row}"[^>]*>)<f>[^<]*</f>', r"\1<f>&quot;成立&quot;</f>", xml
        ),
    )

    _, states = _shown(recalculate({"x": wrong}, tmp_path)["x"], form)

    assert states[rule] == "成立"
    assert STATES[judge_filing(filing).by_id[rule].state] == "不成立"
