"""The compressed container of VBA sources: [MS-OVBA] 2.4.1.

Chunks of 4096 bytes are packed one by one. Inside a chunk, a flag byte says of each of the next
eight tokens whether it is a plain byte or a copy (two bytes: offset and length) of bytes before it.
"""

from __future__ import annotations

import struct
from typing import Final

_CHUNK: Final = 4096
_SIGNATURE: Final = 0x01
_PACKED, _STORED = 0xB000, 0x3000
_TOKENS_PER_FLAG: Final = 8
_SHORTEST_COPY: Final = 3


def compress(data: bytes) -> bytes:
    """Pack a stream; the same bytes in give the same bytes out.

    Raises:
        ValueError: the last chunk is so random that it would grow, and it is too short to be
            stored as it is. Source text never is.
    """
    out = bytearray([_SIGNATURE])
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        packed = _pack_chunk(chunk)
        if len(packed) <= _CHUNK:
            out += struct.pack("<H", _PACKED | (len(packed) - 1)) + packed
        elif len(chunk) == _CHUNK:
            out += struct.pack("<H", _STORED | (_CHUNK - 1)) + chunk
        else:
            raise ValueError("the last chunk cannot be packed")
    return bytes(out)


def _offset_bits(position: int) -> int:
    """How many of a copy's 16 bits say where from, `position` bytes into the chunk."""
    return max((position - 1).bit_length(), 4)


def _pack_chunk(chunk: bytes) -> bytes:
    out = bytearray()
    seen: dict[bytes, list[int]] = {}
    position = 0
    while position < len(chunk):
        flags, tokens = 0, bytearray()
        for bit in range(_TOKENS_PER_FLAG):
            if position >= len(chunk):
                break
            offset, length = _find_copy(chunk, position, seen)
            if length:
                shift = 16 - _offset_bits(position)
                tokens += struct.pack("<H", (offset - 1) << shift | (length - _SHORTEST_COPY))
                flags |= 1 << bit
            else:
                length = 1
                tokens.append(chunk[position])
            for at in range(position, position + length):
                seen.setdefault(chunk[at : at + _SHORTEST_COPY], []).append(at)
            position += length
        out.append(flags)
        out += tokens
    return bytes(out)


def _find_copy(chunk: bytes, position: int, seen: dict[bytes, list[int]]) -> tuple[int, int]:
    """The longest earlier occurrence: how far back, and how long; 0, 0 if there is none."""
    start = chunk[position : position + _SHORTEST_COPY]
    if len(start) < _SHORTEST_COPY:
        return 0, 0
    longest = (0xFFFF >> _offset_bits(position)) + _SHORTEST_COPY
    longest = min(longest, len(chunk) - position)
    best, best_length = 0, 0
    for candidate in reversed(seen.get(start, [])):
        length = _SHORTEST_COPY
        while length < longest and chunk[candidate + length] == chunk[position + length]:
            length += 1
        if length > best_length:
            best, best_length = position - candidate, length
        if best_length == longest:
            break
    return best, best_length
