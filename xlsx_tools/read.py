"""④ Workbook → filing: what was typed, totals added up again, troubles noted by cell."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from xlsx_tools.errors import NotOurWorkbookError, UnusableFileError
from xlsx_tools.excel.address import (
    CONTACT_KEYS,
    CONTINUED,
    Layout,
    Spot,
    layout_of,
    split_address,
)
from xlsx_tools.excel.found import show_found
from xlsx_tools.excel.intake import open_submission
from xlsx_tools.excel.refusals import refuse
from xlsx_tools.excel.sheets import read_raw_workbook
from xlsx_tools.filing import Filing, Organisation, Trouble, compute_values
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.values import BLANK, LARGEST, Parsed, parse_number, parse_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from xlsx_tools.excel.intake import Intake
    from xlsx_tools.excel.raw import RawCell
    from xlsx_tools.excel.sheets import RawWorkbook
    from xlsx_tools.forms import Cell, Form
    from xlsx_tools.forms.model import Scope
    from xlsx_tools.values import Value

_STAMP_PROPERTY = "nianbao_form"
_AREA = re.compile("([A-Z]{1,3}[1-9][0-9]{0,6})(?::([A-Z]{1,3}[1-9][0-9]{0,6}))?")
_DIGITS = len(str(LARGEST))
"""LARGEST is all nines, so that no number of so many digits is larger."""
_DATE = "填写的是日期，应为数字"
_FORMULA = "填写的是公式，应直接填写数字"


def read_workbook(path: Path) -> Filing:
    """Read one workbook made from one of our templates.

    Every blank stays None. A cell that cannot be read is kept in ``Filing.parsed`` and never
    coerced; totals are computed from what was typed, and those saved in the file only compared.

    Raises:
        UnusableFileError: the file cannot be used; nothing of it was.
    """
    return read_submission(open_submission(path))


def read_submission(intake: Intake) -> Filing:
    """The same for a file already in memory.

    Only the sheets of the form are parsed: what else is in a workbook (a merged one has every
    unit's figures beside) is verified like every part, and may be large.
    """
    book = read_raw_workbook(intake.data, choose=choose_sheets)
    form = _form_of(book)
    names = _sheet_names(form)
    if any(not sheet.parsed for name, sheet in book.sheets.items() if name in names):
        book = read_raw_workbook(intake.data, wanted=names.__contains__)
    return _read_as(book, form)


def read_book(book: RawWorkbook) -> Filing:
    """The same for raw cells from elsewhere: a workbook that is open in another program.

    Raises:
        UnusableFileError: it is not made from one of our templates, or its sheets were changed.
    """
    return _read_as(book, _form_of(book))


def _read_as(book: RawWorkbook, form: Form) -> Filing:
    layout = layout_of(form)
    _check_layout(book, layout)
    return _Reader(book, layout).filing()


def choose_sheets(properties: Mapping[str, str]) -> Callable[[str], bool]:
    """Those of the form in the stamp; of every form when the stamp was lost on the way."""
    named = properties.get(_STAMP_PROPERTY, "")
    likely = [named] if named in form_ids() else form_ids()
    return {name for form_id in likely for name in _sheet_names(load_form(form_id))}.__contains__


@cache
def _sheet_names(form: Form) -> frozenset[str]:
    tables = (table.sheet for table in form.tables.values())
    return frozenset((*form.sheets.values(), *(part.sheet for part in form.sections), *tables))


def _form_of(book: RawWorkbook) -> Form:
    """The form by the stamp: the document property first, then the cell of the hidden sheet.

    LibreOffice and openpyxl keep both; other programs may lose one. Only the form that is
    meant gets loaded, as long as the property is there.
    """
    named = book.properties.get(_STAMP_PROPERTY, "")
    stamps = [named]
    for form_id in sorted(form_ids(), key=lambda known: known != named):
        form = load_form(form_id)
        cell = _raw(book, layout_of(form).stamp["form"])
        if (cell.text if cell else named) == form_id:
            return form
        stamps.append(cell.text if cell else "")
    raise NotOurWorkbookError(next((stamp for stamp in stamps if stamp), ""))


def _raw(book: RawWorkbook, spot: Spot) -> RawCell | None:
    sheet = book.sheets.get(spot.sheet)
    return sheet.cells.get(spot.address) if sheet else None


def _check_layout(book: RawWorkbook, layout: Layout) -> None:
    """Every sheet is there and every printed label where the form has it."""
    form = layout.form
    own = [form.sheets[key] for key in ("cover", "checks", "stamp")]
    wanted = [*own, *(section.sheet for section in form.sections)]
    missing = [name for name in wanted if name not in book.sheets]
    if missing:
        raise UnusableFileError(
            "book.sheets",
            f"缺少工作表“{'”“'.join(missing)}”。请不要删除、改名或移动工作表，"
            "并用原工作簿重新填写后再报送。",
        )
    for spot, label in layout.labels():
        cell = _raw(book, spot)
        if cell is None or (cell.text != label and _squeeze(cell.text) != _squeeze(label)):
            found = f"“{cell.text[:30]}”" if cell else "空白"
            raise UnusableFileError(
                "book.layout",
                f"{spot.sheet}!{spot.address} 应为“{label}”，实际为{found}，表样已被改动。"
                "请用原工作簿重新填写后再报送。",
                place=f"{spot.sheet}!{spot.address}",
            )


def _find_untyped(book: RawWorkbook, layout: Layout) -> Iterator[tuple[int, str]]:
    """Figures stored as plain numbers that are none: dates, and parts of an array formula."""
    for name, inputs in _inputs_by_sheet(layout.form).items():
        for address in book.date_addresses(name, inputs):
            yield inputs[address], _DATE
        for area in book.sheets[name].array_ranges:
            left, top, right, bottom = _bounds(name, area)
            for address, index in inputs.items():
                column, row = split_address(address)
                if left <= column <= right and top <= row <= bottom:
                    yield index, _FORMULA


@cache
def _inputs_by_sheet(form: Form) -> Mapping[str, Mapping[str, int]]:
    """The typed figures by sheet and address."""
    found: dict[str, dict[str, int]] = {}
    for cell in form.inputs:
        spot = layout_of(form).figure[cell.index]
        found.setdefault(spot.sheet, {})[spot.address] = cell.index
    return found


def _plain_count(raw: RawCell | None, cell: Cell) -> int | None:
    """What `parse_number` makes of nothing but digits: nearly every figure there is."""
    if raw is None or raw.kind != "n" or raw.formula is not None or cell.kind == "money":
        return None
    text = raw.text
    if len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def _bounds(sheet: str, area: str) -> tuple[int, int, int, int]:
    match = _AREA.fullmatch(area)
    if match is None:
        raise refuse("sheet.address", place=f"{sheet}!{area}", detail="不是单元格区域")
    first, last = match.groups()
    return (*split_address(first), *split_address(last or first))


def _squeeze(text: str) -> str:
    return "".join(text.split())


class _Reader:
    def __init__(self, book: RawWorkbook, layout: Layout) -> None:
        self.book, self.layout, self.form = book, layout, layout.form
        self.typed: dict[int, Value | None] = {}
        self.parsed: dict[int, Parsed] = {}
        self.not_applicable: set[int] = set()
        self.troubles: list[Trouble] = []
        self.stated: dict[int, Value] = {}

    def filing(self) -> Filing:
        declared = frozenset(
            table
            for table, spot in self.layout.zero_flag.items()
            if self._text(spot).strip(" ") == self.form.text("answers", "yes")
        )
        untyped = dict(_find_untyped(self.book, self.layout))
        for cell in self.form.inputs:
            self._read_figure(cell, untyped.get(cell.index, ""))
        values = compute_values(self.form, self.typed, declared)
        if declared:
            values = self._keep_unread_blank(values, declared)
        self._compare_totals(values)
        self._note_protection()
        self._note_identity()
        last_year = self._last_year()
        nil = self._text(self.layout.cover["nil_return"]).strip(" ")
        return Filing(
            form=self.form,
            year=self._year(),
            organisation=self._organisation(),
            scope=self._scope(),
            values=values,
            narrative={section.id: self._narrative(section.id) for section in self.form.texts},
            declared_zero=declared,
            nil_return=nil == self.form.text("answers", "yes"),
            not_applicable=frozenset(self.not_applicable),
            includes=self._includes(),
            stated=self.stated,
            parsed=self.parsed,
            troubles=tuple(self.troubles),
            reasons=dict(self._reasons()),
            last_year=last_year,
            prefilled=self._prefilled(last_year),
            contact=dict(self._contact()),
        )

    def _text(self, spot: Spot) -> str:
        cell = _raw(self.book, spot)
        return "" if cell is None or cell.kind == "e" else cell.text

    def _read_figure(self, cell: Cell, untyped: str) -> None:
        raw = _raw(self.book, self.layout.figure[cell.index])
        if not untyped and (count := _plain_count(raw, cell)) is not None:
            self.typed[cell.index] = count
            return
        parsed = Parsed("invalid", why=untyped) if untyped else self._parse(raw, cell)
        if parsed.status == "not_applicable":
            self.not_applicable.add(cell.index)
        elif parsed.status in ("invalid", "text_number"):
            self.parsed[cell.index] = parsed
            check = "text-number" if parsed.status == "text_number" else "readable"
            found = show_found(
                raw,
                date=untyped == _DATE,
                array=untyped == _FORMULA,
                date1904=self.book.date1904,
            )
            self.troubles.append(
                Trouble(check, cell.index, parsed.why, found=found, value=parsed.value)
            )
        self.typed[cell.index] = parsed.value

    def _parse(self, raw: RawCell | None, cell: Cell) -> Parsed:  # noqa: PLR0911 - one a kind
        if raw is None:
            return BLANK
        if raw.formula is not None:
            return Parsed("invalid", why=_FORMULA)
        match raw.kind:
            case "n":
                return parse_number(raw.text, cell) if raw.text else BLANK
            case "b":
                return Parsed("invalid", why="填写的是逻辑值，应为数字")
            case "e":
                return Parsed("invalid", why=f"单元格是错误值 {raw.text}")
            case "d":
                return Parsed("invalid", why=_DATE)
        marks = self.form.answers["not_applicable"]
        return parse_text(raw.text, cell, marks if isinstance(marks, list) else ())

    def _keep_unread_blank(
        self, values: tuple[Value | None, ...], declared: frozenset[str]
    ) -> tuple[Value | None, ...]:
        """空白按 0 计 speaks of blanks only: what cannot be read, or is 不适用, stays None."""
        unread = {i for i in self.parsed if self.parsed[i].value is None} | self.not_applicable
        if not any(self.form.cells[index].table in declared for index in unread):
            return values
        typed = {
            cell.index: values[cell.index] for cell in self.form.inputs if cell.index not in unread
        }
        return compute_values(self.form, typed, ())

    def _compare_totals(self, values: tuple[Value | None, ...]) -> None:
        """The totals saved in the file against ours, where all parts are plain numbers."""
        uncached = False
        for total, leaves in self.form.leaves.items():
            raw = _raw(self.book, self.layout.figure[total])
            if raw is None or raw.formula is None:
                found = raw.text if raw else ""
                self.troubles.append(
                    Trouble("total-overwritten", total, "总计公式被改动", found=found)
                )
            elif raw.kind == "n" and not raw.text:
                uncached = True
                continue
            if raw is None or not self.parsed.keys().isdisjoint(leaves):
                continue
            self._compare_total(total, raw, values[total])
        if uncached:
            self.troubles.append(Trouble("formula-uncached", None, "文件未保存总计的计算结果"))

    def _compare_total(self, total: int, raw: RawCell, ours: Value | None) -> None:
        number = raw.kind == "n"
        theirs = parse_number(raw.text, self.form.cells[total]).value if number else None
        if theirs is not None and theirs != ours:
            self.stated[total] = theirs

    def _note_protection(self) -> None:
        for section in self.form.sections:
            sheet = self.book.sheets[section.sheet]
            if not sheet.protected:
                self.troubles.append(
                    Trouble("protection", None, f"工作表“{section.sheet}”的保护已取消", sheet.name)
                )

    def _note_identity(self) -> None:
        """What the cover says of unit and year against what was stamped when it was sent out."""
        for key in ("organisation", "year"):
            stamped = self._text(self.layout.stamp[key]).strip()
            shown = self._text(self.layout.cover[key]).strip()
            if stamped and shown and _squeeze(stamped) != _squeeze(shown):
                label = self.form.text("cover", key)
                why = f"封面“{label}”为“{shown[:60]}”，工作簿发放时为“{stamped[:60]}”"
                self.troubles.append(Trouble("identity-stamp", None, why, key))

    def _year(self) -> int | None:
        """The year as a number: as text it would not be one for 校验 either."""
        cell = _raw(self.book, self.layout.cover["year"])
        text = cell.text if cell is not None and cell.kind == "n" else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None  # noqa: PLR2004

    def _organisation(self) -> Organisation:
        name = self._text(self.layout.cover["organisation"]).strip()
        return Organisation(name, self._text(self.layout.cover["code"]).strip() or None)

    def _contact(self) -> Iterator[tuple[str, str]]:
        for key in CONTACT_KEYS:
            if text := self._text(self.layout.cover[key]).strip():
                yield key, text

    def _scope(self) -> Scope:
        words = self.form.cover["scopes"]
        shown = self._text(self.layout.cover["scope"]).strip()
        known = {str(word): key for key, word in words.items()} if isinstance(words, dict) else {}
        if shown not in known:
            spot = self.layout.cover["scope"]
            raise UnusableFileError(
                "book.layout",
                f"{spot.sheet}!{spot.address} 应为“{'”或者“'.join(known)}”，实际为“{shown[:30]}”，"
                "表样已被改动。请用原工作簿重新填写后再报送。",
                place=f"{spot.sheet}!{spot.address}",
            )
        return "consolidated" if known[shown] == "consolidated" else "own"

    def _narrative(self, section: str) -> str | None:
        """Paragraphs of one section; rows marked 接上段 belong to the row above."""
        top = self.layout.text_top[section]
        first, sheet = int(top.address[1:]), self.book.sheets[top.sheet]
        rows = {
            int(address[1:]): raw.text
            for address, raw in sheet.cells.items()
            if address[0] == "A" and address[1:].isdigit() and raw.kind != "e"
        }
        rows = {row: text for row, text in rows.items() if row >= first and text}
        if not any(text.strip() for text in rows.values()):
            return None
        paragraphs: list[str] = []
        for row in range(first, max(rows) + 1):
            mark = sheet.cells.get(f"B{row}")
            if paragraphs and mark is not None and mark.text == CONTINUED:
                paragraphs[-1] += rows.get(row, "")
            else:
                paragraphs.append(rows.get(row, ""))
        return "\n".join(paragraphs)

    def _includes(self) -> tuple[str, ...]:
        text = "".join(map(self._text, self.layout.includes))
        return tuple(text.split("\n")) if text else ()

    def _reasons(self) -> Iterator[tuple[str, str]]:
        """Reasons by rule id, wherever the row has gone."""
        sheet = self.book.sheets.get(self.form.sheets["checks"])
        if sheet is None:
            return
        for address, raw in sheet.cells.items():
            if address[0] == "A" and raw.text in self.layout.check_row:
                reason = sheet.cells.get(f"I{address[1:]}")
                if reason is not None and reason.text.strip():
                    yield raw.text, reason.text.strip()

    def _last_year(self) -> dict[int, Value]:
        found: dict[int, Value] = {}
        for index, address in self.layout.last_year.items():
            raw = _raw(self.book, Spot(self.form.sheets["stamp"], address))
            if raw is not None and raw.kind == "n" and raw.formula is None:
                value = parse_number(raw.text, self.form.cells[index]).value
                if value is not None:
                    found[index] = value
        return found

    def _prefilled(self, last_year: dict[int, Value]) -> frozenset[int]:
        count = self._text(self.layout.stamp["prefilled"]).strip()
        if count in ("", "0"):
            return frozenset()
        return frozenset(i for i, source in self.form.prefilled.items() if source in last_year)
