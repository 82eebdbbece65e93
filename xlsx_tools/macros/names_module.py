"""The VBA module of names: which sheets and properties of a workbook go into a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlsx_tools.excel.address import STAMP_KEYS
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.returned.places import MARKS, TODO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME: Final = "NbNames"
_ROLES: Final = ("cover", "checks", "stamp")
_HEAD: Final = """\
Attribute VB_Name = "{name}"
' Written from the forms when the add-in is built.
Option Explicit
"""


def render_names_module() -> str:
    """The module's source: a function for each list of names, one name to a line."""
    functions = {"SheetNames": sheet_names(), "PropertyNames": property_names()}
    bodies = [_render_list(function, names) for function, names in functions.items()]
    return "\n".join([_HEAD.format(name=NAME), *bodies])


def sheet_names() -> tuple[str, ...]:
    """The sheets of any form that a button may need, and those on which faults are listed."""
    forms = [load_form(form_id) for form_id in form_ids()]
    official = (section.sheet for form in forms for section in form.sections)
    own = (form.sheets[role] for role in _ROLES for form in forms)
    return tuple(dict.fromkeys([*own, *official, TODO, MARKS]))


def property_names() -> tuple[str, ...]:
    """The custom document properties in which the stamp is repeated."""
    return tuple(f"nianbao_{key}" for key in STAMP_KEYS)


def _render_list(function: str, names: Iterable[str]) -> str:
    return "\n".join(_write_list(function, list(names)))


def _write_list(function: str, names: list[str]) -> Iterator[str]:
    yield f"Public Function {function}() As Collection"
    yield "    Dim found As New Collection"
    yield from (f'    found.Add "{name}"' for name in names)
    yield f"    Set {function} = found"
    yield "End Function"
    yield ""
