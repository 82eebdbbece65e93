"""Puts a filing, or nothing yet, into the prepared workbook of its form."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from xlsx_tools.errors import FilingError
from xlsx_tools.excel.address import (
    CONTACT_KEYS,
    CONTINUED,
    LONGEST_PARAGRAPH,
    TEXT_ROWS,
    Spot,
    at,
    layout_of,
)
from xlsx_tools.excel.prepared import (
    Blank,
    Cached,
    Content,
    Number,
    PreparedWorkbook,
    TailRow,
    Text,
)
from xlsx_tools.filing import Filing, compute_values
from xlsx_tools.judge import judge_filing
from xlsx_tools.template.live import Live, mirror_cells, total_cells
from xlsx_tools.template.verdict_cells import balance_cells, rule_cells, verdict_cells
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from openpyxl import Workbook

    from xlsx_tools.excel.address import Layout
    from xlsx_tools.filing import Organisation
    from xlsx_tools.forms import Form
    from xlsx_tools.forms.model import Scope
    from xlsx_tools.values import Value

_PROPERTIES = "docProps/custom.xml"
_OPTIONAL = ("xl/theme/theme1.xml", "docProps/app.xml")
_UNUSED = re.compile(
    rb'<(?:Override|Relationship)[^>]*"(?:/xl/|/)?(?:theme/theme1|docProps/app)\.xml"[^>]*/>'
    rb"|<colors>.*?</colors>"
)
_IDENTITY = ("organisation", "code", "year", "scope")
_QUICK, _SMALLEST = 3, 9
_INCLUDES_CHUNK = 30_000
_TOO_MANY_UNITS = "汇总所含单位过多，无法写入一个工作簿。"
_CHARACTERS_A_LINE, _LINE_HEIGHT = 30, 17.0


@dataclass(frozen=True)
class Extension:
    """Sheets, formats and cells that a workbook has beside the official ones.

    `draw` adds them to the openpyxl workbook, once a process and form; `slots` and `tails` are
    what each filling may change of them, as in `PreparedWorkbook.prepare`.
    """

    name: str
    draw: Callable[[Workbook, Layout], None]
    slots: Callable[[Layout], Mapping[str, Collection[str]]]
    tails: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Addition:
    """An extension with its contents for one workbook; `cells` also win over official ones."""

    extension: Extension
    cells: Mapping[str, Mapping[str, Content]] = field(default_factory=dict)
    tails: Mapping[str, Iterable[TailRow]] = field(default_factory=dict)
    replaced: Mapping[str, bytes] = field(default_factory=dict)


def build_template(
    form: Form,
    *,
    year: int,
    organisation: Organisation,
    scope: Scope = "own",
    last_year: Filing | None = None,
) -> bytes:
    """The blank workbook of one organisation for one year.

    With `last_year` its 结转下年度 is carried into 上年结转 and locked, figure by figure;
    blanks of last year stay blank and typed.
    """
    known = last_year_figures(form, last_year)
    carried = carried_figures(form, last_year)
    filing = Filing(
        form=form,
        year=year,
        organisation=organisation,
        scope=scope,
        values=compute_values(form, carried, ()),
        narrative={section.id: None for section in form.texts},
        last_year=known,
        prefilled=frozenset(carried),
    )
    return render_filing(filing, level=_SMALLEST)


def carried_figures(form: Form, last_year: Filing | None) -> dict[int, Value]:
    """What a blank workbook takes over from last year's filing and locks, by figure."""
    known = last_year_figures(form, last_year)
    return {i: known[source] for i, source in form.prefilled.items() if source in known}


def last_year_figures(form: Form, last_year: Filing | None) -> dict[int, Value]:
    """What a workbook carries of last year on its hidden sheet; only what is known there."""
    if last_year is None:
        return {}
    theirs = last_year.form.by_path
    found: dict[int, Value] = {}
    for index in sorted(form.carried_indices):
        cell = theirs.get(form.cells[index].path)
        value = None if cell is None else last_year.known(cell.index)
        if value is not None:
            found[index] = value
    return found


def render_filing(
    filing: Filing, *, level: int = _QUICK, addition: Addition | None = None
) -> bytes:
    """The filled-in workbook, with the saved result of every formula.

    `level` is how hard to deflate: blank workbooks are mailed, filled ones are made by the hundred.
    `addition` is what stands in the workbook beside the official sheets.

    Raises:
        FilingError: a figure that cannot be read, or stated totals that contradict their parts.
        IllegalTextError: a text that no workbook can hold, named by cell.
    """
    _refuse_contradictions(filing)
    return render_as_sent(filing, level=level, addition=addition)


def render_as_sent(
    filing: Filing, *, level: int = _QUICK, addition: Addition | None = None
) -> bytes:
    """The same for a filing whose figures may be unreadable or contradict its stated totals.

    An unreadable figure is blank unless `addition` has the cell; totals are ours.

    Raises:
        IllegalTextError: a text that no workbook can hold, named by cell.
    """
    prepared, lives = _prepared(filing.form, addition.extension if addition else None)
    layout, judgement = layout_of(filing.form), judge_filing(filing)
    cells: dict[str, dict[str, Content]] = {}
    known = prepared.sheets[filing.form.sheets["stamp"]].slots
    room = (spot for spot in layout.includes if spot.address in known)
    for spot, content in chain(_contents(filing, layout), _includes(filing, room)):
        cells.setdefault(spot.sheet, {})[spot.address] = content
    for live in lives:
        cells.setdefault(live.spot.sheet, {})[live.spot.address] = Cached(
            live.saved(filing, judgement)
        )
    tails: dict[str, Iterable[TailRow]] = {
        layout.text_top[section.id].sheet: tuple(_text_rows(filing.narrative.get(section.id) or ""))
        for section in filing.form.texts
    }
    replaced: Mapping[str, bytes] = {}
    if addition is not None:
        for sheet, contents in addition.cells.items():
            cells.setdefault(sheet, {}).update(contents)
        tails |= addition.tails
        replaced = addition.replaced
    identity = _identity(filing)
    tokens = {f"{{{{{key}}}}}": identity[key] for key in _IDENTITY}
    return prepared.fill(
        cells, tails=tails, placeholders={_PROPERTIES: tokens}, replaced=replaced, level=level
    )


def _refuse_contradictions(filing: Filing) -> None:
    layout, problems = layout_of(filing.form), []
    for index, parsed in filing.parsed.items():
        spot, label = layout.figure[index], filing.form.cells[index].label
        problems.append(f"{spot.sheet}!{spot.address}（{label}）：{parsed.why}。")
    for index, stated in filing.stated.items():
        spot, label = layout.figure[index], filing.form.cells[index].label
        problems.append(
            f"{spot.sheet}!{spot.address}（{label}）：总计为 {show(stated)}，"
            f"与各项之和 {show(filing.values[index])} 不符。"
        )
    problems += [trouble.why for trouble in filing.troubles if trouble.check == "mixed-form"]
    if problems:
        raise FilingError(problems)


def _identity(filing: Filing) -> dict[str, str]:
    return {
        "organisation": filing.organisation.name,
        "code": filing.organisation.code or "",
        "year": "" if filing.year is None else str(filing.year),
        "scope": filing.scope,
    }


def _contents(filing: Filing, layout: Layout) -> Iterator[tuple[Spot, Content]]:
    form = filing.form
    yes, mark = form.text("answers", "yes"), _first_mark(form)
    for cell in form.inputs:
        value, spot = filing.values[cell.index], layout.figure[cell.index]
        if cell.index in filing.not_applicable:
            yield spot, Text(mark)
        elif value is not None:
            style = donor_of(layout, cell.table) if cell.index in filing.prefilled else None
            yield spot, Number(show(value), style)
    for table in filing.declared_zero:
        yield layout.zero_flag[table], Text(yes)
    yield from _cover(filing, layout)
    yield from _stamp(filing, layout)
    for index, value in filing.last_year.items():
        yield Spot(form.sheets["stamp"], layout.last_year[index]), Number(show(value))
    for instance_id, reason in {**filing.reasons, **filing.waived}.items():
        if instance_id in layout.check_row and reason:
            yield Spot(form.sheets["checks"], f"I{layout.check_row[instance_id]}"), Text(reason)
    yield from _guide(filing)


def _first_mark(form: Form) -> str:
    marks = form.answers["not_applicable"]
    return str(marks[0]) if isinstance(marks, list) else ""


def _guide(filing: Filing) -> Iterator[tuple[Spot, Content]]:
    from xlsx_tools.template.pages import GUIDE_TOP  # noqa: PLC0415 - openpyxl, already loaded

    paragraphs = filing.form.guide["paragraphs"]
    for row, text in enumerate(paragraphs if isinstance(paragraphs, list) else (), GUIDE_TOP):
        if "{year}" in text:
            said = text.replace("{year}", "" if filing.year is None else str(filing.year))
            yield Spot(filing.form.sheets["guide"], f"A{row}"), Text(said)


def _cover(filing: Filing, layout: Layout) -> Iterator[tuple[Spot, Content]]:
    scopes = filing.form.cover["scopes"]
    word = str(scopes[filing.scope]) if isinstance(scopes, dict) else filing.scope
    yield layout.cover["organisation"], Text(filing.organisation.name)
    yield layout.cover["scope"], Text(word)
    if filing.year is not None:
        yield layout.cover["year"], Number(str(filing.year))
    if filing.organisation.code:
        yield layout.cover["code"], Text(filing.organisation.code, layout.cover["year"].address)
    if filing.nil_return:
        yield layout.cover["nil_return"], Text(filing.form.text("answers", "yes"))
    for key in CONTACT_KEYS:
        if text := filing.contact.get(key):
            yield layout.cover[key], Text(text)


def _stamp(filing: Filing, layout: Layout) -> Iterator[tuple[Spot, Content]]:
    known = {
        "form": filing.form.id,
        "template_version": filing.form.template_version,
        **_identity(filing),
        "prefill_digest": prefill_digest(filing),
    }
    for key, text in known.items():
        if text:
            yield layout.stamp[key], Text(text)
    yield layout.stamp["prefilled"], Number(str(len(filing.prefilled)))


def _includes(filing: Filing, room: Iterable[Spot]) -> Iterator[tuple[Spot, Content]]:
    """The names of all units counted, cut where they must be, in as much room as there is."""
    names, spots = "\n".join(filing.includes), iter(room)
    for start in range(0, len(names), _INCLUDES_CHUNK):
        spot = next(spots, None)
        if spot is None:
            raise FilingError([_TOO_MANY_UNITS])
        yield spot, Text(names[start : start + _INCLUDES_CHUNK])


def prefill_digest(filing: Filing) -> str:
    """What shows that the figures carried over were not altered; empty without any."""
    if not filing.last_year:
        return ""
    named = {filing.form.cells[i].path: show(value) for i, value in filing.last_year.items()}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:16]


def _text_rows(text: str) -> Iterator[TailRow]:
    """Paragraphs as rows; a long one goes on in the next row, marked so that it is rejoined."""
    count = 0
    for paragraph in text.split("\n") if text else ():
        for start in range(0, max(len(paragraph), 1), LONGEST_PARAGRAPH):
            piece = paragraph[start : start + LONGEST_PARAGRAPH]
            cells: dict[str, Content] = {"A": Text(piece) if piece else Blank()}
            if start:
                cells["B"] = Text(CONTINUED)
            lines = -(-len(piece) // _CHARACTERS_A_LINE) or 1
            yield TailRow(cells, lines * _LINE_HEIGHT)
            count += 1
    for _ in range(count, max(TEXT_ROWS, count + 10)):
        yield TailRow({"A": Blank()}, _LINE_HEIGHT + 1)


def donor_of(layout: Layout, table: str) -> str:
    """The cell of a table's sheet that lends its style to figures carried over."""
    return at(len(layout.form.tables[table].widths) + 4, 1)


def live_cells(form: Form) -> tuple[Live, ...]:
    """Every formula of the workbook."""
    return (
        *total_cells(form),
        *mirror_cells(form),
        *rule_cells(form),
        *verdict_cells(form),
        *balance_cells(form),
        *_last_year_shown(form),
    )


def _last_year_shown(form: Form) -> Iterator[Live]:
    from xlsx_tools.template.tables import last_year_spots  # noqa: PLC0415 - needs openpyxl

    layout, stamp = layout_of(form), form.sheets["stamp"]
    for table in form.tables.values():
        for index, address in last_year_spots(layout, table).items():
            source = Spot(stamp, layout.last_year[index]).ref()
            yield Live(
                Spot(table.sheet, address),
                f'=IF({source}="","",{source})',
                lambda filing, _j, index=index: filing.last_year.get(index),  # type: ignore[misc]
            )


@cache
def _prepared(form: Form, extension: Extension | None) -> tuple[PreparedWorkbook, tuple[Live, ...]]:
    layout, lives = layout_of(form), live_cells(form)
    slots: dict[str, set[str]] = {}
    for spot in _slots(layout, lives):
        slots.setdefault(spot.sheet, set()).add(spot.address)
    tails = {spot.sheet: int(spot.address[1:]) for spot in layout.text_top.values()}
    if extension is not None:
        for sheet, addresses in extension.slots(layout).items():
            slots.setdefault(sheet, set()).update(addresses)
        tails |= dict(extension.tails)
    prepared = PreparedWorkbook.prepare(
        _build(form, layout, lives, extension),
        slots=slots,
        tails=tails,
        placeholders={_PROPERTIES: [f"{{{{{key}}}}}" for key in _IDENTITY]},
    )
    return prepared, lives


def _slots(layout: Layout, lives: tuple[Live, ...]) -> Iterator[Spot]:
    from xlsx_tools.template.pages import GUIDE_TOP  # noqa: PLC0415 - needs openpyxl

    form = layout.form
    yield from (layout.figure[cell.index] for cell in form.inputs)
    yield from layout.zero_flag.values()
    yield from layout.cover.values()
    yield from layout.stamp.values()
    yield from (Spot(form.sheets["stamp"], address) for address in layout.last_year.values())
    yield from (Spot(form.sheets["checks"], f"I{row}") for row in layout.check_row.values())
    yield from (live.spot for live in lives)
    paragraphs = form.guide["paragraphs"]
    count = len(paragraphs) if isinstance(paragraphs, list) else 0
    yield from (Spot(form.sheets["guide"], f"A{GUIDE_TOP + n}") for n in range(count))


def _build(
    form: Form, layout: Layout, lives: tuple[Live, ...], extension: Extension | None
) -> bytes:
    """The workbook of a form before anybody's name is in it (openpyxl, once a process)."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to import, and only writing needs it
    from openpyxl.writer.excel import ExcelWriter  # noqa: PLC0415

    from xlsx_tools.excel import styles  # noqa: PLC0415
    from xlsx_tools.excel.protection import protect_structure  # noqa: PLC0415
    from xlsx_tools.template import pages, shared, tables  # noqa: PLC0415

    book = Workbook()
    styles.set_default_font(book)
    book.remove(book.worksheets[0])
    pages.build_guide(book, layout)
    pages.build_cover(book, layout)
    for section in form.sections:
        if section.has_text:
            sheet = pages.build_text(book, layout, section)
            if section.table:
                tables.draw_grid(sheet, layout, form.tables[section.table])
        else:
            tables.build_table(book, layout, form.tables[section.table])
            tables.add_donor(book[section.sheet], donor_of(layout, section.table))
    pages.build_checks(book, layout)
    pages.build_stamp(book, layout)
    shared.write_formulas(book, lives)
    if extension is not None:
        extension.draw(book, layout)
    _name(book, form)
    protect_structure(book)
    out = BytesIO()
    # Workbook.save() would write the time of day, and the same input give other bytes.
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()
    return _slim(out.getvalue())


def _slim(data: bytes) -> bytes:
    """Drop the theme, the palette and the program's name: optional, and nothing refers to them.

    They are 6 % of the size of a workbook that goes out by mail to every organisation.
    """
    kept = BytesIO()
    with (
        ZipFile(BytesIO(data)) as old,
        ZipFile(kept, "w", ZIP_DEFLATED, compresslevel=_SMALLEST) as new,
    ):
        for name in old.namelist():
            if name not in _OPTIONAL:
                new.writestr(name, _UNUSED.sub(b"", old.read(name)))
    return kept.getvalue()


def _name(book: Workbook, form: Form) -> None:
    from openpyxl.packaging.custom import StringProperty  # noqa: PLC0415

    custom = book.custom_doc_props  # type: ignore[attr-defined]  # the stubs are older
    fixed = {"form": form.id, "template_version": form.template_version}
    for key, text in {**fixed, **{key: f"{{{{{key}}}}}" for key in _IDENTITY}}.items():
        custom.append(StringProperty(name=f"nianbao_{key}", value=text))
    book.properties.creator = "nianbao"
    book.properties.title = form.title
    book.properties.created = book.properties.modified = datetime(form.first_year, 1, 1)  # noqa: DTZ001
    book.calculation.fullCalcOnLoad = True
