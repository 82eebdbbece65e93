"""The built add-in at work in LibreOffice, over real HTTP; only the WinHttp call is replaced."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.live_backend import Backend
    from tests.support.stub_service import Service

Call = tuple[str, ...]
"""A module, a function in it, and its arguments."""

_PYTHON_WITH_UNO = "/usr/bin/python3"
_HERE = Path(__file__).parent
_POST = """\
Option VBASupport 1
Option Explicit

Public Function PostJson(ByVal url As String, ByVal token As String, _
        ByVal body As String, status As Long) As String
    Dim handle As Integer, answer As String, at As Long, data() As Byte
    handle = FreeFile
    Open "{folder}/body" For Output As #handle
    Print #handle, body
    Close #handle
    url = "{address}" & Mid(url, Len(ServerAddress()) + 1)
    Shell "{python}", 0, "{script} " & url & " {token} {folder}/body {folder}/answer", True
    data = ReadFileBytes("{folder}/answer")
    answer = TextFromUtf8(data)
    at = InStr(answer, Chr(10))
    status = CLng(Left(answer, at - 1))
    PostJson = Mid(answer, at + 1)
End Function
"""


@dataclass(frozen=True)
class Pressed:
    """What came of the calls.

    Attributes:
        said: what each call returned.
        cells: the texts of every sheet, from A1, as they are shown at the end.
        worked_out: what each formula asked for gives in the workbook at the end.
        selected: the cell selected then.
        saved: the workbook as LibreOffice saves it then.
    """

    modules: list[str]
    said: list[str]
    cells: Mapping[str, Sequence[Sequence[str]]]
    worked_out: list[str]
    selected: str
    saved: bytes


def press_buttons(  # noqa: PLR0913 - all but the files are named at each call
    add_in: bytes,
    book: bytes,
    folder: Path,
    *,
    calls: Sequence[Call],
    service: Backend | Service,
    formulas: Sequence[str] = (),
) -> Pressed:
    """Open the add-in and the workbook in LibreOffice and make the calls one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nianbao.xlam").write_bytes(add_in)
    (folder / "某局.xlsx").write_bytes(book)
    post = _POST.format(
        folder=folder,
        python=_PYTHON_WITH_UNO,
        script=_HERE / "http_post.py",
        address=service.address,
        token=service.token,
    )
    job = {
        "profile": (folder / "profile").as_uri(),
        "add_in": str(folder / "nianbao.xlam"),
        "book": str(folder / "某局.xlsx"),
        "replaced": {"NbPost": post},
        "calls": calls,
        "formulas": formulas,
        "saved": str(folder / "saved.xlsx"),
    }
    run = subprocess.run(
        [_PYTHON_WITH_UNO, str(_HERE / "macro_driver.py")],
        check=True,
        capture_output=True,
        timeout=300,
        text=True,
        input=json.dumps(job),
    )
    return Pressed(**json.loads(run.stdout), saved=(folder / "saved.xlsx").read_bytes())
