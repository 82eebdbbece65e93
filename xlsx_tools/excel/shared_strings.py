"""The table of shared strings, and how texts are escaped in a workbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.xml_part import MAIN, Root, decode_text, parse_part

if TYPE_CHECKING:
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.xml_part import Start

_ROOT: Final = Root("sst", MAIN)
_ESCAPE: Final = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_INDEX: Final = re.compile(r"\s*0*([0-9]{1,9})\s*", re.ASCII)
_PRESERVE: Final = ' xml:space="preserve">'
_BEFORE_TEXT: Final = ("<si>", "<r>", "</rPr>", "<rPr/>")
_NEXT_ITEM: Final = ("<si>", "</si><si>", "</r></si><si>")
_NEXT_RUN: Final = "</r><r>"
_LAST: Final = ("</si>", "</r></si>")
_PARENTS: Final = {"si": ("sst",), "r": ("si",), "rPh": ("si",), "t": ("si", "r", "rPh")}


class SharedStrings(dict[str, str]):
    """Shared strings by their index as written; an index beyond the last is a KeyError."""

    def __init__(self, strings: list[str]) -> None:
        super().__init__(zip(map(str, range(len(strings))), strings, strict=True))

    def __missing__(self, index: str) -> str:
        found = _INDEX.fullmatch(index)
        if found is None or found[1] == index or found[1] not in self:
            raise KeyError(index)
        return self[found[1]]


def unescape(text: str) -> str:
    """Decode ``_x000D_`` and its like; a lone surrogate stays as it is written."""
    return _ESCAPE.sub(_decode_run, text) if "_x" in text else text


def _decode_run(run: re.Match[str]) -> str:
    units = b"".join(bytes.fromhex(unit) for unit in run[0][2:-1].split("__x"))
    try:
        return units.decode("utf-16-be")
    except UnicodeDecodeError:
        return run[0]


def read_shared_strings(name: str, data: bytes, limits: Limits) -> list[str]:
    """The shared strings in order: runs joined, phonetic guides left out, escapes decoded."""
    strings = _split_strings(name, data, limits)
    if strings is None:
        reader = _StringReader(name)
        parse_part(name, data, _ROOT, reader.begin, limits)
        strings = reader.strings
    if len(strings) > limits.strings:
        raise refuse("xml.too_large", place=name, detail=f"超过 {limits.strings} 条文字")
    return [unescape(text) for text in strings] if b"_x" in data else strings


def _split_strings(name: str, data: bytes, limits: Limits) -> list[str] | None:
    """Cut out the strings of a table in the shape that all usual programs write.

    Expat still proves that the part is well-formed, and that there is no comment and the like,
    so that every ``<`` begins a tag. None: some other shape, which is left to the handlers.
    """
    oddities: list[object] = []

    def begin(parser: Parser, _prefix: str) -> None:
        parser.CommentHandler = oddities.append
        parser.ProcessingInstructionHandler = lambda *found: oddities.append(found)
        parser.StartCdataSectionHandler = lambda: oddities.append(None)

    parse_part(name, data, _ROOT, begin, limits)
    start, end = data.find(b"<si>"), data.rfind(b"</sst>")
    if oddities or not 0 <= start < end:
        return None
    *pieces, rest = data[start:end].decode("utf-8").split("</t>")
    strings = _join_pieces(pieces)
    if rest not in _LAST or len(pieces) != data.count(b"<t") or strings is None:
        return None
    return strings if len(strings) == data.count(b"<si") else None


def _join_pieces(pieces: list[str]) -> list[str] | None:
    """Each piece goes from behind one text to the end of the next; runs are put together."""
    strings: list[str] = []
    for piece in pieces:
        before, _, text = piece.rpartition("<t")
        if text.startswith(">"):
            text = text[1:]
        elif text.startswith(_PRESERVE):
            text = text[len(_PRESERVE) :]
        else:
            return None
        if "&" in text or "\r" in text:
            text = decode_text(text)
        if not before.endswith(_BEFORE_TEXT):
            return None
        if before.startswith(_NEXT_ITEM):
            strings.append(text)
        elif strings and before.startswith(_NEXT_RUN):
            strings[-1] += text
        else:
            return None
    return strings


class _StringReader:
    """The exact reader for tables of any shape; knows where it is at every tag."""

    parser: Parser

    def __init__(self, name: str) -> None:
        self.name = name
        self.strings: list[str] = []
        self.chunks: list[str] = []
        self.path = ["sst"]
        self.prefix = ""

    def begin(self, parser: Parser, prefix: str) -> Start:
        self.prefix = prefix
        parser.CharacterDataHandler = self.chunks.append
        parser.EndElementHandler = self.end
        return self.start

    def start(self, tag: str, _attributes: list[str]) -> None:
        local = tag.removeprefix(self.prefix) if tag.startswith(self.prefix) else tag
        parent = self.path[-1]
        if parent == "t" or (local in _PARENTS and parent not in _PARENTS[local]):
            raise refuse("xml.structure", place=self.name, detail=tag)
        if local == "si":
            self.strings.append("")
        self.path.append(local)
        self.chunks.clear()

    def end(self, _tag: str) -> None:
        local = self.path.pop()
        if local == "t" and self.path[-1] != "rPh":
            self.strings[-1] += "".join(self.chunks)
        if self.path == [] and local != "sst":
            raise refuse("xml.structure", place=self.name, detail=local)
        self.chunks.clear()
