"""``nianbao demo``: the whole round, from blank workbooks to the merged one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.desk import Order, run_order
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.batch.workplace import open_workplace
from xlsx_tools.cli.demo_units import ABSENT, COUNTY, DEPARTMENTS, FORM, YEAR
from xlsx_tools.cli.options import FILE, ChineseCommand, describe
from xlsx_tools.cli.outputs import write_output
from xlsx_tools.cli.returns import write_returns
from xlsx_tools.csv_text import write_csv
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.gather import list_excluded, merge_batch
from xlsx_tools.merge.trace import write_trace_csv
from xlsx_tools.read import read_workbook
from xlsx_tools.report import REPORTERS
from xlsx_tools.roster import COLUMNS, parse_roster
from xlsx_tools.template import build_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.batch import Batch
    from xlsx_tools.cli.demo_units import Department
    from xlsx_tools.forms import Form
    from xlsx_tools.judge import FileStatus

_HELP = describe(
    "用真实的公开数字和几个虚构单位走一遍全过程：\n"
    "发放模板、填报、按名册校验、退改、汇总，结果放在 demo 文件夹，不到一分钟。\n"
    "其中一个单位的数字有意填错。已有的同名演示文件会被替换。",
    "nianbao demo",
    "nianbao demo -o 演示",
)
_ROSTER, _BEFORE, _FILLED, _RETURNED = "roster.csv", "last-year", "filled", "returned"
_FORMATS = {"text": "txt", "json": "json", "xlsx": "xlsx", "html": "html"}


@click.command("demo", cls=ChineseCommand, help=_HELP)
@click.option(
    "-o",
    "--output",
    "folder",
    type=FILE,
    default=Path("demo"),
    metavar="DIR",
    help="放结果的文件夹，默认 demo。",
)
def demo(folder: Path) -> None:
    """Make templates, fill them, check them by the roster and merge what was accepted."""
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} 不是文件夹。")
    form = load_form(FORM)
    roster = b"".join(write_csv(COLUMNS, _roster()))
    write_output(folder / _ROSTER, roster)
    filled = [_hand_in(form, unit, folder) for unit in DEPARTMENTS]
    order = Order(
        date.today(),  # noqa: DTZ011 - the user's day
        roster=parse_roster(roster),
        last_year=FilesOnDisk([folder / _BEFORE]),
    )
    with (
        open_workplace(None) as place,
        run_order(order, FilesOnDisk(filled), LocalExecutor(jobs=1), place) as outcome,
    ):
        members = _report(outcome.batch, order, folder)
        statuses = _statuses(outcome.batch)
    for line in _say_what_to_open(folder, statuses, members):
        click.echo(line)


def _hand_in(form: Form, unit: Department, folder: Path) -> Path:
    """Send out the template, read it back, type the figures, hand in."""
    name = f"{unit.organisation.name}.xlsx"
    before = _last_year(form, unit)
    if before is not None:
        write_output(
            folder / _BEFORE / f"{unit.organisation.name}.json", f"{dumps_filing(before)}\n"
        )
    blank = build_template(form, year=YEAR, organisation=unit.organisation, last_year=before)
    write_output(folder / "templates" / name, blank)
    filing = _type_in(read_workbook(folder / "templates" / name), unit.figures, unit.narrative)
    write_output(folder / _FILLED / name, render_workbook(filing))
    return folder / _FILLED / name


def _type_in(
    filing: Filing, figures: Mapping[str, int | str], narrative: Mapping[str, str | None]
) -> Filing:
    """All figures that were not carried over: those given, 0 elsewhere."""
    form = filing.form
    unknown = figures.keys() - form.by_path.keys()
    if unknown:
        raise KeyError(*unknown)
    typed = {
        cell.index: filing.values[cell.index]
        if cell.index in filing.prefilled
        else Decimal(figures.get(cell.path, 0))
        if cell.kind == "money"
        else int(figures.get(cell.path, 0))
        for cell in form.inputs
    }
    return replace(filing, values=compute_values(form, typed, ()), narrative=dict(narrative))


def _last_year(form: Form, unit: Department) -> Filing | None:
    if not unit.last_year:
        return None
    empty = Filing(
        form=form,
        year=YEAR - 1,
        organisation=unit.organisation,
        scope="own",
        values=compute_values(form, {}, ()),
        narrative={},
    )
    return _type_in(empty, unit.last_year, {})


def _report(batch: Batch, order: Order, folder: Path) -> int:
    """Everything the coordinator gets out of the batch; gives how many units were merged."""
    for name, suffix in _FORMATS.items():
        write_output(folder / f"findings.{suffix}", b"".join(REPORTERS[name](batch)))
    write_returns(batch, folder / _RETURNED, [folder / _FILLED])
    merged = merge_batch(batch, order.roster, COUNTY)
    excluded = list_excluded(batch, order.roster)
    book = render_merged(merged.filing, merged.sources, excluded=excluded, missing=merged.missing)
    write_output(folder / "merged.xlsx", book)
    trace = write_trace_csv(merged.sources, merged.filing.form)
    write_output(folder / "trace.csv", b"".join(trace))
    return len(merged.filing.includes)


def _statuses(batch: Batch) -> Mapping[str, FileStatus]:
    return {
        result.filing.organisation.name: result.status
        for result in batch.results
        if result.filing is not None
    }


def _roster() -> list[tuple[str, ...]]:
    """The lines of the roster: names only, the other columns for the user to see."""
    rest = ("",) * (len(COLUMNS) - 1)
    units = [*(unit.organisation for unit in DEPARTMENTS), ABSENT]
    return [(unit.name, *rest) for unit in units]


def _say_what_to_open(folder: Path, statuses: Mapping[str, FileStatus], members: int) -> list[str]:
    lines = [f"演示完成，结果在 {folder}：", ""]
    for unit in DEPARTMENTS:
        name = unit.organisation.name
        fault = f"（有意填错：{unit.fault}）" if unit.fault else ""
        lines.append(f"  【{STATUS_WORDS[statuses[name]]}】{name}{fault}")
    lines.append(f"  【未报】{ABSENT.name}")
    faulty = next(unit for unit in DEPARTMENTS if unit.fault).organisation.name
    prefilled = next(unit for unit in DEPARTMENTS if unit.last_year).organisation.name
    return [
        *lines,
        "",
        "请依次打开：",
        f"  1. {folder / 'templates' / f'{prefilled}.xlsx'}　空白工作簿，上年结转已经带出",
        f"  2. {folder / _FILLED / f'{faulty}.xlsx'}　填错的工作簿，看“三、依申请公开”和“校验”",
        f"  3. {folder / 'findings.html'}　按名册的校验结果（另有 txt、xlsx、json）",
        f"  4. {folder / _RETURNED}　发还的退改工作簿，看“待办”",
        f"  5. {folder / 'merged.xlsx'}　{COUNTY.name} {members} 个单位的汇总，看“来源”",
        "",
        f"再试试：nianbao explain {folder / _FILLED / f'{faulty}.xlsx'} '三!D6'",
        f"　　　　nianbao remind {folder / _FILLED} --roster {folder / _ROSTER}",
    ]
