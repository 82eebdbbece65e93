"""Copies, conflicts and clashes: what only shows when all files lie side by side."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.batch.record import dump_finding
from xlsx_tools.errors import XlsxToolsError
from xlsx_tools.excel.intake import label_of
from xlsx_tools.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlsx_tools.batch.journal import Fact, Journal
    from xlsx_tools.forms.model import Severity

LATEST = "latest"
_READABLE = "status IS NOT NULL AND status != 'unreadable'"
_COUNTED = f"{_READABLE} AND counted = 1 AND status != 'not_filled'"
_NAMED = 5
_UNDECIDED = "请确认以哪一份为准：删去其余各份，或者用 --on-duplicate 指定。"
_TIED = "最后修改时间相同，分不出先后：请用 --on-duplicate 写明取哪个文件，或者删去其余各份。"


class ChoiceError(XlsxToolsError):
    """A file chosen among several of one unit that is none of them."""

    code = "choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which file counts where one unit sent several: the last one changed, or those named.

    `files` may be written in any way that leads to the same place.
    """

    latest: bool = False
    files: frozenset[str] = frozenset()

    def names(self, fact: Fact) -> frozenset[str]:
        """Those of `files` that mean this one."""
        place = _place(fact.label) if self.files else ""
        return frozenset(file for file in self.files if _place(file) == place)


def _place(label: str) -> str:
    return os.path.abspath(label_of(label))  # noqa: PTH100 - a name, perhaps inside a zip


@dataclass(frozen=True, slots=True)
class Words:
    """A finding of the batch, before it stands beside a file."""

    rule: str
    severity: Severity
    message: str
    remedy: str


class Beside:
    """Puts findings beside files; several on one file are kept in order.

    Attributes:
        rules: of each file with findings, their rules.
        dropped: the files that do not count: copies, replaced ones, those of another year.
        stopped: the files that must not be merged.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._findings: dict[int, list[Finding]] = {}
        self.rules: dict[int, list[str]] = {}
        self.dropped: set[int] = set()
        self.stopped: set[int] = set()

    def add(self, fact: Fact, words: Words, *, counted: bool = True) -> None:
        """One finding beside one file; a file that does not count once never counts."""
        findings = self._findings.setdefault(fact.seq, [])
        ident = f"{words.rule}.{len(findings) + 1}" if findings else words.rule
        findings.append(
            Finding(ident, words.rule, words.severity, "broken", words.message, words.remedy)
        )
        self.rules.setdefault(fact.seq, []).append(words.rule)
        if words.severity == "mandatory":
            self.stopped.add(fact.seq)
        if not counted:
            self.dropped.add(fact.seq)
        text = json.dumps(list(map(dump_finding, findings)), ensure_ascii=False)
        self._journal.set_beside(fact.seq, text, counted=fact.seq not in self.dropped)

    def says(self, fact: Fact) -> str:
        """The first thing said beside a file; empty when nothing is."""
        findings = self._findings.get(fact.seq)
        return findings[0].message if findings else ""


def settle_duplicates(journal: Journal, beside: Beside, choice: Choice) -> frozenset[str]:
    """Find copies, several files of one unit, and codes that several units use.

    The same bytes count once. Different files of one unit, year and scope are a conflict that
    stops all of them, until `choice` says which counts; that is noted beside each.

    Returns:
        the names in `choice` that settled nothing.
    """
    _drop_copies(journal, beside, choice)
    used: set[str] = set()
    for group in _same_unit(journal):
        used |= _settle(group, beside, choice)
    _stop_clashes(journal, beside)
    return choice.files - used


def _drop_copies(journal: Journal, beside: Beside, choice: Choice) -> None:
    for (sha256,) in journal.groups("sha256", _READABLE):
        same = list(journal.facts(f"sha256 = ? AND {_READABLE}", (sha256,)))
        first = next(filter(choice.names, same), same[0])
        for copy in same:
            if copy is first:
                continue
            words = Words(
                "batch.same_bytes",
                "hint",
                f"与“{first.label}”内容完全相同，只计一次。",
                "不需处理；可以删去其中一份。",
            )
            beside.add(copy, words, counted=False)


def _same_unit(journal: Journal) -> Iterator[list[Fact]]:
    """Different files of one unit, year and scope: by name, unless both codes say otherwise."""
    for values in journal.groups("name, year, scope", f"{_COUNTED} AND name != ''"):
        found = list(journal.facts(f"name = ? AND year IS ? AND scope = ? AND {_COUNTED}", values))
        codes = {fact.code for fact in found if fact.code}
        if len(codes) < 2:  # noqa: PLR2004 - several
            yield found
            continue
        for code in sorted(codes):
            same = [fact for fact in found if fact.code == code]
            if len(same) > 1:
                yield same


def _settle(group: list[Fact], beside: Beside, choice: Choice) -> set[str]:
    chosen = [fact for fact in group if choice.names(fact)]
    if len(chosen) > 1:
        named = "”“".join(fact.label for fact in chosen)
        raise ChoiceError(f"“{named}”是同一单位的填报，只能指定其中一份。")
    how = "按指定"
    if not chosen and choice.latest:
        newest = max(fact.changed for fact in group)
        chosen = [fact for fact in group if fact.changed == newest]
        how = "按最后修改时间"
    if len(chosen) == 1:
        _note_choice(chosen[0], group, beside, how)
        return set(choice.names(chosen[0]))
    for fact in group:
        others = "”“".join([other.label for other in group if other is not fact][:_NAMED])
        words = Words(
            "batch.conflict",
            "mandatory",
            f"同一单位有 {len(group)} 份内容不同的填报，另有“{others}”，都没有计入。",
            _TIED if choice.latest else _UNDECIDED,
        )
        beside.add(fact, words)
    return set()


def _note_choice(taken: Fact, group: list[Fact], beside: Beside, how: str) -> None:
    for fact in group:
        if fact is taken:
            message = f"同一单位有 {len(group)} 份填报，{how}采用本份。"
            words = Words("batch.chosen", "hint", message, "不需处理。")
            beside.add(fact, words)
        else:
            message = f"同一单位有 {len(group)} 份填报，{how}采用“{taken.label}”，本份没有计入。"
            words = Words(
                "batch.superseded", "hint", message, "不需处理；如应采用本份，请另行指定。"
            )
            beside.add(fact, words, counted=False)


def _stop_clashes(journal: Journal, beside: Beside) -> None:
    """One code, several names: nobody can say whose figures these are."""
    where = f"{_COUNTED} AND code != '' AND name != ''"
    for values in journal.groups("code, year, scope", where):
        found = list(journal.facts(f"code = ? AND year IS ? AND scope = ? AND {where}", values))
        if len({fact.name for fact in found}) > 1:
            for fact in found:
                others = _other_files(fact, found)
                words = Words(
                    "batch.code_clash",
                    "mandatory",
                    f"统一社会信用代码 {fact.code} 也用于另一个单位（{others}），都没有计入。",
                    "请核对两个单位的代码，由填错的单位改正后重新报送。",
                )
                beside.add(fact, words)


def _other_files(fact: Fact, found: Iterable[Fact]) -> str:
    others = [other.label for other in found if other.name != fact.name]
    return "、".join(others[:_NAMED])
