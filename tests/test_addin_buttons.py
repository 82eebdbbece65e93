"""Every button gives the same on a request, on a file and on the command line."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from tests.support.addin import NAME, carried_out, request_of
from tests.support.builders import filing_of, index_of, with_figures
from tests.support.commands import run_command
from tests.support.district import faults_of
from tests.support.workbooks import (
    Put,
    blank_workbook,
    error,
    formula,
    number,
    put_cells,
    read_bytes,
    resave,
    text,
    truth,
)
from xlsx_tools.addin.buttons import BUTTONS, Request
from xlsx_tools.addin.engines.openpyxl_engine import OpenpyxlBackend
from xlsx_tools.addin.engines.xlwings_classes import open_book
from xlsx_tools.addin.errors import AddinError
from xlsx_tools.addin.message import answer, dump_answer
from xlsx_tools.check import check_filing
from xlsx_tools.excel.address import Spot, layout_of
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import dumps_filing, parse_filing
from xlsx_tools.returned import render_return
from xlsx_tools.returned.places import MARKED, MARKS, TODO, TODO_TOP

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

FORMS = [load_form(form_id) for form_id in form_ids()]
FORM = load_form("annual-report-2021")
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
FAULTS = faults_of(filing_of(FORM, received__research=4, granted__research=4))
UNFIT: tuple[Put, ...] = (
    *(text(words) for words in ("约3", "12件", "１２", " 7", "=1+1", "1.5", "\u3000", "#REF!")),
    *(number(figure) for figure in ("-3", "2.5", "1E+30", "1234567890123", "0.1")),
    *(truth("1"), truth("0"), error("#REF!"), error("#DIV/0!")),
    *(formula("1+1", "2"), formula("1-2", "-1")),
)


def spot_of(name: str, form: Form = FORM) -> Spot:
    return layout_of(form).figure[index_of(form, name)]


@cache
def right(form: Form = FORM) -> bytes:
    return render_workbook(filing_of(form))


def wrong(*, form: Form = FORM, **puts: Put | None) -> bytes:
    return put_cells(right(form), {spot_of(name, form): put for name, put in puts.items()})


@cache
def disorder() -> bytes:
    """Several things wrong at once, some of which follow from others."""
    return wrong(
        requests__received__natural_person=number("12"),
        requests__granted__enterprise=text("12件"),
        requests__granted__research=formula("1+1", "2"),
        penalties__decisions=None,
        licences__decisions=text("/"),
    )


def press(button: str, data: bytes, **more: Any) -> dict[str, Any]:
    return answer(button, request_of(data, **more))


def press_on_file(button: str, data: bytes, **more: Any) -> tuple[OpenpyxlBackend, Any]:
    backend = OpenpyxlBackend(data, NAME)
    return backend, BUTTONS[button](open_book(backend), Request(backend, **more))


def todo_of(data: bytes) -> list[list[object]]:
    rows = load_workbook(BytesIO(data))[TODO].iter_rows(min_row=TODO_TOP, values_only=True)
    return [list(row[:7]) for row in rows if any(row)]


def ids(report: Any) -> list[str]:
    return [finding["id"] for finding in report["findings"]]


def same_everywhere(data: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / NAME).write_bytes(data)

    asked = press("check", data)
    backend, on_file = press_on_file("check", data)
    told = json.loads(
        run_command(capsys, "check", folder / NAME, "--format", "json").out, parse_float=str
    )

    (line,) = told["files"]
    assert asked["actions"] == [action.as_object() for action in backend.done]
    assert asked["report"] == on_file.report
    assert asked["say"] == on_file.say
    report = json.loads(dump_answer(asked), parse_float=str)["report"]
    for key in ("file", "sha256"):
        line.pop(key)
        report.pop(key)
    assert report == line


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{cell}-{rule}" for cell, rule, _ in FAULTS])
def test_a_fault_is_found_alike_in_a_request_a_file_and_by_the_command(
    fault: tuple[str, str, Put | None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell, _rule, put = fault
    data = put_cells(right(), {spot_of(cell): put})

    same_everywhere(data, tmp_path, capsys)


def test_whatever_stands_in_cells_is_found_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ("received", "granted", "refused_internal_affairs")
    inputs = [c for row in rows for c in FORM.inputs if c.row == row and c.table == "requests"]
    spots = [layout_of(FORM).figure[cell.index] for cell in inputs]

    same_everywhere(put_cells(right(), {**dict(zip(spots, UNFIT, strict=False))}), tmp_path, capsys)


@pytest.mark.parametrize("put", [number("0.1"), number("1.23456789"), text("1.5万")], ids=repr)
def test_whatever_stands_in_an_amount_is_found_alike(
    put: Put, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same_everywhere(wrong(charges__amount=put), tmp_path, capsys)


@each_form
def test_a_blank_a_right_and_a_returned_workbook_are_checked_alike(
    form: Form, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for data in (blank_workbook(form), right(form), returned(form)):
        same_everywhere(data, tmp_path, capsys)


def returned(form: Form) -> bytes:
    return render_return(check_filing(filing_of(form, penalties__decisions=None)))


def test_several_things_wrong_are_found_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same_everywhere(disorder(), tmp_path, capsys)


def test_a_date_in_a_figure_is_found_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spot = spot_of("received__enterprise")

    def put_date(book: Any) -> None:
        book[spot.sheet][spot.address].value = 45356
        book[spot.sheet][spot.address].number_format = "yyyy-mm-dd"

    (tmp_path / NAME).write_bytes(resave(right(), put_date))

    asked = press("check", (tmp_path / NAME).read_bytes())

    status = run_command(capsys, "check", tmp_path / NAME, "--format", "json")
    (line,) = json.loads(status.out)["files"]
    (theirs,) = [f for f in line["findings"] if f["rule"] == "cell-readable"]
    assert theirs in asked["report"]["findings"]
    assert theirs["cells"][0]["value"] == "2024-03-05"


def test_check_lists_the_findings_as_the_return_workbook_does() -> None:
    data = disorder()
    answered = press("check", data)

    marked = todo_of(carried_out(data, answered))

    theirs = todo_of(render_return(check_filing(read_bytes(data))))
    assert [row[:6] for row in marked] == [row[:6] for row in theirs]


def test_check_goes_to_the_first_cell_and_says_how_many() -> None:
    answered = press("check", disorder())

    *_, activate, select = answered["actions"]
    first = answered["report"]["findings"][0]["cells"][0]
    assert activate["sheet"] == first["sheet"]
    assert layout_of(FORM).figure  # the address is that of a figure
    assert (select["row"], select["column"]) == (8, 5)
    assert answered["say"] == f"发现 5 处需要处理的问题，已列在“{TODO}”。"


def test_checking_twice_gives_the_same_state() -> None:
    data = disorder()

    once = carried_out(data, press("check", data))
    request = request_of(data)
    request["sheets"] += [s for s in request_of(once)["sheets"] if s["name"] in (TODO, MARKS)]
    twice = carried_out(once, answer("check", request))

    assert _state(twice) == _state(once)


def _state(data: bytes) -> object:
    book = load_workbook(BytesIO(data))
    return {
        sheet.title: (
            sheet.sheet_state,
            sheet.protection.sheet,
            [[c.value for c in row] for row in sheet.iter_rows()],
            sorted(
                (str(area.sqref), rule.formula[0])
                for area in sheet.conditional_formatting
                for rule in area.rules
            ),
        )
        for sheet in book
    }, {name: defined.attr_text for name, defined in book.defined_names.items()}


def test_when_all_is_right_the_list_says_so_and_no_cell_stays_marked() -> None:
    before = disorder()
    marked = carried_out(before, press("check", before))
    mended = put_cells(
        marked,
        {
            spot_of(name): number(figure)
            for name, figure in {
                "requests__received__natural_person": "10",
                "requests__granted__enterprise": "3",
                "requests__granted__research": "0",
                "penalties__decisions": "7",
                "licences__decisions": "0",
            }.items()
        },
    )

    backend, answered = press_on_file("check", mended)

    book = load_workbook(BytesIO(backend.saved()))
    assert "没有需要处理的事项。" in [cell.value for cell in book[TODO]["C"]]
    assert [cell.value for cell in book[MARKS]["A"] if cell.value] == [book[MARKS]["A1"].value]
    assert answered.say.startswith("没有")


def test_a_marked_workbook_reads_back_without_a_finding_of_our_making() -> None:
    data = disorder()

    marked = carried_out(data, press("check", data))

    ours = check_filing(read_bytes(marked))
    plain = check_filing(read_bytes(resave(data)))
    assert [f.id for f in ours.findings] == [f.id for f in plain.findings]
    assert read_bytes(marked) == read_bytes(data)


def test_the_name_covers_the_list_and_official_sheets_are_locked_again() -> None:
    data = disorder()

    book = load_workbook(BytesIO(carried_out(data, press("check", data))))

    assert book.defined_names[MARKED].attr_text.startswith(f"'{MARKS}'!$A$2:$A$")
    assert book[MARKS].sheet_state == "hidden"
    assert book.sheetnames[-2:] == [TODO, MARKS]
    assert all(sheet.protection.sheet for sheet in book)
    assert book.security is not None
    assert book.security.lockStructure


def test_a_sheet_the_filler_unlocked_stays_unlocked() -> None:
    sheet = spot_of("penalties__decisions").sheet

    def unlock(book: Any) -> None:
        book[sheet].protection.sheet = False

    answered = press("check", resave(right(), unlock))

    touched = {a["sheet"] for a in answered["actions"] if a["func"] == "protectSheet"}
    assert sheet not in touched
    assert TODO in touched


def test_next_goes_round_all_findings() -> None:
    data = disorder()
    places, here = [], request_of(data)
    for _ in range(6):
        answered = answer("next", here)
        activate, select = answered["actions"]
        here["book"] |= {
            "active_sheet": activate["sheet"],
            "selection": f"{'ABCDEFGHIJ'[select['column'] - 1]}{select['row']}",
        }
        places.append((activate["sheet"], here["book"]["selection"], answered["say"][:9]))

    assert len(set(places[:5])) == 5
    assert places[5] == places[0]
    assert [said[2] for said in places[:5]] == [f"第 {n} 处，共 5 处"[:9] for n in range(1, 6)]


def test_next_goes_on_from_another_cell_of_a_finding() -> None:
    data = wrong(requests__received__natural_person=number("12"), penalties__decisions=None)
    request = request_of(data)
    other = spot_of("requests__carried_in__natural_person")
    request["book"] |= {"active_sheet": other.sheet, "selection": f"${other.address[0]}$7:$G$9"}

    answered = answer("next", request)

    assert answered["say"].startswith("第 2 处，共 2 处：")


def test_next_says_when_nothing_is_left() -> None:
    answered = press("next", right())

    assert answered == {"actions": [], "say": "没有需要处理的问题。", "report": None}


def test_export_saves_what_read_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = wrong(charges__amount=number("12.345678"))
    (tmp_path / NAME).write_bytes(data)

    (saved,) = press("export", data)["actions"]
    backend, _ = press_on_file("export", data)

    name, content = saved["args"]
    read = run_command(capsys, "read", tmp_path / NAME)
    assert name == "某单位.json"
    assert base64.b64decode(content).decode() == read.out
    assert backend.done[0].as_object() == saved


@pytest.mark.parametrize("button", ["batch", "merge"])
def test_batch_and_merge_open_the_page_and_need_no_workbook_of_ours(button: str) -> None:
    request = {
        "message": 1,
        "client": "wps",
        "book": {"name": "", "active_sheet": ""},
        "sheets": [],
    }

    answered = answer(button, request, page="http://127.0.0.1:8765/")

    (action,) = answered["actions"]
    assert (action["func"], action["args"]) == ("openUrl", ["http://127.0.0.1:8765/"])


# ---------------------------------------------------------------------------- carry
def last_year(form: Form = FORM, **changes: int) -> Filing:
    filing = filing_of(form)
    assert filing.year is not None
    figures = {"carried_out__natural_person": 5, "carried_out__research": 2, **changes}
    return with_figures(replace(filing, year=filing.year - 1), **figures)


def sent(filing: Filing, *, as_json: bool = False) -> dict[str, str]:
    data = dumps_filing(filing).encode() if as_json else render_workbook(filing)
    name = "上年.json" if as_json else "上年.xlsx"
    return {"name": name, "data": base64.b64encode(data).decode()}


def this_year(form: Form = FORM) -> bytes:
    """Blank but for one opening figure."""
    year = form.first_year
    filing = replace(parse_filing(dumps_filing(filing_of(form))), year=year)
    blanks = {f"carried_in__{who}": None for who in ("research", "enterprise", "other")}
    return render_workbook(with_figures(filing, **blanks))


@pytest.mark.parametrize("as_json", [True, False])
def test_carry_fills_blanks_and_says_what_it_left(as_json: bool) -> None:  # noqa: FBT001
    data = this_year()
    answered = press("carry", data, last_year=sent(last_year(), as_json=as_json))

    after = read_bytes(carried_out(data, answered))

    assert after.values[index_of(FORM, "carried_in__research")] == 2
    assert after.values[index_of(FORM, "carried_in__enterprise")] == 0
    assert after.values[index_of(FORM, "carried_in__natural_person")] == 2
    assert after.last_year[index_of(FORM, "carried_out__natural_person")] == 5
    assert spot_of("carried_in__natural_person").address in answered["say"]
    assert "没有覆盖" in answered["say"]


def test_carry_is_the_same_on_a_file() -> None:
    data, before = this_year(), sent(last_year())

    asked = press("carry", data, last_year=before)
    content = (before["name"], base64.b64decode(before["data"]))
    backend, on_file = press_on_file("carry", data, last_year=content)

    assert asked["actions"] == [action.as_object() for action in backend.done]
    assert asked["say"] == on_file.say


def test_carry_replaces_what_it_carried_before_and_nothing_else() -> None:
    data = this_year()
    once = carried_out(data, press("carry", data, last_year=sent(last_year())))

    answered = press("carry", once, last_year=sent(last_year(carried_out__research=9)))

    after = read_bytes(carried_out(once, answered))
    assert after.values[index_of(FORM, "carried_in__research")] == 9
    assert after.values[index_of(FORM, "carried_in__natural_person")] == 2


def test_carry_never_writes_over_a_zero_that_was_typed() -> None:
    data = put_cells(
        wrong(carried_in__research=number("0")),
        {layout_of(FORM).zero_flag["requests"]: text("是")},
    )

    answered = press("carry", data, last_year=sent(last_year()))

    after = read_bytes(carried_out(data, answered))
    assert after.values[index_of(FORM, "carried_in__research")] == 0


def test_carry_writes_the_hidden_sheet_as_a_prefilled_template_has_it() -> None:
    data = this_year()

    after = read_bytes(carried_out(data, press("carry", data, last_year=sent(last_year()))))

    assert index_of(FORM, "carried_in__research") in after.prefilled


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (lambda: replace(last_year(), year=2018), "它是2018年度的，应为2020年度"),
        (lambda: replace(last_year(), scope="consolidated"), "口径"),
    ],
)
def test_carry_refuses_a_file_that_is_not_of_last_year(before: Any, said: str) -> None:
    with pytest.raises(AddinError, match=said) as caught:
        press("carry", this_year(), last_year=sent(before(), as_json=True))

    assert (caught.value.reason, caught.value.status) == ("addin.last_year", 409)


def test_carry_asks_for_the_file() -> None:
    with pytest.raises(AddinError) as caught:
        press("carry", this_year())

    assert caught.value.reason == "addin.last_year_missing"


def test_carry_tells_that_the_file_is_of_another_unit() -> None:
    other = replace(
        last_year(), organisation=filing_of(FORM).organisation._replace(name="某县乙局", code=None)
    )

    answered = press("carry", this_year(), last_year=sent(other, as_json=True))

    assert "请核对：所选文件的填报单位是“某县乙局”，不是“某县某局”。" in answered["say"]
