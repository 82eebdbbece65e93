"""The LibreOffice extension: installed with unopkg, its menu pressed on a faulty workbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import pytest
from openpyxl import load_workbook

from tests.support.addin_stub import NASTY, TOKEN, Stub, act, serve_stub
from tests.support.extension import open_folder, press_entries
from tests.support.fake_book import describe_book, fault_spots, faulty_workbook
from tests.support.workbooks import read_bytes
from xlsx_tools.excel.address import Spot, at
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.macros.targets_web import build_oxt
from xlsx_tools.returned.places import MARKED, MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

MACROS = Path(__file__).parent.parent / "macros"
FORM = load_form(form_ids()[-1])
SPOTS = fault_spots(FORM)
_RED_PIXEL = (255, 199, 206)
BUTTONS = ("check", "check", "next", "batch")


@dataclass(frozen=True)
class Pressed:
    """What LibreOffice showed, what the server was asked, and the files that were saved."""

    seen: Mapping[str, Any]
    requests: list[dict[str, Any]]
    saved: bytes
    red_pages: list[int]


@pytest.fixture(scope="module")
def pressed() -> Iterator[Pressed]:
    """One LibreOffice for all tests; the server stands behind `serve_stub` alone."""
    look = [Spot(TODO, address) for address in ("A1", "A2", "A3", "B3", "A4")]
    with serve_stub() as stub, open_folder() as folder:
        seen = press_entries(
            folder,
            extension=build_oxt(MACROS, version="1.2.3")["nianbao.oxt"],
            workbook=faulty_workbook(FORM),
            settings=(stub.address, TOKEN),
            buttons=BUTTONS,
            look=look,
        )
        pages = count_red(folder) if shutil.which("pdftoppm") else []
        yield Pressed(seen, stub.requests, (folder / "saved.xlsx").read_bytes(), pages)


def count_red(folder: Path) -> list[int]:
    """How many pixels of each printed page have the colour of the marks."""
    command = ["pdftoppm", "-r", "40", str(folder / "saved.pdf"), str(folder / "page")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return [count_pixels(path.read_bytes()) for path in sorted(folder.glob("page*.ppm"))]


def count_pixels(ppm: bytes) -> int:
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", ppm)
    assert head
    body = ppm[head.end() :]
    return sum(tuple(body[i : i + 3]) == _RED_PIXEL for i in range(0, len(body), 3))


@pytest.mark.office
def test_the_menu_has_every_button(pressed: Pressed) -> None:
    menu = pressed.seen["menu"]

    core = (MACROS / "web" / "core.js").read_text("utf-8")
    buttons = dict(re.findall(r'id: "(\w+)", label: "([^"]+)"', core))
    assert menu.pop("") == "年报"
    assert menu.pop("service:nianbao.Addin?settings") == "设置"
    assert menu == {f"service:nianbao.Addin?{name}": label for name, label in buttons.items()}


@pytest.mark.office
def test_check_marks_the_faulty_cells_and_no_other(pressed: Pressed) -> None:
    state = pressed.seen["states"][0]

    names = [name for name, _, _ in state["sheets"]]
    marked = {re.findall(r"'(.+?)'", area)[0] for area, _, _ in state["formats"]}
    book = load_workbook(BytesIO(pressed.saved))
    keys = [row[0].value for row in book[MARKS]["A2:A20"] if row[0].value]
    assert names[0] == TODO
    assert marked == {spot.sheet for spot in SPOTS}
    assert keys == [f"{spot.sheet}!{spot.address}" for spot in SPOTS]
    assert state["names"][MARKED].endswith("$A$2:$A$201")
    assert state["selected"] == f"{SPOTS[0].sheet}!{SPOTS[0].address}"


@pytest.mark.office
@pytest.mark.poppler
def test_the_marks_are_red_on_paper_before_the_colours_of_the_form(pressed: Pressed) -> None:
    red = [number for number, count in enumerate(pressed.red_pages) if count > 50]

    assert len(red) == len(SPOTS)


@pytest.mark.office
def test_the_formats_of_the_form_stay_behind_the_marks(pressed: Pressed) -> None:
    before = formats_of(faulty_workbook(FORM), SPOTS[0].sheet)

    after = formats_of(pressed.saved, SPOTS[0].sheet)

    for area, formulas in before.items():
        red, *others = after[area]
        assert MARKED in red
        assert [text.replace("TRUE", "1") for text in formulas] == others


def formats_of(data: bytes, sheet: str) -> dict[str, list[str]]:
    found = load_workbook(BytesIO(data))[sheet].conditional_formatting
    return {str(one.sqref): [rule.formula[0] for rule in one.rules] for one in found}


@pytest.mark.office
def test_every_sheet_stays_protected_and_the_list_hidden(pressed: Pressed) -> None:
    state = pressed.seen["states"][0]

    hidden = [name for name, visible, _ in state["sheets"] if not visible]
    assert all(protected for _, _, protected in state["sheets"])
    assert state["locked"] is True
    assert hidden[-1] == MARKS


@pytest.mark.office
def test_pressing_again_changes_nothing_and_next_only_jumps(pressed: Pressed) -> None:
    first, again, following, batch = pressed.seen["states"]

    assert first == again == following == batch


@pytest.mark.office
def test_text_stays_text_and_formulas_are_formulas(pressed: Pressed) -> None:
    title, nasty, number, truth, count = pressed.seen["looked"]

    assert (nasty["text"], nasty["type"]) == (NASTY, "TEXT")
    assert (number["text"], number["type"]) == ("01", "TEXT")
    assert truth["text"] == "TRUE"
    assert (count["text"], count["type"]) == (str(len(SPOTS)), "FORMULA")
    assert (title["bold"], title["fill"], title["wrap"]) == (150, 0xDDEBF7, True)
    assert (nasty["bold"], nasty["fill"]) == (100, -1)
    assert title["width"] == pytest.approx((40 * 7 + 5) / 96 * 2540, abs=20)


@pytest.mark.office
def test_the_request_is_the_workbook_cell_by_cell(pressed: Pressed) -> None:
    request = pressed.requests[0]
    book = describe_book(faulty_workbook(FORM))

    assert (request["message"], request["client"]) == (1, "libreoffice")
    assert request["host"].startswith("LibreOffice ")
    assert request["book"]["name"] == "某局.xlsx"
    assert request["book"]["properties"] == book["properties"]
    for sent, sheet in zip(request["sheets"], book["sheets"], strict=True):
        cells = sheet["cells"]
        formulas = {key: cell["formula"] for key, cell in cells.items() if "formula" in cell}
        assert [sent[key] for key in ("name", "visible", "protected")] == [
            sheet[key] for key in ("name", "visible", "protected")
        ]
        assert typed_in(sent) == {
            key: cell["value"]
            for key, cell in cells.items()
            if key not in formulas and cell["value"] not in (None, "")
        }
        assert {key: bare(text) for key, text in sent["formulas"].items()} == {
            key: bare(text) for key, text in formulas.items()
        }


def typed_in(sheet: Mapping[str, Any]) -> dict[str, Any]:
    return {
        at(column, number): value
        for number, row in enumerate(sheet["values"], start=1)
        for column, value in enumerate(row, start=1)
        if value is not None and at(column, number) not in sheet["formulas"]
    }


def bare(formula: str) -> str:
    """LibreOffice leaves out the quotation marks that a sheet's name does not need."""
    return re.sub(r"'(\w+)'!", r"\1!", formula)


@pytest.mark.office
def test_a_marked_workbook_is_read_as_the_same_filing(pressed: Pressed) -> None:
    before, after = read_bytes(faulty_workbook(FORM)), read_bytes(pressed.saved)

    assert after.values == before.values
    assert after.narrative == before.narrative


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The part of the extension that does not need LibreOffice."""
    folder = MACROS / "libreoffice" / "python" / "pythonpath"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "nianbao_front", raising=False)
    return import_module("nianbao_front.message")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serve_stub() as running:
        yield running


REFUSED = [
    (401, "", "访问令牌不对"),
    (413, "", "本工作簿过大"),
    (422, '{"code": "book.sheets", "message": "工作表太多。"}', "工作表太多。"),
    (418, "[]", "HTTP 418"),
    (500, "<html>", "后台程序出错"),
    (302, "", "HTTP 302"),
]


@pytest.mark.parametrize(("status", "body", "words"), REFUSED)
def test_a_refusal_is_told_in_chinese(
    front: ModuleType, stub: Stub, status: int, body: str, words: str
) -> None:
    stub.status, stub.body = status, body

    with pytest.raises(front.TroubleError, match=re.escape(words)):
        front.post(front.Settings(stub.address, TOKEN), "check", b"{}")


def test_no_token_and_no_server_are_told(front: ModuleType, stub: Stub) -> None:
    with pytest.raises(front.TroubleError, match="访问令牌不对"):
        front.post(front.Settings(stub.address, ""), "check", b"{}")
    with pytest.raises(front.TroubleError, match=r"连不上后台程序 http://127\.0\.0\.1:9。"):
        front.post(front.Settings("http://127.0.0.1:9", ""), "check", b"{}")
    with pytest.raises(front.TroubleError, match="请先在“设置”里填写"):
        front.post(front.Settings("file:///etc", ""), "check", b"{}")


def test_a_server_that_never_answers_is_told(front: ModuleType) -> None:
    said = front.explain_silence(front.Settings("http://x", ""), URLError(TimeoutError()))

    assert "在 60 秒内没有答复" in said


WRONG = [
    ("<html>", "回答无法识别"),
    ("[]", "回答无法识别"),
    (json.dumps({"actions": [act("format C:")], "say": ""}), "format C:"),
    (json.dumps({"actions": ["x"], "say": ""}), "不认识"),
    (json.dumps({"actions": [act("setValues", "x")], "say": ""}), "不完整"),
    (json.dumps({"actions": [act("addSheet")], "say": ""}), "不完整"),
    (json.dumps({"actions": [act("openUrl", args=["file:///x"])], "say": ""}), "不完整"),
    (json.dumps({"actions": [act("openUrl", args=["//x"])], "say": ""}), "不完整"),
    (
        json.dumps(
            {"actions": [act("setFormulas", "x", area="1,1,1,1", values=[["1"]])], "say": ""}
        ),
        "不完整",
    ),
    (
        json.dumps({"actions": [act("setValues", "x", area="1,1,2,1", values=[["1"]])], "say": ""}),
        "不完整",
    ),
]


@pytest.mark.parametrize(("body", "words"), WRONG)
def test_an_answer_is_checked_before_anything_is_applied(
    front: ModuleType, body: str, words: str
) -> None:
    with pytest.raises(front.TroubleError, match=words):
        front.check_answer(body.encode())


def test_a_workbook_that_is_no_report_is_not_sent(front: ModuleType) -> None:
    sheet = {"name": "x", "values": [[1] * 1000] * 201}

    with pytest.raises(front.TroubleError, match="201000 个单元格"):
        front.build_request({"book": {}, "sheets": [sheet]}, "LibreOffice", None)


def test_both_front_ends_know_the_same_actions(front: ModuleType) -> None:
    core = (MACROS / "web" / "core.js").read_text("utf-8")
    table = re.search(r"const ACTIONS = \{(.*?)\};", core, re.DOTALL)

    assert table
    assert dict(re.findall(r'(\w+): "([a-z ]*)"', table.group(1))) == front.ACTIONS
