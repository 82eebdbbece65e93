"""Where an address lies in the grid, without ever building the grid."""

from __future__ import annotations

import re
from typing import Final

COLUMNS: Final = 16_384
ROWS: Final = 1_048_576

_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class _Positions(dict[str, int]):
    """Address to place in reading order: ``(row - 1) * 16384 + column - 1``.

    The same addresses come again in every sheet and file, so known ones are kept, up to a
    bound that no file can push. What is no address of the grid is a KeyError that says why.
    """

    _most: Final = 16_384

    def __missing__(self, address: str) -> int:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise KeyError("写法无效")
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        row = int(found[2])
        if column > COLUMNS or row > ROWS:
            raise KeyError("超出表格范围")
        position = (row - 1) * COLUMNS + column - 1
        if len(self) < self._most:
            self[address] = position
        return position


POSITIONS: Final = _Positions()


def address_at(position: int) -> str:
    """The address of a place in reading order, counted from 0."""
    row, column = divmod(position, COLUMNS)
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
