"""Properties that hold for any values, through a real workbook."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.builders import figures, filing_of, filings
from tests.support.workbooks import Put, number, put_cells, read_bytes, text
from xlsx_tools.check import check_filing
from xlsx_tools.excel.address import layout_of
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.interchange import dumps_filing, filing_schema
from xlsx_tools.values import show

if TYPE_CHECKING:
    from xlsx_tools.check import Verdict
    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Cell, Form

FORMS = [load_form(form_id) for form_id in form_ids()]
RIGHT = {form.id: render_workbook(filing_of(form)) for form in FORMS}
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
UNFIT = st.sampled_from(
    [text("约3"), text("3-5"), text("12件"), text("１２"), text("TRUE"), number("1E+30")]
)


@given(st.sampled_from(FORMS).flatmap(filings))
def test_a_filing_survives_the_workbook(filing: Filing) -> None:
    again = read_bytes(render_workbook(filing))

    assert again == filing
    assert not again.parsed
    assert not again.stated
    assert not again.troubles


@settings(max_examples=30)
@given(st.sampled_from(FORMS).flatmap(filings))
def test_a_filing_is_judged_the_same_from_its_workbook(filing: Filing) -> None:
    again = read_bytes(render_workbook(filing))

    assert check_filing(again).status == check_filing(filing).status
    assert check_filing(again).findings == check_filing(filing).findings


@settings(max_examples=30)
@given(st.sampled_from(FORMS).flatmap(filings))
def test_the_workbook_of_what_was_read_is_the_same_file(filing: Filing) -> None:
    data = render_workbook(filing)

    assert render_workbook(read_bytes(data)) == data


def changed(form: Form, cell: Cell, put: Put | None) -> Verdict:
    """What is said of a right workbook after this alone was put in one of its cells."""
    place = layout_of(form).figure[cell.index]
    return check_filing(read_bytes(put_cells(RIGHT[form.id], {place: put})))


def names(verdict: Verdict, cell: Cell) -> bool:
    """Whether something that leads, or is folded beneath it, points at the cell."""
    place = layout_of(verdict.filing.form).figure[cell.index]
    return any(
        (found.sheet, found.cell) == (place.sheet, place.address)
        for finding in verdict.findings
        for found in finding.cells
    )


def added_up(form: Form) -> list[Cell]:
    """The typed figures that some total counts."""
    parts = {part for _, parts in form.definitions for part in parts}
    return [cell for cell in form.inputs if cell.index in parts]


@given(st.data())
def test_any_changed_input_of_a_table_with_totals_is_reported_at_that_cell(
    data: st.DataObject,
) -> None:
    """The saved totals no longer fit, whatever the new figure is."""
    form = data.draw(st.sampled_from(FORMS))
    cell = data.draw(st.sampled_from(added_up(form)))
    figure = data.draw(figures(cell))
    assume(figure != filing_of(form).values[cell.index])

    verdict = changed(form, cell, number(show(figure)))

    assert verdict.status == "failed"
    assert names(verdict, cell)


@given(st.data())
def test_any_input_changed_to_something_unfit_is_reported_at_exactly_that_cell(
    data: st.DataObject,
) -> None:
    form = data.draw(st.sampled_from(FORMS))
    cell = data.draw(st.sampled_from(form.inputs))
    place = layout_of(form).figure[cell.index]

    verdict = changed(form, cell, data.draw(UNFIT))

    assert verdict.status == "failed"
    (lead,) = verdict.leading
    assert [(found.sheet, found.cell) for found in lead.cells] == [(place.sheet, place.address)]


@each_form
def test_any_input_wiped_out_is_reported_at_that_cell(form: Form) -> None:
    for cell in form.inputs:
        verdict = changed(form, cell, None)
        assert verdict.status == "failed"
        assert names(verdict, cell), cell.path

        # Recalculated by the program before it was saved, so that no total is stale.
        verdict = check_filing(replace(verdict.filing, stated={}))
        assert verdict.status == "failed"
        (lead,) = verdict.leading
        place = layout_of(form).figure[cell.index]
        assert [(found.sheet, found.cell) for found in lead.cells] == [place], cell.path


@each_form
@pytest.mark.parametrize("figure", [3, None])
def test_what_is_read_conforms_to_the_published_schema(form: Form, figure: int | None) -> None:
    filing = filing_of(form, requests__received__enterprise=figure)

    written = json.loads(dumps_filing(read_bytes(render_workbook(filing))))

    validator = jsonschema.Draft202012Validator(filing_schema(form))
    assert list(validator.iter_errors(written)) == []
    assert list(validator.iter_errors({**written, "year": "2023"})) != []
