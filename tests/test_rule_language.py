"""The rule language: each construct is parsed, compiled, decided and described."""

from __future__ import annotations

from decimal import Decimal

import pytest

from xlsx_tools.forms.model import Requirement, Side, Term, decide
from xlsx_tools.forms.rule_language import (
    Comparing,
    Operand,
    Part,
    RuleSyntaxError,
    compile_comparison,
    describe,
    parse,
)

CELLS = {"a": 0, "b": 1, "c": 2, "t.r.c": 3}
LABELS = {"a": "甲", "b": "乙", "c": "丙", "t.r.c": "丁"}
ONE = Decimal(1)


def resolve(operand: Operand) -> tuple[int, ...]:
    if operand.until:
        return tuple(range(CELLS[operand.path], CELLS[operand.until] + 1))
    return (CELLS[operand.path],)


def compiled(text: str) -> Requirement:
    return compile_comparison(parse(text), resolve, {})


def described(text: str) -> str:
    return describe(parse(text), LABELS.__getitem__)


def value_of(side: Side, this_year: dict[int, Decimal], last_year: dict[int, Decimal]) -> Decimal:
    terms = (
        term.factor * (last_year if term.last_year else this_year)[term.index]
        for term in side.terms
    )
    return sum(terms, side.constant)


def holds(text: str, values: tuple[str, ...], last_year: tuple[str, ...] = ()) -> bool:
    need = compiled(text)
    now = {index: Decimal(value) for index, value in enumerate(values)}
    before = {index: Decimal(value) for index, value in enumerate(last_year)}
    return decide(need, value_of(need.left, now, before), value_of(need.right, now, before))


@pytest.mark.parametrize(
    ("text", "left", "comparison", "right"),
    [
        ("a == b", (Part(ONE, Operand("a")),), "==", (Part(ONE, Operand("b")),)),
        ("a <= 0", (Part(ONE, Operand("a")),), "<=", (Part(Decimal(0), None),)),
        ("a >= 0.01", (Part(ONE, Operand("a")),), ">=", (Part(Decimal("0.01"), None),)),
        (
            "a + b - c == 1",
            (Part(ONE, Operand("a")), Part(ONE, Operand("b")), Part(-ONE, Operand("c"))),
            "==",
            (Part(ONE, None),),
        ),
        (
            "a - 2 == 0",
            (Part(ONE, Operand("a")), Part(Decimal(-2), None)),
            "==",
            (Part(0 * ONE, None),),
        ),
        ("a == b * 10000", (Part(ONE, Operand("a")),), "==", (Part(Decimal(10000), Operand("b")),)),
        ("a == sum(a..c)", (Part(ONE, Operand("a")),), "==", (Part(ONE, Operand("a", "c")),)),
        (
            "a == last(b)",
            (Part(ONE, Operand("a")),),
            "==",
            (Part(ONE, Operand("b", last_year=True)),),
        ),
        ("t.r.c == a", (Part(ONE, Operand("t.r.c")),), "==", (Part(ONE, Operand("a")),)),
        ("sum == last", (Part(ONE, Operand("sum")),), "==", (Part(ONE, Operand("last")),)),
    ],
)
def test_each_construct_is_parsed(
    text: str, left: tuple[Part, ...], comparison: str, right: tuple[Part, ...]
) -> None:
    assert parse(text) == Comparing(left, comparison, right)  # type: ignore[arg-type]


def test_blanks_between_words_do_not_matter() -> None:
    assert parse("a+b==sum( a .. c )*2") == parse("  a + b  ==  sum(a..c) * 2  ")


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("a == b", Side((Term(ONE, 0),), Decimal(0)), Side((Term(ONE, 1),), Decimal(0))),
        ("a - b >= 3", Side((Term(ONE, 0), Term(-ONE, 1)), Decimal(0)), Side((), Decimal(3))),
        ("a + 1 <= 5 - 2", Side((Term(ONE, 0),), Decimal(1)), Side((), Decimal(3))),
        (
            "c == sum(a..b) * 2",
            Side((Term(ONE, 2),), Decimal(0)),
            Side((Term(Decimal(2), 0), Term(Decimal(2), 1)), Decimal(0)),
        ),
        (
            "a == last(a)",
            Side((Term(ONE, 0),), Decimal(0)),
            Side((Term(ONE, 0, last_year=True),), Decimal(0)),
        ),
    ],
)
def test_each_construct_is_compiled_to_two_sums(text: str, left: Side, right: Side) -> None:
    need = compiled(text)

    assert (need.left, need.right) == (left, right)


def test_the_leaves_of_a_total_are_the_typed_cells_beneath_it() -> None:
    need = compile_comparison(parse("c == t.r.c"), resolve, {2: (0, 1)})

    assert need.leaves == (0, 1, 3)


def test_figures_of_last_year_are_not_leaves() -> None:
    assert compiled("a == last(b)").leaves == (0,)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a == b", ("1", "1"), True),
        ("a == b", ("1", "2"), False),
        ("a <= b", ("2", "2"), True),
        ("a <= b", ("3", "2"), False),
        ("a >= b", ("2", "2"), True),
        ("a >= b", ("1", "2"), False),
        ("a + b == c", ("1", "2", "3"), True),
        ("a - b == c", ("5", "2", "3"), True),
        ("c == sum(a..b)", ("1", "2", "3"), True),
        ("c == sum(a..b)", ("1", "2", "4"), False),
        ("a <= b * 10000", ("2950", "0.295"), True),
        ("a <= b * 10000", ("2951", "0.295"), False),
        ("a >= 0.01", ("0.01",), True),
        ("a >= 0.01", ("0.009999",), False),
        ("a + b == c", ("0.1", "0.2", "0.3"), True),
    ],
)
def test_each_construct_is_decided_exactly(
    text: str, values: tuple[str, ...], *, expected: bool
) -> None:
    assert holds(text, values) is expected


def test_last_year_is_read_from_last_year() -> None:
    assert holds("a == last(a)", ("3",), ("3",))
    assert not holds("a == last(a)", ("3",), ("4",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a == b", "“甲” ＝ “乙”"),
        ("a <= b + 1", "“甲” ≤ “乙” ＋ 1"),
        ("a - b >= 0.01", "“甲” － “乙” ≥ 0.01"),
        ("c == sum(a..b)", "“丙” ＝ “甲”至“乙”各项之和"),
        ("a == b * 10000", "“甲” ＝ “乙”×10000"),
        ("a == last(b)", "“甲” ＝ 上年“乙”"),
        ("t.r.c - a * 2 == 0", "“丁” － “甲”×2 ＝ 0"),
    ],
)
def test_each_construct_is_described_in_chinese(text: str, words: str) -> None:
    assert described(text) == words


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected path, found 'the end'"),
        ("a", "expected compare, found 'the end'"),
        ("a ==", "expected path, found 'the end'"),
        ("== a", "expected path, found '=='"),
        ("a = b", "cannot read '= b'"),
        ("a < b", "cannot read '< b'"),
        ("a != b", "cannot read '!= b'"),
        ("a == b == c", "expected end, found '=='"),
        ("a == b c", "expected end, found 'c'"),
        ("a == -b", "expected path, found '-'"),
        ("a == 2 * b", "expected end, found '*'"),
        ("a * b == c", "expected number, found 'b'"),
        ("a == (b)", "expected path, found '('"),
        ("a == sum(b)", "expected range, found ')'"),
        ("a == sum(b..c", "expected ), found 'the end'"),
        ("a == last(b..c)", "expected ), found '..'"),
        ("a == last()", "expected path, found ')'"),
        ("A == b", "cannot read 'A == b'"),
        ("a == 甲", "cannot read '甲'"),
        ("a == b / 2", "cannot read '/ 2'"),
    ],
)
def test_what_is_not_of_the_language_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(RuleSyntaxError) as caught:
        parse(text)

    assert str(caught.value) == f"{text!r}: {reason}"
