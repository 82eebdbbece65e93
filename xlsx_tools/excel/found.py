"""What stood in a cell that holds no plain number, as its writer saw it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsx_tools.excel.raw import RawCell

_LONGEST_FORMULA = 200
_FALSE_LEAP_DAY = 60  # 1900 had no 29 February, but its day numbers do


def show_found(
    raw: RawCell | None, *, date: bool = False, array: bool = False, date1904: bool = False
) -> str:
    """A formula as its text, a date as ``2024-03-05``, a truth value as TRUE or FALSE.

    Anything else is the text in the file. `date` and `array` say what only the style and the
    array's range tell: that the number is a date, or a part of an array formula's result.
    """
    if raw is None:
        return ""
    if raw.formula is not None or array:
        return f"={(raw.formula or '…')[:_LONGEST_FORMULA]}"
    if raw.kind == "b":
        return "FALSE" if raw.text in ("0", "false") else "TRUE"
    return _show_date(raw.text, date1904=date1904) if date else raw.text


def _show_date(serial: str, *, date1904: bool) -> str:
    """The day (and time) of a day number; one that no calendar has stays as it is."""
    try:
        days = float(serial)
        first = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a day
        if not date1904 and days < _FALSE_LEAP_DAY:
            days += 1
        moment = first + timedelta(seconds=round(days * 86_400))
    except (ValueError, OverflowError):
        return serial
    return f"{moment:%Y-%m-%d}" if days % 1 == 0 else f"{moment:%Y-%m-%d %H:%M}"
