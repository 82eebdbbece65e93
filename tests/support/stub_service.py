"""A service that speaks the add-in's message and knows one fault: a ✗ in a balance row.

It stands in for the real one where the front end is what is tested.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from xlsx_tools.excel.address import at, quote
from xlsx_tools.returned.places import MARKED, MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]
WRONG = "✗"
RED = "#FFC7CE"
_YES = True


@dataclass(frozen=True)
class Service:
    """Where a service listens, what lets one in, and what it was sent, by button."""

    address: str
    token: str
    requests: list[tuple[str, Message]] = field(default_factory=list)


@contextmanager
def serve_stub() -> Iterator[Service]:
    """A service on a free port of this computer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    service = Service(f"http://127.0.0.1:{server.server_address[1]}", "a-token-for-tests")
    server.service = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        service: Service = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {service.token}":
            self._send(401, {"code": "server.token", "message": "口令不对。"})
            return
        button = self.path.removeprefix("/api/v1/addin/")
        request: Message = json.loads(body.decode("ascii"))
        service.requests.append((button, request))
        if button not in _ANSWERS:
            self._send(404, {"code": "addin.button", "message": f"没有按钮“{button}”。"})
            return
        self._send(200, _ANSWERS[button](request))

    def _send(self, status: int, answer: Message) -> None:
        data = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def act(func: str, sheet: str | None = None, *args: object, **where: object) -> Message:
    """An action as the contract writes it; `where` has row, column, rows, columns, values."""
    place = {"row": None, "column": None, "rows": 1, "columns": 1, "values": None}
    return {"func": func, "sheet": sheet, **place, "args": list(args), **where}


def find_faults(request: Message) -> list[tuple[str, int, int]]:
    """Sheet, row and column of every ✗ that the workbook shows on a visible sheet."""
    return [
        (sheet["name"], row, column)
        for sheet in request["sheets"]
        if sheet["visible"]
        for row, cells in enumerate(sheet["values"], start=1)
        for column, value in enumerate(cells, start=1)
        if value == WRONG
    ]


def _check(request: Message) -> Message:
    faults = find_faults(request)
    keys = [f"{sheet}!{at(column, row)}" for sheet, row, column in faults]
    first, row, column = faults[0]
    hidden = next(sheet["name"] for sheet in request["sheets"] if not sheet["visible"])
    says = f"发现 {len(faults)} 处问题，已列在“{TODO}”。"
    listed = [[number, key, "=1+1"] for number, key in enumerate(keys, start=1)]
    condition = f'COUNTIF({MARKED},"{first}!"&ADDRESS(ROW(),COLUMN(),4))>0'
    todo: Message = {"row": 2, "column": 1, "rows": len(keys), "columns": 3}
    actions = [
        act("unprotectBook"),
        # Further to the front, LibreOffice 7.4 turns formulas of the hidden sheet to a wrong sheet.
        act("addSheet", None, TODO, hidden),
        act("addSheet", None, MARKS, None),
        act("unprotectSheet", TODO),
        act("clearContents", TODO, row=1, column=1, rows=50, columns=7),
        act("setValues", TODO, row=1, column=1, columns=3, values=[["序号", "位置", True]]),
        act("setValues", TODO, **todo, values=listed),
        act("setFormulas", TODO, row=1, column=4, values=[[f"=COUNTA({MARKED})"]]),
        act("setColumnWidth", TODO, 30, row=1, column=2),
        act("setWrap", TODO, _YES, **todo),
        act("setBold", TODO, _YES, row=1, column=1, columns=3),
        act("setFill", TODO, RED, row=1, column=1, columns=3),
        act("setFill", TODO, None, row=1, column=2),
        act("setValues", MARKS, row=2, column=1, rows=len(keys), values=[[k] for k in keys]),
        act("setName", None, MARKED, f"={quote(MARKS)}!$A$2:$A$200"),
        act("addConditionalFormat", first, condition, RED, row=6, column=4, rows=26, columns=7),
        act("setSheetVisible", MARKS, not _YES),
        act("protectSheet", TODO),
        act("protectBook"),
        act("activateSheet", first),
        act("selectRange", first, row=row, column=column),
        act("alert", None, says),
    ]
    report = {"files": [{"}": '\\"]', "a": [1, {"A": None}]}]}  # hard to pass over
    return {"actions": actions, "say": says, "report": report}


def _next(_request: Message) -> Message:
    actions = [act("unprotectSheet", TODO), act("conjure"), act("protectSheet", TODO)]
    return {"actions": actions, "say": "", "report": None}


def _carry(request: Message) -> Message:
    name = request["last_year"]["name"]
    return {"actions": [], "say": f"已从“{name}”结转😀。", "report": None}


def _batch(_request: Message) -> Message:
    return {"actions": [], "say": "已打开网页。", "report": None}


_ANSWERS = {"check": _check, "next": _next, "carry": _carry, "batch": _batch}
