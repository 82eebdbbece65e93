"""The year that a report's prose gives as its period (统计期限)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsx_tools.filing import Filing
    from xlsx_tools.forms import Rule

_YEAR = re.compile(r"(?<!\d)(20\d\d)\s*年")
_END = re.compile(r"[。；;\n]")


class Statement(NamedTuple):
    """A sentence that speaks of the period, in which section, with the years it names."""

    section: str
    quote: str
    years: frozenset[int]


def wrong_periods(rule: Rule, filing: Filing) -> Iterator[Statement]:
    """The sentences that name years as the period, and not the year of the report among them."""
    for statement in _statements(rule, filing):
        if statement.years and filing.year not in statement.years:
            yield statement


def _statements(rule: Rule, filing: Filing) -> Iterator[Statement]:
    for section, text in filing.narrative.items():
        plain = unicodedata.normalize("NFKC", text or "")
        for word in rule.words:
            for found in re.finditer(re.escape(word), plain):
                quote = _END.split(plain[found.start() :], maxsplit=1)[0]
                years = frozenset(int(year) for year in _YEAR.findall(quote))
                yield Statement(section, quote.strip(), years)
