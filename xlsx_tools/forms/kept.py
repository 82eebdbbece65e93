"""Compiled forms kept beside the code, as Python keeps compiled modules: a tenth of the time.

A kept form counts only while neither the form file, nor the code that compiles it, nor Python has
changed. Where nothing can be written, or Python is told to keep nothing, forms are compiled anew.
"""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xlsx_tools.forms.model import Form

if TYPE_CHECKING:
    from collections.abc import Callable

_CODE = Path(__file__).resolve().parent
_FOLDER = _CODE / "__pycache__"


def load_kept(path: Path, compile_form: Callable[[Path], Form], folder: Path = _FOLDER) -> Form:
    """The form of the file at `path`: as kept in `folder`, else compiled, and kept there."""
    sources, place = _state_of(path), folder / f"{path.stem}.{sys.implementation.cache_tag}.form"
    form = _take(place, sources)
    if form is None:
        form = compile_form(path)
        if not sys.dont_write_bytecode:
            _keep(place, sources, form)
    return form


def _state_of(path: Path) -> bytes:
    """What tells that a source was changed, in one line."""
    states = [(sys.version, str(path), 0)]
    for source in (path, *sorted(_CODE.glob("*.py"))):
        found = source.stat()
        states.append((source.name, str(found.st_mtime_ns), found.st_size))
    return repr(states).encode("ascii", "backslashreplace") + b"\n"


def _take(place: Path, sources: bytes) -> Form | None:
    try:
        content = place.read_bytes()
        if not content.startswith(sources):
            return None
        form: object = pickle.loads(content[len(sources) :])  # noqa: S301 - written by us, beside our code
    except Exception:  # noqa: BLE001 - whatever is the matter with it, the form file is at hand
        return None
    return form if isinstance(form, Form) else None


def _keep(place: Path, sources: bytes, form: Form) -> None:
    from xlsx_tools.output import write_whole  # noqa: PLC0415 - slow, and only the first time

    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        write_whole(place, sources + pickle.dumps(form, pickle.HIGHEST_PROTOCOL))
