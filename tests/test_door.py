"""``nianbao check 一份.xlsx`` goes by a short way in: the same words, the same status."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.commands import Ended, run_command
from xlsx_tools.cli import door
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form

if TYPE_CHECKING:
    from pathlib import Path

FORM = load_form("annual-report-2021")
PASSED = filing_of(FORM)
FAILED = with_figures(PASSED, received__research=7, received__other=3)
FILES = {
    "通过.xlsx": render_workbook(PASSED),
    "未通过.XLSX": render_workbook(FAILED),
    "没有年度.xlsx": render_workbook(replace(PASSED, year=None)),
    "-空.xlsx": b"",
    "~$锁定.xlsx": b"lock",
    "断.xlsx": render_workbook(PASSED)[:5000],
    "名称\n换行.xlsx": b"PK\x03\x04",
}


def enter(capsys: pytest.CaptureFixture[str], *words: object) -> Ended:
    with pytest.raises(SystemExit) as ended:
        door.main([str(word) for word in words])
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, said.out, said.err)


@pytest.mark.parametrize("name", FILES)
def test_one_workbook_is_told_of_in_the_same_words_as_by_the_command(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])

    assert enter(capsys, "check", path) == run_command(capsys, "check", path)


def test_a_name_that_is_no_utf8_is_told_in_the_same_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.fsencode(tmp_path) + "/某局.xlsx".encode("gbk")
    try:
        with open(path, "wb") as file:  # noqa: PTH123 - a name in bytes
            file.write(FILES["通过.xlsx"])
    except OSError:
        pytest.skip("file names are UTF-8 here")
    word = os.fsdecode(path)

    ended = enter(capsys, "check", word)

    assert "某局.xlsx" in ended.out
    assert ended == run_command(capsys, "check", word)


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "没有.xlsx"),
        ("check", "文件夹.xlsx"),
        ("check", "链接.xlsx"),
        ("check", "通过.xlsx", "--format", "json"),
        ("check", "--jobs=1"),
        ("rules", "--help"),
        ("chekc", "通过.xlsx"),
        (),
    ],
)
def test_everything_else_is_left_to_the_commands(
    words: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "通过.xlsx").write_bytes(FILES["通过.xlsx"])
    (tmp_path / "文件夹.xlsx").mkdir()
    (tmp_path / "链接.xlsx").symlink_to("通过.xlsx")

    assert enter(capsys, *words) == run_command(capsys, *words)


def test_what_only_batches_need_is_not_loaded_for_one_workbook(tmp_path: Path) -> None:
    path = tmp_path / "通过.xlsx"
    path.write_bytes(FILES["通过.xlsx"])
    asked = (
        f"import sys; from xlsx_tools.cli import door; door._check_one(door.Path({str(path)!r}))"
    )
    told = "; print(sorted({'click', 'sqlite3', 'tempfile', 'openpyxl'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", asked + told], check=True, capture_output=True, text=True
    )

    assert done.stdout.endswith("[]\n")


def test_a_reader_that_closes_the_pipe_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "未通过.xlsx"
    path.write_bytes(FILES["未通过.XLSX"])
    words = [sys.executable, "-m", "xlsx_tools", "check", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()

        said = running.stderr.read()

    assert (running.returncode, said) == (0, b"")


def test_somebody_who_interrupts_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_path: Path) -> int:
        raise KeyboardInterrupt

    path = tmp_path / "通过.xlsx"
    path.write_bytes(FILES["通过.xlsx"])
    monkeypatch.setattr(door, "_check_one", interrupt)

    assert enter(capsys, "check", path) == Ended(130, "", "已中断。\n")
