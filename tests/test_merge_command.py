"""``nianbao merge``: level by level by the roster, with every figure's sources."""

from __future__ import annotations

import csv
import json
import os
import random
from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from tests.support.builders import index_of, with_figures
from tests.support.commands import run_command
from tests.support.district import FORM, filled
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.merge import merge_filings
from xlsx_tools.read import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from openpyxl import Workbook

    from tests.support.commands import Command, Ended
    from xlsx_tools.values import Value

ACCEPTED, NOT_ACCEPTED, WRONG_USAGE, UNREADABLE = range(4)
LARGE = pytest.mark.skipif(
    not os.environ.get("NIANBAO_LARGE"), reason="takes minutes: set NIANBAO_LARGE"
)
HEAD = "单位名称,口径,上级,计入汇总,备注\n"


def unit(name: str) -> Filing:
    """Figures of its own in every cell, the same for the same name."""
    return filled(name, random.Random(name))  # noqa: S311 - made-up figures


def send(inbox: Path, *filings: Filing) -> None:
    inbox.mkdir(exist_ok=True)
    for filing in filings:
        kind = "汇总" if filing.scope == "consolidated" else ""
        path = inbox / f"{filing.organisation.name}{kind}.xlsx"
        path.write_bytes(render_workbook(filing))


def sums(*filings: Filing) -> tuple[Value | None, ...]:
    return merge_filings(filings, Organisation("总")).values


def whole(name: str, *parts: Filing, includes: bool = True, **changes: int) -> Filing:
    """A consolidated filing that a district typed; it may say whom it contains."""
    merged = merge_filings(parts, Organisation(name))
    typed = with_figures(merged, **changes) if changes else merged
    return typed if includes else replace(typed, includes=())


@pytest.fixture
def nianbao(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run one command in this process."""
    return partial(run_command, capsys)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "报送"


def merge(nianbao: Command, inbox: Path, roster: str = "", *options: object) -> Ended:
    """Merge the inbox into 汇总.xlsx beside it, as 某市."""
    words: list[object] = ["merge", inbox, "--organisation", "某市", *options]
    if roster:
        (inbox.parent / "名册.csv").write_text(HEAD + roster, "utf-8")
        words += ["--roster", inbox.parent / "名册.csv"]
    return nianbao(*words, "-o", inbox.parent / "汇总.xlsx")


def merged_by(inbox: Path) -> Filing:
    return read_workbook(inbox.parent / "汇总.xlsx")


def column(book: Workbook, sheet: str, letter: str) -> list[str]:
    return [str(cell.value) for cell in book[sheet][letter] if cell.value is not None]


# --------------------------------------------------------------------------- level by level


def test_the_roster_says_who_is_summed_up_in_whom(nianbao: Command, inbox: Path) -> None:
    units = [unit(name) for name in ("甲区", "甲一局", "甲二局", "乙一局", "市直局")]
    send(inbox, *units)

    ended = merge(
        nianbao,
        inbox,
        "某市,consolidated,,,\n甲区,own,某市,,\n甲一局,own,甲区,,\n甲二局,own,甲区,,\n"
        "乙区,consolidated,某市,,\n乙一局,own,乙区,,\n市直局,own,某市,,\n",
    )

    merged = merged_by(inbox)
    assert merged.values == sums(*units)
    assert set(merged.includes) == {one.organisation.name for one in units}
    assert ended.status == ACCEPTED
    assert "纳入 5 份" in ended.out


def test_parents_without_a_line_are_groups_and_named(nianbao: Command, inbox: Path) -> None:
    units = [unit("一局"), unit("二局"), unit("三局")]
    send(inbox, *units)

    ended = merge(nianbao, inbox, "一局,,城区,,\n二局,,城区,,\n三局,,,,\n")

    assert ended.status == ACCEPTED
    assert merged_by(inbox).values == sums(*units)
    assert "名册中没有这些上级单位，按分组汇总：城区。" in ended.out


def test_what_a_district_sent_is_compared_and_the_child_that_makes_the_difference_is_named(
    nianbao: Command, inbox: Path
) -> None:
    office, first, second = unit("甲区"), unit("一局"), unit("二局")
    send(inbox, office, first, second, whole("甲区", office, first))

    ended = merge(
        nianbao,
        inbox,
        "甲区,own,,,\n甲区,consolidated,,,\n一局,,甲区,,\n二局,,甲区,,\n",
        *("--nested", "parts"),
    )

    assert "甲区：报送的汇总与本机关和下级之和有" in ended.out
    assert "甲区：全部差额与一个单位的数相同，可能漏计二局。" in ended.out
    assert "甲区：报送的汇总没有列入二局。" in ended.out
    assert merged_by(inbox).values == sums(office, first, second)


def test_one_figure_that_differs_is_told_with_both_sides_and_whose_it_may_be(
    nianbao: Command, inbox: Path
) -> None:
    first, second = (with_figures(unit(name), licences__decisions=number)
                     for name, number in (("一局", 70), ("二局", 5)))  # fmt: skip
    send(inbox, first, second, whole("甲区", first, second, licences__decisions=145))

    ended = merge(
        nianbao,
        inbox,
        "甲区,consolidated,,,\n一局,,甲区,,\n二局,,甲区,,\n",
        *("--nested", "parts"),
    )

    assert "有 1 个数不一致" in ended.out
    assert "报送 145，各部分之和 75，差额 70；可能重复计算一局。" in ended.out


def test_a_district_that_agrees_is_said_to(nianbao: Command, inbox: Path) -> None:
    first, second = unit("一局"), unit("二局")
    send(inbox, first, second, whole("甲区", first, second))

    ended = merge(nianbao, inbox, "甲区,consolidated,,,\n一局,,甲区,,\n二局,,甲区,,\n")

    assert "甲区：报送的汇总与本机关和下级之和一致。" in ended.out
    assert merged_by(inbox).values == sums(first, second)
    assert ended.status == ACCEPTED


def test_a_sum_that_does_not_say_whom_it_contains_waits_for_a_decision(
    nianbao: Command, inbox: Path
) -> None:
    first, second = unit("一局"), unit("二局")
    theirs = whole("甲区", first, second, includes=False, licences__decisions=999)
    send(inbox, first, second, theirs)
    roster = "甲区,consolidated,,,\n一局,,甲区,,\n二局,,甲区,,\n"

    refused = merge(nianbao, inbox, roster)
    written = (inbox.parent / "汇总.xlsx").exists()
    merge(nianbao, inbox, roster, "--nested", "parts")
    parts = merged_by(inbox)
    merge(nianbao, inbox, roster, "--nested", "whole", "--force")
    taken = merged_by(inbox)

    assert refused.status == NOT_ACCEPTED
    assert not written
    assert "没有汇总：“甲区”的汇总" in refused.err
    assert "没有写明包含一局、二局" in refused.err
    assert parts.values == sums(first, second)
    assert taken.values == theirs.values


def test_missing_units_make_a_partial_sum_that_names_them(nianbao: Command, inbox: Path) -> None:
    present = [unit("一局"), unit("二局")]
    send(inbox, *present)

    ended = merge(nianbao, inbox, "一局,,甲区,,\n二局,,甲区,,\n三局,,甲区,,\n四局,,,,\n")

    book = load_workbook(inbox.parent / "汇总.xlsx")
    assert "未报 2 份：\n  三局\n  四局\n" in ended.out
    assert "已汇总 2 个单位，为部分汇总（名册中有 2 个单位没有计入）" in ended.out
    assert merged_by(inbox).values == sums(*present)
    assert {"三局", "四局"} <= set(column(book, "纳入情况", "A") + column(book, "纳入情况", "B"))


@pytest.mark.parametrize("parent", ["", "甲区"])
def test_who_sent_what_was_not_accepted_is_left_out_and_not_told_to_have_sent_nothing(
    nianbao: Command, inbox: Path, parent: str
) -> None:
    send(inbox, unit("一局"), with_figures(unit("二局"), received__other=999))

    ended = merge(nianbao, inbox, "".join(f"{n}局,,{parent},,\n" for n in "一二三"))

    assert "未纳入 1 份：\n  二局（" in ended.out
    assert "未报 1 份：\n  三局\n" in ended.out


def test_who_the_roster_leaves_out_is_left_out_with_the_note_and_is_not_missing(
    nianbao: Command, inbox: Path
) -> None:
    units = [unit("一局"), unit("税务局")]
    send(inbox, *units)

    ended = merge(nianbao, inbox, "一局,,,,\n税务局,,,否,垂直管理\n海关,,,否,垂直管理\n")

    assert merged_by(inbox).values == units[0].values
    assert "未纳入 1 份：\n  税务局（" in ended.out
    assert "：垂直管理\n" in ended.out
    assert "未报" not in ended.out
    assert ended.status == ACCEPTED


def test_parents_that_make_no_tree_are_refused_by_line(nianbao: Command, inbox: Path) -> None:
    send(inbox, unit("一局"))

    ended = merge(nianbao, inbox, "一局,,二局,,\n二局,,一局,,\n")

    assert ended.status == UNREADABLE
    assert "第 2 行：上级关系成了循环" in ended.err
    assert not (inbox.parent / "汇总.xlsx").exists()


# ------------------------------------------------------------------------- who is in, who is out


def test_every_file_is_in_or_out_with_a_reason(nianbao: Command, inbox: Path) -> None:
    send(inbox, unit("一局"), with_figures(unit("二局"), received__other=999), unit("三局"))
    (inbox / "副本.xlsx").write_bytes((inbox / "一局.xlsx").read_bytes())
    (inbox / "三局更正.xlsx").write_bytes(
        render_workbook(with_figures(unit("三局"), licences__decisions=1))
    )
    (inbox / "坏.xlsx").write_bytes(b"?")

    ended = merge(nianbao, inbox)

    assert ended.status == UNREADABLE
    assert "纳入 1 份" in ended.out
    assert "未纳入 5 份" in ended.out
    told = [line for line in ended.out.splitlines() if line.startswith("  ")]
    assert [line.strip().partition("（")[0] for line in told[:5]] == [
        "三局", "三局", "二局", "一局", "单位不详",
    ]  # fmt: skip
    assert "同一单位有 2 份内容不同的填报" in told[0]
    assert "未通过——" in told[2]
    assert "内容完全相同，只计一次" in told[3]
    assert merged_by(inbox).values == unit("一局").values


def test_the_file_chosen_of_several_is_the_one_that_is_merged(
    nianbao: Command, inbox: Path
) -> None:
    other = with_figures(unit("三局"), licences__decisions=1)
    send(inbox, unit("三局"))
    (inbox / "更正.xlsx").write_bytes(render_workbook(other))

    merge(nianbao, inbox, "", "--on-duplicate", inbox / "更正.xlsx")

    assert merged_by(inbox).values == other.values


# ------------------------------------------------------------------------------------- trace


def traced_in_csv(path: Path) -> dict[str, Decimal]:
    lines = csv.DictReader(StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    found: dict[str, Decimal] = {}
    for line in lines:
        assert line["状态"] == "有数"
        found[line["项目路径"]] = found.get(line["项目路径"], Decimal(0)) + Decimal(line["数值"])
    return found


def traced_in_json(path: Path) -> dict[str, Decimal]:
    told = json.loads(path.read_bytes(), parse_float=Decimal)
    paths = [figure["path"] for figure in told["figures"]]
    return {path: sum((Decimal(one["values"][path]) for one in told["units"]), Decimal(0))
            for path in paths}  # fmt: skip


def check_trace(inbox: Path, traces: Iterable[dict[str, Decimal]]) -> None:
    merged = merged_by(inbox)
    expected = {cell.path: merged.values[cell.index] for cell in FORM.cells}
    for trace in traces:
        assert trace == expected


def test_the_sources_of_every_figure_add_up_to_the_merged_workbook(
    nianbao: Command, inbox: Path
) -> None:
    send(inbox, *(unit(f"{number}局") for number in range(6)))
    traces = [inbox.parent / "来源.csv", inbox.parent / "来源.json"]

    for trace in traces:
        assert merge(nianbao, inbox, "", "--trace", trace, "--force").status == ACCEPTED

    check_trace(inbox, (traced_in_csv(traces[0]), traced_in_json(traces[1])))


def test_the_sources_of_a_sum_by_levels_are_the_files_beneath(
    nianbao: Command, inbox: Path
) -> None:
    send(inbox, *(unit(f"{number}局") for number in range(4)))
    trace = inbox.parent / "来源.csv"

    merge(nianbao, inbox, "0局,,甲区,,\n1局,,甲区,,\n2局,,乙区,,\n3局,,,,\n", "--trace", trace)

    lines = csv.DictReader(StringIO(trace.read_bytes().decode("utf-8-sig"), newline=""))
    assert {line["单位"] for line in lines} == {"0局", "1局", "2局", "3局"}
    check_trace(inbox, [traced_in_csv(trace)])


def test_a_trace_has_a_kind_that_its_name_says(nianbao: Command, inbox: Path) -> None:
    send(inbox, unit("一局"))

    ended = merge(nianbao, inbox, "", "--trace", inbox.parent / "来源.txt")

    assert ended.status == WRONG_USAGE
    assert "应以 .csv 或者 .json 结尾" in ended.err


def test_the_same_merge_again_gives_the_same_bytes(nianbao: Command, inbox: Path) -> None:
    send(inbox, unit("一局"), unit("二局"), with_figures(unit("三局"), received__other=999))
    outputs = ("汇总.xlsx", "来源.csv", "来源.json")

    def run() -> Iterator[bytes]:
        for trace in outputs[1:]:
            merge(nianbao, inbox, "一局,,甲区,,\n二局,,,,\n三局,,,,\n",
                  "--trace", inbox.parent / trace, "--force")  # fmt: skip
        yield from ((inbox.parent / name).read_bytes() for name in outputs)

    assert list(run()) == list(run())


# -------------------------------------------------------------------------------- and upward


def two_levels(nianbao: Command, folder: Path, districts: int, units: int) -> None:
    """Every unit at once, by the roster's levels, and district by district: the same sums."""
    inbox, upward = folder / "报送", folder / "区级汇总"
    upward.mkdir()
    roster, filings = "", []
    for district in range(districts):
        mine = [unit(f"{district}区{number}局") for number in range(units)]
        filings += mine
        inbox.mkdir(exist_ok=True)
        send(inbox / f"{district}区", *mine)
        roster += "".join(f"{one.organisation.name},,{district}区,,\n" for one in mine)
        below = nianbao(
            *("merge", inbox / f"{district}区", "--organisation", f"{district}区"),
            *("-o", upward / f"{district}区.xlsx"),
        )
        assert below.status == ACCEPTED, below.err

    at_once = merge(nianbao, inbox, "", "--trace", folder / "一次.csv")
    flat, trace = merged_by(inbox), traced_in_csv(folder / "一次.csv")
    by_roster = merge(nianbao, inbox, roster, "--force")
    levels = merged_by(inbox)
    by_district = merge(nianbao, upward, "", "--trace", folder / "两级.csv", "--force")
    twice = merged_by(upward)

    assert {at_once.status, by_roster.status, by_district.status} == {ACCEPTED}
    assert flat.values == levels.values == twice.values == sums(*filings)
    assert None not in flat.values
    assert len(flat.includes) == districts * units
    assert set(flat.includes) == set(levels.includes) == set(twice.includes)
    check_trace(inbox, [trace, traced_in_csv(folder / "两级.csv")])


@pytest.mark.parametrize(("districts", "units"), [(5, 4), pytest.param(50, 40, marks=LARGE)])
def test_districts_merged_one_by_one_are_all_their_units_at_once(
    nianbao: Command, tmp_path: Path, districts: int, units: int
) -> None:
    two_levels(nianbao, tmp_path, districts, units)


def test_the_merged_workbook_is_checked_like_any_other(nianbao: Command, inbox: Path) -> None:
    send(inbox, unit("一局"), unit("二局"))

    said = merge(nianbao, inbox)
    checked = nianbao("check", inbox.parent / "汇总.xlsx", "--format", "json")

    assert "汇总数校验：" in said.out
    (file,) = json.loads(checked.out)["files"]
    assert file["scope"] == "consolidated"
    assert file["status"] == "passed"
    assert {finding["rule"] for finding in file["findings"]} == {"narrative-drafted"}
    assert merged_by(inbox).values[index_of(FORM, "received__total")] == sum(
        unit(name).values[index_of(FORM, "received__total")] or 0 for name in ("一局", "二局")
    )
