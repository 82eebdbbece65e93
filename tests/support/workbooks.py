"""Workbooks made, and then changed the way other programs and people change them."""

from __future__ import annotations

import hashlib
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree
from openpyxl import load_workbook

from xlsx_tools.excel.address import split_address
from xlsx_tools.excel.intake import Intake
from xlsx_tools.filing import Organisation
from xlsx_tools.read import read_submission
from xlsx_tools.template import build_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openpyxl import Workbook
    from openpyxl.packaging.custom import CustomPropertyList, StringProperty

    from xlsx_tools.excel.address import Spot
    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
ORGANISATION = Organisation("某县某局", "11330000000000000X")

Put = tuple[str, str, str | None]
"""A cell as XML says it: its type, its value, its formula."""


@cache
def blank_workbook(form: Form) -> bytes:
    """A workbook nobody has filled in, for the form's second year."""
    return build_template(form, year=form.first_year + 1, organisation=ORGANISATION)


def read_bytes(data: bytes) -> Filing:
    """Read a workbook that is in memory."""
    return read_submission(Intake("某单位.xlsx", data, hashlib.sha256(data).hexdigest()))


def text(value: str) -> Put:
    return "inlineStr", value, None


def number(value: str) -> Put:
    return "n", value, None


def truth(value: str) -> Put:
    return "b", value, None


def error(value: str) -> Put:
    return "e", value, None


def formula(words: str, saved: str) -> Put:
    return "n", saved, words


def put_cells(data: bytes, cells: Mapping[Spot, Put | None]) -> bytes:
    """The workbook with these cells changed in its XML, saved results of all others kept."""
    with ZipFile(BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheets = _sheet_parts(parts)
    for name in {spot.sheet for spot in cells}:
        root = etree.fromstring(parts[sheets[name]])
        for spot, put in cells.items():
            if spot.sheet == name:
                _put_cell(root, spot.address, put)
        parts[sheets[name]] = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return pack(parts)


def change_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    with ZipFile(BytesIO(data)) as source:
        parts = {part: source.read(part) for part in source.namelist()}
    parts[name] = change(parts[name])
    return pack(parts)


def properties_of(book: Workbook) -> CustomPropertyList[StringProperty]:
    """The custom document properties; openpyxl's stubs do not know of them."""
    properties: CustomPropertyList[StringProperty] = book.custom_doc_props  # type: ignore[attr-defined]
    return properties


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Parts → an ordinary zip."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def resave(data: bytes, change: Callable[[Workbook], None] = lambda _book: None) -> bytes:
    """The workbook as openpyxl saves it: changed, and without any saved result."""
    book = load_workbook(BytesIO(data))
    change(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    links = etree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    book = etree.fromstring(parts["xl/workbook.xml"])
    found = {}
    for sheet in book.iter(f"{{{_MAIN}}}sheet"):
        link = next(value for key, value in sheet.attrib.items() if str(key).endswith("}id"))
        target = targets[str(link)]
        found[str(sheet.get("name"))] = target[1:] if target[0] == "/" else f"xl/{target}"
    return found


def _put_cell(root: etree._Element, address: str, put: Put | None) -> None:
    cell = _find_cell(root, address)
    for child in list(cell):
        cell.remove(child)
    cell.attrib.pop("t", "")
    if put is None:
        return
    kind, value, words = put
    if kind != "n":
        cell.set("t", kind)
    if words is not None:
        etree.SubElement(cell, f"{{{_MAIN}}}f").text = words
    if kind == "inlineStr":
        holder = etree.SubElement(cell, f"{{{_MAIN}}}is")
        inside = etree.SubElement(holder, f"{{{_MAIN}}}t")
        inside.set(_SPACE, "preserve")
    else:
        inside = etree.SubElement(cell, f"{{{_MAIN}}}v")
    inside.text = value


def _find_cell(root: etree._Element, address: str) -> etree._Element:
    """The cell's element; made, in its place, where the sheet has none."""
    for cell in root.iter(f"{{{_MAIN}}}c"):
        if cell.get("r") == address:
            return cell
    column, number_ = split_address(address)
    row = next(row for row in root.iter(f"{{{_MAIN}}}row") if row.get("r") == str(number_))
    before = sum(split_address(str(cell.get("r")))[0] < column for cell in row)
    made = etree.Element(f"{{{_MAIN}}}c", {"r": address})
    row.insert(before, made)
    return made
