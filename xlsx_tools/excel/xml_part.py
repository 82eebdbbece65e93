"""Parsing one XML part of an untrusted package with expat, strictly.

A part goes to the parser as one buffer. UTF-8 is the only encoding, a DOCTYPE is refused at
its declaration, and the root must be what the caller expects, in a namespace we know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn
from xml.parsers import expat

from xlsx_tools.excel.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.excel.package import Limits

    Start = Callable[[str, list[str]], None]

MAIN: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
    }
)
RELATIONSHIPS: Final = frozenset(
    {"http://schemas.openxmlformats.org/package/2006/relationships"},
)
CONTENT_TYPES: Final = frozenset(
    {"http://schemas.openxmlformats.org/package/2006/content-types"},
)
CUSTOM_PROPERTIES: Final = frozenset(
    {
        "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
        "http://purl.oclc.org/ooxml/officeDocument/customProperties",
    }
)

_XML_PART: Final = re.compile(r"\.(?:xml|rels|vml)$", re.IGNORECASE)
_UTF8_NAMES: Final = ("utf-8", "utf8", "us-ascii", "ascii")
_DOCTYPES: Final = (
    b"<!DOCTYPE",
    "<!DOCTYPE".encode("utf-16-le"),
    "<!DOCTYPE".encode("utf-16-be"),
)
_BLOCK: Final = 1024 * 1024
_DECLARATION: Final = re.compile(rb"""xmlns(:[^\s=]+)?\s*=\s*(["'])(.*?)\2""", re.DOTALL)
# The tags that carry values; others may be written as anyone likes.
_VOCABULARY: Final = frozenset(
    re.findall(
        r"\w+",
        "sheetData row c v f is si t r rPh sheet workbookPr workbookProtection sheetProtection "
        "mergeCell Override Default Relationship property numFmt cellXfs xf",
    )
)


class Root(NamedTuple):
    """The element a part must begin with."""

    local: str
    namespaces: frozenset[str]


def parse_part(  # noqa: PLR0913
    name: str,
    data: bytes,
    root: Root,
    begin: Callable[[Parser, str], Start | None],
    limits: Limits,
    *,
    quiet: slice | None = None,
) -> None:
    """Parse one part in one pass.

    ``begin`` is called at the root element with the parser and the prefix that the root's
    namespace has (``"x:"`` or ``""``); it gives the handler of all further start tags, and may
    set the end and text handlers. The bytes of ``quiet`` are only checked to be well-formed:
    no handler is called for them, which makes expat several times as fast.

    Raises:
        UnusableFileError: with an ``xml.*`` code.
    """
    whole = data
    _check_encoding(name, data)
    if len(data) > _BLOCK:
        _check_large(name, data, limits)
    parser = _create_parser(name)
    prefix = ""

    def first(tag: str, attributes: list[str]) -> None:
        nonlocal prefix
        prefix = _check_root(name, tag, attributes, root)
        parser.StartElementHandler = begin(parser, prefix)

    parser.StartElementHandler = first
    try:
        if quiet is not None:
            _parse_quietly(parser, data[: quiet.start], data[quiet])
            data = data[quiet.stop :]
        parser.Parse(data, True)  # noqa: FBT003
    except expat.ExpatError as error:
        detail = f"第 {error.lineno} 行，{expat.ErrorString(error.code)}"
        raise refuse("xml.malformed", place=name, detail=detail) from None
    finally:
        # The handlers hold the parser; let both go now, not when the collector comes by.
        parser.StartElementHandler = parser.EndElementHandler = None
        parser.CharacterDataHandler = parser.CommentHandler = None
        parser.ProcessingInstructionHandler = parser.StartCdataSectionHandler = None
    _check_one_meaning(name, whole, prefix, root.namespaces)


def _parse_quietly(parser: Parser, loud: bytes, quiet: bytes) -> None:
    parser.Parse(loud, False)  # noqa: FBT003
    names = ("StartElementHandler", "EndElementHandler", "CharacterDataHandler")
    handlers = [getattr(parser, name) for name in names]
    for name in names:
        setattr(parser, name, None)
    parser.Parse(quiet, False)  # noqa: FBT003
    for name, handler in zip(names, handlers, strict=True):
        setattr(parser, name, handler)


def is_true(value: str | None) -> bool:
    """An XML Schema boolean; a missing one is false."""
    return value in ("1", "true", "on")


def has_only_tags(data: bytes) -> bool:
    """Whether every ``<`` of a well-formed part begins a tag: no comment, CDATA, instruction."""
    declaration = data.find(b"<?", 0, 4)
    return b"<!" not in data and data.find(b"<?", declaration + 2) < 0


def decode_text(raw: str) -> str:
    """What expat would give for the text between two tags of a well-formed part."""
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if "&" not in raw:
        return raw
    first, *rest = raw.split("&")
    for piece in rest:
        name, _, text = piece.partition(";")
        first += _REFERENCES[name] + text
    return first


def decode_texts(raws: list[str]) -> list[str]:
    """The same for many texts at once, by expat itself.

    Programs that write ASCII only (openpyxl) have a reference for every Chinese character.
    """
    mark = "\ue000"
    chunks: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.CharacterDataHandler = chunks.append
    parser.buffer_text = True
    parser.Parse(f"<a>{mark.join(raws)}</a>".encode(), True)  # noqa: FBT003
    texts = "".join(chunks).split(mark)
    return texts if len(texts) == len(raws) else [decode_text(raw) for raw in raws]


class _References(dict[str, str]):
    """What a reference stands for; the numbers are worked out once, within a bound."""

    _most: Final = 65_536

    def __missing__(self, name: str) -> str:
        code = int(name[1:].replace("x", "0x"), 0) if "x" in name else int(name[1:])
        if len(self) < self._most:
            self[name] = chr(code)
        return chr(code)


_REFERENCES: Final = _References(lt="<", gt=">", amp="&", quot='"', apos="'")


def _check_root(name: str, tag: str, attributes: list[str], root: Root) -> str:
    """Give the prefix of the root element, with its colon."""
    prefix, colon, local = tag.rpartition(":")
    declared = f"xmlns:{prefix}" if colon else "xmlns"
    found = pairs(attributes).get(declared, "")
    if local != root.local or found not in root.namespaces:
        raise refuse("xml.namespace", place=name, detail=f"{tag} {found}")
    return prefix + colon


def pairs(attributes: list[str]) -> dict[str, str]:
    """The attributes of one start tag by name."""
    return dict(zip(attributes[::2], attributes[1::2], strict=True))


def inspect_unparsed(name: str, data: bytes) -> None:
    """Look through an XML part that nobody parses; it must not hold a DOCTYPE either."""
    if _XML_PART.search(name) and any(mark in data for mark in _DOCTYPES):
        raise refuse("xml.dtd", place=name)


def _create_parser(name: str) -> Parser:
    def refuse_doctype(*_: object) -> NoReturn:
        raise refuse("xml.dtd", place=name)

    def check_declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _UTF8_NAMES:
            raise refuse("xml.encoding", place=name)

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.XmlDeclHandler = check_declared
    return parser


def _check_encoding(name: str, data: bytes) -> None:
    head = data[:4]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head:
        inspect_unparsed(f"{name}.xml", data)
        raise refuse("xml.encoding", place=name)


def _check_large(name: str, data: bytes, limits: Limits) -> None:
    """Refuse what would take expat long; the parts of an honest filing never come here."""
    if data.count(b"<") > limits.elements:
        raise refuse("xml.too_large", place=name, detail=f"超过 {limits.elements} 个标记")
    start = 0
    while start + limits.token_bytes < len(data):
        found = data.rfind(b"<", start, start + limits.token_bytes)
        if found < 0:
            raise refuse("xml.too_large", place=name, detail="单个标记或文字过长")
        start = found + 1


def _check_one_meaning(name: str, data: bytes, prefix: str, namespaces: frozenset[str]) -> None:
    """Refuse a part whose written tags mean something else than their prefix suggests.

    Tags are told apart by their written prefix. That is exact as long as the root's prefix
    keeps its meaning and no second prefix shares it; only a part that seems to break this is
    parsed again, with namespaces.
    """
    own = f":{prefix[:-1]}".encode() if prefix else b""
    known = {uri.encode() for uri in namespaces}
    for written, _, meaning in _DECLARATION.findall(data):
        if b"&" in meaning or (written == own) != (meaning in known):
            break
    else:
        return

    def start(expanded: str, _attributes: object) -> None:
        uri, _, rest = expanded.partition(" ") if " " in expanded else ("", "", expanded)
        local, _, found = rest.partition(" ")
        ours = (f"{found}:" if found else "") == prefix
        if local in _VOCABULARY and ours != (uri in namespaces):
            raise refuse("xml.namespace", place=name, detail=f"{local} {uri}")

    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)  # noqa: FBT003
    except expat.ExpatError:
        raise refuse("xml.namespace", place=name, detail="命名空间有误") from None
