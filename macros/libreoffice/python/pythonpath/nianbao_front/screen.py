"""What the user sees and chooses: messages, files, web pages."""

from __future__ import annotations

import base64
import os
from typing import Any, Dict, List, Optional

import uno

from nianbao_front.message import TroubleError

TITLE = "年报助手"
_OPEN, _SAVE = 0, 10  # com.sun.star.ui.dialogs.TemplateDescription
_LARGEST_FILE = 12 * 1024 * 1024
_ONLY_ADDRESSES = 1  # com.sun.star.system.SystemShellExecuteFlags
_BUTTONS_OK = 1


class Screen:
    """The window that the user is looking at."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._manager = context.ServiceManager

    def make(self, service: str, *arguments: Any) -> Any:
        """One of LibreOffice's own services."""
        if arguments:
            return self._manager.createInstanceWithArgumentsAndContext(
                service, arguments, self._context
            )
        return self._manager.createInstanceWithContext(service, self._context)

    def document(self) -> Optional[Any]:
        """The workbook in front; None where there is none."""
        found = self.make("com.sun.star.frame.Desktop").getCurrentComponent()
        is_book = found is not None and hasattr(found, "supportsService")
        if is_book and found.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            return found
        return None

    def version(self) -> str:
        """Name and version of the program."""
        node = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        node.Name, node.Value = "nodepath", "/org.openoffice.Setup/Product"
        provider = self.make("com.sun.star.configuration.ConfigurationProvider")
        access = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess", (node,)
        )
        return f"{access.ooName} {access.ooSetupVersionAboutBox}"

    def tell(self, text: str, *, wrong: bool) -> None:
        """Show a message."""
        kind = uno.Enum("com.sun.star.awt.MessageBoxType", "ERRORBOX" if wrong else "INFOBOX")
        toolkit = self.make("com.sun.star.awt.Toolkit")
        frame = self.make("com.sun.star.frame.Desktop").getCurrentFrame()
        window = frame.ContainerWindow if frame else None
        toolkit.createMessageBox(window, kind, _BUTTONS_OK, TITLE, text).execute()

    def choose_last_year(self) -> Optional[Dict[str, str]]:
        """Last year's file; None if the user would rather not.

        Raises:
            TroubleError: the file cannot be read, or is too large.
        """
        path = self._pick(_OPEN, "请选择上年度的工作簿（.xlsx）或者填报数据（.json）", "")
        if not path:
            return None
        try:
            size = os.path.getsize(path)
            with open(path, "rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise TroubleError("上年的年报读不出来，请确认没有被其他程序占用。") from error
        if size > _LARGEST_FILE:
            raise TroubleError("选择的上年年报过大，请确认没有选错文件。")
        return {"name": os.path.basename(path), "data": base64.b64encode(data).decode()}

    def save_file(self, name: str, data: bytes) -> List[str]:
        """Save a file where the user says; what to say about it."""
        path = self._pick(_SAVE, "另存为", name)
        if not path:
            return []
        with open(path, "wb") as file:
            file.write(data)
        return [f"已保存到 {path}。"]

    def open_url(self, url: str) -> None:
        """Show a page in the browser."""
        shell = self.make("com.sun.star.system.SystemShellExecute")
        shell.execute(url, "", _ONLY_ADDRESSES)

    def _pick(self, kind: int, title: str, name: str) -> str:
        picker = self.make("com.sun.star.ui.dialogs.FilePicker", kind)
        picker.setTitle(title)
        if name:
            picker.setDefaultName(name)
        if picker.execute() != 1:
            return ""
        return str(uno.fileUrlToSystemPath(picker.getFiles()[0]))
