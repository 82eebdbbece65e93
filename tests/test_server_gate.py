"""What the server refuses before it parses anything, and how it says so."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.serving import (
    ADDIN_SECRET,
    API,
    SECRET,
    listed,
    own_database,
    running,
    serving,
    settings_for,
    workbook,
)
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.server.gate import split_host
from xlsx_tools.server.log import JsonFormatter
from xlsx_tools.server.problems import PROBLEMS
from xlsx_tools.server.settings import MIB, Limits, TokenError, read_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx2 as httpx
    from fastapi.testclient import TestClient

TINY = Limits(
    upload_bytes=MIB, message_bytes=MIB, body_bytes=MIB, idle_seconds=0.3, body_seconds=1.0
)


class ButtonError(XlsxToolsError):
    """There is no such button."""

    code = "addin"
    reason = "addin.button"
    status = 404


def press(button: str, message: Mapping[str, object]) -> Mapping[str, object]:
    if button == "next":
        raise ButtonError("没有这个按钮。")
    if button == "crash":
        raise ZeroDivisionError
    return {
        "actions": [{"func": "alert", "args": [message["client"]]}],
        "say": "好",
        "report": None,
    }


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = settings_for(
        own_database(tmp_path),
        limits=TINY,
        origins=frozenset({"https://addin.example.cn", "null"}),
    )
    with serving(settings, press) as found:
        yield found


def refusal(response: httpx.Response) -> tuple[int, str]:
    """The status and the code; every refusal has a sentence in Chinese, and headers."""
    found: dict[str, Any] = response.json()
    assert set(found) == {"code", "message"}
    assert any("\u4e00" <= letter <= "\u9fff" for letter in found["message"])
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-request-id"]
    return response.status_code, found["code"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", SECRET])
def test_without_the_token_nothing_is_told(client: TestClient, header: str) -> None:
    response = client.get(f"{API}/audit", headers={"Authorization": header})

    assert refusal(response) == (401, "server.token")
    assert response.headers["www-authenticate"] == "Bearer"


def test_an_unknown_path_is_refused_for_want_of_a_token_first(client: TestClient) -> None:
    unknown = client.get(f"{API}/nothing", headers={"Authorization": ""})

    assert refusal(unknown) == (401, "server.token")
    assert refusal(client.get(f"{API}/nothing")) == (404, "server.path")
    assert refusal(client.get("/nothing")) == (404, "server.path")
    assert refusal(client.get("/page/../settings.py")) == (404, "server.path")
    assert refusal(client.put(f"{API}/audit")) == (405, "server.method")


def test_the_token_of_an_add_in_opens_the_add_in_alone(client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {ADDIN_SECRET}"}

    pressed = client.post(
        f"{API}/addin/check", json={"message": 1, "client": "wps"}, headers=headers
    )

    assert pressed.json()["actions"][0]["args"] == ["wps"]
    assert refusal(client.get(f"{API}/audit", headers=headers)) == (403, "server.role")
    assert refusal(client.get(f"{API}/addin", headers=headers)) == (403, "server.role")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]", "10.0.0.1"]
)
def test_a_request_for_another_host_is_refused(client: TestClient, host: str) -> None:
    assert refusal(client.get("/", headers={"Host": host})) == (400, "server.host")


def test_addresses_are_hosts_where_others_may_come_from() -> None:
    assert split_host("LocalHost:8765") == "localhost"
    assert split_host("[::1]:8765") == "::1"
    assert split_host("nianbao.example.cn") == "nianbao.example.cn"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("origin", ["http://evil.example", "http://testserver.evil", "file://"])
def test_a_page_from_elsewhere_is_refused(client: TestClient, method: str, origin: str) -> None:
    response = client.request(method, f"{API}/roster", headers={"Origin": origin})

    assert refusal(response) == (403, "server.origin")
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", ["null", "https://addin.example.cn"])
def test_a_page_that_was_named_may_call(client: TestClient, origin: str) -> None:
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
        "Authorization": "",
    }

    preflight = client.options(f"{API}/addin/check", headers=asking)
    answer = client.get(f"{API}/audit", headers={"Origin": origin})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-private-network"] == "true"
    assert answer.headers["access-control-allow-origin"] == origin
    foreign = client.options(f"{API}/audit", headers={**asking, "Origin": "http://evil.example"})
    assert refusal(foreign) == (403, "server.origin")


def test_our_own_page_may_call(client: TestClient) -> None:
    answer = client.get(f"{API}/audit", headers={"Origin": "http://testserver"})

    assert answer.status_code == 200


def test_too_much_is_refused_whether_or_not_it_says_how_much(client: TestClient) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * (MIB // 8)

    said = client.post(f"{API}/submissions", content=b" " * (MIB + 1))
    unsaid = client.post(f"{API}/submissions", content=stream())

    assert [refusal(said), refusal(unsaid)] == [(413, "server.too_big")] * 2
    assert listed(client) == []


HOSTILE_JSON = {
    "not json": b"{",
    "NaN": b'{"organisation": NaN}',
    "a key twice": b'{"organisation": "a", "organisation": "b"}',
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "not UTF-8": '{"organisation": "某县"}'.encode("gb18030"),
    "UTF-16": '{"organisation": "a"}'.encode("utf-16"),
    "empty": b"",
}


@pytest.mark.parametrize("body", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_json_that_could_mean_two_things_is_refused(client: TestClient, body: bytes) -> None:
    assert refusal(client.post(f"{API}/merge", content=body)) == (400, "server.json")


@pytest.mark.parametrize(
    "found",
    [
        [],
        1,
        {},
        {"organisation": ""},
        {"organisation": "a", "output": "html"},
        {"organisation": "a", "figures": 1},
    ],
)
def test_json_of_another_shape_is_refused(client: TestClient, found: object) -> None:
    assert refusal(client.post(f"{API}/merge", json=found)) == (400, "server.request")


def test_a_parameter_that_is_none_is_named(client: TestClient) -> None:
    response = client.get(f"{API}/submissions", params={"limit": "many"})

    assert refusal(response) == (400, "server.parameter")
    assert "limit" in response.json()["message"]


def test_a_parameter_that_nothing_reads_is_a_mistake(client: TestClient) -> None:
    response = client.get(f"{API}/reminders", params={"deadlin": "2026-01-31"})

    assert refusal(response) == (400, "server.parameter")
    assert "deadlin" in response.json()["message"]


def test_what_says_that_it_is_no_json_is_not_read_as_json(client: TestClient) -> None:
    response = client.post(
        f"{API}/merge", content=b'{"organisation": "a"}', headers={"Content-Type": "text/plain"}
    )

    assert refusal(response) == (415, "server.media_type")


def test_a_whole_number_may_be_written_with_a_point(client: TestClient) -> None:
    found = {"kind": "set_aside", "submission": 7.0, "why": "误报"}

    assert refusal(client.post(f"{API}/decisions", json=found)) == (404, "server.missing")


def test_an_empty_upload_and_a_torn_form_are_refused(client: TestClient) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    path = f"{API}/submissions"

    assert refusal(client.post(path)) == (400, "server.empty")
    for body in (b"", b"--x\r\nnonsense", b"--x\r\n\r\n\r\n--x--"):
        assert client.post(path, content=body, headers=form).status_code == 400
    nameless = {"Content-Type": "multipart/form-data"}
    assert client.post(path, content=b"x", headers=nameless).status_code == 400


def test_a_button_says_itself_why_not_and_a_bug_is_only_a_number(client: TestClient) -> None:
    message = {"message": 1, "client": "vba"}

    unknown = client.post(f"{API}/addin/next", json=message)
    crashed = client.post(f"{API}/addin/crash", json=message)

    assert refusal(unknown) == (404, "addin.button")
    assert refusal(crashed) == (500, "server.internal")
    assert "ZeroDivision" not in crashed.text


def test_the_log_has_a_line_for_each_request_and_nothing_of_its_contents(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "nianbao.requests"):
        response = client.get(f"{API}/nothing%0a%1b[2J", params={"name": "秘密"})
        client.post(f"{API}/merge", content="秘密".encode("gb18030"))

    lines = [JsonFormatter().format(record) for record in caplog.records]
    first = json.loads(lines[0])
    assert first["request"] == response.headers["x-request-id"]
    assert (first["who"], first["status"]) == ("张某", 404)
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert "秘密" not in "".join(lines)
    assert json.dumps("秘密")[1:-1] not in "".join(lines)


HOSTILE_NAMES = [
    "../../etc/passwd",
    "a\x00b.xlsx",
    "\u202egpj.xlsx",
    "=1+1.xlsx",
    "<b>.xlsx",
    "x" * 400,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_only_ever_a_label(client: TestClient, name: str) -> None:
    client.post(f"{API}/submissions", params={"name": name}, content=workbook("甲局"))

    shown = listed(client)[0]["name"]
    original = client.get(f"{API}/submissions/1/original")

    assert "/" not in shown
    assert shown.isprintable()
    assert original.status_code == 200
    assert original.headers["content-disposition"].isprintable()


def test_every_code_has_its_status_and_its_sentence() -> None:
    ours = {code for code, problem in PROBLEMS.items() if not 400 <= problem.status < 500}

    assert ours == {"server.internal"}
    assert all(problem.says.endswith("。") for problem in PROBLEMS.values())


def test_a_file_of_tokens_names_who_may_do_what() -> None:
    tokens = read_tokens(
        "# 说明\n\n张某 0123456789abcdef\n加载项 fedcba9876543210 addin\n".encode()
    )

    assert [(token.name, token.role) for token in tokens] == [
        ("张某", "coordinator"),
        ("加载项", "addin"),
    ]
    for wrong in (
        b"",
        b"short",
        b"a b c d",
        b"a 0123456789abcdef\na 0123456789abcdeg",
        b"\xff\xff",
    ):
        with pytest.raises(TokenError):
            read_tokens(wrong)


def read_answer(connection: socket.socket) -> str:
    """The head and the whole body, in however many pieces they come."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(10_000)
    head, _, body = got.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: ([0-9]+)", head.lower())
    while found and len(body) < int(found[1]):
        body += connection.recv(10_000)
    return (head + b"\r\n\r\n" + body).decode()


def test_a_slow_sender_is_cut_off(tmp_path: Path) -> None:
    """On a real socket; the limit is the product's own, so this takes its time."""
    with running(tmp_path / "state") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                f"POST {API}/merge HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {SECRET}\r\nContent-Length: 100\r\n\r\n{{".encode()
            )
            began = time.monotonic()
            connection.settimeout(60)
            answer = read_answer(connection)

    assert " 408 " in answer
    assert "server.slow" in answer
    assert time.monotonic() - began < 20


def test_a_stranger_without_a_token_cannot_make_us_wait_for_a_body(tmp_path: Path) -> None:
    with running(tmp_path / "state") as server:
        port = int(server.url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                f"POST {API}/submissions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                "Content-Length: 1000000000\r\n\r\n".encode()
            )
            connection.settimeout(5)
            answer = read_answer(connection)

    assert " 401 " in answer
