"""Applies each rule to its lines: names become cells, examples are tried, totals are found."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.grid import full_label
from xlsx_tools.forms.model import (
    Cell,
    Definitions,
    Instance,
    Requirement,
    Rule,
    Section,
    Side,
    Table,
    decide,
)
from xlsx_tools.forms.rule_language import (
    Operand,
    RuleSyntaxError,
    compile_comparison,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARTS_OF_CHECK = {
    "filled": "tables",
    "readable": "tables",
    "not-applicable": "tables",
    "narrative": "texts",
    "similar": "texts",
}


def lines_of(rule: Rule, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """The lines the rule is applied to; one empty line for a rule without `for_each`."""
    if rule.table and rule.table not in tables:
        raise wrong_rule(rule.id, f"no table {rule.table}")
    if not rule.for_each:
        return ("",)
    table = tables[rule.table]
    every = table.rows if rule.for_each == "row" else table.columns
    unknown = [line for line in rule.lines if line not in every]
    if unknown:
        raise wrong_rule(rule.id, f"no {rule.for_each} {unknown[0]}")
    return rule.lines or tuple(every)


def path_of(rule: Rule, name: str, line: str) -> str:
    """Complete a name written in a rule to the path of a cell."""
    if rule.for_each == "column":
        return f"{rule.table}.{name}.{line}"
    if rule.for_each == "row":
        return f"{rule.table}.{line}.{name}"
    return f"{rule.table}.{name}" if rule.table else name


def wrong_rule(rule_id: str, reason: str) -> FormFileError:
    """The error for a rule that cannot be used, pointing at its heading."""
    key = f'"{rule_id}"' if "." in rule_id else rule_id
    return FormFileError("", f"rule {rule_id}: {reason}", near=f"[rules.{key}]")


@dataclass(frozen=True)
class Scope:
    """What the names of one rule mean on one line."""

    rule: Rule
    line: str
    tables: Mapping[str, Table]
    by_path: Mapping[str, Cell]

    def find(self, name: str) -> int:
        """The index of the cell a name stands for."""
        path = path_of(self.rule, name, self.line)
        if path not in self.by_path:
            raise wrong_rule(self.rule.id, f"no cell {path}")
        return self.by_path[path].index

    def resolve(self, operand: Operand) -> tuple[int, ...]:
        """The indices of the cells an operand names; a range runs in the order of the form."""
        if not operand.until:
            return (self.find(operand.path),)
        if not self.rule.for_each:
            raise wrong_rule(self.rule.id, "sum(a..b) needs for_each")
        table = self.tables[self.rule.table]
        ids = list(table.rows if self.rule.for_each == "column" else table.columns)
        ends = (operand.path, operand.until)
        unknown = [end for end in ends if end not in ids]
        if unknown:
            raise wrong_rule(self.rule.id, f"no line {unknown[0]}")
        first, last = map(ids.index, ends)
        if first > last:
            raise wrong_rule(self.rule.id, f"sum({ends[0]}..{ends[1]}) runs backwards")
        return tuple(self.find(name) for name in ids[first : last + 1])

    def compile(self, text: str, leaves: Mapping[int, tuple[int, ...]]) -> Requirement:
        """Parse and compile the rule's `require` or `when`."""
        try:
            return compile_comparison(parse(text), self.resolve, leaves)
        except RuleSyntaxError as error:
            raise wrong_rule(self.rule.id, str(error)) from error


def define_totals(
    rules: Mapping[str, Rule], tables: Mapping[str, Table], by_path: Mapping[str, Cell]
) -> Definitions:
    """Find the totals, each with the cells it adds; rules written later win at a crossing.

    Raises:
        FormFileError: a defining rule is not ``total == sum``, or totals need one another.
    """
    parts: dict[int, tuple[int, ...]] = {}
    for rule in rules.values():
        for line in lines_of(rule, tables) if rule.defines else ():
            need = Scope(rule, line, tables, by_path).compile(rule.require, {})
            if not _is_definition(need):
                raise wrong_rule(rule.id, "a rule that defines must read total == sum")
            parts[need.left.terms[0].index] = tuple(term.index for term in need.right.terms)
    return _in_order(parts)


def _is_definition(need: Requirement) -> bool:
    terms = (*need.left.terms, *need.right.terms)
    plain = all(term.factor == 1 and not term.last_year for term in terms)
    constants = need.left.constant or need.right.constant
    return need.comparison == "==" and len(need.left.terms) == 1 and plain and not constants


def _in_order(parts: Mapping[int, tuple[int, ...]]) -> Definitions:
    ordered: dict[int, tuple[int, ...]] = {}
    while len(ordered) < len(parts):
        ready = {
            index: summands
            for index, summands in parts.items()
            if index not in ordered
            and all(part in ordered or part not in parts for part in summands)
        }
        if not ready:
            raise FormFileError("", "totals are defined by one another", near="defines = true")
        ordered |= ready
    return tuple(ordered.items())


def build_instances(
    rule: Rule,
    tables: Mapping[str, Table],
    sections: tuple[Section, ...],
    by_path: Mapping[str, Cell],
    leaves: Mapping[int, tuple[int, ...]],
) -> Iterator[Instance]:
    """Apply one rule to every line, table or section it speaks of.

    Raises:
        FormFileError: a name is not defined, or the rule's own examples contradict it.
    """
    if rule.figures:
        yield _jump_instance(Scope(rule, "", tables, by_path))
        return
    if rule.check:
        yield from _check_instances(rule, tables, sections)
        return
    for line in lines_of(rule, tables):
        scope = Scope(rule, line, tables, by_path)
        need = scope.compile(rule.require, leaves)
        when = scope.compile(rule.when, leaves) if rule.when else None
        _try_examples(scope, need, when)
        yield Instance(
            id=f"{rule.id}.{line}" if line else rule.id,
            rule=rule,
            title=_title(rule, line, tables),
            part=line,
            requirement=need,
            condition=when,
            last_year=_last_year(need, when),
        )


def _try_examples(scope: Scope, need: Requirement, when: Requirement | None) -> None:
    """Decide both examples; figures an example does not name are 0."""
    rule = scope.rule
    for words, example, expected in (("holds", rule.holds, True), ("breaks", rule.breaks, False)):
        values = {_place(scope, name): value for name, value in example.items()}
        terms = [t for n in (need, when) if n for s in (n.left, n.right) for t in s.terms]
        if not values.keys() <= {(term.index, term.last_year) for term in terms}:
            raise wrong_rule(rule.id, f"its example {words} names what the rule does not")
        applies = when is None or _decide(when, values)
        if (not applies or _decide(need, values)) is not expected:
            raise wrong_rule(rule.id, f"its own example {words} contradicts it")


def _place(scope: Scope, name: str) -> tuple[int, bool]:
    bare = name.removeprefix("last(").removesuffix(")")
    return scope.find(bare), bare != name


def _decide(need: Requirement, values: Mapping[tuple[int, bool], Decimal]) -> bool:
    return decide(need, _add_up(need.left, values), _add_up(need.right, values))


def _add_up(side: Side, values: Mapping[tuple[int, bool], Decimal]) -> Decimal:
    zero = Decimal(0)
    parts = (t.factor * values.get((t.index, t.last_year), zero) for t in side.terms)
    return sum(parts, side.constant)


def _check_instances(
    rule: Rule, tables: Mapping[str, Table], sections: tuple[Section, ...]
) -> Iterator[Instance]:
    match _PARTS_OF_CHECK.get(rule.check):
        case "tables":
            parts = {table.id: table.name for table in tables.values()}
        case "texts":
            parts = {section.id: section.short for section in sections if section.has_text}
            unknown = [section for section in rule.sections if section not in parts]
            if unknown:
                raise wrong_rule(rule.id, f"no section with text {unknown[0]}")
            parts = {part: parts[part] for part in rule.sections or parts}
        case _:
            parts = {"": ""}
    for part, name in parts.items():
        yield Instance(
            id=f"{rule.id}.{part}" if part else rule.id,
            rule=rule,
            title=f"{name}：{rule.title}" if name else rule.title,
            part=part,
        )


def _jump_instance(scope: Scope) -> Instance:
    """A table's figures set beside last year's; both examples are tried.

    Raises:
        FormFileError: as `build_instances`, or a figure may be negative.
    """
    rule = scope.rule
    lines_of(rule, scope.tables)
    figures = tuple(scope.find(name) for name in rule.figures)
    cells = {cell.index: cell for cell in scope.by_path.values()}
    if any(cells[index].kind == "signed" for index in figures):
        raise wrong_rule(rule.id, "a figure that may be negative has no factor")
    for words, example, expected in (("holds", rule.holds, True), ("breaks", rule.breaks, False)):
        values = {_place(scope, name): value for name, value in example.items()}
        if not {index for index, _ in values} <= set(figures):
            raise wrong_rule(rule.id, f"its example {words} names what the rule does not")
        if _jumps(rule, figures, values) is expected:
            raise wrong_rule(rule.id, f"its own example {words} contradicts it")
    return Instance(
        id=rule.id,
        rule=rule,
        title=f"{scope.tables[rule.table].name}：{rule.title}",
        part=rule.table,
        figures=figures,
    )


def _jumps(
    rule: Rule, figures: tuple[int, ...], values: Mapping[tuple[int, bool], Decimal]
) -> bool:
    zero, limit = Decimal(0), rule.threshold
    pairs = ((values.get((i, True), zero), values.get((i, False), zero)) for i in figures)
    return limit is not None and any(limit.parts(before, now) for before, now in pairs)


def _title(rule: Rule, line: str, tables: Mapping[str, Table]) -> str:
    if not line:
        return rule.title
    table = tables[rule.table]
    label = full_label(table, "row" if rule.for_each == "row" else "column", line)
    return f"{table.name}：{label}——{rule.title}"


def _last_year(*needs: Requirement | None) -> tuple[int, ...]:
    sides = [side for need in needs if need is not None for side in (need.left, need.right)]
    return tuple(sorted({t.index for side in sides for t in side.terms if t.last_year}))
