"""Builds a Form from the parsed text of a form file: grid, cells, rule instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.model import (
    FLAT_COLUMN,
    Cell,
    Form,
    GridCell,
    Instance,
    Line,
    Piece,
    Rule,
    Section,
    Table,
)
from xlsx_tools.forms.rule_language import Operand, RuleSyntaxError, compile_comparison, parse

Data = dict[str, Any]
_PIECES: tuple[Piece, ...] = ("band", "head", "group", "row", "column", "cell")
_PARTS_OF_CHECK = {
    "filled": "tables",
    "readable": "tables",
    "not-applicable": "tables",
    "narrative": "texts",
}


def build_form(data: Data) -> Form:
    """Build and compile one form.

    Raises:
        FormFileError: a name that is not defined, a cell printed twice, a rule without
            words, source or examples, or a rule its own examples contradict.
    """
    sections, tables = _build_sections(data), {}
    cells: list[Cell] = []
    for table_id, raw in data["tables"].items():
        table = _build_table(table_id, raw, sections)
        tables[table_id] = table
        cells += _build_cells(table, len(cells))
    sections = tuple(_with_sheet(section, tables) for section in sections)
    rules = {rule_id: _build_rule(rule_id, raw) for rule_id, raw in data["rules"].items()}
    cells, definitions = _define_totals(rules, tables, cells)
    leaves = _leaves(definitions)
    instances = tuple(
        instance
        for rule in rules.values()
        for instance in _instances(rule, tables, sections, cells, leaves)
    )
    return Form(
        id=data["id"],
        title=data["title"],
        notice=data["notice"],
        first_year=data["years"]["from"],
        last_year=data["years"].get("to"),
        template_version=data["template_version"],
        sheets=data["sheets"],
        guide=data["guide"],
        cover=data["cover"],
        answers=data["answers"],
        sections=sections,
        tables=tables,
        cells=tuple(cells),
        rules=rules,
        instances=instances,
        definitions=definitions,
    )


def _build_sections(data: Data) -> tuple[Section, ...]:
    return tuple(
        Section(
            id=raw["id"],
            heading=raw["heading"],
            sheet=raw.get("sheet", ""),
            short=raw.get("short", ""),
            prompt=raw.get("prompt", ""),
            table=raw.get("table", ""),
            aliases=tuple(raw.get("aliases", ())),
        )
        for raw in data["sections"]
    )


def _with_sheet(section: Section, tables: Mapping[str, Table]) -> Section:
    return section if section.sheet else replace(section, sheet=tables[section.table].sheet)


def _build_line(line_id: str, raw: Data) -> Line:
    return Line(
        id=line_id,
        label=raw["label"],
        kind=raw.get("kind"),
        unit=raw.get("unit", "件"),
        note=raw.get("note", ""),
        aliases=tuple(raw.get("aliases", ())),
    )


def _build_table(table_id: str, raw: Data, sections: tuple[Section, ...]) -> Table:
    flat = raw.get("flat", False)
    columns = {key: _build_line(key, line) for key, line in raw.get("columns", {}).items()}
    rows = {key: _build_line(key, line) for key, line in raw["rows"].items()}
    if flat:
        columns = {FLAT_COLUMN: Line(FLAT_COLUMN, "")}
    section = next((found for found in sections if found.table == table_id), None)
    if section is None:
        raise FormFileError("", f"table {table_id} stands in no section", near=table_id)
    table = Table(
        id=table_id,
        name=raw["name"],
        sheet=raw["sheet"],
        heading=section.heading,
        rows=rows,
        columns=columns,
        grid=(),
        widths=tuple(float(width) for width in raw["widths"]),
        flat=flat,
        landscape=raw.get("landscape", False),
        balance=raw.get("balance", ""),
        prefill=raw.get("prefill", {}),
        beside_last_year=tuple(raw.get("beside_last_year", ())),
    )
    return replace(table, grid=_lay_out(table, raw["grid"]))


def _lay_out(table: Table, rows: list[list[Data]]) -> tuple[tuple[GridCell, ...], ...]:
    """Place printed cells as HTML does: a cell that reaches down pushes later ones right."""
    taken: set[tuple[int, int]] = set()
    grid = []
    for number, raw_row in enumerate(rows, start=1):
        placed, column = [], 1
        for raw in _expand(table, raw_row):
            while (number, column) in taken:
                column += 1
            cell = _grid_cell(table, raw, number, column)
            spot = {
                (number + down, column + across)
                for down in range(cell.down)
                for across in range(cell.across)
            }
            if spot & taken:
                raise FormFileError("", f"{table.id}: printed cells overlap", near=cell.text)
            taken |= spot
            placed.append(cell)
        grid.append(tuple(placed))
    if len(taken) != len(rows) * len(table.widths):
        raise FormFileError("", f"{table.id}: the grid is not a full rectangle", near=table.id)
    return tuple(grid)


def _expand(table: Table, raw_row: list[Data]) -> Iterator[Data]:
    for raw in raw_row:
        if "cells" in raw:
            yield from ({"cell": f"{raw['cells']}.{column}"} for column in table.columns)
        else:
            yield raw


def _grid_cell(table: Table, raw: Data, row: int, column: int) -> GridCell:
    piece = next((name for name in _PIECES if name in raw), None)
    if piece is None:
        raise FormFileError("", f"{table.id}: a printed cell of no known piece: {raw}")
    name = raw[piece]
    text, line, path = name, "", ""
    if piece in ("row", "column"):
        lines = table.rows if piece == "row" else table.columns
        if name not in lines:
            raise FormFileError("", f"{table.id}: no {piece} {name}", near=name)
        text, line = lines[name].label, name
    elif piece == "cell":
        text, path = "", f"{table.id}.{name}"
    return GridCell(
        piece, text, row, column, raw.get("across", 1), raw.get("down", 1), line, path
    )


def _build_cells(table: Table, start: int) -> list[Cell]:
    cells: list[Cell] = []
    for grid in (grid for row in table.grid for grid in row if grid.piece == "cell"):
        row, _, column = grid.path.removeprefix(f"{table.id}.").partition(".")
        column = column or FLAT_COLUMN
        if row not in table.rows or column not in table.columns:
            raise FormFileError("", f"no cell {grid.path}", near=grid.path.split(".", 1)[1])
        row_line, column_line = table.rows[row], table.columns[column]
        kind_line = row_line if row_line.kind else column_line
        if kind_line.kind is None:
            raise FormFileError("", f"{grid.path}: neither line has a kind", near=row)
        labels = [_full_label(table, "row", row), _full_label(table, "column", column)]
        cells.append(
            Cell(
                index=start + len(cells),
                table=table.id,
                row=row,
                column=column,
                kind=kind_line.kind,
                unit=kind_line.unit,
                label=" / ".join(label for label in labels if label),
                path=grid.path,
            )
        )
    return cells


def _full_label(table: Table, piece: Piece, line: str) -> str:
    """The label with those of the groups it stands under, as printed."""
    places = [
        grid for row in table.grid for grid in row if grid.piece == piece and grid.line == line
    ]
    if not places:
        return ""
    place = places[0]
    groups = [
        grid.text
        for row in table.grid
        for grid in row
        if grid.piece == "group" and (_beside(grid, place) or _above(grid, place))
    ]
    return " ".join([*groups, place.text])


def _beside(group: GridCell, place: GridCell) -> bool:
    return group.column < place.column and group.row <= place.row < group.row + group.down


def _above(group: GridCell, place: GridCell) -> bool:
    return group.row < place.row and group.column <= place.column < group.column + group.across


def _build_rule(rule_id: str, raw: Data) -> Rule:
    wanted = ["title", "severity", "says", "remedy", "source"]
    if "require" in raw:
        wanted += ["holds", "breaks"]
    missing = [key for key in wanted if not raw.get(key)]
    if missing or ("check" in raw) == ("require" in raw):
        lacks = ", ".join(missing) or "exactly one of check and require"
        raise FormFileError("", f"rule {rule_id} lacks {lacks}", near=f"[rules.{rule_id}]")
    return Rule(
        id=rule_id,
        title=raw["title"],
        severity=raw["severity"],
        says=raw["says"],
        remedy=raw["remedy"],
        source=raw["source"],
        check=raw.get("check", ""),
        require=raw.get("require", ""),
        when=raw.get("when", ""),
        table=raw.get("table", ""),
        for_each=raw.get("for_each", ""),
        lines=tuple(raw.get("rows", raw.get("columns", ()))),
        scopes=tuple(raw.get("scope", ("own", "consolidated"))),
        defines=raw.get("defines", False),
        live=raw.get("live", True),
        holds={key: Decimal(value) for key, value in raw.get("holds", {}).items()},
        breaks={key: Decimal(value) for key, value in raw.get("breaks", {}).items()},
    )


def lines_of(rule: Rule, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """The lines the rule is applied to; one empty line for a rule without `for_each`."""
    if not rule.for_each:
        return ("",)
    table = tables[rule.table]
    every = table.rows if rule.for_each == "row" else table.columns
    return rule.lines or tuple(every)


def path_of(rule: Rule, name: str, line: str) -> str:
    """Complete a name written in a rule to the path of a cell."""
    if rule.for_each == "column":
        return f"{rule.table}.{name}.{line}"
    if rule.for_each == "row":
        return f"{rule.table}.{line}.{name}"
    return f"{rule.table}.{name}" if rule.table else name


def _resolver(rule: Rule, line: str, tables: Mapping[str, Table], by_path: Mapping[str, Cell]):  # type: ignore[no-untyped-def]
    def find(name: str) -> int:
        path = path_of(rule, name, line)
        if path not in by_path:
            raise FormFileError("", f"rule {rule.id}: no cell {path}", near=f"[rules.{rule.id}]")
        return by_path[path].index

    def resolve(operand: Operand) -> tuple[int, ...]:
        if not operand.until:
            return (find(operand.path),)
        table = tables[rule.table]
        ids = list(table.rows if rule.for_each == "column" else table.columns)
        first, last = ids.index(operand.path), ids.index(operand.until)
        return tuple(find(name) for name in ids[first : last + 1])

    return resolve


def _define_totals(
    rules: Mapping[str, Rule], tables: Mapping[str, Table], cells: list[Cell]
) -> tuple[list[Cell], tuple[tuple[int, tuple[int, ...]], ...]]:
    """Find the totals, each with the cells it adds; rules written later win at a crossing."""
    by_path = {cell.path: cell for cell in cells}
    parts: dict[int, tuple[int, ...]] = {}
    for rule in rules.values():
        for line in lines_of(rule, tables) if rule.defines else ():
            need = compile_comparison(
                parse(rule.require), _resolver(rule, line, tables, by_path), {}
            )
            (total,) = need.left.terms
            parts[total.index] = tuple(term.index for term in need.right.terms)
    ordered: list[tuple[int, tuple[int, ...]]] = []
    done: set[int] = set()
    while len(ordered) < len(parts):
        ready = [
            index
            for index, summands in parts.items()
            if index not in done and all(part in done or part not in parts for part in summands)
        ]
        if not ready:
            raise FormFileError("", "totals are defined by one another")
        ordered += [(index, parts[index]) for index in ready]
        done |= set(ready)
    marked = [replace(cell, total=cell.index in parts) for cell in cells]
    return marked, tuple(ordered)


def _leaves(definitions: tuple[tuple[int, tuple[int, ...]], ...]) -> dict[int, tuple[int, ...]]:
    leaves: dict[int, tuple[int, ...]] = {}
    for total, parts in definitions:
        leaves[total] = tuple(leaf for part in parts for leaf in leaves.get(part, (part,)))
    return leaves


def _instances(
    rule: Rule,
    tables: Mapping[str, Table],
    sections: tuple[Section, ...],
    cells: list[Cell],
    leaves: Mapping[int, tuple[int, ...]],
) -> Iterator[Instance]:
    if rule.check:
        yield from _check_instances(rule, tables, sections)
        return
    by_path = {cell.path: cell for cell in cells}
    for line in lines_of(rule, tables):
        resolve = _resolver(rule, line, tables, by_path)
        try:
            need = compile_comparison(parse(rule.require), resolve, leaves)
            when = compile_comparison(parse(rule.when), resolve, leaves) if rule.when else None
        except (RuleSyntaxError, ValueError) as error:
            reason = f"rule {rule.id}: {error}"
            raise FormFileError("", reason, near=f"[rules.{rule.id}]") from error
        yield Instance(
            id=f"{rule.id}.{line}" if line else rule.id,
            rule=rule,
            title=_title(rule, line, tables),
            part=line,
            requirement=need,
            condition=when,
            needs_last_year=any(t.last_year for t in (*need.left.terms, *need.right.terms)),
        )


def _check_instances(
    rule: Rule, tables: Mapping[str, Table], sections: tuple[Section, ...]
) -> Iterator[Instance]:
    match _PARTS_OF_CHECK.get(rule.check):
        case "tables":
            parts = {table.id: table.name for table in tables.values()}
        case "texts":
            parts = {section.id: section.short for section in sections if section.has_text}
        case _:
            parts = {"": ""}
    for part, name in parts.items():
        yield Instance(
            id=f"{rule.id}.{part}" if part else rule.id,
            rule=rule,
            title=f"{name}：{rule.title}" if name else rule.title,
            part=part,
        )


def _title(rule: Rule, line: str, tables: Mapping[str, Table]) -> str:
    if not line:
        return rule.title
    table = tables[rule.table]
    label = _full_label(table, "row" if rule.for_each == "row" else "column", line)
    return f"{table.name}：{label}——{rule.title}"
