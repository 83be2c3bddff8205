"""The ids of people who were erased, so that what Stripe still says of them is not stored again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_ids",
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("customer", sa.String(length=300), nullable=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("erased_by_customer", "erased_ids", ["customer"])
