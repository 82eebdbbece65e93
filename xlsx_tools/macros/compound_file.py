"""A compound file with a few streams: [MS-CFB] version 3, 512-byte sectors.

Written from scratch, so that the same streams give the same bytes: no times, no free space.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Path = tuple[str, ...]

_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SECTOR, _MINI_SECTOR, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT, _NOBODY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_PER_SECTOR: Final = _SECTOR // 4
_HEADER_FATS: Final = 109
_ROOT, _STORAGE, _STREAM = 5, 1, 2
_RED, _BLACK = 0, 1
_LONGEST_NAME: Final = 31
_ENTRIES_PER_SECTOR: Final = 4


@dataclass
class _Entry:
    """One line of the directory; the numbers of other entries are places in it."""

    name: str
    kind: int
    data: bytes = b""
    members: list[int] = field(default_factory=list)
    colour: int = _BLACK
    left: int = _NOBODY
    right: int = _NOBODY
    child: int = _NOBODY
    start: int = _END


def write_compound_file(streams: Mapping[Path, bytes]) -> bytes:
    """The file with these streams, each named by the storages it lies in and its own name.

    Raises:
        ValueError: a name longer than 31 characters, or more than 6 MB of streams.
    """
    entries = _list_entries(streams)
    for entry in entries:
        entry.child = _link_siblings(entries, entry.members)
    disk = _Disk()
    mini_table = _fill_mini_stream(entries)
    for entry in entries:
        if entry.kind == _ROOT or (entry.kind == _STREAM and len(entry.data) >= _CUTOFF):
            entry.start = disk.put(entry.data)
    mini_start = disk.put(_pack_table(mini_table))
    directory = b"".join(map(_pack_entry, entries))
    directory += _EMPTY_ENTRY * (-len(entries) % _ENTRIES_PER_SECTOR)
    directory_start = disk.put(directory)
    mini_sectors = -(-len(mini_table) // _PER_SECTOR)
    return disk.finish(directory_start, mini_start, mini_sectors)


def _list_entries(streams: Mapping[Path, bytes]) -> list[_Entry]:
    entries = [_Entry("Root Entry", _ROOT)]
    number: dict[Path, int] = {(): 0}
    for path in sorted(streams, key=lambda path: (len(path), path)):
        for depth in range(1, len(path) + 1):
            part = path[:depth]
            if part in number:
                continue
            number[part] = len(entries)
            entries[number[part[:-1]]].members.append(len(entries))
            whole = depth == len(path)
            kind = _STREAM if whole else _STORAGE
            entries.append(_Entry(part[-1], kind, streams[path] if whole else b""))
    return entries


def _link_siblings(entries: list[_Entry], members: Sequence[int]) -> int:
    """Make a balanced search tree of one storage's members; its root."""
    ordered = sorted(members, key=lambda i: (len(entries[i].name), entries[i].name.upper()))
    full_levels = (len(ordered) + 1).bit_length() - 1

    def link(low: int, high: int, level: int) -> int:
        if low >= high:
            return _NOBODY
        middle = (low + high) // 2
        entry = entries[ordered[middle]]
        entry.colour = _BLACK if level < full_levels else _RED  # only the unfilled level is red
        entry.left = link(low, middle, level + 1)
        entry.right = link(middle + 1, high, level + 1)
        return ordered[middle]

    return link(0, len(ordered), 0)


def _fill_mini_stream(entries: list[_Entry]) -> list[int]:
    """Put every short stream into the root's; the table of its sectors."""
    table: list[int] = []
    body = bytearray()
    for entry in entries:
        if entry.kind == _STREAM and 0 < len(entry.data) < _CUTOFF:
            entry.start = len(table)
            table += _chain(len(table), -(-len(entry.data) // _MINI_SECTOR))
            body += entry.data + bytes(-len(entry.data) % _MINI_SECTOR)
    entries[0].data = bytes(body)
    return table


def _chain(first: int, count: int) -> list[int]:
    """The table entries of `count` sectors in a row."""
    return [*range(first + 1, first + count), _END]


def _pack_table(table: Sequence[int]) -> bytes:
    packed = struct.pack(f"<{len(table)}I", *table)
    return packed + b"\xff" * (-len(packed) % _SECTOR)


class _Disk:
    """Sectors after the header, and the table that chains them."""

    def __init__(self) -> None:
        self.sectors = bytearray()
        self.table: list[int] = []

    def put(self, data: bytes) -> int:
        """Append data; its first sector."""
        if not data:
            return _END
        first = len(self.table)
        self.table += _chain(first, -(-len(data) // _SECTOR))
        self.sectors += data + bytes(-len(data) % _SECTOR)
        return first

    def finish(self, directory_start: int, mini_start: int, mini_sectors: int) -> bytes:
        """The whole file."""
        fats = 1
        while fats * _PER_SECTOR < len(self.table) + fats:
            fats += 1
        if fats > _HEADER_FATS:
            raise ValueError("too large for one header")
        first = len(self.table)
        where = [*range(first, first + fats), *[_FREE] * (_HEADER_FATS - fats)]
        body = bytes(self.sectors) + _pack_table([*self.table, *[_FAT] * fats])
        facts = (0x3E, 3, 0xFFFE, 9, 6)  # versions, byte order, shifts of both sector sizes
        sizes = (0, fats, directory_start, 0, _CUTOFF, mini_start, mini_sectors, _END, 0)
        header = _MAGIC + bytes(16) + struct.pack("<5H6x9I", *facts, *sizes)
        return header + struct.pack(f"<{_HEADER_FATS}I", *where) + body


def _pack_entry(entry: _Entry) -> bytes:
    if len(entry.name) > _LONGEST_NAME:
        raise ValueError(f"name too long: {entry.name}")
    name = f"{entry.name}\0".encode("utf-16-le")
    start = 0 if entry.kind == _STORAGE else entry.start
    tree = (entry.left, entry.right, entry.child)
    head = struct.pack("<64sHBB3I", name, len(name), entry.kind, entry.colour, *tree)
    return head + bytes(36) + struct.pack("<IQ", start, len(entry.data))


_EMPTY_ENTRY: Final = bytes(68) + struct.pack("<3I", _NOBODY, _NOBODY, _NOBODY) + bytes(48)
