"""Workbook XML → raw cells: the same as the best other readers, or a refusal."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.formula import ArrayFormula
from python_calamine import CalamineWorkbook

from tests.support.raw_xlsx import (
    CUSTOM,
    HEAD,
    MAIN,
    SHEET,
    STRICT,
    STRINGS,
    STYLES,
    TYPES,
    WORKBOOK,
    WORKBOOK_RELS,
    pack,
    parts_of,
    plain,
    properties_xml,
    reason_of,
    relationship,
    rels_xml,
    row,
    sheet_xml,
    strings_xml,
    types_xml,
    workbook_of,
    workbook_xml,
)
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel import sheet_cells
from xlsx_tools.excel.package import DEFAULT_LIMITS, Limits
from xlsx_tools.excel.raw import RawCell
from xlsx_tools.excel.sheets import RawSheet, RawWorkbook, read_raw_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = row('<c r="A1"><v>1</v></c>')
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def read_sheet(cells: str, **more: str) -> RawSheet:
    return read_raw_workbook(workbook_of(cells, **more)).sheets["表"]


def read_cells(cells: str, **more: str) -> dict[str, RawCell]:
    return read_sheet(cells, **more).cells


def read_parts(**changed: str | bytes | None) -> RawWorkbook:
    """Read the smallest workbook with some parts replaced, added or (None) left out."""
    return read_raw_workbook(changed_parts(changed))


def changed_parts(changed: dict[str, str | bytes | None], **more: str) -> bytes:
    parts: dict[str, str | bytes] = {**parts_of(**more)}
    for name, content in changed.items():
        parts.pop(name, None)
        if content is not None:
            parts[name] = content
    return pack(parts)


def strictly(monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any]) -> Any:
    """The same, by the exact reader alone."""
    with monkeypatch.context() as patched:
        patched.setattr(sheet_cells, "find_cells", lambda _data: None)
        return read()


# --- what cells may hold


def test_every_kind_of_cell_keeps_its_type_and_text() -> None:
    cells = read_cells(
        row(
            '<c r="A1"><v>1.50</v></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="b"><v>1</v></c>'
            '<c r="D1" t="e"><v>#REF!</v></c><c r="E1" t="str"><f>A1&amp;"x"</f><v>1.5x</v></c>'
            '<c r="F1" t="inlineStr"><is><t>文字</t></is></c><c r="G1" t="d"><v>2024-01-31</v></c>'
            '<c r="H1" s="7"><f>A1+1</f></c><c r="I1"/><c r="J1" s="3" t="n"><v>-1E+400</v></c>'
        ),
        strings=strings_xml(plain("共享")),
    )

    assert cells == {
        "A1": RawCell("n", "1.50"),
        "B1": RawCell("s", "共享"),
        "C1": RawCell("b", "1"),
        "D1": RawCell("e", "#REF!"),
        "E1": RawCell("str", "1.5x", 'A1&"x"'),
        "F1": RawCell("inlineStr", "文字"),
        "G1": RawCell("d", "2024-01-31"),
        "H1": RawCell("n", "", "A1+1", "7"),
        "J1": RawCell("n", "-1E+400", None, "3"),
    }


def test_a_blank_value_is_no_value() -> None:
    cells = '<c r="A1"><v></v></c><c r="B1" t="s"><v/></c><c r="C1" t="str"><v></v></c>'

    assert read_cells(row(cells)) == {}


def test_a_formula_never_calculated_has_no_text() -> None:
    cells = read_cells(row('<c r="A1"><f>1+1</f><v></v></c><c r="B1"><f>2</f><v/></c>'))

    assert cells == {"A1": RawCell("n", "", "1+1"), "B1": RawCell("n", "", "2")}


def test_members_of_a_shared_formula_are_no_constants() -> None:
    cells = read_cells(
        row('<c r="A1"><f t="shared" ref="A1:A2" si="0">B1*2</f><v>2</v></c>')
        + row('<c r="A2"><f t="shared" si="0"/><v>4</v></c><c r="B2"><v>4</v></c>', 2)
    )

    assert [cells[a].formula for a in ("A1", "A2", "B2")] == ["B1*2", "", None]


def test_ranges_filled_by_one_formula_are_listed() -> None:
    sheet = read_sheet(row('<c r="A1"><f t="array" ref="A1:A9">B1:B9</f><v>2</v></c>'))

    assert sheet.array_ranges == ["A1:A9"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<t>简单</t>", "简单"),
        ('<t xml:space="preserve">  两边 </t>', "  两边 "),
        ("<t>a &amp; b &lt; &#20013;&#x6587; &quot;</t>", 'a & b < 中文 "'),
        ("<t>一\r\n二\r三</t>", "一\n二\n三"),
        ("<t>a > b</t>", "a > b"),
        ("<t>x_x000D_y_x005F_x0041_</t>", "x\ry_x0041_"),
        ("<t>_xD83D__xDE00_</t>", "😀"),
        ("<t>_xD83D_</t>", "_xD83D_"),
        ("<t/>", ""),
        ("", ""),
        ("<r><t>分</t></r><r><rPr><b/></rPr><t>段</t></r>", "分段"),
        ("<r><rPr/><t>分</t></r>\n<r><t>段</t></r>", "分段"),
        ('<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>', "東京"),
        ('<r><t>東</t></r><rPh sb="0" eb="1"><t>ト</t></rPh><r><t>京</t></r>', "東京"),
        ("<t>分<!-- 注 -->段</t>", "分段"),
        ("<t><![CDATA[<b>]]></t>", "<b>"),
    ],
)
def test_a_string_reads_the_same_wherever_it_stands(item: str, text: str) -> None:
    shared = read_cells(
        row('<c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>2</v></c>'),
        strings=strings_xml("<t>前</t>", item, "<t>后</t>"),
    )

    assert shared.get("A1", RawCell("s", "")).text == text
    assert shared["B1"].text == "后"
    if "<!" not in item:
        inline = read_cells(row(f'<c r="A1" t="inlineStr"><is>{item}</is></c>'))
        assert inline.get("A1", RawCell("s", "")).text == text


def test_cells_and_rows_without_an_address_follow_the_one_before() -> None:
    cells = read_cells(
        "<row><c><v>1</v></c><c><v>2</v></c></row>"
        '<row r="4"><c r="C4"><v>3</v></c><c><v>4</v></c></row><row><c><v>5</v></c></row>'
    )

    assert {address: cell.text for address, cell in cells.items()} == {
        "A1": "1",
        "B1": "2",
        "C4": "3",
        "D4": "4",
        "A5": "5",
    }


def test_a_cell_in_the_far_corner_costs_nothing() -> None:
    corner = row('<c r="XFD1048576"><v>1</v></c>', 1048576)

    assert list(read_cells(corner)) == ["XFD1048576"]


def test_a_false_dimension_is_not_looked_at() -> None:
    cells = row('<c r="A1"><v>1</v></c><c r="Z1"><v>2</v></c>')

    data = pack(parts_of(sheet_xml(cells, before='<dimension ref="A1"/>')))

    assert list(read_raw_workbook(data).sheets["表"].cells) == ["A1", "Z1"]


# --- other shapes of the same thing


def prefixed(xml: str) -> str:
    return re.sub(r"<(/?)(\w)", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x=")


def indented(xml: str) -> str:
    return re.sub(r"(?<=>)(?=<(?!/(?:t|v|f)>))", "\n  ", xml)


SHAPES: dict[str, Callable[[str], str]] = {
    "prefixed": prefixed,
    "indented": indented,
    "single quotes": lambda xml: xml.replace('"', "'"),
    "ISO Strict": lambda xml: xml.replace(MAIN, STRICT),
    "byte order mark": lambda xml: f"\ufeff{xml}",
    "no declaration": lambda xml: xml.removeprefix(HEAD),
    "Windows line ends": lambda xml: indented(xml).replace("\n", "\r\n"),
    "comment in front": lambda xml: xml.replace("<dimension", "<!-- <sheetData> --><dimension"),
    "type before style": lambda xml: xml.replace('s="4" t="s"', 't="s" s="4"'),
    "unknown elements": lambda xml: xml.replace(
        "</worksheet>",
        '<extLst><ext xmlns:m="urn:m"><m:row><m:c r="A1"><m:v>9</m:v></m:c></m:row></ext></extLst>'
        "</worksheet>",
    ),
    "second prefix": lambda xml: xml.replace(
        "</worksheet>", f'<extLst><ext xmlns:m="{MAIN}"><m:slicers/></ext></extLst></worksheet>'
    ),
}
USUAL = sheet_xml(
    row('<c r="A1" s="4" t="s"><v>0</v></c><c r="B1"><f>SUM(C1:D1)</f><v>5</v></c><c r="C1"/>')
    + row('<c r="B3" t="inlineStr"><is><t>文 字</t></is></c>', 3, ' hidden="1"'),
    before='<dimension ref="A1:B3"/><cols><col min="3" max="4" hidden="1"/></cols>',
    after='<sheetProtection sheet="1"/><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    '<phoneticPr fontId="1"/>',
)


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_other_shapes_of_the_same_sheet_read_the_same(change: Callable[[str], str]) -> None:
    strings = strings_xml("<t>标签</t>")
    usual = read_raw_workbook(pack(parts_of(USUAL, strings)))

    other = read_raw_workbook(pack(parts_of(change(USUAL), change(strings))))

    assert other.sheets == usual.sheets
    assert usual.sheets["表"] == RawSheet(
        "表",
        parsed=True,
        cells={
            "A1": RawCell("s", "标签", None, "4"),
            "B1": RawCell("n", "5", "SUM(C1:D1)"),
            "B3": RawCell("inlineStr", "文 字"),
        },
        protected=True,
        merges=["A1:B1"],
        hidden_rows={3},
        hidden_columns=[(3, 4)],
    )


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\x0b\x0c", categories=("L", "N", "P", "S")),
    max_size=12,
) | st.sampled_from(["_x0041_", " a ", "&amp;", "a\nb", "a\rb", "\ue000", "]]>"])


def encoded(text: str) -> str:
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ("\r", "#13")):
        text = text.replace(sign, f"&{name};")
    return text


@st.composite
def drawn_cells(draw: st.DrawFn) -> str:
    """Cells in the shapes that programs write, and now and then in a wrong one."""
    rows = ""
    for number in sorted(draw(st.sets(st.integers(1, 40), max_size=4))):
        cells = ""
        for letter in sorted(draw(st.sets(st.sampled_from("ABCDEFGH"), max_size=5))):
            style = draw(st.sampled_from(["", ' s="1"', ' s="23"', ' foo="1"']))
            text = encoded(draw(TEXTS))
            inner = draw(
                st.sampled_from(
                    [
                        "/>",
                        "></c>",
                        "><v>12</v></c>",
                        "><v>&#49;</v></c>",
                        "><f>A1&amp;B1</f><v>3</v></c>",
                        "><f>A1</f></c>",
                        '><f t="shared" si="0"/><v>3</v></c>',
                        "><f>A1</f><v/></c>",
                        ' t="s"><v>1</v></c>',
                        ' t="s"><v>01</v></c>',
                        ' t="s"><v>99</v></c>',
                        ' t="b"><v>1</v></c>',
                        f' t="str"><f>A1</f><v>{text}</v></c>',
                        f' t="inlineStr"><is><t>{text}</t></is></c>',
                        f' t="inlineStr"><is><r><t>{text}</t></r><r><t>x</t></r></is></c>',
                        ' t="inlineStr"><v>1</v></c>',
                        "><v>1</v><v>2</v></c>",
                        "/><v>1</v>",
                    ]
                )
            )
            cells += f'<c r="{letter}{number}"{style}{inner}'
        more = draw(st.sampled_from(["", ' hidden="1"', ' hidden="false"', ' ht="1"']))
        rows += f'<row r="{number}"{more}>{cells}</row>'
    return rows


@given(drawn_cells())
def test_the_quick_and_the_exact_reader_agree(cells: str) -> None:
    data = workbook_of(cells, strings=strings_xml("<t>零</t>", "<t>一</t>"))

    def outcome() -> object:
        try:
            return read_raw_workbook(data)
        except UnusableFileError as error:
            return error.reason, error.place

    quick = outcome()

    with pytest.MonkeyPatch.context() as monkeypatch:
        assert strictly(monkeypatch, outcome) == quick


# --- other programs as oracles


def built() -> bytes:
    book = Workbook(write_only=False)
    del book["Sheet"]
    for number in range(3):
        sheet = book.create_sheet(f"第{number}张")
        for line in range(1, 30):
            sheet.append([f"标签{line} <&>", line * number, line / 7, None, line % 2 == 0, " x "])
            sheet.cell(line, 8).value = f"=SUM(B{line}:C{line})"
        sheet.protection.sheet = number == 1
        sheet.merge_cells("A40:D40")
    book.worksheets[2].sheet_state = "veryHidden"
    book.worksheets[0]["K1"] = ArrayFormula("K1:K3", "=B1:B3")
    book.worksheets[0]["J1"] = date(2024, 5, 6)
    book.security = WorkbookProtection(lockStructure=True)
    book.custom_doc_props.append(  # type: ignore[attr-defined]
        StringProperty(name="stamp", value="甲&乙")
    )
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_openpyxl_finds_the_same_cells() -> None:
    data = built()
    theirs = load_workbook(BytesIO(data))

    ours = read_raw_workbook(data)

    assert list(ours.sheets) == theirs.sheetnames
    for name, sheet in ours.sheets.items():
        expected = {
            cell.coordinate: cell
            for line in theirs[name].iter_rows()
            for cell in line
            if cell.value is not None
        }
        assert set(sheet.cells) == set(expected)
        for address, cell in sheet.cells.items():
            value = expected[address].value
            if isinstance(value, ArrayFormula):
                value = value.text
            if cell.formula is not None:
                assert f"={cell.formula}".replace("==", "=") == value
            elif isinstance(value, bool):
                assert cell == RawCell("b", str(int(value)), None, cell.style)
            elif isinstance(value, int | float):
                assert float(cell.text) == value
            elif isinstance(value, str):
                assert cell.text == value
    assert ours.sheets["第0张"].array_ranges == ["K1:K3"]
    assert ours.date_addresses("第0张", ["J1", "B1", "A1", "Z9"]) == {"J1"}
    assert [sheet.protected for sheet in ours.sheets.values()] == [False, True, False]
    assert [sheet.state for sheet in ours.sheets.values()] == ["visible", "visible", "veryHidden"]
    assert ours.sheets["第0张"].merges == ["A40:D40"]
    assert ours.structure_locked
    assert ours.properties == {"stamp": "甲&乙"}
    assert ours.notes == []


def test_calamine_finds_the_same_values() -> None:
    data = built()
    theirs = CalamineWorkbook.from_filelike(BytesIO(data))

    for name, sheet in read_raw_workbook(data).sheets.items():
        rows = theirs.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for line, values in enumerate(rows, 1):
            for letter, value in zip("ABC", values[:3], strict=True):
                cell = sheet.cells.get(f"{letter}{line}")
                assert (cell is None) == (value == "")
                if cell is not None:
                    assert cell.text == value or float(cell.text) == value


# --- the workbook around the sheets


def test_only_wanted_sheets_are_parsed_but_all_are_listed() -> None:
    book = read_raw_workbook(built(), wanted=lambda name: name == "第1张")

    assert {name: sheet.parsed for name, sheet in book.sheets.items()} == {
        "第0张": False,
        "第1张": True,
        "第2张": False,
    }
    assert not book.sheets["第0张"].cells


def test_properties_of_every_type_are_text() -> None:
    flavours = properties_xml(name="某局").replace(
        "</Properties>",
        '<property fmtid="x" pid="9" name="年"><vt:i4>2024</vt:i4></property>'
        '<property fmtid="x" pid="10" name="空"><vt:lpwstr/></property></Properties>',
    )

    book = read_raw_workbook(pack(parts_of(custom=flavours)))

    assert book.properties == {"name": "某局", "年": "2024", "空": ""}


def test_dates_from_1904_are_reported() -> None:
    book = read_parts(**{WORKBOOK: workbook_xml(before='<workbookPr date1904="1"/>')})

    assert book.date1904


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("yyyy-mm-dd", True),
        ('yyyy"年"m"月"', True),
        ("[$-804]aaaa;@", False),
        ("[h]:mm", True),
        ("General", False),
        ('0.00"days"', False),
        ("[Red]0", False),
        ("#,##0_);(#,##0)", False),
        (r"0\m", False),
    ],
)
def test_a_date_is_told_by_its_number_format(code: str, is_date: bool) -> None:  # noqa: FBT001
    shown = code.replace('"', "&quot;")
    styles = (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="{shown}"/>'
        '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    data = workbook_of(row('<c r="A1" s="1"><v>45000</v></c>'), styles=styles)

    assert read_raw_workbook(data).date_addresses("表", ["A1"]) == ({"A1"} if is_date else set())


@pytest.mark.parametrize("style", ["9", "-1", "x", "１", "99999999999999999999"])
def test_a_style_that_does_not_exist_is_refused_when_asked(style: str) -> None:
    styles = f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs><xf/></cellXfs></styleSheet>'
    data = workbook_of(row(f'<c r="A1" s="{style}"><v>1</v></c>'), styles=styles)
    book = read_raw_workbook(data)

    assert reason_of(lambda: book.date_addresses("表", ["A1"])) == "sheet.style_index"


@pytest.mark.parametrize(
    ("part", "note"),
    [
        ("xl/externalLinks/externalLink1.xml", "book.external_links"),
        ("xl/connections.xml", "book.connections"),
        ("xl/embeddings/oleObject1.bin", "book.embedded_objects"),
        ("customUI/customUI.xml", "book.custom_ribbon"),
    ],
)
def test_what_is_never_used_is_noted(part: str, note: str) -> None:
    assert read_parts(**{part: "<x/>"}).notes == [note]


# --- refusals

BAD_CELLS = {
    "address with a letter too many": ("sheet.address", row('<c r="AAAA1"><v>1</v></c>')),
    "row 0": ("sheet.address", row('<c r="A0"><v>1</v></c>')),
    "small letters": ("sheet.address", row('<c r="a1"><v>1</v></c>')),
    "column beyond the grid": ("sheet.address", row('<c r="XFE1"><v>1</v></c>')),
    "row beyond the grid": ("sheet.address", row("", 1048577)),
    "row number of words": ("sheet.address", '<row r="one"/>'),
    "column beyond the grid by counting": (
        "sheet.order",
        row('<c r="XFD1"><v>1</v></c><c><v>2</v></c>'),
    ),
    "cell of another row": ("sheet.order", row('<c r="A2"><v>1</v></c>')),
    "cells reversed": ("sheet.order", row('<c r="B1"><v>1</v></c><c r="A1"><v>2</v></c>')),
    "same cell twice": ("sheet.order", row('<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>')),
    "same cell, once empty": ("sheet.order", row('<c r="A1"><v>1</v></c><c r="A1"/>')),
    "rows reversed": ("sheet.order", row("", 2) + row("", 1)),
    "same row twice": ("sheet.order", row("") + row("")),
    "negative string": ("sheet.string_index", row('<c r="A1" t="s"><v>-1</v></c>')),
    "string beyond the last": ("sheet.string_index", row('<c r="A1" t="s"><v>1</v></c>')),
    "string by full-width digit": ("sheet.string_index", row('<c r="A1" t="s"><v>０</v></c>')),
    "string by a fraction": ("sheet.string_index", row('<c r="A1" t="s"><v>0.0</v></c>')),
    "unknown type": ("sheet.cell_type", row('<c r="A1" t="x"><v>1</v></c>')),
    "two values": ("sheet.cell_value", row('<c r="A1"><v>1</v><v>2</v></c>')),
    "two formulas": ("sheet.cell_value", row('<c r="A1"><f>1</f><f>2</f></c>')),
    "value before formula": ("sheet.cell_value", row('<c r="A1"><v>1</v><f>2</f></c>')),
    "value of inline text": ("sheet.cell_value", row('<c r="A1" t="inlineStr"><v>1</v></c>')),
    "inline text of a number": (
        "sheet.cell_value",
        row('<c r="A1"><is><t>1</t></is></c>'),
    ),
    "value beside its cell": ("xml.structure", row('<c r="A1"/><v>1</v>')),
    "cell beside its row": ("xml.structure", '<row r="1"/><c r="A1"><v>1</v></c>'),
    "cell in a cell": ("xml.structure", row('<c r="A1"><c r="B1"><v>1</v></c></c>')),
    "element in a value": ("xml.structure", row('<c r="A1"><v>1<b/>2</v></c>')),
    "text between cells": ("xml.structure", row('<c r="A1"><v>1</v></c>2')),
    "comment in a value": ("xml.structure", row('<c r="A1"><v>1<!-- -->2</v></c>')),
    "second sheetData": ("xml.structure", f"{ONE}</sheetData><sheetData>"),
    "sheetData elsewhere": (
        "xml.structure",
        f"{ONE}</sheetData><extLst><sheetData/></extLst><sheetData>",
    ),
    "other namespace": ("xml.namespace", row('<c r="A1"><v xmlns="urn:x">1</v></c>')),
    "second prefix": (
        "xml.namespace",
        row(f'<m:c xmlns:m="{MAIN}" r="A1"><m:v>1</m:v></m:c>'),
    ),
    "second prefix, in disguise": (
        "xml.namespace",
        row(f'<m:c xmlns:m="&#104;{MAIN[1:]}" r="A1"/>'),
    ),
}


@pytest.mark.parametrize(("reason", "cells"), BAD_CELLS.values(), ids=BAD_CELLS)
def test_impossible_cells_are_refused(
    reason: str, cells: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = workbook_of(cells, strings=strings_xml("<t>零</t>"))

    def read() -> str:
        return reason_of(lambda: read_raw_workbook(data))

    assert read() == reason
    assert strictly(monkeypatch, read) == reason


BAD_STRINGS = {
    "string in a string": "<si><si><t>1</t></si></si>",
    "text beside its string": "<si></si><t>1</t>",
    "run beside its string": "<si><t>1</t></si><r><t>2</t></r>",
    "text in a text": "<si><t>1<t>2</t></t></si>",
    "text in the format": "<si><r><rPr><t>1</t></rPr></r></si>",
}


@pytest.mark.parametrize("items", BAD_STRINGS.values(), ids=BAD_STRINGS)
def test_impossible_strings_are_refused(items: str) -> None:
    data = workbook_of(ONE, strings=f'{HEAD}<sst xmlns="{MAIN}">{items}</sst>')

    assert reason_of(lambda: read_raw_workbook(data)) == "xml.structure"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("doctype", [LAUGHS, EXTERNAL])
@pytest.mark.parametrize(
    "part",
    [TYPES, "_rels/.rels", WORKBOOK, WORKBOOK_RELS, SHEET, STRINGS, STYLES, CUSTOM, "unused.xml"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_doctype_is_refused_in_every_part(part: str, doctype: str, encoding: str) -> None:
    styles = f'{HEAD}<styleSheet xmlns="{MAIN}"/>'
    parts = parts_of(strings=strings_xml("<t>x</t>"), styles=styles, custom=properties_xml(a="b"))
    xml = parts.get(part, f"{HEAD}<x/>".encode()).decode().removeprefix(HEAD)

    parts[part] = f"{doctype}{xml}".encode(encoding)

    assert reason_of(lambda: read_raw_workbook(pack(parts))) == "xml.dtd"


BAD_XML: dict[str, tuple[str, bytes]] = {
    "UTF-16": ("xml.encoding", sheet_xml(ONE).removeprefix(HEAD).encode("utf-16")),
    "UTF-16 without a mark": (
        "xml.encoding",
        sheet_xml(ONE).removeprefix(HEAD).encode("utf-16-le"),
    ),
    "declared GBK": ("xml.encoding", sheet_xml(ONE).replace("UTF-8", "GBK").encode()),
    "GBK in fact": ("xml.malformed", sheet_xml(row("<c><v>中文</v></c>")).encode("gbk")),
    "Latin 1 declared": ("xml.encoding", sheet_xml(ONE).replace("UTF-8", "ISO-8859-1").encode()),
    "empty": ("xml.malformed", b""),
    "cut": ("xml.malformed", sheet_xml(ONE).encode()[:-5]),
    "two roots": ("xml.malformed", sheet_xml(ONE).encode() + b"<x/>"),
    "bytes after the end": ("xml.malformed", sheet_xml(ONE).encode() + b"\0"),
    "NUL": ("xml.malformed", sheet_xml(row("<c><v>\0</v></c>")).encode()),
    "control character": ("xml.malformed", sheet_xml(row("<c><v>\x01</v></c>")).encode()),
    "reference to NUL": ("xml.malformed", sheet_xml(row("<c><v>&#0;</v></c>")).encode()),
    "reference to half a character": (
        "xml.malformed",
        sheet_xml(row("<c><v>&#xD800;</v></c>")).encode(),
    ),
    "unknown entity": ("xml.malformed", sheet_xml(row("<c><v>&nbsp;</v></c>")).encode()),
    "same attribute twice": ("xml.malformed", sheet_xml(row('<c r="A1" r="A2"/>')).encode()),
    "other root": ("xml.namespace", sheet_xml(ONE).replace("worksheet", "chartsheet").encode()),
    "no namespace": ("xml.namespace", sheet_xml(ONE).replace(f' xmlns="{MAIN}"', "").encode()),
    "unbound prefix": (
        "xml.namespace",
        sheet_xml(ONE).replace("<row", "<row a:b='&#49;' xmlns:c='&#49;'").encode(),
    ),
}


@pytest.mark.parametrize(("reason", "sheet"), BAD_XML.values(), ids=BAD_XML)
def test_xml_that_is_none_is_refused(reason: str, sheet: bytes) -> None:
    data = changed_parts({SHEET: sheet})

    assert reason_of(lambda: read_raw_workbook(data)) == reason


def override(part: str, kind: str) -> str:
    return f'<Override PartName="{part}" ContentType="{kind}"/>'


MACRO_BOOK = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
VBA = "application/vnd.ms-office.vbaProject"
TWO_SHEETS = '<sheet name="表" sheetId="1" r:id="rId1"/><sheet name="{}" sheetId="2" r:id="{}"/>'
BOOK_LINK = relationship("rId1", "worksheet", "worksheets/sheet1.xml")
BAD_BOOKS: dict[str, tuple[str, dict[str, str | bytes | None]]] = {
    "macro type": ("package.macro", {TYPES: types_xml(workbook=MACRO_BOOK)}),
    "macro project under another name": (
        "package.macro",
        {TYPES: types_xml(override("/xl/x.bin", VBA)), "xl/x.bin": b"x"},
    ),
    "orphan macro project": ("package.macro", {"xl/vbaProject.bin": b"x"}),
    "Excel 4 macro sheet": ("package.macro", {"xl/macrosheets/sheet1.xml": "<x/>"}),
    "control": ("package.embedded", {"xl/activeX/activeX1.xml": "<x/>"}),
    "program": ("package.embedded", {"xl/embeddings/x.exe": b"x"}),
    "program under another name": ("package.embedded", {"xl/embeddings/x.bin": b"MZ..."}),
    "DDE": ("package.dde", {"xl/externalLinks/externalLink1.xml": "<x><ddeLink/></x>"}),
    "binary workbook": (
        "file.is_xlsb",
        {TYPES: types_xml(workbook="application/vnd.ms-excel.sheet.binary.macroEnabled.main")},
    ),
    "template": (
        "package.type",
        {TYPES: types_xml().replace("sheet.main+xml", "template.main+xml")},
    ),
    "document": (
        "package.not_workbook",
        {
            TYPES: types_xml(
                workbook="application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            )
        },
    ),
    "no types": ("package.missing_part", {TYPES: None}),
    "wrong type of sheet": ("package.type", {TYPES: types_xml().replace("worksheet+", "styles+")}),
    "type twice": ("xml.structure", {TYPES: types_xml(override(f"/{SHEET}", "x"))}),
    "no workbook": ("package.missing_part", {WORKBOOK: None}),
    "no sheet": ("package.missing_part", {SHEET: None}),
    "no relationships": ("package.relationship", {"_rels/.rels": None}),
    "two workbooks": (
        "package.relationship",
        {
            "_rels/.rels": rels_xml(
                relationship("a", "officeDocument", WORKBOOK),
                relationship("b", "officeDocument", WORKBOOK),
            )
        },
    ),
    "relationship twice": ("package.relationship", {WORKBOOK_RELS: rels_xml(BOOK_LINK, BOOK_LINK)}),
    "sheet on the web": (
        "package.relationship",
        {
            WORKBOOK_RELS: rels_xml(
                relationship("rId1", "worksheet", "http://x/y", ' TargetMode="External"')
            )
        },
    ),
    "sheet in a file": (
        "package.relationship",
        {WORKBOOK_RELS: rels_xml(relationship("rId1", "worksheet", "file:///etc/passwd"))},
    ),
    "sheet outside": (
        "package.relationship",
        {WORKBOOK_RELS: rels_xml(relationship("rId1", "worksheet", "../../../x.xml"))},
    ),
    "sheet is another part": (
        "package.type",
        {WORKBOOK_RELS: rels_xml(relationship("rId1", "worksheet", "workbook.xml"))},
    ),
    "100,000 relationships": (
        "package.relationship",
        {
            WORKBOOK_RELS: rels_xml(
                BOOK_LINK, *(relationship(f"x{n}", "x", "x") for n in range(100_000))
            )
        },
    ),
    "no sheets": ("book.sheets", {WORKBOOK: workbook_xml("")}),
    "names alike": ("book.sheets", {WORKBOOK: workbook_xml(TWO_SHEETS.format("表", "rId1"))}),
    "one part twice": ("book.sheets", {WORKBOOK: workbook_xml(TWO_SHEETS.format("二", "rId1"))}),
    "sheet without a part": (
        "package.relationship",
        {WORKBOOK: workbook_xml(TWO_SHEETS.format("二", "rId9"))},
    ),
    "unknown state": (
        "book.sheets",
        {WORKBOOK: workbook_xml('<sheet name="表" state="gone" r:id="rId1"/>')},
    ),
    "5,000 sheets": (
        "book.sheets",
        {WORKBOOK: workbook_xml("".join(f'<sheet name="{n}" r:id="rId1"/>' for n in range(5000)))},
    ),
}


@pytest.mark.parametrize(("reason", "changed"), BAD_BOOKS.values(), ids=BAD_BOOKS)
def test_workbooks_that_are_none_are_refused(
    reason: str, changed: dict[str, str | bytes | None]
) -> None:
    data = changed_parts(changed)

    assert reason_of(lambda: read_raw_workbook(data)) == reason


def test_a_sheet_on_the_web_is_refused_even_if_nobody_wants_it() -> None:
    link = relationship("rId1", "worksheet", "http://x/y", ' TargetMode="External"')
    data = changed_parts({WORKBOOK_RELS: rels_xml(link)})

    reason = reason_of(lambda: read_raw_workbook(data, wanted=lambda _name: False))

    assert reason == "package.relationship"


def test_targets_may_be_absolute_or_relative_with_any_slash() -> None:
    for target in ("/xl/worksheets/sheet1.xml", "./worksheets/../worksheets\\sheet1.xml"):
        link = relationship("rId1", "worksheet", target)

        book = read_parts(**{WORKBOOK_RELS: rels_xml(link)})

        assert book.sheets["表"].cells["A1"].text == "1"


# --- sizes

SMALL = Limits(cells=10, ranges=2, strings=3, properties=2)
HUGE_TOKEN = f'<x a="{"y" * 30_000_000}"/>'
TOO_MUCH: dict[str, tuple[str, bytes, Limits]] = {
    "cells": (
        "sheet.cells",
        workbook_of(row("".join("<c><v>1</v></c>" for _ in range(11)))),
        SMALL,
    ),
    "cells in the usual shape": (
        "sheet.cells",
        workbook_of("".join(row(f'<c r="A{n}"><v>1</v></c>', n) for n in range(1, 13))),
        SMALL,
    ),
    "merges": (
        "sheet.ranges",
        pack(parts_of(sheet_xml(ONE, after=f"<mergeCells>{'<mergeCell/>' * 3}</mergeCells>"))),
        SMALL,
    ),
    "array formulas": (
        "sheet.ranges",
        workbook_of(row("".join(f'<c r="{a}1"><f t="array" ref="A1">1</f></c>' for a in "ABC"))),
        SMALL,
    ),
    "strings": ("xml.too_large", workbook_of(ONE, strings=strings_xml(*["<t>x</t>"] * 4)), SMALL),
    "properties": (
        "xml.structure",
        pack(parts_of(custom=properties_xml(a="1", b="2", c="3"))),
        SMALL,
    ),
    "one attribute of 30 MB": (
        "xml.too_large",
        pack(parts_of(sheet_xml(ONE, after=HUGE_TOKEN))),
        DEFAULT_LIMITS,
    ),
    "3 million elements": (
        "xml.too_large",
        pack(parts_of(sheet_xml("<row/>" * 3_000_000))),
        DEFAULT_LIMITS,
    ),
}


@pytest.mark.parametrize(("reason", "data", "limits"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_of_anything_is_refused(reason: str, data: bytes, limits: Limits) -> None:
    assert reason_of(lambda: read_raw_workbook(data, limits=limits)) == reason


HEAVY = {
    "deep nesting": sheet_xml(ONE, after="<x>" * 200_000 + "</x>" * 200_000),
    "200,000 attributes": sheet_xml(
        ONE, after="<x " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>"
    ),
    "50,000 namespaces": sheet_xml(
        ONE, after="<x " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(50_000)) + "/>"
    ),
    "a comment of 40 MB": sheet_xml(ONE, after=f"<!--{'<' * 40_000_000}-->"),
    "a million empty cells": sheet_xml(
        "".join(f'<row r="{n}">{"<c/>" * 16_384}</row>' for n in range(1, 62))
    ),
    "a million empty styled cells": sheet_xml(
        "".join(
            row("".join(f'<c r="{a}{n}" s="1"/>' for a in "ABCDEFGHIJKLMNOP"), n)
            for n in range(1, 62_500)
        )
    ),
    "as many empty elements as may be": sheet_xml("", after="<x/>" * 1_999_000),
    "a formula of 1 MB": sheet_xml(row(f'<c r="A1"><f>{"(" * 900_000}</f></c>')),
}


@pytest.mark.parametrize("sheet", HEAVY.values(), ids=HEAVY)
def test_any_shape_of_xml_is_read_or_refused_for_its_size(sheet: str) -> None:
    data = pack(parts_of(sheet))

    try:
        book = read_raw_workbook(data)
    except UnusableFileError as error:
        assert error.reason == "xml.too_large"  # noqa: PT017
    else:
        assert [found.parsed for found in book.sheets.values()] == [True]


# --- corruption


@pytest.mark.parametrize("method", ["quick", "exact"])
def test_no_flipped_byte_changes_a_value(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if method == "exact":
        monkeypatch.setattr(sheet_cells, "find_cells", lambda _data: None)
    whole = workbook_of(
        row('<c r="A1" t="s"><v>0</v></c><c r="B1"><v>31</v></c><c r="C1"><f>B1</f><v>31</v></c>'),
        strings=strings_xml("<t>标签</t>"),
        custom=properties_xml(stamp="x"),
    )
    right = read_raw_workbook(whole)
    survived = 0

    for position in range(len(whole)):
        data = bytearray(whole)
        data[position] ^= 1 << (position % 8)
        try:
            found = read_raw_workbook(bytes(data))
        except UnusableFileError:
            continue
        survived += 1
        assert found == right

    assert survived < len(whole) // 4


def test_no_truncated_workbook_is_read() -> None:
    whole = workbook_of(ONE)

    for length in range(len(whole)):
        assert reason_of(lambda data=whole[:length]: read_raw_workbook(data))  # type: ignore[misc]


@given(st.data())
def test_xml_of_any_kind_is_read_or_refused_in_words(data: st.DataObject) -> None:
    xml = USUAL.encode()
    start = data.draw(st.integers(0, len(xml)))
    end = data.draw(st.integers(start, min(len(xml), start + 20)))
    noise = data.draw(st.sampled_from([b"", b"<", b">", b"<c>", b"</c>", b"<v>1</v>", b"&", b'"']))

    try:
        read_raw_workbook(
            changed_parts({SHEET: xml[:start] + noise + xml[end:]}, strings=strings_xml("<t/>"))
        )
    except UnusableFileError as error:
        assert error.reason.startswith(("xml.", "sheet."))  # noqa: PT017
