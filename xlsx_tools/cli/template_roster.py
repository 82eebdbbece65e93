"""``nianbao template --roster``: one personal workbook for each line of the roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.work import load_submission
from xlsx_tools.cli.desk import load_roster
from xlsx_tools.cli.outputs import refuse_existing, write_output
from xlsx_tools.cli.submissions import find_submissions, show_progress
from xlsx_tools.csv_text import csv_line
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.excel.address import layout_of
from xlsx_tools.report.text import show_safely
from xlsx_tools.roster import FilingsByUnit, RosterLine, file_names
from xlsx_tools.template import build_template, carried_figures
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

CARRIED_LIST = "承接表.csv"
_HEADING = ("单位", "统一社会信用代码", "工作簿", "单元格", "项目", "上年数", "上年度填报")


def make_for_roster(  # noqa: PLR0913 - what the command was asked
    form: Form, roster: Path, *, year: int, last_year: Path | None, folder: Path, force: bool
) -> None:
    """Write the workbooks and the list of what was carried over, and say how many."""
    lines = load_roster(roster)
    names = file_names(lines)
    outputs = {line.line: folder / names[line.line] for line in lines}
    carried_list = folder / CARRIED_LIST
    if not folder.is_dir() and folder.exists():
        raise click.UsageError(f"{folder} 不是文件夹；使用名册时，-o 应为文件夹。")
    refuse_existing([*outputs.values(), carried_list], force=force)
    before = FilingsByUnit() if last_year is None else _load_last_year(last_year, year)
    rows: list[tuple[str, ...]] = []
    with show_progress(list(lines), "正在生成") as watched:
        for line in watched:
            filing = before.find(line)
            data = build_template(
                form,
                year=year,
                organisation=line.organisation,
                scope=line.scope,
                last_year=filing,
            )
            write_output(outputs[line.line], data)
            rows += _carried(form, line, names[line.line], filing)
    if last_year is not None:
        write_output(carried_list, "\ufeff" + "".join(map(csv_line, (_HEADING, *rows))))
        _say_unmatched(lines, before)
    click.echo(f"已在 {folder} 生成 {len(lines)} 个单位的工作簿（{year}年度）")


def _load_last_year(place: Path, year: int) -> FilingsByUnit:
    """Every usable filing of last year; those that are not are named, and stop nothing."""
    filings = FilingsByUnit()
    for path in find_submissions([place]):
        try:
            filing = load_submission(path).filing
        except XlsxToolsError as error:
            click.echo(f"{path}：{error}", err=True)
            continue
        if filing.year != year - 1:
            click.echo(f"{path}：不是上年度（{year - 1}年度）的填报，没有使用。", err=True)
        elif not filings.add(filing):
            name = show_safely(filing.organisation.name)
            click.echo(f"{path}：“{name}”上年度有几份不同的填报，都没有使用。", err=True)
    return filings


def _carried(
    form: Form, line: RosterLine, workbook: str, filing: Filing | None
) -> Iterator[tuple[str, ...]]:
    if filing is None:
        return
    layout = layout_of(form)
    for index, value in carried_figures(form, filing).items():
        spot, cell = layout.figure[index], form.cells[index]
        yield (
            line.organisation.name,
            line.organisation.code or "",
            workbook,
            f"{spot.sheet}!{spot.address}",
            cell.label,
            show(value),
            f"{filing.year}年度",
        )


def _say_unmatched(lines: Sequence[RosterLine], before: FilingsByUnit) -> None:
    missing = [line.organisation.name for line in lines if before.find(line) is None]
    if missing:
        named = "、".join(missing[:5]) + ("等" if len(missing) > 5 else "")  # noqa: PLR2004
        click.echo(f"{len(missing)} 个单位没有上年度填报，上年结转由单位填写：{named}。", err=True)
