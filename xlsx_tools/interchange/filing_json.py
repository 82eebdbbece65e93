"""Filing JSON ⇄ Filing."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from xlsx_tools.errors import FilingError
from xlsx_tools.filing import Filing, Organisation, Trouble, compute_values
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange.exact_json import dumps_exact, loads_exact
from xlsx_tools.interchange.schema import name_path, schema_problems
from xlsx_tools.values import BLANK, Parsed, parse_decimal, parse_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.forms import Cell, Form
    from xlsx_tools.values import Value

_LONGEST_FOUND = 50


def parse_filing(data: bytes | str, *, strict: bool = True) -> Filing:
    """Read a filing from JSON; a figure that is left out is blank.

    Totals are added up by us; those given that differ are kept in ``stated``. Not strict is
    for checking what others wrote: lines of another form become troubles ``mixed-form``,
    figures that are none stand in ``parsed``, and top-level keys we do not know are ignored.

    Raises:
        FilingError: not JSON, not a filing, an unknown form; when strict, anything else the
            schema forbids. It lists every problem with its path.
    """
    raw = loads_exact(data)
    if not isinstance(raw, dict):
        raise FilingError(["文件：最外层应为一个对象"])
    form = _form_of(raw)
    problems = schema_problems(form, raw, strict=strict) or _unwritable_texts(raw)
    if problems:
        raise FilingError(problems)
    figures = _read_figures(form, raw)
    if strict and (found := _say_bad_figures(form, figures)):
        raise FilingError(found)
    return _build_filing(form, raw, figures)


def _form_of(raw: dict[str, object]) -> Form:
    form_id = raw.get("form")
    if isinstance(form_id, str) and form_id in form_ids():
        return load_form(form_id)
    shown = f"没有表式“{form_id[:50]}”" if isinstance(form_id, str) else "没有写明表式"
    raise FilingError([f"form：{shown}，可用的表式：{'、'.join(form_ids())}"])


def _unwritable_texts(value: object, path: str = "") -> list[str]:
    """Lone surrogates: JSON can spell them, no file can hold them."""
    if isinstance(value, dict):
        inner = [(f"{path}.{key}".removeprefix("."), item) for key, item in value.items()]
        return [problem for key, item in inner for problem in _unwritable_texts(item, key)]
    if isinstance(value, list):
        return [problem for item in value for problem in _unwritable_texts(item, path)]
    bad = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return [f"{path}：文字含有无法保存的字符"] if bad else []


@dataclass(slots=True)
class _Figures:
    """What stood in the tables, sorted by what it is."""

    typed: dict[int, Value | None] = field(default_factory=dict)
    totals: dict[int, Value] = field(default_factory=dict)
    parsed: dict[int, Parsed] = field(default_factory=dict)
    not_applicable: set[int] = field(default_factory=set)
    troubles: dict[str, Trouble] = field(default_factory=dict)


def _read_figures(form: Form, raw: dict[str, object]) -> _Figures:
    figures = _Figures()
    for path, value in _walk(form, raw):
        cell = form.by_path.get(path)
        if cell is None:
            trouble = _foreign_line(form, path)
            figures.troubles[trouble.found] = trouble
        elif value is not None:
            _read_figure(form, cell, value, figures)
    for path in _texts(raw.get("not_applicable")):
        cell = form.by_path.get(path)
        if cell is None or cell.total:
            trouble = _foreign_line(form, path)
            figures.troubles[trouble.found] = trouble
        elif figures.typed.get(cell.index) is None and cell.index not in figures.parsed:
            figures.not_applicable.add(cell.index)
        else:
            figures.parsed[cell.index] = Parsed("invalid", why="既有数字，又标为不适用")
    return figures


def _walk(form: Form, raw: dict[str, object]) -> Iterator[tuple[str, object]]:
    for table in form.tables.values():
        rows = raw.get(table.id)
        for row, columns in rows.items() if isinstance(rows, dict) else ():
            path = f"{table.id}.{row}"
            if table.flat:
                yield path, columns
            elif row not in table.rows:
                yield path, None
            elif isinstance(columns, dict):
                yield from ((f"{path}.{column}", value) for column, value in columns.items())


def _read_figure(form: Form, cell: Cell, value: object, figures: _Figures) -> None:
    parsed = _parse(form, cell, value)
    match parsed.status:
        case "not_applicable" if not cell.total:
            figures.not_applicable.add(cell.index)
        case "value" if cell.total and parsed.value is not None:
            figures.totals[cell.index] = parsed.value
        case "value":
            figures.typed[cell.index] = parsed.value
        case "text_number" | "invalid" | "not_applicable":
            figures.parsed[cell.index] = parsed
            figures.typed[cell.index] = parsed.value
            check = "text-number" if parsed.status == "text_number" else "readable"
            found = str(value)[:_LONGEST_FOUND]
            trouble = Trouble(check, cell.index, parsed.why, cell.path, found, parsed.value)
            figures.troubles[cell.path] = trouble


def _parse(form: Form, cell: Cell, value: object) -> Parsed:
    match value:
        case str():
            words = form.answers["not_applicable"]
            marks = tuple(map(str, words)) if isinstance(words, list) else ()
            return parse_text(value, cell, marks)
        case bool():
            return Parsed("invalid", why="不是数字")
        case int() | Decimal():
            number = Decimal(value)
            return _parse_total(number) if cell.total else parse_decimal(number, cell)
        case _:
            return Parsed("invalid", why="不是数字") if value is not None else BLANK


def _parse_total(number: Decimal) -> Parsed:
    """A sum may be larger than any figure beneath it."""
    if number.is_finite() and number >= 0 and number == number.to_integral_value():
        return Parsed("value", int(number))
    return Parsed("invalid", why="总计应为不小于 0 的整数")


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _foreign_line(form: Form, path: str) -> Trouble:
    """The trouble of a line our form does not have; `found` is its path."""
    table_id, _, line = path.partition(".")
    table = form.tables.get(table_id)
    name = table.name if table else table_id[:_LONGEST_FOUND]
    for other in map(load_form, form_ids()):
        cells = [cell for cell in other.cells if f"{cell.path}.".startswith(f"{path}.")]
        if cells and other != form:
            row = other.tables[table_id].rows[cells[0].row].label
            column = f"的“{cells[0].label.rpartition(' / ')[2]}”栏" if path.count(".") > 1 else ""
            why = f"{name}使用了其他年度表式（{other.notice}）的“{row}”一行{column}"
            return Trouble("mixed-form", None, why, path, path)
    why = f"{name}有本表式没有的项目“{line[:_LONGEST_FOUND]}”"
    return Trouble("mixed-form", None, why, path, path)


def _say_bad_figures(form: Form, figures: _Figures) -> list[str]:
    return [
        f"{name_path(form, form.cells[index].path)}：{parsed.why}"
        for index, parsed in figures.parsed.items()
    ]


def _build_filing(form: Form, raw: dict[str, object], figures: _Figures) -> Filing:
    declared = frozenset(_texts(raw.get("declared_zero")))
    values = _compute(form, figures, declared)
    year, scope, organisation = raw["year"], raw.get("scope"), raw["organisation"]
    known = organisation if isinstance(organisation, dict) else {}
    prose = raw.get("narrative")
    return Filing(
        form=form,
        year=int(year) if isinstance(year, int | Decimal) else None,
        organisation=Organisation(str(known["name"]), known.get("code")),
        scope="consolidated" if scope == "consolidated" else "own",
        values=values,
        narrative={
            section.id: _prose(prose.get(section.id) if isinstance(prose, dict) else None)
            for section in form.texts
        },
        declared_zero=declared,
        nil_return=raw.get("nil_return") is True,
        not_applicable=frozenset(figures.not_applicable),
        includes=tuple(_texts(raw.get("includes"))),
        stated={index: total for index, total in figures.totals.items() if total != values[index]},
        parsed=figures.parsed,
        troubles=tuple(figures.troubles.values()),
    )


def _compute(form: Form, figures: _Figures, declared: frozenset[str]) -> tuple[Value | None, ...]:
    """Blanks of declared tables are 0; what cannot be read, or is 不适用, is no blank."""
    zeros = {
        cell.index: 0
        for cell in form.inputs
        if cell.table in declared
        and figures.typed.get(cell.index) is None
        and cell.index not in figures.parsed
        and cell.index not in figures.not_applicable
    }
    return compute_values(form, {**figures.typed, **zeros}, ())


def _prose(text: object) -> str | None:
    return text if isinstance(text, str) and text.strip() else None


def dump_filing(filing: Filing) -> dict[str, object]:
    """The filing as the contract's object: its keys in order, our totals, None for blanks."""
    form = filing.form
    tables = {table.id: _dump_table(filing, table.id) for table in form.tables.values()}
    optional: dict[str, object] = {}
    if filing.not_applicable:
        paths = [form.cells[index].path for index in sorted(filing.not_applicable)]
        optional["not_applicable"] = paths
    if filing.includes:
        optional["includes"] = list(filing.includes)
    return {
        "form": form.id,
        "year": filing.year,
        "organisation": {"name": filing.organisation.name, "code": filing.organisation.code},
        "scope": filing.scope,
        "narrative": {section.id: filing.narrative.get(section.id) for section in form.texts},
        **{key: value for key, value in tables.items() if form.tables[key].flat},
        "declared_zero": _dump_declared(filing),
        "nil_return": filing.nil_return,
        **optional,
        **{key: value for key, value in tables.items() if not form.tables[key].flat},
    }


def _dump_declared(filing: Filing) -> list[str]:
    """Without tables with figures we could not read, which must not come back as 0."""
    unread = {
        filing.form.cells[index].table
        for index, parsed in filing.parsed.items()
        if parsed.value is None
    }
    wanted = filing.declared_zero - unread
    return [table.id for table in filing.form.official_tables if table.id in wanted]


def _dump_table(filing: Filing, table_id: str) -> dict[str, object]:
    if filing.form.tables[table_id].flat:
        return {c.row: filing.values[c.index] for c in filing.form.cells_of[table_id]}
    rows: dict[str, dict[str, object]] = {}
    for cell in filing.form.cells_of[table_id]:
        rows.setdefault(cell.row, {})[cell.column] = filing.values[cell.index]
    return {row: rows[row] for row in filing.form.tables[table_id].rows}


def dumps_filing(filing: Filing) -> str:
    """The filing as JSON text, Decimals digit for digit, with a newline at the end."""
    return dumps_exact(dump_filing(filing)) + "\n"
