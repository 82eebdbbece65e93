"""A small server that speaks the add-in's message; the front ends cannot tell it from ours.

It calls every negative number a fault, and marks it as the return workbook marks faults.
"""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlsx_tools.excel.address import at, quote
from xlsx_tools.returned.places import MARKED, MARKS, MARKS_TOP, TODO

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "secret-token"  # noqa: S105 - of this stub
RED = "#FFC7CE"
NASTY = '=HYPERLINK("http://example.invalid","x")'
_LIST_LENGTH = 200
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}

Request = dict[str, Any]
Answer = dict[str, Any]


@dataclass
class Stub:
    """The address, what was asked, and what to answer instead of the usual.

    `origins` are those that CORS lets in; `status` other than 200 is answered to every button.
    """

    address: str = ""
    requests: list[Request] = field(default_factory=list)
    preflights: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=lambda: {"null"})
    status: int = 200
    body: str | None = None
    files: Path | None = None
    delay: threading.Event | None = None


def find_faults(request: Request) -> list[tuple[str, int, int]]:
    """Sheet, row and column of each negative number that somebody typed."""
    return [
        (sheet["name"], r, c)
        for sheet in request["sheets"]
        for r, row in enumerate(sheet["values"], start=1)
        for c, value in enumerate(row, start=1)
        if isinstance(value, int | float) and not isinstance(value, bool) and value < 0
        if at(c, r) not in sheet["formulas"]
    ]


def answer_button(button: str, request: Request) -> Answer:
    """What our backend would answer, in short."""
    if button in ("batch", "merge"):
        return {"actions": [act("openUrl", args=["/"])], "say": "", "report": None}
    if button == "export":
        data = b64encode(json.dumps(request["book"]["name"]).encode()).decode()
        saved = act("saveFile", args=["填报数据.json", data])
        return {"actions": [saved], "say": "已生成填报数据。", "report": None}
    faults = find_faults(request)
    if button == "carry":
        return _carry(request)
    if button == "next":
        return {"actions": _jump(faults[0]), "say": "第 1 处", "report": None}
    say = f"发现 {len(faults)} 处需要处理的问题，已列在“{TODO}”。"
    return {"actions": list(_mark(request, faults)), "say": say, "report": _report(faults)}


def act(func: str, sheet: str | None = None, *, area: str = "", **more: Any) -> dict[str, Any]:
    """One action; `area` is "row,column,rows,columns"."""
    names = ("row", "column", "rows", "columns")
    numbers = [int(number) for number in area.split(",")] if area else [None] * len(names)
    place = dict(zip(names, numbers, strict=True))
    return {"func": func, "sheet": sheet, **place, "values": None, "args": [], **more}


def _carry(request: Request) -> Answer:
    year = request["last_year"] or {"name": "", "data": ""}
    told = f"收到 {year['name']}，{len(year['data'])} 个字符"
    return {"actions": [act("alert", args=[told])], "say": told, "report": None}


def _jump(fault: tuple[str, int, int]) -> list[dict[str, Any]]:
    sheet, row, column = fault
    return [act("activateSheet", sheet), act("selectRange", sheet, area=f"{row},{column},1,1")]


def _mark(request: Request, faults: list[tuple[str, int, int]]) -> Iterator[dict[str, Any]]:
    first = request["sheets"][0]["name"]
    yield act("unprotectBook")
    yield act("addSheet", args=[TODO, first])
    yield act("addSheet", args=[MARKS, None])
    yield act("setSheetVisible", MARKS, args=[False])
    yield from _fill_list(faults)
    yield from _fill_todo(faults)
    for sheet in dict.fromkeys(fault[0] for fault in faults):
        formula = f'COUNTIF({MARKED},"{sheet}!"&ADDRESS(ROW(),COLUMN(),4))>0'
        yield act("unprotectSheet", sheet)
        yield act("addConditionalFormat", sheet, area="1,1,60,12", args=[formula, RED])
        yield act("protectSheet", sheet)
    yield act("protectBook")
    if faults:
        yield from _jump(faults[0])


def _fill_list(faults: list[tuple[str, int, int]]) -> Iterator[dict[str, Any]]:
    yield act("unprotectSheet", MARKS)
    yield act("clearContents", MARKS, area=f"{MARKS_TOP},1,{_LIST_LENGTH},1")
    keys = [[f"{sheet}!{at(column, row)}"] for sheet, row, column in faults]
    if keys:
        yield act("setValues", MARKS, area=f"{MARKS_TOP},1,{len(keys)},1", values=keys)
    area = f"={quote(MARKS)}!$A${MARKS_TOP}:$A${MARKS_TOP + _LIST_LENGTH - 1}"
    yield act("setName", args=[MARKED, area])
    yield act("protectSheet", MARKS)


def _fill_todo(faults: list[tuple[str, int, int]]) -> Iterator[dict[str, Any]]:
    yield act("unprotectSheet", TODO)
    rows = [["退改事项", None], [NASTY, len(faults)], ["01", True]]
    yield act("setValues", TODO, area="1,1,3,2", values=rows)
    count = f"=COUNTA({quote(MARKS)}!$A${MARKS_TOP}:$A${MARKS_TOP + _LIST_LENGTH - 1})"
    yield act("setFormulas", TODO, area="4,1,1,1", values=[[count]])
    yield act("setColumnWidth", TODO, area="1,1,1,1", args=[40])
    yield act("setWrap", TODO, area="1,1,3,1", args=[True])
    yield act("setBold", TODO, area="1,1,1,2", args=[True])
    yield act("setFill", TODO, area="1,1,1,2", args=["#DDEBF7"])
    yield act("setFill", TODO, area="2,1,1,1", args=[None])
    yield act("protectSheet", TODO)


def _report(faults: list[tuple[str, int, int]]) -> Answer:
    findings = [
        {
            "id": f"negative:{number}",
            "rule": "negative",
            "severity": "mandatory",
            "state": "broken",
            "message": f"“{sheet}”的 {at(column, row)} 不能是负数 <b>&amp;",
            "remedy": "请改为不小于 0 的整数。",
            "cells": [{"sheet": sheet, "cell": f"{at(column, row)}", "label": "某格", "value": -1}],
            "left": None,
            "right": None,
            "difference": None,
            "causes": [f"negative:{number + 1}"] if number == 0 and len(faults) > 1 else [],
        }
        for number, (sheet, row, column) in enumerate(faults)
    ]
    status = "failed" if findings else "passed"
    return {"files": [{"file": "x", "status": status, "findings": findings}], "summary": {}}


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - four short methods
    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            stub.preflights.append(self.headers.get("Origin", ""))
            self._reply(204, b"", "text/plain")

        def do_GET(self) -> None:
            path = (stub.files or Path("/nowhere")) / self.path.lstrip("/").split("?")[0]
            if stub.files and path.is_file():
                self._reply(200, path.read_bytes(), _TYPES.get(path.suffix, "text/plain"))
            else:
                self._reply(404, b"", "text/plain")

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if stub.delay:
                stub.delay.wait(30)
            status, body = self._answer(data)
            self._reply(status, body.encode(), "application/json")

        def _answer(self, data: bytes) -> tuple[int, str]:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, json.dumps({"code": "server.token", "message": "no token"})
            if stub.status != 200:
                return stub.status, stub.body or ""
            request = json.loads(data)
            stub.requests.append(request)
            if stub.body is not None:
                return 200, stub.body
            return 200, json.dumps(answer_button(self.path.rsplit("/", 1)[1], request))

        def _reply(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            origin = self.headers.get("Origin")
            if origin in stub.origins:
                self.send_header("Access-Control-Allow-Origin", str(origin))
                self.send_header("Access-Control-Allow-Headers", "authorization, content-type")
                self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serve_stub(files: Path | None = None) -> Iterator[Stub]:
    """The stub on a free port of this machine, until the block ends."""
    stub = Stub(files=files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    server.daemon_threads = True
    stub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
