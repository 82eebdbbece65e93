"""A district made up: many organisations, with faults planted where the plan says."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.support.builders import filing_of, index_of, with_figures
from tests.support.workbooks import error, formula, number, put_cells, text, truth
from xlsx_tools.excel.address import layout_of
from xlsx_tools.filing import Organisation
from xlsx_tools.fill import render_workbook
from xlsx_tools.forms import load_form
from xlsx_tools.interchange import dumps_filing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.workbooks import Put
    from xlsx_tools.filing import Filing

FORM = load_form("annual-report-2021")
YEAR = 2025
_APPLICANTS = ("natural_person", "enterprise", "research", "public_interest", "legal_service")
_RESULTS = ("granted", "partly_granted", "unavailable_not_held", "not_processed_petition")


def plausible(name: str, code: str, year: int, rnd: random.Random) -> Filing:
    """A filing with figures of its own that every rule accepts."""
    changes: dict[str, int] = {}
    for applicant in _APPLICANTS:
        results = [rnd.randrange(1, 30) for _ in _RESULTS]
        out, carried = rnd.randrange(3), rnd.randrange(3)
        for row, result in zip(_RESULTS, results, strict=True):
            changes[f"{row}__{applicant}"] = result
        changes[f"carried_out__{applicant}"] = out
        changes[f"carried_in__{applicant}"] = carried
        changes[f"received__{applicant}"] = sum(results) + out - carried
    changes |= {"penalties__decisions": rnd.randrange(1, 500), "charges__amount": 3}
    filing = with_figures(filing_of(FORM), **changes)
    return replace(filing, year=year, organisation=Organisation(name, code))


def _balance(changes: dict[str, int | Decimal]) -> None:
    """Let as much come in as went out, applicant by applicant."""
    requests = FORM.tables["requests"]
    beside = ("received", "carried_in", "carried_out")
    results = [row for row in requests.rows if row not in beside]
    for applicant in requests.columns:
        done = sum(changes.get(f"requests.{row}.{applicant}", 0) for row in results)
        if done:
            went = done + changes[f"requests.carried_out.{applicant}"]
            changes[f"requests.received.{applicant}"] = (
                went - changes[f"requests.carried_in.{applicant}"]
            )


def filled(name: str, rnd: random.Random) -> Filing:
    """A figure of its own in every cell; accepted, with a reason beside the one rule it breaks."""
    changes: dict[str, int | Decimal] = {
        cell.path: Decimal(rnd.randrange(1, 10**6)) / 100
        if cell.kind == "money"
        else rnd.randrange(1, 40)
        for cell in FORM.inputs
    }
    _balance(changes)
    for row in ("regulations", "normative_documents"):
        changes[f"disclosure.{row}.in_force"] += changes[f"disclosure.{row}.issued"]
    filing = with_figures(filing_of(FORM), **changes)
    reasons = {"regulations-power": "由本机关统一填报规章"}
    return replace(filing, organisation=Organisation(name), reasons=reasons)


Plant = tuple[str, str, "Put | None"]
"""The cell that is wrong, the rule that says so, and what stands in the cell."""


def faults_of(filing: Filing) -> list[Plant]:
    """One cell each, so that one leading finding must name it."""
    received = filing.values[index_of(FORM, "received__research")] or 0
    return [
        ("received__research", "requests-balance", number(str(received + 7))),
        ("granted__enterprise", "cell.text_number", text("１２")),
        ("received__natural_person", "cell-readable", text("12件")),
        ("granted__legal_service", "cell-readable", number("-3")),
        ("partly_granted__research", "cell-readable", number("2.5")),
        ("carried_out__enterprise", "cell-readable", truth("1")),
        ("received__enterprise", "cell-readable", error("#REF!")),
        ("granted__natural_person", "cell-readable", formula("1+1", "2")),
        ("penalties__decisions", "cell-filled", None),
        ("regulations__issued", "cell-not-applicable", text("/")),
        ("normative_documents__issued", "issued-within-stock", number("900")),
        ("fees__collected", "collected-needs-notice", number("30")),
    ]


FAULTS = len(faults_of(filing_of(FORM)))


@dataclass
class District:
    """What was made: where, and everything that must come out."""

    roster: Path
    inbox: Path
    last_year: Path
    faults: dict[str, tuple[str, str]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    copies: set[str] = field(default_factory=set)
    conflicts: set[str] = field(default_factory=set)
    files: int = 0


def make_district(  # noqa: PLR0913 - how many of each
    folder: Path,
    *,
    units: int,
    faulty: int,
    unreadable: int,
    missing: int,
    copies: int,
    conflicts: int,
    seed: int = 1,
) -> District:
    """Write a roster, last year's filings of some, and what came in."""
    rnd = random.Random(seed)  # noqa: S311 - made-up figures
    made = District(folder / "名册.csv", folder / "报送", folder / "上年")
    made.inbox.mkdir()
    made.last_year.mkdir()
    names = [f"示例区第{place:04}局" for place in range(units)]
    codes = [f"11{place:016}" for place in range(units)]
    rows = "".join(f"{name},{code}\n" for name, code in zip(names, codes, strict=True))
    made.roster.write_text(f"name,code\n{rows}", "utf-8")
    order = list(range(units))
    rnd.shuffle(order)
    take = iter(order)
    made.missing = {names[next(take)] for _ in range(missing)}
    bad = {next(take) for _ in range(unreadable)}
    wrong = [next(take) for _ in range(faulty)]
    twice = {next(take) for _ in range(copies)}
    two = {next(take) for _ in range(conflicts)}
    plant = {place: turn % (FAULTS + 1) for turn, place in enumerate(wrong)}
    for place, name in enumerate(names):
        if name in made.missing:
            continue
        filing = plausible(name, codes[place], YEAR, rnd)
        file = made.inbox / f"{name}.xlsx"
        data = render_workbook(filing)
        if place in bad:
            data = _spoil(data, place)
            made.unreadable.add(name)
        elif place in plant:
            data = _plant(made, filing, plant[place])
        file.write_bytes(data)
        made.files += 1
        if place in twice:
            (made.inbox / f"{name} (1).xlsx").write_bytes(data)
            made.copies.add(name)
            made.files += 1
        if place in two:
            other = with_figures(filing, licences__decisions=5)
            (made.inbox / f"{name}更正.xlsx").write_bytes(render_workbook(other))
            made.conflicts.add(name)
            made.files += 1
    return made


def _plant(made: District, filing: Filing, kind: int) -> bytes:
    """One fault; the last kind is that of last year's figures."""
    name = filing.organisation.name
    layout, faults = layout_of(FORM), faults_of(filing)
    if kind == len(faults):
        cell, rule = "carried_in__research", "carried-in-matches-last-year"
        carried = filing.values[index_of(FORM, cell)] or 0
        before = with_figures(
            replace(filing, year=YEAR - 1), carried_out__research=int(carried) + 4
        )
        others = {
            f"carried_out__{applicant}": int(
                filing.values[index_of(FORM, f"carried_in__{applicant}")] or 0
            )
            for applicant in _APPLICANTS
            if applicant != "research"
        }
        before = with_figures(before, **others)
        (made.last_year / f"{name}.json").write_text(dumps_filing(before), "utf-8")
        data = render_workbook(filing)
    else:
        cell, rule, put = faults[kind]
        spot = layout.figure[index_of(FORM, cell)]
        data = put_cells(render_workbook(filing), {spot: put})
    spot = layout.figure[index_of(FORM, cell)]
    made.faults[name] = (rule, f"{spot.sheet}!{spot.address}")
    return data


def _spoil(data: bytes, place: int) -> bytes:
    spoilers: list[Callable[[bytes], bytes]] = [
        lambda whole: whole[: len(whole) // 2],
        lambda _whole: b"",
        lambda _whole: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        lambda whole: whole[:5000] + bytes(200) + whole[5200:],
        lambda _whole: "单位,件数\n某局,3\n".encode("gb18030"),
    ]
    return spoilers[place % len(spoilers)](data)
