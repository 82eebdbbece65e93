"""``nianbao schema``: the JSON Schema of filings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from xlsx_tools.cli.options import (
    ChineseCommand,
    describe,
    force_option,
    form_option,
    output_option,
)
from xlsx_tools.cli.outputs import print_or_write, refuse_existing
from xlsx_tools.cli.rules import find_form
from xlsx_tools.interchange import filing_schema

if TYPE_CHECKING:
    from pathlib import Path

_HELP = describe(
    "输出填报数据的 JSON Schema（2020-12 版），供其他系统对接。",
    "nianbao schema",
    "nianbao schema --form annual-report-2021 -o filing.schema.json",
)


@click.command("schema", cls=ChineseCommand, help=_HELP)
@form_option("表式，默认为现行表式。")
@output_option("写入这个文件，不写则显示在屏幕上。")
@force_option
def schema(form_id: str | None, output: Path | None, *, force: bool) -> None:
    """Print the schema that foreign JSON is validated against."""
    refuse_existing([output], force=force)
    text = json.dumps(filing_schema(find_form(form_id)), ensure_ascii=False, indent=2)
    print_or_write(f"{text}\n", output)
