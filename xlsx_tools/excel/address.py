"""Where each thing of a form is in its workbook: the one place ②, ③ and ④ agree on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xlsx_tools.forms import Form, Instance, Table

GRID_TOP = 3
"""A table's printed grid starts in this row of its sheet."""
TEXT_ROWS = 8
"""So many rows of prose stand in the blank sheet; the whole column below can be typed in."""
TEXT_LIMIT = 2000
LONGEST_PARAGRAPH = 600
"""Characters of one paragraph that a row shows whole (Excel clips a row at 409 points)."""
CONTINUED = "接上段"
INCLUDES_CELLS = 10
_INCLUDES_COLUMNS = "BCDEFGHI"
"""Only the stamp of a merged workbook has room in all of them; every other in the first."""
COVER_KEYS = ("organisation", "code", "year", "scope", "filler", "phone", "nil_return")
CONTACT_KEYS = ("filler", "phone")
"""The fields of the cover that say who filled it in."""
STAMP_KEYS = (
    "form",
    "template_version",
    "organisation",
    "code",
    "year",
    "scope",
    "prefilled",
    "prefill_digest",
    *(f"includes_{number}" for number in range(1, INCLUDES_CELLS + 1)),
)
CHECK_HEAD = 12
"""The heading row of the rules in 校验; the first rule stands below it."""
_MIRROR_TOP = 40
_MIRROR_LEFT = 3
_LAST_YEAR_LEFT = 33


class Spot(NamedTuple):
    """A cell of the workbook."""

    sheet: str
    address: str

    def ref(self) -> str:
        """As an absolute reference from any sheet."""
        letters = self.address.rstrip("0123456789")
        return f"{quote(self.sheet)}!${letters}${self.address[len(letters) :]}"


def quote(sheet: str) -> str:
    """A sheet name as formulas write it."""
    return "'" + sheet.replace("'", "''") + "'"


@cache
def letters(column: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def at(column: int, row: int) -> str:
    """Column and row (1-based) → ``D5``."""
    return f"{letters(column)}{row}"


def split_address(address: str) -> tuple[int, int]:
    """``D5`` → column and row."""
    name = address.rstrip("0123456789")
    column = 0
    for letter in name:
        column = column * 26 + ord(letter) - 64
    return column, int(address[len(name) :])


@dataclass(frozen=True)
class Layout:
    """Every address of one form's workbook; indices are those of ``form.cells``."""

    form: Form
    figure: Mapping[int, Spot]
    mirror: Mapping[int, str]
    last_year: Mapping[int, str]
    mirror_area: Mapping[str, str]
    figure_area: Mapping[str, str]
    zero_flag: Mapping[str, Spot]
    balance: Mapping[int, Spot]
    text_top: Mapping[str, Spot]
    cover: Mapping[str, Spot]
    stamp: Mapping[str, Spot]
    includes: tuple[Spot, ...]
    check_row: Mapping[str, int]
    status_row: Mapping[str, int]

    def place_of(self, index: int) -> Spot:
        """Where the figure is."""
        return self.figure[index]

    def labels(self) -> Iterable[tuple[Spot, str]]:
        """Each printed label with its place: what makes a sheet recognisable."""
        for table in self.form.tables.values():
            for grid in (grid for row in table.grid for grid in row if grid.piece != "cell"):
                yield Spot(table.sheet, at(grid.column, GRID_TOP - 1 + grid.row)), grid.text


@cache
def layout_of(form: Form) -> Layout:
    """Compute the layout of a form's workbook."""
    figure: dict[int, Spot] = {}
    mirror: dict[int, str] = {}
    last_year: dict[int, str] = {}
    mirror_area, figure_area = {}, {}
    top = _MIRROR_TOP
    carried = form.carried_indices
    for table in form.tables.values():
        mirror_area[table.id] = _area(table, _MIRROR_LEFT, top)
        figure_area[table.id] = f"{quote(table.sheet)}!{_area(table, 0, GRID_TOP - 1)}"
        for grid in (grid for row in table.grid for grid in row if grid.piece == "cell"):
            index = form.by_path[grid.path].index
            figure[index] = Spot(table.sheet, at(grid.column, GRID_TOP - 1 + grid.row))
            mirror[index] = at(_MIRROR_LEFT + grid.column, top + grid.row)
            if index in carried:
                last_year[index] = at(_LAST_YEAR_LEFT + grid.column, top + grid.row)
        top += len(table.grid) + 2
    shown = [instance for instance in form.instances if _has_row(instance)]
    cover, stamp = form.sheets["cover"], form.sheets["stamp"]
    return Layout(
        form=form,
        figure=figure,
        mirror=mirror,
        last_year=last_year,
        mirror_area=mirror_area,
        figure_area=figure_area,
        zero_flag={
            table.id: Spot(table.sheet, at(len(table.widths), 2)) for table in form.official_tables
        },
        balance=_balance(form),
        text_top={
            section.id: Spot(section.sheet, f"A{_text_top(form, section.table)}")
            for section in form.texts
        },
        cover={key: Spot(cover, f"B{row}") for row, key in enumerate(COVER_KEYS, start=4)},
        stamp={key: Spot(stamp, f"B{row}") for row, key in enumerate(STAMP_KEYS, start=2)},
        includes=tuple(
            Spot(stamp, f"{column}{STAMP_KEYS.index('includes_1') + 2 + number}")
            for column in _INCLUDES_COLUMNS
            for number in range(INCLUDES_CELLS)
        ),
        check_row={
            instance.id: row for row, instance in enumerate(_ordered(shown), start=CHECK_HEAD + 1)
        },
        status_row={
            name: row
            for row, name in enumerate([*form.tables, *(s.id for s in form.texts)], start=4)
        },
    )


def _has_row(instance: Instance) -> bool:
    """Rules that are live, and those that a reason can settle once the checker has spoken."""
    return instance.rule.live or instance.rule.severity in ("justify", "verify")


def _ordered(instances: list[Instance]) -> list[Instance]:
    rank = {"mandatory": 0, "justify": 1, "verify": 2, "hint": 3}
    return sorted(instances, key=lambda instance: rank[instance.rule.severity])


def _area(table: Table, left: int, top: int) -> str:
    last = at(left + len(table.widths), top + len(table.grid))
    return f"${letters(left + 1)}${top + 1}:${last.rstrip('0123456789')}${top + len(table.grid)}"


def _text_top(form: Form, table: str) -> int:
    return GRID_TOP + (len(form.tables[table].grid) + 2 if table else 0)


def _balance(form: Form) -> dict[int, Spot]:
    """The ✓/✗ row under a table: one cell under each column its balance rule is for."""
    spots = {}
    for table in form.tables.values():
        for position, instance in enumerate(form.instances):
            if table.balance and instance.rule.id == table.balance:
                grid = next(
                    grid
                    for row in table.grid
                    for grid in row
                    if grid.piece == "column" and grid.line == instance.part
                )
                spots[position] = Spot(table.sheet, at(grid.column, GRID_TOP + len(table.grid)))
    return spots
