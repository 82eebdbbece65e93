"""The menu 年报 of LibreOffice Calc: each entry asks the server and carries out its answer.

A component rather than a macro: it needs no Basic, no script provider and no macro permission,
and its address is the same whether it was installed for one user or for all.
"""

from __future__ import annotations

import unohelper
from com.sun.star.task import XJobExecutor
from nianbao_front import actions, book, message, screen, settings

_SERVICE = "nianbao.Addin"


class Addin(unohelper.Base, XJobExecutor):
    """Does what the entry of the menu stands for."""

    def __init__(self, context):
        self._context = context

    def trigger(self, button):
        """Called by LibreOffice with the part of the address behind ``?``."""
        view = screen.Screen(self._context)
        try:
            self._press(button, view)
        except message.TroubleError as trouble:
            view.tell(str(trouble), wrong=True)
        except Exception as error:  # noqa: BLE001 - LibreOffice would show nothing at all
            view.tell(f"插件出错：{error}", wrong=True)

    def _press(self, button, view):
        if button == "settings":
            settings.ask(self._context, view)
            return
        document = view.document()
        if document is None:
            raise message.TroubleError("请先打开年报工作簿。")
        chosen = settings.load(self._context)
        last_year = None
        if button == "carry":
            last_year = view.choose_last_year()
            if last_year is None:
                return
        request = message.build_request(book.read_book(document), view.version(), last_year)
        answer = message.check_answer(message.post(chosen, button, request))
        said = actions.apply(document, view, answer["actions"], chosen.address)
        words = [text for text in (*said, answer["say"]) if text]
        if words:
            view.tell("\n".join(dict.fromkeys(words)), wrong=False)


g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816 - LibreOffice's name
g_ImplementationHelper.addImplementation(Addin, _SERVICE, (_SERVICE,))
