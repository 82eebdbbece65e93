"""待办, the first sheet: every finding with its message, what to do, where, and how it stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xlsx_tools.excel.address import Spot
from xlsx_tools.excel.cell_content import make_writable
from xlsx_tools.excel.prepared import Blank, Cached, Formula, Number, TailRow, Text
from xlsx_tools.returned.places import (
    OPEN,
    TODO_LIMIT,
    TODO_TOP,
    quoted,
)
from xlsx_tools.template.verdict_cells import SEVERITIES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlsx_tools.excel.address import Layout
    from xlsx_tools.excel.prepared import Content
    from xlsx_tools.forms import Form
    from xlsx_tools.returned.follow import Case, Followed
    from xlsx_tools.returned.marks import Marks

WIDTHS = (6, 10, 50, 40, 25, 11, 15)
HEADS = ("序号", "级别", "问题", "处理办法", "位置（点击跳转）", "写说明", "当前状态")
BANDS = ("需要处理", "供参考（不影响报送，如无误可不处理）", "已经说明（不需再处理）", "没有问题")
PASSED = STATUSES["passed"]
_DONE_NOW = f"ISNUMBER(FIND({quoted(f'：{PASSED}')},$A$4))"
HEAD_FILLS = {f"NOT({_DONE_NOW})": "broken", _DONE_NOW: "prefilled"}
"""The colour of the line that says how much is left, by condition."""
_DONE = "能实时判断的各项均已处理，可以报回"
_MORE = "列出的各项均已处理，但仍有校验不成立或者无法判断，请查看“校验”表"
_VERDICT = "；校验结论："
_BAND, _PLAIN = TODO_TOP - 1, TODO_TOP
_LINE, _LONGEST_TEXT, _LONGEST_LINK = 14.5, 600, 120
_STATES = f"$G${TODO_TOP}:$G${TODO_LIMIT}"


def title_of(form: Form) -> str:
    """The heading of 待办."""
    return f"{form.title}退改事项"


def remaining_formula(layout: Layout) -> str:
    """How many things are still open, and what 校验 says."""
    verdict = Spot(layout.form.sheets["checks"], "B3").ref()
    count = f"COUNTIF({_STATES},{quoted(OPEN)})"
    passed = f"LEFT({verdict},2)={quoted(PASSED)}"
    done = f"IF({passed},{quoted(_DONE)},{quoted(_MORE)})"
    return f'IF({count}>0,"还有 "&{count}&" 项{OPEN}",{done})&{quoted(_VERDICT)}&{verdict}'


def _remaining(case: Case) -> str:
    """What the formula shows at first."""
    states = Counter(case.shown(lead).state for lead in case.leading)
    status = STATUSES[case.judgement.status]
    done = _DONE if status.startswith(PASSED) else _MORE
    return f"{f'还有 {states[OPEN]} 项{OPEN}' if states[OPEN] else done}{_VERDICT}{status}"


def head_cells(case: Case) -> Mapping[str, Content]:
    """Who this is for, how much is to be done, and how much of it is left."""
    filing, form = case.filing, case.filing.form
    scopes = form.cover["scopes"]
    scope = str(scopes[filing.scope]) if isinstance(scopes, dict) else filing.scope
    year = "" if filing.year is None else str(filing.year)
    named = [("organisation", filing.organisation.name), ("year", year), ("scope", scope)]
    unit = "　　".join(f"{form.text('cover', key)}：{text}" for key, text in named)
    return {
        "A2": Text(make_writable(unit)),
        "A3": Text(_summary(case)),
        "A4": Cached(_remaining(case)),
    }


def _summary(case: Case) -> str:
    todo = _todo(case)
    if not todo:
        return "没有需要处理的事项。"
    counts: Counter[str] = Counter(case.shown(lead).finding.severity for lead in todo)
    named = "、".join(f"{word} {counts[s]} 项" for s, word in SEVERITIES.items() if counts[s])
    return f"共有 {len(todo)} 项需要处理：{named}。"


def _todo(case: Case) -> list[Followed]:
    return [lead for lead in case.leading if case.shown(lead).blocks]


def todo_rows(case: Case, marks: Marks) -> Iterator[TailRow]:
    """Every row below the first band, in order."""
    todo = _todo(case)
    rest = [lead for lead in case.leading if not case.shown(lead).blocks]
    hints = [lead for lead in rest if not lead.finding.reason]
    settled = [lead for lead in rest if lead.finding.reason]
    if not todo:
        yield _row({"C": Text("没有需要处理的事项。")})
    for number, lead in enumerate(todo, start=1):
        yield _finding_row(case, marks, lead, number)
    for band, leads in zip(BANDS[1:], (hints, settled), strict=False):
        if leads:
            yield _band(band)
        for lead in leads:
            yield _finding_row(case, marks, lead)
    if right := _name_right(case):
        yield _band(BANDS[3])
        words = f"{'、'.join(right)}无问题。"
        yield _row({"C": Text(words)}, _height({"C": words}))


def _band(text: str) -> TailRow:
    cells: dict[str, Content] = {x: Blank(f"{x}{_BAND}") for x in "BCDEFG"}
    return TailRow({"A": Text(text, f"A{_BAND}"), **cells}, 20)


def _row(cells: Mapping[str, Content], height: float = 22) -> TailRow:
    return TailRow(cells, height)


def _finding_row(case: Case, marks: Marks, lead: Followed, number: int = 0) -> TailRow:
    finding = lead.finding
    problem = make_writable(_cut(finding.message + _say_beneath(case, lead)))
    remedy = make_writable(_cut(finding.remedy + _say_offer(case, lead)))
    place, words = _place_cell(lead)
    cells: dict[str, Content] = {
        "A": Number(str(number)) if number else Blank(),
        "B": Text(SEVERITIES[case.shown(lead).finding.severity]),
        "C": Text(problem),
        "D": Text(remedy),
        "E": place,
        "F": _reason_cell(case, lead),
        "G": marks.state_of(case.shown(lead), case.beneath(lead)),
    }
    return _row(cells, _height({"C": problem, "D": remedy, "E": words}))


def _height(texts: Mapping[str, str]) -> float:
    lines = max(count_lines(text, WIDTHS["ABCDEFG".index(x)]) for x, text in texts.items())
    return min(lines * _LINE + 8, 400)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def count_lines(text: str, width: float) -> int:
    """How many lines a text takes in a column: a Chinese character is two digits wide."""
    room = width - 4
    sizes = (sum(1.0 if c.isascii() else 1.95 for c in line) for line in text.split("\n"))
    return sum(max(-int(-size // room), 1) for size in sizes)


def _say_beneath(case: Case, lead: Followed) -> str:
    beneath, shown = case.beneath(lead), case.shown(lead)
    if not beneath:
        return ""
    if shown is not lead:
        return f"\n由此：{shown.finding.message}"
    return f"\n（连带 {len(beneath)} 项校验，改正本项后一并复核。）"


def _say_offer(case: Case, lead: Followed) -> str:
    reason = case.offered.get(lead.finding.id, "").strip()
    asked = reason and lead.blocks and lead.finding.severity in ("justify", "verify")
    return f"\n上年说明（供参考，需重新确认）：{reason}" if asked else ""


def _place_cell(lead: Followed) -> tuple[Content, str]:
    """A link to the first cell, saying how many there are."""
    if not lead.spots:
        return Text("整个文件", f"D{_PLAIN}"), ""
    spot, places = lead.spots[0], lead.finding.cells
    label = next(p.label for p in places if (p.sheet, p.cell) == (spot.sheet, spot.address))
    more = f"等 {len(lead.spots)} 处" if len(lead.spots) > 1 else ""
    words = f"{spot.sheet}!{spot.address}{more}　{label}"[:_LONGEST_LINK]
    return _link(spot, words), words


def _reason_cell(case: Case, lead: Followed) -> Content:
    """A link to where a reason is written, for rules that take one."""
    row = case.layout.check_row.get(lead.finding.id)
    if lead.way != "rule" or row is None or lead.finding.severity not in ("justify", "verify"):
        return Blank()
    spot = Spot(case.layout.form.sheets["checks"], f"I{row}")
    return _link(spot, "查看说明" if lead.finding.reason else "写明原因")


def _link(spot: Spot, words: str) -> Formula:
    target = spot.ref().replace("$", "")
    return Formula(f"HYPERLINK({quoted(f'#{target}')},{quoted(words)})", words)


def _name_right(case: Case) -> list[str]:
    """The tables and texts in which nothing is amiss."""
    form, layout = case.filing.form, case.layout
    wrong = {spot for f in case.followed.values() if f.blocks for spot in f.spots}
    tables = [
        table.name
        for table in form.tables.values()
        if wrong.isdisjoint(layout.figure[cell.index] for cell in form.cells_of[table.id])
    ]
    texts = [f"{s.short}文字" for s in form.texts if layout.text_top[s.id] not in wrong]
    return [*tables, *texts]
