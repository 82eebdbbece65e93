"""What a file of a batch is called to those who sent it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def shorten_names(files: Sequence[str]) -> list[str]:
    """The files without the coordinator's folders, as far as that leaves them apart."""
    split = [[step for step in re.split(r"[\\/]", file) if step] for file in files]
    for depth in range(1, max(map(len, split), default=0) + 1):
        names = ["/".join(steps[-depth:]) for steps in split]
        if len(set(names)) == len(names):
            return names
    return list(files)
