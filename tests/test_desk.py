"""The coordinator's desk: one folder through the commands, with roster, last year and waivers."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.commands import run_command
from xlsx_tools.batch.desk import Order, run_order
from xlsx_tools.batch.duplicates import Choice
from xlsx_tools.batch.folders import FilesOnDisk
from xlsx_tools.batch.run import LocalExecutor
from xlsx_tools.batch.workplace import open_workplace
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing
from xlsx_tools.roster import parse_roster
from xlsx_tools.waivers import parse_waivers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.commands import Command, Ended
    from xlsx_tools.batch.run import Executor
    from xlsx_tools.batch.work import Checking, Task
    from xlsx_tools.filing import Filing

FORM, OLD_FORM = load_form("annual-report-2021"), load_form("annual-report-2019")
YEAR = FORM.first_year
DAY = "2022-01-20"
ACCEPTED, NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = range(4)
Json = Any
STATUSES = ("passed", "passed_with_reasons", "failed", "not_filled", "unreadable")
ROSTER = "name,code\n甲局,\n乙局,\n丙局,\n丁局,\n戊局,\n己局,\n庚局,11330000000000007X\n"


def unit(name: str, **changes: int) -> Filing:
    return replace(with_figures(filing_of(FORM), **changes), organisation=Organisation(name))


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A roster of seven and what came in: right, wrong, to be explained, twice, zipped, broken."""
    (tmp_path / "名册.csv").write_text(ROSTER, "utf-8")
    inbox = tmp_path / "报送"
    inbox.mkdir()
    sent = {
        "甲局": unit("甲局"),
        "乙局": unit("乙局", received__natural_person=99),
        "丙局": unit("丙局", regulations__in_force=1),
        "丁局": unit("丁局"),
        "丁局更正": unit("丁局", penalties__decisions=8),
        "戊局": unit("戊局"),
    }
    for at, (name, filing) in enumerate(sent.items()):
        (inbox / f"{name}.xlsx").write_bytes(render_workbook(filing))
        os.utime(inbox / f"{name}.xlsx", (1_700_000_000 + at,) * 2)
    with ZipFile(inbox / "邮件.zip", "w") as mail:
        mail.writestr("己局.xlsx", render_workbook(unit("己局")))
        mail.writestr("甲局.xlsx", render_workbook(unit("甲局")))
    (inbox / "坏.xlsx").write_bytes(b"?")
    (inbox / "通知.docx").write_bytes(b"words")
    return tmp_path


def report(nianbao: Command, desk: Path, *options: object) -> Json:
    """The JSON that ``check`` of the inbox prints."""
    ended = nianbao("check", desk / "报送", "--today", DAY, "--format", "json", *options)
    assert ended.status == UNREADABLE, ended.err
    return json.loads(ended.out)


def files_of(told: Json) -> dict[str, Json]:
    """The entries of ``files`` by the name of the file; of several alike, the first."""
    named = [(file["file"].rpartition("/")[2], file) for file in told["files"]]
    return dict(reversed(named))


def rules_of(file: Json) -> list[str]:
    return [finding["rule"] for finding in file["findings"]]


# -------------------------------------------------------------------------- files and the roster


def test_every_file_ends_in_one_status_and_every_organisation_in_one_standing(
    nianbao: Command, desk: Path
) -> None:
    told = report(nianbao, desk, "--roster", desk / "名册.csv")

    summary, roster = told["summary"], told["roster"]
    assert [file["status"] in STATUSES for file in told["files"]] == [True] * 9
    assert summary["files"] == 9 == sum(summary[status] for status in STATUSES)
    assert (summary["passed"], summary["failed"], summary["unreadable"]) == (6, 2, 1)
    assert summary["ignored"] == 1
    assert {one["name"]: one["standing"] for one in roster["units"]} == {
        "甲局": "passed",
        "乙局": "failed",
        "丙局": "failed",
        "丁局": "duplicate",
        "戊局": "passed",
        "己局": "passed",
        "庚局": "missing",
    }
    assert sum(roster["sums"].values()) == 7 + roster["sums"]["outside"]


def test_the_json_of_a_batch_has_the_keys_of_the_contract(nianbao: Command, desk: Path) -> None:
    told = report(nianbao, desk, "--roster", desk / "名册.csv")

    assert list(told) == ["files", "summary", "ignored", "roster"]
    assert list(files_of(told)["坏.xlsx"]) == [
        "file", "sha256", "organisation", "year", "form", "scope", "status", "rules", "findings",
    ]  # fmt: skip
    (ignored,) = told["ignored"]
    assert list(ignored) == ["file", "why"]
    assert list(told["roster"]) == ["sums", "units", "outside"]
    assert list(told["roster"]["units"][0]) == [
        "name", "code", "scope", "standing", "files", "message", "proposed",
    ]  # fmt: skip


def test_a_file_in_a_zip_is_called_by_both_names_and_a_copy_counts_once(
    nianbao: Command, desk: Path
) -> None:
    told = report(nianbao, desk)

    names = [file["file"].removeprefix(f"{desk}/报送/") for file in told["files"]]
    assert names[-2:] == ["邮件.zip/己局.xlsx", "邮件.zip/甲局.xlsx"]
    copies = [file for file in told["files"] if "batch.same_bytes" in rules_of(file)]
    assert [copy["file"].rpartition("/")[2] for copy in copies] == ["甲局.xlsx"]


def test_the_text_gives_the_sums_of_files_and_of_the_roster(nianbao: Command, desk: Path) -> None:
    ended = nianbao("check", desk / "报送", "--today", DAY, "--roster", desk / "名册.csv")

    assert (
        "共 9 份：通过 6 份，未通过 2 份，无法读取 1 份；另有 1 个不是填报，没有读取。" in ended.out
    )
    assert (
        "名册 7 个单位：未报 1，已报未通过 2，通过 3，零报告 0，重复 1；名册之外 0 份。"
        in ended.out
    )
    assert "[未报] 庚局" in ended.out


def test_what_is_no_list_is_refused_before_any_work(nianbao: Command, desk: Path) -> None:
    (desk / "坏名册.csv").write_text("单位,口径\n甲局,own\n甲局,own\n,own\n", "utf-8")
    gone = [("--roster", "找不到名册"), ("--waivers", "找不到豁免清单"), ("--last-year", "找不到")]

    absent = [nianbao("check", desk / "报送", option, desk / "无") for option, _ in gone]
    wrong = nianbao("check", desk / "报送", "--roster", desk / "坏名册.csv")

    assert [ended.status for ended in absent] == [WRONG_USAGE] * 3
    assert all(said in ended.err for ended, (_, said) in zip(absent, gone, strict=True))
    assert wrong.status == UNREADABLE
    assert "第 4 行：没有单位名称" in wrong.err
    assert "第 3 行：单位“甲局”与第 2 行重复" in wrong.err


# ----------------------------------------------------------------------------- several of one unit


def test_different_files_of_one_unit_stop_each_other_until_somebody_says_which_counts(
    nianbao: Command, desk: Path
) -> None:
    chosen = desk / "报送" / "丁局.xlsx"
    nobody = files_of(report(nianbao, desk))
    latest = files_of(report(nianbao, desk, "--on-duplicate", "latest"))
    named = files_of(report(nianbao, desk, "--on-duplicate", chosen))

    rules = [[rules_of(told[name]) for name in ("丁局.xlsx", "丁局更正.xlsx")]
             for told in (nobody, latest, named)]  # fmt: skip

    assert rules == [
        [["batch.conflict"], ["batch.conflict"]],
        [["batch.superseded"], ["batch.chosen"]],
        [["batch.chosen"], ["batch.superseded"]],
    ]
    assert {nobody["丁局.xlsx"]["status"], latest["丁局.xlsx"]["status"]} == {"passed"}


def test_a_choice_is_recorded_and_one_that_settles_nothing_is_told(
    nianbao: Command, desk: Path
) -> None:
    ended = nianbao("check", desk / "报送", "--on-duplicate", "latest", "--on-duplicate", "无.xlsx")

    assert "--on-duplicate 指定的“无.xlsx”没有与之重复的填报，未起作用。" in ended.err
    assert "同一单位有 2 份填报，按最后修改时间采用本份。" in ended.out
    assert "【通过，不计入】丁局" in ended.out


def test_two_chosen_files_of_one_unit_are_refused(nianbao: Command, desk: Path) -> None:
    both = [desk / "报送" / name for name in ("丁局.xlsx", "丁局更正.xlsx")]

    ended = nianbao("check", desk / "报送", "--on-duplicate", both[0], "--on-duplicate", both[1])

    assert ended.status == UNREADABLE
    assert "是同一单位的填报，只能指定其中一份" in ended.err


def test_a_file_of_another_year_than_asked_for_is_not_counted(nianbao: Command, desk: Path) -> None:
    told = files_of(report(nianbao, desk, "--year", YEAR + 1))

    assert "template.year" in rules_of(told["戊局.xlsx"])
    assert told["戊局.xlsx"]["status"] == "passed"


# ---------------------------------------------------------------------------- last year, waivers


def test_last_years_filings_of_the_form_before_are_compared_column_by_column(
    nianbao: Command, desk: Path
) -> None:
    before = replace(
        filing_of(OLD_FORM, carried_out__natural_person=5),
        year=YEAR - 1,
        organisation=Organisation("戊局"),
    )
    (desk / "上年").mkdir()
    (desk / "上年" / "戊局.json").write_text(dumps_filing(before), "utf-8")
    (desk / "上年" / "坏.json").write_text("{", "utf-8")

    ended = nianbao(
        "check", desk / "报送", "--today", DAY, "--last-year", desk / "上年", "--format", "json"
    )

    files = files_of(json.loads(ended.out))
    assert rules_of(files["甲局.xlsx"]) == []
    assert rules_of(files["戊局.xlsx"])[0] == "carried-in-matches-last-year"
    (lead, *_) = files["戊局.xlsx"]["findings"]
    assert (lead["left"], lead["right"]) == (2, 5)
    assert "上年度填报：" in ended.err
    assert "坏.json：不是可用的填报数据" in ended.err


def test_a_waiver_names_a_finding_by_the_digest_that_the_report_shows(
    nianbao: Command, desk: Path
) -> None:
    before = files_of(report(nianbao, desk))["丙局.xlsx"]
    (finding,) = before["findings"]
    waivers = desk / "豁免.csv"
    waivers.write_text(
        "规则,单位,年度,批准人,理由,有效期至,数据指纹\n"
        f"{finding['rule']},丙局,{YEAR},张三,受委托统一填报,2022-03-31,"
        f"{finding['figures_digest']}\n",
        "utf-8",
    )

    waived = files_of(report(nianbao, desk, "--waivers", waivers))["丙局.xlsx"]
    late = nianbao("check", desk / "报送", "--waivers", waivers, "--today", "2022-04-01")
    (desk / "报送" / "丙局.xlsx").write_bytes(
        render_workbook(unit("丙局", regulations__in_force=2))
    )
    changed = nianbao("check", desk / "报送", "--waivers", waivers, "--today", DAY)

    assert (before["status"], waived["status"]) == ("failed", "passed_with_reasons")
    assert "豁免：受委托统一填报（张三，有效期至 2022-03-31）" in waived["findings"][0]["message"]
    assert "豁免已于 2022-03-31 到期" in late.out
    assert "数据已变化，原豁免不再适用" in changed.out


# ------------------------------------------------------------------------------------ outputs


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("结果.txt", "【".encode()),
        ("结果.json", b"{\n"),
        ("结果.xlsx", b"PK\x03\x04"),
        ("结果.HTML", b"<!DOCTYPE html>"),
        ("结果.log", "【".encode()),
    ],
)
def test_the_name_of_the_output_says_what_is_written(
    nianbao: Command, desk: Path, name: str, start: bytes
) -> None:
    ended = nianbao("check", desk / "报送", "-o", desk / name)

    assert ended.out == ""
    assert f"已写入 {desk / name}" in ended.err
    assert (desk / name).read_bytes().startswith(start)


def test_a_format_that_is_named_wins_over_the_name(nianbao: Command, desk: Path) -> None:
    nianbao("check", desk / "报送", "--format", "json", "-o", desk / "结果.txt")

    assert json.loads((desk / "结果.txt").read_bytes())["summary"]["files"] == 9


def test_several_formats_go_into_a_folder(nianbao: Command, desk: Path) -> None:
    ended = nianbao(
        "check", desk / "报送", "--format", "text, json,xlsx,html,json", "-o", desk / "结果"
    )

    assert ended.status == UNREADABLE
    assert sorted(path.name for path in (desk / "结果").iterdir()) == [
        "校验结果.html",
        "校验结果.json",
        "校验结果.txt",
        "校验结果.xlsx",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "xlsx"), "不能显示在屏幕上，请用 -o 写明文件"),
        (("--format", "text,json"), "不能显示在屏幕上"),
        (("--format", "pdf"), "没有格式“pdf”，应为 text、json、xlsx、html 之一"),
        (("--executor", "dask://nowhere"), "应为 local 或者 dask://主机:端口"),
        (("--jobs", "-1"), "--jobs"),
        (("--year", "今年"), "年度应为四位数字"),
        (("--today", "昨天"), "日期应写作"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(
    nianbao: Command, desk: Path, options: tuple[str, ...], said: str
) -> None:
    ended = nianbao("check", desk / "报送", *options)

    assert ended.status == WRONG_USAGE
    assert said in ended.err


def test_outputs_inside_the_folder_that_is_checked_are_never_taken_for_submissions(
    nianbao: Command, desk: Path
) -> None:
    inbox = desk / "报送"
    options = ("--format", "json,xlsx", "-o", inbox / "结果", "--return", inbox / "退改", "--force")

    first = nianbao("check", inbox, "--today", DAY, *options)
    told = (inbox / "结果" / "校验结果.json").read_bytes()
    second = nianbao("check", inbox, "--today", DAY, *options)

    assert [first.status, second.status] == [UNREADABLE] * 2
    assert (inbox / "结果" / "校验结果.json").read_bytes() == told
    assert json.loads(told)["summary"]["files"] == 9


def test_an_input_is_never_an_output(nianbao: Command, desk: Path) -> None:
    paper = desk / "报送" / "甲局.xlsx"
    before = paper.read_bytes()

    ended = nianbao("check", paper, "--force", "-o", paper)

    assert ended.status == WRONG_USAGE
    assert "既是输入又是输出" in ended.err
    assert paper.read_bytes() == before


def test_the_same_command_again_gives_the_same_bytes_with_any_number_of_processes(
    nianbao: Command, desk: Path
) -> None:
    def check(folder: str, *options: object) -> Mapping[str, bytes]:
        nianbao(
            *("check", desk / "报送", "--roster", desk / "名册.csv", "--today", DAY),
            *("--format", "text,json,xlsx,html", "-o", desk / folder, *options),
        )
        return {path.name: path.read_bytes() for path in (desk / folder).iterdir()}

    once = check("一", "--jobs", 1)

    assert len(once) == 4
    assert check("二", "--jobs", 1) == once
    assert check("三", "--jobs", 3) == once


# --------------------------------------------------------------------- what survives a stop


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Stands for a kill in the middle of a batch."""


def stop_after(count: int) -> Executor:
    def execute(checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        yield from islice(LocalExecutor(jobs=1)(checking, tasks), count)
        raise Interrupted

    return execute


class Counted:
    """An executor that takes down what it was given to read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, checking: Checking, tasks: Iterator[Task]) -> Iterator[bytes]:
        """Do them all on this machine."""

        def seen() -> Iterator[Task]:
            for task in tasks:
                self.read.append(task.label)
                yield task

        return LocalExecutor(jobs=1)(checking, seen())


def read_by(order: Order, desk: Path) -> list[str]:
    """What a whole run beside the same output reads."""
    executor, output = Counted(), desk / "结果.json"
    with (
        open_workplace(output) as place,
        run_order(order, FilesOnDisk([desk / "报送"]), executor, place),
    ):
        pass
    return executor.read


def interrupt(order: Order, desk: Path, after: int) -> None:
    with (
        pytest.raises(Interrupted),
        open_workplace(desk / "结果.json") as place,
        run_order(order, FilesOnDisk([desk / "报送"]), stop_after(after), place),
    ):
        pass


def test_a_finished_run_leaves_no_journal_and_an_interrupted_one_does(
    nianbao: Command, desk: Path
) -> None:
    before = sorted(path.name for path in desk.iterdir())

    interrupt(Order(date.fromisoformat(DAY)), desk, 4)
    between = sorted(path.name for path in desk.iterdir())
    ended: Ended = nianbao("check", desk / "报送", "--today", DAY, "-o", desk / "结果.json")

    assert between == sorted([*before, "~nianbao-结果.json.journal"])
    assert "继续上次中断的处理：9 份中已有 4 份有结果。" in ended.err
    assert sorted(path.name for path in desk.iterdir()) == sorted([*before, "结果.json"])


def test_without_an_output_nothing_is_left_anywhere(nianbao: Command, desk: Path) -> None:
    before = sorted(path.name for path in desk.rglob("*"))

    nianbao("check", desk / "报送")

    assert sorted(path.name for path in desk.rglob("*")) == before


def test_a_run_that_goes_by_the_same_things_goes_on(desk: Path) -> None:
    order = Order(date.fromisoformat(DAY))
    interrupt(order, desk, 5)

    assert len(read_by(order, desk)) == 9 - 5


def test_a_run_goes_on_the_day_after(desk: Path) -> None:
    interrupt(Order(date(2022, 1, 20)), desk, 5)

    assert len(read_by(Order(date(2022, 1, 21)), desk)) == 9 - 5


def test_a_run_that_goes_by_other_things_begins_anew(desk: Path) -> None:
    day = date.fromisoformat(DAY)
    waivers = parse_waivers(
        "rule,unit,year,by,why,until\n"
        f"regulations-power,丙局,{YEAR},张三,受委托统一填报,2022-03-31\n".encode()
    )
    (desk / "上年").mkdir()
    (desk / "上年" / "甲局.json").write_text(
        dumps_filing(
            replace(filing_of(OLD_FORM), year=YEAR - 1, organisation=Organisation("甲局"))
        ),
        "utf-8",
    )
    others = [
        Order(day, waivers=waivers),
        Order(day, last_year=FilesOnDisk([desk / "上年"])),
    ]

    for other in others:
        interrupt(Order(day), desk, 5)
        read = [label for label in read_by(other, desk) if "上年" not in label]
        assert len(read) == 9


def test_a_roster_and_a_choice_are_settled_anew_without_reading_again(desk: Path) -> None:
    day = date.fromisoformat(DAY)
    interrupt(Order(day), desk, 8)

    read = read_by(
        Order(day, roster=parse_roster(ROSTER.encode()), choice=Choice(latest=True)), desk
    )

    assert len(read) == 1
