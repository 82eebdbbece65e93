"""How figures are shown; how they are read is proven through workbooks in test_read.py."""

from __future__ import annotations

from decimal import Decimal

import pytest

from xlsx_tools.values import show


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("0.190000"), "0.19"),
        (Decimal("72701.2578"), "72701.2578"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.50"), "-0.5"),
        (7, "7"),
        (None, "空白"),
    ],
)
def test_a_figure_is_shown_exactly_and_without_trailing_zeros(
    value: Decimal | int | None, shown: str
) -> None:
    assert show(value) == shown
