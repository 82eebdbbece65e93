"""Many honest workbooks on disk, no two alike, for runs at scale."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import Pool
from random import Random
from typing import TYPE_CHECKING

from tests.support.builders import with_figures
from tests.support.district import YEAR, plausible
from xlsx_tools.fill import render_workbook

if TYPE_CHECKING:
    from pathlib import Path

_A_FOLDER = 1000
_FAULTY = 50
"""One of so many files does not balance, so that findings are kept and told, too."""


def make_files(folder: Path, count: int, *, first: int = 0) -> None:
    """Write workbooks number `first` to `first + count` into folders of a thousand."""
    numbers = range(first, first + count)
    for block in {number // _A_FOLDER for number in numbers}:
        (folder / f"{block:03}").mkdir(parents=True, exist_ok=True)
    with Pool() as pool:
        pool.starmap(_make_file, ((folder, number) for number in numbers), chunksize=200)


def _make_file(folder: Path, number: int) -> None:
    random = Random(number)  # noqa: S311 - made-up figures
    filing = plausible(f"示例省第{number:06}局", f"11{number:016}", YEAR, random)
    filing = replace(
        filing, narrative={key: f"{number}：{text}" for key, text in filing.narrative.items()}
    )
    if number % _FAULTY == 0:
        filing = with_figures(filing, received__research=7)
    path = folder / f"{number // _A_FOLDER:03}" / f"{number:06}.xlsx"
    path.write_bytes(render_workbook(filing))
