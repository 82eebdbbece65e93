"""``nianbao merge``: accepted filings → one consolidated workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.cli.check import status_of
from xlsx_tools.cli.desk import Asked, batch_options, run_desk
from xlsx_tools.cli.options import (
    NOT_ACCEPTED,
    ChineseCommand,
    code_option,
    describe,
    force_option,
    organisation_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, require_suffix, write_output
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.merge import merge_filings

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.batch import FileResult

_HELP = describe(
    "把通过校验的填报汇总为一份工作簿（口径：本级政府汇总）。\n"
    "未通过、尚未填写、无法读取的不计入，逐一列出原因。\n"
    "年度或表式不一、同一单位重复、已含在其他汇总中的，不予汇总。",
    "nianbao merge 报送文件夹 --organisation 某某县 -o 某某县汇总.xlsx",
)


@click.command("merge", cls=ChineseCommand, help=_HELP)
@batch_options
@organisation_option
@code_option
@output_option("输出的汇总工作簿（.xlsx）。", required=True)
@force_option
@click.pass_context
def merge(  # noqa: PLR0913 - one for each option
    context: click.Context,
    *,
    asked: Asked,
    organisation: str,
    code: str | None,
    output: Path,
    force: bool,
) -> None:
    """Add up the filings that were accepted."""
    require_suffix(output, ".xlsx")
    refuse_existing([output], force=force)
    with run_desk(asked, output) as batch:
        included = [result for result in batch.results if result.accepted and result.counted]
        excluded = [result for result in batch.results if not (result.accepted and result.counted)]
        status = status_of(batch)
    _list_files("纳入", [_name(result) for result in included])
    _list_files("未纳入", [f"{_name(result)}：{_say_why(result)}" for result in excluded])
    unit = Organisation(organisation, (code or "").strip() or None)
    filings = [result.filing for result in included if result.filing is not None]
    try:
        merged = merge_filings(filings, unit)
    except MergeError as error:
        click.echo(f"没有汇总：{error}", err=True)
        context.exit(max(status, NOT_ACCEPTED))
    write_output(output, render_workbook(merged))
    click.echo(f"已汇总 {len(merged.includes)} 个单位，写入 {output}")
    context.exit(status)


def _list_files(word: str, lines: list[str]) -> None:
    click.echo(f"{word} {len(lines)} 份{'：' if lines else '。'}")
    for line in lines:
        click.echo(f"  {line}")


def _name(result: FileResult) -> str:
    if result.filing is None:
        return result.file
    return f"{result.filing.organisation.name.strip() or '单位不详'}（{result.file}）"


def _say_why(result: FileResult) -> str:
    """The status, and the worst finding in its own words."""
    word = STATUS_WORDS[result.status]
    if result.status == "not_filled" or not result.leading:
        return word
    rest = f"另有 {len(result.leading) - 1} 处。" if len(result.leading) > 1 else ""
    return f"{word}——{result.leading[0].message}{rest}"
