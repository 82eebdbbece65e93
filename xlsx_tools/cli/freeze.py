"""``nianbao freeze``: a closed period in one archive that makes its merge again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, get_args

import click

from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.cli.bars import Bars
from xlsx_tools.cli.desk import Asked, batch_options, make_order, open_desk, read_lists
from xlsx_tools.cli.options import (
    NOT_ACCEPTED,
    ChineseCommand,
    code_option,
    describe,
    force_option,
    organisation_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, require_suffix, write_chunks
from xlsx_tools.cli.statuses import status_of
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.frozen.errors import InputChangedError
from xlsx_tools.frozen.names import root_of
from xlsx_tools.frozen.outputs import make_outputs
from xlsx_tools.frozen.pack import Closing, pack_frozen
from xlsx_tools.merge.hierarchy import Unstated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsx_tools.batch.desk import Outcome
    from xlsx_tools.frozen.outputs import Outputs

_HELP = describe(
    "一期收齐、汇总以后予以封存：把报送文件的原件、校验结果、汇总工作簿、来源明细和全部摘要，\n"
    "连同名册、豁免清单、上年度填报和各项选择，放进一个压缩包。\n"
    "以后任何人用 nianbao verify 可以只凭这个压缩包重新校验、汇总，逐字节核对。\n"
    "校验到封存之间有文件变化的，不予封存。",
    "nianbao freeze 报送文件夹 --organisation 某某县 -o 某某县2025年度封存.zip",
    "nianbao freeze 报送 --organisation 某某县 --roster 名册.csv --last-year 上年 -o 封存.zip",
    "nianbao verify 封存.zip",
)


@click.command("freeze", cls=ChineseCommand, help=_HELP)
@batch_options
@organisation_option
@code_option
@output_option("输出的封存包（.zip）。", required=True)
@click.option(
    "--nested",
    "unstated",
    type=click.Choice(get_args(Unstated)),
    default="refuse",
    metavar="|".join(get_args(Unstated)),
    help="下级报送的汇总没有写明含哪些单位、而这些单位另有填报时怎样汇总，与 nianbao merge 相同。",
)
@force_option
@click.pass_context
def freeze(  # noqa: PLR0913 - one for each option
    context: click.Context,
    *,
    asked: Asked,
    organisation: str,
    code: str | None,
    output: Path,
    unstated: Unstated,
    force: bool,
) -> None:
    """Check, merge, and pack what went in and what came out."""
    require_suffix(output, ".zip")
    refuse_existing([output], force=force)
    lists = read_lists(asked)
    closing = Closing(
        order=make_order(asked, lists),
        organisation=Organisation(organisation, (code or "").strip() or None),
        unstated=unstated,
        sources=FilesOnDisk(asked.paths, [output]),
        roster=lists.roster,
        waivers=lists.waivers,
        root=root_of(asked.paths),
    )
    changed: InputChangedError | None = None
    with open_desk(asked, closing.order, output, (output,)) as outcome:
        status = status_of(outcome.batch)
        try:
            outputs = make_outputs(
                outcome.batch, closing.order.roster, closing.organisation, unstated
            )
            _write(closing, outcome, outputs, output)
        except MergeError as error:
            click.echo(f"没有封存：{error}", err=True)
            status = max(status, NOT_ACCEPTED)
        except InputChangedError as error:
            changed = error  # what was found out so far is not to be relied on next time
    if changed is not None:
        raise changed
    context.exit(status)


def _write(closing: Closing, outcome: Outcome, outputs: Outputs, output: Path) -> None:
    digest = hashlib.sha256()

    def digested(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            digest.update(piece)
            yield piece

    with Bars() as bars:
        pieces = pack_frozen(closing, outcome, outputs, bars.name("正在封存"))
        write_chunks(output, digested(pieces))
    merge = outputs.merge
    merged = f"汇总 {len(merge.filing.includes)} 个单位{merge.say_partial()}"
    left_out = f"未纳入 {len(outputs.excluded)} 份"
    click.echo(f"已封存 {len(outcome.stored)} 份文件：{merged}，{left_out}。")
    for remark in merge.remarks:
        click.echo(remark)
    click.echo(f"封存包摘要（SHA-256）：{digest.hexdigest()}")
    click.echo("请另行保存这个摘要，以后用 nianbao verify 核验时对照。")
