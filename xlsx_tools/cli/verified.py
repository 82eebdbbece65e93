"""How looking into a proof ended."""

from __future__ import annotations

from typing import NamedTuple


class Verified(NamedTuple):
    """The exit status, and what to say."""

    status: int
    lines: tuple[str, ...]
