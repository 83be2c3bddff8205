"""Sessions that were declined, where each was created, and which session a payment belongs to"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBERS = ["currency", "amount_total", "completed_at"]
FACETS = ["outcome", "kind", "source"]
CREATORS = {"api": "api", "test kit": "test_kit", "demo history": "demo"}
MADE_BY = "UPDATE checkout_sessions SET source = :source WHERE ours AND data LIKE :pattern"
PAYMENTS = sa.text(
    "SELECT id, payload FROM events WHERE type LIKE 'payment_intent.%' AND id > :after"
    " AND payload LIKE '%\"reference\"%' ORDER BY id LIMIT 1000"
)
# What was ignored so far is handled now.
DECLINED = (
    "UPDATE events SET state = 'pending'"
    " WHERE type = 'payment_intent.payment_failed' AND reference IS NOT NULL AND state = 'ignored'"
)


def upgrade() -> None:
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(length=200), nullable=True))
    fill_references()
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            "events_by_reference",
            ["reference", "created"],
            unique=False,
            sqlite_where=sa.text("reference IS NOT NULL"),
            postgresql_where=sa.text("reference IS NOT NULL"),
        )
    op.execute(DECLINED)
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("failure_code", sa.String(length=100), nullable=True))
    # Room for what lies between two states, and for what comes after the payment.
    op.execute(
        "UPDATE checkout_sessions SET progress = progress * 10,"
        " source = CASE WHEN ours THEN 'page' ELSE 'other' END"
    )
    for made_by, source in CREATORS.items():
        for separator in (":", ": "):
            pattern = f'%"made_by"{separator}"{made_by}"%'
            op.get_bind().execute(sa.text(MADE_BY), {"source": source, "pattern": pattern})
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_by_time")
        batch_op.drop_index("sessions_by_facets")
        batch_op.alter_column("source", existing_type=sa.String(length=16), nullable=False)
        batch_op.drop_column("ours")
        batch_op.create_index(
            "sessions_by_time", ["created", "id", *FACETS, *NUMBERS], unique=False
        )
        batch_op.create_index(
            "sessions_by_facets", [*FACETS, "created", "id", *NUMBERS], unique=False
        )


def fill_references() -> None:
    """Read them from the payments' metadata; what cannot be read has none."""
    connection, after = op.get_bind(), ""
    while rows := connection.execute(PAYMENTS, {"after": after}).all():
        after = rows[-1].id
        known = [{"event": row.id, "reference": reference_in(row.payload)} for row in rows]
        if found := [one for one in known if one["reference"]]:
            connection.execute(
                sa.text("UPDATE events SET reference = :reference WHERE id = :event"), found
            )


def reference_in(payload: str) -> str | None:
    try:
        reference = json.loads(payload)["data"]["object"]["metadata"]["reference"]
    except (ValueError, LookupError, TypeError):
        return None
    return reference[:200] if isinstance(reference, str) and reference.isprintable() else None
