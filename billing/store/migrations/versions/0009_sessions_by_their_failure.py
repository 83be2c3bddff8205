"""Sessions by the code of their failure, from the same indexes as all other filters"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBERS = ["currency", "amount_total", "completed_at", "failure_code"]
FACETS = ["outcome", "kind", "source"]


def upgrade() -> None:
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_by_time")
        batch_op.drop_index("sessions_by_facets")
        batch_op.create_index(
            "sessions_by_time", ["created", "id", *FACETS, *NUMBERS], unique=False
        )
        batch_op.create_index(
            "sessions_by_facets", [*FACETS, "created", "id", *NUMBERS], unique=False
        )
