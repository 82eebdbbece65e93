"""How a batch grows: with workers, with files, on a cluster; memory and time, nothing asserted.

Run it by name: ``pytest tests/benchmarks/bench_scale.py --benchmark-only``; the table comes last.
``NIANBAO_BENCH_FILES=100000`` checks and merges that many files instead of a few.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.many_files import make_files
from tests.benchmarks.ratios import Line, Ratios, take_turns
from tests.benchmarks.watched import watch_command
from tests.support.journals import open_journal
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.on_dask import DaskExecutor
from xlsx_tools.batch.record import dump_result
from xlsx_tools.batch.run import LocalExecutor, run_batch
from xlsx_tools.batch.work import Checking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from tests.benchmarks.watched import Watched
    from xlsx_tools.batch.run import Executor

FEW = 1000
MANY = int(os.environ.get("NIANBAO_BENCH_FILES", "4000"))
_TODAY = ("--today", "2026-01-20")
_LOOP = "for number in range(30_000_000): pass"


@pytest.fixture(scope="module")
def ratios(request: pytest.FixtureRequest) -> Ratios:
    """The table that is printed at the end of the run."""
    table = Ratios()
    request.config.pluginmanager.register(table)
    return table


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders, one with few files and one with many."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder / "few", FEW)
    make_files(folder / "many", MANY)
    return folder


def loop(processes: int) -> None:
    """Nothing but Python, in so many processes at once."""
    running = [subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(processes)]
    for each in running:
        each.wait()


def test_goal_4_two_workers(
    benchmark: BenchmarkFixture, ratios: Ratios, files: Path, tmp_path: Path
) -> None:
    def check(jobs: int) -> Watched:
        words = ("--format", "json", "-o", tmp_path / f"{jobs}.json", "--force")
        return watch_command("check", files / "few", "--jobs", jobs, *words, *_TODAY)

    seconds = take_turns(
        {
            "one worker": partial(check, 1),
            "two workers": partial(check, 2),
            "loop": partial(loop, 1),
            "two loops": partial(loop, 2),
        },
        rounds=5,
    )
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    seconds["one loop twice"] = [2 * each for each in seconds["loop"]]
    pairs = {("one worker", "two workers"): "≥ 1.8", ("one loop twice", "two loops"): ""}
    ratios.compare("4 two workers", f"{FEW:,} files", seconds, pairs)
    gained, could = (float(line.measured) for line in ratios.lines[-2:])
    what = "of what a loop gains"
    ratios.lines.append(Line("4 two workers", "", what, f"{gained / could:.3g}", "or ≥ 0.95"))
    benchmark.pedantic(check, (2,), rounds=1)  # type: ignore[no-untyped-call]


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of two workers with one thread each."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        yield str(one.scheduler_address).removeprefix("tcp://")


@pytest.mark.filterwarnings("default")  # those of the cluster are its own
def test_goal_4_cluster(
    benchmark: BenchmarkFixture, ratios: Ratios, files: Path, cluster: str
) -> None:
    def run(executor: Executor) -> list[bytes]:
        with open_journal(None) as journal:
            sources = FilesOnDisk([files / "few"])
            results, _ = run_batch(journal, sources, Checking(), executor)
            return [dump_result(result) for result in results]

    pool, dask = LocalExecutor(jobs=2), DaskExecutor(cluster)
    assert run(pool) == run(dask)
    seconds = take_turns({"pool": partial(run, pool), "dask": partial(run, dask)}, rounds=5)
    ratios.compare("4 cluster", f"{FEW:,} files", seconds, {("pool", "dask"): "≥ 0.85"})
    benchmark.pedantic(run, (dask,), rounds=1)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("command", ["check", "merge"])
def test_goal_5_growth(
    benchmark: BenchmarkFixture, ratios: Ratios, files: Path, tmp_path: Path, command: str
) -> None:
    def run(size: str) -> Watched:
        words = ["--format", "json", "-o", tmp_path / f"{size}.json"]
        if command == "merge":
            words = ["--organisation", "示例省", "-o", tmp_path / f"{size}.xlsx"]
        return watch_command(command, files / size, *words, "--force", *_TODAY)

    few, many = run("few"), run("many")
    goal, size = f"5 {command}", f"{FEW:,} → {MANY:,} files"
    blocks = max((MANY - FEW) / 10_000, 1e-9)
    each = many.processor / MANY / (few.processor / FEW)
    alone = many.alone / many.processor
    ratios.lines += [
        Line(goal, size, "worker, MiB", f"{many.worker:.0f}", "≤ 32"),
        Line(goal, size, "parent, MiB", f"{few.peak:.1f} → {many.peak:.1f}", "≤ 4 more"),
        Line(goal, size, "MiB per 10,000", f"{(many.peak - few.peak) / blocks:.2f}", "< 1"),
        Line(goal, size, "processor time a file, many / few", f"{each:.3g}", "≤ 1: linear"),
        Line(goal, size, "share of the parent", f"{alone:.3g}", "well below a half"),
    ]
    benchmark.pedantic(run, ("few",), rounds=1)  # type: ignore[no-untyped-call]
