"""Verdict → return workbook (退改工作簿): the filler's own figures, what to do marked in them."""

from xlsx_tools.returned.book import render_return

__all__ = ["render_return"]
