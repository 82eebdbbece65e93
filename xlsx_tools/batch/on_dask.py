"""The same batch on the workers of a Dask cluster, which must see the files at the same paths."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from xlsx_tools.batch.run import give_up, make_worker
from xlsx_tools.errors import XlsxToolsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client

    from xlsx_tools.batch.work import Checking, Task

_CHUNK = 40
"""Files a task: a task costs Dask about 2 ms, so that one file each would cost a quarter."""
_PATIENCE_SECONDS = 5
_AHEAD = 3
"""Chunks under way for each thread of the cluster, so that none waits and memory stays flat."""


class ExecutorError(XlsxToolsError):
    """Where a batch is to run cannot be used: no such place, or a part that is not installed."""

    code = "executor"


@dataclass(frozen=True)
class DaskExecutor:
    """Runs a batch on the cluster whose scheduler is at `address` (``host:port``).

    A chunk that costs its worker is done again file by file; a file that costs its worker then
    is given up. Limits on memory are the cluster's own.
    """

    address: str

    def __call__(self, checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        """Run the tasks.

        Raises:
            ExecutorError: Dask is not installed, or nobody answers at the address.
        """
        with self._connect() as client:
            threads = sum(client.nthreads().values())
            if not threads:
                raise ExecutorError(f"dask://{self.address} 没有可用的工作进程，请先启动再试。")
            yield from _run(client, checking, tasks, threads * _AHEAD)

    def _connect(self) -> Client:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as error:
            raise ExecutorError(
                "没有安装 Dask 扩展，请先运行：pip install 'nianbao[dask]'。"
            ) from error
        try:
            return Client(  # type: ignore[no-untyped-call]
                f"tcp://{self.address}", timeout=_PATIENCE_SECONDS, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ExecutorError(
                f"无法连接 dask://{self.address}，请核对地址和端口，并确认调度进程已经启动。"
            ) from error


def _run(client: Client, checking: Checking, tasks: Iterator[Task], most: int) -> Iterator[bytes]:
    from distributed import as_completed  # noqa: PLC0415 - the same

    done = as_completed(loop=client.loop)  # type: ignore[no-untyped-call]
    under_way: dict[object, tuple[Task, ...]] = {}
    alone: list[Task] = []

    def submit() -> None:
        while len(under_way) < most:
            chunk = (alone.pop(),) if alone else tuple(islice(tasks, _CHUNK))
            if not chunk:
                return
            future = client.submit(check_chunk, checking, chunk, pure=False)
            under_way[future.key] = chunk
            done.add(future)  # type: ignore[no-untyped-call]

    submit()
    for future in done:
        chunk = under_way.pop(future.key)
        if future.status == "finished":
            yield from future.result()
        elif len(chunk) > 1:
            alone += chunk
        else:
            yield give_up(chunk[0], "limits.crash")
        submit()


def check_chunk(checking: Checking, tasks: tuple[Task, ...]) -> list[bytes]:
    """Check some files on a worker of the cluster."""
    work = _worker(checking)
    return [work(task) for task in tasks]


@lru_cache(maxsize=4)
def _worker(checking: Checking) -> Callable[[Task], bytes]:
    return make_worker(checking)
