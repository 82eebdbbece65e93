"""Text from outside → text a cell of our workbook can hold and a person can trust."""

from __future__ import annotations

import re

from xlsx_tools.report.text import show_safely

LONGEST = 32_767  # UTF-16 units; Excel calls a file with more damaged
_CUT = "…（文字过长，此处截断）"
_NO_CHARACTER = re.compile("[\ufffe\uffff]")
# Programs read _x0041_ in a text as "A" (ECMA-376, ST_Xstring), so such an underscore is spelt out.
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def cell_text(text: str) -> str:
    """`text` with its lines kept and every other control or direction character spelt out.

    What a cell cannot hold is cut off, and says so.
    """
    if text.isprintable():
        return _LOOKS_ESCAPED.sub("_x005F_", _fit(text))
    lines = "\n".join(show_safely(line) for line in text.split("\n"))
    safe = _NO_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", lines)
    return _LOOKS_ESCAPED.sub("_x005F_", _fit(safe))


def _fit(text: str) -> str:
    if len(text) <= LONGEST // 8:  # even if each character were spelt out
        return text
    spelt = len(_LOOKS_ESCAPED.findall(text)) * len("x005F_")
    room = LONGEST - spelt - len(_CUT)
    if _units(text) + spelt <= LONGEST:
        return text
    kept = text.encode("utf-16-le")[: 2 * max(room, 0)].decode("utf-16-le", "ignore")
    return kept + _CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def width_of(text: str) -> int:
    """How wide a text stands in a column: a Chinese character is two letters wide."""
    return len(text) if text.isascii() else len(text.encode("gb18030", "replace"))
