"""The live figures of a finding (现场数据) as the reports show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsx_tools.finding import Place

_LONGEST = 60


def show_where(place: Place) -> str:
    """``三、依申请公开!D7“（一）予以公开 / 自然人”``."""
    return f"{place.sheet}!{place.cell}“{place.label}”"


def show_first(places: Sequence[Place]) -> str:
    """The first cell, and how many there are."""
    rest = f"\n等 {len(places)} 格" if len(places) > 1 else ""
    return show_where(places[0]) + rest if places else ""


def show_places(places: Sequence[Place], *, most: int) -> list[str]:
    """Each cell with what stood in it, the sheet named where it changes; how many if more."""
    lines, sheet = [], ""
    for place in places[:most]:
        name = show_where(place) if place.sheet != sheet else f"{place.cell}“{place.label}”"
        lines.append(f"{name}＝{show_value(place)}")
        sheet = place.sheet
    return [*lines, f"等 {len(places)} 格"] if len(places) > most else lines


def show_value(place: Place) -> str:
    """What stood in the cell: a figure, 空白, or the text that was typed there (shortened)."""
    found = place.value
    if isinstance(found, str):
        return f"“{found if len(found) <= _LONGEST else found[:_LONGEST] + '…'}”"
    return show(found)
