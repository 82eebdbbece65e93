"""LibreOffice as a second opinion: recalculates workbooks whose saved results were removed."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xlsx_tools.excel.address import Spot

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


_PYTHON_WITH_UNO = "/usr/bin/python3"
_DRIVER = Path(__file__).with_name("uno_driver.py")


@dataclass(frozen=True)
class Worked:
    """What a person at LibreOffice saw, and the files they saved and printed.

    `before` and `after` the typing are the texts of the cells looked at; `notes` are those of
    each sheet by column and row from 0; `jumps` say where each link led.
    """

    before: list[str]
    after: list[str]
    notes: Mapping[str, Mapping[str, str]]
    jumps: list[str]
    saved: bytes
    printed: bytes


def work_in_office(  # noqa: PLR0913 - all but the workbook are named at each call
    data: bytes,
    folder: Path,
    *,
    typed: Mapping[Spot, str | int] = {},
    look: Sequence[Spot] = (),
    notes: Sequence[str] = (),
    jump: Sequence[Spot] = (),
) -> Worked:
    """Open a workbook in LibreOffice, type into it, and save it there as .xlsx and as .pdf."""
    folder.mkdir(parents=True, exist_ok=True)
    source, target = folder / "opened.xlsx", folder / "saved.xlsx"
    source.write_bytes(data)
    job = {
        "profile": (folder / "profile").as_uri(),
        "source": str(source),
        "target": str(target),
        "type": [[*spot, value] for spot, value in typed.items()],
        "look": look,
        "notes": notes,
        "jump": jump,
    }
    command = [_PYTHON_WITH_UNO, str(_DRIVER)]
    run = subprocess.run(
        command, check=True, capture_output=True, timeout=300, text=True, input=json.dumps(job)
    )
    return Worked(
        **json.loads(run.stdout),
        saved=target.read_bytes(),
        printed=target.with_suffix(".pdf").read_bytes(),
    )
