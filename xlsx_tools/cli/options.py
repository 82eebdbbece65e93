"""What the commands share: Chinese help and complaints, options, exit statuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable

ACCEPTED: Final = 0
NOT_ACCEPTED: Final = 1
WRONG_USAGE: Final = 2
UNREADABLE: Final = 3

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
    records = [param.get_help_record(ctx) for param in command.get_params(ctx)]
    with formatter.section("选项"):
        formatter.write_dl(
            [(name, text.replace("[required]", "（必填）")) for name, text in filter(None, records)]
        )


def translate_help_option(option: click.Option | None) -> click.Option | None:
    """Give click's own ``--help`` a Chinese line."""
    if option is not None:
        option.help = "显示本说明。"
    return option


def say_usage_error(error: click.UsageError) -> str:
    """What is wrong with the command line, in Chinese."""
    match error:
        case click.NoSuchOption():
            guess = f"，是不是 {'、'.join(error.possibilities)}" if error.possibilities else ""
            return f"没有选项 {error.option_name}{guess}。"
        case click.MissingParameter(param=click.Option() as option):
            return f"缺少选项 {' / '.join(option.opts)}。"
        case click.MissingParameter(param=click.Argument() as argument):
            return f"缺少参数 {argument.make_metavar(error.ctx or click.Context(_NOTHING))}。"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 后面应有一个值。"
        case click.BadParameter(param=click.Option(type=click.Choice() as choice) as option):
            return f"选项 {' / '.join(option.opts)} 应为 {'、'.join(map(str, choice.choices))} 之一。"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{' / '.join(param.opts)}：{error.message}"
    return error.message


_NOTHING = click.Command("nianbao")


class _Year(click.ParamType[int]):
    name = "year"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and _EARLIEST <= int(text[:5]) <= _LATEST:
            return int(text)
        self.fail(f"年度应为四位数字，实为“{text}”。", param, ctx)


class _Name(click.ParamType[str]):
    name = "name"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        text = str(value).strip()
        return text or self.fail("不能为空。", param, ctx)


YEAR: Final = _Year()
NAME: Final = _Name()
FILE: Final = click.Path(path_type=Path)


def format_option[**P, R](*formats: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """``--format``: the first of `formats` unless said otherwise."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        metavar="|".join(formats),
        help=f"输出格式，默认 {formats[0]}。",
    )
