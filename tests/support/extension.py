"""The extension inside a real LibreOffice: installed with unopkg, its menu entries pressed."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsx_tools.excel.address import Spot

_PYTHON_WITH_UNO = "/usr/bin/python3"
_DRIVER = Path(__file__).with_name("oxt_driver.py")
_NOBODY = 65534
_ANYBODY = 0o777


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for anybody: unopkg refuses to install for root, so that it runs as nobody."""
    with TemporaryDirectory(dir="/tmp", prefix="nianbao-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(_ANYBODY)
        yield folder


def press_entries(  # noqa: PLR0913 - all but the folder are named at each call
    folder: Path,
    *,
    extension: bytes,
    workbook: bytes,
    settings: tuple[str, str],
    buttons: Sequence[str],
    look: Sequence[Spot] = (),
) -> dict[str, Any]:
    """Install the extension, open the workbook, press the entries one after another.

    Returns the menu, the state of the book after each entry, how some cells look in the end; the
    workbook is saved as ``saved.xlsx`` and printed as ``saved.pdf`` beside it.
    """
    for name, data in {"nianbao.oxt": extension, "某局.xlsx": workbook}.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(_ANYBODY)
    address, token = settings
    job = {
        "profile": (folder / "profile").as_uri(),
        "oxt": str(folder / "nianbao.oxt"),
        "source": str(folder / "某局.xlsx"),
        "target": str(folder / "saved.xlsx"),
        "address": address,
        "token": token,
        "buttons": buttons,
        "look": look,
    }
    done = subprocess.run(
        [_PYTHON_WITH_UNO, "-c", _DRIVER.read_text("utf-8")],
        check=False,
        capture_output=True,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        input=json.dumps(job),
        text=True,
        timeout=300,
        **_as_nobody(),
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
