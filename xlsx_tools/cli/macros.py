"""``nianbao macros``: the add-in's sources → files that IT hands out."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import click

from xlsx_tools.cli.options import FILE, ChineseCommand, describe, force_option
from xlsx_tools.cli.outputs import refuse_existing, write_output

_HELP = describe(
    "生成表格软件用的加载项，供信息技术人员分发；每个文件后面是它的 SHA-256 摘要。\n"
    "同一版本在任何计算机上生成的文件完全相同，可以凭摘要核对。\n"
    "加载项不是必需的：工作簿本身和各个命令都不依赖它。",
    "nianbao macros build",
    "nianbao macros build -o 加载项",
)
_FOLDER = Path("nianbao-addin")


@click.command("macros", cls=ChineseCommand, help=_HELP)
@click.argument("action", metavar="build", type=click.Choice(["build"]))
@click.option(
    "-o",
    "--output",
    "folder",
    type=FILE,
    default=_FOLDER,
    metavar="DIR",
    help=f"放结果的文件夹，默认 {_FOLDER}。",
)
@force_option
def macros(action: str, folder: Path, *, force: bool) -> None:
    """Build every target and say what each file is."""
    from xlsx_tools.macros import build_targets  # noqa: PLC0415 - loads every form

    del action  # there is one so far
    built = list(build_targets())
    refuse_existing([folder / path for _, path, _ in built], force=force)
    for target, path, data in built:
        write_output(folder / path, data)
        click.echo(f"{folder / path}　{target.says}")
        click.echo(f"  SHA-256 {sha256(data).hexdigest()}")
