"""``nianbao check``: files, folders and zips → verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.cli.desk import Asked, batch_options, run_desk
from xlsx_tools.cli.options import (
    FILE,
    ChineseCommand,
    describe,
    force_option,
    output_option,
)
from xlsx_tools.cli.outputs import (
    print_chunks,
    refuse_existing,
    refuse_full_folder,
    write_chunks,
)
from xlsx_tools.cli.returns import refuse_return_folder, write_returns
from xlsx_tools.cli.statuses import status_of
from xlsx_tools.report import BINARY, REPORTERS

if TYPE_CHECKING:
    from pathlib import Path


_HELP = describe(
    "校验工作簿、填报数据（JSON）、文件夹和压缩包（zip），给出能否报送和应当改正的地方。\n"
    "一个文件无法读取，不影响其他文件；写明 -o 的，中断后再次运行同样的命令，已有结果的不再重读。\n"
    "给出名册（--roster）的，列出未报、已报未通过、通过、零报告、重复和名册之外的单位。",
    "nianbao check 某某局.xlsx",
    "nianbao check 报送文件夹 --roster 名册.csv -o 校验结果.xlsx",
    "nianbao check 报送.zip --format json -o 校验结果.json",
    "nianbao check 报送文件夹 --format text,xlsx,html -o 校验结果 --return 退改",
)
_SUFFIXES = {"text": ".txt", "json": ".json", "xlsx": ".xlsx", "html": ".html"}
_NAME = "校验结果"


def _read_formats(
    _context: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(word.strip() for word in value.split(","))) if value else ()
    if unknown := [word for word in wanted if word not in REPORTERS]:
        known = "、".join(REPORTERS)
        raise click.BadParameter(f"没有格式“{unknown[0]}”，应为 {known} 之一。", param=param)
    return wanted


@click.command("check", cls=ChineseCommand, help=_HELP)
@batch_options
@click.option(
    "--format",
    "formats",
    callback=_read_formats,
    metavar="|".join(REPORTERS),
    help="输出格式，默认看输出文件的扩展名，都没有写明时为 text；多种用逗号隔开。",
)
@output_option("结果写入这个文件；有多种格式时为文件夹；不写则显示在屏幕上。")
@click.option(
    "--return",
    "return_folder",
    type=FILE,
    metavar="DIR",
    help="为每份未通过的填报生成退改工作簿（标红、批注、待办），放在这个文件夹。",
)
@force_option
@click.pass_context
def check(  # noqa: PLR0913 - one for each option
    context: click.Context,
    *,
    asked: Asked,
    formats: tuple[str, ...],
    output: Path | None,
    return_folder: Path | None,
    force: bool,
) -> None:
    """Check submissions against the rules of their form."""
    outputs = plan_outputs(formats, output)
    refuse_existing(list(outputs.values()), force=force)
    refuse_return_folder(return_folder, asked.paths)
    refuse_full_folder(return_folder, force=force)
    with run_desk(asked, output, *outputs.values(), return_folder) as batch:
        for name, path in outputs.items():
            write_chunks(path, REPORTERS[name](batch))
        if not outputs:
            print_chunks(REPORTERS[formats[0] if formats else "text"](batch))
        if return_folder is not None:
            write_returns(batch, return_folder, asked.paths)
        status = status_of(batch)
    context.exit(status)


def plan_outputs(formats: tuple[str, ...], output: Path | None) -> dict[str, Path]:
    """Which format goes into which file; nothing when the result is for the screen.

    Raises:
        click.UsageError: formats that need a file, or several without a folder.
    """
    if output is None:
        if len(formats) > 1 or any(name in BINARY for name in formats):
            raise click.UsageError("多种格式或者 xlsx 结果不能显示在屏幕上，请用 -o 写明文件。")
        return {}
    if len(formats) > 1:
        return {name: output / f"{_NAME}{_SUFFIXES[name]}" for name in formats}
    by_suffix = {suffix: name for name, suffix in _SUFFIXES.items() if name in REPORTERS}
    name = formats[0] if formats else by_suffix.get(output.suffix.lower(), "text")
    return {name: output}
