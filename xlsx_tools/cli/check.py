"""``nianbao check``: files → verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch import Batch
from xlsx_tools.cli.options import (
    ACCEPTED,
    FILE,
    NOT_ACCEPTED,
    UNREADABLE,
    ChineseCommand,
    describe,
    force_option,
    format_option,
    output_option,
)
from xlsx_tools.cli.outputs import print_or_write, refuse_existing
from xlsx_tools.cli.submissions import check_files, find_submissions
from xlsx_tools.report import BINARY, REPORTERS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xlsx_tools.batch import FileResult

_HELP = describe(
    "校验工作簿和填报数据（JSON），给出能否报送和应当改正的地方。\n"
    "文件夹按层查找其中的 .xlsx 和 .json，锁定文件（~$）不计。\n"
    "一个文件无法读取，不影响其他文件。",
    "nianbao check 某某局.xlsx",
    "nianbao check 报送文件夹 --format json -o 校验结果.json",
    "nianbao check 报送文件夹 --format xlsx -o 校验汇总.xlsx",
    "nianbao check 报送文件夹 --format html -o 校验结果.html",
)
_ACCEPTED = ("passed", "passed_with_reasons")


@click.command("check", cls=ChineseCommand, help=_HELP)
@click.argument("paths", nargs=-1, required=True, type=FILE, metavar="PATH...")
@format_option(*REPORTERS)
@output_option("结果写入这个文件，不写则显示在屏幕上。")
@force_option
@click.pass_context
def check(
    context: click.Context,
    paths: tuple[Path, ...],
    output_format: str,
    output: Path | None,
    *,
    force: bool,
) -> None:
    """Check workbooks and filing JSON against the rules of their form."""
    if output is None and output_format in BINARY:
        raise click.UsageError(f"{output_format} 结果不能显示在屏幕上，请用 -o 写明文件。")
    refuse_existing([output], force=force)
    results = check_files(find_submissions(paths, leave_out=output))
    print_or_write(b"".join(REPORTERS[output_format](Batch(results))), output)
    context.exit(status_of(results))


def is_accepted(result: FileResult) -> bool:
    """Whether a file may be reported, with or without reasons."""
    return result.status in _ACCEPTED


def status_of(results: Iterable[FileResult]) -> int:
    """The exit status that says the worst of all files."""
    results = list(results)
    if any(result.status == "unreadable" for result in results):
        return UNREADABLE
    return ACCEPTED if all(map(is_accepted, results)) else NOT_ACCEPTED
