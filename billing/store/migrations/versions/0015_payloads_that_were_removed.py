"""When the payload of an event was removed, and an index of those that still have one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("payload_removed_at", sa.Float(), nullable=True))
    has_payload = sa.text("payload_removed_at IS NULL")
    op.create_index(
        "events_by_payload",
        "events",
        ["state", "received_at"],
        sqlite_where=has_payload,
        postgresql_where=has_payload,
    )
