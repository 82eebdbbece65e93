"""What the commands share: Chinese help and complaints, options, exit statuses."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from xlsx_tools.cli import statuses

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., object]")

ACCEPTED: Final = statuses.ACCEPTED
NOT_ACCEPTED: Final = statuses.NOT_ACCEPTED
WRONG_USAGE: Final = statuses.WRONG_USAGE
UNREADABLE: Final = statuses.UNREADABLE

_STATUSES = "退出码：0 全部通过；1 有未通过的；2 用法有误；3 有文件无法读取或者写入。"
_EARLIEST, _LATEST = 2008, 9999


def describe(says: str, *examples: str) -> str:
    """The help text of a command: what it does, how it is written, its exit statuses."""
    shown = "\n".join(f"  {example}" for example in examples)
    return f"\b\n{says}\n\n\b\n示例：\n{shown}\n\n\b\n{_STATUSES}"


class ChineseCommand(click.Command):
    """A command whose help and complaints are Chinese throughout."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, but say in Chinese what is left over."""
        rest = super().parse_args(ctx, args)
        if ctx.args:
            raise click.UsageError(f"多余的参数：{'、'.join(ctx.args)}。", ctx)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        pieces = self.collect_usage_pieces(ctx)
        shown = " ".join(pieces).replace("[OPTIONS]", "[选项]")
        formatter.write_usage(ctx.command_path, shown, prefix="用法：")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options with what they mean."""
        write_options(self, ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, in Chinese."""
        return translate_help_option(super().get_help_option(ctx))


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command or of the group."""
    options = [param for param in command.get_params(ctx) if isinstance(param, click.Option)]
    records = [option.get_help_record(ctx) for option in options]
    with formatter.section("选项"):
        formatter.write_dl(
            [
                (name, text.replace("  [required]", "（必填）"))
                for name, text in filter(None, records)
            ]
        )


def translate_help_option(option: click.Option | None) -> click.Option | None:
    """Give click's own ``--help`` a Chinese line."""
    if option is not None:
        option.help = "显示本说明。"
    return option


def say_usage_error(error: click.UsageError) -> str:
    """What is wrong with the command line, in Chinese."""
    match error:
        case click.NoSuchOption(option_name=name, possibilities=known):
            guess = f"，是不是 {'、'.join(known)}" if known else ""
            return f"没有选项 {name}{guess}。"
        case click.MissingParameter(param=click.Option() as option):
            return f"缺少选项 {' / '.join(option.opts)}。"
        case click.MissingParameter(param=click.Argument() as argument):
            return f"缺少参数 {argument.metavar}。"
        case click.BadOptionUsage(option_name=name):
            return f"选项 {name} 后面应有一个值。"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{' / '.join(param.opts)}：{_say_wanted(param.type) or error.message}"
    return error.message


def _say_wanted(kind: click.ParamType[object]) -> str:
    if not isinstance(kind, click.Choice):
        return ""
    return f"应为 {'、'.join(map(str, kind.choices))} 之一。"


def check_year(_context: click.Context, param: click.Parameter, value: str) -> int:
    """Turn ``--year`` into a number.

    Raises:
        click.BadParameter: it is no year.
    """
    if value.isascii() and value.isdigit() and _EARLIEST <= int(value[:5]) <= _LATEST:
        return int(value)
    raise click.BadParameter(f"年度应为四位数字，实为“{value}”。", param=param)


def check_date(_context: click.Context, param: click.Parameter, value: str | None) -> date | None:
    """Turn a day into a date; None where an option that may be left out was.

    Raises:
        click.BadParameter: it is no day.
    """
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(
            f"日期应写作 2026-01-31 的样子，实为“{value}”。", param=param
        ) from error


def check_name(_context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Free a name of blanks around it; None where an option that may be left out was.

    Raises:
        click.BadParameter: nothing is left.
    """
    if value is None:
        return None
    if not value.strip():
        raise click.BadParameter("不能为空。", param=param)
    return value.strip()


FILE: Final = click.Path(path_type=Path, readable=False)
"""Whether it can be read is for its reader to see, who says so in Chinese."""


def format_option(*formats: str) -> Callable[[_Command], _Command]:
    """``--format``: the first of `formats` unless said otherwise."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        metavar="|".join(formats),
        help=f"输出格式，默认 {formats[0]}。",
    )


def output_option(says: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    """``-o``: where the result goes."""
    return click.option(
        "-o", "--output", "output", type=FILE, required=required, metavar="OUT", help=says
    )


def form_option(says: str) -> Callable[[_Command], _Command]:
    """``--form``: the form to speak of."""
    return click.option("--form", "form_id", metavar="ID", help=says)


organisation_option = click.option(
    "--organisation", required=True, callback=check_name, metavar="N", help="单位名称。"
)
code_option = click.option("--code", metavar="C", help="统一社会信用代码。")
force_option = click.option("--force", is_flag=True, help="覆盖已经存在的输出文件。")
