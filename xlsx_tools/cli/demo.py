"""``nianbao demo``: the whole round, from blank workbooks to the merged one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsx_tools.batch import Batch
from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.batch.work import Checker, Checking, Task
from xlsx_tools.cli.demo_units import ABSENT, COUNTY, DEPARTMENTS, FORM, YEAR
from xlsx_tools.cli.options import FILE, ChineseCommand, describe
from xlsx_tools.cli.outputs import write_output
from xlsx_tools.csv_text import write_csv
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.merge import merge_filings
from xlsx_tools.read import read_workbook
from xlsx_tools.report import REPORTERS
from xlsx_tools.template import build_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.batch import FileResult
    from xlsx_tools.cli.demo_units import Department
    from xlsx_tools.forms import Form

_HELP = describe(
    "用真实的公开数字和几个虚构单位走一遍全过程：\n"
    "发放模板、填报、校验、汇总，结果放在 demo 文件夹，不到一分钟。\n"
    "其中一个单位的数字有意填错。已有的同名演示文件会被替换。",
    "nianbao demo",
    "nianbao demo -o 演示",
)
ROSTER = "roster.csv"


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
    """Make templates, fill them, check them and merge what was accepted."""
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} 不是文件夹。")
    form = load_form(FORM)
    results = _check([_hand_in(form, unit, folder) for unit in DEPARTMENTS], folder)
    merged = _merge(results, folder)
    write_output(folder / ROSTER, b"".join(write_csv(("name",), _roster())))
    for line in _say_what_to_open(folder, results, merged):
        click.echo(line)


def _hand_in(form: Form, unit: Department, folder: Path) -> Path:
    """Send out the template, read it back, type the figures, hand in."""
    name = f"{unit.organisation.name}.xlsx"
    blank = build_template(
        form, year=YEAR, organisation=unit.organisation, last_year=_last_year(form, unit)
    )
    write_output(folder / "templates" / name, blank)
    filing = _type_in(read_workbook(folder / "templates" / name), unit.figures, unit.narrative)
    write_output(folder / "filled" / name, render_workbook(filing))
    return folder / "filled" / name


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


def _check(paths: list[Path], folder: Path) -> list[FileResult]:
    checker = Checker(Checking())
    results = [
        checker.check(Task(number, str(path), str(path))) for number, path in enumerate(paths)
    ]
    write_output(folder / "findings.txt", b"".join(REPORTERS["text"](Batch(results))))
    write_output(folder / "findings.json", b"".join(REPORTERS["json"](Batch(results))))
    return results


def _merge(results: list[FileResult], folder: Path) -> Filing:
    accepted = [
        result.filing for result in results if result.filing is not None and result.mergeable
    ]
    merged = merge_filings(accepted, COUNTY)
    write_output(folder / "merged.xlsx", render_workbook(merged))
    return merged


def _roster() -> list[tuple[str]]:
    units = [*(unit.organisation for unit in DEPARTMENTS), ABSENT]
    return [(unit.name,) for unit in units]


def _say_what_to_open(folder: Path, results: list[FileResult], merged: Filing) -> list[str]:
    lines = [f"演示完成，结果在 {folder}：", ""]
    for unit, result in zip(DEPARTMENTS, results, strict=True):
        fault = f"（有意填错：{unit.fault}）" if unit.fault else ""
        lines.append(f"  【{STATUS_WORDS[result.status]}】{unit.organisation.name}{fault}")
    faulty = next(unit for unit in DEPARTMENTS if unit.fault).organisation.name
    prefilled = next(unit for unit in DEPARTMENTS if unit.last_year).organisation.name
    many = f"{merged.organisation.name} {len(merged.includes)} 个单位"
    return [
        *lines,
        "",
        "请依次打开：",
        f"  1. {folder / 'templates' / f'{prefilled}.xlsx'}　空白工作簿，上年结转已经带出",
        f"  2. {folder / 'filled' / f'{faulty}.xlsx'}　填错的工作簿，看“三、依申请公开”和“校验”",
        f"  3. {folder / 'findings.txt'}　校验结果（给程序用的是 findings.json）",
        f"  4. {folder / 'merged.xlsx'}　{many}的汇总，可以继续校验、汇总",
        "",
        f"再试试：nianbao explain {folder / 'filled' / f'{faulty}.xlsx'} '三!D6'",
        f"　　　　nianbao remind {folder / 'filled'} --roster {folder / ROSTER}",
    ]
