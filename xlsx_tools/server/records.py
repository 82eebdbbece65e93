"""What the coordinator keeps beside the submissions: roster, waivers, decisions, audit trail."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import insert, select, update

from xlsx_tools.roster import normalise, parse_roster
from xlsx_tools.server.base import note
from xlsx_tools.server.problems import refuse_request
from xlsx_tools.server.submissions import find_submission, queue_again
from xlsx_tools.server.tables import AUDIT, DECISIONS, ROSTERS, WAIVERS
from xlsx_tools.waivers import Waiver, parse_waivers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Table

    from xlsx_tools.roster import RosterLine

Kind = Literal["use", "set_aside", "latest"]
KIND_WORDS: dict[Kind, str] = {
    "use": "同一单位有几份的，以这一份为准",
    "set_aside": "这一份不计入",
    "latest": "同一单位有几份的，一律以最后收到的为准",
}
ON_ALL: tuple[Kind, ...] = ("latest",)
"""Decisions that are not about one submission."""
WAIVER_COLUMNS = ("rule", "unit", "year", "by", "why", "until", "figures")


class KeptWaiver(NamedTuple):
    """A waiver on the list, revoked or not."""

    id: int
    waiver: Waiver
    revoked: bool


class Decision(NamedTuple):
    """Something the coordinator settled: which file counts, or that one does not."""

    id: int
    kind: Kind
    submission: int | None
    why: str
    revoked: bool


class AuditLine(NamedTuple):
    """One change: who made it, when, and what it was."""

    id: int
    at: str
    who: str
    action: str
    subject: str
    detail: str


def keep_roster(connection: Connection, data: bytes, who: str) -> tuple[RosterLine, ...]:
    """Put a new roster in the place of the last one.

    Raises:
        RosterError: it cannot be used.
    """
    lines = parse_roster(data)
    row = connection.execute(insert(ROSTERS).values(data=data).returning(ROSTERS.c.id))
    note(connection, who, "roster", row.scalar_one(), f"共 {len(lines)} 个单位")
    return lines


def load_roster(connection: Connection) -> bytes | None:
    """The roster that counts, as it was uploaded."""
    row = connection.execute(select(ROSTERS.c.data).order_by(ROSTERS.c.id.desc()).limit(1)).first()
    return None if row is None else bytes(row.data)


def add_waiver(connection: Connection, fields: Mapping[str, str], who: str) -> KeptWaiver:
    """Put a waiver on the list; the filings it is for are checked anew.

    Raises:
        WaiverError: what a waiver needs is missing, or the rule cannot be waived.
    """
    (waiver,) = parse_waivers(_as_csv(fields))
    row = connection.execute(
        insert(WAIVERS)
        .values(
            rule=waiver.rule,
            unit=waiver.unit,
            year=waiver.year,
            approver=waiver.by,
            why=waiver.why,
            until=waiver.until,
            figures=waiver.figures,
            revoked=False,
        )
        .returning(WAIVERS.c.id)
    )
    number = row.scalar_one()
    what = f"{waiver.unit} {waiver.year}年度 {waiver.rule}"
    detail = f"{what}，{waiver.by}，至 {waiver.until}：{waiver.why}"
    note(connection, who, "waive", number, detail)
    recheck_waived(connection, waiver)
    return KeptWaiver(number, waiver, revoked=False)


def _as_csv(fields: Mapping[str, str]) -> bytes:
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(WAIVER_COLUMNS)
    writer.writerow([fields.get(column, "") for column in WAIVER_COLUMNS])
    return out.getvalue().encode()


def recheck_waived(connection: Connection, waiver: Waiver) -> None:
    """Have the filings of the unit of a waiver checked anew."""
    queue_again(connection, {normalise(waiver.unit)}, waiver.year)


def list_waivers(connection: Connection) -> Iterator[KeptWaiver]:
    """Every waiver there ever was; `line` of each is its number."""
    for row in connection.execute(select(WAIVERS).order_by(WAIVERS.c.id)):
        waiver = Waiver(
            row.id, row.rule, row.unit, row.year, row.approver, row.why, row.until, row.figures
        )
        yield KeptWaiver(row.id, waiver, row.revoked)


def active_waivers(connection: Connection) -> tuple[Waiver, ...]:
    """Those that were not revoked; the day is seen to where they are applied."""
    return tuple(kept.waiver for kept in list_waivers(connection) if not kept.revoked)


def revoke_waiver(connection: Connection, number: int, who: str) -> None:
    """Take a waiver back; the filings it was for are checked anew.

    Raises:
        RequestError: there is none, or it was revoked before.
    """
    kept = next((kept for kept in list_waivers(connection) if kept.id == number), None)
    _revoke(connection, WAIVERS, number, revoked=None if kept is None else kept.revoked)
    note(connection, who, "revoke_waiver", number, "")
    if kept is not None:
        recheck_waived(connection, kept.waiver)


def add_decision(
    connection: Connection, kind: Kind, submission: int | None, why: str, who: str
) -> Decision:
    """Settle which file counts.

    Raises:
        RequestError: there is no such submission.
    """
    if submission is not None and find_submission(connection, submission) is None:
        raise refuse_request("server.missing", f"填报 {submission}")
    row = connection.execute(
        insert(DECISIONS)
        .values(kind=kind, submission=submission, why=why, revoked=False)
        .returning(DECISIONS.c.id)
    )
    number = row.scalar_one()
    which = "" if submission is None else f"（填报 {submission}）"
    note(connection, who, "decide", number, f"{KIND_WORDS[kind]}{which}：{why}")
    return Decision(number, kind, submission, why, revoked=False)


def list_decisions(connection: Connection) -> Iterator[Decision]:
    """Every decision there ever was."""
    for row in connection.execute(select(DECISIONS).order_by(DECISIONS.c.id)):
        yield Decision(*row)


def revoke_decision(connection: Connection, number: int, who: str) -> None:
    """Take a decision back.

    Raises:
        RequestError: there is none, or it was revoked before.
    """
    wanted = select(DECISIONS.c.revoked).where(DECISIONS.c.id == number)
    _revoke(connection, DECISIONS, number, revoked=connection.execute(wanted).scalar())
    note(connection, who, "revoke_decision", number, "")


def _revoke(connection: Connection, table: Table, number: int, *, revoked: bool | None) -> None:
    if revoked is None:
        raise refuse_request("server.missing", f"编号 {number}")
    if revoked:
        raise refuse_request("server.revoked")
    connection.execute(update(table).where(table.c.id == number).values(revoked=True))


def list_audit(connection: Connection, before: int | None, limit: int) -> Iterator[AuditLine]:
    """The newest lines first, from before this number on."""
    wanted = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(AUDIT.c.id < before)
    for row in connection.execute(wanted):
        yield AuditLine(*row)
