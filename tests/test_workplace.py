"""Where an interrupted batch is kept: one user at a time, whatever the output is called."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of
from xlsx_tools.batch import desk
from xlsx_tools.batch.desk import Order, run_order
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.journal import Journal, JournalError
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.batch.workplace import open_workplace
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.program import program_digest
from xlsx_tools.waivers import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.batch.work import Checking, Task

FORM = load_form("annual-report-2021")
TODAY = date(2026, 1, 20)


def send(folder: Path, name: str, *, year: int = 2025) -> Path:
    folder.mkdir(exist_ok=True)
    filing = replace(filing_of(FORM), organisation=Organisation(name), year=year)
    path = folder / f"{name}.json"
    path.write_text(dumps_filing(filing), "utf-8")
    return path


def statuses(order: Order, folder: Path, place: Path) -> list[str]:
    with run_order(order, FilesOnDisk([folder]), LocalExecutor(jobs=1), place) as outcome:
        return [result.status for result in outcome.batch.results]


def read_again(order: Order, folder: Path, place: Path) -> int:
    """How many files are read in a run after another one in the same place."""
    seen = 0

    def count(checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        nonlocal seen
        for task in tasks:
            seen += 1
            yield from LocalExecutor(jobs=1)(checking, iter([task]))

    with run_order(order, FilesOnDisk([folder]), count, place):
        return seen


def test_a_place_in_use_is_refused_and_one_given_up_is_not(tmp_path: Path) -> None:
    output = tmp_path / "结果.json"

    with open_workplace(output) as place:
        with pytest.raises(JournalError, match="另一个 nianbao 正在处理"), open_workplace(output):
            pass
        assert place.is_dir()
    with pytest.raises(KeyError), open_workplace(output):
        raise KeyError
    with open_workplace(output) as again:
        assert again == place

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["长" * 80, ".", "..", "结果#1?%20.json", "-o", "a'b"])
def test_an_output_of_any_name_has_a_place_that_is_found_again(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    send(tmp_path / "in", "甲局")
    send(tmp_path / "before", "甲局", year=2024)
    before = FilesOnDisk([tmp_path / "before"])

    with open_workplace(Path(name)) as place:
        found = statuses(Order(TODAY, last_year=before), tmp_path / "in", place)
        where = place.resolve().parent
    with open_workplace(Path(name)) as again:
        pass

    assert found != ["unreadable"]
    assert place == again
    assert where == Path(name).resolve().parent


def test_a_place_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(JournalError, match="无法写入进度记录（上级位置不是文件夹）"),
        open_workplace(tmp_path / "file" / "结果.json"),
    ):
        pass


def test_a_full_disk_is_a_sentence_wherever_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tmp_path / "in", "甲局")

    def fill_up(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for method in ("list_files", "keep"):
        with monkeypatch.context() as patch:
            patch.setattr(Journal, method, fill_up)
            with pytest.raises(JournalError, match="磁盘已满"):
                statuses(Order(TODAY), tmp_path / "in", tmp_path)


def test_a_journal_damaged_in_its_middle_is_begun_anew(tmp_path: Path) -> None:
    for number in range(120):
        send(tmp_path / "in", f"{number}局")
    whole = statuses(Order(TODAY), tmp_path / "in", tmp_path)
    data = bytearray((tmp_path / "checked").read_bytes())
    data[20480:] = b"\xa5" * (len(data) - 20480)
    (tmp_path / "checked").write_bytes(data)

    assert statuses(Order(TODAY), tmp_path / "in", tmp_path) == whole


def test_a_batch_goes_on_after_midnight_but_not_past_the_end_of_a_waiver(tmp_path: Path) -> None:
    send(tmp_path / "in", "甲局")
    waiver = Waiver(2, "regulations-power", "甲局", 2025, "某某", "情况属实，已核", TODAY)
    order = Order(TODAY, waivers=(waiver,))
    statuses(order, tmp_path / "in", tmp_path)

    same = read_again(replace(order, today=date(2026, 1, 19)), tmp_path / "in", tmp_path)
    later = read_again(replace(order, today=date(2026, 1, 21)), tmp_path / "in", tmp_path)

    assert (same, later) == (0, 1)


def test_results_of_another_program_or_form_or_last_year_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tmp_path / "in", "甲局")
    send(tmp_path / "before", "甲局", year=2024)
    order = Order(TODAY)
    statuses(order, tmp_path / "in", tmp_path)

    same = read_again(order, tmp_path / "in", tmp_path)
    before = replace(order, last_year=FilesOnDisk([tmp_path / "before"]))
    with_last_year = read_again(before, tmp_path / "in", tmp_path)
    statuses(order, tmp_path / "in", tmp_path)
    monkeypatch.setattr(desk, "program_digest", lambda: "another")
    another = read_again(order, tmp_path / "in", tmp_path)

    assert (same, with_last_year, another) == (0, 2, 1)


def test_the_program_is_known_by_its_code_and_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, code = tmp_path / "form.toml", tmp_path / "package"
    code.mkdir()
    (code / "a.py").write_text("1")
    form.write_text("one")
    monkeypatch.setattr("xlsx_tools.program._PACKAGE", code)
    monkeypatch.setattr("xlsx_tools.program.form_files", lambda: (form,))
    make = program_digest.__wrapped__
    first = make()

    form.write_text("two")
    second = make()
    (code / "a.py").write_text("2")

    assert len({first, second, make()}) == 3
