"""``nianbao``: the group of commands, each loaded when it is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

import click

from xlsx_tools.cli.options import (
    ACCEPTED,
    UNREADABLE,
    WRONG_USAGE,
    say_usage_error,
    translate_help_option,
    write_options,
)
from xlsx_tools.cli.statuses import INTERRUPTED
from xlsx_tools.cli.streams import speak_utf8
from xlsx_tools.errors import XlsxToolsError, explain_system

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "template": "生成一份空白工作簿，带出上年结转",
    "fill": "填报数据（JSON）转为工作簿",
    "read": "工作簿转为填报数据（JSON）",
    "check": "校验工作簿、填报数据或者文件夹",
    "remind": "为未报、未通过的单位写好催报文字",
    "receipt": "为通过校验的填报出具回执",
    "verify": "核验回执、封存包，离线即可",
    "merge": "把通过校验的填报汇总为一份工作簿",
    "freeze": "封存一期：原件、结果、汇总放进一个可重现的压缩包",
    "rules": "列出全部校验规则",
    "schema": "输出填报数据的 JSON Schema",
    "explain": "说明一个单元格涉及的校验和数字",
    "serve": "启动汇总单位的本机网页和插件后台",
    "macros": "生成表格软件的加载项，供信息技术人员分发",
    "demo": "用真实数字走一遍全过程",
}
_HELP = """\b
政府信息公开工作年度报告：生成、填报、校验、汇总。

\b
示例：
  nianbao demo
  nianbao template --year 2025 --organisation 某某局 -o 某某局.xlsx
  nianbao check 报送文件夹
  nianbao merge 报送文件夹 --organisation 某某县 -o 汇总.xlsx

\b
退出码：0 全部通过；1 有未通过的；2 用法有误；3 有文件无法读取或者写入。
各命令的说明：nianbao 命令 --help
"""


class _Commands(click.Group):
    """The commands by name; asking for one does not load the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        found: object = getattr(import_module(f"xlsx_tools.cli.{cmd_name}"), cmd_name)
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"没有命令“{args[0]}”，可用的命令：{'、'.join(COMMANDS)}。", ctx)
        return super().resolve_command(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "命令 [选项] ...", prefix="用法：")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令"):
            formatter.write_dl(list(COMMANDS.items()))
        write_options(self, ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return translate_help_option(super().get_help_option(ctx))


def _show_version(context: click.Context, _param: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not context.resilient_parsing:
        from importlib import metadata  # noqa: PLC0415 - slow, and rarely asked

        try:
            click.echo(f"nianbao {metadata.version('nianbao')}")
        except metadata.PackageNotFoundError:
            click.echo("nianbao（由源代码直接运行，没有安装，因此没有版本号）")
        context.exit()


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="显示版本。",
)
@click.pass_context
def nianbao(context: click.Context) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; trouble is a Chinese sentence and an exit status, no traceback."""
    speak_utf8()
    sys.exit(_run(None if arguments is None else list(arguments)))


def _run(arguments: list[str] | None) -> int:
    try:
        status: object = nianbao.main(arguments, prog_name="nianbao", standalone_mode=False)
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "nianbao"
        click.echo(f"{say_usage_error(error)}\n用法请看：{place} --help", err=True)
        return WRONG_USAGE
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except click.Abort:
        return say_interrupted()
    except XlsxToolsError as error:
        click.echo(str(error), err=True)
        return UNREADABLE
    except OSError as error:
        return tell_of_system(error)
    return status if isinstance(status, int) else ACCEPTED


def say_interrupted() -> int:
    """What a user who stopped us is told, and the status."""
    click.echo("已中断。", err=True)
    return INTERRUPTED


def tell_of_system(error: OSError) -> int:
    """What the system refused us where nobody nearer knew what it meant."""
    if isinstance(error, BrokenPipeError):  # somebody reads no further, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ACCEPTED
    place = os.fsdecode(error.filename) + "：" if isinstance(error.filename, str | bytes) else ""
    click.echo(f"{place}{explain_system(error)}。请检查权限、磁盘空间后再试。", err=True)
    return UNREADABLE
