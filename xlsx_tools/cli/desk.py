"""What the commands over many files share: their options, and running the batch they ask for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple, NoReturn, ParamSpec, TypeVar

import click

from xlsx_tools.batch.desk import Order, Outcome, run_order
from xlsx_tools.batch.duplicates import LATEST, Choice
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.batch.sources import is_folder, place_of
from xlsx_tools.batch.workplace import open_workplace
from xlsx_tools.cli.bars import Bars
from xlsx_tools.cli.options import FILE, check_date, check_year
from xlsx_tools.errors import explain_system
from xlsx_tools.report.text import show_safely
from xlsx_tools.roster import RosterError, parse_roster
from xlsx_tools.waivers import parse_waivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from xlsx_tools.batch import Batch
    from xlsx_tools.batch.desk import Outcome
    from xlsx_tools.batch.run import Executor
    from xlsx_tools.roster import RosterLine

_P = ParamSpec("_P")
_R = TypeVar("_R")
_LOCAL, _DASK = "local", "dask://"


@dataclass(frozen=True)
class Asked:
    """What a command over many files was asked."""

    paths: tuple[Path, ...]
    roster: Path | None
    last_year: Path | None
    waivers: Path | None
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
        "--last-year",
        type=FILE,
        metavar="DIR",
        help="上年度的填报（工作簿、JSON、文件夹或者 zip），据此作跨年校验。",
    ),
    click.option(
        "--waivers",
        type=FILE,
        metavar="W.csv",
        help="豁免清单：哪个单位的哪条校验，由谁、因何、到何时予以豁免。",
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
    outputs = tuple(path for path in (output, *others) if path is not None)
    desk = open_desk(asked, read_order(asked), output, outputs, may_be_empty=may_be_empty)
    with desk as outcome:
        yield outcome.batch


@contextmanager
def open_desk(
    asked: Asked,
    order: Order,
    output: Path | None,
    outputs: tuple[Path, ...],
    *,
    may_be_empty: bool = False,
) -> Iterator[Outcome]:
    """As `run_desk`, by an order already made up, for who needs more than the batch.

    Raises:
        click.UsageError: as `run_desk`.
    """
    refuse_own_outputs(asked, outputs)
    files, execute = FilesOnDisk(asked.paths, outputs), _executor(asked)
    with (
        open_workplace(output) as place,
        Bars() as bars,
        run_order(order, files, execute, place, bars.watch) as outcome,
    ):
        bars.close()
        batch = outcome.batch
        if len(batch.results) or may_be_empty:
            _say_of_order(outcome)
            yield outcome
            return
        ignored = len(batch.ignored)
    _refuse_nothing(ignored)


def read_order(asked: Asked) -> Order:
    """What the batch goes by.

    Raises:
        click.UsageError: a file that was named is not there.
        RosterError, WaiverError: one of them cannot be used.
    """
    return make_order(asked, read_lists(asked))


class Lists(NamedTuple):
    """The bytes of the coordinator's lists, as far as they were given."""

    roster: bytes | None
    waivers: bytes | None


def read_lists(asked: Asked) -> Lists:
    """The lists that were named, each read once.

    Raises:
        click.UsageError: one is not there.
    """
    return Lists(
        None if asked.roster is None else read_list(asked.roster, "名册"),
        None if asked.waivers is None else read_list(asked.waivers, "豁免清单"),
    )


def make_order(asked: Asked, lists: Lists) -> Order:
    """What the batch goes by, from lists already read.

    Raises:
        click.UsageError: last year's filings are not there.
        RosterError, WaiverError: one of the lists cannot be used.
    """
    roster = None if lists.roster is None else _parse_roster(asked.roster, lists.roster)
    waivers = () if lists.waivers is None else parse_waivers(lists.waivers)
    if asked.last_year is not None and not asked.last_year.exists():
        raise click.UsageError(f"{asked.last_year}：找不到上年度的填报。")
    return Order(
        today=asked.today,
        year=asked.year,
        choice=asked.choice,
        roster=roster,
        waivers=waivers,
        last_year=None if asked.last_year is None else FilesOnDisk([asked.last_year]),
    )


def load_roster(path: Path) -> tuple[RosterLine, ...]:
    """The roster in a file.

    Raises:
        click.UsageError: there is no such file, or it cannot be read.
        RosterError: it cannot be used; the file is named before its problems.
    """
    return _parse_roster(path, read_list(path, "名册"))


def _parse_roster(path: Path | None, data: bytes) -> tuple[RosterLine, ...]:
    try:
        return parse_roster(data)
    except RosterError as error:
        raise RosterError([f"{path}：名册有误，请改正后再试。", *error.problems]) from error


def read_list(path: Path, what: str) -> bytes:
    """The bytes of a list the coordinator keeps.

    Raises:
        click.UsageError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise click.UsageError(f"{path}：找不到{what}。")
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{path}：{what}无法读取：{explain_system(error)}。") from error


def _executor(asked: Asked) -> Executor:
    if asked.executor == _LOCAL:
        return LocalExecutor(jobs=asked.jobs)
    from xlsx_tools.batch.on_dask import DaskExecutor  # noqa: PLC0415 - an extra

    return DaskExecutor(asked.executor.removeprefix(_DASK))


def refuse_own_outputs(asked: Asked, outputs: Iterable[Path]) -> None:
    """An output that is also a given input would be lost.

    Raises:
        click.UsageError: one is.
    """
    lists = (asked.roster, asked.last_year, asked.waivers)
    given = [path for path in (*asked.paths, *lists) if path is not None and not is_folder(path)]
    inputs = set(map(place_of, given))
    for output in outputs:
        if place_of(output) in inputs:
            raise click.UsageError(f"{output} 既是输入又是输出，请换一个输出文件名。")


def _say_of_order(outcome: Outcome) -> None:
    for sentence in outcome.unusable:
        click.echo(show_safely(f"上年度填报：{sentence}"), err=True)
    for name in outcome.unused:
        said = f"--on-duplicate 指定的“{name}”没有与之重复的填报，未起作用。"
        click.echo(show_safely(said), err=True)


def _refuse_nothing(ignored: int) -> NoReturn:
    rest = f"（另有 {ignored} 个不是填报的文件）" if ignored else ""
    raise click.UsageError(f"所给位置没有 .xlsx 工作簿，也没有 .json 填报数据{rest}。")
