"""Sessions by any combination of filters, as quick however many there are; who asked for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBERS = ["currency", "amount_total", "completed_at"]
FACETS = ["status", "payment_status", "kind", "ours"]


def upgrade() -> None:
    with op.batch_alter_table("checkout_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("request_id", sa.String(length=255), nullable=True))
        batch_op.drop_index("sessions_by_status")
        batch_op.drop_index("sessions_by_payment_status")
        batch_op.drop_index("sessions_by_kind")
        batch_op.drop_index("sessions_by_ours")
        batch_op.drop_index("sessions_by_time")
        # All that the page's numbers need stands in the index, so that no session is opened.
        batch_op.create_index(
            "sessions_by_time", ["created", "id", *FACETS, *NUMBERS], unique=False
        )
        batch_op.create_index(
            "sessions_by_facets", [*FACETS, "created", "id", *NUMBERS], unique=False
        )
    if op.get_bind().dialect.name == "postgresql":
        # The beginning of a text is found by its index in the C collation only.
        for table, column, length in (
            ("checkout_sessions", "id", 300),
            ("session_terms", "session_id", 300),
            ("session_terms", "term", 200),
        ):
            op.alter_column(table, column, type_=sa.String(length, collation="C"))
