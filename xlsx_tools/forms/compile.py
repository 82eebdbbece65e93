"""Builds a Form from the parsed text of a form file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsx_tools.errors import FormFileError
from xlsx_tools.forms.grid import build_cells, lay_out
from xlsx_tools.forms.instances import build_instances, define_totals, wrong_rule
from xlsx_tools.forms.model import (
    FLAT_COLUMN,
    Cell,
    Form,
    Line,
    Rule,
    Section,
    Table,
    Threshold,
    leaves_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Data = dict[str, Any]
_THRESHOLDS = ("factor", "floor", "share")


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
        cells += build_cells(table, len(cells))
    rules = {rule_id: _build_rule(rule_id, raw) for rule_id, raw in data["rules"].items()}
    by_path = {cell.path: cell for cell in cells}
    _require_references(tables, rules, by_path)
    definitions = define_totals(rules, tables, by_path)
    sections, leaves = _with_sheets(sections, tables), leaves_of(definitions)
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
        cells=tuple(cell._replace(total=cell.index in leaves) for cell in cells),
        rules=rules,
        instances=tuple(
            instance
            for rule in rules.values()
            for instance in build_instances(rule, tables, sections, by_path, leaves)
        ),
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


def _with_sheets(sections: tuple[Section, ...], tables: Mapping[str, Table]) -> tuple[Section, ...]:
    """A section without a sheet of its own is on the sheet of its table."""
    for section in sections:
        if section.table and section.table not in tables:
            near = f'table = "{section.table}"'
            raise FormFileError("", f"section {section.id}: no table {section.table}", near=near)
        if not section.table and not section.sheet:
            near = f'id = "{section.id}"'
            raise FormFileError("", f"section {section.id} has no table and no sheet", near=near)
    return tuple(
        section if section.sheet else section._replace(sheet=tables[section.table].sheet)
        for section in sections
    )


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
        near = f"[tables.{table_id}]"
        raise FormFileError("", f"table {table_id} stands in no section", near=near)
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
    return table._replace(grid=lay_out(table, raw["grid"]))


def _require_references(
    tables: Mapping[str, Table], rules: Mapping[str, Rule], by_path: Mapping[str, Cell]
) -> None:
    """What a table says of rules and lines must exist, or it would fail when first used."""
    for table in tables.values():
        near = f"[tables.{table.id}]"
        if table.balance and table.balance not in rules:
            raise FormFileError("", f"{table.id}: no rule {table.balance}", near=near)
        for row in (row for pair in table.prefill.items() for row in pair):
            if row not in table.rows:
                raise FormFileError("", f"{table.id}: no row {row} to prefill", near=near)
        for path in table.beside_last_year:
            if f"{table.id}.{path}" not in by_path:
                raise FormFileError("", f"no cell {table.id}.{path}", near=f'"{path}"')


def _build_rule(rule_id: str, raw: Data) -> Rule:
    wanted = ["title", "severity", "says", "remedy", "source"]
    if "require" in raw or "figures" in raw:
        wanted += ["holds", "breaks"]
    missing = [key for key in wanted if not raw.get(key)]
    if missing or ("check" in raw) == ("require" in raw):
        lacks = ", ".join(missing) or "exactly one of check and require"
        raise wrong_rule(rule_id, f"it lacks {lacks}")
    if raw.get("for_each") and not raw.get("table"):
        raise wrong_rule(rule_id, "for_each needs a table")
    return Rule(
        id=rule_id,
        title=raw["title"],
        severity=raw["severity"],
        says=_say_thresholds(raw),
        remedy=raw["remedy"],
        source=raw["source"],
        check=raw.get("check", ""),
        require=raw.get("require", ""),
        when=raw.get("when", ""),
        table=raw.get("table", ""),
        for_each=raw.get("for_each", ""),
        lines=tuple(raw.get("rows") or raw.get("columns") or ()),
        scopes=tuple(raw.get("scope", ("own", "consolidated"))),
        defines=raw.get("defines", False),
        live=raw.get("live", True),
        holds={key: Decimal(value) for key, value in raw.get("holds", {}).items()},
        breaks={key: Decimal(value) for key, value in raw.get("breaks", {}).items()},
        figures=tuple(raw.get("figures", ())),
        sections=tuple(raw.get("sections", ())),
        words=tuple(raw.get("words", ())),
        threshold=_threshold(raw) if raw.keys() & _THRESHOLDS else None,
    )


def _threshold(raw: Data) -> Threshold:
    return Threshold(*(Decimal(raw.get(key, 0)) for key in _THRESHOLDS))


def _say_thresholds(raw: Data) -> str:
    """The rule's words, with its thresholds where they have {factor}, {floor} or {share}."""
    says = str(raw["says"])
    for key in _THRESHOLDS:
        shown = f"{raw[key]:.0%}" if key == "share" and key in raw else str(raw.get(key, ""))
        says = says.replace(f"{{{key}}}", shown)
    return says
