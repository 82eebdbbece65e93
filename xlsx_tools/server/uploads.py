"""An upload → the files in it: one workbook or filing, a zip of them, or several as a form."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from starlette.formparsers import MultiPartException, MultiPartParser

from xlsx_tools.batch.archive import read_archive
from xlsx_tools.batch.result import Ignored
from xlsx_tools.batch.sources import why_ignored
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.server.problems import refuse_request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from starlette.datastructures import Headers

    from xlsx_tools.server.settings import Limits

_INSIDE = "/"


class Upload(NamedTuple):
    """One file as it was sent."""

    name: str
    data: bytes


async def split_form(headers: Headers, body: bytes, limits: Limits) -> list[Upload]:
    """The files of a multipart form.

    Raises:
        RequestError: it is no form, or there is no file in it.
    """

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(headers, stream(), max_files=limits.members, max_fields=10)
    uploads: list[Upload] = []
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, LookupError) as error:
        raise refuse_request("server.multipart") from error
    for _, value in form.multi_items():
        if not isinstance(value, str):
            uploads.append(Upload(value.filename or "", await value.read()))
    await form.close()
    if not uploads:
        raise refuse_request("server.empty")
    return uploads


def unpack_upload(upload: Upload, limits: Limits) -> Iterator[Upload | Ignored]:
    """The files meant by one upload: itself, or what a zip of submissions holds.

    A damaged zip, and a damaged file in a zip, is a submission itself: its verdict says why.

    Raises:
        RequestError: more in a zip than one upload may bring.
    """
    if why := why_ignored(PurePosixPath(upload.name.replace("\\", "/")).name):
        yield Ignored(upload.name, why)
        return
    try:
        archive = read_archive(upload.data)
    except UnusableFileError:
        archive = None
    if archive is None:
        yield upload
        return
    total = 0
    for number, member in enumerate(archive.members()):
        if number >= limits.members:
            raise refuse_request("server.too_big", f"{limits.members} 个文件")
        if isinstance(member, Ignored):
            yield Ignored(f"{upload.name}{_INSIDE}{member.file}", member.why)
            continue
        try:
            data = archive.read(member)
        except UnusableFileError as error:
            yield Ignored(f"{upload.name}{_INSIDE}{member}", str(error))
            continue
        total += len(data)
        if total > limits.unpacked_bytes:
            raise refuse_request("server.too_big", f"{limits.unpacked_bytes} 字节")
        yield Upload(member, data)
