"""The server as a process: started, stopped, killed, and used by many at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest

from tests.support.commands import run_command
from tests.support.serving import (
    API,
    BROKEN,
    SECRET,
    listed,
    running,
    send,
    settle,
    workbook,
)

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = float(os.environ.get("NIANBAO_LOAD_SECONDS", "6"))
USERS = 50
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_it_says_where_it_is_and_ends_well_when_interrupted(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        page = server.client.get("/")
        assert "年度报告收报" in page.text
        assert server.stop() == 0
        assert "已停止" in (server.process.stdout.read().decode() if server.process.stdout else "")


def test_a_running_request_is_answered_before_it_stops(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        for number in range(5):
            send(server.client, f"{number}.xlsx", workbook(f"第{number}局"))
        settle(server.client)
        found: list[int] = []
        body = {"organisation": "某县"}

        def merge() -> None:
            found.append(server.client.post(f"{API}/merge", json=body).status_code)

        asking = threading.Thread(target=merge)
        asking.start()
        time.sleep(0.2)
        assert server.stop() == 0
        asking.join(60)

    assert found == [200]


@ON_LINUX
def test_killed_workers_lose_nothing_that_was_accepted(tmp_path: Path) -> None:
    with running(tmp_path / "state", "--jobs", "2") as server:
        killed: set[int] = set()
        for number in range(30):
            send(server.client, f"{number}.xlsx", workbook(f"第{number}局"))
            if number in (5, 15, 25):
                for worker in server.workers():
                    os.kill(worker, signal.SIGKILL)
                    killed.add(worker)
        began = time.monotonic()
        settle(server.client, 120)

        entries = listed(server.client)
        assert len(killed) >= 3
        assert [entry["status"] for entry in entries] == ["passed"] * 30
        assert time.monotonic() - began < 60


def test_a_killed_server_has_everything_it_acknowledged(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        acknowledged = [
            send(server.client, f"{number}.xlsx", workbook(f"第{number}局")) for number in range(8)
        ]
        server.client.put(f"{API}/roster", content="name\n第1局\n".encode())
        server.kill()

    with running(tmp_path / "state") as server:
        settle(server.client)
        entries = listed(server.client)

        assert sorted(entry["id"] for entry in entries) == acknowledged
        assert {entry["status"] for entry in entries} == {"passed"}
        assert server.client.get(f"{API}/roster").json()["units"][0]["standing"] == "passed"
        first = server.client.get(f"{API}/submissions/{acknowledged[0]}/original")
        assert first.content == workbook("第0局")


def test_fifty_people_at_once_meet_no_error(tmp_path: Path) -> None:
    """Each sends a file of his own and looks at the list; a minute with NIANBAO_LOAD_SECONDS=60."""
    books = [workbook(f"第{user}局", **(BROKEN if user % 5 == 0 else {})) for user in range(USERS)]
    troubles: list[str] = []
    times: list[float] = []

    def use(url: str, user: int, end: float) -> None:
        headers = {"Authorization": f"Bearer {SECRET}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            try:
                mine = send(client, f"{user}.xlsx", books[user])
                while time.monotonic() < end:
                    for path in ("submissions?limit=50", f"submissions/{mine}", "waivers"):
                        began = time.monotonic()
                        status = client.get(f"{API}/{path}").status_code
                        times.append(time.monotonic() - began)
                        if status != 200:
                            troubles.append(f"{path} {status}")
                    time.sleep(0.5)
            except (httpx.HTTPError, AssertionError) as error:
                troubles.append(repr(error))

    with running(tmp_path / "state") as server:
        end = time.monotonic() + SECONDS
        people = [
            threading.Thread(target=use, args=(server.url, user, end)) for user in range(USERS)
        ]
        for person in people:
            person.start()
        for person in people:
            person.join(SECONDS + 120)
        settle(server.client, 120)
        statuses = [entry["status"] for entry in listed(server.client)]

    assert troubles == []
    assert (statuses.count("passed"), statuses.count("failed")) == (40, 10)
    times.sort()
    p50, p99 = (times[len(times) * part // 100] for part in (50, 99))
    print(f"{len(times)} requests, p50 {p50:.3f} s, p99 {p99:.3f} s")  # noqa: T201 - to be read


def test_a_port_that_is_taken_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = run_command(capsys, "serve", "--port", port, "--data", tmp_path / "state")

    assert ended.status == 2
    assert "--port" in ended.err


def test_others_are_served_only_with_tokens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run_command(
        capsys,
        "serve",
        "--host",
        "0.0.0.0",  # noqa: S104 - refused
        "--data",
        tmp_path / "state",
    )

    assert ended.status == 2
    assert "--token-file" in ended.err
    assert not (tmp_path / "state").exists()


def test_without_the_extra_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlsx_tools.cli.serve.find_spec", lambda _name: None)

    ended = run_command(capsys, "serve")

    assert ended.status == 2
    assert "nianbao[server]" in ended.err


def test_a_database_that_cannot_be_reached_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in ("nonsense", "oracle://x", "postgresql://nobody@127.0.0.1:9/x"):
        ended = run_command(
            capsys, "serve", "--port", 0, "--data", tmp_path / "state", "--database", url
        )

        assert ended.status == 3, url
        assert "数据库" in ended.err
