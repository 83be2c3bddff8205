"""The requests to Stripe's API that this app made"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SEARCHED = sa.String(300).with_variant(sa.String(300, collation="C"), "postgresql")
FAILED = sa.text("cause <> ''")


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("tries", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("api_version", sa.String(40), nullable=False),
        sa.Column("idempotency_key", sa.String(300), nullable=True),
        sa.Column("replayed", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(200), nullable=True),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("requests_by_status", "requests", ["status", "id"])
    for name, columns in (
        ("requests_that_failed", ["id"]),
        ("requests_by_cause", ["cause", "id"]),
    ):
        op.create_index(name, "requests", columns, sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_table(
        "request_terms",
        sa.Column("request", ID, nullable=False),
        sa.Column("term", SEARCHED, nullable=False),
        sa.PrimaryKeyConstraint("request", "term"),
        sqlite_with_rowid=False,
    )
    op.create_index("requests_by_term", "request_terms", ["term", "request"])
