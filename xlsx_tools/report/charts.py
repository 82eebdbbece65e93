"""Bar charts: every bar begins at zero and has its number beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.report.cell_text import width_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH, _LEFT, _ROOM, _ROW, _THICK = 420, 170, 60, 28, 16
_LABEL = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `short` is the label as far as there is room for it."""

    label: str
    short: str
    value: int
    top: int
    middle: int
    length: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one scale, top to bottom; `words` say the same as the picture."""

    title: str
    words: str
    bars: tuple[Bar, ...]
    height: int
    width: int = _WIDTH
    left: int = _LEFT
    thickness: int = _THICK


def draw_chart(title: str, counts: Iterable[tuple[str, int]], *, unit: str) -> Chart:
    """A chart of these counts, in the order given; the longest bar fills the width."""
    pairs = list(counts)
    largest = max((value for _, value in pairs), default=0) or 1
    room = _WIDTH - _LEFT - _ROOM
    bars = tuple(
        Bar(
            label=label,
            short=_shorten(label),
            value=value,
            top=number * _ROW + (_ROW - _THICK) // 2,
            middle=number * _ROW + _ROW // 2,
            length=round(room * value / largest, 1),
        )
        for number, (label, value) in enumerate(pairs)
    )
    said = "，".join(f"{label} {value} {unit}" for label, value in pairs)
    return Chart(f"{title}（{unit}）", f"{title}：{said}。", bars, len(bars) * _ROW)


def _shorten(label: str) -> str:
    if width_of(label) <= _LABEL:
        return label
    short = label
    while width_of(short) > _LABEL - 2:
        short = short[:-1]
    return short + "…"
