"""Published reports as the contract's JSON: read in place, never copied here."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

from xlsx_tools.interchange.exact_json import dumps_exact

_BESIDE = {
    "complete",
    "narrative_sentences",
    "known_inconsistencies",
    "url",
    "prev_year",
    "extra_rows",
}
_FOLDER = os.environ.get("NIANBAO_CASES")
CASES = (
    sorted(path.stem for path in (Path(_FOLDER) / "filings").glob("*.json"))
    if _FOLDER
    else ["every published report"]
)


def case_text(folder: Path, name: str) -> str:
    """The filing of a case, without what is written beside the contract's keys."""
    text = (folder / "filings" / f"{name}.json").read_text(encoding="utf-8")
    data = json.loads(text, parse_float=Decimal)
    return dumps_exact(_clean({key: data[key] for key in data if key not in _BESIDE}))


def _clean(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {
        key: _clean(item)
        for key, item in value.items()
        if not key.endswith(("_as_printed", "_text"))
    }
