"""Form, Table, Line, Cell and Rule as frozen data; no files, no Excel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Kind = Literal["count", "signed", "money"]
Severity = Literal["mandatory", "justify", "verify", "hint"]
Scope = Literal["own", "consolidated"]
Piece = Literal["band", "head", "group", "row", "column", "cell"]
Comparison = Literal["==", "<=", ">="]

FLAT_COLUMN = "value"
"""The only column of a table whose JSON has no columns (``fees.notices``)."""


class Line(NamedTuple):
    """One row or one column of a table; `label` is verbatim from the paper."""

    id: str
    label: str
    kind: Kind | None = None
    unit: str = "件"
    note: str = ""
    aliases: tuple[str, ...] = ()


class GridCell(NamedTuple):
    """One printed cell: where it stands (1-based, in the table) and what it shows."""

    piece: Piece
    text: str
    row: int
    column: int
    across: int = 1
    down: int = 1
    line: str = ""
    path: str = ""


class Cell(NamedTuple):
    """Where two lines meet: one figure of the form.

    `index` is its place in ``Form.cells`` and in every vector of values; `total` says that
    it is added up by us and never typed.
    """

    index: int  # type: ignore[assignment]  # tuple.index is not needed
    table: str
    row: str
    column: str
    kind: Kind
    unit: str
    label: str
    path: str
    total: bool = False


class Table(NamedTuple):
    """One official table (or the three fee figures, which are `flat`)."""

    id: str
    name: str
    sheet: str
    heading: str
    rows: Mapping[str, Line]
    columns: Mapping[str, Line]
    grid: tuple[tuple[GridCell, ...], ...]
    widths: tuple[float, ...]
    flat: bool = False
    landscape: bool = False
    balance: str = ""
    prefill: Mapping[str, str] = {}
    beside_last_year: tuple[str, ...] = ()


class Section(NamedTuple):
    """One of the six sections, in official order."""

    id: str
    heading: str
    sheet: str
    short: str = ""
    prompt: str = ""
    table: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def has_text(self) -> bool:
        """Whether prose is written here (sections 一, 五, 六)."""
        return bool(self.prompt)


class Term(NamedTuple):
    """`factor` times one cell of this year, or of last year."""

    factor: Decimal
    index: int  # type: ignore[assignment]  # the same
    last_year: bool = False


class Side(NamedTuple):
    """A sum of terms and a constant: one side of a comparison."""

    terms: tuple[Term, ...]
    constant: Decimal


class Requirement(NamedTuple):
    """`left` compared with `right`; `leaves` are the typed cells both depend on."""

    left: Side
    comparison: Comparison
    right: Side
    leaves: tuple[int, ...]


def decide(requirement: Requirement, left: int | Decimal, right: int | Decimal) -> bool:
    """Whether the comparison holds between two sums (exact arithmetic)."""
    match requirement.comparison:
        case "==":
            return left == right
        case "<=":
            return left <= right
        case ">=":
            return left >= right


class Threshold(NamedTuple):
    """From where on a comparison with last year is worth a word.

    `factor`: one figure is so many times the other; `floor`: so far apart, in the unit of the
    figures (for prose: so many letters are needed); `share`: so much of the text is the same.
    """

    factor: Decimal
    floor: Decimal
    share: Decimal

    def parts(self, before: int | Decimal, now: int | Decimal) -> bool:
        """Whether two figures are at least `factor` times one another, and `floor` apart."""
        small, large = sorted((before, now))
        return large - small >= self.floor and large >= self.factor * small


Definitions = tuple[tuple[int, tuple[int, ...]], ...]
"""Each total with the cells it adds up, in an order in which they can be computed."""


def leaves_of(definitions: Definitions) -> dict[int, tuple[int, ...]]:
    """The typed cells beneath each total."""
    leaves: dict[int, tuple[int, ...]] = {}
    for total, parts in definitions:
        leaves[total] = tuple(leaf for part in parts for leaf in leaves.get(part, (part,)))
    return leaves


class Rule(NamedTuple):
    """One thing the notice (or practice) asks of a filing, in words and in data."""

    id: str
    title: str
    severity: Severity
    says: str
    remedy: str
    source: str
    check: str = ""
    require: str = ""
    when: str = ""
    table: str = ""
    for_each: Literal["", "row", "column"] = ""
    lines: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ("own", "consolidated")
    defines: bool = False
    live: bool = True
    holds: Mapping[str, Decimal] = {}
    breaks: Mapping[str, Decimal] = {}
    figures: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    threshold: Threshold | None = None


class Instance(NamedTuple):
    """A rule applied to one line, table or section; its id is what a reason is kept by.

    `part` is the line id, table id or section id it was made for ("" for the whole filing);
    `last_year` are the figures of last year it needs: without them it does not apply;
    `figures` are those a check sets beside last year's one by one.
    """

    id: str
    rule: Rule
    title: str
    part: str = ""
    requirement: Requirement | None = None
    condition: Requirement | None = None
    last_year: tuple[int, ...] = ()
    figures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Form:
    """One official format, whole: everything the later stages need to know about it."""

    id: str
    title: str
    notice: str
    first_year: int
    last_year: int | None
    template_version: str
    sheets: Mapping[str, str]
    guide: Mapping[str, object]
    cover: Mapping[str, object]
    answers: Mapping[str, object]
    sections: tuple[Section, ...]
    tables: Mapping[str, Table]
    cells: tuple[Cell, ...]
    rules: Mapping[str, Rule]
    instances: tuple[Instance, ...]
    definitions: Definitions

    def __hash__(self) -> int:
        return hash((self.id, self.template_version))

    @cached_property
    def by_path(self) -> Mapping[str, Cell]:
        """Each figure by its path, such as ``requests.received.total``."""
        return {cell.path: cell for cell in self.cells}

    @cached_property
    def inputs(self) -> tuple[Cell, ...]:
        """The figures somebody types: all that are not totals."""
        return tuple(cell for cell in self.cells if not cell.total)

    @cached_property
    def cells_of(self) -> Mapping[str, tuple[Cell, ...]]:
        """The figures of each table, in printed order."""
        return {
            table: tuple(cell for cell in self.cells if cell.table == table)
            for table in self.tables
        }

    @cached_property
    def official_tables(self) -> tuple[Table, ...]:
        """表二、表三、表四: the tables whose blanks can be declared zero."""
        return tuple(table for table in self.tables.values() if not table.flat)

    @cached_property
    def texts(self) -> tuple[Section, ...]:
        """The sections with prose."""
        return tuple(section for section in self.sections if section.has_text)

    @cached_property
    def instance_by_id(self) -> Mapping[str, Instance]:
        """Each rule instance by its id."""
        return {instance.id: instance for instance in self.instances}

    @cached_property
    def last_year_indices(self) -> tuple[int, ...]:
        """The figures of last year that a rule, a prefill or a comparison needs."""
        wanted: set[int] = set()
        for instance in self.instances:
            wanted |= set(instance.last_year)
        for table in self.tables.values():
            wanted |= {self.by_path[f"{table.id}.{path}"].index for path in table.beside_last_year}
        return tuple(sorted(wanted))

    @cached_property
    def carried_indices(self) -> frozenset[int]:
        """The figures of last year that a workbook carries on its hidden sheet."""
        return frozenset({*self.last_year_indices, *self.prefilled.values()})

    @cached_property
    def last_year_paths(self) -> frozenset[str]:
        """The paths of all figures of last year that a workbook carries or a check needs."""
        checked = {index for instance in self.instances for index in instance.figures}
        return frozenset(self.cells[index].path for index in self.carried_indices | checked)

    @cached_property
    def leaves(self) -> Mapping[int, tuple[int, ...]]:
        """The typed figures beneath each total."""
        return leaves_of(self.definitions)

    @cached_property
    def prefilled(self) -> Mapping[int, int]:
        """Typed figure → the figure of last year it is carried over from."""
        pairs = {}
        for table in self.tables.values():
            for row, source in table.prefill.items():
                for cell in self.cells_of[table.id]:
                    if cell.row == row and not cell.total:
                        pairs[cell.index] = self.by_path[f"{table.id}.{source}.{cell.column}"].index
        return pairs

    def text(self, group: str, key: str) -> str:
        """A single word of the form's ``cover``, ``guide`` or ``answers``."""
        found = getattr(self, group)[key]
        return str(found)

    def covers(self, year: int) -> bool:
        """Whether this is the form of report year `year`."""
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)
