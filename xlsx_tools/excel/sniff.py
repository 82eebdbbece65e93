"""Telling by the first bytes what a file is that is not a zip container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from xlsx_tools.errors import UnusableFileError

_ZIP_STARTS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_END: Final = b"PK\x05\x06"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: Final = (
    ((b"%PDF-",), "file.is_pdf"),
    ((b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00"), "file.is_xls"),
    ((b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh"), "file.is_archive"),
)
_IMAGES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_PROGRAMS: Final = (b"MZ", b"\x7fELF")
_HTML: Final = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|table|meta|script|style)\b", re.IGNORECASE
)
_MHT: Final = re.compile(rb"\A\s*(?:MIME-Version|Content-Type|From|Subject)\s*:", re.IGNORECASE)
_XML_2003: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LOOKED_AT: Final = 4096
_TAIL: Final = 65_557


def refuse_foreign(data: bytes) -> None:
    """Let only a zip container pass, and say of anything else what it is.

    Raises:
        UnusableFileError: with a ``file.*`` code, or ``package.corrupt`` for a container with
            something in front of it.
    """
    if not data.startswith(_ZIP_STARTS):
        raise _name_foreign(data)


def _name_foreign(data: bytes) -> UnusableFileError:
    if data.startswith(_COMPOUND):
        return _name_compound(data)
    for starts, reason in _SIGNATURES:
        if data.startswith(starts):
            return refuse(reason)
    if not data:
        return refuse("file.empty")
    if _ZIP_END in data[-_TAIL:]:
        return refuse("package.corrupt", detail="开头有多余内容或已损坏")
    return _name_text(data)


def _name_compound(data: bytes) -> UnusableFileError:
    """A compound file holds its stream names as UTF-16; that is all we look for."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return refuse("file.encrypted")
    if any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        return refuse("file.is_xls")
    if "WordDocument".encode("utf-16-le") in data:
        return refuse("package.not_workbook", detail="Word 文档")
    return refuse("file.not_xlsx", detail="其他办公软件的旧格式文件")


def _name_text(data: bytes) -> UnusableFileError:
    if data.startswith(_PROGRAMS):
        return refuse("file.not_xlsx", detail="程序文件")
    text = _as_text(data[:_LOOKED_AT])
    if text is None:
        detail = "图片" if data.startswith(_IMAGES) else "无法识别的二进制内容"
        return refuse("file.not_xlsx", detail=detail)
    head = text.encode("utf-8")
    if _MHT.match(head):
        return refuse("file.is_html")
    if _XML_2003 in head:
        return refuse("file.is_xml2003")
    if _HTML.search(head):
        return refuse("file.is_html")
    return refuse("file.is_csv")


def _as_text(head: bytes) -> str | None:
    """Decode as a person would have saved it; the last character may be cut."""
    encodings = ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return None if _CONTROL.search(text) else text
    return None
