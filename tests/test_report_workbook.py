"""The coordinator's summary workbook: exact sums, and nothing in it that is alive."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from tests.support.batches import (
    FORM,
    INJECTIONS,
    REASON,
    batch_of_each_kind,
    batch_of_injections,
    results_of_each_kind,
)
from tests.support.builders import filing_of
from tests.support.office import edit_sheets, recalculate
from xlsx_tools.batch import Batch
from xlsx_tools.report import REPORTERS
from xlsx_tools.report.cell_text import LONGEST, cell_text
from xlsx_tools.report.workbook import render_summary_workbook
from xlsx_tools.template.render import render_filing

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[object, ...]


@pytest.fixture(scope="module")
def book() -> Workbook:
    return open_book(b"".join(REPORTERS["xlsx"](batch_of_each_kind())))


def open_book(data: bytes) -> Workbook:
    return load_workbook(BytesIO(data))


def rows_of(book: Workbook, sheet: str) -> list[Row]:
    return [tuple(row) for row in book[sheet].iter_rows(values_only=True)]


def records(book: Workbook, sheet: str) -> list[dict[str, object]]:
    heading, *rows = rows_of(book, sheet)
    return [dict(zip(map(str, heading), row, strict=True)) for row in rows]


def block(book: Workbook, heading: str) -> dict[object, Row]:
    """The rows of 概况 under a heading, until the next empty row."""
    rows = rows_of(book, "概况")
    start = next(number for number, row in enumerate(rows) if row[0] == heading)
    found = {}
    for row in rows[start + 1 :]:
        if row[0] is None:
            break
        found[row[0]] = row[1:]
    return found


def test_the_sheets_stand_in_the_order_of_reading(book: Workbook) -> None:
    assert book.sheetnames == [
        "概况", "单位×表", "按单位", "按规则",
        "问题清单", "说明附表", "名册对账", "无法读取和未读取",
    ]  # fmt: skip


def test_without_a_roster_there_is_no_sheet_of_it() -> None:
    book = open_book(b"".join(render_summary_workbook(Batch(results_of_each_kind()))))

    assert "名册对账" not in book.sheetnames
    assert {row["名册状态"] for row in records(book, "单位×表")} == {None}


def test_the_first_sheet_has_the_sums(book: Workbook) -> None:
    statuses, standings = block(book, "状态"), block(book, "名册状态")
    severities, states = block(book, "问题级别"), block(book, "校验结论")

    assert {word: row[0] for word, row in statuses.items()} == {
        "通过": 2, "通过（附说明）": 1, "未通过": 4, "尚未填写": 0, "无法读取": 1,
        "合计": 8, "其中可以汇总": 2,
    }  # fmt: skip
    assert {word: row[0] for word, row in standings.items()} == {
        "未报": 1, "已报未通过": 4, "通过": 2, "零报告": 0, "重复": 1,
        "名册合计": 8, "名册之外（份）": 1,
    }  # fmt: skip
    assert {word: row[:2] for word, row in severities.items()} == {
        "强制性": (7, 0), "准强制性": (0, 0), "核实性": (2, 1), "提示性": (0, 0),
        "合计": (9, 1), "另有连带影响": (2, None),
    }  # fmt: skip
    assert states["规则出错"][0] == 0
    assert states["不成立"][0] == 7


def test_the_first_sheet_says_what_is_right(book: Workbook) -> None:
    words = [row[0] for row in rows_of(book, "概况")[:3]]
    parts = block(book, "部分（份数）")

    assert str(words[1]).startswith("共 8 份填报：通过 2 份，通过（附说明） 1 份，未通过 4 份")
    assert "可以汇总 2 份。另有 2 个文件不是填报，没有读取。名册 8 个单位" in str(words[1])
    assert words[2] == "没有问题的：表二 4 份，表三 5 份，表四 7 份，文字 6 份，其他 5 份。"
    assert parts["表二"] == (4, 0, 0, 1, 2, 2)
    assert parts["表三"] == (5, 0, 0, 0, 2, 2)
    assert parts["文字"] == (6, 0, 0, 0, 1, 3)


def test_the_matrix_has_a_row_for_each_file_and_a_column_for_each_table(book: Workbook) -> None:
    rows = records(book, "单位×表")

    assert [row["单位"] for row in rows] == [f"{name}局" for name in "甲乙丙丁戊己庚辛"]
    tables = [[row[name] for name in ("表二", "表三", "表四", "文字", "其他")] for row in rows]
    assert tables == [
        ["无问题", "无问题", "无问题", "无问题", "无问题"],
        ["无问题", "1 处", "无问题", "无问题", "无问题"],
        ["1 处", "1 处", "无问题", "无问题", "无问题"],
        ["已说明 1 处", "无问题", "无问题", "无问题", "无问题"],
        ["无问题", "无问题", "无问题", "3 处", "无问题"],
        ["1 处", "无问题", "无问题", "无问题", "1 处"],
        ["无问题", "无问题", "无问题", "无问题", "1 处"],
        ["—", "—", "—", "—", "—"],
    ]
    assert [row["可以汇总"] for row in rows] == ["是", "否", "否", "是", "否", "否", "否", "否"]
    assert [row["名册状态"] for row in rows][5:] == ["名册之外", "重复", "已报未通过"]
    assert rows[3]["状态"] == "通过（附说明）"
    assert (rows[0]["年度"], rows[0]["口径"], rows[7]["年度"]) == (2021, "本机关", None)


def test_colours_stand_beside_the_words(book: Workbook) -> None:
    sheet = book["单位×表"]
    fills = {sheet.cell(row, 5).value: sheet.cell(row, 5).fill.start_color.rgb for row in (2, 3, 9)}

    assert set(fills) == {"通过", "未通过", "无法读取"}
    assert len(set(fills.values())) == 3


def test_by_unit_counts_each_severity_and_names_what_matters(book: Workbook) -> None:
    rows = {row["单位"]: row for row in records(book, "按单位")}

    severities = ("强制性", "准强制性", "核实性", "提示性", "已说明", "连带")
    assert [rows["丙局"][word] for word in severities] == [1, 0, 1, 0, 0, 1]
    assert [rows["丁局"][word] for word in severities] == [0, 0, 0, 0, 1, 0]
    assert rows["乙局"]["校验不成立"] == 2
    assert rows["辛局"]["校验成立"] is None
    assert str(rows["丙局"]["主要问题"]).count("不成立：") == 2
    assert rows["甲局"]["主要问题"] is None


def test_by_rule_leads_with_the_rule_of_the_most_files(book: Workbook) -> None:
    rows = records(book, "按规则")

    assert [(row["规则"], row["涉及份数"], row["问题处数"], row["已说明"]) for row in rows] == [
        ("requests-balance", 2, 2, 0),
        ("regulations-power", 2, 2, 1),
        ("batch.conflict", 1, 1, 0),
        ("file.encrypted", 1, 1, 0),
        ("narrative-filled", 1, 3, 0),
        ("fees-within-charges", 1, 1, 0),
    ]
    assert [row["名称"] for row in rows][:4] == [
        "收办平衡", "规章制定权", "同一单位有几份填报", "文件无法使用（file.encrypted）",
    ]  # fmt: skip
    assert rows[0]["前 10 份"] == "乙局、丙局"
    assert (rows[4]["不成立"], rows[4]["无法判断"], rows[4]["规则出错"]) == (0, 3, 0)


def test_every_leading_finding_has_a_row_with_its_live_figures(book: Workbook) -> None:
    rows = records(book, "问题清单")

    assert len(rows) == 10
    first = rows[0]
    assert (first["左边"], first["右边"], first["差额"]) == (11, 12, -1)
    assert str(first["位置"]).startswith("三、依申请公开!D6“")
    assert str(first["现场数据"]).startswith("三、依申请公开!D6“")
    assert "＝9\nD7“" in str(first["现场数据"])
    assert (first["级别"], first["状态"], first["连带"]) == ("强制性", "不成立", 1)
    assert str(first["处理"]).startswith("请核对")
    digests = {row["单位"]: row["数据指纹"] for row in rows if row["数据指纹"]}
    assert digests.keys() == {"丙局", "丁局", "己局"}
    assert all(re.fullmatch("[a-p]{8}", str(digest)) for digest in digests.values())
    money = next(row for row in rows if row["单位"] == "己局")
    assert Decimal(str(money["差额"])) == Decimal("58237.245")
    assert money["部分"] == "其他、表二"
    explained = next(row for row in rows if row["说明"])
    assert (explained["状态"], explained["处理"]) == ("不成立，已说明", None)


def test_accepted_reasons_are_annexed(book: Workbook) -> None:
    (row,) = records(book, "说明附表")

    assert (row["单位"], row["名称"], row["说明"]) == ("丁局", "规章制定权", REASON)


def test_the_roster_is_reconciled_line_by_line(book: Workbook) -> None:
    rows = records(book, "名册对账")

    assert len(rows) == 9
    missing = next(row for row in rows if row["名册状态"] == "未报")
    assert (missing["单位"], missing["情况"], missing["联系人"]) == ("壬局", "没有收到", "张某")
    assert missing["可能的文件"] == "报送/己局.xlsx"
    assert (rows[8]["名册状态"], rows[8]["情况"]) == ("名册之外", "是否为壬局？")


def test_files_without_a_result_are_listed_with_the_reason(book: Workbook) -> None:
    rows = records(book, "无法读取和未读取")

    assert [(row["文件"], row["类别"], row["编号"]) for row in rows] == [
        ("报送/辛局.xlsx", "无法读取", "file.encrypted"),
        ("~$甲局.xlsx", "未读取", None),
        ("通知.docx", "未读取", None),
    ]
    assert str(rows[0]["原因和处理"]).startswith("文件设置了打开密码")


def test_tables_can_be_filtered_scrolled_and_printed(book: Workbook) -> None:
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.print_title_rows == "$1:$1"


def test_no_text_from_outside_is_ever_a_formula() -> None:
    data = b"".join(render_summary_workbook(batch_of_injections()))

    book = open_book(data)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [cell for cell in cells if cell.data_type not in ("s", "n")]
    assert all(cell.quotePrefix for cell in cells if cell.data_type == "s")
    names = [row["单位"] for row in records(book, "单位×表")][::2]
    assert names == [cell_text(text.strip()) for text in INJECTIONS]
    edit_sheets(data, _refuse_formula)
    assert not any("external" in name for name in ZipFile(BytesIO(data)).namelist())


@pytest.mark.office
def test_libreoffice_sees_the_same_texts_and_no_formula(tmp_path: Path) -> None:
    data = b"".join(render_summary_workbook(batch_of_injections()))

    book = open_book(recalculate({"汇总": data}, tmp_path)["汇总"])

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [cell for cell in cells if cell.data_type not in ("s", "n")]
    names = [row["单位"] for row in records(book, "单位×表")][::2]
    assert names == [cell_text(text.strip()).replace("_x005F_", "_") for text in INJECTIONS]


def _refuse_formula(_part: str, xml: str) -> str:
    assert "<f>" not in xml
    return xml


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\t=1", "\\u0009=1"),
        ("\x1b[2J", "\\u001b[2J"),
        ("\u202e局", "\\u202e局"),
        ("甲\ufffe", "甲\\ufffe"),
        ("甲\ud800", "甲\\ud800"),
        ("甲\n乙", "甲\n乙"),
        ("_x202E_", "_x005F_x202E_"),
        ("某局", "某局"),
    ],
)
def test_what_a_cell_cannot_show_is_spelt_out(text: str, shown: str) -> None:
    assert cell_text(text) == shown


@pytest.mark.parametrize("text", ["长" * 40_000, "\U00020000" * 20_000, "_x0041_" * 5_000])
def test_a_text_too_long_for_a_cell_is_cut_and_says_so(text: str) -> None:
    shown = cell_text(text)

    assert len(shown.encode("utf-16-le")) // 2 <= LONGEST
    assert shown.endswith("…（文字过长，此处截断）")


def test_the_same_batch_gives_the_same_bytes() -> None:
    first, second = (b"".join(render_summary_workbook(batch_of_each_kind())) for _ in range(2))

    assert first == second
    with ZipFile(BytesIO(first)) as package:
        assert {entry.date_time[:3] for entry in package.infolist()} == {(1980, 1, 1)}
        assert "1980-01-01" in package.read("docProps/core.xml").decode()


def test_rows_beyond_the_sheet_are_counted_in_its_last_row() -> None:
    book = open_book(b"".join(render_summary_workbook(batch_of_each_kind(), most_rows=6)))

    findings = rows_of(book, "问题清单")
    assert len(findings) == 6
    assert findings[-1][0] == "另有 6 行超过一张工作表的容量，没有列出。"
    assert book["问题清单"].auto_filter.ref == "A1:P5"


def test_an_empty_batch_is_a_workbook_too() -> None:
    book = open_book(b"".join(render_summary_workbook(Batch([]))))

    assert rows_of(book, "概况")[1][0] == "共 0 份填报。"
    assert [row[0] for row in rows_of(book, "问题清单")] == ["单位", "无"]


def test_the_reports_load_nothing_that_is_not_asked_for() -> None:
    script = "import sys, xlsx_tools.report; print({'openpyxl', 'jinja2'} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == "set()"


def test_check_writes_the_workbook_to_a_file_and_never_to_a_screen(tmp_path: Path) -> None:
    submitted = tmp_path / "某局.xlsx"
    submitted.write_bytes(render_filing(filing_of(FORM)))
    command = [sys.executable, "-m", "xlsx_tools", "check", str(submitted), "--format", "xlsx"]

    shown = subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
    written = subprocess.run([*command, "-o", str(tmp_path / "汇总.xlsx")], check=False)

    assert (shown.returncode, shown.stdout) == (2, "")
    assert "请用 -o 写明文件" in shown.stderr
    assert written.returncode == 0
    assert len(records(open_book((tmp_path / "汇总.xlsx").read_bytes()), "单位×表")) == 1
