"""Receipts (回执): a text that says which file was accepted, with a code to check it by.

The code is an HMAC over every line above it. Without a key anybody can compute it: it shows that
nothing was changed by accident. With the coordinator's key nobody else can issue a receipt, and
only who has the key can check one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from xlsx_tools.batch.labels import shorten_names
from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.report.text import show_safely
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.batch import FileResult
    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form, Table

Outcome = Literal["genuine", "altered", "other_key", "key_needed", "other_file"]
OUTCOME_WORDS: Mapping[Outcome, str] = {
    "genuine": "回执有效",
    "altered": "回执内容与校验码不符，已被改动",
    "other_key": "回执不是用所给密钥出具的",
    "key_needed": "回执是用密钥出具的，须给出同一密钥才能核验",
    "other_file": "回执本身有效，但所给文件不是回执所列的文件",
}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that can be taken for a digit, or for a letter too many."""
_GROUP = 4
_CODE_LENGTH = 16
_KEY_ID_LENGTH = 8
_KEY_ID_OF = b"nianbao receipt key"
_LEAST_KEY = 16
_BOM = "\ufeff"
_NONE = "无"
_NOTES = {
    False: "没有使用密钥：校验码可以发现内容的改动，不能证明由谁出具。",
    True: "已使用密钥：没有密钥不能出具，也不能核验。",
}
_SYMBOLS = f"[{_ALPHABET}]{{{_GROUP}}}"
_SHAPE = re.compile(
    "(?P<title>[^\n]+)报送回执\n\n"
    "单位：(?P<organisation>[^\n]+)\n"
    "统一社会信用代码：(?P<code>[^\n]+)\n"
    "报告年度：(?P<year>[0-9]+)\n"
    "报告口径：(?P<scope>[^\n]+)\n"
    "文件：(?P<file>[^\n]+)\n"
    "文件摘要（SHA-256）：(?P<sha256>[0-9a-f]{64})\n"
    "校验结论：(?P<status>[^\n]+)\n"
    "已经说明的问题：(?P<reasons>[0-9]+) 处\n"
    "提示：(?P<hints>[0-9]+) 处\n"
    "主要数据：\n(?P<figures>(?:  [^\n]+：[^\n]+\n)*)"
    "出具日期：(?P<issued>[0-9]{4}-[0-9]{2}-[0-9]{2})\n"
    f"密钥标识：(?P<key_id>{_NONE}|{_SYMBOLS}-{_SYMBOLS})\n"
    "说明：[^\n]+\n"
    f"校验码：(?P<check_code>{_SYMBOLS}-{_SYMBOLS}-{_SYMBOLS}-{_SYMBOLS})\n"
)


class ReceiptError(XlsxToolsError):
    """No receipt: a text that is none, a key that is too short, a filing that did not pass."""

    code = "receipt"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was read; nothing in it is to be believed before `check_receipt`.

    `code` and `key_id` are empty where there is none; `figures` are label and value as printed;
    `signed` is every line that the `check_code` vouches for.
    """

    organisation: str
    code: str
    year: int
    scope: str
    file: str
    sha256: str
    status: str
    reasons: int
    hints: int
    figures: tuple[tuple[str, str], ...]
    issued: date
    key_id: str
    check_code: str
    signed: str


def write_receipt(result: FileResult, on: date, key: bytes | None = None) -> str:
    """The receipt for a file that was accepted and counts.

    Raises:
        ReceiptError: it was not accepted, or another file counts in its place.
    """
    filing, sha256 = result.filing, result.sha256
    if filing is None or sha256 is None or not result.mergeable:
        raise ReceiptError(f"{result.file}：没有通过校验或者没有计入，不能出具回执。")
    lines = [
        f"{filing.form.title}报送回执",
        "",
        f"单位：{show_safely(filing.organisation.name.strip())}",
        f"统一社会信用代码：{show_safely((filing.organisation.code or '').strip()) or _NONE}",
        f"报告年度：{filing.year}",
        f"报告口径：{_name_scope(filing)}",
        f"文件：{show_safely(shorten_names([result.file])[0])}",
        f"文件摘要（SHA-256）：{sha256}",
        f"校验结论：{STATUS_WORDS[result.status]}",
        f"已经说明的问题：{sum(bool(finding.reason) for finding in result.findings)} 处",
        f"提示：{sum(finding.severity == 'hint' for finding in result.leading)} 处",
        "主要数据：",
        *(f"  {label}：{value}" for label, value in key_figures(filing)),
        f"出具日期：{on.isoformat()}",
        f"密钥标识：{identify_key(key) or _NONE}",
        f"说明：{_NOTES[key is not None]}",
    ]
    signed = "".join(f"{line}\n" for line in lines)
    return f"{signed}校验码：{_sign(signed, key)}\n"


def _name_scope(filing: Filing) -> str:
    scopes = filing.form.cover["scopes"]
    return str(scopes[filing.scope]) if isinstance(scopes, dict) else filing.scope


def key_figures(filing: Filing) -> Iterator[tuple[str, str]]:
    """The totals by which people know a filing again: label and figure with its unit.

    Of a table with a balance, its terms in the total column; of the others, every total.
    """
    form = filing.form
    for table in form.official_tables:
        for index in _key_cells(form, table):
            cell = form.cells[index]
            yield f"{table.name} {cell.label}", f"{show(filing.values[index])} {cell.unit}"


def _key_cells(form: Form, table: Table) -> Iterator[int]:
    if not table.balance:
        yield from (cell.index for cell in form.cells_of[table.id] if cell.total)
        return
    for instance in form.instances:
        if instance.rule.id == table.balance and instance.requirement is not None:
            sides = (instance.requirement.left, instance.requirement.right)
            indices = [term.index for side in sides for term in side.terms]
            if all(form.cells[index].total for index in indices):
                yield from indices


def read_receipt(text: str) -> Receipt:
    """Read a receipt to the letter; only a mark at its start and the kind of line ends may vary.

    Raises:
        ReceiptError: it is none, or so changed that it is none any more.
    """
    text = text.removeprefix(_BOM).replace("\r\n", "\n")
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ReceiptError("不是完整的回执：内容、格式与出具时不同，无法核验。")
    said = match.groupdict()
    try:
        issued = date.fromisoformat(said["issued"])
    except ValueError as error:
        raise ReceiptError(f"不是有效的回执：没有“{said['issued']}”这一天。") from error
    figures = (line.strip(" ").rpartition("：") for line in said["figures"].splitlines())
    return Receipt(
        organisation=said["organisation"],
        code="" if said["code"] == _NONE else said["code"],
        year=int(said["year"]),
        scope=said["scope"],
        file=said["file"],
        sha256=said["sha256"],
        status=said["status"],
        reasons=int(said["reasons"]),
        hints=int(said["hints"]),
        figures=tuple((label, value) for label, _, value in figures),
        issued=issued,
        key_id="" if said["key_id"] == _NONE else said["key_id"],
        check_code=said["check_code"],
        signed=text[: text.rindex("校验码：")],
    )


def check_receipt(receipt: Receipt, key: bytes | None, workbook: bytes | None = None) -> Outcome:
    """Whether the code fits the text and the key, and the file, if one is given, fits both.

    A receipt without a key is never genuine to somebody who checks with one.
    """
    if receipt.key_id and key is None:
        return "key_needed"
    if not hmac.compare_digest(identify_key(key), receipt.key_id):
        return "other_key"
    if not hmac.compare_digest(_sign(receipt.signed, key), receipt.check_code):
        return "altered"
    if workbook is not None and hashlib.sha256(workbook).hexdigest() != receipt.sha256:
        return "other_file"
    return "genuine"


def parse_key(data: bytes) -> bytes:
    """The key in a file; blanks and line ends around it, which editors add, do not count.

    Raises:
        ReceiptError: it is so short that it can be guessed.
    """
    key = data.removeprefix(_BOM.encode()).strip()
    if len(key) < _LEAST_KEY:
        raise ReceiptError(f"密钥过短：应不少于 {_LEAST_KEY} 个字节，且他人无法猜到。")
    return key


def identify_key(key: bytes | None) -> str:
    """A name for a key that does not give it away; empty for none."""
    return "" if key is None else _encode(_hmac(key, _KEY_ID_OF), _KEY_ID_LENGTH)


def _sign(signed: str, key: bytes | None) -> str:
    return _encode(_hmac(key or b"", signed.encode("utf-8", "surrogatepass")), _CODE_LENGTH)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _encode(digest: bytes, length: int) -> str:
    """The first bits of a digest, five a letter, in groups."""
    number = int.from_bytes(digest, "big") >> (len(digest) * 8 - length * 5)
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))
    return "-".join(letters[start : start + _GROUP] for start in range(0, length, _GROUP))
