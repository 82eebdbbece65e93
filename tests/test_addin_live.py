"""Every front end against ``nianbao serve`` itself: the buttons say what the command says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.support.builders import filing_of, index_of, with_figures
from tests.support.devtools import Browser, Page, open_browser
from tests.support.district import FORM, faults_of
from tests.support.extension import open_folder, press_entries
from tests.support.fake_book import describe_book
from tests.support.live_backend import Backend, live_backend
from tests.support.macro_office import Call, Pressed, press_buttons
from tests.support.workbooks import put_cells
from tests.test_frontends_browser import cell, press, program, said, state, stored
from xlsx_tools.addin.words import say
from xlsx_tools.excel.address import Spot, layout_of, split_address
from xlsx_tools.fill import render_workbook
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.macros.add_in import build_add_in
from xlsx_tools.macros.targets_web import build_office, build_oxt, build_wps
from xlsx_tools.returned.places import MARKED, MARKS, TODO, TODO_TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
MACROS = ROOT / "macros"
NAME = "某局.xlsx"
KINDS = ("office", "wps")
_RIGHT = filing_of(FORM, received__research=4, granted__research=4)
_UNBALANCED = "received__research"
_MISTYPED = ("granted__enterprise", "granted__legal_service")
_BLANK = "carried_in__other"
_CARRIED = 5
_MOST_MARKS = 20
_DEFAULT = "http://127.0.0.1:8765"
"""Where the add-in looks for the service unless told; the replaced call sends it elsewhere."""
_UNPAINTED = "本程序不能标红单元格，请以“待办”中的位置为准。"


def spot_of(name: str) -> Spot:
    return layout_of(FORM).figure[index_of(FORM, name)]


@cache
def faulty() -> bytes:
    """A column out of balance, a number that is text, a negative one, an opening figure blank.

    The saved results are those a program gives them: LibreOffice calculates anew, the fakes do not.
    """
    wrong = {spot_of(name): put for name, _, put in faults_of(_RIGHT) if name in _MISTYPED}
    unbalanced = with_figures(_RIGHT, **{_UNBALANCED: 11})
    return put_cells(render_workbook(unbalanced), {**wrong, spot_of(_BLANK): None})


def last_year() -> bytes:
    """Of the year before, with one case left over in the column whose opening figure is blank."""
    assert _RIGHT.year is not None
    before = replace(_RIGHT, year=_RIGHT.year - 1)
    return dumps_filing(with_figures(before, carried_out__other=_CARRIED)).encode()


class Told(NamedTuple):
    """What ``nianbao check`` says of the workbook that the buttons are pressed in."""

    leads: list[dict[str, Any]]

    @property
    def todo(self) -> list[tuple[str, str]]:
        """Number and words of each finding that leads others or stands alone."""
        return [(f"{n}", lead["message"]) for n, lead in enumerate(self.leads, start=1)]

    @property
    def remedies(self) -> list[str]:
        """What to do about each."""
        return [lead["remedy"] for lead in self.leads]

    @property
    def places(self) -> list[Spot]:
        """The first cell of each."""
        return [Spot(lead["cells"][0]["sheet"], lead["cells"][0]["cell"]) for lead in self.leads]

    @property
    def red(self) -> set[str]:
        """The cells that are to be marked."""
        return {f"{c['sheet']}!{c['cell']}" for lead in self.leads for c in lead["cells"]}

    @property
    def say(self) -> str:
        """What the button 校验本表 says."""
        return say("found", count=len(self.leads), sheet=TODO)

    def say_next(self, number: int) -> str:
        """What the button 下一处问题 says at this finding."""
        message = self.leads[number - 1]["message"]
        return say("next", number=number, count=len(self.leads), message=message)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    path = tmp_path_factory.mktemp("told") / NAME
    path.write_bytes(faulty())
    command = [sys.executable, "-m", "xlsx_tools", "check", str(path), "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    (file,) = json.loads(done.stdout)["files"]
    caused = {name for finding in file["findings"] for name in finding["causes"]}
    return Told([finding for finding in file["findings"] if finding["id"] not in caused])


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with live_backend(tmp_path_factory.mktemp("backend")) as running:
        yield running


def test_the_command_finds_what_was_planted(told: Told) -> None:
    planted = {spot_of(name) for name in (_UNBALANCED, *_MISTYPED, _BLANK)}

    assert set(told.places) == planted


def listed(rows: Sequence[Sequence[object]]) -> list[tuple[str, str]]:
    """Number and first line of each finding in 待办, as `Told.todo` has them."""
    numbered = [row for row in rows if re.fullmatch(r"\d+", str(row[0]))]
    return [(str(row[0]), str(row[2]).split("\n")[0]) for row in numbered]


# ---------------------------------------------------------------------------- VBA
_CALLS: dict[str, Call] = {
    "check": ("NbRun", "RunButton", "check", ""),
    "again": ("NbRun", "RunButton", "check", ""),
    "next": ("NbRun", "RunButton", "next", ""),
    "unknown": ("NbRun", "RunButton", "nonsense", ""),
    "page": ("NbApply", "PageAddress", "/"),
}


@pytest.fixture(scope="module")
def macros(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Pressed:
    """One sitting at the add-in in VBA; last year's file comes at its end."""
    folder = tmp_path_factory.mktemp("macros")
    before = folder / "上年.json"
    before.write_bytes(last_year())
    key = f'COUNTIF({MARKED};"{{}}")'
    names = (_UNBALANCED, *_MISTYPED, "received__other")
    formulas = [f"={key.format('!'.join(spot_of(name)))}" for name in names]
    return press_buttons(
        build_add_in(),
        faulty(),
        folder / "lo",
        calls=[*_CALLS.values(), ("NbRun", "RunButton", "carry", str(before))],
        service=backend,
        formulas=formulas,
    )


@pytest.fixture(scope="module")
def macros_said(macros: Pressed) -> dict[str, str]:
    return dict(zip([*_CALLS, "carry"], macros.said, strict=True))


@pytest.mark.office
def test_the_vba_add_in_lists_what_the_command_says(macros: Pressed, told: Told) -> None:
    todo = macros.cells[TODO]

    assert listed(todo) == told.todo
    assert [row[3] for row in todo if re.fullmatch(r"\d+", row[0])] == told.remedies
    assert macros.worked_out == ["1", "1", "1", "0"]
    carried = {"!".join(spot_of(_BLANK))}  # filled in at the end, and red no more
    assert {row[0] for row in macros.cells[MARKS][1:] if row[0]} == told.red - carried


@pytest.mark.office
def test_the_vba_add_in_says_what_the_backend_says(macros_said: dict[str, str], told: Told) -> None:
    assert macros_said["check"] == f"{told.say}\n{_UNPAINTED}"
    assert macros_said["again"] == macros_said["check"]
    assert macros_said["next"] == told.say_next(2)
    assert macros_said["unknown"].endswith("（addin.button）")
    assert macros_said["page"] == f"{_DEFAULT}/"


@pytest.mark.office
def test_the_vba_add_in_jumps_to_the_next_finding_and_carries_over(
    macros: Pressed, macros_said: dict[str, str], told: Told
) -> None:
    blank = spot_of(_BLANK)
    column, row = split_address(blank.address)

    assert macros.selected == "!".join(told.places[1])
    assert macros_said["carry"].startswith(say("carried", count=1))
    assert macros.cells[blank.sheet][row - 1][column - 1] == str(_CARRIED)


# ---------------------------------------------------------------------------- LibreOffice
@pytest.fixture(scope="module")
def extension(backend: Backend) -> Mapping[str, Any]:
    """The .oxt installed, its menu pressed: check, then twice the next."""
    rows = range(TODO_TOP, TODO_TOP + 6)
    look = [Spot(TODO, f"{column}{row}") for row in rows for column in "ABC"]
    look += [Spot(MARKS, f"A{row}") for row in range(2, _MOST_MARKS)]
    with open_folder() as folder:
        return press_entries(
            folder,
            extension=build_oxt(MACROS, version="1.2.3")["nianbao.oxt"],
            workbook=faulty(),
            settings=(backend.address, backend.token),
            buttons=("check", "next", "next"),
            look=look,
        )


@pytest.mark.office
def test_the_extension_lists_and_marks_what_the_command_says(
    extension: Mapping[str, Any], told: Told
) -> None:
    texts = [look["text"] for look in extension["looked"]]
    count = len(texts) - (_MOST_MARKS - 2)
    rows = [texts[place : place + 3] for place in range(0, count, 3)]

    assert listed(rows) == told.todo
    assert {text for text in texts[count:] if text} == told.red
    state = extension["states"][0]
    assert MARKED in state["names"]
    assert all(protected for _, _, protected in state["sheets"])
    assert [name for name, visible, _ in state["sheets"] if not visible][-1] == MARKS


@pytest.mark.office
def test_the_extension_goes_from_finding_to_finding(
    extension: Mapping[str, Any], told: Told
) -> None:
    selected = [state["selected"] for state in extension["states"]]

    assert selected == ["!".join(place) for place in told.places[:3]]


# ---------------------------------------------------------------------------- Office, WPS
@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def panes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The pages of the add-ins as they are handed out."""
    root = tmp_path_factory.mktemp("addins")
    built = {**build_office(MACROS, version="1.2.3"), **build_wps(MACROS, version="1.2.3")}
    for path, data in built.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    wps = next((root / "wps").glob("nianbao_*"))
    return {"office": root / "office" / "taskpane.html", "wps": wps / "pane.html"}


@pytest.fixture
def pane(
    browser: Browser, panes: Mapping[str, Path], backend: Backend
) -> Iterator[Callable[[str], Page]]:
    """Opens the pane of a program in which the faulty workbook is open."""
    opened: list[Page] = []

    def open_pane(kind: str) -> Page:
        page = browser.new_page()
        opened.append(page)
        page.before_loading(program(kind, describe_book(faulty(), name=NAME)))
        page.before_loading(stored(backend.address, backend.token))
        page.open(panes[kind].as_uri())
        page.wait_for("document.getElementById('status')?.textContent")
        return page

    yield open_pane
    for page in opened:
        page.close()


def table(page: Page, sheet: str, *, first: int = 1) -> list[list[Any]]:
    """What stands in the first three columns: a formula, or else a value."""
    script = f"""Array.from({{length: 40}}, (_, r) => [1, 2, 3].map(c => {{
      const one = book.sheet({json.dumps(sheet)}).cell({first} + r, c);
      return one.formula ?? one.value ?? null; }}))"""
    found: list[list[Any]] = page.run(script)
    return found


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_the_pane_lists_and_marks_what_the_command_says(
    pane: Callable[[str], Page], told: Told, kind: str
) -> None:
    page = pane(kind)

    words = press(page, "check")

    after = state(page)
    keys = [re.search(r',"([^"]+)",""\)$', str(row[0])) for row in table(page, MARKS, first=2)]
    assert words == told.say
    assert listed(table(page, TODO, first=TODO_TOP)) == told.todo
    assert {key[1] for key in keys if key} == told.red
    assert Spot(after["active"], after["selection"]["address"].split(":")[0]) == told.places[0]
    assert after["names"][MARKED]
    assert after["locked"] is True
    assert all(sheet["protected"] for sheet in after["sheets"])
    shown = page.run("[...document.querySelectorAll('.message')].map(one => one.textContent)")
    assert {message for _, message in told.todo} <= set(shown)
    assert page.troubles == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_next_in_the_pane_jumps_and_says_the_same(
    pane: Callable[[str], Page], told: Told, kind: str
) -> None:
    page = pane(kind)

    words = [press(page, "next"), press(page, "next")]

    after = state(page)
    assert words == [told.say_next(1), told.say_next(2)]
    assert Spot(after["active"], after["selection"]["address"].split(":")[0]) == told.places[1]


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_carry_in_the_pane_fills_the_opening_figure(
    pane: Callable[[str], Page], tmp_path: Path, kind: str
) -> None:
    page, before, blank = pane(kind), tmp_path / "上年.json", spot_of(_BLANK)
    before.write_bytes(last_year())
    column, row = split_address(blank.address)

    page.choose_file("#last-year", before)
    page.wait_for("/结转 \\d+ 项/.test(document.getElementById('status').textContent)")

    assert said(page).startswith(say("carried", count=1))
    assert cell(page, blank.sheet, row, column)["value"] == _CARRIED
    assert page.troubles == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_batch_in_the_pane_opens_the_page_of_the_server(
    pane: Callable[[str], Page], backend: Backend, kind: str
) -> None:
    page = pane(kind)

    words = press(page, "batch")

    assert page.run({"office": "window.opened", "wps": "seen.opened[0]"}[kind]) == (
        f"{backend.address}/"
    )
    assert words == say("batch")
