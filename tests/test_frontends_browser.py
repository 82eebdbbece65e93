"""The task pane of Office and the add-in of WPS, in Chromium: strict programs, a real server."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.addin_stub import NASTY, RED, TOKEN, Stub, act, serve_stub
from tests.support.devtools import Browser, Page, open_browser
from tests.support.fake_book import describe_book, fault_spots, faulty_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.macros.targets_web import build_office, build_wps
from xlsx_tools.returned.places import MARKED, MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
FAKES = Path(__file__).parent / "fakes"
FORM = load_form(form_ids()[-1])
SPOTS = fault_spots(FORM)
RED_CELLS = sorted(f"{spot.sheet}!{spot.address}" for spot in SPOTS)
KINDS = ("office", "wps")
_KEEP_TIME = "window.open = url => { window.opened = url; };"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The add-ins as they are handed out."""
    root = tmp_path_factory.mktemp("addins")
    macros = ROOT / "macros"
    built = {**build_office(macros, version="1.2.3"), **build_wps(macros, version="1.2.3")}
    for path, data in built.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return {"office": root / "office", "wps": next((root / "wps").glob("nianbao_*"))}


@pytest.fixture
def stub() -> Iterator[Stub]:
    """The backend: one fixture, so that the real one can take its place."""
    with serve_stub() as running:
        yield running


@cache
def faulty_book() -> str:
    return json.dumps(describe_book(faulty_workbook(FORM)))


@pytest.fixture
def pane(
    browser: Browser, folders: Mapping[str, Path], stub: Stub
) -> Iterator[Callable[..., Page]]:
    """Opens the pane of a program that has this workbook open, set up for the stub."""
    opened: list[Page] = []

    def open_pane(kind: str, book: Mapping[str, Any] | None = None, **more: Any) -> Page:
        page = browser.new_page()
        opened.append(page)
        page.before_loading(program(kind, book or json.loads(faulty_book()), **more))
        page.before_loading(stored(stub.address, more.get("token", TOKEN)))
        file = {"office": "taskpane.html", "wps": more.get("file", "pane.html")}[kind]
        page.open((folders[kind] / file).as_uri())
        if file != "index.html":
            page.wait_for("document.getElementById('status')?.textContent")
        return page

    yield open_pane
    for page in opened:
        page.close()


def program(kind: str, book: Mapping[str, Any], *, host: str = "Excel", **more: Any) -> str:
    """The script that makes the page believe it is inside a program."""
    scripts = [(FAKES / name).read_text("utf-8") for name in ("book.js", f"{kind}.js")]
    scripts.append(f"window.book = FakeBook.make({json.dumps(book)}); {_KEEP_TIME}")
    about = json.dumps({"host": host, "supported": more.get("supported", True)})
    start = {"office": f"fakeOffice(window.book, {about})", "wps": "fakeWps(window.book)"}
    return "\n".join([*scripts, f"window.seen = {start[kind]};", more.get("then", "")])


def stored(address: str, token: str) -> str:
    settings = {"nianbao.address": address, "nianbao.token": token}
    both = {
        f"{start}{key}": value for start in ("", "partition.") for key, value in settings.items()
    }
    return f"for (const [k, v] of Object.entries({json.dumps(both)})) localStorage.setItem(k, v);"


def press(page: Page, button: str) -> str:
    """Click a button; what the pane says when it is done."""
    page.run(f"document.getElementById({json.dumps(button)}).click()")
    page.wait_for("!document.getElementById('check').disabled")
    return said(page)


def said(page: Page) -> str:
    return str(page.run("document.getElementById('status').textContent"))


def red(page: Page) -> list[str]:
    found: list[str] = page.run("FakeBook.red(window.book)")
    return found


def state(page: Page) -> dict[str, Any]:
    """Everything of the workbook that a button may change."""
    script = """({names: book.names, locked: book.locked, active: book.active,
      selection: book.selection, sheets: book.sheets.map(s => ({name: s.name, visible: s.visible,
      protected: s.protected, formats: s.formats, style: s.style,
      cells: [...s.cells].map(([at, c]) => [at, c.value, c.formula ?? null])
        .filter(c => c[1] !== null || c[2])}))})"""
    found: dict[str, Any] = page.run(script)
    return found


def cell(page: Page, sheet: str, row: int, column: int) -> dict[str, Any]:
    found: dict[str, Any] = page.run(f"book.sheet({json.dumps(sheet)}).cell({row}, {column})")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_check_marks_the_faulty_cells_and_no_other(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)

    words = press(page, "check")

    after = state(page)
    assert words == f"发现 2 处需要处理的问题，已列在“{TODO}”。"
    assert red(page) == RED_CELLS
    assert {one["colour"] for sheet in after["sheets"] for one in sheet["formats"]} == {RED}
    assert after["sheets"][0]["name"] == TODO
    assert after["locked"] is True
    assert [s["name"] for s in after["sheets"] if not s["protected"]] == []
    assert [s["name"] for s in after["sheets"] if not s["visible"]][-1] == MARKS
    assert after["active"] == SPOTS[0].sheet
    assert after["selection"]["address"].split(":")[0] == SPOTS[0].address
    assert list(after["names"]) == [MARKED]
    assert page.troubles == []


@pytest.mark.parametrize("kind", KINDS)
def test_text_from_the_server_stays_text_and_its_formulas_are_formulas(
    pane: Callable[..., Page], kind: str
) -> None:
    page = pane(kind)

    press(page, "check")

    assert cell(page, TODO, 2, 1)["value"] == NASTY
    assert "formula" not in cell(page, TODO, 2, 1)
    assert cell(page, TODO, 3, 1)["value"] == "01"
    assert cell(page, TODO, 3, 2)["value"] is True
    assert cell(page, TODO, 4, 1)["formula"].startswith("=COUNTA(")


@pytest.mark.parametrize("kind", KINDS)
def test_widths_wrapping_bold_and_fill_are_set(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)

    press(page, "check")

    style = next(s["style"] for s in state(page)["sheets"] if s["name"] == TODO)
    assert style == {
        "width A1:A1": {"office": 40 * 5.25 + 3.75, "wps": 40}[kind],
        "wrap A1:A3": True,
        "bold A1:B1": True,
        "fill A1:B1": "#DDEBF7",
        "fill A2:A2": None,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_checking_twice_changes_nothing_more(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)

    press(page, "check")
    once = state(page)
    press(page, "check")

    assert state(page) == once


@pytest.mark.parametrize("kind", KINDS)
def test_the_request_is_the_workbook_cell_by_cell(
    pane: Callable[..., Page], stub: Stub, kind: str
) -> None:
    book = json.loads(faulty_book())
    odd = {"A1": {"value": 45725, "format": "yyyy/m/d"}, "C2": {"value": "#REF!", "error": "#REF!"}}
    odd |= {"B3": {"value": True}, "D5": {"value": "=文字"}, "E6": {"value": 0.1}}
    book["sheets"].append({"name": "另表", "cells": odd})
    page = pane(kind, book)

    press(page, "next")

    (request,) = stub.requests
    (*official, other) = request["sheets"]
    assert (request["message"], request["client"]) == (1, kind)
    assert request["book"]["properties"] == book["properties"]
    assert request["book"]["active_sheet"] == book["sheets"][0]["name"]
    assert request["last_year"] is None
    assert other["values"] == [
        [{"date": "2025-03-09"}],
        [None, None, {"error": "#REF!"}],
        [None, True],
        [],
        [None, None, None, "=文字"],
        [None, None, None, None, 0.1],
    ]
    assert other["formulas"] == {}
    for sent, sheet in zip(official, book["sheets"], strict=False):
        assert (sent["name"], sent["visible"]) == (sheet["name"], sheet["visible"])
        assert sent["protected"] == sheet["protected"]
        formulas = {at: c["formula"] for at, c in sheet["cells"].items() if "formula" in c}
        assert sent["formulas"] == formulas
        assert values_of(sent) == {
            at: c["value"] for at, c in sheet["cells"].items() if c["value"] not in (None, "")
        }


def values_of(sheet: Mapping[str, Any]) -> dict[str, Any]:
    from xlsx_tools.excel.address import at  # noqa: PLC0415 - `at` is a common name here

    rows = enumerate(sheet["values"], start=1)
    found = {at(c, r): v for r, row in rows for c, v in enumerate(row, start=1)}
    return {address: value for address, value in found.items() if value is not None}


def test_office_is_asked_in_bulk(pane: Callable[..., Page]) -> None:
    page = pane("office")

    page.run("NianbaoOffice.makeHost(Excel, {host: 'Excel', enough: true, version: ''}).read()")

    assert page.run("seen.syncs") == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_is_listed_and_a_click_jumps_to_its_cell(
    pane: Callable[..., Page], kind: str
) -> None:
    page = pane(kind)
    press(page, "check")

    page.run("document.querySelectorAll('.jump')[1].click()")
    page.wait_for(f"book.active === {json.dumps(SPOTS[1].sheet)}")

    assert state(page)["selection"]["address"].split(":")[0] == SPOTS[1].address
    assert page.run("document.querySelector('h2').textContent") == "未通过 · 1 处问题"
    assert page.run("document.querySelector('.severity').textContent") == "强制性"
    assert page.run("document.querySelector('details summary').textContent") == "连带的 1 处"
    assert "<b>&amp;" in page.run("document.querySelector('.message').textContent")
    assert page.run("document.querySelectorAll('#findings b').length") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_next_jumps_and_changes_nothing(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)
    before = state(page)

    words = press(page, "next")

    after = state(page)
    assert words == "第 1 处"
    assert after["active"] == SPOTS[0].sheet
    assert after["sheets"] == before["sheets"]


@pytest.mark.parametrize("kind", KINDS)
def test_carry_sends_the_file_that_was_chosen(
    pane: Callable[..., Page], stub: Stub, tmp_path: Path, kind: str
) -> None:
    page, last_year = pane(kind), tmp_path / "上年.json"
    last_year.write_bytes(b"{}" * 5)

    page.choose_file("#last-year", last_year)
    page.wait_for("/^收到/.test(document.getElementById('status').textContent)")

    sent = stub.requests[0]["last_year"]
    assert sent == {"name": "上年.json", "data": b64encode(b"{}" * 5).decode()}
    assert said(page) == f"收到 上年.json，{len(sent['data'])} 个字符"


def test_export_saves_where_the_user_of_wps_says(pane: Callable[..., Page]) -> None:
    page = pane("wps")

    words = press(page, "export")

    assert page.run("seen.files") == {"C:\\导出\\填报数据.json": '"\\u67d0\\u5c40.xlsx"'}
    assert words == "已保存到“C:\\导出\\填报数据.json”。\n已生成填报数据。"


def test_export_downloads_in_the_task_pane(pane: Callable[..., Page]) -> None:
    page = pane("office")
    page.run("HTMLAnchorElement.prototype.click = function () { window.saved = this.download; }")

    words = press(page, "export")

    assert page.run("window.saved") == "填报数据.json"
    assert words.startswith("已生成“填报数据.json”，请在下载文件夹中查看。")


@pytest.mark.parametrize(("kind", "button"), list(product(KINDS, ("batch", "merge"))))
def test_batch_and_merge_open_the_page_of_the_server(
    pane: Callable[..., Page], stub: Stub, kind: str, button: str
) -> None:
    page = pane(kind)

    words = press(page, button)

    opened = {"office": "window.opened", "wps": "seen.opened[0]"}[kind]
    assert page.run(opened) == f"{stub.address}/"
    assert words == "已完成。"


TROUBLES = [
    (401, "", "访问令牌不对"),
    (403, "", "允许名单"),
    (404, "", "没有这个功能"),
    (413, "", "本工作簿过大"),
    (422, '{"code": "book.sheets", "message": "工作表太多。"}', "工作表太多。"),
    (429, "", "使用的人较多"),
    (418, "", "HTTP 418"),
    (500, "<html>", "后台程序出错"),
    (200, "<html>", "回答无法识别"),
    (200, '{"actions": 1, "say": ""}', "回答无法识别"),
    (200, json.dumps({"actions": [act("protectBook"), act("format C:")], "say": ""}), "format C:"),
    (200, json.dumps({"actions": [act("toString")], "say": ""}), "toString"),
    (200, json.dumps({"actions": [act("setValues", "x")], "say": ""}), "不完整"),
    (
        200,
        json.dumps({"actions": [act("openUrl", args=["javascript:alert(1)"])], "say": ""}),
        "不完整",
    ),
    (
        200,
        json.dumps(
            {"actions": [act("setFormulas", "x", area="1,1,1,1", values=[["1"]])], "say": ""}
        ),
        "不完整",
    ),
]


@pytest.mark.parametrize(("status", "body", "words"), TROUBLES)
def test_trouble_is_told_in_chinese_and_the_workbook_is_left_alone(
    pane: Callable[..., Page], stub: Stub, status: int, body: str, words: str
) -> None:
    page = pane("wps")
    before = state(page)
    stub.status, stub.body = status, body

    told = press(page, "check")

    assert words in told
    assert page.run("document.getElementById('status').className") == "bad"
    assert state(page) == before
    assert page.troubles == []


def test_without_a_token_the_user_is_sent_to_the_settings(pane: Callable[..., Page]) -> None:
    page = pane("office", token="")

    assert "请在“设置”里填写" in press(page, "check")


@pytest.mark.parametrize("kind", KINDS)
def test_no_server_is_told(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)
    page.run("localStorage.setItem('nianbao.address', 'http://127.0.0.1:9')")
    page.run("localStorage.setItem('partition.nianbao.address', 'http://127.0.0.1:9')")

    assert press(page, "check").startswith("连不上后台程序 http://127.0.0.1:9。")


def test_a_server_that_never_answers_is_given_up(pane: Callable[..., Page], stub: Stub) -> None:
    page = pane("wps")
    stub.delay = threading.Event()
    page.run(
        "((wait) => { window.setTimeout = (f, ms) => wait(f, Math.min(ms, 200)); })(setTimeout)"
    )

    told = press(page, "check")
    stub.delay.set()

    assert "在 60 秒内没有答复" in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_on_disk_is_let_in_as_origin_null(
    pane: Callable[..., Page], stub: Stub, kind: str
) -> None:
    page = pane(kind)

    press(page, "next")

    assert stub.preflights == ["null"]


def test_an_origin_that_is_not_let_in_is_told(pane: Callable[..., Page], stub: Stub) -> None:
    page = pane("wps")
    stub.origins = {"https://other.invalid"}

    assert "允许名单" in press(page, "check")
    assert stub.requests == []


def test_the_task_pane_on_a_website_of_the_intranet_works_too(
    browser: Browser, folders: Mapping[str, Path], stub: Stub
) -> None:
    with serve_stub(folders["office"]) as site:
        stub.origins = {site.address}
        page = browser.new_page()
        page.before_loading(program("office", json.loads(faulty_book())))
        page.before_loading(stored(stub.address, TOKEN))
        page.open(f"{site.address}/taskpane.html")
        page.wait_for("document.getElementById('status')?.textContent")

        press(page, "check")

    assert red(page) == RED_CELLS
    assert stub.preflights == [site.address]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_protected_is_protected_again_after_a_failure(
    pane: Callable[..., Page], kind: str
) -> None:
    page = pane(kind)
    page.run(f"book.sheet({json.dumps(SPOTS[0].sheet)}).password = 'x'")

    told = press(page, "check")

    after = state(page)
    assert told.startswith("工作簿没有全部改好：")
    assert "请先解除后重试" in told
    assert after["locked"] is True
    assert all(sheet["protected"] for sheet in after["sheets"])


WRONG_PROGRAMS = [
    ("office", {"host": "Word"}, "“Word”"),
    ("office", {"host": ""}, "浏览器"),
    ("office", {"supported": False}, "版本过低"),
    ("office", {"then": "delete window.Office"}, "浏览器"),
    ("wps", {"then": "delete window.Application"}, "别的程序"),
    ("wps", {"then": "window.Application = {Version: '', ActiveDocument: {}}"}, "WPS 文字"),
    ("wps", {"then": "fakeWps(null)"}, "请先打开"),
]


@pytest.mark.parametrize(("kind", "more", "words"), WRONG_PROGRAMS)
def test_the_wrong_program_is_told_at_once(
    pane: Callable[..., Page], kind: str, more: Mapping[str, Any], words: str
) -> None:
    page = pane(kind, **more)

    assert words in said(page)
    assert page.run("document.getElementById('check').disabled") is True
    assert page.troubles == []


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_kept_outside_the_workbook(pane: Callable[..., Page], kind: str) -> None:
    page = pane(kind)
    before = state(page)
    page.run("document.getElementById('address').value = ' http://10.0.0.8:8765/ '")
    page.run("document.getElementById('token').value = ' new '")

    page.run("document.querySelector('#settings button').click()")

    start = {"office": "partition.", "wps": ""}[kind]
    assert said(page) == "设置已保存。"
    assert page.run(f"localStorage.getItem('{start}nianbao.address')") == "http://10.0.0.8:8765"
    assert page.run(f"localStorage.getItem('{start}nianbao.token')") == "new"
    assert state(page) == before


@pytest.mark.parametrize("address", ["", "ftp://x", "http://user@x", "http://x/path", "后台"])
def test_an_address_that_is_none_is_refused(pane: Callable[..., Page], address: str) -> None:
    page = pane("wps")
    page.run(f"document.getElementById('address').value = {json.dumps(address)}")

    page.run("document.querySelector('#settings button').click()")

    assert said(page).startswith("后台地址应当像")


@pytest.mark.parametrize("button", ["check", "next", "export", "batch", "merge"])
def test_each_button_of_the_ribbon_works_and_opens_the_pane(
    pane: Callable[..., Page], stub: Stub, button: str
) -> None:
    page = pane("wps", file="index.html")

    page.run(f"OnAction({{Id: 'nianbao-{button}'}})")
    page.wait_for("seen.storage['nianbao.shown']")

    shown = json.loads(page.run("seen.storage['nianbao.shown']"))
    assert shown["failed"] is False
    assert len(stub.requests) == 1
    assert page.run("seen.panes.length") == 1
    assert page.run("seen.panes[0].Visible") is True
    assert page.run("seen.panes[0].url").endswith("/pane.html")
    assert (red(page) == RED_CELLS) == (button == "check")
    assert page.troubles == []


def test_the_pane_shows_what_the_ribbon_has_done(pane: Callable[..., Page]) -> None:
    ribbon, beside = pane("wps", file="index.html"), pane("wps")
    ribbon.run("OnAction({Id: 'nianbao-check'})")
    ribbon.wait_for("seen.storage['nianbao.shown']")
    handed = ribbon.run("seen.storage['nianbao.shown']")

    beside.run(f"seen.storage['nianbao.shown'] = {json.dumps(handed)}")
    beside.wait_for("document.querySelector('.jump')")

    assert said(beside).startswith("发现 2 处")


def test_a_wps_without_panes_is_told_by_a_message(pane: Callable[..., Page]) -> None:
    throwing = "get: (wps, name) => { if (/TaskPane/.test(name)) throw 1; return wps[name]; }"
    broken = f"window.Application = new Proxy(Application, {{{throwing}}})"
    page = pane("wps", file="index.html", then=broken)

    page.run("OnAction({Id: 'nianbao-check'})")
    page.wait_for("FakeBook.red(book).length")
    page.run("new Promise(done => setTimeout(done, 50))")

    assert page.dialogs == [f"发现 2 处需要处理的问题，已列在“{TODO}”。"]


def test_the_ribbon_has_a_picture_for_each_button(
    pane: Callable[..., Page], folders: Mapping[str, Path]
) -> None:
    page = pane("wps", file="index.html")

    names = ["check", "next", "carry", "export", "batch", "merge", "settings"]
    pictures = [page.run(f"GetImage({{Id: 'nianbao-{name}'}})") for name in names]

    assert all((folders["wps"] / picture).is_file() for picture in pictures)
