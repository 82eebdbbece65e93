"""VBA sources → sources of ASCII only, which mean the same on a computer of any code page.

A Chinese text in a source is written as ``U("6821 9A8C")``, a call of a function of the add-in.
Comments are left out; every line keeps its number, so that an error can be found in the source.
"""

from __future__ import annotations

import re
from typing import Final

from xlsx_tools.macros.refusal import MacroSourceError

_PIECE: Final = re.compile(r'"(?:[^"]|"")*"|[^"\']+|[\'"]')
_CONST: Final = re.compile(r"\s*(?:(?:Public|Private)\s+)?Const\s", re.IGNORECASE)
_LONGEST_LINE: Final = 1023  # the editor cuts off what is longer


def make_ascii(source: str, name: str) -> str:
    """The source of the file `name`, with the same number of lines.

    Raises:
        MacroSourceError: a text outside ASCII in a ``Const``, which cannot call a function, or
            outside quotation marks; a text that does not end; a line that becomes too long.
    """
    lines = source.replace("\r\n", "\n").split("\n")
    return "\n".join(_convert(line, name, number) for number, line in enumerate(lines, start=1))


def _convert(line: str, name: str, number: int) -> str:
    out = []
    for piece in _PIECE.findall(line):
        if piece == "'":  # a comment, to the end of the line
            break
        if piece == '"':
            raise MacroSourceError(name, number, "文字没有结束的引号")
        if not piece.isascii() and (piece[0] != '"' or _CONST.match(line)):
            why = "Const 不能含中文，请改用 Function" if piece[0] == '"' else "引号之外有中文"
            raise MacroSourceError(name, number, why)
        out.append(piece if piece.isascii() else _spell(piece[1:-1].replace('""', '"')))
    converted = "".join(out).rstrip()
    if len(converted) > _LONGEST_LINE:
        raise MacroSourceError(name, number, f"转换后超过 {_LONGEST_LINE} 个字符，请拆成几行")
    return converted


def _spell(text: str) -> str:
    units = text.encode("utf-16-be").hex(" ", 2).upper()
    return f'U("{units}")'
