"""The audit log, the tokens of programs, and sign-ins."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from billing.store.tables.columns import TERM_LENGTH, metadata, prefix_searched

# Who did what: lines that are never changed. See domain.access.AuditEntry.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Float, nullable=False),
    Column("identity", prefix_searched(TERM_LENGTH), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object_id", prefix_searched(300), nullable=False),
    Column("result", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", String(64), nullable=False),
    Index("audit_by_time", "at"),
    Index("audit_by_identity", "identity", "id"),
    Index("audit_by_action", "action", "id"),
    Index("audit_by_object", "object_id", "id"),
    Index("audit_by_result", "result", "id"),
)

# What programs sign in to the routes with: never a token itself, only its SHA-256.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("created_by", String(TERM_LENGTH), nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("used_at", Float),  # to the minute
)

# Who is signed in by OIDC. `key` is a digest of the login's iss, sub and iat, `subject` one of iss
# and sub: all sign-ins of one person.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("email", String(TERM_LENGTH), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),  # to the minute
    Column("ended_at", Float),
    Column("address", String(64), nullable=False),
    Index("sign_ins_by_subject", "subject"),
    Index("sign_ins_by_start", "started_at"),
)
