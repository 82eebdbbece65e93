"""``nianbao serve``: the add-in's backend and the coordinator's local web page."""

from __future__ import annotations

import socket
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.run import count_cores
from xlsx_tools.cli.options import FILE, ChineseCommand, describe
from xlsx_tools.cli.receipt import key_option, read_key
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.intake import read_once

if TYPE_CHECKING:
    from xlsx_tools.server.services import Answerer
    from xlsx_tools.server.settings import Settings, Token

_HELP = describe(
    "启动汇总单位的本机网页和插件的后台：收文件、校验、退改、催报、汇总，都在浏览器中进行。\n"
    "只在本机使用时不需任何设置；打开启动时显示的网址即可，按 Ctrl-C 停止。\n"
    "供他人从其他电脑使用的，写明 --host 和 --token-file；\n"
    "令牌文件每行写“名称 令牌”，只供插件使用的再加 addin。",
    "nianbao serve",
    "nianbao serve --open --data 2025年报",
    "nianbao serve --host 0.0.0.0 --token-file 令牌.txt --name nianbao.example.cn",
)
_LOOPBACK = "127.0.0.1"
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only when asked for, and then only with tokens
_MOST_JOBS = 4
_NULL = "null"
_ADDIN = "xlsx_tools.addin"
_EXTRA = ("fastapi", "uvicorn", "sqlalchemy", "python_multipart")


@click.command("serve", cls=ChineseCommand, help=_HELP)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    metavar="P",
    help="端口，默认 8765；写 0 则任选一个空闲的。",
)
@click.option(
    "--host",
    default=_LOOPBACK,
    metavar="H",
    help="在哪个地址上提供服务，默认只限本机（127.0.0.1）；其他地址须同时写明 --token-file。",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="N",
    help="他人访问本机所用的域名或者主机名（可多次）；用 IP 地址访问的不需写。",
)
@click.option(
    "--data",
    "folder",
    type=FILE,
    default=Path("nianbao-data"),
    metavar="DIR",
    help="保存全部数据的文件夹，默认 nianbao-data；没有则新建。",
)
@click.option(
    "--database",
    metavar="URL",
    help="改用数据库保存，如 postgresql://用户@主机/库；不写则为 --data 中的一个文件。",
)
@click.option("--token-file", type=FILE, metavar="F", help="令牌文件；不写则每次启动随机生成一个。")
@key_option
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="允许调用本服务的其他网页来源，如 https://addin.example.cn（可多次）。",
)
@click.option("--wps", is_flag=True, help="允许 WPS 加载项调用（其来源为 null）。")
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="校验的进程数，默认与处理器核数相同，最多 4 个。",
)
@click.option("--open", "opens", is_flag=True, help="启动后用默认浏览器打开网页。")
@click.pass_context
def serve(  # noqa: PLR0913 - one for each option
    context: click.Context,
    *,
    port: int,
    host: str,
    names: tuple[str, ...],
    folder: Path,
    database: str | None,
    token_file: Path | None,
    key_file: Path | None,
    origins: tuple[str, ...],
    wps: bool,
    jobs: int,
    opens: bool,
) -> None:
    """Serve until interrupted."""
    _require_extra()
    from xlsx_tools.server import settings as server  # noqa: PLC0415 - an extra

    if token_file is None and host not in server.LOOPBACK:
        raise click.UsageError("在本机以外的地址上提供服务，须用 --token-file 给出令牌文件。")
    secret = server.invent_secret()
    tokens = (server.make_token(secret),) if token_file is None else _read_tokens(token_file)
    if database is None:
        _make_folder(folder)
    settings = server.Settings(
        database=database or server.database_url(folder),
        tokens=tokens,
        hosts=frozenset({*server.LOOPBACK, host.lower(), *map(str.lower, names)}),
        any_address=host not in server.LOOPBACK,
        origins=frozenset(origin.rstrip("/") for origin in origins) | ({_NULL} if wps else set()),
        receipt_key=read_key(key_file),
        jobs=jobs or min(count_cores(), _MOST_JOBS),
    )
    with _listen(host, port) as listening:
        place = _show_address(host, listening.getsockname()[1])
        page = f"{place}#token={secret}" if token_file is None else place
        _say_started(page, str(folder.resolve()) if database is None else "所给的数据库")
        _run(settings, listening, page if opens else None)
    context.exit(0)


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise click.UsageError(
            f"没有安装网页服务所需的部分（{'、'.join(missing)}）。"
            "请运行：pip install 'nianbao[server]'"
        )


def _read_tokens(path: Path) -> tuple[Token, ...]:
    from xlsx_tools.server.settings import TokenError, read_tokens  # noqa: PLC0415 - an extra

    try:
        return read_tokens(read_once(path))
    except (UnusableFileError, TokenError) as error:
        raise click.UsageError(f"{path}：{error}") from error


def _make_folder(folder: Path) -> None:
    """What was sent in is nobody else's business."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{folder}：不能用来保存数据（{error.strerror}）。") from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise click.UsageError(
            f"不能在 {host} 的端口 {port} 上提供服务（{error.strerror}），可能已有程序占用。"
            "请用 --port 换一个端口。"
        ) from error


def _show_address(host: str, port: int) -> str:
    shown = _LOOPBACK if host in _ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"


def _say_started(page: str, place: str) -> None:
    click.echo(f"已启动，请用浏览器打开：{page}")
    click.echo(f"数据保存在：{place}。按 Ctrl-C 停止。")
    sys.stdout.flush()


def _run(settings: Settings, listening: socket.socket, page: str | None) -> None:
    from xlsx_tools.server.app import create_app  # noqa: PLC0415 - an extra
    from xlsx_tools.server.running import run_server  # noqa: PLC0415 - an extra

    app = create_app(settings, _find_answer())
    run_server(app, listening, (lambda: click.launch(page)) if page else None)
    click.echo("已停止。")


def _find_answer() -> Answerer | None:
    """The add-in's buttons, made ready while the server starts."""
    if find_spec(_ADDIN) is None:
        return None
    message = import_module(f"{_ADDIN}.message")
    threading.Thread(target=message.warm_up, daemon=True).start()
    answer: Answerer = message.answer
    return answer
