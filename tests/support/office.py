"""LibreOffice as a second opinion: recalculates workbooks whose saved results were removed."""

from __future__ import annotations

import re
import subprocess
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_TYPED_FORMULA = re.compile(r'(<c [^>]*?) t="(?:str|b)"([^>]*>)(<f[^>]*?(?:/>|>.*?</f>))')
_SAVED = re.compile(r"(<f[^>]*?(?:/>|>[^<]*</f>))<v>[^<]*</v>")


def edit_sheets(data: bytes, edit: Callable[[str, str], str]) -> bytes:
    """The workbook with each sheet's XML run through `edit(part, xml)`."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = edit(name, part.decode()).encode()
            new.writestr(name, part)
    return out.getvalue()


def without_saved_results(data: bytes) -> bytes:
    """Remove what every formula showed, so that only a recalculation can put it back."""
    return edit_sheets(data, lambda _, xml: _SAVED.sub(r"\1", _TYPED_FORMULA.sub(r"\1\2\3", xml)))


def recalculate(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """Let one headless LibreOffice open and save all these workbooks."""
    source, target = folder / "in", folder / "out"
    source.mkdir()
    for name, data in files.items():
        (source / f"{name}.xlsx").write_bytes(without_saved_results(data))
    command = [
        "soffice",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(target),
        *(str(source / f"{name}.xlsx") for name in files),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    return {name: (target / f"{name}.xlsx").read_bytes() for name in files}
