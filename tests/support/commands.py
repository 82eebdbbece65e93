"""Running a command in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from xlsx_tools.cli.main import main


class Ended(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Command = Callable[..., Ended]


def run_command(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    """Run ``nianbao`` with these arguments; a traceback is never what a user sees."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, said.out, said.err)
