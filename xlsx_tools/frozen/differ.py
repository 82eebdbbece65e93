"""Where two outputs begin to differ, in words."""

from __future__ import annotations

import hashlib
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.address import layout_of
from xlsx_tools.excel.intake import Intake
from xlsx_tools.excel.package import open_package
from xlsx_tools.read import read_submission
from xlsx_tools.report.text import show_safely
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.filing import Filing

_LONGEST: Final = 1 << 20
_SHOWN: Final = 120
_AROUND: Final = 20


def find_first_line(before: Iterable[bytes], now: Iterable[bytes]) -> str:
    """The first line that differs, cut to what differs; very long lines count as several."""
    for number, (old, new) in enumerate(zip_longest(_lines(before), _lines(now)), start=1):
        if old != new:
            return f"第 {number} 行起不同，封存时 {_cut(old, new)}，现在 {_cut(new, old)}"
    return "逐行相同"


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST:
            yield rest[:_LONGEST]
            rest = rest[_LONGEST:]
    yield rest


def _cut(line: bytes | None, other: bytes | None) -> str:
    if line is None:
        return "没有这一行"
    text, beside = line.decode(errors="replace"), (other or b"").decode(errors="replace")
    same = next((i for i, (a, b) in enumerate(zip(text, beside, strict=False)) if a != b), 0)
    start = max(0, same - _AROUND)
    return f"“{show_safely(text[start : start + _SHOWN].strip())}”"


def has_same_parts(before: bytes, now: bytes) -> bool:
    """Whether two workbooks hold the same parts in the same order, byte for byte, inflated.

    Other versions of zlib deflate the same bytes otherwise.

    Raises:
        UnusableFileError: one of them is damaged.
    """
    first, second = open_package(before), open_package(now)
    return first.names == second.names and all(
        first.read(name) == second.read(name) for name in first.names
    )


def compare_workbooks(before: bytes, now: bytes) -> str:
    """The first figure that differs, else the first part.

    Raises:
        UnusableFileError: one of them is damaged.
    """
    old, new = _read(before), _read(now)
    if old.form != new.form:
        return f"表式不同，封存时 {old.form.id}，现在 {new.form.id}"
    layout = layout_of(new.form)
    for cell, was, is_now in zip(new.form.cells, old.values, new.values, strict=True):
        if was != is_now:
            spot = layout.figure[cell.index]
            return (
                f"{spot.sheet}!{spot.address}（{cell.label}）不同，"
                f"封存时 {_figure(was)}，现在 {_figure(is_now)}"
            )
    return f"各数相同，其他内容不同：{_first_part(before, now)}"


def _read(data: bytes) -> Filing:
    return read_submission(Intake("", data, hashlib.sha256(data).hexdigest()))


def _figure(value: object) -> str:
    return "空白" if value is None else show(value)  # type: ignore[arg-type] # a value


def _first_part(before: bytes, now: bytes) -> str:
    first, second = open_package(before), open_package(now)
    for name in first.names:
        if name not in second or first.read(name) != second.read(name):
            return f"部件 {name}"
    return "部件的清单"
