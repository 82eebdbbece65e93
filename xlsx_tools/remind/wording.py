"""The words of a notice: polite, complete, and nothing in them that was not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.labels import shorten_names
from xlsx_tools.report.text import show_safely
from xlsx_tools.returned.places import TODO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from xlsx_tools.forms import Form
    from xlsx_tools.remind import Owing
    from xlsx_tools.remind.problems import Problems
    from xlsx_tools.roster import RosterLine

_SUBJECTS: Mapping[Owing, tuple[str, str]] = {
    "missing": ("【催报】请报送{}", ""),
    "unreadable": ("【催报】请重新报送{}", "原文件无法读取"),
    "not_filled": ("【催报】请填写并报送{}", ""),
    "other_year": ("【催报】请报送{}", "所报年度不符"),
    "failed": ("【退改】请改正后重新报送{}", ""),
    "duplicate": ("【确认】请确认以哪一份{}为准", ""),
}
"""What is asked of which report, and a note."""
_OPENINGS: Mapping[Owing, str] = {
    "missing": "贵单位尚未报送{0}。",
    "unreadable": "贵单位尚未报送可以使用的{0}：收到的文件名与贵单位名称相同的文件无法读取。",
    "not_filled": "贵单位报来的{0}（文件：{1}）尚未填写。",
    "other_year": "贵单位尚未报送{0}：报来的文件年度不符。",
    "failed": "贵单位报送的{0}（文件：{1}）没有通过校验，需要改正后重新报送。",
    "duplicate": "贵单位报来 {2} 份内容不同的{0}，无法确定以哪一份为准，都没有计入。",
}
"""What came in of which report, in which files, and how many."""
_RETURNED = (
    f"请在退改工作簿“{TODO}”表中逐项改正；数据确实无误的，按表中提示写明原因。"
    "改好后保存，将该文件报回。没有收到退改工作簿的，请在原工作簿中改正后报回。"
)
_REST = f"另有 {{}} 处，见退改工作簿“{TODO}”表。"
_AGAIN = "请按上述提示处理后重新报送。"
_FILL_IN = "请使用{}年度的工作簿填报，“{}”表显示“可以报送”后，保存并原样报回。"
_CONFIRM = "请回复确认以哪一份为准，或者只重新报送正确的一份。"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When reports are due, if a day was set, seen from `today`."""

    day: date | None
    today: date

    @property
    def days_left(self) -> int | None:
        """Negative once it is over; None when no day was set."""
        return None if self.day is None else (self.day - self.today).days

    @property
    def words(self) -> str:
        """``还有 3 天``, ``今天截止``, ``已超过 2 天``; nothing when no day was set."""
        left = self.days_left
        if left is None:
            return ""
        if left == 0:
            return "今天截止"
        return f"还有 {left} 天" if left > 0 else f"已超过 {-left} 天"

    @property
    def sentence(self) -> str:
        """The day and what is left until then; without a day, only that it is to be soon."""
        if self.day is None:
            return "请尽快报送。"
        over = self.day < self.today
        return f"报送截止日期为{say_day(self.day)}，{self.words}{'，请尽快报送' if over else ''}。"


def say_day(day: date) -> str:
    """``2026年1月31日``."""
    return f"{day.year}年{day.month}月{day.day}日"


@dataclass(frozen=True, slots=True)
class Case:
    """Who is asked for the report of which form and year, by when, and what is owed."""

    form: Form
    year: int
    line: RosterLine
    owing: Owing
    deadline: Deadline

    @property
    def report(self) -> str:
        """``2025年度政府信息公开工作年度报告``, with its scope when that is not the usual one."""
        scopes = self.form.cover["scopes"]
        word = scopes.get(self.line.scope, "") if isinstance(scopes, dict) else ""
        scope = f"（{word}）" if self.line.scope != "own" else ""
        return f"{self.year}年度{self.form.title}{scope}"


def write_subject(case: Case) -> str:
    """One line saying what is asked and by when."""
    asked, note = _SUBJECTS[case.owing]
    notes = "，".join(filter(None, (note, case.deadline.words)))
    return asked.format(case.report) + (f"（{notes}）" if notes else "")


def write_body(case: Case, files: Mapping[str, Problems]) -> str:
    """The letter; `files` are those it speaks of, by the coordinator's name for them."""
    names = dict(zip(shorten_names(list(files)), files.values(), strict=True))
    contact = f"（{case.line.contact}）" if case.line.contact else ""
    opening = _OPENINGS[case.owing].format(case.report, "、".join(names), len(names))
    paragraphs = [
        [f"{case.line.organisation.name}{contact}："],
        [opening + case.deadline.sentence],
        _tell_files(case.owing, names),
        [_what_to_do(case)],
        [case.form.text("guide", "contact")],
        [say_day(case.deadline.today)],
    ]
    return "\n\n".join("\n".join(map(show_safely, lines)) for lines in paragraphs if lines)


def _tell_files(owing: Owing, names: Mapping[str, Problems]) -> list[str]:
    """What is to be said of the files: why not, what to correct, or among which to choose."""
    if owing == "failed":
        return [line for file in names.values() for line in _list_problems(file)]
    if owing == "duplicate":
        return [f"{n}. {name}（{file.word}）" for n, (name, file) in enumerate(names.items(), 1)]
    if owing == "not_filled":
        return []
    return [f"{name}：{why}" for name, file in names.items() for why in file.told]


def _list_problems(file: Problems) -> Iterator[str]:
    yield f"共有 {file.count} 处需要处理：{file.parts}。"
    for number, told in enumerate(file.told, start=1):
        yield from f"{number}. {told}".split("\n")
    if file.count > len(file.told):
        yield _REST.format(file.count - len(file.told))


def _what_to_do(case: Case) -> str:
    if case.owing == "failed":
        return _RETURNED
    if case.owing == "duplicate":
        return _CONFIRM
    if case.owing == "unreadable":
        return _AGAIN
    return _FILL_IN.format(case.year, case.form.sheets["checks"])
