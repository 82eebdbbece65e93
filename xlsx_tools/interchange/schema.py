"""The published JSON Schema of a form's filings, and its verdicts in Chinese."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from xlsx_tools.values import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

    from xlsx_tools.forms import Cell, Form, Table

Schema = dict[str, object]
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_ENVELOPE = ("form", "year", "organisation")
_MOST_PROBLEMS = 50


def filing_schema(form: Form) -> Schema:
    """What the JSON of a filing may say, as a JSON Schema of Draft 2020-12.

    A figure that is left out is blank, just as null is.
    """
    tables: dict[str, Schema] = {table.id: _table(form, table) for table in form.tables.values()}
    official = [table.id for table in form.official_tables]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nianbao:filing:{form.id}",
        "title": f"{form.title}（{form.notice}）",
        **_object(
            {
                "form": {"const": form.id},
                "year": {"type": ["integer", "null"], "minimum": 1, "maximum": 9999},
                "organisation": {
                    **_object({"name": {"type": "string"}, "code": _TEXT_OR_NULL}),
                    "required": ["name"],
                },
                "scope": {"enum": ["own", "consolidated"]},
                "narrative": _object({section.id: _TEXT_OR_NULL for section in form.texts}),
                **{key: value for key, value in tables.items() if form.tables[key].flat},
                "declared_zero": _list({"enum": official}),
                "nil_return": {"type": "boolean"},
                "not_applicable": _list({"enum": [cell.path for cell in form.inputs]}),
                "includes": _list({"type": "string"}),
                **{key: value for key, value in tables.items() if not form.tables[key].flat},
            }
        ),
        "required": list(_ENVELOPE),
    }


def _object(properties: Mapping[str, object]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": True}


def _table(form: Form, table: Table) -> Schema:
    if table.flat:
        return _object({cell.row: _figure(cell) for cell in form.cells_of[table.id]})
    rows: dict[str, dict[str, Schema]] = {}
    for cell in form.cells_of[table.id]:
        rows.setdefault(cell.row, {})[cell.column] = _figure(cell)
    return {
        "title": f"{table.name} {table.heading}",
        **_object(
            {row: {"title": table.rows[row].label, **_object(rows[row])} for row in table.rows}
        ),
    }


def _figure(cell: Cell) -> Schema:
    figure: Schema = {"title": f"{cell.label}（{cell.unit}）"}
    if cell.kind == "money":
        return {**figure, "type": ["number", "null"], "minimum": 0}
    lowest = -LARGEST if cell.kind == "signed" else 0
    figure |= {"type": ["integer", "null"], "minimum": lowest}
    return figure if cell.total else {**figure, "maximum": LARGEST}


def envelope_schema(form: Form) -> Schema:
    """The same without the figures: what must be right before figures can be looked at."""
    schema = filing_schema(form)
    properties = schema["properties"]
    wanted = dict(properties) if isinstance(properties, dict) else {}
    for table in form.tables.values():
        row: Schema = {} if table.flat else {"type": ["object", "null"]}
        wanted[table.id] = {"type": ["object", "null"], "additionalProperties": row}
    wanted["organisation"] = {**wanted["organisation"], "additionalProperties": True}
    wanted["narrative"] = {**wanted["narrative"], "additionalProperties": True}
    wanted["not_applicable"] = _list({"type": "string"})
    return {**schema, "properties": wanted, "additionalProperties": True}


def schema_problems(form: Form, data: object, *, strict: bool) -> list[str]:
    """Where `data` differs from the schema: each problem a path and a reason in Chinese."""
    errors = _validator(form, strict=strict).iter_errors(data)
    problems = [problem for error in errors for problem in _say(form, error)]
    if len(problems) > _MOST_PROBLEMS:
        rest = len(problems) - _MOST_PROBLEMS
        return [*problems[:_MOST_PROBLEMS], f"另有 {rest} 处问题未列出"]
    return problems


@cache
def _validator(form: Form, *, strict: bool) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, JSON only
    from jsonschema.validators import extend  # noqa: PLC0415

    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: _is_whole(value)
    )
    exact: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=checker
    )
    return exact(filing_schema(form) if strict else envelope_schema(form))


def _is_whole(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _say(form: Form, error: ValidationError) -> list[str]:
    path = ".".join(str(step) for step in error.absolute_path)
    wanted = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = error.schema["properties"] if isinstance(error.schema, dict) else {}
            keys = [key for key in _keys(error.instance) if key not in known]
            return [f"{f'{path}.{key}' if path else key}：没有这一项" for key in keys]
        case "required":
            missing = [key for key in _ENVELOPE if key not in _keys(error.instance)]
            return [f"{key}：缺少这一项" for key in missing] if not path else [f"{path}：缺少名称"]
    return [
        f"{name_path(form, path)}：{_wanted(form, path, wanted)}，实为 {_shown(error.instance)}"
    ]


def name_path(form: Form, path: str) -> str:
    """A path with the words printed on the form behind it."""
    cell = form.by_path.get(path)
    return f"{path}（{form.tables[cell.table].name} {cell.label}）" if cell else path or "文件"


def _keys(instance: object) -> list[str]:
    return list(instance) if isinstance(instance, dict) else []


def _wanted(form: Form, path: str, wanted: object) -> str:
    cell = form.by_path.get(path)
    if cell is not None:
        return f"应为{say_kind(cell)}或者 null"
    match wanted:
        case list() if all(isinstance(word, str) for word in wanted) and wanted:
            kinds = [_TYPE_WORDS.get(word, f"“{word}”") for word in wanted]
            return f"应为{'、'.join(kinds[:8])}{'等' if len(kinds) > 8 else ''}之一"  # noqa: PLR2004
        case str() if wanted in _TYPE_WORDS:
            return f"应为{_TYPE_WORDS[wanted]}"
        case True:
            return "不能重复"
        case _:
            return f"不符合要求（{wanted}）"


_TYPE_WORDS = {
    "object": "对象",
    "array": "列表",
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "true 或者 false",
    "null": "null",
}


def say_kind(cell: Cell) -> str:
    """What may stand in a cell, in words."""
    if cell.kind == "money":
        return "不小于 0 的数（最多 6 位小数）"
    return "整数" if cell.kind == "signed" else f"0 至 {LARGEST} 的整数"


def _shown(value: object) -> str:
    match value:
        case str():
            return f"“{value[:20]}”"
        case bool():
            return "true" if value else "false"
        case dict():
            return "对象"
        case list():
            return "列表"
        case None:
            return "null"
        case _:
            return str(value)[:30]
