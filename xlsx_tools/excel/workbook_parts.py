"""The small parts beside the sheets: the list of sheets, the styles, the properties."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from xlsx_tools.excel.raw import RawSheet
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.shared_strings import unescape
from xlsx_tools.excel.xml_part import CUSTOM_PROPERTIES, MAIN, Root, is_true, pairs, parse_part

if TYPE_CHECKING:
    from pyexpat import XMLParserType as Parser

    from xlsx_tools.excel.package import Limits
    from xlsx_tools.excel.raw import SheetState
    from xlsx_tools.excel.xml_part import Start

_STATES: Final = ("visible", "hidden", "veryHidden")
_DATE_FORMATS: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
# What in a number format is not a letter of the format: quoted text, escapes, colours, fill.
_NOT_FORMAT: Final = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTER: Final = re.compile(r"[ymdhs]", re.IGNORECASE)


@dataclass(slots=True)
class WorkbookFacts:
    """What the workbook part says; ``sheets`` pairs each sheet with its relationship id."""

    sheets: list[tuple[RawSheet, str]] = field(default_factory=list)
    structure_locked: bool = False
    date1904: bool = False


def read_workbook_facts(name: str, data: bytes, limits: Limits) -> WorkbookFacts:
    """Read the workbook part.

    Raises:
        UnusableFileError: ``book.sheets`` when there is none, too many or two of one name.
    """
    facts = WorkbookFacts()

    def begin(_parser: Parser, prefix: str) -> Start:
        sheet, protection, properties = (
            f"{prefix}{local}" for local in ("sheet", "workbookProtection", "workbookPr")
        )

        def start(tag: str, attributes: list[str]) -> None:
            if tag == sheet:
                if len(facts.sheets) >= limits.sheets:
                    raise refuse("book.sheets", detail=f"超过 {limits.sheets} 张")
                facts.sheets.append(_listed_sheet(pairs(attributes)))
            elif tag == protection:
                facts.structure_locked = is_true(pairs(attributes).get("lockStructure"))
            elif tag == properties:
                facts.date1904 = is_true(pairs(attributes).get("date1904"))

        return start

    parse_part(name, data, Root("workbook", MAIN), begin, limits)
    names = {sheet.name.casefold() for sheet, _ in facts.sheets}
    if len(names) != len(facts.sheets) or not names:
        raise refuse("book.sheets", detail="没有工作表或有重名")
    return facts


def _listed_sheet(line: dict[str, str]) -> tuple[RawSheet, str]:
    state = line.get("state", "visible")
    name = line.get("name", "")
    target = [value for key, value in line.items() if key.endswith(":id")]
    if state not in _STATES or not name or len(target) != 1:
        raise refuse("book.sheets", detail=f"工作表“{name}”的登记有误")
    return RawSheet(unescape(name), cast("SheetState", state)), target[0]


def read_custom_properties(name: str, data: bytes, limits: Limits) -> dict[str, str]:
    """The custom document properties as text, whatever their type."""
    properties: dict[str, str] = {}

    def begin(parser: Parser, prefix: str) -> Start:
        line = f"{prefix}property"
        chunks: list[str] = []
        current = ""

        def start(tag: str, attributes: list[str]) -> None:
            nonlocal current
            chunks.clear()
            if tag == line:
                current = pairs(attributes).get("name", "")
                if current in properties or len(properties) >= limits.properties:
                    raise refuse("xml.structure", place=name, detail=f"属性“{current}”重复或过多")
                properties[current] = ""

        def end(tag: str) -> None:
            nonlocal current
            if tag == line:
                current = ""
            elif current:
                properties[current] = unescape("".join(chunks))
            chunks.clear()

        parser.CharacterDataHandler = chunks.append
        parser.EndElementHandler = end
        return start

    parse_part(name, data, Root("Properties", CUSTOM_PROPERTIES), begin, limits)
    return properties


def read_date_styles(name: str, data: bytes, limits: Limits) -> list[bool]:
    """For every cell style, by number: does it show a number as a date or a time?"""
    formats: dict[str, bool] = {}
    styles: list[str] = []

    def begin(parser: Parser, prefix: str) -> Start:
        number, group, style = (f"{prefix}{local}" for local in ("numFmt", "cellXfs", "xf"))
        inside = False

        def start(tag: str, attributes: list[str]) -> None:
            nonlocal inside
            if tag == style and inside:
                styles.append(pairs(attributes).get("numFmtId", "0"))
            elif tag == number:
                line = pairs(attributes)
                formats[line.get("numFmtId", "")] = is_date_format(line.get("formatCode", ""))
            elif tag == group:
                inside = True
                parser.EndElementHandler = end

        def end(tag: str) -> None:
            nonlocal inside
            if tag == group:
                inside = False
                parser.EndElementHandler = None

        return start

    parse_part(name, data, Root("styleSheet", MAIN), begin, limits)
    builtin = {str(number): True for number in _DATE_FORMATS}
    return [{**builtin, **formats}.get(number, False) for number in styles]


def is_date_format(code: str) -> bool:
    """Whether a number format has a letter for a part of a date or a time."""
    first = _NOT_FORMAT.sub("", code.partition(";")[0])
    return "general" not in first.lower() and bool(_DATE_LETTER.search(first))
