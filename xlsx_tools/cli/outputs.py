"""Where results go: never silently over a file that is already there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.output import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class OutputError(XlsxToolsError):
    """A result that could not be written; what was there before is still there."""

    code = "output"

    def __init__(self, path: Path, error: OSError) -> None:
        self.path = path
        why = error.strerror or "原因不明"
        super().__init__(f"{path}：无法写入（{why}）。请检查文件夹权限、磁盘空间后再试。")


def refuse_existing(paths: Iterable[Path | None], *, force: bool) -> None:
    """Stop before any work when an output is already there.

    Raises:
        click.UsageError: it is, and `force` was not given; or it is a folder.
    """
    for path in paths:
        if path is not None and path.is_dir():
            raise click.UsageError(f"{path} 是文件夹，请写明输出文件的名称。")
        if path is not None and not force and path.exists():
            raise click.UsageError(f"{path} 已存在，没有覆盖。确需覆盖的，请加 --force。")


def require_suffix(path: Path, *suffixes: str) -> None:
    """Stop when the name of an output does not say what will be in it.

    Raises:
        click.UsageError: it ends otherwise.
    """
    if path.suffix.lower() not in suffixes:
        raise click.UsageError(f"输出文件名应以 {' 或者 '.join(suffixes)} 结尾，实为 {path.name}。")


def write_output(path: Path, data: bytes | str) -> None:
    """Write a result whole; its folder is made if it is not there.

    Raises:
        OutputError: it could not be written.
    """
    raw = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, raw)
    except OSError as error:
        raise OutputError(path, error) from error


def print_or_write(data: str | bytes, output: Path | None) -> None:
    """A text (bytes of one in UTF-8) to standard output, or anything to the file asked for."""
    if output is None:
        click.echo(data.decode() if isinstance(data, bytes) else data, nl=False)
    else:
        write_output(output, data)
        click.echo(f"已写入 {output}", err=True)
