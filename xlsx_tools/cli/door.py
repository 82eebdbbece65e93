"""The way in. ``nianbao check 某某局.xlsx`` is done at once; all else is left to the commands.

A clerk checks one workbook, and waits for it: what only options and batches need (click, journals,
rosters) takes longer to load than the check itself. Tests hold the two ways to the same words.
"""

from __future__ import annotations

import stat
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from xlsx_tools.cli.streams import speak_utf8

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORKBOOK = ".xlsx"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; trouble is a Chinese sentence and an exit status, no traceback."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    path = _one_workbook(words)
    if path is None:
        from xlsx_tools.cli.main import main as run_command  # noqa: PLC0415 - slow to import

        run_command(words)
    speak_utf8()
    try:
        sys.exit(_check_one(path))
    except KeyboardInterrupt:
        from xlsx_tools.cli.main import say_interrupted  # noqa: PLC0415 - the same

        sys.exit(say_interrupted())
    except OSError as error:
        from xlsx_tools.cli.main import tell_of_system  # noqa: PLC0415 - the same

        sys.exit(tell_of_system(error))


def _one_workbook(words: Sequence[str]) -> Path | None:
    """The plain file that ``check`` is asked for, by its name a workbook, without any option."""
    if len(words) != 2 or words[0] != "check" or words[1].startswith("-"):  # noqa: PLR2004
        return None
    path = Path(words[1])
    if path.suffix.lower() != _WORKBOOK:
        return None
    try:
        return path if stat.S_ISREG(path.lstat().st_mode) else None
    except (OSError, ValueError):
        return None


def _check_one(path: Path) -> int:
    from xlsx_tools.batch.result import Batch  # noqa: PLC0415 - not for other commands
    from xlsx_tools.batch.work import Checker, Checking, Task  # noqa: PLC0415
    from xlsx_tools.cli.statuses import status_of  # noqa: PLC0415
    from xlsx_tools.excel.intake import label_of  # noqa: PLC0415
    from xlsx_tools.report.text import render_text  # noqa: PLC0415

    checker = Checker(Checking(date.today()))  # noqa: DTZ011 - the user's day
    batch = Batch([checker.check(Task(0, label_of(str(path)), str(path)))])
    for chunk in render_text(batch):
        sys.stdout.write(chunk.decode())
    sys.stdout.flush()
    return status_of(batch)
