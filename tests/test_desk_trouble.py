"""What a coordinator's disk and typing do to the commands over many files: sentences, no losses."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.commands import Command, run_command
from xlsx_tools.cli.main import main
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing

FORM = load_form("annual-report-2021")
NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = 1, 2, 3


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    return partial(run_command, capsys)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "报送"
    folder.mkdir()
    return folder


def send(folder: Path, name: str, *, year: int = 2025, **changes: int) -> Path:
    filing = with_figures(filing_of(FORM), **changes)
    path = folder / f"{name}.json"
    filing = replace(filing, organisation=Organisation(name), year=year)
    path.write_text(dumps_filing(filing), "utf-8")
    return path


def test_a_batch_with_nothing_in_it_leaves_nothing_behind(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    (inbox / "说明.txt").touch()

    ended = nianbao("check", inbox, "-o", tmp_path / "结果.json")

    assert ended.status == WRONG_USAGE
    assert "另有 1 个不是填报的文件" in ended.err
    assert list(tmp_path.iterdir()) == [inbox]


def test_a_file_of_another_year_is_something_not_accepted(nianbao: Command, inbox: Path) -> None:
    send(inbox, "甲局")
    send(inbox, "乙局", year=2024)

    ended = nianbao("check", inbox, "--year", 2025)

    assert ended.status == NOT_ACCEPTED


@pytest.mark.parametrize("option", ["--roster", "--waivers", "--last-year"])
def test_a_list_is_never_an_output(
    nianbao: Command, inbox: Path, tmp_path: Path, option: str
) -> None:
    file = send(inbox, "甲局")
    given = tmp_path / "名册.csv"
    given.write_text("name\n甲局\n", "utf-8")

    ended = nianbao("check", file, option, given, "-o", inbox / ".." / "名册.csv", "--force")

    assert ended.status in (WRONG_USAGE, UNREADABLE)
    assert given.read_text("utf-8") == "name\n甲局\n"


def test_return_workbooks_are_not_put_among_the_submissions(nianbao: Command, inbox: Path) -> None:
    file = send(inbox, "甲局（退改）", received__natural_person=9)

    for given in (inbox, file):
        ended = nianbao("check", given, "--return", inbox / "..", "--force", "--return", inbox)

        assert ended.status == WRONG_USAGE
        assert "另一个文件夹" in ended.err
    assert list(inbox.iterdir()) == [file]


def test_return_workbooks_beneath_the_submissions_are_warned_of(
    nianbao: Command, inbox: Path, tmp_path: Path
) -> None:
    send(inbox, "甲局", received__natural_person=9)

    inside = nianbao("check", inbox, "--return", inbox / "退改")
    again = nianbao("check", inbox, "--return", inbox / "退改", "--force")
    beside = nianbao("check", inbox / "甲局.json", "--return", tmp_path / "退改")

    assert "移到别处" in inside.err
    assert "共 1 份" in again.out
    assert "移到别处" not in beside.err


def test_a_roster_that_is_not_there_or_cannot_be_read_is_a_sentence(
    nianbao: Command, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = send(inbox, "名册")
    gone = nianbao("template", "--year", 2025, "--roster", "nowhere.csv", "-o", inbox / "out")

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(roster))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    locked = nianbao("check", inbox, "--roster", roster)

    assert (gone.status, locked.status) == (WRONG_USAGE, WRONG_USAGE)
    assert "找不到名册" in gone.err
    assert "名册无法读取：没有权限" in locked.err


def test_a_wrong_roster_is_named_with_its_lines(nianbao: Command, inbox: Path) -> None:
    send(inbox, "甲局")
    roster = inbox / "名册.csv"
    roster.write_text("name\n甲局\n甲局\n", "utf-8")

    ended = nianbao("check", inbox, "--roster", roster)

    assert ended.status == UNREADABLE
    assert "名册.csv：名册有误" in ended.err
    assert "第 3 行：单位“甲局”与第 2 行重复" in ended.err


def test_what_the_system_refuses_is_said_in_chinese(
    nianbao: Command, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(inbox, "甲局")

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    ended = nianbao("check", inbox, "-o", inbox / "结果.json")

    assert ended.status == UNREADABLE
    assert "结果.json：没有权限" in ended.err


def test_somebody_who_reads_no_further_is_no_trouble(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(inbox, "甲局")

    def close(*_arguments: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("xlsx_tools.cli.check.print_chunks", close)
    monkeypatch.setattr(os, "dup2", lambda *_: None)

    with pytest.raises(SystemExit) as ended:
        main(["check", str(inbox)])

    assert ended.value.code == 0
