"""Taking in a file: opened once, never followed, and named for what it is."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sys
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.raw_xlsx import pack, parts_of, reason_of, row, types_xml, workbook_of
from xlsx_tools.excel import intake
from xlsx_tools.excel.intake import label_of, open_submission
from xlsx_tools.excel.package import Limits
from xlsx_tools.excel.refusals import NOTES, REFUSALS, refuse
from xlsx_tools.excel.sheets import read_raw_workbook

GOOD = workbook_of(row('<c r="A1"><v>1</v></c>'))
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
XML_2003 = '<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
ODS = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def put(tmp_path: Path) -> Path:
    """Where a test puts its file."""
    return tmp_path / "某单位.xlsx"


def utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def docx() -> dict[str, bytes]:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = parts_of()
    parts["word/document.xml"] = parts.pop("xl/workbook.xml")
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"xl/workbook", b"word/document")
    parts["[Content_Types].xml"] = (
        types_xml(workbook=kind).replace("/xl/workbook", "/word/document").encode()
    )
    return parts


def archive(name: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as package:
        package.writestr(name, GOOD)
    return file.getvalue()


def xlsb() -> bytes:
    kind = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
    parts = parts_of()
    parts["xl/workbook.bin"] = parts.pop("xl/workbook.xml")
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"workbook.xml", b"workbook.bin")
    parts["[Content_Types].xml"] = (
        types_xml(workbook=kind).replace("workbook.xml", "workbook.bin").encode()
    )
    return pack(parts)


WRONG_TYPES: dict[str, tuple[str, bytes]] = {
    "nothing": ("file.empty", b""),
    "one byte": ("file.not_xlsx", b"\0"),
    "zeros": ("file.not_xlsx", bytes(65536)),
    "noise": ("file.not_xlsx", hashlib.sha512(b"x").digest() * 64),
    "CSV": ("file.is_csv", "单位,件数\r\n某局,3\r\n".encode()),
    "CSV with a mark": ("file.is_csv", "单位,件数\n".encode("utf-8-sig")),
    "CSV in GBK": ("file.is_csv", "单位,件数\n".encode("gbk")),
    "CSV in UTF-16": ("file.is_csv", "单位\t件数\n".encode("utf-16")),
    "long CSV in GBK": ("file.is_csv", b"," + "单位".encode("gbk") * 9999),
    "JSON": ("file.is_csv", b'{"year": 2023}'),
    "HTML": ("file.is_html", b"\xef\xbb\xbf<!DOCTYPE html><html></html>"),
    "HTML table called xls": ("file.is_html", "\n<table><tr><td>单位".encode("gbk")),
    "MHTML": ("file.is_html", b"MIME-Version: 1.0\nContent-Type: multipart/related"),
    "XML 2003": ("file.is_xml2003", XML_2003.encode()),
    "XML 2003 in UTF-16": ("file.is_xml2003", XML_2003.encode("utf-16")),
    "xls": ("file.is_xls", COMPOUND + utf16("Workbook")),
    "xls of 1995": ("file.is_xls", COMPOUND + utf16("Book")),
    "xls without its file": ("file.is_xls", b"\x09\x08\x10\x00\x00\x06\x05\x00"),
    "encrypted": (
        "file.encrypted",
        COMPOUND + utf16("EncryptionInfo") + utf16("EncryptedPackage"),
    ),
    "doc": ("package.not_workbook", COMPOUND + utf16("WordDocument")),
    "other compound file": ("file.not_xlsx", COMPOUND),
    "compound file with a workbook in it": ("file.is_xls", COMPOUND + utf16("Workbook") + GOOD),
    "PDF": ("file.is_pdf", b"%PDF-1.7\n%\xe2\xe3"),
    "rar": ("file.is_archive", b"Rar!\x1a\x07\x01\x00"),
    "7z": ("file.is_archive", b"7z\xbc\xaf\x27\x1c"),
    "gzip": ("file.is_archive", b"\x1f\x8b\x08"),
    "zip of workbooks": ("file.is_archive", archive("某局.xlsx")),
    "PNG": ("file.not_xlsx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "program": ("file.not_xlsx", b"MZ\x90\0"),
    "ods": ("file.is_ods", pack(ODS)),
    "odt": ("package.not_workbook", pack({"mimetype": b"application/vnd.oasis.opendocument.text"})),
    "Numbers": ("package.not_workbook", pack({"Index/Document.iwa": b"x"})),
    "OFD": ("package.not_workbook", pack({"OFD.xml": b"x"})),
    "docx": ("package.not_workbook", pack(docx())),
    "xlsb": ("file.is_xlsb", xlsb()),
    "xlsm": ("package.macro", pack({**parts_of(), "xl/vbaProject.bin": b"x"})),
    "empty zip": ("package.corrupt", b"PK\x05\x06" + bytes(18)),
    "cut": ("package.corrupt", archive("a.xlsx")[:-9]),
    "workbook behind a web page": ("package.corrupt", b"<html>" + GOOD),
}


@pytest.mark.parametrize(("reason", "data"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_file_of_another_kind_is_named_for_what_it_is(
    reason: str, data: bytes, put: Path
) -> None:
    put.write_bytes(data)

    assert reason_of(lambda: open_submission(put)) == reason
    assert reason_of(lambda: read_raw_workbook(data)) == reason


@pytest.mark.parametrize("name", ["表.XLSX", "表", "表.xls", "表.xlsx.exe", "表.csv"])
def test_the_content_decides_and_not_the_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(GOOD)

    taken = open_submission(path)

    assert taken.name == name
    assert taken.data == GOOD
    assert taken.sha256 == hashlib.sha256(GOOD).hexdigest()


def test_a_file_that_is_not_there_is_said_so(put: Path) -> None:
    assert reason_of(lambda: open_submission(put)) == "fs.missing"
    assert reason_of(lambda: open_submission(put / "x")) == "fs.missing"
    assert reason_of(lambda: open_submission(Path("a\0b"))) == "fs.missing"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert reason_of(lambda: open_submission(tmp_path)) == "fs.not_regular"


@needs_links
@pytest.mark.parametrize("target", ["good.xlsx", "/etc/passwd", "/dev/zero", "gone", "某单位.xlsx"])
def test_a_link_is_never_followed(target: str, put: Path, tmp_path: Path) -> None:
    (tmp_path / "good.xlsx").write_bytes(GOOD)
    put.symlink_to(target)

    assert reason_of(lambda: open_submission(put)) == "fs.symlink"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_a_pipe_is_not_waited_for(put: Path) -> None:
    os.mkfifo(put)

    assert reason_of(lambda: open_submission(put)) == "fs.not_regular"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in folders")
def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.xlsx")

        assert reason_of(lambda: open_submission(Path("s.xlsx"))) == "fs.not_regular"


def test_a_large_file_is_refused_before_it_is_read(
    put: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with put.open("wb") as file:
        file.truncate(10_000_000_000 if sys.platform != "win32" else 21 * 1024 * 1024)
    monkeypatch.delattr(os, "open")

    assert reason_of(lambda: open_submission(put)) == "file.too_big"


def test_the_size_may_be_limited(put: Path) -> None:
    put.write_bytes(GOOD)

    limits = Limits(file_bytes=len(GOOD) - 1)

    assert reason_of(lambda: open_submission(put, limits=limits)) == "file.too_big"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "no"), "fs.permission"),
        (FileNotFoundError(2, "no"), "fs.missing"),
        (OSError(40, "loop"), "fs.unreadable" if sys.platform != "linux" else "fs.symlink"),
        (OSError(5, "Input/output error"), "fs.unreadable"),
        (OSError("?"), "fs.unreadable"),
    ],
)
def test_trouble_with_the_disk_is_said_in_words(
    error: OSError, reason: str, put: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put.write_bytes(GOOD)

    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", fail)

    assert reason_of(lambda: open_submission(put)) == reason


def test_a_file_exchanged_before_it_is_opened_is_not_read(
    put: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put.write_bytes(GOOD)
    other = put.with_name("other")
    other.write_bytes(GOOD)
    real_open = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: real_open(other, flags))

    assert reason_of(lambda: open_submission(put)) == "fs.changed"


@pytest.mark.parametrize("change", [b"x", b""])
def test_a_file_that_changes_while_it_is_read_is_not_used(
    change: bytes, put: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put.write_bytes(GOOD)
    real_read = os.read

    def read(handle: int, size: int) -> bytes:
        with put.open("ab" if change else "wb") as file:
            file.write(change)
        return real_read(handle, size)

    monkeypatch.setattr(os, "read", read)

    assert reason_of(lambda: open_submission(put)) == "fs.changed"


def test_short_reads_are_put_together(put: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put.write_bytes(GOOD)
    real_read = os.read
    monkeypatch.setattr(os, "read", lambda handle, size: real_read(handle, min(size, 100)))

    assert open_submission(put).data == GOOD


def test_nothing_of_posix_alone_is_needed(monkeypatch: pytest.MonkeyPatch, put: Path) -> None:
    monkeypatch.setattr(intake, "_OPEN_FLAGS", os.O_RDONLY | getattr(os, "O_BINARY", 0))
    put.write_bytes(GOOD)

    assert open_submission(put).data == GOOD


def test_a_name_in_gbk_is_shown_as_text() -> None:
    assert label_of(os.fsdecode("某单位.xlsx".encode("gbk"))) == "某单位.xlsx"
    assert label_of("某单位.xlsx") == "某单位.xlsx"
    assert label_of(os.fsdecode(b"\xff.xlsx")) == "\\xff.xlsx"


def test_every_refusal_says_what_to_do() -> None:
    for reason, sentence in {**REFUSALS, **NOTES}.items():
        assert re.fullmatch(r"(fs|file|package|xml|book|sheet|limits|internal)\.[a-z0-9_]+", reason)
        assert sentence.endswith("。")
    for reason, sentence in REFUSALS.items():
        assert re.search("请", sentence), reason
    assert len(REFUSALS) <= 60


def test_every_refusal_is_raised_somewhere() -> None:
    folder = Path(intake.__file__).parent
    sources = [*folder.glob("*.py"), *(folder.parent / "batch").glob("*.py")]
    source = "".join(path.read_text("utf-8") for path in sources)
    body = source.replace((folder / "refusals.py").read_text("utf-8"), "")

    assert [code for code in {**REFUSALS, **NOTES} if f'"{code}"' not in body] == []


def test_what_a_file_says_is_made_safe_before_it_is_shown() -> None:
    error = refuse("package.part_name", place="\x1b[31m\u202e" + "长" * 200)

    assert str(error).isprintable()
    assert len(error.place) == 80
