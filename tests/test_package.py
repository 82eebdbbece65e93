"""The zip gate: one reading of a container, or none."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.raw_xlsx import Entry, pack, reason_of, zip_of
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.package import DEFAULT_LIMITS, Limits, Package, fold_name, open_package

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = {"a.xml": b"<a/>" * 20, "b/c.xml": b"hello", "empty.bin": b""}
ENTRIES = [Entry(name.encode(), content) for name, content in PARTS.items()]


def contents(package: Package) -> dict[str, bytes]:
    return {name: package.read(name) for name in package.names}


def verified(data: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """All parts, as they reach someone who reads only the first of them."""
    package = open_package(data, limits)
    found = {}
    package.verify_unread(lambda name, content: found.update({name: content}))
    return found


class Unseekable:
    """A stream to which ZipFile writes data descriptors."""

    def __init__(self) -> None:
        self.file = BytesIO()
        self.write = self.file.write
        self.flush = self.file.flush


def streamed(*, zip64: bool = False) -> bytes:
    file = Unseekable()
    with ZipFile(file, "w", ZIP_DEFLATED) as package:  # type: ignore[call-overload]
        for name, content in PARTS.items():
            with package.open(name, "w", force_zip64=zip64) as part:
                part.write(content)
    return file.file.getvalue()


def with_folders() -> bytes:
    return zip_of([Entry(b"b/", b"", method=0), *ENTRIES])


def stored() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as package:
        for name, content in PARTS.items():
            package.writestr(ZipInfo(name), content)
    return file.getvalue()


HONEST: dict[str, Callable[[], bytes]] = {
    "deflated": lambda: pack(PARTS),
    "stored": stored,
    "zero dates": lambda: zip_of(ENTRIES),
    "streamed": streamed,
    "streamed zip64 local headers": lambda: streamed(zip64=True),
    "folders": with_folders,
    "comment": lambda: zip_of(ENTRIES, comment="由某软件生成".encode()),
    "no packed bytes for an empty part": lambda: zip_of([*ENTRIES[:2], _empty()]),
    "extra fields": lambda: zip_of([Entry(b"x", b"y", extra=b"\x99\x99\x04\x00abcd"), *ENTRIES]),
}


def _empty() -> Entry:
    return Entry(b"empty.bin", b"", packed=b"")


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST)
def test_containers_of_real_programs_are_read(make: Callable[[], bytes]) -> None:
    found = contents(open_package(make()))

    assert {name: found[name] for name in PARTS} == PARTS


def test_the_order_of_directory_and_data_may_differ() -> None:
    data = zip_of(ENTRIES)
    start = struct.unpack_from("<L", data, len(data) - 6)[0]
    lines, position = [], start
    while data[position : position + 4] == b"PK\x01\x02":
        size = 46 + struct.unpack_from("<H", data, position + 28)[0]
        lines.append(data[position : position + size])
        position += size

    reversed_directory = data[:start] + b"".join(reversed(lines)) + data[position:]

    assert contents(open_package(reversed_directory)) == PARTS


def test_parts_are_found_without_regard_to_case_and_slashes() -> None:
    package = open_package(pack({"XL/Sheet1.XML": b"x"}))

    assert "xl\\sheet1.xml" in package
    assert "/xl/./sheet1.xml" in package
    assert package.read("xl/sheet1.xml") == b"x"
    assert fold_name("/A//b/./C") == "a/b/c"


def test_a_chinese_name_in_gbk_is_shown_as_text() -> None:
    package = open_package(zip_of([Entry("附件一.png".encode("gbk"), b"x")]))

    assert package.names == ("附件一.png",)


def test_a_missing_part_is_named() -> None:
    package = open_package(pack(PARTS))

    with pytest.raises(UnusableFileError, match=r"nothing\.xml") as caught:
        package.read("nothing.xml")

    assert caught.value.reason == "package.missing_part"


def _two(name: bytes, other: bytes) -> bytes:
    return zip_of([Entry(name, b"1"), Entry(other, b"2")])


def _overlapping() -> bytes:
    """Every entry quotes the next one's local header as its own data, as in a famous bomb."""
    kernel = Entry(b"b", b"\0" * 1000)
    inner = zip_of([kernel])
    header = inner[: inner.index(b"PK\x01\x02")]
    quoted = struct.pack("<BHH", 0, len(header), len(header) ^ 0xFFFF) + header[:31]
    outer = Entry(b"a", b"", packed=quoted + header[31:], size=1031)
    start = 30 + 1 + 5
    inner_line = Entry(
        b"b", b"\0" * 1000, offset=start, packed_size=len(header) - 31, crc=zlib.crc32(bytes(1000))
    )
    return zip_of([outer, inner_line])


LINK = 0o120777 << 16
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("package.corrupt", lambda: b""),
    "no end": ("package.corrupt", lambda: zip_of(ENTRIES)[:-22]),
    "no parts": ("package.corrupt", lambda: zip_of([])),
    "bytes before": ("package.corrupt", lambda: b"x" + zip_of(ENTRIES)),
    "bytes before, offsets right": ("package.corrupt", lambda: zip_of(ENTRIES, before=b"x")),
    "bytes after": ("package.corrupt", lambda: zip_of(ENTRIES) + b"x"),
    "two containers": ("package.corrupt", lambda: zip_of(ENTRIES) * 2),
    "hidden end in the comment": (
        "package.corrupt",
        lambda: zip_of(ENTRIES, comment=b"PK\x05\x06" + bytes(18)),
    ),
    "bytes between parts": ("package.corrupt", lambda: zip_of([Entry(b"a", b"1", tail=b"?")])),
    "false descriptor": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", b"1", flags=8, tail=b"PK\x07\x08" + bytes(12))]),
    ),
    "same name": ("package.duplicate_entry", lambda: _two(b"a.xml", b"a.xml")),
    "same name but case": ("package.duplicate_entry", lambda: _two(b"a.xml", b"A.XML")),
    "same name by backslash": ("package.duplicate_entry", lambda: _two(b"x/a", b"x\\a")),
    "same name by a dot": ("package.duplicate_entry", lambda: _two(b"x/a", b"./x/a")),
    "same name by a slash": ("package.duplicate_entry", lambda: _two(b"x/a", b"/x/a")),
    "full overlap": (
        "package.overlap",
        lambda: zip_of([Entry(b"a", b"1"), Entry(b"a", b"1", offset=0)]),
    ),
    "quoted overlap": ("package.overlap", _overlapping),
    "upwards": ("package.part_name", lambda: zip_of([Entry(b"../../etc/x", b"1")])),
    "upwards by backslash": ("package.part_name", lambda: zip_of([Entry(b"..\\x", b"1")])),
    "absolute": ("package.part_name", lambda: zip_of([Entry(b"/etc/x", b"1")])),
    "drive letter": ("package.part_name", lambda: zip_of([Entry(b"C:x", b"1")])),
    "empty name": ("package.part_name", lambda: zip_of([Entry(b"", b"1")])),
    "NUL in the name": ("package.part_name", lambda: zip_of([Entry(b"a\0b", b"1")])),
    "endless name": ("package.part_name", lambda: zip_of([Entry(b"a" * 65_000, b"1")])),
    "no encoding": ("package.part_name", lambda: zip_of([Entry(b"\xff\xff", b"1")])),
    "folder with content": ("package.part_name", lambda: zip_of([Entry(b"a/", b"1")])),
    "link": ("package.part_name", lambda: zip_of([Entry(b"a", b"/x", external=LINK, system=3)])),
    "password": ("package.encrypted_part", lambda: zip_of([Entry(b"a", b"1", flags=1)])),
    "bzip2": ("package.method", lambda: zip_of([Entry(b"a", b"1", method=12)])),
    "other local name": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a.xml", b"1", local_name=b"b.xml")]),
    ),
    "other local CRC": ("package.corrupt", lambda: zip_of([Entry(b"a", b"1", local_crc=5)])),
    "wrong CRC": ("package.corrupt", lambda: zip_of([Entry(b"a", b"1", crc=5)])),
    "far larger than declared": (
        "package.bomb",
        lambda: zip_of([Entry(b"a", bytes(99_999), size=9)]),
    ),
    "a little larger than declared": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", bytes(999), size=998)]),
    ),
    "smaller than declared": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", bytes(99), size=999)]),
    ),
    "cut short inside": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", bytes(99), packed=b"\x63")]),
    ),
    "no deflate stream": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", b"1", packed=b"\xff\xff\xff")]),
    ),
    "bytes after the stream": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", b"", packed=b"\x03\x00junk")]),
    ),
    "stored length": (
        "package.corrupt",
        lambda: zip_of([Entry(b"a", b"1", method=0, size=2)]),
    ),
    "one part too large": (
        "package.bomb",
        lambda: zip_of([Entry(b"a", b"1", size=DEFAULT_LIMITS.part_bytes + 1)]),
    ),
    "4 GiB declared": ("package.method", lambda: zip_of([Entry(b"a", b"1", size=0xFFFFFFFF)])),
    "too large in all": (
        "package.bomb",
        lambda: zip_of([Entry(b"%d" % n, b"1", size=DEFAULT_LIMITS.part_bytes) for n in range(3)]),
    ),
    "too many parts": (
        "package.too_many_parts",
        lambda: zip_of([Entry(b"%d" % n, b"") for n in range(DEFAULT_LIMITS.parts + 1)]),
    ),
    "so many parts that it is zip64": (
        "package.too_many_parts",
        lambda: zip_of(ENTRIES)[:-14] + b"\xff\xff\xff\xff" + zip_of(ENTRIES)[-10:],
    ),
    "too large a file": ("file.too_big", lambda: bytes(DEFAULT_LIMITS.file_bytes + 1)),
}


@pytest.mark.parametrize(("reason", "make"), HOSTILE.values(), ids=HOSTILE)
def test_containers_with_two_readings_are_refused(reason: str, make: Callable[[], bytes]) -> None:
    data = make()

    assert reason_of(lambda: verified(data)) == reason


def test_a_bomb_costs_no_more_than_its_caps() -> None:
    data = zip_of([Entry(b"a", bytes(64 * 1024 * 1024), size=1024)])
    tracemalloc.start()

    assert reason_of(lambda: verified(data)) == "package.bomb"

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


def test_every_part_is_verified_even_if_nobody_reads_it() -> None:
    data = zip_of([Entry(b"a", b"1"), Entry(b"unused", b"2", crc=5)])
    package = open_package(data)
    package.read("a")

    assert reason_of(lambda: package.verify_unread(lambda *_: None)) == "package.corrupt"


def test_the_parts_read_before_are_not_shown_again() -> None:
    package = open_package(pack(PARTS))
    package.read("A.XML")
    shown: list[str] = []

    package.verify_unread(lambda name, _: shown.append(name))

    assert shown == ["b/c.xml", "empty.bin"]


@pytest.mark.parametrize("make", [stored, streamed, with_folders])
def test_no_flipped_byte_changes_a_part(make: Callable[[], bytes]) -> None:
    whole = make()
    for position in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            data = bytearray(whole)
            data[position] ^= flip

            try:
                found = verified(bytes(data))
            except UnusableFileError:
                continue

            assert found == PARTS


@pytest.mark.parametrize("make", [stored, streamed])
def test_no_truncated_container_is_read(make: Callable[[], bytes]) -> None:
    whole = make()

    for length in range(len(whole)):
        assert reason_of(lambda data=whole[:length]: verified(data)).startswith("package.")  # type: ignore[misc]


@given(st.binary(max_size=200), st.integers(0, 3))
def test_bytes_of_any_kind_are_refused_in_words(noise: bytes, place: int) -> None:
    whole = zip_of(ENTRIES)
    cut = len(whole) * place // 3
    data = whole[:cut] + noise + whole[cut + len(noise) // 2 :]

    try:
        found = verified(data)
    except UnusableFileError:
        return

    assert found == PARTS
