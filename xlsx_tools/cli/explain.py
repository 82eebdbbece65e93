"""``nianbao explain``: every rule on one cell, with live numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.result import SEVERITY_WORDS, STATE_WORDS
from xlsx_tools.batch.work import load_submission
from xlsx_tools.check.places import name_cells
from xlsx_tools.check.telling import open_leaves
from xlsx_tools.check.wording import show_signed, write_sums
from xlsx_tools.cli.options import FILE, ChineseCommand, describe
from xlsx_tools.cli.rules import say_formula
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.address import layout_of
from xlsx_tools.forms.model import FLAT_COLUMN
from xlsx_tools.judge import judge_filing, reason_counts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Cell, Form, Instance
    from xlsx_tools.judge import Decision

_HELP = describe(
    "说明一个单元格：填什么、现在是什么、涉及哪些校验、各校验两边的数字。\n"
    "工作表可以写全名（三、依申请公开）、首字（三）或者表名（表三）。",
    "nianbao explain 某某局.xlsx '三!F17'",
    "nianbao explain 某某局.json '表四!E6'",
)
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_MARKS = {"held": "✓", "broken": "✗", "undecided": "？", "crashed": "！", None: "－"}
_HOLDS = {"==": ("≠", "="), "<=": (">", "≤"), ">=": ("<", "≥")}


@click.command("explain", cls=ChineseCommand, help=_HELP)
@click.argument("path", type=FILE, metavar="X.xlsx")
@click.argument("place", metavar="三!F17")
def explain(path: Path, place: str) -> None:
    """Print what a cell means, and the state of every rule that touches it."""
    try:
        filing = load_submission(path).filing
    except UnusableFileError as error:
        raise UnusableFileError(error.reason, f"{path}：{error}", place=error.place) from error
    cell = find_cell(filing.form, place)
    decisions = [
        decision for decision in judge_filing(filing).decisions if _touches(decision.instance, cell)
    ]
    for line in _describe_cell(filing, cell):
        click.echo(line)
    click.echo(f"涉及校验 {len(decisions)} 项：")
    for decision in decisions:
        for line in _describe_decision(filing, decision):
            click.echo(f"  {line}")


def find_cell(form: Form, place: str) -> Cell:
    """The figure meant by ``三!F17``, ``表三!F17`` or ``三、依申请公开!$F$17``.

    Raises:
        click.UsageError: no figure stands there.
    """
    name, _, address = place.strip("'").replace("！", "!").rpartition("!")
    match = _ADDRESS.fullmatch(address.strip().upper())
    if not name or match is None:
        raise click.UsageError(f"单元格应写成“三!F17”的样子，实为“{place}”。")
    sheet = _find_sheet(form, name.strip().strip("'"))
    wanted = "".join(match.groups())
    for index, spot in layout_of(form).figure.items():
        if spot == (sheet, wanted):
            return form.cells[index]
    raise click.UsageError(f"{sheet}!{wanted} 不是填报数字的单元格（{_span(form, sheet)}）。")


def _find_sheet(form: Form, name: str) -> str:
    sheets = {table.sheet: table.name for table in form.tables.values()}
    for sheet, table_name in sheets.items():
        if name in (sheet, table_name):
            return sheet
    found = [sheet for sheet in sheets if name and sheet.startswith(name)]
    if len(found) == 1:
        return found[0]
    raise click.UsageError(f"没有填报数字的工作表“{name}”，可用的有：{'、'.join(sheets)}。")


def _span(form: Form, sheet: str) -> str:
    spots = [spot.address for spot in layout_of(form).figure.values() if spot.sheet == sheet]
    return f"本表的数字在 {spots[0]} 至 {spots[-1]} 之间"


def _touches(instance: Instance, cell: Cell) -> bool:
    needs = [need for need in (instance.requirement, instance.condition) if need is not None]
    if not needs:
        return instance.part == cell.table
    sides = [side for need in needs for side in (need.left, need.right)]
    named = any(cell.index == term.index for side in sides for term in side.terms)
    return named or any(cell.index in need.leaves for need in needs)


def _describe_cell(filing: Filing, cell: Cell) -> Iterator[str]:
    table = filing.form.tables[cell.table]
    sheet, address = layout_of(filing.form).place_of(cell.index)
    yield f"{sheet}!{address}  {table.name} {cell.label}（单位：{cell.unit}）"
    yield f"现在：{_say_content(filing, cell)}"
    if cell.index in filing.last_year:
        yield f"上年：{show_signed(filing.last_year[cell.index])}"
    notes = [table.rows[cell.row].note]
    notes += [] if cell.column == FLAT_COLUMN else [table.columns[cell.column].note]
    for note in filter(None, notes):
        yield f"填报说明：{note}"


def _say_content(filing: Filing, cell: Cell) -> str:
    index, value = cell.index, filing.values[cell.index]
    if index in filing.parsed:
        return f"不是有效的数字（{filing.parsed[index].why}）"
    if cell.total:
        stated = filing.stated.get(index)
        said = f"，文件中写的是 {show_signed(stated)}" if stated is not None else ""
        return f"{show_signed(value)}（由各项相加，自动计算{said}）"
    if index in filing.not_applicable:
        return "标为不适用（通常应填 0）"
    if value is None:
        return "空白（尚未填写，不等于 0）"
    return f"{show_signed(value)}{'（由上年度报告带出）' if index in filing.prefilled else ''}"


def _describe_decision(filing: Filing, decision: Decision) -> Iterator[str]:
    instance, rule = decision.instance, decision.instance.rule
    word = STATE_WORDS[decision.state] if decision.state else "不适用（口径不同或者没有上年数字）"
    yield f"{_MARKS[decision.state]} [{SEVERITY_WORDS[rule.severity]}] {instance.title}：{word}"
    yield f"    {say_formula(filing.form, rule) or rule.says}"
    if numbers := _say_numbers(filing, decision):
        yield f"    {numbers}"
    if decision.state not in ("held", None):
        yield f"    处理：{rule.remedy}"
    if reason := filing.reasons.get(instance.id, "").strip():
        counts = reason_counts(filing, instance.id)
        yield f"    说明：{reason}{'' if counts else '（过短，不能认可）'}"


def _say_numbers(filing: Filing, decision: Decision) -> str:
    need = decision.instance.requirement
    if decision.state == "undecided" and need is not None:
        return f"没有可用的数字：{name_cells(filing, open_leaves(filing, decision))}"
    if need is None or decision.left is None:
        return ""
    sums = write_sums(need, decision, filing)
    if decision.state == "broken":
        return sums
    fails, holds = _HOLDS[need.comparison]
    return sums.rpartition("，差")[0].replace(f" {fails} ", f" {holds} ")
