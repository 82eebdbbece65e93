"""Where results go: never silently over a file that is already there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.errors import XlsxToolsError, explain_system
from xlsx_tools.output import write_pieces, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class OutputError(XlsxToolsError):
    """A result that could not be written; what was there before is still there."""

    code = "output"

    def __init__(self, path: Path, error: OSError) -> None:
        self.path = path
        why = explain_system(error)
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


def refuse_full_folder(folder: Path | None, *, force: bool) -> None:
    """Stop before any work when a folder for many results is not empty.

    Raises:
        click.UsageError: it is not, and `force` was not given; or it is a file.
    """
    if folder is None or not folder.exists():
        return
    if not folder.is_dir():
        raise click.UsageError(f"{folder} 不是文件夹。")
    if not force and any(folder.iterdir()):
        raise click.UsageError(f"{folder} 里已有文件，没有覆盖。请换一个文件夹，或者加 --force。")


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


def print_or_write(text: str, output: Path | None) -> None:
    """A text to standard output, or to the file asked for."""
    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output, text)
        click.echo(f"已写入 {output}", err=True)


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a long result piece by piece, whole or not at all.

    Raises:
        OutputError: it could not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_pieces(path, chunks)
    except OSError as error:
        raise OutputError(path, error) from error
    click.echo(f"已写入 {path}", err=True)


def print_chunks(chunks: Iterable[bytes]) -> None:
    """A long text to standard output, piece by piece."""
    for chunk in chunks:
        click.echo(chunk.decode(), nl=False)
