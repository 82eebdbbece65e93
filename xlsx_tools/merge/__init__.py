"""⑥ Filings → one consolidated filing: exact sums, blanks kept blank, nobody counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsx_tools.merge.refusals import members_of
from xlsx_tools.merge.running import RunningTotals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.filing import Filing, Organisation

__all__ = ["RunningTotals", "members_of", "merge_filings"]


def merge_filings(filings: Iterable[Filing], organisation: Organisation) -> Filing:
    """Add up the filings of one year into the consolidated filing of `organisation`.

    A figure that is blank, or no plain number, in one filing is blank in the sum; a figure
    that is 不适用 in one adds nothing, and is 不适用 in the sum when it is so in all. Hence
    neither the order nor the grouping of merges changes a figure. Zeros somebody declared
    are zeros here; nothing is declared anew, and prose is not merged. The filings are gone
    through once and not kept.

    Raises:
        MergeError: nothing to merge, filings of different years or forms, an organisation
            without a name or given twice, or one already contained in a consolidated filing.
    """
    totals = RunningTotals()
    for filing in filings:
        totals.add(filing)
    return totals.merged(organisation)
