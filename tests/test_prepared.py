"""A prepared workbook is filled by patching, and every reader reads what was put in."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
import zipfile
import zlib
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font, Protection
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import CalamineWorkbook

from xlsx_tools.errors import IllegalTextError
from xlsx_tools.excel.prepared import (
    Blank,
    Cached,
    Content,
    Number,
    PreparedWorkbook,
    TailRow,
    Text,
)
from xlsx_tools.excel.zip_writer import Member, deflate, read_members, write_zip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OFFICE = shutil.which("soffice") or ""
SHEET = "二、主动公开"
NOTES = "校验 & <说明>"
CUSTOM = "docProps/custom.xml"
CUSTOM_TOKENS = {"{{organisation}}", "{{code}}"}
SLOTS = ["A1", "B1", "C1", "D1", "E1", "B2", "AA1"]
# What XML 1.0 calls no character.
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INJECTIONS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    " =1",
    "'=1",
    "{=1}",
    '=HYPERLINK("http://x")',
    "=cmd|'/C calc'!A0",
    "1e5",
    "TRUE",
    "#REF!",
]


def make_template() -> bytes:
    """A small workbook: inputs, a locked cell, a formula, a note, a validation and a tail."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = SHEET
    for address in ("B1", "C1", "AA1", "B2"):
        sheet[address].protection = Protection(locked=False)
    sheet["A1"], sheet["D1"], sheet["E1"] = "标签", "=B1+C1", True
    sheet["A2"].font = Font(bold=True)
    sheet["A2"].comment = Comment("口径", "nianbao")
    validation = DataValidation("whole", "greaterThanOrEqual", "0")
    validation.prompt = "{{organisation}}，{{organisation}}"
    validation.add("B1:C1")
    sheet.add_data_validation(validation)
    sheet.protection.sheet = True
    notes = workbook.create_sheet(NOTES)
    notes["A1"] = "{{organisation}}的问题"
    for row in (3, 4):
        notes.row_dimensions[row].height = 40
        notes.cell(row, 1, f"第 {row} 行").font = Font(bold=True)
        notes.cell(row, 3).font = Font(italic=True)
    workbook.create_sheet("空")["A1"] = "不变"
    for token in sorted(CUSTOM_TOKENS):
        workbook.custom_doc_props.append(  # type: ignore[attr-defined]  # not in the stubs
            StringProperty(name=token[2:-2], value=token)
        )
    saved = BytesIO()
    workbook.save(saved)
    return saved.getvalue()


TEMPLATE = make_template()
PREPARED = PreparedWorkbook.prepare(TEMPLATE, slots={SHEET: SLOTS}, tails={NOTES: 3})


def fill_cell(content: Content, address: str = "B1") -> bytes:
    return PREPARED.fill({SHEET: {address: content}})


def read_cell(data: bytes, address: str, *, data_only: bool = False) -> object:
    value: object = load_workbook(BytesIO(data), data_only=data_only)[SHEET][address].value
    return value


def read_with_calamine(data: bytes, sheet: str = SHEET) -> list[list[object]]:
    workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    return [list(row) for row in workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)]


def parts_of(data: bytes) -> dict[str, Member]:
    return {name: member for name, (member, _) in read_members(data).items()}


def xml_of(data: bytes, part: str) -> str:
    return zipfile.ZipFile(BytesIO(data)).read(part).decode()


# cells


@pytest.mark.parametrize("text", ["0", "-3", "59237.2449", "999999999", "1E+5"])
def test_a_number_is_written_digit_by_digit(text: str) -> None:
    data = fill_cell(Number(text))

    assert f"<v>{text}</v>" in xml_of(data, "xl/worksheets/sheet1.xml")
    assert read_cell(data, "B1") == float(text)
    assert read_with_calamine(data)[0][1] == float(text)


@pytest.mark.parametrize("text", ["", "１２", "1,000", "NaN", "inf", "1 ", "=1", "0x1", "²"])
def test_what_is_no_number_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="B1"):
        fill_cell(Number(text))


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("address", ["B1", "A1", "D1", "E1"])
def test_a_text_is_a_text_whatever_it_starts_with(text: str, address: str) -> None:
    data = fill_cell(Text(text), address)

    cell = load_workbook(BytesIO(data))[SHEET][address]
    assert (cell.value, cell.data_type) == (text, "s")
    assert "<f>" not in xml_of(data, "xl/worksheets/sheet1.xml") or address != "D1"


def test_a_blank_empties_the_cell_and_keeps_its_style() -> None:
    data = fill_cell(Blank(), "A1")

    assert read_cell(data, "A1") is None
    assert read_with_calamine(data)[0][0] == ""


@given(st.text(st.characters(), max_size=80))
@example("_x0041_")
@example("_x005F_x0041_")
@example("__x000D__xFFFF_")
@example("a\r\nb\rc\n\td ")
@example("]]>&amp;\x85\u2028\x7f")
@example("\ud800")
@example("\x00")
@example("\ufffe")
@example("\U0001f600")
def test_any_text_is_read_back_as_it_was_or_refused(text: str) -> None:
    try:
        data = fill_cell(Text(text))
    except IllegalTextError:
        assert ILLEGAL.search(text)
        return

    assert not ILLEGAL.search(text)
    # openpyxl leaves the escapes of inline texts to its caller.
    assert unescape(str(read_cell(data, "B1") or "")) == text
    assert read_with_calamine(data)[0][1] == text


@given(st.text(st.characters(), max_size=80))
@example("_x0041_ ")
@example(" ")
@example("a\r\nb")
def test_any_cached_text_is_read_back_as_it_was_or_refused(text: str) -> None:
    try:
        data = fill_cell(Cached(text), "D1")
    except IllegalTextError:
        assert ILLEGAL.search(text)
        return

    assert unescape(str(read_cell(data, "D1", data_only=True) or "")) == text
    assert read_cell(data, "D1") == "=B1+C1"


@pytest.mark.parametrize("character", [*"\x00\x08\x0b\x0c\x1f\ud800\udfff\ufffe\uffff"])
def test_a_text_that_xml_cannot_hold_is_refused_with_its_place_and_character(
    character: str,
) -> None:
    with pytest.raises(IllegalTextError) as caught:
        fill_cell(Text(f"甲{character}"))

    assert caught.value.place == f"{SHEET}!B1"
    assert f"第 2 个字符（U+{ord(character):04X}）" in caught.value.why


@pytest.mark.parametrize("text", ["x" * 32_767, "😀" * 16_383 + "x"])
def test_the_longest_text_is_32767_utf16_units(text: str) -> None:
    assert read_cell(fill_cell(Text(text)), "B1") == text
    with pytest.raises(IllegalTextError, match="32,768"):
        fill_cell(Text(text + "x"))


@pytest.mark.parametrize(
    ("result", "read"),
    [
        (Cached("✗ 差 −1"), "✗ 差 −1"),
        (Cached(result=True), True),
        (Cached(result=False), False),
        (Cached(12), 12),
        (Cached(Decimal("59237.2449")), 59237.2449),
        (Cached(Decimal("1E+3")), 1000),
        (Cached(None), None),
        (Cached(""), None),
        (Cached("=1+1"), "=1+1"),
    ],
)
def test_a_cached_result_leaves_the_formula(result: Cached, read: object) -> None:
    data = fill_cell(result, "D1")

    cached = read_cell(data, "D1", data_only=True)
    assert (cached, type(cached)) == (read, type(read))
    assert read_cell(data, "D1") == "=B1+C1"


def test_a_cached_empty_text_is_a_text_and_not_a_missing_result() -> None:
    data = fill_cell(Cached(None), "D1")

    assert '<c r="D1" t="str"><f>B1+C1</f><v></v></c>' in xml_of(data, "xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("result", [" ", "甲 ", "\n甲"])
def test_blanks_around_a_cached_text_are_marked_as_meant(result: str) -> None:
    data = fill_cell(Cached(result), "D1")

    written = f'<v xml:space="preserve">{result}</v>'
    assert written in xml_of(data, "xl/worksheets/sheet1.xml")


def test_a_cached_result_needs_a_formula() -> None:
    with pytest.raises(ValueError, match="B1"):
        fill_cell(Cached(1))


@pytest.mark.parametrize("result", ["NaN", "Infinity"])
def test_a_cached_result_is_finite(result: str) -> None:
    with pytest.raises(ValueError, match="D1"):
        fill_cell(Cached(Decimal(result)), "D1")


@pytest.mark.parametrize("content", [Number("7"), Text("七"), Blank()])
def test_a_cell_keeps_its_style_unless_told_whose_to_take(content: Content) -> None:
    kept = load_workbook(BytesIO(fill_cell(content)))[SHEET]["B1"]
    locked = replace(content, style_of="A2")
    taken = load_workbook(BytesIO(fill_cell(locked)))[SHEET]["B1"]

    assert not kept.protection.locked
    assert taken.protection.locked
    assert taken.font.bold


def test_a_style_is_taken_with_a_cached_result_too() -> None:
    data = fill_cell(Cached(3, style_of="A2"), "D1")

    assert load_workbook(BytesIO(data))[SHEET]["D1"].font.bold
    assert read_cell(data, "D1", data_only=True) == 3


def test_the_style_of_a_cell_without_style_is_none() -> None:
    taken = load_workbook(BytesIO(fill_cell(Text("甲", style_of="A1"))))[SHEET]["B1"]

    assert taken.protection.locked
    assert taken.style_id == 0


def test_the_style_of_no_cell_is_a_bug() -> None:
    with pytest.raises(ValueError, match="Z99"):
        fill_cell(Number("1", style_of="Z99"))


# what stays


def test_what_is_not_filled_stays_as_in_the_template() -> None:
    data = fill_cell(Number("5"))

    before, after = parts_of(TEMPLATE), parts_of(data)
    assert list(before) == list(after)
    assert [name for name in before if before[name] != after[name]] == ["xl/worksheets/sheet1.xml"]
    old, new = (xml_of(of, "xl/worksheets/sheet1.xml") for of in (TEMPLATE, data))
    old = re.sub(r"&#(\d+);", lambda found: chr(int(found.group(1))), old)
    assert new.replace("<v>5</v>", "") == old.replace('<c r="B1" s="1" t="n">', '<c r="B1" s="1">')


@pytest.mark.parametrize("cells", [{}, {SHEET: {}}])
def test_filling_nothing_changes_no_part(cells: dict[str, dict[str, Content]]) -> None:
    assert parts_of(PREPARED.fill(cells)) == parts_of(TEMPLATE)


def test_the_same_input_gives_the_same_bytes() -> None:
    contents: dict[str, Content] = {"B1": Number("1"), "A1": Text("甲"), "D1": Cached(1)}
    again = pickle.loads(pickle.dumps(PREPARED))  # noqa: S301 - as a worker process gets it

    first = PREPARED.fill({SHEET: contents})
    second = again.fill({SHEET: dict(reversed(contents.items()))})

    assert first == second


def test_a_filled_workbook_can_be_prepared_again() -> None:
    filled = PREPARED.fill({SHEET: {"B1": Text("<甲>"), "D1": Cached("✓")}})

    data = PreparedWorkbook.prepare(filled, slots={SHEET: ["B1"]}).fill({SHEET: {"B1": Blank()}})

    assert read_cell(data, "B1") is None
    assert read_cell(data, "D1", data_only=True) == "✓"


def test_notes_validations_and_protection_survive() -> None:
    sheet = load_workbook(BytesIO(fill_cell(Number("5"))))[SHEET]

    assert sheet["A2"].comment.text == "口径"
    assert str(sheet.data_validations.dataValidation[0].sqref) == "B1:C1"
    assert sheet.protection.sheet


def test_the_zip_is_sound() -> None:
    data = fill_cell(Text("甲" * 1000))

    package = zipfile.ZipFile(BytesIO(data))
    assert package.testzip() is None
    for info in package.infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert info.flag_bits == 0


def test_a_zip_marks_names_that_are_not_ascii() -> None:
    members = [deflate("甲.xml", b"<a/>" * 99, 3), Member("b", 0, zlib.crc32(b"b"), 1, b"b")]

    package = zipfile.ZipFile(BytesIO(write_zip(members)))

    assert package.namelist() == ["甲.xml", "b"]
    assert (package.read("甲.xml"), package.read("b")) == (b"<a/>" * 99, b"b")


# what must be prepared


@pytest.mark.parametrize(
    ("slots", "tails", "placeholders", "named"),
    [
        ({"没有": ["A1"]}, {}, {}, "没有"),
        ({SHEET: ["B1", "Z9"]}, {}, {}, "Z9"),
        ({}, {"没有": 3}, {}, "没有"),
        ({}, {NOTES: 2}, {}, "row 2"),
        ({NOTES: ["A3"]}, {NOTES: 3}, {}, "A3"),
        ({}, {}, {"docProps/none.xml": ["x"]}, "none.xml"),
        ({}, {}, {CUSTOM: ["{{year}}"]}, "year"),
        ({}, {}, {CUSTOM: [""]}, "custom"),
    ],
)
def test_what_the_workbook_lacks_cannot_be_prepared(
    slots: dict[str, list[str]],
    tails: dict[str, int],
    placeholders: dict[str, list[str]],
    named: str,
) -> None:
    with pytest.raises(ValueError, match=named):
        PreparedWorkbook.prepare(TEMPLATE, slots=slots, tails=tails, placeholders=placeholders)


@pytest.mark.parametrize(
    "fill",
    [
        lambda: PREPARED.fill({"没有": {"A1": Blank()}}),
        lambda: PREPARED.fill({SHEET: {"A2": Blank()}}),
        lambda: PREPARED.fill({}, tails={SHEET: []}),
        lambda: PREPARED.fill({}, tails={"空": []}),
        lambda: PREPARED.fill({}, placeholders={CUSTOM: {"{{code}}": ""}}),
    ],
)
def test_what_was_not_prepared_cannot_be_filled(fill: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError, match="not prepared"):
        fill()


def test_the_other_spelling_of_openpyxl_is_understood() -> None:
    """Without lxml, openpyxl writes ``<c />`` and ``<v />``."""
    members = [
        deflate(name, re.sub(rb"(<(c|v)[^>]*)></\2>", rb"\1 />", content), 6)
        if "worksheets" in name
        else member
        for name, (member, content) in read_members(TEMPLATE).items()
    ]
    spelled = write_zip(members)
    assert " />" in xml_of(spelled, "xl/worksheets/sheet1.xml")

    prepared = PreparedWorkbook.prepare(spelled, slots={SHEET: SLOTS}, tails={NOTES: 3})
    contents: dict[str, Content] = {"B1": Number("1"), "D1": Cached(1), "AA1": Text("末")}

    assert read_with_calamine(prepared.fill({SHEET: contents})) == read_with_calamine(
        PREPARED.fill({SHEET: contents})
    )


# tails


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_a_tail_has_as_many_rows_as_given(count: int) -> None:
    rows = [TailRow({"A": Text(f"问题 {n}"), "B": Number(str(n))}) for n in range(count)]

    data = PREPARED.fill({}, tails={NOTES: rows})

    sheet = load_workbook(BytesIO(data))[NOTES]
    assert [sheet.cell(3 + n, 1).value for n in range(count)] == [f"问题 {n}" for n in range(count)]
    assert sheet.max_row == max(count + 2, 1) if count else sheet["A3"].value is None
    assert len(read_with_calamine(data, NOTES)) == (count + 2 if count else 1)


def test_a_tail_is_seen_by_readers_that_trust_the_dimension() -> None:
    rows = [TailRow({"A": Text("甲"), "AB": Number("1")})] * 9

    data = PREPARED.fill({}, tails={NOTES: rows})

    sheet = load_workbook(BytesIO(data), read_only=True)[NOTES]
    assert sheet.calculate_dimension() == "A1:AB11"
    assert len([row for row in sheet.iter_rows(min_row=3) if row[27].value == 1]) == 9


def test_a_tail_row_takes_its_styles_from_the_first_of_the_template() -> None:
    rows = [TailRow({"A": Text("甲"), "B": Text("乙", style_of="C4")})] * 3

    sheet = load_workbook(BytesIO(PREPARED.fill({}, tails={NOTES: rows})))[NOTES]

    assert all(sheet.cell(row, 1).font.bold for row in (3, 4, 5))
    assert all(sheet.cell(row, 2).font.italic for row in (3, 4, 5))
    assert all(sheet.cell(row, 3).font.italic for row in (3, 4, 5))


def test_the_cells_of_a_tail_row_are_in_the_order_of_the_columns() -> None:
    rows = [TailRow({"AA": Number("1"), "B": Number("2"), "A": Number("3")})]

    xml = xml_of(PREPARED.fill({}, tails={NOTES: rows}), "xl/worksheets/sheet2.xml")

    assert re.findall('r="([A-Z]+)3"', xml) == ["A", "B", "C", "AA"]


def test_the_height_of_a_tail_row_may_be_refitted() -> None:
    data = PREPARED.fill({}, tails={NOTES: [TailRow({}, height=33.5), TailRow({})]})

    xml = xml_of(data, "xl/worksheets/sheet2.xml")
    assert '<row r="3" ht="33.5">' in xml
    assert '<row r="4">' in xml
    assert "customHeight" not in xml


def test_a_tail_not_given_stays() -> None:
    assert read_with_calamine(fill_cell(Blank()), NOTES)[2][0] == "第 3 行"


def test_a_tail_text_that_is_illegal_is_refused_with_its_place() -> None:
    with pytest.raises(IllegalTextError) as caught:
        PREPARED.fill({}, tails={NOTES: [TailRow({}), TailRow({"B": Text("\x07")})]})

    assert caught.value.place == f"{NOTES}!B4"


def test_a_tail_has_no_formula_to_keep() -> None:
    with pytest.raises(ValueError, match="A3"):
        PREPARED.fill({}, tails={NOTES: [TailRow({"A": Cached(1)})]})


# placeholders


@pytest.mark.parametrize(
    "name", ["甲 & 乙 <\"丙'> ]]>", "=1+1", "{{code}}", "两\n行\t\r", "_x0041_"]
)
def test_a_placeholder_is_replaced_wherever_it_stands(name: str) -> None:
    prepared = PreparedWorkbook.prepare(
        TEMPLATE,
        slots={NOTES: ["A3"]},
        placeholders={CUSTOM: CUSTOM_TOKENS, "xl/worksheets/sheet2.xml": ["{{organisation}}"]},
    )

    data = prepared.fill(
        {NOTES: {"A3": Number("1")}},
        placeholders={
            CUSTOM: {"{{organisation}}": name, "{{code}}": "001"},
            "xl/worksheets/sheet2.xml": {"{{organisation}}": name},
        },
    )

    workbook = load_workbook(BytesIO(data))
    properties = workbook.custom_doc_props.props  # type: ignore[attr-defined]  # not in the stubs
    values = {prop.name: prop.value for prop in properties}
    assert values == {"organisation": name, "code": "001"}
    assert workbook[NOTES]["A1"].value == f"{name}的问题"
    assert workbook[NOTES]["A3"].value == 1


def test_a_placeholder_may_stand_in_an_attribute_and_more_than_once() -> None:
    part, name = "xl/worksheets/sheet1.xml", '"甲"\n\t<&>'
    prepared = PreparedWorkbook.prepare(
        TEMPLATE, slots={}, placeholders={part: ["{{organisation}}"]}
    )

    data = prepared.fill({}, placeholders={part: {"{{organisation}}": name}})

    (validation,) = load_workbook(BytesIO(data))[SHEET].data_validations.dataValidation
    assert validation.prompt == f"{name}，{name}"


def test_every_placeholder_must_be_given() -> None:
    prepared = PreparedWorkbook.prepare(TEMPLATE, slots={}, placeholders={CUSTOM: CUSTOM_TOKENS})

    with pytest.raises(ValueError, match="code"):
        prepared.fill({}, placeholders={CUSTOM: {"{{organisation}}": "甲"}})
    with pytest.raises(ValueError, match="organisation"):
        prepared.fill({})


def test_an_illegal_placeholder_is_refused_with_its_place() -> None:
    prepared = PreparedWorkbook.prepare(TEMPLATE, slots={}, placeholders={CUSTOM: ["{{code}}"]})

    with pytest.raises(IllegalTextError, match="U\\+0007"):
        prepared.fill({}, placeholders={CUSTOM: {"{{code}}": "\x07"}})


# other programs


@pytest.mark.skipif(not OFFICE, reason="needs LibreOffice")
def test_libreoffice_reads_what_was_put_in(tmp_path: Path) -> None:
    texts = dict(zip(["A1", "B2", "AA1"], ["=1+1", "a_x0041_ & <b>", "末"], strict=True))
    contents: dict[str, Content] = {address: Text(text) for address, text in texts.items()}
    contents |= {"B1": Number("40"), "C1": Number("2"), "D1": Cached(42)}
    path = tmp_path / "filled.xlsx"
    path.write_bytes(
        PREPARED.fill({SHEET: contents}, tails={NOTES: [TailRow({"A": Text("问")})] * 5})
    )

    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [OFFICE, "--headless", profile, "--convert-to", "xlsx", "--outdir", tmp_path / "out", path],
        check=True,
        capture_output=True,
        timeout=120,
    )

    saved = (tmp_path / "out" / "filled.xlsx").read_bytes()
    cells = read_with_calamine(saved)
    assert (cells[0][0], cells[1][1], cells[0][26]) == tuple(texts.values())
    assert cells[0][1:4] == [40, 2, 42]
    assert [row[0] for row in read_with_calamine(saved, NOTES)[2:]] == ["问"] * 5


def test_pandas_reads_what_was_put_in() -> None:
    pandas = pytest.importorskip("pandas")

    data = PREPARED.fill({SHEET: {"B1": Number("40"), "A1": Text("=1"), "D1": Cached(42)}})

    frame = pandas.read_excel(BytesIO(data), sheet_name=SHEET, header=None, engine="openpyxl")
    assert frame.iloc[0, :4].tolist()[:2] == ["=1", 40]
    assert frame.iloc[0, 3] == 42
