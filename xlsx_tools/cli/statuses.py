"""The exit statuses of every command, and the one that says the worst of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xlsx_tools.batch import Batch

ACCEPTED: Final = 0
NOT_ACCEPTED: Final = 1
WRONG_USAGE: Final = 2
UNREADABLE: Final = 3
INTERRUPTED: Final = 130


def status_of(batch: Batch) -> int:
    """The exit status that says the worst of all files."""
    accepted = True
    for result in batch.results:
        if result.status == "unreadable":
            return UNREADABLE
        accepted = accepted and result.settled
    return ACCEPTED if accepted else NOT_ACCEPTED
