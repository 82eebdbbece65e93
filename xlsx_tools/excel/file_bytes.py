"""A file that is too big for memory, sliced like bytes."""

from __future__ import annotations

import os

from xlsx_tools.excel.refusals import refuse


class FileBytes:
    """The bytes of an open file; only the slices that are asked for are read."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._size = os.fstat(handle).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        """A slice without a step; shorter than asked for when the file was cut in between.

        Raises:
            UnusableFileError: ``fs.unreadable``.
        """
        start, end, _ = span.indices(self._size)
        blocks: list[bytes] = []
        try:
            os.lseek(self._handle, start, os.SEEK_SET)
            while end > start and (block := os.read(self._handle, end - start)):
                blocks.append(block)
                start += len(block)
        except OSError as error:
            raise refuse("fs.unreadable", detail=error.strerror or "原因不明") from error
        return b"".join(blocks)

    def rfind(self, wanted: bytes, start: int) -> int:
        """The last place of `wanted` from `start` on, or -1; meant for the end of a file."""
        found = self[start:].rfind(wanted)
        return found if found < 0 else start + found
