"""``nianbao template``: blank workbooks, prefilled from last year's filings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.work import load_submission
from xlsx_tools.cli.options import (
    FILE,
    ChineseCommand,
    check_name,
    check_year,
    code_option,
    describe,
    force_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, require_suffix, write_output
from xlsx_tools.cli.template_roster import make_for_roster
from xlsx_tools.errors import FormFileError, UnusableFileError
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_of_year
from xlsx_tools.template import build_template

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.forms.model import Scope

_HELP = describe(
    "生成一个单位一个年度的空白工作簿；给出名册时，每个单位一份。\n给出上年度填报时，上年结转自动带出并锁定。",
    "nianbao template --year 2025 --organisation 某某局 -o 某某局.xlsx",
    "nianbao template --year 2025 --organisation 某某局 --last-year 2024.xlsx -o 某某局.xlsx",
    "nianbao template --year 2025 --roster 名册.csv --last-year 上年填报 -o 空白工作簿",
)


@click.command("template", cls=ChineseCommand, help=_HELP)
@click.option("--year", required=True, callback=check_year, metavar="Y", help="报告年度。")
@click.option("--organisation", callback=check_name, metavar="N", help="单位名称。")
@click.option(
    "--roster",
    type=FILE,
    metavar="R.csv",
    help="名册（CSV，列为 name,code,scope,parent,contact,email,merge,note），每个单位生成一份。",
)
@code_option
@click.option(
    "--scope",
    type=click.Choice(["own", "consolidated"]),
    default="own",
    metavar="S",
    help="口径：own 本机关（默认）、consolidated 本级政府汇总。",
)
@click.option(
    "--last-year",
    type=FILE,
    metavar="FILE",
    help="上年度的工作簿或填报数据；使用名册时可以是文件夹。",
)
@output_option("输出的工作簿（.xlsx）；使用名册时为文件夹。", required=True)
@force_option
def template(  # noqa: PLR0913 - one for each option
    *,
    year: int,
    organisation: str | None,
    roster: Path | None,
    code: str | None,
    scope: Scope,
    last_year: Path | None,
    output: Path,
    force: bool,
) -> None:
    """Make the blank workbook of one organisation, or of each in a roster."""
    form = _form_of(year)
    if roster is not None:
        if organisation or code:
            raise click.UsageError("给出名册时，不再使用 --organisation 和 --code。")
        make_for_roster(form, roster, year=year, last_year=last_year, folder=output, force=force)
        return
    if organisation is None:
        raise click.UsageError("缺少选项 --organisation（或者用 --roster 给出名册）。")
    require_suffix(output, ".xlsx")
    refuse_existing([output], force=force)
    if last_year is not None and last_year.resolve() == output.resolve():
        raise click.UsageError(f"{output} 是上年度填报，不能作为输出，请换一个文件名。")
    unit = Organisation(organisation, (code or "").strip() or None)
    before = None if last_year is None else _load_last_year(last_year, year, organisation)
    data = build_template(form, year=year, organisation=unit, scope=scope, last_year=before)
    write_output(output, data)
    click.echo(f"已生成 {output}（{organisation}，{year}年度）")


def _form_of(year: int) -> Form:
    try:
        return form_of_year(year)
    except FormFileError as error:
        raise click.UsageError(f"{error.reason}。") from error


def _load_last_year(path: Path, year: int, organisation: str) -> Filing:
    try:
        filing = load_submission(path).filing
    except UnusableFileError as error:
        raise UnusableFileError(error.reason, f"{path}：{error}", place=error.place) from error
    if filing.year != year - 1:
        found = "没有写明年度" if filing.year is None else f"是{filing.year}年度的"
        raise click.UsageError(f"{path} {found}，不是上年度（{year - 1}年度）的填报。")
    theirs = filing.organisation.name.strip()
    if theirs != organisation:
        click.echo(f"请核对：{path} 的填报单位是“{theirs}”，不是“{organisation}”。", err=True)
    return filing
