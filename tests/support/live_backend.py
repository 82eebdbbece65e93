"""``nianbao serve`` in a process of its own, for the front ends to press their buttons against."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.serving import SECRET, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Backend:
    """Where it listens, as a user types it into the settings, and what lets one in."""

    address: str
    token: str


@contextmanager
def live_backend(folder: Path) -> Iterator[Backend]:
    """The server on a free port with its state in `folder`, stopped as Ctrl-C stops it.

    ``--wps`` lets in pages that were opened from disk, whose origin is null.
    """
    with running(folder / "state", "--wps", "--jobs", "1") as server:
        yield Backend(server.url.rstrip("/"), SECRET)
        assert server.stop() == 0
