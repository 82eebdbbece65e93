"""The tables of the summary workbook: their columns, and the rows of each file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.result import SEVERITY_WORDS, STANDING_WORDS, STATE_WORDS, STATUS_WORDS
from xlsx_tools.report.live import show_first, show_places
from xlsx_tools.report.overview import OUTSIDE, UNKNOWN, reasons_of, refusals_of, title_of
from xlsx_tools.report.parts import parts_of
from xlsx_tools.report.shades import STANDING_SHADES, STATUS_SHADES, shade_of
from xlsx_tools.report.table_sheet import Column, Shaded
from xlsx_tools.waivers import digest_to_waive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xlsx_tools.batch import Batch
    from xlsx_tools.finding import Finding, State
    from xlsx_tools.judge import FileStatus
    from xlsx_tools.report.overview import Entry, Overview
    from xlsx_tools.report.table_sheet import Content

    Row = Sequence[Content]

_YES, _NO = "是", "否"
_LEADING_SHOWN, _CELLS_SHOWN = 3, 8
_NARROW, _NARROWEST, _WIDEST = 8, 12, (26, 34)


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """One sheet: `each` gives the rows of one file, `after` those of the batch as a whole."""

    title: str
    holds: str
    columns: Callable[[Overview], Sequence[Column]]
    each: Callable[[Entry, Overview], Iterator[Row]] = lambda _entry, _overview: iter(())
    after: Callable[[Batch, Overview], Iterator[Row]] = lambda _batch, _overview: iter(())


def tables_of(batch: Batch) -> list[SummaryTable]:
    """The sheets of a batch; that of the roster only where there is one."""
    return [table for table in _TABLES if table is not _ROSTER or batch.roster is not None]


def shade_status(status: FileStatus) -> Shaded:
    """A status in its colour."""
    return Shaded(STATUS_WORDS[status], STATUS_SHADES[status])


def _who(overview: Overview) -> list[Column]:
    """Name and file, as wide as the longest needs."""
    widths = (overview.name_width, overview.file_width)
    pairs = zip(widths, _WIDEST, strict=True)
    fitted = [min(max(width + 2, _NARROWEST), widest) for width, widest in pairs]
    return [Column("单位", fitted[0]), Column("文件", fitted[1])]


def _matrix_columns(overview: Overview) -> list[Column]:
    facts = [("年度", 7), ("口径", 12), ("状态", 15), ("可以汇总", 9), ("名册状态", 12)]
    parts = [Column(name, 15, centred=True) for name in overview.part_names]
    return [*_who(overview), *(Column(name, width, centred=True) for name, width in facts), *parts]


def _matrix_rows(entry: Entry, overview: Overview) -> Iterator[Row]:
    tallies = [entry.parts.get(name) for name in overview.part_names]
    yield [
        *_facts(entry),
        *(Shaded(tally.words, tally.state) if tally else "—" for tally in tallies),
    ]


def _facts(entry: Entry) -> list[Content]:
    result, place = entry.result, entry.place
    filing = result.filing
    accepted = Shaded(_YES, "right") if result.mergeable else Shaded(_NO, "open")
    return [
        entry.name,
        result.file,
        filing.year if filing else None,
        scope_words(entry),
        shade_status(result.status),
        accepted,
        place.words if place else "",
    ]


def scope_words(entry: Entry) -> str:
    """``本机关`` or ``本级政府汇总``, in the words of the form."""
    filing = entry.result.filing
    scopes = filing.form.cover["scopes"] if filing else None
    return str(scopes.get(filing.scope, "")) if filing and isinstance(scopes, dict) else ""


def _unit_columns(overview: Overview) -> list[Column]:
    counts = [
        *SEVERITY_WORDS.values(),
        "已说明",
        "连带",
        *(f"校验{STATE_WORDS[state]}" for state in _STATES),
    ]
    return [
        *_who(overview),
        Column("状态", 15, centred=True),
        *(Column(word, _NARROW, centred=True) for word in counts),
        Column("主要问题", 64),
    ]


_STATES: tuple[State, ...] = ("held", "broken", "undecided", "crashed")


def _unit_rows(entry: Entry, _overview: Overview) -> Iterator[Row]:
    result, leading = entry.result, entry.result.leading
    asked = [finding for finding in leading if not finding.reason]
    counts = result.verdict.counts if result.verdict else {}
    said = [finding.message for finding in asked[:_LEADING_SHOWN]]
    rest = len(asked) - _LEADING_SHOWN
    said += [f"另有 {rest} 处，见问题清单。"] if rest > 0 else []
    yield [
        entry.name,
        result.file,
        shade_status(result.status),
        *(sum(finding.severity == severity for finding in asked) for severity in SEVERITY_WORDS),
        len(leading) - len(asked),
        len(result.findings) - len(leading),
        *(counts.get(state) if result.verdict else None for state in _STATES),
        "\n".join(said),
    ]


def _rule_columns(_overview: Overview) -> list[Column]:
    return [
        Column("规则", 26),
        Column("名称", 26),
        Column("级别", 11, centred=True),
        *(Column(word, _NARROW, centred=True) for word in ("涉及份数", "问题处数", "已说明")),
        *(Column(STATE_WORDS[state], _NARROW, centred=True) for state in _OPEN_STATES),
        Column("前 10 份", 60),
    ]


_OPEN_STATES: tuple[State, ...] = ("broken", "undecided", "crashed")


def _rule_rows(_batch: Batch, overview: Overview) -> Iterator[Row]:
    for one in overview.rules:
        yield [
            one.rule,
            one.title,
            SEVERITY_WORDS[one.severity],
            one.files,
            one.findings,
            one.explained,
            *(one.states[state] for state in _OPEN_STATES),
            "、".join(one.first) + ("等" if one.files > len(one.first) else ""),
        ]


def _finding_columns(overview: Overview) -> list[Column]:
    return [
        *_who(overview),
        Column("部分", 7, centred=True),
        Column("级别", 9, centred=True),
        Column("状态", 9, centred=True),
        Column("规则", 20),
        Column("问题", 48),
        Column("位置", 22),
        Column("现场数据", 30),
        *(Column(word, 9, centred=True) for word in ("左边", "右边", "差额")),
        Column("处理", 28),
        Column("连带", 6, centred=True),
        Column("说明", 18),
        Column("数据指纹", 11, centred=True),
    ]


def _finding_rows(entry: Entry, _overview: Overview) -> Iterator[Row]:
    filing = entry.result.filing
    for finding in entry.result.leading:
        yield [
            entry.name,
            entry.result.file,
            "、".join(parts_of(finding, entry.form)),
            SEVERITY_WORDS[finding.severity],
            Shaded(_answer(finding), shade_of(finding)),
            f"{title_of(finding, entry)}\n{finding.rule}",
            finding.message,
            show_first(finding.cells),
            "\n".join(show_places(finding.cells, most=_CELLS_SHOWN)),
            finding.left,
            finding.right,
            finding.difference,
            "" if finding.reason else finding.remedy,
            len(finding.causes),
            finding.reason,
            digest_to_waive(filing, finding) if filing else "",
        ]


def _answer(finding: Finding) -> str:
    return STATE_WORDS[finding.state] + ("，已说明" if finding.reason else "")


def _reason_columns(overview: Overview) -> list[Column]:
    return [
        *_who(overview),
        Column("级别", 11, centred=True),
        Column("规则", 26),
        Column("名称", 26),
        Column("说明", 70),
    ]


def _reason_rows(entry: Entry, _overview: Overview) -> Iterator[Row]:
    for one in reasons_of(entry):
        yield [one.name, one.file, SEVERITY_WORDS[one.severity], one.rule, one.title, one.reason]


def _roster_columns(overview: Overview) -> list[Column]:
    return [
        Column("单位", _who(overview)[0].width),
        Column("统一社会信用代码", 22),
        Column("名册状态", 13, centred=True),
        Column("情况", 36),
        Column("文件", 32),
        Column("可能的文件", 28),
        Column("联系人", 12),
        Column("邮箱", 22),
    ]


def _roster_rows(batch: Batch, _overview: Overview) -> Iterator[Row]:
    if batch.roster is None:
        return
    for unit in batch.roster.units:
        standing = Shaded(STANDING_WORDS[unit.standing], STANDING_SHADES[unit.standing])
        files, proposed = "\n".join(unit.files), "\n".join(unit.proposed)
        line = unit.line
        yield [
            line.organisation.name,
            line.organisation.code or "",
            standing,
            unit.message,
            files,
            proposed,
            line.contact,
            line.email,
        ]
    for one in batch.roster.strangers:
        guess = f"是否为{'、'.join(one.proposed)}？" if one.proposed else ""
        outside = Shaded(OUTSIDE, "affected")
        yield [one.organisation or UNKNOWN, "", outside, guess, one.file, "", "", ""]


def _unread_columns(overview: Overview) -> list[Column]:
    return [
        Column("文件", _who(overview)[1].width),
        Column("类别", 14, centred=True),
        Column("编号", 24),
        Column("原因和处理", 90),
    ]


def _unread_rows(entry: Entry, _overview: Overview) -> Iterator[Row]:
    for one in refusals_of(entry):
        yield [one.file, shade_status("unreadable"), one.code, one.message]


def _ignored_rows(batch: Batch, _overview: Overview) -> Iterator[Row]:
    for one in batch.ignored:
        yield [one.file, Shaded("未读取", "affected"), "", one.why]


_ROSTER = SummaryTable(
    "名册对账",
    "名册中每个单位报没报、通没通过；名册之外的文件",
    _roster_columns,
    after=_roster_rows,
)
_TABLES = (
    SummaryTable("单位×表", "每份填报一行，每张表一栏", _matrix_columns, each=_matrix_rows),
    SummaryTable("按单位", "每份填报各级问题的数目和主要问题", _unit_columns, each=_unit_rows),
    SummaryTable("按规则", "每条规则涉及多少份填报", _rule_columns, after=_rule_rows),
    SummaryTable(
        "问题清单", "每处问题一行，附现场数据和处理办法", _finding_columns, each=_finding_rows
    ),
    SummaryTable(
        "说明附表", "填报单位作出说明、予以认可的事项", _reason_columns, each=_reason_rows
    ),
    _ROSTER,
    SummaryTable(
        "无法读取和未读取",
        "没有用上的文件和原因",
        _unread_columns,
        each=_unread_rows,
        after=_ignored_rows,
    ),
)
