"""Finds the files that a command over single files means: ``read``, ``fill``, ``template``."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from xlsx_tools.batch.result import Ignored
from xlsx_tools.batch.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_A_FEW = 5
_Item = TypeVar("_Item")


def find_submissions(paths: Iterable[Path], *, leave_out: Path | None = None) -> list[Path]:
    """The files meant: each given one, and those in each given folder, however deep.

    What is no submission is named on standard error; `leave_out` is the output.

    Raises:
        click.UsageError: there are none, or a given one is the output itself.
    """
    paths = list(paths)
    if leave_out is not None and leave_out.resolve() in {path.resolve() for path in paths}:
        raise click.UsageError(f"{leave_out} 既是输入又是输出，请换一个输出文件名。")
    found: list[Path] = []
    others: list[str] = []
    for source in find_sources(paths, leave_out=() if leave_out is None else (leave_out,)):
        if isinstance(source, Ignored):
            others.append(source.file)
        else:
            found.append(source.path)
    if others:
        named = "、".join(others[:_A_FEW])
        rest = f"等 {len(others)} 个文件" if len(others) > _A_FEW else ""
        click.echo(f"不是工作簿或者填报数据，没有读取：{named}{rest}。", err=True)
    if not found:
        raise click.UsageError("所给位置没有 .xlsx 工作簿，也没有 .json 填报数据。")
    return found


@contextmanager
def show_progress(items: list[_Item], label: str) -> Iterator[Iterable[_Item]]:
    """A progress bar on standard error, where somebody watches and there is something to watch."""
    if len(items) <= _A_FEW or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield bar
