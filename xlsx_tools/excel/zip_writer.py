"""A small zip writer: same parts in, same bytes out, and unchanged parts are never inflated.

`zipfile` would deflate every part again and stamp it with the time of day.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20  # the first version with deflate
_UTF8_NAME = 0x800
_FIRST_DAY = 0x21  # 1980-01-01, as early as a zip can say


@dataclass(frozen=True, slots=True)
class Member:
    """One part of a package, as it lies in the zip: `packed` is deflated unless `method` is 0."""

    name: str
    method: int
    crc: int
    size: int
    packed: bytes


def read_members(data: bytes) -> dict[str, tuple[Member, bytes]]:
    """Every part of a zip that we made ourselves, packed and unpacked, in its order."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        return {
            info.filename: (
                Member(
                    info.filename,
                    info.compress_type,
                    info.CRC,
                    info.file_size,
                    _packed_bytes(data, info),
                ),
                package.read(info),
            )
            for info in package.infolist()
        }


def _packed_bytes(data: bytes, info: zipfile.ZipInfo) -> bytes:
    *_, name_length, extra_length = _LOCAL.unpack_from(data, info.header_offset)
    start = info.header_offset + _LOCAL.size + int(name_length) + int(extra_length)
    return data[start : start + info.compress_size]


def write_zip(members: Iterable[Member]) -> bytes:
    """The zip with these members, in this order; dates are fixed, so the bytes are too."""
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for member in members:
        name = member.name.encode()
        facts = (
            _VERSION,
            0 if name.isascii() else _UTF8_NAME,
            member.method,
            0,
            _FIRST_DAY,
            member.crc,
            len(member.packed),
            member.size,
            len(name),
            0,
        )
        body += (_LOCAL.pack(b"PK\3\4", *facts), name, member.packed)
        directory += (_CENTRAL.pack(b"PK\1\2", _VERSION, *facts, 0, 0, 0, 0, offset), name)
        offset += _LOCAL.size + len(name) + len(member.packed)
    count, size = len(directory) // 2, sum(map(len, directory))
    end = _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)
    return b"".join((*body, *directory, end))


def deflate(name: str, data: bytes, level: int) -> Member:
    """Pack one part."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return Member(name, zipfile.ZIP_DEFLATED, zlib.crc32(data), len(data), packed)
