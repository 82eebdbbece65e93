"""Units with a number in every cell, as sources of a merge."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from tests.support.builders import filing_of
from xlsx_tools.filing import Filing, Organisation, compute_values
from xlsx_tools.merge.source import Source
from xlsx_tools.roster import parse_roster

if TYPE_CHECKING:
    from xlsx_tools.forms import Form
    from xlsx_tools.roster import RosterLine
    from xlsx_tools.values import Value


def unit_of(form: Form, name: str, seed: int = 0, **changes: object) -> Filing:
    """A filing of its own figures: whole numbers, and money with decimals."""
    random = Random(f"{name}/{seed}")  # noqa: S311 - the same figures each time
    typed: dict[int, Value | None] = {
        cell.index: Decimal(random.randint(0, 10**6)) / 100
        if cell.kind == "money"
        else random.randint(0, 900)
        for cell in form.inputs
    }
    values = compute_values(form, typed, ())
    filing = replace(filing_of(form), organisation=Organisation(name), values=values)
    return replace(filing, **changes)  # type: ignore[arg-type]  # the fields of a filing


def source_of(filing: Filing, file: str = "") -> Source:
    name = filing.organisation.name
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return Source(file or f"报送/{name}.xlsx", sha256, filing, "passed")


def roster(*lines: str) -> tuple[RosterLine, ...]:
    """Lines of ``name,parent,scope,merge,note``; what comes last may be left out."""
    return parse_roster("\n".join(("name,parent,scope,merge,note", *lines)).encode())
