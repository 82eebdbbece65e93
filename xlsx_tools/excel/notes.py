"""Notes on cells, written as the two parts that every program since Excel 97 shows them from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.excel.address import split_address
from xlsx_tools.excel.cell_content import escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable

AUTHOR = "nianbao"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_FIRST_SHAPE = 1026
_HEAD = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


class Note(NamedTuple):
    """A note on one cell; the size of its box is in pixels, `colour` is the box's."""

    address: str
    text: str
    width: int = 320
    height: int = 90
    colour: str = "#ffffe1"


def write_notes(sheet: str, notes: Iterable[Note]) -> bytes:
    """The part with what the notes of a sheet say.

    Raises:
        IllegalTextError: a text that no workbook can hold.
    """
    lines = "".join(
        f'<comment ref="{note.address}" authorId="0" shapeId="0"><text>'
        f'<t xml:space="preserve">{escape_text(note.text, f"{sheet}!{note.address}")}</t>'
        f"</text></comment>"
        for note in notes
    )
    return (
        f'<comments xmlns="{_MAIN}"><authors><author>{AUTHOR}</author></authors>'
        f"<commentList>{lines}</commentList></comments>"
    ).encode()


def write_note_boxes(notes: Iterable[Note]) -> bytes:
    """The part with the box of each note, hidden until the mouse is over its cell."""
    boxes = "".join(_box(number, note) for number, note in enumerate(notes, _FIRST_SHAPE))
    return f"{_HEAD}{boxes}</xml>".encode()


def _box(number: int, note: Note) -> str:
    column, row = split_address(note.address)
    return (
        f'<v:shape type="#_x0000_t202" style="position:absolute; margin-left:59.25pt;'
        f"margin-top:1.5pt;width:{note.width}px;height:{note.height}px;z-index:1;"
        f'visibility:hidden" fillcolor="{note.colour}" o:insetmode="auto" id="_x0000_s{number}">'
        f'<v:fill color2="{note.colour}"/><v:shadow color="black" obscured="t"/>'
        f'<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto">'
        f'<div style="text-align:left"/></v:textbox><x:ClientData ObjectType="Note">'
        f"<x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row - 1}</x:Row><x:Column>{column - 1}</x:Column></x:ClientData></v:shape>"
    )
