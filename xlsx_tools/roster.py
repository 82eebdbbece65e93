"""The roster: which organisations are to file, one line each, as the coordinator keeps it."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.filing import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms.model import Scope

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("单位名称", "单位", "名称"),
    "code": ("统一社会信用代码", "代码"),
    "scope": ("口径", "报告口径"),
    "parent": ("上级", "上级单位"),
    "contact": ("联系人",),
    "email": ("邮箱", "电子邮箱"),
    "merge": ("计入汇总",),
    "note": ("备注",),
}
"""The columns of a roster, with the Chinese headings that mean the same."""
_SCOPES: Mapping[str, Scope] = {
    "": "own",
    "own": "own",
    "本机关": "own",
    "consolidated": "consolidated",
    "本级政府汇总": "consolidated",
}
_MERGED: Mapping[str, bool] = {"": True, "是": True, "yes": True, "否": False, "no": False}
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_LONGEST_NAME = 60
_HIDDEN = ("Cc", "Cf", "Cs")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One organisation that is to file; `line` is its line in the file, as an editor counts.

    `merged` says whether its figures go into the sums: those of a vertical organ do not, nor
    those that its parent reports for it; `note` says why.
    """

    line: int
    organisation: Organisation
    scope: Scope = "own"
    parent: str = ""
    contact: str = ""
    email: str = ""
    merged: bool = True
    note: str = ""


class RosterError(XlsxToolsError):
    """A roster that cannot be used; every problem with its line."""

    code = "roster"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def parse_roster(data: bytes) -> tuple[RosterLine, ...]:
    """Read a roster: CSV with a heading line, in UTF-8 (with or without a mark) or GB18030.

    Only `name` is needed. Empty lines are passed over; a blank code or scope is no code and
    `own`; whoever is not said to be left out of the sums (`merge`) is in them.

    Raises:
        RosterError: with every problem found, by line.
    """
    rows = csv.reader(StringIO(_decode(data), newline=""), strict=True)
    problems: list[str] = []
    lines: list[RosterLine] = []
    try:
        places = _places(next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                found = _parse_line(rows.line_num, row, places)
                (problems if isinstance(found, str) else lines).append(found)  # type: ignore[arg-type]
    except csv.Error as error:
        problems.append(f"第 {rows.line_num} 行：不是有效的 CSV（引号没有成对等）。")
        raise RosterError(problems) from error
    problems += _doubles(lines)
    if not lines and not problems:
        problems.append("名册中没有单位。")
    if problems:
        raise RosterError(problems)
    return tuple(lines)


def _decode(data: bytes) -> str:
    text = decode_csv(data)
    if text is None:
        raise RosterError(["名册的编码无法识别，请另存为“CSV UTF-8”后再试。"])
    return text


def decode_csv(data: bytes) -> str | None:
    """A CSV file as offices save it: UTF-8 (with or without a mark) or GB18030; else None."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _places(heading: list[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, text in enumerate(heading):
        word = text.strip()
        for column, others in COLUMNS.items():
            if word == column or word in others:
                places.setdefault(column, place)
    if "name" not in places:
        wanted = ",".join(COLUMNS)
        raise RosterError([f"第 1 行：缺少 name（单位名称）一列，标题行应为 {wanted}。"])
    return places


def _parse_line(line: int, row: list[str], places: Mapping[str, int]) -> RosterLine | str:
    cells = {
        column: row[place].strip() if place < len(row) else "" for column, place in places.items()
    }
    if not cells["name"]:
        return f"第 {line} 行：没有单位名称。"
    if hidden := _find_hidden(cells[key] for key in ("name", "code", "parent") if key in cells):
        return f"第 {line} 行：有看不见的字符（{hidden}），请删去或者重新输入名称和代码。"
    scope = _SCOPES.get(cells.get("scope", ""))
    if scope is None:
        return f"第 {line} 行：口径“{cells['scope']}”无法识别，应为 own 或者 consolidated。"
    merged = _MERGED.get(cells.get("merge", "").casefold())
    if merged is None:
        return f"第 {line} 行：计入汇总“{cells['merge']}”无法识别，应为 是 或者 否。"
    return RosterLine(
        line=line,
        organisation=Organisation(cells["name"], cells.get("code") or None),
        scope=scope,
        parent=cells.get("parent", ""),
        contact=cells.get("contact", ""),
        email=cells.get("email", ""),
        merged=merged,
        note=cells.get("note", ""),
    )


def _find_hidden(texts: Iterable[str]) -> str:
    """The number of the first character that nobody sees but every comparison does."""
    for letter in "".join(texts):
        if unicodedata.category(letter) in _HIDDEN:
            return f"U+{ord(letter):04X}"
    return ""


def _doubles(lines: list[RosterLine]) -> list[str]:
    problems, names, codes = [], dict[tuple[str, str], int](), dict[str, int]()
    for found in lines:
        name, code = normalise(found.organisation.name), found.organisation.code
        first = names.setdefault((name, found.scope), found.line)
        if first != found.line:
            problems.append(
                f"第 {found.line} 行：单位“{found.organisation.name}”与第 {first} 行重复。"
            )
        elif code and codes.setdefault(f"{code}/{found.scope}", found.line) != found.line:
            first = codes[f"{code}/{found.scope}"]
            problems.append(f"第 {found.line} 行：代码 {code} 与第 {first} 行重复。")
    return problems


def check_parents(lines: Iterable[RosterLine]) -> None:
    """See that the parents named make a tree: each is on the roster, and above what it has.

    Raises:
        RosterError: by line, a parent that is not on the roster, two lines of one organisation
            with different parents, and a circle of parents.
    """
    lines = tuple(lines)
    known = {normalise(line.organisation.name) for line in lines}
    parents: dict[str, RosterLine] = {}
    problems = []
    for line in lines:
        if not line.parent:
            continue
        if normalise(line.parent) not in known:
            problems.append(f"第 {line.line} 行：上级“{line.parent}”不在名册中。")
        first = parents.setdefault(normalise(line.organisation.name), line)
        if normalise(first.parent) != normalise(line.parent):
            problems.append(
                f"第 {line.line} 行：单位“{line.organisation.name}”的上级“{line.parent}”"
                f"与第 {first.line} 行的“{first.parent}”不同。"
            )
    problems += _circles(parents)
    if problems:
        raise RosterError(problems)


def _circles(parents: Mapping[str, RosterLine]) -> list[str]:
    """Each circle once, at the line where going upwards comes back to where it began."""
    problems: list[str] = []
    seen: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        name = start
        while name in parents and name not in seen and name not in path:
            path[name] = None
            name = normalise(parents[name].parent)
        if name in path:
            order = list(path)
            circle = [parents[key] for key in order[order.index(name) :]]
            names = " → ".join(line.organisation.name for line in (*circle, circle[0]))
            problems.append(f"第 {circle[0].line} 行：上级关系成了循环：{names}。")
        seen |= path.keys()
    return problems


def normalise(name: str) -> str:
    """A name for comparing: width, blanks and case do not count, everything else does."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


class FilingsByUnit:
    """Filings, each to be found by its line of a roster: by code, else by exactly the same name."""

    def __init__(self) -> None:
        self._found: dict[tuple[Scope, str, str], Filing] = {}
        self._unsure: set[tuple[Scope, str, str]] = set()

    def add(self, filing: Filing) -> bool:
        """Take one in; False if the unit has one with other figures: then neither is found.

        Two of one name with different codes are two units, found by their codes only.
        """
        alone = True
        for key in _keys(filing.organisation, filing.scope):
            other = self._found.setdefault(key, filing)
            if other.values != filing.values:
                self._unsure.add(key)
                codes = other.organisation.code, filing.organisation.code
                alone = alone and key[1] == "name" and all(codes) and codes[0] != codes[1]
        return alone

    def find(self, line: RosterLine) -> Filing | None:
        """The one filing of this organisation and scope; by name only where not both have codes."""
        for key in _keys(line.organisation, line.scope):
            filing = None if key in self._unsure else self._found.get(key)
            both = filing is not None and filing.organisation.code and line.organisation.code
            if filing is not None and (key[1] == "code" or not both):
                return filing
        return None


def _keys(organisation: Organisation, scope: Scope) -> Iterator[tuple[Scope, str, str]]:
    if code := (organisation.code or "").strip():
        yield scope, "code", code
    if name := normalise(organisation.name):
        yield scope, "name", name


def file_names(lines: Iterable[RosterLine]) -> dict[int, str]:
    """A file name for each line that every system accepts; alike ones get their line number."""
    names = FileNames()
    return {line.line: f"{names.take(line.organisation.name, line.line)}.xlsx" for line in lines}


class FileNames:
    """Names of files, without an ending, that every system accepts and that all differ."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, organisation: str, number: int) -> str:
        """A name for a file of this organisation; `number` tells it from others alike."""
        name = _UNSAFE.sub("_", organisation)[:_LONGEST_NAME].strip(" .") or "单位"
        if name.casefold() in self._taken or _DEVICES.fullmatch(name):
            name = f"{name}_{number}"
        self._taken.add(name.casefold())
        return name
