"""Merging: exact sums, blanks that stay blank, nobody counted twice."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import filing_of, filings, index_of
from xlsx_tools.check import check_filing
from xlsx_tools.errors import MergeError
from xlsx_tools.filing import Filing, Organisation
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.merge import merge_filings
from xlsx_tools.values import Parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.forms import Form

COUNTY = Organisation("某县人民政府")
# A filing is 200 random figures: a few dozen of them are thousands of sums.
few = settings(max_examples=25)
FORMS = st.sampled_from([load_form(form_id) for form_id in form_ids()])


@pytest.fixture(params=form_ids())
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(request.param)


def of(filing: Filing, name: str, code: str | None = None) -> Filing:
    return replace(filing, organisation=Organisation(name, code), scope="own", includes=())


@st.composite
def departments(draw: st.DrawFn, count: int = 3) -> tuple[Filing, ...]:
    form = draw(FORMS)
    return tuple(
        replace(of(draw(filings(form)), f"{number}局"), year=form.first_year)
        for number in range(count)
    )


def test_merge_adds_up_every_figure_exactly(form: Form) -> None:
    money = next(cell for cell in form.inputs if cell.kind == "money")
    name = money.path.replace(".", "__")
    one = filing_of(form, received__natural_person=7, **{name: Decimal("0.1")})
    two = filing_of(form, received__natural_person=5, **{name: Decimal("0.2")})

    merged = merge_filings([of(one, "甲局"), of(two, "乙局")], COUNTY)

    assert merged.values[index_of(form, "received__natural_person")] == 12
    assert merged.values[index_of(form, "received__total")] == 18
    assert merged.values[money.index] == Decimal("0.3")


def test_merge_gives_a_consolidated_filing_that_lists_its_members(form: Form) -> None:
    merged = merge_filings([of(filing_of(form), "乙局"), of(filing_of(form), "甲局")], COUNTY)

    assert merged.organisation == COUNTY
    assert merged.scope == "consolidated"
    assert merged.year == form.first_year
    assert merged.includes == tuple(sorted(("甲局", "乙局")))
    assert set(merged.narrative.values()) == {None}
    assert merged.narrative.keys() == {section.id for section in form.texts}
    assert merged.declared_zero == frozenset()


def test_a_merge_of_accepted_filings_is_accepted(form: Form) -> None:
    merged = merge_filings([of(filing_of(form), "甲局"), of(filing_of(form), "乙局")], COUNTY)

    assert check_filing(merged).status == "passed"


def test_a_merge_of_nil_returns_is_a_nil_return(form: Form) -> None:
    nil = replace(of(filing_of(form), "甲局"), nil_return=True)

    assert merge_filings([nil, replace(of(nil, "乙局"), nil_return=True)], COUNTY).nil_return
    assert not merge_filings([nil, of(replace(nil, nil_return=False), "乙局")], COUNTY).nil_return


def test_a_blank_or_a_doubtful_figure_makes_the_sum_blank(form: Form) -> None:
    index = index_of(form, "received__research")
    whole = of(filing_of(form), "甲局")
    blank = of(filing_of(form, received__research=None), "乙局")
    text = replace(of(whole, "乙局"), parsed={index: Parsed("text_number", 0, 0, "是文本")})

    for other in (blank, text):
        assert merge_filings([whole, other], COUNTY).values[index] is None


def test_not_applicable_adds_nothing_and_stays_when_all_say_so(form: Form) -> None:
    index = index_of(form, "received__research")
    mark = replace(
        of(filing_of(form, received__research=None), "甲局"), not_applicable=frozenset({index})
    )
    four = of(filing_of(form, received__research=4), "乙局")

    some = merge_filings([mark, four], COUNTY)
    every = merge_filings([mark, of(mark, "丙局")], COUNTY)

    assert some.values[index] == 4
    assert some.not_applicable == frozenset()
    assert every.values[index] is None
    assert every.not_applicable == {index}


def test_members_of_a_consolidated_filing_are_carried_upward(form: Form) -> None:
    filing = filing_of(form)
    county = merge_filings([of(filing, "甲局"), of(filing, "乙局")], COUNTY)

    city = merge_filings([county, of(filing, "丙局")], Organisation("某市人民政府"))

    assert city.includes == tuple(sorted(("甲局", "乙局", "丙局")))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([("某县 某局", None)], "同一单位有多份填报.*某县"),
        ([("乙局", "11330000000000000X")], "同一个统一社会信用代码.*11330000000000000X.*乙局"),
        ([(" ", None)], "没有单位名称"),
    ],
)
def test_one_organisation_is_counted_once(
    form: Form, others: list[tuple[str, str | None]], message: str
) -> None:
    one = filing_of(form)
    rest = [of(one, *other) for other in others]

    with pytest.raises(MergeError, match=message):
        merge_filings([one, *rest], COUNTY)


def test_names_differing_in_width_and_blanks_are_one_organisation(form: Form) -> None:
    filing = filing_of(form)

    with pytest.raises(MergeError, match="请只保留一份"):
        merge_filings([of(filing, "某局（Ａ）"), of(filing, " 某局(a) ")], COUNTY)


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(MergeError, match="没有可以汇总的填报"):
        merge_filings([], COUNTY)


def test_years_and_forms_are_not_mixed(form: Form) -> None:
    one = of(filing_of(form), "甲局")
    other = of(filing_of(load_form(next(i for i in form_ids() if i != form.id))), "乙局")

    with pytest.raises(MergeError, match=r"报告年度不一致.*甲局.*乙局"):
        merge_filings([one, replace(of(one, "乙局"), year=form.first_year + 1)], COUNTY)
    with pytest.raises(MergeError, match=r"表式不一致.*甲局.*乙局|表式不一致.*乙局.*甲局"):
        merge_filings([one, replace(other, year=one.year)], COUNTY)
    with pytest.raises(MergeError, match=r"没有报告年度.*乙局"):
        merge_filings([one, replace(of(one, "乙局"), year=None)], COUNTY)


def test_forms_that_share_a_notice_are_no_less_a_mixture(form: Form) -> None:
    other = load_form(next(i for i in form_ids() if i != form.id))
    alike = replace(other, notice=form.notice)
    stranger = replace(of(filing_of(other), "乙局"), form=alike, year=form.first_year)

    with pytest.raises(MergeError, match="表式不一致"):
        merge_filings([of(filing_of(form), "甲局"), stranger], COUNTY)


def test_filings_are_gone_through_once_and_not_kept(form: Form) -> None:
    left = []

    def passing() -> Iterator[Filing]:
        for number in range(20):
            filing = of(filing_of(form), f"{number}局")
            left.append(weakref.ref(filing))
            yield filing

    merged = merge_filings(passing(), COUNTY)

    gc.collect()
    assert len(merged.includes) == 20
    assert not any(kept() for kept in left[:-1])


def test_what_a_consolidated_filing_contains_is_not_added_again(form: Form) -> None:
    filing = filing_of(form)
    county = merge_filings([of(filing, "甲局"), of(filing, "乙局")], COUNTY)
    other = merge_filings([of(filing, "乙局"), of(filing, "丙局")], Organisation("某区人民政府"))

    with pytest.raises(MergeError, match="甲局已经计入“某县人民政府”的汇总"):
        merge_filings([county, of(filing, "甲局")], Organisation("某市"))
    with pytest.raises(MergeError, match=r"“某县人民政府”和“某区人民政府”.*乙局"):
        merge_filings([county, other], Organisation("某市"))


@few
@given(departments(), st.permutations(range(3)))
def test_merge_is_commutative(parts: tuple[Filing, ...], order: list[int]) -> None:
    assert merge_filings(parts, COUNTY) == merge_filings([parts[i] for i in order], COUNTY)


@few
@given(departments())
def test_merge_is_associative(parts: tuple[Filing, ...]) -> None:
    one, two, three = parts
    town = Organisation("某镇人民政府")

    left = merge_filings([merge_filings([one, two], town), three], COUNTY)
    right = merge_filings([one, merge_filings([two, three], town)], COUNTY)

    assert left == right == merge_filings(parts, COUNTY)


@few
@given(departments(count=4))
def test_merge_equals_the_sum_of_parts(parts: tuple[Filing, ...]) -> None:
    merged = merge_filings(parts, COUNTY)

    for cell in merged.form.inputs:
        figures = [
            part.values[cell.index] for part in parts if cell.index not in part.not_applicable
        ]
        known = [figure for figure in figures if figure is not None]
        blank = not figures or len(known) < len(figures)
        assert merged.values[cell.index] == (None if blank else sum(known))
        assert (cell.index in merged.not_applicable) == (not figures)
    for total, summands in merged.form.definitions:
        known = [value for index in summands if (value := merged.values[index]) is not None]
        assert merged.values[total] == (sum(known) if known else None)
