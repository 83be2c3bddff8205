"""The deliveries of a random run, which all processes count together"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "random_run_deliveries",
        sa.Column("event_id", sa.String(length=300), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("random_run_by_type", "random_run_deliveries", ["type", "number"])
