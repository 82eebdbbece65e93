"""What comes out of a batch that is closed; made alike for packing and for verifying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlsx_tools.frozen.manifest import MERGED, RESULTS, TRACE
from xlsx_tools.merge.book import render_merged
from xlsx_tools.merge.gather import list_excluded, merge_batch
from xlsx_tools.merge.trace import write_trace_csv
from xlsx_tools.report.json import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsx_tools.batch import Batch
    from xlsx_tools.filing import Organisation
    from xlsx_tools.merge.gather import Merge
    from xlsx_tools.merge.hierarchy import Unstated
    from xlsx_tools.merge.source import Excluded
    from xlsx_tools.roster import RosterLine


@dataclass(frozen=True)
class Outputs:
    """The merge of a batch, and what is written of both."""

    batch: Batch
    merge: Merge
    excluded: Sequence[Excluded]

    def write(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each output by its name, in pieces; one is to be used up before the next."""
        yield RESULTS, render_json(self.batch)
        yield MERGED, self._merged()
        yield TRACE, write_trace_csv(self.merge.sources, self.merge.filing.form)

    def _merged(self) -> Iterator[bytes]:
        merge = self.merge
        yield render_merged(
            merge.filing, merge.sources, excluded=self.excluded, missing=merge.missing
        )


def make_outputs(
    batch: Batch,
    roster: Sequence[RosterLine] | None,
    organisation: Organisation,
    unstated: Unstated,
) -> Outputs:
    """Merge the batch.

    Raises:
        MergeError, RosterError: as `merge_batch`.
    """
    merge = merge_batch(batch, roster, organisation, unstated)
    return Outputs(batch, merge, list_excluded(batch, roster))
