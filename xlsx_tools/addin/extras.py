"""What the buttons need of an open workbook beyond the public xlwings API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class ErrorText(str):
    """An error value such as ``#REF!``, and not a text that reads the same."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class DayNumber:
    """A number shown as a date: the day number (from 1900) as text, such as ``45725``."""

    text: str


class Extras(Protocol):
    """Protection, conditional formats and what else xlwings has no public name for.

    Sheets are given by name, areas as ``A1:G9``.
    """

    def properties(self) -> Mapping[str, str]:
        """The custom document properties as text."""
        ...

    def formulas(self, sheet: str) -> Mapping[str, str]:
        """The formulas (with ``=``) by address; a text that begins with ``=`` is none."""
        ...

    def is_protected(self, sheet: str) -> bool:
        """Whether the sheet is locked now."""
        ...

    def unprotect_book(self) -> None:
        """Let sheets be added; there is no password."""
        ...

    def protect_book(self) -> None:
        """Keep sheets from being added, renamed or moved by accident."""
        ...

    def unprotect_sheet(self, sheet: str) -> None:
        """Let locked cells be written; there is no password."""
        ...

    def protect_sheet(self, sheet: str) -> None:
        """Lock the sheet as the project's workbooks are: columns and rows may be resized."""
        ...

    def add_conditional_format(self, sheet: str, area: str, formula: str, colour: str) -> None:
        """Fill the area where the formula (without ``=``, absolute) is true, before other formats.

        It takes the place of one with the same formula.
        """
        ...

    def save_file(self, name: str, data: bytes) -> None:
        """Offer the user to save a file."""
        ...

    def open_url(self, url: str) -> None:
        """Show a page in the browser; one that begins with ``/`` is the backend's own."""
        ...
