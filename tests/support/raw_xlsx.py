"""The smallest workbooks, written by hand, so that any byte of them can be wrong."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = "[Content_Types].xml"
WORKBOOK = "xl/workbook.xml"
WORKBOOK_RELS = "xl/_rels/workbook.xml.rels"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
CUSTOM = "docProps/custom.xml"


def types_xml(more: str = "", *, workbook: str = f"{_SPREADSHEET}.sheet.main+xml") -> str:
    return (
        f'{HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{workbook}"/>'
        f'<Override PartName="/{SHEET}" ContentType="{_SPREADSHEET}.worksheet+xml"/>'
        f"{more}</Types>"
    )


def relationship(key: str, kind: str, target: str, more: str = "") -> str:
    return (
        f'<Relationship Id="{key}" Type="{_OFFICE}/relationships/{kind}" Target="{target}"{more}/>'
    )


def rels_xml(*lines: str) -> str:
    return f'{HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{"".join(lines)}</Relationships>'


def workbook_xml(
    sheets: str = '<sheet name="表" sheetId="1" r:id="rId1"/>', before: str = "", after: str = ""
) -> str:
    return (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}/relationships">{before}'
        f"<sheets>{sheets}</sheets>{after}</workbook>"
    )


def sheet_xml(cells: str, *, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    return (
        f'{HEAD}<worksheet xmlns="{namespace}">{before}<sheetData>{cells}</sheetData>'
        f"{after}</worksheet>"
    )


def row(cells: str, number: int = 1, more: str = "") -> str:
    return f'<row r="{number}"{more}>{cells}</row>'


def strings_xml(*items: str) -> str:
    return f'{HEAD}<sst xmlns="{MAIN}">{"".join(f"<si>{item}</si>" for item in items)}</sst>'


def plain(text: str) -> str:
    return f'<t xml:space="preserve">{escape(text)}</t>'


def properties_xml(**values: str) -> str:
    vt = f"{_OFFICE}/docPropsVTypes"
    lines = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" '
        f'name="{name}"><vt:lpwstr>{escape(value)}</vt:lpwstr></property>'
        for number, (name, value) in enumerate(values.items(), 2)
    )
    return (
        f'{HEAD}<Properties xmlns="{_OFFICE}/custom-properties" xmlns:vt="{vt}">'
        f"{lines}</Properties>"
    )


def parts_of(
    sheet: str = sheet_xml(row('<c r="A1"><v>1</v></c>')),
    strings: str | None = None,
    styles: str | None = None,
    custom: str | None = None,
) -> dict[str, bytes]:
    """The parts of a workbook with one sheet."""
    root = [relationship("rId1", "officeDocument", WORKBOOK)]
    book = [relationship("rId1", "worksheet", "worksheets/sheet1.xml")]
    parts = {TYPES: types_xml(), WORKBOOK: workbook_xml(), SHEET: sheet}
    if strings is not None:
        parts[STRINGS] = strings
        book.append(relationship("rId2", "sharedStrings", "sharedStrings.xml"))
    if styles is not None:
        parts[STYLES] = styles
        book.append(relationship("rId3", "styles", "/xl/styles.xml"))
    if custom is not None:
        parts[CUSTOM] = custom
        root.append(relationship("rId2", "custom-properties", CUSTOM))
    parts["_rels/.rels"] = rels_xml(*root)
    parts[WORKBOOK_RELS] = rels_xml(*book)
    return {name: text.encode() for name, text in parts.items()}


def pack(parts: Mapping[str, bytes | str]) -> bytes:
    """Zip parts the way every ordinary program does."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return file.getvalue()


def workbook_of(cells: str, **more: str) -> bytes:
    """A workbook whose only sheet has this in its ``sheetData``."""
    return pack(parts_of(sheet_xml(cells), **more))


@dataclass
class Entry:
    """One zip entry of which every field can lie; None means the truth."""

    name: bytes
    content: bytes
    method: int = 8
    flags: int = 0
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    local_name: bytes | None = None
    local_crc: int | None = None
    offset: int | None = None
    external: int = 0
    system: int = 0
    extra: bytes = b""
    tail: bytes = b""
    packed: bytes | None = None


def zip_of(entries: Iterable[Entry], *, comment: bytes = b"", before: bytes = b"") -> bytes:
    """A zip of entries that may lie."""
    body, directory, count = before, b"", 0
    for entry in entries:
        count += 1
        packed = _pack(entry)
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        length = len(packed) if entry.packed_size is None else entry.packed_size
        offset = len(body) if entry.offset is None else entry.offset
        local = entry.local_name if entry.local_name is not None else entry.name
        shown = crc if entry.local_crc is None else entry.local_crc
        sizes = (shown, length, size)
        directory += struct.pack(
            "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, entry.system, 20, 0, entry.flags, entry.method,
            0, 0, crc, length, size, len(entry.name), 0, 0, 0, 0, entry.external, offset,
        ) + entry.name  # fmt: skip
        if entry.offset is None:
            body += struct.pack(
                "<4s5HL2L2H", b"PK\x03\x04", 20, entry.flags, entry.method, 0, 0, *sizes,
                len(local), len(entry.extra),
            ) + local + entry.extra + packed + entry.tail  # fmt: skip
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), len(comment)
    )
    return body + directory + end + comment


def _pack(entry: Entry) -> bytes:
    if entry.packed is not None:
        return entry.packed
    if entry.method != zlib.DEFLATED:
        return entry.content
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(entry.content) + packer.flush()


def reason_of(action: Callable[[], object]) -> str:
    """The code for which something is refused; its message must be the table's."""
    with pytest.raises(UnusableFileError) as caught:
        action()
    assert caught.value.reason in REFUSALS
    assert "{" not in str(caught.value)
    assert str(caught.value).endswith("。")
    assert str(caught.value).isprintable()
    return caught.value.reason
