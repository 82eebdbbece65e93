"""The database of a server: SQLite with a write-ahead log, or PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy import create_engine, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.server.tables import AUDIT, METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy import Connection, Engine

Action = Literal[
    "start", "receive", "check", "roster", "waive", "revoke_waiver", "decide", "revoke_decision",
    "merge", "receipt", "export",
]  # fmt: skip
ACTION_WORDS: dict[Action, str] = {
    "start": "启动服务",
    "receive": "收到文件",
    "check": "得出校验结果",
    "roster": "更换名册",
    "waive": "登记豁免",
    "revoke_waiver": "撤销豁免",
    "decide": "作出决定",
    "revoke_decision": "撤销决定",
    "merge": "生成汇总",
    "receipt": "出具回执",
    "export": "导出全部数据",
}
SYSTEM = "系统"
_PATIENCE_MS = 20_000
_WRITES = "nianbao_writes"
_LOCK = 0x6E69616E62616F
"""The number of our lock among those of the database."""


class DatabaseError(XlsxToolsError):
    """The database cannot be used."""

    code = "database"


class Base:
    """Connections to one database."""

    def __init__(self, url: str) -> None:
        """Open the database, and make the tables that are not there.

        Raises:
            DatabaseError: the address is wrong, or the database cannot be reached or written.
        """
        try:
            self._engine = _open_engine(url)
            METADATA.create_all(self._engine)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise DatabaseError(f"数据库地址无法使用：{type(error).__name__}。") from error
        except DBAPIError as error:
            raise DatabaseError(
                f"数据库无法打开或者写入（{type(error.orig).__name__}）。请检查地址、权限和磁盘空间。"
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One look at the state."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """All of a change or nothing; on disk when the block has ended."""
        with (
            self._engine.connect().execution_options(**{_WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def version(self) -> int:
        """Of the state as it is now: every change has its line in the audit trail, in order."""
        with self.read() as connection:
            return int(connection.execute(select(func.max(AUDIT.c.id))).scalar() or 0)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _open_engine(url: str) -> Engine:
    place = make_url(url)
    if place.get_backend_name() == "postgresql" and "+" not in place.drivername:
        place = place.set(drivername="postgresql+psycopg")
    engine = create_engine(place, pool_size=10, max_overflow=40, pool_pre_ping=True)
    if place.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_elsewhere)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    """What is committed survives the process and the machine; begin is ours, not the driver's."""
    connection.isolation_level = None
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {_PATIENCE_MS}",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    """Who is going to write waits for his turn at once, not half-way."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_elsewhere(connection: Connection) -> None:
    """One who writes at a time there as well: no lost update, and an audit trail in order."""
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def now() -> datetime:
    """The time by which everything is kept."""
    return datetime.now(UTC)


def note(connection: Connection, who: str, action: Action, subject: object, detail: str) -> None:
    """Write one line of the audit trail."""
    connection.execute(
        insert(AUDIT).values(
            at=now().isoformat(timespec="milliseconds"),
            who=who,
            action=action,
            subject=str(subject),
            detail=detail,
        )
    )
