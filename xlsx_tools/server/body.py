"""Receives the body of a request before anything parses it: so much, in so much time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.settings import MIB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.datastructures import Headers
    from starlette.types import Message, Receive

    from xlsx_tools.server.problems import RequestError
    from xlsx_tools.server.settings import Limits

_UPLOADS = "/api/v1/submissions"
_MESSAGES = "/api/v1/addin/"
_DRAIN_BYTES = 64 * MIB
_DRAIN_SECONDS = 0.5


class SenderGoneError(Exception):
    """Who sent the request hung up; there is nobody to answer."""


class BodyReader:
    """Receives bodies; knows how much all of them take at this moment."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._pending = limits, 0

    @asynccontextmanager
    async def receive(self, path: str, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
        """The whole body; it counts as pending until the block ends.

        Raises:
            RequestError: ``server.too_big``, ``server.slow`` or ``server.busy``.
        """
        reading = _Reading(self._limit_for(path), self._limits, receive)
        taken = 0
        try:
            declared = headers.get("content-length", "")
            if declared.isdecimal() and int(declared) > reading.most:
                raise await reading.drain(reading.too_big())
            async for chunk in reading.chunks():
                taken += len(chunk)
                self._pending += len(chunk)
                if self._pending > self._limits.pending_bytes:
                    raise await reading.drain(refuse_request("server.busy"))
            yield reading.body()
        finally:
            self._pending -= taken

    def _limit_for(self, path: str) -> int:
        if path == _UPLOADS:
            return self._limits.upload_bytes
        if path.startswith(_MESSAGES):
            return self._limits.message_bytes
        return self._limits.body_bytes


class _Reading:
    def __init__(self, most: int, limits: Limits, receive: Receive) -> None:
        self.most, self._limits, self._receive = most, limits, receive
        self._chunks: list[bytes] = []
        self._size = 0
        self._more = True

    async def chunks(self) -> AsyncIterator[bytes]:
        deadline = asyncio.get_running_loop().time() + self._limits.body_seconds
        while self._more:
            left = deadline - asyncio.get_running_loop().time()
            try:
                chunk = await asyncio.wait_for(
                    self._next(), min(self._limits.idle_seconds, max(left, 0.0))
                )
            except TimeoutError:
                raise refuse_request("server.slow") from None
            self._size += len(chunk)
            if self._size > self.most:
                raise await self.drain(self.too_big())
            self._chunks.append(chunk)
            yield chunk

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._more = False
            raise SenderGoneError
        self._more = bool(message.get("more_body", False))
        return bytes(message.get("body", b""))

    def body(self) -> bytes:
        return b"".join(self._chunks)

    def too_big(self) -> RequestError:
        return refuse_request("server.too_big", f"{self.most // MIB} MB")

    async def drain(self, error: RequestError) -> RequestError:
        """Take in some of what is still coming, and drop it: who is sending can then hear us."""
        self._chunks.clear()

        async def swallow() -> None:
            size = 0
            while self._more and size < _DRAIN_BYTES:
                size += len(await self._next())

        with suppress(TimeoutError, SenderGoneError):
            await asyncio.wait_for(swallow(), _DRAIN_SECONDS)
        return error


def replay(body: bytes, receive: Receive) -> Receive:
    """What gives the body once, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
