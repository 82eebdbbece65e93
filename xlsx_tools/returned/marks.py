"""The hidden sheet behind 待办: the state of each finding, and the cells that are red for it.

Column A has the key of a cell while it is to be red, B what it held and C whether that changed;
D and E, row by row beside them, have the findings and their states.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from xlsx_tools.excel.address import LONGEST_PARAGRAPH, TEXT_LIMIT, Spot, quote
from xlsx_tools.excel.prepared import Blank, Formula, Number, TailRow, Text
from xlsx_tools.returned.follow import open_word
from xlsx_tools.returned.places import (
    EXPLAINED,
    FIXED,
    HALF,
    LATER,
    MARKS_TOP,
    OPEN,
    TOUCHED,
    mark_ref,
    quoted,
)
from xlsx_tools.template.live import mirror_code, ranges
from xlsx_tools.template.verdict_cells import STATES
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.returned.follow import Case, Followed

_BROKEN, _UNDECIDED = quoted(STATES["broken"]), quoted(STATES["undecided"])
_FIT = 1
_CODES = {"filled": 0, "not-applicable": 3}
"""The content by which a check of a whole table finds its cells."""


class Marks:
    """Rows and formulas of the hidden sheet for one return workbook."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.row = {key: row for row, key in enumerate(case.followed, start=MARKS_TOP)}
        self.by_spot: dict[Spot, list[Followed]] = {}
        for followed in case.marked:
            for spot in followed.spots:
                self.by_spot.setdefault(spot, []).append(followed)
        self.spot_row = {spot: row for row, spot in enumerate(self.by_spot, start=MARKS_TOP)}
        self.sent = self._sent()

    def rows(self) -> Iterator[TailRow]:
        """Every row of the sheet, in order."""
        cells = (self._cell_contents(spot) for spot in self.by_spot)
        findings = (self._finding_contents(found) for found in self.case.followed.values())
        nothing: Mapping[str, Content] = {}
        for left, right in zip_longest(cells, findings, fillvalue=nothing):
            yield TailRow({**left, **right})

    def state_of(self, followed: Followed, beneath: Sequence[Followed]) -> Formula:
        """The state of a finding, for a cell of another sheet.

        One that is put right may leave those beneath it open, now for reasons of their own.
        """
        state = mark_ref("E", self.row[followed.finding.id])
        rows = [self.row[other.finding.id] for other in beneath if other is not followed]
        if not rows:
            return Formula(state, followed.state)
        area = f"{mark_ref('E', min(rows))}:$E${max(rows)}"
        still = f"AND({state}={quoted(FIXED)},COUNTIF({area},{quoted(OPEN)})>0)"
        return Formula(f"IF({still},{quoted(HALF)},{state})", followed.state)

    def _finding_contents(self, followed: Followed) -> Mapping[str, Content]:
        formula = self._state_formula(followed)
        state = Formula(formula, followed.state) if formula else Text(followed.state)
        return {"D": Text(followed.finding.id), "E": state}

    def _state_formula(self, followed: Followed) -> str:
        finding, layout = followed.finding, self.case.layout
        bad = quoted(open_word(finding))
        match followed.way:
            case "rule":
                row = layout.check_row[finding.id]
                state = Spot(layout.form.sheets["checks"], f"F{row}").ref()
                effect = Spot(layout.form.sheets["checks"], f"J{row}").ref()
                if finding.severity not in ("justify", "verify"):
                    return f"IF(OR({state}={_BROKEN},{state}={_UNDECIDED}),{bad},{quoted(FIXED)})"
                rest = f"IF({state}={_UNDECIDED},{bad},{quoted(FIXED)})"
                return f"IF({state}={_BROKEN},IF({effect}=2,{quoted(EXPLAINED)},{bad}),{rest})"
            case "cell":
                return f"IF({self._mirror(self.case.cell_of(finding))}=1,{quoted(FIXED)},{bad})"
            case "touch":
                watched = [f"C{self.spot_row[s]}" for s in followed.spots if s in self.sent]
                changed = ",".join(ranges(watched))
                return f"IF(SUM({changed})>0,{quoted(TOUCHED)},{quoted(LATER)})" if watched else ""
            case _:
                return ""

    def _cell_contents(self, spot: Spot) -> Mapping[str, Content]:
        terms = dict.fromkeys(self._term(spot, found) for found in self.by_spot[spot])
        formulas = [formula for formula, _ in terms]
        key = f"{spot.sheet}!{spot.address}"
        red = any(now for _, now in terms)
        formula = f'IF(OR({",".join(formulas)}),{quoted(key)},"")'
        contents: dict[str, Content] = {"A": Formula(formula, key if red else "")}
        if spot in self.sent:
            contents["B"], unlike = self._watch(spot)
            contents["C"] = Formula(unlike, 0)
        return contents

    def _term(self, spot: Spot, followed: Followed) -> tuple[str, bool]:
        """The condition under which a finding makes a cell red, and whether it does now."""
        state = f"$E${self.row[followed.finding.id]}"
        index, is_open = self.case.known[spot], followed.state == OPEN
        if followed.way == "touch":
            watched = any(other in self.sent for other in followed.spots)
            return (f"{state}={quoted(LATER)}", True) if watched else ("FALSE", False)
        if index is not None and index in self.case.layout.mirror and followed.way == "rule":
            code = mirror_code(self.case.filing, index)
            x = self._mirror(index)
            wanted = _CODES.get(self._check_of(followed))
            if wanted is not None:
                return f"AND({state}={quoted(OPEN)},{x}={wanted})", is_open and code == wanted
            if followed.finding.state == "undecided":
                return f"AND({state}={quoted(OPEN)},{x}<>{_FIT})", is_open and code != _FIT
        return f"{state}={quoted(OPEN)}", is_open

    def _check_of(self, followed: Followed) -> str:
        return self.case.judgement.by_id[followed.finding.id].instance.rule.check

    def _mirror(self, index: int | None) -> str:
        layout = self.case.layout
        return (
            "" if index is None else Spot(layout.form.sheets["stamp"], layout.mirror[index]).ref()
        )

    def _sent(self) -> Mapping[Spot, Content]:
        """What stands in cells that are only watched for a change; totals follow their parts."""
        watched = (followed for followed in self.case.marked if followed.way == "touch")
        spots = dict.fromkeys(spot for followed in watched for spot in followed.spots)
        own = self.case.odd_cells() if spots else {}
        found = ((spot, own.get(spot) or self._sent_at(spot)) for spot in spots)
        return {spot: content for spot, content in found if content is not None}

    def _sent_at(self, spot: Spot) -> Content | None:
        filing, index = self.case.filing, self.case.known[spot]
        if index is not None and not filing.form.cells[index].total:
            value = filing.values[index]
            return Blank() if value is None else Number(show(value))
        section = self._section_at(spot)
        return (
            None
            if section is None
            else Text((filing.narrative.get(section) or "").split("\n")[0][:LONGEST_PARAGRAPH])
        )

    def _section_at(self, spot: Spot) -> str | None:
        tops = self.case.layout.text_top.items()
        return next((section for section, top in tops if top == spot), None)

    def _watch(self, spot: Spot) -> tuple[Content, str]:
        """What was sent, and a formula that is 1 when something else stands there now."""
        x, same = spot.ref(), f'EXACT({spot.ref()}&"",$B${self.spot_row[spot]}&"")'
        section = self._section_at(spot)
        if section is not None:
            first = spot.address[1:]
            length = sum(map(_units, (self.case.filing.narrative.get(section) or "").split("\n")))
            column = f"{quote(spot.sheet)}!$A${first}:$A${TEXT_LIMIT}"
            same = f"AND({same},SUMPRODUCT(LEN({column}))={length})"
        return self.sent[spot], f"IF(ISERROR({x}),1,IF({same},0,1))"


def _units(text: str) -> int:
    """The length as programs count it."""
    return len(text.encode("utf-16-le")) // 2
