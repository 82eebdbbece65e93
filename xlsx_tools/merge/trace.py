"""Every figure of a merge with the unit, file and cell it comes from, as CSV or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xlsx_tools.csv_text import csv_line, csv_text
from xlsx_tools.errors import MergeError
from xlsx_tools.excel.address import layout_of
from xlsx_tools.filing import Organisation
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.merge.running import RunningTotals
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form
    from xlsx_tools.merge.source import Source

CSV_HEADING = (
    "项目路径",
    "项目",
    "汇总表单元格",
    "自动计算",
    "单位",
    "统一社会信用代码",
    "口径",
    "文件",
    "SHA-256",
    "原表单元格",
    "数值",
    "状态",
    "所含单位数",
    "所含单位",
)
_MARK = "\ufeff"
_MOST_MEMBERS = 50
"""A line names so many members of a consolidated filing; JSON, where they stand once, all."""


def write_trace_csv(sources: Iterable[Source], form: Form) -> Iterator[bytes]:
    """One line for each figure of each unit, in UTF-8 with a mark, unit by unit.

    A blank has no 数值 and says so in 状态, as does 不适用. Totals, too, have their lines: those
    of each unit's own form. No text of a unit can become a formula.

    Raises:
        MergeError: a filing of another form.
    """
    yield (_MARK + csv_line(CSV_HEADING)).encode()
    layout = layout_of(form)
    heads = []
    for cell in form.cells:
        spot = layout.figure[cell.index]
        place, computed = csv_text(f"{spot.sheet}!{spot.address}"), "是" if cell.total else "否"
        heads.append((f"{csv_text(cell.path)},{csv_text(cell.label)},{place},{computed},", place))
    paths = [csv_text(cell.path) for cell in form.cells]
    for source in _of_form(sources, form):
        unit, members = _unit_texts(source)
        values, places = source.filing.values, paths
        if source.is_workbook:
            places = [place for _, place in heads]
        odd = _odd_states(source.filing)
        lines = [
            f"{head}{unit},{place},{'' if value is None or odd.get(index) else show(value)},"
            f"{odd.get(index) or ('空白' if value is None else '有数')},{members}\r\n"
            for index, ((head, _), place, value) in enumerate(
                zip(heads, places, values, strict=True)
            )
        ]
        yield "".join(lines).encode()


def _of_form(sources: Iterable[Source], form: Form) -> Iterator[Source]:
    for source in sources:
        if source.filing.form.id != form.id:
            name = source.filing.organisation.name
            raise MergeError(f"“{name}”的填报（{source.file}）使用的是其他年度的表式，不能汇总。")
        yield source


def _unit_texts(source: Source) -> tuple[str, str]:
    """What stands in each of a unit's lines, before its figure and behind it."""
    filing = source.filing
    who = (filing.organisation.name, filing.organisation.code or "", scope_word(filing))
    unit = ",".join(map(csv_text, (*who, source.file, source.sha256)))
    if not filing.includes:
        return unit, ","
    rest = "等" if len(filing.includes) > _MOST_MEMBERS else ""
    named = csv_text("、".join(filing.includes[:_MOST_MEMBERS]) + rest)
    return unit, f"{len(filing.includes)},{named}"


def scope_word(filing: Filing) -> str:
    """The scope as the cover of the form words it."""
    words = filing.form.cover["scopes"]
    return str(words[filing.scope]) if isinstance(words, dict) else filing.scope


def _odd_states(filing: Filing) -> dict[int, str]:
    """The figures that are no number and not simply blank."""
    return dict.fromkeys(filing.parsed, "无法读取") | dict.fromkeys(filing.not_applicable, "不适用")


def write_trace_json(sources: Iterable[Source], form: Form) -> Iterator[bytes]:
    """One JSON object: `figures` (where each is), `units` (what each gave), `merged` (the sums).

    A unit's `values` are by the path of the figure; its file has them in the cells of `figures`,
    or, where it is filing JSON (`workbook` is false), under these paths. Numbers are exact. The
    sums are made from what was written, so that trace and sums cannot differ.

    Raises:
        MergeError: if they must not be added up, as `merge_filings`; most are told at the end.
    """
    totals = RunningTotals()
    yield f'{{"form": {_text(form.id)},\n"figures": [\n'.encode()
    yield ",\n".join(_figures(form)).encode()
    yield b'\n],\n"units": [\n'
    keys = [_text(cell.path) + ": " for cell in form.cells]
    for number, source in enumerate(_of_form(sources, form)):
        totals.add(source.filing)
        yield ((",\n" if number else "") + _unit(source, keys)).encode()
    merged = totals.merged(Organisation(""))
    yield f'\n],\n"merged": {{{_values(merged, keys)}}}}}\n'.encode()


def _figures(form: Form) -> Iterator[str]:
    layout = layout_of(form)
    for cell in form.cells:
        spot = layout.figure[cell.index]
        yield dumps_exact(
            {
                "path": cell.path,
                "label": cell.label,
                "unit": cell.unit,
                "sheet": spot.sheet,
                "cell": spot.address,
                "computed": cell.total,
            }
        )


def _unit(source: Source, keys: list[str]) -> str:
    filing, form = source.filing, source.filing.form
    known = {
        "name": filing.organisation.name,
        "code": filing.organisation.code,
        "year": filing.year,
        "scope": filing.scope,
        "file": source.file,
        "sha256": source.sha256,
        "workbook": source.is_workbook,
        "status": source.status,
    }
    odd = {
        "includes": list(filing.includes),
        "declared_zero": sorted(filing.declared_zero),
        "not_applicable": [form.cells[index].path for index in sorted(filing.not_applicable)],
        "unreadable": [form.cells[index].path for index in sorted(filing.parsed)],
    }
    lists = "".join(f", {_text(key)}: {dumps_exact(odd[key])}" for key in odd if odd[key])
    return f'{dumps_exact(known)[:-1]}{lists},\n "values": {{{_values(filing, keys)}}}}}'


def _values(filing: Filing, keys: list[str]) -> str:
    values, unread = filing.values, filing.parsed
    if unread:
        values = tuple(None if index in unread else value for index, value in enumerate(values))
    return ", ".join(
        key + (str(value) if value.__class__ is int else dumps_exact(value))  # nearly all are
        for key, value in zip(keys, values, strict=True)
    )


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
