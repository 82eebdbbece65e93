"""Runs the application until somebody stops it; what is being answered is answered first."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from uvicorn import Config, Server

from xlsx_tools.server.log import start_logging

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

_GRACE_SECONDS = 30
_KEEP_ALIVE_SECONDS = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Server(Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Being stopped is how a server ends: the signal is not raised again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run_server(
    app: FastAPI, listening: socket.socket, started: Callable[[], object] | None
) -> None:
    """Serve on an open socket until SIGINT or SIGTERM; `started` is called after a moment."""
    start_logging()
    config = Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
        ws="none",
    )
    if started is not None:
        timer = threading.Timer(1.0, started)
        timer.daemon = True
        timer.start()
    _Server(config).run(sockets=[listening])
