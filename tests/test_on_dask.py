"""The same batch on a real Dask cluster: the same bytes out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.support.builders import filing_of
from tests.support.journals import open_journal
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.on_dask import DaskExecutor, ExecutorError, _run
from xlsx_tools.batch.record import dump_result
from xlsx_tools.batch.run import LocalExecutor, run_batch
from xlsx_tools.batch.work import Checking, Task
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from distributed import Client, Future, LocalCluster

    from xlsx_tools.batch.run import Executor

distributed = pytest.importorskip("distributed")
FORM = load_form("annual-report-2021")
pytestmark = pytest.mark.filterwarnings("default")  # those of the cluster are its own


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(90):
        filing = replace(filing_of(FORM), organisation=Organisation(f"{number}局"))
        (tmp_path / f"{number:03}.xlsx").write_bytes(render_workbook(filing))
    (tmp_path / "坏.xlsx").write_bytes(b"?")
    return tmp_path


def records(folder: Path, executor: Executor) -> list[bytes]:
    with open_journal(None) as journal:
        results, _ = run_batch(journal, FilesOnDisk([folder]), Checking(), executor)
        return [dump_result(result) for result in results]


def test_a_cluster_gives_the_same_bytes_as_this_machine(
    cluster: LocalCluster, folder: Path
) -> None:
    address = cluster.scheduler_address.removeprefix("tcp://")

    there = records(folder, DaskExecutor(address))

    assert there == records(folder, LocalExecutor(jobs=1))


def test_a_file_that_ends_its_worker_is_given_up_and_the_others_are_done(
    cluster: LocalCluster, folder: Path
) -> None:
    paths = sorted(folder.glob("00*.xlsx"))
    tasks = [Task(number, path.name, str(path)) for number, path in enumerate(paths)]
    tasks.insert(3, Task(99, "dies", "none", b"?"))
    with distributed.Client(cluster, set_as_default=False) as client:
        answers = list(_run(cast("Client", _Failing(client)), Checking(), iter(tasks), 2))

    heads = [json.loads(answer[4 : 4 + int.from_bytes(answer[:4], "big")]) for answer in answers]

    assert sorted(head[0] for head in heads) == [*range(len(paths)), 99]
    assert {head[0]: head[2] for head in heads}[99] == "unreadable"
    assert sum(head[2] == "passed" for head in heads) == len(paths)


class _Failing:
    """A client whose workers do not survive the file called “dies”."""

    def __init__(self, client: Client) -> None:
        self._client, self.loop = client, client.loop

    def submit(
        self,
        work: Callable[[Checking, tuple[Task, ...]], list[bytes]],
        checking: Checking,
        chunk: tuple[Task, ...],
        *,
        pure: bool,
    ) -> Future[list[bytes]]:
        """As the real one."""
        dies = any(task.label == "dies" for task in chunk)
        return self._client.submit(_fail if dies else work, checking, chunk, pure=pure)


def _fail(_checking: Checking, _tasks: tuple[Task, ...]) -> list[bytes]:
    raise MemoryError


def test_nobody_at_the_address_is_said_plainly() -> None:
    with pytest.raises(ExecutorError, match="无法连接 dask://127"):
        list(DaskExecutor("127.0.0.1:9")(Checking(), iter([Task(0, "a", "a")])))
