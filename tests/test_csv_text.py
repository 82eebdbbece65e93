"""CSV that a spreadsheet program opens without taking anything for a formula."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from xlsx_tools.csv_text import csv_line

NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"]


@pytest.mark.parametrize("text", NASTY)
def test_what_would_be_taken_for_a_formula_is_marked_as_text(text: str) -> None:
    (row,) = csv.reader(StringIO(csv_line([text]), newline=""))

    assert row == [f"'{text}"]


def test_quotes_commas_and_line_breaks_come_back_as_they_were() -> None:
    texts = ['甲"局"', "乙,局", "丙\n局", "丁 局", ""]

    (row,) = csv.reader(StringIO(csv_line(texts), newline=""))

    assert row == texts
