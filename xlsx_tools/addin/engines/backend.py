"""What an engine does for one workbook; the classes of ``xlwings_classes`` ask for nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from xlsx_tools.excel.address import at, split_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from xlsx_tools.addin.extras import DayNumber

    Value = bool | int | float | Decimal | str | DayNumber | None
    """A cell: an `ErrorText` is an error value, any other text is a text, never a formula."""
    Rows = Sequence[Sequence[Value]]


class Box(NamedTuple):
    """Cells of a sheet: first and last row and column, 1-based."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> str:
        """As ``A1:G9``, or ``A1`` for one cell."""
        first, last = at(self.left, self.top), at(self.right, self.bottom)
        return first if first == last else f"{first}:{last}"


def box_of(area: str) -> Box:
    """``A1:G9`` → its box."""
    first, _, last = area.replace("$", "").partition(":")
    left, top = split_address(first)
    right, bottom = split_address(last or first)
    return Box(top, left, bottom, right)


class Backend(ABC):
    """One open workbook. It is also the `Extras` of its engine."""

    name = ""

    # ------------------------------------------------------------ what is there
    @abstractmethod
    def sheet_names(self) -> list[str]:
        """In the order of the tabs."""

    @abstractmethod
    def active_sheet(self) -> str:
        """The sheet before the user."""

    @abstractmethod
    def selection(self) -> str:
        """The first selected cell of the active sheet."""

    @abstractmethod
    def extent(self, sheet: str) -> tuple[int, int]:
        """The last row and the last column with something in them."""

    @abstractmethod
    def read(self, sheet: str, box: Box) -> list[list[Value]]:
        """The values; a formula counts as what it shows, and None when nobody calculated it."""

    @abstractmethod
    def is_visible(self, sheet: str) -> bool:
        """Whether the user sees its tab."""

    @abstractmethod
    def properties(self) -> Mapping[str, str]:
        """See `Extras`."""

    @abstractmethod
    def formulas(self, sheet: str) -> Mapping[str, str]:
        """See `Extras`."""

    @abstractmethod
    def is_protected(self, sheet: str) -> bool:
        """See `Extras`."""

    # ------------------------------------------------------------ what is done
    @abstractmethod
    def write(self, sheet: str, box: Box, rows: Rows) -> None:
        """Put values there; a text stays a text."""

    @abstractmethod
    def write_formulas(self, sheet: str, box: Box, rows: Sequence[Sequence[str]]) -> None:
        """Put formulas there, each with its ``=``."""

    @abstractmethod
    def clear(self, sheet: str, box: Box) -> None:
        """Empty the cells, which keep their looks."""

    @abstractmethod
    def add_sheet(self, name: str, before: str | None) -> None:
        """Add a sheet, at the end when `before` is None."""

    @abstractmethod
    def set_visible(self, sheet: str, *, visible: bool) -> None:
        """Show or hide its tab."""

    @abstractmethod
    def set_width(self, sheet: str, box: Box, width: float) -> None:
        """Of each column, in characters."""

    @abstractmethod
    def set_wrap(self, sheet: str, box: Box, *, wrap: bool) -> None:
        """Whether long texts go on in a next line."""

    @abstractmethod
    def set_fill(self, sheet: str, box: Box, colour: str | None) -> None:
        """``#RRGGBB``, or None for no fill."""

    @abstractmethod
    def set_bold(self, sheet: str, box: Box, *, bold: bool) -> None:
        """Of the whole text of each cell."""

    @abstractmethod
    def set_name(self, name: str, refers_to: str) -> None:
        """Define a name of the workbook, such as ``='退改清单'!$A$2:$A$9``."""

    @abstractmethod
    def activate(self, sheet: str) -> None:
        """Bring the sheet before the user."""

    @abstractmethod
    def select(self, sheet: str, box: Box) -> None:
        """Select the cells of the active sheet."""

    @abstractmethod
    def alert(self, text: str) -> None:
        """Tell the user something that has to be confirmed."""

    @abstractmethod
    def unprotect_book(self) -> None:
        """See `Extras`."""

    @abstractmethod
    def protect_book(self) -> None:
        """See `Extras`."""

    @abstractmethod
    def unprotect_sheet(self, sheet: str) -> None:
        """See `Extras`."""

    @abstractmethod
    def protect_sheet(self, sheet: str) -> None:
        """See `Extras`."""

    @abstractmethod
    def add_conditional_format(self, sheet: str, area: str, formula: str, colour: str) -> None:
        """See `Extras`."""

    @abstractmethod
    def save_file(self, name: str, data: bytes) -> None:
        """See `Extras`."""

    @abstractmethod
    def open_url(self, url: str) -> None:
        """See `Extras`."""
