"""What may be put into a cell of a prepared workbook, and the XML it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from xlsx_tools.errors import IllegalTextError

_LONGEST_TEXT = 32_767  # UTF-16 units; Excel calls a file with more damaged
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ILLEGAL = r"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_ILLEGAL_CHARACTER = re.compile(f"[{_ILLEGAL}]")
_NOT_PLAIN = re.compile(f"[&<>\r_{_ILLEGAL}]")
# Programs read _x0041_ in a text as "A" (ECMA-376, ST_Xstring), so such an underscore is spelt out.
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as exact decimal text, such as ``"59237.2449"``."""

    text: str
    style_of: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and never a formula, whatever it starts with."""

    text: str
    style_of: str | None = None


@dataclass(frozen=True, slots=True)
class Cached:
    """The saved result of the cell's formula, which stays; None is the empty text."""

    result: str | bool | int | Decimal | None
    style_of: str | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of ours (without ``=``) with its saved result, for rows at the end of a sheet."""

    formula: str
    result: str | bool | int | Decimal | None
    style_of: str | None = None


@dataclass(frozen=True, slots=True)
class Blank:
    """Nothing: the cell is emptied and keeps its style."""

    style_of: str | None = None


# In each, `style_of` is the address in the same sheet of the cell whose style is taken instead.
Content = Number | Text | Cached | Formula | Blank


def escape_text(text: str, place: str) -> str:
    """`text` as the content of a cell's ``<t>`` or ``<v>``, so that it is read back as it is.

    Raises:
        IllegalTextError: it is too long for a cell, or has a character XML cannot hold.
    """
    if len(text) > _LONGEST_TEXT // 2:
        _refuse_long_text(text, place)
    if _NOT_PLAIN.search(text) is None:
        return text
    return _LOOKS_ESCAPED.sub("_x005F_", _escape_markup(text, place))


def make_writable(text: str) -> str:
    """`text` with a � for each character that no workbook can hold: for what is only told."""
    return _ILLEGAL_CHARACTER.sub("\ufffd", text)


def escape_value(text: str, place: str) -> str:
    """`text` as it may stand in any XML, also in an attribute.

    Raises:
        IllegalTextError: it has a character XML cannot hold.
    """
    escaped = _escape_markup(text, place).replace('"', "&quot;")
    return escaped.replace("\t", "&#9;").replace("\n", "&#10;")


def _escape_markup(text: str, place: str) -> str:
    if illegal := _ILLEGAL_CHARACTER.search(text):
        raise IllegalTextError(place, _say_illegal(illegal))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _refuse_long_text(text: str, place: str) -> None:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units > _LONGEST_TEXT:
        raise IllegalTextError(
            place, f"文字有 {units:,} 个字符，超过一个单元格最多 {_LONGEST_TEXT:,} 个的限制，请删减"
        )


def _say_illegal(found: re.Match[str]) -> str:
    return (
        f"第 {found.start() + 1} 个字符（U+{ord(found[0]):04X}）看不见，也不能存入工作簿，"
        "请删去或重新输入这段文字"
    )


def render_content(content: Content, opening: str, formula: str, place: str) -> str:
    """The XML of a cell.

    Args:
        content: what the cell is to hold.
        opening: the start tag as far as its style, such as ``<c r="B2" s="3"``.
        formula: the ``<f>`` element that a `Cached` result belongs to, or nothing.
        place: where the cell is, for messages.

    Raises:
        IllegalTextError: a text that no workbook can hold.
        ValueError: a `Number` that is not a number, or a `Cached` result without a formula.
    """
    match content:
        case Number(text):
            if NUMBER.fullmatch(text) is None:
                raise ValueError(f"{place}: {text!r} is not a number")
            return f"{opening}><v>{text}</v></c>"
        case Text(text):
            text = escape_text(text, place)
            return f'{opening} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        case Blank():
            return f"{opening}/>"
        case Cached(result):
            if not formula:
                raise ValueError(f"{place}: a cached result, but the cell has no formula")
            return f"{opening}{_render_result(result, formula, place)}</c>"
        case Formula(words, result):
            written = f"<f>{escape_text(words, place)}</f>"
            return f"{opening}{_render_result(result, written, place)}</c>"
        case _:
            assert_never(content)


def _render_result(
    result: str | bool | int | Decimal | None,  # noqa: FBT001 - not a flag
    formula: str,
    place: str,
) -> str:
    match result:
        case None:
            return f' t="str">{formula}<v></v>'
        case bool():
            return f' t="b">{formula}<v>{result:d}</v>'
        case str():
            space = ' xml:space="preserve"' if result != result.strip() else ""
            return f' t="str">{formula}<v{space}>{escape_text(result, place)}</v>'
        case Decimal() if not result.is_finite():
            raise ValueError(f"{place}: {result} is not a number")
        case Decimal():
            return f">{formula}<v>{result:f}</v>"
        case int():
            return f">{formula}<v>{result}</v>"
        case _:
            assert_never(result)
