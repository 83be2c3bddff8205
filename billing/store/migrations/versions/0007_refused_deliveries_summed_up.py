"""Refused deliveries summed up by minute and reason"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KNOWN = "SELECT received_at, reason, next_step, size FROM rejected_deliveries ORDER BY received_at"


def upgrade() -> None:
    sums: dict[tuple[float, str], dict[str, object]] = {}
    counts: dict[tuple[float, str], int] = {}
    for row in op.get_bind().execute(sa.text(KNOWN)).mappings().all():
        minute = (row["received_at"] // 60 * 60, row["reason"])
        counts[minute] = counts.get(minute, 0) + 1
        sums[minute] = {"started_at": minute[0], **row, "count": counts[minute]}
    op.drop_table("rejected_deliveries")
    table = op.create_table(
        "rejected_deliveries",
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reason", "started_at"),
    )
    op.create_index("rejected_by_arrival", "rejected_deliveries", ["received_at"])
    if sums:
        op.bulk_insert(table, list(sums.values()))
