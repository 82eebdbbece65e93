"""② Form → blank protected workbook, with the rules as live formulas in it."""

from xlsx_tools.template.render import build_template, render_filing

__all__ = ["build_template", "render_filing"]
