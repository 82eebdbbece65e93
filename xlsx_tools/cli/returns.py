"""Writes the return workbooks of a batch: one for each filing that cannot be accepted yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.sources import is_folder
from xlsx_tools.cli.outputs import write_output
from xlsx_tools.errors import IllegalTextError
from xlsx_tools.last_year import offered_reasons
from xlsx_tools.report.text import show_safely
from xlsx_tools.roster import FileNames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.batch import Batch

_ENDING = "（退改）.xlsx"


def refuse_return_folder(folder: Path | None, given: Iterable[Path]) -> None:
    """A return workbook among the submissions could replace one of them.

    Raises:
        click.UsageError: `folder` is one of the folders `given`, or the folder of a given file.
    """
    if folder is None:
        return
    for path in given:
        inbox = path if is_folder(path) else path.parent
        if os.path.realpath(inbox) == os.path.realpath(folder):
            raise click.UsageError(
                f"{folder} 是报送文件所在的文件夹，退改工作簿请放在另一个文件夹。"
            )


def write_returns(batch: Batch, folder: Path, given: Iterable[Path]) -> None:
    """One workbook for each readable file that was not accepted; says how many.

    It says so too where they would be taken for submissions next time.
    """
    from xlsx_tools.returned import render_return  # noqa: PLC0415 - slow, and not always asked

    names, written = FileNames(), 0
    for number, result in enumerate(batch.results, start=1):
        verdict = result.verdict
        if verdict is None or result.accepted or not result.counted:
            continue
        offered = offered_reasons(verdict.filing)
        name = names.take(verdict.filing.organisation.name, number)
        try:
            data = render_return(verdict, result.beside, offered=offered)
        except IllegalTextError as error:
            said = f"{result.file}：无法生成退改工作簿，{error}"
            click.echo(show_safely(said), err=True)
            continue
        write_output(folder / f"{name}{_ENDING}", data)
        written += 1
    click.echo(f"已在 {folder} 生成 {written} 份退改工作簿。", err=True)
    if written and any(is_folder(path) and _lies_in(folder, path) for path in given):
        said = "在报送文件夹之内，汇总、催报前请移到别处，否则会被当作各单位的另一份填报。"
        click.echo(f"请注意：{folder} {said}", err=True)


def _lies_in(folder: Path, other: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(other))
