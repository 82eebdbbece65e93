"""The add-in's picture as PNG, drawn here so that the sources stay text."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

_RED, _WHITE = b"\xb3\x26\x1e", b"\xff\xff\xff"
_TICK = ((0.22, 0.52), (0.42, 0.72), (0.80, 0.30))
"""The corners of the tick, as shares of the side."""
_THICKNESS = 0.07


def draw_icon(size: int) -> bytes:
    """A white tick on red, `size` pixels square."""
    rows = b"".join(b"\0" + _draw_row(y, size) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _draw_row(y: int, size: int) -> bytes:
    points = ((x + 0.5) / size for x in range(size))
    return b"".join(_WHITE if _on_tick(x, (y + 0.5) / size) else _RED for x in points)


def _on_tick(x: float, y: float) -> bool:
    legs = pairwise(_TICK)
    return any(_distance(x, y, *start, *end) < _THICKNESS for start, end in legs)


def _distance(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:  # noqa: PLR0913, PLR0917 - three points
    across, down = x2 - x1, y2 - y1
    along = ((x - x1) * across + (y - y1) * down) / (across**2 + down**2)
    share = min(1.0, max(0.0, along))
    nearest = x1 + share * across, y1 + share * down
    return float(((x - nearest[0]) ** 2 + (y - nearest[1]) ** 2) ** 0.5)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
