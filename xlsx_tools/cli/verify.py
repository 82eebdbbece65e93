"""``nianbao verify``: whether what somebody shows us is what we gave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from xlsx_tools.cli.options import ACCEPTED, FILE, NOT_ACCEPTED, ChineseCommand, describe
from xlsx_tools.cli.receipt import key_option, read_key
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once
from xlsx_tools.receipt import OUTCOME_WORDS, ReceiptError, check_receipt, read_receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.receipt import Outcome, Receipt

_HELP = describe(
    "核验回执是否有效；给出工作簿的，同时核对是不是回执所列的那一份。不需要网络。\n"
    "回执用密钥出具的，须用 --key 给出同一密钥。\n"
    "没有使用密钥的回执，有效只说明内容没有改动，不能证明由谁出具。",
    "nianbao verify 某某局-回执.txt",
    "nianbao verify 某某局-回执.txt 某某局.xlsx --key 密钥.txt",
)
_ZIP_START = b"PK"


class Verified(NamedTuple):
    """How a check ended, and what to say."""

    status: int
    lines: tuple[str, ...]


@click.command("verify", cls=ChineseCommand, help=_HELP)
@click.argument("proof", type=FILE, metavar="RECEIPT.txt")
@click.argument("workbook", type=FILE, required=False, metavar="[FILE.xlsx]")
@key_option
@click.pass_context
def verify(
    context: click.Context, *, proof: Path, workbook: Path | None, key_file: Path | None
) -> None:
    """Check a receipt, alone or against the file it speaks of."""
    key = read_key(key_file)
    verified = verify_proof(_read(proof), None if workbook is None else _read(workbook), key)
    for line in verified.lines:
        click.echo(line)
    context.exit(verified.status)


def verify_proof(data: bytes, workbook: bytes | None, key: bytes | None) -> Verified:
    """Check what was given by what it is; so far there are receipts only.

    Raises:
        click.UsageError: it is a workbook or some other package.
    """
    if data.startswith(_ZIP_START):
        raise click.UsageError("第一个参数不是回执，而是工作簿或者压缩包。请先写回执，再写工作簿。")
    return verify_receipt(data, workbook, key)


def verify_receipt(data: bytes, workbook: bytes | None, key: bytes | None) -> Verified:
    """Check a receipt; one that cannot even be read as such is not valid."""
    try:
        receipt = read_receipt(data.decode("utf-8"))
    except UnicodeDecodeError:
        return Verified(NOT_ACCEPTED, ("回执无效：不是 UTF-8 文本，内容或者编码已被改动。",))
    except ReceiptError as error:
        return Verified(NOT_ACCEPTED, (f"回执无效：{error}",))
    outcome = check_receipt(receipt, key, workbook)
    lines = _describe(receipt, outcome, with_file=workbook is not None)
    return Verified(ACCEPTED if outcome == "genuine" else NOT_ACCEPTED, tuple(lines))


def _describe(receipt: Receipt, outcome: Outcome, *, with_file: bool) -> Iterator[str]:
    """The outcome; what the receipt says only when it is to be believed."""
    if outcome == "other_key" and not receipt.key_id:
        yield f"{OUTCOME_WORDS[outcome]}：出具时没有使用密钥，不能证明由谁出具。"
        return
    yield f"{OUTCOME_WORDS[outcome]}。"
    if outcome not in ("genuine", "other_file"):
        return
    yield f"  {receipt.organisation}，{receipt.year}年度（{receipt.scope}），{receipt.status}"
    yield f"  文件：{receipt.file}，出具日期：{receipt.issued.isoformat()}"
    if outcome == "other_file":
        return
    yield f"  {'所给文件与回执一致。' if with_file else '没有给出文件，未核对文件摘要。'}"
    if not receipt.key_id:
        yield "  本回执没有使用密钥：只说明内容没有改动，不能证明由谁出具。"


def _read(path: Path) -> bytes:
    try:
        return read_once(path)
    except UnusableFileError as error:
        raise UnusableFileError(error.reason, f"{path}：{error}", place=error.place) from error
