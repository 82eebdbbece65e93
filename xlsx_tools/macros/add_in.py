"""``nianbao.xlam``: an empty workbook that carries the macros and the ribbon."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.zip_writer import Member, write_zip
from xlsx_tools.macros.ascii_vba import make_ascii
from xlsx_tools.macros.names_module import NAME, render_names_module
from xlsx_tools.macros.ovba import (
    Project,
    document_module,
    standard_module,
    write_project,
)
from xlsx_tools.macros.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsx_tools.macros.ovba import Module

_WORKBOOK, _SHEET = "ThisWorkbook", "Sheet1"
_RIBBON_2010: Final = "http://schemas.microsoft.com/office/2009/07/customui"
_RIBBON_2007: Final = "http://schemas.microsoft.com/office/2006/01/customui"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TITLE: Final = "年报"
_SAYS: Final = "政府信息公开工作年度报告：校验、结转、导出、汇总"
_KINDS: Final = {
    "xl/workbook.xml": "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "xl/worksheets/sheet1.xml": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    ),
    "xl/styles.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml",
    "xl/vbaProject.bin": "application/vnd.ms-office.vbaProject",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
}


def build_add_in() -> bytes:
    """The add-in of the sources at hand; the same on every computer, at any time.

    Raises:
        MacroSourceError: a source that cannot be built.
    """
    (ribbon,) = read_sources("vba", ".xml").values()
    return pack_add_in(write_project(load_project()), ribbon)


def load_project() -> Project:
    """Every module of the add-in, in ASCII: an empty one for the workbook, then ours by name."""
    sources = {**read_sources("vba", ".bas"), f"{NAME}.bas": render_names_module()}
    return Project("Nianbao", modules_of(sources))


def modules_of(sources: Mapping[str, str]) -> tuple[Module, ...]:
    """The modules of a project with these ``.bas`` files.

    Raises:
        MacroSourceError: a source that cannot be built.
    """
    documents = (document_module(_WORKBOOK, "workbook"), document_module(_SHEET, "sheet"))
    ours = (
        standard_module(name.removesuffix(".bas"), make_ascii(source, name))
        for name, source in sorted(sources.items())
    )
    return (*documents, *ours)


def pack_add_in(project: bytes, ribbon: str) -> bytes:
    """The file of a VBA project and a ribbon of 2010; programs of 2007 get the same buttons.

    Nothing is deflated: the packer of another computer may write other bytes.
    """
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(_ROOT_LINKS),
        "customUI/customUI.xml": ribbon.replace(_RIBBON_2010, _RIBBON_2007),
        "customUI/customUI14.xml": ribbon,
        "docProps/core.xml": _core_properties(),
        "xl/_rels/workbook.xml.rels": _relations(_BOOK_LINKS),
        "xl/styles.xml": _XML + _STYLES,
        "xl/vbaProject.bin": project,
        "xl/workbook.xml": _XML + _BOOK,
        "xl/worksheets/sheet1.xml": _XML + _SHEET_PART,
    }
    return write_zip(
        _store(name, part.encode() if isinstance(part, str) else part)
        for name, part in parts.items()
    )


def _store(name: str, data: bytes) -> Member:
    return Member(name, 0, zlib.crc32(data), len(data), data)


def _content_types() -> str:
    defaults = {"rels": f"{_MIME}relationships+xml", "xml": "application/xml"}
    inside = "".join(f'<Default Extension="{e}" ContentType="{t}"/>' for e, t in defaults.items())
    inside += "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in _KINDS.items()
    )
    return f'{_XML}<Types xmlns="{_PACKAGE}/content-types">{inside}</Types>'


def _relations(links: Mapping[str, str]) -> str:
    inside = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (target, kind) in enumerate(links.items(), start=1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _core_properties() -> str:
    """What the program's list of add-ins shows; without times."""
    return (
        f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{_TITLE}</dc:title><dc:creator>nianbao</dc:creator>"
        f"<dc:description>{_SAYS}</dc:description></cp:coreProperties>"
    )


_MIME: Final = "application/vnd.openxmlformats-package."
_ROOT_LINKS: Final = {
    "xl/workbook.xml": f"{_OFFICE}/officeDocument",
    "docProps/core.xml": f"{_PACKAGE}/relationships/metadata/core-properties",
    "customUI/customUI.xml": (
        "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"
    ),
    "customUI/customUI14.xml": (
        "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"
    ),
}
_BOOK_LINKS: Final = {
    "worksheets/sheet1.xml": f"{_OFFICE}/worksheet",
    "styles.xml": f"{_OFFICE}/styles",
    "vbaProject.bin": "http://schemas.microsoft.com/office/2006/relationships/vbaProject",
}
_BOOK: Final = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr codeName="{_WORKBOOK}"/>'
    f'<sheets><sheet name="{_SHEET}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_SHEET_PART: Final = (
    f'<worksheet xmlns="{_MAIN}"><sheetPr codeName="{_SHEET}"/><sheetData/></worksheet>'
)
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill'
    ' patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>'
    '<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0"'
    ' fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="1"><xf numFmtId="0" fontId="0"'
    ' fillId="0" borderId="0" xfId="0"/></cellXfs><cellStyles count="1"><cellStyle name="Normal"'
    ' xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
