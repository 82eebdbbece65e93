"""What every request passes before anything of it is parsed.

In this order: the name it was sent to, the page it comes from, the token, then the body, which is
received under limits of size and time. Every answer leaves with its number and its headers.
"""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from xlsx_tools.server.answers import error_response, refuse_bug
from xlsx_tools.server.body import BodyReader, SenderGoneError, replay
from xlsx_tools.server.log import log_bug, log_request
from xlsx_tools.server.problems import RequestError, refuse_request

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from xlsx_tools.server.settings import Settings, Token

API: Final = "/api/v1/"
ADDIN: Final = "/api/v1/addin/"
SUBMISSIONS: Final = "/api/v1/submissions"
OPEN_PATHS: Final = frozenset({"/api/v1/health", "/api/v1/openapi.json"})
REQUEST_ID: Final = "X-Request-Id"
_READING = ("GET", "HEAD", "OPTIONS")
_METHODS = "GET, POST, PUT, DELETE"
_EXPOSED = f"{REQUEST_ID}, Content-Disposition"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SCHEMES = ("http", "https")


class Gate:
    """The outermost part of the server."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._bodies = BodyReader(settings.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(self._settings, scope, send)
        try:
            if passage.is_preflight:
                await passage.answer_preflight(receive)
                return
            passage.check()
            async with self._bodies.receive(scope["path"], passage.headers, receive) as body:
                await self._app(scope, replay(body, receive), passage.send)
        except RequestError as error:
            await passage.refuse(error, receive)
        except SenderGoneError:
            pass
        except Exception as error:  # noqa: BLE001 - the one place where a bug of ours is caught
            log_bug(passage.number, error)
            await passage.refuse(refuse_bug(error), receive)
        finally:
            passage.log()


class _Passage:
    """One request on its way."""

    def __init__(self, settings: Settings, scope: Scope, send: Send) -> None:
        self.settings, self.scope, self._send = settings, scope, send
        self.headers = Headers(scope=scope)
        self.number = uuid4().hex
        self.began = time.monotonic()
        self.token: Token | None = None
        self.status = 0
        self.origin = self.headers.get("origin", "")
        scope.setdefault("state", {}).update(who="", number=self.number)

    @property
    def is_api(self) -> bool:
        return str(self.scope["path"]).startswith(API)

    @property
    def is_preflight(self) -> bool:
        return (
            self.scope["method"] == "OPTIONS"
            and bool(self.origin)
            and "access-control-request-method" in self.headers
        )

    @property
    def is_foreign_but_welcome(self) -> bool:
        return self.origin in self.settings.origins

    def check(self) -> None:
        """Refuse what is not sent to us, by whom we do not know, or from a page we do not know."""
        self.check_host()
        self.check_origin()
        if self.is_api and self.scope["path"] not in OPEN_PATHS:
            self.check_token()

    def check_host(self) -> None:
        """A page elsewhere may have its name resolved to this machine; ours it is not."""
        host = split_host(self.headers.get("host", ""))
        if host in self.settings.hosts:
            return
        if self.settings.any_address and _is_address(host):
            return
        raise refuse_request("server.host")

    def check_origin(self) -> None:
        if not self.origin or self.is_foreign_but_welcome:
            return
        scheme, _, place = self.origin.partition("://")
        if scheme not in _SCHEMES or place.lower() != self.headers.get("host", "").lower():
            raise refuse_request("server.origin")

    def check_token(self) -> None:
        kind, _, secret = self.headers.get("authorization", "").partition(" ")
        token = self.settings.find_token(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            raise refuse_request("server.token")
        self.token = token
        self.scope["state"]["who"] = token.name
        if token.role == "addin" and not self.scope["path"].startswith(ADDIN):
            raise refuse_request("server.role")

    async def answer_preflight(self, receive: Receive) -> None:
        """Say to a page elsewhere whether it may call."""
        self.check_host()
        if not self.is_foreign_but_welcome:
            raise refuse_request("server.origin")
        headers = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "600",
        }
        if "access-control-request-private-network" in self.headers:
            headers["Access-Control-Allow-Private-Network"] = "true"
        await Response(status_code=204, headers=headers)(self.scope, receive, self.send)

    async def refuse(self, error: RequestError, receive: Receive) -> None:
        """Answer with an error, if nothing was answered yet."""
        if not self.status:
            await error_response(error)(self.scope, receive, self.send)

    async def send(self, message: Message) -> None:
        """Send on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = self.number
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self.status == 401:  # noqa: PLR2004 - unauthorised
                headers["WWW-Authenticate"] = "Bearer"
            if self.origin and self.is_foreign_but_welcome:
                headers["Access-Control-Allow-Origin"] = self.origin
                headers["Access-Control-Expose-Headers"] = _EXPOSED
                headers.add_vary_header("Origin")
        await self._send(message)

    def log(self) -> None:
        log_request(
            request=self.number,
            who=self.scope["state"]["who"],
            method=str(self.scope["method"]),
            path=(self.scope.get("raw_path") or b"").decode("ascii", "backslashreplace"),
            status=self.status,
            milliseconds=round((time.monotonic() - self.began) * 1000),
        )


def split_host(header: str) -> str:
    """The name in a Host header, without port, in lower case."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
