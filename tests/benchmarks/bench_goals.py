"""How far we are ahead of others, goal by goal: ratios only, no time is ever asserted.

Run it by name: ``pytest tests/benchmarks/bench_goals.py --benchmark-only``; the table comes last.
``NIANBAO_BENCH_FIGURES=500000`` writes and reads that many figures instead of a few.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.ratios import Line, Ratios, take_turns
from tests.benchmarks.rivals import (
    figures_of_openpyxl,
    figures_of_pandas,
    fill_with_openpyxl,
    gather_json,
    load_twice,
    load_with_pandas,
    parse_only,
)
from tests.support.builders import filing_of
from tests.support.office import recalculate
from tests.support.workbooks import ORGANISATION, blank_workbook, read_bytes
from xlsx_tools.check import check_filing
from xlsx_tools.filing import Filing, Organisation, compute_values
from xlsx_tools.fill import fill_workbook, render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing, parse_filing
from xlsx_tools.interchange.exact_json import dumps_exact, loads_exact
from xlsx_tools.interchange.schema import schema_problems
from xlsx_tools.judge import judge_filing
from xlsx_tools.merge import merge_filings
from xlsx_tools.read import read_workbook
from xlsx_tools.template import build_template
from xlsx_tools.values import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_benchmark.fixture import BenchmarkFixture

    from xlsx_tools.forms.model import Cell
    from xlsx_tools.values import Value

FORM = load_form("annual-report-2021")
PARAGRAPHS = [3, 300]
FIGURES = int(os.environ.get("NIANBAO_BENCH_FIGURES", "20000"))
COMMAND = "from xlsx_tools.cli.door import main; main()"
"""What the script ``nianbao`` runs."""
IMPORTS_OF_OTHERS = """
import click, jsonschema, openpyxl
click.command()(lambda: None)([], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def ratios(request: pytest.FixtureRequest) -> Ratios:
    """The table that is printed at the end of the run."""
    table = Ratios()
    request.config.pluginmanager.register(table)
    return table


@pytest.fixture
def memory_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let openpyxl put its temporary files where deleting is cheap, if there is such a place."""
    if Path("/dev/shm").is_dir():  # noqa: S108 - the kernel's memory disk
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")  # noqa: S108


def filing_with(paragraphs: int, name: str = "某县某局") -> Filing:
    prose = "\n".join(f"第 {n} 段。本年主动公开政府信息情况如下。" for n in range(paragraphs))
    narrative = {section.id: prose for section in FORM.texts}
    return replace(filing_of(FORM), organisation=Organisation(name), narrative=narrative)


@pytest.mark.office
@pytest.mark.parametrize("paragraphs", PARAGRAPHS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_goal_1_read(
    benchmark: BenchmarkFixture, ratios: Ratios, tmp_path: Path, paragraphs: int
) -> None:
    filing = filing_with(paragraphs)
    data = render_workbook(filing)
    files = {"ours": data, "LibreOffice": recalculate({"w": data}, tmp_path)["w"]}
    for saved_by, content in files.items():
        path = tmp_path / f"{saved_by}.xlsx"
        path.write_bytes(content)
        assert read_workbook(path).values == filing.values
        assert figures_of_openpyxl(FORM, load_twice(path)[0]) == filing.values
        assert figures_of_pandas(FORM, load_with_pandas(path)) == filing.values
        seconds = take_turns(
            {
                "ours": partial(read_workbook, path),
                "openpyxl twice": partial(load_twice, path),
                "pandas": partial(load_with_pandas, path),
                "expat, empty handler": partial(parse_only, path),
            },
            rounds=9,
        )
        ratios.compare(
            "1 read",
            f"saved by {saved_by}, {paragraphs} paragraphs",
            seconds,
            {
                ("openpyxl twice", "ours"): "≥ 30",
                ("pandas", "ours"): "≥ 10",
                ("ours", "expat, empty handler"): "≤ 2",
            },
        )
    benchmark(read_workbook, tmp_path / "ours.xlsx")


def check_and_merge(paths: Sequence[Path]) -> Filing:
    filings = [read_workbook(path) for path in paths]
    for filing in filings:
        check_filing(filing)
    return merge_filings(filings, ORGANISATION)


def check_and_merge_with_openpyxl(paths: Sequence[Path]) -> Filing:
    """The same rules and sums, behind openpyxl and jsonschema instead of our reader."""
    filings = [parse_filing(dumps_exact(gather_json(FORM, path))) for path in paths]
    for filing in filings:
        check_filing(filing)
    return merge_filings(filings, ORGANISATION)


@pytest.mark.parametrize("files", [2, 8])
def test_goal_2_check_and_merge(
    benchmark: BenchmarkFixture, ratios: Ratios, tmp_path: Path, files: int
) -> None:
    paths = [tmp_path / f"{number}.xlsx" for number in range(files)]
    for number, path in enumerate(paths):
        fill_workbook(filing_with(3, f"第 {number} 局"), path)
    ours, theirs = check_and_merge(paths), check_and_merge_with_openpyxl(paths)
    assert ours == theirs
    seconds = take_turns(
        {
            "ours": lambda: check_and_merge(paths),
            "openpyxl + jsonschema": lambda: check_and_merge_with_openpyxl(paths),
        },
        rounds=5,
    )
    ratios.compare(
        "2 check + merge",
        f"{files} files",
        seconds,
        {("openpyxl + jsonschema", "ours"): "≥ 30"},
    )
    benchmark(check_and_merge, paths)


def test_goal_2_share_of_the_rules(
    benchmark: BenchmarkFixture, ratios: Ratios, tmp_path: Path
) -> None:
    path = tmp_path / "one.xlsx"
    fill_workbook(filing_with(3), path)
    filing = read_workbook(path)
    figures = loads_exact(dumps_filing(filing))
    assert isinstance(figures, dict)
    seconds = take_turns(
        {
            "check": lambda: check_filing(read_workbook(path)),
            "rules": lambda: judge_filing(filing),
            "rules and findings": lambda: check_filing(filing),
            "schema": lambda: schema_problems(FORM, figures, strict=True),
        },
        rounds=40,
    )
    ratios.compare(
        "2 share",
        "one file",
        seconds,
        {
            ("rules", "check"): "≤ 0.05 with the schema",
            ("rules and findings", "check"): "",
            ("schema", "check"): "not part of it: only JSON has a schema to follow",
        },
    )
    benchmark(judge_filing, filing)


@pytest.mark.usefixtures("memory_disk")
@pytest.mark.parametrize("paragraphs", PARAGRAPHS)
def test_goal_3_fill(benchmark: BenchmarkFixture, ratios: Ratios, paragraphs: int) -> None:
    filing, template = filing_with(paragraphs), blank_workbook(FORM)
    ours, theirs = render_workbook(filing), fill_with_openpyxl(template, filing)
    assert read_bytes(ours).values == read_bytes(theirs).values == filing.values
    assert read_bytes(ours).narrative == read_bytes(theirs).narrative == filing.narrative
    seconds = take_turns(
        {
            "ours": lambda: render_workbook(filing),
            "openpyxl": lambda: fill_with_openpyxl(template, filing),
        },
        rounds=9,
    )
    ratios.compare("3 fill", f"{paragraphs} paragraphs", seconds, {("openpyxl", "ours"): "≥ 40"})
    benchmark(render_workbook, filing)


@pytest.mark.parametrize("units", [10, 40])
def test_goal_3_personal_templates(
    benchmark: BenchmarkFixture, ratios: Ratios, tmp_path: Path, units: int
) -> None:
    last_year = filing_with(3)

    def build() -> None:
        for number in range(units):
            unit = Organisation(f"第 {number} 局")
            filing = replace(last_year, organisation=unit)
            data = build_template(
                FORM, year=FORM.first_year + 1, organisation=unit, last_year=filing
            )
            (tmp_path / f"{number}.xlsx").write_bytes(data)

    seconds = take_turns({"3,000 templates": build}, rounds=3)
    seconds["3,000 templates"] = [each * 3000 / units for each in seconds["3,000 templates"]]
    seconds["one minute"] = [60.0] * 3
    pairs = {("3,000 templates", "one minute"): "≤ 1"}
    ratios.compare("3 personal", f"extrapolated from {units}", seconds, pairs)
    assert read_workbook(tmp_path / "3.xlsx").organisation.name == "第 3 局"
    benchmark(build)


def run_python(*arguments: str) -> None:
    """As an installed program starts: its bytecode, and compiled forms, lie beside it."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=kept)


def test_goal_6_start(benchmark: BenchmarkFixture, ratios: Ratios, tmp_path: Path) -> None:
    path = tmp_path / "one.xlsx"
    fill_workbook(filing_with(3), path)
    command = ("-c", COMMAND, "check", str(path))
    seconds = take_turns(
        {
            "check": lambda: run_python(*command),
            "bare Python": lambda: run_python("-c", "pass"),
            "imports of others": lambda: run_python("-c", IMPORTS_OF_OTHERS),
        },
        rounds=15,
    )
    pairs = {("check", "bare Python"): "≤ 5", ("imports of others", "check"): "≥ 5"}
    ratios.compare("6 start", "one file", seconds, pairs)
    benchmark(run_python, *command)


def random_filings(random: Random) -> Iterator[Filing]:
    """Filings with a figure in every cell, small ones and large ones, for ever."""
    blank = filing_with(1)
    while True:
        typed: dict[int, Value | None] = {c.index: random_figure(c, random) for c in FORM.inputs}
        yield replace(blank, values=compute_values(FORM, typed, ()))


def random_figure(cell: Cell, random: Random) -> Value:
    largest = random.choice((9, 9999, LARGEST))
    if cell.kind == "money":
        amount = Decimal(f"{random.randint(0, largest)}.{random.randint(1, 999_999):06}")
        return amount.normalize()
    return random.randint(-largest if cell.kind == "signed" else 0, largest)


def test_goal_9_wrong_values(benchmark: BenchmarkFixture, ratios: Ratios) -> None:
    wrong = seen = 0
    for filing in random_filings(Random(9)):  # noqa: S311 - the same figures each time
        back = read_bytes(render_workbook(filing)).values
        wrong += sum(
            a != b or type(a) is not type(b) for a, b in zip(filing.values, back, strict=True)
        )
        seen += len(back)
        if seen >= FIGURES:
            break
    ratios.lines.append(Line("9 exact", f"{seen:,} figures", "wrong values", str(wrong), "0"))
    assert wrong == 0
    benchmark(lambda: read_bytes(render_workbook(filing)))
