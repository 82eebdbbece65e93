"""Notices: who still owes what, in words a department can act on."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from tests.support.builders import filing_of, with_figures
from tests.support.commands import run_command
from xlsx_tools.batch import FileResult, Reconciliation, Unit
from xlsx_tools.batch.labels import shorten_names
from xlsx_tools.check import check_filing
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import fill_workbook
from xlsx_tools.finding import Finding
from xlsx_tools.forms import load_form
from xlsx_tools.remind import Notice, Notices, YearUnknownError, remind_units
from xlsx_tools.remind.problems import MOST_TOLD, find_problems
from xlsx_tools.remind.wording import Deadline
from xlsx_tools.roster import RosterLine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.commands import Command
    from xlsx_tools.batch.result import Standing
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = FORM.first_year
TODAY = date(YEAR + 1, 1, 17)
DEADLINE = date(YEAR + 1, 1, 20)
ACCEPTED, NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = range(4)


def unit(
    standing: Standing, *files: str, name: str = "甲局", proposed: tuple[str, ...] = ()
) -> Unit:
    return Unit(RosterLine(2, Organisation(name)), standing, files, "", proposed)


def result_of(filing: Filing, file: str = "报送/甲局.xlsx", **more: object) -> FileResult:
    return replace(FileResult(file, "0" * 64, check_filing(filing)), **more)  # type: ignore[arg-type]


def beside(rule: str, message: str = "说明。") -> tuple[Finding, ...]:
    return (Finding(rule, rule, "mandatory", "broken", message, "请核对。"),)


def blank() -> Filing:
    figures = {cell.path.replace(".", "__"): None for cell in FORM.inputs}
    return replace(with_figures(filing_of(FORM), **figures), narrative={})


def remind(
    *units: Unit, results: tuple[FileResult, ...] = (), deadline: date | None = DEADLINE
) -> Notices:
    return remind_units(Reconciliation(units), results, deadline=deadline, today=TODAY, year=YEAR)


def only(notices: Notices) -> Notice:
    (notice,) = notices
    return notice


# -------------------------------------------------------------------------------- by standing


def test_who_sent_nothing_is_told_which_report_by_when_and_how() -> None:
    notice = only(remind(unit("missing")))

    assert notice.owing == "missing"
    assert notice.problems is None
    assert notice.subject == f"【催报】请报送{YEAR}年度{FORM.title}（还有 3 天）"
    assert notice.body.splitlines() == [
        "甲局：",
        "",
        f"贵单位尚未报送{YEAR}年度{FORM.title}。报送截止日期为{YEAR + 1}年1月20日，还有 3 天。",
        "",
        f"请使用{YEAR}年度的工作簿填报，“校验”表显示“可以报送”后，保存并原样报回。",
        "",
        FORM.text("guide", "contact"),
        "",
        f"{YEAR + 1}年1月17日",
    ]


def test_who_passed_is_not_reminded() -> None:
    notices = remind(unit("passed", "a.xlsx"), unit("nil_return", "b.xlsx"), unit("missing"))

    assert len(notices) == len(list(notices)) == 1


def test_a_file_that_could_not_be_read_is_told_with_the_readers_sentence() -> None:
    error = UnusableFileError(
        "file.encrypted", "文件设有打开密码，无法读取。请取消密码后重新报送。"
    )
    result = FileResult("报送/甲局.xlsx", "0" * 64, error=error)

    notice = only(remind(unit("missing", proposed=("报送/甲局.xlsx",)), results=(result,)))

    assert notice.owing == "unreadable"
    assert f"\n甲局.xlsx：{error}\n" in notice.body
    assert "原文件无法读取" in notice.subject
    assert "强制性" not in notice.body


def test_problems_are_counted_by_table_and_told_one_by_one_with_what_to_do() -> None:
    filing = filing_of(
        FORM,
        received__natural_person=99,
        disclosure__licences__decisions=None,
        disclosure__penalties__decisions=None,
        fees__notices=1,
        fees__collected=3,
    )

    notice = only(remind(unit("failed", "报送/甲局.xlsx"), results=(result_of(filing),)))

    assert notice.owing == "failed"
    assert notice.problems == 3
    assert "共有 3 处需要处理：表二缺 2 项；表三 1 处不平衡；第六部分 1 处待说明。" in notice.body
    assert "1. 【强制性】表三“自然人”列“收办平衡”不成立：99 + 2 ≠ 11 + 1，差 89。" in notice.body
    assert "\n   处理：请逐格填写；" in notice.body
    assert "3. 【核实性】" in notice.body
    assert "“待办”表中逐项改正" in notice.body
    assert "（文件：甲局.xlsx）" in notice.body


def test_hints_consequences_and_accepted_reasons_are_no_problems() -> None:
    filing = filing_of(FORM, received__natural_person=11, fees__notices=1, fees__collected=3)
    (verify,) = (f for f in check_filing(filing).leading if f.severity == "verify")
    explained = replace(filing, reasons={verify.id: "由上级机关统一填报，已核对无误"})

    hint = replace(beside("batch.chosen")[0], severity="hint")

    with_reason, without = (
        find_problems(result_of(one, beside=(hint,))) for one in (explained, filing)
    )

    assert (with_reason.count, without.count) == (1, 2)
    assert with_reason.parts == "表三 1 处不平衡"
    assert not any("已说明" in told for told in with_reason.told)


def test_many_problems_are_cut_short_and_the_rest_counted() -> None:
    changes = {
        f"{cell.path.replace('.', '__')}": 5 for cell in FORM.inputs if "carried_out" in cell.path
    }
    filing = with_figures(filing_of(FORM), **changes, fees__collected=1)
    verdict = check_filing(filing)
    many = replace(verdict, findings=verdict.leading * 9)

    found = find_problems(FileResult("a.xlsx", "0", many))
    notice = only(remind(unit("failed", "a.xlsx"), results=(FileResult("a.xlsx", "0", many),)))

    assert found.count > len(found.told) == MOST_TOLD
    assert f"另有 {found.count - MOST_TOLD} 处，见退改工作簿“待办”表。" in notice.body
    assert f"\n{MOST_TOLD}. " in notice.body
    assert f"\n{MOST_TOLD + 1}. " not in notice.body


def test_a_blank_workbook_is_not_told_as_two_hundred_problems() -> None:
    notice = only(remind(unit("failed", "报送/甲局.xlsx"), results=(result_of(blank()),)))

    assert notice.owing == "not_filled"
    assert notice.problems is None
    assert "（文件：甲局.xlsx）尚未填写。" in notice.body
    assert "处需要处理" not in notice.body


def test_of_a_filing_of_another_year_only_that_is_told() -> None:
    wrong = beside("template.year", "这是2020年度的填报，没有计入。")
    result = result_of(filing_of(FORM, received__other=9), beside=wrong, counted=False)

    notice = only(remind(unit("failed", "报送/甲局.xlsx"), results=(result,)))

    assert notice.owing == "other_year"
    assert "甲局.xlsx：这是2020年度的填报，没有计入。" in notice.body
    assert "不平衡" not in notice.body


def test_of_several_files_all_that_count_are_named_and_one_is_asked_for() -> None:
    conflict = beside("batch.conflict", "同一单位有 2 份填报，另有“/home/x/b.xlsx”。")
    results = (
        result_of(filing_of(FORM), "x/a.xlsx", beside=conflict),
        result_of(filing_of(FORM, received__other=9), "x/b.xlsx", beside=conflict),
        result_of(filing_of(FORM), "x/copy.xlsx", counted=False),
    )

    notice = only(remind(unit("duplicate", "x/a.xlsx", "x/b.xlsx", "x/copy.xlsx"), results=results))

    assert notice.owing == "duplicate"
    assert notice.problems is None
    assert "报来 2 份内容不同的" in notice.body
    assert "\n1. a.xlsx（通过）\n2. b.xlsx（未通过，1 处需要处理）\n" in notice.body
    assert "请回复确认以哪一份为准" in notice.body
    assert "copy" not in notice.body
    assert "/home" not in notice.body


def test_a_code_that_another_unit_uses_is_told_without_naming_the_others_files() -> None:
    clash = beside("batch.code_clash", "代码也用于另一个单位（/home/x/乙局.xlsx）。")
    result = result_of(filing_of(FORM), beside=clash)

    notice = only(remind(unit("failed", "报送/甲局.xlsx"), results=(result,)))

    assert notice.problems == 1
    assert "所填统一社会信用代码也用于另一个单位，没有计入。" in notice.body
    assert "其他 1 处需要核实" in notice.body
    assert "乙局" not in notice.body


def test_a_fault_of_ours_is_told_as_a_fault_of_ours() -> None:
    verdict = check_filing(filing_of(FORM, received__other=9))
    crashed = replace(verdict.leading[0], state="crashed", severity="verify", causes=())

    found = find_problems(FileResult("a", "0", replace(verdict, findings=(crashed,))))

    assert found.parts == "表三 1 处校验出错"


@pytest.mark.parametrize("form_id", ["annual-report-2019", "annual-report-2021"])
def test_every_rule_of_a_form_is_told_in_some_part(form_id: str) -> None:
    form = load_form(form_id)
    figures = {cell.path.replace(".", "__"): None for cell in form.inputs}
    filing = replace(
        with_figures(filing_of(form), **figures),
        narrative={"problems": " x"},
        organisation=Organisation(""),
    )

    parts = find_problems(result_of(filing)).parts

    for part in ("封面缺 1 项", "第一部分缺 1 项", "表二缺 ", "表三缺 ", "表四缺 ", "第六部分缺 "):
        assert part in parts
    assert parts.index("封面") < parts.index("第一部分") < parts.index("表二") < parts.index("第六")


# ------------------------------------------------------------------------------- days, people


@pytest.mark.parametrize(
    ("day", "left", "words", "sentence"),
    [
        (date(2026, 1, 31), 14, "还有 14 天", "报送截止日期为2026年1月31日，还有 14 天。"),
        (date(2026, 1, 17), 0, "今天截止", "报送截止日期为2026年1月17日，今天截止。"),
        (
            date(2025, 12, 31), -17, "已超过 17 天",
            "报送截止日期为2025年12月31日，已超过 17 天，请尽快报送。",
        ),
        (None, None, "", "请尽快报送。"),
    ],
)  # fmt: skip
def test_days_left_are_told_in_every_direction(
    day: date | None, left: int | None, words: str, sentence: str
) -> None:
    deadline = Deadline(day, date(2026, 1, 17))

    assert (deadline.days_left, deadline.words, deadline.sentence) == (left, words, sentence)


def test_without_a_deadline_no_days_are_promised() -> None:
    notice = only(remind(unit("missing"), deadline=None))

    assert notice.days_left is None
    assert notice.subject == f"【催报】请报送{YEAR}年度{FORM.title}"
    assert "天" not in notice.body.partition("\n\n")[0]


def test_the_contact_and_an_unusual_scope_are_named() -> None:
    line = RosterLine(2, Organisation("某县"), "consolidated", contact="张三")

    notice = only(remind(Unit(line, "missing")))

    assert notice.body.startswith("某县（张三）：\n")
    assert f"{YEAR}年度{FORM.title}（本级政府汇总）" in notice.body


def test_nothing_from_outside_breaks_a_line_or_turns_the_text_round() -> None:
    line = RosterLine(2, Organisation("甲\u202e局\x1b[31m"), contact="张\n三")

    notice = only(remind(Unit(line, "missing")))

    assert notice.body.startswith("甲\\u202e局\\u001b[31m（张\\u000a三）：\n")


def test_the_year_is_what_most_files_say_unless_given() -> None:
    results = [
        result_of(replace(filing_of(FORM), year=year), f"{number}.xlsx")
        for number, year in enumerate((YEAR, YEAR + 1, YEAR + 1))
    ]
    roster = Reconciliation((unit("missing"),))

    notices = remind_units(roster, results, deadline=None, today=TODAY)

    assert notices.year == YEAR + 1
    with pytest.raises(YearUnknownError):
        remind_units(roster, (), deadline=None, today=TODAY)


def test_only_what_is_told_of_files_that_are_spoken_of_is_kept() -> None:
    results = [result_of(filing_of(FORM), f"{number}.xlsx") for number in range(5)]

    notices = remind(unit("passed", "1.xlsx"), unit("failed", "2.xlsx"), results=tuple(results))

    assert list(notices.files) == ["2.xlsx"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["/in/a.zip/甲局.xlsx", "C:\\in\\乙局.xlsx"], ["甲局.xlsx", "乙局.xlsx"]),
        (["/in/一/甲局.xlsx", "/in/二/甲局.xlsx"], ["一/甲局.xlsx", "二/甲局.xlsx"]),
        (["甲局.xlsx"], ["甲局.xlsx"]),
        ([], []),
    ],
)
def test_files_are_named_without_our_folders_and_still_apart(
    files: list[str], names: list[str]
) -> None:
    assert shorten_names(files) == names


# -------------------------------------------------------------------------------- the command


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A roster of five and what three of them sent: one right, one not, one not to be read."""
    (tmp_path / "报送").mkdir()
    for name, wrong in (("甲局", 0), ("乙局", 9)):
        filing = filing_of(FORM, received__other=wrong)
        filing = replace(filing, organisation=Organisation(name))
        fill_workbook(filing, tmp_path / "报送" / f"{name}.xlsx")
    (tmp_path / "报送" / "丙局.xlsx").write_bytes(b"")
    lines = ["name,code,contact,email", "甲局,,,", "乙局,11X,张三,a@b.cn", "丙局,,,"]
    lines += ['"=HYPERLINK(""x"")",,@SUM(A1),', "../a/丁局,,,"]
    (tmp_path / "名册.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def asked(desk: Path, *more: object) -> tuple[object, ...]:
    return (
        "remind", desk / "报送", "--roster", desk / "名册.csv",
        "--deadline", DEADLINE, "--today", TODAY, *more,
    )  # fmt: skip


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))


def test_remind_prints_every_text_apart_and_a_sum(nianbao: Command, desk: Path) -> None:
    ended = nianbao(*asked(desk))

    assert ended.status == UNREADABLE
    assert ended.out.count("======== ") == 4
    assert (
        "======== 1/4　乙局　已报未通过 ========\n收件人：张三 <a@b.cn>\n主题：【退改】"
        in ended.out
    )
    assert "======== 2/4　丙局　未报（文件无法读取） ========\n主题：" in ended.out
    assert "甲局：" not in ended.out
    assert ended.out.splitlines()[-1] == (
        f"名册 5 个单位（{YEAR}年度）：未报 3，已报未通过 1，通过 1，零报告 0，重复 0；"
        "需要催报 4 个。"
    )


def test_remind_writes_a_text_for_windows_and_a_list_for_mail_merge(
    nianbao: Command, desk: Path
) -> None:
    out = desk / "催报"

    nianbao(*asked(desk, "-o", out))

    rows = rows_of((out / "催报.csv").read_bytes())
    raw = (out / "乙局.txt").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n") > 5
    assert list(rows[0]) == [
        "单位", "统一社会信用代码", "联系人", "邮箱", "状态", "问题数",
        "截止日期", "剩余天数", "主题", "正文", "文件",
    ]  # fmt: skip
    first = rows[0]
    assert [first[key] for key in ("单位", "统一社会信用代码", "联系人", "邮箱")] == [
        "乙局", "11X", "张三", "a@b.cn",
    ]  # fmt: skip
    assert [first[key] for key in ("状态", "问题数", "截止日期", "剩余天数", "文件")] == [
        "已报未通过", "1", DEADLINE.isoformat(), "3", "乙局.txt",
    ]  # fmt: skip
    text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    assert text == f"收件人：张三 <a@b.cn>\n主题：{first['主题']}\n\n{first['正文']}\n"
    assert [row["问题数"] for row in rows] == ["1", "", "", ""]


def test_remind_lets_no_name_become_a_formula_or_leave_the_folder(
    nianbao: Command, desk: Path
) -> None:
    out = desk / "催报"

    nianbao(*asked(desk, "-o", out))

    rows = rows_of((out / "催报.csv").read_bytes())
    assert rows[2]["单位"].startswith("'=HYPERLINK")
    assert rows[2]["联系人"] == "'@SUM(A1)"
    assert rows[2]["正文"].startswith("'=")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["催报.csv", "乙局.txt", "丙局.txt", "=HYPERLINK(_x_).txt", "_a_丁局.txt"]
    )


def test_days_over_stay_a_figure_in_the_list(nianbao: Command, desk: Path) -> None:
    nianbao(*asked(desk, "-o", desk / "催报", "--today", date(YEAR + 1, 1, 23)))

    assert rows_of((desk / "催报" / "催报.csv").read_bytes())[0]["剩余天数"] == "-3"


def test_remind_replaces_nothing_unless_told_to(nianbao: Command, desk: Path) -> None:
    out = desk / "催报"
    out.mkdir()
    (out / "乙局.txt").write_text("手写的", encoding="utf-8")

    refused = nianbao(*asked(desk, "-o", out))

    assert refused.status == WRONG_USAGE
    assert "乙局.txt 已存在，没有覆盖" in refused.err
    assert [path.name for path in out.iterdir()] == ["乙局.txt"]
    assert nianbao(*asked(desk, "-o", out, "--force")).status == UNREADABLE
    assert "乙局" in (out / "乙局.txt").read_text(encoding="utf-8-sig")


def test_texts_of_an_earlier_round_that_must_not_be_sent_again_are_named(
    nianbao: Command, desk: Path
) -> None:
    out = desk / "催报"
    nianbao(*asked(desk, "-o", out))
    right = replace(filing_of(FORM), organisation=Organisation("乙局"))
    fill_workbook(right, desk / "报送" / "乙局.xlsx")

    again = nianbao(*asked(desk, "-o", out, "--force"))

    assert "1 份以前的催报，单位已经通过，请勿再发：乙局.txt" in again.err
    assert rows_of((out / "催报.csv").read_bytes())[0]["单位"] == "丙局"


def test_a_stranger_who_may_be_the_one_to_be_chased_is_named_to_the_coordinator(
    nianbao: Command, desk: Path
) -> None:
    other = replace(filing_of(FORM), organisation=Organisation("示例丁局"))
    fill_workbook(other, desk / "报送" / "x.xlsx")
    (desk / "名册.csv").write_text("name\n示例县丁局\n", encoding="utf-8")

    ended = nianbao(*asked(desk))

    assert "示例丁局，是否为示例县丁局" in ended.err
    assert "示例丁局" not in ended.out


def test_when_nobody_has_sent_anything_everybody_is_reminded(nianbao: Command, desk: Path) -> None:
    (desk / "空").mkdir()
    given = ("remind", desk / "空", "--roster", desk / "名册.csv")

    without, with_year = nianbao(*given), nianbao(*given, "--year", YEAR)
    before_any_form = nianbao(*given, "--year", 2010)

    assert without.status == WRONG_USAGE
    assert "请加 --year" in without.err
    assert with_year.out.count("======== ") == 5
    assert before_any_form.status == WRONG_USAGE
    assert "没有适用于2010年度的表式" in before_any_form.err


def test_remind_needs_a_roster_and_a_day_that_is_one(nianbao: Command, desk: Path) -> None:
    without = nianbao("remind", desk / "报送")
    no_day = nianbao(*asked(desk, "--deadline", "1月31日"))
    a_file = nianbao(*asked(desk, "-o", desk / "名册.csv"))

    assert [one.status for one in (without, no_day, a_file)] == [WRONG_USAGE] * 3
    assert "缺少选项 --roster" in without.err
    assert "--deadline：日期应写作 2026-01-31 的样子" in no_day.err
    assert "-o 应为文件夹" in a_file.err
