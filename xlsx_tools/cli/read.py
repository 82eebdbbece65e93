"""``nianbao read``: workbooks → filing JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.work import load_submission
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
from xlsx_tools.cli.outputs import print_or_write, refuse_existing
from xlsx_tools.cli.submissions import find_submissions, show_progress
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.excel.address import layout_of
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.filing import Filing

_HELP = describe(
    "读出工作簿中的填报数据（JSON）；多个文件输出为一个列表。\n"
    "空白读作 null，不是 0；总计按各项重新计算；无法识别的单元格逐格提示。",
    "nianbao read 某某局.xlsx",
    "nianbao read 某某局.xlsx -o 某某局.json",
)


@click.command("read", cls=ChineseCommand, help=_HELP)
@click.argument("paths", nargs=-1, required=True, type=FILE, metavar="X.xlsx...")
@output_option("写入这个文件（.json），不写则显示在屏幕上。")
@force_option
@click.pass_context
def read(
    context: click.Context, paths: tuple[Path, ...], output: Path | None, *, force: bool
) -> None:
    """Read the filings out of workbooks."""
    refuse_existing([output], force=force)
    files = find_submissions(paths, leave_out=output)
    filings, status = [], ACCEPTED
    with show_progress(files, "正在读取") as watched:
        for path in watched:
            try:
                filing = load_submission(path).filing
            except XlsxToolsError as error:
                click.echo(f"{path}：{error}", err=True)
                status = UNREADABLE
                continue
            filings.append(filing)
            status = max(status, _tell_what_json_cannot(path, filing))
    if filings:
        alone = len(files) == 1 and not paths[0].is_dir()
        print_or_write(dumps_filing(filings[0]) if alone else _write_list(filings), output)
    context.exit(status)


def _write_list(filings: list[Filing]) -> str:
    return "[\n" + ",\n".join(dumps_filing(filing).rstrip("\n") for filing in filings) + "\n]\n"


def _tell_what_json_cannot(path: Path, filing: Filing) -> int:
    """Name cells whose content is not what the JSON says; figures that are lost count."""
    for notice in _notices(filing):
        click.echo(f"{path}：{notice}", err=True)
    lost = any(parsed.value is None for parsed in filing.parsed.values())
    return NOT_ACCEPTED if lost else ACCEPTED


def _notices(filing: Filing) -> Iterator[str]:
    for index, parsed in filing.parsed.items():
        taken = "没有读出" if parsed.value is None else f"读作 {show(parsed.value)}"
        yield f"{name_figure(filing, index)}：{parsed.why}，{taken}。"
    for index, stated in filing.stated.items():
        ours = show(filing.values[index])
        yield f"{name_figure(filing, index)}：文件中的总计为 {show(stated)}，各项之和为 {ours}。"


def name_figure(filing: Filing, index: int) -> str:
    """``三、依申请公开!D7（（一）予以公开 / 自然人）``."""
    sheet, address = layout_of(filing.form).place_of(index)
    return f"{sheet}!{address}（{filing.form.cells[index].label}）"
