"""Waivers (豁免): a rule the coordinator lets a unit break in one year: who, why, until when."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date
from io import StringIO
from typing import TYPE_CHECKING

from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.forms import form_ids, load_form
from xlsx_tools.judge import judge_filing, reason_counts
from xlsx_tools.roster import decode_csv, normalise
from xlsx_tools.values import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlsx_tools.filing import Filing
    from xlsx_tools.finding import Finding
    from xlsx_tools.forms import Instance
    from xlsx_tools.forms.model import Severity

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "rule": ("规则", "规则编号"),
    "unit": ("单位", "单位名称", "统一社会信用代码"),
    "year": ("年度", "报告年度"),
    "by": ("批准人",),
    "why": ("理由",),
    "until": ("有效期至",),
    "figures": ("数据指纹",),
}
"""The columns of a list of waivers, with the Chinese headings that mean the same."""
_NEEDED = {
    "rule": "规则",
    "unit": "单位",
    "year": "年度",
    "by": "批准人",
    "why": "理由",
    "until": "有效期至",
}
_SETTLED = ("justify", "verify")
_DATE = re.compile("([0-9]{4})([-/])([0-9]{1,2})\\2([0-9]{1,2})")
_YEAR = re.compile("[0-9]{4}")
_DIGEST = re.compile("[a-p]{8}")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One line of the list: `rule` is the id of a rule or of one of its instances.

    `unit` is a code or a name; `until` is the last day; `figures`, when not empty, is what
    `figures_digest` gave when the waiver was decided.
    """

    line: int
    rule: str
    unit: str
    year: int
    by: str
    why: str
    until: date
    figures: str = ""


class WaiverError(XlsxToolsError):
    """A list of waivers that cannot be used; every problem with its line."""

    code = "waivers"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def parse_waivers(data: bytes) -> tuple[Waiver, ...]:
    """Read a list of waivers: CSV with a heading line, in UTF-8 or GB18030; it may be empty.

    All columns but `figures` are needed. A mandatory rule cannot be waived, and a hint needs
    no waiver.

    Raises:
        WaiverError: with every problem found, by line.
    """
    text = decode_csv(data)
    if text is None:
        raise WaiverError(["豁免清单的编码无法识别，请另存为“CSV UTF-8”后再试。"])
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    problems: list[str] = []
    waivers: list[Waiver] = []
    try:
        places = _places(next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = {
                    key: row[at].strip() if at < len(row) else "" for key, at in places.items()
                }
                wrong = list(_problems(cells))
                problems += [f"第 {rows.line_num} 行：{said}" for said in wrong]
                waivers += [] if wrong else [_build(rows.line_num, cells)]
    except csv.Error as error:
        problems.append(f"第 {rows.line_num} 行：不是有效的 CSV（引号没有成对等）。")
        raise WaiverError(problems) from error
    if problems:
        raise WaiverError(problems)
    return tuple(waivers)


def _places(heading: list[str]) -> dict[str, int]:
    words = [word.strip() for word in heading]
    places = {
        column: words.index(name)
        for column, others in COLUMNS.items()
        for name in (column, *others)
        if name in words
    }
    missing = [f"{key}（{word}）" for key, word in _NEEDED.items() if key not in places]
    if missing:
        wanted = ",".join(COLUMNS)
        raise WaiverError([f"第 1 行：缺少 {'、'.join(missing)}，标题行应为 {wanted}。"])
    return places


def _problems(cells: Mapping[str, str]) -> Iterator[str]:
    empty = [word for key, word in _NEEDED.items() if not cells[key]]
    if empty:
        yield f"没有填写{'、'.join(empty)}。"
        return
    severities = set(_severities(cells["rule"]))
    if not severities:
        yield f"没有编号为“{cells['rule']}”的规则，可用 nianbao rules 查看。"
    elif severities <= {"mandatory"}:
        yield f"“{cells['rule']}”是强制性规则，不能豁免。"
    elif severities <= {"mandatory", "hint"}:
        yield f"“{cells['rule']}”是提示性规则，不影响报送，不需豁免。"
    if not _YEAR.fullmatch(cells["year"]):
        yield f"年度“{cells['year']}”应为四位数字。"
    if _read_date(cells["until"]) is None:
        yield f"有效期至“{cells['until']}”不是日期，应写成 2025-01-31 的样子。"
    if (digest := cells.get("figures", "")) and not _DIGEST.fullmatch(digest.lower()):
        yield f"数据指纹“{digest}”应为 8 个字母，请从校验结果中复制。"


def _severities(rule: str) -> Iterator[Severity]:
    """Of the rule of this id, or of the rule with this instance, in every form that has it."""
    for form in map(load_form, form_ids()):
        if rule in form.rules:
            yield form.rules[rule].severity
        elif rule in form.instance_by_id:
            yield form.instance_by_id[rule].rule.severity


def _read_date(text: str) -> date | None:
    """``2025-01-31``, or ``2025/1/31`` as spreadsheets save it again."""
    match = _DATE.fullmatch(text)
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def _build(line: int, cells: Mapping[str, str]) -> Waiver:
    return Waiver(
        line=line,
        rule=cells["rule"],
        unit=cells["unit"],
        year=int(cells["year"]),
        by=cells["by"],
        why=cells["why"],
        until=_read_date(cells["until"]) or date.min,
        figures=cells.get("figures", "").lower(),
    )


def apply_waivers(filing: Filing, waivers: Iterable[Waiver], today: date) -> Filing:
    """The filing with a coordinator's reason beside each broken rule that is waived for it.

    Only rules a reason can settle are waived, and only where the filler's own does not count.
    A waiver that has expired, or was given for other figures, settles nothing: the finding
    stays and its message says so. What the filler wrote is kept in ``Filing.waived``.
    """
    mine = [waiver for waiver in waivers if _is_for(waiver, filing)]
    if not mine:
        return filing
    reasons, waived, remarks = dict(filing.reasons), dict(filing.waived), dict(filing.remarks)
    for decision in judge_filing(filing).decisions:
        instance = decision.instance
        named = [waiver for waiver in mine if waiver.rule in (instance.id, instance.rule.id)]
        if not named or decision.state != "broken" or instance.rule.severity not in _SETTLED:
            continue
        if reason_counts(filing, instance.id):
            continue
        objections = {waiver: _objection(filing, instance.id, waiver, today) for waiver in named}
        good = next((waiver for waiver, said in objections.items() if not said), None)
        if good is None:
            remarks[instance.id] = "".join(dict.fromkeys(objections.values()))
        else:
            waived[instance.id] = filing.reasons.get(instance.id, "")
            reasons[instance.id] = f"豁免：{good.why}（{good.by}，有效期至 {good.until}）"
    return replace(filing, reasons=reasons, waived=waived, remarks=remarks)


def _is_for(waiver: Waiver, filing: Filing) -> bool:
    name, code = filing.organisation
    known = {normalise(name), normalise(code or "")} - {""}
    return waiver.year == filing.year and normalise(waiver.unit) in known


def _objection(filing: Filing, instance_id: str, waiver: Waiver, today: date) -> str:
    """Why the waiver does not help; empty when it does."""
    if today > waiver.until:
        return f"（豁免已于 {waiver.until} 到期）"
    if waiver.figures and waiver.figures != figures_digest(filing, instance_id):
        return "（数据已变化，原豁免不再适用）"
    return ""


def figures_digest(filing: Filing, instance_id: str) -> str:
    """Eight letters that change when anything changes that the rule instance looks at.

    Letters and no digits, because a spreadsheet would take ``12e45678`` for a number.
    """
    instance = filing.form.instance_by_id[instance_id]
    seen = json.dumps(list(_operands(filing, instance)), ensure_ascii=False)
    return hashlib.sha256(seen.encode()).hexdigest()[:8].translate(_LETTERS)


def digest_to_waive(filing: Filing, finding: Finding) -> str:
    """The figures' digest by which a waiver can name this finding; empty where none can."""
    known = finding.id in filing.form.instance_by_id
    if not known or finding.state != "broken" or finding.severity not in _SETTLED:
        return ""
    return figures_digest(filing, finding.id)


def _operands(filing: Filing, instance: Instance) -> Iterator[tuple[str, str]]:
    form = filing.form
    needs = [need for need in (instance.condition, instance.requirement) if need is not None]
    sides = [side for need in needs for side in (need.left, need.right)]
    if sides:
        for term in (term for side in sides for term in side.terms):
            before, now = filing.last_year.get(term.index), filing.values[term.index]
            value = before if term.last_year else now
            yield form.cells[term.index].path, show(value)
    elif instance.figures:
        known = filing.before.figures if filing.before else {}
        for index in instance.figures:
            path = form.cells[index].path
            yield path, f"{show(known.get(path))} {show(filing.values[index])}"
    else:
        for cell in form.cells_of.get(instance.part, form.cells):
            mark = "/" if cell.index in filing.not_applicable else ""
            yield cell.path, mark or show(filing.values[cell.index])
