"""How long a merge takes beyond reading, and its workbook and trace, as the units grow.

Run it by name: ``pytest tests/benchmarks/bench_merge.py --benchmark-only``; the table comes last.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.ratios import Line, Ratios, take_turns
from tests.support.merging import source_of, unit_of
from tests.support.workbooks import ORGANISATION, read_bytes
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.merge import merge_filings
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.trace import write_trace_csv, write_trace_json

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
UNITS = [500, 3000, 5000]


@pytest.fixture(scope="module")
def ratios(request: pytest.FixtureRequest) -> Ratios:
    """The table that is printed at the end of the run."""
    table = Ratios()
    request.config.pluginmanager.register(table)
    return table


@cache
def units(count: int) -> tuple[Filing, ...]:
    return tuple(unit_of(FORM, f"第 {number} 局") for number in range(count))


@pytest.mark.parametrize("count", UNITS)
def test_goal_7_merge(benchmark: BenchmarkFixture, ratios: Ratios, count: int) -> None:
    filings = units(count)
    data = render_workbook(filings[0])
    seconds = take_turns(
        {
            "merge": lambda: merge_filings(filings, ORGANISATION),
            "reading one": lambda: read_bytes(data),
        },
        rounds=5,
    )
    seconds["merge, a filing"] = [each / count for each in seconds["merge"]]
    micro = min(seconds["merge, a filing"]) * 1e6
    ratios.lines.append(Line("7 merge", f"{count:,}", "µs a filing", f"{micro:.1f}", "≤ 200"))
    pairs = {("merge, a filing", "reading one"): ""}
    ratios.compare("7 merge", f"{count:,}", seconds, pairs)
    benchmark(merge_filings, filings, ORGANISATION)


@pytest.mark.parametrize("count", UNITS)
def test_goal_7_workbook_and_trace(benchmark: BenchmarkFixture, ratios: Ratios, count: int) -> None:
    sources = [source_of(filing) for filing in units(count)]
    merged = merge_filings(units(count), ORGANISATION)
    tasks = {
        "workbook": lambda: len(render_merged(merged, sources)),
        "trace as CSV": lambda: sum(map(len, write_trace_csv(sources, FORM))),
        "trace as JSON": lambda: sum(map(len, write_trace_json(sources, FORM))),
    }
    for name, each in take_turns(tasks, rounds=1).items():
        said = f"{each[0]:.2f} s, {tasks[name]() / 1e6:.1f} MB"
        ratios.lines.append(Line("7 trace", f"{count:,}", name, said, "seconds"))
    assert read_bytes(render_merged(merged, sources)) == merged
    benchmark.pedantic(render_merged, (merged, sources), rounds=1)  # type: ignore[no-untyped-call]
