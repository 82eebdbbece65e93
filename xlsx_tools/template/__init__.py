"""② Form → blank protected workbook, with the rules as live formulas in it."""

from xlsx_tools.template.render import (
    Addition,
    Extension,
    build_template,
    carried_figures,
    live_cells,
    render_as_sent,
    render_filing,
)

__all__ = [
    "Addition",
    "Extension",
    "build_template",
    "carried_figures",
    "live_cells",
    "render_as_sent",
    "render_filing",
]
