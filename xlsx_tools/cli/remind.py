"""``nianbao remind``: the roster against what came in → a ready text for each that owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.result import STANDING_WORDS
from xlsx_tools.cli.desk import Asked, batch_options, read_order, run_desk
from xlsx_tools.cli.options import (
    ChineseCommand,
    check_date,
    describe,
    force_option,
    output_option,
)
from xlsx_tools.cli.outputs import refuse_existing, write_chunks, write_output
from xlsx_tools.cli.statuses import status_of
from xlsx_tools.csv_text import write_csv
from xlsx_tools.errors import FormFileError
from xlsx_tools.remind import OWING_WORDS, YearUnknownError, remind_units
from xlsx_tools.report.text import show_safely
from xlsx_tools.roster import file_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from xlsx_tools.batch import Batch, Stranger
    from xlsx_tools.remind import Notice, Notices
    from xlsx_tools.roster import RosterLine

_HELP = describe(
    "按名册列出未报、未通过等尚未完成的单位，为每个单位写好催报文字：\n"
    "写明单位、年度、截止日期和剩余天数，以及各表的具体问题和处理办法。\n"
    "写明 -o 的，每个单位一个文本文件，另有可供邮件合并的催报.csv；不写的显示在屏幕上。\n"
    "已经通过的单位不催。",
    "nianbao remind 报送文件夹 --roster 名册.csv --deadline 2026-01-20",
    "nianbao remind 报送文件夹 --roster 名册.csv --deadline 2026-01-20 -o 催报",
)
LIST = "催报.csv"
_SUFFIX = ".txt"
_HEADING = (
    "单位", "统一社会信用代码", "联系人", "邮箱", "状态", "问题数",
    "截止日期", "剩余天数", "主题", "正文", "文件",
)  # fmt: skip
_NO_ROSTER = "缺少选项 --roster：催报须有单位名册。"
_A_FEW = 5


@click.command("remind", cls=ChineseCommand, help=_HELP)
@batch_options
@click.option(
    "--deadline",
    callback=check_date,
    metavar="D",
    help="报送截止日期，写作 2026-01-31 的样子；不写则请单位尽快报送。",
)
@output_option("放催报文字和催报.csv 的文件夹；不写则显示在屏幕上。")
@force_option
@click.pass_context
def remind(
    context: click.Context,
    *,
    asked: Asked,
    deadline: date | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write what each organisation that has not passed is to be told."""
    roster = read_order(asked).roster
    if roster is None:
        raise click.UsageError(_NO_ROSTER)
    names = _name_texts(roster)
    if output is not None:
        _refuse_folder(output, names, force=force)
    with run_desk(asked, output, may_be_empty=True) as batch:
        notices = _collect(batch, asked, deadline)
        if output is None:
            _print_all(notices)
        else:
            _write_all(notices, names, output)
            _warn_of_others(notices, names, output)
        _warn_of_strangers(notices.roster.strangers)
        click.echo(_sum_up(notices))
        status = status_of(batch)
    context.exit(status)


def _collect(batch: Batch, asked: Asked, deadline: date | None) -> Notices:
    if batch.roster is None:
        raise click.UsageError(_NO_ROSTER)
    try:
        return remind_units(
            batch.roster, batch.results, deadline=deadline, today=asked.today, year=asked.year
        )
    except YearUnknownError as error:
        raise click.UsageError(f"{error}请加 --year。") from error
    except FormFileError as error:
        raise click.UsageError(f"{error.reason}。") from error


def _name_texts(roster: Sequence[RosterLine]) -> Mapping[int, str]:
    """The file for each line of the roster, the same from one run to the next."""
    return {line: name.removesuffix(".xlsx") + _SUFFIX for line, name in file_names(roster).items()}


def _refuse_folder(folder: Path, names: Mapping[int, str], *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} 不是文件夹；-o 应为文件夹。")
    refuse_existing([folder / LIST, *(folder / name for name in names.values())], force=force)


def _print_all(notices: Notices) -> None:
    for number, notice in enumerate(notices, start=1):
        owing = OWING_WORDS[notice.owing]
        name = show_safely(notice.line.organisation.name)
        click.echo(f"======== {number}/{len(notices)}　{name}　{owing} ========")
        click.echo(_as_text(notice))


def _as_text(notice: Notice) -> str:
    """Subject and body, after whom it is for as far as the roster says."""
    line = notice.line
    email = f"<{line.email}>" if line.email else ""
    whom = show_safely(" ".join(filter(None, (line.contact, email))))
    head = f"收件人：{whom}\n" if whom else ""
    return f"{head}主题：{notice.subject}\n\n{notice.body}\n"


def _write_all(notices: Notices, names: Mapping[int, str], folder: Path) -> None:
    """The texts as Windows programs like them, then the list."""
    for notice in notices:
        text = "\ufeff" + _as_text(notice).replace("\n", "\r\n")
        write_output(folder / names[notice.line.line], text)
    rows = (_as_row(notice, notices, names[notice.line.line]) for notice in notices)
    write_chunks(folder / LIST, write_csv(_HEADING, rows))


def _as_row(notice: Notice, notices: Notices, file: str) -> tuple[str | int | None, ...]:
    line, day = notice.line, notices.deadline.day
    return (
        line.organisation.name,
        line.organisation.code,
        line.contact,
        line.email,
        OWING_WORDS[notice.owing],
        notice.problems,
        None if day is None else day.isoformat(),
        notice.days_left,
        notice.subject,
        notice.body,
        file,
    )


def _warn_of_others(notices: Notices, names: Mapping[int, str], folder: Path) -> None:
    """Texts of an earlier round lie beside those of this one and must not be sent again."""
    now = {names[notice.line.line] for notice in notices}
    old = [name for name in names.values() if name not in now and (folder / name).exists()]
    if old:
        click.echo(
            f"{folder} 中有 {len(old)} 份以前的催报，单位已经通过，请勿再发：{_name_few(old)}。",
            err=True,
        )


def _warn_of_strangers(strangers: Sequence[Stranger]) -> None:
    """A file under a slightly different name may be that of an organisation about to be chased."""
    told = [
        f"{one.file}（{one.organisation}，是否为{'、'.join(one.proposed)}）"
        for one in strangers
        if one.proposed
    ]
    if told:
        click.echo(
            f"有 {len(told)} 份填报的单位不在名册中，可能就是要催的单位，请先核对："
            f"{show_safely(_name_few(told))}。",
            err=True,
        )


def _name_few(names: Sequence[str]) -> str:
    return "、".join(names[:_A_FEW]) + ("等" if len(names) > _A_FEW else "")


def _sum_up(notices: Notices) -> str:
    roster, year = notices.roster, notices.year
    sums = "，".join(f"{word} {roster.sums[key]}" for key, word in STANDING_WORDS.items())
    owing = f"需要催报 {len(notices)} 个"
    return f"名册 {len(roster.units)} 个单位（{year}年度）：{sums}；{owing}。"
