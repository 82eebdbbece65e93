"""What a file is called without the folder somebody put it in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xlsx_tools.excel.intake import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def root_of(paths: Iterable[Path]) -> str:
    """How the labels of all that is found at these paths begin: the folder common to them.

    A given file counts by the folder it lies in. The root is empty where there is none in common.
    """
    folders = {label_of(str(path if path.is_dir() else path.parent)) for path in paths}
    try:
        return os.path.commonpath(folders).removeprefix(os.curdir)
    except ValueError:  # nothing given, or on several drives, or not all from the same start
        return ""


def name_within(label: str, root: str) -> str:
    """The label without its root, with ``/`` between folders."""
    start = root.rstrip(os.sep) + os.sep
    return (label.removeprefix(start) if root else label).replace(os.sep, "/")
