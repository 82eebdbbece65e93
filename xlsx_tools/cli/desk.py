"""What the commands over many files share: their options, and running the batch they ask for."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from xlsx_tools.batch.duplicates import LATEST, Choice
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.reconcile import reconcile
from xlsx_tools.batch.result import Batch
from xlsx_tools.batch.run import LocalExecutor, open_journal, run_batch
from xlsx_tools.batch.work import Checking
from xlsx_tools.cli.options import FILE, check_date, check_year
from xlsx_tools.roster import parse_roster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from click._termui_impl import ProgressBar

    from xlsx_tools.batch.run import Executor
    from xlsx_tools.roster import RosterLine

_P = ParamSpec("_P")
_R = TypeVar("_R")
_A_FEW = 5
_LOCAL, _DASK = "local", "dask://"


@dataclass(frozen=True)
class Asked:
    """What a command over many files was asked."""

    paths: tuple[Path, ...]
    roster: Path | None
    year: int | None
    on_duplicate: tuple[str, ...]
    jobs: int
    executor: str
    today: date

    @property
    def choice(self) -> Choice:
        """Which of several files of one unit counts."""
        named = frozenset(word for word in self.on_duplicate if word != LATEST)
        return Choice(latest=LATEST in self.on_duplicate, files=named)


def _read_date(context: click.Context, param: click.Parameter, value: str | None) -> date:
    return check_date(context, param, value) or date.today()  # noqa: DTZ011 - the user's day


def _read_year(context: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else check_year(context, param, value)


def _check_executor(_context: click.Context, param: click.Parameter, value: str) -> str:
    host, _, port = value.removeprefix(_DASK).rpartition(":")
    if value == _LOCAL or (value.startswith(_DASK) and host and port.isdecimal()):
        return value
    raise click.BadParameter(f"应为 local 或者 dask://主机:端口，实为“{value}”。", param=param)


_OPTIONS = (
    click.argument("paths", nargs=-1, required=True, type=FILE, metavar="PATH..."),
    click.option(
        "--roster",
        type=FILE,
        metavar="R.csv",
        help="单位名册，据此列出未报、重复和名册之外的单位。",
    ),
    click.option(
        "--year",
        callback=_read_year,
        metavar="Y",
        help="本次收取的报告年度；有名册而不写时，以多数文件为准。",
    ),
    click.option(
        "--on-duplicate",
        multiple=True,
        metavar="latest|FILE",
        help="同一单位有几份不同的填报时：latest 取最后修改的一份，或者写明取哪个文件（可多次）。",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="同时处理的进程数，默认与处理器核数相同。",
    ),
    click.option(
        "--executor",
        default=_LOCAL,
        callback=_check_executor,
        metavar="local|dask://HOST:PORT",
        help="在哪里处理：本机（local），或者 Dask 集群（各机器应能以相同路径访问文件）。",
    ),
    click.option("--today", callback=_read_date, metavar="D", help="以这一天为今天，默认当日。"),
)


def batch_options(command: Callable[_P, _R]) -> Callable[..., _R]:
    """The options of a command over many files, given to it together as ``asked``."""
    names = [field.name for field in fields(Asked)]

    @wraps(command)
    def collected(*args: object, **values: object) -> _R:
        values["asked"] = Asked(**{name: values.pop(name) for name in names})  # type: ignore[arg-type]
        return command(*args, **values)  # type: ignore[arg-type]

    wrapped: Callable[..., _R] = collected
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def run_desk(
    asked: Asked, output: Path | None, *others: Path | None, may_be_empty: bool = False
) -> Iterator[Batch]:
    """Check everything asked for; the batch is there until the block ends.

    `output` is what the command writes, beside which an interrupted run is kept; it and
    `others` are no inputs.

    Raises:
        click.UsageError: nothing to check unless it `may_be_empty`, or an output among the inputs.
    """
    roster = read_roster(asked.roster)
    outputs = [path for path in (output, *others) if path is not None]
    refuse_own_outputs(asked.paths, outputs)
    checking = Checking(today=asked.today)
    with open_journal(output, checking) as journal, _Bar("正在校验") as bar:
        files = FilesOnDisk(asked.paths, outputs)
        results, ignored = run_batch(journal, files, checking, _executor(asked), progress=bar)
        if not len(results) and not may_be_empty:
            _say_ignored(len(ignored))
        roster_state, unused = reconcile(journal, roster, asked.year, asked.choice)
        for name in sorted(unused):
            click.echo(f"--on-duplicate 指定的“{name}”没有与之重复的填报，未起作用。", err=True)
        yield Batch(results, ignored, roster_state)


def _executor(asked: Asked) -> Executor:
    if asked.executor == _LOCAL:
        return LocalExecutor(jobs=asked.jobs)
    from xlsx_tools.batch.on_dask import DaskExecutor  # noqa: PLC0415 - an extra

    return DaskExecutor(asked.executor.removeprefix(_DASK))


def read_roster(path: Path | None) -> tuple[RosterLine, ...] | None:
    """The roster, if one was given.

    Raises:
        click.UsageError: there is no such file.
        RosterError: it cannot be used.
    """
    if path is None:
        return None
    if not path.is_file():
        raise click.UsageError(f"{path}：找不到名册。")
    return parse_roster(path.read_bytes())


def refuse_own_outputs(paths: Iterable[Path], outputs: Iterable[Path]) -> None:
    """An output that is also a given input would be lost.

    Raises:
        click.UsageError: one is.
    """
    inputs = {path.resolve() for path in paths if not path.is_dir()}
    for output in outputs:
        if output.resolve() in inputs:
            raise click.UsageError(f"{output} 既是输入又是输出，请换一个输出文件名。")


def _say_ignored(ignored: int) -> None:
    rest = f"（另有 {ignored} 个不是填报的文件）" if ignored else ""
    raise click.UsageError(f"所给位置没有 .xlsx 工作簿，也没有 .json 填报数据{rest}。")


class _Bar:
    """A progress bar on standard error, where somebody watches and there is something to watch."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: ProgressBar[int] | None = None

    def __enter__(self) -> _Bar:  # noqa: PYI034 - private
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def start(self, total: int, known: int) -> None:
        if known:
            click.echo(f"继续上次中断的处理：{total} 份中已有 {known} 份有结果。", err=True)
        if total - known > _A_FEW and sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr)
            self._bar.update(known)

    def advance(self) -> None:
        if self._bar is not None:
            self._bar.update(1)
