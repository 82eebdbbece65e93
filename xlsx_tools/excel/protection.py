"""What is locked, and how: against accidents, without a password, comfortable to work in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.workbook.protection import WorkbookProtection

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


def protect_sheet(sheet: Worksheet) -> None:
    """Lock the sheet; select and copy, column width and row height stay allowed."""
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = False
    guard.formatRows = False
    guard.selectLockedCells = False
    guard.selectUnlockedCells = False
    guard.sort = True
    guard.autoFilter = False


def protect_structure(workbook: Workbook) -> None:
    """Keep sheets from being added, renamed or moved by accident."""
    workbook.security = WorkbookProtection(lockStructure=True)
