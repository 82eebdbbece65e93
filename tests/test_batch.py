"""Many files at once: found, unpacked, checked in workers, kept in a journal, gone on with."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import time
import zipfile
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given

from tests.support.builders import filing_of, filings, index_of
from tests.support.journals import open_journal
from xlsx_tools.batch.archive import open_archive
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.journal import Journal, JournalError
from xlsx_tools.batch.record import dump_result, load_result
from xlsx_tools.batch.result import FileResult, Ignored
from xlsx_tools.batch.run import LocalExecutor, run_batch
from xlsx_tools.batch.sources import find_sources
from xlsx_tools.batch.work import Checker, Checking, Task
from xlsx_tools.batch.workers import WorkerLimits, WorkerPool
from xlsx_tools.check import check_filing
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.filing import Organisation, Trouble
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.values import Parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
CHECKING = Checking()


def hand_in(folder: Path, *names: str) -> None:
    for name in names:
        filing = replace(filing_of(FORM), organisation=Organisation(name))
        (folder / f"{name}.xlsx").write_bytes(render_workbook(filing))


def labels(folder: Path) -> list[str]:
    return [
        f"{source.file} ignored" if isinstance(source, Ignored) else source.path.name
        for source in find_sources([folder])
    ]


def run(journal: Journal, folder: Path, *, jobs: int = 2) -> list[FileResult]:
    results, _ = run_batch(journal, FilesOnDisk([folder]), CHECKING, LocalExecutor(jobs=jobs))
    return list(results)


@given(filings(FORM))
def test_a_result_survives_its_record(filing: Filing) -> None:
    result = FileResult("某局.xlsx", "0" * 64, check_filing(filing))

    again = load_result(dump_result(result))

    assert again == result
    assert dump_result(again) == dump_result(result)


@pytest.mark.parametrize("form_id", form_ids())
def test_a_record_keeps_how_a_filing_was_read(form_id: str) -> None:
    form = load_form(form_id)
    bad = index_of(form, "received__other")
    filing = replace(
        filing_of(form),
        stated={index_of(form, "received__total"): 3},
        parsed={bad: Parsed("invalid", proposed=12, why="“12件”不是数字")},
        troubles=(Trouble("readable", bad, "“12件”不是数字", found="12件"),),
        reasons={"regulations-power": "由本机关统一填报"},
        last_year={bad: 4},
        prefilled=frozenset({bad}),
        contact={"filler": "张三"},
    )

    again = load_result(dump_result(FileResult("a", "1", check_filing(filing)))).filing

    assert again is not None
    for name in ("stated", "parsed", "troubles", "reasons", "last_year", "prefilled", "contact"):
        assert getattr(again, name) == getattr(filing, name)


def test_a_record_keeps_why_a_file_could_not_be_used() -> None:
    result = FileResult("a.xlsx", None, error=refuse("file.empty"))

    again = load_result(dump_result(result))

    assert isinstance(again.error, UnusableFileError)
    assert (again.error.reason, str(again.error)) == ("file.empty", str(result.error))


def test_every_file_in_a_folder_is_found_or_ignored_with_a_reason(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")
    (tmp_path / "甲局.xlsx").rename(tmp_path / "甲局")
    for name in ("乙局.xls", "丙局.JSON", "~$丁局.xlsx", "Thumbs.db", "说明.pdf", "附件.docx"):
        (tmp_path / name).write_bytes(b"%PDF" if name == "说明.pdf" else b"PK\x03\x04")

    found = labels(tmp_path)

    assert [name for name in found if "ignored" not in name] == ["丙局.JSON", "乙局.xls", "甲局"]
    assert len(found) == 7
    whys = {one.why for one in find_sources([tmp_path]) if isinstance(one, Ignored)}
    assert any("正打开着“丁局.xlsx”" in why for why in whys)


def test_a_file_given_twice_is_checked_once(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")

    found = list(find_sources([tmp_path, tmp_path / "甲局.xlsx", tmp_path]))

    assert len(found) == 1


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    hand_in(tmp_path / "a", "甲局")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "link").symlink_to(tmp_path / "a")

    (link,) = find_sources([tmp_path / "b"])

    assert isinstance(link, Ignored)
    assert "符号链接" in link.why


def zip_of(path: Path, members: dict[bytes, bytes]) -> Path:
    """A zip as Windows programs write it: names in GBK and no word of it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr("x" * len(name), data)
    data = path.read_bytes()
    for name in members:
        data = data.replace(b"x" * len(name), name)
    path.write_bytes(data)
    return path


def test_a_zip_is_unpacked_in_memory_and_its_gbk_names_are_read(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")
    inner = (tmp_path / "甲局.xlsx").read_bytes()
    (tmp_path / "in").mkdir()
    zip_of(
        tmp_path / "in" / "报送.zip",
        {"教育局.xlsx".encode("gbk"): inner, "坏.xlsx".encode("gbk"): b"PK\x03\x04 no"},
    )

    with open_journal(None) as journal:
        good, bad = run(journal, tmp_path / "in")

    assert good.file.endswith("报送.zip/教育局.xlsx")
    assert good.status == "passed"
    assert good.sha256 is not None
    assert (bad.status, bad.findings[0].rule) == ("unreadable", "package.corrupt")
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["报送.zip"]


def test_a_workbook_called_zip_is_a_workbook(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")
    (tmp_path / "甲局.xlsx").rename(tmp_path / "甲局.zip")

    with open_journal(None) as journal:
        (result,) = run(journal, tmp_path)

    assert open_archive(tmp_path / "甲局.zip") is None
    assert result.status == "passed"


def test_a_broken_zip_is_one_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "报送.zip").write_bytes(b"PK\x03\x04 cut off")

    with open_journal(None) as journal:
        (result,) = run(journal, tmp_path)

    assert result.status == "unreadable"


def test_a_member_too_big_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")
    inner = (tmp_path / "甲局.xlsx").read_bytes()
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.xlsx", bytes(21 * 1024 * 1024))
        archive.writestr("good.xlsx", inner)

    with open_journal(None) as journal:
        big, good = run(journal, tmp_path / "in")

    assert big.findings[0].rule == "file.too_big"
    assert good.status == "passed"


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_outcome_is_the_same_for_any_number_of_workers(tmp_path: Path, jobs: int) -> None:
    hand_in(tmp_path, *(f"{number}局" for number in range(12)))
    (tmp_path / "坏.xlsx").write_bytes(b"?")
    checker = Checker(CHECKING)
    alone = [
        checker.check(Task(0, str(path), str(path))) for path in sorted(tmp_path.glob("*.xlsx"))
    ]

    with open_journal(None) as journal:
        together = run(journal, tmp_path, jobs=jobs)

    assert list(map(dump_result, together)) == list(map(dump_result, alone))


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Stands for a kill in the middle of a batch."""


def stop_after(count: int) -> Callable[..., Iterator[bytes]]:
    def execute(checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        for number, answer in enumerate(LocalExecutor(jobs=1)(checking, tasks)):
            if number == count:
                raise Interrupted
            yield answer

    return execute


def count_tasks(read: list[str]) -> Callable[..., Iterator[bytes]]:
    def execute(checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        def seen() -> Iterator[Task]:
            for task in tasks:
                read.append(task.label)
                yield task

        return LocalExecutor(jobs=1)(checking, seen())

    return execute


def test_an_interrupted_batch_goes_on_without_reading_again_what_is_done(tmp_path: Path) -> None:
    folder, output = tmp_path / "in", tmp_path / "结果.json"
    folder.mkdir()
    hand_in(folder, *(f"{number}局" for number in range(8)))
    with pytest.raises(Interrupted), open_journal(output) as journal:
        run_batch(journal, FilesOnDisk([folder]), CHECKING, stop_after(5))
    (folder / "0局.xlsx").write_bytes(b"changed since")
    read: list[str] = []

    with open_journal(output) as journal:
        results, _ = run_batch(journal, FilesOnDisk([folder]), CHECKING, count_tasks(read))
        statuses = [result.status for result in results]

    assert len(read) == 3 + 1
    assert statuses == ["unreadable", *["passed"] * 7]
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_journal_of_another_check_is_not_gone_on_from(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局", "乙局")
    output = tmp_path / "out" / "结果.json"
    with pytest.raises(Interrupted), open_journal(output, "this") as journal:
        run_batch(journal, FilesOnDisk([tmp_path]), CHECKING, stop_after(1))
    read: list[str] = []

    with open_journal(output, "that") as journal:
        run_batch(journal, FilesOnDisk([tmp_path], [output]), CHECKING, count_tasks(read))

    assert len(read) == 2


def test_a_torn_journal_is_begun_anew(tmp_path: Path) -> None:
    hand_in(tmp_path, "甲局")
    place = tmp_path / "~nianbao-结果.json.journal"
    place.mkdir()
    (place / "checked").write_bytes(b"SQLite format 3\x00 torn")

    with open_journal(tmp_path / "结果.json") as journal:
        (result,) = run(journal, tmp_path)

    assert result.status == "passed"


def test_two_runs_with_one_output_do_not_mix(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "结果.json"),
        pytest.raises(JournalError, match="另一个 nianbao 正在处理"),
    ):
        Journal(tmp_path / "~nianbao-结果.json.journal" / "checked", "x")


class Job(NamedTuple):
    """A task of these tests: what the worker is to do."""

    name: str
    data: bytes | None = None


def work_on(folder: str) -> Callable[[Job], bytes]:
    def do(job: Job) -> bytes:
        if job.name == "dies":
            os._exit(1)
        if job.name == "dies once" and not os.path.exists(f"{folder}/died"):  # noqa: PTH110
            open(f"{folder}/died", "x").close()  # noqa: PTH123
            os._exit(1)
        if job.name == "hangs":
            time.sleep(60)
        if job.name == "says much":
            return bytes(100_000)
        if job.name == "eats":
            bytearray(3 * 1024**3)
        return job.name.encode()

    return do


def give_up(job: Job, reason: str) -> bytes:
    return f"{job.name}: {reason}".encode()


def do_all(tmp_path: Path, names: list[str], *, seconds: float = 20.0) -> list[str]:
    pool = WorkerPool[Job](
        partial(work_on, str(tmp_path)), give_up, jobs=2, limits=WorkerLimits(seconds=seconds)
    )
    return sorted(answer.decode() for answer in pool.run(map(Job, names)))


def test_a_file_that_kills_its_worker_is_tried_once_more_and_then_given_up(tmp_path: Path) -> None:
    names = [*(f"{number:02}" for number in range(30)), "dies", "dies once"]

    answers = do_all(tmp_path, names)

    assert answers == sorted([*names[:30], "dies once", "dies: limits.crash"])


def test_a_file_that_takes_too_long_is_given_up_and_the_others_are_done(tmp_path: Path) -> None:
    names = ["a", "hangs", *(f"{number:02}" for number in range(20))]

    answers = do_all(tmp_path, names, seconds=0.5)

    assert answers == sorted(["a", "hangs: limits.time", *names[2:]])


def test_a_worker_has_no_more_memory_than_it_may_have(tmp_path: Path) -> None:
    answers = do_all(tmp_path, ["a", "eats"])

    assert answers == ["a", "eats: limits.memory"]


def test_big_tasks_and_small_ones_all_get_done(tmp_path: Path) -> None:
    pool = WorkerPool[Job](partial(work_on, str(tmp_path)), give_up, jobs=2, limits=WorkerLimits())
    tasks = [Job(f"{number:03}", bytes(300_000) if number % 3 else None) for number in range(60)]

    answers = sorted(pool.run(iter(tasks)))

    assert answers == [task.name.encode() for task in tasks]


@pytest.mark.skipif(sys.platform != "linux", reason="makes here the pipes of other systems")
def test_pipes_as_small_as_some_systems_have_them_never_fill_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = multiprocessing.get_context("fork")
    make = context.Pipe

    def make_small() -> tuple[Connection, Connection]:
        ends = make()
        for end in ends:
            with socket.socket(fileno=os.dup(end.fileno())) as half:
                half.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return ends

    monkeypatch.setattr(context, "Pipe", make_small)
    monkeypatch.setattr("xlsx_tools.batch.workers._choose_context", lambda: context)
    pool = WorkerPool[Job](partial(work_on, str(tmp_path)), give_up, jobs=1)
    tasks = [Job("says much", bytes(4000)) for _ in range(30)]

    answers = list(pool.run(iter(tasks)))

    assert [len(answer) for answer in answers] == [100_000] * 30


def test_no_more_workers_are_started_than_there_is_work(tmp_path: Path) -> None:
    pool = WorkerPool[Job](partial(work_on, str(tmp_path)), give_up, jobs=5000)
    before = len(multiprocessing.active_children())
    answers = pool.run(map(Job, "abc"))

    first = next(answers)
    started = len(multiprocessing.active_children()) - before

    assert started == 3
    assert sorted([first, *answers]) == [b"a", b"b", b"c"]


def test_a_bug_of_ours_is_a_verdict_with_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path, "甲局")
    path = str(tmp_path / "甲局.xlsx")

    def fail(_filing: Filing) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("xlsx_tools.batch.work.check_filing", fail)

    one, other = (Checker(CHECKING).check(Task(0, path, path)) for _ in range(2))

    assert one.findings[0].rule == "internal.error"
    assert "编号" in one.findings[0].message
    assert str(one.error) == str(other.error)
    assert one.sha256 is None


def test_a_file_refused_after_reading_keeps_its_hash(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"?")

    result = Checker(CHECKING).check(Task(0, "a", str(tmp_path / "a.xlsx")))

    assert result.status == "unreadable"
    assert result.sha256 is not None
