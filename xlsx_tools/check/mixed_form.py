"""Which figures are missing because the lines of another form were filled in instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.forms import form_ids, load_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Form


def displaced_cells(filing: Filing) -> frozenset[int]:
    """The blank typed cells of lines that the other form, whose lines were used, lacks."""
    form = filing.form
    found: set[int] = set()
    for trouble in filing.troubles:
        if trouble.check == "mixed-form":
            table = trouble.found.partition(".")[0]
            for other in _forms_with(form, trouble.found):
                found |= {
                    cell.index
                    for cell in form.cells_of.get(table, ())
                    if not cell.total
                    and cell.path not in other.by_path
                    and filing.values[cell.index] is None
                    and cell.index not in filing.parsed
                    and cell.index not in filing.not_applicable
                }
    return frozenset(found)


def _forms_with(form: Form, path: str) -> Iterator[Form]:
    for other in map(load_form, form_ids()):
        if other != form and any(f"{cell}.".startswith(f"{path}.") for cell in other.by_path):
            yield other
