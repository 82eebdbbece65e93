"""② Form → blank protected workbook, with the rules as live formulas in it."""

from xlsx_tools.template.render import (
    build_template,
    carried_figures,
    live_cells,
    render_filing,
)

__all__ = ["build_template", "carried_figures", "live_cells", "render_filing"]
