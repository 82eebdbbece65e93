"""``nianbao rules``: the catalogue of a form's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xlsx_tools.batch.result import SEVERITY_WORDS
from xlsx_tools.cli.options import (
    ChineseCommand,
    describe,
    force_option,
    form_option,
    format_option,
    output_option,
)
from xlsx_tools.cli.outputs import print_or_write, refuse_existing
from xlsx_tools.errors import FormFileError
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.forms.instances import path_of
from xlsx_tools.forms.rule_language import describe as say_comparison
from xlsx_tools.forms.rule_language import parse
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal
    from pathlib import Path

    from xlsx_tools.forms import Form, Rule

_HELP = describe(
    "列出一个表式的全部校验规则：内容、公式、级别、依据、处理和例子。",
    "nianbao rules",
    "nianbao rules --form annual-report-2021 --format json",
)
_PIECES = {"row": "各行", "column": "各列"}


@click.command("rules", cls=ChineseCommand, help=_HELP)
@form_option("表式，默认为现行表式。")
@format_option("text", "json")
@output_option("写入这个文件，不写则显示在屏幕上。")
@force_option
def rules(form_id: str | None, output_format: str, output: Path | None, *, force: bool) -> None:
    """Print every rule of a form."""
    refuse_existing([output], force=force)
    form = find_form(form_id)
    if output_format == "json":
        listed = [_rule_object(form, rule) for rule in form.rules.values()]
        print_or_write(dumps_exact({"form": form.id, "rules": listed}) + "\n", output)
    else:
        print_or_write("\n".join(_write_catalogue(form)) + "\n", output)


def find_form(form_id: str | None) -> Form:
    """The form asked for, or the one in force.

    Raises:
        click.UsageError: there is no such form.
    """
    try:
        return load_form(form_id or form_ids()[-1])
    except FormFileError as error:
        raise click.UsageError(f"{error.reason}。") from error


def say_formula(form: Form, rule: Rule) -> str:
    """What a rule requires as a Chinese formula; empty for a rule that compares nothing."""
    if not rule.require:
        return ""

    def label_of(name: str) -> str:
        return _label(form, rule, name)

    formula = say_comparison(parse(rule.require), label_of)
    if rule.when:
        formula = f"当 {say_comparison(parse(rule.when), label_of)} 时，{formula}"
    return formula


def _label(form: Form, rule: Rule, name: str) -> str:
    """A name written in a rule, as printed on the form."""
    if rule.for_each:
        table = form.tables[rule.table]
        lines = table.rows if rule.for_each == "column" else table.columns
        return lines[name].label
    cell = form.by_path[path_of(rule, name, "")]
    return f"{form.tables[cell.table].name} {cell.label}"


def _say_example(form: Form, rule: Rule, figures: Mapping[str, Decimal]) -> str:
    told = []
    for name, value in figures.items():
        last = name.startswith("last(")
        label = _label(form, rule, name.removeprefix("last(").removesuffix(")"))
        told.append(f"{'上年' if last else ''}{label} {show(value)}")
    return "，".join(told)


def _applies_to(form: Form, rule: Rule) -> str:
    """Which lines of which table the rule is decided for."""
    if not rule.for_each:
        return ""
    table = form.tables[rule.table]
    lines = table.rows if rule.for_each == "row" else table.columns
    named = "、".join(lines[line].label for line in rule.lines)
    return f"{table.name}{named or _PIECES[rule.for_each]}"


def _rule_object(form: Form, rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "severity_word": SEVERITY_WORDS[rule.severity],
        "says": rule.says,
        "applies_to": _applies_to(form, rule),
        "formula": say_formula(form, rule),
        "source": rule.source,
        "remedy": rule.remedy,
        "scopes": list(rule.scopes),
        "holds": dict(rule.holds),
        "breaks": dict(rule.breaks),
    }


def _write_catalogue(form: Form) -> Iterator[str]:
    yield f"{form.title}（{form.notice}，{form.id}）校验规则，共 {len(form.rules)} 条"
    for rule in form.rules.values():
        yield ""
        yield f"[{SEVERITY_WORDS[rule.severity]}] {rule.title}（{rule.id}）"
        told = {
            "内容": rule.says,
            "适用": _applies_to(form, rule),
            "公式": say_formula(form, rule),
            "依据": rule.source,
            "处理": rule.remedy,
            "成立": _say_example(form, rule, rule.holds),
            "不成立": _say_example(form, rule, rule.breaks),
        }
        yield from (f"  {word}：{text}" for word, text in told.items() if text)
