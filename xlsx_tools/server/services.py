"""What the endpoints work with: one set for each server."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from xlsx_tools.batch.workers import WorkerLimits
from xlsx_tools.report.text import show_safely
from xlsx_tools.server.answers import JSON
from xlsx_tools.server.base import Base
from xlsx_tools.server.checking import CheckingPool
from xlsx_tools.server.desk import Desk, Desks
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.settings import Settings

_SHOWN = 50


class Answerer(Protocol):
    """Runs one button of the add-in."""

    def __call__(self, button: str, request: Mapping[str, object], /) -> Mapping[str, object]:
        """The answer to a message.

        Raises:
            XlsxToolsError: with a code of the closed lists.
        """
        ...


@dataclass
class Services:
    """The parts of one server; `rendering` is held while a workbook is made."""

    settings: Settings
    base: Base
    pool: CheckingPool
    desks: Desks
    answer: Answerer | None
    rendering: threading.Lock = field(default_factory=threading.Lock)

    @property
    def desk(self) -> Desk:
        """Where everything stands now."""
        return self.desks.now()


def open_services(settings: Settings, answer: Answerer | None) -> Services:
    """Open the state of a server.

    Raises:
        DatabaseError: its database cannot be used.
    """
    base = Base(settings.database)
    limits = WorkerLimits(seconds=settings.file_seconds)
    pool = CheckingPool(base, jobs=settings.jobs, limits=limits)
    return Services(settings, base, pool, Desks(base), answer)


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _who(request: Request) -> str:
    return str(request.state.who)


def refuse_unknown_parameters(request: Request) -> None:
    """A parameter that nothing reads is a mistake of who wrote it.

    Raises:
        RequestError: there is one.
    """
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise refuse_request("server.parameter", show_safely(unknown[0][:_SHOWN]))


async def _body(request: Request) -> bytes:
    return await request.body()


async def _json(request: Request) -> bytes:
    """A body that says, if it says anything, that it is JSON."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise refuse_request("server.media_type", JSON)
    return await request.body()


Using = Annotated[Services, Depends(_services)]
Who = Annotated[str, Depends(_who)]
"""The name of the token."""
Body = Annotated[bytes, Depends(_body)]
JsonBody = Annotated[bytes, Depends(_json)]
