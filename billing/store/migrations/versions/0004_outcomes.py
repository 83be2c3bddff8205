"""What became of each session in one word, with the bank's reason where its payment failed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBERS = ["currency", "amount_total", "completed_at"]
FACETS = ["outcome", "kind", "ours"]
# A payment that failed since is found as it is asked for again: until then it is processing.
FILL = """
UPDATE checkout_sessions SET
    progress = CASE WHEN progress = 2 THEN 3 ELSE progress END,
    outcome = CASE
        WHEN status IN ('complete', '') AND payment_status IN ('paid', 'no_payment_required')
            THEN 'paid'
        WHEN status = 'complete' THEN 'processing'
        WHEN status = 'open' THEN 'open'
        ELSE 'expired'
    END
"""


def upgrade() -> None:
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("quantity", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("failure", sa.Text(), nullable=True))
    op.execute(FILL)
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_by_time")
        batch_op.drop_index("sessions_by_facets")
        batch_op.alter_column("outcome", existing_type=sa.String(length=16), nullable=False)
        batch_op.drop_column("status")
        batch_op.drop_column("payment_status")
        batch_op.create_index(
            "sessions_by_time", ["created", "id", *FACETS, *NUMBERS], unique=False
        )
        batch_op.create_index(
            "sessions_by_facets", [*FACETS, "created", "id", *NUMBERS], unique=False
        )
