"""Why the backend does not carry out what a button asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.errors import XlsxToolsError

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS: Mapping[str, tuple[int, str]] = {
    "addin.button": (404, "没有名为“{detail}”的按钮，请更新插件或者后台程序。"),
    "addin.message": (400, "插件送来的数据不合格式：{detail}。请更新插件后再试。"),
    "addin.version": (400, "插件与后台程序的版本不一致，请更新插件。"),
    "addin.too_large": (413, "工作簿内容过多：{detail}。请只保留表样中的工作表后再试。"),
    "addin.last_year_missing": (
        400,
        "没有选择上年度的填报文件，请选择上年度的工作簿或者填报数据。",
    ),
    "addin.last_year": (409, "所选文件不能作为上年度填报：{detail}。"),
}
"""Every code with the HTTP status it goes with, and its sentence."""


class AddinError(XlsxToolsError):
    """A request from a button that is refused.

    Attributes:
        reason: one of ``REASONS``.
        status: the HTTP status that goes with it.
    """

    code = "addin"

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.status, sentence = REASONS[reason]
        super().__init__(sentence.replace("{detail}", detail))
