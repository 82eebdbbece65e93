"""The server's address and the token: in the user's profile, never in a workbook."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import uno

from nianbao_front.message import Settings, TroubleError

DEFAULT = Settings("http://127.0.0.1:8765", "")
_FILE = "nianbao.json"
_ADDRESS = re.compile(r"https?://[^\s/?#@]+")
_ONLY_OWNER = 0o600


def load(context: Any) -> Settings:
    """What was saved; the server on this machine until then."""
    try:
        with open(_path(context), encoding="utf-8") as file:
            saved = json.load(file)
        return Settings(str(saved["address"]), str(saved["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT


def save(context: Any, settings: Settings) -> None:
    """Keep the settings, readable by nobody else.

    Raises:
        TroubleError: the address is none.
    """
    address = settings.address.strip().rstrip("/")
    if not _ADDRESS.fullmatch(address):
        raise TroubleError("后台地址应当像 http://127.0.0.1:8765 这样，只写到端口为止。")
    handle = os.open(_path(context), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _ONLY_OWNER)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"address": address, "token": settings.token.strip()}, file)


def ask(context: Any, view: Any) -> None:
    """Let the user change the settings."""
    now = load(context)
    model = view.make("com.sun.star.awt.UnoControlDialogModel")
    model.Title, model.Width, model.Height = "年报助手 - 设置", 220, 92
    _add(model, "FixedText", "l1", (8, 8, 60, 10), Label="后台地址")
    _add(model, "Edit", "address", (70, 6, 142, 14), Text=now.address)
    _add(model, "FixedText", "l2", (8, 28, 60, 10), Label="访问令牌")
    _add(model, "Edit", "token", (70, 26, 142, 14), Text=now.token, EchoChar=ord("*"))
    note = "令牌由管理员提供；只保存在本机，不写进工作簿。"
    _add(model, "FixedText", "l3", (8, 46, 204, 18), Label=note, MultiLine=True)
    _add(model, "Button", "ok", (98, 70, 54, 16), Label="保存", PushButtonType=1)
    _add(model, "Button", "cancel", (158, 70, 54, 16), Label="取消", PushButtonType=2)
    dialog = view.make("com.sun.star.awt.UnoControlDialog")
    dialog.setModel(model)
    dialog.createPeer(view.make("com.sun.star.awt.Toolkit"), None)
    try:
        if dialog.execute():
            texts = [dialog.getControl(name).Text for name in ("address", "token")]
            save(context, Settings(*texts))
    finally:
        dialog.dispose()


def _add(model: Any, kind: str, name: str, place: Any, **properties: Any) -> None:
    control = model.createInstance(f"com.sun.star.awt.UnoControl{kind}Model")
    control.PositionX, control.PositionY, control.Width, control.Height = place
    for key, value in properties.items():
        if key == "PushButtonType":
            uno.invoke(control, "setPropertyValue", (key, uno.Any("short", value)))
        else:
            setattr(control, key, value)
    model.insertByName(name, control)


def _path(context: Any) -> str:
    paths = context.ServiceManager.createInstanceWithContext(
        "com.sun.star.util.PathSubstitution", context
    )
    folder = paths.getSubstituteVariableValue("$(user)")
    return os.path.join(str(uno.fileUrlToSystemPath(folder)), _FILE)
