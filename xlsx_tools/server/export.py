"""The whole state of a server as one zip, readable without this program."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from xlsx_tools.csv_text import write_csv
from xlsx_tools.interchange.exact_json import dumps_exact
from xlsx_tools.report.json import render_json
from xlsx_tools.roster import FileNames
from xlsx_tools.server.base import ACTION_WORDS
from xlsx_tools.server.records import (
    KIND_WORDS,
    list_audit,
    list_decisions,
    list_waivers,
    load_roster,
)
from xlsx_tools.server.submissions import list_submissions, load_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from xlsx_tools.server.base import Base
    from xlsx_tools.server.desk import Desk

_CHUNK = 1 << 20
_EVERYTHING = 1 << 30
_WAIVER_HEADING = ("rule", "unit", "year", "by", "why", "until", "figures", "revoked")
_DECISION_HEADING = ("编号", "决定", "填报编号", "理由", "已撤销")
_AUDIT_HEADING = ("编号", "时间", "操作人", "事项", "对象", "内容")
_YES, _NO = "是", "否"


def export_state(base: Base, desk: Desk) -> Iterator[bytes]:
    """The zip, piece by piece: originals, list, verdicts, roster, waivers, decisions, audit."""
    with tempfile.TemporaryFile() as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as target, base.read() as connection:
            _write_originals(target, connection)
            _write(target, "校验结果.json", render_json(desk.batch))
            _write_lists(target, connection)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_originals(target: ZipFile, connection: Connection) -> None:
    """Each under its number, so that no two are alike; what they were called is in the list."""
    names, listed = FileNames(), []
    for one in list(list_submissions(connection)):
        path = f"原文件/{one.id:06}-{names.take(one.name, one.id)}"
        target.writestr(path, load_content(connection, one.sha256), ZIP_STORED)
        listed.append(
            {
                "id": one.id,
                "name": one.name,
                "path": path,
                "sha256": one.sha256,
                "size": one.size,
                "received": one.received,
                "sender": one.sender,
                "status": one.status,
            }
        )
    _write(target, "填报.json", [dumps_exact(listed).encode()])


def _write_lists(target: ZipFile, connection: Connection) -> None:
    roster = load_roster(connection)
    if roster is not None:
        _write(target, "名册.csv", [roster])
    waivers = (
        (w.rule, w.unit, w.year, w.by, w.why, w.until.isoformat(), w.figures, _YES if off else _NO)
        for _, w, off in list_waivers(connection)
    )
    _write(target, "豁免.csv", write_csv(_WAIVER_HEADING, waivers))
    decisions = (
        (one.id, KIND_WORDS[one.kind], one.submission, one.why, _YES if one.revoked else _NO)
        for one in list_decisions(connection)
    )
    _write(target, "决定.csv", write_csv(_DECISION_HEADING, decisions))
    words = {str(key): word for key, word in ACTION_WORDS.items()}
    lines = (
        (one.id, one.at, one.who, words.get(one.action, one.action), one.subject, one.detail)
        for one in reversed(list(list_audit(connection, None, _EVERYTHING)))
    )
    _write(target, "操作记录.csv", write_csv(_AUDIT_HEADING, lines))


def _write(target: ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    with target.open(name, "w") as part:
        for piece in pieces:
            part.write(piece)
