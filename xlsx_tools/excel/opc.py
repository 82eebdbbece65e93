"""Which part of a package is the workbook, and what else is in it that must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlsx_tools.excel.package import fold_name
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.xml_part import CONTENT_TYPES, RELATIONSHIPS, Root, pairs, parse_part

if TYPE_CHECKING:
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.errors import UnusableFileError
    from xlsx_tools.excel.package import Limits, Package
    from xlsx_tools.excel.xml_part import Start

TYPES_PART: Final = "[Content_Types].xml"
WORKBOOK_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SHEET_TYPES: Final = {
    f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml": kind
    for kind in ("worksheet", "chartsheet", "dialogsheet")
}
_TYPES_ROOT: Final = Root("Types", CONTENT_TYPES)
_RELATIONSHIPS_ROOT: Final = Root("Relationships", RELATIONSHIPS)
_MACRO_WORDS: Final = ("macroenabled", "macrosheet", "vbaproject", "vbadata")
_PROGRAM_ENDINGS: Final = (
    *(".exe", ".dll", ".com", ".scr", ".msi", ".jar", ".lnk", ".reg", ".hta"),
    *(".bat", ".cmd", ".ps1", ".vbs", ".js", ".jse", ".wsf"),
)
_OTHER_KINDS: Final = (
    ("wordprocessingml", "Word 文档"),
    ("presentationml", "演示文稿"),
    ("ms-word", "Word 文档"),
    ("ms-powerpoint", "演示文稿"),
    ("visio", "Visio 绘图"),
)


class Relationship(NamedTuple):
    """One line of a ``.rels`` part; ``kind`` is the last step of its type."""

    kind: str
    target: str
    external: bool


class ContentTypes:
    """The declared type of every part, in lower case."""

    def __init__(self) -> None:
        self.defaults: dict[str, str] = {}
        self.overrides: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The type of one part, or an empty text when none is declared."""
        folded = fold_name(name)
        return self.overrides.get(folded) or self.defaults.get(folded.rpartition(".")[2], "")


def read_content_types(package: Package, limits: Limits) -> ContentTypes:
    """Read ``[Content_Types].xml``; without it this is some other kind of archive."""
    if TYPES_PART not in package:
        raise _name_other_archive(package)
    types = ContentTypes()

    def begin(_parser: Parser, prefix: str) -> Start:
        kinds = {
            f"{prefix}Default": ("Extension", types.defaults),
            f"{prefix}Override": ("PartName", types.overrides),
        }

        def start(tag: str, attributes: list[str]) -> None:
            if tag not in kinds:
                raise refuse("xml.structure", place=TYPES_PART, detail=tag)
            key, table = kinds[tag]
            found = pairs(attributes)
            name, kind = fold_name(found.get(key, "")), found.get("ContentType", "").lower()
            if table.setdefault(name, kind) != kind:
                raise refuse("xml.structure", place=TYPES_PART, detail=f"{name} 类型重复")

        return start

    parse_part(TYPES_PART, package.read(TYPES_PART), _TYPES_ROOT, begin, limits)
    return types


def read_relationships(package: Package, source: str, limits: Limits) -> dict[str, Relationship]:
    """The relationships of one part (``""``: of the package) by id; none if it has no list."""
    folder, _, base = source.rpartition("/")
    name = f"{folder}/_rels/{base}.rels".lstrip("/")
    found: dict[str, Relationship] = {}
    if name not in package:
        return found

    def begin(_parser: Parser, prefix: str) -> Start:
        wanted = f"{prefix}Relationship"

        def start(tag: str, attributes: list[str]) -> None:
            line = pairs(attributes)
            key = line.get("Id", "")
            if tag != wanted or key in found:
                raise refuse("package.relationship", place=name, detail=f"{key or tag} 重复或无效")
            if len(found) >= limits.relationships:
                raise refuse("package.relationship", place=name, detail="数量过多")
            found[key] = Relationship(
                line.get("Type", "").rpartition("/")[2],
                line.get("Target", ""),
                line.get("TargetMode") == "External",
            )

        return start

    parse_part(name, package.read(name), _RELATIONSHIPS_ROOT, begin, limits)
    return found


def resolve_target(package: Package, source: str, relationship: Relationship) -> str:
    """The name of the part a relationship of ``source`` leads to; it must be in the package."""
    target = relationship.target.replace("\\", "/")
    if relationship.external or ":" in target or target.startswith("//"):
        raise refuse("package.relationship", place=source, detail=f"指向外部 {target}")
    steps = [] if target.startswith("/") else source.split("/")[:-1]
    for step in target.lstrip("/").split("/"):
        if step == ".." and steps:
            steps.pop()
        elif step == "..":
            raise refuse("package.relationship", place=source, detail=f"指向外部 {target}")
        elif step != ".":
            steps.append(step)
    name = "/".join(steps)
    if name not in package:
        raise refuse("package.missing_part", place=name)
    return name


def find_workbook(package: Package, types: ContentTypes, limits: Limits) -> str:
    """The name of the workbook part; anything but a plain ``.xlsx`` is refused.

    Raises:
        UnusableFileError: ``file.is_xlsb``, ``package.not_workbook``, ``package.macro``,
            ``package.type``, ``package.embedded`` and others.
    """
    roots = [
        relationship
        for relationship in read_relationships(package, "", limits).values()
        if relationship.kind == "officeDocument"
    ]
    if len(roots) != 1:
        raise refuse("package.relationship", place="_rels/.rels", detail="主文档不唯一或缺失")
    name = resolve_target(package, "", roots[0])
    _check_workbook_type(name, types.of(name))
    _refuse_programs(package, types)
    return name


def _check_workbook_type(name: str, found: str) -> None:
    if found == WORKBOOK_TYPE:
        return
    if "sheet.binary" in found:
        raise refuse("file.is_xlsb")
    for word, label in _OTHER_KINDS:
        if word in found:
            raise refuse("package.not_workbook", detail=label)
    if "macroenabled" in found:
        raise refuse("package.macro", place=name)
    raise refuse("package.type", place=name, detail=found.rpartition("/")[2] or "未声明类型")


def _refuse_programs(package: Package, types: ContentTypes) -> None:
    for name in package.names:
        folded = fold_name(name)
        kind = types.of(folded)
        base = folded.rpartition("/")[2]
        if any(word in kind for word in _MACRO_WORDS) or base.startswith("vbaproject"):
            raise refuse("package.macro", place=name)
        if "/macrosheets/" in folded:
            raise refuse("package.macro", place=name)
        if "/activex/" in folded or "activex" in kind or base.endswith(_PROGRAM_ENDINGS):
            raise refuse("package.embedded", place=name)


def inspect_unused(name: str, data: bytes) -> None:
    """Refuse a program hidden under another name, and links that start programs (DDE)."""
    folded = fold_name(name)
    if "/embeddings/" in folded and data.startswith(b"MZ"):
        raise refuse("package.embedded", place=name)
    if "/externallinks/" in folded and b"ddeLink" in data:
        raise refuse("package.dde", place=name)


def note_extras(package: Package) -> list[str]:
    """Codes of NOTES for what is in the package but never used."""
    folded = [fold_name(name) for name in package.names]
    places = (
        ("book.external_links", "xl/externallinks/"),
        ("book.connections", "xl/connections"),
        ("book.embedded_objects", "xl/embeddings/"),
        ("book.custom_ribbon", "customui/"),
    )
    return [code for code, start in places if any(name.startswith(start) for name in folded)]


def _name_other_archive(package: Package) -> UnusableFileError:
    """Say what kind of zip without content types this is."""
    names = [fold_name(name) for name in package.names]
    if "mimetype" in names:
        return _name_opendocument(package.read("mimetype"))
    if any(name.startswith("index/") and name.endswith(".iwa") for name in names):
        return refuse("package.not_workbook", detail="苹果 Numbers 表格")
    if "ofd.xml" in names:
        return refuse("package.not_workbook", detail="OFD 版式文件")
    if any(name.startswith("xl/") for name in names):
        return refuse("package.missing_part", place=TYPES_PART)
    if not names:
        return refuse("package.not_workbook", detail="空压缩包")
    return refuse("file.is_archive")


def _name_opendocument(kind: bytes) -> UnusableFileError:
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return refuse("file.is_ods")
    if kind.startswith(b"application/vnd.oasis.opendocument"):
        return refuse("package.not_workbook", detail="OpenDocument 文字或演示文稿")
    return refuse("file.is_archive")
