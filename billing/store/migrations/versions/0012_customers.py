"""A row for each customer, to be calculated from what is stored of all there are"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None

# Emails and ids of Customers among the terms of sessions, and Customers without a session.
MARK = """
INSERT INTO stale_customers (name, marks)
SELECT name, 1 FROM (
    SELECT term AS name FROM session_terms WHERE term LIKE '%@%' OR term LIKE 'cus\\_%' ESCAPE '\\'
    UNION SELECT customer FROM ledger
    UNION SELECT customer FROM stripe_objects
) AS known WHERE name IS NOT NULL
"""


def upgrade() -> None:
    searched = sa.String(length=300).with_variant(
        sa.String(length=300, collation="C"), "postgresql"
    )
    email = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")
    op.create_table(
        "customers",
        sa.Column("key", searched, nullable=False),
        sa.Column("customer", sa.String(length=300), nullable=True),
        sa.Column("email", email, nullable=True),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("pro", sa.String(length=16), nullable=False),
        sa.Column("pro_until", sa.BigInteger(), nullable=True),
        sa.Column("pro_note", sa.String(length=32), nullable=True),
        sa.Column("subscription_status", sa.String(length=32), nullable=True),
        sa.Column("paid", sa.Text(), nullable=False),
        sa.Column("refunded", sa.Text(), nullable=False),
        sa.Column("disputed", sa.Text(), nullable=False),
        sa.Column("has_refunds", sa.Boolean(), nullable=False),
        sa.Column("has_disputes", sa.Boolean(), nullable=False),
        sa.Column("last_activity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("customers_by_activity", "customers", ["last_activity", "key"])
    op.create_index(
        "customers_by_facets",
        "customers",
        ["pro", "has_refunds", "has_disputes", "last_activity", "key"],
    )
    op.create_index("customers_by_email", "customers", ["email", "key"])
    op.create_table(
        "stale_customers",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.execute(sa.text(MARK))
