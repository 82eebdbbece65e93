"""JSON whose numbers are never binary floats and whose keys are never doubled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NoReturn

from xlsx_tools.errors import FilingError

_LONGEST_INTEGER = 400
_LARGEST_EXPONENT = 400
_TOO_WIDE = Decimal("Infinity")
"""Stands for a number so long that it is refused by every later check."""


def loads_exact(data: bytes | str) -> object:
    """Parse JSON text in UTF-8; a number with a point or an exponent becomes a Decimal.

    Raises:
        FilingError: not UTF-8, not JSON, a key given twice, or NaN or Infinity.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_int=_read_integer,
            parse_float=_read_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_collect_pairs,
        )
    except UnicodeDecodeError as error:
        raise FilingError(["不是 UTF-8 编码的文本，请另存为 UTF-8 后重试"]) from error
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 个字符"
        raise FilingError([f"不是有效的 JSON：{place}附近无法读取"]) from error
    except RecursionError as error:
        raise FilingError(["不是有效的填报数据：嵌套层数过多"]) from error


def _read_integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else _TOO_WIDE


def _read_decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return _TOO_WIDE
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else _TOO_WIDE


def _refuse_constant(name: str) -> NoReturn:
    raise FilingError([f"不能使用 {name}，数字应为有限的数，空白写为 null"])


def _collect_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise FilingError([f"“{key[:50]}”在同一处出现了两次，无法确定以哪一个为准"])
        found[key] = value
    return found


def dumps_exact(value: object, *, depth: int = 0) -> str:
    """Write JSON, Decimals digit for digit; lists and objects of plain values on one line.

    Raises:
        TypeError: a value JSON has no word for; a float is one, on purpose.
    """
    match value:
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return f"{value:f}"
        case Mapping():
            items = [
                f"{json.dumps(str(key), ensure_ascii=False)}: {dumps_exact(item, depth=depth + 1)}"
                for key, item in value.items()
            ]
            return _enclose("{", items, "}", depth, inline=_is_plain(value.values()))
        case Sequence():
            items = [dumps_exact(item, depth=depth + 1) for item in value]
            return _enclose("[", items, "]", depth, inline=_is_plain(value))
        case _:
            raise TypeError(f"not for JSON: {type(value).__name__}")


def _is_plain(values: object) -> bool:
    return isinstance(values, Sequence | type({}.values())) and not any(
        isinstance(value, Mapping | list | tuple) for value in values
    )


def _enclose(opening: str, items: list[str], closing: str, depth: int, *, inline: bool) -> str:
    if inline:
        return f"{opening}{', '.join(items)}{closing}"
    pad = " " * (depth + 1)
    inside = ",\n".join(f"{pad}{item}" for item in items)
    return f"{opening}\n{inside}\n{' ' * depth}{closing}"
