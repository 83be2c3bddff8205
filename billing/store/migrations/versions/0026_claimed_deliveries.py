"""Refused deliveries by the event that their bodies claim to be"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claimed_deliveries",
        sa.Column("event_id", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "reason"),
    )
    op.create_index("claimed_by_arrival", "claimed_deliveries", ["received_at"], unique=False)
