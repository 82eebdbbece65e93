"""③ Filing → filled-in workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.output import write_whole
from xlsx_tools.template import render_filing

if TYPE_CHECKING:
    from pathlib import Path

    from xlsx_tools.filing import Filing


def render_workbook(filing: Filing) -> bytes:
    """The filled-in workbook as bytes; the same filing always gives the same bytes.

    Raises:
        FilingError: totals that contradict their parts, or figures that cannot be read.
        IllegalTextError: a text that no workbook can hold.
    """
    return render_filing(filing)


def fill_workbook(filing: Filing, path: Path) -> None:
    """Write the filled-in workbook to `path`, whole or not at all.

    Raises:
        FilingError, IllegalTextError: as `render_workbook`; then nothing is written.
    """
    write_whole(path, render_workbook(filing))
