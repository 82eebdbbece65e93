"""Workbook bytes from outside → raw cells: the one way in for an untrusted .xlsx."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlsx_tools.excel.opc import (
    SHEET_TYPES,
    ContentTypes,
    Relationship,
    find_workbook,
    inspect_unused,
    note_extras,
    read_content_types,
    read_relationships,
    resolve_target,
)
from xlsx_tools.excel.package import DEFAULT_LIMITS, Limits, Package, open_package
from xlsx_tools.excel.raw import RawCell, RawSheet
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.shared_strings import SharedStrings, read_shared_strings
from xlsx_tools.excel.sheet_cells import read_sheet
from xlsx_tools.excel.sniff import refuse_foreign
from xlsx_tools.excel.workbook_parts import (
    read_custom_properties,
    read_date_styles,
    read_workbook_facts,
)
from xlsx_tools.excel.xml_part import inspect_unparsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["RawCell", "RawSheet", "RawWorkbook", "read_raw_workbook"]


@dataclass(slots=True)
class RawWorkbook:
    """A whole workbook.

    Attributes:
        sheets: every sheet in the order of the tabs, also those not parsed.
        properties: the custom document properties as text.
        notes: codes of ``NOTES`` for what is in the file but was not used.
        date1904: day numbers count from 1904 instead of 1900.
        date_styles: for every cell style, by number, whether it shows a date; None until the
            styles are parsed.
    """

    sheets: dict[str, RawSheet]
    properties: dict[str, str] = field(default_factory=dict)
    structure_locked: bool = False
    notes: list[str] = field(default_factory=list)
    date1904: bool = False
    _styles_part: tuple[str, bytes, Limits] | None = field(default=None, repr=False)
    date_styles: list[bool] | None = field(default=None, repr=False)

    def date_addresses(self, sheet: str, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses whose cell is a number shown as a date or a time.

        The styles are parsed at the first call only.

        Raises:
            UnusableFileError: ``sheet.style_index`` or, for broken styles, an ``xml.*`` code.
        """
        cells = self.sheets[sheet].cells
        return {
            address
            for address in addresses
            if address in cells
            and cells[address].kind == "n"
            and self._shows_date(f"{sheet}!{address}", cells[address].style)
        }

    def _shows_date(self, place: str, style: str) -> bool:
        if self.date_styles is None:
            self.date_styles = read_date_styles(*self._styles_part) if self._styles_part else []
        if style == "0" and not self.date_styles:
            return False
        if not (style.isascii() and style.isdecimal()) or len(style) > len("65535"):
            raise refuse("sheet.style_index", place=place)
        if int(style) >= len(self.date_styles):
            raise refuse("sheet.style_index", place=place)
        return self.date_styles[int(style)]


def read_raw_workbook(
    data: bytes,
    *,
    wanted: Callable[[str], bool] | None = None,
    choose: Callable[[Mapping[str, str]], Callable[[str], bool]] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> RawWorkbook:
    """Read the sheets whose name is ``wanted`` (all if None), strictly, from memory.

    ``choose`` is asked instead, with the custom properties, where these decide what is wanted.
    Every part is verified to its last byte before anything is returned, used or not.

    Raises:
        UnusableFileError: with one of the codes of ``REFUSALS``.
    """
    refuse_foreign(data)
    package = open_package(data, limits)
    types = read_content_types(package, limits)
    name = find_workbook(package, types, limits)
    workbook = _WorkbookReader(package, types, name, limits).read(wanted, choose)
    package.verify_unread(_inspect)
    return workbook


def _inspect(name: str, data: bytes) -> None:
    inspect_unparsed(name, data)
    inspect_unused(name, data)


class _WorkbookReader:
    """Follows the relationships of one workbook part."""

    def __init__(self, package: Package, types: ContentTypes, name: str, limits: Limits) -> None:
        self._package, self._types, self._name, self._limits = package, types, name, limits
        self._links = read_relationships(package, name, limits)

    def read(
        self,
        wanted: Callable[[str], bool] | None,
        choose: Callable[[Mapping[str, str]], Callable[[str], bool]] | None,
    ) -> RawWorkbook:
        properties = self._read_properties()
        wanted = choose(properties) if choose else wanted
        facts = read_workbook_facts(self._name, self._package.read(self._name), self._limits)
        strings = self._read_strings()
        used: set[str] = set()
        sheets: dict[str, RawSheet] = {}
        for listed, link_id in facts.sheets:
            sheet = listed
            part = self._sheet_part(sheet, self._links.get(link_id))
            if part.casefold() in used:
                raise refuse("book.sheets", detail=f"“{sheet.name}”与另一张工作表是同一内容")
            used.add(part.casefold())
            kind = SHEET_TYPES[self._types.of(part)]
            if kind == "worksheet" and (wanted is None or wanted(sheet.name)):
                sheet = read_sheet(part, self._package.read(part), listed, strings, self._limits)
            sheets[sheet.name] = sheet
        return RawWorkbook(
            sheets,
            properties,
            facts.structure_locked,
            note_extras(self._package),
            facts.date1904,
            self._read_styles(),
        )

    def _sheet_part(self, sheet: RawSheet, link: Relationship | None) -> str:
        if link is None:
            raise refuse("package.relationship", place=sheet.name, detail="没有对应的部件")
        if link.kind.lower() in ("xlmacrosheet", "xlintlmacrosheet"):
            raise refuse("package.macro", place=sheet.name)
        part = resolve_target(self._package, self._name, link)
        if SHEET_TYPES.get(self._types.of(part)) != link.kind:
            raise refuse("package.type", place=part, detail=f"工作表“{sheet.name}”不是工作表部件")
        return part

    def _one_part(self, kind: str) -> str | None:
        """The part that the workbook's only relationship of this kind leads to."""
        links = [link for link in self._links.values() if link.kind == kind]
        if len(links) > 1:
            raise refuse("package.relationship", place=self._name, detail=f"{kind} 不唯一")
        return resolve_target(self._package, self._name, links[0]) if links else None

    def _read_strings(self) -> SharedStrings:
        part = self._one_part("sharedStrings")
        if part is None:
            return SharedStrings([])
        return SharedStrings(read_shared_strings(part, self._package.read(part), self._limits))

    def _read_styles(self) -> tuple[str, bytes, Limits] | None:
        part = self._one_part("styles")
        if part is None:
            return None
        content = self._package.read(part)
        _inspect(part, content)
        return part, content, self._limits

    def _read_properties(self) -> dict[str, str]:
        """Optional, so a list that leads nowhere is as good as none."""
        found: dict[str, str] = {}
        for link in read_relationships(self._package, "", self._limits).values():
            if link.kind in ("custom-properties", "customProperties"):
                part = resolve_target(self._package, "", link)
                found |= read_custom_properties(part, self._package.read(part), self._limits)
        return found
