"""``nianbao merge``: accepted filings → one consolidated workbook with its trace."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, get_args

import click

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.check import check_filing
from xlsx_tools.cli.desk import Asked, batch_options, read_order, run_desk
from xlsx_tools.cli.options import (
    FILE,
    NOT_ACCEPTED,
    ChineseCommand,
    code_option,
    describe,
    force_option,
    organisation_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, require_suffix, write_chunks, write_output
from xlsx_tools.cli.statuses import status_of
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.gather import list_excluded, merge_batch
from xlsx_tools.merge.hierarchy import Unstated
from xlsx_tools.merge.trace import write_trace_csv, write_trace_json
from xlsx_tools.report.text import show_safely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xlsx_tools.merge.gather import Merge
    from xlsx_tools.merge.source import Excluded

_HELP = describe(
    "把通过校验的填报汇总为一份工作簿（口径：本级政府汇总），附来源、分单位、纳入情况和说明附表。\n"
    "未通过、尚未填写、无法读取、重复的不计入，逐一列出原因；名册注明不计入汇总的同样列出。\n"
    "名册有“上级”一栏的，由下而上逐级汇总，并与各级报送的汇总核对。\n"
    "年度或表式不一、同一单位重复、已含在其他汇总中的，不予汇总。",
    "nianbao merge 报送文件夹 --organisation 某某县 -o 某某县汇总.xlsx",
    "nianbao merge 报送 --organisation 某某县 --roster 名册.csv -o 汇总.xlsx --trace 来源.json",
)
_TRACES = {".csv": write_trace_csv, ".json": write_trace_json}
_LISTED = 50


@click.command("merge", cls=ChineseCommand, help=_HELP)
@batch_options
@organisation_option
@code_option
@output_option("输出的汇总工作簿（.xlsx）。", required=True)
@click.option(
    "--trace", type=FILE, metavar="T", help="另存每个汇总数的来源明细，扩展名为 .csv 或者 .json。"
)
@click.option(
    "--nested",
    "unstated",
    type=click.Choice(get_args(Unstated)),
    default="refuse",
    metavar="|".join(get_args(Unstated)),
    help="下级报送的汇总没有写明含哪些单位、而这些单位另有填报时：不予汇总（refuse，默认），"
    "以各单位之和为准（parts），或者以其汇总为准（whole）。",
)
@force_option
@click.pass_context
def merge(  # noqa: PLR0913 - one for each option
    context: click.Context,
    *,
    asked: Asked,
    organisation: str,
    code: str | None,
    output: Path,
    trace: Path | None,
    unstated: Unstated,
    force: bool,
) -> None:
    """Add up the filings that were accepted."""
    require_suffix(output, ".xlsx")
    if trace is not None:
        require_suffix(trace, *_TRACES)
    refuse_existing([output, trace], force=force)
    unit = Organisation(organisation, (code or "").strip() or None)
    with run_desk(asked, output, trace) as batch:
        status, roster = status_of(batch), read_order(asked).roster
        excluded = list_excluded(batch, roster)
        left_out = (f"{one.unit}（{one.file}）：{one.why}" for one in excluded)
        _list_files("未纳入", len(excluded), left_out)
        try:
            merged = merge_batch(batch, roster, unit, unstated)
        except MergeError as error:
            click.echo(f"没有汇总：{show_safely(str(error))}", err=True)
            status = max(status, NOT_ACCEPTED)
        else:
            _write(merged, excluded, output, trace)
    context.exit(status)


def _write(merged: Merge, excluded: Sequence[Excluded], output: Path, trace: Path | None) -> None:
    counted = (f"{one.filing.organisation.name}（{one.file}）" for one in merged.sources)
    _list_files("纳入", merged.count, counted)
    if merged.missing:
        _list_files("未报", len(merged.missing), merged.missing)
    data = render_merged(merged.filing, merged.sources, excluded=excluded, missing=merged.missing)
    write_output(output, data)
    if trace is not None:
        write = _TRACES[trace.suffix.lower()]
        write_chunks(trace, write(merged.sources, merged.filing.form))
    for remark in merged.remarks:
        click.echo(show_safely(remark))
    click.echo(f"已汇总 {len(merged.filing.includes)} 个单位{merged.say_partial()}，写入 {output}")
    _say_verdict(merged)


def _say_verdict(merged: Merge) -> None:
    """The sum is checked by the same rules."""
    verdict = check_filing(merged.filing)
    blocking = [finding for finding in verdict.leading if finding.severity != "hint"]
    click.echo(f"汇总数校验：{STATUS_WORDS[verdict.status]}{'：' if blocking else '。'}")
    for finding in blocking:
        click.echo(f"  {show_safely(finding.message)}")


def _list_files(word: str, count: int, lines: Iterable[str]) -> None:
    """The first of `count` lines; no more of them are made."""
    click.echo(f"{word} {count} 份{'：' if count else '。'}")
    for line in islice(lines, _LISTED):
        click.echo(f"  {show_safely(line)}")
    if count > _LISTED:
        click.echo(f"  另有 {count - _LISTED} 份，见汇总工作簿“纳入情况”。")
