"""The rule language: parses a rule's `require`, compiles it, writes it in Chinese.

    comparison = sum ("==" | "<=" | ">=") sum
    sum        = term (("+" | "-") term)*
    term       = operand ("*" number)? | number
    operand    = path | "sum(" id ".." id ")" | "last(" path ")"
    path       = id | id "." id | id "." id "." id

A path is completed by the rule's table and by the line the rule is applied to. Every rule is
a comparison of two linear sums, so it is decided exactly, in int and Decimal, and can be
written as an Excel formula of SUM, COUNTIF and IF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.forms.model import Requirement, Side, Term

if TYPE_CHECKING:
    from xlsx_tools.forms.model import Comparison

_TOKEN = re.compile(
    r"\s*(?:(?P<compare>==|<=|>=)|(?P<range>\.\.)|(?P<sign>[-+*()])"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<path>[a-z_0-9]+(?:\.[a-z_0-9]+)*))"
)
_SAYS = {"==": "＝", "<=": "≤", ">=": "≥"}


class RuleSyntaxError(ValueError):
    """A `require` or `when` that the language does not know; the message says where."""


class Operand(NamedTuple):
    """A cell or a range of cells as written; `until` is empty unless ``sum(a..b)``."""

    path: str
    until: str = ""
    last_year: bool = False


class Part(NamedTuple):
    """One summand: a factor, and an operand unless it is a plain number."""

    factor: Decimal
    operand: Operand | None


class Comparing(NamedTuple):
    """A parsed comparison."""

    left: tuple[Part, ...]
    comparison: Comparison
    right: tuple[Part, ...]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise RuleSyntaxError(f"{text!r}: cannot read {text[position:].strip()!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind: str, value: str = "") -> str:
        found, text = self.peek()
        if found != kind or (value and text != value):
            wanted = value or kind
            raise RuleSyntaxError(f"{self.text!r}: expected {wanted}, found {text or 'the end'!r}")
        self.at += 1
        return text

    def comparison(self) -> Comparing:
        left = self.sum()
        sign = self.take("compare")
        right = self.sum()
        self.take("end")
        comparison: Comparison = "==" if sign == "==" else "<=" if sign == "<=" else ">="
        return Comparing(left, comparison, right)

    def sum(self) -> tuple[Part, ...]:
        parts = [self.term(Decimal(1))]
        while self.peek() in (("sign", "+"), ("sign", "-")):
            parts.append(self.term(Decimal(1 if self.take("sign") == "+" else -1)))
        return tuple(parts)

    def term(self, factor: Decimal) -> Part:
        if self.peek()[0] == "number":
            return Part(factor * Decimal(self.take("number")), None)
        operand = self.operand()
        if self.peek() == ("sign", "*"):
            self.take("sign", "*")
            factor *= Decimal(self.take("number"))
        return Part(factor, operand)

    def operand(self) -> Operand:
        path = self.take("path")
        if path not in ("sum", "last") or self.peek() != ("sign", "("):
            return Operand(path)
        self.take("sign", "(")
        inner = self.take("path")
        if path == "last":
            operand = Operand(inner, last_year=True)
        else:
            self.take("range")
            operand = Operand(inner, until=self.take("path"))
        self.take("sign", ")")
        return operand


def parse(text: str) -> Comparing:
    """Parse a `require` or `when`.

    Raises:
        RuleSyntaxError: the text is not of the language.
    """
    return _Parser(text).comparison()


Resolve = Callable[[Operand], tuple[int, ...]]
"""Finds the indices of the cells an operand names, for one line."""


def compile_comparison(
    parsed: Comparing, resolve: Resolve, leaves_of: Mapping[int, tuple[int, ...]]
) -> Requirement:
    """Turn names into cell indices; totals are expanded into the typed cells beneath."""
    left, right = (_compile_side(side, resolve) for side in (parsed.left, parsed.right))
    leaves = {
        leaf
        for side in (left, right)
        for term in side.terms
        if not term.last_year
        for leaf in leaves_of.get(term.index, (term.index,))
    }
    return Requirement(left, parsed.comparison, right, tuple(sorted(leaves)))


def _compile_side(parts: tuple[Part, ...], resolve: Resolve) -> Side:
    terms: list[Term] = []
    constant = Decimal(0)
    for part in parts:
        if part.operand is None:
            constant += part.factor
        else:
            last_year = part.operand.last_year
            terms += [Term(part.factor, index, last_year) for index in resolve(part.operand)]
    return Side(tuple(terms), constant)


def describe(parsed: Comparing, label_of: Callable[[str], str]) -> str:
    """The comparison as a Chinese formula, with labels for names."""
    left, right = (_describe_side(side, label_of) for side in (parsed.left, parsed.right))
    return f"{left} {_SAYS[parsed.comparison]} {right}"


def _describe_side(parts: tuple[Part, ...], label_of: Callable[[str], str]) -> str:
    words = ""
    for position, part in enumerate(parts):
        sign = "－" if part.factor < 0 else "＋"
        words += f" {sign} " if position else "－" if part.factor < 0 else ""
        words += _describe_part(part, label_of)
    return words


def _describe_part(part: Part, label_of: Callable[[str], str]) -> str:
    size = abs(part.factor)
    if part.operand is None:
        return f"{size}"
    name = f"“{label_of(part.operand.path)}”"
    if part.operand.until:
        name = f"{name}至“{label_of(part.operand.until)}”各项之和"
    if part.operand.last_year:
        name = f"上年{name}"
    return name if size == 1 else f"{name}×{size}"
