"""Governments and their units: sums from below, and which child makes a difference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import with_figures
from tests.support.merging import roster, source_of, unit_of
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import load_form
from xlsx_tools.merge import merge_filings
from xlsx_tools.merge.differences import compare_branch, say_comparison
from xlsx_tools.merge.hierarchy import merge_tree
from xlsx_tools.merge.source import Excluded, UnmergedUnits
from xlsx_tools.roster import RosterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsx_tools.filing import Filing
    from xlsx_tools.merge.differences import Comparison
    from xlsx_tools.merge.hierarchy import Branch

FORM = load_form("annual-report-2021")
COUNTY = Organisation("某县")
LINES = roster("某县,,own", "甲局,某县", "乙局,某县", "某县,,consolidated")


def unit(name: str, seed: int = 0, **changes: object) -> Filing:
    return unit_of(FORM, name, seed, **changes)


OFFICE, FIRST, SECOND = unit("某县"), unit("甲局"), unit("乙局")


def branch_of(filings: Sequence[Filing], **options: str) -> Branch:
    tree = merge_tree(LINES, map(source_of, filings), **options)  # type: ignore[arg-type]
    (branch,) = tree.branches
    return branch


def compared(submitted: Filing, *parts: Filing) -> Comparison:
    found = compare_branch(branch_of([*parts, submitted], unstated="parts"))
    assert found
    return found


def hand_made(filing: Filing, **changes: int) -> Filing:
    """A consolidated filing somebody typed: it does not say whom it contains."""
    typed = with_figures(filing, **changes) if changes else filing
    return replace(typed, organisation=COUNTY, scope="consolidated", includes=())


# ------------------------------------------------------------------------------------- sums


def test_a_government_is_its_own_office_and_all_its_units() -> None:
    branch = branch_of([OFFICE, FIRST, SECOND])

    assert branch.chosen
    assert branch.chosen.filing == merge_filings([OFFICE, FIRST, SECOND], COUNTY)
    assert branch.chosen.filing.includes == tuple(sorted(("某县", "甲局", "乙局")))
    assert branch.missing == branch.partial == ()


def test_fifty_districts_of_forty_units_are_two_thousand_units_at_once() -> None:
    lines, filings = ["某市,,consolidated"], []
    for district in range(50):
        lines.append(f"{district}区,某市,consolidated")
        for number in range(40):
            lines.append(f"{district}区{number}局,{district}区")
            filings.append(unit(f"{district}区{number}局"))

    tree = merge_tree(roster(*lines), map(source_of, filings))
    flat = merge_filings(filings, Organisation("某市"))

    *districts, city = tree.branches
    assert len(districts) == 50
    assert city.organisation.name == "某市"
    assert city.chosen
    assert city.chosen.filing == flat
    assert city.chosen.filing.values == flat.values
    assert len(flat.includes) == 2000
    for index, value in enumerate(flat.values):
        assert sum(filing.values[index] or 0 for filing in filings) == value
        parts = [part.filing.values[index] or 0 for part in city.parts]
        assert sum(parts) == value


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.randoms())
def test_any_grouping_and_any_order_give_the_same_sums(groups: list[int], random: object) -> None:
    names = [f"{number}局" for number in range(len(groups))]
    towns = [f"{group}镇,某县,consolidated" for group in sorted(set(groups))]
    below = [f"{name},{group}镇" for name, group in zip(names, groups, strict=True)]
    filings = [unit(name) for name in names]
    mixed = list(filings)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    tree = merge_tree(roster("某县,,consolidated", *towns, *below), map(source_of, mixed))

    assert tree.branches[-1].chosen
    assert tree.branches[-1].chosen.filing == merge_filings(filings, COUNTY)


def test_parents_come_after_those_below_them() -> None:
    lines = roster("所,镇", "镇,县,consolidated", "县,市,consolidated", "市,,consolidated")

    tree = merge_tree(lines, [source_of(unit("所"))])

    assert [branch.organisation.name for branch in tree.branches] == ["镇", "县", "市"]
    assert tree.branches[-1].chosen
    assert tree.branches[-1].chosen.filing.includes == ("所",)


def test_a_roster_that_is_no_tree_is_refused() -> None:
    with pytest.raises(RosterError, match="不在名册中"):
        merge_tree(roster("甲局,某县"), [])


def test_files_of_nobody_on_the_roster_are_handed_back() -> None:
    stranger = source_of(unit("丁局"))

    tree = merge_tree(LINES, [source_of(FIRST), stranger])

    assert tree.strangers == (stranger,)
    assert tree.branches[0].parts == (source_of(FIRST),)


def test_two_filings_of_one_organisation_and_scope_are_refused() -> None:
    with pytest.raises(MergeError, match=r"“甲局”有两份同一口径的填报.*甲局.xlsx.*副本.xlsx"):
        merge_tree(LINES, [source_of(FIRST), source_of(FIRST, "副本.xlsx")])


# ------------------------------------------------------------------------- nobody counted twice


def test_a_consolidated_filing_that_lists_its_members_stands_for_them() -> None:
    submitted = merge_filings([OFFICE, FIRST, SECOND], COUNTY)

    branch = branch_of([OFFICE, FIRST, SECOND, submitted])

    assert branch.chosen is branch.submitted
    assert compare_branch(branch) is not None


def test_one_that_does_not_say_so_is_refused_unless_somebody_decides() -> None:
    filings = [OFFICE, FIRST, SECOND, hand_made(FIRST)]

    with pytest.raises(MergeError, match=r"“某县”的汇总.*没有写明包含.*甲局.*无法确定是否重复"):
        branch_of(filings)
    parts, whole = (branch_of(filings, unstated=word) for word in ("parts", "whole"))

    assert parts.chosen
    assert parts.chosen.filing == parts.computed == merge_filings(filings[:3], COUNTY)
    assert whole.chosen is whole.submitted


def test_without_anything_from_below_the_consolidated_filing_counts() -> None:
    branch = branch_of([hand_made(FIRST)])

    assert branch.chosen is branch.submitted
    assert branch.missing == ("某县", "甲局", "乙局")
    assert branch.partial == ()
    assert compare_branch(branch) is None


def test_a_unit_that_sends_both_must_say_that_one_contains_the_other() -> None:
    whole = merge_filings([FIRST, unit("甲局二所")], Organisation("甲局"))
    silent = replace(whole, includes=("甲局二所",))

    (part,) = branch_of([FIRST, whole]).parts
    with pytest.raises(MergeError, match="“甲局”既报送了本机关数，又报送了汇总数"):
        branch_of([FIRST, silent])

    assert part.filing == whole


def test_a_unit_contained_in_anothers_sum_is_refused() -> None:
    greedy = replace(unit("乙局"), scope="consolidated", includes=("乙局", "甲局"))

    with pytest.raises(MergeError, match="甲局已经计入“乙局”的汇总"):
        branch_of([FIRST, greedy])


# --------------------------------------------------------------------------------- differences


def test_a_sum_that_agrees_has_no_differences() -> None:
    found = compared(
        hand_made(merge_filings([OFFICE, FIRST, SECOND], COUNTY)), OFFICE, FIRST, SECOND
    )

    assert found.differences == ()
    assert list(say_comparison(found)) == ["某县：报送的汇总与本机关和下级之和一致。"]


def test_a_child_left_out_as_a_whole_is_named() -> None:
    found = compared(hand_made(merge_filings([OFFICE, FIRST], COUNTY)), OFFICE, FIRST, SECOND)

    assert [(suspect.name, suspect.how) for suspect in found.whole] == [("乙局", "left_out")]
    first, second, *_ = say_comparison(found)
    assert "个数不一致" in first
    assert second == "某县：全部差额与一个单位的数相同，可能漏计乙局。"


def test_a_child_counted_twice_as_a_whole_is_named() -> None:
    twice = merge_filings([OFFICE, FIRST, SECOND, unit_twice(SECOND)], COUNTY)

    found = compared(hand_made(twice), OFFICE, FIRST, SECOND)

    assert [(suspect.name, suspect.how) for suspect in found.whole] == [("乙局", "twice")]


def unit_twice(filing: Filing) -> Filing:
    return replace(filing, organisation=Organisation("乙局（副本）"))


def test_one_figure_names_both_sides_the_difference_and_whose_it_is() -> None:
    parts = [
        with_figures(each, received__research=n)
        for each, n in zip((OFFICE, FIRST, SECOND), (100, 20, 3), strict=True)
    ]
    right = merge_filings(parts, COUNTY)

    left_out = compared(hand_made(right, received__research=103), *parts)
    twice = compared(hand_made(right, received__research=126), *parts)

    assert list(say_comparison(left_out)) == [
        "某县：报送的汇总与本机关和下级之和有 1 个数不一致。",
        (
            "三、依申请公开!F6（一、本年新收政府信息公开申请数量 / 法人或其他组织 科研机构）："
            "报送 103，各部分之和 123，差额 −20；可能漏计甲局。"
        ),
    ]
    typed, total = left_out.differences
    assert (typed.expected, typed.submitted, typed.difference) == (123, 103, -20)
    assert FORM.cells[total.index].total
    assert "差额 3；可能重复计算乙局。" in list(say_comparison(twice))[1]


def test_a_blank_on_one_side_is_undecided_and_no_difference() -> None:
    whole = hand_made(
        merge_filings([OFFICE, FIRST, with_figures(SECOND, received__research=None)], COUNTY)
    )

    found = compared(whole, OFFICE, FIRST, SECOND)

    assert FORM.by_path["requests.received.research"].index in found.undecided
    assert any("因一方空白无法比较" in text for text in say_comparison(found))


def test_long_lists_of_differences_are_cut_and_counted() -> None:
    found = compared(hand_made(unit("某县", 5)), OFFICE, FIRST, SECOND)

    assert any("没有逐一列出" in text for text in say_comparison(found))


def test_members_the_sum_does_not_list_or_that_are_not_its_own_are_named() -> None:
    submitted = replace(merge_filings([OFFICE, FIRST], COUNTY), includes=("某县", "甲局", "戊局"))

    found = compared(submitted, OFFICE, FIRST, SECOND)

    assert found.branch.unlisted == ("乙局",)
    assert found.branch.unknown == ("戊局",)
    said = list(say_comparison(found))
    assert "某县：报送的汇总没有列入乙局。" in said
    assert "某县：报送的汇总列有本级各部分以外的单位：戊局。" in said


# ------------------------------------------------------------------------------------- missing


def test_missing_children_make_a_partial_sum_and_are_named() -> None:
    branch = branch_of([OFFICE, FIRST])

    assert branch.missing == branch.partial == ("乙局",)
    assert branch.chosen
    assert branch.chosen.filing == merge_filings([OFFICE, FIRST], COUNTY)


def test_what_is_missing_below_is_missing_above() -> None:
    lines = roster(
        "某市,,consolidated",
        "某县,某市,consolidated",
        "某区,某市,consolidated",
        "甲局,某县",
        "乙局,某县",
        "丙局,某区",
    )

    *_, city = merge_tree(lines, [source_of(FIRST)]).branches

    assert set(city.partial) == {"乙局", "某区", "丙局"}


def test_a_missing_filing_that_the_sum_contains_does_not_make_it_partial() -> None:
    submitted = merge_filings([OFFICE, FIRST, SECOND], COUNTY)

    branch = branch_of([OFFICE, FIRST, submitted])

    assert branch.chosen is branch.submitted
    assert (branch.missing, branch.partial) == (("乙局",), ())
    said = list(say_comparison(compare_branch(branch)))  # type: ignore[arg-type]
    assert any("尚缺 1 个单位的填报（乙局）" in text for text in said)


# ------------------------------------------------------------------- left out by the roster


def test_units_the_roster_does_not_merge_are_in_no_sum_and_not_missing() -> None:
    lines = roster("某县,,consolidated", "甲局,某县", "税务局,某县,,否,垂直管理")
    tax = source_of(unit("税务局"))

    tree = merge_tree(lines, [source_of(FIRST), tax])

    (branch,) = tree.branches
    assert branch.parts == (source_of(FIRST),)
    assert branch.missing == ()
    assert tree.strangers == (tax,)
    assert UnmergedUnits(lines).exclude(tax) == Excluded(
        "税务局", tax.file, "垂直管理", tax.sha256, by_roster=True
    )


def test_only_the_unit_and_scope_of_the_line_is_left_out() -> None:
    unmerged = UnmergedUnits(roster("税务局,,,否", "甲局"))

    assert unmerged.exclude(source_of(unit("甲局"))) is None
    assert unmerged.exclude(source_of(unit("税务局", scope="consolidated"))) is None
    found = unmerged.exclude(source_of(unit("税 务局")))
    assert found
    assert found.why == "名册注明不计入汇总"
