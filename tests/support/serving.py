"""A server in this process, or a real one in its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
from fastapi.testclient import TestClient

from tests.support.builders import filing_of
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.server.app import create_app
from xlsx_tools.server.settings import Settings, database_url, make_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.builders import Figure
    from xlsx_tools.server.services import Answerer

SECRET = "a-secret-of-the-tests"  # noqa: S105 - of the tests
ADDIN_SECRET = "a-secret-of-an-add-in"  # noqa: S105 - of the tests
API = "/api/v1"
FORM = load_form("annual-report-2021")
BROKEN: dict[str, Figure] = {"received__natural_person": 9}
EXPLAINED: dict[str, Figure] = {"regulations__in_force": 1}
_READY = re.compile(r"(http://[^/]+/)(?:#token=(\S+))?")


def workbook(name: str, **changes: Figure) -> bytes:
    """The workbook of an organisation of this name, right unless changed."""
    return render_workbook(replace(filing_of(FORM, **changes), organisation=Organisation(name)))


def settings_for(database: str, **changes: object) -> Settings:
    """A server for tests: a coordinator's token and one for add-ins."""
    tokens = (make_token(SECRET, "张某"), make_token(ADDIN_SECRET, "插件", "addin"))
    found = Settings(database, tokens, hosts=frozenset({"testserver", "localhost", "127.0.0.1"}))
    return replace(found, **changes)  # type: ignore[arg-type]


@contextmanager
def serving(settings: Settings, answer: Answerer | None = None) -> Iterator[TestClient]:
    """A client with the coordinator's token."""
    app = create_app(settings, answer)
    with TestClient(app, headers={"Authorization": f"Bearer {SECRET}"}) as client:
        yield client


def send(client: httpx.Client, name: str, data: bytes) -> int:
    """Upload one file; its number."""
    response = client.post(f"{API}/submissions", params={"name": name}, content=data)
    assert response.status_code == 201, response.text
    return int(response.json()["submissions"][0]["id"])


def settle(client: httpx.Client, seconds: float = 60) -> None:
    """Wait until nothing is queued."""
    end = time.monotonic() + seconds
    while client.get(f"{API}/health").json()["queued"]:
        assert time.monotonic() < end, "still checking"
        time.sleep(0.02)


def send_all(client: httpx.Client, **files: bytes) -> dict[str, int]:
    """Upload these workbooks and wait for their verdicts; numbers by name."""
    numbers = {name: send(client, f"{name}.xlsx", data) for name, data in files.items()}
    settle(client)
    return numbers


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    """Every line of the list."""
    found: list[dict[str, Any]] = client.get(f"{API}/submissions").json()["submissions"]
    return found


@dataclass
class Running:
    """``nianbao serve`` as somebody started it."""

    process: subprocess.Popen[bytes]
    url: str
    client: httpx.Client

    def kill(self) -> None:
        """As if the power failed."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """As Ctrl-C does; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def workers(self) -> list[int]:
        """The worker processes, by what the system says; spawned ones, not the tracker."""
        found = []
        for number in _children(self.process.pid):
            with open(f"/proc/{number}/cmdline", "rb") as file:  # noqa: PTH123 - of /proc
                if b"spawn_main" in file.read():
                    found.append(number)
        return found


def _children(pid: int) -> list[int]:
    done = subprocess.run(["/usr/bin/pgrep", "-P", str(pid)], capture_output=True, check=False)
    return [int(word) for word in done.stdout.split()]


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    """A real server with its state in `folder`; the token of the tests unless there is another."""
    tokens = folder.with_name("tokens.txt")
    tokens.write_text(f"张某 {SECRET}\n", encoding="utf-8")
    command = [sys.executable, "-m", "xlsx_tools", "serve", "--port", "0", "--data", str(folder)]
    with (folder.with_name("server.log")).open("ab") as log:
        process = subprocess.Popen(
            [*command, "--token-file", str(tokens), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    assert process.stdout is not None
    said = process.stdout.readline().decode()
    match = _READY.search(said)
    assert match, (said, folder.with_name("server.log").read_text(encoding="utf-8"))
    headers = {"Authorization": f"Bearer {SECRET}"}
    with httpx.Client(base_url=match[1], headers=headers, timeout=60) as client:
        _wait(client)
        try:
            yield Running(process, match[1], client)
        finally:
            process.kill()
            process.wait(30)
            process.stdout.close()


def _wait(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            client.get(f"{API}/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def own_database(folder: Path) -> str:
    """An SQLite file of one test."""
    return database_url(folder)
