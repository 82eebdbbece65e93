"""What may stand in a figure's cell and what it means; blank, 0 and 不适用 stay apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from xlsx_tools.forms import Cell

Value = int | Decimal
LARGEST = 999_999_999
_SIGNIFICANT = 15
PLACES = 6
_WIDE = str.maketrans("０１２３４５６７８９，．－＋　", "0123456789,.-+ ")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20})(?:\.[0-9]{1,20})?")
_COUNTERS = frozenset("件宗份条次个项")

Status = Literal["blank", "value", "text_number", "not_applicable", "invalid"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One cell as understood.

    `value` is None unless `status` is ``value`` or ``text_number``; `proposed` is what the
    writer probably meant, for a person to accept, never used by us; `why` is Chinese.
    """

    status: Status
    value: Value | None = None
    proposed: Value | None = None
    why: str = ""


BLANK = Parsed("blank")


def parse_number(raw: str, cell: Cell) -> Parsed:
    """Read a number as stored in XML (``26``, ``59237.244899999998``, ``1E3``).

    Programs store binary floats; the shortest decimal that means the same float is what the
    person typed. Counts are whole numbers from 0 to 999,999,999 (a signed count from the
    negative of it), money is zero or more with at most 6 places and 15 significant digits.
    """
    try:
        number = Decimal(repr(float(raw))) if "." in raw or "e" in raw.lower() else Decimal(raw)
    except (ValueError, ArithmeticError):
        return Parsed("invalid", why="不是有效的数字")
    return _limit(number, cell)


def parse_decimal(number: Decimal, cell: Cell) -> Parsed:
    """The same limits for a number that comes as a Decimal (from JSON)."""
    return _limit(number, cell)


def _limit(number: Decimal, cell: Cell) -> Parsed:  # noqa: PLR0911 - one a reason
    if not number.is_finite():
        return Parsed("invalid", why="不是有效的数字")
    if cell.kind != "signed" and number < 0:
        return Parsed("invalid", why=f"{_show(number)} 是负数，应为不小于 0 的数")
    if abs(number) > LARGEST * (10_000 if cell.kind == "money" else 1):
        return Parsed("invalid", why="数值过大")
    if cell.kind != "money":
        if number != number.to_integral_value():
            return Parsed("invalid", why=f"{_show(number)} 不是整数")
        return Parsed("value", int(number))
    number = _plain(number)
    digits, exponent = len(number.as_tuple().digits), number.as_tuple().exponent
    if digits > _SIGNIFICANT or (isinstance(exponent, int) and -exponent > PLACES):
        return Parsed("invalid", why=f"小数位数过多（最多 {PLACES} 位小数）")
    return Parsed("value", number)


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent, so that equal amounts are one text."""
    whole = number.to_integral_value()
    return whole.quantize(Decimal(1)) if number == whole else number.normalize()


def _show(number: Decimal) -> str:
    return f"{number:.6g}" if abs(number) > LARGEST else f"{number}"


def parse_text(raw: str, cell: Cell, not_applicable: Collection[str]) -> Parsed:
    """Read text in a figure's cell.

    Text that can only be one number (full-width digits, blanks around it, thousands commas)
    gives that value as ``text_number``; ``12件`` gives a proposal and no value, ``12元`` where
    万元 is asked for gives neither.
    """
    bare = raw.strip(" ")
    if not bare:
        return BLANK
    if bare in not_applicable:
        return Parsed("not_applicable")
    text = bare.translate(_WIDE).strip()
    match = _NUMBER.match(text)
    if match is None:
        return Parsed("invalid", why=f"“{_short(raw)}”不是数字")
    parsed = _limit(Decimal(match.group().replace(",", "")), cell)
    rest = text[match.end() :]
    if not rest:
        if parsed.status != "value":
            return parsed
        return Parsed("text_number", parsed.value, parsed.value, f"“{_short(raw)}”是文本")
    proposed = parsed.value if _is_unit(rest.strip(), cell) else None
    return Parsed("invalid", proposed=proposed, why=f"“{_short(raw)}”不是数字")


def _is_unit(word: str, cell: Cell) -> bool:
    return word == cell.unit or (cell.kind != "money" and word in _COUNTERS)


def _short(raw: str) -> str:
    return raw if len(raw) <= 20 else f"{raw[:20]}…"  # noqa: PLR2004


def show(value: Value | None) -> str:
    """A figure in a message or a cell, without trailing zeros; a blank is 空白."""
    if value is None:
        return "空白"
    return f"{_plain(value):f}" if isinstance(value, Decimal) else str(value)
