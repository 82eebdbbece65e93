"""``nianbao verify``: whether what somebody shows us is what we gave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.cli.options import ACCEPTED, FILE, NOT_ACCEPTED, ChineseCommand, describe
from xlsx_tools.cli.receipt import key_option, read_key
from xlsx_tools.cli.verified import Verified
from xlsx_tools.cli.verify_frozen import verify_frozen
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import open_once, read_once
from xlsx_tools.frozen.open import FROZEN_LIMITS
from xlsx_tools.receipt import OUTCOME_WORDS, ReceiptError, check_receipt, read_receipt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xlsx_tools.receipt import Outcome, Receipt

_HELP = describe(
    "核验回执是否有效；给出工作簿的，同时核对是不是回执所列的那一份。不需要网络。\n"
    "回执用密钥出具的，须用 --key 给出同一密钥。\n"
    "没有使用密钥的回执，有效只说明内容没有改动，不能证明由谁出具。\n"
    "给出封存包的，用包内的文件重新校验、汇总，与封存的结果逐字节核对；\n"
    "后面再写文件夹的，改为列出封存以后有变化、已不在和新增的文件。",
    "nianbao verify 某某局-回执.txt",
    "nianbao verify 某某局-回执.txt 某某局.xlsx --key 密钥.txt",
    "nianbao verify 封存.zip",
    "nianbao verify 封存.zip 报送文件夹",
)
_ZIP_START = b"PK"


@click.command("verify", cls=ChineseCommand, help=_HELP)
@click.argument("proof", type=FILE, metavar="RECEIPT.txt|FROZEN.zip")
@click.argument("others", type=FILE, nargs=-1, metavar="[FILE.xlsx|PATH...]")
@key_option
@click.pass_context
def verify(
    context: click.Context, *, proof: Path, others: tuple[Path, ...], key_file: Path | None
) -> None:
    """Check a receipt or a frozen archive, alone or against the files it speaks of."""
    key = read_key(key_file)
    verified = verify_proof(proof, others, key)
    for line in verified.lines:
        click.echo(line)
    context.exit(verified.status)


def verify_proof(proof: Path, others: Sequence[Path], key: bytes | None) -> Verified:
    """Check what was given by what it is: a receipt, or a frozen archive.

    Raises:
        click.UsageError: it is a workbook or some other package, or does not go with the rest.
    """
    if _starts_like_zip(proof):
        if key is not None:
            raise click.UsageError("封存包没有密钥，核验时不用 --key。")
        return verify_frozen(proof, others)
    if len(others) > 1:
        raise click.UsageError("核验回执时，后面最多写一个工作簿。")
    return verify_receipt(_read(proof), _read(others[0]) if others else None, key)


def _starts_like_zip(path: Path) -> bool:
    try:
        with open_once(path, FROZEN_LIMITS) as data:
            return data[: len(_ZIP_START)] == _ZIP_START
    except UnusableFileError:
        return False  # reading it as a receipt says why


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
