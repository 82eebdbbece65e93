"""Puts a finished file in its place: all of it or nothing."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEMPORARY_PREFIX = "~nianbao-"
TEMPORARY_SUFFIX = ".tmp"
# Some network and user-space file systems have no fsync for a folder and say so with one of these.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS})


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that, whatever happens, the old or the new file is there.

    Raises:
        OSError: as `write_pieces`.
    """
    write_pieces(path, (data,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write `pieces`, one after the other, so that the old or the new file is there, whole.

    The bytes go to ``~nianbao-….tmp`` in the same folder first. A killed process can leave that
    file behind; nobody reads it, and it may be deleted. A symbolic link at `path` is replaced,
    not followed.

    Raises:
        OSError: the file could not be written; what was at `path` is untouched, unless only the
            last step failed: asking the disk to remember the new name.
    """
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "not a file, so not replaced", str(path))
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; Windows offers no such call and needs none."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # a folder we may write to but not read: nothing more can be done
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)
