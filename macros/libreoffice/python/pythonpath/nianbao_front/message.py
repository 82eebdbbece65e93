"""The request and the answer; nothing here knows LibreOffice."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

MESSAGE = 1
TIMEOUT = 60
LARGEST_REQUEST = 20 * 1024 * 1024
LARGEST_ANSWER = 50 * 1024 * 1024
MOST_SHEETS, MOST_CELLS = 300, 200000
_LARGEST_ROW = 1048576
_HTTP_ERROR, _SERVER_ERROR = 400, 500

ACTIONS = {
    "unprotectBook": "",
    "protectBook": "",
    "addSheet": "name",
    "setSheetVisible": "sheet",
    "unprotectSheet": "sheet",
    "protectSheet": "sheet",
    "clearContents": "sheet area",
    "setValues": "sheet area values",
    "setFormulas": "sheet area values formulas",
    "setColumnWidth": "sheet area",
    "setWrap": "sheet area",
    "setFill": "sheet area",
    "setBold": "sheet area",
    "setName": "name",
    "addConditionalFormat": "sheet area name",
    "activateSheet": "sheet",
    "selectRange": "sheet area",
    "alert": "name",
    "saveFile": "name",
    "openUrl": "name",
}
"""Every action, and what it cannot do without."""

_WORDS = {
    401: "访问令牌不对或者没有填写，请在“设置”里填写管理员提供的令牌。",
    403: "后台程序不接受本插件的来源，请信息化人员把它加入后台程序的允许名单。",
    404: "后台程序上没有这个功能，请信息化人员更新后台程序或者插件。",
    413: "本工作簿过大，后台程序不接收，请删除图片等多余内容。",
    429: "现在使用的人较多，请过一会儿再试。",
}
_OURS = (401, 404)
"""Where our words help more than those of the server."""


class TroubleError(Exception):
    """Something went wrong, told in words for the user."""


class Settings(NamedTuple):
    """Where the server is, and what it is shown."""

    address: str
    token: str


def build_request(read: Dict[str, Any], host: str, last_year: Optional[Dict[str, str]]) -> bytes:
    """The body of the request.

    Raises:
        TroubleError: the workbook is too large to be an annual report.
    """
    sheets = read["sheets"]
    cells = sum(len(row) for sheet in sheets for row in sheet["values"])
    if len(sheets) > MOST_SHEETS or cells > MOST_CELLS:
        raise TroubleError(
            f"本工作簿有 {len(sheets)} 张工作表、{cells} 个单元格，超出范围，不像是年报。"
        )
    body = {"message": MESSAGE, "client": "libreoffice", "host": host, **read}
    body["last_year"] = last_year
    data = json.dumps(body, ensure_ascii=False).encode()
    if len(data) > LARGEST_REQUEST:
        raise TroubleError("本工作簿过大，无法发送，请删除图片等多余内容。")
    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that sends us elsewhere is not ours."""

    def redirect_request(self, *_arguments):
        """Follow nothing."""
        return


def post(settings: Settings, button: str, body: bytes) -> bytes:
    """Send the request; no proxy lies between a desktop and the intranet's server.

    Raises:
        TroubleError: no answer, or one that refuses.
    """
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if settings.token:
        headers["Authorization"] = "Bearer " + settings.token
    url = f"{settings.address}/api/v1/addin/{button}"
    if not re.match(r"https?://", url):
        raise TroubleError("请先在“设置”里填写后台地址。")
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - http(s) only
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            data = answer.read(LARGEST_ANSWER)
            return bytes(data)
    except urllib.error.HTTPError as error:
        raise TroubleError(explain_status(error.code, error.read(LARGEST_ANSWER))) from error
    except OSError as error:
        raise TroubleError(explain_silence(settings, error)) from error


def explain_silence(settings: Settings, error: OSError) -> str:
    """Why there was no answer at all."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError) or "timed out" in str(reason):
        return f"后台程序 {settings.address} 在 {TIMEOUT} 秒内没有答复，请稍后再试。"
    return (
        f"连不上后台程序 {settings.address}。"
        "请确认已经启动（nianbao serve），并在“设置”中核对后台地址。"
    )


def explain_status(status: int, body: bytes) -> str:
    """Why the server refused: its own words, or ours where they help more."""
    own = _WORDS.get(status) or (
        "后台程序出错，请稍后再试，或者联系信息化人员。" if status >= _SERVER_ERROR else ""
    )
    try:
        said = json.loads(body.decode())["message"]
    except (ValueError, KeyError, TypeError):
        said = ""
    if isinstance(said, str) and said and status not in _OURS:
        return said[:500]
    return own or f"后台程序不接受这个请求（HTTP {status}）。"


def check_answer(data: bytes) -> Dict[str, Any]:
    """The answer, every action checked before anything is applied.

    Raises:
        TroubleError: it is no answer, or asks for what this add-in does not know.
    """
    try:
        answer = json.loads(data.decode())
        actions, say = answer["actions"], answer["say"]
    except (ValueError, KeyError, TypeError):
        actions, say = None, None
    if not isinstance(actions, list) or not isinstance(say, str):
        raise TroubleError("回答无法识别，答复的可能不是年报后台程序。请检查“设置”里的后台地址。")
    return {"actions": [_check_action(action) for action in actions], "say": say}


def _check_action(raw: Any) -> Dict[str, Any]:
    func = str(raw.get("func")) if isinstance(raw, dict) else ""
    if func not in ACTIONS:
        raise TroubleError(
            f"后台程序要求的操作“{func[:40]}”本插件不认识，没有改动工作簿。请更新插件。"
        )
    action = _fill_action(raw, func)
    needs = ACTIONS[func].split()
    right = (
        ("sheet" not in needs or isinstance(action["sheet"], str))
        and ("area" not in needs or _has_area(action))
        and ("values" not in needs or _has_values(action))
        and ("formulas" not in needs or _has_formulas(action["values"]))
        and ("name" not in needs or isinstance((*action["args"], None)[0], str))
        and (func != "openUrl" or re.match(r"https?://|/(?!/)", action["args"][0]))
    )
    if not right:
        raise TroubleError(
            f"后台程序要求的操作“{func}”不完整，没有改动工作簿。请更新插件或者后台程序。"
        )
    return action


def _fill_action(raw: Dict[str, Any], func: str) -> Dict[str, Any]:
    values = raw.get("values")
    args = raw.get("args")
    wide = isinstance(values, list) and values and isinstance(values[0], list)
    return {
        "func": func,
        "sheet": raw.get("sheet"),
        "row": raw.get("row"),
        "column": raw.get("column"),
        "rows": raw.get("rows") or (len(values) if wide else 1),
        "columns": raw.get("columns") or (len(values[0]) if wide else 1),
        "values": values,
        "args": args if isinstance(args, list) else [],
    }


def _has_area(action: Dict[str, Any]) -> bool:
    numbers = [action[name] for name in ("row", "column", "rows", "columns")]
    return all(type(n) is int and 1 <= n <= _LARGEST_ROW for n in numbers)


def _has_values(action: Dict[str, Any]) -> bool:
    rows = action["values"]
    return (
        isinstance(rows, list)
        and len(rows) == action["rows"]
        and all(isinstance(row, list) and len(row) == action["columns"] for row in rows)
        and all(v is None or isinstance(v, (bool, int, float, str)) for row in rows for v in row)
    )


def _has_formulas(rows: List[List[Any]]) -> bool:
    return all(isinstance(v, str) and v.startswith("=") for row in rows for v in row)
