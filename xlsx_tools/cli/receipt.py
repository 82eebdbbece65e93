"""``nianbao receipt``: a receipt for each file that was accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.cli.desk import Asked, batch_options, run_desk
from xlsx_tools.cli.options import FILE, ChineseCommand, describe, force_option, output_option
from xlsx_tools.cli.outputs import refuse_existing, write_output
from xlsx_tools.cli.statuses import status_of
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.receipt import ReceiptError, parse_key, write_receipt
from xlsx_tools.roster import RosterLine, file_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.batch import Batch, FileResult

_HELP = describe(
    "为通过校验并计入的填报逐一出具回执：单位、年度、文件摘要、校验结论、主要数据和校验码。\n"
    "单位可以凭回执证明哪一份文件通过了校验，用 nianbao verify 离线核验。\n"
    "不用密钥的，校验码只能发现内容的改动；用密钥（--key）的，没有密钥不能出具，也不能核验。",
    "nianbao receipt 报送文件夹 -o 回执",
    "nianbao receipt 报送文件夹 --roster 名册.csv --key 密钥.txt -o 回执",
)
_SUFFIX = "-回执.txt"

key_option = click.option(
    "--key",
    "key_file",
    type=FILE,
    metavar="FILE",
    help="密钥文件：不少于 16 个字节、他人无法猜到的内容，由出具回执的单位保管。",
)


def read_key(path: Path | None) -> bytes | None:
    """The key in a file, if one was given.

    Raises:
        click.UsageError: it cannot be read, or is no key.
    """
    if path is None:
        return None
    try:
        return parse_key(read_once(path))
    except (UnusableFileError, ReceiptError) as error:
        raise click.UsageError(f"{path}：{error}") from error


@click.command("receipt", cls=ChineseCommand, help=_HELP)
@batch_options
@key_option
@output_option("放回执的文件夹。", required=True)
@force_option
@click.pass_context
def receipt(
    context: click.Context, *, asked: Asked, key_file: Path | None, output: Path, force: bool
) -> None:
    """Write a receipt for every file that was accepted and counts."""
    if output.exists() and not output.is_dir():
        raise click.UsageError(f"{output} 不是文件夹；-o 应为文件夹。")
    key = read_key(key_file)
    with run_desk(asked, output) as batch:
        names = _name_receipts(batch)
        refuse_existing([output / name for name in names.values()], force=force)
        for number, result in _accepted(batch):
            write_output(
                output / names[number],
                "\ufeff" + write_receipt(result, asked.today, key).replace("\n", "\r\n"),
            )
        others = len(batch.results) - len(names)
        status = status_of(batch)
    rest = f"；没有通过或者没有计入的 {others} 份，没有出具" if others else ""
    click.echo(f"已在 {output} 出具 {len(names)} 份回执{rest}。")
    context.exit(status)


def _accepted(batch: Batch) -> Iterator[tuple[int, FileResult]]:
    """What gets a receipt, with its place among all files."""
    for number, result in enumerate(batch.results, start=1):
        if result.mergeable:
            yield number, result


def _name_receipts(batch: Batch) -> dict[int, str]:
    """A file name for each receipt, by the place of the file; units of one name stay apart."""
    lines = (
        RosterLine(number, result.filing.organisation)
        for number, result in _accepted(batch)
        if result.filing is not None
    )
    return {
        number: name.removesuffix(".xlsx") + _SUFFIX for number, name in file_names(lines).items()
    }
