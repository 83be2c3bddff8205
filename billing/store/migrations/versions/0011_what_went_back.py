"""How much of each session's payment went back, by refunds and by disputes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

AMOUNTS = ["amount_refunded", "amount_disputed"]
NUMBERS = ["currency", "amount_total", "completed_at", "failure_code", *AMOUNTS]
FACETS = ["outcome", "kind", "source"]


def upgrade() -> None:
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        for name in AMOUNTS:
            batch_op.add_column(
                sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
            )
        batch_op.drop_index("sessions_by_time")
        batch_op.drop_index("sessions_by_facets")
        batch_op.create_index(
            "sessions_by_time", ["created", "id", *FACETS, *NUMBERS], unique=False
        )
        batch_op.create_index(
            "sessions_by_facets", [*FACETS, "created", "id", *NUMBERS], unique=False
        )
