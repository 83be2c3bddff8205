"""When a failed event is tried again, and since when it fails"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What could still have been tried again is tried once more; the rest waits for a replay by hand.
RETRIED = "UPDATE events SET retry_at = settled_at WHERE state = 'failed' AND attempts < 6"


def upgrade() -> None:
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retry_at", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("failing_since", sa.Float(), nullable=True))
        batch_op.create_index("events_by_retry", ["retry_at"], unique=False)
    op.execute(RETRIED)
