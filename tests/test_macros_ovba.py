"""The writer of VBA projects, read back by readers we did not write."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import olefile
import pytest
import xlwings
from hypothesis import given
from hypothesis import strategies as st
from oletools.olevba import decompress_stream

from xlsx_tools.macros.compound_file import write_compound_file
from xlsx_tools.macros.compression import compress
from xlsx_tools.macros.ovba import (
    Module,
    Project,
    dir_stream,
    document_module,
    encrypt,
    project_stream,
    standard_module,
    write_project,
)
from xlsx_tools.macros.refusal import MacroSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = tuple[int, bytes]

_EXCEL_MADE = ("quickstart_standalone.xlsm", "quickstart_addin.xlam", "addin/xlwings.xlam")
_VERSION, _MODULES, _CONSTANTS, _CODE_PAGE, _NAME = 0x09, 0x0F, 0x3C, 0x03, 0x04
_STANDARD, _OTHER = 0x21, 0x22
_OPTIONAL = {0x4A, 0x25, 0x28}  # compatible version, read-only, private


def open_strictly(data: bytes) -> olefile.OleFileIO:
    """Any defect at all is an error."""
    return olefile.OleFileIO(BytesIO(data), raise_defects=olefile.DEFECT_UNSURE)


def project_in(path: Path) -> olefile.OleFileIO:
    with ZipFile(path) as package:
        return olefile.OleFileIO(BytesIO(package.read("xl/vbaProject.bin")))


def records(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        number, size = struct.unpack_from("<HI", data, at)
        size = 6 if number == _VERSION else size
        yield number, data[at + 6 : at + 6 + size]
        at += 6 + size


def bodies(found: list[Record], number: int) -> list[bytes]:
    return [body for other, body in found if other == number]


def before_references(found: list[Record]) -> list[int]:
    numbers = [number for number, _ in found]
    return [n for n in numbers[: numbers.index(_CONSTANTS) + 1] if n not in _OPTIONAL]


def after_references(found: list[Record]) -> list[int]:
    numbers = [number for number, _ in found]
    return [n for n in numbers[numbers.index(_MODULES) :] if n not in _OPTIONAL]


@given(
    st.binary(max_size=3000)
    | st.text("ab \r\n", max_size=3000).map(str.encode)
    | st.integers(0, 9000).map(lambda size: (b"Public Sub X()\r\n" * 600)[:size])
)
def test_what_is_packed_is_unpacked_by_oletools(data: bytes) -> None:
    assert decompress_stream(bytearray(compress(data))) == data


def test_random_bytes_are_stored_whole_chunk_by_chunk() -> None:
    data = struct.pack("<4096I", *((n * 2654435761) & 0xFFFFFFFF for n in range(4096)))

    packed = compress(data)

    assert decompress_stream(bytearray(packed)) == data
    assert len(packed) == 1 + 4 * (2 + 4096)


def test_a_short_chunk_that_would_grow_is_refused() -> None:
    noise = struct.pack("<1020I", *((n * 2654435761) & 0xFFFFFFFF for n in range(1020)))

    with pytest.raises(ValueError, match="last chunk"):
        compress(noise)


def test_source_packs_well() -> None:
    assert len(compress(b"    Application.ScreenUpdating = True\r\n" * 200)) < 1100


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 4095, 4096, 4097, 70_000])
def test_a_compound_file_has_no_defect_and_every_stream(size: int) -> None:
    streams: dict[tuple[str, ...], bytes] = {
        ("PROJECT",): b"x" * size,
        **{("VBA", f"Module{n}"): bytes([n]) * (size + n) for n in range(12)},
    }

    found = open_strictly(write_compound_file(streams))

    assert not found.parsing_issues
    assert {tuple(path) for path in found.listdir()} == set(streams)
    for path, data in streams.items():
        assert found.openstream(list(path)).read() == data


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 20])
def test_the_directory_is_a_red_black_tree_in_the_order_of_names(count: int) -> None:
    """[MS-CFB] 2.6.4: shorter names first, then without regard to case; no red below red."""
    names = [("aB" if n % 2 else "AZ") + chr(65 + n) * (1 + n % 3) for n in range(count)]
    found = open_strictly(write_compound_file({("VBA", name): b"x" for name in names}))
    root = next(entry for entry in found.direntries if entry and entry.name == "VBA")

    walked, blacks = walk(found, root.sid_child, parent_red=False)

    assert walked == sorted(names, key=lambda name: (len(name), name.upper()))
    assert len(blacks) == 1


def walk(file: olefile.OleFileIO, number: int, *, parent_red: bool) -> tuple[list[str], set[int]]:
    """The names below an entry in order, and how many black ones are on each way down."""
    if number == olefile.NOSTREAM:
        return [], {0}
    entry = file.direntries[number]
    red = entry.color == 0
    assert not (red and parent_red)
    left, blacks_left = walk(file, entry.sid_left, parent_red=red)
    right, blacks_right = walk(file, entry.sid_right, parent_red=red)
    blacks = {count + (not red) for count in blacks_left | blacks_right}
    return [*left, entry.name, *right], blacks


def test_a_compound_file_refuses_names_it_cannot_hold() -> None:
    with pytest.raises(ValueError, match="name too long"):
        write_compound_file({("x" * 32,): b""})


def test_a_compound_file_refuses_more_than_one_header_can_list() -> None:
    with pytest.raises(ValueError, match="too large"):
        write_compound_file({("x",): bytes(7_500_000)})


@pytest.mark.parametrize("name", _EXCEL_MADE)
def test_the_records_are_those_of_a_project_that_excel_wrote(name: str) -> None:
    """Workbooks inside the installed xlwings package were saved by Excel itself."""
    excel = project_in(Path(xlwings.__file__).parent / name)
    theirs = list(records(decompress_stream(bytearray(excel.openstream("VBA/dir").read()))))
    (page,) = struct.unpack("<H", bodies(theirs, _CODE_PAGE)[0])
    kinds = [number for number, _ in theirs if number in (_STANDARD, _OTHER)]
    names = [body.decode(f"cp{page}") for body in bodies(theirs, 0x1A)]
    modules = [
        Module(module, "standard" if kind == _STANDARD else "sheet", "")
        for module, kind in zip(names, kinds, strict=True)
    ]

    project = Project(bodies(theirs, _NAME)[0].decode(f"cp{page}"), modules, page)
    ours = list(records(dir_stream(project)))

    assert before_references(ours) == before_references(theirs)
    assert after_references(ours) == after_references(theirs)
    for number in (0x02, 0x14, _CODE_PAGE, _NAME, _MODULES, 0x1A, 0x32):
        assert bodies(ours, number) == bodies(theirs, number)


@pytest.mark.parametrize("name", _EXCEL_MADE)
def test_module_headers_are_those_that_excel_wrote(name: str) -> None:
    excel = project_in(Path(xlwings.__file__).parent / name)
    found = list(records(decompress_stream(bytearray(excel.openstream("VBA/dir").read()))))
    offsets = [struct.unpack("<I", body)[0] for body in bodies(found, 0x31)]
    names = [body.decode() for body in bodies(found, 0x1A)]
    texts = {
        module: decompress_stream(
            bytearray(excel.openstream(f"VBA/{module}").read()[offset:])
        ).decode("latin-1")
        for module, offset in zip(names, offsets, strict=True)
    }

    ours = document_module("ThisWorkbook", "workbook").text

    assert texts["ThisWorkbook"].startswith(ours)
    sheet = next(module for module in texts if module.startswith("Sheet"))
    assert texts[sheet].startswith(document_module(sheet, "sheet").text)


@pytest.mark.parametrize("name", _EXCEL_MADE)
def test_protection_is_scrambled_as_excel_does_it(name: str) -> None:
    """Scrambled again with the same seed, what Excel wrote comes out the same."""
    text = project_in(Path(xlwings.__file__).parent / name).openstream("PROJECT").read().decode()
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    identity = facts["ID"].strip('"')
    for key in ("CMG", "DPB", "GC"):
        theirs = facts[key].strip('"')
        seed = int(theirs[:2], 16)
        head = (seed & 6) // 2  # bytes that mean nothing, and may be any
        payload = unscramble(theirs, identity)[head + 4 :]
        ours = encrypt(payload, identity, seed)
        assert (len(ours), ours[:6]) == (len(theirs), theirs[:6])
        assert unscramble(ours, identity)[head:] == unscramble(theirs, identity)[head:]


def test_an_open_project_says_what_excel_says_of_one() -> None:
    """[MS-OVBA] 2.3.1.15 to 2.3.1.17: neither protected nor hidden, as in a new workbook."""
    excel = project_in(Path(xlwings.__file__).parent / _EXCEL_MADE[0])

    said = [
        {
            key: unscramble(value.strip('"'), facts["ID"].strip('"'))[-length:]
            for key, value, length in (
                ("CMG", facts["CMG"], 4),
                ("DPB", facts["DPB"], 1),
                ("GC", facts["GC"], 1),
            )
        }
        for text in (
            excel.openstream("PROJECT").read().decode(),
            project_stream(Project("P", [])).decode(),
        )
        for facts in [dict(line.split("=", 1) for line in text.splitlines() if "=" in line)]
    ]

    assert said[0] == said[1] == {"CMG": bytes(4), "DPB": bytes(1), "GC": b"\xff"}


def unscramble(text: str, identity: str) -> bytes:
    """[MS-OVBA] 2.4.3.3, as the specification words it."""
    data = bytes.fromhex(text)
    unencrypted, encrypted1, encrypted2 = sum(identity.encode()) & 0xFF, data[2], data[1]
    out = bytearray()
    for byte in data[3:]:
        plain = byte ^ ((encrypted2 + unencrypted) & 0xFF)
        encrypted2, encrypted1, unencrypted = encrypted1, byte, plain
        out.append(plain)
    return bytes(out)


def test_a_character_outside_the_code_page_is_refused_with_file_and_line() -> None:
    source = "Option Explicit\n' 年报\n' 𠀀\n"
    project = Project("P", [standard_module("NbText", source)])

    with pytest.raises(MacroSourceError, match=r"NbText\.bas，第 4 行：.*U\+20000.*936"):
        write_project(project)


def test_chinese_inside_the_code_page_is_kept() -> None:
    project = Project("P", [standard_module("NbText", "' 年报")])

    found = open_strictly(write_project(project)).openstream("VBA/NbText").read()

    assert decompress_stream(bytearray(found)).decode("cp936").endswith("' 年报\r\n")


def test_a_file_that_names_another_module_is_refused() -> None:
    with pytest.raises(MacroSourceError, match='VB_Name = "A"'):
        standard_module("A", 'Attribute VB_Name = "B"\n')


def test_there_is_no_performance_cache() -> None:
    project = open_strictly(write_project(Project("P", [standard_module("A", "")])))

    assert project.openstream("VBA/_VBA_PROJECT").read() == bytes.fromhex("cc61ffff000000")
