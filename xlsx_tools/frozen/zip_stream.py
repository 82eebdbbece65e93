"""A zip written front to back, so that nothing of it need be kept; the same bytes each time."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from xlsx_tools.frozen.errors import FrozenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_MEMBERS: Final = 65_000
MOST_BYTES: Final = 0xFFFF_FFFF
"""What a zip can hold that every program reads, old ones too."""
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DESCRIPTOR = struct.Struct("<4s3I")
_VERSION = 20
_UTF8_NAME, _SIZES_FOLLOW = 0x800, 0x8
_STORED, _DEFLATED = 0, 8
_FIRST_DAY = 0x21  # 1980-01-01, as early as a zip can say
_LEVEL = 6


class ZipStream:
    """Members one after the other; each call gives the bytes to be written next."""

    def __init__(self) -> None:
        self._offset = 0
        self._directory: list[bytes] = []

    def store(self, name: str, data: bytes) -> Iterator[bytes]:
        """A member as it is: one that is deflated already, such as a workbook."""
        facts = (_STORED, 0, _FIRST_DAY, zlib.crc32(data), len(data), len(data))
        yield from self._begin(name, 0, facts)
        yield self._count(data)

    def deflate(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """A member that may be of any length."""
        start, size, crc, packed = self._offset, 0, 0, 0
        yield from self._write_head(name, _SIZES_FOLLOW, (_DEFLATED, 0, _FIRST_DAY, 0, 0, 0))
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces:
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if block := packer.compress(piece):
                packed += len(block)
                yield self._count(block)
        block = packer.flush()
        packed += len(block)
        yield self._count(block)
        if max(size, packed) > MOST_BYTES:
            raise _too_big()
        yield self._count(_DESCRIPTOR.pack(b"PK\7\10", crc, packed, size))
        self._list(name, _SIZES_FOLLOW, (_DEFLATED, 0, _FIRST_DAY, crc, packed, size), start)

    def end(self) -> Iterator[bytes]:
        """The directory, after the last member."""
        start, count, size = self._offset, len(self._directory), sum(map(len, self._directory))
        yield from map(self._count, self._directory)
        yield _END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)

    def _begin(self, name: str, flags: int, facts: tuple[int, ...]) -> Iterator[bytes]:
        start = self._offset
        yield from self._write_head(name, flags, facts)
        self._list(name, flags, facts, start)

    def _write_head(self, name: str, flags: int, facts: tuple[int, ...]) -> Iterator[bytes]:
        raw, flags = _encode_name(name, flags)
        yield self._count(_LOCAL.pack(b"PK\3\4", _VERSION, flags, *facts, len(raw), 0) + raw)

    def _list(self, name: str, flags: int, facts: tuple[int, ...], start: int) -> None:
        raw, flags = _encode_name(name, flags)
        head = (b"PK\1\2", _VERSION, _VERSION, flags, *facts, len(raw), 0, 0, 0, 0, 0, start)
        self._directory.append(_CENTRAL.pack(*head) + raw)
        if len(self._directory) > MOST_MEMBERS:
            raise _too_big()

    def _count(self, data: bytes) -> bytes:
        self._offset += len(data)
        if self._offset > MOST_BYTES:
            raise _too_big()
        return data


def _encode_name(name: str, flags: int) -> tuple[bytes, int]:
    return name.encode(), flags | (0 if name.isascii() else _UTF8_NAME)


def _too_big() -> FrozenError:
    return FrozenError(
        f"一个封存包最多容纳 {MOST_MEMBERS} 个文件、4 GB，没有封存。请按地区或者部门分开封存。"
    )
