"""``nianbao fill``: filing JSON → workbooks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from xlsx_tools.cli.options import (
    ACCEPTED,
    FILE,
    NOT_ACCEPTED,
    UNREADABLE,
    ChineseCommand,
    describe,
    force_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, write_output
from xlsx_tools.cli.read import name_figure
from xlsx_tools.cli.submissions import find_submissions, show_progress
from xlsx_tools.errors import FilingError, IllegalTextError, UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.fill import render_workbook
from xlsx_tools.interchange import parse_filing
from xlsx_tools.interchange.exact_json import loads_exact
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xlsx_tools.filing import Filing

_HELP = describe(
    "把填报数据（JSON）填入工作簿；一个文件或者一个文件夹。\n"
    "数据先按 nianbao schema 的格式检查；总计可以不写。\n"
    "总计与各项不符的，逐格指出，不予生成。",
    "nianbao fill 某某局.json -o 某某局.xlsx",
    "nianbao fill 数据/*.json -o 工作簿文件夹",
    "nianbao fill 某某局.json --recompute-totals -o 某某局.xlsx",
)


@click.command("fill", cls=ChineseCommand, help=_HELP)
@click.argument("paths", nargs=-1, required=True, type=FILE, metavar="DATA.json...")
@output_option("输出的工作簿（.xlsx），或者文件夹。", required=True)
@click.option("--recompute-totals", is_flag=True, help="总计与各项不符时，按各项重新计算。")
@force_option
@click.pass_context
def fill(
    context: click.Context,
    paths: tuple[Path, ...],
    output: Path,
    *,
    recompute_totals: bool,
    force: bool,
) -> None:
    """Put filings into workbooks."""
    found = find_submissions(paths)
    files = [path for path in found if path in paths or path.suffix.lower() == ".json"]
    targets = _targets(files, output)
    refuse_existing(targets, force=force)
    status = ACCEPTED
    with show_progress(list(zip(files, targets, strict=True)), "正在生成") as watched:
        for path, target in watched:
            status = max(status, _fill_one(path, target, recompute=recompute_totals))
    context.exit(status)


def _targets(files: Sequence[Path], output: Path) -> list[Path]:
    """One workbook for each file: the output itself, or named alike in the output folder."""
    if not files:
        raise click.UsageError("没有 .json 填报数据。")
    if len(files) == 1 and output.suffix.lower() == ".xlsx" and not output.is_dir():
        return [output]
    if output.suffix.lower() == ".xlsx" and not output.is_dir():
        raise click.UsageError(f"有 {len(files)} 个填报数据，-o 应为文件夹。")
    targets = [output / f"{path.stem}.xlsx" for path in files]
    if twice := {target.name for target in targets if targets.count(target) > 1}:
        raise click.UsageError(f"不同文件夹中有同名的填报数据：{'、'.join(sorted(twice))}。")
    return targets


def _fill_one(path: Path, target: Path, *, recompute: bool) -> int:
    try:
        data = render_workbook(_load(path, recompute=recompute))
    except UnusableFileError as error:
        click.echo(f"{path}：{error}", err=True)
        return UNREADABLE
    except FilingError as error:
        click.echo(f"{path}：有 {len(error.problems)} 处问题，没有生成工作簿。", err=True)
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        return NOT_ACCEPTED
    except IllegalTextError as error:
        click.echo(f"{path}：没有生成工作簿。{error}", err=True)
        return NOT_ACCEPTED
    write_output(target, data)
    click.echo(f"已生成 {target}")
    return ACCEPTED


def _load(path: Path, *, recompute: bool) -> Filing:
    data = read_once(path)
    if not data:
        raise refuse("file.empty")
    try:
        loads_exact(data)
    except FilingError as error:
        raise UnusableFileError("file.not_filing", f"{error}。") from error
    try:
        filing = parse_filing(data, strict=True)
    except FilingError as error:
        raise FilingError([*error.problems, *_also_wrong(data)]) from error
    return _drop_totals(filing, path) if recompute else filing


def _also_wrong(data: bytes) -> list[str]:
    """What would be refused besides: lines of another form, totals that contradict."""
    try:
        filing = parse_filing(data, strict=False)
    except FilingError:
        return []
    try:
        render_workbook(replace(filing, parsed={}))
    except FilingError as error:
        return error.problems
    except IllegalTextError:
        pass
    return []


def _drop_totals(filing: Filing, path: Path) -> Filing:
    """Forget the stated totals that differ, and say which."""
    for index, stated in filing.stated.items():
        change = f"{show(stated)} → {show(filing.values[index])}"
        click.echo(f"{path}：{name_figure(filing, index)}：总计 {change}，已按各项重新计算。")
    return replace(filing, stated={})
