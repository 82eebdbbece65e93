"""Writes what the front ends and their writers need of the add-in: names, words, the message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xlsx_tools.addin.cells import LONGEST_TEXT, MOST_CELLS, MOST_SHEETS
from xlsx_tools.addin.errors import REASONS
from xlsx_tools.addin.message import load_schema
from xlsx_tools.addin.words import load_words
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.returned.places import MARKED, MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.forms import Form

_WRITTEN = "<!-- 由 docs/generate.py 生成，请勿手工修改。 -->"
_DEEDS = {
    "unprotectBook": "取消工作簿结构保护（无密码）",
    "protectBook": "保护工作簿结构（无密码）",
    "addSheet": "args：名称，放在哪张表之前（null 为最后）；已有同名工作表时不做任何事",
    "setSheetVisible": "args：true 或 false",
    "unprotectSheet": "取消工作表保护（无密码）",
    "protectSheet": "保护工作表（无密码）；允许调整列宽、行高",
    "clearContents": "清空区域的内容，保留格式",
    "setValues": "values：null、数字、文本或者逻辑值；文本一律是文本，即使以“=”开头",
    "setFormulas": "values：公式，均以“=”开头，Excel 写法",
    "setColumnWidth": "args：区域各列的宽度（字符数）",
    "setWrap": "args：是否自动换行",
    "setFill": "args：“#RRGGBB”，null 为无填充",
    "setBold": "args：是否加粗",
    "setName": "args：名称，引用位置（以“=”开头）；已有同名的改为新的引用位置",
    "addConditionalFormat": (
        "args：公式（没有“=”，不含相对引用），颜色；已有公式相同的先删去，能排在最前的排在最前"
    ),
    "activateSheet": "切换到工作表",
    "selectRange": "选中区域（工作表已是当前表）",
    "alert": "args：需要用户确认的一句话",
    "saveFile": "args：文件名，内容（base64）；请用户选择保存位置",
    "openUrl": "args：地址；以“/”开头的，前面加上后台地址",
}


def render_names() -> str:
    """``macros/generated/forms.json``."""
    names: dict[str, Any] = {
        "written_by": "docs/generate.py",
        **load_words(),
        "sheets": {"todo": TODO, "marks": MARKS, "marked": MARKED},
        "forms": {form_id: _names_of(load_form(form_id)) for form_id in form_ids()},
    }
    names["say"] = {key: text for key, text in names["say"].items() if "{" not in text}
    return json.dumps(names, ensure_ascii=False, indent=2) + "\n"


def _names_of(form: Form) -> dict[str, Any]:
    sheets = [*form.sheets.values(), *(section.sheet for section in form.sections)]
    return {
        "title": form.title,
        "sheets": list(dict.fromkeys(sheets)),
        "stamp": form.sheets["stamp"],
        "checks": form.sheets["checks"],
    }


def write_message() -> Iterator[str]:
    """``docs/reference/addin-message.md``."""
    words = load_words()
    yield from ("# 插件与后台程序之间的消息", "", _WRITTEN, "")
    yield "`POST /api/v1/addin/{按钮}`，`Content-Type: application/json; charset=utf-8`，"
    yield "`Authorization: Bearer 访问令牌`。插件依次执行回答中的操作，再把 `say` 告诉用户。"
    yield "不认识的操作，插件应停止并用中文告诉用户。"
    yield from ("", "| 按钮 | 名称 | 用途 |", "| --- | --- | --- |")
    yield from (
        f"| `{key}` | {words['buttons'][key]} | {words['hints'][key]} |" for key in words["buttons"]
    )
    yield from ("", "## 操作", "", "行、列从 1 起；没有区域的操作，`row`、`column` 为 null。", "")
    yield from ("| `func` | 含义 |", "| --- | --- |")
    known = load_schema()["$defs"]["action"]["properties"]["func"]["enum"]
    yield from (f"| `{func}` | {_DEEDS[func]} |" for func in known)
    yield from ("", "## 错误", "", '回答为 `{"code": …, "message": …}`。', "")
    yield "工作簿或者上年度文件本身不能使用的，HTTP 状态为 422，`code` 见[代码](codes.md)。"
    yield from ("", "| `code` | HTTP 状态 | 说明 |", "| --- | --- | --- |")
    yield from (f"| `{code}` | {status} | {says} |" for code, (status, says) in REASONS.items())
    yield from ("", "## 限度", "")
    yield f"- 工作表不超过 {MOST_SHEETS} 张，单元格（含空白）不超过 {MOST_CELLS:,} 个。"
    yield f"- 一个单元格的文字不超过 {LONGEST_TEXT:,} 个字符；整个请求不超过 20 MB。"
    yield from ("", "## JSON Schema", "", "```json")
    yield json.dumps(load_schema(), ensure_ascii=False, indent=2)
    yield "```"
