"""The rows of 纳入情况 and 说明附表: who is counted, who is not and why, and what units wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.batch.result import STATUS_WORDS
from xlsx_tools.excel.address import LONGEST_PARAGRAPH
from xlsx_tools.excel.cell_content import make_writable
from xlsx_tools.excel.prepared import Number, TailRow, Text
from xlsx_tools.merge.source import Excluded, Source
from xlsx_tools.merge.trace import scope_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.filing import Filing

_COUNTED, _NOT_COUNTED, _BY_ROSTER, _MISSING = "计入", "未计入", "按名册不计入", "未报送"
_LINE, _PADDING = 15.0, 3.0
ROWS_SHOWN = 10_000
"""So many rows of each kind have their place; the workbook stays small, and so does our memory."""


class Annex:
    """The first rows of one kind, and how many there are in all."""

    def __init__(self) -> None:
        self.rows: list[TailRow] = []
        self.count = 0

    def extend(self, rows: Iterable[TailRow]) -> None:
        """Take what there is room for; the rest is only counted."""
        for row in rows:
            self.count += 1
            if len(self.rows) < ROWS_SHOWN:
                self.rows.append(row)

    @property
    def cut(self) -> bool:
        """Whether there are more than those kept."""
        return self.count > len(self.rows)


def coverage_rows(
    files: Iterable[Source | Excluded], missing: Iterable[str] = ()
) -> Iterator[TailRow]:
    """One row for each file, and one for each organisation that sent none."""
    for file in files:
        if isinstance(file, Excluded):
            word = _BY_ROSTER if file.by_roster else _NOT_COUNTED
            yield _row(A=word, B=file.unit, E=file.file, F=file.sha256, H=file.why)
        else:
            yield _counted(file)
    for name in missing:
        yield _row(A=_MISSING, B=name, H="截至汇总时没有收到报送，本汇总不含该单位")


def _counted(source: Source) -> TailRow:
    filing = source.filing
    row = _row(
        A=_COUNTED,
        B=filing.organisation.name,
        C=filing.organisation.code or "",
        D=scope_word(filing),
        E=source.file,
        F=source.sha256,
        H=(STATUS_WORDS[source.status] if source.status else "") + _say_members(filing),
    )
    if not filing.includes:
        return row
    return TailRow({**row.cells, "G": Number(str(len(filing.includes)))}, row.height)


def _say_members(filing: Filing) -> str:
    """The members of a consolidated filing, as many as a row shows whole."""
    if not filing.includes:
        return ""
    named, length = [], 0
    for name in filing.includes:
        length += len(name) + 1
        if length > LONGEST_PARAGRAPH:
            break
        named.append(name)
    rest = "等" if len(named) < len(filing.includes) else ""
    return f"（所含单位：{'、'.join(named)}{rest}）"


def say_coverage(
    count: int, merged: Filing, excluded: Sequence[Excluded], missing: Sequence[str]
) -> str:
    """How many files are counted and how many not; whether the sums are partial."""
    left_out = sum(file.by_roster for file in excluded)
    said = (
        f"计入 {count} 份，共 {len(merged.includes)} 个单位；未计入 {len(excluded) - left_out} 份；"
        f"按名册不计入 {left_out} 份；未报送 {len(missing)} 个单位。"
    )
    return f"{said}尚有单位没有报送，本汇总为部分汇总。" if missing else said


def reason_rows(source: Source) -> Iterator[TailRow]:
    """What a unit wrote beside the rules, and its other matters: the prose beside figures."""
    filing = source.filing
    for instance_id, reason in filing.reasons.items():
        instance = filing.form.instance_by_id.get(instance_id)
        title = f"{instance.title}：{instance.rule.says}" if instance else ""
        yield from _said(source, instance_id, title, reason)
    for section in filing.form.texts:
        if section.table and (text := filing.narrative.get(section.id)):
            yield from _said(source, section.short, section.heading, text)


def _said(source: Source, what: str, title: str, text: str) -> Iterator[TailRow]:
    """One row a paragraph; a long one goes on in the next row."""
    unit = source.filing.organisation.name
    for paragraph in filter(str.strip, text.split("\n")):
        for start in range(0, len(paragraph), LONGEST_PARAGRAPH):
            piece = paragraph[start : start + LONGEST_PARAGRAPH]
            yield _row(A=unit, B=source.file, C=what, D=title, E=piece)


_CHARACTERS = {"A": 7, "B": 14, "C": 11, "D": 8, "E": 17, "F": 32, "H": 24}
"""About how many characters each column shows in one line, in the narrower of the two sheets."""


def _row(**columns: str) -> TailRow:
    """A row of texts by column, high enough for the longest."""
    cells: dict[str, Content] = {}
    lines = 1
    for letter, text in columns.items():
        if text:
            cells[letter] = Text(make_writable(text))
            lines = max(lines, -(-len(text) // _CHARACTERS[letter]))
    return TailRow(cells, lines * _LINE + _PADDING)
