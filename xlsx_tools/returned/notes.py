"""A note on each cell to be put right, beside the official notes on the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.excel.cell_content import make_writable
from xlsx_tools.excel.notes import Note, write_note_boxes, write_notes
from xlsx_tools.returned.places import TODO, note_sheets
from xlsx_tools.template.notes import label_notes
from xlsx_tools.template.verdict_cells import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlsx_tools.excel.address import Layout, Spot
    from xlsx_tools.finding import Finding
    from xlsx_tools.returned.follow import Case

_MANY, _TOLD = 8, 2
_LONGEST_MESSAGE, _LONGEST_REMEDY = 180, 90
_WIDTH, _LINE, _CHARACTERS = 330, 17, 24
_COLOUR = "#ffe0e0"


def label_notes_of(layout: Layout, sheet: str) -> list[Note]:
    """The notes a sheet has in every return workbook; none is ever without."""
    tables = (table for table in layout.form.tables.values() if table.sheet == sheet)
    notes = [note for table in tables for note in label_notes(table)]
    cover = sheet == layout.form.sheets["cover"]
    return notes or [Note("A2" if cover else "A1", f"需要处理的事项见“{TODO}”表。", 240, 40)]


def note_parts(case: Case) -> Mapping[str, bytes]:
    """The parts with the notes of every sheet, which take the place of those drawn."""
    told = _tell_cells(case)
    parts = {}
    for number, sheet in enumerate(note_sheets(case.layout), start=1):
        own = [_note(spot, findings) for spot, findings in told.items() if spot.sheet == sheet]
        notes = [*label_notes_of(case.layout, sheet), *own]
        parts[f"xl/comments/comment{number}.xml"] = write_notes(sheet, notes)
        parts[f"xl/drawings/commentsDrawing{number}.vml"] = write_note_boxes(notes)
    return parts


def _tell_cells(case: Case) -> dict[Spot, list[Finding]]:
    """What to say at each cell: leading findings, and those beneath where nothing is said yet.

    A finding that names many cells speaks at the first one only; all of them are red.
    """
    told: dict[Spot, list[Finding]] = {}
    for lead in case.leading:
        shown = case.shown(lead)
        if shown.blocks:
            for spot in _few(lead.spots):
                told.setdefault(spot, []).append(lead.finding)
    for spot, finding in _beneath(case):
        told.setdefault(spot, [finding])
    return told


def _beneath(case: Case) -> Iterator[tuple[Spot, Finding]]:
    for lead in case.leading:
        for followed in case.beneath(lead):
            if followed.blocks and followed.finding.state == "broken":
                yield from ((spot, followed.finding) for spot in _few(followed.spots))


def _few(spots: tuple[Spot, ...]) -> tuple[Spot, ...]:
    return spots if len(spots) <= _MANY else spots[:1]


def _note(spot: Spot, findings: Iterable[Finding]) -> Note:
    found = list(findings)
    said = [_say(finding) for finding in found[:_TOLD]]
    if len(found) > _TOLD:
        said.append(f"另有 {len(found) - _TOLD} 项，见“{TODO}”表。")
    text = make_writable("\n".join(said))
    lines = sum(-(-len(line) // _CHARACTERS) or 1 for line in text.split("\n"))
    return Note(spot.address, text, _WIDTH, min(lines * _LINE + 16, 420), _COLOUR)


def _say(finding: Finding) -> str:
    message, remedy = (
        text if len(text) <= most else f"{text[:most]}…"
        for text, most in ((finding.message, _LONGEST_MESSAGE), (finding.remedy, _LONGEST_REMEDY))
    )
    return f"【{SEVERITIES[finding.severity]}】{message}\n处理：{remedy}"
