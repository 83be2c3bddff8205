"""The oldest release that this schema serves, so that old and new processes run side by side"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_release",
        sa.Column("oldest_served", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("oldest_served"),
    )
