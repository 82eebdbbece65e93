"""The same work done with what others would use."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from xml.parsers.expat import ParserCreate
from zipfile import ZipFile

from openpyxl import load_workbook
from pandas import DataFrame, read_excel

from xlsx_tools.excel.address import layout_of, split_address

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form

Sheets = dict[str, DataFrame]


def load_twice(path: Path) -> tuple[Workbook, Workbook]:
    """Values and formulas: what one pass of ours sees, openpyxl has to load twice."""
    return load_workbook(path, data_only=True), load_workbook(path)


def load_with_pandas(path: Path) -> Sheets:
    """All sheets as pandas sees them: values only."""
    return read_excel(path, sheet_name=None, header=None, engine="openpyxl")


def parse_only(path: Path) -> None:
    """Inflate every part and let expat call an empty Python function at each element."""
    with ZipFile(path) as package:
        for name in package.namelist():
            parser = ParserCreate()
            parser.StartElementHandler = _see_nothing
            parser.Parse(package.read(name), True)  # noqa: FBT003 - it takes no name


def _see_nothing(_tag: str, _attributes: dict[str, str]) -> None:
    pass


def figures_of_openpyxl(form: Form, book: Workbook) -> tuple[object, ...]:
    """The figures of a form, in its order."""
    spots = layout_of(form).figure
    return tuple(book[spots[c.index].sheet][spots[c.index].address].value for c in form.cells)


def figures_of_pandas(form: Form, sheets: Sheets) -> tuple[object, ...]:
    """The figures of a form, in its order."""
    found = []
    for spot in map(layout_of(form).place_of, range(len(form.cells))):
        column, row = split_address(spot.address)
        found.append(sheets[spot.sheet].iloc[row - 1, column - 1])
    return tuple(found)


def gather_json(form: Form, path: Path) -> dict[str, object]:
    """A workbook as filing JSON, the way one would with openpyxl: figures and who files."""
    book, formulas = load_twice(path)
    layout = layout_of(form)
    cover = {key: book[spot.sheet][spot.address].value for key, spot in layout.cover.items()}
    found: dict[str, object] = {
        "form": form.id,
        "year": int(str(cover["year"])),
        "organisation": {"name": cover["organisation"]},
    }
    figures = figures_of_openpyxl(form, book)
    kinds = [str(words).startswith("=") for words in figures_of_openpyxl(form, formulas)]
    for cell in form.cells:
        if kinds[cell.index] == cell.total:
            _put(found, cell.path.split("."), figures[cell.index])
    return found


def _put(place: dict[str, object], path: list[str], value: object) -> None:
    for name in path[:-1]:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            raise TypeError(path)
        place = inner
    place[path[-1]] = value


def fill_with_openpyxl(template: bytes, filing: Filing) -> bytes:
    """Load the blank workbook, put in figures and prose, save it."""
    book, layout = load_workbook(BytesIO(template)), layout_of(filing.form)
    figures = filing.values  # noqa: PD011 - no frame of pandas
    for cell in filing.form.inputs:
        spot = layout.place_of(cell.index)
        book[spot.sheet][spot.address] = figures[cell.index]
    for section, spot in layout.text_top.items():
        first = split_address(spot.address)[1]
        for row, text in enumerate((filing.narrative[section] or "").split("\n"), start=first):
            book[spot.sheet][f"A{row}"] = text
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()
