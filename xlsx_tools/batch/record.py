"""A file's result ⇄ compact bytes: what passes between processes and lies in the journal."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsx_tools.batch.result import FileResult
from xlsx_tools.check import Verdict
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Filing, Organisation, Trouble
from xlsx_tools.finding import Finding, Place
from xlsx_tools.forms import load_form
from xlsx_tools.last_year import dumps_last_year, loads_last_year
from xlsx_tools.values import Parsed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsx_tools.errors import XlsxToolsError
    from xlsx_tools.filing import LastYear

_FAST = 1
_Json = Any
"""What `json` gives back; this module alone writes it, so its shape is known."""


def dump_result(result: FileResult) -> bytes:
    """The result without what the batch added to it; the same result gives the same bytes."""
    record = {
        "file": result.file,
        "sha256": result.sha256,
        "verdict": _dump_verdict(result.verdict) if result.verdict else None,
        "error": _dump_error(result.error) if result.error else None,
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=_dump_decimal)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _FAST)


def load_result(data: bytes, beside: Iterable[Finding] = (), *, counted: bool = True) -> FileResult:
    """The result again, equal to the one written, with what the batch knows of it."""
    record: _Json = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    verdict, error = record["verdict"], record["error"]
    return FileResult(
        file=record["file"],
        sha256=record["sha256"],
        verdict=_load_verdict(verdict) if verdict else None,
        error=UnusableFileError(*error) if error else None,
        beside=tuple(beside),
        counted=counted,
    )


def _dump_decimal(value: object) -> list[str]:
    if isinstance(value, Decimal):
        return [str(value)]
    raise TypeError(f"not for a record: {type(value).__name__}")


def _load_value(value: _Json) -> _Json:
    return Decimal(value[0]) if isinstance(value, list) else value


def _dump_error(error: XlsxToolsError) -> list[str]:
    code = error.reason if isinstance(error, UnusableFileError) else error.code
    return [code, str(error)]


def _dump_verdict(verdict: Verdict) -> _Json:
    return {
        "status": verdict.status,
        "counts": dict(verdict.counts),
        "findings": [dump_finding(finding) for finding in verdict.findings],
        "filing": _dump_filing(verdict.filing),
    }


def _load_verdict(raw: _Json) -> Verdict:
    findings = tuple(load_finding(finding) for finding in raw["findings"])
    return Verdict(_load_filing(raw["filing"]), raw["status"], raw["counts"], findings)


def dump_finding(finding: Finding) -> list[object]:
    """A finding as plain values, in the order of its fields."""
    return [
        finding.id,
        finding.rule,
        finding.severity,
        finding.state,
        finding.message,
        finding.remedy,
        [[place.sheet, place.cell, place.label, place.value] for place in finding.cells],
        finding.left,
        finding.right,
        finding.difference,
        list(finding.causes),
        finding.reason,
    ]


def load_finding(raw: _Json) -> Finding:
    """The finding again."""
    ident, rule, severity, state, message, remedy, cells, left, right, rest, causes, reason = raw
    places = tuple(Place(s, c, label, _load_value(value)) for s, c, label, value in cells)
    return Finding(
        ident,
        rule,
        severity,
        state,
        message,
        remedy,
        places,
        _load_value(left),
        _load_value(right),
        _load_value(rest),
        tuple(causes),
        reason,
    )


def _dump_filing(filing: Filing) -> _Json:
    return {
        "form": filing.form.id,
        "year": filing.year,
        "organisation": list(filing.organisation),
        "scope": filing.scope,
        "values": filing.values,
        "narrative": dict(filing.narrative),
        "declared_zero": sorted(filing.declared_zero),
        "nil_return": filing.nil_return,
        "not_applicable": sorted(filing.not_applicable),
        "includes": filing.includes,
        "stated": list(filing.stated.items()),
        "parsed": [(i, p.status, p.value, p.proposed, p.why) for i, p in filing.parsed.items()],
        "troubles": [(t.check, t.index, t.why, t.place, t.found, t.value) for t in filing.troubles],
        "reasons": dict(filing.reasons),
        "last_year": list(filing.last_year.items()),
        "prefilled": sorted(filing.prefilled),
        "contact": dict(filing.contact),
        "before": _dump_before(filing.before) if filing.before else None,
        "waived": dict(filing.waived),
        "remarks": dict(filing.remarks),
    }


def _dump_before(before: LastYear) -> str:
    """Last year's filing without its prose, which nothing needs once a filing is checked."""
    return dumps_last_year(replace(before, narrative={})).decode()


def _load_filing(raw: _Json) -> Filing:
    return Filing(
        form=load_form(raw["form"]),
        year=raw["year"],
        organisation=Organisation(*raw["organisation"]),
        scope=raw["scope"],
        values=tuple(map(_load_value, raw["values"])),
        narrative=raw["narrative"],
        declared_zero=frozenset(raw["declared_zero"]),
        nil_return=raw["nil_return"],
        not_applicable=frozenset(raw["not_applicable"]),
        includes=tuple(raw["includes"]),
        stated={index: _load_value(value) for index, value in raw["stated"]},
        parsed={
            index: Parsed(status, _load_value(value), _load_value(proposed), why)
            for index, status, value, proposed, why in raw["parsed"]
        },
        troubles=tuple(
            Trouble(check, index, why, place, found, _load_value(value))
            for check, index, why, place, found, value in raw["troubles"]
        ),
        reasons=raw["reasons"],
        last_year={index: _load_value(value) for index, value in raw["last_year"]},
        prefilled=frozenset(raw["prefilled"]),
        contact=raw["contact"],
        before=loads_last_year(raw["before"].encode()) if raw["before"] else None,
        waived=raw["waived"],
        remarks=raw["remarks"],
    )
