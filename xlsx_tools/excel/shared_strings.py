"""The table of shared strings, and how texts are escaped in a workbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.xml_part import MAIN, Root, decode_text, has_only_tags, parse_part

if TYPE_CHECKING:
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.xml_part import Start

_ROOT: Final = Root("sst", MAIN)
_ESCAPE: Final = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
_INDEX: Final = re.compile(r"\s*0*([0-9]{1,9})\s*", re.ASCII)
_PLAIN: Final = re.compile(r'<t(?: xml:space="preserve")?>([^<]*)</t></si>')
_RUN: Final = re.compile(
    r'(?:(?<=<r>)|(?<=</rPr>)|(?<=<rPr/>))<t(?: xml:space="preserve")?>([^<]*)</t>(?=</r>)'
)
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

    Expat still proves that the part is well-formed. None: some other shape, which is left to
    the handlers.
    """
    start, end = data.find(b"<si>"), data.rfind(b"</sst>")
    if not 0 <= start < end or b"<rPh" in data or not has_only_tags(data):
        return None
    parse_part(name, data, _ROOT, lambda _parser, _prefix: None, limits)
    before, *items = data[start:end].decode("utf-8").split("<si>")
    strings: list[str] = []
    for item in items:
        plain = _PLAIN.fullmatch(item)
        if plain is not None:
            strings.append(decode_text(plain[1]))
        elif item.endswith("</si>"):
            runs = _RUN.findall(item)
            if len(runs) != item.count("<t") or item.count("</si>") != 1:
                return None
            strings.append("".join(map(decode_text, runs)))
        else:
            return None
    return strings if not before and data.count(b"<si") == len(strings) else None


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
