"""The tables of a server's state; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

CONTENTS = Table(
    "contents",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""The bytes as they came; never changed."""

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), ForeignKey("contents.sha256"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", Text, nullable=False),
    Column("received_ns", BigInteger, nullable=False),
    Column("sender", Text, nullable=False),
    Column("queued", Boolean, nullable=False),
    Column("round", Integer, nullable=False),
    Column("record", LargeBinary),
    Column("status", Text),
    Column("organisation", Text),
    Column("normal", Text),
    Column("code", Text),
    Column("year", Integer),
    Column("scope", Text),
    Column("form", Text),
    Column("nil", Boolean),
    Column("leading", Integer),
)
"""One for each content: `round` counts checks; the columns from `record` on are the verdict's."""
Index("submissions_queued", SUBMISSIONS.c.queued)

ROSTERS = Table(
    "rosters",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Every roster there was; the last one counts."""

WAIVERS = Table(
    "waivers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("approver", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("until", Date, nullable=False),
    Column("figures", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("submission", Integer, ForeignKey("submissions.id")),
    Column("why", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Every change, written in the transaction that makes it; nothing removes a line."""
