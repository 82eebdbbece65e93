"""The coordinator's page of a batch: one file, readable without scripts, closed to the network."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from xlsx_tools.batch.result import (
    SEVERITY_WORDS,
    STANDING_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
)
from xlsx_tools.report.charts import draw_chart
from xlsx_tools.report.live import show_places
from xlsx_tools.report.overview import OUTSIDE, UNKNOWN, entries_of, survey
from xlsx_tools.report.parts import parts_of
from xlsx_tools.report.shades import STANDING_SHADES, STATUS_SHADES, shade_of
from xlsx_tools.report.text import show_safely
from xlsx_tools.report.wording import say_batch, say_right
from xlsx_tools.values import show
from xlsx_tools.waivers import digest_to_waive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xlsx_tools.batch import Batch
    from xlsx_tools.report.charts import Chart
    from xlsx_tools.report.overview import Entry, Overview

TITLE = "年度报告校验结果"
_PACKAGE, _FOLDER = "xlsx_tools.report", "page_files"
_CHUNK = 1 << 16
_TOP_RULES = 10
_DONE = ("passed", "nil_return")


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How much one page holds: beyond `files`, only those not accepted, and `files` of them.

    `findings` is for one file; other tables hold `files` rows as well.
    """

    files: int = 2000
    findings: int = 50


_USUAL = PageLimits()


def render_page(batch: Batch, limits: PageLimits = _USUAL) -> Iterator[bytes]:
    """The page piece by piece; its files are gone through three times and not kept.

    Text of a file is never markup: it is escaped, and control and direction characters are
    spelt out. The page's policy allows its own style and script by their digests, no other.
    """
    overview = survey(batch, most=limits.files)
    template = _environment().get_template("page.html.jinja")
    pieces: list[str] = []
    size = 0
    for piece in template.generate(_context(batch, overview, limits)):
        pieces.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE, _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(found: object) -> object:
    """Every value on its way into the page: text loses what could act on a reader."""
    if isinstance(found, str) and not isinstance(found, Markup):
        return found if found.isprintable() else show_safely(found)
    return found


def _quote(text: str) -> str:
    """As part of a link; like everything else on the page, without what could act."""
    return quote(show_safely(text), safe="")


def _context(batch: Batch, overview: Overview, limits: PageLimits) -> Mapping[str, object]:
    style, script = _read("page.css"), _read("page.js")
    roster = batch.roster
    units = roster.units if roster else ()
    return {
        "title": TITLE,
        "headline": say_batch(batch, overview),
        "right": say_right(overview),
        "left_out": _say_left_out(overview, limits),
        "overview": overview,
        "part_names": overview.part_names,
        "charts": _charts(overview),
        "roster": roster,
        "owing": [unit for unit in units if unit.standing not in _DONE],
        "ignored": batch.ignored[: limits.files],
        "ignored_count": len(batch.ignored),
        "most": limits.files,
        "most_findings": limits.findings,
        "listed": _chooser(batch, overview, limits, lambda _entry: True),
        "detailed": _chooser(batch, overview, limits, lambda entry: bool(entry.result.leading)),
        "parts_of": parts_of,
        "shade_of": shade_of,
        "quote": _quote,
        "digest_to_waive": digest_to_waive,
        "show": show,
        "show_places": show_places,
        "status_words": STATUS_WORDS,
        "status_shades": STATUS_SHADES,
        "standing_words": STANDING_WORDS,
        "standing_shades": STANDING_SHADES,
        "severity_words": SEVERITY_WORDS,
        "state_words": STATE_WORDS,
        "outside": OUTSIDE,
        "unknown": UNKNOWN,
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "policy": _policy(style, script),
    }


def _read(name: str) -> str:
    return files(_PACKAGE).joinpath(_FOLDER, name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    digests = [
        f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src {digests[0]}; script-src {digests[1]}; "
        "base-uri 'none'; form-action 'none'"
    )


def _chooser(
    batch: Batch, overview: Overview, limits: PageLimits, wanted: Callable[[Entry], bool]
) -> Callable[[], Iterator[Entry]]:
    """The files to show, gone through anew at each call: the same ones in every table."""
    everything = overview.files <= limits.files

    def choose() -> Iterator[Entry]:
        kept = (e for e in entries_of(batch) if everything or not e.result.mergeable)
        return (entry for entry in islice(kept, limits.files) if wanted(entry))

    return choose


def _say_left_out(overview: Overview, limits: PageLimits) -> str:
    if overview.files <= limits.files:
        return ""
    shown = min(overview.files - overview.accepted, limits.files)
    return (
        f"本批共 {overview.files} 份，为便于打开，本页只逐份列出不能汇总的前 {shown} 份；"
        "合计数包括全部文件，逐份结果见汇总工作簿（--format xlsx）。"
    )


def _charts(overview: Overview) -> list[Chart]:
    statuses = [(word, overview.statuses[status]) for status, word in STATUS_WORDS.items()]
    rules = [(one.title, one.files) for one in overview.rules[:_TOP_RULES]]
    parts = [
        (name, part.findings) for name in overview.part_names if (part := overview.parts.get(name))
    ]
    return [
        draw_chart("各状态", statuses, unit="份"),
        draw_chart("涉及最多的规则", rules, unit="份"),
        draw_chart("各部分待处理问题", parts, unit="处"),
    ]
