"""Writes reference/ and the list of lines in glossary.md from the code and the forms.

``make generated`` runs it; tests and CI fail when what it writes differs from what is committed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from xlsx_tools.cli.main import COMMANDS, nianbao
from xlsx_tools.errors import (
    FilingError,
    FormFileError,
    IllegalTextError,
    MergeError,
    NotOurWorkbookError,
    UnusableFileError,
    XlsxToolsError,
)
from xlsx_tools.excel.refusals import NOTES, REFUSALS
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import filing_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.forms import Form

DOCS = Path(__file__).parent
GLOSSARY = "glossary.md"
LINES_BELOW = "<!-- Written by docs/generate.py from here to the end. -->"
_WRITTEN = "<!-- 由 docs/generate.py 生成，请勿手工修改。 -->"

_MORE_REASONS = {
    "book.layout": "{place} 应为“{label}”，表样已被改动。请用原工作簿重新填写后再报送。",
    "file.not_filing": "不是可用的填报数据。请按 nianbao schema 给出的格式改正后再提交。",
    "batch.same_bytes": "与“{place}”内容完全相同，只计一次。不需处理；可以删去其中一份。",
    "batch.conflict": "同一单位有几份内容不同的填报，都没有计入。请确认以哪一份为准。",
    "batch.chosen": "同一单位有几份填报，采用本份。不需处理。",
    "batch.superseded": "同一单位有几份填报，采用另一份，本份没有计入。如应采用本份，请另行指定。",
    "batch.code_clash": "统一社会信用代码也用于另一个单位，都没有计入。请核对两个单位的代码。",
    "template.year": "不是本次收取年度的填报，没有计入。请使用本年度的工作簿填报。",
    "template.agency": "填报单位不在名册中，没有计入。请核对单位名称、代码和口径，或者补入名册。",
}
"""Reasons whose sentence is put together where the file is read."""

_ERRORS: dict[type[XlsxToolsError], str] = {
    UnusableFileError: "文件无法使用；具体原因见上表的代码",
    IllegalTextError: "文字含有工作簿不能容纳的字符，或者过长",
    FilingError: "填报数据不合格式，或者总计与各项不符",
    MergeError: "所给填报不能汇总在一起",
    FormFileError: "表式文件有误，或者没有所要的表式",
}
_MORE_ERRORS = {
    "output": "结果无法写入；原有文件不受影响",
    "roster": "名册不能使用；逐行说明问题所在",
    "receipt": "不是完整的回执，密钥过短，或者填报没有通过、不能出具回执",
    "year-unknown": "没有写明年度，也没有一份填报写明年度，不知道催报哪一年度",
    "journal": "整批处理的进度记录不能使用：另一个进程正在处理同一批文件，或者无法写入",
    "executor": "处理的地方不能使用：没有安装 Dask 扩展，或者连接不上集群",
    "choice": "为同一单位指定了不止一份文件",
    "waivers": "豁免清单不能使用；逐行说明问题所在",
}


def render_pages() -> Mapping[str, str]:
    """Every generated page by its path in docs/."""
    schemas = {
        f"reference/filing-schema.{form_id}.json": _render_schema(load_form(form_id))
        for form_id in form_ids()
    }
    return {
        "reference/commands.md": _join(_write_commands()),
        "reference/rules.md": _join(_write_rules()),
        "reference/codes.md": _join(_write_codes()),
        **schemas,
        GLOSSARY: _render_glossary(),
    }


def _join(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _render_schema(form: Form) -> str:
    return json.dumps(filing_schema(form), ensure_ascii=False, indent=2) + "\n"


# ---------------------------------------------------------------------------- commands
def _write_commands() -> Iterator[str]:
    yield from ("# 命令", "", _WRITTEN, "")
    yield from ("不带命令运行 `nianbao`，或者加 `--help`，显示同样的说明。", "")
    yield from ("| 命令 | 用途 |", "| --- | --- |")
    yield from (f"| [`{name}`](#nianbao-{name}) | {says} |" for name, says in COMMANDS.items())
    group = click.Context(nianbao, info_name="nianbao")
    for name in COMMANDS:
        command = nianbao.get_command(group, name)
        if command is not None:
            yield from _write_command(command)


def _write_command(command: click.Command) -> Iterator[str]:
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    wanted = "".join(f" {argument.metavar}" for argument in arguments)
    yield from ("", f"## nianbao {command.name}", "")
    yield from ("```text", f"nianbao {command.name} [选项]{wanted}", "```", "")
    for paragraph in (command.help or "").replace("\b", "").strip().split("\n\n"):
        yield from _write_paragraph(paragraph.strip("\n"))
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        yield from ("| 选项 | 含义 |", "| --- | --- |")
        yield from map(_write_option, options)


def _write_paragraph(paragraph: str) -> Iterator[str]:
    head, *rest = paragraph.split("\n")
    if head == "示例：":
        yield from (head, "", "```text", *(line.strip() for line in rest), "```", "")
    else:
        yield from (*paragraph.split("\n"), "")


def _write_option(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.name}"
    required = "（必填）" if option.required else ""
    return f"| `{_cell(', '.join(option.opts) + value)}` | {option.help}{required} |"


# ---------------------------------------------------------------------------- rules
def _write_rules() -> Iterator[str]:
    yield from ("# 校验规则", "", _WRITTEN, "")
    yield "规则写在 `templates/` 的表式文件中，工作簿的“校验”表、`nianbao check` 和本页同出一源。"
    yield "`nianbao rules` 显示同样的内容。"
    yield ""
    yield from ("| 级别 | 不成立时 |", "| --- | --- |")
    yield "| 强制性（mandatory） | 不能报送 |"
    yield "| 准强制性（justify） | 在“校验”表写明原因后方可报送 |"
    yield "| 核实性（verify） | 写明原因（不少于 6 个字）或者确认后方可报送 |"
    yield "| 提示性（hint） | 不影响报送 |"
    yield ""
    yield "强制性规则无法判断（有空白或者无法识别的数字）时，同样不能报送。"
    for form_id in form_ids():
        yield from _write_rules_of(load_form(form_id))


def _write_rules_of(form: Form) -> Iterator[str]:
    catalogue = CliRunner().invoke(nianbao, ["rules", "--form", form.id], catch_exceptions=False)
    head, *blocks = catalogue.output.strip().split("\n\n")
    yield from ("", f"## {form.id}", "", f"{head}。")
    for block, rule in zip(blocks, form.rules.values(), strict=True):
        title, *facts = block.split("\n")
        severity = re.match(r"\[(.+?)\]", title)
        yield from ("", f"### {rule.title} `{rule.id}`", "")
        yield f"- 级别：{severity.group(1) if severity else ''}（{rule.severity}）"
        yield from (f"- {fact.strip()}" for fact in facts)
        if rule.scopes == ("own",):
            yield "- 口径：只用于本机关报告"
        if rule.scopes == ("consolidated",):
            yield "- 口径：只用于本级政府汇总"
        if not rule.live:
            yield "- 只在校验文件时判定，不在工作簿“校验”表中"


# ---------------------------------------------------------------------------- codes
def reasons() -> Mapping[str, str]:
    """Every code that says why a file was refused, with its sentence."""
    ours = NotOurWorkbookError()
    return {**REFUSALS, **_MORE_REASONS, ours.reason: str(ours)}


def _write_codes() -> Iterator[str]:
    yield from ("# 代码", "", _WRITTEN, "")
    yield from ("## 文件为什么无法读取", "")
    yield "无法使用的文件在 `check --format json` 中是一条 `finding`，其 `rule` 为下列代码之一。"
    yield "花括号中的内容随文件而定。"
    yield from ("", "| 代码 | 说明 |", "| --- | --- |")
    yield from (f"| `{code}` | {_cell(says)} |" for code, says in sorted(reasons().items()))
    yield from ("", "## 读取时注意到的情况", "", "不影响读取。", "")
    yield from ("| 代码 | 说明 |", "| --- | --- |")
    yield from (f"| `{code}` | {_cell(says)} |" for code, says in sorted(NOTES.items()))
    yield from ("", "## 程序接口中的错误", "")
    yield "各类错误均由 `xlsx_tools.errors.XlsxToolsError` 派生，`code` 供程序判断，文字供人阅读。"
    yield from ("", "| `code` | 含义 |", "| --- | --- |")
    errors = {error.code: says for error, says in _ERRORS.items()} | _MORE_ERRORS
    yield from (f"| `{code}` | {says} |" for code, says in sorted(errors.items()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# ---------------------------------------------------------------------------- glossary
def _render_glossary() -> str:
    written = (DOCS / GLOSSARY).read_text(encoding="utf-8")
    head = written[: written.index(LINES_BELOW) + len(LINES_BELOW)]
    return f"{head}\n\n" + _join(_write_lines())


def _write_lines() -> Iterator[str]:
    forms = [load_form(form_id) for form_id in reversed(form_ids())]
    for table_id, names in _tables(forms).items():
        yield from (f"### {names} `{table_id}`", "")
        yield "| id | | " + " | ".join(form.id for form in forms) + " |"
        yield "| --- | --- |" + " --- |" * len(forms)
        for piece, word in (("rows", "行"), ("columns", "列")):
            for line_id in _line_ids(forms, table_id, piece):
                labels = (_label(form, table_id, piece, line_id) for form in forms)
                yield f"| `{line_id}` | {word} | " + " | ".join(labels) + " |"
        yield ""


def _tables(forms: list[Form]) -> dict[str, str]:
    return {table.id: table.name for form in forms for table in form.tables.values()}


def _line_ids(forms: list[Form], table_id: str, piece: str) -> list[str]:
    """Every line of a table in any form; the one column of a flat table has no label."""
    groups = [getattr(form.tables[table_id], piece) for form in forms if table_id in form.tables]
    return list(dict.fromkeys(line.id for group in groups for line in group.values() if line.label))


def _label(form: Form, table_id: str, piece: str, line_id: str) -> str:
    lines = getattr(form.tables[table_id], piece) if table_id in form.tables else {}
    return lines[line_id].label if line_id in lines else "—"


def main() -> None:
    """Write every page, and remove pages that nothing generates any more."""
    pages = render_pages()
    (DOCS / "reference").mkdir(exist_ok=True)
    for path in (DOCS / "reference").iterdir():
        if f"reference/{path.name}" not in pages:
            path.unlink()
            print(f"removed docs/reference/{path.name}")
    for name, text in pages.items():
        (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
