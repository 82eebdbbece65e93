"""The commands: what they write, what they say, with which status they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.builders import filing_of, with_figures
from xlsx_tools.cli.main import COMMANDS, main
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.fill import fill_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing, filing_schema, parse_filing
from xlsx_tools.read import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORM = load_form("annual-report-2021")
ACCEPTED, NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = range(4)


class Ended(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run one command in this process."""

    def run(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return run


def named(filing: Filing, name: str) -> Filing:
    return replace(filing, organisation=Organisation(name))


def unbalanced() -> Filing:
    return named(filing_of(FORM, received__natural_person=11), "丙局")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two filings that are right and one that is not, as workbooks."""
    place = tmp_path / "报送"
    place.mkdir()
    for filing in (named(filing_of(FORM), "甲局"), named(filing_of(FORM), "乙局"), unbalanced()):
        fill_workbook(filing, place / f"{filing.organisation.name}.xlsx")
    return place


def write_json(path: Path, filing: Filing, **changes: object) -> Path:
    data = json.loads(dumps_filing(filing), parse_float=str)
    path.write_text(json.dumps(data | changes, ensure_ascii=False), encoding="utf-8")
    return path


# ------------------------------------------------------------------------------ all commands


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_chinese(
    nianbao: Callable[..., Ended], command: str
) -> None:
    ended = nianbao(command, "--help")

    assert ended.status == ACCEPTED
    assert f"用法：nianbao {command}" in ended.out
    for word in ("示例", "退出码", "选项", "显示本说明"):
        assert word in ended.out
    for word in ("Usage", "Options", "Show this message", "[required]"):
        assert word not in ended.out


def test_without_a_command_all_are_listed(nianbao: Callable[..., Ended]) -> None:
    for ended in (nianbao(), nianbao("--help"), nianbao("-h")):
        assert ended.status == ACCEPTED
        assert all(command in ended.out for command in COMMANDS)
        assert "Usage" not in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek"], "没有命令“chek”，可用的命令：template"),
        (["--bogus"], "没有选项 --bogus"),
        (["check"], "缺少参数 PATH..."),
        (["check", "a.xlsx", "--fromat", "json"], "没有选项 --fromat，是不是 --format"),
        (["check", "a.xlsx", "--format", "yaml"], "--format：没有格式“yaml”，应为 text"),
        (["check", "a.xlsx", "--format"], "选项 --format 后面应有一个值"),
        (["explain", "a.xlsx", "三!F7", "四!A6"], "多余的参数：四!A6"),
        (["template", "-o", "a.xlsx", "--year", "2023"], "缺少选项 --organisation"),
        (["template", "--year", "23"], "年度应为四位数字，实为“23”"),
        (["template", "--year", "2023", "--organisation", " "], "--organisation：不能为空"),
        (["rules", "--form", "annual-report-1999"], "没有表式“annual-report-1999”"),
        (["schema", "--form", "annual-report-1999"], "可用的表式：annual-report-2019"),
    ],
)
def test_wrong_usage_is_said_in_chinese(
    nianbao: Callable[..., Ended], arguments: list[str], message: str
) -> None:
    ended = nianbao(*arguments)

    assert ended.status == WRONG_USAGE
    assert message in ended.err
    assert "--help" in ended.err
    assert ended.out == ""


def test_the_version_is_that_of_the_distribution(nianbao: Callable[..., Ended]) -> None:
    try:
        installed = version("nianbao")
    except PackageNotFoundError:
        pytest.skip("the distribution is not installed")

    assert nianbao("--version").out == f"nianbao {installed}\n"


def test_an_output_is_never_overwritten_silently(
    nianbao: Callable[..., Ended], folder: Path, tmp_path: Path
) -> None:
    old = tmp_path / "旧.xlsx"
    data = write_json(tmp_path / "甲.json", filing_of(FORM))
    commands = [
        ("template", "--year", 2023, "--organisation", "甲局"),
        ("fill", data),
        ("read", folder / "甲局.xlsx"),
        ("check", folder / "甲局.xlsx"),
        ("merge", folder / "甲局.xlsx", "--organisation", "某县"),
        ("rules",),
        ("schema",),
    ]
    for command in commands:
        old.write_bytes(b"old")

        refused = nianbao(*command, "-o", old)
        kept = old.read_bytes()
        forced = nianbao(*command, "-o", old, "--force")

        assert refused.status == WRONG_USAGE, command
        assert f"{old} 已存在" in refused.err
        assert kept == b"old"
        assert forced.status == ACCEPTED, command
        assert old.read_bytes() != b"old"


def test_an_output_that_cannot_be_written_is_a_sentence(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    ended = nianbao("schema", "-o", tmp_path / "file" / "schema.json")

    assert ended.status == UNREADABLE
    assert "无法写入" in ended.err


def run_apart(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # the modules of this process would hide what is imported
        [sys.executable, "-c", code], check=False, capture_output=True, encoding="utf-8"
    )


def test_check_of_a_workbook_loads_neither_openpyxl_nor_jsonschema(folder: Path) -> None:
    code = f"""
import sys
from xlsx_tools.cli.main import main
try:
    main(["check", {str(folder / "甲局.xlsx")!r}])
except SystemExit as ended:
    loaded = {{"openpyxl", "jsonschema", "xlwings"}} & sys.modules.keys()
    sys.exit(f"{{ended.code}} {{sorted(loaded)}}")
"""

    assert run_apart(code).stderr.strip() == "0 []"


def test_the_package_loads_nothing_until_it_is_used() -> None:
    code = """
import sys
import xlsx_tools
print(sorted(name for name in sys.modules if name.startswith("xlsx_tools")))
print([name for name in xlsx_tools.__all__ if not callable(getattr(xlsx_tools, name))])
print(set(xlsx_tools.__all__) <= set(dir(xlsx_tools)), hasattr(xlsx_tools, "nothing"))
"""

    assert run_apart(code).stdout.splitlines() == ["['xlsx_tools']", "[]", "True False"]


def test_the_package_is_a_command_and_speaks_utf8_to_a_pipe() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "xlsx_tools", "chek"],
        check=False,
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert ended.returncode == WRONG_USAGE
    assert "没有命令“chek”" in ended.stderr.decode("utf-8")


# ---------------------------------------------------------------------------------- template


def test_template_makes_a_blank_workbook_for_one_organisation(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    out = tmp_path / "新" / "甲局.xlsx"

    ended = nianbao("template", "--year", 2023, "--organisation", "甲局", "--code", "X1", "-o", out)
    blank = read_workbook(out)

    assert ended.status == ACCEPTED
    assert str(out) in ended.out
    assert blank.organisation == Organisation("甲局", "X1")
    assert (blank.form.id, blank.year, blank.scope) == (FORM.id, 2023, "own")
    assert set(blank.values) == {None}


@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_template_carries_last_year_over(
    nianbao: Callable[..., Ended], tmp_path: Path, kind: str
) -> None:
    last = replace(named(filing_of(FORM), "甲局"), year=2022)
    before = tmp_path / f"2022.{kind}"
    fill_workbook(last, before) if kind == "xlsx" else write_json(before, last)
    out = tmp_path / "甲局.xlsx"

    ended = nianbao(
        "template", "--year", 2023, "--organisation", "甲局", "--last-year", before, "-o", out
    )

    assert ended == Ended(ACCEPTED, f"已生成 {out}（甲局，2023年度）\n", "")
    carried = FORM.by_path["requests.carried_in.natural_person"].index
    assert read_workbook(out).values[carried] == 1


def test_template_takes_last_year_only_from_last_year(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    out = tmp_path / "甲局.xlsx"
    other = write_json(tmp_path / "2021.json", replace(filing_of(FORM), year=2021))
    wanted = ("template", "--organisation", "甲局", "-o", out, "--last-year")

    wrong = nianbao(*wanted, other, "--year", 2023)
    missing = nianbao(*wanted, tmp_path / "none.xlsx", "--year", 2023)
    other_unit = nianbao(*wanted, other, "--year", 2022)

    assert wrong.status == WRONG_USAGE
    assert "是2021年度的，不是上年度（2022年度）" in wrong.err
    assert missing.status == UNREADABLE
    assert "none.xlsx：找不到这个文件" in missing.err
    assert other_unit.status == ACCEPTED
    assert "填报单位是“某县某局”，不是“甲局”" in other_unit.err


def test_template_knows_the_form_of_the_year(nianbao: Callable[..., Ended], tmp_path: Path) -> None:
    wanted = ("template", "--organisation", "甲局", "-o")

    early = nianbao(*wanted, tmp_path / "2010.xlsx", "--year", 2010)
    nianbao(*wanted, tmp_path / "2020.xlsx", "--year", 2020, "--scope", "consolidated")
    wrong_name = nianbao(*wanted, tmp_path / "2023.xls", "--year", 2023)

    assert early.status == WRONG_USAGE
    assert "没有适用于2010年度的表式" in early.err
    old = read_workbook(tmp_path / "2020.xlsx")
    assert (old.form.id, old.scope) == ("annual-report-2019", "consolidated")
    assert wrong_name.status == WRONG_USAGE
    assert "应以 .xlsx 结尾" in wrong_name.err


# ------------------------------------------------------------------------------- fill and read


def test_fill_and_read_give_back_the_filing(nianbao: Callable[..., Ended], tmp_path: Path) -> None:
    money = FORM.by_path["disclosure.charges.amount"].index
    filing = filing_of(
        FORM, disclosure__charges__amount=Decimal("12.345678"), received__research=None
    )
    (tmp_path / "甲.json").write_text(dumps_filing(filing), encoding="utf-8")

    filled = nianbao("fill", tmp_path / "甲.json", "-o", tmp_path / "甲.xlsx")
    read = nianbao("read", tmp_path / "甲.xlsx", "-o", tmp_path / "乙.json")
    printed = nianbao("read", tmp_path / "甲.xlsx")

    assert (filled.status, read.status, printed.status) == (ACCEPTED, ACCEPTED, ACCEPTED)
    again = parse_filing((tmp_path / "乙.json").read_bytes())
    assert again == filing == parse_filing(printed.out)
    assert again.values[money] == Decimal("12.345678")


def test_fill_puts_several_into_a_folder_and_read_makes_a_list(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    data = [write_json(tmp_path / f"{name}.json", filing_of(FORM)) for name in ("甲", "乙")]

    filled = nianbao("fill", *data, "-o", tmp_path / "out")
    one_file = nianbao("fill", *data, "-o", tmp_path / "out.xlsx")
    read = nianbao("read", tmp_path / "out" / "甲.xlsx", tmp_path / "out" / "乙.xlsx")

    assert filled.status == ACCEPTED
    assert one_file.status == WRONG_USAGE
    assert "-o 应为文件夹" in one_file.err
    assert [filing["form"] for filing in json.loads(read.out)] == [FORM.id, FORM.id]


def test_fill_refuses_totals_that_contradict_cell_by_cell(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["requests"]["received"]["total"] = 99
    data["disputes"]["reconsideration"]["total"] = 7
    path, out = tmp_path / "甲.json", tmp_path / "甲.xlsx"
    path.write_text(json.dumps(data), encoding="utf-8")

    refused = nianbao("fill", path, "-o", out)
    refused_made = out.exists()
    forced = nianbao("fill", path, "-o", out, "--recompute-totals")

    assert refused.status == NOT_ACCEPTED
    assert not refused_made
    assert "有 2 处问题" in refused.err
    assert "三、依申请公开!J6" in refused.err
    assert "四、复议诉讼!E6" in refused.err
    assert forced.status == ACCEPTED
    assert "三、依申请公开!J6" in forced.out
    assert "总计 99 → 13" in forced.out
    assert "总计 7 → 1" in forced.out
    assert read_workbook(out) == filing_of(FORM)


def test_fill_names_lines_of_another_form_together_with_wrong_totals(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["requests"]["other"] = data["requests"].pop("other_other")
    data["disputes"]["reconsideration"]["total"] = 7
    (tmp_path / "甲.json").write_text(json.dumps(data), encoding="utf-8")

    ended = nianbao("fill", tmp_path / "甲.json", "-o", tmp_path / "甲.xlsx")

    assert ended.status == NOT_ACCEPTED
    assert "requests.other" in ended.err
    assert "四、复议诉讼!E6" in ended.err


def test_fill_goes_on_after_a_file_that_cannot_be_used(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    good = write_json(tmp_path / "甲.json", filing_of(FORM))
    (tmp_path / "乙.json").write_text("{", encoding="utf-8")

    ended = nianbao(
        "fill", tmp_path / "乙.json", good, tmp_path / "无.json", "-o", tmp_path / "out"
    )

    assert ended.status == UNREADABLE
    assert "乙.json：不是有效的 JSON" in ended.err
    assert "无.json：找不到这个文件" in ended.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["甲.xlsx"]


def test_read_names_what_it_could_not_take(nianbao: Callable[..., Ended], tmp_path: Path) -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["requests"]["received"]["research"] = "2件"
    data["requests"]["received"]["other"] = "０"
    (tmp_path / "甲.json").write_text(json.dumps(data), encoding="utf-8")

    ended = nianbao("read", tmp_path / "甲.json", tmp_path / "无.xlsx")
    alone = nianbao("read", tmp_path / "甲.json")

    assert ended.status == UNREADABLE
    assert "无.xlsx：找不到这个文件" in ended.err
    assert alone.status == NOT_ACCEPTED
    assert "三、依申请公开!F6" in alone.err
    assert "没有读出" in alone.err
    assert "读作 0" in alone.err
    assert json.loads(alone.out)["requests"]["received"]["research"] is None


# -------------------------------------------------------------------------------------- check


def test_check_tells_accepted_from_not_accepted(
    nianbao: Callable[..., Ended], folder: Path
) -> None:
    good, bad = nianbao("check", folder / "甲局.xlsx"), nianbao("check", folder)

    assert good.status == ACCEPTED
    assert "【通过】甲局" in good.out
    assert bad.status == NOT_ACCEPTED
    assert "【未通过】丙局" in bad.out
    assert "共 3 份：通过 2 份，未通过 1 份。" in bad.out


def test_check_gives_json_of_the_contract(
    nianbao: Callable[..., Ended], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "结果.json"

    ended = nianbao("check", folder, "--format", "json", "-o", out)
    report = json.loads(out.read_text(encoding="utf-8"))

    assert (ended.status, ended.out) == (NOT_ACCEPTED, "")
    assert {file["organisation"]["name"]: file["status"] for file in report["files"]} == {
        "甲局": "passed",
        "乙局": "passed",
        "丙局": "failed",
    }


def test_check_reads_filing_json_and_compares_its_totals(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    data = json.loads(dumps_filing(filing_of(FORM)))
    data["disputes"]["reconsideration"]["total"] = 7
    (tmp_path / "甲.json").write_text(json.dumps(data), encoding="utf-8")

    ended = nianbao("check", tmp_path / "甲.json")

    assert ended.status == NOT_ACCEPTED
    assert "四、复议诉讼!E6" in ended.out


def test_check_goes_on_after_a_file_that_cannot_be_used(
    nianbao: Callable[..., Ended], folder: Path
) -> None:
    (folder / "丁局.xlsx").write_bytes(b"not a workbook")
    (folder / "戊局.json").write_text("[]", encoding="utf-8")
    (folder / "己局.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))

    ended = nianbao("check", folder, folder / "无.xlsx", "--format", "json")

    assert ended.status == UNREADABLE
    files = {file["file"].rpartition("局")[0][-1:]: file for file in json.loads(ended.out)["files"]}
    assert [files[name]["status"] for name in "甲乙丙"] == ["passed", "passed", "failed"]
    for name in "丁戊己":
        assert files[name]["status"] == "unreadable"
    assert files["戊"]["findings"][0]["rule"] == "file.not_filing"
    assert files[""]["findings"][0]["rule"] == "fs.missing"


def test_check_of_a_folder_passes_over_what_is_no_submission(
    nianbao: Callable[..., Ended], folder: Path
) -> None:
    deep = folder / "乡镇" / "一"
    deep.mkdir(parents=True)
    (folder / "甲局.xlsx").rename(deep / "甲局.XLSX")
    for name in (
        "~$甲局.xlsx",
        ".~lock.甲局.xlsx#",
        "._甲局.xlsx",
        "~nianbao-1.tmp",
        ".hidden.json",
    ):
        (folder / name).write_bytes(b"?")
    (folder / "说明.docx").write_bytes(b"?")

    ended = nianbao("check", folder)

    assert ended.out.count("【") == 3
    assert "甲局.XLSX" in ended.out
    assert "说明.docx：不是工作簿或者填报数据" in ended.out
    assert "有人正打开着“甲局.xlsx”" in ended.out
    assert "另有 6 个不是填报，没有读取。" in ended.out


@pytest.mark.parametrize("watched", [True, False])
def test_long_work_shows_progress_only_where_somebody_watches(
    nianbao: Callable[..., Ended], folder: Path, monkeypatch: pytest.MonkeyPatch, *, watched: bool
) -> None:
    for number in range(4):
        fill_workbook(named(filing_of(FORM), f"{number}局"), folder / f"{number}局.xlsx")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)

    many, few = nianbao("check", folder), nianbao("check", folder / "甲局.xlsx")

    assert ("正在校验" in many.err) == watched
    assert "正在校验" not in few.err + many.out


def test_check_of_a_folder_without_submissions_is_wrong_usage(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    ended = nianbao("check", tmp_path)

    assert ended.status == WRONG_USAGE
    assert "没有 .xlsx 工作簿" in ended.err


def test_check_of_a_blank_template_is_not_accepted(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    out = tmp_path / "甲局.xlsx"
    nianbao("template", "--year", 2023, "--organisation", "甲局", "-o", out)

    ended = nianbao("check", out)

    assert ended.status == NOT_ACCEPTED
    assert "【尚未填写】" in ended.out


# -------------------------------------------------------------------------------------- merge


def test_merge_takes_what_was_accepted_and_lists_what_was_not(
    nianbao: Callable[..., Ended], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "汇总.xlsx"

    ended = nianbao("merge", folder, "--organisation", "某县", "--code", "X9", "-o", out)
    checked = nianbao("check", out)
    merged = read_workbook(out)

    assert ended.status == NOT_ACCEPTED
    assert "纳入 2 份：" in ended.out
    assert "未纳入 1 份：" in ended.out
    assert "丙局" in ended.out.partition("未纳入")[2]
    assert "未通过——" in ended.out
    assert merged.organisation == Organisation("某县", "X9")
    assert merged.scope == "consolidated"
    assert merged.includes == ("乙局", "甲局")
    assert merged.values[FORM.by_path["requests.received.total"].index] == 26
    assert checked.status == ACCEPTED


def test_merge_can_be_merged_upward_and_never_twice(
    nianbao: Callable[..., Ended], folder: Path, tmp_path: Path
) -> None:
    county, city = tmp_path / "县.xlsx", tmp_path / "市.xlsx"
    parts = folder / "甲局.xlsx", folder / "乙局.xlsx"
    nianbao("merge", parts[0], "--organisation", "某县", "-o", county)

    upward = nianbao("merge", county, parts[1], "--organisation", "某市", "-o", city)
    twice = nianbao("merge", county, *parts, "--organisation", "某市", "-o", city, "--force")

    assert upward.status == ACCEPTED
    assert twice.status == NOT_ACCEPTED
    assert "甲局已经计入“某县”的汇总" in twice.err
    assert read_workbook(city).includes == ("乙局", "甲局")


def test_merge_leaves_its_own_output_out(nianbao: Callable[..., Ended], folder: Path) -> None:
    out = folder / "汇总.xlsx"
    (folder / "丙局.xlsx").unlink()

    first = nianbao("merge", folder, "--organisation", "某县", "-o", out)
    again = nianbao("merge", folder, "--organisation", "某县", "-o", out, "--force")

    assert (first.status, again.status) == (ACCEPTED, ACCEPTED)
    assert "纳入 2 份" in again.out


def test_an_input_that_is_named_is_never_overwritten(
    nianbao: Callable[..., Ended], folder: Path
) -> None:
    given = next(folder.rglob("*.xlsx"))
    before = given.read_bytes()

    ended = nianbao("merge", folder, given, "--organisation", "某县", "-o", given, "--force")

    assert ended.status == WRONG_USAGE
    assert "既是输入又是输出" in ended.err
    assert given.read_bytes() == before


def test_merge_of_nothing_accepted_writes_nothing(
    nianbao: Callable[..., Ended], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "汇总.xlsx"

    failed = nianbao("merge", folder / "丙局.xlsx", "--organisation", "某县", "-o", out)
    missing = nianbao("merge", folder / "无.xlsx", "--organisation", "某县", "-o", out)

    assert failed.status == NOT_ACCEPTED
    assert "没有可以汇总的填报" in failed.err
    assert missing.status == UNREADABLE
    assert "无法读取——找不到这个文件" in missing.out
    assert not out.exists()


# ------------------------------------------------------------------- rules, schema and explain


@pytest.mark.parametrize("form_id", ["annual-report-2019", "annual-report-2021"])
def test_rules_lists_every_rule_in_words(nianbao: Callable[..., Ended], form_id: str) -> None:
    text = nianbao("rules", "--form", form_id)
    listed = json.loads(nianbao("rules", "--form", form_id, "--format", "json").out)

    form = load_form(form_id)
    assert text.status == ACCEPTED
    assert [rule["id"] for rule in listed["rules"]] == list(form.rules)
    for rule, entry in zip(form.rules.values(), listed["rules"], strict=True):
        assert rule.title in text.out
        assert rule.says in text.out
        assert bool(entry["formula"]) == bool(rule.require)
        assert entry["formula"].isascii() == (not rule.require)
        assert entry["holds"].keys() == rule.holds.keys()


def test_rules_writes_formulas_with_the_printed_labels(nianbao: Callable[..., Ended]) -> None:
    text = nianbao("rules").out

    assert "[强制性] 收办平衡（requests-balance）" in text
    assert (
        "“一、本年新收政府信息公开申请数量” ＋ “二、上年结转政府信息公开申请数量” ＝ "
        "“（七）总计” ＋ “四、结转下年度继续办理”"
    ) in text
    assert "当 “信息处理费 实际收取信息处理费（元）” ≥ 0.01 时，" in text
    assert "成立：本年制发件数 3，现行有效件数 2，本年废止件数 1" in text
    assert "适用：表二规章、行政规范性文件" in text
    assert "上年四、结转下年度继续办理 4" in text


def test_schema_is_the_schema_of_filings(nianbao: Callable[..., Ended]) -> None:
    assert json.loads(nianbao("schema").out) == filing_schema(FORM)
    old = json.loads(nianbao("schema", "--form", "annual-report-2019").out)
    assert old["properties"]["form"] == {"const": "annual-report-2019"}


@pytest.mark.parametrize("place", ["三!D6", "表三!d6", "三、依申请公开!$D$6", "三！D6", "'三!D6'"])
def test_explain_tells_every_rule_of_a_cell_with_its_numbers(
    nianbao: Callable[..., Ended], folder: Path, place: str
) -> None:
    ended = nianbao("explain", folder / "丙局.xlsx", place)

    assert ended.status == ACCEPTED
    assert ended.out.startswith("三、依申请公开!D6  表三 一、本年新收政府信息公开申请数量 / 自然人")
    assert "现在：11" in ended.out
    assert "填报说明：1月1日至12月31日收到的申请" in ended.out
    assert "✗ [强制性] 表三：自然人——收办平衡：不成立" in ended.out
    assert "11 + 2 ≠ 11 + 1，差 1" in ended.out
    assert "✓ [提示性] 复议诉讼与申请规模：成立" in ended.out
    assert "收费" not in ended.out


def test_explain_tells_blank_total_and_last_year(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    filing = with_figures(filing_of(FORM), received__research=None)
    path = write_json(tmp_path / "甲.json", filing)

    blank, total = nianbao("explain", path, "三!F6"), nianbao("explain", path, "三!J6")
    issued = nianbao("explain", path, "二!B6")

    assert "空白（尚未填写，不等于 0）" in blank.out
    assert "？ [强制性] 表三：法人或其他组织 科研机构——收办平衡：无法判断" in blank.out
    assert "没有可用的数字：三、依申请公开!F6" in blank.out
    assert "现在：13（由各项相加，自动计算）" in total.out
    assert "0 ≤ 5 + 0" in issued.out
    assert "不适用（口径不同或者没有上年数字）" in issued.out


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("F17", "应写成“三!F17”的样子"),
        ("三!A0", "应写成“三!F17”的样子"),
        ("七!A1", "没有填报数字的工作表“七”"),
        ("三!A1", "三、依申请公开!A1 不是填报数字的单元格（本表的数字在 D6 至 J30 之间）"),
    ],
)
def test_explain_says_when_no_figure_stands_there(
    nianbao: Callable[..., Ended], folder: Path, place: str, message: str
) -> None:
    ended = nianbao("explain", folder / "甲局.xlsx", place)

    assert ended.status == WRONG_USAGE
    assert message in ended.err


def test_explain_needs_a_file_it_can_read(nianbao: Callable[..., Ended], tmp_path: Path) -> None:
    ended = nianbao("explain", tmp_path / "无.xlsx", "三!D6")

    assert ended.status == UNREADABLE
    assert "无.xlsx：找不到这个文件" in ended.err


# --------------------------------------------------------------------------------------- demo


def test_demo_leaves_the_whole_round_and_says_what_to_open(
    nianbao: Callable[..., Ended], tmp_path: Path
) -> None:
    out = tmp_path / "demo"

    first, again = nianbao("demo", "-o", out), nianbao("demo", "-o", out)

    assert (first.status, again.status) == (ACCEPTED, ACCEPTED)
    assert first.out == again.out
    assert "有意填错" in first.out
    for name in ("findings.html", "merged.xlsx", "returned", "roster.csv"):
        assert name in first.out
    for name in ("findings.txt", "findings.json", "findings.xlsx", "findings.html", "trace.csv"):
        assert (out / name).is_file()
    assert [path.name for path in (out / "returned").iterdir()] == ["示例区教育局（退改）.xlsx"]
    templates, filled = (sorted((out / name).iterdir()) for name in ("templates", "filled"))
    assert [path.name for path in templates] == [path.name for path in filled]
    told = json.loads((out / "findings.json").read_bytes())
    assert [file["status"] for file in told["files"]] == ["passed", "passed", "passed", "failed"]
    assert (told["roster"]["sums"]["missing"], told["roster"]["sums"]["passed"]) == (1, 3)
    assert len(read_workbook(out / "merged.xlsx").includes) == 3


def test_demo_has_the_published_figures_of_the_real_bureau(
    nianbao: Callable[..., Ended], tmp_path: Path, cases: Path
) -> None:
    published = json.loads((cases / "filings" / "panyu_kegongshangxin_2023.json").read_bytes())
    nianbao("demo", "-o", tmp_path / "demo")

    name = published["organisation"]["name"]
    filing = read_workbook(tmp_path / "demo" / "filled" / f"{name}.xlsx")

    assert filing.year == published["year"]
    for cell in FORM.cells:
        if cell.table != "fees":
            figure = published[cell.table][cell.row][cell.column]
            assert figure in (filing.values[cell.index], None)  # one total was printed blank


def test_demo_needs_a_folder(nianbao: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert nianbao("demo", "-o", tmp_path / "file").status == WRONG_USAGE
