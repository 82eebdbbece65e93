"""The coordinator's summary workbook: one row a file, one row a finding, and the sums."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from xlsx_tools.excel.styles import set_default_font
from xlsx_tools.report.overview import entries_of, survey
from xlsx_tools.report.summary_cover import TITLE, write_cover
from xlsx_tools.report.summary_tables import tables_of
from xlsx_tools.report.table_sheet import MOST_ROWS, TableSheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.batch import Batch

_CHUNK = 1 << 16
_DAY = (1980, 1, 1, 0, 0, 0)  # as early as a zip can say: the same batch gives the same bytes


def render_summary_workbook(batch: Batch, *, most_rows: int = MOST_ROWS) -> Iterator[bytes]:
    """The workbook piece by piece: 概况, 单位×表, 按单位, 按规则, 问题清单, 说明附表, and so on.

    Every text is a text, also when it looks like a formula. A sheet holds `most_rows` rows;
    what does not fit is counted in its last row. The files are gone through twice and not kept.
    """
    with TemporaryFile() as file:
        _write(batch, file, most_rows)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _write(batch: Batch, file: IO[bytes], most_rows: int) -> None:
    overview = survey(batch)
    book = Workbook(write_only=True)
    set_default_font(book)
    book.properties.creator, book.properties.title = "nianbao", TITLE
    book.properties.created = book.properties.modified = datetime(*_DAY)  # noqa: DTZ001 - not a moment
    write_cover(book, batch, overview)
    tables = tables_of(batch)
    sheets = [TableSheet(book, one.title, one.columns(overview), most=most_rows) for one in tables]
    pairs = list(zip(tables, sheets, strict=True))
    for entry in entries_of(batch):
        for table, sheet in pairs:
            for row in table.each(entry, overview):
                sheet.add(row)
    for table, sheet in pairs:
        for row in table.after(batch, overview):
            sheet.add(row)
        sheet.finish()
    with _UndatedZip(file, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


class _UndatedZip(ZipFile):
    """A zip that does not say when it was made."""

    def writestr(self, name: str | ZipInfo, data: str | bytes, *_: object, **__: object) -> None:  # type: ignore[override]
        super().writestr(self._entry(name if isinstance(name, str) else name.filename), data)

    def write(self, filename: str, arcname: str = "", *_: object, **__: object) -> None:  # type: ignore[override]
        with Path(filename).open("rb") as source, self.open(self._entry(arcname), "w") as target:
            shutil.copyfileobj(source, target)

    def _entry(self, name: str) -> ZipInfo:
        entry = ZipInfo(name, _DAY)
        entry.compress_type = ZIP_DEFLATED
        return entry
