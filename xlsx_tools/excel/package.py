"""The zip gate: what an untrusted .xlsx container may look like, and its parts.

Nothing here trusts ``zipfile``: the end record, the central directory and every local header
are walked by us and must tell one and the same story, without gaps, overlaps or second
meanings, so that no other program can see other parts than we do. A part leaves only after
its CRC was verified to the last byte.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsx_tools.errors import UnusableFileError
    from xlsx_tools.excel.file_bytes import FileBytes

MIB: Final = 1024 * 1024

_END: Final = struct.Struct("<4s4H2LH")
_CENTRAL: Final = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL: Final = struct.Struct("<4s5HL2L2H")
_ZIP64_SIZES: Final = struct.Struct("<2H2Q")
_UNKNOWN_16: Final = 0xFFFF
_UNKNOWN_32: Final = 0xFFFFFFFF
_LONGEST_COMMENT: Final = 0xFFFF

_STORED: Final = 0
_DEFLATED: Final = 8
_ENCRYPTED_BITS: Final = 0x0001 | 0x0040 | 0x2000
_DESCRIPTOR_BIT: Final = 0x0008
_UNIX: Final = 3
_MODE_TYPE: Final = 0xF000
_MODE_LINK: Final = 0xA000
_LONGEST_NAME: Final = 255
_EXCESS: Final = 65_536
_PIECE: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of anything a file may ask for; beyond it the file is refused, never cut.

    Attributes:
        part_bytes: one part, inflated; its declared size is a further cap.
        token_bytes: markup or text without any ``<``. Expat scans an unfinished token again
            with each block it gets, so long tokens cost time by the square.
        elements: tags in one part, both opening and closing.
        cells: cells with a value or a formula in one sheet.
        ranges: merged ranges, array ranges and hidden column groups in one sheet.
    """

    file_bytes: int = 20 * MIB
    part_bytes: int = 48 * MIB
    total_bytes: int = 96 * MIB
    parts: int = 512
    token_bytes: int = MIB
    elements: int = 2_000_000
    cells: int = 200_000
    strings: int = 500_000
    ranges: int = 10_000
    sheets: int = 255
    relationships: int = 2_000
    properties: int = 1_000


DEFAULT_LIMITS: Final = Limits()


class _Entry(NamedTuple):
    """One line of the central directory; ``data_start`` is known after its local header."""

    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    data_start: int


class Package:
    """The parts of one container. Names are found without regard to case, as OPC asks."""

    def __init__(self, data: bytes | FileBytes, entries: dict[str, _Entry]) -> None:
        self._data = data
        self._entries = entries
        self._unread = dict(entries)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts as written, in the order of the directory."""
        return tuple(entry.name for entry in self._entries.values())

    def size_of(self, name: str) -> int:
        """The declared size of one part, a cap on what `read` may inflate."""
        return self._entries[fold_name(name)].size

    def __contains__(self, name: str) -> bool:
        return fold_name(name) in self._entries

    def read(self, name: str) -> bytes:
        """Inflate one part and verify it to its last byte.

        Raises:
            UnusableFileError: ``package.missing_part``, ``package.corrupt`` or, when far more
                comes out than the directory declares, ``package.bomb``.
        """
        folded = fold_name(name)
        entry = self._entries.get(folded)
        if entry is None:
            raise refuse("package.missing_part", place=name)
        content = _inflate(self._data, entry)
        self._unread.pop(folded, None)
        return content

    def read_pieces(self, name: str) -> Iterator[bytes]:
        """The same as `read` piece by piece; only its end says that the part was sound.

        Raises:
            UnusableFileError: as `read`; anything beyond the declared size is ``package.corrupt``.
        """
        entry = self._entries.get(fold_name(name))
        if entry is None:
            raise refuse("package.missing_part", place=name)
        size, crc = 0, 0
        for piece in _unpack_pieces(self._data, entry):
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size > entry.size:
                break
            yield piece
        if (size, crc) != (entry.size, entry.crc):
            raise refuse("package.corrupt", detail=f"部件“{entry.name}”校验不符")

    def verify_unread(self, inspect: Callable[[str, bytes], None]) -> None:
        """Verify every part not read so far, and show each to ``inspect`` before dropping it."""
        for entry in tuple(self._unread.values()):
            inspect(entry.name, self.read(entry.name))


def fold_name(name: str) -> str:
    """The form of a part name under which two names are the same part to some program."""
    if "\\" in name or "//" in name or "./" in name or name[:1] == "/":
        steps = name.replace("\\", "/").split("/")
        name = "/".join(step for step in steps if step not in ("", "."))
    return name.casefold()


def open_package(data: bytes | FileBytes, limits: Limits = DEFAULT_LIMITS) -> Package:
    """Check the whole container; no part is inflated yet.

    Raises:
        UnusableFileError: with a ``package.*`` code, or ``file.too_big``.
    """
    if len(data) > limits.file_bytes:
        raise refuse("file.too_big", size=len(data), limit=limits.file_bytes)
    count, directory_start, directory_end = _read_end(data)
    if count > limits.parts:
        shown = "65535 以上" if count == _UNKNOWN_16 else count
        raise refuse("package.too_many_parts", count=shown, limit=limits.parts)
    listed = list(_walk_directory(data, count, directory_start, directory_end))
    entries = _walk_local_headers(data, sorted(listed, key=_offset_of), directory_start)
    _check_sizes(entries, limits)
    return Package(data, _index_by_name(listed, entries))


def _read_end(data: bytes | FileBytes) -> tuple[int, int, int]:
    """Find the one end record; give the count of entries and the span of the directory."""
    position = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _LONGEST_COMMENT))
    if position < 0 or position + _END.size > len(data):
        raise refuse("package.corrupt", detail="缺少结尾，可能没有传完")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack(
        data[position : position + _END.size]
    )
    if position + _END.size + comment != len(data):
        raise refuse("package.corrupt", detail="结尾之后有多余内容")
    if _UNKNOWN_16 in (here, count):
        return _UNKNOWN_16, 0, 0
    if disk or first_disk or _UNKNOWN_32 in (size, start):
        raise refuse("package.method", detail="分卷或 zip64")
    if here != count or start + size != position:
        raise refuse("package.corrupt", detail="目录与内容对不上")
    return count, start, position


def _walk_directory(data: bytes | FileBytes, count: int, start: int, end: int) -> Iterator[_Entry]:
    position = start
    for _ in range(count):
        if position + _CENTRAL.size > end:
            raise refuse("package.corrupt", detail="目录不完整")
        fields = _CENTRAL.unpack(data[position : position + _CENTRAL.size])
        name_size, extra_size, comment_size = fields[12:15]
        name_start = position + _CENTRAL.size
        position = name_start + name_size + extra_size + comment_size
        if fields[0] != b"PK\x01\x02" or position > end:
            raise refuse("package.corrupt", detail="目录不完整")
        yield _directory_entry(fields, data[name_start : name_start + name_size])
    if position != end:
        raise refuse("package.corrupt", detail="目录中有多余内容")


def _directory_entry(fields: tuple[int, ...], raw_name: bytes) -> _Entry:
    # One long unpack: signature, made by (version, system), needs (version, system), flags,
    # method, time, date, crc, packed, size, three lengths, disk, internal, external, offset.
    _, _, system, _, _, flags, method, _, _, crc, packed, size = fields[:12]
    disk, _, external, offset = fields[15:]
    name = _decode_name(raw_name)
    if flags & _ENCRYPTED_BITS:
        raise refuse("package.encrypted_part")
    if method not in (_STORED, _DEFLATED):
        raise refuse("package.method", detail=f"方法 {method}")
    if disk or _UNKNOWN_32 in (packed, size, offset):
        raise refuse("package.method", detail="分卷或 zip64")
    if system == _UNIX and (external >> 16) & _MODE_TYPE == _MODE_LINK:
        raise refuse("package.part_name", place=name)
    if method == _STORED and packed != size:
        raise refuse("package.corrupt", detail="部件长度前后不一")
    return _Entry(raw_name, name, flags, method, crc, packed, size, offset, 0)


def _decode_name(raw: bytes) -> str:
    """A label only; Windows programs write Chinese names in GBK without saying so."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse("package.part_name", place=raw.decode("ascii", "backslashreplace"))


def _offset_of(entry: _Entry) -> int:
    return entry.offset


def _walk_local_headers(
    data: bytes | FileBytes, ordered: list[_Entry], directory_start: int
) -> list[_Entry]:
    """Prove that the local entries tile the file from its first byte to the directory."""
    if not ordered or ordered[0].offset != 0:
        raise refuse("package.corrupt", detail="开头有多余内容或没有部件")
    ends = [entry.offset for entry in ordered[1:]] + [directory_start]
    return [_check_local(data, entry, end) for entry, end in zip(ordered, ends, strict=True)]


def _check_local(data: bytes | FileBytes, entry: _Entry, end: int) -> _Entry:
    start = entry.offset
    if start + _LOCAL.size > end:
        raise refuse("package.overlap")
    signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(
        data[start : start + _LOCAL.size]
    )
    name_start = start + _LOCAL.size
    extra_start = name_start + name_size
    data_start = extra_start + extra_size
    if signature != b"PK\x03\x04" or data[name_start:extra_start] != entry.raw_name:
        raise refuse("package.corrupt", detail="部件与目录对不上")
    if method != entry.method or (flags ^ entry.flags) & (_ENCRYPTED_BITS | _DESCRIPTOR_BIT):
        raise refuse("package.corrupt", detail="部件与目录对不上")
    if data_start + entry.packed > end:
        raise refuse("package.overlap")
    if _UNKNOWN_32 in (packed, size):
        packed, size = _zip64_sizes(data[extra_start:data_start])
    told = (crc, packed, size) == (entry.crc, entry.packed, entry.size)
    streamed = bool(flags & _DESCRIPTOR_BIT)
    if not told and not (streamed and not any((crc, packed, size))):
        raise refuse("package.corrupt", detail="部件与目录对不上")
    _check_descriptor(entry, data[data_start + entry.packed : end], told=told, streamed=streamed)
    return entry._replace(data_start=data_start)


def _zip64_sizes(extra: bytes) -> tuple[int, int]:
    """Sizes of a streamed entry whose writer could not know that it would stay small."""
    if len(extra) >= _ZIP64_SIZES.size:
        field, length, size, packed = _ZIP64_SIZES.unpack_from(extra)
        if (field, length) == (1, 16):
            return packed, size
    raise refuse("package.method", detail="zip64")


def _check_descriptor(entry: _Entry, rest: bytes, *, told: bool, streamed: bool) -> None:
    """What follows the data must be nothing, or the descriptor of a streamed entry."""
    if not rest and (told or not streamed):
        return
    if streamed:
        for layout in ("<LLL", "<LQQ"):
            plain = struct.pack(layout, entry.crc, entry.packed, entry.size)
            if rest in (plain, b"PK\x07\x08" + plain):
                return
    raise refuse("package.corrupt", detail="部件之间有多余内容")


def _check_sizes(entries: list[_Entry], limits: Limits) -> None:
    for entry in entries:
        if entry.size > limits.part_bytes:
            raise refuse("package.bomb", detail=f"部件“{entry.name}”声明 {entry.size} 字节")
    total = sum(entry.size for entry in entries)
    if total > limits.total_bytes:
        raise refuse("package.bomb", detail=f"合计声明 {total} 字节")


def _index_by_name(listed: list[_Entry], entries: list[_Entry]) -> dict[str, _Entry]:
    """Key the entries by folded name in the directory's order; folders are left out."""
    located = {entry.offset: entry for entry in entries}
    index: dict[str, _Entry] = {}
    for entry in listed:
        folded = fold_name(entry.name)
        if folded in index:
            raise refuse("package.duplicate_entry", place=entry.name)
        index[folded] = located[entry.offset]
    for entry in listed:
        _check_name(entry)
        if entry.name.endswith(("/", "\\")):
            del index[fold_name(entry.name)]
    return index


def _check_name(entry: _Entry) -> None:
    name = entry.name
    steps = name.replace("\\", "/").split("/")
    if steps[-1] == "" and len(steps) > 1 and entry.size == 0:
        steps.pop()
    if (
        len(entry.raw_name) > _LONGEST_NAME
        or not name.isprintable()
        or ":" in name
        or any(step in ("", ".", "..") for step in steps)
    ):
        raise refuse("package.part_name", place=name)


def _inflate(data: bytes | FileBytes, entry: _Entry) -> bytes:
    packed = data[entry.data_start : entry.data_start + entry.packed]
    content = packed
    if entry.method == _DEFLATED and entry.packed:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(packed, entry.size + 1)
            if len(content) > entry.size:
                raise _name_excess(inflater, entry)
        except zlib.error:
            raise refuse("package.corrupt", detail=f"部件“{entry.name}”无法解压") from None
        if not inflater.eof or inflater.unused_data:
            raise refuse("package.corrupt", detail=f"部件“{entry.name}”不完整")
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise refuse("package.corrupt", detail=f"部件“{entry.name}”校验不符")
    return content


def _unpack_pieces(data: bytes | FileBytes, entry: _Entry) -> Iterator[bytes]:
    end = entry.data_start + entry.packed
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == _DEFLATED else None
    for start in range(entry.data_start, end, _PIECE):
        packed = data[start : min(start + _PIECE, end)]
        if inflater is None:
            yield packed
            continue
        try:
            while packed and not inflater.eof:
                yield inflater.decompress(packed, _PIECE)
                packed = inflater.unconsumed_tail
        except zlib.error:
            raise refuse("package.corrupt", detail=f"部件“{entry.name}”无法解压") from None
    if inflater is not None and entry.packed and (not inflater.eof or inflater.unused_data):
        raise refuse("package.corrupt", detail=f"部件“{entry.name}”不完整")


def _name_excess(inflater: zlib._Decompress, entry: _Entry) -> UnusableFileError:
    """More came out than declared: a flipped bit adds a little, a bomb goes on and on."""
    more = min(entry.size * 10, MIB) + _EXCESS
    if len(inflater.decompress(inflater.unconsumed_tail, more)) == more:
        return refuse("package.bomb", detail=f"部件“{entry.name}”远比声明的大")
    return refuse("package.corrupt", detail=f"部件“{entry.name}”与声明的长度不符")
