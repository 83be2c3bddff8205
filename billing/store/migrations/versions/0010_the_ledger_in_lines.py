"""The ledger in lines that say what changed and why; what was granted is the first line of each"""

from __future__ import annotations

import json
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BEHIND = ("customer", "session_id", "payment_intent", "invoice", "refund", "dispute")
GRANTS = sa.text(
    "SELECT g.session_id, g.kind, g.quantity, g.customer, g.cause, g.granted_at, s.data"
    " FROM grants g LEFT JOIN checkout_sessions s ON s.id = g.session_id"
    " WHERE g.session_id > :after ORDER BY g.session_id LIMIT 1000"
)
READ_AGAIN = sa.text("INSERT INTO sync_state (name, value) VALUES ('mirror_reads_again', :value)")
# Where the subscription or the payment is known, it is so from what is stored of the session.
FROM_SESSION = ("payment_intent", "invoice", "subscription")


def upgrade() -> None:
    ledger = op.create_table(
        "ledger",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("access_until", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        *(sa.Column(name, sa.String(length=300), nullable=True) for name in BEHIND),
        sa.Column("subscription", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("subject", "sequence"),
    )
    fill(ledger)
    op.create_index("ledger_by_time", "ledger", ["at"], unique=False)
    op.create_index("ledger_by_end", "ledger", ["access_until"], unique=False)
    op.create_index("ledger_by_customer", "ledger", ["customer"], unique=False)
    op.create_index("ledger_by_session", "ledger", ["session_id"], unique=False)
    op.drop_table("grants")
    op.create_table(
        "stripe_objects",
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("parent", sa.String(length=300), nullable=True),
        sa.Column("customer", sa.String(length=300), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("objects_by_parent", "stripe_objects", ["parent", "type"], unique=False)
    op.create_index("objects_by_customer", "stripe_objects", ["customer", "type"], unique=False)
    op.create_index("objects_by_email", "stripe_objects", ["email"], unique=False)
    # Refunds, disputes and subscriptions of before are read with the history.
    if op.get_bind().scalar(sa.text("SELECT 1 FROM sync_state WHERE name = 'mirror'")):
        op.execute("DELETE FROM sync_state WHERE name = 'mirror_reads_again'")
        op.get_bind().execute(READ_AGAIN, {"value": json.dumps(uuid.uuid4().hex)})


def fill(ledger: sa.Table) -> None:
    connection, after = op.get_bind(), ""
    while rows := connection.execute(GRANTS, {"after": after}).all():
        after = rows[-1].session_id
        lines: dict[str, dict[str, object]] = {}
        for row in rows:
            behind = objects_behind(row.data)
            line = {
                "subject": (row.kind == "pro" and behind["subscription"]) or row.session_id,
                "sequence": 1,
                "kind": row.kind,
                "quantity": row.quantity,
                "access_until": None,
                "cause": "purchase",
                "origin": row.cause,
                "at": row.granted_at,
                "customer": row.customer,
                "session_id": row.session_id,
                "refund": None,
                "dispute": None,
                **behind,
            }
            lines.setdefault(str(line["subject"]), line)
        op.bulk_insert(ledger, list(lines.values()))


def objects_behind(data: str | None) -> dict[str, str | None]:
    try:
        session = json.loads(data or "{}")
    except ValueError:
        session = {}
    return {name: id_of(session, name) for name in FROM_SESSION}


def id_of(session: object, name: str) -> str | None:
    value = session.get(name) if isinstance(session, dict) else None
    value = value.get("id") if isinstance(value, dict) else value
    return value[:300] if isinstance(value, str) and value.isprintable() and value else None
