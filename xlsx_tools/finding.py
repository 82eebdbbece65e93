"""Finding: one thing wrong in a filing, addressable to the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xlsx_tools.forms.model import Severity
    from xlsx_tools.values import Value

State = Literal["held", "broken", "undecided", "crashed"]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell a finding speaks of; `value` is what stood there, None when blank."""

    sheet: str
    cell: str
    label: str
    value: Value | str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold or cannot be decided, or a cell that cannot be read.

    `id` is unique in its file; `causes` are the ids of findings folded under this one;
    `reason` is what the filler wrote beside it in 校验 ("" for none).
    """

    id: str
    rule: str
    severity: Severity
    state: State
    message: str
    remedy: str
    cells: tuple[Place, ...] = ()
    left: Value | None = None
    right: Value | None = None
    difference: Value | None = None
    causes: tuple[str, ...] = ()
    reason: str = ""
