"""The built add-in in LibreOffice, against a live service over real HTTP (WinHttp replaced)."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from tests.support.builders import filing_of
from tests.support.macro_office import Call, Pressed, press_buttons
from tests.support.stub_service import find_faults, serve_stub
from tests.support.workbooks import number, put_cells, read_bytes, text
from xlsx_tools.excel.address import Spot, at
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.macros.add_in import build_add_in
from xlsx_tools.macros.names_module import sheet_names
from xlsx_tools.returned.places import MARKED, MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.stub_service import Service
    from xlsx_tools.filing import Filing

pytestmark = pytest.mark.office

_FORM = "annual-report-2021"
_UNPAINTED = "本程序不能标红单元格，请以“待办”中的位置为准。"
_BESIDE = {
    Spot("三、依申请公开", "N31"): text("=1+1"),
    Spot("三、依申请公开", "O31"): number("0.1"),
}
"""Cells where the form has none."""
_CALLS: dict[str, Call] = {
    "check": ("NbRun", "RunButton", "check", ""),
    "again": ("NbRun", "RunButton", "check", ""),
    "ribbon": ("NbRibbon", "TestRibbon"),
    "next": ("NbRun", "RunButton", "next", ""),
    "report": ("NbRun", "RunButton", "report", ""),
    "batch": ("NbRun", "RunButton", "batch", ""),
    "proxy": ("NbRun", "TestUse", "<html>Bad Gateway</html>", "502"),
    "nothing": ("NbRun", "TestUse", "timed out", "0"),
    "cut": ("NbRun", "TestUse", '{"actions": [{"func": "alert"', "200"),
    "wps": ("NbHost", "HostNote", "WPS 表格"),
    "excel": ("NbHost", "HostNote", "Microsoft Excel"),
    "page": ("NbApply", "PageAddress", "/batch"),
    "address": ("NbSettings", "CleanAddress", " https://nb.example/api// "),
    "no address": ("NbSettings", "CleanAddress", "file:///etc/passwd"),
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The service the add-in talks to; the one place that knows which it is."""
    with serve_stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def faulty() -> Filing:
    """Two columns of table three do not balance."""
    return filing_of(load_form(_FORM), received__enterprise=4, received__research=1)


@pytest.fixture(scope="module")
def session(
    service: Service, faulty: Filing, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pressed, Path]:
    """One sitting at the program: every button once."""
    folder = tmp_path_factory.mktemp("sitting")
    last_year = folder / "last.json"
    last_year.write_bytes(bytes(range(256)) * 5)
    saved = folder / "out.bin"
    calls = [
        *_CALLS.values(),
        ("NbRun", "RunButton", "carry", str(last_year)),
        ("NbRun", "TestSave", str(saved), "5bm05oqlAQI="),
    ]
    key = f'COUNTIF({MARKED};"三、依申请公开!{{}}")'
    formulas = [f"={key.format(cell)}" for cell in ("E31", "F31", "D31")]
    pressed = press_buttons(
        build_add_in(),
        put_cells(render_workbook(faulty), _BESIDE),
        folder / "lo",
        calls=calls,
        service=service,
        formulas=formulas,
    )
    return pressed, saved


@pytest.fixture(scope="module")
def pressed(session: tuple[Pressed, Path]) -> Pressed:
    return session[0]


@pytest.fixture(scope="module")
def said(pressed: Pressed) -> dict[str, str]:
    """What the user is told, by call."""
    return dict(zip([*_CALLS, "carry", "save"], pressed.said, strict=False))


@pytest.fixture(scope="module")
def sent(pressed: Pressed, service: Service) -> dict[str, Any]:
    """The first request of each button."""
    assert pressed
    return dict(reversed(service.requests))


def test_the_program_loads_every_module_of_the_built_file(pressed: Pressed) -> None:
    assert {"NbApply", "NbNames", "NbRibbon", "NbText", "ThisWorkbook"} <= set(pressed.modules)


def test_the_request_says_what_the_workbook_shows(sent: dict[str, Any], faulty: Filing) -> None:
    request = sent["check"]
    sheets = {sheet["name"]: sheet for sheet in request["sheets"]}
    table, cover = sheets["三、依申请公开"], sheets["封面"]

    assert (request["message"], request["client"], request["last_year"]) == (1, "vba", None)
    assert request["book"]["name"] == "某局.xlsx"
    assert list(sheets) == [name for name in sheet_names() if name in sheets]
    assert set(faulty.form.sheets.values()) - set(sheets) == {"填报说明"}
    assert cover["values"][3][:2] == ["填报单位", "某县某局"]
    assert table["values"][5][3:] == [10, 4, 1, 0, 0, 0, 15]
    assert table["formulas"]["J6"].startswith("=IF(COUNT(D6:I6)")
    assert "模板信息" in sheets
    assert not sheets["模板信息"]["visible"]
    assert table["visible"]
    assert table["protected"]
    assert table["values"][30][13:] == ["=1+1", 0.1]
    assert "N31" not in table["formulas"]  # a text that only looks like one


def test_faults_reach_the_list_and_the_cells_to_be_red(
    pressed: Pressed, said: dict[str, str], sent: dict[str, Any]
) -> None:
    faults = [f"{sheet}!{at(column, row)}" for sheet, row, column in find_faults(sent["check"])]
    marks = [row[0] for row in pressed.cells[MARKS][1:]]

    assert faults[:3] == [f"三、依申请公开!{cell}31" for cell in "EFJ"]
    assert marks == faults
    assert pressed.worked_out == ["1", "1", "0"]
    assert pressed.selected == "三、依申请公开!E31"
    assert said["check"] == f"发现 {len(faults)} 处问题，已列在“待办”。\n{_UNPAINTED}"


def test_a_second_press_leaves_the_same_state(said: dict[str, str], pressed: Pressed) -> None:
    assert said["again"] == said["check"]
    assert list(pressed.cells).count(TODO) == 1


def test_text_from_the_service_never_becomes_a_formula(pressed: Pressed) -> None:
    todo = pressed.cells[TODO]

    assert todo[1][2] == "=1+1"
    assert todo[0][3] == str(len(todo) - 1)  # a formula of ours


def test_what_the_actions_set_is_in_the_saved_file(pressed: Pressed) -> None:
    book = load_workbook(BytesIO(pressed.saved))
    todo = book[TODO]

    assert book.sheetnames[0] == "填报说明"
    assert book.sheetnames.index(TODO) == book.sheetnames.index("模板信息") - 1
    assert book[MARKS].sheet_state == "hidden"
    assert todo.protection.sheet
    assert todo["C1"].font.b  # LibreOffice writes it by the script of the text
    assert todo["A1"].fill.fgColor.rgb == "FFFFC7CE"
    assert todo["B1"].fill.fill_type is None
    assert todo["B2"].alignment.wrap_text
    assert todo.column_dimensions["B"].width == pytest.approx(30, abs=1)
    assert todo["C2"].data_type == "s"


def test_the_official_cells_are_as_they_were(pressed: Pressed, faulty: Filing) -> None:
    assert read_bytes(pressed.saved) == faulty


def test_the_ribbon_callback_comes_back(said: dict[str, str]) -> None:
    assert said["ribbon"] == "ok"


def test_an_unknown_action_is_said_in_chinese(said: dict[str, str]) -> None:
    assert said["next"] == (
        "没有完成：第 2 步“conjure”没有完成：本加载项不认识这项操作，可能版本过低，请更新加载项。"
    )


def test_a_failure_leaves_no_sheet_open_that_was_to_be_locked(pressed: Pressed) -> None:
    """The step that failed stood between unlocking and locking."""
    assert load_workbook(BytesIO(pressed.saved))[TODO].protection.sheet


def test_an_error_of_the_service_is_shown_with_its_code(said: dict[str, str]) -> None:
    assert said["report"] == "没有按钮“report”。（addin.button）"


def test_only_buttons_that_need_sheets_send_them(
    said: dict[str, str], sent: dict[str, Any]
) -> None:
    assert said["batch"] == "已打开网页。"
    assert sent["batch"]["sheets"] == []


def test_the_file_of_last_year_arrives_whole(said: dict[str, str], sent: dict[str, Any]) -> None:
    last_year = sent["carry"]["last_year"]

    assert b64decode(last_year["data"], validate=True) == bytes(range(256)) * 5
    assert said["carry"] == "已从“last.json”结转😀。"


def test_a_file_from_the_service_is_saved_byte_by_byte(session: tuple[Pressed, Path]) -> None:
    _, saved = session

    assert saved.read_bytes() == "年报".encode() + b"\x01\x02"


def test_answers_that_are_none_are_explained(said: dict[str, str]) -> None:
    assert said["proxy"].startswith("年报服务的答复无法识别（HTTP 502）。")
    assert said["nothing"].startswith("无法连接年报服务（http://127.0.0.1:8765）：timed out\n")
    assert "服务的答复无法识别（第 30 个字符）" in said["cut"]


def test_another_program_than_excel_is_told_what_that_means(said: dict[str, str]) -> None:
    assert "现在运行在“WPS 表格”中" in said["wps"]
    assert said["excel"] == ""


def test_a_page_of_the_service_opens_at_its_address(said: dict[str, str]) -> None:
    assert said["page"] == "http://127.0.0.1:8765/batch"


def test_only_web_addresses_are_kept(said: dict[str, str]) -> None:
    assert said["address"] == "https://nb.example/api"
    assert said["no address"] == ""
