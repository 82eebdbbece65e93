"""``check --return``: which filings get a workbook back, under which name, with what in it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.support.builders import filing_of, with_figures
from tests.support.commands import run_command
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.read import read_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.commands import Command
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = FORM.first_year + 1
REASON = "由本机关统一填报规章"
ENDING = "（退改）.xlsx"
NOT_ACCEPTED, WRONG_USAGE = 1, 2


def unit(name: str, **changes: int) -> Filing:
    filing = with_figures(filing_of(FORM), **changes)
    return replace(filing, year=YEAR, organisation=Organisation(name))


def send(folder: Path, file: str, filing: Filing) -> None:
    folder.mkdir(exist_ok=True)
    (folder / file).write_bytes(render_workbook(filing))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def words_of(path: Path) -> str:
    """Everything on the first sheet."""
    sheet = load_workbook(path).worksheets[0]
    assert sheet.title == "待办"
    return "\n".join(str(cell.value) for row in sheet for cell in row if cell.value is not None)


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "报送"


def test_each_filing_that_cannot_be_accepted_yet_comes_back_and_no_other(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "甲局.xlsx", unit("甲局"))
    send(inbox, "乙局.xlsx", unit("乙局", received__natural_person=99))
    send(inbox, "丙局.xlsx", unit("丙局", regulations__in_force=1))
    explained = replace(
        unit("丁局", regulations__in_force=1), reasons={"regulations-power": REASON}
    )
    send(inbox, "丁局.xlsx", explained)
    (inbox / "坏.xlsx").write_bytes(b"?")

    ended = nianbao("check", inbox, "--return", tmp_path / "退改")

    assert names_in(tmp_path / "退改") == [f"丙局{ENDING}", f"乙局{ENDING}"]
    assert f"已在 {tmp_path / '退改'} 生成 2 份退改工作簿。" in ended.err


def test_what_comes_back_is_read_as_what_was_sent(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    wrong = unit("乙局", received__natural_person=99, regulations__in_force=1)
    send(inbox, "乙局.xlsx", replace(wrong, reasons={"regulations-power": REASON}))

    nianbao("check", inbox, "--return", tmp_path / "退改")

    again = read_workbook(tmp_path / "退改" / f"乙局{ENDING}")
    assert again == read_workbook(inbox / "乙局.xlsx")
    assert again.reasons == {"regulations-power": REASON}


def test_a_corrected_return_workbook_is_accepted(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "乙局.xlsx", unit("乙局", received__natural_person=99))
    nianbao("check", inbox, "--return", tmp_path / "退改")
    back = read_workbook(tmp_path / "退改" / f"乙局{ENDING}")
    send(tmp_path / "再报", "乙局.xlsx", with_figures(back, received__natural_person=10))

    assert nianbao("check", tmp_path / "再报").status == 0


def test_what_only_the_batch_shows_stands_in_the_workbook_too(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "一.xlsx", unit("甲局"))
    send(inbox, "二.xlsx", unit("甲局", penalties__decisions=8))

    nianbao("check", inbox, "--return", tmp_path / "退改")

    names = names_in(tmp_path / "退改")
    assert names == [f"甲局_2{ENDING}", f"甲局{ENDING}"]
    assert all("同一单位有 2 份内容不同的填报" in words_of(tmp_path / "退改" / n) for n in names)


def test_a_file_that_another_replaces_does_not_come_back(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "一.xlsx", unit("甲局", received__natural_person=99))
    send(inbox, "二.xlsx", unit("甲局"))

    nianbao(
        *("check", inbox, "--return", tmp_path / "退改", "--on-duplicate", inbox / "二.xlsx"),
    )

    assert not (tmp_path / "退改").exists()


def test_a_reason_of_last_year_is_offered_again(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "丙局.xlsx", unit("丙局", regulations__in_force=1))
    before = replace(
        unit("丙局", regulations__in_force=1, carried_out__natural_person=2), year=YEAR - 1
    )
    before = with_figures(before, granted__natural_person=7)
    send(tmp_path / "上年", "丙局.xlsx", replace(before, reasons={"regulations-power": REASON}))

    nianbao("check", inbox, "--last-year", tmp_path / "上年", "--return", tmp_path / "退改")

    path = tmp_path / "退改" / f"丙局{ENDING}"
    assert REASON in words_of(path)
    assert read_workbook(path).reasons == {}


def test_a_name_that_no_folder_takes_becomes_one_that_it_does(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "一.xlsx", unit("../甲:局", received__natural_person=99))

    nianbao("check", inbox, "--return", tmp_path / "退改")

    assert names_in(tmp_path / "退改") == [f"_甲_局{ENDING}"]


def test_a_text_that_no_workbook_can_hold_is_told_and_the_others_come_back(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "乙局.xlsx", unit("乙局", received__natural_person=99))
    odd = json.loads(dumps_filing(unit("丙局", received__natural_person=99)))
    odd["narrative"]["overview"] = "一、\u0007响铃"
    (inbox / "丙局.json").write_text(json.dumps(odd), "utf-8")

    ended = nianbao("check", inbox, "--return", tmp_path / "退改")

    assert "丙局.json：无法生成退改工作簿" in ended.err
    assert names_in(tmp_path / "退改") == [f"乙局{ENDING}"]


def test_a_folder_with_something_in_it_is_left_alone_unless_told_otherwise(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "乙局.xlsx", unit("乙局", received__natural_person=99))
    (tmp_path / "退改").mkdir()
    (tmp_path / "退改" / "旧.txt").write_text("旧", "utf-8")

    refused = nianbao("check", inbox, "--return", tmp_path / "退改")
    forced = nianbao("check", inbox, "--return", tmp_path / "退改", "--force")

    assert refused.status == WRONG_USAGE
    assert "里已有文件，没有覆盖" in refused.err
    assert forced.status == NOT_ACCEPTED
    assert names_in(tmp_path / "退改") == [f"乙局{ENDING}", "旧.txt"]


def test_the_same_command_again_returns_the_same_bytes(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "乙局.xlsx", unit("乙局", received__natural_person=99))

    nianbao("check", inbox, "--return", tmp_path / "一")
    nianbao("check", inbox, "--return", tmp_path / "二")

    one, two = (tmp_path / folder / f"乙局{ENDING}" for folder in ("一", "二"))
    assert one.read_bytes() == two.read_bytes()
