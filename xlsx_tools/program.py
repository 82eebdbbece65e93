"""Which program this is, for those who keep results: code and forms, by their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from xlsx_tools.forms.load import form_files

_PACKAGE = Path(__file__).resolve().parent


@cache
def program_digest() -> str:
    """Changes whenever a line of the code or of a form does; the same on every machine."""
    digest = hashlib.sha256()
    for path in (*sorted(_PACKAGE.rglob("*.py")), *form_files()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
