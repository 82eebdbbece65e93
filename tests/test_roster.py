"""Rosters as coordinators keep them, and the personal workbooks made from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tests.support.builders import filing_of, with_figures
from xlsx_tools.cli.template import template
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import fill_workbook
from xlsx_tools.forms import form_of_year
from xlsx_tools.read import read_workbook
from xlsx_tools.roster import (
    FilingsByUnit,
    RosterError,
    check_parents,
    file_names,
    parse_roster,
)

if TYPE_CHECKING:
    from pathlib import Path

ROSTER = (
    "name,code,scope,parent,contact,email\n某县某局,11330000000000000X,,,张三,a@b.cn\n乙局,,own\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_roster_is_read_in_the_encodings_offices_save(encoding: str) -> None:
    first, second = parse_roster(ROSTER.encode(encoding))

    assert first.organisation == ("某县某局", "11330000000000000X")
    assert (first.scope, first.contact, first.line) == ("own", "张三", 2)
    assert second.organisation == ("乙局", None)


def test_chinese_headings_and_any_order_will_do() -> None:
    (line,) = parse_roster("口径,单位名称\n本级政府汇总,某县\n\n,\n".encode())

    assert (line.organisation.name, line.scope) == ("某县", "consolidated")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code\n1\n", "第 1 行：缺少 name"),
        ("name,code\n,5\n", "第 2 行：没有单位名称"),
        ("name,scope\n甲局,all\n", "第 2 行：口径“all”"),
        ("name\n甲局\n 甲 局\n", "第 3 行：单位“甲 局”与第 2 行重复"),
        ("name,code\n甲局,1\n乙局,1\n", "第 3 行：代码 1 与第 2 行重复"),
        ('name\n"甲局\n', "不是有效的 CSV"),
        ("name\n", "名册中没有单位"),
        ("", "第 1 行：缺少 name"),
    ],
)
def test_a_wrong_roster_is_refused_by_line(text: str, said: str) -> None:
    with pytest.raises(RosterError) as caught:
        parse_roster(text.encode())

    assert said in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RosterError) as caught:
        parse_roster("name,scope\n,own\n甲局,x\n".encode())

    assert len(caught.value.problems) == 2


def test_file_names_suit_every_system_and_differ() -> None:
    lines = parse_roster(
        "name,scope\n甲/局,\n甲:局,\nCON,\n...,\n乙,own\n乙,consolidated\n".encode()
    )

    names = file_names(lines).values()

    assert list(names) == [
        "甲_局.xlsx",
        "甲_局_3.xlsx",
        "CON_4.xlsx",
        "单位.xlsx",
        "乙.xlsx",
        "乙_7.xlsx",
    ]


def test_filings_are_matched_by_code_or_exactly_the_name_never_by_likeness() -> None:
    filing = filing_of(form_of_year(2023))
    (by_code,) = parse_roster("name,code\n改名后的局,11330000000000000X\n".encode())
    by_name, alike = parse_roster("name\n某县 某局\n某县某局办公室\n".encode())
    (other_code,) = parse_roster("name,code\n某县某局,99\n".encode())

    known = FilingsByUnit()
    known.add(filing)

    assert known.find(by_code) is filing
    assert known.find(by_name) is filing
    assert known.find(other_code) is None
    assert known.find(alike) is None


def test_of_two_filings_with_other_figures_neither_is_found() -> None:
    filing = filing_of(form_of_year(2023))
    (line,) = parse_roster("name,code\n某县某局,11330000000000000X\n".encode())
    (by_name,) = parse_roster("name\n某县某局\n".encode())
    known = FilingsByUnit()

    assert known.add(filing)
    assert known.add(replace(filing, narrative={}))
    assert known.find(line) is filing
    assert not known.add(with_figures(filing, licences__decisions=8))
    assert known.find(line) is None
    assert known.find(by_name) is None


def test_two_units_of_one_name_are_found_by_their_codes_only() -> None:
    one = replace(filing_of(form_of_year(2023)), organisation=Organisation("甲局", "1"))
    other = replace(
        with_figures(one, licences__decisions=8), organisation=Organisation("甲局", "2")
    )
    (first,) = parse_roster("name,code\n甲局,1\n".encode())
    (uncoded,) = parse_roster("name\n甲局\n".encode())
    known = FilingsByUnit()

    assert known.add(one)
    assert known.add(other)
    assert known.find(first) is one
    assert known.find(uncoded) is None


@pytest.mark.parametrize("hidden", ["\u200b", "\x01", "\u202e"])
def test_a_name_with_a_character_nobody_sees_is_refused(hidden: str) -> None:
    with pytest.raises(RosterError, match=f"第 3 行：有看不见的字符（U.{ord(hidden):04X}）"):
        parse_roster(f"name,code\n甲局,1\n乙{hidden}局,2\n".encode())


def test_two_without_a_code_are_not_the_same_for_that() -> None:
    nameless = replace(filing_of(form_of_year(2023)), organisation=Organisation("甲局"))
    (line,) = parse_roster("name\n乙局\n".encode())

    known = FilingsByUnit()
    known.add(nameless)

    assert known.find(line) is None


def test_each_organisation_gets_its_own_workbook_and_last_years_figures(tmp_path: Path) -> None:
    roster, last_year = tmp_path / "名册.csv", tmp_path / "上年"
    roster.write_bytes(ROSTER.encode("gb18030"))
    last_year.mkdir()
    before = filing_of(form_of_year(2023))
    fill_workbook(before, last_year / "x.xlsx")
    year = (before.year or 0) + 1
    command = ["--year", str(year), "--roster", str(roster), "--last-year", str(last_year)]

    result = CliRunner().invoke(template, [*command, "-o", str(tmp_path / "out")])

    assert result.exit_code == 0, result.output
    assert "1 个单位没有上年度填报" in result.output
    mine = read_workbook(tmp_path / "out" / "某县某局.xlsx")
    theirs = read_workbook(tmp_path / "out" / "乙局.xlsx")
    carried = mine.form.by_path["requests.carried_in.natural_person"].index
    closing = before.form.by_path["requests.carried_out.natural_person"].index
    assert mine.organisation == before.organisation
    assert mine.values[carried] == before.values[closing] == 1
    assert carried in mine.prefilled
    assert (theirs.organisation.name, theirs.values[carried]) == ("乙局", None)
    listed = (tmp_path / "out" / "承接表.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(listed) == 1 + 6
    assert "三、依申请公开!D7" in listed[1]

    again = CliRunner().invoke(template, [*command, "-o", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "已存在" in again.output


def test_a_roster_and_one_organisation_do_not_go_together(tmp_path: Path) -> None:
    command = ["--year", "2023", "--roster", "r.csv", "--organisation", "甲局"]

    result = CliRunner().invoke(template, [*command, "-o", str(tmp_path)])

    assert result.exit_code == 2
    assert "名册" in result.output


def test_last_years_filing_is_never_overwritten_by_this_years_workbook(tmp_path: Path) -> None:
    before = tmp_path / "x.xlsx"
    fill_workbook(filing_of(form_of_year(2023)), before)
    saved = before.read_bytes()
    command = ["--year", "2022", "--organisation", "某县某局", "--last-year", str(before)]

    result = CliRunner().invoke(template, [*command, "-o", str(before), "--force"])

    assert result.exit_code == 2
    assert before.read_bytes() == saved


def test_a_roster_says_whose_figures_are_not_merged_and_why() -> None:
    tax, office, other = parse_roster(
        "单位名称,计入汇总,备注\n某县税务局,否,垂直管理\n办公室,是,\n乙局,,\n".encode()
    )

    assert (tax.merged, tax.note) == (False, "垂直管理")
    assert office.merged
    assert other.merged
    assert not other.note


def test_an_answer_that_is_neither_yes_nor_no_is_refused_by_line() -> None:
    with pytest.raises(RosterError, match="第 2 行：计入汇总“也许”"):
        parse_roster("name,merge\n甲局,也许\n".encode())


def test_parents_make_a_tree() -> None:
    lines = parse_roster("name,parent\n某县,\n某镇,某 县\n甲所,某镇\n".encode())

    check_parents(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("甲局,某省,\n", "第 2 行：上级“某省”不在名册中"),
        ("甲局,甲局,\n", "第 2 行：上级关系成了循环：甲局 → 甲局"),
        ("甲,乙,\n乙,丙,\n丙,甲,\n", "第 2 行：上级关系成了循环：甲 → 乙 → 丙 → 甲"),
        ("丁,甲,\n甲,乙,\n乙,甲,\n", "第 3 行：上级关系成了循环：甲 → 乙 → 甲"),
        ("某市,,\n某县,,\n甲,某市,\n甲,某县,consolidated\n", "第 5 行：单位“甲”的上级“某县”与第 4"),
    ],
)
def test_parents_that_make_no_tree_are_told_by_line(text: str, said: str) -> None:
    with pytest.raises(RosterError) as caught:
        check_parents(parse_roster(f"name,parent,scope\n{text}".encode()))

    (problem,) = caught.value.problems
    assert said in problem
