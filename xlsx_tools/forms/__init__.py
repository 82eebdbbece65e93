"""① What a form is: tables, lines, cells and rules, read from ``templates/``."""

from xlsx_tools.forms.load import form_ids, form_of_year, load_form, load_form_file
from xlsx_tools.forms.model import Cell, Form, Instance, Line, Rule, Section, Table

__all__ = [
    "Cell",
    "Form",
    "Instance",
    "Line",
    "Rule",
    "Section",
    "Table",
    "form_ids",
    "form_of_year",
    "load_form",
    "load_form_file",
]
